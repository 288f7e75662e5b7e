"""Pictures that answer the reader: a wall that moves, conductance levels, P(state | J).

Bokeh draws them in the browser, from its script and the data in the page; nothing is loaded.
"""

import base64
import io
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas
import xarray
from bokeh import models
from bokeh.core.types import ID
from bokeh.embed import json_item
from bokeh.layouts import column
from bokeh.models.annotations import Whisker
from bokeh.plotting import figure
from bokeh.resources import Resources
from numpy.typing import NDArray
from PIL import Image

from wallnet import files
from wallnet.config import current_name
from wallnet.devices import figures
from wallnet.devices.conductance import activation
from wallnet.devices.motion import track_of
from wallnet.files import WallState
from wallnet.jobs.report import Studied, SummaryJob
from wallnet.page.findings import Findings
from wallnet.questions.question import AS_CONFIGURED
from wallnet.report import style
from wallnet.report.tracks import filled_cells
from wallnet.studies.showing import show_of

READ = ["magnetization", "snapshot_time", "x", "y", "component", "applied_current_density", "time"]
"""Variables of a trace from which its pictures are made."""

MOST_POINTS = 150
"""Largest number of points of a curve over time."""

MOST_BYTES = 3_000_000
"""Largest size of all maps together; each pulse has its part, and fewer maps beyond that."""

TALLEST = 16_384
"""Largest number of rows of the maps of a pulse together, which browsers draw as one picture."""

DETAILS = {
    "neuron": ("Transfer curve", "Solid: quartic, the activation; dotted: ideal ReLU."),
    "synapse": ("Conductance levels", "Lines: levels, dashed if no valid pulse reaches them."),
    "track": ("Conductance", ""),
}
"""Title of the picture of all pulses of a kind of device, and what it shows in particular."""

J_TITLE, G_TITLE = "J (10¹² A/m²)", "G (µS)"


def pictures(job: SummaryJob, results: Findings) -> dict[str, Any] | None:
    """Return Bokeh's script, the figures and their data for the page; None without any pulse."""
    count = sum(data.sizes["current_density"] for data in results.devices.values())
    devices = {
        name: _device(name, data, job, results, MOST_BYTES // count)
        for name, data in results.devices.items()
    }
    devices = {name: device for name, device in devices.items() if device["pulses"]}
    if not devices:
        return None
    (script, *_) = Resources(mode="inline", components=["bokeh"]).js_raw
    drawn = [json_item(drawing, ID(name)) for name, drawing in _figures().items()]
    return {"script": script, "figures": drawn, "devices": devices}


# The data


def _device(
    name: str, data: xarray.Dataset, job: SummaryJob, results: Findings, most: int
) -> dict[str, Any]:
    """Return what the pictures show of a device; lengths in nm, times in ns, G in µS.

    The maps of a pulse have at most so many bytes.
    """
    track, reading = track_of(data), {"reading": files.READINGS[0]}
    density = data["current_density"].values / 1e12
    ends = data["final_conductance"].sel(reading).values / 1e-6
    states, hollow = np.array(figures.states_of(data), dtype=object), figures.doubtful(data)
    fill = np.where(hollow, "white", style.COLOURS[0])
    levels: dict[str, Any] = {"G": [], "state": [], "dash": []}
    fits: dict[str, Any] = {"J": [], "G": [], "dash": []}
    if "level_state" in data:
        values = data["level_conductance"].sel(reading).values / 1e-6
        dashes = np.where(figures.reached_in_model(data), "solid", "dashed")
        levels = _points(G=values, state=data["level_state"].values, dash=dashes)
    if "quartic" in data:
        fine = np.linspace(0, 1, 61)
        curve = activation(fine, data["quartic"].sel(reading).sortby("power").values)
        forward = density[density >= 0]
        fits["J"] = [(forward.min() + fine * np.ptp(forward)).tolist()] * 2
        fits["G"] = [(ends.min() + part * np.ptp(ends)).tolist() for part in (curve, fine)]
        fits["dash"] = ["solid", "dotted"]
    folder = results.folder / files.TRACE.format(device=name, current="*")
    paths = [folder.with_stem(current_name(pulse)) for pulse in data["current_density"].values]
    shown = [index for index, path in enumerate(paths) if path.exists()]
    at_notch = [
        figures.kind_of_state(WallState(state)) == "at a notch" for state in data["state"].values
    ]
    start = max(shown, key=lambda index: (not hollow[index], at_notch[index], index), default=0)
    title, text = DETAILS[data.attrs["kind"]]
    own = [studied for studied in job.studied if studied.device == name]
    return {
        "title": title,
        "about": text,
        "length": track.length / 1e-9,
        "width": track.width / 1e-9,
        "cell": track.cell[1] / 1e-9,
        "start": shown.index(start) if shown else 0,
        "pulses": [
            {"label": f"{figures.density_in_1e12(density[index] * 1e12)}: {states[index]}"}
            | _pulse(data.isel(current_density=index).sel(reading), paths[index], most)
            | {"J": density[index], "G": float(ends[index])}
            for index in shown
        ],
        "stairs": _points(J=density, G=ends, state=states, fill=fill),
        "levels": levels,
        "fits": fits,
        "chances": [chance for studied in own for chance in _chances(studied, results)],
    }


def _points(**columns: Any) -> dict[str, list[Any]]:
    """Return columns of points without those with an unknown number; six significant digits."""
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    numbers = [values for values in arrays.values() if values.dtype.kind == "f"]
    finite = np.isfinite(numbers).all(axis=0)
    return {
        name: [float(f"{v:.6g}") if values.dtype.kind == "f" else v for v in values[finite]]
        for name, values in arrays.items()
    }


def _pulse(data: xarray.Dataset, path: Any, most: int) -> dict[str, Any]:
    """Return maps and curves over time of one pulse, from the device's file and its trace.

    The maps are one picture, the first at the bottom, of at most so many bytes. Each has its edge
    rows twice, since browsers interpolate between rows.
    """
    trace = files.read_dataset(path, "run", only=READ)
    time = data["time"].values
    count = int(np.searchsorted(time, float(data["end_time"]) * (1 + 1e-9)))
    kept = np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).astype(int))
    applied = np.interp(time[kept], trace["time"], trace["applied_current_density"])
    m_z = trace["magnetization"].sel(component="z").values
    # in 64 steps, since PNG shortens equal values
    colours = style.film_colours(np.round(32 * m_z) / 32, filled_cells(trace))
    colours = np.pad(colours, ((0, 0), (1, 1), (0, 0), (0, 0)), "edge")
    instants = trace["snapshot_time"].values / 1e-9
    while len(maps := _png(np.concatenate(colours))) > most or colours[..., 0, 0].size > TALLEST:
        if len(colours) == 1:
            break
        # the last one stays
        colours, instants = colours[::-1][::2][::-1], instants[::-1][::2][::-1]
    return {
        "maps": maps,
        "at": [float(f"{instant:.4g}") for instant in instants],
        "curves": _points(
            time=time[kept] / 1e-9,
            lower=data["sweep_wall_bottom"].values[kept] / 1e-9,
            upper=data["sweep_wall_top"].values[kept] / 1e-9,
            G=data["conductance"].values[kept] / 1e-6,
            J=applied / 1e12,
        ),
    }


