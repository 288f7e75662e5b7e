"""What exports take from the imperfections of a device: numbers of cells, steps of pulses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pprint import pformat
from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.exports import Device
from wallnet.files.imperfections import Imperfections

Floats = NDArray[np.float64]

ATTEMPTS = (1, 2, 4, 8)
"""Numbers of pulses, each after a reading, for which exports state where a device lands."""


def readout_of(device: Device) -> str:
    """Return how a device is read: as asked for, or the first way of its file."""
    return device.readout or str(device.imperfections.data["readout"].values[0])


def levels_of(imperfections: Imperfections, readout: str) -> NDArray[np.int64]:
    """Return the indices of the levels in `states`, ascending in conductance."""
    conductances = imperfections.conductances(readout)
    levels = np.flatnonzero(imperfections.data["is_level"].values == 1)
    return levels[np.argsort(conductances[levels], kind="stable")]


def landing(imperfections: Imperfections, readout: str, attempts: int) -> Floats:
    """Return the probability of each state after writing a level, shape (levels, states).

    The device begins in the first state of the file, as in
    `wallnet.networks.imperfections.Programming`.

    Raises
    ------
    wallnet.files.FileError
        If no pulse that writes was counted from this state.
    """
    from wallnet.networks.imperfections import written

    start = imperfections.starts[0]
    if not np.isfinite(imperfections.landing()[:, :, start]).any():
        raise imperfections.fault(
            f"counts no pulse from {imperfections.states[start]}; add landing_count"
        )
    levels = levels_of(imperfections, readout)
    return written(imperfections, readout, levels, attempts).mean(axis=0)


def numbers(device: Device) -> dict[str, Any]:
    """Return the numbers of a device as plain data for `wallnet.exports.cells.Cells`."""
    imperfections, readout = device.imperfections, readout_of(device)
    data, conductances = imperfections.data, imperfections.conductances(readout)
    levels, barriers = levels_of(imperfections, readout), imperfections.barriers
    return {
        "device": device.name,
        "readout": readout,
        "sources": imperfections.sources,
        "device_state": imperfections.states,
        "level": levels.tolist(),
        "state_conductance": plain(conductances),
        **{name: float(data[name]) for name in ("gain_spread", "ratio_spread")},
        **{name: plain(data[name].values) for name in ("level_spread", "cycle_spread")},
        "read_noise": plain(data["read_noise"].values[levels]),
        "landing": {number: plain(landing(imperfections, readout, number)) for number in ATTEMPTS},
        "barrier_temperature": plain(data["barrier_temperature"].values),
        "escape_barrier": plain(barriers) if np.isfinite(barriers).any() else [],
        "attempt_frequency": plain(data["attempt_frequency"].values),
    }


def plain(values: NDArray[Any]) -> Any:
    """Return an array as nested lists, with None for NaN."""
    whole = values.astype(object)
    whole[np.isnan(values)] = None
    return whole.tolist()


def literal(name: str, value: Any) -> str:
    """Return a line of Python that sets a name to plain data."""
    return f"{name} = {pformat(value, width=100, compact=True, sort_dicts=False)}\n"


@dataclass(frozen=True)
class Steps:
    """Changes of the conductance by one pulse, which was counted from several states.

    Attributes
    ----------
    pulse : int
        Number of the pulse in the file.
    conductances : numpy.ndarray
        Conductances before in S, ascending, shape (starts,).
    changes, shares : sequence of numpy.ndarray
        Changes in S, ascending, and their probabilities, of each conductance before.
    """

    pulse: int
    conductances: Floats
    changes: Sequence[Floats]
    shares: Sequence[Floats]

    @property
    def means(self) -> Floats:
        """Mean change from each conductance, in S."""
        pairs = zip(self.changes, self.shares, strict=True)
        return np.array([changes @ shares for changes, shares in pairs])

    @property
    def variances(self) -> Floats:
        """Variance of the change from each conductance, in S²."""
        pairs = zip(self.changes, self.shares, strict=True)
        return np.array([changes**2 @ shares for changes, shares in pairs]) - self.means**2


def steps(imperfections: Imperfections, readout: str) -> tuple[Steps, Steps]:
    """Return the steps of a pulse that raises the conductance, and of one that lowers it.

    Of several, each is the pulse that was counted from most states, then most often. States of the
    same conductance are one here: their history is lost.

    Raises
    ------
    wallnet.files.FileError
        If there is none that was counted from two conductances.
    """
    rising, falling = (_steps(imperfections, readout, sign) for sign in (1, -1))
    if rising is None or falling is None:
        raise imperfections.fault(
            "lacks a pulse that raises the conductance and one that lowers it, each counted from "
            "two levels or more; add landing_count"
        )
    return rising, falling


def _steps(imperfections: Imperfections, readout: str, sign: int) -> Steps | None:
    """Return the steps of the best pulse of a sign, None if there is none."""
    conductances = imperfections.conductances(readout)
    counts = imperfections.data["landing_count"].values.astype(float)
    best, largest = None, (0, 0.0)
    for pulse in np.flatnonzero(imperfections.data["half_select"].values == 0):
        own = counts[:, :, pulse].sum(axis=0)
        before = np.where(own.any(axis=1), conductances[imperfections.starts], np.nan)
        axis = np.unique(before[np.isfinite(before)])
        changes, shares = [], []
        for value in axis:
            totals = own[before == value].sum(axis=0)
            reached = np.flatnonzero(totals)
            order = reached[np.argsort(conductances[reached], kind="stable")]
            changes.append(conductances[order] - value)
            shares.append(totals[order] / totals.sum())
        number = int(imperfections.data["write_pulse"].values[pulse])
        steps_of_pulse = Steps(number, axis, changes, shares)
        size = len(axis), float(own.sum())
        if len(axis) > 1 and sign * steps_of_pulse.means.mean() > 0 and size > largest:
            best, largest = steps_of_pulse, size
    return best


def readme(device: Device, tool: str, holds: str, use: str, lacks: str, folder: Path) -> None:
    """Write what an export holds, how it is used, what the tool cannot hold, and its sources."""
    imperfections = device.imperfections
    sources = [f"  {name}: {text}" for name, text in imperfections.sources.items()]
    parts = [
        f"{device.name} ({readout_of(device)}) for {tool}, written by wallnet.",
        holds,
        use,
        f"What it cannot hold: {lacks}",
    ]
    lines = [part if "\n" in part else fill(part, 90) for part in parts]
    ending = sources or ["  The file of imperfections states none."]
    text = "\n\n".join(lines) + "\n\nWhere each number comes from:\n" + "\n".join(ending) + "\n"
    (folder / "README.txt").write_text(text, encoding="utf-8")
