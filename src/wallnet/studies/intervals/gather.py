"""Intervals: bisection of the current density between pulses that end in different states.

A round depends on the finished pulses only, so that a killed bisection goes on where it was.
"""

import itertools
from typing import Any

import numpy as np

from wallnet.config.pulse import middles
from wallnet.files.schema.states import WITHOUT_WALL
from wallnet.questions.opened import Gathering, Opened
from wallnet.studies.intervals import Intervals


def _outcomes(opened: Opened) -> dict[float, tuple[str, bool]]:
    """Return the state after each pulse, and whether its wall rests, by current density in A/m².

    A track without a wall rests.
    """
    ends = {pulse.current_density: pulse.outcomes[-1] for pulse in opened.pulses()}
    return {
        density: (str(end.state), end.state in WITHOUT_WALL or end.resting is True)
        for density, end in ends.items()
    }


class Gather(Gathering[Intervals]):
    """Intervals of current density that end in each state."""

    def next_round(self, settings: Intervals, opened: Opened) -> list[float]:
        """Return the current densities in A/m² to simulate next, none if all edges are found."""
        return middles(_outcomes(opened), settings.resolution)

    def gather(self, settings: Intervals, opened: Opened) -> dict[str, Any]:
        """Return the variables of the intervals of current density that end in each state.

        An interval is a run of neighbouring pulses with one outcome.
        """
        outcomes = _outcomes(opened)
        pulses = opened.pulses()
        swept = {pulse.current_density for pulse in pulses if not pulse.conditions.round}
        densities = sorted(outcomes)
        groups = itertools.groupby(densities, outcomes.__getitem__)
        ends, runs = zip(*((outcome, list(run)) for outcome, run in groups), strict=True)
        below = np.array([run[-1] for run in runs[:-1]])
        above = np.array([run[0] for run in runs[1:]])
        edges, errors = (below + above) / 2, (above - below) / 2
        return {
            "interval_state": [state for state, _ in ends],
            "interval_settled": [rests for _, rests in ends],
            "interval_low": [np.nan, *edges],
            "interval_high": [*edges, np.nan],
            "interval_error": np.maximum([0.0, *errors], [*errors, 0.0]),
            "interval_swept": [sum(density in swept for density in run) for run in runs],
            "interval": np.arange(len(ends)) + 1,
            "state": [outcomes[density][0] for density in densities],
            "settled": [outcomes[density][1] for density in densities],
            "swept": [density in swept for density in densities],
            "current_density": densities,
        }
