"""A sensitivity of a small track with two notches inside it."""

import copy

from helpers.small_campaign import TINY

HEATED = {"temperature": {"ambient": 300.0, "heating": "pulse"}}

ASKED = {
    "device": "synapse",
    "current_densities": [0.5e12, 3.0e12],
    "resolution": 1.25e12,
    "duration": 0.7e-9,  # those of the sweep last 0.6 ns
}


def sensed(**changes):
    """Return the campaign as plain data, with some keys of its sensitivity changed."""
    data = copy.deepcopy(TINY)
    data["sensitivity"] = {"small": copy.deepcopy(ASKED) | changes}
    return data
