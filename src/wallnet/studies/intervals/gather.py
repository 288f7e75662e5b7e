"""Intervals: bisection of the current density between pulses that end in different states.

A round depends on the finished pulses only, so that a killed bisection goes on where it was.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wallnet.config.bisection import middles
from wallnet.files import FileError
from wallnet.files.schema.states import WITHOUT_WALL
from wallnet.studies.intervals.ask import Intervals
from wallnet.studies.opened import Opened

Outcome = tuple[str, bool]
"""State of the wall after a pulse, and whether it rests, as a track without a wall does."""


def stretches(outcomes: Mapping[float, Outcome]) -> list[tuple[Outcome, list[float]]]:
    """Return the runs of neighbouring pulses with the same outcome, by ascending density."""
    ordered = sorted(outcomes)
    grouped = itertools.groupby(ordered, key=outcomes.__getitem__)
    return [(outcome, list(group)) for outcome, group in grouped]


def next_round(asked: Intervals, opened: Opened) -> list[float]:
    """Return the current densities in A/m² to simulate next, none if all edges are found."""
    return middles(_outcomes(opened), asked.resolution)


def _outcomes(opened: Opened) -> dict[float, Outcome]:
    """Return the outcome of each pulse by its current density in A/m²."""
    found = {}
    for density, number in opened:
        (end,) = opened.outcomes((density, number))
        rests = end.state in WITHOUT_WALL or end.resting is True
        found[float(density)] = (str(end.state), rests)
    return found


def gather(asked: Intervals, opened: Opened) -> dict[str, Any]:
    """Return the variables of the intervals of current density that end in each state.

    Raises
    ------
    wallnet.files.FileError
        If an edge is not found after all rounds.
    """
    outcomes = _outcomes(opened)
    if left := middles(outcomes, asked.resolution):
        raise FileError(
            f"the edge at {left[0] / 1e12:.4f}e12 A/m² is not found after all rounds; report this "
            "as a bug"
        )
    ordered = sorted(outcomes)
    swept = {float(density) for density, number in opened if number == 0}
    return {
        **_of_intervals(stretches(outcomes), sorted(swept)),
        "state": [outcomes[each][0] for each in ordered],
        "settled": [int(outcomes[each][1]) for each in ordered],
        "swept": [each in swept for each in ordered],
        "current_density": ordered,
    }


def _of_intervals(
    found: Sequence[tuple[Outcome, list[float]]], swept: Sequence[float]
) -> dict[str, Any]:
    """Return the variables of the intervals."""
    below = np.array([run[-1] for _, run in found[:-1]])
    above = np.array([run[0] for _, run in found[1:]])
    edges, errors = (below + above) / 2, (above - below) / 2
    return {
        "interval_state": [outcome[0] for outcome, _ in found],
        "interval_settled": [int(outcome[1]) for outcome, _ in found],
        "interval_low": [np.nan, *edges],
        "interval_high": [*edges, np.nan],
        "interval_error": np.maximum([0.0, *errors], [*errors, 0.0]),
        "interval_swept": [sum(each in swept for each in run) for _, run in found],
        "interval": np.arange(len(found)) + 1,
    }
