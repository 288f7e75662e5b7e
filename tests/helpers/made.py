"""Imperfections of a device with three levels, of which every number differs."""

import numpy as np

from wallnet import files
from wallnet.files.imperfections import Imperfections

STATES = ["initial", "notch 1", "reversed", "free"]
CONDUCTANCES = np.array([20e-6, 32e-6, 50e-6, 28e-6])
LEVELS = CONDUCTANCES[:3]


def imperfections(**changes):
    """Return the imperfections of a device; one pulse is that of a device not selected."""
    counts = np.zeros((1, 4, 3, 4), int)
    # from the first state, a pulse for each of the others, each with other outcomes
    counts[0, 0, 0] = [10, 70, 15, 5]
    counts[0, 0, 1] = [5, 20, 75, 0]
    # from the second state, only the second pulse was tried
    counts[0, 1, 1] = [0, 10, 90, 0]
    counts[0, 1, 2] = [0, 998, 2, 0]
    values = {
        "is_level": [1, 1, 1, 0],
        "state_conductance": CONDUCTANCES[np.newaxis],
        "gain_spread": 0.0,
        "ratio_spread": 0.0,
        "level_spread": np.zeros(4),
        "cycle_spread": np.zeros(4),
        "read_noise": np.zeros(4),
        "landing_count": counts,
        "write_current_density": [0.5e12, 0.7e12, 0.1e12],
        "write_duration": [4e-9] * 3,
        "half_select": [0, 0, 1],
        "escape_barrier": np.full((1, 2, 4, 4), np.nan),
        "barrier_temperature": [300.0, 358.0],
        "attempt_frequency": [1e9, 1e9],
        "readout": ["series"],
        "device_state": STATES,
        "start_state": STATES,
        "write_pulse": [1, 2, 3],
        "device_number": [0],
    }
    return Imperfections(files.dataset("imperfections", values | changes), "own.nc")
