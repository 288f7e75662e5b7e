"""Calibration of the parameters of devices to reference data, such as those of a paper.

The misfit of a candidate is the number of reference data that it misses, plus its distance from
each of these: of a wall in notches, of a transfer curve as a share of full scale.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files, revisions, tracks
from wallnet.config import Arrival, Candidate, Response, Rest
from wallnet.config.calibration import DAMPING, DIAMETER, DURATION, START, STEPS
from wallnet.devices.conductance import (
    detected_magnetization,
    detector_columns,
    normalize,
    parallel_conductance,
)
from wallnet.devices.gathering import simulated_by
from wallnet.devices.traces import foreign
from wallnet.experiment import Step
from wallnet.files import WallState
from wallnet.jobs import CalibrationJob
from wallnet.jobs.paths import calibration_round_in, candidate_trace_in, candidates_in

Statement = Rest | Arrival | Response


@dataclass(frozen=True)
class Judged:
    """Value of a candidate, compared with a reference value.

    Attributes
    ----------
    found : str
        Value of the candidate.
    holds : bool
        Whether the reference value is met.
    distance : float
        Distance from the reference value, in notches or in full scales; 0 if it is met.
    """

    found: str
    holds: bool
    distance: float


@dataclass(frozen=True)
class Seen:
    """A trace of one pulse on a candidate.

    Attributes
    ----------
    job : Step
        What was simulated.
    time, bottom, top : ndarray (time,)
        Time in s, and both ends of the wall in m.
    profile : ndarray (time, x)
        Mean of m_z over the magnetic cells of each column.
    cells : ndarray (x,)
        Number of magnetic cells in each column.
    """

    job: Step
    time: NDArray[np.float64]
    bottom: NDArray[np.float64]
    top: NDArray[np.float64]
    profile: NDArray[np.float64]
    cells: NDArray[np.int64]

    def ends_at(self, time: float) -> tuple[float, float]:
        """Return both ends in m at a time in s; after the trace, where they rest."""
        return (
            float(np.interp(time, self.time, self.bottom)),
            float(np.interp(time, self.time, self.top)),
        )

    def state_at(self, time: float) -> WallState:
        """Return the state of the wall at a time in s."""
        start = float(self.bottom[0] + self.top[0]) / 2
        width = self.job.material.wall_width_parameter
        return tracks.wall_state(self.job.track, width, start, *self.ends_at(time))

    def notches_from(self, time: float, position: float) -> float:
        """Return the mean distance of both ends at a time from a position, in notches."""
        away = sum(abs(end - position) for end in self.ends_at(time)) / 2
        return away / spacing(self.job.track.notch_positions, self.job.track.length)

    def arrival(self, notch: int) -> float:
        """Return the time in s at which both ends are in or beyond a notch; infinite if never."""
        track = self.job.track
        edge = track.notch_positions[notch - 1] - track.notch_radius
        return max(first_time(self.time, end, edge) for end in (self.bottom, self.top))


def spacing(positions: Sequence[float], length: float) -> float:
    """Return the mean distance of neighbouring notches; the length of the track if there is one.

    Examples
    --------
    >>> spacing([1.0, 2.0, 4.0], 9.0)
    1.5
    """
    if len(positions) < 2:
        return length
    return (positions[-1] - positions[0]) / (len(positions) - 1)


def first_time(time: NDArray[np.floating], values: NDArray[np.floating], level: float) -> float:
    """Return the first time at which values reach a level, by linear interpolation.

    Examples
    --------
    >>> first_time(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 3.0]), 2.0)
    1.5
    >>> first_time(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 2.0)
    inf
    """
    reached = np.flatnonzero(values >= level)
    if not reached.size:
        return math.inf
    after = int(reached[0])
    if not after:
        return float(time[0])
    before = after - 1
    share = (level - values[before]) / (values[after] - values[before])
    return float(time[before] + share * (time[after] - time[before]))


def of_rest(statement: Rest, seen: Seen, delay: float) -> Judged:
    """Return where a wall is at a time in s after its pulse."""
    when = seen.job.pulse_duration + delay
    state = seen.state_at(when)
    if state == WallState(statement.state):
        return Judged(str(state), True, 0.0)
    track = seen.job.track
    ends = WallState(statement.state).ends
    # the reversed domain of a reversed track ends at the right edge
    position = track.notch_positions[ends[0] - 1] if ends else track.length
    return Judged(str(state), False, seen.notches_from(when, position))


def of_arrival(statement: Arrival, seen: Seen) -> Judged:
    """Return when a wall arrives at a notch."""
    time = seen.arrival(statement.notch)
    text = f"{time / 1e-9:.2f} ns" if math.isfinite(time) else "never"
    if abs(time - statement.time) <= statement.tolerance * (1 + 1e-9):
        return Judged(text, True, 0.0)
    position = seen.job.track.notch_positions[statement.notch - 1]
    return Judged(text, False, seen.notches_from(statement.time, position))


def of_response(statement: Response, seen: Sequence[Seen], job: CalibrationJob) -> Judged:
    """Return the largest distance of a normalised transfer curve from a straight line."""
    detector = job.detectors[statement.device]
    magnetization = []
    for each in seen:
        columns = detector_columns(each.job.track, detector)
        last = int(np.flatnonzero(each.time <= each.job.pulse_duration * (1 + 1e-9))[-1])
        magnetization.append(detected_magnetization(each.profile[last], each.cells, columns))
    conductance = parallel_conductance(magnetization, detector)
    deviation = largest_deviation(statement.current_densities, conductance)
    holds = deviation <= statement.deviation
    return Judged(f"{deviation:.3f}", holds, 0.0 if holds else deviation)


def largest_deviation(current_density: Sequence[float], conductance: NDArray[np.floating]) -> float:
    """Return the largest distance of G_norm from J_norm (paper, Eq. 3); 1 if G does not change."""
    if np.ptp(conductance) == 0:
        return 1.0
    current = normalize(current_density, min(current_density), max(current_density))
    curve = normalize(conductance, conductance.min(), conductance.max())
    return float(np.max(np.abs(curve - current)))


# Candidates


def rounded(candidate: Mapping[str, float], job: CalibrationJob) -> Candidate:
    """Return a candidate within the ranges, in whole `STEPS`."""
    found = {}
    for name, (low, high) in job.parameters.ranges().items():
        steps = round(candidate[name] / STEPS[name])
        found[name] = float(f"{min(max(steps * STEPS[name], low), high):.10g}")
    return found


def _design(count: int, seed: int) -> NDArray[np.float64]:
    """Return points of a scrambled Sobol sequence in the unit cube; more begin with the same."""
    from scipy.stats import qmc

    sequence = qmc.Sobol(d=len(STEPS), scramble=True, seed=seed)
    return sequence.random_base2(max(count - 1, 0).bit_length())[:count]


def first_candidates(job: CalibrationJob) -> list[Candidate]:
    """Return the configuration, then candidates that fill the ranges evenly."""
    found = [dict(job.configured)]
    for point in _design(job.candidates, job.seed):
        ranges = job.parameters.ranges().items()
        place = {
            name: low + share * (high - low)
            for share, (name, (low, high)) in zip(point, ranges, strict=True)
        }
        found.append(rounded(place, job))
    return found


def local_candidates(job: CalibrationJob, centres: Sequence[Candidate]) -> list[Candidate]:
    """Return candidates around each of some centres, in turn."""
    found = []
    for index, point in enumerate(_design(job.local_candidates, job.seed + 1)):
        centre = centres[index % len(centres)]
        ranges = job.parameters.ranges().items()
        place = {
            name: centre[name] + job.reach * (2 * share - 1) * (high - low)
            for share, (name, (low, high)) in zip(point, ranges, strict=True)
        }
        found.append(rounded(place, job))
    return found


def calibration_round(
    job: CalibrationJob, number: int, folder: str | Path, out: str | Path
) -> None:
    """Write the candidates of a round.

    Parameters
    ----------
    job : CalibrationJob
        The search.
    number : int
        Number of the round: 1 or 2.
    folder : str or Path
        Folder of the rounds and of the traces of all candidates.
    out : str or Path
        JSON file to write.

    Raises
    ------
    wallnet.files.FileError
        If a trace or the round before is missing or damaged.
    """
    if number == 1:
        candidates, first = first_candidates(job), 0
    else:
        before = candidates_in(calibration_round_in(folder, 1))
        judged, _ = _judge(job, before, folder)
        least = misfits(judged)[1].min(axis=1)
        order = np.argsort(least, kind="stable")[: job.centres]
        centres = [list(before.values())[index] for index in order]
        candidates, first = local_candidates(job, centres), len(before)
    numbered = {str(first + index): each for index, each in enumerate(candidates)}
    files.write_json({"round": number, "candidates": numbered}, out)


# Misfits


def _statements(job: CalibrationJob) -> list[Statement]:
    return [*job.rests, *job.arrivals, *job.responses]


def named(statement: Statement) -> str:
    """Return a reference value as text, with current densities in 1e12 A/m²."""
    if isinstance(statement, Response):
        low, high = (
            each / 1e12
            for each in (min(statement.current_densities), max(statement.current_densities))
        )
        return f"{statement.device}, {low:.3f} to {high:.3f}: linear"
    pulse = f"{statement.device}, {statement.current_density / 1e12:.3f}"
    if isinstance(statement, Rest):
        return f"{pulse}: {statement.state}"
    return f"{pulse}: notch {statement.notch} after {statement.time / 1e-9:g} ns"


def misfits(judged: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the number of missed reference data and the misfit.

    Parameters
    ----------
    judged : ndarray of Judged (..., statement)
        Values of candidates, compared with each reference value.
    """
    missed = np.vectorize(lambda each: 0 if each.holds else 1, otypes=[int])(judged)
    distance = np.vectorize(lambda each: each.distance, otypes=[float])(judged)
    return missed.sum(axis=-1), (missed + distance).sum(axis=-1)


