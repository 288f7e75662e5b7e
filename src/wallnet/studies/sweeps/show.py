"""Tables and figure of the sweeps of samples, made from their file only."""

import numpy as np
import xarray

from wallnet.config import Figures
from wallnet.files import READINGS
from wallnet.files.schema import SAMPLE
from wallnet.report import style
from wallnet.report.tables import Table, of_columns
from wallnet.studies.showing import columns, rows_of


def tables(data: xarray.Dataset, name: str) -> list[Table]:
    """Return the tables of the perfect device: its pulses, and its notches."""
    pulses = rows_of(data.drop_vars("reading"), "current_density")
    shown = columns("sweeps", pulses, "current_density", "final_wall_position", "state", "settled")
    return [of_columns(f"{name}: pulses on the perfect device", shown)]


def finding(data: xarray.Dataset, name: str) -> str:
    """Return on how many samples pulses of the sweep reach the notches."""
    if SAMPLE not in data.dims or not data["notch"].size:
        return ""
    reached = np.isfinite(data["notch_current_density"].values[1:]).mean(axis=0)
    low, high = (f"{100 * share:.0f}" for share in (reached.min(), reached.max()))
    share = low if low == high else f"{low} to {high}"
    return f"the sweep reaches a notch on {share} % of {data.sizes[SAMPLE] - 1} samples"


def draw(data: xarray.Dataset, figures: Figures) -> "style.Figure":
    """Draw current density and conductance of each notch, of the perfect device and of samples."""
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


OF_SAMPLES = True
"""`finding` and `draw` take all samples."""
