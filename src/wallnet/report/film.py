"""The film of a device before it is simulated: its parameters in each cell."""

from typing import TYPE_CHECKING

import numpy as np

from wallnet.config import Device, Figures, Track
from wallnet.report import style
from wallnet.report.devices import NM, X_LABEL, Y_LABEL
from wallnet.tracks.geometry import magnetic_mask, outline
from wallnet.tracks.regions import relative

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
"""Label and unit of each parameter, by its name in `tracks.regions.relative`."""


def draw_notches(axes: "Axes", track: Track) -> None:
    """Draw the outline of each notch."""
    if not track.notches:
        return
    along, depth = outline(track).T / NM
    for position in track.notch_positions:
        for edge in (depth, track.width / NM - depth):
            axes.plot(along + position / NM, edge, "k-", linewidth=0.6, scalex=False, scaley=False)


def draw_parameters(device: Device, name: str, figures: Figures) -> "Figure":
    """Draw each parameter that varies over a device as a map, with its notches and its wall.

    Ku and D are those of the thickness of each cell. Call this inside `style.apply`.
    """
    track, variation = device.track, device.variation
    assert variation
    base = dict(device.material) | {"thickness": track.thickness}
    base["anisotropy"] = device.material.uniaxial_anisotropy
    filled = magnetic_mask(track)
    shares = relative(track, variation)
    varying = {key: label for key, label in LABELS.items() if key in shares}
    aspect = len(varying) * (0.85 * track.width / track.length + 0.025) + 0.08
    figure, panels = style.panels(figures, len(varying), 1, aspect, sharex=True)
    colours = style.parameter_map()
    for axes, (key, (label, unit)) in zip(panels[:, 0], varying.items(), strict=True):
        values = np.where(filled, shares[key] * base[key] / unit, np.nan)
        extent = (0, track.length / NM, 0, track.width / NM)
        image = axes.imshow(values, origin="lower", extent=extent, cmap=colours)
        draw_notches(axes, track)
        for colour, dashes in (("white", "-"), ("black", "--")):
            axes.axvline(device.wall.start / NM, color=colour, linestyle=dashes, linewidth=1.0)
        axes.set_ylabel(Y_LABEL)
        figure.colorbar(image, ax=axes, label=label, pad=0.01, aspect=10)
    panels[0, 0].set_title(f"{style.plain(name)}: parameters that vary; the wall is dashed")
    panels[-1, 0].set_xlabel(X_LABEL)
    return figure
