"""Cells of an array, as exported files of Python contain them: nothing here needs more than NumPy.

Exports write the source of `Cells`, and of the functions that it calls, into their files.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from wallnet.files.imperfections import BOLTZMANN, escape_rates
from wallnet.networks.imperfections import TERMS, after

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

HEADER = f"""\
from __future__ import annotations

import math

import numpy as np

BOLTZMANN = {BOLTZMANN}
TERMS = {TERMS}
"""


class Cells:
    """Cells of an array: their levels, what writing leaves, and how they change with time.

    Parameters
    ----------
    data : dict
        Numbers of the device, in SI units; None where one is unknown. States are counted as
        ``data["device_state"]`` names them.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.conductances = np.array(data["state_conductance"], float)
        self.levels = np.array(data["level"])
        self.lowest, self.highest = self.conductances[self.levels[[0, -1]]]

    def nearest(self, conductances: Floats) -> Integers:
        """Return the state of the level nearest to each conductance in S."""
        levels = self.conductances[self.levels]
        middles = (levels[1:] + levels[:-1]) / 2
        return self.levels[np.searchsorted(middles, conductances)]

    def written(self, states: Integers, attempts: int, uniform: Floats) -> Integers:
        """Return the states that pulses leave, which were to write levels, from random numbers."""
        row = np.full(len(self.conductances), -1)
        row[self.levels] = np.arange(len(self.levels))
        landing = np.array(self.data["landing"][attempts])
        return self.drawn(landing[row[states]], uniform)

    def escaped(
        self, states: Integers, time: float, temperature: float, frequency: Any, uniform: Floats
    ) -> Integers:
        """Return the states after a time in s at a temperature in K, from random numbers.

        The attempt frequency is in 1/s. The barriers are those of the nearest temperature.
        """
        kelvins = np.array(self.data["barrier_temperature"])
        barriers = np.array(self.data["escape_barrier"], float)
        if not barriers.size or frequency is None:
            raise ValueError("a barrier or the attempt frequency is unknown; use the time 0")
        barriers = barriers[:, np.abs(kelvins - temperature).argmin()]
        rates = escape_rates(barriers, temperature, frequency)
        return self.drawn(after(rates, time).mean(axis=0)[states], uniform)

    def drawn(self, probabilities: Floats, uniform: Floats) -> Integers:
        """Return an index for each row of probabilities, from random numbers of 0 to 1."""
        sums = probabilities.cumsum(axis=-1)
        return (uniform[..., np.newaxis] * sums[..., -1:] >= sums).sum(axis=-1)

    def of_devices(self, states: Integers, gain: Floats, ratio: Floats) -> Floats:
        """Return the conductances in S of states of devices with a gain and a ratio."""
        share = (self.conductances[states] - self.lowest) / (self.highest - self.lowest)
        return gain * (self.lowest + (ratio * self.highest - self.lowest) * share)

    def spread(self, name: str, shape: tuple[int, ...], generator: Generator) -> Floats:
        """Return factors from device to device, `gain_spread` or `ratio_spread`."""
        return 1 + self.data[name] * generator.standard_normal(shape)

    def scattered(self, states: Integers, conductances: Floats, generator: Generator) -> Floats:
        """Return conductances that differ from level to level and from writing to writing."""
        for name in ("level_spread", "cycle_spread"):
            spread = np.nan_to_num(np.array(self.data[name], float))[states]
            conductances = conductances * (1 + spread * generator.standard_normal(states.shape))
        return np.maximum(conductances, 0.0)


def source() -> str:
    """Return the source of `Cells` and of what it needs, a Python module of its own."""
    needed = [inspect.getsource(function) for function in (escape_rates, after)]
    return "\n\n".join([HEADER, *needed, inspect.getsource(Cells)])
