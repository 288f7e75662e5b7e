"""Gather the traces of one device into one file, with one trace in memory at a time."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet import files, revisions
from wallnet.devices.conductance import both_readings
from wallnet.devices.levels import synapse_variables
from wallnet.devices.neuron import neuron_variables
from wallnet.devices.traces import (
    RECORDED,
    WALL,
    Gathered,
    Pulse,
    conditions_of,
    foreign,
    read_trace,
)
from wallnet.devices.write_energy import heat_caveat, write_energy_of
from wallnet.experiment.base import canonical
from wallnet.files import WallState
from wallnet.jobs.devices import DeviceJob

logger = logging.getLogger(__name__)

DERIVED: dict[str, Callable[[Gathered], dict[str, ArrayLike]]] = {
    "neuron": neuron_variables,
    "synapse": synapse_variables,
}
"""Functions that return the variables of a kind of device in addition to the common ones."""


class _Sweeps:
    """Arrays of all traces on a common time step.

    Parameters
    ----------
    pulses : int
        Number of traces.
    interval : float
        Time step in s.
    """

    def __init__(self, pulses: int, interval: float) -> None:
        self.interval = interval
        self.entries = 1
        self._pulses = pulses
        self._columns: dict[str, NDArray[np.float32]] = {}

    def add(self, index: int, time: NDArray[np.float64], recorded: Mapping[str, Any]) -> None:
        """Interpolate one trace linearly to the common step and store it in its row."""
        # the tolerance keeps the last entry despite rounding errors of the summed steps
        entries = math.floor(time[-1] / self.interval + 1e-6) + 1
        grid = np.arange(entries) * self.interval
        self.entries = max(self.entries, entries)
        for name, values in recorded.items():
            tail = values.shape[1:]
            held = self._columns.get(name)
            if held is None or held.shape[1] < entries:
                # the arrays grow by doubling: the longest trace is unknown until all are read
                length = max(entries, 2 * held.shape[1] if held is not None else 0)
                grown = np.full((self._pulses, length, *tail), np.nan, dtype=np.float32)
                if held is not None:
                    grown[:, : held.shape[1]] = held
                self._columns[name] = held = grown
            flat = values.reshape(values.shape[0], -1)
            rows = [np.interp(grid, time, column) for column in flat.T]
            held[index, :entries] = np.stack(rows, axis=-1).reshape(entries, *tail)

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self._columns[name][:, : self.entries]


def gather(
    job: DeviceJob,
    initial: str | Path,
    traces: Sequence[str | Path],
    levels: Mapping[WallState, str | Path],
    out: str | Path,
    minima: Mapping[WallState, str | Path] = MappingProxyType({}),
) -> None:
    """Gather the traces of one device into its device file.

    The conductance has two readings: cells in parallel (paper, Eq. 2) and a resistance linear in
    the magnetisation. The file of a synapse contains its levels: level 0 is the start, level k
    has both wall ends at notch k, and level n is the reversed track. If the wall starts in the
    first of several notches that are all inside the track, the levels are those of the notches.
    The file of a neuron contains its normalised transfer curve (Eq. 3) and a quartic fitted to it.
    Walls that did not settle, levels that the initialised wall left, and levels without a
    minimum of the energy are marked and reported as warnings. They never count as reached. Pulses
    that pass the Curie temperature are flagged, and so are levels that only such pulses reach. The
    attribute `caveat` tells how far the pulses heat the track, if it is too far.

    Parameters
    ----------
    job : DeviceJob
        Track, detector, read time and current densities.
    initial : str or Path
        File of the initial state.
    traces : sequence of str or Path
        One trace per current density, in the order of the job.
    levels : mapping
        From a state to the file of a wall relaxed there; empty unless the device is a synapse.
    out : str or Path
        Device file to write.
    minima : mapping
        From a state to the file of the minimum of the energy there. A level without such a file
        is marked as not examined.

    Raises
    ------
    wallnet.files.FileError
        If a file is missing, damaged, cut short, not finite or not of this device, or if the
        conductance does not change over the sweep.
    """
    try:
        _gather(job, initial, traces, levels, out, minima)
    except files.FileError as error:
        kinds = {initial: "initial"} | dict.fromkeys((*traces, *levels.values()), "trace")
        kinds |= dict.fromkeys(minima.values(), "minimum")
        others = [
            str(path)
            for path, kind in kinds.items()
            if _is_damaged(path, kind) and not str(error).startswith(f"{path} ")
        ]
        more = f"; damaged too: {', '.join(others)}" if others else ""
        raise files.FileError(f"{error}{more}") from None


def _is_damaged(path: str | Path, kind: str) -> bool:
    """Return whether a file exists but is damaged."""
    try:
        files.read_dataset(path, kind)
    except files.DamagedFileError:
        return True
    except files.FileError:
        return False
    return False


def _gather(
    job: DeviceJob,
    initial: str | Path,
    traces: Sequence[str | Path],
    levels: Mapping[WallState, str | Path],
    out: str | Path,
    minima: Mapping[WallState, str | Path],
) -> None:
    name = Path(out).stem
    gathered = _Sweeps(len(traces), job.interval)
    pulses: list[Pulse] = []
    conditions: dict[str, Any] = {}
    made_by: dict[str, set[str]] = {}
    for index, (density, path) in enumerate(zip(job.pulse.current_densities, traces, strict=True)):
        trace = read_trace(path, job, float(density))
        conditions = conditions or conditions_of(trace.parameters)
        if conditions_of(trace.parameters) != conditions:
            raise foreign(path, f"was simulated under other conditions than {traces[0]}")
        for key, value in trace.made_by.items():
            made_by.setdefault(key, set()).add(str(value))
        gathered.add(index, trace.time, {**trace.recorded, "detected": trace.detected})
        pulses.append(Pulse.of(trace, job.read_at))

    values = _common(gathered, pulses, job, name)
    if derive := DERIVED.get(job.kind):
        values |= derive(Gathered(name, job, values, pulses, conditions, initial, levels, minima))
    if caveat := heat_caveat(job.write_energy, values["temperature_rise"]):
        logger.warning("%s: %s", name, caveat)
    files.write_dataset(
        files.dataset(job.kind, values),
        out,
        job.kind,
        {
            "device": name,
            "parameters": job.to_json(),
            "simulation": canonical(conditions),
            "revision": revisions.of("devices"),
            **({"caveat": caveat} if caveat else {}),
            **simulated_by(made_by),
        },
    )


def simulated_by(made_by: Mapping[str, set[str]]) -> dict[str, str]:
    """Return the attributes that name the calculators and revisions of all simulations."""
    return {f"simulation_{key}": ", ".join(sorted(made_by[key])) for key in sorted(made_by)}


def _common(
    gathered: _Sweeps, pulses: Sequence[Pulse], job: DeviceJob, name: str
) -> dict[str, Any]:
    """Return the variables that every device has and warn of walls that still moved."""
    densities = np.array(job.pulse.current_densities)
    settled = np.array([pulse.settled for pulse in pulses])
    cost = write_energy_of(job.write_energy, densities, job.pulse.duration, job.pulse.waveform)
    if np.any(settled == 0):
        logger.warning(
            "%s: the wall still moved at the end for J = %s (1e12 A/m2); these pulses reach no "
            "level; raise relaxation.longest, or lower relaxation.speed if it creeps",
            name,
            ", ".join(f"{density / 1e12:.4f}" for density in densities[settled == 0]),
        )
    return {
        **{f"sweep_{key}": gathered[key] for key in RECORDED},
        **{f"final_{key}": [pulse.final[key] for pulse in pulses] for key in WALL},
        "end_time": [pulse.end_time for pulse in pulses],
        "read_time": [pulse.read_time for pulse in pulses],
        "held": [pulse.held for pulse in pulses],
        "state": [pulse.state for pulse in pulses],
        "settled": settled,
        "temperature_rise": cost.rise.peak,
        "beyond_model": cost.beyond_model,
        "conductance": both_readings(gathered["detected"], job.detector),
        "final_conductance": both_readings([pulse.detected for pulse in pulses], job.detector),
        "time": np.arange(gathered.entries) * gathered.interval,
        "current_density": densities,
    }
