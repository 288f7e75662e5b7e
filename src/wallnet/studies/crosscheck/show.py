"""Tables and figure of a cross-check, made from its file only."""

import numpy as np
import xarray

from wallnet.config import Figures
from wallnet.config.declarations import PACKAGED
from wallnet.questions.presentation import Presentation
from wallnet.report import style
from wallnet.report.tables import Table, of_columns

_SETTLED = {1: ", settled", 0: "", -1: ""}


def _names(data: xarray.Dataset) -> list[str]:
    """Return the names of both calculators, the reference last."""
    names = map(str, data["calculator"].values)
    return [PACKAGED[name].title if name in PACKAGED else name for name in names]


def _known(values: np.ndarray) -> np.ndarray:
    """Return the entries of a trace, which NaN follow."""
    return values[np.isfinite(values)]


class Show(Presentation):
    """Tables and figure of a cross-check."""

    def tables(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the table of the deviations."""
        shown = self.columns(data)
        for index, calculator in enumerate(_names(data)):
            one = data.isel(calculator=index)
            ends = zip(one["final_state"].values, one["final_settled"].values, strict=True)
            states = [f"{state}{_SETTLED[int(settled)]}" for state, settled in ends]
            shown[f"final state, {calculator}"] = (states, "")
        first, reference = data["wall_time"].transpose("calculator", "case").values
        ours, theirs = _names(data)
        shown |= {f"{ours} (s)": (first, ".1f"), f"{theirs} (s)": (reference, ".0f")}
        shown["ratio"] = (reference / first, ".0f")
        return [of_columns(f"{name}: deviations between the calculators", shown)]

    def draw(self, data: xarray.Dataset, figures: Figures) -> "style.Figure":
        """Draw both wall ends in both calculators and the deviation of <m> against time."""
        names = _names(data)
        shape = {"sharex": "col", "height_ratios": (2, 1)}
        figure, axes = style.panels(figures, 2, data.sizes["case"], 0.55, **shape)
        for index, case in enumerate(data["case"].values):
            upper, lower = axes[:, index]
            of_case = data.sel(case=case)
            time = of_case["trace_time"].values * 1e9
            pulse = np.nan_to_num(of_case["trace_current_density"].values) != 0
            for panel in (upper, lower):
                panel.axvspan(0, time[pulse].max(initial=0.0), color=style.SHADE, linewidth=0)
            for end, colour, label, marker in (
                ("wall_top", style.COLOURS[0], "upper end", "o"),
                ("wall_bottom", style.COLOURS[1], "lower end", "s"),
            ):
                first, reference = map(_known, of_case[f"trace_{end}"].values * 1e9)
                line = {"color": colour, "linestyle": "-", "label": f"{label}, {names[0]}"}
                upper.plot(time[: first.size], first, **line)
                step = max(1, reference.size // 25)
                points = {"linestyle": "none", "marker": marker, "markerfacecolor": "none"}
                points |= {"color": colour, "label": f"{label}, {names[1]}"}
                upper.plot(time[: reference.size : step], reference[::step], **points)
            deviation = _known(of_case["trace_m_deviation"].values)
            lower.semilogy(time[1 : deviation.size], np.maximum(deviation[1:], 1e-8), color="black")
            upper.set_title(case, loc="center")
            lower.set_xlabel("time (ns)")
        axes[0, 0].set_ylabel("wall ends (nm)")
        axes[1, 0].set_ylabel("deviation of <m>")
        for panel in axes[1, 1:]:
            panel.sharey(axes[1, 0])
        style.legend_below(figure, axes[0, 0])
        return figure
