"""Figures of the simulation half: neuron, synapses and plain tracks.

All figures are drawn from device files, those of measured devices from compact models. Maps of m_z
also use snapshots from a few trace files.
"""

import itertools
import math
import string
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.config import Figures, current_name
from wallnet.config.measured import MEASURED
from wallnet.devices import tables
from wallnet.devices.motion import swept_duration, track_of
from wallnet.files import WallState
from wallnet.files.schema.states import INITIAL, MOVING, REVERSED
from wallnet.jobs.report import FigureJob, WriteEnergyJob
from wallnet.report import style
from wallnet.report.tracks import NM, X_LABEL, Y_LABEL, draw_map

if TYPE_CHECKING:
    import xarray

NS, MICROSIEMENS, UNIT_OF_J = 1e-9, 1e-6, 1e12

J_LABEL = r"current density $\mathit{J}$ ($10^{12}$ A/m²)"
G_LABEL = r"conductance $\mathit{G}$ (µS)"
G_NORM_LABEL = r"normalised conductance $\mathit{G}_{norm}$"
M_Z_LABEL, MEAN_LABEL = r"$\mathit{m}_z$", r"$\langle\mathit{m}_z\rangle$"
MOST_ROWS = 6
"""Largest number of tracks in one figure, unless the configuration names more."""

HOLLOW = "hollow: not valid"
"""Entry of a legend for pulses beyond the model, and those whose wall still moves."""

LEAST_HEIGHT = 0.1
"""Least height of curves beside a map, of the width of the figure."""

MOST_CURVES = 8
"""Largest number of walls that one panel shows against time; more cannot be distinguished."""

READING_TITLES = {
    "parallel": "cells in parallel (Eq. 2)",
    "series": r"resistance linear in $\mathit{m}_z$",
}


@dataclass(frozen=True)
class Sources:
    """Files and settings from which a figure is drawn.

    `devices` are device files, or compact models of measured devices, by name of the device.
    `traces` is the folder of the traces of the only device. `shown` are the current densities in
    A/m² that figures of single pulses show; if there are none, the figure chooses them.
    """

    devices: Mapping[str, Any]
    traces: str | None = None
    shown: Sequence[float] = ()

    @property
    def device(self) -> Any:
        """The first device."""
        return next(iter(self.devices.values()))

    def pulses(self, chosen: list[int]) -> list[int]:
        """Return the indices of the pulses to show; `chosen` if the configuration names none.

        If the device file has no such pulse, it raises `FileError`.
        """
        if not self.shown:
            return chosen
        swept = [current_name(density) for density in self.device["current_density"].values]
        named = [current_name(density) for density in self.shown]
        if missing := [name for name in named if name not in swept]:
            raise files.FileError(
                f"the device file has no pulse of {missing[0]}e12 A/m²; run snakemake to make it"
            )
        return [swept.index(name) for name in named]

    def trace(self, current_density: float) -> "xarray.Dataset":
        """Read the snapshots of the trace of a current density in A/m²."""
        if self.traces is None:
            raise files.FileError("traces are missing; this figure needs the folder of traces")
        path = Path(self.traces, f"{current_name(current_density)}.nc")
        read = ("magnetization", "snapshot_time", "x", "y", "component")
        return files.read_dataset(path, "run", only=read)


def _colorbar(figure: "style.Figure", image: Any, axes: Any) -> None:
    place: dict[str, Any] = {"location": "bottom", "aspect": 50, "shrink": 0.5, "pad": 0.02}
    figure.colorbar(image, ax=axes, label=M_Z_LABEL, ticks=[-1, 0, 1], **place)


def _of_readings(
    figures: Figures, aspect: float, **options: Any
) -> tuple["style.Figure", dict[str, Any]]:
    """Return a figure with a panel over the current density for each reading."""
    figure, (panels,) = style.panels(figures, 1, 2, aspect, **options)
    for letter, reading, axes in zip("ab", files.READINGS, panels, strict=True):
        axes.set(xlabel=J_LABEL, ylim=(-0.06, 1.06), title=f"({letter}) {READING_TITLES[reading]}")
    panels[0].set_ylabel(G_NORM_LABEL)
    return figure, dict(zip(files.READINGS, panels, strict=True))


