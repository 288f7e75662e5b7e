"""Gather what a study asked for, and list what it asks for next."""

import argparse
from importlib import import_module
from typing import Any

from wallnet import files, revisions
from wallnet.config import ConfigError
from wallnet.devices.gathering import simulated_by
from wallnet.experiment import canonical, read
from wallnet.files.schema import content
from wallnet.studies import STUDIES, GatherJob
from wallnet.studies.opened import Opened


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


def _called(arguments: argparse.Namespace) -> tuple[GatherJob, Any, Any, Opened]:
    """Return the job, the module that gathers it, its settings and the results."""
    job = GatherJob.from_json(files.given_text(arguments.job))
    if job.study not in STUDIES:
        raise ConfigError(f"--job names the study {job.study!r}; use one of {', '.join(STUDIES)}")
    module = import_module(f"wallnet.studies.{job.study}.gather")
    settings = STUDIES[job.study].settings
    name = f"set of settings of {job.study}"
    return job, module, read(canonical(job.settings), settings, "--job", name), Opened(job)


def _gather(arguments: argparse.Namespace) -> None:
    job, module, settings, opened = _called(arguments)
    if not job.requests:
        raise ConfigError(f"--job has no requests of {job.study}; plan it again")
    study = STUDIES[job.study]
    values = module.gather(settings, opened)
    attributes = {
        "subject": job.subject,
        **({"device": job.subject} if study.of_device else {}),
        "parameters": canonical(
            job.model_dump(mode="json", exclude={"requests", "uses"}, exclude_none=True)
        ),
        # of the first simulation
        "simulation": opened.parameters,
        "revision": revisions.of(study.name),
        **simulated_by(opened.made_by),
    }
    files.write_content(content(study.kind, values, attributes), arguments.out)


def _round(arguments: argparse.Namespace) -> None:
    _, module, settings, opened = _called(arguments)
    files.write_json({"asked": module.next_round(settings, opened)}, arguments.out)
