"""Cells of an array, as exported files of Python contain them: nothing here needs more than NumPy.

Exports write the source of `Cells`, and of the functions that it calls, into their files.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from pprint import pformat
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from wallnet.constants import BOLTZMANN
from wallnet.files.imperfections import escape_rates
from wallnet.networks.imperfections import TERMS, after, drawn, of_device

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DATA: dict[str, Any] = {}
STEPS: dict[str, Any] | None = None
"""What templates import; exported files have the numbers of a device instead."""


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
        return drawn(landing[row[states]], uniform)

    def escaped(
        self, states: Integers, time: float, temperature: float, frequency: Any, uniform: Floats
    ) -> Integers:
        """Return the states after a time in s at a temperature in K, from random numbers.

        The attempt frequency is in 1/s; without one, it is the geometric mean of its range.
        """
        kelvins = np.array(self.data["barrier_temperature"])
        barriers = np.array(self.data["escape_barrier"], float)
        low, high = self.data["attempt_frequency"]
        frequency = frequency or (low and high and (low * high) ** 0.5)
        if not barriers.size or frequency is None:
            raise ValueError("a barrier or the attempt frequency is unknown; use the time 0")
        rates = escape_rates(barriers, kelvins, temperature, frequency)
        return drawn(after(rates, time).mean(axis=0)[states], uniform)

    def varied(self, shape: tuple[int, ...], generator: Generator) -> list[Floats]:
        """Return gains and ratios of devices: factors from device to device."""
        names = "gain_spread", "ratio_spread"
        return [1 + self.data[name] * generator.standard_normal(shape) for name in names]

    def of_devices(self, states: Integers, gain: Floats, ratio: Floats) -> Floats:
        """Return the conductances in S of states of devices with a gain and a ratio."""
        return of_device(self.conductances[states], self.lowest, self.highest, gain, ratio)

    def scattered(self, states: Integers, varied: list[Floats], generator: Generator) -> Floats:
        """Return what `of_devices` does, different from level to level and writing to writing."""
        conductances = self.of_devices(states, *varied)
        for name in ("level_spread", "cycle_spread"):
            spread = np.nan_to_num(np.array(self.data[name], float))[states]
            conductances = conductances * (1 + spread * generator.standard_normal(states.shape))
        return np.maximum(conductances, 0.0)


def write_module(name: str, folder: Path, **data: Any) -> None:
    """Write a template as a Python module of its own, with plain data and the source of `Cells`.

    They take the place of the names that it imports from here.
    """
    template = Path(__file__).with_name("templates") / f"{name}.py"
    code: tuple[Any, ...] = (escape_rates, after, drawn, of_device, Cells)
    constants = {"BOLTZMANN": BOLTZMANN, "TERMS": TERMS} | data
    lines = (
        f"{key} = {pformat(value, width=100, compact=True, sort_dicts=False)}\n"
        for key, value in constants.items()
    )
    own = "\n\n".join(["import math\n", *map(inspect.getsource, code), "".join(lines)])
    text = re.sub(r"from wallnet\..*\n", lambda _: own, template.read_text("utf-8"))
    (folder / "wall_device.py").write_text(text, encoding="utf-8")
