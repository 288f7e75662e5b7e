"""Tables and figure of walls that leave notches, made from their file only."""

import itertools
from typing import Any

import numpy as np
import xarray

from wallnet.config import Figures
from wallnet.questions.presentation import Presentation, between
from wallnet.report import style
from wallnet.report.tables import Format, Table, of_columns

_TRACKS = {"all notches": "with all notches", "single notch": "with this notch only"}

_ENDS = {1: "one end leaves", 2: "both ends leave"}


def _thresholds(data: xarray.Dataset, name: str) -> Table:
    """Return the table of the thresholds: for one and for both ends, the two pulses around it."""
    tracks, notches = data["track"].values, data["notch"].values
    columns: dict[str, tuple[Any, Format]] = {
        "notch": (np.tile(notches, len(tracks)), ".0f"),
        "track": (np.repeat(tracks, len(notches)), _TRACKS),
    }
    for ends, words in _ENDS.items():
        for title, edge in (("above", "low"), ("by", "high")):
            densities = data[f"threshold_{edge}"].sel(ends=ends).values.ravel() / 1e12
            columns[f"{words}, {title} (1e12 A/m²)"] = (densities, ".4f")
    return of_columns(f"{name}: thresholds from rest", columns)


def _stays(data: xarray.Dataset) -> np.ndarray:
    """Return whether each end is still at each notch at the end of the pulse."""
    return np.isfinite(data["reach_time"].values) & ~np.isfinite(data["leave_time"].values)


def _dwell(data: xarray.Dataset, name: str) -> Table:
    """Return the table of the dwell times: one row a pulse and notch that an end reaches."""
    times, stays = data["dwell_time"].values, _stays(data)
    rows = np.nonzero(np.isfinite(times).any(axis=2))
    columns: dict[str, tuple[Any, Format]] = {
        "J (1e12 A/m²)": (data["current_density"].values[rows[0]] / 1e12, ".4f"),
        "notch": (data["notch"].values[rows[1]], ".0f"),
    }
    for index, edge in enumerate(data["edge"].values):
        for variable, verb in (("reach_time", "reaches"), ("leave_time", "leaves")):
            instants = data[variable].values[..., index][rows] / 1e-9
            columns[f"{edge} end {verb} it (ns)"] = (instants, ".2f")
        time = times[..., index][rows] / 1e-9
        sign = np.where(stays[..., index][rows], "≥ ", "")
        shown = np.where(np.isfinite(time), np.char.add(sign, np.char.mod("%.2f", time)), "–")
        columns[f"{edge} end is there for (ns)"] = (shown, "")
    return of_columns(f"{name}: dwell times in the sweep", columns)


class Show(Presentation):
    """Tables and figure of walls that leave notches."""

    def tables(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the tables of the thresholds and of the dwell times."""
        return [_thresholds(data, name), _dwell(data, name)]

    def finding(self, data: xarray.Dataset, name: str) -> str:
        """Return the current densities at which both ends of a wall leave the notches.

        Where no smaller one was tried, they are upper limits.
        """
        edges = data[["threshold_low", "threshold_high"]].sel(track="all notches", ends=2)
        low, high = (edges[f"threshold_{edge}"].values for edge in ("low", "high"))
        leaving = high[np.isfinite(high)]
        if not leaving.size:
            return "no wall at rest leaves its notch"
        limit = "≤ " * bool(np.isnan(low[high == leaving.min()]).any())
        return f"a wall at rest leaves its notch at {limit}{between(leaving)}"

    def draw(self, data: xarray.Dataset, figures: Figures) -> "style.Figure":
        """Draw the thresholds of all notches, and the dwell times against the current density."""
        figure, ((left, right),) = style.panels(figures, 1, 2, 0.45)
        notches = data["notch"].values
        for index, (track, ends) in enumerate(itertools.product(data["track"].values, _ENDS)):
            chosen = data.sel(track=track, ends=ends)
            low, high = (chosen[f"threshold_{edge}"].values / 1e12 for edge in ("low", "high"))
            look = style.look(index, marker=True) | {"label": f"{_ENDS[ends]}, {_TRACKS[track]}"}
            left.errorbar(notches, (low + high) / 2, (high - low) / 2, **look)
        left.set(xlabel="notch", ylabel=r"threshold from rest, $\mathit{J}$ ($10^{12}$ A/m²)")
        left.set_xticks(notches)
        left.legend()
        times, stays = data["dwell_time"].values, _stays(data)
        densities = data["current_density"].values / 1e12
        for place, notch in enumerate(notches):
            # both ends have to leave; a wall that stays has no dwell time
            longest = np.where(stays[:, place].any(axis=1), np.nan, times[:, place].max(axis=1))
            look = style.look(place, marker=True) | {"label": f"notch {notch}"}
            right.plot(densities, longest / 1e-9, **look)
        right.set(xlabel=style.J_LABEL, ylabel="longest time of an end at the notch (ns)")
        right.legend()
        return figure
