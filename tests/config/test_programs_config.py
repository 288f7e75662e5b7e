"""Programs in the configuration: what is accepted, and the message for the rest."""

import pytest
from helpers.programs import DOWN, UP, staircase

from wallnet import config


def problems(data):
    with pytest.raises(config.ConfigError) as caught:
        config.parse(data)
    return str(caught.value).splitlines()


def test_a_program_has_its_pulses_in_order():
    program = config.parse(staircase()).programs["up-down"]
    assert program.device == "stairs"
    assert [each.current_density for each in program.pulses] == [1.2e12, -1.2e12]
    assert [each.repetitions for each in program.pulses] == [3, 2]
    assert program.duration == pytest.approx(10e-9, rel=1e-12, abs=0)


def test_pause_and_repetitions_may_be_left_out():
    (pulse,) = (
        config.parse(staircase({"current_density": 1e12, "duration": 1e-9}))
        .programs["up-down"]
        .pulses
    )
    assert (pulse.pause, pulse.repetitions) == (0.0, 1)


@pytest.mark.parametrize(
    ("pulse", "words"),
    [
        ({"duration": 5}, "programs.up-down.pulses.0.duration = 5 is outside"),
        ({"current_density": 0.7}, "programs.up-down.pulses.0.current_density = 0.7 is outside"),
        ({"pause": -1e-9}, "programs.up-down.pulses.0.pause = -1e-09 is outside"),
        ({"repetitions": 0}, "programs.up-down.pulses.0.repetitions is 0"),
        ({"repetition": 3}, "repetition is not a key of the configuration; remove it (did you"),
        ({"duration": 10e-12}, "duration 1e-11 s is shorter than output.interval 2e-11 s"),
    ],
)
def test_a_pulse_that_cannot_be_is_named(pulse, words):
    (problem,) = problems(staircase(UP | pulse))
    assert problem.startswith("config.yaml: programs.up-down")
    assert words in problem


def test_every_pulse_is_recorded():
    (problem,) = problems(staircase(UP, DOWN | {"duration": 10e-12}, UP))
    assert "programs.up-down.pulses.1.duration 1e-11 s is shorter than output.interval" in problem


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "stair"}, "programs.up-down.device names 'stair', which is not a simulated"),
        ({"pulses": []}, "programs.up-down.pulses has no pulse; write ["),
        ({"device": None}, "programs.up-down.device is"),
    ],
)
def test_a_program_that_cannot_be_is_named(changes, words):
    data = staircase()
    data["programs"]["up-down"] |= changes
    assert any(words in problem for problem in problems(data)), problems(data)


def test_a_program_needs_a_name_for_files():
    data = staircase()
    data["programs"] = {"Up/Down": data["programs"]["up-down"]}
    (problem,) = problems(data)
    assert "Up/Down cannot name files" in problem


def test_programs_are_named():
    data = staircase()
    data["programs"] = [data["programs"]["up-down"]]
    (problem,) = problems(data)
    assert "programs is not a list of programs by name" in problem


def test_the_number_of_pulses_is_bounded_over_the_whole_program():
    many = {"duration": 20e-12, "pause": 0.0, "repetitions": 60_000}
    found = problems(staircase(UP | many, DOWN | many))
    assert any("has 120000 pulses; keep to 100000" in problem for problem in found)


def test_a_program_that_fills_the_memory_is_refused():
    """100,000 maps of 90×18 cells are within the limit, and those of 360×72 cells are not."""
    data = staircase(UP | {"duration": 40e-12, "pause": 0.0, "repetitions": 90_000})
    assert config.parse(data)
    data["devices"]["stairs"]["track"]["cell_size"] = 1e-9
    (problem,) = problems(data)
    assert problem.startswith("config.yaml: programs.up-down: output.interval")


def test_a_program_of_more_than_a_month_is_refused():
    data = staircase(UP | {"duration": 1e-3, "repetitions": 10})
    data["output"] = {"interval": 1e-5, "snapshot_interval": 1e-4}
    data["devices"]["stairs"]["pulse"]["duration"] = 1e-3
    assert config.parse(data)
    data["programs"]["up-down"]["pulses"][0]["repetitions"] = 5000
    (problem,) = problems(data)
    assert problem.startswith("config.yaml: programs.up-down: all pulses, 5 s, take")
    assert "more than a month" in problem


def test_the_strongest_pulse_in_either_direction_counts_for_the_work():
    """It has steps of 26 fs, that of the device's own sweep ones of more than 1 ps."""
    back = DOWN | {"duration": 1e-3, "pause": 0.0, "repetitions": 50}
    data = staircase(back | {"current_density": 1.2e12}, back)
    data["output"] = {"interval": 1e-5, "snapshot_interval": 1e-4}
    data["devices"]["stairs"]["pulse"]["duration"] = 1e-3
    assert config.parse(data).programs["up-down"].duration == pytest.approx(0.1, rel=1e-9, abs=0)
    data["programs"]["up-down"]["pulses"][1]["current_density"] = -1e14
    (problem,) = problems(data)
    assert problem.startswith("config.yaml: programs.up-down: all pulses, 0.1 s, take 3.82e+12 st")
