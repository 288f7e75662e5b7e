"""Depinning: the threshold of each notch, and how long the ends of a wall dwell there.

An end is at a notch as long as its distance from it is at most the reach of
`wallnet.tracks.wall_state`: the radius of the notch plus four width parameters Δ.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files, revisions, tracks
from wallnet.config.bisection import middles
from wallnet.devices.gathering import simulated_by
from wallnet.devices.traces import foreign
from wallnet.experiment import Step
from wallnet.files import FileError
from wallnet.jobs import DepinningJob
from wallnet.jobs.paths import depinning_round_in, depinning_trace_in, freed_in, trace_in

EDGES = ("wall_bottom", "wall_top")
ENDS = (1, 2)
"""Numbers of wall ends whose leaving has a threshold."""


def reach(job: DepinningJob) -> float:
    """Return the largest distance in m of an end from the notch that pins it."""
    return job.track.notch_radius + tracks.WALL_REACH * job.wall_width_parameter


def stay(
    time: NDArray[np.floating], end: NDArray[np.floating], position: float, within: float
) -> tuple[float, float]:
    """Return when a wall end reaches a notch, and when it leaves it for good.

    Parameters
    ----------
    time : ndarray (time,)
        Times in s, ascending.
    end : ndarray (time,)
        Positions of the end in m.
    position, within : float
        Position of the notch and the largest distance from it at which it pins an end, in m.

    Returns
    -------
    tuple of float
        Both times in s, by linear interpolation; NaN if the end is never there, or does not leave.

    Examples
    --------
    >>> stay(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 4.0, 6.0, 10.0]), 5.0, 2.0)
    (0.75, 2.25)
    """
    # the end is there if it crosses from one side to the other, even between two entries
    first, last = position - within, position + within
    inside = (end >= first) & (end <= last)
    crossing = np.zeros_like(inside)
    crossing[1:] = (np.minimum(end[1:], end[:-1]) < first) & (np.maximum(end[1:], end[:-1]) > last)
    there = np.flatnonzero(inside | crossing)
    if not there.size:
        return math.nan, math.nan
    begin, finish = int(there[0]), int(there[-1])
    reached = _crossed(time, end, begin, first, last) if begin else float(time[0])
    if finish == time.size - 1 and inside[finish]:
        return reached, math.nan
    after = finish if not inside[finish] else finish + 1
    return reached, _crossed(time[::-1], end[::-1], time.size - after, first, last)


def _crossed(
    time: NDArray[np.floating], end: NDArray[np.floating], index: int, first: float, last: float
) -> float:
    """Return when an end enters a stretch on its way to an entry of a trace."""
    before, after = float(end[index - 1]), float(end[index])
    border = first if before < first else last
    share = (border - before) / (after - before)
    return float(time[index - 1] + share * (time[index] - time[index - 1]))


def left_ends(ends: Sequence[float], position: float, within: float) -> int:
    """Return how many of the ends in m are further from a position than allowed."""
    return sum(abs(end - position) > within for end in ends)


def threshold(left: Mapping[float, int], ends: int) -> tuple[float, float]:
    """Return between which current densities so many ends leave for the first time.

    Parameters
    ----------
    left : mapping
        Number of ends that have left, by current density in A/m².
    ends : int
        Number of ends that have to leave.

    Returns
    -------
    tuple of float
        The strongest density below that at which fewer leave, and the weakest at which so many do;
        NaN where there is none.

    Examples
    --------
    >>> threshold({0.4: 0, 0.5: 1, 0.6: 2, 0.7: 2}, 2)
    (0.5, 0.6)
    """
    ordered = sorted(left)
    high = next((each for each in ordered if left[each] >= ends), math.nan)
    below = [each for each in ordered if not each >= high]
    return (below[-1] if below else math.nan), high


def depinning_round(job: DepinningJob, number: int, freed: str | Path, out: str | Path) -> None:
    """Write the pulses of a round, by place.

    Parameters
    ----------
    job : DepinningJob
        The places, and the pulses between which thresholds are searched.
    number : int
        Number of the round, counted from 1.
    freed : str or Path
        Folder of the rounds and their traces.
    out : str or Path
        JSON file to write.

    Raises
    ------
    wallnet.files.FileError
        If a trace or an earlier round is missing or damaged.
    """
    if number == 1:
        asked = {place: [job.lowest, job.highest] for place in job.pinned}
    else:
        found, _ = _freed_by(job, number, freed)
        asked = {place: _next(left, job.resolution) for place, left in found.items()}
    files.write_json({"round": number, "current_densities": asked}, out)


def _next(left: Mapping[float, int], resolution: float) -> list[float]:
    """Return the middles of the gaps in which a number of ends leaves."""
    return middles({density: (str(count), True) for density, count in left.items()}, resolution)


def _freed_by(
    job: DepinningJob, number: int, freed: str | Path
) -> tuple[dict[str, dict[float, int]], dict[str, Any]]:
    """Return the number of ends that left, by place and density, of the rounds before one."""
    # those with all notches first; the names in the JSON of a job are in alphabetical order
    order = sorted(job.pinned, key=lambda place: (place.startswith("alone"), job.pinned[place]))
    found: dict[str, dict[float, int]] = {place: {} for place in order}
    made: dict[str, Any] = {}
    for earlier in range(1, number):
        for place, densities in freed_in(depinning_round_in(freed, earlier)).items():
            for density in densities:
                path = depinning_trace_in(freed, place, density)
                found[place][density] = _left(path, job, place, density, made)
    return found, made


def _left(path: str, job: DepinningJob, place: str, density: float, made: dict[str, Any]) -> int:
    """Return how many ends have left their notch as the pulse of a trace ends."""
    data = _trace(path, density, made)
    simulated = Step.from_json(data.attrs["parameters"])
    position = job.track.inner_notch_positions[job.pinned[place] - 1]
    if not math.isclose(simulated.pulse_duration, job.duration, rel_tol=1e-6) or not any(
        math.isclose(position, each, rel_tol=1e-6) for each in simulated.track.notch_positions
    ):
        raise foreign(path, "is of another pulse or notch")
    return left_ends([float(data[name][-1]) for name in EDGES], position, reach(job))


def _trace(path: str, density: float, made: dict[str, Any]) -> Any:
    """Read a trace and check its current density."""
    unused = ["magnetization", "magnetization_profile", "applied_current_density"]
    data = files.read_dataset(path, "trace", drop=unused)
    if not math.isclose(float(data["pulse_current_density"]), density, rel_tol=1e-6):
        raise foreign(path, "is of another pulse")
    for key in ("backend", "backend_version", "revision"):
        if key in data.attrs:
            made.setdefault(key, set()).add(str(data.attrs[key]))
    return data


def depinning(
    job: DepinningJob, rounds: int, traces: str | Path, freed: str | Path, out: str | Path
) -> None:
    """Write the thresholds of all notches, and the dwell times of the sweep.

    Parameters
    ----------
    job : DepinningJob
        The places and the sweep.
    rounds : int
        Number of rounds.
    traces, freed : str or Path
        Folders of the sweep's traces, and of the rounds and their traces.
    out : str or Path
        File to write, kind 'depinning'.

    Raises
    ------
    wallnet.files.FileError
        If a trace or a round is missing or damaged, or a threshold is not found after all rounds.
    """
    found, made = _freed_by(job, rounds + 1, freed)
    for place, left in found.items():
        if gaps := _next(left, job.resolution):
            raise FileError(
                f"{out}: the threshold of {place} at {gaps[0] / 1e12:.4f}e12 A/m² is not found "
                f"after {rounds} rounds; report this as a bug"
            )
    limits = np.array([[threshold(left, ends) for ends in ENDS] for left in found.values()])
    times = np.array([_stays(job, traces, density, made) for density in job.current_densities])
    values: dict[str, Any] = {
        "place_notch": [job.pinned[place] for place in found],
        "place_alone": [place.startswith("alone") for place in found],
        "threshold_low": limits[..., 0],
        "threshold_high": limits[..., 1],
        "reach_time": times[..., 0],
        "leave_time": times[..., 1],
        "place": list(found),
        "ends": ENDS,
        "notch": np.arange(len(job.track.inner_notch_positions)) + 1,
        "current_density": job.current_densities,
    }
    files.write_dataset(
        files.dataset("depinning", values),
        out,
        "depinning",
        {
            "device": Path(out).stem,
            "parameters": job.to_json(),
            "revision": revisions.of("devices"),
            **simulated_by(made),
        },
    )


def _stays(
    job: DepinningJob, traces: str | Path, density: float, made: dict[str, Any]
) -> list[list[tuple[float, float]]]:
    """Return when both ends reach and leave each notch during a pulse of the sweep."""
    data = _trace(trace_in(traces, density), density, made)
    time = data["time"].values.astype(float)
    driven = time <= float(data.attrs["pulse_end"]) * (1 + 1e-9)
    return [
        [
            stay(time[driven], data[name].values.astype(float)[driven], position, reach(job))
            for name in EDGES
        ]
        for position in job.track.inner_notch_positions
    ]
