"""Tables and figure of the sweeps of samples, made from their file only."""

import numpy as np
import xarray

from wallnet.config import Figures
from wallnet.files import READINGS
from wallnet.files.schema import SAMPLE
from wallnet.questions.presentation import Presentation, rows_of
from wallnet.report import style
from wallnet.report.tables import Table, of_columns
from wallnet.studies.proportions import share_of


class Show(Presentation):
    """Tables and figure of the sweeps of samples."""

    of_samples = True

    def tables(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the tables of the perfect device: its pulses, and its notches."""
        pulses = rows_of(data.drop_vars("reading"), "current_density")
        shown = self.columns(pulses, "current_density", "final_wall_position", "state", "settled")
        return [of_columns(f"{name}: pulses on the perfect device", shown)]

    def finding(self, data: xarray.Dataset, name: str) -> str:
        """Return on how many samples pulses reach the notches: the least and the most."""
        if SAMPLE not in data.dims or not data["notch"].size:
            return ""
        reached = np.isfinite(data["notch_current_density"].values[1:]).sum(axis=0)
        ends = sorted({int(reached.argmin()), int(reached.argmax())})
        shares = [share_of(count, data.sizes[SAMPLE] - 1) for count in reached.tolist()]
        counts = (f"notch {data['notch'].values[k]} on {shares[k]}" for k in ends)
        return f"the sweep reaches {' and '.join(counts)} samples"

    def faults(self, data: xarray.Dataset, name: str) -> list[str]:
        """Return the notches that the weakest pulse reaches already: thresholds are limits."""
        weakest = np.abs(data["current_density"].values).min()
        reached = np.abs(data["notch_current_density"].values) == weakest
        first = data["notch"].values[reached.any(axis=tuple(range(reached.ndim - 1)))]
        return [
            f"sweeps {name}: the weakest pulse already brings the wall to notch {notch}, so that "
            "the J that reaches it is an upper limit; begin current_densities lower"
            for notch in first
        ]

    def draw(self, data: xarray.Dataset, figures: Figures) -> "style.Figure":
        """Draw current density and conductance of each notch, perfect and on samples."""
        data = data if SAMPLE in data.dims else data.expand_dims(SAMPLE)
        figure, ((left, right),) = style.panels(figures, 1, 2, 0.45)
        values = {
            left: data["notch_current_density"].values / 1e12,
            right: data["notch_conductance"].sel(reading=READINGS[0]).values / 1e-6,
        }
        notches = data["notch"].values
        for axes, of_samples in values.items():
            perfect, samples = of_samples[0], of_samples[1:]
            # beside each other where many are alike
            aside = np.linspace(-0.25, 0.25, max(len(samples), 1))[:, None]
            places = np.broadcast_to(notches + aside[: len(samples)], samples.shape)
            axes.plot(places, samples, ".", color=style.COLOURS[0], markersize=4, alpha=0.7)
            axes.hlines(perfect, notches - 0.35, notches + 0.35, color="black", linewidth=1.5)
            axes.set(xlabel="notch", xticks=notches)
        left.set_ylabel(style.J_LABEL)
        right.set_ylabel("conductance (µS)")
        return figure
