"""The data of a figure as a table: everything that its axes show, in the units of its labels."""

import math
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet.report.tables import Table

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = (
    *("panel", "x label", "y label", "series", "place"),
    *("x", "y", "lower", "upper", "value"),
)
"""Columns of the data of a figure. `place` is the text at the tick nearest to x, on an axis that
names places. `lower` and `upper` are the ends of a bar: along y at (x, y), along x in a row without
x. `value` is that of a pixel whose centre is (x, y)."""

MOST_PIXELS = 400
"""Largest number of pixels of an image that is part of the data. Maps of m_z are larger; they are
in the traces."""

Row = tuple[Any, ...]
"""Series, x, y, lower, upper and value of a point; None where it has none."""


def figure_data(figure: "Figure") -> Table:
    """Return the data of all axes of a figure.

    Lines of constant x or y have only this number. A series has the name that its artist has as
    `gid`, else its label. Text, shaded areas, colour bars and large images are no data.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.

    Returns
    -------
    Table
        A row for each point, with the columns `COLUMNS`.
    """
    import pandas

    rows = []
    for number, axes in enumerate(_axes(figure), start=1):
        about = (
            plain_label(axes.get_title("left") or axes.get_title()) or f"panel {number}",
            plain_label(axes.get_xlabel() or _shared(axes, "x")),
            plain_label(axes.get_ylabel() or _shared(axes, "y")),
        )
        places = _places(axes)
        rows += [(*about, name, places(point[0]), *point) for name, *point in _rows(axes)]
    frame = pandas.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    return Table("", frame, dict.fromkeys(COLUMNS[5:], _number), missing="")


def plain_label(label: str) -> str:
    r"""Return the text of a label without the marks of its mathematics.

    Examples
    --------
    >>> plain_label(r"current density $\mathit{J}$ ($10^{12}$ A/m²)")
    'current density J (10^12 A/m²)'
    >>> plain_label(r"US\$ per\nday")
    'US$ per day'
    """
    text = re.sub(r"\\math\w+\{([^{}]*)\}", r"\1", label.replace(r"\n", " "))
    text = re.sub(r"(?<!\\)\$|[{}]", "", text).replace(r"\$", "$")
    return " ".join(text.split())


def _axes(figure: "Figure") -> list[Any]:
    """Return all axes with data, with insets and without the bars of colours."""
    found = []
    for axes in figure.axes:
        if axes.get_visible() and axes.get_label() != "<colorbar>":
            found += [axes, *(each for each in axes.child_axes if each.has_data())]
    return found


def _shared(axes: "Axes", direction: str) -> str:
    """Return the label of the axes that share an axis with these, of which one has it."""
    grid = getattr(axes, f"get_shared_{direction}_axes")()
    labels = (getattr(other, f"get_{direction}label")() for other in grid.get_siblings(axes))
    return next(filter(None, labels), "")


def _places(axes: "Axes") -> Callable[[Any], str]:
    """Return a function that names the place of an x: its text, if an axis has fixed texts."""
    from matplotlib.ticker import FixedLocator

    ticks = axes.get_xticks().tolist()
    texts = list(map(plain_label, axes.xaxis.get_major_formatter().format_ticks(ticks)))
    fixed = isinstance(axes.xaxis.get_major_locator(), FixedLocator)
    if not (fixed and any(map(str.isidentifier, "".join(texts)))):
        return lambda x: ""
    named = list(zip(ticks, texts, strict=True))
    return lambda x: "" if x is None else min(named, key=lambda tick: abs(tick[0] - x))[1]


def _rows(axes: "Axes") -> Iterator[Row]:
    from matplotlib.collections import LineCollection
    from matplotlib.container import BarContainer, ErrorbarContainer
    from matplotlib.patches import StepPatch

    bars = [each for each in axes.containers if isinstance(each, ErrorbarContainer)]
    drawn: set[Artist] = {part for bar in bars for part in bar.get_children()}
    for bar in bars:
        yield from _with_bars(bar)
    for line in axes.lines:
        if line not in drawn:
            yield from _line(line, axes)
    for collection in axes.collections:
        if isinstance(collection, LineCollection) and collection not in drawn:
            yield from _segments(collection)
    for boxes in axes.containers:
        # horizontal bars: their ends lie along x
        for box in boxes.patches if isinstance(boxes, BarContainer) else ():
            middle = box.get_y() + box.get_height() / 2
            yield _name(box, boxes), None, middle, box.get_x(), box.get_x() + box.get_width(), None
    for patch in axes.patches:
        if isinstance(patch, StepPatch):
            values, edges, _ = patch.get_data()
            for value, low, high in zip(values, edges[:-1], edges[1:], strict=True):
                yield _name(patch), (low + high) / 2, value, low, high, None
    for image in axes.images:
        pixels: Any = image.get_array()
        if pixels.size <= MOST_PIXELS:
            yield from _pixels(image)


def _name(artist: "Artist", of: Any = None) -> str:
    """Return the name of an artist, or the label of what it is a part of; nothing if made up."""
    label = str(artist.get_gid() or (of or artist).get_label() or "")
    return "" if label.startswith("_") else plain_label(label)


def _with_bars(bar: Any) -> Iterator[Row]:
    """Return points with their vertical bars of errors, and rows without x of horizontal bars."""
    line, _, bars = bar.lines
    x, y = line.get_data(orig=False)
    name = _name(line, bar)
    none = [(None, None)] * len(x)
    # matplotlib draws horizontal bars first
    upright = _ends(bars[-1], 1) if bar.has_yerr else none
    level = _ends(bars[0], 0) if bar.has_xerr else none
    for x_at, y_at, of_y, of_x in zip(x, y, upright, level, strict=True):
        if math.isfinite(x_at) and math.isfinite(y_at):
            yield name, x_at, y_at, *of_y, None
            if of_x[0] is not None:
                yield name, None, y_at, *of_x, None


def _ends(bars: Any, axis: int) -> list[tuple[Any, Any]]:
    """Return the ends of bars along x (0) or y (1)."""
    # the segment of a point without an error, or without a place, is empty
    return [
        (each[0][axis], each[1][axis]) if len(each) else (None, None)
        for each in bars.get_segments()
    ]


def _line(line: Any, axes: "Axes") -> Iterator[Row]:
    x, y = line.get_data(orig=False)
    if line.get_transform() == axes.get_yaxis_transform():  # from edge to edge: a constant y
        yield _name(line), None, y[0], None, None, None
    elif line.get_transform() == axes.get_xaxis_transform():
        yield _name(line), x[0], None, None, None, None
    else:
        yield from ((_name(line), *point, None, None, None) for point in zip(x, y, strict=True))


def _segments(collection: Any) -> Iterator[Row]:
    """Return vertical lines by their upper ends."""
    for (x_at, _), (_, high) in (segment for segment in collection.get_segments() if len(segment)):
        yield _name(collection), x_at, high, None, None, None


def _pixels(image: Any) -> Iterator[Row]:
    values: Any = np.ma.filled(np.ma.asarray(image.get_array(), dtype=float), np.nan)
    left, right, bottom, top = image.get_extent()
    rows, columns = values.shape
    first, last = (top, bottom) if image.origin == "upper" else (bottom, top)
    x = left + (np.arange(columns) + 0.5) * (right - left) / columns
    y = first + (np.arange(rows) + 0.5) * (last - first) / rows
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            yield _name(image), x[column], y[row], None, None, value


def _number(value: Any) -> str:
    """Return a number with as many digits as single precision has."""
    return f"{float(value):.7g}"
