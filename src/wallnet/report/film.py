"""The film of a device before it is simulated: its parameters in each cell."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Device, Figures, Track
from wallnet.report import style
from wallnet.report.devices import NM, X_LABEL, Y_LABEL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELS = {
    "saturation_magnetization": (r"$\mathit{M}_s$ (kA/m)", 1e3),
    "exchange_stiffness": (r"$\mathit{A}$ (pJ/m)", 1e-12),
    "dmi_constant": (r"$\mathit{D}$ (mJ/m²)", 1e-3),
    "anisotropy": (r"$\mathit{K}_u$ (MJ/m³)", 1e6),
    "damping": (r"$\mathit{\alpha}$", 1.0),
    "thickness": (r"$\mathit{t}$ (nm)", NM),
}
"""Label and unit of each parameter."""


Outline = NDArray[np.float64]
"""Corners of the outline of a notch in m, (corners, 2), from its place on the edge."""


def draw_notches(axes: "Axes", track: Track, outline: Outline) -> None:
    """Draw the outline of each notch."""
    along, depth = outline.T / NM
    for position in track.notch_positions:
        for edge in (depth, track.width / NM - depth):
            axes.plot(along + position / NM, edge, "k-", linewidth=0.6, scalex=False, scaley=False)


def draw_parameters(
    device: Device,
    name: str,
    parameters: Mapping[str, NDArray[np.float64]],
    outline: Outline,
    figures: Figures,
) -> "Figure":
    """Draw parameters of a device as maps, with its notches and its wall.

    Each is given by its name in `LABELS` in SI units, (rows, columns), NaN without film. Call this
    inside `style.apply`.
    """
    track = device.track
    aspect = len(parameters) * (0.85 * track.width / track.length + 0.025) + 0.08
    figure, panels = style.panels(figures, len(parameters), 1, aspect, sharex=True)
    colours = style.parameter_map()
    for axes, (key, values) in zip(panels[:, 0], parameters.items(), strict=True):
        label, unit = LABELS[key]
        extent = (0, track.length / NM, 0, track.width / NM)
        image = axes.imshow(values / unit, origin="lower", extent=extent, cmap=colours)
        draw_notches(axes, track, outline)
        for colour, dashes in (("white", "-"), ("black", "--")):
            axes.axvline(device.wall.start / NM, color=colour, linestyle=dashes, linewidth=1.0)
        axes.set_ylabel(Y_LABEL)
        figure.colorbar(image, ax=axes, label=label, pad=0.01, aspect=10)
    panels[0, 0].set_title(f"{style.plain(name)}: parameters that vary; the wall is dashed")
    panels[-1, 0].set_xlabel(X_LABEL)
    return figure
