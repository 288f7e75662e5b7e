"""The command that writes tables and figures."""

import argparse
from collections.abc import Sequence
from typing import Any, Protocol

from wallnet import files, revisions
from wallnet.config import Figures
from wallnet.devices import figures as device_figures
from wallnet.devices import tables as device_tables
from wallnet.jobs.base import read
from wallnet.page import levels, programming, summary
from wallnet.plan.shown import Sources
from wallnet.report import as_made, mappings, networks, parameters, style, validation
from wallnet.studies import showing


class Tabulating(Protocol):
    """A module of tables."""

    __name__: str

    def tabulate(self, sources: Sources, job: str, /) -> dict[str, str]:
        """Return the texts of files by name, given the JSON of the job."""


class Drawing(Protocol):
    """A module of figures."""

    __name__: str

    def draw(self, sources: Sources, job: str, figures: Figures, /) -> style.Drawn:
        """Return a figure and its origin, given the JSON of the job and the style."""


_BOTH = (as_made, mappings, networks, showing, validation)

TABLES: tuple[Tabulating, ...] = (*_BOTH, levels, parameters, programming, summary, device_tables)
"""The modules of tables."""

FIGURES: tuple[Drawing, ...] = (*_BOTH, device_figures)
"""The modules of figures."""


def _by_name(modules: Sequence[Any]) -> dict[str, Any]:
    """Return modules by their names below wallnet."""
    return {module.__name__.partition(".")[2]: module for module in modules}


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `show` to the command line."""
    show = subparsers.add_parser("show", help="write a table, a figure, or both of the same data")
    modules = sorted(_by_name([*TABLES, *FIGURES]))
    show.add_argument("module", choices=modules, metavar="MODULE", help="what makes it")
    show.add_argument("--job", help="what it depends on, as JSON; - for standard input")
    named: Any = {"metavar": "NAME=PATH"}
    show.add_argument("--sources", nargs="*", default=[], help="files to read", **named)
    show.add_argument("--to", nargs="+", required=True, help="files to write", **named)
    show.add_argument("--figures", default="{}", help="style of all figures, as JSON")
    show.set_defaults(handler=_show)


def _show(arguments: argparse.Namespace) -> None:
    paths = dict(word.split("=", 1) for word in arguments.to)
    sources: dict[str, list[str]] = {}
    for name, path in (word.split("=", 1) for word in arguments.sources):
        sources.setdefault(name, []).append(path)
    job = files.given_text(arguments.job) if arguments.job else ""
    figures = read(arguments.figures, Figures, "--figures", "style of figures")
    drawn = [paths.pop(name) for name in ("png", "vector") if name in paths]
    if paths:
        texts = _by_name(TABLES)[arguments.module].tabulate(sources, job)
        for name, path in paths.items():
            files.write_text(texts[name], path)
    if drawn:
        with style.apply(figures):
            figure, origin = _by_name(FIGURES)[arguments.module].draw(sources, job, figures)
            style.save(figure, *drawn, **{"revision": revisions.of("report"), **origin})
