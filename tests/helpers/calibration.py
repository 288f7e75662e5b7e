"""A calibration of a small track, with reference data that need two simulations a candidate."""

import copy

from helpers.small_campaign import TINY

REFERENCE = {
    "final_states": [
        {"device": "synapse", "current_density": 1.5e12, "state": "notch 1"},
        {"device": "synapse", "current_density": 3.0e12, "state": "reversed"},
    ],
    "arrival_times": [
        {
            "device": "synapse",
            "current_density": 1.5e12,
            "notch": 1,
            "time": 0.4e-9,
            "tolerance": 0.1e-9,
        }
    ],
}

SEARCH = {
    "parameters": {
        "damping": [0.3, 0.7],
        "notch_diameter": [20e-9, 40e-9],
        "wall_start": [30e-9, 50e-9],
        "pulse_duration": [0.4e-9, 0.8e-9],
    },
    "read_delays": [0.0, 0.5e-9],
    "candidates": 2,
    "local_candidates": 1,
}

CURVE = {"device": "neuron", "current_densities": [0.2e12, 0.4e12, 1.0e12], "deviation": 0.2}

CANDIDATE = {
    "damping": 0.25,
    "notch_diameter": 24e-9,
    "wall_start": 45e-9,
    "pulse_duration": 0.7e-9,
}


def referring(**changes):
    """Return the campaign with reference data as plain data, with some of these changed."""
    return copy.deepcopy(TINY | {"reference": REFERENCE | changes})


def searched(reference=None, **changes):
    """Return that campaign with a calibration, with some of its keys changed."""
    data = referring(**(reference or {}))
    data["calibration"] = {"paper": {**copy.deepcopy(SEARCH), **changes}}
    return data


def on_stairs():
    """Return reference data of the device `stairs`, and a calibration with one candidate a round.

    Its devices relax for 1 ns only.
    """
    changes = {"wall": {"relaxation": 0.0}, "relaxation": {"longest": 1e-9}}
    final_state = {"device": "stairs", "current_density": 1.5e12, "state": "notch 2"}
    search = {"changes": {"stairs": changes}, "candidates": 1, "local_candidates": 1}
    return {
        "reference": {"final_states": [final_state]},
        "calibration": {"paper": copy.deepcopy(SEARCH) | search},
    }
