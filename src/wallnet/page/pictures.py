"""Pictures that answer the reader: a wall that moves, conductance levels, P(state | J).

Bokeh draws them in the browser, from its script and the data in the page; nothing is loaded.
"""

import base64
import io
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray
from bokeh.core.types import ID
from bokeh.embed import json_item
from bokeh.layouts import column
from bokeh.models import BasicTicker, ColumnDataSource, DataRange1d, HoverTool, Range1d
from bokeh.models.annotations import Whisker
from bokeh.plotting import figure
from bokeh.resources import Resources
from numpy.typing import NDArray
from PIL import Image

from wallnet import files
from wallnet.config import current_name
from wallnet.jobs.report import Studied, SummaryJob
from wallnet.page.findings import Findings
from wallnet.report import style
from wallnet.studies.base import AS_CONFIGURED
from wallnet.studies.devices.figures import Sources, chosen_pulses, density_in_1e12
from wallnet.studies.devices.motion import track_of
from wallnet.studies.showing import show_of

READ = ["magnetization", "snapshot_time", "x", "y", "component", "applied_current_density", "time"]
"""Variables of a trace from which its pictures are made."""

MOST_POINTS = 150
"""Largest number of points of a curve over time."""

MOST_BYTES = 2_000_000
"""Largest size of all maps together; beyond it, each pulse has fewer."""

EMPTY = 255
"""Value of cells without magnetic material; those below are m_z from -1 to 1 in 64 steps."""

J_TITLE, G_TITLE = "J (10¹² A/m²)", "G (µS)"


def pictures(job: SummaryJob, results: Findings) -> dict[str, Any] | None:
    """Return Bokeh's script, the figures and their data for the page; None without any pulse."""
    devices = {name: _device(name, data, job, results) for name, data in results.devices.items()}
    devices = {name: device for name, device in devices.items() if device["pulses"]}
    if not devices:
        return None
    maps = [pulse for device in devices.values() for pulse in device["pulses"]]
    longest = max(len(pulse["maps"]) for pulse in maps)
    while longest > 1 and sum(len(png) for pulse in maps for png in pulse["maps"]) > MOST_BYTES:
        longest = (longest + 1) // 2
        for pulse in maps:
            # the last one stays
            pulse["maps"], pulse["at"] = (pulse[key][::-1][::2][::-1] for key in ("maps", "at"))
    (script, *_) = Resources(mode="inline", components=["bokeh"]).js_raw
    drawn = [json_item(drawing, ID(name)) for name, drawing in _figures().items()]
    return {"script": script, "figures": drawn, "devices": devices}


# The data


def _device(name: str, data: xarray.Dataset, job: SummaryJob, results: Findings) -> dict[str, Any]:
    """Return what the pictures show of a device; lengths in nm, times in ns, G in µS."""
    track, reading = track_of(data), {"reading": files.READINGS[0]}
    density = data["current_density"].values / 1e12
    ends = data["final_conductance"].sel(reading).values / 1e-6
    states = data["state"].values.astype(object)
    levels: dict[str, Any] = {"J": [], "G": [], "state": [], "dash": []}
    if "level_state" in data:
        values = data["level_conductance"].sel(reading).values / 1e-6
        dashes = np.where(data["reachable"].values == 1, "solid", "dashed")
        left = np.full(values.size, density.min())
        levels = _points(J=left, G=values, state=data["level_state"].values, dash=dashes)
    shown = Sources({name: data}, shown=job.shown.get(name, ())).pulses(chosen_pulses(data))
    names = map(current_name, data["current_density"].values[shown])
    paths = (results.folder / files.TRACE.format(device=name, current=current) for current in names)
    return {
        "length": track.length / 1e-9,
        "width": track.width / 1e-9,
        "pulses": [
            {"label": f"{density_in_1e12(density[index] * 1e12)} × 10¹² A/m²: {states[index]}"}
            | _pulse(data.isel(current_density=index).sel(reading), path)
            | {"J": density[index], "G": float(ends[index])}
            for index, path in zip(shown, paths, strict=True)
            if path.exists()
        ],
        "stairs": _points(J=density, G=ends, state=states),
        "levels": levels,
        "chances": [
            chance
            for studied in job.studied
            if studied.device == name
            for chance in _chances(studied, results)
        ],
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


def _pulse(data: xarray.Dataset, path: Any) -> dict[str, Any]:
    """Return maps and curves over time of one pulse, from the device's file and its trace."""
    trace = files.read_dataset(path, "trace", only=READ)
    time = data["time"].values
    count = int(np.searchsorted(time, float(data["end_time"]) * (1 + 1e-9)))
    kept = np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).astype(int))
    applied = np.interp(time[kept], trace["time"], trace["applied_current_density"])
    m_z = trace["magnetization"].sel(component="z").values
    # in 64 steps, since PNG shortens equal values
    steps = np.round((np.nan_to_num(np.clip(m_z, -1, 1)) + 1) / 2 * 63) * 4
    steps = np.where(np.isnan(m_z), EMPTY, steps).astype(np.uint8)
    return {
        "maps": [*map(_png, steps)],
        "at": [float(f"{instant:.4g}") for instant in trace["snapshot_time"].values / 1e-9],
        "curves": _points(
            time=time[kept] / 1e-9,
            lower=data["sweep_wall_bottom"].values[kept] / 1e-9,
            upper=data["sweep_wall_top"].values[kept] / 1e-9,
            G=data["conductance"].values[kept] / 1e-6,
            J=applied / 1e12,
        ),
    }


