"""Levels of a synapse, half states, and the pulses that reach them."""

import logging
import math

import numpy as np
import pytest
from helpers.walls import SYNAPSE, SYNAPSE_ENDS, Bench, campaign, moving_wall, whole

from wallnet import files, jobs, tracks
from wallnet.devices.conductance import both_readings, parallel_conductance
from wallnet.devices.levels import level_variables, reaching
from wallnet.devices.traces import End
from wallnet.files import WallState


def test_a_half_state_that_leans_backwards_is_no_level(synapse):
    """The upper end of a level is ahead; with the lower end ahead it is another state."""
    synapse.write_pulse(0.6e12, 600e-9, 300e-9)
    data = synapse.gather()
    assert data["state"].values[2] == "between 2 and 1"
    assert data["level_state"].values[2] == "between 1 and 2"
    assert data["reachable"].values.tolist() == [1, 1, 0, 1, 1]
    synapse.write_level("1-2", (600e-9, 300e-9))
    data = synapse.gather()
    assert data["level_resting_state"].values[2] == "between 2 and 1"
    assert data["stable"].values.tolist() == [1, 1, 0, 1, 1]


def test_levels_run_from_the_start_to_the_reversed_track(synapse):
    """The half state stands between its notches."""
    data = synapse.gather()
    states = ["initial", "notch 1", "between 1 and 2", "notch 2", "reversed"]
    placed = "wall placed there and relaxed"
    expected = {
        "level": [0, 1, 2, 3, 4],
        "half": [0, 0, 1, 0, 0],
        "level_state": states,
        "level_resting_state": states,
        "stable": [1] * 5,
        "reachable": [1] * 5,
        "reaching_current_density": [0, 0.5e12, 0.6e12, 0.8e12, 1.0e12],
        "level_source": ["initial state", *[placed] * 3, "pulse of 1.0000e12 A/m2"],
    }
    assert {name: data[name].values.tolist() for name in expected} == expected
    positions = [60e-9, 300e-9, 450e-9, 600e-9, 900e-9]
    assert data["level_position"].values == pytest.approx(positions, abs=6e-9)
    assert np.all(np.diff(data["normalized_level_conductance"].values) > 0)


def test_a_level_at_a_temperature_has_its_noise_and_that_of_its_domains(tmp_path):
    """m_z deviates by 0.003 to either side in turn, and domains have 0.96."""
    device = campaign(s=SYNAPSE | {"temperature": {"ambient": 300.0}}).devices["s"]
    bench = Bench(tmp_path, "s", device)
    bench.write_all(SYNAPSE_ENDS.__getitem__)
    means = []

    def fluctuating(trace):
        profile = 0.95 * trace["magnetization_profile"]
        profile[::2, :, 2] += 0.003
        profile[1::2, :, 2] -= 0.003
        means.append(0.95 * float(trace["m"][-1, 2]))
        changed = trace.assign(magnetization_profile=profile)
        return changed.assign_attrs(domain_magnetization=0.96)

    assert not bench.gather()["level_conductance_noise"].values[:, 1:].any()
    bench.edit(bench.levels["notch 2"], fluctuating)
    data = bench.gather()
    high, low, middle = (
        both_readings((means[0] + deviation) / 0.96, device.detector)
        for deviation in (0, 0.006, 0.003)
    )
    assert data["level_conductance"].values[:, 3] == pytest.approx(middle, rel=1e-5, abs=0)
    noise = data["level_conductance_noise"].values
    assert noise[:, 3] == pytest.approx((high - low) / 2, rel=1e-3, abs=0)
    assert np.isnan(noise[:, 0]).all()
    assert data["noise_bandwidth"] == 5e9
    # a level without a minimum has neither conductance nor noise
    bench.write_minimum(WallState("notch 2"), converged=0)
    noise = bench.gather()["level_conductance_noise"].values
    assert np.isnan(noise[:, 3]).all()
    assert np.isfinite(noise[:, 1]).all()


