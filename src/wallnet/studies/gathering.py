"""Gather what a study asked for, and list what it asks for next."""

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import files, revisions
from wallnet.config import ConfigError
from wallnet.experiment.base import canonical, read
from wallnet.studies import ALL_STUDIES, GatherJob
from wallnet.studies.opened import Opened

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
    """Return the dataset of a subject, from the results in the folder of a campaign.

    Raises
    ------
    wallnet.files.FileError
        If a result is missing or damaged, or is not that of its request.
    """
    if not job.requests:
        raise ConfigError(f"--job has no requests of {job.study}; plan it again")
    module, settings, opened = _of(job, folder)
    values = module.gather(settings, opened)
    study = ALL_STUDIES[job.study]
    kind = study.kind_of(settings)
    attributes = {
        "kind": kind,
        "subject": job.subject,
        **({"device": job.subject} if study.of_device else {}),
        "parameters": canonical(
            job.model_dump(mode="json", exclude={"requests"}, exclude_none=True)
        ),
        # of the first simulation
        "simulation": opened.parameters,
        "revision": revisions.of(job.study),
        **opened.attributes,
        **{f"simulation_{key}": ", ".join(sorted(found)) for key, found in opened.made_by.items()},
    }
    return files.dataset(kind, values, attributes)


def _of(job: GatherJob, folder: str | Path = "") -> tuple[Any, Any, Opened]:
    """Return the module that gathers, the settings of the study, and the results."""
    if job.study not in ALL_STUDIES:
        known = ", ".join(ALL_STUDIES)
        raise ConfigError(f"--job names the study {job.study!r}; use one of {known}")
    name = f"set of settings of {job.study}"
    settings = read(canonical(job.settings), ALL_STUDIES[job.study].settings, "--job", name)
    return import_module(f"wallnet.studies.{job.study}.gather"), settings, Opened(job, folder)


def _given(arguments: argparse.Namespace) -> GatherJob:
    return GatherJob.from_json(files.given_text(arguments.job))


def _gather(arguments: argparse.Namespace) -> None:
    made = gather(_given(arguments))
    files.write_dataset(made, arguments.out, made.attrs["kind"], {})


def _round(arguments: argparse.Namespace) -> None:
    module, settings, opened = _of(_given(arguments))
    files.write_json({"asked": module.next_round(settings, opened)}, arguments.out)
