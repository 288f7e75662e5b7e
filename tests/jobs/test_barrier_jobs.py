"""What a path between two states, and what the comparison with the thermal energy depends on."""

import pytest
from helpers.small_campaign import ROOT

from wallnet import config, experiment, jobs, plan


@pytest.fixture
def device():
    return plan.load(ROOT / "config.yaml").simulated["synapse-rewritable"]


@pytest.mark.parametrize(
    "changed",
    [{"temperature": 350.0}, {"kept": 30.0}, {"attempt_frequencies": [1e8, 1e11]}],
    ids=lambda changed: next(iter(changed)),
)
def test_temperature_and_attempt_frequencies_compute_no_path_again(device, changed):
    before, after = config.Barriers(), config.Barriers(**changed)
    of_pair = [
        experiment.barrier_job(device, each, "2", "2-3").to_json() for each in (before, after)
    ]
    of_device = [jobs.barriers_job(device, each).to_json() for each in (before, after)]
    assert of_pair[0] == of_pair[1]
    assert of_device[0] != of_device[1]


def test_the_spacing_of_images_computes_the_paths_again(device):
    wide, narrow = (config.Barriers(spacing=each) for each in (0.5, 0.4))
    pair = "3", "4"
    found = [experiment.barrier_job(device, each, *pair).spacing for each in (wide, narrow)]
    # Δ = √(A/K_eff) of config.yaml is 9.13 nm
    assert found == [
        pytest.approx(0.5 * 9.134e-9, rel=1e-3, abs=0),
        pytest.approx(0.8 * found[0], abs=0),
    ]


def test_the_upper_end_of_a_half_state_is_ahead(device):
    places = experiment.level_states(device.track)
    first, second, *_ = device.track.inner_notch_positions
    assert places["notch 2"] == (second, second)
    assert places["between 1 and 2"] == (first, second)
    assert first < second
