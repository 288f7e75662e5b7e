"""What is known of the imperfections of a device: checks, probabilities, rates."""

import numpy as np
import pytest
from helpers.imperfect import LEVELS, known_data

from wallnet import files
from wallnet.files.imperfections import Imperfections, escape_rates


def known(**changes):
    """Return two devices of three levels and two more states, with some values changed."""
    return Imperfections(known_data(**changes))


def test_probabilities_are_shares_of_the_counts_of_a_device_and_a_start():
    known().check()
    landing = known().landing()
    assert landing.shape == (2, 2, 5, 5)
    assert landing[0, 0, 0].tolist() == [0.1, 0.6, 0.0, 0.3, 0.0]
    assert landing[1, 0, 0].tolist() == [0.5, 0.5, 0.0, 0.0, 0.0]
    half = known().landing(half_select=True)
    assert half.shape == (2, 1, 5, 5)
    assert half[1, 0, 1].tolist() == [0.0, 0.2, 0.8, 0.0, 0.0]
    # nothing was counted from these states
    for device, pulse, start in [(0, 0, 1), (1, 1, 1), (0, 0, 2)]:
        assert np.isnan(landing[device, pulse, start]).all()


def test_a_pulse_beyond_the_model_has_no_probabilities():
    assert np.isnan(known().landing()[0, 1]).all()


def test_states_escape_by_the_law_of_arrhenius():
    rates = known().rates(350.0, 3e10)
    assert rates[0, 0, 1] == pytest.approx(3e10 * np.exp(-20), rel=1e-12, abs=0)
    assert rates[0, 1, 2] == pytest.approx(3e10 * np.exp(-24), rel=1e-12, abs=0)
    leaving = 3e10 * (np.exp(-21) + np.exp(-24))
    assert rates[0, 1, 1] == pytest.approx(-leaving, rel=1e-12, abs=0)
    assert not rates[1].any()


def test_barriers_between_two_temperatures_are_on_a_line():
    """One that is known at one of them is that there; beyond the last, they stay."""
    boltzmann, nan = 1.380649e-23, np.nan
    barriers = np.array([[[nan, 9.0], [7.0, nan]], [[nan, 5.0], [nan, nan]]]) * 1e-20
    kelvins = np.array([300.0, 340.0])
    for kelvin, height in {250.0: 9.0, 300.0: 9.0, 310.0: 8.0, 340.0: 5.0, 400.0: 5.0}.items():
        rates = escape_rates(barriers, kelvins, kelvin, 2e9)
        expected = 2e9 * np.exp(-height * 1e-20 / (boltzmann * kelvin))
        assert rates[0, 1] == pytest.approx(expected, rel=1e-9, abs=0)
        other = 2e9 * np.exp(-7e-20 / (boltzmann * kelvin)) * (kelvin < 340)
        assert rates[1, 0] == pytest.approx(other, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"is_level": [1, 0, 0, 0, 0]}, "has fewer than two levels; networks need two"),
        ({"gain_spread": np.nan}, "lacks gain_spread of a level; give a number, 0 for none"),
        ({"read_noise": [0.1, np.nan, 0.1, np.nan, np.nan]}, "lacks read_noise of a level"),
        (
            {"state_conductance": [[*LEVELS, np.nan, np.nan]]},
            "lacks the conductance of the state free; add state_conductance",
        ),
    ],
)
def test_values_that_contradict_each_other_are_refused(changes, fault):
    with pytest.raises(files.FileError, match=fault):
        known(**changes).check()


def test_a_state_to_which_walls_escape_has_a_conductance():
    barriers = np.full((2, 1, 2, 5), np.nan)
    barriers[1, 0, 0, 3] = 1e-20
    changes = {"state_conductance": [[*LEVELS, np.nan, np.nan]], "escape_barrier": barriers}
    changes["landing_count"] = np.zeros((2, 2, 3, 5), int)
    with pytest.raises(files.FileError, match="lacks the conductance of the state free"):
        known(**changes).check()


def test_levels_of_a_network_are_told_by_their_conductance():
    assert known().indices_of([5e-5, 2e-5], "measured").tolist() == [2, 0]
    with pytest.raises(files.FileError, match="other levels than the network, none of 2.5e-05 S"):
        known().indices_of([5e-5, 2.5e-5], "measured")
    with pytest.raises(files.FileError, match="has no readout series; it has measured"):
        known().conductances("series")