def test_a_junction_by_its_product_is_read_as_one_with_the_same_resistances(tmp_path):
    """24.3 Ω µm² over 900 × 90 nm² are 300 Ω, and 540 Ω with a TMR of 80 %; P² is 0.8/2.8."""
    product = {"resistance_area_product": 24.3e-12, "tunnel_magnetoresistance": 0.8}
    plain = {"parallel_resistance": 300.0, "antiparallel_resistance": 540.0}
    plain |= {"parallel_conductance": 1 / 300, "polarization": math.sqrt(0.8 / 2.8)}
    read = []

    def fluctuating(trace):
        profile = trace["magnetization_profile"].copy()
        profile[::2, :, 2] *= 0.99
        return trace.assign(magnetization_profile=profile)

    for number, detector in enumerate((product, plain)):
        section = SYNAPSE | {"temperature": {"ambient": 300.0}, "detector": detector}
        bench = Bench(tmp_path / str(number), "s", campaign(s=section).devices["s"])
        bench.write_all(SYNAPSE_ENDS.__getitem__)
        bench.edit(bench.levels["notch 2"], fluctuating)
        read.append(bench.gather())
    names = [name for name in read[0].data_vars if "conductance" in name]
    assert {"conductance", "level_conductance_noise", "final_conductance"} <= {*names}
    for name in names:
        np.testing.assert_allclose(read[0][name].values, read[1][name].values, rtol=1e-6)


def test_the_start_at_a_temperature_is_read_with_its_domains(tmp_path):
    """A wall is where it was, although m_z of all cells is smaller by that of a domain."""
    device = campaign(s=SYNAPSE | {"temperature": {"ambient": 300.0}}).devices["s"]
    bench = Bench(tmp_path, "s", device)
    bench.write_all(SYNAPSE_ENDS.__getitem__)
    before = bench.gather()
    initial = files.read_dataset(bench.initial, "run")
    initial["magnetization"] = 0.96 * initial["magnetization"]
    initial.attrs["domain_magnetization"] = 0.96
    files.write_dataset(initial, bench.initial, "run", {})
    after = bench.gather()
    for name in ("level_conductance", "level_position"):
        expected = pytest.approx(before[name].values[..., 0], rel=1e-6, abs=0)
        assert after[name].values[..., 0] == expected


def test_levels_are_normalised_between_their_ends(synapse):
    data = synapse.gather()
    conductance = whole(data)["level_conductance"].values
    low, high = conductance[:, :1], conductance[:, -1:]
    assert whole(data)["normalized_level_conductance"].values == pytest.approx(
        (conductance - low) / (high - low), rel=1e-6, abs=0
    )
    switched = whole(data)["level_position"].values / 900e-9
    expected = (switched - switched[0]) / (switched[-1] - switched[0])
    parallel, series = whole(data)["normalized_level_conductance"].values
    assert parallel == pytest.approx(expected, abs=1e-6)  # linear in m_z
    assert np.all(series[1:3] < parallel[1:3])  # not equally spaced


def test_a_sweep_without_reversal_takes_the_uniform_track(synapse):
    synapse.write_pulse(1.0e12, 600e-9, 600e-9)
    data = synapse.gather()
    assert whole(data)["reachable"].values.tolist() == [1, 1, 1, 0]
    assert whole(data)["level_source"].values[-1].startswith("uniform along -z")
    assert whole(data)["level_conductance"].values[:, -1] == pytest.approx(
        [1e-4, 1e-4], rel=1e-6, abs=0
    )
    assert whole(data)["level_position"].values[-1] == 900e-9


def test_a_level_that_lost_its_wall_is_measured_after_a_pulse(synapse, caplog):
    synapse.write_level("2", (300e-9, 300e-9))
    synapse.write_pulse(0.8e12, 607e-9, 607e-9)
    synapse.write_pulse(1.0e12, 594e-9, 594e-9)
    with caplog.at_level(logging.WARNING):
        data = synapse.gather()
    assert "a wall initialised at 'notch 2' went to 'notch 1'; this level is" in caplog.text
    level = data.isel(level=3)
    assert int(level["stable"]) == 1
    assert level["level_resting_state"].item() == "notch 1"
    assert level["level_source"].item() == "pulse of 0.8000e12 A/m2"
    final = data["final_conductance"].values[:, 3]
    assert level["level_conductance"].values == pytest.approx(final, rel=1e-6, abs=0)
    assert float(level["level_position"]) == pytest.approx(607e-9, abs=6e-9)


@pytest.mark.parametrize("ends", [(300e-9, 300e-9), (450e-9, 450e-9)])
def test_a_level_where_nothing_rests_gets_no_conductance(synapse, caplog, ends):
    synapse.write_level("2", ends)
    synapse.write_pulse(0.8e12, 620e-9, 620e-9, settled=0)
    with caplog.at_level(logging.WARNING):
        data = synapse.gather()
    assert "this level gets no conductance" in caplog.text
    assert data["stable"].values.tolist() == [1, 1, 1, 0, 1]
    assert data["reachable"].values.tolist() == [1, 1, 1, 0, 1]
    assert data["level_source"].values[3] == ""
    finite = np.isfinite(data["normalized_level_conductance"].values)
    assert finite.tolist() == [[True, True, True, False, True]] * 2
    assert data["level_position"].values[3] == pytest.approx(ends[0], abs=6e-9)


