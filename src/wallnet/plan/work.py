"""How many simulations and paths a target has to compute, and about how long its jobs take."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from wallnet import files
from wallnet.config.stages import STAGES
from wallnet.experiment import Request
from wallnet.experiment.request import COUNTED
from wallnet.files.progress import time_in_words
from wallnet.plan.requests import Requested, of_study
from wallnet.studies import ALL_STUDIES

SECONDS_PER_JOB = 0.8
"""Processor time from the start of a job to its first step, in s (`benchmarks/README.md`)."""

SECONDS_PER_TRAINED_IMAGE = 2.5e-5
"""Processor time of a training for one image of 28 × 28 pixels in s, on a slow core."""

IMAGES = 60_000
"""Training images of the paper's data sets; those of another one are not counted beforehand."""

SECONDS_PER_FREE_NETWORK, SECONDS_PER_MAPPED_NETWORK = 6.0, 0.6
"""Further processor time of a network in s, on a slow core. One with FP32 weights has a job of its
own, which reads the images; those on a synapse share one."""

Work = Iterable[tuple[int, Request]]
"""Numbers of requests, each with one such request."""


def work_ahead(work: Work) -> str:
    """Return a sentence with the number of missing computations and their estimated time.

    Examples
    --------
    >>> work_ahead([])
    'All simulations of this target are there.'
    """
    ahead = [(n, each) for n, each in work if n and not Path(each.path).is_file()]
    if not ahead:
        return "All simulations of this target are there."
    counts = dict.fromkeys(COUNTED.values(), 0)
    for n, each in ahead:
        counts[COUNTED[each.kind]] += n
    what = " and ".join(f"{n} {name}" for name, n in counts.items() if n)
    nanoseconds = sum(n * each.computes.longest for n, each in ahead) / 1e-9
    first = f"at most {nanoseconds:.0f} ns, " if nanoseconds else ""
    last = ", less where a simulation ends early" if nanoseconds else ""
    known = [(n, each.computes.processor_time) for n, each in ahead]
    total = sum(n * (SECONDS_PER_JOB + seconds) for n, seconds in known if seconds is not None)
    unknown = sum(n for n, seconds in known if seconds is None)
    about = f"about {time_in_words(total)} of processor time" if total else ""
    if unknown:
        about += f"{', ' if about else ''}{unknown} with a calculator of unknown speed"
    return f"{what} of this target are not there yet: {first}{about}{last}."


def expected_times(requested: Requested) -> dict[str, float]:
    """Return the estimated processor time in s of simulations, paths and networks, by file.

    The start of a job is not included. A simulation that several targets need counts once.
    """
    counted = (each for each in requested.values() if each.kind in COUNTED)
    times = {each.path: each.computes.processor_time or 0.0 for each in counted}
    networks = requested.campaign.networks
    for run in networks.runs():
        stage = STAGES[run.stage]
        training = getattr(networks.recipes[run.recipe], stage.needs)
        epochs = training.epochs if stage.trained else 0
        images = epochs * IMAGES * (1 - networks.validation_fraction)
        more = SECONDS_PER_MAPPED_NETWORK if stage.mapped else SECONDS_PER_FREE_NETWORK
        times[run.path(files.METRICS)] = more + SECONDS_PER_TRAINED_IMAGE * images
    return times


def time_of_job(outputs: Iterable[str], expected: Mapping[str, float]) -> float:
    """Return the estimated processor time in s of a job that makes these files."""
    return SECONDS_PER_JOB + sum(expected.get(path, 0.0) for path in outputs)


def study_work(requested: Requested, name: str) -> Work:
    """Return simulations and paths of a study, with at most as many as its rounds can ask for.

    They are those that were made for the rules. Minimisations take seconds and do not count.
    """
    study, campaign = ALL_STUDIES[name], requested.campaign
    asked = of_study(name, campaign).values()
    found = [(1, requested[each.path]) for each in asked if each.kind in COUNTED]
    for subject, settings in study.subjects(campaign).items():
        if not Path(study.path(subject)).exists():
            finished = len(study.finished_rounds(campaign, subject))
            for expected in study.rounds(campaign, subject, settings)[finished:]:
                found += expected
    return found
