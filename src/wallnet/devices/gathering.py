"""Gather the traces of one device into one file, one trace in memory at a time."""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet import files, revisions, tracks
from wallnet.devices.conductance import (
    both_readings,
    detected_magnetization,
    detector_columns,
    normalize,
)
from wallnet.devices.levels import Level, Sweep, level_variables, measured_level
from wallnet.devices.neuron import DEGREE, curve_fault, fit_quartic
from wallnet.files import WallState
from wallnet.files.schema.states import FREE, INITIAL, REVERSED
from wallnet.jobs import DeviceJob, canonical

logger = logging.getLogger(__name__)

_WALL = ("wall_position", "wall_bottom", "wall_top")
_SERIES = ("m", *_WALL)
_PULSE_ONLY = ("current_density", "pulse_duration", "placement")
"""Parameters in which a level differs from a pulse on the same device."""


@dataclass(frozen=True)
class Trace:
    """What gathering keeps of one trace file.

    Attributes
    ----------
    time : ndarray (time,)
        In s.
    series : dict
        `m` (time, component), `wall_position`, `wall_bottom` and `wall_top` (time,), in m.
    detected : ndarray (time,)
        Mean of m_z under the detector.
    pulse_end : float
        In s.
    held : bool
        Whether both wall ends rest against the current as the pulse ends.
    state : WallState
        At the end.
    settled : int
        1 at rest, 0 still moving, -1 not asked to rest.
    parameters : dict
        What was simulated.
    made_by : dict
        Backend, its version and the revision of the stage that simulated.
    """

    time: NDArray[np.float64]
    series: dict[str, NDArray[np.float64]]
    detected: NDArray[np.float64]
    pulse_end: float
    held: bool
    state: WallState
    settled: int
    parameters: dict[str, Any]
    made_by: dict[str, Any]


def read_trace(path: str | Path, job: DeviceJob, current_density: float | None) -> Trace:
    """Read a trace and check that it is whole, finite and of this device.

    Parameters
    ----------
    path : str or Path
        File of kind 'trace'.
    job : DeviceJob
        The device that it belongs to.
    current_density : float or None
        In A/m²; None for a level, which has no pulse.

    Returns
    -------
    Trace
        What gathering needs of it.

    Raises
    ------
    wallnet.files.FileError
        If it is missing, damaged, cut short, not finite, or of another device or pulse.
    """
    data = files.read_dataset(path, "trace", drop=["magnetization", "applied_current_density"])
    try:
        parameters = json.loads(data.attrs["parameters"])
        state, settled = WallState(data.attrs["state"]), int(data.attrs["settled"])
        pulse_end = float(data.attrs["pulse_end"])
        found = parameters.get("current_density")
        interval = float(parameters["output"]["interval"])
        relaxation = {k: float(parameters["relaxation"][k]) for k in ("longest", "hold", "speed")}
    except (KeyError, TypeError, ValueError) as error:
        raise files.damaged(path, f"does not say what made it ({error!r})") from None
    if not _on_track(data.attrs["parameters"], job):
        raise _foreign(path, "was simulated on another track")
    if found != current_density:
        raise _foreign(path, f"holds a pulse of {found} A/m2, not {current_density}")

    time = data["time"].values.astype(float)
    longest = relaxation["longest"]
    due = pulse_end + {1: min(relaxation["hold"], longest), 0: longest}.get(settled, 0.0)
    if not time.size or not np.isfinite(time).all() or time[-1] < due - 0.01 * interval:
        last = f"{time[-1]:.4g} s" if time.size else "once, before it begins,"
        raise files.damaged(path, f"is cut short: it ends at {last} and has to last {due:.4g} s")
    gaps = np.diff(time, prepend=-interval)
    if gaps.min() <= 0 or gaps.max() > 1.5 * interval:
        raise files.damaged(path, "has a gap or runs backwards in time")

    series = {name: data[name].values.astype(float) for name in _SERIES}
    profile = data["magnetization_profile"].sel(component="z").values
    cells = data["magnetic_cells"].values
    if cells.size != job.track.cells[0]:
        raise _foreign(path, f"has {cells.size} columns of cells, not {job.track.cells[0]}")
    columns = detector_columns(job.track, job.detector)
    if not cells[columns].sum():
        raise files.FileError(
            f"{path} has no magnetic cell under the detector; move detector.start or "
            "detector.stop away from the notches"
        )
    detected = detected_magnetization(profile, cells, columns)
    for values in (*series.values(), profile[:, cells > 0]):
        if not np.isfinite(values).all():
            raise files.damaged(path, "is not finite: the simulation became unstable")
    furthest = max(series[name].max() for name in _WALL)
    if furthest > job.track.length * (1 + 1e-6):
        raise files.damaged(path, f"has a wall at {furthest:.4g} m, beyond the track's end")
    return Trace(
        time=time,
        series=series,
        detected=detected,
        pulse_end=pulse_end,
        held=_held(time, series, pulse_end, relaxation),
        state=state,
        settled=settled,
        parameters=parameters,
        made_by={
            key: data.attrs[key]
            for key in ("backend", "backend_version", "revision")
            if key in data.attrs
        },
    )


