"""Tables and map of the states that pulses write at a temperature, made from their file only."""

import json
from typing import Any

import numpy as np
import pandas
import xarray

from wallnet.config import Figures
from wallnet.files.schema.states import FREE
from wallnet.questions.presentation import YES, Presentation, cells, of_variant, rows_of, some
from wallnet.report import style
from wallnet.report.tables import Format, Table, of_columns
from wallnet.studies.barriers.show import frequency_text, lifetime_text
from wallnet.studies.thermal import disturb, schemes, statistics

BEYOND = "beyond the model"
UNRESOLVED = "unresolved"
"""State of a wall that is still free when its simulation ends, before it is read."""


def _reading_time(data: xarray.Dataset) -> str:
    """Return the time at which states are read, as text."""
    return f"{data['reading_time'].item() / 1e-6:g} µs"


PULSE = ("start_state", "current_density")

PROBABILITY = ("outcome_probability", "outcome_low", "outcome_high")


def _lifetimes(data: xarray.Dataset, rows: Any) -> dict[str, tuple[Any, Format]]:
    """Return the columns of the lifetimes of states, if barriers were asked for."""
    frequencies = json.loads(data.attrs["parameters"])["about"].get("attempt_frequencies")
    if not frequencies:
        return {}
    greatest = frequency_text(max(high for _, high in frequencies.values()))
    return {
        f"lifetime at {greatest} 1/s": (rows["outcome_lifetime"].values, lifetime_text),
        f"longer than {_reading_time(data)}": (rows["outcome_lasts"].values, {**YES, -1: "–"}),
    }


def _outcomes(data: xarray.Dataset, name: str) -> Table:
    """Return the table of the states that each pulse can write."""
    rows = rows_of(data, "model", "start_state", "current_density", "outcome")
    beyond = rows["heated_beyond_model"] == 1
    # beyond the model no state is left, and one row says so
    rows.loc[beyond, ["outcome", "outcome_lifetime", "outcome_lasts"]] = [BEYOND, np.nan, -1]
    rows = rows[(rows["outcome_count"] > 0) | (rows["outcome_probability"] > 0) | beyond]
    rows = rows.drop_duplicates(["model", "start_state", "current_density", "outcome"])
    # beyond the model, the name has changed already
    unresolved = rows["outcome"].eq(FREE) & rows["outcome_probability"].isna()
    rows.loc[unresolved, "outcome"] = UNRESOLVED
    counts = rows["outcome_count"].astype(str) + " of " + rows["simulated_replicas"].astype(str)
    return of_columns(
        f"{name}: outcomes {_reading_time(data)} after the pause",
        {
            **Show.columns(rows, "model", *PULSE, "cold_state", "outcome"),
            "after the pause": (counts.values, ""),
            **Show.columns(rows, "outcome_certain", *PROBABILITY),
            **_lifetimes(data, rows),
        },
    )


def _pulses(data: xarray.Dataset, name: str) -> Table:
    """Return the table of free walls and temperatures of each pulse."""
    free = data["free_position"]
    ends = {"leftmost": free.min("replica"), "rightmost": free.max("replica")}
    rows = rows_of(data.assign(ends), "model", *PULSE)
    replicas = ("simulated_replicas", "free_share")
    heat = ("mean_spin_temperature", "highest_temperature", "heated_beyond_model")
    return of_columns(
        f"{name}: pulses",
        {
            **Show.columns(rows, "model", *PULSE, *replicas),
            "from (nm)": (rows["leftmost"].values / 1e-9, ".1f"),
            "to (nm)": (rows["rightmost"].values / 1e-9, ".1f"),
            **Show.columns(rows, "unresolved_share", *heat),
        },
    )


def _written(data: xarray.Dataset, name: str) -> Table:
    """Return the table of the pulse that writes each state most probably, from any state."""
    stacked = data[[*PROBABILITY, "cold_state"]].stack(pulse=PULSE)
    best = stacked["outcome_probability"].fillna(-1).argmax("pulse")
    rows = stacked.isel(pulse=best).reset_coords(PULSE).drop_vars("pulse")
    rows = rows_of(rows, "model", "outcome")
    rows = rows[(rows["outcome_probability"] > 0) & (rows["outcome"] != FREE)]
    names = ("model", "outcome", *PULSE, *PROBABILITY, "cold_state")
    title = f"{name}: writing of each state, with its most probable pulse"
    return of_columns(title, Show.columns(rows, *names))


