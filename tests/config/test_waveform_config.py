"""Waveforms in the configuration: lists, arrays, functions and CSV files, and what is refused."""

import json

import numpy as np
import pytest
from helpers.messages import one_problem
from helpers.programs import UP, staircase

from wallnet import api, config, jobs, plan
from wallnet.config.waveform import largest, mean_square, segments, share_at
from wallnet.jobs.film import check
from wallnet.studies import STUDIES

RAMP = [[0.0, 0.25], [0.2e-9, 1.0], [0.2e-9, -0.5], [0.4e-9, 0.0]]
"""A ramp, a jump to the other sign and a fall, in a pulse of 0.6 ns."""

POINTS = tuple(map(tuple, RAMP))


def with_waveform(waveform):
    data = staircase()
    data["devices"]["stairs"] = json.loads(json.dumps(data["devices"]["stairs"]))
    data["devices"]["stairs"]["pulse"]["waveform"] = waveform
    return data


def device_of(waveform):
    return plan.parse(with_waveform(waveform)).devices["stairs"]


def test_a_square_pulse_has_no_waveform_in_its_jobs():
    plain = plan.parse(staircase()).devices["stairs"]
    job = jobs.pulse_job(plain, 1e12)
    assert "waveform" not in job.to_json()
    assert "waveform" not in plain.pulse.model_dump()
    assert jobs.pulse_job(device_of([]), 1e12).to_json() == job.to_json()


def test_a_table_goes_into_the_jobs_of_the_pulses_alone():
    device = device_of([["0", 0.25], ["2e-10", 1], [0.2e-9, -0.5], [0.4e-9, 0]])
    job = jobs.pulse_job(device, 1e12)
    assert job.step.waveform == POINTS
    assert jobs.Run.from_json(job.to_json()) == job
    assert json.loads(job.to_json())["steps"][0]["waveform"] == RAMP
    assert "waveform" not in jobs.initial_job(device).to_json()


def test_each_pulse_of_a_train_has_its_own():
    shaped = UP | {"waveform": RAMP, "repetitions": 2}
    campaign = plan.parse(staircase(shaped, UP | {"repetitions": 1}))
    request, *_ = STUDIES["pulse_trains"].requests_of(campaign, "up-down")
    train = request.computes
    assert [part.step.waveform for part in train.parts()] == [POINTS, POINTS, ()]


def test_between_the_points_the_current_is_linear_and_the_last_value_is_held():
    pieces = segments((*POINTS[:3], (0.4e-9, -0.1)), 0.6e-9)
    assert pieces == [
        (0.0, 0.2e-9, 0.25, 1.0),
        (0.2e-9, 0.4e-9, -0.5, -0.1),
        (0.4e-9, 0.6e-9, -0.1, -0.1),
    ]
    assert segments((), 3e-9) == [(0.0, 3e-9, 1.0, 1.0)]
    times = [0.0, 0.05e-9, 0.2e-9, 0.3e-9, 0.5e-9]
    # at a jump, the value before it
    expected = [0.25, 0.4375, 1.0, -0.25, 0.0]
    assert [share_at(POINTS, time) for time in times] == pytest.approx(expected, rel=1e-6, abs=1e-9)
    # the integral of the square: 0.2 (1 + 0.25 + 0.0625)/3 + 0.2 · 0.25/3, of 0.6
    assert mean_square(POINTS, 0.6e-9) == pytest.approx((0.2625 + 0.05) / 1.8, rel=1e-9, abs=0)
    assert (largest(POINTS), largest(())) == (1.0, 1.0)


def test_a_csv_file_of_the_folder_of_the_campaign_goes_into_the_job(tmp_path, monkeypatch):
    text = "time (s),share of J\n0, 0.25\n2e-10,1\n\n0.2e-9,-0.5\n4e-10,0\n"
    (tmp_path / "shape.csv").write_text(text, encoding="utf-8")
    (tmp_path / "config.yaml").write_text(json.dumps(with_waveform("shape.csv")), encoding="utf-8")
    device = config.load_device(tmp_path / "config.yaml", "stairs", check)
    assert device.pulse.waveform == POINTS
    campaign = plan.load(tmp_path / "config.yaml")
    assert campaign.devices["stairs"].pulse.waveform == POINTS
    monkeypatch.chdir(tmp_path)
    job = jobs.pulse_job(device_of("shape.csv"), 1e12)
    assert job == jobs.pulse_job(device_of(RAMP), 1e12)
    (tmp_path / "shape.csv").write_text(text.replace("0.25", "0.3"), encoding="utf-8")
    assert jobs.pulse_job(device_of("shape.csv"), 1e12).step.waveform[0] == (0.0, 0.3)


def test_an_array_and_a_function_are_tables():
    assert device_of(np.array(RAMP)).pulse.waveform == POINTS
    points = api.tabulated(lambda time: np.sin(np.pi * time / 0.6e-9), 0.6e-9, 5)
    root = np.sqrt(0.5)
    expected = [(0, 0), (0.15e-9, root), (0.3e-9, 1), (0.45e-9, root), (0.6e-9, 0)]
    np.testing.assert_allclose(points, expected, rtol=1e-12, atol=1e-15)
    assert len(device_of(api.tabulated(lambda time: 1, 0.6e-9)).pulse.waveform) == 100