def _read(path: str, candidate: Candidate, density: float, made: dict[str, Any]) -> Seen:
    """Read a trace and check that it is of a candidate and a pulse."""
    data = files.read_dataset(path, "trace", drop=["magnetization", "applied_current_density"])
    job = Step.from_json(data.attrs["parameters"])
    simulated = {
        DAMPING: job.material.damping,
        DIAMETER: 2 * job.track.notch_radius if job.track.notches else candidate[DIAMETER],
        START: job.placement.bottom,
        DURATION: job.pulse_duration if job.track.notches else candidate[DURATION],
    }
    pulse = (job.current_density or 0.0, *simulated.values())
    asked = (density, *(candidate[name] for name in simulated))
    if not np.allclose(pulse, asked, rtol=1e-6, atol=0):
        raise foreign(path, "is of another candidate or pulse")
    for key in ("backend", "backend_version", "revision"):
        if key in data.attrs:
            made.setdefault(key, set()).add(str(data.attrs[key]))
    return Seen(
        job=job,
        time=data["time"].values.astype(float),
        bottom=data["wall_bottom"].values.astype(float),
        top=data["wall_top"].values.astype(float),
        profile=data["magnetization_profile"].sel(component="z").values.astype(float),
        cells=data["magnetic_cells"].values,
    )


