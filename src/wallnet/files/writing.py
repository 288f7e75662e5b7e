"""What it costs to write levels into synapses: pulses and energy, from the file of a device."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wallnet.files.compact import SAME

if TYPE_CHECKING:
    import pandas
    import xarray

Levels = NDArray[np.int64]

Spent = NDArray[np.float64]
"""Pulses, energy in J and pulses outside the constant-parameter model that take a synapse from a
row to a column, shape (3, 1 + levels, levels); NaN where it cannot be written. The first row is the
state before any pulse, the others are the levels."""


def cost(spent: Spent, start: Levels | None, end: Levels) -> dict[str, float]:
    """Return the pulses and the energy of writing synapses.

    `start` has the level of each synapse before, None for synapses that were never written, and
    `end` that after.
    """
    # a synapse before any pulse counts as one at the lowest level
    row, before = (np.zeros_like(end),) * 2 if start is None else (start + 1, start)
    pulses, energy, outside = spent[:, row, end]
    totals = {
        "synapses": end.size,
        "changed": int((end != before).sum()),
        "lowered": int((end < before).sum()),
        "not_written": int(np.isnan(pulses).sum()),
        "pulses": int(np.nansum(pulses)),
        "pulses_outside": int(np.nansum(outside)),
        "energy": float(np.nansum(energy)),
    }
    return totals | {f"{name}_a_synapse": totals[name] / end.size for name in ("pulses", "energy")}


def by_levels(table: "pandas.DataFrame", usable: NDArray[np.float64]) -> Spent | None:
    """Return the cost of each level of a measured synapse, equal from all others.

    The table is one of `wallnet.files.measurements.read_levels` with a column `energy` in J, and
    may have `pulses`, which are 1 otherwise. `usable` are the conductances in S that networks use,
    ascending; None is returned if they are no levels of the table.
    """
    distance = np.abs(table["conductance"].to_numpy() - usable[:, np.newaxis])
    if (distance.min(axis=1) > SAME * np.ptp(usable)).any():
        return None
    rows = table.iloc[distance.argmin(axis=1)]
    spent = np.zeros((3, 1 + len(usable), len(usable)))
    spent[0] = rows.get("pulses", 1.0)
    spent[1] = rows["energy"]
    spent[:, 1:][:, np.eye(len(usable), dtype=bool)] = 0.0
    return spent


def by_single_pulses(
    data: "xarray.Dataset", usable: NDArray[np.float64], reading: str
) -> Spent | None:
    """Return the cost of each level from the initial state, by the smallest pulse of the sweep.

    No pulse of the sweep starts from a level: a synapse that was written stays as it is. `usable`
    are the conductances in S that networks use in a reading, ascending; None is returned if they
    are no levels of the device.
    """
    levels = data["level_conductance"].sel(reading=reading).values
    distance = np.abs(np.where(np.isfinite(levels), levels, np.inf) - usable[:, np.newaxis])
    level = distance.argmin(axis=1)
    if (distance.min(axis=1) > SAME * np.ptp(usable)).any():
        return None
    density = data["reaching_current_density"].values[level]
    heat = data[["write_energy", "outside_model"]].reindex(current_density=density, fill_value=0)
    pulses = np.where(np.isfinite(density), (density != 0).astype(float), np.nan)
    values = [pulses, *(pulses * heat[name].values for name in heat)]
    spent = np.full((len(values), 1 + len(usable), len(usable)), np.nan)
    spent[:, 0] = values
    spent[:, 1:][:, np.eye(len(usable), dtype=bool)] = 0.0
    if density[0] == 0:  # the lowest level is the initial state
        spent[:, 1] = values
    return spent
