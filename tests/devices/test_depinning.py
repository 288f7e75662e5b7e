"""Dwell times and thresholds, from walls whose course is known."""

import math
import shutil

import numpy as np
import pytest
from helpers.depinning import freed
from helpers.walls import moving_wall

from wallnet import config, devices, experiment, files, jobs
from wallnet.devices.depinning import _next as next_pulses
from wallnet.devices.depinning import left_ends, reach, stay, threshold
from wallnet.files import FileError
from wallnet.jobs import paths

NM, NS, T = 1e-9, 1e-9, 1e12

TIME = np.array([0.0, 1.0, 2.0, 3.0, 4.0])


def of(*end):
    return np.array(end, dtype=float)


# A notch from 40 to 60


def test_an_end_reaches_and_leaves_a_notch_at_its_borders():
    # 20 a unit of time up to 30 at 1, then 10, then 40
    found = stay(TIME, of(10, 30, 40, 50, 90), 50.0, 10.0)
    assert found == pytest.approx((2.0, 3.25), rel=1e-9, abs=0)
    # from the right
    found = stay(TIME, of(90, 70, 50, 35, 10), 50.0, 10.0)
    assert found == pytest.approx((1.5, 2 + 10 / 15), rel=1e-9, abs=0)


def test_an_end_that_stays_does_not_leave():
    reached, left = stay(TIME, of(10, 30, 50, 55, 55), 50.0, 10.0)
    assert reached == pytest.approx(1.5, rel=1e-9, abs=0)
    assert math.isnan(left)


def test_an_end_that_passes_between_the_last_two_entries_leaves():
    found = stay(TIME, of(0, 10, 20, 30, 70), 50.0, 10.0)
    assert found == pytest.approx((3.25, 3.75), rel=1e-9, abs=0)


def test_an_end_that_starts_there_is_there_at_once():
    assert stay(TIME, of(50, 55, 65, 80, 90), 50.0, 10.0) == pytest.approx(
        (0.0, 1.5), rel=1e-9, abs=0
    )


def test_an_end_that_comes_back_leaves_with_its_last_way_out():
    found = stay(TIME, of(50, 70, 55, 65, 80), 50.0, 10.0)
    assert found == pytest.approx((0.0, 2.5), rel=1e-9, abs=0)


def test_an_end_may_cross_a_notch_between_two_entries():
    found = stay(TIME, of(0, 10, 30, 80, 90), 50.0, 10.0)
    assert found == pytest.approx((2.2, 2.6), rel=1e-9, abs=0)


def test_an_end_that_never_comes_has_no_times():
    assert all(map(math.isnan, stay(TIME, of(0, 10, 20, 30, 35), 50.0, 10.0)))


def test_the_reach_is_that_of_the_states():
    """16 nm and four times Δ = √(A/K_eff) = 9.13 nm, with K_eff = 2.397e5 J/m³."""
    campaign = config.parse(freed())
    job = jobs.depinning_job(campaign.devices["synapse"], campaign.depinning["synapse"])
    expected = 16e-9 + 4 * math.sqrt(2e-11 / (1e6 - 2e-7 * math.pi * 1.1e6**2))
    assert reach(job) == pytest.approx(expected, rel=1e-9, abs=0)


def test_ends_that_are_out_of_reach_have_left():
    assert left_ends([120.0, 175.0], 120.0, 50.0) == 1
    assert left_ends([69.0, 171.0], 120.0, 50.0) == 2
    assert left_ends([70.0, 170.0], 120.0, 50.0) == 0


def test_a_threshold_lies_below_the_weakest_pulse_that_frees():
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


def truth(place, density):
    """Return the ends in nm after a pulse."""
    notch = 120 if place.endswith("1") else 240
    if place == "notch-1":
        return notch + 60 * (density > 1.9 * T), notch + 60 * (density > 1.0 * T)
    if place == "alone-1":
        return notch + 80 * (density > 0.8 * T), notch + 80 * (density > 0.8 * T)
    return notch, notch


