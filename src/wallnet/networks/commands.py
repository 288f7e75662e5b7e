"""Subcommands of `wallnet` that find data and train networks.

PyTorch is imported when a subcommand runs.
"""

import argparse
from functools import partial

from wallnet.config.networks import DEFAULT_SOURCES, SOURCES
from wallnet.jobs.base import Job
from wallnet.jobs.networks import AsMadeJob, ContinuingJob, DataJob, MappingJob, TrainingJob

NEURON = ("neuron", "compact model of the neuron")
START = ("start", "checkpoint of the trained network")
SYNAPSE = ("synapse", "compact model of the synapse")
"""Inputs of the computations beside the data: the option, and its help."""


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

    put = "put trained networks on a synapse's levels"
    computed: tuple[tuple[str, type[Job], str, str, str, str], ...] = (
        ("train", TrainingJob, "train", *NEURON, "train a network in FP32"),
        ("continue", ContinuingJob, "train_on", *START, "train a network further in FP32"),
        ("map", MappingJob, "put_on_levels", *SYNAPSE, f"{put} and train them further"),
        ("compare-mappings", MappingJob, "compare", *SYNAPSE, f"{put} in many ways"),
    )
    for name, kind, function, option, meaning, text in computed:
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
    _register_as_made(subparsers)


def _register_as_made(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser("as-made", help="evaluate a network on devices as made")
    for option, text in {
        "job": "the network and the causes, as JSON",
        "data": "record that `wallnet data` wrote",
        "data-folder": "folder of all data sets",
        "network": "checkpoint of the network",
        "programming": "programming of the network",
        "imperfections": "what is known of the device, netCDF",
        "out": "accuracies to write, netCDF",
    }.items():
        parser.add_argument(f"--{option}", required=True, help=text)
    parser.set_defaults(handler=_evaluate)


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


def _compute(kind: type[Job], function: str, arguments: argparse.Namespace) -> None:
    """Compute networks with a function of `wallnet.networks.stages`."""
    job = kind.from_json(arguments.job)
    from wallnet.networks import images, stages

    data = images.load(arguments.data, arguments.data_folder)
    out = [arguments.out] if "out" in arguments else []
    getattr(stages, function)(job, data, arguments.source, arguments.networks, *out)
