"""A window of a small track, two of whose four points work."""

import copy

from helpers.programs import STAIRCASE

WINDOW = {
    "device": "stairs",
    "current_densities": [0.9e12, 1.05e12],
    "durations": [1.5e-9, 1.2e-9],
    "pause": 2.5e-9,
}


def windowed(**changes):
    """Return the campaign as plain data, with some keys of its window changed."""
    data = copy.deepcopy(STAIRCASE)
    del data["pulse_trains"]
    data["devices"]["stairs"]["track"]["notches"]["positions"] = [40e-9, 180e-9, 320e-9]
    data["windows"] = {"three": {**copy.deepcopy(WINDOW), **changes}}
    return data
