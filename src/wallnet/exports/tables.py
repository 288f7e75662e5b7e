"""Tables of conductance steps for CrossSim 2 and for XBTorch 1.0, from counts of pulses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wallnet.exports import Device
from wallnet.exports.statistics import Steps, readme, steps
from wallnet.files.step_tables import StepTables

PROBABILITIES = np.linspace(0, 1, 1001)


def step_tables(rising: Steps, falling: Steps) -> StepTables:
    """Return the tables of two pulses, with the conductances before of both.

    Where one of them was not counted, changes are interpolated, and beyond those of the last one.
    """
    axis = np.union1d(rising.conductances, falling.conductances)
    return StepTables(axis, PROBABILITIES, *(_inverse(own, axis) for own in (rising, falling)))


def _inverse(own: Steps, axis: NDArray[np.float64]) -> NDArray[np.float64]:
    columns = [
        changes[np.minimum(np.searchsorted(shares.cumsum(), PROBABILITIES), len(shares) - 1)]
        for changes, shares in zip(own.changes, own.shares, strict=True)
    ]
    rows = np.array(columns).T
    return np.array([np.interp(axis, own.conductances, row) for row in rows])


def nearest_rows(own: Steps, axis: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """Return changes and their cumulative distribution, shape (conductances, changes).

    XBTorch takes the row of the nearest conductance, and of it the change whose entry is nearest to
    a random number. Each change has two columns, a little above the sum of the probabilities
    before it and a little below the sum with it: the boundaries of nearest entries are then at the
    sums, and no other change is taken.
    """
    changes = np.unique(np.concatenate(own.changes))
    edge = min(1e-6, *(shares.min() / 4 for shares in own.shares))
    rows = []
    for values, shares in zip(own.changes, own.shares, strict=True):
        whole = np.zeros(len(changes))
        whole[np.searchsorted(changes, values)] = shares
        after = whole.cumsum()
        before = np.where(whole > 0, after - whole + edge, after - edge)
        rows.append(np.stack([before, after - edge], axis=1).ravel())
    nearest = np.abs(axis[:, np.newaxis] - own.conductances).argmin(axis=1)
    return np.repeat(changes, 2), np.array(rows)[nearest]


def write(device: Device, folder: Path) -> None:
    """Write the tables of both tools, and README.txt."""
    rising, falling = steps(device)
    tables = step_tables(rising, falling)
    tables.write(folder)
    for name, own in (("set", rising), ("reset", falling)):
        changes, distribution = nearest_rows(own, tables.conductances)
        values = {"G": tables.conductances, "dG": changes, "cdf": distribution}
        for part, array in values.items():
            np.savetxt(folder / f"{name}_{part}.txt", array, fmt="%.9e")
    numbers = {"rising": rising.pulse, "falling": falling.pulse}
    readme(device, "tables", folder, steps=len(tables.conductances) - 1, **numbers)
