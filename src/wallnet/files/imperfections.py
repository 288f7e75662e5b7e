"""What is known of the imperfections of a device: spreads, landing counts, barriers.

The dataset has the kind `imperfections` (`files.schema`). Counts and barriers are stored;
probabilities, rates and lifetimes are derived here. Its attribute `sources` tells for each variable
whether it was measured, simulated or assumed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from wallnet.constants import BOLTZMANN
from wallnet.files import datasets
from wallnet.files.compact import SAME
from wallnet.files.step_tables import levels_expected
from wallnet.files.whole import FileError

if TYPE_CHECKING:
    import xarray
    from numpy.typing import NDArray

KIND = "imperfections"

BEYOND = "beyond the model"
"""State after a pulse that heats the film beyond the model; it has no conductance."""

SPREADS = ("level_spread", "cycle_spread", "read_noise")
"""Relative standard deviations, each of all levels."""


@dataclass(frozen=True, eq=False)
class Imperfections:
    """Imperfections of a device.

    Attributes
    ----------
    data : xarray.Dataset
        Dataset of kind `imperfections`.
    name : str
        What messages call it: a file, or a device.
    """

    data: xarray.Dataset
    name: str = "the imperfections"

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read the netCDF file of a device.

        Raises
        ------
        FileError
            If the file is missing or damaged, or its values contradict each other.
        """
        with levels_expected(path):
            own = cls(datasets.read_dataset(path, KIND), str(path))
        own.check()
        return own

    def check(self) -> None:
        """Refuse values that contradict each other.

        Raises
        ------
        FileError
            If a level lacks a conductance or a spread, or a state that a pulse or an escape leaves
            lacks a conductance.
        """
        levels = self.data["is_level"].values == 1
        if levels.sum() < 2:
            raise self.fault("has fewer than two levels; networks need two")
        for name in ("gain_spread", "ratio_spread", *SPREADS):
            values = self.data[name].values
            values = values[levels] if values.ndim else values
            if not np.isfinite(values).all():
                raise self.fault(f"lacks {name} of a level; give a number, 0 for none")
        left = (self.data["landing_count"].values > 0).any(axis=(0, 1, 2))
        left |= np.isfinite(self.data["escape_barrier"].values).any(axis=(0, 1, 2))
        left &= np.array(self.states) != BEYOND
        unknown = ~np.isfinite(self.data["state_conductance"].values).all(axis=0)
        for state in np.array(self.states)[(levels | left) & unknown]:
            raise self.fault(f"lacks the conductance of the state {state}; add state_conductance")

    def fault(self, text: str) -> FileError:
        """Return an error about the values."""
        return FileError(f"{self.name} {text}")

    @cached_property
    def sources(self) -> dict[str, str]:
        """Where each variable comes from: measured, simulated or assumed, and by whom."""
        return dict(json.loads(str(self.data.attrs.get("sources", "{}"))))

    @cached_property
    def states(self) -> list[str]:
        """Names of all states; other arrays have their order."""
        return [str(name) for name in self.data["device_state"].values]

    def conductances(self, readout: str) -> NDArray[np.float64]:
        """Return the conductance of each state in S, NaN where it is unknown."""
        names = [str(name) for name in self.data["readout"].values]
        if readout not in names:
            raise self.fault(f"has no readout {readout}; it has {', '.join(names)}")
        return self.data["state_conductance"].values[names.index(readout)]

    def indices_of(self, levels: Sequence[float] | NDArray, readout: str) -> NDArray[np.int64]:
        """Return the indices in `states` of the levels of a network, conductances in S.

        Raises
        ------
        FileError
            If a conductance is that of no level.
        """
        own = np.where(self.data["is_level"].values == 1, self.conductances(readout), np.nan)
        window = np.nanmax(own) - np.nanmin(own)
        values = np.asarray(levels, dtype=float)
        distance = np.abs(values[:, np.newaxis] - own)
        distance = np.where(np.isnan(distance), np.inf, distance)
        for index in np.flatnonzero(distance.min(axis=1) > 10 * SAME * window):
            raise self.fault(
                f"has other levels than the network, none of {values[index]:g} S ({readout}); "
                "give the file of the network's device"
            )
        return np.asarray(distance.argmin(axis=1), np.int64)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Index in `states` of each state before a pulse, or before an escape."""
        return np.array([self.states.index(str(s)) for s in self.data["start_state"].values], int)

    def landing(self, half_select: bool = False) -> NDArray[np.float64]:
        """Return the probability of each state after a pulse.

        Parameters
        ----------
        half_select : bool
            Whether the pulses are those of devices that are not selected, else those that write.

        Returns
        -------
        numpy.ndarray
            Shape (devices, pulses, states before, states after). It is NaN from states from which
            no pulse was counted, and where one went beyond the model.
        """
        pulses = (self.data["half_select"].values == 1) == half_select
        counts = self.data["landing_count"].values[:, :, pulses].astype(float)
        total = counts.sum(axis=-1, keepdims=True)
        counted = total > 0
        if BEYOND in self.states:
            counted = counted & (counts[..., [self.states.index(BEYOND)]] == 0)
        shares = np.divide(counts, total, out=np.full_like(counts, np.nan), where=counted)
        devices, _, number, after = shares.shape
        whole = np.full((devices, number, after, after), np.nan)
        whole[:, :, self.starts] = shares.swapaxes(1, 2)
        return whole

    @cached_property
    def barriers(self) -> NDArray[np.float64]:
        """Barriers in J, shape (devices, temperatures, states before, states after), or NaN."""
        stored, count = self.data["escape_barrier"].values, len(self.states)
        whole = np.full((*stored.shape[:2], count, count), np.nan)
        whole[:, :, self.starts] = stored
        return whole

    def rates(self, temperature: float, frequency: float) -> NDArray[np.float64]:
        """Return the rates of escape between states, by Arrhenius' law.

        Parameters
        ----------
        temperature : float
            Temperature in K, at which `escape_rates` takes the barriers of the file.
        frequency : float
            Attempt frequency in 1/s.

        Returns
        -------
        numpy.ndarray
            Rate in 1/s, shape (devices, states before, states after): f exp(-E / k_B T), and on the
            diagonal minus the sum of its row. States without barriers stay as they are.

        Raises
        ------
        FileError
            If no barrier is known.
        """
        kelvins = self.data["barrier_temperature"].values
        if not np.isfinite(self.barriers).any():
            raise self.fault("has no barriers, from which lifetimes follow; add escape_barrier")
        return escape_rates(self.barriers, kelvins, temperature, frequency)


def escape_rates(
    barriers: NDArray[np.float64],
    kelvins: NDArray[np.float64],
    temperature: float,
    frequency: float,
) -> NDArray[np.float64]:
    """Return rates of escape in 1/s at a temperature in K, by Arrhenius' law.

    Barriers in J have the shape (…, temperatures, states before, states after), their temperatures
    in K are ascending. Between two of these, barriers are interpolated linearly, and one that is
    NaN is that of the other; beyond the last, they stay. A barrier that is NaN at both is none.
    Rates have the shape (…, states before, states after), and on the diagonal minus the sum of
    their row.
    """
    place = float(np.interp(temperature, kelvins, np.arange(len(kelvins))))
    below, above = (barriers[..., int(end), :, :] for end in (np.floor(place), np.ceil(place)))
    between = below + place % 1 * (above - below)
    barriers = np.where(np.isnan(below), above, np.where(np.isnan(above), below, between))
    rates = np.nan_to_num(frequency * np.exp(-barriers / (BOLTZMANN * temperature)), nan=0.0)
    diagonal = np.arange(rates.shape[-1])
    rates[..., diagonal, diagonal] = 0.0
    rates[..., diagonal, diagonal] = -rates.sum(axis=-1)
    return rates
