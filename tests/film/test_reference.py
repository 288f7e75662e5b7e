"""The engine compared with OOMMF: whole traces of the paper's devices, and their final walls."""

import numpy as np
import pytest
from helpers.oommf_traces import NAMES, reference, simulate

TRACE_BOUNDS = {
    "neu_J0.30": 5e-5,
    "syn5_d20_J0.50": 1e-4,
    "syn5_d40_J0.55_full": 1.1e-4,
    "syn5_d40_a0.3_J0.65_relaxed": 2.5e-4,
    "syn5_d40_a0.5_J0.65_relaxed": 1.2e-4,
}
"""Largest deviation of any component of <m> at any time, about three times the observed
(1.7e-5, 3.2e-5, 3.5e-5, 8.0e-5, 3.7e-5): 5e-4 on a 1500 nm track is 0.4 nm of wall."""

END_BOUND = 2e-11
"""Largest deviation of each wall end in m: five times the observed 4 pm."""


@pytest.mark.parametrize("name", NAMES)
def test_same_trace_and_end_as_oommf(name):
    description, times, expected = reference(name)
    averages, ends = simulate(description, times)
    assert np.abs(averages - expected).max() < TRACE_BOUNDS[name]
    assert ends[0] == pytest.approx(description["final_wall_bottom_m"], abs=END_BOUND)
    assert ends[1] == pytest.approx(description["final_wall_top_m"], abs=END_BOUND)
