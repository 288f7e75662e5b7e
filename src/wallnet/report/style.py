"""The style of all figures, and saving figures reproducibly with their provenance.

Series differ in colour (Okabe and Ito's colour-blind-safe set), marker and line style, so that a
figure is also readable in grey.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import __version__, files
from wallnet.config import Figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure as Figure
    from numpy.typing import ArrayLike, NDArray

SourceFiles = Mapping[str, Sequence[str]]
"""Source files of a table or a figure, by name."""

Drawing = Callable[..., "Figure"]

Drawn = tuple["Figure", dict[str, Any]]
"""A figure, and its origin."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
"""Okabe and Ito's colours; yellow is last because thin yellow lines are hard to see on white."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = (3, 1, 1, 1, 1, 1), (5, 1), (1, 1), (7, 2, 1, 2)
LINE_STYLES: tuple[Any, ...] = ("-", "--", "-.", ":", *((0, dashes) for dashes in DASHES))

LOOKS = tuple(zip(COLOURS, LINE_STYLES, MARKERS, strict=True))
"""Colour, line style and marker of the n-th line of an axes."""

EMPTY = "#E4E4E4"
"""Colour of cells without magnetic material."""

SHADE = "#E6E6E6"
"""Background while the current flows."""

METRES_PER_INCH = 0.0254

J_LABEL = r"$\mathit{J}$ ($10^{12}$ A/m²)"
"""Label of an axis of current densities."""


def by_name(*drawings: Drawing) -> dict[str, Drawing]:
    """Return functions that draw by the names of their figures, which are those of the functions.

    Examples
    --------
    >>> def _wall_position(): ...
    >>> [*by_name(_wall_position)]
    ['wall-position']
    """
    return {drawing.__name__.strip("_").replace("_", "-"): drawing for drawing in drawings}


def look(index: int, *, marker: bool = False) -> dict[str, Any]:
    """Return the style of the n-th line of an axes, as keywords of `Axes.plot`.

    Parameters
    ----------
    index : int
        Number of the line, from 0; styles repeat after eight lines.
    marker : bool
        Whether to include a marker.

    Returns
    -------
    dict
        `color` and `linestyle`, and `marker` if requested.

    Examples
    --------
    >>> look(0, marker=True)
    {'color': '#0072B2', 'linestyle': '-', 'marker': 'o'}
    """
    colour, line, mark = LOOKS[index % len(LOOKS)]
    return {"color": colour, "linestyle": line} | ({"marker": mark} if marker else {})


def size(figures: Figures, aspect: float, share: float = 1.0) -> tuple[float, float]:
    """Return the size of a figure in inches, for matplotlib.

    Parameters
    ----------
    figures : Figures
        Style of all figures; `width` in m.
    aspect : float
        Ratio of height to width.
    share : float
        Share of the configured width, for a figure of one column.

    Returns
    -------
    tuple of float
        Width and height in inches.
    """
    width = figures.width * share / METRES_PER_INCH
    return width, width * aspect


def panels(
    figures: Figures, rows: int, columns: int, aspect: float, **options: Any
) -> tuple["Figure", "NDArray[Any]"]:
    """Return a figure with this ratio of height to width, and its axes in rows and columns.

    The options are those of `pyplot.subplots`.
    """
    from matplotlib import pyplot

    # the constrained layout cuts off what is above maps, whose ratio of height to width is fixed
    defaults = {"figsize": size(figures, aspect), "layout": "compressed"}
    return pyplot.subplots(rows, columns, squeeze=False, **defaults | options)


def legend_below(figure: "Figure", axes: "Axes", most: int = 4) -> None:
    """Show the legend of axes below a figure, in some columns at most."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(most, len(labels)))


def plain(text: str) -> str:
    r"""Return external text escaped, so that a label shows it literally in one line.

    Examples
    --------
    >>> print(plain("US$ or AU$"))
    US\$ or AU\$
    """
    return " ".join(text.split()).replace("$", r"\$")