@pytest.mark.parametrize(
    ("waveform", "words"),
    [
        ([[0, 0], [2e-10, 1], [1e-10, 0]], " has 1e-10 s after 2e-10 s; order its times"),
        ([[1e-10, 0], [2e-10, 1]], " starts at 1e-10 s; write 0 as the first time"),
        ([[0, 0], [1e-10, 0], [1e-10, 1], [1e-10, 0]], " has 1e-10 s three times"),
        ([[0, 0], [2e-10, 1], [2.000001e-10, 0]], "less than 1e-15 s apart; write the same time"),
        ([[0, 0], [0.7e-9, 1]], " ends at 7e-10 s, after its pulse of 6e-10 s; lengthen the pulse"),
        ([[0, 0], [1e-10, float("nan")]], ".1.1 = nan is not finite"),
        ([[0, 0], [1e-10, 0.5e12]], ".1.1 = 500000000000.0 is outside the range -1 to 1; values"),
        ([[0, 0], [1e-10]], ".1.1 is missing"),
        ([[0, 0], [1e-10, 1, 2]], ".1 has too many entries; give at most 2"),
        (0.5, " is 0.5, not a list"),
        ({"0": 1}, " is a block, not a list"),
        ([[index * 1e-12, 0] for index in range(201)], " has too many entries; give at most 200"),
    ],
)
def test_a_table_that_cannot_be_is_named(waveform, words):
    problem = one_problem(with_waveform(waveform))
    assert problem.startswith("config.yaml: devices.stairs.pulse.waveform")
    assert words in problem


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "names 'shape.csv', which cannot be read (No such file or directory); correct it"),
        ("", "names shape.csv, which is no table of two columns"),
        ("0,0\n1e-10;1\n", "is no table of two columns; write a time in s and a share"),
        ("0,0\n\n1e-10,a\n", ".1.1 = 'a' is not a number"),
        ("0,0\n1e-10,1,1\n", "is no table of two columns"),
        (b"0,0\n\xff\xfe,1\n", "names 'shape.csv', which cannot be read (it is no text in UTF-8)"),
    ],
)
def test_a_csv_file_that_cannot_be_is_named(content, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "shape.csv").write_bytes(data)
    problem = one_problem(with_waveform("shape.csv"))
    assert problem.startswith("config.yaml: devices.stairs.pulse.waveform")
    assert words in problem


def test_a_pulse_of_a_train_is_checked_too():
    problem = one_problem(staircase(UP | {"waveform": [[0, 0], [2e-9, 1]]}))
    assert (
        "pulse_trains.up-down.pulses.0.waveform ends at 2e-09 s, after its pulse of 1e-09"
        in problem
    )


def with_rise_time(**pulse):
    """Return the campaign of a pulse of 2 ns with a rise time, as plain data."""
    data = staircase()
    own = {**data["devices"]["stairs"]["pulse"], "duration": 2e-9, **pulse}
    data["devices"]["stairs"] = data["devices"]["stairs"] | {"pulse": own}
    return data


def test_a_rise_time_makes_a_trapezoid():
    """It is that of the present duration, also where a study changes it."""
    device = plan.parse(with_rise_time(rise_time=0.3e-9)).devices["stairs"]
    trapezoid = ((0.0, 0.0), (0.3e-9, 1.0), (2e-9 - 0.3e-9, 1.0), (2e-9, 0.0))
    points = [list(point) for point in trapezoid]
    by_hand = plan.parse(with_rise_time(waveform=points)).devices["stairs"]
    job = jobs.pulse_job(device, 1e12)
    assert job.step.waveform == trapezoid
    assert job.to_json() == jobs.pulse_job(by_hand, 1e12).to_json()
    plain = device.plain()
    assert "waveform" not in plain["pulse"]
    assert config.Device.model_validate(plain) == device
    plain["pulse"]["duration"] = 0.6e-9
    triangle = ((0.0, 0.0), (0.3e-9, 1.0), (0.6e-9, 0.0))
    assert config.Device.model_validate(plain).pulse.waveform == triangle
    assert "rise_time" not in by_hand.plain()["pulse"]


@pytest.mark.parametrize(
    ("pulse", "message"),
    [
        ({"rise_time": 1.01e-9}, "rise_time 1.01e-09 s is longer than half of duration 2e-09 s"),
        ({"rise_time": 1e-10, "waveform": RAMP}, "rise_time and waveform both shape the pulse"),
    ],
)
def test_a_rise_time_that_does_not_fit_is_refused(pulse, message):
    with pytest.raises(config.ConfigError, match=f"devices.stairs.pulse.{message}"):
        plan.parse(with_rise_time(**pulse))


def test_a_block_as_waveform_points_to_the_rise_time():
    assert one_problem(with_rise_time(waveform={"rise_time": 0.3e-9})).endswith(
        "waveform is a block, not a list; write [[time, share], ...], or pulse.rise_time"
    )