def _png(colours: NDArray[np.uint8]) -> str:
    """Return maps above each other as the URI of a PNG, the first row at the bottom."""
    with io.BytesIO() as stream:
        Image.fromarray(colours[::-1]).save(stream, "PNG", optimize=True)
        return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _chances(studied: Studied, results: Findings) -> Iterator[dict[str, Any]]:
    """Yield the probability of each state over the current density, for each model of a study.

    `points` are those above zero, and `ways` the lines through all.
    """
    data = results.studied.get((studied.study, studied.subject))
    chances = None if data is None else show_of(studied.study).probabilities(data)
    if chances is None:
        return
    for model, rows in chances.groupby("model", sort=False):
        points = _points(**{name: rows[name].values for name in ("J", "state", "P", "low", "high")})
        colours = dict(zip(dict.fromkeys(points["state"]), itertools.cycle(style.COLOURS)))
        frame = pandas.DataFrame(points)
        frame["colour"] = frame["state"].map(colours)
        ways = frame.groupby("state", sort=False)[["J", "P"]].agg(list).assign(colour=colours)
        shown = {"ways": ways.reset_index(), "points": frame[frame["P"] > 0]}
        label = studied.subject if model == AS_CONFIGURED else f"{studied.subject}, {model}"
        yield {"label": label} | {name: part.to_dict("list") for name, part in shown.items()}


# The figures