@pytest.mark.parametrize(
    ("minima", "state"),
    [
        ([], "free"),
        ([("gap 1", (445e-9, 456e-9))], "gap 1"),
        # the lower end is too far away
        ([("gap 1", (440e-9, 450e-9))], "free"),
    ],
)
def test_a_level_whose_wall_straightened_in_between_rests_in_a_minimum_or_is_free(
    synapse, minima, state
):
    synapse.write_pulse(0.6e12, 300e-9, 300e-9)
    synapse.write_level("1-2", (450e-9, 450e-9))
    synapse.write_minima(*minima)
    data = synapse.gather()
    assert data["level_resting_state"].values[2] == state
    assert data["stable"].values.tolist() == [1, 1, 0, 1, 1]


def test_a_level_with_a_second_wall_is_not_stable(synapse):
    path = synapse.levels["between 1 and 2"]

    def split(data):
        data["read_walls"].values[-1] = 2
        return data

    synapse.edit(path, split)
    synapse.write_pulse(0.6e12, 300e-9, 300e-9)
    data = synapse.gather()
    assert data["level_resting_state"].values[2] == "several walls"
    assert data["stable"].values.tolist() == [1, 1, 0, 1, 1]


def test_pulses_that_leave_several_or_moving_walls_reach_no_level(synapse):
    """Those of 0.5, 0.6 and 0.8e12 A/m² end at notch 1, between 1 and 2, and at notch 2."""

    def split(data):
        data["read_walls"].values[-1] = 3
        return data

    synapse.edit(synapse.traces[1], split)

    def moved(data):
        data["read_settled"].values[-1] = 0
        return data

    synapse.edit(synapse.traces[3], moved)
    data = synapse.gather()
    assert data["state"].values.tolist() == [
        *("initial", "several walls", "between 1 and 2", "still moving", "reversed")
    ]
    assert data["reachable"].values.tolist() == [1, 0, 1, 0, 1]


def test_a_level_whose_wall_still_moves_is_marked(synapse, caplog):
    synapse.write_level("1-2", settled=0)
    synapse.write_pulse(0.6e12, 300e-9, 300e-9)
    with caplog.at_level(logging.WARNING):
        data = synapse.gather()
    assert "'between 1 and 2' did not come to rest; this level gets no" in caplog.text
    assert data["level_resting_state"].values[2] == "still moving"
    assert data["stable"].values.tolist() == [1, 1, 0, 1, 1]
    assert whole(data)["stable"].values.tolist() == [1, 1, 1, 1]


def test_a_synapse_read_without_relaxation_reaches_only_its_start(tmp_path):
    device = campaign(s=SYNAPSE | {"relaxation": {"longest": 0}}).devices["s"]
    bench = Bench(tmp_path, "s", device)
    bench.write_all(SYNAPSE_ENDS.__getitem__)
    data = bench.gather()
    assert data["settled"].values.tolist() == [-1] * 5
    assert whole(data)["reachable"].values.tolist() == [1, 0, 0, 0]


def test_level_0_is_read_under_the_detector(synapse):
    """The wall starts at 60 nm: 60 of the detector's 100 nm are switched."""
    under = synapse.device.detector.model_copy(update={"start": 0.0, "stop": 102e-9})
    data = synapse.gather(detector=under.model_dump())
    m_z = 1 - 2 * 60 / 102
    expected = parallel_conductance(m_z, under)
    conductance = whole(data)["level_conductance"].sel(reading="parallel").values
    assert conductance[0] == pytest.approx(float(expected), rel=2e-3, abs=0)
    assert conductance[1] == pytest.approx(1e-4, rel=1e-3, abs=0)  # all switched
    # the position is that of the wall on the whole track; its tail is cut at the end
    assert whole(data)["level_position"].values[0] == pytest.approx(60e-9, rel=0, abs=3e-9)


