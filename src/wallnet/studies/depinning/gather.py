"""Depinning: the threshold of each notch, and how long the ends of a wall dwell there.

An end has left a notch if it rests elsewhere after the pulse (`wallnet.tracks.states`). While a
current flows, it dwells at a notch as long as it is within half its length and Δ.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config.pulse import middles
from wallnet.files import WallState
from wallnet.jobs import Run
from wallnet.jobs.request import Conditions
from wallnet.questions.opened import Gathering, Opened, Result
from wallnet.studies.depinning import OWN, TRACKS, Depinning
from wallnet.tracks.states import notch_window
from wallnet.tracks.walls import first_time

EDGES = ("wall_bottom", "wall_top")
ENDS = (1, 2)
"""Numbers of wall ends whose leaving has a threshold."""


def stay(
    time: NDArray[np.floating], end: NDArray[np.floating], position: float, within: float
) -> tuple[float, float]:
    """Return when a wall end reaches a notch, and when it leaves it for good, in s.

    The end is at positions in m at ascending times in s, both of shape (time,). A notch at a
    position in m pins an end within a distance in m. Times are interpolated linearly; NaN if the
    end is never there, or does not leave.

    Examples
    --------
    >>> stay(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 4.0, 6.0, 10.0]), 5.0, 2.0)
    (0.75, 2.25)
    """

    def entered(time: NDArray[np.floating], end: NDArray[np.floating]) -> float:
        side = 1 if end[0] < position else -1
        first = first_time(time, side * end, side * position - within)
        return first if math.isfinite(first) else math.nan

    reached = entered(time, end)
    if abs(end[-1] - position) <= within or math.isnan(reached):
        return reached, math.nan
    return reached, -entered(-time[::-1], end[::-1])


def threshold(left: Mapping[float, int], ends: int) -> tuple[float, float]:
    """Return the current densities in A/m² on either side of a threshold.

    The upper one is the weakest at which at least `ends` ends leave, the lower one the strongest
    below it; NaN where there is none. `left` is the number of ends that have left, by density.

    Examples
    --------
    >>> threshold({0.4: 0, 0.5: 1, 0.6: 2, 0.7: 2}, 2)
    (0.5, 0.6)
    """
    high = min((density for density, count in left.items() if count >= ends), default=math.nan)
    return max((density for density in left if not density >= high), default=math.nan), high


def _left(opened: Opened) -> dict[tuple[str, int], dict[float, int]]:
    """Return the number of ends that leave each notch by current density, by track and notch."""
    counts: dict[tuple[str, int], dict[float, int]] = {}
    for track in TRACKS:
        for pulse in opened.pulses(Conditions(variant=track)):
            (notch, _), end = pulse.state.ends or (0, 0), pulse.outcomes[-1]
            number, states = notch if track == OWN else 1, pulse.states
            left = counts.setdefault((track, notch), {})
            # a notch without a minimum has no threshold
            if WallState.at(number, number) in states.names:
                left[pulse.current_density] = states.left_ends(
                    number, (end.bottom, end.top), end.walls
                )
    return counts


def _stays(pulse: Result, simulated: Run) -> list[list[tuple[float, float]]]:
    """Return when both ends reach and leave each notch during a pulse of the sweep."""
    trace = pulse.read("time", *EDGES)
    time = trace["time"].values.astype(float)
    driven = time <= simulated.pulse_end * (1 + 1e-9)
    ends = [trace[name].values.astype(float)[driven] for name in EDGES]
    return [
        [stay(time[driven], end, position, notch_window(simulated)) for end in ends]
        for position in simulated.track.inner_notch_positions
    ]


class Gather(Gathering[Depinning]):
    """Thresholds of notches, and dwell times of the sweep."""

    def next_round(self, settings: Depinning, opened: Opened) -> list[tuple[str, int, float]]:
        """Return track, notch and current density in A/m² of the pulses to simulate next."""
        return [
            (*site, density)
            for site, left in _left(opened).items()
            # the number of ends that leave differs at the ends of these gaps
            for density in middles(left, settings.resolution)
        ]

    def gather(self, settings: Depinning, opened: Opened) -> dict[str, Any]:
        """Return the thresholds of all notches and the dwell times of the sweep."""
        swept = [pulse for pulse in opened.pulses() if not pulse.conditions.variant]
        simulated, counts = swept[0].simulation, _left(opened)
        used = list(dict.fromkeys(track for track, _ in counts))
        notches = len(simulated.track.inner_notch_positions)
        limits = np.array([[threshold(left, ends) for ends in ENDS] for left in counts.values()])
        limits = limits.reshape(len(used), notches, len(ENDS), 2)
        times = np.array([_stays(pulse, simulated) for pulse in swept])
        reached, left_at = times[..., 0], times[..., 1]
        return {
            "threshold_low": limits[..., 0],
            "threshold_high": limits[..., 1],
            "reach_time": reached,
            "leave_time": left_at,
            "dwell_time": np.where(np.isnan(left_at), simulated.pulse_end, left_at) - reached,
            "track": [TRACKS[track] for track in used],
            "notch": np.arange(notches) + 1,
            "ends": ENDS,
            "current_density": [pulse.current_density for pulse in swept],
        }
