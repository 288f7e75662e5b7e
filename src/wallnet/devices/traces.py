"""Read one trace, check that it belongs to its device, and keep what gathering needs."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files, tracks
from wallnet.devices.conductance import detected_magnetization, detector_columns
from wallnet.devices.outcomes import quenched_ends
from wallnet.devices.settling import comes_to_rest
from wallnet.experiment import canonical
from wallnet.files import WallState
from wallnet.jobs import DeviceJob

WALL = ("wall_position", "wall_bottom", "wall_top")
RECORDED = ("m", *WALL)
_PULSE_ONLY = ("current_density", "pulse_duration", "waveform", "placement")
"""Parameters that differ between a level and a pulse of the same device."""


@dataclass(frozen=True)
class Trace:
    """Part of a trace file that gathering uses.

    Attributes
    ----------
    time : ndarray (time,)
        Time in s.
    recorded : dict
        `m` (time, component), `wall_position`, `wall_bottom` and `wall_top` (time,), in m.
    detected : ndarray (time,)
        Mean of m_z under the detector.
    pulse_end : float
        End of the pulse in s.
    held : bool
        Whether both wall ends rest against the current at the end of the pulse.
    state : WallState
        State at the end.
    settled : int
        1 if the wall is at rest, 0 if it still moves or creeps (`settling`), -1 if the simulation
        did not wait for it to rest.
    parameters : dict
        Parameters of the simulation.
    made_by : dict
        Backend, its version and the revision of the stage that simulated.
    quenched : tuple of float, optional
        Both ends of the wall in m after a quench, at a temperature.
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
    quenched: tuple[float, float] | None = None

    @property
    def rests(self) -> bool:
        """Whether the wall rests in its state; at a temperature, the quenched one does."""
        return self.settled == 1 or self.quenched is not None

    @property
    def last_ends(self) -> tuple[float, float]:
        """Positions of both ends of the wall in m at the end, lower edge first."""
        if self.quenched:
            return self.quenched
        return float(self.recorded["wall_bottom"][-1]), float(self.recorded["wall_top"][-1])


def read_trace(path: str | Path, job: DeviceJob, current_density: float | None) -> Trace:
    """Read a trace and check that it is complete, finite and of this device.

    Parameters
    ----------
    path : str or Path
        File of kind 'trace'.
    job : DeviceJob
        Device to which the trace belongs.
    current_density : float or None
        Current density in A/m²; None for a level, which has no pulse.

    Returns
    -------
    Trace
        Part of the file that gathering uses.

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
        quenched = quenched_ends(data.attrs)
    except (KeyError, TypeError, ValueError) as error:
        raise files.damaged(path, f"has invalid attributes ({error!r})") from None
    if not on_track(data.attrs["parameters"], job):
        raise foreign(path, "was simulated on another track")
    if found != current_density:
        raise foreign(path, f"contains a pulse of {found} A/m2, not {current_density}")
    shape = [list(point) for point in job.pulse.waveform]
    if found is not None and parameters.get("waveform", []) != shape:
        raise foreign(path, "contains a pulse with another waveform")

    time = data["time"].values.astype(float)
    longest = relaxation["longest"]
    whole = longest if quenched else 0.0
    due = pulse_end + {1: min(relaxation["hold"], longest), 0: longest}.get(settled, whole)
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
    ends = (recorded["wall_bottom"], recorded["wall_top"])
    if settled == 1 and not comes_to_rest(time, ends, min(relaxation["hold"], time[-1])):
        settled = 0
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
        quenched=quenched,
    )


def _held(
    time: NDArray[np.float64],
    recorded: Mapping[str, NDArray[np.float64]],
    pulse_end: float,
    relaxation: Mapping[str, float],
) -> bool:
    """Return whether both wall ends rest against the current at the end of the pulse.

    The criterion is the one for the end of a trace: both ends are slower than
    `relaxation.speed` for `relaxation.hold`. If the pulse is shorter than twice
    `relaxation.hold`, they must be slower for its second half.
    """
    since = pulse_end - min(relaxation["hold"], pulse_end / 2)
    last = (time >= since * (1 - 1e-9)) & (time <= pulse_end * (1 + 1e-9))
    if last.sum() < 2:
        return False
    ends = (recorded[name][last] for name in ("wall_bottom", "wall_top"))
    return tracks.at_rest(time[last], ends, relaxation["speed"])


def on_track(parameters: str | None, job: DeviceJob) -> bool:
    """Return whether a simulation has the track of a device in its parameters."""
    track = json.loads(parameters or "{}").get("track")
    return canonical(track) == canonical(job.track.model_dump(mode="json", exclude_none=True))


def foreign(path: str | Path, fault: str) -> files.FileError:
    """Return the error to raise for a valid file of another device, pulse or state."""
    return files.FileError(f"{path} {fault}; delete it and run snakemake")


def conditions_of(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that all simulations of a device share."""
    return {key: value for key, value in parameters.items() if key not in _PULSE_ONLY}


def read_time(trace: Trace, read_at: str | float) -> float:
    """Return the time in s at which the device is read.

    Parameters
    ----------
    trace : Trace
        One trace.
    read_at : str or float
        "pulse_end", "rest" (the last entry) or a time in s. If the trace ends before that time,
        because the wall came to rest, the last entry is read.

    Returns
    -------
    float
        A time within the trace.
    """
    last = float(trace.time[-1])
    if read_at == "rest":
        return last
    return min(trace.pulse_end if read_at == "pulse_end" else float(read_at), last)


@dataclass(frozen=True)
class Pulse:
    """State after a pulse, at the time of the reading and at the end of the trace.

    Attributes
    ----------
    end_time, read_time : float
        Times of the end of the trace and of the reading, in s.
    held : bool
        Whether both wall ends rest against the current at the end of the pulse.
    state : WallState
        State at the end.
    settled : int
        1 if the wall is at rest, 0 if it still moves, -1 if the simulation did not wait for it
        to rest.
    detected : float
        Mean of m_z under the detector at `read_time`.
    final : dict
        Mean wall position and both wall ends in m, at `read_time`.
    resting, resting_position : float
        Mean of m_z under the detector and mean wall position in m, at the end.
    resting_ends : tuple of float
        Positions of both ends of the wall in m, at the end.
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
    resting_ends: tuple[float, float]

    @classmethod
    def of(cls, trace: Trace, read_at: str | float) -> "Pulse":
        """Return the state after the pulse of a trace."""
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
            resting_ends=trace.last_ends,
        )


@dataclass(frozen=True)
class Gathered:
    """All pulses of one device and the other data from which a kind of device is derived.

    Attributes
    ----------
    name : str
        Name of the device in messages.
    job : DeviceJob
        Track, detector, read time and current densities.
    values : mapping
        Variables that every kind has, by their names in `wallnet.files.schema`.
    pulses : sequence of Pulse
        Pulses in the order of the current densities.
    conditions : mapping
        Parameters that all simulations share.
    initial : str or Path
        File of the initial state.
    levels : mapping
        From a state to the file of a wall relaxed there; empty unless the device is a synapse.
    minima : mapping
        From a state to the file of the minimum of the energy there; may be empty.
    """

    name: str
    job: DeviceJob
    values: Mapping[str, Any]
    pulses: Sequence[Pulse]
    conditions: Mapping[str, Any]
    initial: str | Path
    levels: Mapping[WallState, str | Path]
    minima: Mapping[WallState, str | Path] = field(default_factory=dict)


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
