"""Calibration of the parameters of devices to reference data, such as those of a paper.

The misfit of a candidate is the number of reference data that it misses, plus its distance from
each of these: of a wall in notches, of a transfer curve as a share of full scale.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from wallnet.config.devices import Detector
from wallnet.config.reference import ArrivalTime, FinalState, TransferCurve
from wallnet.devices.conductance import (
    detected_magnetization,
    normalize,
    parallel_conductance,
)
from wallnet.files import WallState
from wallnet.files.schema import COMPONENTS
from wallnet.jobs import Run
from wallnet.questions.opened import Gathering, Opened, Result, over
from wallnet.studies.calibration import STEPS, Calibration, Candidate, Comparison
from wallnet.tracks.states import States
from wallnet.tracks.walls import first_time

CENTRES = 3
"""Best candidates of the first round around which the second one searches. Source: our choice."""

REACH = 0.15
"""Largest distance from them, as a share of each range. Source: our choice."""

SEED = 1
"""Seed of the first round; that of the second is one higher."""

WALL = ("time", "wall_bottom", "wall_top", "walls")

Reference = FinalState | ArrivalTime | TransferCurve


def judged(
    reference: Reference,
    seen: Sequence[xarray.Dataset],
    delay: float,
    detectors: Mapping[str, Detector],
    states: States,
) -> dict[str, Any]:
    """Compare a candidate, given the traces of its pulses, with a reference value.

    `states` are those of the film of the first trace.

    A final state is read `delay` s after the pulse, or at the end of the trace, where the wall
    rests; a transfer curve when its pulses end, with the detector of its device. Its distance is in
    notches or in full scales, 0 if the reference value is met.
    """
    if isinstance(reference, TransferCurve):
        detector = detectors[reference.device]
        conductance = parallel_conductance([_detected(trace, detector) for trace in seen], detector)
        distance = largest_deviation(reference.current_densities, conductance)
        text, met = f"{distance:.3f}", distance <= reference.deviation
    else:
        (trace,) = seen
        job, (time, *ends, _) = _job(trace), (trace[name].values.astype(float) for name in WALL)
        track, notches = job.track, job.track.notch_positions
        read = job.pulse_end + delay
        if isinstance(reference, ArrivalTime):
            read = reference.time
        positions = [float(np.interp(read, time, end)) for end in ends]
        # the reversed domain of a reversed track ends at the right edge
        place = notches[reference.notch - 1] if reference.notch else track.length
        if isinstance(reference, ArrivalTime):
            # both ends are in the notch, or beyond it
            edge = place - track.notch_reach
            arrival = max(first_time(time, end, edge) for end in ends)
            text = f"{arrival / 1e-9:.2f} ns" if math.isfinite(arrival) else "never"
            met = abs(arrival - read) <= reference.tolerance * (1 + 1e-9)
        else:
            walls = int(trace["walls"].values[np.searchsorted(time, min(read, time[-1]))])
            state = states.state((positions[0], positions[1]), walls)
            text, met = str(state), state == WallState(reference.state)
        # in mean distances of neighbouring notches
        several = len(notches) > 1
        apart = (notches[-1] - notches[0]) / (len(notches) - 1) if several else track.length
        distance = sum(abs(end - place) for end in positions) / 2 / apart
    away = 0.0 if met else distance
    return {"simulated_value": text, "reference_met": met, "reference_distance": away}


@lru_cache(maxsize=64)
def _parsed(parameters: str) -> Run:
    """Return the run of a trace; each reference value and each delay asks for it."""
    return Run.of_dataset({"parameters": parameters})


def _job(trace: xarray.Dataset) -> Run:
    return _parsed(str(trace.attrs["parameters"]))


def _detected(trace: xarray.Dataset, detector: Detector) -> NDArray[np.float64]:
    """Return the mean of m_z under a detector when the pulse ends."""
    job = _job(trace)
    driven = trace["time"].values.astype(float) <= job.pulse_end * (1 + 1e-9)
    last = np.flatnonzero(driven)[-1]
    m_z = trace["magnetization_profile"].values[last, :, COMPONENTS.index("z")]
    return detected_magnetization(m_z, trace["magnetic_cells"].values, detector.columns(job.track))


def largest_deviation(current_density: Sequence[float], conductance: NDArray[np.floating]) -> float:
    """Return the largest distance of G_norm from J_norm (paper, Eq. 3); 1 if G does not change."""
    if np.ptp(conductance) == 0:
        return 1.0
    current = normalize(current_density, min(current_density), max(current_density))
    curve = normalize(conductance, conductance.min(), conductance.max())
    return float(np.max(np.abs(curve - current)))


def _placed(
    settings: Calibration, count: int, seed: int, centres: Sequence[Candidate], reach: float
) -> list[Candidate]:
    """Return candidates around some centres, in turn, within the ranges and in whole `STEPS`.

    They are points of a scrambled Sobol sequence; a larger count begins with the same points.
    `reach` is a share of each range.
    """
    from scipy.stats import qmc

    sequence = qmc.Sobol(d=len(STEPS), scramble=True, seed=seed)
    points = sequence.random_base2(max(count - 1, 0).bit_length())[:count]
    low, high = np.transpose([limits for _, limits in settings.parameters])
    middle = np.resize([[centre[name] for name in STEPS] for centre in centres], points.shape)
    steps = np.array(list(STEPS.values()))
    around = middle + (2 * points - 1) * reach * (high - low)
    values = np.clip(np.round(around / steps) * steps, low, high)
    rows = ((float(f"{value:.10g}") for value in row) for row in values)
    return [dict(zip(STEPS, row, strict=True)) for row in rows]


def first_candidates(settings: Calibration, configured: Candidate) -> list[Candidate]:
    """Return the configuration, then candidates that fill the ranges evenly."""
    middle = {name: (low + high) / 2 for name, (low, high) in settings.parameters}
    return [configured, *_placed(settings, settings.candidates, SEED, [middle], 0.5)]


def local_candidates(settings: Calibration, centres: Sequence[Candidate]) -> list[Candidate]:
    """Return candidates around each of some centres, in turn."""
    return _placed(settings, settings.local_candidates, SEED + 1, centres, REACH)


def named(reference: Reference) -> str:
    """Return a reference value as text, with current densities in 1e12 A/m²."""
    if isinstance(reference, TransferCurve):
        densities = reference.current_densities
        low, high = (density / 1e12 for density in (min(densities), max(densities)))
        return f"{reference.device}, {low:.3f} to {high:.3f}: linear"
    pulse = f"{reference.device}, {reference.current_density / 1e12:.3f}"
    if isinstance(reference, FinalState):
        return f"{pulse}: {reference.state}"
    return f"{pulse}: notch {reference.notch} after {reference.time / 1e-9:g} ns"


def _candidates(opened: Opened) -> list[list[Result]]:
    """Return the pulses on each candidate."""
    pulses = opened.pulses()
    groups = itertools.groupby(pulses, key=lambda pulse: pulse.conditions.variant)
    return [[*group] for _, group in groups]


def _judge(comparison: Comparison, opened: Opened) -> dict[str, NDArray[Any]]:
    """Return the variables of the comparison of all candidates with the reference data."""
    entries, rows, detectors = comparison.reference.entries, [], comparison.detectors
    names = (*WALL, "magnetization_profile", "magnetic_cells")
    for candidate in _candidates(opened):
        pulses = {(str(p.conditions.device), p.current_density): p for p in candidate}
        seen = {place: pulse.read(*names) for place, pulse in pulses.items()}
        for delay, entry in itertools.product(comparison.read_delays, entries):
            places = [(entry.device, j) for j in entry.current_densities]
            traces, states = [seen[place] for place in places], pulses[places[0]].states
            rows.append(judged(entry, traces, delay, detectors, states))
    variables = over((-1, len(comparison.read_delays), len(entries)), rows)
    missed = ~variables["reference_met"]
    misfit = (missed + variables["reference_distance"]).sum(axis=-1)
    return {**variables, "missed": missed.sum(axis=-1), "misfit": misfit}


class Gather(Gathering[Calibration]):
    """Misfits of candidates."""

    def next_round(self, settings: Calibration, opened: Opened) -> list[Candidate]:
        """Return the candidates of the next round: over the ranges, or around the best of these."""
        comparison = Comparison.model_validate(opened.about)
        before = [pulses[0].conditions.parameters or {} for pulses in _candidates(opened)]
        if not before:
            return first_candidates(settings, comparison.configured)
        least = _judge(comparison, opened)["misfit"].min(axis=1)
        order = np.argsort(least, kind="stable")[:CENTRES]
        return local_candidates(settings, [before[index] for index in order])

    def gather(self, settings: Calibration, opened: Opened) -> dict[str, Any]:
        """Return the variables of a calibration: all candidates with their misfits."""
        comparison, candidates = Comparison.model_validate(opened.about), _candidates(opened)
        conditions = [pulses[0].conditions for pulses in candidates]
        values = [one.parameters or {} for one in conditions]
        return {
            "candidate_round": [one.round for one in conditions],
            **{f"candidate_{name}": [candidate[name] for candidate in values] for name in STEPS},
            **_judge(comparison, opened),
            "candidate": [int(str(one.variant)) for one in conditions],
            "read_delay": comparison.read_delays,
            "reference": [named(entry) for entry in comparison.reference.entries],
        }
