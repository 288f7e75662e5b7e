"""The command that writes a table of `plan.TABLES`, with the figure that belongs to it."""

import argparse
import importlib

from wallnet import files, revisions
from wallnet.report import style


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `table` to the command line.

    The module of a table has a function `tabulate`, which returns the texts of its files by their
    names, given the paths of its sources by their names and the JSON of its job. If a figure
    belongs to it, it has a function `draw`, given the sources and the style.
    """
    table = subparsers.add_parser("table", help="write a table, and the figure of the same data")
    table.add_argument("module", help="module below wallnet that makes it, such as report.measured")
    table.add_argument("--job", help="what it depends on, as JSON; - for standard input")
    table.add_argument(
        "--sources", nargs="*", default=[], metavar="NAME=PATH", help="files to read"
    )
    table.add_argument("--to", nargs="+", required=True, metavar="NAME=PATH", help="files to write")
    table.add_argument("--figures", default="{}", help="style of all figures, as JSON")
    table.set_defaults(handler=_table)


def _table(given: argparse.Namespace) -> None:
    module = importlib.import_module(f"wallnet.{given.module}")
    paths = dict(word.split("=", 1) for word in given.to)
    sources: dict[str, list[str]] = {}
    for name, path in (word.split("=", 1) for word in given.sources):
        sources.setdefault(name, []).append(path)
    figures = style.figures_of(given)
    texts = module.tabulate(sources, files.given_text(given.job) if given.job else "")
    for name, text in texts.items():
        files.write_text(text, paths[name])
    if "png" in paths:
        with style.apply(figures):
            figure = module.draw(sources, figures)
            style.save(figure, paths["png"], paths["vector"], revision=revisions.of("report"))
