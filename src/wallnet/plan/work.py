"""How many simulations and paths a target has to compute, and about how long its jobs take."""

from collections.abc import Collection, Iterable, Mapping
from os.path import isfile
from types import MappingProxyType

from wallnet import files
from wallnet.config import Campaign
from wallnet.config.stages import STAGES
from wallnet.files.progress import counted, time_in_words
from wallnet.jobs import Request, Run
from wallnet.jobs.request import COUNTED
from wallnet.plan.listing import level_set_sources
from wallnet.plan.requests import Requested
from wallnet.plan.shown import evaluations
from wallnet.studies import DEVICES, QUESTIONS, STUDIES

SECONDS_PER_JOB = 0.8
"""Processor time from the start of a job to its first step, in s (`benchmarks/README.md`)."""

SECONDS_PER_TRAINED_IMAGE = 2.5e-5
"""Processor time of a training for one image of 28 × 28 pixels in s, on a slow core."""

IMAGES = 60_000
"""Training images of the paper's data sets; those of another one are not counted beforehand."""

SECONDS_PER_FREE_NETWORK, SECONDS_PER_MAPPED_NETWORK = 6.0, 0.6
"""Further processor time of a network in s, on a slow core. One with FP32 weights has a job of its
own, which reads the images; those on a synapse share one."""

SECONDS_PER_DRAW, SECONDS_PER_WIRED_DRAW = 0.15, 3.0
"""Processor time of the paper's network as made in s, and more with wires, on a slow core."""

SECONDS_PER_START = 6.0
"""Time in s that a queue adds to each job at least, in which its cores wait (docs/cluster.md)."""

FILES_PER_JOB = 6
"""A result, its digest, the logs of package and SLURM, the benchmark, and Snakemake's note."""

BYTES_PER_RESULT, BYTES_PER_RUN, COMPRESSED = 50_000, 2_000, 0.6
"""Sizes in bytes of a result without its magnetisation and of a run in a block; what remains of
the bytes of the magnetisation."""

MANY = 100
"""Number of simulations and paths above which an estimate tells what they cost on a cluster."""

Work = Collection[tuple[int, Request]]
"""Numbers of requests, each with one such request."""


def work_ahead(
    target: str,
    work: Work,
    networks: Mapping[str, float] = MappingProxyType({}),
    stale: Collection[str] = (),
) -> str:
    """Return a sentence with the number of computations that will run and their estimated time.

    `networks` has the estimated processor time in s of networks, by file; `stale`, results that
    are there but run again.

    Examples
    --------
    >>> work_ahead("thermal", [])
    'The target thermal has no simulations.'
    """

    def runs(path: str, *after: str) -> bool:
        return not isfile(path) or any(one in stale for one in (path, *after))

    ahead = _alike([(n, one) for n, one in work if n and runs(one.path, *one.after)])
    untrained = [seconds for path, seconds in networks.items() if runs(path)]
    if not ahead and not untrained:
        kind = "simulations" if work else "networks"
        there = f"All {kind} of the target {target} are there."
        return there if work or networks else f"The target {target} has no simulations."
    counts = dict.fromkeys(COUNTED.values(), 0)
    for n, request in ahead:
        counts[COUNTED[request.kind]] += n * request.number_of_runs
    counts["networks"] = len(untrained)
    *others, final = (counted(n, name) for name, n in counts.items() if n)
    what = " and ".join(filter(None, (", ".join(others), final)))
    nanoseconds = sum(n * request.computes.longest for n, request in ahead) / 1e-9
    first = f"at most {nanoseconds:.0f} ns, " if nanoseconds else ""
    last = ", less where a simulation ends early" if nanoseconds else ""
    total, unknown = processor_time(ahead)
    total += sum(untrained)
    about = f"about {time_in_words(total)} of processor time" if total else ""
    if unknown:
        about += f"{', ' if about else ''}{unknown} with a calculator of unknown speed"
    jobs = sum(n for n, _ in ahead)
    queued = f" {_queued(ahead, jobs, total)}" if jobs > MANY else ""
    return f"{what} of the target {target} will run: {first}{about}{last}.{queued}"


def _queued(ahead: Work, jobs: int, seconds: float) -> str:
    """Return a sentence with the costs on a cluster of jobs that compute so many seconds."""
    cores = time_in_words(seconds + SECONDS_PER_START * jobs)
    size = sum(n * bytes_of(request) for n, request in ahead) / 1e9
    return (
        f"On a cluster these are {jobs:,} submissions, about {cores} of cores with "
        f"{SECONDS_PER_START:g} s for each start, and {FILES_PER_JOB * jobs:,} files of about "
        f"{size:.1f} GB."
    )


