"""Subcommands of `wallnet` that derive devices from traces, and compact models from devices."""

import argparse
from pathlib import Path

from wallnet import files
from wallnet.devices.barriers import gather_barriers
from wallnet.devices.compact import compact_model
from wallnet.devices.gathering import gather
from wallnet.devices.measured import measured_model
from wallnet.experiment import Job, level_states
from wallnet.files import FileError
from wallnet.jobs import (
    BarriersJob,
    DeviceJob,
)
from wallnet.jobs.paths import levels_in, minima_in, pairs_in, traces_in


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommands of this stage to a command line.

    Parameters
    ----------
    subparsers : argparse action
        Return value of `ArgumentParser.add_subparsers`. Each subcommand sets `handler`, a
        function of the parsed arguments.
    """
    device = subparsers.add_parser(
        "device", help="gather the traces of one device", description=gather.__doc__
    )
    device.formatter_class = argparse.RawDescriptionHelpFormatter
    _add_job(device, DeviceJob)
    device.add_argument("--initial", required=True, help="file of the initial state")
    device.add_argument("--traces", required=True, help="folder of the traces, {current}.nc")
    device.add_argument("--levels", help="folder of the levels, {state}.nc; synapses only")
    device.add_argument("--minima", help="folder of their minima, {state}.nc; synapses only")
    device.set_defaults(handler=_gather)

    compact = subparsers.add_parser(
        "compact-model", help="write the compact model of a device: levels or activation"
    )
    compact.add_argument("--device", required=True, help="device file")
    compact.add_argument("--barriers", help="barriers of a synapse, for the retained levels")
    compact.add_argument(
        "--transitions", help="transitions of a synapse, for the mutually reachable levels"
    )
    compact.add_argument("--out", required=True, help="JSON file to write")
    compact.set_defaults(
        handler=lambda given: compact_model(
            given.device, given.out, given.barriers, given.transitions
        )
    )

    measured = subparsers.add_parser(
        "measured", help="write the compact model of a measured device from its CSV files"
    )
    measured.add_argument("--levels", help="CSV file with the column conductance")
    measured.add_argument("--activation", help="CSV file with the columns input and output")
    measured.add_argument("--out", required=True, help="JSON file to write")
    measured.set_defaults(
        handler=lambda given: measured_model(given.levels, given.activation, given.out)
    )

    gathering = subparsers.add_parser(
        "barriers", help="gather the barriers of a device and compare them with k_B T"
    )
    _add_job(gathering, BarriersJob)
    gathering.add_argument("--minima", required=True, help="folder of the minima, {state}.nc")
    gathering.add_argument("--pairs", required=True, help="folder of the pairs of states")
    gathering.set_defaults(handler=_gather_barriers)


def _add_job(parser: argparse.ArgumentParser, job: type[Job], rounds: str = "") -> None:
    """Add the options of all commands that take a job and write a file, and a number of rounds."""
    parser.add_argument(
        "--job", required=True, help=f"canonical JSON of jobs.{job.__name__}; - for standard input"
    )
    if rounds:
        parser.add_argument("--round", type=int, required=True, help=rounds)
    parser.add_argument("--out", required=True, help="file to write")


def _gather(arguments: argparse.Namespace) -> None:
    """Gather the files of the job from the given folders."""
    job = DeviceJob.from_json(files.given_text(arguments.job))
    if job.kind == "synapse" and arguments.levels is None:
        raise FileError("--levels is missing; a synapse needs the folder of its level files")
    traces = traces_in(arguments.traces, job.pulse)
    levels = levels_in(arguments.levels, job) if arguments.levels else {}
    minima = minima_in(arguments.minima, job) if arguments.minima else {}
    gather(job, arguments.initial, traces, levels, arguments.out, minima)


def _gather_barriers(arguments: argparse.Namespace) -> None:
    """Gather the barriers of the job from the given folders."""
    job = BarriersJob.from_json(files.given_text(arguments.job))
    states = level_states(job.track)
    minima = {state: Path(arguments.minima, f"{state.file_name}.nc") for state in states}
    gather_barriers(job, minima, pairs_in(arguments.pairs, job.track), arguments.out)
