"""What `make run` prints at its end: what the campaign found, and paths."""

import argparse
import itertools
import operator
import textwrap
from collections.abc import Sequence
from pathlib import Path

from wallnet import files, plan
from wallnet.page.findings import NETWORK, PLACE, Findings
from wallnet.plan.summary import summary_job
from wallnet.report.tables import Table

WIDTH = 80
"""Number of columns of a terminal."""

MOST_OF_A_CELL = 13
"""Largest width of an accuracy in a terminal."""


def as_text(table: Table) -> str:
    """Return a table as plain text of at most `WIDTH` columns.

    Rows that begin with the same text form a block below it, if there are two columns of text.
    """
    columns, rows = table.columns, [("", row) for row in table.rows()]
    blocks = columns[:2] == [PLACE, NETWORK]
    if blocks:
        columns = ["", *columns[2:]]
        rows = [(place, [f"  {network}", *cells]) for _, (place, network, *cells) in rows]
    widths = [max(map(len, each)) for each in zip(columns, *(row for _, row in rows), strict=True)]
    if blocks:
        widths[1:] = [min(width, MOST_OF_A_CELL) for width in widths[1:]]
    widths[0] = min(widths[0], WIDTH - sum(width + 2 for width in widths[1:]))

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell if len(cell) <= width else f"{cell[: width - 1]}…"
            for cell, width in zip(cells, widths, strict=True)
        )
        return "  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]).rstrip()

    lines = [table.title, line(columns)]
    for place, block in itertools.groupby(rows, operator.itemgetter(0)):
        lines += [place[:WIDTH]] if blocks else []
        lines += [line(row) for _, row in block]
    return "\n".join(lines)


def overview(folder: str | Path) -> str:
    """Return what the campaign in a folder found, and where its pages are.

    Lines have at most `WIDTH` columns, but for paths.
    """
    job = summary_job(plan.load(Path(folder, "config.yaml")))
    found = Findings.of(job, Path(folder))
    lines = [*map(_wrapped, found.caveats), "", as_text(found.numbers)]
    lines += [*map(_wrapped, found.remarks), ""]
    if found.warnings:
        lines += ["Warnings:", *(_wrapped(f"  {text}") for text in found.warnings), ""]
    pages = {"Summary": files.SUMMARY, "Report": files.REPORT}
    lines += [f"{title}: {Path(folder, path)}" for title, path in pages.items()]
    return "\n".join(lines).lstrip("\n")


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `overview` to a command line."""
    command = subparsers.add_parser("overview")
    command.add_argument("--directory", default=".", help="folder of the campaign; here by default")
    command.set_defaults(handler=lambda given: print(overview(given.directory)))
