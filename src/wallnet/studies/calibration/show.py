"""Tables and figure of a calibration, made from its file only."""

import json
from typing import Any

import numpy as np
import pandas
import xarray

from wallnet.config import Figures
from wallnet.questions.presentation import YES, Presentation
from wallnet.report import style
from wallnet.report.tables import Table, of_columns
from wallnet.studies.calibration import STEPS, Calibration

SLACK = 1.0
"""Misfit above the least one up to which a candidate counts as good: about one reference value."""

UNDETERMINED = 0.5
"""Share of a range above which good candidates leave a parameter undetermined."""

FEWEST = 3
"""Number of good candidates below which nothing is said about parameters."""

PARAMETERS = (*(f"candidate_{name}" for name in STEPS), "read_delay")
"""The parameters, and the time of the reading."""


def ordered(data: xarray.Dataset) -> pandas.DataFrame:
    """Return all candidates at all times of the reading, by ascending misfit.

    The column `configured` marks the configuration.
    """
    frame = data.drop_dims("reference").to_dataframe(["candidate", "read_delay"]).reset_index()
    delay = json.loads(data.attrs["parameters"])["about"]["configured_delay"]
    read = data["read_delay"].sel(read_delay=delay, method="nearest").item()
    frame["configured"] = (frame["candidate"] == 0) & (frame["read_delay"] == read)
    return frame.sort_values("misfit", kind="stable")


def _candidates(data: xarray.Dataset, name: str) -> Table:
    """Return the table of all candidates at all times of reading."""
    rows = ordered(data)
    shown = {
        **Show.columns(rows, "misfit", "missed", "candidate", "candidate_round"),
        "configured": (rows["configured"].values, YES),
        **Show.columns(rows, *PARAMETERS),
    }
    stacked = data["simulated_value"].stack(place=["candidate", "read_delay"])
    values = stacked.transpose("reference", "place").values[:, rows.index]
    references = map(str, data["reference"].values)
    shown |= {reference: (value, "") for reference, value in zip(references, values, strict=True)}
    return of_columns(f"{name}: candidates", shown)


def _references(data: xarray.Dataset, name: str) -> Table:
    """Return the table of the reference data.

    It has the values of the best and of the configured candidate, and the number of candidates that
    meet each reference value at some time of reading.
    """
    rows = ordered(data)
    both = {"best": rows.iloc[0], "configured": rows[rows["configured"]].iloc[0]}
    shown = Show.columns(data, "reference")
    for title, row in both.items():
        chosen = data.sel(candidate=row["candidate"], read_delay=row["read_delay"])
        shown[title] = (chosen["simulated_value"].values, "")
        shown[f"{title} meets it"] = (chosen["reference_met"].values, YES)
    anywhere = data["reference_met"].any("read_delay").sum("candidate")
    shown["candidates that meet it"] = (anywhere.values, ".0f")
    return of_columns(f"{name}: reference data", shown)


def _ranges(data: xarray.Dataset, name: str) -> Table:
    """Return the table of the parameters: what the good candidates have in common.

    A candidate is good if its misfit is at most `SLACK` above the least one. With fewer than
    `FEWEST` good candidates, it is not known whether a parameter is determined.
    """
    rows = ordered(data)
    good = rows[rows["misfit"] <= rows["misfit"].min() + SLACK]
    enough = good["candidate"].nunique() >= FEWEST
    delays = data["read_delay"].values
    ranges = Calibration.model_validate(json.loads(data.attrs["parameters"])["settings"]).parameters
    limits = [*(limits for _, limits in ranges), (delays[0], delays[-1])]
    table = []
    for parameter, (low, high) in zip(PARAMETERS, limits, strict=True):
        title, unit, form = Show.titles()[parameter]
        values = good[parameter]
        share = np.ptp(values) / (high - low) if high > low else 0.0
        numbers = {
            "searched from": low,
            "to": high,
            "configured": rows.loc[rows["configured"], parameter].item(),
            "best": values.iloc[0],
            "good from": values.min(),
            "good to": values.max(),
        }
        row: dict[str, Any] = {key: f"{value / unit:{form}}" for key, value in numbers.items()}
        decided = YES[share <= UNDETERMINED] if enough else "not known"
        row |= {"share of the range": share, "determined": decided}
        table.append({"parameter": title, **row})
    title = f"{name}: parameters of the {len(good)} best, up to {SLACK:g} above the least misfit"
    return Table(title, pandas.DataFrame(table), {"share of the range": ".2f"})


class Show(Presentation):
    """Tables and figure of a calibration."""

    def tables(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the tables of a calibration; the first one is also written as CSV."""
        return [_candidates(data, name), _references(data, name), _ranges(data, name)]

    def draw(self, data: xarray.Dataset, figures: Figures) -> "style.Figure":
        """Draw the misfit against each parameter, and against the time of the reading."""
        rows = ordered(data)
        own = rows[rows["configured"]]
        figure, grid = style.panels(figures, 2, 3, 0.62, sharey=True)
        *places, last = grid.flat
        for axes, parameter in zip(places, PARAMETERS, strict=True):
            title, unit, _ = self.titles()[parameter]
            # a parameter at its best time of reading
            shown = rows.groupby(["candidate_round", "candidate", parameter])["misfit"].min()
            for number, values in shown.reset_index().groupby("candidate_round"):
                look: dict[str, Any] = {"marker": style.MARKERS[number - 1], "linestyle": "none"}
                look["color"] = style.COLOURS[0 if number == 1 else 2]
                look["label"] = f"round {number}"
                axes.plot(values[parameter] / unit, values["misfit"], **look)
            look = {"marker": "*", "markersize": 9, "linestyle": "none", "color": style.COLOURS[1]}
            axes.plot(own[parameter] / unit, own["misfit"], label="configured", **look)
            axes.set_xlabel(title)
        for axes in grid[:, 0]:
            axes.set_ylabel("misfit")
        last.set_axis_off()
        last.legend(*grid[0, 0].get_legend_handles_labels(), loc="center")
        return figure