def test_levels_are_those_at_rest_whenever_the_device_is_read(synapse):
    """This includes a level that is measured after a pulse."""
    synapse.write_level("1-2", (300e-9, 300e-9))
    rest = synapse.gather()
    early = synapse.gather(read_at=1e-9)
    assert early["level_source"].values[2].startswith("pulse of 0.6000e12")
    for name in ("level_conductance", "level_position", "reaching_current_density"):
        np.testing.assert_array_equal(early[name].values, rest[name].values)
    assert np.all(
        early["final_conductance"].values[:, 1:] < rest["final_conductance"].values[:, 1:]
    )


def test_the_sweep_is_not_normalised_by_its_own_range(synapse):
    """It is normalised by the start and the reversed track, although no pulse ends there."""
    ends = {0.3e12: 420e-9, 0.5e12: 160e-9, 0.6e12: 450e-9, 0.8e12: 480e-9, 1.0e12: 780e-9}
    for density, position in ends.items():
        synapse.write_pulse(density, position, position)
    data = synapse.gather()
    m_z = data["sweep_m"].sel(component="z").values
    final = np.array([row[np.isfinite(row)][-1] for row in m_z])
    parallel, series = data["normalized_final_conductance"].values
    share = (m_z[0, 0] - final) / (m_z[0, 0] + 1)
    assert parallel == pytest.approx(share, abs=1e-5)
    assert parallel.min() == pytest.approx((160 - 60) / 840, abs=0.01)
    assert parallel.max() == pytest.approx((780 - 60) / 840, abs=0.01)
    low = 1 / (10e3 + 10e3 * (1 + m_z[0, 0]) / 2)
    conductance = 1 / (10e3 + 10e3 * (1 + final) / 2)
    assert series == pytest.approx((conductance - low) / (1e-4 - low), abs=1e-5)


def test_a_level_is_that_of_the_relaxed_wall_not_of_the_placed_one(synapse):
    """A wall placed at 300 nm relaxes until its ends rest at 310 and 330 nm."""
    synapse.write_minimum("notch 1", ends=(311e-9, 329e-9))
    job = jobs.level_job(synapse.device, "1")
    relaxed = moving_wall(job, 310e-9, 330e-9)
    placed = moving_wall(job, 300e-9, 300e-9)
    for name in ("m", "wall_position", "wall_bottom", "wall_top", "magnetization_profile"):
        values = relaxed[name].values.copy()
        values[:2] = placed[name].values[:2]
        relaxed[name] = (relaxed[name].dims, values, relaxed[name].attrs)
    synapse.write(relaxed, synapse.levels["notch 1"])
    data = synapse.gather()
    m_z = float(relaxed["m"].sel(component="z")[-1])
    assert m_z < float(relaxed["m"].sel(component="z")[0]) - 0.02
    assert whole(data)["level_conductance"].values[:, 1] == pytest.approx(
        [1e-4 * (1 - 0.16 * m_z) / 1.16, 1 / (10e3 + 10e3 * (1 + m_z) / 2)], rel=1e-6, abs=0
    )
    assert float(whole(data)["level_position"][1]) == pytest.approx(
        900e-9 * (1 - m_z) / 2, rel=1e-6, abs=0
    )


def test_level_0_counts_the_magnetic_cells_under_the_detector_alone(synapse):
    """Columns at a notch have fewer magnetic cells."""
    data = files.read_dataset(synapse.initial, "run")
    m_z = data["magnetization"].sel(component="z").values[-1]
    detector = synapse.device.detector.model_copy(update={"start": 48e-9, "stop": 306e-9})
    conductance = whole(synapse.gather(detector=detector.model_dump()))["level_conductance"].values[
        :, 0
    ]
    mean = np.nanmean(m_z[:, 8:51])
    assert abs(mean - np.nanmean(np.nanmean(m_z[:, 8:51], axis=0))) > 2e-3
    assert conductance == pytest.approx(
        [1e-4 * (1 - 0.16 * mean) / 1.16, 1 / (10e3 + 10e3 * (1 + mean) / 2)], rel=1e-6, abs=0
    )


def test_level_0_weighs_partly_filled_cells_by_their_share(tmp_path):
    """m_z differs from row to row in the initial state."""
    track = SYNAPSE["track"] | {"edges": "smooth"}
    device = campaign(s=SYNAPSE | {"track": track}).devices["s"]
    bench = Bench(tmp_path, "s", device)
    bench.write_all(SYNAPSE_ENDS.__getitem__)
    data = files.read_dataset(bench.initial, "run")
    rows = np.linspace(0.6, 1.0, 15)[:, None]
    m = data["magnetization"].values[-1]
    m[..., 2] *= rows
    files.write_dataset(data, bench.initial, "run", {})
    levels = whole(bench.gather())
    filled = tracks.layer(jobs.initial_job(device)).filled
    m_z = (filled * np.nan_to_num(m[..., 2])).sum() / filled.sum()
    assert abs(m_z - np.nanmean(m[..., 2])) > 1e-5
    assert float(levels["level_position"][0]) == pytest.approx(
        900e-9 * (1 - m_z) / 2, rel=1e-9, abs=0
    )
    assert levels["level_conductance"].values[1, 0] == pytest.approx(
        1 / (10e3 + 10e3 * (1 + m_z) / 2), rel=1e-9, abs=0
    )


