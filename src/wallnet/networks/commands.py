"""Subcommands of `wallnet` that find data and train networks.

PyTorch is imported when a subcommand runs.
"""

import argparse
from functools import partial
from typing import TypeAlias

from wallnet.config.networks import DEFAULT_SOURCES, SOURCES
from wallnet.jobs.networks import ContinuingJob, DataJob, MappingJob, TrainingJob

AnyJob: TypeAlias = TrainingJob | ContinuingJob | MappingJob

NEURON = {"option": "neuron", "meaning": "compact model of the neuron"}
START = {"option": "start", "meaning": "checkpoint of the trained network"}
SYNAPSE = {"option": "synapse", "meaning": "compact model of the synapse"}
"""Inputs of the computations beside the data."""


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `data` and the subcommands that compute networks."""
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

    def add(
        name: str, text: str, kind: type[AnyJob], function: str, option: str, meaning: str
    ) -> None:
        parser = subparsers.add_parser(name, help=text)
        parser.add_argument("--job", required=True, help="the job, as JSON")
        parser.add_argument("--data", required=True, help="record that `wallnet data` wrote")
        parser.add_argument("--data-folder", required=True, help="folder of all data sets")
        parser.add_argument(f"--{option}", dest="source", required=True, help=meaning)
        parser.add_argument(
            "--networks",
            required=True,
            help="folder of all networks, to read trained ones and to write results",
        )
        if function == "compare":
            parser.add_argument("--out", required=True, help="result to write, JSON")
        parser.set_defaults(handler=partial(_compute, kind, function))

    add("train", "train a network in FP32", TrainingJob, "train", **NEURON)
    add("continue", "train a network further in FP32", ContinuingJob, "train_on", **START)
    text = "put trained networks on a synapse's levels and train them further"
    add("map", text, MappingJob, "put_on_levels", **SYNAPSE)
    text = "put trained networks on a synapse's levels in many ways"
    add("compare-mappings", text, MappingJob, "compare", **SYNAPSE)


def _data(arguments: argparse.Namespace) -> None:
    from wallnet.networks import fetching

    sources = arguments.sources.split(",")
    fetching.provide(
        DataJob.from_json(arguments.job), arguments.data_folder, arguments.out, sources
    )


def _compute(kind: type[AnyJob], function: str, arguments: argparse.Namespace) -> None:
    """Compute networks with a function of `wallnet.networks.stages`."""
    job = kind.from_json(arguments.job)
    from wallnet.networks import images, stages

    data = images.load(arguments.data, arguments.data_folder)
    out = [arguments.out] if "out" in arguments else []
    getattr(stages, function)(job, data, arguments.source, arguments.networks, *out)