class Show(Presentation):
    """Tables and figure of the states that pulses write at a temperature."""

    def tables(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the table of all outcomes, that of the pulses, and that of what can be written."""
        return [_outcomes(data, name), _pulses(data, name), _written(data, name)]

    def tables_of_samples(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the tables for which all samples count, if there are any."""
        of_states = (statistics.between_samples, statistics.conductances)
        makers = (schemes.verified_writes, *of_states, disturb.weak_pulses)
        return [table for maker in makers for table in maker(data, name)]

    def finding(self, data: xarray.Dataset, name: str) -> str:
        """Return how many pulses wrote one state in all runs."""
        written = data["outcome_probability"].drop_sel(outcome=FREE, errors="ignore")
        surely = (written == 1).any("outcome")
        counts = (
            some(int(sure.sum()), sure.size, "pulses") + of_variant(str(model))
            for model, sure in zip(data["model"].values, surely.values, strict=True)
        )
        return f"with heat ({name}), {', '.join(counts)} wrote one state in all runs"

    def faults(self, data: xarray.Dataset, name: str) -> list[str]:
        """Return where walls are taken to stay longer than their lifetime."""
        written = (data["outcome_probability"] > 0).any(["start_state", "current_density"])
        short = written & (data["outcome_lasts"] == 0)
        messages = []
        for model in data["model"].values[short.any("outcome").values]:
            states = ", ".join(map(str, data["outcome"].values[short.sel(model=model).values]))
            messages.append(
                f"thermal {name}, {model}: the wall is taken to stay at {states} until it is read, "
                f"{_reading_time(data)} after the pause, which is longer than its lifetime there; "
                "shorten reading_time"
            )
        return messages

    def probabilities(self, data: xarray.Dataset) -> pandas.DataFrame:
        """Return the probability of each state with its interval, over J and the model.

        Pulses start from the first state.
        """
        rows = rows_of(data.isel(start_state=0), "model", "current_density", "outcome")
        names = dict(zip(PROBABILITY, ("P", "low", "high"), strict=True))
        rows = rows.rename(columns={"outcome": "state", **names})
        return rows.assign(J=rows["current_density"] / 1e12)

    def compared(self, data: xarray.Dataset) -> list[dict[str, str]]:
        """Return the rows of the verified writes."""
        return schemes.compared(data)

    def draw(self, data: xarray.Dataset, figures: Figures) -> "style.Figure":
        """Draw probabilities over current density, one panel a model.

        Rows are the states after the pulse if all pulses start from one state. Otherwise they are
        the states before it, and a cell has the most probable state after it.
        """
        from matplotlib import colormaps
        from matplotlib.patches import Rectangle

        starts = list(map(str, data["start_state"].values))
        models, states = data["model"].values, list(map(str, data["outcome"].values))
        labels = starts if starts[1:] else states
        density = [f"{density / 1e12:g}" for density in data["current_density"].values]
        height = 0.12 + len(models) * (0.06 + 0.036 * len(labels))
        figure, panels = style.panels(figures, len(models), 1, height, sharex=True)
        for axes, model in zip(panels[:, 0], models, strict=True):
            chosen = data.sel(model=model).transpose("start_state", "outcome", ...)
            probability, low, high = (chosen[name].values for name in PROBABILITY)
            seen = (np.nan_to_num(probability) > 0) | (chosen["outcome_count"].values > 0)
            texts = np.vectorize("{:.2f}\n{:.2f}–{:.2f}".format)(probability, low, high)
            texts = np.where(seen, np.char.replace(texts, "nan", "–"), "")  # of unresolved walls
            cold, low = chosen["cold_state"].values, np.nan_to_num(low)
            beyond = chosen["heated_beyond_model"].values == 1
            if starts[1:]:
                best = np.nan_to_num(probability, nan=-1.0).argmax(axis=1)[:, np.newaxis]
                texts, low = (np.take_along_axis(v, best, 1)[:, 0] for v in (texts, low))
                likely = np.array(states)[best[:, 0]]
                lines = np.char.add(np.char.add(likely, "\n"), texts)
                texts = np.where(beyond | (texts == ""), "", lines)
                framed = np.argwhere((likely == cold) & ~beyond).tolist()
            else:
                texts, low = texts[0], low[0]
                rows = map(states.index, map(str, cold[0]))
                framed = [[row, column] for column, row in enumerate(rows)]
            # so few replicas are pale; dark colours would hide the numbers
            cells(axes, colormaps["Blues"](0.7 * low), texts, density, labels)
            for row, column in framed:
                place = (column - 0.5, row - 0.5)
                axes.add_patch(Rectangle(place, 1, 1, fill=False, ec="#D55E00", lw=1.5, zorder=3))
            for row, column in np.argwhere(beyond):
                place, tall = (column - 0.5, row - 0.5), 1 if starts[1:] else len(states)
                axes.add_patch(Rectangle(place, 1, tall, fill=False, hatch="////", ec="0.6"))
            axes.set_title(style.plain(str(model)), loc="left")
            when = "before the pulse" if starts[1:] else f"after {_reading_time(data)}"
            axes.set_ylabel(f"state {when}")
        panels[-1, 0].set_xlabel(style.J_LABEL)
        return figure
