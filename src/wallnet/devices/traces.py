"""What is gathered of each trace, and whether its wall comes to rest.

A wall that settles in a minimum slows down exponentially. A wall that the stray field drives along
the track does not: its velocity may stay at 0.3 to 0.5 m/s, which is below most criteria of rest.
The remaining path follows from the last two displacements d1 and d2 in equal times. If these fall
in a geometric sequence, it is d2 (d2/d1)/(1 - d2/d1). With little damping, a wall oscillates about
its minimum instead: near enough to one, it rests whatever its last displacements.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.config import Device
from wallnet.devices.conductance import detected_magnetization
from wallnet.files import WallState
from wallnet.files.schema import COMPONENTS
from wallnet.questions.opened import Result
from wallnet.tracks.domains import domains_of
from wallnet.tracks.states import OF_OUTCOMES, outcomes
from wallnet.tracks.walls import at_rest

WALL = ("wall_position", "wall_bottom", "wall_top")
RECORDED = ("m", *WALL)

LARGEST_REST = 1e-9
"""Largest remaining path in m of a wall at rest, and largest distance from its minimum."""

SHORTEST = 1e-9
"""Least duration in s of a trace that shows whether a wall slows down."""

NOISE = 2e-11
"""Displacement in m below which a wall does not move: positions have rounding errors."""


def remaining_path(time: NDArray[np.floating], end: NDArray[np.floating], duration: float) -> float:
    """Return the remaining path in m of a wall end that slows down exponentially.

    The two halves of the last `duration` s of its positions in m are compared. Zero for an end that
    does not move; infinite for one that does not slow down.
    """
    last = float(time[-1])
    positions = np.interp([last - duration, last - duration / 2, last], time, end)
    first, second = np.abs(np.diff(positions)).tolist()
    if second <= NOISE:
        return 0.0
    if second >= first:
        return math.inf
    return second * second / (first - second)


def comes_to_rest(
    time: NDArray[np.floating], ends: Iterable[NDArray[np.floating]], duration: float
) -> bool:
    """Return whether the `remaining_path` of each wall end is at most `LARGEST_REST`.

    A trace of less than `SHORTEST` does not show this: its wall counts as at rest.
    """
    if duration < SHORTEST * (1 - 1e-9):
        return True
    return all(remaining_path(time, end, duration) <= LARGEST_REST for end in ends)


class End(NamedTuple):
    """A wall at the end of a trace.

    Attributes
    ----------
    state : WallState
        Its state; at a temperature, that of the quenched wall.
    settled : int
        1 if the wall is at rest, 0 if it still moves or creeps, -1 if the simulation did not wait
        for it to rest.
    position : float
        Its mean position in m.
    ends : tuple of float
        Positions of both of its ends in m, lower edge first, in this `state`.
    detected, noise : float
        Mean of m_z under the detector; its standard deviation in the second half of the relaxation.
    held : int
        Whether both wall ends rest against the current at the end of the pulse; -1 at a
        temperature, where nothing rests.
    rests : bool
        Whether the wall rests in its state; at a temperature, the quenched one does.
    """

    state: WallState
    settled: int
    position: float
    ends: tuple[float, float]
    detected: float
    noise: float = math.nan
    held: int = -1
    rests: bool = True


def read_at(device: Device) -> float:
    """Return when a device is read, in s since the start of its pulse; infinite at rest."""
    times = {"pulse_end": device.pulse.duration, "rest": math.inf}
    return times[device.read_at] if isinstance(device.read_at, str) else device.read_at


def read_trace(
    result: Result, device: Device
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]], End]:
    """Read a pulse or a level of a device.

    Returns
    -------
    time : ndarray (time,)
        Time in s.
    recorded : dict
        `m` (time, component), `wall_position`, `wall_bottom` and `wall_top` (time,), in m, and
        `detected` (time,), the mean of m_z under the detector.
    end : End
        The wall at the end.

    Raises
    ------
    wallnet.files.FileError
        If it is missing, damaged or of another simulation, or no cell is under the detector.
    """
    names = ("time", "pulse_duration", "magnetization_profile", "magnetic_cells")
    content, relaxation = result.read(*names, *RECORDED, *OF_OUTCOMES), device.relaxation
    cells, columns = content["magnetic_cells"].values, device.detector.columns(device.track)
    if not cells[columns].sum():
        raise files.FileError(
            f"{result.subject} has no magnetic cell under the detector; move detector.start or "
            "detector.stop away from the notches"
        )
    profile = content["magnetization_profile"].values[..., COMPONENTS.index("z")]
    time, pulse_end = content["time"].values, float(content["pulse_duration"][-1])
    recorded = {name: content[name].values.astype(float) for name in RECORDED}
    domains = domains_of(content, time)
    recorded["detected"] = detected_magnetization(profile, cells, columns, domains)
    ends = (recorded["wall_bottom"], recorded["wall_top"])
    (_, read), states = outcomes(content, result.states), result.states
    settled, final = int(content["read_settled"][-1]), (read.bottom, read.top)
    near = states.distance(final) <= LARGEST_REST
    if settled == 1 and not (near or comes_to_rest(time, ends, min(relaxation.hold, time[-1]))):
        settled, resting = 0, files.is_resting(content.attrs, 0)
        read = read._replace(state=states.state(final, read.walls, resting), resting=resting)
    # as at the end of a trace, or for the second half of a pulse shorter than twice the hold
    since = pulse_end - min(relaxation.hold, pulse_end / 2)
    last = (time >= since * (1 - 1e-9)) & (time <= pulse_end * (1 + 1e-9))
    driven = time[last], [end[last] for end in ends]
    held = int(last.sum() > 1 and at_rest(*driven, relaxation.speed))
    if files.is_quenched(content.attrs):
        held = -1
    position, detected = (float(recorded[name][-1]) for name in ("wall_position", "detected"))
    noise = float(recorded["detected"][time >= (pulse_end + time[-1]) / 2].std())
    end = End(read.state, settled, position, final, detected, noise, held, read.resting is True)
    return time, recorded, end
