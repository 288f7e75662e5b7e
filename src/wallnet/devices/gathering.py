"""Gather the traces of one device into one file, one trace in memory at a time."""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files, revisions, tracks
from wallnet.devices.conductance import (
    both_readings,
    detected_magnetization,
    detector_columns,
    normalize,
)
from wallnet.devices.levels import (
    REVERSED,
    START,
    State,
    Sweep,
    level_label,
    level_state,
    level_variables,
)
from wallnet.devices.neuron import curve_fault, fit_quartic
from wallnet.jobs import DeviceJob, canonical

if TYPE_CHECKING:
    import xarray

logger = logging.getLogger(__name__)

_SERIES = ("m", "wall_position", "wall_bottom", "wall_top")
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
    state : str
        State at the end.
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
    state: str
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
        state, settled = str(data.attrs["state"]), int(data.attrs["settled"])
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
    furthest = max(series[name].max() for name in _SERIES[1:])
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
    levels: Mapping[str, str | Path],
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
        From the name of a state ("1", "1-2", …) to the file of a wall relaxed there; empty
        unless the device is a synapse.
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
    levels: Mapping[str, str | Path],
    out: str | Path,
) -> None:
    densities = np.array(job.pulse.current_densities)
    name = Path(out).stem
    gathered = _Gathered(densities.size, job.interval)
    columns: dict[str, list[Any]] = {
        key: []
        for key in (
            *("end_time", "read_time", "held", "state", "settled"),
            *("detected", "resting", "position"),
        )
    }
    finals: dict[str, list[float]] = {key: [] for key in _SERIES[1:]}
    conditions: dict[str, Any] = {}
    made_by: dict[str, set[str]] = {}
    for index, (density, path) in enumerate(zip(densities, traces, strict=True)):
        trace = read_trace(path, job, float(density))
        conditions = conditions or _conditions(trace.parameters)
        if _conditions(trace.parameters) != conditions:
            raise _foreign(path, f"was simulated under other conditions than {traces[0]}")
        for key, value in trace.made_by.items():
            made_by.setdefault(key, set()).add(str(value))
        gathered.add(index, trace.time, {**trace.series, "detected": trace.detected})
        when = read_time(trace, job.read_at)
        columns["end_time"].append(trace.time[-1])
        columns["read_time"].append(when)
        columns["held"].append(trace.held)
        columns["state"].append(trace.state)
        columns["settled"].append(trace.settled)
        columns["detected"].append(np.interp(when, trace.time, trace.detected))
        columns["resting"].append(trace.detected[-1])
        columns["position"].append(trace.series["wall_position"][-1])
        for key, held in finals.items():
            held.append(float(np.interp(when, trace.time, trace.series[key])))

    settled = np.array(columns["settled"], dtype=np.int8)
    if np.any(settled == 0):
        moving = ", ".join(f"{density / 1e12:.4f}" for density in densities[settled == 0])
        logger.warning(
            "%s: the wall still moved at the end for J = %s (1e12 A/m2); these pulses reach no "
            "level; raise relaxation.longest to let it rest",
            name,
            moving,
        )
    final = both_readings(np.array(columns["detected"]), job.detector)
    data = _common(gathered, job, final, finals, columns, settled)
    data = data.assign_coords(
        current_density=("current_density", densities, _about("A/m2", "current density"))
    )
    sweep = Sweep(
        current_density=densities,
        state=columns["state"],
        settled=settled,
        position=np.array(columns["position"]),
        conductance=both_readings(np.array(columns["resting"]), job.detector),
    )
    if job.kind == "synapse":
        states = [
            _start(initial, job),
            *(
                level_state(_relaxed(path, level, job, conditions), sweep, name)
                for level, path in levels.items()
            ),
            sweep.measured(REVERSED, REVERSED) or _uniform(job),
        ]
        low, high = states[0].conductance, states[-1].conductance
        data = data.assign(level_variables(states, sweep, name))
        data["normalized_final_conductance"] = (
            ("reading", "current_density"),
            normalize(final, low[:, None], high[:, None]),
            _about("1", "conductance when read, normalised between the first and the last level"),
        )
        for axis in ("level", "extended_level"):
            data = data.assign_coords(
                {axis: (axis, np.arange(data.sizes[axis]), _about("1", axis.replace("_", " ")))}
            )
    elif job.kind == "neuron":
        data = _with_activation(data, densities, final, name)
    files.write_dataset(
        data,
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


def _about(units: str, long_name: str, **more: str) -> dict[str, str]:
    return {"units": units, "long_name": long_name, **more}


def _common(
    gathered: _Gathered,
    job: DeviceJob,
    final: NDArray[np.float64],
    finals: Mapping[str, Sequence[float]],
    columns: Mapping[str, Sequence[Any]],
    settled: NDArray[np.int8],
) -> "xarray.Dataset":
    """Return the variables that every device has."""
    import xarray

    pulse, sweep = ("current_density",), ("current_density", "time")
    walls = {
        "wall_position": "mean wall position, length (1 - <m_z>)/2",
        "wall_bottom": "wall position at the lower edge",
        "wall_top": "wall position at the upper edge",
    }
    conductance = both_readings(gathered["detected"], job.detector).astype(np.float32)
    variables: dict[str, Any] = {
        "m": (
            (*sweep, "component"),
            gathered["m"],
            _about("1", "magnetisation averaged over magnetic cells"),
        ),
        **{key: (sweep, gathered[key], _about("m", text)) for key, text in walls.items()},
        "end_time": (pulse, np.array(columns["end_time"]), _about("s", "end of the trace")),
        "read_time": (pulse, np.array(columns["read_time"]), _about("s", "when it is read")),
        "held": (
            pulse,
            np.array(columns["held"], dtype=np.int8),
            _about(
                "1",
                "whether both wall ends rest against the current as the pulse ends",
                values_mean="0 no, 1 yes",
            ),
        ),
        "state": (
            pulse,
            np.array(columns["state"], dtype=object),
            _about("1", "state of the wall at the end of the trace"),
        ),
        "settled": (
            pulse,
            settled,
            _about(
                "1",
                "whether both wall ends rest at the end of the trace",
                values_mean="0 no, 1 yes, -1 not asked to rest",
            ),
        ),
        "conductance": (("reading", *sweep), conductance, _about("S", "conductance")),
        "final_conductance": (
            ("reading", *pulse),
            final,
            _about("S", "conductance when the device is read"),
        ),
        **{
            f"final_{key}": (
                pulse,
                np.array(finals[key]),
                _about("m", f"{text}, when the device is read"),
            )
            for key, text in walls.items()
        },
    }
    coordinates: dict[str, Any] = {
        "time": (
            "time",
            np.arange(gathered.entries) * gathered.interval,
            _about("s", "time since the pulse began"),
        ),
        "component": ("component", list(files.COMPONENTS), {"long_name": "component"}),
        "reading": (
            "reading",
            list(files.READINGS),
            {"long_name": "parallel: cells in parallel (Eq. 2); series: resistance linear in m_z"},
        ),
    }
    return xarray.Dataset(variables, coords=coordinates)


def _start(path: str | Path, job: DeviceJob) -> State:
    """Return level 0, the initial state."""
    data = files.read_dataset(path, "initial")
    m_z = data["magnetization"].sel(component="z").values
    if not _on_track(data.attrs.get("parameters"), job) or m_z.shape != job.track.cells[::-1]:
        raise _foreign(path, "was made for another track")
    magnetic = np.isfinite(m_z)
    cells = magnetic.sum(axis=0)
    if not cells.any():
        raise files.damaged(path, "is not finite in any cell")
    total = np.where(magnetic, m_z, 0).sum(axis=0, dtype=float)
    columns = detector_columns(job.track, job.detector)
    detected = detected_magnetization(total / np.maximum(cells, 1), cells, columns)
    return State(
        label=START,
        resting=START,
        source="initial state",
        position=job.track.length * (1 - total.sum() / cells.sum()) / 2,
        conductance=both_readings(detected, job.detector),
    )


def _relaxed(path: str | Path, level: str, job: DeviceJob, conditions: Mapping[str, Any]) -> State:
    """Return the state of a wall that was placed at a level and relaxed."""
    trace = read_trace(path, job, None)
    if _conditions(trace.parameters) != conditions:
        raise _foreign(path, "was simulated under other conditions than the traces")
    label = level_label(level)
    stable = trace.state == label and trace.settled == 1
    conductance = both_readings(trace.detected[-1], job.detector)
    return State(
        label=label,
        # "initial" is relative to where a wall is placed; here that is a level that did not hold it
        resting="free" if trace.state == START else trace.state,
        source="wall placed there and relaxed" if stable else "",
        position=float(trace.series["wall_position"][-1]),
        conductance=conductance if stable else np.full_like(conductance, np.nan),
    )


def _uniform(job: DeviceJob) -> State:
    """Return the highest level where no pulse reverses the track: all along -z."""
    return State(
        label=REVERSED,
        resting=REVERSED,
        source="uniform along -z, not simulated: no pulse of the sweep reverses the track",
        position=job.track.length,
        conductance=both_readings(-1.0, job.detector),
    )


def _with_activation(
    data: "xarray.Dataset", densities: NDArray[np.float64], final: NDArray[np.float64], name: str
) -> "xarray.Dataset":
    """Add a neuron's normalised transfer curve and the quartic through it."""
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
    states = [str(state) for state in data["state"].values]
    faults = [curve_fault(densities, row, states) for row in curve]
    for fault, which in zip(faults, files.READINGS, strict=True):
        if fault:
            logger.warning("%s is no activation (%s): %s", name, which, fault)
    reading, sweep = ("reading",), ("current_density",)
    return data.assign(
        normalized_current_density=(
            sweep,
            current,
            _about(
                "1", "current density normalised from the least to the greatest one >= 0 (Eq. 3)"
            ),
        ),
        normalized_conductance=(
            (*reading, *sweep),
            curve,
            _about("1", "conductance normalised over the sweep (paper, Eq. 3)"),
        ),
        quartic=(
            (*reading, "power"),
            np.stack([fit.coefficients for fit in fits]),
            {
                **_about("1", "coefficients of the activation, ascending powers of J_norm"),
                "lowest_input": 0.0,
                "highest_input": 1.0,
                "below_lowest_input": "0: the wall does not reach the detector",
                "above_highest_input": "the value at the highest input: saturated",
            },
        ),
        fault=(
            reading,
            np.array(faults, dtype=object),
            _about("1", "what makes the curve no activation; empty if nothing does"),
        ),
        fit_error=(
            reading,
            np.array([fit.largest_error for fit in fits]),
            _about("1", "largest deviation of a simulated point from the quartic; NaN if unknown"),
        ),
        fit_rms=(
            reading,
            np.array([fit.rms_error for fit in fits]),
            _about("1", "root mean square deviation of the simulated points from the quartic"),
        ),
        relu_deviation=(
            reading,
            np.array([fit.relu_deviation for fit in fits]),
            _about("1", "largest deviation of a simulated point from the ideal ReLU"),
        ),
    ).assign_coords(power=("power", np.arange(5), _about("1", "power of J_norm")))
