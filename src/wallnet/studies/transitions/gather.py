"""Transitions: where pulses lead from every state."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from wallnet.files import WallState
from wallnet.files.schema.states import WITHOUT_WALL
from wallnet.questions.opened import Gathering, Opened, over
from wallnet.studies.transitions import Transitions
from wallnet.tracks.states import Outcome


def target_of(end: Outcome, targets: Sequence[WallState]) -> int:
    """Return the index of the target in which a wall ends at rest, -1 if there is none."""
    there = end.state in WITHOUT_WALL or end.rests_in(end.state)
    return targets.index(end.state) if there and end.state in targets else -1


class Gather(Gathering[Transitions]):
    """Pulses from all states."""

    def gather(self, settings: Transitions, opened: Opened) -> dict[str, Any]:
        """Return the variables of the pulses from all states of a device.

        Targets are the states from which pulses start, then those of `WITHOUT_WALL`.
        """
        names = [level.state for level in opened.relaxed()]
        starts = [level.outcomes[-1] for level in opened.relaxed()]
        ends = [pulse.outcomes[-1] for pulse in opened.pulses()]
        targets = [*names, *WITHOUT_WALL]
        stable = [start.rests_in(name) for start, name in zip(starts, names, strict=True)]
        shape = (len(names), len(settings.durations), len(settings.signed))
        rows = [
            {
                "end_state": str(end.state),
                "end_settled": end.resting is True,
                "end_bottom": end.bottom,
                "end_top": end.top,
                "end_target": target_of(end, targets),
            }
            for end in ends
        ]
        values = over(shape, rows)
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
