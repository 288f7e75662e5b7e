"""A device whose imperfections are known, as a dataset."""

import numpy as np

from wallnet import files
from wallnet.files.imperfections import BEYOND

STATES = ["low", "middle", "high", "free", BEYOND]
LEVELS = [2e-5, 3e-5, 5e-5]
K_T = 1.380649e-23 * 350.0


def known_data(**changes):
    """Return two devices of three levels and two more states, with some values changed."""
    counts = np.zeros((2, 2, 3, 5), int)
    counts[0, 0, 0] = [1, 6, 0, 3, 0]
    counts[0, 0, 1] = [0, 0, 7, 0, 1]
    counts[1, 0, 0] = [2, 2, 0, 0, 0]
    counts[:, 1, 2] = [0, 1, 4, 0, 0]
    barriers = np.full((2, 1, 2, 5), np.nan)
    barriers[0, 0, 0, 1] = 20 * K_T
    barriers[0, 0, 1, :3] = 21 * K_T, np.nan, 24 * K_T
    values = {
        "is_level": [1, 1, 1, 0, 0],
        "state_conductance": [[*LEVELS, 2.5e-5, np.nan]],
        "gain_spread": 0.11,
        "ratio_spread": 0.04,
        "level_spread": [0.01, 0.02, 0.03, np.nan, np.nan],
        "cycle_spread": [0.04, 0.05, 0.06, np.nan, np.nan],
        "read_noise": [0.07, 0.08, 0.09, np.nan, np.nan],
        "landing_count": counts,
        "write_current_density": [3e11, 4e11, np.nan],
        "write_duration": [2e-9, 3e-9, np.nan],
        "half_select": [0, 0, 1],
        "escape_barrier": barriers,
        "barrier_temperature": [310.5],
        "attempt_frequency": [2e9, 3e11],
        "readout": ["measured"],
        "device_state": STATES,
        "start_state": ["low", "middle"],
        "write_pulse": [1, 2, 5],
        "device_number": [1, 4],
    }
    return files.dataset("imperfections", values | changes)
