"""Subcommands of `wallnet` that derive devices from traces."""

import argparse

from wallnet import files
from wallnet.devices.gathering import gather
from wallnet.devices.measured import measured_model
from wallnet.experiment import Job
from wallnet.files import FileError
from wallnet.jobs.devices import DeviceJob
from wallnet.jobs.paths import levels_in, minima_in, traces_in


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

    measured = subparsers.add_parser(
        "measured", help="write the compact model of a measured device from its CSV files"
    )
    measured.add_argument("--levels", help="CSV file with the column conductance")
    measured.add_argument("--activation", help="CSV file with the columns input and output")
    measured.add_argument("--out", required=True, help="JSON file to write")
    measured.set_defaults(
        handler=lambda given: measured_model(given.levels, given.activation, given.out)
    )


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