def _held(
    time: NDArray[np.float64],
    series: Mapping[str, NDArray[np.float64]],
    pulse_end: float,
    relaxation: Mapping[str, float],
) -> bool:
    """Return whether both wall ends rest against the current as the pulse ends.

    They rest as at the end of a trace: slower than `relaxation.speed` for `relaxation.hold`, or
    for the second half of a pulse that is shorter than twice that.
    """
    since = pulse_end - min(relaxation["hold"], pulse_end / 2)
    last = (time >= since * (1 - 1e-9)) & (time <= pulse_end * (1 + 1e-9))
    if last.sum() < 2:
        return False
    ends = (series[name][last] for name in ("wall_bottom", "wall_top"))
    return tracks.at_rest(time[last], ends, relaxation["speed"])


def _on_track(parameters: str | None, job: DeviceJob) -> bool:
    """Return whether the parameters of a simulation name the track of a device."""
    track = json.loads(parameters or "{}").get("track")
    return canonical(track) == canonical(job.track.model_dump(mode="json", exclude_none=True))


def _foreign(path: str | Path, fault: str) -> files.FileError:
    """Return what to raise for a file that is sound but not of this device."""
    return files.FileError(f"{path} {fault}; delete it and run snakemake")


def _conditions(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what all simulations of a device share."""
    return {key: value for key, value in parameters.items() if key not in _PULSE_ONLY}


def read_time(trace: Trace, read_at: str | float) -> float:
    """Return when the device is read, in s.

    Parameters
    ----------
    trace : Trace
        One trace.
    read_at : str or float
        "pulse_end", "rest" (the last entry) or a time in s. A wall that came to rest before that
        time is read as it rests.

    Returns
    -------
    float
        Within the trace.
    """
    last = float(trace.time[-1])
    if read_at == "rest":
        return last
    return min(trace.pulse_end if read_at == "pulse_end" else float(read_at), last)


class _Gathered:
    """The arrays that the traces fill, on a common time step.

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

    def add(self, index: int, time: NDArray[np.float64], series: Mapping[str, Any]) -> None:
        """Put one trace into its row, interpolated linearly to the common step."""
        # the last bit of a sum of steps must not cost an entry
        entries = math.floor(time[-1] / self.interval + 1e-6) + 1
        grid = np.arange(entries) * self.interval
        self.entries = max(self.entries, entries)
        for name, values in series.items():
            tail = values.shape[1:]
            held = self._columns.get(name)
            if held is None or held.shape[1] < entries:
                # grown by doubling: the longest trace is not known before all are read
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
) -> None:
    """Gather the traces of one device into its device file.

    The conductance has two readings: cells in parallel (paper, Eq. 2) and a resistance linear in
    the magnetisation. A synapse gets its levels: 0 the start, k both wall ends at notch k, n the
    reversed track; a neuron its normalised transfer curve (Eq. 3) and a quartic through it.
    Walls that did not settle, and levels that do not hold theirs, are reported as warnings and
    marked; they never count as reached.

    Parameters
    ----------
    job : DeviceJob
        Track, detector, read time and current densities.
    initial : str or Path
        File of the initial state.
    traces : sequence of str or Path
        One trace a current density, in the order of the job.
    levels : mapping
        From a state to the file of a wall relaxed there; empty unless the device is a synapse.
    out : str or Path
        Device file to write.

    Raises
    ------
    wallnet.files.FileError
        If a file is missing, damaged, cut short, not finite or not of this device, or if the
        conductance does not change over the sweep.
    """
    try:
        _gather(job, initial, traces, levels, out)
    except files.FileError as error:
        kinds = {initial: "initial"} | dict.fromkeys((*traces, *levels.values()), "trace")
        others = [
            str(path)
            for path, kind in kinds.items()
            if _is_damaged(path, kind) and not str(error).startswith(f"{path} ")
        ]
        more = f"; damaged too: {', '.join(others)}" if others else ""
        raise files.FileError(f"{error}{more}") from None


