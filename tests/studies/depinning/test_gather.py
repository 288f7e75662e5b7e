"""Dwell times and thresholds, from walls whose course is known."""

import math
import shutil

import numpy as np
import pytest
from helpers.depinning import depinned

from studies.results import NM, T, gather, pulsed, write_trace
from wallnet import files, plan
from wallnet.cli import main
from wallnet.jobs.request import Conditions, where
from wallnet.studies import STUDIES, gather_job
from wallnet.studies.depinning.gather import stay, threshold
from wallnet.tracks.states import notch_window

NS = 1e-9
DEPINNING = STUDIES["depinning"]

TIME = np.array([0.0, 1.0, 2.0, 3.0, 4.0])


def of(*end):
    return np.array(end, dtype=float)


# A notch from 40 to 60


def test_an_end_reaches_and_leaves_a_notch_at_its_borders():
    # 20 a unit of time up to 30 at 1, then 10, then 40
    times = stay(TIME, of(10, 30, 40, 50, 90), 50.0, 10.0)
    assert times == pytest.approx((2.0, 3.25), rel=1e-9, abs=0)
    # from the right
    times = stay(TIME, of(90, 70, 50, 35, 10), 50.0, 10.0)
    assert times == pytest.approx((1.5, 2 + 10 / 15), rel=1e-9, abs=0)


def test_an_end_that_stays_does_not_leave():
    reached, left = stay(TIME, of(10, 30, 50, 55, 55), 50.0, 10.0)
    assert reached == pytest.approx(1.5, rel=1e-9, abs=0)
    assert math.isnan(left)


def test_an_end_that_passes_between_the_last_two_entries_leaves():
    times = stay(TIME, of(0, 10, 20, 30, 70), 50.0, 10.0)
    assert times == pytest.approx((3.25, 3.75), rel=1e-9, abs=0)


def test_an_end_that_starts_there_is_there_at_once():
    assert stay(TIME, of(50, 55, 65, 80, 90), 50.0, 10.0) == pytest.approx(
        (0.0, 1.5), rel=1e-9, abs=0
    )


def test_an_end_that_comes_back_leaves_with_its_last_way_out():
    times = stay(TIME, of(50, 70, 55, 65, 80), 50.0, 10.0)
    assert times == pytest.approx((0.0, 2.5), rel=1e-9, abs=0)


def test_an_end_may_cross_a_notch_between_two_entries():
    times = stay(TIME, of(0, 10, 30, 80, 90), 50.0, 10.0)
    assert times == pytest.approx((2.2, 2.6), rel=1e-9, abs=0)


def test_an_end_that_never_comes_has_no_times():
    assert all(map(math.isnan, stay(TIME, of(0, 10, 20, 30, 35), 50.0, 10.0)))


def test_a_threshold_lies_below_the_weakest_pulse_that_depins():
    left = {0.7: 2, 0.4: 0, 0.5: 0, 0.55: 1, 0.6: 2, 0.65: 1}
    assert threshold(left, 1) == (0.5, 0.55)
    assert threshold(left, 2) == (0.55, 0.6)
    low, high = threshold({0.4: 0, 0.5: 1}, 2)
    assert low == 0.5
    assert math.isnan(high)
    low, high = threshold({0.4: 2, 0.5: 2}, 1)
    assert math.isnan(low)
    assert high == 0.4


# From traces with known ends: one end leaves notch 1 above 1, both above 1.9, and notch 2 keeps its

STAYS, LEAVES = 20, 32
"""How far an end in nm is then from its notch, which reaches 16 nm; Δ is 9.1 nm."""


def end_of(conditions):
    """Return the ends in nm after a pulse."""
    track, density = conditions.variant, conditions.current_density
    if track is None:
        return [240 if density > T else 120] * 2
    notch = conditions.state.ends[0]
    if (track, notch) == ("notch", 1):
        return [120 + (LEAVES if density > least * T else STAYS) for least in (1.9, 1.0)]
    if (track, notch) == ("single-notch", 1):
        return [120 + 80 * (density > 0.8 * T)] * 2
    return 240 - STAYS, 240 + STAYS


def simulate(requests):
    for request in where(requests, "run", Conditions(duration=0.0)):
        write_trace(request, *[120 * NM * request.conditions.state.ends[0]] * 2)
    for request in pulsed(requests):
        write_trace(request, *(end * NM for end in end_of(request.conditions)))