def _second_axis(axes: "style.Axes", which: str, functions: Any, **labels: Any) -> None:
    """Add an axis in other units at the right or at the top."""
    add: Any = axes.secondary_xaxis if which == "top" else axes.secondary_yaxis
    second = add(which, functions=functions)
    second.set(**labels)
    second.tick_params(direction="in")


def _spread(count: int, most: int) -> list[int]:
    """Return at most `most` indices of `count`: the first, the last and evenly spaced ones."""
    if count <= most:
        return list(range(count))
    return sorted({round(k * (count - 1) / (most - 1)) for k in range(most)})


def doubtful(device: "xarray.Dataset") -> NDArray[np.bool_]:
    """Return which pulses of a sweep mean nothing: beyond the model, or with a wall that moves."""
    return np.asarray((device["beyond_model"] == 1) | (device["settled"] == 0))


def reached_in_model(device: "xarray.Dataset") -> NDArray[np.bool_]:
    """Return which levels of a synapse a pulse of the sweep reaches within the model."""
    return np.asarray((device["reachable"] == 1) & (device["level_beyond_model"] == 0))


def states_of(device: "xarray.Dataset", prefix: str = "") -> list[str]:
    """Return the states after the pulses of a sweep, and which pulses are beyond the model.

    With the prefix `level_` they are those of the levels of a synapse.
    """
    beyond = np.where(device[f"{prefix}beyond_model"].values == 1, f", {tables.BEYOND_MODEL}", "")
    states = device[f"{prefix}state"].values
    return [f"{state}{text}" for state, text in zip(states, beyond, strict=True)]


def _draw_points(axes: "style.Axes", x: Any, y: Any, hollow: NDArray[Any], **look: Any) -> None:
    """Draw a line with markers, of which some are hollow; once, a legend says what these are."""
    axes.plot(x, y, markevery=(~hollow).tolist(), **look)
    if hollow.any():
        label = "" if HOLLOW in axes.get_legend_handles_labels()[1] else HOLLOW
        bare = {"linestyle": "none", "markerfacecolor": "white", "label": label}
        axes.plot(x[hollow], y[hollow], **look | bare)


def density_in_1e12(density: float) -> str:
    """Return a current density in 1e12 A/m² as text without trailing zeros."""
    text = f"{density / UNIT_OF_J:.4f}".rstrip("0")
    return text + "0" * max(0, 2 - len(text.partition(".")[2]))


def _j_text(density: float) -> str:
    """Return a current density as text with symbol and unit."""
    return rf"$\mathit{{J}}$ = {density_in_1e12(density)} × $10^{{12}}$ A/m²"


# Neuron


def _transfer_curve(sources: Sources, figures: Figures) -> "style.Figure":
    """Draw simulated points, quartic and ideal ReLU, for both readings (paper, Fig. 1b)."""
    from wallnet.devices.conductance import activation

    device = sources.device
    # the numbers of the upper axes need room between the panels
    figure, panels = _of_readings(figures, 0.46, sharey=True, layout="constrained")
    current = device["normalized_current_density"].values
    density = device["current_density"].values / UNIT_OF_J
    low, high = density[density >= 0].min(), density.max()
    least = min(0.0, float(current.min()))
    fine = np.linspace(least, 1, 401)
    simulated = {"color": style.COLOURS[0], "linestyle": "none", "marker": "o"}
    relu, fitted = {"color": style.COLOURS[6], "linestyle": ":"}, {"color": style.COLOURS[2]}
    for reading, axes in panels.items():
        chosen = device.sel(reading=reading)
        quartic = chosen["quartic"].values
        error = f"quartic, {error_text(float(chosen['fit_error']))}"
        points = chosen["normalized_final_conductance"].values
        axes.plot(fine, np.maximum(fine, 0), label="ideal ReLU", **relu)
        axes.plot(fine, activation(fine, quartic), label=error, **fitted)
        simulated["label"] = "micromagnetic simulation"
        _draw_points(axes, current, points, doubtful(device), **simulated)
        axes.set(xlabel=r"normalised current density $\mathit{J}_{norm}$", box_aspect=0.85)
        axes.set_xlim(least - 0.03, 1.03)
        if fault := str(chosen["fault"].item()):
            _show_fault(axes, fault)
        axes.tick_params(top=False)
        _second_axis(axes, "top", _linear(low, high), xlabel=J_LABEL)
        axes.legend(loc="upper left")
        if least < 0 or fault:  # the curve itself shows what the inset would show
            continue
        inset = axes.inset_axes((0.64, 0.13, 0.32, 0.34))
        wide = np.linspace(-1, 1.5, 401)
        inset.plot(wide, np.maximum(wide, 0), **relu)
        inset.plot(wide, activation(wide, quartic), **fitted)
        inset.set(xlim=(-1, 1.5), ylim=(-0.2, 1.6), xticks=[-1, 0, 1], yticks=[0, 1])
        inset.tick_params(labelsize=0.75 * figures.font_size, length=2)
    return figure


