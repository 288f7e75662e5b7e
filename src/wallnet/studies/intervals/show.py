"""Tables and figure of the intervals of a device, made from their file only."""

import numpy as np
import xarray

from wallnet.config import Figures
from wallnet.files import WallState
from wallnet.files.schema.states import WITHOUT_WALL
from wallnet.questions.presentation import Presentation, some
from wallnet.report import style
from wallnet.report.tables import Table, of_columns


def _own(data: xarray.Dataset) -> xarray.Dataset:
    """Return the dataset without intervals and pulses that only samples have."""
    there = {"interval": data["interval_state"] != "", "current_density": data["state"] != ""}
    return data.isel({name: np.flatnonzero(flags) for name, flags in there.items()})


def _seen(state: WallState, settled: int) -> str:
    """Return what was seen of the wall in words."""
    if not settled:
        return "still moves"
    if state in WITHOUT_WALL:
        return "has left the track"
    ends = ", lower end at notch {}, upper end at notch {}".format(*state.ends or ("", ""))
    return f"rests{ends if state.half else ''}"


class Show(Presentation):
    """Tables and figure of the intervals of a device."""

    def tables(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the table of the intervals of a device.

        A sweep whose step is at most the width of an interval always has a pulse in it; a wider
        step can miss it.
        """
        data = _own(data)
        low, high = (data[f"interval_{edge}"].values / 1e12 for edge in ("low", "high"))
        ends = zip(data["interval_state"].values, data["interval_settled"].values, strict=True)
        shown = {
            **self.columns(data, "interval_state"),
            "the wall": ([_seen(WallState(state), settled) for state, settled in ends], ""),
            **self.columns(data, "interval_low", "interval_high", "interval_error"),
            "width (1e12 A/m²)": (high - low, ".4f"),
            "half width (%)": (100 * (high - low) / np.abs(high + low), ".1f"),
            **self.columns(data, "interval_swept"),
        }
        return [of_columns(f"{name}: intervals of current density", shown)]

    def finding(self, data: xarray.Dataset, name: str) -> str:
        """Return how many intervals have a pulse of the sweep."""
        swept = _own(data)["interval_swept"].values > 0
        return f"the sweep has pulses in {some(int(swept.sum()), swept.size, 'intervals of J')}"

    def draw(self, data: xarray.Dataset, figures: Figures) -> "style.Figure":
        """Draw the interval of each state over the current density."""
        data = _own(data)
        states = list(dict.fromkeys(map(str, data["interval_state"].values)))
        densities = data["current_density"].values / 1e12
        low = np.nan_to_num(data["interval_low"].values / 1e12, nan=float(densities[0]))
        high = np.nan_to_num(data["interval_high"].values / 1e12, nan=float(densities[-1]))
        figure, ((axes,),) = style.panels(figures, 1, 1, 0.15 + 0.05 * len(states))
        for index, state in enumerate(map(str, data["interval_state"].values)):
            fill = style.COLOURS[5] if data["interval_settled"].values[index] else "white"
            look = {"height": 0.6, "facecolor": fill, "edgecolor": "0.3"}
            axes.barh(states.index(state), high[index] - low[index], left=low[index], **look)
        swept = data["swept"].values == 1
        rows = np.array([states.index(str(state)) for state in data["state"].values])
        axes.plot(densities[swept], rows[swept], linestyle="none", marker="o", color="black")
        axes.plot(densities[~swept], rows[~swept], linestyle="none", marker="|", color="black")
        axes.set_yticks(range(len(states)), states)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(style.J_LABEL)
        return figure
