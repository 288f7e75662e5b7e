"""What follows from the sweep of a device file: how fast its wall moves, and when it arrives."""

import json
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track
from wallnet.devices.write_energy import swept_pulse
from wallnet.tracks import first_time

if TYPE_CHECKING:
    import xarray


def track_of(device: "xarray.Dataset") -> Track:
    """Return the track of a device."""
    return Track.model_validate(json.loads(device.attrs["parameters"])["settings"]["track"])


def steady_velocity(device: "xarray.Dataset") -> NDArray[np.float64]:
    """Return the velocity of the mean wall under current.

    Parameters
    ----------
    device : xarray.Dataset
        Device file.

    Returns
    -------
    ndarray (current_density,)
        Velocities in m/s. Each is the slope of a straight line through the second half of the
        time in which the current flows and both wall ends are at least a tenth of the track's
        length away from its ends. NaN if there are fewer than three entries.
    """
    length = track_of(device).length
    time = device["time"].values
    driven = time <= swept_pulse(device)[0] * (1 + 1e-9)
    velocities = np.full(device.sizes["current_density"], np.nan)
    for index in range(velocities.size):
        pulse = device.isel(current_density=index)
        inside = driven.copy()
        for name in ("sweep_wall_bottom", "sweep_wall_top"):
            inside &= np.abs(pulse[name].values / length - 0.5) < 0.4
        chosen = np.flatnonzero(inside)
        chosen = chosen[chosen.size // 2 :]
        if chosen.size >= 3:
            position = pulse["sweep_wall_position"].values[chosen].astype(float)
            velocities[index] = np.polyfit(time[chosen], position, 1)[0]
    return velocities


def arrival_time(device: "xarray.Dataset", pulse: int, notch: int) -> float:
    """Return the time in s at which both ends of the wall are at the edge of a notch, or infinity.

    Parameters
    ----------
    device : xarray.Dataset
        Device file.
    pulse : int
        Index of the pulse in the sweep.
    notch : int
        Number of the notch, counted from 1.
    """
    track = track_of(device)
    assert track.notches  # reference data name a notch that is there
    edge = track.notch_positions[notch - 1] - track.notches.diameter / 2
    ends = (device[f"sweep_wall_{end}"].values[pulse] for end in ("bottom", "top"))
    return max(first_time(device["time"].values, end, edge) for end in ends)
