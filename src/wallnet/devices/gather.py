"""Gather the sweep of a device, with one trace in memory at a time.

The activation of a neuron is a quartic fitted to its normalised transfer curve.
"""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import ArrayLike, NDArray

from wallnet import files
from wallnet.config import Device
from wallnet.devices.conductance import both_readings, normalize
from wallnet.devices.levels import synapse_variables
from wallnet.devices.motion import arrival_times, steady_velocity
from wallnet.devices.traces import RECORDED, WALL, End, read_at, read_trace
from wallnet.devices.write_energy import heat_caveat, rise_over_time, write_energy_of
from wallnet.files.schema.states import EXPELLED, REVERSED, WallState
from wallnet.jobs.report import write_energy_job
from wallnet.questions.opened import Gathering, Opened, over, padded

Array = NDArray[np.float64]

logger = logging.getLogger(__name__)

READ = (*WALL, "detected")
"""What is read of a device."""

DEGREE = 4
"""Degree of the polynomial that the paper fits to the transfer curve."""

SPARE_POINTS = 2
"""Number of points in addition to the coefficients that makes the residuals meaningful."""

LARGEST_FALL = 0.005
"""Largest allowed fall of a rising curve between neighbouring points, as a share of full scale."""


def _swept(device: Device, opened: Opened) -> tuple[dict[str, Array], dict[str, Any], list[End]]:
    """Return the traces of a sweep on one time step, what is read of each, and the last walls."""
    interval = device.output.interval
    traces: list[dict[str, Array]] = []
    ends: list[End] = []
    rows: list[dict[str, Any]] = []
    for trace in opened.pulses():
        time, recorded, end = read_trace(trace, device)
        # the tolerance keeps the last entry despite rounding errors of the summed steps
        grid = np.arange(math.floor(time[-1] / interval + 1e-6) + 1) * interval
        traces.append(
            {
                name: np.apply_along_axis(partial(np.interp, grid, time), -1, values.T)
                for name, values in recorded.items()
            }
        )
        ends.append(end)
        # a trace ends earlier if its wall comes to rest
        when = min(read_at(device), time[-1])
        final = {f"final_{name}": np.interp(when, time, recorded[name]) for name in READ}
        flags = {"state": end.state, "settled": end.settled, "held": end.held}
        rows.append(flags | {"end_time": time[-1], "read_time": when} | final)
    read = over([len(rows)], rows)
    entries = max(trace["detected"].size for trace in traces)
    swept = {
        name: np.moveaxis(padded([trace[name] for trace in traces], entries), -1, 1).astype("f4")
        for name in (*RECORDED, "detected")
    }
    return swept, read, ends


def fit_quartics(current: Array, conductance: Array) -> dict[str, Array]:
    """Fit normalised transfer curves by least squares (paper, Fig. 1b).

    Parameters
    ----------
    current : ndarray (points,)
        Values of J_norm, between 0 and 1; five or more.
    conductance : ndarray (reading, points)
        Values of G_norm, between 0 and 1.

    Returns
    -------
    dict
        Of each reading: `quartic`, the coefficients of ascending powers of J_norm; `fit_error` and
        `fit_rms`, largest and root mean square deviation of a point from the quartic, NaN if there
        are fewer than two points more than coefficients, as they then say little about the fit;
        `relu_deviation`, the largest deviation of a point from the ideal ReLU, G_norm = J_norm.
    """
    coefficients = polynomial.polyfit(current, conductance.T, DEGREE)
    error = np.abs(polynomial.polyval(current, coefficients) - conductance)
    if current.size < DEGREE + 1 + SPARE_POINTS:
        error = np.full_like(error, np.nan)
    return {
        "quartic": coefficients.T,
        "fit_error": error.max(axis=1),
        "fit_rms": np.sqrt(np.mean(error**2, axis=1)),
        "relu_deviation": np.abs(conductance - current).max(axis=1),
    }


def curve_fault(current_density: Array, conductance: ArrayLike, states: Sequence[WallState]) -> str:
    """Describe why a transfer curve is not valid as an activation; empty if it is.

    The text tells where G_norm falls over the ascending current densities in A/m², and at which of
    these from 0 upwards the wall left the track, by its state at the end of each trace. A negative
    current may drive the wall out on the left: the conductance then correctly stays at its minimum.
    """
    faults = []
    fall = -np.diff(np.asarray(conductance, dtype=float))
    steepest = int(np.argmax(fall))
    if fall[steepest] > LARGEST_FALL:
        before, after = current_density[steepest : steepest + 2] / 1e12
        from_to = f"from J = {before:.4g} to {after:.4g}e12 A/m2"
        faults.append(f"it is not monotonic (G_norm falls by {fall[steepest]:.3f} {from_to})")
    left = [
        f"{density / 1e12:.4g}"
        for density, state in zip(current_density, states, strict=True)
        if density >= 0 and state in (REVERSED, EXPELLED)
    ]
    if left:
        shown = ", ".join(left[:4]) + (f" and {len(left) - 4} more" if len(left) > 4 else "")
        faults.append(f"the wall left the track at J = {shown} (1e12 A/m2)")
    return " and ".join(faults)


