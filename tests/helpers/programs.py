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
        "edges": "stairs",
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
    "pulse_trains": {"up-down": {"device": "stairs", "pulses": [UP, DOWN]}},
}
"""A campaign with one pulse train: three pulses forwards and two back."""


RESPONSE = {
    "wall_position": [60e-9, 70e-9],
    "wall_bottom": [60e-9, 65e-9],
    "wall_top": [60e-9, 75e-9],
    "applied_current_density": [0.0, 1.2e12],
    "pulse_train_conductance": [[4e-5, 5e-5], [5e-5, 6e-5]],
    "pulse_current_density": [0.0, 1.2e12, 1.2e12, -0.8e12],
    "pulse_start": [0.0, 0.0, 2e-9, 8e-9],
    "pulse_duration": [0.0, 1e-9, 2e-9, 1.5e-9],
    "pause_end": [0.0, 2e-9, 8e-9, 12e-9],
    "pulse_state": ["notch 1", "notch 2", "notch 3", "notch 2"],
    "pulse_settled": [-1, 1, 1, 1],
    "pulse_wall_position": [6e-8, 1e-7, 2e-7, 1e-7],
    "pulse_wall_bottom": [6e-8, 1e-7, 2e-7, 1e-7],
    "pulse_wall_top": [6e-8, 1e-7, 2e-7, 1e-7],
    "pulse_conductance": [[4e-5, 5e-5, 6e-5, 5e-5]] * 2,
    "normalized_pulse_conductance": [[0, 0.5, 1, 0.5]] * 2,
    "branch_first": [1, 3],
    "branch_last": [2, 3],
    "branch_steps": [2, 1],
    "nonlinearity": [[0.1, 0.2]] * 2,
    "step_size": [[0.5, -0.5]] * 2,
    "step_slope": [[0.1, 0.2]] * 2,
    "time": [0.0, 12e-9],
    "pulse": [0, 1, 2, 3],
    "branch": [1, 2],
}
"""Variables of a response with two pulses up and one down, in which no two pulses are alike."""


def staircase(*pulses):
    """Return the campaign as plain data, with other pulses if there are any."""
    data = copy.deepcopy(STAIRCASE)
    if pulses:
        data["pulse_trains"]["up-down"]["pulses"] = [dict(pulse) for pulse in pulses]
    return data
