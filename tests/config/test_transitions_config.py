"""Transitions in the configuration: what is accepted, and the message for the rest."""

import pytest
from helpers.transitions import led

from wallnet import config, experiment, jobs


def problems(data):
    with pytest.raises(config.ConfigError) as caught:
        config.parse(data)
    return str(caught.value).splitlines()


def states(data):
    campaign = config.parse(data)
    return jobs.starting_states(campaign.devices["stairs"], campaign.transitions["stairs"])


def test_all_states_between_notches_start_pulses_in_both_orders():
    assert states(led(starts=None)) == [
        *("notch 1", "between 1 and 2", "between 2 and 1", "notch 2"),
        *("between 2 and 3", "between 3 and 2", "notch 3"),
    ]


def test_the_states_can_be_chosen():
    assert states(led(starts=["notch 3", "between 2 and 1", "notch 3"])) == [
        *("notch 3", "between 2 and 1")
    ]


def test_each_density_has_both_signs():
    asked = config.parse(led()).transitions["stairs"]
    assert jobs.signed(asked) == pytest.approx([-1.05e12, -0.6e12, 0.6e12, 1.05e12], abs=1)


def test_a_wall_is_in_a_state_within_its_width_parameter():
    """Δ = √(A/K_eff) is 9.134 nm with the paper's material; the notches have a radius of 16 nm."""
    campaign = config.parse(led())
    job = jobs.transitions_job(campaign.devices["stairs"], campaign.transitions["stairs"])
    assert job.reach == pytest.approx(9.134e-9, rel=1e-4, abs=0)


def test_a_half_state_is_placed_with_the_end_ahead_that_its_name_tells():
    device = config.parse(led()).devices["stairs"]
    found = experiment.level_job(device, "3-2").placement
    assert (found.bottom, found.top) == pytest.approx((320e-9, 180e-9), rel=1e-12, abs=0)
    found = experiment.level_job(device, "1-2").placement
    assert (found.bottom, found.top) == pytest.approx((40e-9, 180e-9), rel=1e-12, abs=0)


def test_a_transition_is_its_pulse_with_the_relaxation_of_the_device():
    campaign = config.parse(led())
    device = campaign.devices["stairs"]
    state = jobs.starting_states(device, campaign.transitions["stairs"])[1]
    job = jobs.transition_job(device, state, -0.6e12, 1.5e-9)
    assert job.current_density == -0.6e12
    assert job.pulse_duration == 1.5e-9
    assert job.relaxation == device.relaxation
    assert job.placement.bottom == pytest.approx(180e-9, rel=1e-12, abs=0)
    # the maps in between are not kept
    assert job.output.snapshot_interval == pytest.approx(4.5e-9, rel=1e-12, abs=0)
    assert job.output.interval == device.output.interval


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"starts": []}, "transitions.stairs.starts is empty; name states such as 'notch 1'"),
        ({"starts": ["notch 0"]}, "has 'notch 0', at which no notch pins both ends"),
        ({"starts": ["reversed"]}, "has 'reversed', at which no notch pins both ends"),
        (
            {"starts": ["between 3 and 4"]},
            "transitions.stairs.starts has 'between 3 and 4', and stairs has 3 notches inside",
        ),
        ({"current_densities": [0.0, 0.5e12]}, "stairs.current_densities has 0 A/m²; write densi"),
        ({"durations": [10e-12]}, "transitions.stairs.durations has 1e-11 s, shorter than output"),
        ({"durations": [5e-9, 10e-12]}, "transitions.stairs.durations has 1e-11 s, shorter than"),
        ({"durations": [1e-4]}, "transitions.stairs: output.interval 2e-11 s and output.snapsho"),
        ({"duration": 1e-9}, "duration is not a key of the configuration"),
    ],
)
def test_transitions_that_cannot_be_are_named(changes, words):
    found = problems(led(**changes))
    assert any(words in problem for problem in found), found
    assert len(found) == 1


def test_no_pulse_starts_from_a_notch_on_the_right_edge():
    """Three notches on 360 nm are at 120, 240 and 360 nm."""
    data = led()
    data["devices"]["stairs"]["track"]["notches"] = {"count": 3, "diameter": 32e-9}
    data["devices"]["stairs"]["wall"] = {"start": 40e-9}
    (problem,) = problems(data)
    assert problem == (
        "config.yaml: transitions.stairs.starts has 'notch 3', and stairs has 2 notches inside its "
        "track; name another state"
    )


def test_rewritable_levels_need_transitions():
    data = led()
    data["networks"] = {"synapses": ["stairs"], "compared": ["layer", "signed-rewritable"]}
    assert config.parse(data).networks.level_sets == {"measured", "rewritable"}
    del data["transitions"]
    (problem,) = problems(data)
    assert "use the mutually reachable levels of stairs, which follow from its" in problem
    assert problem.endswith("add transitions.stairs, or use another level set")
    # the file of a measured synapse has its levels
    own = {"kind": "measured", "levels": "levels.csv"}
    measured = data | {"devices": data["devices"] | {"own": own}}
    measured["networks"] = data["networks"] | {"synapses": ["own"]}
    assert config.parse(measured).networks.level_sets == {"measured", "rewritable"}
    data["networks"]["compared"] = ["layer", "signed-kept"]
    assert config.parse(data).networks.level_sets == {"measured", "kept"}


def test_the_longest_and_strongest_pulse_count_for_the_work():
    """The strongest one has steps of 26 fs, the weakest one of more than 1 ps."""
    data = led(current_densities=[1e12, 1e14], durations=[1e-5, 1e-3])
    device = data["devices"]["stairs"]
    device["track"]["length"] = 7200e-9
    device["pulse"]["duration"] = 1e-5
    data["output"] = {"interval": 1e-5, "snapshot_interval": 1e-4}
    (problem,) = problems(data)
    assert problem.startswith("config.yaml: transitions.stairs: durations and relaxation.longest")
    assert "more than a month" in problem
    for milder in ({"current_densities": [1e12]}, {"durations": [1e-5]}):
        changed = data | {"transitions": {"stairs": data["transitions"]["stairs"] | milder}}
        assert list(config.parse(changed).transitions) == ["stairs"]


def test_one_notch_is_enough():
    data = led(starts=None)
    data["devices"]["stairs"]["track"]["notches"]["positions"] = [180e-9]
    assert list(config.parse(data).transitions) == ["stairs"]


def test_a_device_that_cannot_be_is_named():
    data = led()
    data["transitions"] = {"stair": data["transitions"]["stairs"]}
    (problem,) = problems(data)
    assert "transitions.stair names no simulated device; use one of stairs" in problem
    data = led(starts=None)
    data["devices"]["stairs"]["track"]["notches"] = None
    (problem,) = problems(data)
    assert "transitions.stairs: stairs has no notch inside its track" in problem
    data = led()
    data["devices"]["stairs"]["relaxation"]["longest"] = 0.1e-9
    (problem,) = problems(data)
    assert "relaxation.longest 1e-10 s of stairs is shorter than relaxation.hold 2e-10" in problem
    # a wall that has rested all the time has rested long enough
    data["devices"]["stairs"]["relaxation"]["longest"] = 0.2e-9
    assert config.parse(data).devices["stairs"].relaxation.hold == 0.2e-9
