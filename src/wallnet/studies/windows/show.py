"""Tables and map of an operating window, made from its file only."""

from typing import TYPE_CHECKING

import numpy as np

from wallnet.config import Figures
from wallnet.report import style
from wallnet.report.tables import Table
from wallnet.studies.windows.ask import LEAVES, MOVES, OUTCOMES, SKIPS, START, STICKS, WORKS

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

LOOKS = {
    WORKS: ("#009E73", ""),
    STICKS: ("#56B4E9", "<"),
    SKIPS: ("#E69F00", ">"),
    LEAVES: ("#D55E00", "×"),
    MOVES: ("#CCCCCC", "~"),
    START: ("#FFFFFF", "0"),
}
"""Colour and sign of each outcome in the map."""


def tables(data: "xarray.Dataset", name: str) -> list[Table]:
    """Return the tables of an operating window; the first one is also written as CSV."""
    return [_outcomes(data, name), _stretches(data, name)]


def _outcomes(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of all points."""
    import pandas

    rows = []
    for place in np.ndindex(data["window_outcome"].shape):
        point = data.isel(dict(zip(data["window_outcome"].dims, place, strict=True)))
        rows.append(
            {
                "variant": point["variant"].item(),
                "duration (ns)": point["duration"].item() / 1e-9,
                "J (1e12 A/m²)": point["current_density"].item() / 1e12,
                "outcome": point["window_outcome"].item(),
                "step that failed": point["window_step"].item() or None,
                "last state": point["window_state"].item(),
            }
        )
    formats = {"duration (ns)": ".3f", "J (1e12 A/m²)": ".4f", "step that failed": ".0f"}
    return Table(f"{name}: outcome of each pulse train", pandas.DataFrame(rows), formats)


def _stretches(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of the widest stretch of each variant and duration.

    Its half width is at least that between the densities that work, and less than that between
    the neighbours that fail, each relative to the middle.
    """
    import pandas

    rows = []
    for variant in data["variant"].values:
        for duration in data["duration"].values:
            chosen = data.sel(variant=variant, duration=duration)
            first, last, below, above = (
                chosen[f"window_{edge}"].item() for edge in ("first", "last", "below", "above")
            )
            works = chosen["window_outcome"].values == WORKS
            rows.append(
                {
                    "variant": variant,
                    "duration (ns)": duration / 1e-9,
                    "points that work": f"{works.sum()} of {works.size}",
                    "works from (1e12 A/m²)": first / 1e12,
                    "works to (1e12 A/m²)": last / 1e12,
                    "half width, at least (%)": 100 * (last - first) / (last + first),
                    "half width, below (%)": 100 * (above - below) / (above + below),
                }
            )
    formats = {
        "duration (ns)": ".3f",
        "works from (1e12 A/m²)": ".4f",
        "works to (1e12 A/m²)": ".4f",
        "half width, at least (%)": ".1f",
        "half width, below (%)": ".1f",
    }
    return Table(f"{name}: widest stretch that works", pandas.DataFrame(rows), formats)


def draw(data: "xarray.Dataset", figures: Figures) -> "Figure":
    """Draw the outcome over current density and duration, one panel a variant."""
    from matplotlib import pyplot
    from matplotlib.patches import Patch, Rectangle

    variants = data["variant"].values
    durations, densities = data["duration"].values, data["current_density"].values
    height = 0.16 + len(variants) * (0.1 + 0.06 * len(durations))
    figure, panels = pyplot.subplots(
        len(variants), 1, figsize=style.size(figures, height), sharex=True, squeeze=False
    )
    for axes, variant in zip(panels[:, 0], variants, strict=True):
        outcomes = data["window_outcome"].sel(variant=variant).values
        steps = data["window_step"].sel(variant=variant).values
        for row, column in np.ndindex(outcomes.shape):
            colour, sign = LOOKS[str(outcomes[row, column])]
            axes.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=colour, edgecolor="white")
            )
            if sign:
                axes.text(
                    column, row, f"{sign} {steps[row, column]}", ha="center", va="center", size=6
                )
        axes.set_xlim(-0.5, len(densities) - 0.5)
        axes.set_ylim(-0.5, len(durations) - 0.5)
        axes.set_xticks(range(len(densities)), [f"{each / 1e12:g}" for each in densities])
        axes.set_yticks(range(len(durations)), [f"{each / 1e-9:g}" for each in durations])
        axes.tick_params(length=0)
        axes.set_ylabel("duration (ns)")
        axes.set_title(style.plain(str(variant)), loc="left")
    panels[-1, 0].set_xlabel(r"$\mathit{J}$ ($10^{12}$ A/m²)")
    present = set(data["window_outcome"].values.flat)
    figure.legend(
        handles=[
            Patch(facecolor=LOOKS[each][0], edgecolor="0.5", label=f"{each} {LOOKS[each][1]}")
            for each in OUTCOMES
            if each in present
        ],
        loc="outside lower center",
        ncols=len(OUTCOMES),
    )
    return figure
