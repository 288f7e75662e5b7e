"""Intervals: bisection of the current density between pulses that end in different states.

Each round lists the current densities to simulate next. A round depends on the finished pulses
only, so that a killed bisection goes on where it was.
"""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wallnet import files, plan, revisions
from wallnet.config.pulse import CURRENT_DENSITY_STEP
from wallnet.devices.traces import conditions_of, foreign
from wallnet.devices.transitions import UNUSED, WITHOUT_WALL
from wallnet.files import FileError, WallState
from wallnet.jobs import IntervalsJob

Outcome = tuple[str, bool]
"""State of the wall after a pulse, and whether it rests, as a track without a wall does."""


def middles(outcomes: Mapping[float, Outcome], resolution: float) -> list[float]:
    """Return the current densities to simulate next.

    Parameters
    ----------
    outcomes : mapping
        Outcome of each pulse by its current density in A/m².
    resolution : float
        Largest distance in A/m² between two pulses on either side of an edge.

    Returns
    -------
    list of float
        The middle of each gap that is longer than the resolution and has different outcomes at its
        ends, rounded down to a multiple of `CURRENT_DENSITY_STEP`; ascending.
    """
    steps = sorted((round(density / CURRENT_DENSITY_STEP), density) for density in outcomes)
    limit = round(resolution / CURRENT_DENSITY_STEP)
    return [
        (low + high) // 2 * CURRENT_DENSITY_STEP
        for (low, left), (high, right) in itertools.pairwise(steps)
        if high - low > limit and outcomes[left] != outcomes[right]
    ]


def stretches(outcomes: Mapping[float, Outcome]) -> list[tuple[Outcome, list[float]]]:
    """Return the runs of neighbouring pulses with the same outcome, by ascending density."""
    ordered = sorted(outcomes)
    grouped = itertools.groupby(ordered, key=outcomes.__getitem__)
    return [(outcome, list(group)) for outcome, group in grouped]


def interval_round(
    job: IntervalsJob, number: int, traces: str | Path, refined: str | Path, out: str | Path
) -> None:
    """Write which pulses a round has to simulate.

    Parameters
    ----------
    job : IntervalsJob
        The sweep, and the resolution.
    number : int
        Number of the round, counted from 1.
    traces, refined : str or Path
        Folders of the sweep's traces, and of the rounds and their traces.
    out : str or Path
        JSON file to write.

    Raises
    ------
    wallnet.files.FileError
        If a trace or an earlier round is missing or damaged.
    """
    outcomes, _ = _outcomes(job, number, traces, refined)
    asked = middles(outcomes, job.resolution)
    files.write_json({"round": number, "current_densities": asked}, out)


def asked_in(path: str | Path) -> list[float]:
    """Return the current densities in A/m² that a round has to simulate."""
    return [
        float(each) for each in files.read_json(path, ["current_densities"])["current_densities"]
    ]


def _outcomes(
    job: IntervalsJob, number: int, traces: str | Path, refined: str | Path
) -> tuple[dict[float, Outcome], dict[str, Any]]:
    """Return the outcomes of the sweep and of the rounds before one, and what made them."""
    paths = {density: plan.trace_in(traces, density) for density in job.current_densities}
    for earlier in range(1, number):
        for density in asked_in(plan.round_in(refined, earlier)):
            paths[density] = plan.trace_in(refined, density)
    found: dict[float, Outcome] = {}
    made: dict[str, Any] = {}
    first, shared = next(iter(paths.values())), None
    for density, path in paths.items():
        data = files.read_dataset(path, "trace", drop=list(UNUSED))
        if not math.isclose(float(data["pulse_current_density"]), density, rel_tol=1e-6):
            raise foreign(path, "is of another pulse")
        state = WallState(str(data.attrs["state"]))
        found[density] = str(state), state in WITHOUT_WALL or int(data.attrs["settled"]) == 1
        made = made or dict(data.attrs)
        own = _pulse_of(json.loads(data.attrs["parameters"]))
        shared = shared or own
        if own != shared:
            raise foreign(path, f"was simulated under other conditions than {first}")
    return found, made


def _pulse_of(parameters: Mapping[str, Any]) -> tuple[dict[str, Any], float]:
    """Return what all pulses between which is bisected have in common."""
    return conditions_of(parameters), parameters["pulse_duration"]


def intervals(
    job: IntervalsJob, rounds: int, traces: str | Path, refined: str | Path, out: str | Path
) -> None:
    """Write the intervals of current density that end in each state.

    Parameters
    ----------
    job : IntervalsJob
        The sweep, and the resolution.
    rounds : int
        Number of rounds.
    traces, refined : str or Path
        Folders of the sweep's traces, and of the rounds and their traces.
    out : str or Path
        File to write, kind 'intervals'.

    Raises
    ------
    wallnet.files.FileError
        If a trace or a round is missing or damaged, or an edge is not found after all rounds.
    """
    outcomes, made = _outcomes(job, rounds + 1, traces, refined)
    if left := middles(outcomes, job.resolution):
        raise FileError(
            f"{out}: the edge at {left[0] / 1e12:.4f}e12 A/m² is not found after {rounds} rounds; "
            "report this as a bug"
        )
    ordered = sorted(outcomes)
    files.write_dataset(
        files.dataset(
            "intervals",
            {
                **_of_intervals(stretches(outcomes), job.current_densities),
                "state": [outcomes[each][0] for each in ordered],
                "settled": [int(outcomes[each][1]) for each in ordered],
                "swept": [each in job.current_densities for each in ordered],
                "current_density": ordered,
            },
        ),
        out,
        "intervals",
        {
            "device": Path(out).stem,
            "parameters": job.to_json(),
            # of one pulse
            "simulation": str(made["parameters"]),
            "revision": revisions.of("devices"),
            **{
                f"simulation_{key}": str(made[key])
                for key in ("backend", "backend_version", "revision")
                if key in made
            },
        },
    )


def _of_intervals(
    found: Sequence[tuple[Outcome, list[float]]], swept: Sequence[float]
) -> dict[str, Any]:
    """Return the variables of the intervals."""
    firsts, lasts = ([run[end] for _, run in found] for end in (0, -1))
    low, high = np.full(len(found), np.nan), np.full(len(found), np.nan)
    error = np.zeros((2, len(found)))
    for index in range(1, len(found)):
        below, above = lasts[index - 1], firsts[index]
        high[index - 1] = low[index] = (below + above) / 2
        error[1, index - 1] = error[0, index] = (above - below) / 2
    return {
        "interval_state": [outcome[0] for outcome, _ in found],
        "interval_settled": [int(outcome[1]) for outcome, _ in found],
        "interval_low": low,
        "interval_high": high,
        "interval_error": error.max(axis=0),
        "interval_swept": [sum(each in swept for each in run) for _, run in found],
        "interval": np.arange(len(found)) + 1,
    }