def test_gaps_in_which_either_end_leaves_are_halved():
    left = {0.5 * T: 0, 1.5 * T: 1, 2.0 * T: 1, 3.0 * T: 2}
    assert next_pulses(left, 0.5 * T) == [1.0 * T, 2.5 * T]


def test_pulses_that_free_and_those_of_the_sweep_have_durations_of_their_own():
    campaign = config.parse(freed(duration=0.9e-9))
    device, asked = campaign.devices["synapse"], campaign.depinning["synapse"]
    job = jobs.depinning_job(device, asked)
    assert (job.duration, job.sweep_duration) == (0.9e-9, 0.6e-9)
    freeing = jobs.freeing_job(next(iter(jobs.pinned_walls(device, asked))), asked, 1e12)
    assert freeing.pulse_duration == 0.9e-9


def write_all(folder, **changes):
    """Write all traces into a folder; return job, what each round asked for, and the folder."""
    campaign = config.parse(freed(**changes))
    device, asked = campaign.devices["synapse"], campaign.depinning["synapse"]
    # as a rule passes it: in JSON, places are in alphabetical order
    job = jobs.DepinningJob.from_json(jobs.depinning_job(device, asked).to_json())
    walls = {wall.place: wall for wall in jobs.pinned_walls(device, asked)}
    rounds = []
    for number in range(1, asked.rounds() + 1):
        out = paths.depinning_round_in(folder / "freed", number)
        devices.depinning_round(job, number, folder / "freed", out)
        rounds.append(paths.freed_in(out))
        for place, densities in rounds[-1].items():
            for density in densities:
                ends = (end * NM for end in truth(place, density))
                trace = moving_wall(jobs.freeing_job(walls[place], asked, density), *ends)
                path = paths.depinning_trace_in(folder / "freed", place, density)
                files.write_dataset(trace, path, "trace", {})
    for density in device.pulse.current_densities:
        end = 240 * NM if density > T else 120 * NM
        trace = moving_wall(experiment.pulse_job(device, density), end, end)
        files.write_dataset(trace, paths.trace_in(folder / "sweep", density), "trace", {})
    return job, rounds, folder


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_all(tmp_path_factory.mktemp("depinning"))


@pytest.fixture
def made(written, tmp_path):
    """Return the same in a folder that a test may change."""
    job, rounds, folder = written
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return job, rounds, tmp_path


def gather(job, rounds, folder):
    out = folder / "synapse.nc"
    devices.depinning(job, rounds, folder / "sweep", folder / "freed", out)
    return files.read_dataset(out, "depinning")


def test_each_round_halves_the_gaps_with_a_threshold(made):
    _, rounds, _ = made
    first, second = rounds
    places = ("notch-1", "notch-2", "alone-1", "alone-2")
    assert first == {place: [0.5 * T, 3.0 * T] for place in places}
    assert second == {
        "notch-1": [1.75 * T],
        "notch-2": [],
        "alone-1": [1.75 * T],
        "alone-2": [],
    }


def test_thresholds_lie_between_two_pulses(made):
    job, rounds, folder = made
    data = gather(job, len(rounds), folder)
    assert data["place"].values.tolist() == ["notch-1", "notch-2", "alone-1", "alone-2"]
    assert data["place_notch"].values.tolist() == [1, 2, 1, 2]
    assert data["place_alone"].values.tolist() == [0, 0, 1, 1]
    nan = np.nan
    np.testing.assert_allclose(
        data["threshold_low"].values / T, [[0.5, 1.75], [3, 3], [0.5, 0.5], [3, 3]], rtol=1e-9
    )
    np.testing.assert_allclose(
        data["threshold_high"].values / T,
        [[1.75, 3.0], [nan, nan], [1.75, 1.75], [nan, nan]],
        rtol=1e-9,
    )
    assert data.attrs["device"] == "synapse"


