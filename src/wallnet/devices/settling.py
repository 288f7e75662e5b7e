"""Whether a slow wall comes to rest or creeps on, judged from the end of its trace.

A wall that settles in a minimum slows down exponentially, and one that the stray field drives along
the track does not: it may move at a constant 0.3 to 0.5 m/s, slower than most criteria of rest. The
way that is left to it follows from its last two displacements in equal times, d1 and d2: if they
fall in a geometric sequence, it is d2 (d2/d1)/(1 - d2/d1).
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

LARGEST_REST = 1e-9
"""Largest way in m that may be left to a wall at rest."""

SHORTEST = 1e-9
"""Duration in s that shows whether a wall slows down: the last motion of one takes this long."""

NOISE = 2e-11
"""Displacement in m below which a wall does not move: positions have rounding errors."""


def remaining_path(time: NDArray[np.floating], end: NDArray[np.floating], duration: float) -> float:
    """Return the way in m that is left to a wall end, if it slows down exponentially.

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
    """Return whether no wall end has more than `LARGEST_REST` left to go; see `remaining_path`.

    In less than `SHORTEST` this cannot be judged, and a wall that is slow counts as at rest.
    """
    if duration < SHORTEST * (1 - 1e-9):
        return True
    return all(remaining_path(time, end, duration) <= LARGEST_REST for end in ends)