def _is_damaged(path: str | Path, kind: str) -> bool:
    """Say whether a file is there and not what was written."""
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
) -> None:
    name = Path(out).stem
    gathered = _Gathered(len(traces), job.interval)
    pulses: list[_Pulse] = []
    conditions: dict[str, Any] = {}
    made_by: dict[str, set[str]] = {}
    for index, (density, path) in enumerate(zip(job.pulse.current_densities, traces, strict=True)):
        trace = read_trace(path, job, float(density))
        conditions = conditions or _conditions(trace.parameters)
        if _conditions(trace.parameters) != conditions:
            raise _foreign(path, f"was simulated under other conditions than {traces[0]}")
        for key, value in trace.made_by.items():
            made_by.setdefault(key, set()).add(str(value))
        gathered.add(index, trace.time, {**trace.series, "detected": trace.detected})
        pulses.append(_Pulse.of(trace, job.read_at))

    values = _common(gathered, pulses, job, name)
    if job.kind == "synapse":
        placed = [_relaxed(path, level, job, conditions) for level, path in levels.items()]
        values |= _levels(values, pulses, _start(initial, job), placed, job, name)
    elif job.kind == "neuron":
        values |= _activation(values, name)
    files.write_dataset(
        files.dataset(job.kind, values),
        out,
        job.kind,
        {
            "device": name,
            "parameters": job.to_json(),
            "simulation": canonical(conditions),
            "revision": revisions.of("devices"),
            **{f"simulation_{key}": ", ".join(sorted(made_by[key])) for key in sorted(made_by)},
        },
    )


@dataclass(frozen=True)
class _Pulse:
    """What a pulse left: when the device is read, and at rest.

    Attributes
    ----------
    end_time, read_time : float
        Of the trace's end and of the reading, in s.
    held : bool
        Whether both wall ends rest against the current as the pulse ends.
    state : WallState
        At the end.
    settled : int
        1 at rest, 0 still moving, -1 not asked to rest.
    detected : float
        Mean of m_z under the detector when the device is read.
    final : dict
        Mean wall position and both ends in m, when the device is read.
    resting, resting_position : float
        Mean of m_z under the detector and mean wall position in m, at the end.
    """

    end_time: float
    read_time: float
    held: bool
    state: WallState
    settled: int
    detected: float
    final: dict[str, float]
    resting: float
    resting_position: float

    @classmethod
    def of(cls, trace: Trace, read_at: str | float) -> "_Pulse":
        """Take from a trace what is kept of it."""
        when = read_time(trace, read_at)
        return cls(
            end_time=trace.time[-1],
            read_time=when,
            held=trace.held,
            state=trace.state,
            settled=trace.settled,
            detected=np.interp(when, trace.time, trace.detected),
            final={key: np.interp(when, trace.time, trace.series[key]) for key in _WALL},
            resting=trace.detected[-1],
            resting_position=trace.series["wall_position"][-1],
        )


def _common(
    gathered: _Gathered, pulses: Sequence[_Pulse], job: DeviceJob, name: str
) -> dict[str, Any]:
    """Return the variables that every device has, and say which walls still moved."""
    densities = np.array(job.pulse.current_densities)
    settled = np.array([pulse.settled for pulse in pulses])
    if np.any(settled == 0):
        logger.warning(
            "%s: the wall still moved at the end for J = %s (1e12 A/m2); these pulses reach no "
            "level; raise relaxation.longest to let it rest",
            name,
            ", ".join(f"{density / 1e12:.4f}" for density in densities[settled == 0]),
        )
    return {
        **{f"sweep_{key}": gathered[key] for key in _SERIES},
        **{f"final_{key}": [pulse.final[key] for pulse in pulses] for key in _WALL},
        "end_time": [pulse.end_time for pulse in pulses],
        "read_time": [pulse.read_time for pulse in pulses],
        "held": [pulse.held for pulse in pulses],
        "state": [pulse.state for pulse in pulses],
        "settled": settled,
        "conductance": both_readings(gathered["detected"], job.detector),
        "final_conductance": both_readings([pulse.detected for pulse in pulses], job.detector),
        "time": np.arange(gathered.entries) * gathered.interval,
        "current_density": densities,
    }


