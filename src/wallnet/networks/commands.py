"""Subcommands of `wallnet` that find data and train networks.

PyTorch is imported when a subcommand runs.
"""

import argparse
import re

from wallnet.config import ConfigError
from wallnet.config.networks import DEFAULT_SOURCES, SOURCES
from wallnet.jobs.networks import ContinuingJob, DataJob, InterpretationJob, MappingJob, TrainingJob


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommands `data`, `train` and `map`."""
    data = subparsers.add_parser("data", help="find or fetch a data set and check it")
    data.add_argument("--job", required=True, help="the data set, as JSON")
    data.add_argument("--data-folder", required=True, help="folder of all data sets")
    data.add_argument(
        "--sources",
        default=",".join(DEFAULT_SOURCES),
        help=f"where a missing data set may come from, in this order: some of {','.join(SOURCES)} "
        "(default: %(default)s)",
    )
    data.add_argument("--out", required=True, help="record of the checked data set to write, JSON")
    data.set_defaults(handler=_data)

    train = subparsers.add_parser("train", help="train a network in FP32")
    train.add_argument("--neuron", required=True, help="compact model of the neuron")
    train.set_defaults(handler=_train)

    train_on = subparsers.add_parser("continue", help="train a network further in FP32")
    train_on.add_argument("--start", required=True, help="checkpoint of the trained network")
    train_on.set_defaults(handler=_continue)

    to_levels = subparsers.add_parser(
        "map", help="put trained networks on a synapse's levels and train them further"
    )
    to_levels.add_argument("--synapse", required=True, help="compact model of the synapse")
    to_levels.set_defaults(handler=_map)

    compared = subparsers.add_parser(
        "compare-mappings", help="put trained networks on a synapse's levels in many ways"
    )
    compared.add_argument("--synapse", required=True, help="compact model of the synapse")
    compared.add_argument("--out", required=True, help="result to write, JSON")
    compared.set_defaults(handler=_compare)

    interpreted = subparsers.add_parser(
        "interpret", help="quantise the paper's network in every way that its text allows"
    )
    interpreted.add_argument("--neuron", required=True, help="compact model of the neuron")
    interpreted.add_argument(
        "--fine-tune", metavar="FILE", help="JSON with combinations to train further instead"
    )
    interpreted.add_argument(
        "--weights", required=True, help="FP32 weights, to write or to train further from"
    )
    interpreted.add_argument("--out", required=True, help="result to write, JSON")
    interpreted.set_defaults(handler=_interpret)

    for parser in (train, train_on, to_levels, compared, interpreted):
        parser.add_argument("--job", required=True, help="the job, as JSON")
        parser.add_argument("--data", required=True, help="record that `wallnet data` wrote")
        parser.add_argument("--data-folder", required=True, help="folder of all data sets")
        if parser is interpreted:
            continue
        parser.add_argument(
            "--networks",
            required=True,
            help="folder of all networks, to read trained ones and to write results",
        )


def _data(arguments: argparse.Namespace) -> None:
    sources = tuple(filter(None, arguments.sources.split(",")))
    for name in sources:
        if name not in SOURCES:
            raise ConfigError(
                f"--sources names {name!r}, which is unknown; use {', '.join(SOURCES[:-1])} or "
                f"{SOURCES[-1]}, separated by commas"
            )
    from wallnet.networks import fetching

    fetching.provide(
        DataJob.from_json(arguments.job), arguments.data_folder, arguments.out, sources
    )


def _import_lean(job: TrainingJob | ContinuingJob | MappingJob | InterpretationJob) -> None:
    """Import torchmetrics without the optional packages of metrics that no network here uses.

    Lightning imports all of torchmetrics, and this what metrics of images and sounds need: a third
    of the time in which a job starts. A user-defined model may use these metrics, so its jobs
    import everything.
    """
    networks = job.networks if isinstance(job, MappingJob) else (job,)
    if any(getattr(network, "model_code", None) for network in networks):
        return
    from unittest.mock import patch

    from lightning_utilities.core import imports

    is_met, is_there = imports.RequirementCache.__bool__, imports.package_available
    unused = ("matplotlib", "scipy", "torchvision")
    requirement = re.compile(rf"({'|'.join(unused)})\b")
    with (
        patch.object(
            imports.RequirementCache,
            "__bool__",
            lambda cache: not requirement.match(cache.requirement or "") and is_met(cache),
        ),
        patch.object(
            imports, "package_available", lambda name: name not in unused and is_there(name)
        ),
    ):
        import torchmetrics  # noqa: F401


def _train(arguments: argparse.Namespace) -> None:
    job = TrainingJob.from_json(arguments.job)
    _import_lean(job)
    from wallnet.networks import images, stages

    data = images.load(arguments.data, arguments.data_folder)
    stages.train(job, data, arguments.neuron, arguments.networks)


def _continue(arguments: argparse.Namespace) -> None:
    job = ContinuingJob.from_json(arguments.job)
    _import_lean(job)
    from wallnet.networks import images, stages

    data = images.load(arguments.data, arguments.data_folder)
    stages.train_on(job, data, arguments.start, arguments.networks)


def _map(arguments: argparse.Namespace) -> None:
    job = MappingJob.from_json(arguments.job)
    _import_lean(job)
    from wallnet.networks import images, stages

    data = images.load(arguments.data, arguments.data_folder)
    stages.put_on_levels(job, data, arguments.synapse, arguments.networks)


def _compare(arguments: argparse.Namespace) -> None:
    job = MappingJob.from_json(arguments.job)
    _import_lean(job)
    from wallnet.networks import images, studies

    data = images.load(arguments.data, arguments.data_folder)
    studies.compare(job, data, arguments.synapse, arguments.networks, arguments.out)


def _interpret(arguments: argparse.Namespace) -> None:
    job = InterpretationJob.from_json(arguments.job)
    _import_lean(job)
    from wallnet.networks import images, studies

    data = images.load(arguments.data, arguments.data_folder)
    if arguments.fine_tune:
        chosen = arguments.fine_tune
        studies.fine_tune(job, data, arguments.neuron, arguments.weights, chosen, arguments.out)
    else:
        studies.interpret(job, data, arguments.neuron, arguments.out, arguments.weights)
