"""Operating windows: the amplitudes and durations of pulses that switch stepwise.

A step works if the wall rests after its pause at the notch next to the one before, or still at the
last notch in the direction of the current.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.devices.outcomes import Outcome
from wallnet.files import WallState
from wallnet.files.schema.states import EXPELLED, REVERSED
from wallnet.studies.opened import Opened
from wallnet.studies.windows.ask import (
    LEAVES,
    MOVES,
    SKIPS,
    START,
    STICKS,
    WORKS,
    Window,
    wanted_notch,
)


def judged(pauses: Sequence[Outcome], notches: Sequence[float]) -> tuple[str, int]:
    """Return the outcome of stepwise switching, and the first step that failed.

    Parameters
    ----------
    pauses : sequence of Outcome
        The wall at the start and after each step so far.
    notches : sequence of float
        Positions of the notches in m, ascending.

    Returns
    -------
    tuple
        A key of `OUTCOMES`, and the number of the step that failed;
        `WORKS` and 0 if all of these steps worked.
    """
    count = len(notches)
    for step, pause in enumerate(pauses):
        wanted = wanted_notch(step, count)
        if pause.state in (REVERSED, EXPELLED):
            return LEAVES, step
        if step and not pause.resting:
            return MOVES, step
        if pause.state == WallState.at(wanted, wanted):
            continue
        if step == 0:
            return START, step
        forward = 1 if step <= count else -1
        further = forward * (pause.position - notches[wanted - 1])
        return (SKIPS if further > 0 else STICKS), step
    return WORKS, 0


def widest_stretch(works: Sequence[bool]) -> tuple[int, int] | None:
    """Return the first and the last index of the longest run of true values, the first of equals.

    Examples
    --------
    >>> widest_stretch([True, False, True, True])
    (2, 3)
    """
    runs, begin = [], 0
    for value, group in itertools.groupby(works):
        length = len(list(group))
        if value:
            runs.append((begin, begin + length - 1))
        begin += length
    return max(runs, key=lambda run: run[1] - run[0], default=None)


def edges(
    works: Sequence[bool], current_density: Sequence[float]
) -> tuple[float, float, float, float]:
    """Return the edges of the widest stretch of current densities that work.

    Parameters
    ----------
    works : sequence of bool
        Whether the wall switches stepwise at each current density.
    current_density : sequence of float
        Current densities in A/m², ascending.

    Returns
    -------
    tuple of float
        The least and the greatest that works, and the next below and above, which fail; NaN where
        there is none.
    """
    stretch = widest_stretch(works)
    if stretch is None:
        return (np.nan,) * 4
    first, last = stretch
    below = current_density[first - 1] if first else np.nan
    above = current_density[last + 1] if last + 1 < len(current_density) else np.nan
    return current_density[first], current_density[last], below, above


def gather(window: Window, opened: Opened) -> dict[str, Any]:
    """Return the variables of an operating window from its pulse trains."""
    shape = (len(window.variants), len(window.durations), len(window.current_densities))
    found: dict[str, NDArray[Any]] = {
        "outcome": np.empty(shape, dtype=object),
        "step": np.zeros(shape, dtype=int),
        "state": np.empty(shape, dtype=object),
    }
    parts = 2 if window.tail else 1
    for place, variant in enumerate(window.variants):
        notches: Sequence[float] = ()
        grid = itertools.product(enumerate(window.durations), enumerate(window.current_densities))
        for (row, duration), (column, density) in grid:
            key = (variant, duration, density)
            notches = notches or opened.simulation(key).track.inner_notch_positions
            (pauses,) = opened.outcomes(key)
            point = place, row, column
            found["outcome"][point], found["step"][point] = judged(pauses[::parts], notches)
            found["state"][point] = str(pauses[-1].state)
    works = found["outcome"] == WORKS
    limits = np.array([[edges(row, window.current_densities) for row in rows] for rows in works])
    return {
        **{f"window_{name}": each for name, each in found.items()},
        **{
            f"window_{name}": limits[..., index]
            for index, name in enumerate(("first", "last", "below", "above"))
        },
        "variant": list(window.variants),
        "duration": window.durations,
        "current_density": window.current_densities,
    }