def magnetization_map() -> "Colormap":
    """Return the colour map of m_z: dark blue for -z, light red for +z, grey for empty cells.

    The lightness increases monotonically, so that the two domains also differ in grey.
    """
    from matplotlib.colors import LinearSegmentedColormap

    stops = ("#053061", "#2166AC", "#8C86A8", "#E59A7F", "#FDBB9B")
    return LinearSegmentedColormap.from_list("magnetization", stops).with_extremes(bad=EMPTY)


def film_colours(m_z: "ArrayLike", filled: "ArrayLike") -> "NDArray[Any]":
    """Return the colours of cells, 0 to 255, by m_z and filled share; grey where m_z is NaN."""
    import numpy as np
    from matplotlib.colors import to_rgb

    share = np.where(np.isnan(m_z), 0.0, filled)[..., None]
    colours = magnetization_map()((np.nan_to_num(m_z) + 1) / 2)[..., :3]
    mixed = share * colours + (1 - share) * to_rgb(EMPTY)
    return np.rint(255 * mixed).astype(np.uint8)


def parameter_map() -> "Colormap":
    """Return the colour map of parameters of cells, whose lightness increases; empty is grey."""
    import matplotlib

    return matplotlib.colormaps["viridis"].with_extremes(bad=EMPTY)


@contextmanager
def apply(figures: Figures) -> Iterator[None]:
    """Apply the campaign's style to all figures made in the block, without a display.

    Parameters
    ----------
    figures : Figures
        Style of all figures.

    Yields
    ------
    None
        Figures that pyplot opened in the block are closed after it.
    """
    import matplotlib

    matplotlib.use("Agg", force=True)
    from cycler import cycler
    from matplotlib import pyplot

    small = 0.875 * figures.font_size
    sizes: dict[str, Any] = {
        "axes.prop_cycle": cycler(color=COLOURS, linestyle=LINE_STYLES),
        "figure.figsize": size(figures, 0.62),
        "font.size": figures.font_size,
        **dict.fromkeys(("legend.fontsize", "xtick.labelsize", "ytick.labelsize"), small),
        "savefig.dpi": figures.resolution,
    }
    before = set(pyplot.get_fignums())
    with pyplot.style.context(["wallnet.report.wallnet", sizes], after_reset=True):
        try:
            yield
        finally:
            for number in set(pyplot.get_fignums()) - before:
                pyplot.close(number)


def save(figure: "Figure", png_path: str | Path, vector_path: str | Path, **metadata: Any) -> None:
    """Save a figure as PNG and as PDF or SVG, completely or not at all.

    Call this inside `apply`. The files contain no dates, so the same figure always gives the same
    bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    png_path, vector_path : str or Path
        Files to write; the second ends in ``.pdf`` or ``.svg``.
    **metadata
        Provenance of the figure, stored as JSON in both files (`Description` of PNG and SVG,
        `Keywords` of PDF). `title` is the title of the document.

    Raises
    ------
    wallnet.files.FileError
        If `vector_path` has another suffix or a file cannot be written.
    """
    vector = Path(vector_path).suffix
    if vector not in (".pdf", ".svg"):
        raise files.FileError(f"{vector_path} has an unsupported format; end it in .pdf or .svg")
    title = str(metadata.pop("title", Path(png_path).stem))
    made_by = json.dumps({"wallnet_version": __version__, **metadata}, sort_keys=True)
    common = {"Title": title, "Creator": "wallnet"}
    png_text = {"Title": title, "Description": made_by, "Software": "wallnet"}
    other_text = {
        ".svg": {**common, "Description": made_by, "Date": None},
        ".pdf": {**common, "Keywords": made_by, "CreationDate": None, "ModDate": None},
    }
    with files.written_whole(png_path) as png, files.written_whole(vector_path) as other:
        figure.savefig(png, format="png", metadata=png_text)
        # the axes stay where they are: the same layout in both files, and computed once
        figure.set_layout_engine("none")
        figure.savefig(other, format=vector[1:], metadata=other_text[vector])
