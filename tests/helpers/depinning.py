"""Thresholds of a small track with three notches, one of which the right edge cuts."""

import copy

from helpers.small_campaign import TINY

ASKED = {
    "current_densities": [0.5e12, 3.0e12],
    "resolution": 1.25e12,
    "duration": 0.8e-9,  # the pulses of the sweep last 0.6 ns
}


def depinned(**changes):
    """Return the campaign as plain data, with some keys of its depinning changed."""
    data = copy.deepcopy(TINY)
    data["depinning"] = {"synapse": {**copy.deepcopy(ASKED), **changes}}
    return data
