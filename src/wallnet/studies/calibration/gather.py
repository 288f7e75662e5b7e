"""Calibration of the parameters of devices to reference data, such as those of a paper.

The misfit of a candidate is the number of reference data that it misses, plus its distance from
each of these: of a wall in notches, of a transfer curve as a share of full scale.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet import tracks
from wallnet.config.devices import Detector
from wallnet.config.reference import ArrivalTime, FinalState, TransferCurve
from wallnet.devices.conductance import detected_magnetization, normalize, parallel_conductance
from wallnet.experiment import Simulation
from wallnet.files import WallState
from wallnet.files.schema import COMPONENTS
from wallnet.studies.base import Key
from wallnet.studies.calibration.ask import STEPS, Calibration, Candidate, Known, key_of, pulses
from wallnet.studies.opened import Opened, over

CENTRES = 3
"""Best candidates of the first round around which the second one searches. Source: our choice."""

REACH = 0.15
"""Largest distance from them, as a share of each range. Source: our choice."""

SEED = 1
"""Seed of the first round; that of the second is one higher."""

Reference = FinalState | ArrivalTime | TransferCurve


class Seen(NamedTuple):
    """A trace of one pulse on a candidate.

    Attributes
    ----------
    job : Simulation
        What was simulated.
    time : ndarray (time,)
        Time in s.
    ends : ndarray (2, time)
        Positions of both ends of the wall in m.
    profile : ndarray (time, x)
        Mean of m_z over the magnetic cells of each column.
    cells : ndarray (x,)
        Number of magnetic cells in each column.
    """

    job: Simulation
    time: NDArray[np.float64]
    ends: NDArray[np.float64]
    profile: NDArray[np.float64]
    cells: NDArray[np.int64]

    def ends_at(self, time: float) -> list[float]:
        """Return both ends in m at a time in s; after the trace, where they rest."""
        return [float(np.interp(time, self.time, end)) for end in self.ends]

    def state_at(self, time: float) -> WallState:
        """Return the state of the wall at a time in s."""
        start = float(self.ends[:, 0].sum()) / 2
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
        return max(tracks.first_time(self.time, end, edge) for end in self.ends)

    def detected(self, detector: Detector) -> NDArray[np.float64]:
        """Return the mean of m_z under a detector when the pulse ends."""
        last = int(np.flatnonzero(self.time <= self.job.pulse_duration * (1 + 1e-9))[-1])
        columns = detector.columns(self.job.track)
        return detected_magnetization(self.profile[last], self.cells, columns)


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


def judged(
    reference: Reference, seen: Sequence[Seen], delay: float, detectors: Mapping[str, Detector]
) -> dict[str, Any]:
    """Return a value of a candidate, compared with a reference value.

    Parameters
    ----------
    reference : FinalState, ArrivalTime or TransferCurve
        The reference value.
    seen : sequence of Seen
        Traces of its pulses.
    delay : float
        Time in s after the pulse at which a final state is read.
    detectors : mapping
        Detectors of devices with a transfer curve.

    Returns
    -------
    dict
        `simulated_value` as text, `reference_met`, and `reference_distance`, in notches or in full
        scales; it is 0 if the reference value is met.
    """
    if isinstance(reference, TransferCurve):
        detector = detectors[reference.device]
        conductance = parallel_conductance([each.detected(detector) for each in seen], detector)
        distance = largest_deviation(reference.current_densities, conductance)
        text, met = f"{distance:.3f}", distance <= reference.deviation
    else:
        (one,), track = seen, seen[0].job.track
        # the reversed domain of a reversed track ends at the right edge
        place = track.notch_positions[reference.notch - 1] if reference.notch else track.length
        if isinstance(reference, FinalState):
            read = one.job.pulse_duration + delay
            state = one.state_at(read)
            text, met = str(state), state == WallState(reference.state)
        else:
            read, time = reference.time, one.arrival(reference.notch)
            text = f"{time / 1e-9:.2f} ns" if math.isfinite(time) else "never"
            met = abs(time - read) <= reference.tolerance * (1 + 1e-9)
        distance = one.notches_from(read, place)
    away = 0.0 if met else distance
    return {"simulated_value": text, "reference_met": met, "reference_distance": away}


def largest_deviation(current_density: Sequence[float], conductance: NDArray[np.floating]) -> float:
    """Return the largest distance of G_norm from J_norm (paper, Eq. 3); 1 if G does not change."""
    if np.ptp(conductance) == 0:
        return 1.0
    current = normalize(current_density, min(current_density), max(current_density))
    curve = normalize(conductance, conductance.min(), conductance.max())
    return float(np.max(np.abs(curve - current)))


# Candidates


def _placed(
    asked: Calibration, count: int, seed: int, centres: Sequence[Candidate], reach: float
) -> list[Candidate]:
    """Return candidates around some centres, in turn, within the ranges and in whole `STEPS`.

    They are points of a scrambled Sobol sequence, of which more begin with the same. `reach` is a
    share of each range.
    """
    from scipy.stats import qmc

    sequence = qmc.Sobol(d=len(STEPS), scramble=True, seed=seed)
    points = sequence.random_base2(max(count - 1, 0).bit_length())[:count]
    low, high = np.transpose([limits for _, limits in asked.parameters])
    middle = np.resize([[centre[name] for name in STEPS] for centre in centres], points.shape)
    steps = np.array(list(STEPS.values()))
    around = middle + (2 * points - 1) * reach * (high - low)
    values = np.clip(np.round(around / steps) * steps, low, high)
    rows = ((float(f"{value:.10g}") for value in row) for row in values)
    return [dict(zip(STEPS, row, strict=True)) for row in rows]


def first_candidates(asked: Calibration, configured: Candidate) -> list[Candidate]:
    """Return the configuration, then candidates that fill the ranges evenly."""
    middle = {name: (low + high) / 2 for name, (low, high) in asked.parameters}
    return [configured, *_placed(asked, asked.candidates, SEED, [middle], 0.5)]


def local_candidates(asked: Calibration, centres: Sequence[Candidate]) -> list[Candidate]:
    """Return candidates around each of some centres, in turn."""
    return _placed(asked, asked.local_candidates, SEED + 1, centres, REACH)


def next_round(asked: Calibration, opened: Opened) -> list[Candidate]:
    """Return the candidates of the next round: over the ranges, or around the best of these."""
    known = Known.model_validate(opened.about)
    before = [candidate for _, candidate in _candidates(opened).values()]
    if not before:
        return first_candidates(asked, known.configured)
    least = _judge(known, opened)["misfit"].min(axis=1)
    order = np.argsort(least, kind="stable")[:CENTRES]
    return local_candidates(asked, [before[index] for index in order])


# Misfits


def named(reference: Reference) -> str:
    """Return a reference value as text, with current densities in 1e12 A/m²."""
    if isinstance(reference, TransferCurve):
        densities = reference.current_densities
        low, high = (each / 1e12 for each in (min(densities), max(densities)))
        return f"{reference.device}, {low:.3f} to {high:.3f}: linear"
    pulse = f"{reference.device}, {reference.current_density / 1e12:.3f}"
    if isinstance(reference, FinalState):
        return f"{pulse}: {reference.state}"
    return f"{pulse}: notch {reference.notch} after {reference.time / 1e-9:g} ns"


def _candidates(opened: Opened) -> dict[int, tuple[int, Candidate]]:
    """Return the round and the parameters of each candidate by its number."""
    return {
        int(number): (int(of_round), dict(zip(STEPS, map(float, values), strict=True)))
        for number, of_round, *values, _, _ in opened
    }


def _read(opened: Opened, key: Key) -> Seen:
    """Read the trace of a pulse on a candidate."""
    wall = ("time", "wall_bottom", "wall_top")
    content = opened.read(key, *wall, "magnetization_profile", "magnetic_cells")
    time, *ends = (content[name].values.astype(float) for name in wall)
    profile = content["magnetization_profile"].values[..., COMPONENTS.index("z")].astype(float)
    job = Simulation.from_json(str(content.attrs["parameters"]))
    return Seen(job, time, np.array(ends), profile, content["magnetic_cells"].values)


def _judge(known: Known, opened: Opened) -> dict[str, NDArray[Any]]:
    """Return the variables of the comparison of all candidates with the reference data."""
    candidates, entries = _candidates(opened), known.reference.entries
    rows = []
    for number, (of_round, candidate) in candidates.items():
        seen = {
            pulse: _read(opened, key_of(number, of_round, candidate, *pulse))
            for pulse in pulses(known.reference)
        }
        rows += [
            judged(
                each, [seen[each.device, j] for j in each.current_densities], delay, known.detectors
            )
            for delay, each in itertools.product(known.read_delays, entries)
        ]
    found = over((len(candidates), len(known.read_delays), len(entries)), rows)
    missed = ~found["reference_met"]
    misfit = (missed + found["reference_distance"]).sum(axis=-1)
    return {**found, "missed": missed.sum(axis=-1), "misfit": misfit}


def gather(asked: Calibration, opened: Opened) -> dict[str, Any]:
    """Return the variables of a calibration: all candidates with their misfits."""
    known, candidates = Known.model_validate(opened.about), _candidates(opened)
    rounds, values = zip(*candidates.values(), strict=True)
    return {
        "candidate_round": list(rounds),
        **{f"candidate_{name}": [each[name] for each in values] for name in STEPS},
        **_judge(known, opened),
        "candidate": list(candidates),
        "read_delay": known.read_delays,
        "reference": [named(entry) for entry in known.reference.entries],
    }