def test_dwell_times_are_those_of_the_sweep(made):
    """Above 1e12 A/m² walls move from 40 to 240 nm in 0.6 ns; notch 1 begins 52.5 nm before 120."""
    job, rounds, folder = made
    assert (job.duration, job.sweep_duration) == (0.8e-9, 0.6e-9)
    data = gather(job, len(rounds), folder).sel(current_density=1.5 * T)
    within = reach(job) / NM
    speed = 200 / 0.6
    reached, left = data["reach_time"].values / NS, data["leave_time"].values / NS
    # 2 % for the recorded ends, which are where m_z changes its sign between cells of 4 nm
    np.testing.assert_allclose(reached[0], [(80 - within) / speed] * 2, rtol=0.02)
    np.testing.assert_allclose(left[0], [(80 + within) / speed] * 2, rtol=0.02)
    np.testing.assert_allclose(reached[1], [(200 - within) / speed] * 2, rtol=0.02)
    assert np.isnan(left[1]).all()


def test_each_end_has_dwell_times_of_its_own(made):
    """The upper end moves 1.25 times as far as the lower one, which goes from 40 to 240 nm."""
    job, rounds, folder = made
    path = paths.trace_in(folder / "sweep", 1.5 * T)
    data = files.read_dataset(path, "trace")
    data["wall_top"] = 40 * NM + 1.25 * (data["wall_bottom"] - 40 * NM)
    files.write_dataset(data, path, "trace", {})
    found = gather(job, len(rounds), folder).sel(current_density=1.5 * T, notch=1)
    within = reach(job) / NM
    speeds = np.array([200, 250]) / 0.6
    np.testing.assert_allclose(found["reach_time"].values / NS, (80 - within) / speeds, rtol=0.02)
    np.testing.assert_allclose(found["leave_time"].values / NS, (80 + within) / speeds, rtol=0.02)


def test_dwell_times_end_with_the_pulse(made):
    """A wall that leaves notch 2 after the pulse was there to the end of it."""
    job, rounds, folder = made
    path = paths.trace_in(folder / "sweep", 1.5 * T)
    data = files.read_dataset(path, "trace")
    after = data["time"].values > float(data.attrs["pulse_end"]) * (1 + 1e-9)
    assert after.sum() > 2
    for name in ("wall_bottom", "wall_top"):
        data[name].values[after] = 350 * NM
    files.write_dataset(data, path, "trace", {})
    found = gather(job, len(rounds), folder).sel(current_density=1.5 * T, notch=2)
    assert np.isfinite(found["reach_time"].values).all()
    assert np.isnan(found["leave_time"].values).all()


def test_a_threshold_that_is_not_found_is_an_error(made):
    job, _, folder = made
    with pytest.raises(FileError, match=r"threshold of notch-1 at 1\.7500e12 A/m² is not found af"):
        gather(job, 1, folder)


def test_a_trace_of_another_notch_is_refused(made):
    job, rounds, folder = made
    path = paths.depinning_trace_in(folder / "freed", "alone-1", 3.0 * T)
    data = files.read_dataset(
        paths.depinning_trace_in(folder / "freed", "alone-2", 3.0 * T), "trace"
    )
    files.write_dataset(data, path, "trace", {})
    with pytest.raises(FileError, match=r"alone-1/3\.0000\.nc is of another pulse or notch"):
        gather(job, len(rounds), folder)


@pytest.mark.parametrize("kind", ["sweep", "freed"])
def test_a_trace_of_another_current_density_is_refused(made, kind):
    job, rounds, folder = made
    other, wrong = (
        paths.trace_in(folder / "sweep", density)
        if kind == "sweep"
        else paths.depinning_trace_in(folder / "freed", "notch-1", density)
        for density in (0.5 * T, 3.0 * T)
    )
    files.write_dataset(files.read_dataset(other, "trace"), wrong, "trace", {})
    with pytest.raises(FileError, match=r"3\.0000\.nc is of another pulse; delete it and run"):
        gather(job, len(rounds), folder)
