"""Gather the sweep of a device, with one trace in memory at a time."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Device
from wallnet.devices.conductance import both_readings
from wallnet.devices.sweeps import arrival_times, steady_velocity
from wallnet.devices.write_energy import heat_caveat, rise_over_time, write_energy_of
from wallnet.jobs import write_energy_job
from wallnet.studies.devices.levels import synapse_variables
from wallnet.studies.devices.neuron import neuron_variables
from wallnet.studies.devices.traces import RECORDED, WALL, End, Trace, read_trace
from wallnet.studies.opened import Opened, padded

logger = logging.getLogger(__name__)

DERIVED: dict[str, Callable[[Device, Opened, Mapping[str, Any], Sequence[End]], Any]] = {
    "neuron": neuron_variables,
    "synapse": synapse_variables,
}
"""Functions that return the variables of a kind of device in addition to the common ones, from its
results, the common variables and the wall at the end of each trace."""


def on_step(trace: Trace, interval: float) -> dict[str, NDArray[np.float64]]:
    """Return what is recorded of a trace on a time step in s, interpolated, with the time last."""
    # the tolerance keeps the last entry despite rounding errors of the summed steps
    entries = math.floor(trace.time[-1] / interval + 1e-6) + 1
    grid = np.arange(entries) * interval
    return {
        name: np.apply_along_axis(partial(np.interp, grid, trace.time), -1, values.T)
        for name, values in trace.recorded.items()
    }


def gather(device: Device, opened: Opened) -> dict[str, Any]:
    """Return the variables of a device, from the traces of its sweep.

    The conductance has two readings: cells in parallel (paper, Eq. 2) and a resistance linear in
    the magnetisation. A synapse has its levels: level 0 is the start, level k has both wall ends at
    notch k, and level n is the reversed track. If the wall starts in the first of several notches
    that are all inside the track, the levels are those of the notches. A neuron has its normalised
    transfer curve (Eq. 3) and a quartic fitted to it.

    Walls that did not settle, levels that the initialised wall left, and levels without a minimum
    of the energy are marked and reported as warnings. They never count as reached. Pulses that pass
    the Curie temperature are flagged, and so are levels that only such pulses reach. The attribute
    `caveat` tells how far the pulses heat the track, if it is too far. Each pulse has its write
    energy, the velocity of the wall and its arrival at each notch.

    Raises
    ------
    wallnet.files.FileError
        If a file is missing, damaged or not of this device, or if the conductance does not change
        over the sweep.
    """
    pulse = device.pulse
    densities = np.array(pulse.current_densities)
    traces: list[dict[str, NDArray[np.float64]]] = []
    ends: list[End] = []
    read: list[dict[str, float]] = []
    for density in pulse.current_densities:
        trace = read_trace(opened, (density,), device)
        traces.append(on_step(trace, device.output.interval))
        ends.append(trace.end)
        when = trace.read_time(device.read_at)
        told = {"end_time": trace.time[-1], "read_time": when, "held": trace.held}
        read.append(told | trace.at(when, (*WALL, "detected")))
    entries = max(each["detected"].size for each in traces)
    swept = {
        name: np.moveaxis(padded([each[name] for each in traces], entries), -1, 1).astype(
            np.float32
        )
        for name in (*RECORDED, "detected")
    }
    settled = np.array([end.settled for end in ends])
    if np.any(settled == 0):
        moving = ", ".join(f"{density / 1e12:.4f}" for density in densities[settled == 0])
        logger.warning(
            f"{opened.subject}: the wall still moved at the end for J = {moving} (1e12 A/m2); "
            "these pulses reach no level; raise relaxation.longest, or lower relaxation.speed if "
            "it creeps"
        )
    heated = write_energy_job(device)
    cost = write_energy_of(heated, densities, pulse.duration, pulse.waveform)
    heating_time, heating = rise_over_time(heated, pulse.duration, pulse.waveform)
    time = np.arange(entries) * device.output.interval
    walls = {name: swept[name] for name in WALL}
    arrivals = arrival_times(device.track, time, walls)
    detector = device.detector
    values: dict[str, Any] = {
        **{f"sweep_{name}": swept[name] for name in RECORDED},
        **{f"final_{name}": [each[name] for each in read] for name in WALL},
        **{name: [each[name] for each in read] for name in ("end_time", "read_time", "held")},
        "state": [end.state for end in ends],
        "settled": settled,
        **cost,
        "wall_velocity": steady_velocity(device.track, pulse.duration, time, walls),
        "arrival_time": arrivals,
        "notch": np.arange(1, arrivals.shape[1] + 1),
        "heating_mean": heating[0],
        "heating_middle": heating[1],
        "heating_time": heating_time,
        "conductance": both_readings(swept["detected"], detector),
        "final_conductance": both_readings([each["detected"] for each in read], detector),
        "time": time,
        "current_density": densities,
    }
    if derive := DERIVED.get(device.kind):
        values |= derive(device, opened, values, ends)
    if caveat := heat_caveat(heated, cost["temperature_rise"]):
        logger.warning("%s: %s", opened.subject, caveat)
        opened.attributes["caveat"] = caveat
    return values