def neuron_variables(
    device: Device, opened: Opened, values: Mapping[str, Any], ends: Sequence[End]
) -> dict[str, ArrayLike]:
    """Return the normalised transfer curve of a neuron and the quartic fitted to it."""
    densities, final = values["current_density"], values["final_conductance"]
    low, high = final.min(axis=1, keepdims=True), final.max(axis=1, keepdims=True)
    if np.any(low == high):
        raise files.FileError(
            f"{opened.subject}: the conductance is the same after all pulses, so that Eq. 3 cannot "
            "normalise it; move detector.start and detector.stop to where the wall passes"
        )
    # the neuron works from 0 upwards; negative currents are only shown
    forward = densities >= 0
    current = normalize(densities, densities[forward].min(), densities[forward].max())
    curve = normalize(final, low, high)
    faults = [curve_fault(densities, row, [end.state for end in ends]) for row in curve]
    for fault, which in zip(faults, files.READINGS, strict=True):
        if fault:
            logger.warning("%s is no activation (%s): %s", opened.subject, which, fault)
    return {
        "normalized_current_density": current,
        "normalized_final_conductance": curve,
        **fit_quartics(current[forward], curve[:, forward]),
        "power": np.arange(DEGREE + 1),
        "fault": faults,
    }


DERIVED: dict[str, Callable[[Device, Opened, Mapping[str, Any], Sequence[End]], Any]] = {
    "neuron": neuron_variables,
    "synapse": synapse_variables,
}
"""Functions that return the variables of a kind of device in addition to the common ones, from its
results, the common variables and the wall at the end of each trace."""


class Gather(Gathering[Device]):
    """The sweep of a device: its variables, from the traces.

    The conductance has two readings: cells in parallel (paper, Eq. 2) and a resistance linear in
    the magnetisation. A synapse has its levels: level 0 is the start, level k has both wall ends at
    notch k, and level n is the reversed track. If the wall starts in the first of several notches
    that are all inside the track, the levels are those of the notches. A neuron has its normalised
    transfer curve (Eq. 3) and a quartic fitted to it.

    Walls that did not settle, levels that the initialised wall left, and levels without a minimum
    of the energy are marked and reported as warnings. They never count as reached. Pulses beyond
    the model are flagged, and so are levels that only such pulses reach. The attribute
    `caveat` tells how far the pulses heat the track, if it is too far. Each pulse has its write
    energy, the velocity of the wall and its arrival at each notch.
    """

    def gather(self, device: Device, opened: Opened) -> dict[str, Any]:
        """Return the variables; a conductance that does not change is a `FileError`."""
        pulse, densities = device.pulse, np.array(device.pulse.current_densities)
        swept, read, ends = _swept(device, opened)
        moves = read["settled"] == 0
        if moves.any():
            moving = ", ".join(f"{density / 1e12:.4f}" for density in densities[moves])
            logger.warning(
                f"{opened.subject}: the wall still moved at the end for J = {moving} (1e12 A/m2); "
                "these pulses reach no level; raise relaxation.longest, or lower relaxation.speed "
                "if it creeps"
            )
        heated = write_energy_job(device)
        cost = write_energy_of(heated, densities, pulse.duration, pulse.waveform)
        heating_time, heating = rise_over_time(heated, pulse.duration, pulse.waveform)
        times = np.arange(swept["detected"].shape[1]) * device.output.interval
        arrivals = arrival_times(device.track, times, swept)
        detector = device.junction
        values: dict[str, Any] = {
            **{f"sweep_{name}": swept[name] for name in RECORDED},
            "final_conductance": both_readings(read.pop("final_detected"), detector),
            **read,
            **cost,
            "wall_velocity": steady_velocity(device.track, pulse.duration, times, swept),
            "arrival_time": arrivals,
            "notch": np.arange(1, arrivals.shape[1] + 1),
            "heating_mean": heating[0],
            "heating_middle": heating[1],
            "heating_time": heating_time,
            "conductance": both_readings(swept["detected"], detector),
            "time": times,
            "current_density": densities,
        }
        if derive := DERIVED.get(device.kind):
            values |= derive(device, opened, values, ends)
        if caveat := heat_caveat(heated, cost):
            logger.warning("%s: %s", opened.subject, caveat)
            opened.attributes["caveat"] = caveat
        return values
