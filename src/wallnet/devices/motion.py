"""Velocity of a wall and its arrival at notches, from the sweep of a device."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track
from wallnet.files import settings_of
from wallnet.tracks.walls import first_time

if TYPE_CHECKING:
    import xarray

Recorded = Mapping[str, NDArray[np.floating]]
"""What is recorded of all pulses, shape (pulses, time), by name: `wall_position` and so on."""


def track_of(device: "xarray.Dataset") -> Track:
    """Return the track of a device."""
    return Track.model_validate(settings_of(device)["track"])


def swept_duration(device: "xarray.Dataset") -> float:
    """Return the duration in s of the pulses of a device's sweep."""
    return float(settings_of(device)["pulse"]["duration"])


def steady_velocity(
    track: Track, duration: float, time: NDArray[np.floating], recorded: Recorded
) -> NDArray[np.float64]:
    """Return the velocity of the mean wall under current in m/s, shape (pulses,).

    Each is the slope of a straight line through the second half of the time in s in which the
    current flows, up to the duration in s, and both wall ends are at least a tenth of the track's
    length away from its ends. NaN if there are fewer than three entries. Positions are in m.
    """
    positions = recorded["wall_position"]
    inside = np.broadcast_to(time <= duration * (1 + 1e-9), positions.shape).copy()
    for name in ("wall_bottom", "wall_top"):
        inside &= np.abs(recorded[name] / track.length - 0.5) < 0.4
    velocities = np.full(len(positions), np.nan)
    for index, position in enumerate(positions):
        chosen = np.flatnonzero(inside[index])
        chosen = chosen[chosen.size // 2 :]
        if chosen.size >= 3:
            velocities[index] = np.polyfit(time[chosen], position[chosen].astype(float), 1)[0]
    return velocities


def arrival_times(
    track: Track, time: NDArray[np.floating], recorded: Recorded
) -> NDArray[np.float64]:
    """Return when both ends of the wall are at the edge of each notch, or have passed it.

    Times are in s, positions of the ends in m. The result is NaN where an end does not arrive,
    shape (pulses, notches).
    """
    edges = [position - track.notch_reach for position in track.notch_positions]
    pulses = zip(recorded["wall_bottom"], recorded["wall_top"], strict=True)
    last = [[max(first_time(time, end, edge) for end in ends) for edge in edges] for ends in pulses]
    arrived = np.array(last).reshape(len(last), len(edges))
    arrived[np.isinf(arrived)] = np.nan
    return arrived