def bytes_of(request: Request) -> float:
    """Return the estimated size in bytes of a result.

    A trace has three numbers of single precision for each column of cells at each time, and for
    each cell in each map.
    """
    if request.is_block:
        return BYTES_PER_RESULT + BYTES_PER_RUN * request.number_of_runs
    job = request.computes
    if not isinstance(job, Run) or job.recorded != "maps":
        return BYTES_PER_RESULT
    columns, rows = job.track.cells
    maps = 2 + job.longest / job.output.snapshot_interval
    values = columns * (job.longest / job.output.interval + rows * maps)
    return BYTES_PER_RESULT + COMPRESSED * 12 * values


def _alike(work: Work) -> list[tuple[int, Request]]:
    """Return work with one request of those that take equally long."""
    alike: dict[str | int, tuple[int, Request]] = {}
    for number, (n, request) in enumerate(work):
        key = request.sweep or number
        alike[key] = n + alike.get(key, (0, request))[0], request
    return [*alike.values()]


def processor_time(work: Work) -> tuple[float, int]:
    """Return the estimated processor time in s, and the number of requests of unknown speed."""
    times = [(n, request.computes.processor_time) for n, request in _alike(work)]
    total = sum(n * (SECONDS_PER_JOB + seconds) for n, seconds in times if seconds is not None)
    return total, sum(n for n, seconds in times if seconds is None)


def expected_times(requested: Requested) -> dict[str, float]:
    """Return the estimated processor time in s of simulations, minima, paths and networks, by file.

    The start of a job is not included. A simulation that several targets need counts once.
    """
    times = {path: request.computes.processor_time or 0.0 for path, request in requested.items()}
    return times | network_times(requested.campaign)


def network_times(campaign: Campaign) -> dict[str, float]:
    """Return the estimated processor time in s of networks and of their evaluations, by file."""
    networks, times = campaign.networks, {}
    for path, (causes, _) in evaluations(campaign).items():
        cases = campaign.as_made[causes].cases()
        seconds = sum(case.draws for case in cases) * SECONDS_PER_DRAW
        wired = sum(case.draws for case in cases if "wires" in case.causes)
        times[path] = SECONDS_PER_FREE_NETWORK + seconds + wired * SECONDS_PER_WIRED_DRAW
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


def study_work(requested: Requested, name: str, stale: Collection[str] = ()) -> Work:
    """Return simulations and paths of a study, with the most that later rounds can request.

    Minimisations take seconds and do not count.
    """
    study, campaign = QUESTIONS[name], requested.campaign
    requests = requested.of_study(name).values()
    work = [(1, request) for request in requests if request.kind in COUNTED]
    for subject in study.subjects(campaign):
        if study.path(subject) in stale or not isfile(study.path(subject)):
            finished = len(study.finished_rounds(campaign, subject))
            for expected in study.expected(campaign, subject)[finished:]:
                work += expected
    return work


def work_of_all(requested: Requested, everything: Iterable[str]) -> Work:
    """Return simulations and paths of the target `all`, whose results are `everything`.

    They include those of studies that determine levels of networks, but no later rounds.
    """
    campaign, paths = requested.campaign, {*everything}
    for synapse in campaign.networks.synapses:
        for name in level_set_sources(campaign, synapse):
            requests = STUDIES[name].requests_of(campaign, synapse)
            paths.update(request.path for request in requests)
    every = {path: r for name in QUESTIONS for path, r in requested.of_study(name).items()}
    return [(1, r) for path, r in every.items() if path in paths and r.kind in COUNTED]


def work_of_as_made(requested: Requested) -> Work:
    """Return simulations and paths of the devices of networks as made.

    They are the sweeps of neuron and synapses, and the studies by which levels and imperfections
    are known; no later rounds.
    """
    campaign, subjects = requested.campaign, list[tuple[str, str]]()
    networks = campaign.networks
    for name in (networks.neuron, *networks.synapses):
        subjects += [(DEVICES.name, name)] * (name in campaign.simulated)
        subjects += [(study, name) for study in level_set_sources(campaign, name)]
    for name, imperfections in campaign.imperfections.items():
        subjects += [("thermal", imperfections.thermal)] if imperfections.thermal else []
        subjects += [("barriers", name)] if imperfections.barriers else []
    parts = (QUESTIONS[name].requests_of(campaign, subject) for name, subject in subjects)
    requests = {request.path: request for part in parts for request in part}
    return [(1, request) for request in requests.values() if request.kind in COUNTED]
