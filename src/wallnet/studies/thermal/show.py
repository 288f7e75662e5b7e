"""Tables and map of the states that pulses write at a temperature, made from their file only."""

from typing import TYPE_CHECKING

import numpy as np

from wallnet.config import Figures
from wallnet.report import style
from wallnet.report.tables import Table, of_columns
from wallnet.studies.showing import YES, cells

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

BEYOND = "beyond the model"


def tables(data: "xarray.Dataset", name: str) -> list[Table]:
    """Return the table of all outcomes, that of the pulses, and that of what can be written."""
    return [_outcomes(data, name), _pulses(data, name), _written(data, name)]


def _outcomes(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of the states that each pulse can write."""
    names = [f"outcome_{each}" for each in ("count", "certain", "probability", "low", "high")]
    found = data[[*names, "simulated_replicas", "cold_state", "heated_beyond_model"]]
    rows = found.to_dataframe(["model", "current_density", "outcome"]).reset_index()
    beyond = rows["heated_beyond_model"] == 1
    rows = rows[(rows["outcome_count"] > 0) | (rows["outcome_probability"] > 0) | beyond]
    # beyond the model no state is left, and one row says so
    rows.loc[rows["heated_beyond_model"] == 1, "outcome"] = BEYOND
    rows = rows.drop_duplicates(["model", "current_density", "outcome"])
    return of_columns(
        f"{name}: outcomes",
        {
            "model": (rows["model"], ""),
            "J (1e12 A/m²)": (rows["current_density"] / 1e12, "+.4f"),
            "state at 0 K": (rows["cold_state"], ""),
            "state": (rows["outcome"], ""),
            "after the pause": (
                [
                    f"{count} of {total}"
                    for count, total in zip(
                        rows["outcome_count"], rows["simulated_replicas"], strict=True
                    )
                ],
                "",
            ),
            "known at the reading time": (rows["outcome_certain"], ".0f"),
            "probability": (rows["outcome_probability"], ".3f"),
            "at least": (rows["outcome_low"], ".3f"),
            "at most": (rows["outcome_high"], ".3f"),
        },
    )


def _pulses(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of free walls and temperatures of each pulse."""
    positions = data["free_position"]
    found = data.assign(
        leftmost=positions.fillna(np.inf).min("replica"),
        rightmost=positions.fillna(-np.inf).max("replica"),
    )
    names = ["simulated_replicas", "free_share", "unresolved_share", "leftmost", "rightmost"]
    names += ["mean_spin_temperature", "highest_temperature", "heated_beyond_model"]
    rows = found[names].to_dataframe(["model", "current_density"]).reset_index()
    return of_columns(
        f"{name}: pulses",
        {
            "model": (rows["model"], ""),
            "J (1e12 A/m²)": (rows["current_density"] / 1e12, "+.4f"),
            "replicas": (rows["simulated_replicas"], ".0f"),
            "free after the pause": (rows["free_share"], ".3f"),
            "from (nm)": (rows["leftmost"] / 1e-9, ".1f"),
            "to (nm)": (rows["rightmost"] / 1e-9, ".1f"),
            "unresolved": (rows["unresolved_share"], ".3f"),
            "spin temperature (K)": (rows["mean_spin_temperature"], ".1f"),
            "highest temperature (K)": (rows["highest_temperature"], ".1f"),
            BEYOND: (rows["heated_beyond_model"], YES),
        },
    )


def _written(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of the pulse that writes each state most probably."""
    rows = []
    for model in data["model"].values:
        for outcome in data["outcome"].values:
            chosen = data.sel(model=model, outcome=outcome)
            probability = chosen["outcome_probability"].fillna(-1)
            best = chosen.isel(current_density=int(probability.argmax("current_density")))
            if best["outcome_probability"].item() > 0 and outcome != "free":
                rows.append((model, outcome, best))
    return of_columns(
        f"{name}: writing of each state, with its most probable pulse",
        {
            "model": ([model for model, _, _ in rows], ""),
            "state": ([outcome for _, outcome, _ in rows], ""),
            "J (1e12 A/m²)": ([best["current_density"].item() / 1e12 for *_, best in rows], "+.4f"),
            **{
                title: ([best[f"outcome_{key}"].item() for *_, best in rows], ".3f")
                for title, key in {
                    "probability": "probability",
                    "at least": "low",
                    "at most": "high",
                }.items()
            },
            "state at 0 K": ([str(best["cold_state"].item()) for *_, best in rows], ""),
        },
    )


def draw(data: "xarray.Dataset", figures: Figures) -> "Figure":
    """Draw the probability of each state over current density, one panel a model."""
    from matplotlib import colormaps, pyplot
    from matplotlib.patches import Rectangle

    models, states = data["model"].values, list(map(str, data["outcome"].values))
    density = [f"{each / 1e12:g}" for each in data["current_density"].values]
    cold = [states.index(str(each)) for each in data["cold_state"].values]
    height = 0.12 + len(models) * (0.06 + 0.028 * len(states))
    figure, panels = pyplot.subplots(
        len(models), 1, figsize=style.size(figures, height), sharex=True, squeeze=False
    )
    colours = colormaps["Blues"]
    for axes, model in zip(panels[:, 0], models, strict=True):
        chosen = data.sel(model=model).transpose("outcome", ...)
        found = chosen["outcome_probability"].values
        # dark colours would hide the numbers
        shades = np.array([[colours(0.7 * each) for each in row] for row in np.nan_to_num(found)])
        places = np.empty(found.shape, dtype=object)
        for place in np.ndindex(found.shape):
            places[place] = tuple(shades[place])
        texts = np.where(found > 0, np.char.mod("%.2f", np.nan_to_num(found)), "")
        cells(axes, places, texts, density, states)
        for column, row in enumerate(cold):
            frame = Rectangle(
                (column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="#D55E00", linewidth=1.5
            )
            axes.add_patch(frame).set_zorder(3)
        for beyond in np.flatnonzero(chosen["heated_beyond_model"].values):
            place, tall = (beyond - 0.5, -0.5), len(states)
            axes.add_patch(Rectangle(place, 1, tall, fill=False, hatch="////", edgecolor="0.6"))
        axes.set_title(style.plain(str(model)), loc="left")
        axes.set_ylabel("state")
    panels[-1, 0].set_xlabel(r"$\mathit{J}$ ($10^{12}$ A/m²)")
    return figure
