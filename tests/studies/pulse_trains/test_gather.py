"""The response of a device to a pulse train, from a train whose walls stand at known places."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.programs import staircase

from studies.results import gather, one, write_mapped_train, write_states
from wallnet import files, plan
from wallnet.studies import STUDIES
from wallnet.studies.pulse_trains.gather import (
    _branch,
    _of_branch,
    branches,
    label,
    nonlinearity,
    saturating,
)

STUDY = STUDIES["pulse_trains"]

# A of the 1st, 100th, 500th and 900th label in NeuroSim's published table, 0.01 a label
NEUROSIM = [(0.01, 126.268958), (1.0, 1.251653), (9.0, 0.022810)]


@pytest.mark.parametrize(("expected", "normalized_a"), NEUROSIM)
def test_labels_are_those_of_neurosim(expected, normalized_a):
    assert label(1 / normalized_a) == pytest.approx(expected, rel=1e-4, abs=0)
    assert label(-1 / normalized_a) == pytest.approx(-expected, rel=1e-4, abs=0)


@pytest.mark.parametrize("curvature", [-30.0, -2.5, 0.7, 12.0])
def test_the_label_of_a_curve_is_found_from_its_points(curvature):
    share = np.linspace(0, 1, 6)
    bent = (1 - np.exp(-curvature * share)) / (1 - np.exp(-curvature))
    np.testing.assert_allclose(saturating(share, curvature), bent, rtol=1e-12)
    assert nonlinearity(share, bent) == pytest.approx(label(curvature), rel=1e-4, abs=0)


def test_a_straight_line_has_no_nonlinearity():
    share = np.linspace(0, 1, 9)
    assert nonlinearity(share, share) == pytest.approx(0, abs=1e-6)
    assert np.isnan(nonlinearity([0, 1], [0, 1]))


def test_branches_are_pulses_of_one_sign():
    assert branches(np.array([0.0, 1, 2, -1, 0, -3, -3, 4])) == [(1, 2), (3, 3), (5, 6), (7, 7)]


DETECTOR = (20e-9, 300e-9)

PULSES = [
    {"current_density": 1e12, "duration": 1e-9, "pause": 0.5e-9, "repetitions": 4},
    {"current_density": -0.8e12, "duration": 0.7e-9, "pause": 1e-9, "repetitions": 3},
]
# the fourth pulse up changes nothing; places are cell borders
WALLS = [60e-9, 100e-9, 180e-9, 220e-9, 220e-9, 180e-9, 140e-9, 60e-9]


def gathered(walls):
    """Return the response to these pulses, after which a wall stands at these places."""
    campaign = plan.parse(staircase(*PULSES))
    requests = STUDY.requests_of(campaign, "up-down")
    write_mapped_train(one(requests, "run"), walls)
    return gather(STUDY, campaign, "up-down", requests)


@pytest.fixture
def response(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return gathered(WALLS)


def under_detector(walls):
    """Return <m_z> under the detector of sharp walls at these places."""
    low, high = DETECTOR
    return 1 - 2 * (np.array(walls) - low) / (high - low)


def test_conductances_after_each_pulse_are_those_of_the_wall_under_the_detector(response):
    """Eq. 2 with P = 0.4 and G0 = 1e-4 S, and 1/R between 10 and 20 kΩ."""
    m_z = under_detector(WALLS)
    parallel = 1e-4 * (1 - 0.16 * m_z) / 1.16
    series = 1 / (10e3 + 10e3 * (1 + m_z) / 2)
    np.testing.assert_allclose(
        response["pulse_conductance"].sel(reading="parallel").values, parallel, rtol=1e-6
    )
    np.testing.assert_allclose(
        response["pulse_conductance"].sel(reading="series").values, series, rtol=1e-6
    )
    whole = (series - series.min()) / (series.max() - series.min())
    np.testing.assert_allclose(
        response["normalized_pulse_conductance"].sel(reading="series").values, whole, atol=1e-6
    )


def test_the_wall_is_read_at_the_end_of_each_pause(response):
    np.testing.assert_allclose(response["pulse_wall_position"].values, WALLS, rtol=1e-9)
    np.testing.assert_allclose(
        response["pulse_wall_bottom"].values, np.array(WALLS) - 1e-9, rtol=1e-9
    )
    np.testing.assert_allclose(response["pulse_wall_top"].values, np.array(WALLS) + 2e-9, rtol=1e-9)


def test_the_state_after_each_pause_is_the_minimum_to_which_its_wall_belongs(tmp_path, monkeypatch):
    """Notches are at 40, 140, 240 and 330 nm; the upper end is 3 nm ahead."""
    monkeypatch.chdir(tmp_path)
    campaign = plan.parse(staircase(*PULSES))
    requests = STUDY.requests_of(campaign, "up-down")
    request = one(requests, "run")
    write_states(request, ("gap 1", 92, 105), ("gap 2", 169, 175))
    write_mapped_train(request, [40e-9, 100e-9, 140e-9, 180e-9, 240e-9, 176e-9, 140e-9, 140e-9])
    train = files.read_dataset(request.path, "run")
    train["read_settled"].values[6] = 0
    train["read_walls"].values[7] = 2
    files.write_dataset(train, request.path, "run", {})
    data = gather(STUDY, campaign, "up-down", requests)
    assert data["pulse_state"].values.tolist() == [
        *("notch 1", "gap 1", "notch 2", "free", "notch 3", "gap 2"),
        *("still moving", "several walls"),
    ]


def test_each_branch_ends_with_the_last_pulse_that_changes_the_state(response):
    assert response["branch_first"].values.tolist() == [1, 5]
    assert response["branch_last"].values.tolist() == [4, 7]
    assert response["branch_steps"].values.tolist() == [3, 3]
    # 60 → 220 nm and back, in three steps each; linear in the wall's place in parallel
    steps = response["step_size"].sel(reading="parallel").values
    np.testing.assert_allclose(steps, [1 / 3, -1 / 3], rtol=1e-6)


def test_a_pulse_without_effect_within_a_branch_is_one_of_its_steps(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dataset = gathered([60e-9, 100e-9, 100e-9, 180e-9, 220e-9, 180e-9, 180e-9, 60e-9])
    assert dataset["branch_steps"].values.tolist() == [4, 3]
    steps = dataset["step_size"].sel(reading="parallel").values
    np.testing.assert_allclose(steps, [1 / 4, -1 / 3], rtol=1e-6)


def test_the_nonlinearity_of_depression_is_that_of_its_curve_drawn_backwards(response):
    """As in NeuroSim's script, which draws both curves rising."""
    share = np.arange(4) / 3
    up = np.array([0.0, 0.25, 0.75, 1.0])
    down = np.array([1.0, 0.75, 0.5, 0.0])
    expected = [nonlinearity(share, up), nonlinearity(share, down[::-1])]
    assert expected[1] > 1
    labels = response["nonlinearity"].sel(reading="parallel").values
    np.testing.assert_allclose(labels, expected, rtol=1e-4, atol=1e-4)