def _show_fault(axes: "style.Axes", fault: str) -> None:
    """Write on a transfer curve why it is not valid as an activation."""
    axes.set_facecolor(UNSUITABLE)
    text = textwrap.fill(f"No activation: {style.plain(fault)}", 44)
    look: dict[str, Any] = {"fontsize": "small", "color": style.COLOURS[1], "va": "center"}
    box = {"facecolor": "white", "edgecolor": "none"}
    axes.text(0.03, 0.5, text, transform=axes.transAxes, bbox=box, **look)


UNSUITABLE = "#FBE3D6"
"""Background of a transfer curve that is not valid as an activation."""


def error_text(error: float) -> str:
    """Return the text of the largest error of a quartic; NaN is an unknown error."""
    if not math.isfinite(error):
        return "through all points, error unknown"
    return f"largest error {error:.3f}" if error >= 0.001 else "largest error below 0.001"


def _magnetization(sources: Sources, figures: Figures) -> "style.Figure":
    """Draw maps of m_z at the reading, for several J, with the detector (paper, Fig. 1c)."""
    device = sources.device
    detector = files.settings_of(device)["detector"]
    indices = sources.pulses(_spread(device.sizes["current_density"], 4))
    rows = math.ceil(len(indices) / 2)
    shared = {"sharex": True, "sharey": True}
    figure, grid = style.panels(figures, rows, 2, 0.14 + 0.13 * rows, **shared)
    panels = list(grid.flat)
    for axes in panels[len(indices) :]:
        axes.set_visible(False)
    for letter, index, axes in zip(_letters(), indices, panels, strict=False):
        pulse = device.isel(current_density=index)
        density, time = float(pulse["current_density"]), float(pulse["read_time"])
        image = draw_map(axes, sources.trace(density), time)
        for side in ("start", "stop"):
            if side in detector:
                axes.axvline(detector[side] / NM, color="black", linewidth=1.2)
        when = f"$\\mathit{{t}}$ = {time / NS:.3g} ns"
        axes.set_title(f"({letter}) {_j_text(density)}, {when}")
    for axes in grid[-1]:
        axes.set_xlabel(X_LABEL)
    for axes in grid[:, 0]:
        axes.set_ylabel(Y_LABEL)
    _colorbar(figure, image, panels)
    return figure


# Tracks


def _letters() -> Iterator[str]:
    """Yield the letters of panels: a to z, then aa, ab and so on."""
    for length in itertools.count(1):
        yield from map("".join, itertools.product(string.ascii_lowercase, repeat=length))


