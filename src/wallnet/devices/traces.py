"""One trace at a time: read, held to its device, and what gathering keeps of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files, tracks
from wallnet.devices.conductance import detected_magnetization, detector_columns
from wallnet.files import WallState
from wallnet.jobs import DeviceJob, canonical

WALL = ("wall_position", "wall_bottom", "wall_top")
RECORDED = ("m", *WALL)
_PULSE_ONLY = ("current_density", "pulse_duration", "placement")
"""Parameters in which a level differs from a pulse on the same device."""


@dataclass(frozen=True)
class Trace:
    """What gathering keeps of one trace file.

    Attributes
    ----------
    time : ndarray (time,)
        In s.
    recorded : dict
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
    recorded: dict[str, NDArray[np.float64]]
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
    if not on_track(data.attrs["parameters"], job):
        raise foreign(path, "was simulated on another track")
    if found != current_density:
        raise foreign(path, f"holds a pulse of {found} A/m2, not {current_density}")

    time = data["time"].values.astype(float)
    longest = relaxation["longest"]
    due = pulse_end + {1: min(relaxation["hold"], longest), 0: longest}.get(settled, 0.0)
    if not time.size or not np.isfinite(time).all() or time[-1] < due - 0.01 * interval:
        last = f"{time[-1]:.4g} s" if time.size else "once, before it begins,"
        raise files.damaged(path, f"is cut short: it ends at {last} and has to last {due:.4g} s")
    gaps = np.diff(time, prepend=-interval)
    if gaps.min() <= 0 or gaps.max() > 1.5 * interval:
        raise files.damaged(path, "has a gap or runs backwards in time")

    recorded = {name: data[name].values.astype(float) for name in RECORDED}
    profile = data["magnetization_profile"].sel(component="z").values
    cells = data["magnetic_cells"].values
    if cells.size != job.track.cells[0]:
        raise foreign(path, f"has {cells.size} columns of cells, not {job.track.cells[0]}")
    columns = detector_columns(job.track, job.detector)
    if not cells[columns].sum():
        raise files.FileError(
            f"{path} has no magnetic cell under the detector; move detector.start or "
            "detector.stop away from the notches"
        )
    detected = detected_magnetization(profile, cells, columns)
    for values in (*recorded.values(), profile[:, cells > 0]):
        if not np.isfinite(values).all():
            raise files.damaged(path, "is not finite: the simulation became unstable")
    furthest = max(recorded[name].max() for name in WALL)
    if furthest > job.track.length * (1 + 1e-6):
        raise files.damaged(path, f"has a wall at {furthest:.4g} m, beyond the track's end")
    return Trace(
        time=time,
        recorded=recorded,
        detected=detected,
        pulse_end=pulse_end,
        held=_held(time, recorded, pulse_end, relaxation),
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
    recorded: Mapping[str, NDArray[np.float64]],
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
    ends = (recorded[name][last] for name in ("wall_bottom", "wall_top"))
    return tracks.at_rest(time[last], ends, relaxation["speed"])


def on_track(parameters: str | None, job: DeviceJob) -> bool:
    """Return whether the parameters of a simulation name the track of a device."""
    track = json.loads(parameters or "{}").get("track")
    return canonical(track) == canonical(job.track.model_dump(mode="json", exclude_none=True))


def foreign(path: str | Path, fault: str) -> files.FileError:
    """Return what to raise for a file that is sound but not of this device."""
    return files.FileError(f"{path} {fault}; delete it and run snakemake")


def conditions_of(parameters: Mapping[str, Any]) -> dict[str, Any]:
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


@dataclass(frozen=True)
class Pulse:
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
    def of(cls, trace: Trace, read_at: str | float) -> "Pulse":
        """Take from a trace what is kept of it."""
        when = read_time(trace, read_at)
        return cls(
            end_time=trace.time[-1],
            read_time=when,
            held=trace.held,
            state=trace.state,
            settled=trace.settled,
            detected=np.interp(when, trace.time, trace.detected),
            final={key: np.interp(when, trace.time, trace.recorded[key]) for key in WALL},
            resting=trace.detected[-1],
            resting_position=trace.recorded["wall_position"][-1],
        )


@dataclass(frozen=True)
class Gathered:
    """All pulses of one device, and what else a kind of device is derived from.

    Attributes
    ----------
    name : str
        What to call the device in messages.
    job : DeviceJob
        Track, detector, read time and current densities.
    values : mapping
        The variables that every kind has, by their names in `wallnet.files.schema`.
    pulses : sequence of Pulse
        In the order of the current densities.
    conditions : mapping
        Parameters that all simulations share.
    initial : str or Path
        File of the initial state.
    levels : mapping
        From a state to the file of a wall relaxed there; empty unless the device is a synapse.
    """

    name: str
    job: DeviceJob
    values: Mapping[str, Any]
    pulses: Sequence[Pulse]
    conditions: Mapping[str, Any]
    initial: str | Path
    levels: Mapping[WallState, str | Path]
