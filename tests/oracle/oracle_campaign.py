"""The campaign that the oracle evaluates independently; it is asymmetric in every respect.

The detectors cover a part of their tracks. Placed walls move while they relax, or slip. Devices
are read at the end of the pulse, and the walls move on after that. Some currents are negative, and
no pulse reverses the synapse. Images are so noisy that the best epoch of each training is in the
middle, and each stage has different training settings. Images are shifted in some trainings and
not in others.
"""

import copy

from helpers.small_campaign import TINY

NEURON = {
    **TINY["devices"]["neuron"],
    "wall": {"start": 40e-9},
    "pulse": {
        "duration": 0.41e-9,
        "current_densities": [-0.4e12, {"start": 0.2e12, "stop": 1.4e12, "step": 0.2e12}],
    },
    "relaxation": {"longest": 0.2e-9, "hold": 0.12e-9, "speed": 40.0},
    "read_at": "pulse_end",
    "detector": {"start": 50e-9, "stop": 150e-9, "polarization": 0.45},
}

SYNAPSE = {
    **TINY["devices"]["synapse"],
    "wall": {"start": 100e-9},
    "pulse": {"duration": 0.63e-9, "current_densities": [-0.4e12, 0.2e12, 2.5e12, 3.0e12, 5.0e12]},
    "relaxation": {"longest": 1e-9, "hold": 0.2e-9, "speed": 2.0},
    "read_at": "pulse_end",
    "detector": {
        "start": 70e-9,
        "stop": 330e-9,
        "parallel_resistance": 9e3,
        "antiparallel_resistance": 21e3,
    },
}

ENERGY = {
    "heavy_metal": {"thickness": 4e-9, "resistivity": 1.7e-6, "spin_hall_angle": 0.32},
    "heating": {"oxide_thickness": 45e-9, "oxide_conductivity": 1.1, "largest_rise": 60.0},
}

NETWORKS = {
    "datasets": ["blots"],
    "own_datasets": {"blots": {"folder": "Blots/raw", "classes": ["a", "b", "c", "d"]}},
    "hidden_neurons": 12,
    "input_range": 4.0,
    "validation_fraction": 0.2,
    "neuron_reading": "series",
    "synapses": ["synapse"],
    "readings": ["parallel"],
    "mappings": ["layer", "signed-fitted"],
    "recipes": {
        "plain": {
            "fp32": {
                "epochs": 6,
                "batch_size": 24,
                "learning_rate": 1.5e-2,
                "schedule": "cosine",
                "weight_limit": 2.0,
                "shift": {"blots": 1},
            },
            "fine_tuned": {"epochs": 8, "batch_size": 20, "learning_rate": 2e-2},
            "on_levels": {
                "epochs": 7,
                "batch_size": 32,
                "learning_rate": 1e-2,
                "schedule": "cosine",
                "shift": {"blots": 2},
            },
        }
    },
    "seeds": [3],
}

IMAGES = {"training": 400, "test": 150, "noise": 100, "seed": 6}


def configuration():
    """Return the campaign as plain data."""
    data = copy.deepcopy(TINY)
    data["devices"] = {"neuron": NEURON, "synapse": SYNAPSE}
    data["networks"] = NETWORKS
    data |= ENERGY
    return data
