"""The command line, for rules and users."""

import argparse
import contextlib
import gc
import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, cast

import wallnet
from wallnet.errors import UserError
from wallnet.files.whole import terminal_text

Register = Callable[["argparse._SubParsersAction[argparse.ArgumentParser]"], None]
"""Function `register` of a module of commands, which adds them to the command line."""

MODULES = {
    "wallnet.simulate.commands": ("simulate", "minima", "barrier"),
    "wallnet.studies.gathering": ("gather", "round"),
    "wallnet.studies.compact": ("compact-model",),
    "wallnet.studies.imperfections": ("imperfections",),
    "wallnet.networks.commands": (
        "data",
        "train",
        "continue",
        "map",
        "compare-mappings",
        "as-made",
    ),
    "wallnet.report.animation": ("animate",),
    "wallnet.page.findings": ("overview",),
    "wallnet.page.commands": ("show",),
    "wallnet.validation.commands": ("validate",),
    "wallnet.plan.commands": ("schema", "init", "clean", "check", "digest"),
    "wallnet.plan.preview": ("preview",),
    "wallnet.exports": ("export",),
    "wallnet.provenance": ("pack",),
    "wallnet.server": ("serve",),
}
"""The commands that each module registers. A command imports its own module only, since each of
hundreds of jobs is a process that starts anew."""

LISTED = {
    "init": "start a new campaign",
    "preview": "draw the devices, and print what to expect of them, before anything runs",
    "schema": "print the JSON Schema of config.yaml",
    "simulate": "run one pulse, or a train of pulses, on one track",
    "animate": "write the maps of a trace as an animation",
    "imperfections": "write imperfections of a device as a table, also from your pulses",
    "overview": "print what a finished campaign found",
    "check": "find results that have changed since they were written",
    "clean": "list or remove results that no longer belong to the configuration",
    "export": "write a device for another tool, such as aihwkit or CrossSim",
    "pack": "make an RO-Crate of a finished campaign",
}
"""The commands that users call, each with its help; rules call the others."""

COLLECT_AFTER = 10_000
"""New objects between two collections of garbage; Python's own number is 700."""


class _Commands(argparse._SubParsersAction):
    """Gives the commands of `LISTED` their help."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:
        """Return the parser of a new command."""
        if name in LISTED:
            options["help"] = LISTED[name]
        return super().add_parser(name, **options)


def _parser(command: str = "") -> argparse.ArgumentParser:
    """Return the parser of the module of a command.

    For `--help-all` it is that of all modules. For another option or an unknown command it has
    the names of `LISTED`.
    """
    parser = argparse.ArgumentParser(
        prog="wallnet", description=str(wallnet.__doc__).partition("\n\n")[0]
    )
    parser.add_argument("--version", action="version", version=f"wallnet {wallnet.__version__}")
    parser.add_argument(
        "--help-all",
        action="help",
        help="show this help message, with the commands that rules of the workflow call, and exit",
    )
    subparsers = parser.add_subparsers(required=True, metavar="command", action=_Commands)
    called = [module for module, commands in MODULES.items() if command in commands]
    for module in MODULES if command == "--help-all" else called:
        cast(Register, importlib.import_module(module).register)(subparsers)
    for name in () if subparsers.choices else LISTED:
        subparsers.add_parser(name)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; report an error that a user can fix in one line, with exit code 1.

    The default arguments are those of the process, which then does nothing else.
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
        sys.stdout.flush()
    except BrokenPipeError:
        # a reader such as `head` ended; Python would fail again as it closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    finally:
        gc.freeze()


class _Shown:
    """A stream that shows all text as text, also that of files and names of others."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text without what a terminal would execute."""
        return int(self._stream.write(terminal_text(text)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _run(arguments: Sequence[str]) -> None:
    out, err = (cast(Any, _Shown(stream)) for stream in (sys.stdout, sys.stderr))
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            parsed = _parser(arguments[0] if arguments else "").parse_args(arguments)
            parsed.handler(parsed)
    except UserError as error:
        sys.exit(f"wallnet: {terminal_text(str(error))}")
    except KeyboardInterrupt:
        sys.exit("wallnet: interrupted")


if __name__ == "__main__":
    main()
