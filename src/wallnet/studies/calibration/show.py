"""Tables and figure of a calibration, made from its file only."""

import json
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from wallnet.config import Figures
from wallnet.report import style
from wallnet.report.tables import Format, Table, of_columns
from wallnet.studies.calibration.ask import STEPS, Calibration
from wallnet.studies.showing import YES

SLACK = 1.0
"""Misfit above the least one up to which a candidate counts as good: about one reference value."""

UNDETERMINED = 0.5
"""Share of a range above which good candidates leave a parameter undetermined."""

FEWEST = 3
"""Number of good candidates below which nothing is said about parameters."""

DELAY = "read_delay"

COLUMNS = {
    "damping": ("damping", 1.0, ".3f"),
    "notch_diameter": ("notch diameter (nm)", 1e-9, ".1f"),
    "wall_start": ("wall start (nm)", 1e-9, ".1f"),
    "pulse_duration": ("pulse (ns)", 1e-9, ".2f"),
    DELAY: ("read after the pulse (ns)", 1e-9, ".2f"),
}
"""Title, unit and format of each parameter, and of the time of the reading."""


def tables(data: xarray.Dataset, name: str) -> list[Table]:
    """Return the tables of a calibration; the first one is also written as CSV."""
    return [_candidates(data, name), _references(data, name), _ranges(data, name)]


Place = tuple[int, int]
"""Indices among candidates and reading times."""


def ordered(misfit: NDArray[np.floating]) -> list[Place]:
    """Return the places by ascending misfit.

    Parameters
    ----------
    misfit : ndarray (candidate, read_delay)
        The misfits.
    """
    places = np.argsort(misfit, axis=None, kind="stable")
    rows, columns = np.unravel_index(places, misfit.shape)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def configured(data: xarray.Dataset) -> Place:
    """Return the place of the configuration."""
    delay = json.loads(data.attrs["parameters"])["about"]["configured_delay"]
    apart = np.abs(data["read_delay"].values - delay)
    return data["candidate"].values.tolist().index(0), int(np.argmin(apart))


def _searched(data: xarray.Dataset) -> dict[str, NDArray[np.floating]]:
    """Return each parameter and the time of the reading, as (candidate, read delay)."""
    found = {name: data[f"candidate_{name}"].values[:, None] for name in STEPS}
    found[DELAY] = data["read_delay"].values
    return {name: np.broadcast_to(each, data["misfit"].shape) for name, each in found.items()}


def _candidates(data: xarray.Dataset, name: str) -> Table:
    """Return the table of all candidates at all times of reading."""
    places, own = ordered(data["misfit"].values), configured(data)
    chosen = tuple(np.transpose(places))
    columns: dict[str, tuple[Any, Format]] = {
        "misfit": (data["misfit"].values[chosen], ".2f"),
        "reference data missed": (data["missed"].values[chosen], ".0f"),
        "candidate": (data["candidate"].values[chosen[0]], ".0f"),
        "round": (data["candidate_round"].values[chosen[0]], ".0f"),
        "configured": ([YES[place == own] for place in places], ""),
    }
    for parameter, values in _searched(data).items():
        title, unit, form = COLUMNS[parameter]
        columns[title] = (values[chosen] / unit, form)
    for reference, values in zip(
        data["reference"].values, data["simulated_value"].values[chosen].T, strict=True
    ):
        columns[str(reference)] = (values, "")
    return of_columns(f"{name}: candidates", columns)


def _references(data: xarray.Dataset, name: str) -> Table:
    """Return the table of the reference data.

    It has the values of the best and of the configured candidate, and the number of candidates that
    meet each reference value at some time of reading.
    """
    columns: dict[str, tuple[Any, Format]] = {"reference": (data["reference"].values, "")}
    for title, place in _both(data).items():
        columns[title] = (data["simulated_value"].values[place], "")
        met = [YES[each] for each in data["reference_met"].values[place]]
        columns[f"{title} meets it"] = (met, "")
    anywhere = data["reference_met"].values.any(axis=1).sum(axis=0)
    columns["candidates that meet it"] = (anywhere, ".0f")
    return of_columns(f"{name}: reference data", columns)


def _ranges(data: xarray.Dataset, name: str) -> Table:
    """Return the table of the parameters: what the good candidates have in common.

    A candidate is good if its misfit is at most `SLACK` above the least one. With fewer than
    `FEWEST` good candidates, it is not known whether a parameter is determined.
    """
    import pandas

    misfit = data["misfit"].values
    good = misfit <= misfit.min() + SLACK
    both = _both(data)
    known = good.any(axis=1).sum() >= FEWEST
    settings = json.loads(data.attrs["parameters"])["settings"]
    delays = data["read_delay"].values
    ranges = Calibration.model_validate(settings).parameters.ranges()
    searched = {**ranges, DELAY: (delays[0], delays[-1])}
    rows = []
    for parameter, values in _searched(data).items():
        title, unit, form = COLUMNS[parameter]
        low, high = searched[parameter]
        share = float(np.ptp(values[good]) / (high - low)) if high > low else 0.0
        numbers = {
            "searched from": low,
            "to": high,
            "configured": values[both["configured"]],
            "best": values[both["best"]],
            "good from": values[good].min(),
            "good to": values[good].max(),
        }
        row = {key: format(value / unit, form) for key, value in numbers.items()}
        decided = YES[share <= UNDETERMINED] if known else "not known"
        rows.append({"parameter": title, **row, "share of the range": share, "determined": decided})
    title = f"{name}: parameters of the {good.sum()} best, up to {SLACK:g} above the least misfit"
    return Table(title, pandas.DataFrame(rows), {"share of the range": ".2f"})


def _both(data: xarray.Dataset) -> dict[str, Place]:
    """Return the places of the best and of the configured candidate."""
    return {"best": ordered(data["misfit"].values)[0], "configured": configured(data)}


def draw(data: xarray.Dataset, figures: Figures) -> "style.Figure":
    """Draw the misfit against each parameter, and against the time of the reading."""
    misfit, own = data["misfit"].values, configured(data)
    rounds = data["candidate_round"].values
    figure, grid = style.panels(figures, 2, 3, 0.62, sharey=True)
    *places, last = grid.flat
    for axes, (name, values) in zip(places, _searched(data).items(), strict=True):
        title, unit, _ = COLUMNS[name]
        # a parameter at its best time of reading
        shown = misfit if name == DELAY else misfit.min(axis=1, keepdims=True)
        for number in np.unique(rounds):
            chosen = rounds == number
            look: dict[str, Any] = {"marker": style.MARKERS[number - 1], "linestyle": "none"}
            look["color"] = style.COLOURS[0 if number == 1 else 2]
            x = values[chosen, : shown.shape[1]] / unit
            axes.plot(x.ravel(), shown[chosen].ravel(), label=f"round {number}", **look)
        look = {"marker": "*", "markersize": 9, "linestyle": "none", "color": style.COLOURS[1]}
        axes.plot(values[own] / unit, misfit[own], label="configured", **look)
        axes.set_xlabel(title)
    style.label_edges(grid, y="misfit")
    last.set_axis_off()
    last.legend(*grid[0, 0].get_legend_handles_labels(), loc="center")
    return figure
