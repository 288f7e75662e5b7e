"""The command line, for rules and users."""

import argparse
import gc
import importlib
import io
import sys
from collections.abc import Sequence

from wallnet import __version__
from wallnet.errors import UserError

MODULES = {
    "wallnet.simulate": ("initial", "simulate"),
    "wallnet.simulate.oommf": ("oommf",),
    "wallnet.simulate.minima": ("minimum",),
    "wallnet.simulate.barriers": ("barrier",),
    "wallnet.devices.commands": (
        *("device", "compact-model", "measured", "barriers", "response", "transitions"),
        *("calibration-round", "calibration"),
    ),
    "wallnet.studies.gathering": ("gather", "round"),
    "wallnet.studies.showing": ("show",),
    "wallnet.networks.commands": (
        *("data", "train", "continue", "map", "compare-mappings", "interpret"),
    ),
    "wallnet.report.devices": ("device-figure",),
    "wallnet.report.device_tables": ("device-table",),
    "wallnet.report.measured": ("measured-table",),
    "wallnet.report.programs": ("program-report",),
    "wallnet.report.transitions": ("transition-report",),
    "wallnet.report.barriers": ("barrier-report",),
    "wallnet.report.levels": ("level-report",),
    "wallnet.report.calibration": ("calibration-report",),
    "wallnet.report.networks": ("accuracy", "network-figure"),
    "wallnet.report.programming": ("programming-table",),
    "wallnet.report.parameters": ("parameters",),
    "wallnet.page.summary": ("summary",),
    "wallnet.page.overview": ("overview",),
    "wallnet.report.studies": ("mapping-table", "choose-interpretations", "interpretation-table"),
    "wallnet.validation": ("validate",),
    "wallnet.report.validation": ("validation-table",),
    "wallnet.plan.clean": ("clean", "check", "digest"),
    "wallnet.provenance.commands": ("pack",),
    "wallnet.plan.commands": ("schema", "init"),
}
"""The commands that each module registers. A command imports its own module only, since each of
hundreds of jobs is a process that starts anew."""

COLLECT_AFTER = 10_000
"""New objects between two collections of garbage; Python's own number is 700."""


def _parser(command: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the module of a command; that of all modules if it is unknown."""
    parser = argparse.ArgumentParser(
        prog="wallnet", description=importlib.import_module("wallnet").__doc__
    )
    parser.add_argument("--version", action="version", version=f"wallnet {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="command")
    called = [module for module, commands in MODULES.items() if command in commands]
    for module in called or MODULES:
        importlib.import_module(module).register(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; report an error that a user can fix in one line, with exit code 1.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command and its arguments. If not given, they are those of the process, which then
        does nothing else.
    """
    if arguments is not None:
        _run(arguments)
        return
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")  # in every locale, as all files
    # Importing makes some 300,000 objects that live as long as the process. Without these two
    # calls, the collector of garbage would walk through them many times, in up to a third of a
    # short job's time: while they become more, and when the process ends.
    gc.set_threshold(COLLECT_AFTER)
    try:
        _run(sys.argv[1:])
    finally:
        gc.freeze()


def _run(arguments: Sequence[str]) -> None:
    parsed = _parser(arguments[0] if arguments else None).parse_args(arguments)
    try:
        parsed.handler(parsed)
    except UserError as error:
        sys.exit(f"wallnet: {error}")
    except KeyboardInterrupt:
        sys.exit("wallnet: interrupted")


if __name__ == "__main__":
    main()