def requested(campaign, **changes):
    return DEPINNING.requests_of(campaign, "synapse", **changes)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return the campaign and a folder with the traces before its round, and those after it."""
    folder = tmp_path_factory.mktemp("depinning")
    campaign = plan.parse(depinned())
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        simulate(requested(campaign))
        job = gather_job(DEPINNING, campaign, "synapse", requested(campaign)).to_json()
        main(["round", "--job", job, "--out", DEPINNING.round_path("synapse", 1)])
        simulate(requested(campaign))
    return campaign, folder


@pytest.fixture
def campaign(written, tmp_path, monkeypatch):
    """Return the campaign, with its results in a folder that a test may change."""
    parsed_campaign, folder = written
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return parsed_campaign


def swept(campaign, density):
    """Return a pulse of the sweep."""
    pulses = pulsed(requested(campaign), Conditions(current_density=density))
    (pulse,) = (pulse for pulse in pulses if not pulse.conditions.variant)
    return pulse


def gathered(campaign, **changes):
    return gather(DEPINNING, campaign, "synapse", requested(campaign, **changes))


def change(path, make):
    """Apply a function to the trace in a file."""
    files.write_dataset(make(files.read_dataset(path, "run")), path, "run", {})


def test_the_round_halves_the_gaps_with_a_threshold(campaign):
    pulses = files.read_json(DEPINNING.round_path("synapse", 1))["asked"]
    assert pulses == [["notch", 1, 1.75 * T], ["single-notch", 1, 1.75 * T]]


def test_thresholds_lie_between_two_pulses(campaign):
    data = gathered(campaign)
    assert data["track"].values.tolist() == ["all notches", "single notch"]
    nan = np.nan
    for edge, expected in {
        "low": [[[0.5, 1.75], [3, 3]], [[0.5, 0.5], [3, 3]]],
        "high": [[[1.75, 3.0], [nan, nan]], [[1.75, 1.75], [nan, nan]]],
    }.items():
        thresholds = data[f"threshold_{edge}"].transpose("track", "notch", "ends")
        np.testing.assert_allclose(thresholds.values / T, expected, rtol=1e-9)


def test_a_wall_that_the_notch_pulls_back_after_the_pulse_has_not_left(campaign):
    """Both ends are 20 nm away as the strongest pulse ends."""

    def returns(data):
        for name in ("read_wall_bottom", "read_wall_top"):
            assert data[name].values[-1] > 130 * NM
            data[name].values[-1] = 115 * NM
        return data

    change("results/depinning/synapse/notch-1/3.0000.nc", returns)
    high = gathered(campaign)["threshold_high"].sel(track="all notches", notch=1)
    np.testing.assert_allclose(high.values / T, [1.75, np.nan])


def test_a_pulse_that_makes_a_second_wall_depins_both_ends(campaign):
    def splits(data):
        data["read_walls"].values[-1] = 2
        return data

    change("results/depinning/synapse/notch-2/3.0000.nc", splits)
    data = gathered(campaign).sel(track="all notches", notch=2)
    np.testing.assert_allclose(data["threshold_low"].values / T, [0.5, 0.5])
    np.testing.assert_allclose(data["threshold_high"].values / T, [3.0, 3.0])


def test_dwell_times_are_those_of_the_sweep(campaign):
    """Above 1e12 A/m² walls move from 40 to 240 nm in 0.6 ns; notch 1 begins 25 nm before 120.

    The pulses on the resting walls last 0.8 ns.
    """
    data = gathered(campaign).sel(current_density=1.5 * T)
    within = notch_window(swept(campaign, 1.5 * T).computes) / NM
    speed = 200 / 0.6
    reached, left = data["reach_time"].values / NS, data["leave_time"].values / NS
    # 2 % for the recorded ends, which are where m_z changes its sign between cells of 4 nm
    np.testing.assert_allclose(reached[0], [(80 - within) / speed] * 2, rtol=0.02)
    np.testing.assert_allclose(left[0], [(80 + within) / speed] * 2, rtol=0.02)
    np.testing.assert_allclose(reached[1], [(200 - within) / speed] * 2, rtol=0.02)
    assert np.isnan(left[1]).all()
    dwell = data["dwell_time"].values / NS
    np.testing.assert_allclose(dwell, [left[0] - reached[0], 0.6 - reached[1]], rtol=1e-9)


def test_each_end_has_dwell_times_of_its_own(campaign):
    """The upper end moves 1.25 times as far as the lower one, which goes from 40 to 240 nm."""
    request = swept(campaign, 1.5 * T)
    change(
        request.path,
        lambda data: data.assign(wall_top=40 * NM + 1.25 * (data["wall_bottom"] - 40 * NM)),
    )
    dataset = gathered(campaign).sel(current_density=1.5 * T, notch=1)
    within = notch_window(request.computes) / NM
    speeds = np.array([200, 250]) / 0.6
    np.testing.assert_allclose(dataset["reach_time"].values / NS, (80 - within) / speeds, rtol=0.02)
    np.testing.assert_allclose(dataset["leave_time"].values / NS, (80 + within) / speeds, rtol=0.02)


def test_dwell_times_end_with_the_pulse(campaign):
    """A wall that leaves notch 2 after the pulse was there to the end of it."""

    def leaves(data):
        after = data["time"].values > float(data["pulse_duration"][-1]) * (1 + 1e-9)
        assert after.sum() > 2
        for name in ("wall_bottom", "wall_top"):
            data[name].values[after] = 350 * NM
        return data

    change("results/traces/synapse/1.5000.nc", leaves)
    dataset = gathered(campaign).sel(current_density=1.5 * T, notch=2)
    assert np.isfinite(dataset["reach_time"].values).all()
    assert np.isnan(dataset["leave_time"].values).all()


def test_a_notch_without_a_minimum_has_no_threshold(campaign):
    """A wall beside it rests in no state that a pulse could leave."""
    path = "results/minima/synapse.nc"
    minima = files.read_dataset(path, "minima")
    minima["minimum_converged"][minima["minimum_state"] == "notch 2"] = 0
    files.write_dataset(minima, path, "minima", {})
    thresholds = gathered(campaign)["threshold_high"].sel(track="all notches")
    assert thresholds.sel(notch=2).isnull().all()
    assert thresholds.sel(notch=1).notnull().all()
