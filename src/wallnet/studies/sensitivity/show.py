"""Table and tornado of a sensitivity, made from its file only."""

from typing import Any

import numpy as np
import xarray

from wallnet.config import Figures
from wallnet.questions.presentation import Presentation
from wallnet.report import style
from wallnet.report.tables import Format, Table, of_columns

ENDS = {2: "both ends leave", 1: "one end leaves"}
"""Words for the number of ends, the usual threshold first."""

SIGNS = {1: "≥ ", 0: "", -1: "≤ "}
"""Signs of effects, of which only one limit may be known."""


def ranked(data: xarray.Dataset) -> xarray.Dataset:
    """Return the dataset with the assumptions of the largest effects on both ends first."""
    effects = data["effect"].sel(ends=2).fillna(0.0)
    # the reference counts, since both ends of an assumption can be on one side of it
    spans = effects.max("bound").clip(min=0.0) - effects.min("bound").clip(max=0.0)
    return data.isel(assumption=np.argsort(-spans.values, kind="stable"))


def _percent(effect: float, limit: int, error: float) -> str:
    """Return an effect as text."""
    if np.isnan(effect):
        return "–"
    exact = f" ± {100 * error:.1f}" if limit == 0 else ""
    return "0" if error == 0 else f"{SIGNS[limit]}{100 * effect:+.1f}{exact}"


def _percents(data: xarray.Dataset, ends: int) -> np.ndarray:
    """Return the effects as text, (assumption, bound), of so many ends."""
    names = ("effect", "effect_limit", "effect_error")
    return np.vectorize(_percent, otypes=[str])(*(data[name].sel(ends=ends) for name in names))


class Show(Presentation):
    """Tables and figure of a sensitivity."""

    def tables(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the table of the thresholds: as configured, then with each end of each row."""
        data = ranked(data)
        labels = np.repeat(data["assumption_label"].values, data.sizes["bound"])
        columns: dict[str, tuple[Any, Format]] = {
            "assumption": (["as configured", *labels], ""),
            "value": (["–", *data["assumed_value"].values.ravel()], ""),
        }
        for ends, words in ENDS.items():
            chosen = data.sel(ends=ends)
            for title, edge in (("above", "low"), ("by", "high")):
                own, assumed = chosen[f"reference_{edge}"], chosen[f"assumed_{edge}"].values.ravel()
                columns[f"{words}, {title} (1e12 A/m²)"] = (np.append(own, assumed) / 1e12, ".4f")
            columns[f"{words}, effect (%)"] = (["–", *_percents(data, ends).ravel()], "")
        return [of_columns(f"{name}: thresholds with each assumption at both ends", columns)]

    def finding(self, data: xarray.Dataset, name: str) -> str:
        """Return on which assumption the threshold of both ends depends most."""
        data = ranked(data)
        if data["effect"].sel(ends=2).isnull().all():
            return f"no threshold ({name}) lies between the weakest and the strongest pulse"
        label, values = data["assumption_label"].values[0], data["assumed_value"].values[0]
        effects = (text.split(" ±")[0] for text in _percents(data, 2)[0])
        most = f"{label}: {' to '.join(values)}, {' to '.join(effects)} %"
        return f"the depinning threshold ({name}) depends most on {most}"

    def draw(self, data: xarray.Dataset, figures: Figures) -> "style.Figure":
        """Draw the effects as bars, the largest at the top: both thresholds, both bounds."""
        data = ranked(data)
        labels = [style.plain(str(label)) for label in data["assumption_label"].values]
        figure, (panels,) = style.panels(figures, 1, 2, 0.2 + 0.06 * len(labels), sharey=True)
        for axes, (ends, words) in zip(panels, ENDS.items(), strict=True):
            chosen = data.sel(ends=ends)
            errors = chosen["effect_error"].fillna(0.0).values
            limits = chosen["effect_limit"].values
            reference = (chosen["reference_low"] + chosen["reference_high"]).item() / 2e12
            for (row, bound), effect in np.ndenumerate(chosen["effect"].values):
                # the lower bound above the upper one
                place, width = row + 0.4 * bound - 0.2, 100 * np.nan_to_num(effect)
                error, side = 100 * errors[row, bound], -1 if width < 0 else 1
                axes.barh(place, width, 0.38, xerr=error, color=style.COLOURS[bound], ecolor="0.3")
                sign = "?" if np.isnan(effect) else SIGNS[int(limits[row, bound])].strip()
                text = style.plain(str(chosen["assumed_value"].values[row, bound]))
                axes.annotate(
                    f"{text} ({sign})" if sign else text,
                    (width + side * error, place),
                    xytext=(3 * side, 0),
                    textcoords="offset points",
                    ha="left" if side > 0 else "right",
                    va="center",
                    size="x-small",
                )
            axes.axvline(0.0, color="black", linewidth=0.8)
            axes.margins(x=0.3)
            axes.tick_params(axis="y", length=0)
            axes.set_xlabel("change of the threshold (%)")
            threshold = f"{reference:.3f} × 10¹² A/m²" if np.isfinite(reference) else "not found"
            axes.set_title(f"{words}: {threshold}", loc="left")
        panels[0].set_yticks(range(len(labels)), labels)
        panels[0].invert_yaxis()
        return figure
