"""The film of a device before it is simulated: its parameters in each cell."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Device, Figures, Track
from wallnet.report import style
from wallnet.report.tracks import NM, X_LABEL, Y_LABEL, Extent

LABELS = {
    "saturation_magnetization": (r"$\mathit{M}_s$ (kA/m)", 1e3),
    "exchange_stiffness": (r"$\mathit{A}$ (pJ/m)", 1e-12),
    "dmi_constant": (r"$\mathit{D}$ (mJ/m²)", 1e-3),
    "anisotropy": (r"$\mathit{K}_u$ (MJ/m³)", 1e6),
    "damping": (r"$\mathit{\alpha}$", 1.0),
    "thickness": (r"$\mathit{t}$ (nm)", NM),
    "weakest_bond": ("weakest bond", 1.0),
    "filled": ("filled share", 1.0),
    "current": (r"$|\mathit{J}|$ in the metal", 1.0),
}
"""Label and unit of each parameter."""


ARROWS = 8
"""Rows of arrows across a track."""

Outlines = Sequence[NDArray[np.float64]]
"""Lines of notches or edges in m, each (corners, 2)."""


def draw_outlines(axes: "style.Axes", outlines: Outlines) -> None:
    """Draw the lines of notches or edges."""
    for line in outlines:
        axes.plot(*(line.T / NM), "k-", linewidth=0.6, scalex=False, scaley=False)


def extent_of(track: Track) -> Extent:
    """Return the extent of the cells of a track along x and y in nm."""
    low, high = track.sides
    return (0, track.length / NM, low / NM, high / NM)


def _draw_directions(axes: "style.Axes", track: Track, vectors: NDArray[np.float64]) -> None:
    """Draw an arrow in about every sixth of the rows, and as often along the track."""
    every = max(1, track.cells[1] // ARROWS)
    chosen = tuple(slice(every // 2, None, every) for _ in range(2))
    x, y = ((np.arange(count) + 0.5) * track.cell_size / NM for count in track.cells)
    y += track.sides[0] / NM
    along, across = vectors[:, *chosen] / np.hypot(*vectors[:, *chosen])
    look: dict[str, Any] = {"width": 1e-3, "pivot": "mid", "color": "white", "angles": "xy"}
    look |= {"scale": 1.2 / (every * track.cell_size / NM), "scale_units": "x"}
    axes.quiver(x[chosen[1]], y[chosen[0]], along, across, **look)


def draw_parameters(
    device: Device,
    name: str,
    parameters: Mapping[str, NDArray[np.float64]],
    outlines: Outlines,
    figures: Figures,
    vectors: Mapping[str, NDArray[np.float64]],
) -> "style.Figure":
    """Draw parameters of a device as maps, with its notches and its wall.

    Each is given by its name in `LABELS` in SI units, (rows, columns), NaN without film; the
    current is relative to that beside the notches. `vectors` are components along x and y,
    (2, rows, columns), whose directions arrows show. Call this inside `style.apply`.
    """
    extent = extent_of(device.sampled_track)
    aspect = len(parameters) * (0.85 * (extent[3] - extent[2]) / extent[1] + 0.025) + 0.08
    figure, panels = style.panels(figures, len(parameters), 1, aspect, sharex=True)
    colours = style.parameter_map()
    for axes, (key, values) in zip(panels[:, 0], parameters.items(), strict=True):
        label, unit = LABELS[key]
        image = axes.imshow(values / unit, origin="lower", extent=extent, cmap=colours)
        draw_outlines(axes, outlines)
        if key in vectors:
            in_film = np.where(np.isnan(values), np.nan, vectors[key])
            _draw_directions(axes, device.sampled_track, in_film)
        for colour, dashes in (("white", "-"), ("black", "--")):
            axes.axvline(device.wall.start / NM, color=colour, linestyle=dashes, linewidth=1.0)
        axes.set_ylabel(Y_LABEL)
        figure.colorbar(image, ax=axes, label=label, pad=0.01, aspect=10)
    panels[0, 0].set_title(f"{style.plain(name)}: what varies over the film; the wall is dashed")
    panels[-1, 0].set_xlabel(X_LABEL)
    return figure