def _figure(name: str, y: str, height: int, **options: Any) -> figure:
    """Return a figure without tools, as wide as the page."""
    options.setdefault("x_range", models.DataRange1d(default_span=0.2))  # of one J in 1e12 A/m²
    look: dict[str, Any] = {"toolbar_location": None, "tools": "", "sizing_mode": "stretch_width"}
    look |= {"min_border_left": 65, "min_border_right": 20, "y_axis_label": y}
    plot = figure(name=name, height=height, **look, **options)
    plot.axis.minor_tick_line_color = None
    plot.yaxis.ticker = models.BasicTicker(desired_num_ticks=height // 40)
    return plot


def _source(name: str, *columns: str) -> models.ColumnDataSource:
    return models.ColumnDataSource({key: [] for key in columns}, name=name)


ABOUT = [("state", "@state"), ("J", "@J{0.0000} × 10¹² A/m²")]
"""What is shown of a point below the pointer."""


def _figures() -> dict[str, Any]:
    """Return all figures, without data, by the element of the page that holds each."""
    panels, stairs, chances = _panels(), _stairs(), _lines_of_chances()
    moving = column(*panels, sizing_mode="stretch_width")
    return {"moving": moving, "stairs": stairs, "chances": chances}


def _panels() -> list[figure]:
    """Return the map of a pulse, and below it the wall, the conductance and J over time."""
    space, width = (models.Range1d(start=0, end=1, name=name) for name in ("space", "width"))
    maps = _figure("map", "y (nm)", 160, x_range=space, y_range=width, x_axis_label="x (nm)")
    # all maps of a pulse are one picture, of which this range shows one
    maps.extra_y_ranges = {"frame": models.Range1d(start=0, end=1, name="frame")}
    look: dict[str, Any] = {"anchor": "bottom_left", "y_range_name": "frame"}
    source = _source("maps", "url", "w", "h")
    maps.image_url(url="url", x=0, y=0, w="w", h="h", source=source, **look)
    maps.grid.visible = False
    curves = _source("curves", "time", "lower", "upper", "G", "J")
    ends = _figure("ends", "wall (nm)", 150)
    read, drive = (
        _figure(name, y, height, x_range=ends.x_range)
        for name, y, height in (("read", G_TITLE, 130), ("drive", J_TITLE, 150))
    )
    now = _source("now", "time")
    for edge, colour, dash in (("lower", 0, "solid"), ("upper", 1, "dashed")):
        look = {"line_color": style.COLOURS[colour], "line_dash": dash, "line_width": 2}
        ends.line("time", edge, source=curves, **look)
    read.line("time", "G", source=curves, line_color="black", line_width=2)
    # from 0, which an axis of a steady current would leave out
    drive.varea("time", 0, "J", source=curves, fill_color="#bbbbbb")
    drive.xaxis.axis_label = "time (ns)"
    for panel in (ends, read, drive):
        panel.xaxis.visible = panel is drive
        panel.vspan(x="time", source=now, line_color="#888888")
    return [maps, ends, read, drive]


def _stairs() -> figure:
    """Return the conductance after each pulse, with the levels and the transfer curve."""
    wide = models.DataRange1d(range_padding=0.2)
    stairs = _figure("staircase", G_TITLE, 320, x_axis_label=J_TITLE, y_range=wide)
    axis: dict[str, Any] = {"name": "names", "ticker": models.FixedTicker()}
    stairs.add_layout(models.LinearAxis(major_label_policy=models.NoOverlap(), **axis), "right")
    points = _source("stairs", "J", "G", "state", "fill")
    levels, fits = _source("levels", "G", "state", "dash"), _source("fits", "J", "G", "dash")
    stairs.hspan(y="G", source=levels, line_dash="dash", line_color="#999999")
    stairs.line("J", "G", source=points, line_color="#bbbbbb")
    look: dict[str, Any] = {"line_color": style.COLOURS[2], "line_width": 2, "line_dash": "dash"}
    stairs.multi_line("J", "G", source=fits, **look)
    look = {"size": 9, "line_color": style.COLOURS[0], "fill_color": "fill", "line_width": 2}
    dots = stairs.scatter("J", "G", source=points, **look)
    look = {"size": 16, "fill_alpha": 0, "line_width": 2, "line_color": style.COLOURS[1]}
    stairs.scatter("J", "G", source=_source("chosen", "J", "G"), **look)
    about = [*ABOUT, ("G", "@G{0.00} µS")]
    stairs.add_tools(models.HoverTool(renderers=[dots], tooltips=about))
    return stairs


def _lines_of_chances() -> figure:
    """Return the probability of each state over J, with its interval."""
    chances = _figure("chances", "P(state | J)", 320, x_axis_label=J_TITLE, y_range=(-0.05, 1.05))
    chance = _source("chance", "J", "P", "low", "high", "state", "colour")
    edges: dict[str, Any] = {"base": "J", "lower": "low", "upper": "high", "line_color": "colour"}
    edges |= {"line_width": 3, "line_alpha": 0.5, "upper_head": None, "lower_head": None}
    chances.add_layout(Whisker(source=chance, **edges))
    ways = _source("ways", "J", "P", "colour", "state")
    look: dict[str, Any] = {"line_color": "colour", "line_width": 2, "legend_field": "state"}
    chances.multi_line("J", "P", source=ways, **look)
    chances.legend[0].update(orientation="horizontal", ncols=2)
    chances.add_layout(chances.legend[0], "above")
    dots = chances.scatter("J", "P", source=chance, size=9, color="colour")
    interval = [("P", "@P{0.000}, @low{0.000} to @high{0.000}")]
    chances.add_tools(models.HoverTool(renderers=[dots], tooltips=[*ABOUT, *interval]))
    return chances