def _png(steps: NDArray[np.uint8]) -> str:
    """Return a map as the URI of an 8-bit PNG, the first row at the bottom."""
    colours = (style.magnetization_map()(np.arange(253) / 252)[:, :3] * 255).round().astype(int)
    empty = [int(style.EMPTY[place : place + 2], 16) for place in (1, 3, 5)]
    image = Image.fromarray(np.ascontiguousarray(steps[::-1]), mode="P")
    image.putpalette([*colours.ravel().tolist(), *(3 * empty)])
    with io.BytesIO() as stream:
        image.save(stream, "PNG", optimize=True)
        return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _chances(studied: Studied, results: Findings) -> Iterator[dict[str, Any]]:
    """Yield the probability of each state over the current density, for each model of a study."""
    data = results.studied.get((studied.study, studied.subject))
    probabilities = getattr(show_of(studied.study), "probabilities", None)
    if data is None or probabilities is None:
        return
    for model, rows in probabilities(data).groupby("model", sort=False):
        points = _points(**{name: rows[name].values for name in ("J", "state", "P", "low", "high")})
        colours = dict(zip(dict.fromkeys(points["state"]), itertools.cycle(style.COLOURS)))
        points["colour"] = [*map(colours.__getitem__, points["state"])]
        label = studied.subject if model == AS_CONFIGURED else f"{studied.subject}, {model}"
        yield {"label": label, "points": points, "colours": colours}


# The figures


def _figure(name: str, y: str, height: int, **options: Any) -> figure:
    """Return a figure without tools, as wide as the page."""
    look: dict[str, Any] = {"toolbar_location": None, "tools": "", "min_border_left": 65}
    look |= {"min_border_right": 20, "sizing_mode": "stretch_width", "y_axis_label": y}
    plot = figure(name=name, height=height, **look | options)
    plot.axis.minor_tick_line_color = None
    plot.yaxis.ticker = BasicTicker(desired_num_ticks=height // 45)
    return plot


def _source(name: str, *columns: str) -> ColumnDataSource:
    return ColumnDataSource({key: [] for key in columns}, name=name)


def _figures() -> dict[str, Any]:
    """Return all figures, without data, by the element of the page that holds each."""
    space, width = (Range1d(start=0, end=1, name=name) for name in ("space", "width"))
    maps = _figure("map", "y (nm)", 160, x_range=space, y_range=width, x_axis_label="x (nm)")
    frame = _source("frame", "url", "w", "h")
    maps.image_url(url="url", x=0, y=0, w="w", h="h", anchor="bottom_left", source=frame)
    maps.grid.visible = False
    curves = _source("curves", "time", "lower", "upper", "G", "J")
    panels: list[figure] = []
    for name, y, height in (
        ("ends", "wall (nm)", 150),
        ("read", G_TITLE, 130),
        ("drive", J_TITLE, 150),
    ):
        shared = {"x_range": panels[0].x_range} if panels else {}
        panels.append(_figure(name, y, height, **shared))
    ends, read, drive = panels
    now = _source("now", "time")
    for edge, colour, dash in (("lower", 0, "solid"), ("upper", 1, "dashed")):
        look: dict[str, Any] = {
            "line_color": style.COLOURS[colour],
            "line_dash": dash,
            "line_width": 2,
        }
        ends.line("time", edge, source=curves, **look)
    read.line("time", "G", source=curves, line_color="black", line_width=2)
    drive.line("time", "J", source=curves, line_color="#555555", line_width=2)
    drive.xaxis.axis_label = "time (ns)"
    for panel in panels:
        panel.xaxis.visible = panel is drive
        panel.vspan(x="time", source=now, line_color="#888888")
    wide = DataRange1d(range_padding=0.2)
    stairs = _figure("staircase", G_TITLE, 320, x_axis_label=J_TITLE, y_range=wide)
    levels = _source("levels", "J", "G", "state", "dash")
    points = _source("stairs", "J", "G", "state")
    lines = stairs.hspan(y="G", source=levels, line_dash="dash", line_color="#999999")
    names: dict[str, Any] = {
        "text_baseline": "bottom",
        "text_font_size": "11px",
        "text_color": "#666666",
    }
    stairs.text("J", "G", text="state", source=levels, **names)
    stairs.line("J", "G", source=points, line_color="#bbbbbb")
    dots = stairs.scatter("J", "G", source=points, size=9, color=style.COLOURS[0])
    chosen: dict[str, Any] = {
        "size": 16,
        "fill_alpha": 0,
        "line_width": 2,
        "line_color": style.COLOURS[1],
    }
    stairs.scatter("J", "G", source=_source("chosen", "J", "G"), **chosen)
    about = [("state", "@state"), ("J", "@J{0.0000} × 10¹² A/m²"), ("G", "@G{0.00} µS")]
    stairs.add_tools(HoverTool(renderers=[dots], tooltips=about))
    stairs.add_tools(HoverTool(renderers=[lines], tooltips=[("level", "@state"), about[2]]))
    chances = _figure("chances", "P(state | J)", 320, x_axis_label=J_TITLE, y_range=(-0.05, 1.05))
    chance = _source("chance", "J", "P", "low", "high", "state", "colour")
    edges: dict[str, Any] = {"base": "J", "lower": "low", "upper": "high", "line_color": "colour"}
    edges |= {"line_width": 3, "line_alpha": 0.5, "upper_head": None, "lower_head": None}
    chances.add_layout(Whisker(source=chance, **edges))
    ways = _source("ways", "J", "P", "colour")
    chances.multi_line("J", "P", source=ways, line_color="colour", line_width=2)
    dots = chances.scatter("J", "P", source=chance, size=9, color="colour")
    interval = [("P", "@P{0.000}, @low{0.000} to @high{0.000}")]
    chances.add_tools(HoverTool(renderers=[dots], tooltips=[*about[:2], *interval]))
    moving = column(maps, *panels, sizing_mode="stretch_width")
    return {"moving": moving, "stairs": stairs, "chances": chances}
