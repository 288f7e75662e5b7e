"""Transitions: where pulses lead from every state."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from wallnet.files import WallState
from wallnet.files.schema.states import WITHOUT_WALL
from wallnet.jobs.film import strip_of
from wallnet.studies.opened import Opened, Outcome, over
from wallnet.studies.transitions.ask import Transitions


def target_of(
    end: Outcome, starts: Sequence[Outcome], names: Sequence[WallState], reach: float
) -> int:
    """Return the index of the target in which a wall ends, -1 if there is none.

    Targets are the states from which pulses start, then those of `WITHOUT_WALL`. A wall is in the
    state of its name if it rests and both ends are within reach of the wall that was initialised
    there (`starts`): a wall may also creep or rest elsewhere in the gap between two notches. The
    reach is the largest distance of an end in m.
    """
    if end.state in WITHOUT_WALL:
        return len(names) + WITHOUT_WALL.index(end.state)
    for index, (name, initialised) in enumerate(zip(names, starts, strict=True)):
        apart = max(abs(end.bottom - initialised.bottom), abs(end.top - initialised.top))
        if end.rests_in(name) and initialised.rests_in(name) and apart <= reach:
            return index
    return -1


def gather(settings: Transitions, opened: Opened) -> dict[str, Any]:
    """Return the variables of the pulses from all states of a device.

    A wall counts as in a state up to one width parameter from the wall that was initialised there.
    """
    levels = [key for key in opened if len(key) == 1]
    pulses = [key for key in opened if len(key) > 1]
    names = [WallState(str(key[0])) for key in levels]
    starts, ends = ([opened.outcomes(key)[0] for key in keys] for keys in (levels, pulses))
    first = opened.simulation(levels[0])
    reach = strip_of(first.track, first.material).wall_width_parameter
    stable = [start.rests_in(name) for start, name in zip(starts, names, strict=True)]
    shape = (len(names), len(settings.durations), len(settings.signed))
    rows = [
        {
            "end_state": str(end.state),
            "end_settled": end.resting is True,
            "end_bottom": end.bottom,
            "end_top": end.top,
            "end_target": target_of(end, starts, names, reach),
        }
        for end in ends
    ]
    values, targets = over(shape, rows), [*names, *WITHOUT_WALL]
    led, start = values["end_target"], np.arange(len(names))[:, np.newaxis, np.newaxis]
    moves = np.take(stable, start) & (led >= 0) & (led != start)
    return {
        "start_stable": stable,
        **values,
        "reached": np.isin(np.arange(len(targets)), led[moves]),
        "left": moves.any(axis=(1, 2)),
        "start": names,
        "target": targets,
        "duration": settings.durations,
        "current_density": settings.signed,
    }
