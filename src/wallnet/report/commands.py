"""The commands that write the tables of `plan.TABLES` and the figures of `plan.FIGURES`."""

import argparse
import importlib
from typing import Any

from wallnet import files, revisions
from wallnet.report import devices, networks, style


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `table` and `figure` to the command line.

    The module of a table has a function `tabulate`, which returns the texts of its files by their
    names, given the paths of its sources by their names and the JSON of its job. If a figure
    belongs to it, it has a function `draw`, given the sources and the style.
    """
    table = subparsers.add_parser("table", help="write a table, and the figure of the same data")
    table.add_argument("module", help="module below wallnet that makes it, such as report.measured")
    table.add_argument("--job", help="what it depends on, as JSON; - for standard input")
    named: Any = {"metavar": "NAME=PATH"}
    table.add_argument("--sources", nargs="*", default=[], help="files to read", **named)
    table.add_argument("--to", nargs="+", required=True, help="files to write", **named)
    table.add_argument("--figures", default="{}", help="style of all figures, as JSON")
    table.set_defaults(handler=_table)

    figure = subparsers.add_parser("figure", help="draw a figure of devices or networks")
    figure.add_argument("name", choices=[*devices.DRAWINGS, *networks.DRAWINGS])
    figure.add_argument("--of", metavar="KIND", help="kind of the devices; networks if not given")
    figure.add_argument("--sources", required=True, nargs="+", help="device files or metrics")
    figure.add_argument("--traces", help="folder of the device's traces, for maps of m_z")
    shown = "current densities in A/m² to show; chosen if not given"
    some: Any = {"nargs": "*", "default": []}
    figure.add_argument("--shown", type=float, metavar="J", help=shown, **some)
    paper = "rows of the paper's Table II to show too"
    figure.add_argument("--paper", type=int, metavar="NOTCHES", help=paper, **some)
    style.add_figure_arguments(figure)
    figure.set_defaults(handler=_figure)


def _table(given: argparse.Namespace) -> None:
    module = importlib.import_module(f"wallnet.{given.module}")
    paths = dict(word.split("=", 1) for word in given.to)
    sources: dict[str, list[str]] = {}
    for name, path in (word.split("=", 1) for word in given.sources):
        sources.setdefault(name, []).append(path)
    figures = style.figures_of(given)
    texts = module.tabulate(sources, files.given_text(given.job) if given.job else "")
    for name in texts.keys() & paths:
        files.write_text(texts[name], paths[name])
    if "png" in paths:
        with style.apply(figures):
            figure = module.draw(sources, figures)
            style.save(figure, paths["png"], paths["vector"], revision=revisions.of("report"))


def _figure(given: argparse.Namespace) -> None:
    look = style.figures_of(given)
    with style.apply(look):
        if given.of:
            where = (given.traces, given.shown)
            figure, about = devices.draw(given.name, given.of, given.sources, *where, look)
        else:
            figure, about = networks.draw(given.name, given.sources, given.paper, look)
        about["revision"] = revisions.of("report")
        style.save(figure, given.png, given.vector, kind=given.name, **about)
