"""A device before it is simulated, drawn to scale: the track, its wall and a notch in cells."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Device, Figures
from wallnet.jobs.film import film_of, strip_of
from wallnet.report import style
from wallnet.report.film import Outlines, draw_outlines, extent_of
from wallnet.report.tracks import NM, X_LABEL, Y_LABEL, draw_cells
from wallnet.tracks.geometry import filled_and_faces

MOST_CELLS = 60
"""Largest number of cells along an edge of an enlarged part; more could not be distinguished."""

FIXED: dict[str, Any] = {"facecolor": "none", "edgecolor": "0.5", "hatch": "/////", "linewidth": 0}
"""Look of the fixed ends."""


def draw(
    device: Device, name: str, m_z: NDArray[np.floating], outlines: Outlines, figures: Figures
) -> "style.Figure":
    """Draw the whole track, and enlarged its wall and its first notch, with equal axes.

    m_z of each cell, (rows, columns), is NaN without film.
    """
    from matplotlib import pyplot
    from matplotlib.patches import Patch

    track, wall = device.sampled_track, strip_of(device.track, film_of(device))
    start, extent = device.wall.start, 8 * wall.wall_width_parameter
    parts = {"wall": (start, extent)}
    # a notch beside the wall shows more than that below it
    away = (x for x in track.notch_positions if abs(x - start) > extent / 2)
    if shown := next(away, next(iter(track.notch_positions), None)):
        parts["notch"] = shown, 3 * track.notch_reach
    # in inches: labels take their lines, and the whole track the rest of the width
    line = 1.4 * figures.font_size / 72
    total = figures.width / style.METRES_PER_INCH
    side = min(0.3 * total, (total - 12 * line) / 2)
    length = min(total - 6 * line, 2 * side * track.length / track.width)
    height = length * track.width / track.length
    edges = {"track": (4 * line, side + 8.7 * line, length, height)}
    edges |= {
        part: ((4 + 7 * number) * line + number * side, 4.5 * line, side, side)
        for number, part in enumerate(parts)
    }
    whole_height = height + side + 11.7 * line
    figure = pyplot.figure(figsize=(total, whole_height), layout="none")
    axes = {
        part: figure.add_axes((x / total, y / whole_height, width / total, tall / whole_height))
        for part, (x, y, width, tall) in edges.items()
    }
    for panel in axes.values():
        _film(panel, device, m_z, outlines)
    whole = axes["track"]
    columns, rows = track.cells
    sizes = " × ".join(f"{edge / NM:g}" for edge in (track.length, track.width, track.thickness))
    whole.set_title(
        f"(a) {style.plain(name)}: {sizes} nm³, {columns} × {rows} cells of "
        f"{track.cell_size / NM:g} nm",
        pad=2.2 * figures.font_size,
    )
    _detector(whole, device)
    for letter, (part, (centre, extent)) in zip("bc", parts.items(), strict=False):
        _enlarge(axes[part], device, centre, extent)
        title = _title(device, part, centre, wall.wall_width_parameter)
        axes[part].set_title(f"({letter}) {title}")
    colours = style.magnetization_map()
    legend = [
        Patch(color=colours(0.0), label=r"$\mathit{m}_z$ = -1"),
        Patch(color=colours(1.0), label=r"$\mathit{m}_z$ = 1"),
        *([Patch(color=style.EMPTY, label="no film")] if track.notches or device.sample else []),
        *([Patch(**FIXED, label="fixed ends")] if track.fixed_ends else []),
    ]
    figure.legend(handles=legend, loc="lower center", ncols=len(legend))
    return figure


def _film(axes: "style.Axes", device: Device, m_z: Any, outlines: Outlines) -> None:
    """Draw the cells of the whole film, paler if filled in part, its notches and fixed ends."""
    from matplotlib.patches import Rectangle

    track, extent = device.sampled_track, extent_of(device.sampled_track)
    _, length, low, high = extent
    draw_cells(axes, m_z, filled_and_faces(track)[0], extent)
    draw_outlines(axes, outlines)
    fixed = (track.fixed_ends or 0.0) / NM
    for left in (0.0, length - fixed) if fixed else ():
        axes.add_patch(Rectangle((left, low), fixed, high - low, **FIXED))
    axes.set(xlabel=X_LABEL, ylabel=Y_LABEL)


def _detector(axes: "style.Axes", device: Device) -> None:
    """Draw a bar above a track where the detector is, and its name."""
    from matplotlib.transforms import offset_copy

    detector, top = device.detector, device.sampled_track.sides[1] / NM
    start, stop = (detector.start or 0.0) / NM, (detector.stop or device.track.length) / NM
    figure: Any = axes.figure
    above = offset_copy(axes.transData, figure, y=4, units="points")
    axes.plot([start, stop], [top] * 2, "k-", linewidth=2.5, transform=above, clip_on=False)
    above = offset_copy(axes.transData, figure, y=6, units="points")
    name: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": "small"}
    axes.text((start + stop) / 2, top, "detector", transform=above, **name)


def _enlarge(axes: "style.Axes", device: Device, centre: float, extent: float) -> None:
    """Show a square part of a film around a position in m, at the lower edge, with its cells."""
    track = device.sampled_track
    cell, low = track.cell_size / NM, track.sides[0] / NM
    side = min(extent, MOST_CELLS * track.cell_size, track.width, track.length) / NM
    left = min(max(centre / NM - side / 2, 0.0), track.length / NM - side)
    lines: dict[str, Any] = {"color": "white", "linewidth": 0.3}
    axes.vlines(np.arange(track.cells[0] + 1) * cell, low, low + side, **lines)
    axes.hlines(low + np.arange(track.cells[1] + 1) * cell, left, left + side, **lines)
    axes.set(xlim=(left, left + side), ylim=(low, low + side))


def _title(device: Device, part: str, centre: float, width: float) -> str:
    """Return the title of an enlarged part around a position; Δ of the wall is in m as well."""
    track = device.track
    if part == "wall":
        return f"wall: Δ = {width / NM:.2f} nm, {width / track.cell_size:.1f} cells"
    positions, diameter = track.notch_positions, 2 * track.notch_reach
    which = f"notch {positions.index(centre) + 1} of {len(positions)}"
    return f"{which}: {diameter / NM:g} nm, {diameter / track.cell_size:.1f} cells"