ENDS = (
    ("notch 1", 1, 290e-9, (285e-9, 295e-9)),
    ("notch 1", 1, 310e-9, (308e-9, 312e-9)),
    # this wall still moves
    ("notch 1", 0, 305e-9, (1e-9, 2e-9)),
    ("between 1 and 2", 1, 450e-9, (1e-9, 2e-9)),
    ("reversed", 1, 890e-9, (1e-9, 2e-9)),
    ("reversed", 1, 900e-9, (1e-9, 2e-9)),
)
DETECTOR = campaign(s=SYNAPSE).devices["s"].detector
SWEEP = {
    "current_density": np.array([-0.9, -0.4, 0.3, 0.6, 0.8, 1.1]) * 1e12,
    "beyond_model": np.array([True, False, False, False, True, True]),
}


def reached(state):
    ends = [End(*end, detected=0.0, rests=end[1] == 1) for end in ENDS]
    return reaching(state, SWEEP, ends)


def test_the_pulses_that_reach_a_level_begin_with_the_weakest_whose_wall_rests_there():
    """The magnitude counts. J of 0.3 is weaker, but its wall still moved."""
    pulses = {state: reached(state)[0] for state in ("notch 1", "reversed", "notch 2")}
    assert pulses == {"notch 1": [1, 0], "reversed": [4, 5], "notch 2": []}


def level(state, detected, stable=True):
    properties = {"level_state": WallState(state), "stable": stable}
    return reached(state)[1] | properties | {"detected": detected if stable else math.nan}


def test_level_variables_tell_stable_from_reached_and_half_from_whole():
    nan = float("nan")
    levels = [
        level("initial", 0.9),
        level("notch 1", 0.5),
        # the wall that moved elsewhere has no conductance
        level("between 1 and 2", 0.3, stable=False),
        level("notch 2", -0.1),
        level("reversed", -1.0),
    ]
    variables = level_variables(levels, DETECTOR, "x")
    assert variables["level_state"].tolist() == [
        *("initial", "notch 1", "between 1 and 2", "notch 2", "reversed")
    ]
    assert variables["stable"].tolist() == [1, 1, 0, 1, 1]
    assert variables["reachable"].tolist() == [1, 1, 1, 0, 1]
    # of notch 1 only the stronger pulse is beyond the model
    assert variables["level_beyond_model"].tolist() == [0, 0, 0, 0, 1]
    assert variables["reaching_current_density"] == pytest.approx(
        [0, -0.4e12, 0.6e12, nan, 0.8e12], nan_ok=True, rel=1e-9, abs=0
    )
    # each reading between its two ends: linear in m_z, and 1/R with R of 10, 15, 17.5, 14.5 kΩ
    low, *middle, high = (1 / resistance for resistance in (19.5, 17.5, 14.5, 10))
    first, second = ((conductance - low) / (high - low) for conductance in middle)
    assert variables["normalized_level_conductance"] == pytest.approx(
        np.array([[0, 0.4 / 1.9, nan, 1 / 1.9, 1], [0, first, nan, second, 1]]),
        nan_ok=True,
        abs=1e-12,
    )


@pytest.mark.parametrize(("second", "rises"), [(0.5, True), (0.95, False), (0.9, False)])
def test_a_level_below_its_predecessor_is_said(caplog, second, rises):
    levels = [
        level("initial", 0.9),
        level("notch 1", second),
        level("between 1 and 2", 1.0, stable=False),  # does not count
        level("reversed", -1.0),
    ]
    with caplog.at_level(logging.WARNING):
        level_variables(levels, DETECTOR, "x")
    assert ("does not rise" in caplog.text) is not rises


def test_equal_ends_are_refused():
    levels = [level("initial", -1.0), level("reversed", -1.0)]
    with pytest.raises(
        files.FileError, match="sees the same conductance in .initial. and in .reversed."
    ):
        level_variables(levels, DETECTOR, "x")
