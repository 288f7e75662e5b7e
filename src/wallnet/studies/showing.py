"""Tables and figure of the dataset of a study."""

import argparse
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.report import style
from wallnet.report.device_tables import write_tables
from wallnet.studies import STUDIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

YES = {1: "yes", 0: "no"}
"""Text of a flag."""


def cells(
    axes: "Axes",
    colours: NDArray[Any],
    texts: NDArray[Any],
    columns: Sequence[str],
    rows: Sequence[str],
) -> None:
    """Draw coloured cells with text, the first row at the bottom.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    colours, texts : ndarray (row, column)
        Colour and text of each cell; a cell without text has none drawn.
    columns, rows : sequence of str
        Their labels.
    """
    from matplotlib.patches import Rectangle

    for row, column in np.ndindex(texts.shape):
        colour, text = colours[row, column], texts[row, column]
        place = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(place, 1, 1, facecolor=colour, edgecolor="white"))
        if text:
            axes.text(column, row, str(text), ha="center", va="center", size=6)
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-0.5, len(rows) - 0.5))
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `show` to the command line."""
    show = subparsers.add_parser("show", help="tabulate and draw the dataset of a study")
    show.add_argument("study", choices=list(STUDIES), help="name of the study")
    show.add_argument("--dataset", required=True, help="its dataset")
    style.add_report_arguments(show, "first table to write")
    show.set_defaults(handler=_show)


def _show(arguments: argparse.Namespace) -> None:
    study = STUDIES[arguments.study]
    module = import_module(f"wallnet.studies.{study.name}.show")
    data = files.read_dataset(arguments.dataset, study.kind)
    tables, figures, png, vector = style.report_files(arguments)
    subject = str(data.attrs["subject"])
    title = study.title.format(subject=subject)
    write_tables(title, module.tables(data, subject), *tables)
    origin = ("parameters", "simulation", "revision", "wallnet_version")
    with style.apply(figures):
        drawn = module.draw(data, figures)
        about = {key: str(data.attrs[key]) for key in origin}
        style.save(drawn, png, vector, title=title, **about)
