"""Minimisation of a film's energy in double precision, with Barzilai-Borwein steps.

Each step rotates every m in the plane of m and its torque field m × (m × H), which preserves its
length exactly (Exl et al., J. Appl. Phys. 115, 17D118 (2014)).
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wallnet.film.core import EngineError
from wallnet.film.energy import Energy


def minimize(
    energy: Energy,
    m: NDArray[np.floating],
    stop: float = 1e-4,
    limit: int = 100_000,
    report: Callable[[int, float], None] = lambda steps, torque: None,
    held: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.float64], int, float]:
    """Minimise the energy of a film.

    Parameters
    ----------
    energy : Energy
        Energy to minimise.
    m : ndarray (rows, columns, 3)
        Initial unit vectors.
    stop : float
        Largest ``|m × H × m|`` at the minimum, in A/m.
    limit : int
        Largest number of steps.
    report : callable
        Called before each step with the number of finished steps and the largest ``|m × H × m|``.
    held : bool array (rows, columns), optional
        Mask of frozen spins, whose torque does not count.

    Returns
    -------
    tuple of (ndarray, int, float)
        Unit vectors, number of steps, largest ``|m × H × m|`` in A/m.

    Raises
    ------
    EngineError
        If the minimum is not reached.
    """
    mask = energy.layer.mask[..., None]
    now = np.where(mask, m, 0.0).astype(np.float64)
    free = mask if held is None else mask & ~held[..., None]

    def torque(m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Return m × H, m × (m × H) and the largest length of the latter."""
        t = np.cross(m, energy.field(m)) * free
        g = np.cross(m, t)
        return t, g, float(np.sqrt((g**2).sum(axis=-1).max()))

    t, g, largest = torque(now)
    # the largest torque bounds the first step; later steps depend on the last two states
    step = 0.01 / max(largest, 1e-300)
    for iteration in range(limit):
        if largest <= stop:
            return now, iteration, largest
        if not math.isfinite(largest):
            raise EngineError(
                f"no minimum: max |m × H × m| is not finite after {iteration} steps; give finite "
                "unit vectors to start from"
            )
        report(iteration, largest)
        # (1 + s²t²) m' = (1 - s²t²) m - 2 s g with s = step/2, so that |m'| = |m|
        squared = (step / 2) ** 2 * (t**2).sum(axis=-1, keepdims=True)
        moved = ((1 - squared) * now - step * g) / (1 + squared)
        length = np.linalg.norm(moved, axis=-1, keepdims=True)
        moved = np.divide(moved, length, out=np.zeros_like(moved), where=mask)
        t, new, largest = torque(moved)
        change, bend = moved - now, new - g
        along = abs(float((change * bend).sum()))
        # alternate between the two Barzilai-Borwein steps
        if iteration % 2:
            step = along / max(float((bend**2).sum()), 1e-300)
        else:
            step = float((change**2).sum()) / max(along, 1e-300)
        now, g = moved, new
        # limit the rotation of a moment per step to about one radian
        step = min(step, 1.0 / max(largest, 1e-300))
    raise EngineError(
        f"no minimum after {limit} steps: max |m × H × m| is {largest:.3g} A/m, above {stop:.3g}; "
        "raise total_iteration_limit or stopping_mxHxm"
    )
