"""Whether a slow wall comes to rest or creeps on, judged from the end of its trace.

A wall that settles in a minimum slows down exponentially. A wall that the stray field drives along
the track does not: its velocity may stay at 0.3 to 0.5 m/s, which is below most criteria of rest.
The remaining path follows from the last two displacements d1 and d2 in equal times. If these fall
in a geometric sequence, it is d2 (d2/d1)/(1 - d2/d1).
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

LARGEST_REST = 1e-9
"""Largest remaining path in m of a wall at rest."""

SHORTEST = 1e-9
"""Least duration in s of a trace that shows whether a wall slows down."""

NOISE = 2e-11
"""Displacement in m below which a wall does not move: positions have rounding errors."""


def remaining_path(time: NDArray[np.floating], end: NDArray[np.floating], duration: float) -> float:
    """Return the remaining path in m of a wall end that slows down exponentially.

    Parameters
    ----------
    time : ndarray (time,)
        Times in s, ascending.
    end : ndarray (time,)
        Positions of the end in m.
    duration : float
        Duration in s of the last part of the trace, whose two halves are compared.

    Returns
    -------
    float
        Zero for an end that does not move; infinite for one that does not slow down.
    """
    last = float(time[-1])
    at = np.interp([last - duration, last - duration / 2, last], time, end)
    first, second = np.abs(np.diff(at)).tolist()
    if second <= NOISE:
        return 0.0
    if second >= first:
        return math.inf
    return second * second / (first - second)


def comes_to_rest(
    time: NDArray[np.floating], ends: Iterable[NDArray[np.floating]], duration: float
) -> bool:
    """Return whether the `remaining_path` of each wall end is at most `LARGEST_REST`.

    A trace of less than `SHORTEST` does not show this: its wall counts as at rest.
    """
    if duration < SHORTEST * (1 - 1e-9):
        return True
    return all(remaining_path(time, end, duration) <= LARGEST_REST for end in ends)
