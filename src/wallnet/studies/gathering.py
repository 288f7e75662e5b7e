"""Gathering of the results that a question asked for, and what its next round asks for."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import files, revisions
from wallnet.config import ConfigError
from wallnet.files.plain import canonical
from wallnet.jobs.base import read
from wallnet.questions.opened import Gathering, Opened, stacked
from wallnet.questions.question import Entry, GatherJob
from wallnet.studies import QUESTIONS

if TYPE_CHECKING:
    import xarray


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `gather` and `round` to the command line."""
    for name, handler, text in (
        ("gather", _gather, "gather the simulations of a study into its dataset"),
        ("round", _round, "list what the next round of a study simulates"),
    ):
        command = subparsers.add_parser(name, help=text)
        command.add_argument(
            "--job", required=True, help="canonical JSON of studies.GatherJob; - for standard input"
        )
        command.add_argument("--out", required=True, help="file to write")
        command.set_defaults(handler=handler)


def gather(job: GatherJob, folder: str | Path = "") -> "xarray.Dataset":
    """Return the dataset of a subject, from the results in the folder of a campaign."""
    if not job.requests:
        raise ConfigError(f"--job has no requests of {job.study}; plan it again")
    gathering, settings, results = _of(job, folder)
    samples = [gathering.gather(settings, opened) for opened in results]
    made_by: dict[str, set[str]] = {}
    for opened in results:
        for name, makers in opened.made_by.items():
            made_by.setdefault(name, set()).update(makers)
    question = QUESTIONS[job.study]
    kind = question.kind_of(settings)
    values = stacked(kind, samples) if samples[1:] else samples[0]
    perfect = results[0]
    plain = job.model_dump(mode="json", exclude={"requests"}, exclude_none=True)
    attributes = {
        "kind": kind,
        "subject": job.subject,
        **({"device": job.subject} if question.of_device else {}),
        "parameters": canonical(plain),
        # of the first simulation
        "simulation": perfect.parameters,
        "revision": revisions.of(job.study),
        **perfect.attributes,
        **{f"simulation_{key}": ", ".join(sorted(makers)) for key, makers in made_by.items()},
    }
    return files.dataset(kind, values, attributes)


def _of(job: GatherJob, folder: str | Path = "") -> tuple[Gathering[Any], Any, list[Opened]]:
    """Return how a question is gathered, the settings, and the results of each sample.

    The first results are those of the perfect device; a round may have none of these.
    """
    if job.study not in QUESTIONS:
        names = ", ".join(QUESTIONS)
        raise ConfigError(f"--job names the study {job.study!r}; use one of {names}")
    name = f"set of settings of {job.study}"
    settings = read(canonical(job.settings), QUESTIONS[job.study].settings, "--job", name)
    of_samples: dict[int, list[Entry]] = {0: []}
    for entry in job.entries():
        of_samples.setdefault(entry.conditions.sample or 0, []).append(entry)
    blocks: dict[str, xarray.Dataset] = {}
    results = [Opened(job, folder, entries, blocks) for entries in of_samples.values()]
    return QUESTIONS[job.study].part("gather"), settings, results


def _gather(arguments: argparse.Namespace) -> None:
    dataset = gather(GatherJob.from_json(files.given_text(arguments.job)))
    files.write_dataset(dataset, arguments.out, dataset.attrs["kind"], {})


def _round(arguments: argparse.Namespace) -> None:
    gathering, settings, results = _of(GatherJob.from_json(files.given_text(arguments.job)))
    perfect, *samples = results
    more = {"samples": gathering.next_round_of_samples(settings, samples)} if samples else {}
    content = {"asked": gathering.next_round(settings, perfect), **more}
    files.write_json(content, arguments.out)