def chosen_pulses(device: "xarray.Dataset", most: int = MOST_ROWS) -> list[int]:
    """Choose at most so many pulses of a sweep that show where a wall comes to rest on a track.

    They are the smallest J, by magnitude, that leads to each notch, leaves the wall at its start,
    or reverses the track. If no pulse does, they are the smallest J that leads to each other state
    in which a wall rests. If there are too many, they are chosen evenly along the track, with both
    ends. Pulses whose wall still moves are left out unless all do. Their indices are ascending.
    """
    density = np.abs(device["current_density"].values)
    usable = device["settled"].values != 0
    if not usable.any():
        usable[:] = True
    first: dict[WallState, int] = {}
    order = np.argsort(density, kind="stable")
    for index in order[usable[order]]:
        first.setdefault(WallState(device["state"].values[index]), int(index))
    at_notches = {state for state in first if state.ends and not state.half}
    if at_notches:
        whole = {INITIAL, REVERSED, *at_notches}
        first = {state: index for state, index in first.items() if state in whole}
    if len(first) == 1:  # all pulses end in the same state: show the sweep
        candidates = np.flatnonzero(usable).tolist()
        return [candidates[k] for k in _spread(len(candidates), most)]
    position = device["final_wall_position"].values
    ordered = sorted(first.values(), key=lambda index: position[index])
    return sorted(ordered[k] for k in _spread(len(ordered), most))


def _dynamics(sources: Sources, figures: Figures) -> "style.Figure":
    """Draw m_z at the end (left) and <m_z> and wall against time (right; paper, Fig. 2, 3)."""
    device = sources.device
    track = track_of(device)
    length = track.length / NM
    pulse_end = swept_duration(device) / NS
    indices = sources.pulses(chosen_pulses(device))
    rows = len(indices)
    shape: dict[str, Any] = {"sharex": "col", "width_ratios": (1.5, 1)}
    # maps are half as wide as the figure, in its scale of x and y; curves may be higher
    height = 0.5 * track.width / track.length
    shape["layout"] = "constrained" if height < LEAST_HEIGHT else "compressed"
    aspect = 0.15 + (0.05 + max(height, LEAST_HEIGHT)) * rows
    figure, grid = style.panels(figures, rows, 2, aspect, **shape)
    time, states, hatched = device["time"].values / NS, states_of(device), doubtful(device)
    last = float(device["end_time"].isel(current_density=indices).max()) / NS
    for letter, index, (left, right) in zip(_letters(), indices, grid, strict=False):
        pulse = device.isel(current_density=index)
        density = float(pulse["current_density"])
        image = draw_map(left, sources.trace(density), float(pulse["end_time"]))
        title = f"({letter}) {_j_text(density)}: {states[index]}"
        if hatched[index]:
            left.axvspan(0, length, fill=False, edgecolor="white", hatch="//", linewidth=0)
        left.set(title=title, ylabel=Y_LABEL, yticks=[0, round(track.width / NM)])

        right.axvspan(0, pulse_end, color=style.SHADE, linewidth=0)
        for position in track.notch_positions:
            height = 1 - 2 * position / NM / length
            right.axhline(height, color="white", linewidth=1.4)
            right.axhline(height, color="grey", linewidth=0.5, dashes=(1, 2))
        for end, edge, colour, line in (("upper", "top", 1, "--"), ("lower", "bottom", 0, "-.")):
            shown = 1 - 2 * pulse[f"sweep_wall_{edge}"].values / NM / length
            look = {"color": style.COLOURS[colour], "linestyle": line}
            right.plot(time, shown, label=f"{end} end", **look)
        right.plot(time, pulse["sweep_m"].sel(component="z").values, color="black", label="mean")
        right.set(xlim=(0, last), ylim=(-1.08, 1.08), yticks=[-1, 0, 1], ylabel=MEAN_LABEL)
        right.tick_params(right=False, top=False)
        places = (lambda m: length * (1 - m) / 2), (lambda x: 1 - 2 * x / length)
        _second_axis(right, "right", places, ylabel="wall (nm)", yticks=[0, length / 2, length])
    grid[-1, 0].set_xlabel(X_LABEL)
    grid[-1, 1].set_xlabel("time (ns)")
    above = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 0.7, "ncols": 3}
    grid[0, 1].legend(columnspacing=1.2, handlelength=2.4, reverse=True, **above)
    _colorbar(figure, image, list(grid[:, 0]))
    return figure


