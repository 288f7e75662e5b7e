"""Subcommands of `wallnet` that find data and train networks.

PyTorch is imported when a subcommand runs.
"""

import argparse

from wallnet.config import ConfigError
from wallnet.config.networks import DEFAULT_SOURCES, LEVEL_STAGES, SOURCES
from wallnet.jobs import DataJob, MappingJob, TrainingJob


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

    train = subparsers.add_parser("train", help="train a network with free weights")
    train.add_argument("--neuron", required=True, help="compact model of the neuron")
    train.add_argument("--metrics", required=True, help="result to write, JSON")
    train.add_argument("--checkpoint", required=True, help="best network to write")
    train.set_defaults(handler=_train)

    to_levels = subparsers.add_parser(
        "map", help="put a trained network on a synapse's levels and train it further"
    )
    to_levels.add_argument("--synapse", required=True, help="compact model of the synapse")
    to_levels.add_argument("--start", required=True, help="checkpoint of the trained network")
    stages = " ".join(LEVEL_STAGES)
    for name in ("metrics", "checkpoint"):
        to_levels.add_argument(
            f"--{name}",
            required=True,
            nargs=len(LEVEL_STAGES),
            metavar="FILE",
            help=f"files to write for the stages {stages}, in this order",
        )
    to_levels.set_defaults(handler=_map)

    for parser in (train, to_levels):
        parser.add_argument("--job", required=True, help="the job, as JSON")
        parser.add_argument("--data", required=True, help="record that `wallnet data` wrote")
        parser.add_argument("--data-folder", required=True, help="folder of all data sets")


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


def _train(arguments: argparse.Namespace) -> None:
    job = TrainingJob.from_json(arguments.job)
    from wallnet.networks import images, stages

    stages.train(
        job,
        images.load(arguments.data, arguments.data_folder),
        arguments.neuron,
        (arguments.metrics, arguments.checkpoint),
    )


def _map(arguments: argparse.Namespace) -> None:
    job = MappingJob.from_json(arguments.job)
    from wallnet.networks import images, stages

    stages.put_on_levels(
        job,
        images.load(arguments.data, arguments.data_folder),
        arguments.synapse,
        arguments.start,
        {
            stage: (metrics, checkpoint)
            for stage, metrics, checkpoint in zip(
                LEVEL_STAGES, arguments.metrics, arguments.checkpoint, strict=True
            )
        },
    )
