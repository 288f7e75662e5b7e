"""A calibration of a small track, with statements that need two simulations a candidate."""

import copy

from helpers.small_campaign import TINY

SEARCH = {
    "rests": [
        {"device": "synapse", "current_density": 1.5e12, "state": "notch 1"},
        {"device": "synapse", "current_density": 3.0e12, "state": "reversed"},
    ],
    "arrivals": [
        {
            "device": "synapse",
            "current_density": 1.5e12,
            "notch": 1,
            "time": 0.4e-9,
            "tolerance": 0.1e-9,
        }
    ],
    "parameters": {
        "damping": [0.3, 0.7],
        "notch_diameter": [20e-9, 40e-9],
        "wall_start": [30e-9, 50e-9],
        "pulse_duration": [0.4e-9, 0.8e-9],
    },
    "read_delays": [0.0, 0.5e-9],
    "candidates": 2,
    "local_candidates": 1,
    "centres": 2,
    "reach": 0.1,
}


def searched(**changes):
    """Return the campaign as plain data, with some keys of its calibration changed."""
    data = copy.deepcopy(TINY)
    data["calibration"] = {**copy.deepcopy(SEARCH), **changes}
    return data