def _levels(
    values: Mapping[str, Any],
    pulses: Sequence[_Pulse],
    start: Level,
    placed: Sequence[Level],
    job: DeviceJob,
    name: str,
) -> dict[str, ArrayLike]:
    """Return a synapse's levels, and the conductances of the sweep normalised by them."""
    sweep = Sweep(
        current_density=values["current_density"],
        state=values["state"],
        settled=values["settled"],
        position=np.array([pulse.resting_position for pulse in pulses]),
        conductance=both_readings([pulse.resting for pulse in pulses], job.detector),
    )
    levels = [
        start,
        *(measured_level(level, sweep, name) for level in placed),
        sweep.measured(REVERSED, REVERSED) or _uniform(job),
    ]
    low, high = levels[0].conductance[:, None], levels[-1].conductance[:, None]
    return {
        **level_variables(levels, sweep, name),
        "normalized_final_conductance": normalize(values["final_conductance"], low, high),
    }


def _start(path: str | Path, job: DeviceJob) -> Level:
    """Return level 0, the initial state."""
    data = files.read_dataset(path, "initial")
    m_z = data["initial_magnetization"].sel(component="z").values
    if not _on_track(data.attrs.get("parameters"), job) or m_z.shape != job.track.cells[::-1]:
        raise _foreign(path, "was made for another track")
    magnetic = np.isfinite(m_z)
    cells = magnetic.sum(axis=0)
    if not cells.any():
        raise files.damaged(path, "is not finite in any cell")
    total = np.where(magnetic, m_z, 0).sum(axis=0, dtype=float)
    columns = detector_columns(job.track, job.detector)
    detected = detected_magnetization(total / np.maximum(cells, 1), cells, columns)
    return Level(
        state=INITIAL,
        resting=INITIAL,
        source="initial state",
        position=job.track.length * (1 - total.sum() / cells.sum()) / 2,
        conductance=both_readings(detected, job.detector),
    )


def _relaxed(
    path: str | Path, state: WallState, job: DeviceJob, conditions: Mapping[str, Any]
) -> Level:
    """Return the level at which a wall was placed and relaxed."""
    trace = read_trace(path, job, None)
    if _conditions(trace.parameters) != conditions:
        raise _foreign(path, "was simulated under other conditions than the traces")
    stable = trace.state == state and trace.settled == 1
    conductance = both_readings(trace.detected[-1], job.detector)
    return Level(
        state=state,
        # "initial" is relative to where a wall is placed; here that is a level that did not hold it
        resting=FREE if trace.state == INITIAL else trace.state,
        source="wall placed there and relaxed" if stable else "",
        position=float(trace.series["wall_position"][-1]),
        conductance=conductance if stable else np.full_like(conductance, np.nan),
    )


def _uniform(job: DeviceJob) -> Level:
    """Return the highest level where no pulse reverses the track: all along -z."""
    return Level(
        state=REVERSED,
        resting=REVERSED,
        source="uniform along -z, not simulated: no pulse of the sweep reverses the track",
        position=job.track.length,
        conductance=both_readings(-1.0, job.detector),
    )


def _activation(values: Mapping[str, Any], name: str) -> dict[str, ArrayLike]:
    """Return a neuron's normalised transfer curve and the quartic through it."""
    densities, final = values["current_density"], values["final_conductance"]
    low, high = final.min(axis=1, keepdims=True), final.max(axis=1, keepdims=True)
    if np.any(low == high):
        raise files.FileError(
            f"{name}: the conductance is the same after all pulses, so that Eq. 3 cannot "
            "normalise it; move detector.start and detector.stop to where the wall passes"
        )
    # the neuron works from 0 upwards; negative currents are there to be shown
    forward = densities >= 0
    current = normalize(densities, densities[forward].min(), densities[forward].max())
    curve = normalize(final, low, high)
    fits = [fit_quartic(current[forward], row[forward]) for row in curve]
    faults = [curve_fault(densities, row, values["state"]) for row in curve]
    for fault, which in zip(faults, files.READINGS, strict=True):
        if fault:
            logger.warning("%s is no activation (%s): %s", name, which, fault)
    return {
        "normalized_current_density": current,
        "normalized_final_conductance": curve,
        "quartic": [fit.coefficients for fit in fits],
        "power": np.arange(DEGREE + 1),
        "fault": faults,
        "fit_error": [fit.largest_error for fit in fits],
        "fit_rms": [fit.rms_error for fit in fits],
        "relu_deviation": [fit.relu_deviation for fit in fits],
    }
