"""Subcommands of `wallnet` that find data and train networks.

PyTorch is imported when a subcommand runs.
"""

import argparse
from collections.abc import Mapping
from functools import partial

from wallnet.config.networks import DEFAULT_SOURCES, SOURCES
from wallnet.jobs.base import Job
from wallnet.jobs.networks import AsMadeJob, ContinuingJob, DataJob, MappingJob, TrainingJob

DATA = {"data": "record that `wallnet data` wrote", "data-folder": "folder of all data sets"}
NEURON = ("neuron", "compact model of the neuron")
START = ("start", "checkpoint of the trained network")
SYNAPSE = ("synapse", "compact model of the synapse")
"""Inputs of the computations beside the data: the option, and its help."""


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `data` and the subcommands that compute networks."""
    data = subparsers.add_parser("data", help="find or fetch a data set and check it")
    _require(data, {"job": "the data set, as JSON", "data-folder": DATA["data-folder"]})
    _require(data, {"out": "record of the checked data set to write, JSON"})
    data.add_argument(
        "--sources",
        default=",".join(DEFAULT_SOURCES),
        help=f"where a missing data set may come from, in this order: some of {','.join(SOURCES)} "
        "(default: %(default)s)",
    )
    data.set_defaults(handler=_data)

    put = "put trained networks on a synapse's levels"
    computed: tuple[tuple[str, type[Job], str, str, str, str], ...] = (
        ("train", TrainingJob, "train", *NEURON, "train a network in FP32"),
        ("continue", ContinuingJob, "train_on", *START, "train a network further in FP32"),
        ("map", MappingJob, "put_on_levels", *SYNAPSE, f"{put} and train them further"),
        ("compare-mappings", MappingJob, "compare", *SYNAPSE, f"{put} in many ways"),
    )
    folder = "folder of all networks, to read trained ones and to write results"
    for name, kind, function, option, meaning, text in computed:
        parser = subparsers.add_parser(name, help=text)
        _require(parser, {"job": "the job, as JSON", **DATA, option: meaning, "networks": folder})
        _require(parser, {"out": "result to write, JSON"} if function == "compare" else {})
        parser.set_defaults(handler=partial(_compute, kind, function, option))
    made = subparsers.add_parser("as-made", help="evaluate a network on devices as made")
    _require(made, {"job": "the network and the causes, as JSON", **DATA})
    sources = {"network": "checkpoint of the network", "programming": "programming of the network"}
    _require(made, sources | {"imperfections": "what is known of the device, netCDF"})
    _require(made, {"out": "accuracies to write, netCDF"})
    made.set_defaults(handler=_evaluate)


def _require(parser: argparse.ArgumentParser, options: Mapping[str, str]) -> None:
    """Add options that have to be given, each with its help."""
    for option, text in options.items():
        parser.add_argument(f"--{option}", required=True, help=text)


def _evaluate(arguments: argparse.Namespace) -> None:
    job = AsMadeJob.from_json(arguments.job)
    from wallnet.networks import as_made, images

    data = images.load(arguments.data, arguments.data_folder)
    sources = arguments.network, arguments.programming, arguments.imperfections
    as_made.evaluate(job, data, *sources, arguments.out)


def _data(arguments: argparse.Namespace) -> None:
    from wallnet.networks import fetching

    job, sources = DataJob.from_json(arguments.job), arguments.sources.split(",")
    fetching.provide(job, arguments.data_folder, arguments.out, sources)


def _compute(kind: type[Job], function: str, source: str, arguments: argparse.Namespace) -> None:
    """Compute networks with a function of `wallnet.networks.stages`."""
    job = kind.from_json(arguments.job)
    from wallnet.networks import images, stages

    data = images.load(arguments.data, arguments.data_folder)
    out = [arguments.out] if "out" in arguments else []
    path = getattr(arguments, source)
    getattr(stages, function)(job, data, path, arguments.networks, *out)