def _wall_position(sources: Sources, figures: Figures) -> "style.Figure":
    """Draw both wall ends against time and the velocity against J, for a plain track."""
    from matplotlib import colormaps

    device = sources.device
    length = track_of(device).length / NM
    indices = sources.pulses(_spread(device.sizes["current_density"], MOST_CURVES))
    figure, ((left, right),) = style.panels(figures, 1, 2, 0.42, width_ratios=(1.35, 1))
    left.axvspan(0, swept_duration(device) / NS, color=style.SHADE, linewidth=0)
    shades = colormaps["viridis"](np.linspace(0.0, 0.88, len(indices)))
    for shade, index, marker in zip(shades, indices, itertools.cycle(style.MARKERS), strict=False):
        pulse = device.isel(current_density=index)
        time = device["time"].values / NS
        every = max(1, time.size // 8)
        name = density_in_1e12(float(pulse["current_density"]))
        look = {"linestyle": "-", "marker": marker, "markevery": (every // 2, every)}
        lower, upper = (pulse[f"sweep_wall_{end}"].values / NM for end in ("bottom", "top"))
        left.plot(time, lower, color=shade, label=name, **look)
        left.plot(time, upper, color=shade, linestyle="--")
    left.set(xlim=(0, float(device["end_time"].max()) / NS), ylim=(0, length * 1.02))
    left.set(xlabel="time (ns)", ylabel="wall end (nm)", title="(a)")
    title = f"{style.J_LABEL}\nsolid: lower end\ndashed: upper end"
    beside = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5), "alignment": "left"}
    left.legend(title=title, title_fontsize=0.875 * figures.font_size, **beside)
    density = device["current_density"].values / UNIT_OF_J
    velocity, look = device["wall_velocity"].values, style.look(0, marker=True)
    _draw_points(right, density, velocity, doubtful(device), **look)
    right.set(xlabel=J_LABEL, ylabel="wall velocity (m/s)", title="(b)")
    if density.min() >= 0:
        right.set(xlim=(0, None), ylim=(0, None))
    return figure


# Synapses

LEVELS: dict[bool, dict[str, Any]] = {
    reached: {"color": "0.55", "linewidth": 0.6, "linestyle": line}
    for reached, line in ((True, "-"), (False, (0, (4, 3))))
}
"""Look of the lines of levels that the sweep reaches, and of others."""

_KINDS_OF_STATE = {
    "at a notch": ("o", 0),
    "between two notches": ("D", 1),
    "reversed": ("s", 6),
    "where it started": ("^", 6),
    "elsewhere": ("X", 3),
    "still moving": ("v", 6),
}
"""Marker and index of its colour, by kind of final state."""


def kind_of_state(state: WallState) -> str:
    """Return the entry of the legend for a final state."""
    if state.half:
        return "between two notches"
    if state.ends:
        return "at a notch"
    kinds = {REVERSED: "reversed", INITIAL: "where it started", MOVING: "still moving"}
    return kinds.get(state, "elsewhere")


def _levels(axes: "style.Axes", device: "xarray.Dataset") -> None:
    """Draw the whole levels of one reading as lines: solid if the sweep reaches them, else dashed.

    Pulses beyond the model reach nothing. Half levels are neither drawn nor counted.
    """
    whole = device.isel(level=device["half"].values == 0)
    columns = whole["normalized_level_conductance"].values, reached_in_model(whole)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    look: dict[str, Any] = {"va": "center", "fontsize": "x-small", "color": "0.3", "bbox": box}
    for number, (conductance, reachable) in enumerate(zip(*columns, strict=True)):
        if not math.isfinite(conductance):
            continue
        name = f"level {number}" if reachable else f"level {number}, not reached"
        axes.axhline(conductance, zorder=0, gid=name, **LEVELS[bool(reachable)])
        axes.annotate(str(number), (0.012, conductance), xycoords=("axes fraction", "data"), **look)


def _conductance(sources: Sources, figures: Figures) -> "style.Figure":
    """Draw the conductance after each pulse, by state, and levels as lines (paper, Fig. 1e)."""
    device = sources.device
    density = device["current_density"].values / UNIT_OF_J
    kinds = np.array([kind_of_state(WallState(state)) for state in device["state"].values])
    hollow = doubtful(device)
    figure, panels = _of_readings(figures, 0.5)
    for reading, axes in panels.items():
        chosen = device.sel(reading=reading)
        values = chosen["normalized_final_conductance"].values
        _levels(axes, chosen)
        axes.plot(density, values, color="0.4", linewidth=0.8, zorder=1, gid="all pulses")
        for kind, (marker, colour) in _KINDS_OF_STATE.items():
            if np.any(which := kinds == kind):
                look: dict[str, Any] = {"linestyle": "none", "marker": marker}
                look["color"] = style.COLOURS[colour]
                points = density[which], values[which], hollow[which]
                _draw_points(axes, *points, label=kind, **look)
        margin = 0.06 * (density.max() - density.min())
        span = density.min() - 1.6 * margin, density.max() + margin
        axes.set(xlim=span, ylabel=G_NORM_LABEL)
        axes.tick_params(right=False)
        bounds = chosen["level_conductance"].values[[0, -1]] / MICROSIEMENS
        _second_axis(axes, "right", _linear(*bounds), ylabel=G_LABEL)
    for reached, label in ((True, "level, reached"), (False, "level, not reached in the model")):
        panels["parallel"].plot([], [], label=label, **LEVELS[reached])
    style.legend_below(figure, panels["parallel"])
    return figure


def _linear(low: float, high: float) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return the functions that convert a normalised to an absolute value and back."""
    return (lambda g: low + g * (high - low)), (lambda g: (g - low) / (high - low))


def _synapses_compared(sources: Sources, figures: Figures) -> "style.Figure":
    """Draw normalised conductance against J of all synapses together (paper, Fig. 1e)."""
    figure, panels = _of_readings(figures, 0.47, sharey=True)
    for reading, axes in panels.items():
        for index, (name, device) in enumerate(sources.devices.items()):
            density = device["current_density"].values / UNIT_OF_J
            values = device["normalized_final_conductance"].sel(reading=reading).values
            look = style.look(index, marker=True)
            _draw_points(axes, density, values, doubtful(device), label=name, **look)
    style.legend_below(figure, panels["parallel"])
    return figure


# Measured devices


def _measured(sources: Sources, figures: Figures) -> "style.Figure":
    """Draw the levels with their spread, and the points of the transfer curve with the curve."""
    model = sources.device
    parts = {"levels": _measured_levels, "points": _measured_curve}
    drawn = [draw for key, draw in parts.items() if key in model]
    width = style.size(figures, 0.47 if len(drawn) == 2 else 0.7, len(drawn) / 2)
    figure, (panels,) = style.panels(figures, 1, len(drawn), 1, figsize=width)
    for letter, draw, axes in zip("ab", drawn, panels, strict=False):
        title = draw(axes, model)
        axes.set_title(f"({letter}) {title}" if len(drawn) == 2 else title)
    return figure


def _measured_levels(axes: "style.Axes", model: Mapping[str, Any]) -> str:
    """Draw the levels and return the title of the panel."""
    from matplotlib.ticker import EngFormatter, MaxNLocator

    conductances = tables.measured_conductances(model)
    spread = [level["spread"] for level in model["levels"] if "spread" in level]
    look = style.look(0, marker=True) | {"linestyle": "none", "elinewidth": 0.8, "capsize": 2}
    axes.errorbar(range(len(conductances)), conductances, spread or None, **look)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(EngFormatter(unit="S"))
    axes.set(xlabel="level", ylabel=r"conductance $\mathit{G}$")
    axes.tick_params(right=False)
    forward, back = _linear(conductances[0], conductances[-1])
    axes.secondary_yaxis("right", functions=(back, forward)).set_ylabel(G_NORM_LABEL)
    return "levels"


def _measured_curve(axes: "style.Axes", model: Mapping[str, Any]) -> str:
    """Draw the transfer curve and return the title of the panel."""
    from scipy.interpolate import PPoly

    inputs, outputs = (np.array(model["points"][name]) for name in ("input", "output"))
    curve = model["activation"][MEASURED]
    fine = np.linspace(0, 1, 401)
    values = PPoly(np.array(curve["coefficients"]).T[::-1], curve["breaks"])(fine)
    x, y = _linear(inputs[0], inputs[-1])[0](fine), _linear(outputs.min(), outputs.max())[0](values)
    axes.plot(x, y, color=style.COLOURS[2], label="interpolation")
    axes.plot(inputs, outputs, color=style.COLOURS[0], linestyle="none", marker="o", label="points")
    titles = (style.plain(tables.with_unit(model, part)) for part in ("input", "output"))
    axes.set(**dict(zip(("xlabel", "ylabel"), titles, strict=True)))
    axes.legend(loc="upper left")
    if curve["fault"]:
        _show_fault(axes, curve["fault"])
    return "transfer curve"


# Write energy


def _write_energy(sources: Sources, figures: Figures) -> "style.Figure":
    """Draw the temperature during a pulse of a device and after, and that and energy of all."""
    data = sources.device
    figure, (axes,) = style.panels(figures, 1, 3, 0.36, width_ratios=[1.4, 1, 1])
    over_time, rises, energies = axes
    duration, time = swept_duration(data) / NS, data["heating_time"].values / NS
    over_time.axvspan(0, duration, color=style.SHADE, linewidth=0)
    data = data.assign_coords(current_density=abs(data["current_density"]))
    data = data.sortby("current_density")
    density, beyond = data["current_density"].values / UNIT_OF_J, data["beyond_model"].values == 1
    places = {"mean": "mean_temperature_rise", "middle": "temperature_rise"}
    for index, (title, rise) in enumerate(places.items()):
        over_time.plot(time, data[f"heating_{title}"].values, label=title, **style.look(index))
        look = style.look(index, marker=True) | {"label": title}
        _draw_points(rises, density, data[rise].values, beyond, **look)
    limit = WriteEnergyJob.of_dataset(data.attrs).largest_rise
    rises.axhline(limit, color="0.4", linestyle=":", label="limit")
    over_time.set(xlim=(0, 3 * duration), ylim=(0, None), title="(a) a pulse and after")
    over_time.set(xlabel="time (ns)", ylabel=r"rise at $\mathit{J}$ = $10^{12}$ A/m² (K)")
    over_time.legend(loc="upper right")
    rises.set(ylabel="largest rise (K)", title="(b) each pulse")
    rises.legend(loc="upper left")
    energy = data["write_energy"].values / 1e-12
    _draw_points(energies, density, energy, beyond, **style.look(2, marker=True))
    energies.set(ylabel="energy (pJ)", title="(c) energy")
    for axes in (rises, energies):
        axes.set(xlabel=style.J_LABEL, ylim=(0, None))
    return figure


DRAWINGS = style.by_name(
    *(_transfer_curve, _magnetization, _dynamics, _wall_position, _conductance),
    *(_synapses_compared, _measured, _write_energy),
)
"""All figures of this half; `wallnet.plan.shown.FIGURES` defines the sources of each."""


def draw(sources: style.SourceFiles, job: str, figures: Figures) -> style.Drawn:
    """Draw a figure of `DRAWINGS`, given the JSON of `FigureJob`.

    The sources are device files, or the compact model of a measured device, by their kind. All
    figures but the comparison show the first device. Maps of m_z need the folder of its `traces`.
    """
    figure_job = FigureJob.from_json(job)
    read: dict[str, Any] = {}
    made_by: dict[str, Any] = {}
    origin = ("parameters", "simulation", "revision", "wallnet_version")
    own = dict(sources)
    (traces,) = own.pop("traces", [None])
    ((kind, paths),) = own.items()
    for path in paths:
        name = Path(path).stem
        if kind == MEASURED:
            read[name] = tables.read_measured(path)
            made_by[name] = read[name]["made_by"]
        else:
            read[name] = files.read_dataset(path, kind)
            made_by[name] = {key: str(read[name].attrs[key]) for key in origin}
    figure = figure_job.drawing(DRAWINGS)(Sources(read, traces, figure_job.shown), figures)
    return figure, {"kind": figure_job.figure, "devices": made_by}
