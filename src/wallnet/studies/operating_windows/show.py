"""Tables and map of an operating window, made from its file only."""

from typing import Any

import numpy as np
import xarray

from wallnet.config import Figures
from wallnet.questions.presentation import Presentation, between, cells, of_variant, rows_of
from wallnet.report import style
from wallnet.report.tables import Format, Table, of_columns
from wallnet.studies import operating_windows as ask

LOOKS = {
    ask.WORKS: ("#009E73", ""),
    ask.STICKS: ("#56B4E9", "<"),
    ask.SKIPS: ("#E69F00", ">"),
    ask.LEAVES: ("#D55E00", "×"),
    ask.MOVES: ("#CCCCCC", "~"),
    ask.SPLITS: ("#CC79A7", "+"),
    ask.START: ("#FFFFFF", "0"),
}
"""Colour and sign of each outcome in the map."""


class Show(Presentation):
    """Tables and figure of an operating window."""

    def tables(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the tables of all points, and of the widest stretch of each variant and duration.

        The half width of a stretch is at least that between the densities that work, and less than
        that between the neighbours that fail, each relative to the middle.
        """
        points = data[[f"window_{part}" for part in ("outcome", "step", "state")]]
        points = points.to_dataframe().reset_index()
        works = (data["window_outcome"] == ask.WORKS).sum("current_density")
        rows = rows_of(data.assign(works=works), "variant", "duration")
        first, last, below, above = (rows[f"window_{edge}"] for edge in ask.EDGES)
        working = [f"{count} of {data.sizes['current_density']}" for count in rows["works"]]
        # none if all worked
        points["window_step"] = points["window_step"].where(points["window_step"] > 0)
        stretches: dict[str, tuple[Any, Format]] = {
            **self.columns(rows, "variant", "duration"),
            "points that work": (working, ""),
            **self.columns(rows, "window_first", "window_last"),
            "half width, at least (%)": (100 * (last - first) / (last + first), ".1f"),
            "half width, below (%)": (100 * (above - below) / (above + below), ".1f"),
        }
        outcomes = self.columns(points, *points)
        return [
            of_columns(f"{name}: outcome of each pulse train", outcomes),
            of_columns(f"{name}: widest stretch that works", stretches),
        ]

    def finding(self, data: xarray.Dataset, name: str) -> str:
        """Return the widest window of all variants and durations."""
        rows = rows_of(data, "variant", "duration").dropna(subset=["window_first"])
        if rows.empty:
            return f"in no window each pulse moves the wall by one notch ({name})"
        first, last = rows["window_first"], rows["window_last"]
        best = rows.loc[((last - first) / last).abs().idxmax()]
        pulses = f"{between(best[['window_first', 'window_last']])}, {best['duration'] / 1e-9:g} ns"
        where = name + of_variant(best["variant"])
        return f"each pulse of {pulses} moves the wall by one notch ({where})"

    def draw(self, data: xarray.Dataset, figures: Figures) -> "style.Figure":
        """Draw the outcome over current density and duration, one panel a variant."""
        from matplotlib.patches import Patch

        variants = data["variant"].values
        durations, densities = data["duration"].values, data["current_density"].values
        height = 0.16 + len(variants) * (0.1 + 0.06 * len(durations))
        figure, panels = style.panels(figures, len(variants), 1, height, sharex=True)
        for axes, variant in zip(panels[:, 0], variants, strict=True):
            chosen = data.sel(variant=variant)
            outcomes, steps = chosen["window_outcome"].values, chosen["window_step"].values
            colours, signs = np.vectorize(LOOKS.__getitem__, otypes=[object, object])(outcomes)
            texts = np.where(signs != "", signs + " " + steps.astype(str).astype(object), "")
            columns = [f"{density / 1e12:g}" for density in densities]
            cells(axes, colours, texts, columns, [f"{duration / 1e-9:g}" for duration in durations])
            axes.set(ylabel="duration (ns)", title=style.plain(str(variant)))
        panels[-1, 0].set_xlabel(style.J_LABEL)
        handles = [
            Patch(facecolor=colour, edgecolor="0.5", label=f"{outcome} {sign}")
            for outcome, (colour, sign) in LOOKS.items()
            if outcome in data["window_outcome"].values
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(LOOKS))
        return figure
