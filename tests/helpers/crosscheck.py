"""Two pulses on the small campaign's devices, with two calculators."""

import copy

from helpers.small_campaign import TINY

CASES = {
    "slow": {"device": "neuron", "current_density": 0.4e12},
    "quick": {
        "device": "synapse",
        "current_density": -0.6e12,
        "changes": {"material": {"damping": 0.1}},
    },
}


def crosschecked(**changes):
    """Return the campaign as plain data, with some keys of its cross-check changed."""
    data = copy.deepcopy(TINY)
    data["crosscheck"] = {"engines": {"cases": copy.deepcopy(CASES), **changes}}
    return data
