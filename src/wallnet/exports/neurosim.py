"""Memory states for DNN+NeuroSim 1.5: the 2^n levels that are most evenly spaced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wallnet.exports import Device
from wallnet.exports.statistics import readme


def most_even(levels: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the indices of ascending levels with the least squared distance to even spacing."""
    from scipy.optimize import linear_sum_assignment

    even = np.linspace(levels[0], levels[-1], count)
    cost = ((even[:, np.newaxis] - levels) / np.ptp(levels)) ** 2
    return np.sort(linear_sum_assignment(cost)[1])


def write(device: Device, folder: Path) -> None:
    """Write mem_states.csv, output_noise.csv, and README.txt."""
    imperfections, levels = device.imperfections, device.levels
    own, (gain, ratio) = device.conductances[levels], device.spreads
    bits = len(levels).bit_length() - 1
    chosen = most_even(own, 2**bits)
    means, states = own[chosen], levels[chosen]
    share = (means - own[0]) / np.ptp(own)
    squares = gain**2 + sum(
        imperfections.data[f"{name}_spread"].values[states] ** 2 for name in ("level", "cycle")
    )
    deviations = np.sqrt(means**2 * squares + (ratio * own[-1] * share) ** 2)
    noise = imperfections.data["read_noise"].values[states]
    # a row with an input of 1, in units of the output; of several rows it is not known which levels
    unit = np.ptp(means) / (len(means) - 1)
    read = (means - means[0]) / unit, np.hypot(deviations, noise * means) / unit
    for file, name, pair in (
        ("mem_states", "states", (means, deviations)),
        ("output_noise", "output", read),
    ):
        columns = np.column_stack([np.arange(len(means)), *pair])
        about = {"fmt": "%d,%.9e,%.9e", "header": f"{name},mean,std", "comments": ""}
        np.savetxt(folder / f"{file}.csv", columns, encoding="utf-8", **about)
    names = np.array(imperfections.states)
    left = ", ".join(names[np.setdiff1d(levels, states)]) or "none"
    numbers = {"count": 2**bits, "levels": len(levels), "bits": bits, "noise": noise.mean()}
    readme(device, "neurosim", folder, chosen=", ".join(names[states]), left=left, **numbers)
