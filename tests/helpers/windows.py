"""A window of a small track, two of whose four points work."""

import copy
import itertools

from helpers.programs import STAIRCASE

POSITIONS = (40e-9, 180e-9, 320e-9)

WINDOW = {
    "device": "stairs",
    "current_densities": [0.9e12, 1.05e12],
    "durations": [1.5e-9, 1.2e-9],
    "pause": 2.5e-9,
}


def windowed(**changes):
    """Return the campaign as plain data, with some keys of its window changed."""
    data = copy.deepcopy(STAIRCASE)
    del data["programs"]
    data["devices"]["stairs"]["track"]["notches"]["positions"] = list(POSITIONS)
    data["windows"] = {"three": {**copy.deepcopy(WINDOW), **changes}}
    return data


def places(dataset):
    """Return all places of a window as selections."""
    names = ("variant", "duration", "current_density")
    return [
        dict(zip(names, place, strict=True))
        for place in itertools.product(*(dataset[name].values.tolist() for name in names))
    ]