def test_branches_have_the_numbers_of_each_reading(response):
    """In series the conductance is 1/R, so that the same walls make other steps."""
    series = 1 / (10e3 + 10e3 * (1 + under_detector(WALLS)) / 2)
    values = (series - series[0]) / (series[4] - series[0])
    up, down = values[:4], values[4:]
    share = np.arange(4) / 3
    expected = [nonlinearity(share, up), nonlinearity(share, down[::-1])]
    parallel, in_series = response["nonlinearity"].values
    np.testing.assert_allclose(in_series, expected, rtol=1e-4, atol=1e-4)
    assert np.all(np.abs(in_series - parallel) > 0.1)
    slopes = []
    for sign, along in ((-1, up), (1, down)):
        linear, constant = np.polyfit(2 * along[:-1] - 1, np.diff(along), 1)
        slopes.append(sign * linear / constant)
    np.testing.assert_allclose(response["step_slope"].values[1], slopes, rtol=1e-5)


def test_a_change_below_a_thousandth_of_the_range_is_no_step():
    """The second branch has no effect at all."""
    density = np.array([0.0, 1e12, 1e12, 1e12, -1e12, -1e12])
    normalized = np.tile([0.0, 0.5, 0.9995, 1.0, 1.0, 1.0], (2, 1))
    variables = [_branch(density, normalized, *ends) for ends in branches(density)]
    assert [branch["branch_steps"] for branch in variables] == [2, 0]
    sizes = np.array([branch["step_size"] for branch in variables])
    assert sizes == pytest.approx(np.array([[0.49975] * 2, [0.0] * 2]), rel=1e-9, abs=1e-12)
    assert np.isnan(variables[1]["nonlinearity"]).all()
    assert np.isnan(variables[1]["step_slope"]).all()


@pytest.mark.parametrize("gamma", [-0.5, 0.3])
def test_slopes_are_those_of_aihwkits_linear_step_device(gamma, tmp_path):
    """Steps Δ (1 - γ w) upwards and Δ (1 + γ w) downwards, weights from -1 to 1."""

    def along(sign):
        weights = [-sign * 1.0]
        for _ in range(4):
            weights.append(weights[-1] + sign * 0.5 * (1 - sign * gamma * weights[-1]))
        return np.array(weights)

    up, down = along(1), along(-1)
    for rising, weights in ((True, up), (False, down)):
        low, high = weights.min(), weights.max()
        normalized = (weights - low) / (high - low)
        # the same steps in the new unit: weight' = a weight + b
        scale = 2 / (high - low)
        shift = -scale * (low + high) / 2
        constant = 0.5 * scale * (1 + (1 if rising else -1) * gamma * shift / scale)
        expected = 0.5 * gamma / constant
        slope = _of_branch(normalized, 4, rising)["step_slope"]
        assert slope == pytest.approx(expected, rel=1e-9, abs=0)


def test_steps_that_are_not_linear_are_fitted_against_the_weight_before_each_pulse(response):
    """Least squares by hand: steps up 0.25, 0.5, 0.25 from the weights -1, -0.5, 0.5."""
    weights = {"up": [-1.0, -0.5, 0.5], "down": [1.0, 0.5, 0.0]}
    steps = {"up": [0.25, 0.5, 0.25], "down": [-0.25, -0.25, -0.5]}
    expected = []
    for way, sign in (("up", -1), ("down", 1)):
        w, s = np.array(weights[way]), np.array(steps[way])
        linear = ((w - w.mean()) * (s - s.mean())).sum() / ((w - w.mean()) ** 2).sum()
        expected.append(sign * linear / (s.mean() - linear * w.mean()))
    slopes = response["step_slope"].sel(reading="parallel").values
    np.testing.assert_allclose(slopes, expected, rtol=1e-6)


def test_a_response_names_the_detector_and_what_the_write_energy_depends_on(response):
    about = json.loads(response.attrs["parameters"])["about"]
    assert about["detector"]["start"] == DETECTOR[0]
    assert about["write_energy"]["width"] == 72e-9


def test_a_device_that_no_pulse_changes_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="^wallnet: the conductance is the same after all pulses"):
        gathered([60e-9] * 8)
    assert not Path(STUDY.path("up-down")).exists()