def _judge(
    job: CalibrationJob, candidates: Mapping[int, Candidate], folder: str | Path
) -> tuple[NDArray[np.object_], dict[str, Any]]:
    """Return the values of candidates (candidate, read delay, reference), and what made them."""
    statements, delays = _statements(job), job.read_delays
    found = np.empty((len(candidates), len(delays), len(statements)), dtype=object)
    made: dict[str, Any] = {}
    for row, (number, candidate) in enumerate(candidates.items()):
        seen = {
            (each.device, each.current_density): _read(
                candidate_trace_in(folder, number, each.device, each.current_density),
                candidate,
                each.current_density,
                made,
            )
            for each in job.simulations()
        }
        for column, delay in enumerate(delays):
            for place, judged in enumerate(_each(job, seen, delay)):
                found[row, column, place] = judged
    return found, made


def _each(
    job: CalibrationJob, seen: Mapping[tuple[str, float], Seen], delay: float
) -> Iterator[Judged]:
    """Yield the value of a candidate for each reference value."""
    for statement in _statements(job):
        if isinstance(statement, Response):
            densities = statement.current_densities
            yield of_response(statement, [seen[statement.device, each] for each in densities], job)
            continue
        one = seen[statement.device, statement.current_density]
        if isinstance(statement, Rest):
            yield of_rest(statement, one, delay)
        else:
            yield of_arrival(statement, one)


def calibration(job: CalibrationJob, rounds: int, folder: str | Path, out: str | Path) -> None:
    """Gather all candidates with their misfits.

    Parameters
    ----------
    job : CalibrationJob
        The search.
    rounds : int
        Number of rounds.
    folder : str or Path
        Folder of the rounds and of the traces of all candidates.
    out : str or Path
        File to write, kind 'calibration'.

    Raises
    ------
    wallnet.files.FileError
        If a round or a trace is missing, damaged or of another candidate.
    """
    of_round = {
        number: candidates_in(calibration_round_in(folder, number))
        for number in range(1, rounds + 1)
    }
    candidates = {key: each for found in of_round.values() for key, each in found.items()}
    judged, made = _judge(job, candidates, folder)
    missed, misfit = misfits(judged)

    def each(name: str) -> Any:
        return np.array([getattr(entry, name) for entry in judged.flat]).reshape(judged.shape)

    values: dict[str, Any] = {
        "candidate_round": [number for number, found in of_round.items() for _ in found],
        **{
            f"candidate_{name}": [candidate[name] for candidate in candidates.values()]
            for name in STEPS
        },
        **{f"statement_{name}": each(name) for name in ("found", "holds", "distance")},
        "missed": missed,
        "misfit": misfit,
        "candidate": list(candidates),
        "read_delay": job.read_delays,
        "statement": [named(statement) for statement in _statements(job)],
    }
    files.write_dataset(
        files.dataset("calibration", values),
        out,
        "calibration",
        {
            "parameters": job.to_json(),
            "revision": revisions.of("devices"),
            **simulated_by(made),
        },
    )
