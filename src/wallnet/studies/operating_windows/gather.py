"""Operating windows: the amplitudes and durations of pulses that switch stepwise.

A step works if the wall rests after its pause at the notch next to the one before, or still at the
last notch in the direction of the current.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from wallnet.files import WallState
from wallnet.files.schema.states import EXPELLED, REVERSED
from wallnet.questions.opened import Gathering, Opened, over
from wallnet.studies import operating_windows as ask
from wallnet.tracks.states import Outcome


def judged(pauses: Sequence[Outcome], notches: Sequence[float]) -> tuple[str, int]:
    """Return the outcome of stepwise switching, and the first step that failed; 0 if none did.

    `pauses` are the wall at the start and after each step so far, `notches` the positions of the
    notches in m, ascending.
    """
    count = len(notches)
    for step, (pause, notch) in enumerate(zip(pauses, ask.expected_notches(count), strict=False)):
        if pause.state in (REVERSED, EXPELLED):
            return ask.LEAVES, step
        if step and not pause.resting:
            return ask.MOVES, step
        if pause.walls > 1:
            return ask.SPLITS, step
        if pause.state == WallState.at(notch, notch):
            continue
        if step == 0:
            return ask.START, step
        forward = 1 if step <= count else -1
        further = forward * (pause.position - notches[notch - 1])
        return (ask.SKIPS if further > 0 else ask.STICKS), step
    return ask.WORKS, 0


def edges(
    works: Sequence[bool], current_density: Sequence[float]
) -> tuple[float, float, float, float]:
    """Return the edges of the widest stretch of current densities that work, the first of equals.

    These are the least and the greatest that works, and the next below and above, which fail; NaN
    where there is none. The current densities are in A/m², ascending.
    """
    runs = [list(run) for _, run in itertools.groupby(range(len(works)), works.__getitem__)]
    widest = max((run for run in runs if works[run[0]]), key=len, default=None)
    if widest is None:
        return (np.nan,) * 4
    padded = [np.nan, *current_density, np.nan]
    first, last = widest[0] + 1, widest[-1] + 1
    return padded[first], padded[last], padded[first - 1], padded[last + 1]


class Gather(Gathering[ask.Window]):
    """Outcomes of trains, and the stretches that work."""

    def gather(self, settings: ask.Window, opened: Opened) -> dict[str, Any]:
        """Return the variables of an operating window from its pulse trains."""
        # in the order of the configuration, which JSON does not keep
        trains = opened.pulses()
        variants = list(dict.fromkeys(train.conditions.variant for train in trains))
        shape = (len(variants), len(settings.durations), len(settings.current_densities))
        rows = []
        for train in trains:
            pauses = train.outcomes
            outcome, step = judged(pauses, train.simulation.track.inner_notch_positions)
            state = str(pauses[-1].state)
            rows.append({"window_outcome": outcome, "window_step": step, "window_state": state})
        values = over(shape, rows)
        works = values["window_outcome"] == ask.WORKS
        limits = [[edges(row, settings.current_densities) for row in rows] for rows in works]
        stretches = zip(ask.EDGES, np.moveaxis(np.array(limits), -1, 0), strict=True)
        return {
            **values,
            **{f"window_{name}": densities for name, densities in stretches},
            "variant": variants,
            "duration": settings.durations,
            "current_density": settings.current_densities,
        }
