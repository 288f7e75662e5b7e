"""Tables and figures, drawn from result files only, and the command that writes them.

`wallnet.report.style` defines the style of all figures. Those of devices and of studies stand with
these, in `wallnet.studies`.
"""

import argparse
import importlib
from typing import Any

from wallnet import files, revisions
from wallnet.config import ConfigError, Figures
from wallnet.config.messages import shown
from wallnet.jobs.base import read
from wallnet.report import style


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `show` to the command line.

    A module of tables has a function `tabulate`. It takes the paths of its sources by name and the
    JSON of its job, and returns the texts of its files by name. A module of figures has a function
    `draw`. It takes the same and the style, and returns the figure and its origin.
    """
    show = subparsers.add_parser("show", help="write a table, a figure, or both of the same data")
    show.add_argument("module", help="module below wallnet that makes it, such as report.networks")
    show.add_argument("--job", help="what it depends on, as JSON; - for standard input")
    named: Any = {"metavar": "NAME=PATH"}
    show.add_argument("--sources", nargs="*", default=[], help="files to read", **named)
    show.add_argument("--to", nargs="+", required=True, help="files to write", **named)
    show.add_argument("--figures", default="{}", help="style of all figures, as JSON")
    show.set_defaults(handler=_show)


def _show(arguments: argparse.Namespace) -> None:
    try:
        module = importlib.import_module(f"wallnet.{arguments.module}")
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("wallnet."):
            raise
        raise ConfigError(
            f"wallnet has no module {shown(arguments.module)}; name one that makes tables or "
            "figures, such as report.networks"
        ) from None
    paths = dict(word.split("=", 1) for word in arguments.to)
    sources: dict[str, list[str]] = {}
    for name, path in (word.split("=", 1) for word in arguments.sources):
        sources.setdefault(name, []).append(path)
    job = files.given_text(arguments.job) if arguments.job else ""
    figures = read(arguments.figures, Figures, "--figures", "style of figures")
    drawn = [paths.pop(name) for name in ("png", "vector") if name in paths]
    if paths:
        texts = module.tabulate(sources, job)
        for name, path in paths.items():
            files.write_text(texts[name], path)
    if drawn:
        with style.apply(figures):
            figure, origin = module.draw(sources, job, figures)
            style.save(figure, *drawn, **{"revision": revisions.of("report"), **origin})
