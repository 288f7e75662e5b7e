"""A small track on which pulses move the wall by one notch, up and down."""

import copy

from helpers.small_campaign import MATERIAL

DEVICE = {
    "kind": "track",
    "track": {
        "length": 360e-9,
        "width": 72e-9,
        "thickness": 2e-9,
        "cell_size": 4e-9,
        "notches": {"diameter": 32e-9, "positions": [40e-9, 140e-9, 240e-9, 330e-9]},
    },
    "wall": {"start": 40e-9, "relaxation": 1e-9},
    "pulse": {"duration": 0.6e-9, "current_densities": [0.5e12]},
    "relaxation": {"longest": 1e-9, "hold": 0.2e-9, "speed": 2.0},
    "detector": {"start": 20e-9, "stop": 300e-9},
}

UP = {"current_density": 1.2e12, "duration": 1e-9, "pause": 1e-9, "repetitions": 3}
DOWN = UP | {"current_density": -1.2e12, "repetitions": 2}

STAIRCASE = {
    "material": MATERIAL,
    "output": {"interval": 20e-12, "snapshot_interval": 1e-9},
    "devices": {"stairs": DEVICE},
    "programs": {"up-down": {"device": "stairs", "pulses": [UP, DOWN]}},
}
"""A campaign with one program: three pulses forwards and two back."""


def staircase(*pulses):
    """Return the campaign as plain data, with other pulses if there are any."""
    data = copy.deepcopy(STAIRCASE)
    if pulses:
        data["programs"]["up-down"]["pulses"] = [dict(pulse) for pulse in pulses]
    return data
