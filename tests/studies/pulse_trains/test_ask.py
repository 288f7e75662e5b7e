"""What a pulse train accepts, and the message for the rest."""

import pytest
from helpers.messages import one_problem, problems
from helpers.programs import DOWN, UP, staircase

from wallnet import plan
from wallnet.studies import STUDIES

KEY = "pulse_trains.up-down"


def test_a_train_has_its_pulses_in_order_from_the_initial_state_of_its_device():
    data = staircase()
    wider = {"like": "stairs", "track": {"width": 80e-9}}
    data["devices"] = {"other": wider, **data["devices"]}
    requests = STUDIES["pulse_trains"].requests_of(plan.parse(data), "up-down")
    request, minima = requests
    assert request.states.path == minima.path == "results/minima/stairs.nc"
    assert request.after == ("results/initial/stairs.nc",)
    assert request.path == "results/pulse_trains/up-down/train.nc"
    job = request.computes
    assert job.track.width == 72e-9
    assert [pulse.current_density for pulse in job.steps] == [1.2e12, -1.2e12]
    assert [pulse.repetitions for pulse in job.steps] == [3, 2]


def test_pause_and_repetitions_may_be_left_out():
    campaign = plan.parse(staircase({"current_density": 1e12, "duration": 1e-9}))
    (pulse,) = campaign.studies["pulse_trains"]["up-down"].pulses
    assert (pulse.pause, pulse.repetitions) == (0.0, 1)


def test_every_pulse_is_recorded():
    problem = one_problem(staircase(UP, DOWN | {"duration": 10e-12}, UP))
    assert f"{KEY}.pulses.1.duration has 1e-11 s, shorter than output.interval" in problem


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pulses": []}, f"{KEY}.pulses has too few entries; give at least 1"),
        ({"device": None}, f"{KEY}.device"),
    ],
)
def test_a_train_that_cannot_be_is_named(changes, words):
    data = staircase()
    data["pulse_trains"]["up-down"] |= changes
    assert any(words in problem for problem in problems(data)), problems(data)


def test_a_train_needs_a_name_for_files():
    data = staircase()
    data["pulse_trains"] = {"Up/Down": data["pulse_trains"]["up-down"]}
    problem = one_problem(data)
    assert "Up/Down cannot name files" in problem


def test_the_number_of_pulses_is_bounded_over_the_whole_train():
    many = {"duration": 20e-12, "pause": 0.0, "repetitions": 60_000}
    messages = problems(staircase(UP | many, DOWN | many))
    assert any("has 120000 pulses; keep to 100000" in problem for problem in messages)


def test_a_train_that_fills_the_memory_is_refused():
    """100,000 maps of 90×18 cells are within the limit, and those of 360×72 cells are not."""
    data = staircase(UP | {"duration": 40e-12, "pause": 0.0, "repetitions": 90_000})
    assert plan.parse(data)
    data["devices"]["stairs"]["track"]["cell_size"] = 1e-9
    problem = one_problem(data)
    assert problem.startswith(f"config.yaml: {KEY}: output.interval")


def test_a_train_of_more_than_a_month_is_refused():
    data = staircase(UP | {"duration": 1e-3, "repetitions": 10})
    data["output"] = {"interval": 1e-5, "snapshot_interval": 1e-4}
    data["devices"]["stairs"]["pulse"]["duration"] = 1e-3
    assert plan.parse(data)
    data["pulse_trains"]["up-down"]["pulses"][0]["repetitions"] = 5000
    problem = one_problem(data)
    assert problem.startswith(f"config.yaml: {KEY}: all pulses, 5 s, take")
    assert "more than a month" in problem


def test_the_strongest_pulse_in_either_direction_counts_for_the_work():
    """It has steps of 26 fs, that of the device's own sweep ones of more than 1 ps."""
    back = DOWN | {"duration": 1e-3, "pause": 0.0, "repetitions": 50}
    data = staircase(back | {"current_density": 1.2e12}, back)
    data["output"] = {"interval": 1e-5, "snapshot_interval": 1e-4}
    data["devices"]["stairs"]["pulse"]["duration"] = 1e-3
    assert plan.parse(data)
    data["pulse_trains"]["up-down"]["pulses"][1]["current_density"] = -1e14
    problem = one_problem(data)
    assert problem.startswith(f"config.yaml: {KEY}: all pulses, 0.1 s, take 3.82e+12 st")
