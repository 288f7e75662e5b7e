"""What transitions accept, and what they ask for."""

import pytest
from helpers.messages import one_problem
from helpers.transitions import led

from studies.results import one
from wallnet import jobs, plan
from wallnet.jobs.request import Conditions, where
from wallnet.plan.requests import Requested
from wallnet.plan.work import study_work
from wallnet.studies import STUDIES

TRANSITIONS = STUDIES["transitions"]


def asked_of(data):
    """Return the requests of the track."""
    return TRANSITIONS.requests_of(plan.parse(data), "stairs")


def states(data):
    return [
        level.conditions.state for level in where(asked_of(data), "run", Conditions(duration=0.0))
    ]


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
    signed = plan.parse(led()).studies["transitions"]["stairs"].signed
    assert signed == pytest.approx([-1.05e12, -0.6e12, 0.6e12, 1.05e12], abs=1)


def test_a_half_state_is_placed_with_the_end_ahead_that_its_name_tells():
    device = plan.parse(led()).devices["stairs"]
    placement = jobs.level_job(device, "3-2").placement
    assert (placement.bottom, placement.top) == pytest.approx((320e-9, 180e-9), rel=1e-12, abs=0)
    placement = jobs.level_job(device, "1-2").placement
    assert (placement.bottom, placement.top) == pytest.approx((40e-9, 180e-9), rel=1e-12, abs=0)


def test_a_pulse_relaxes_as_the_device_and_keeps_the_first_and_the_last_map():
    pulse = {"state": "between 1 and 2", "duration": 1.5e-9, "current_density": -0.6e12}
    request = one(asked_of(led(starts=None)), "run", **pulse)
    device, job = plan.parse(led()).devices["stairs"], request.computes
    assert (job.step.pause, job.ends_at_rest) == (device.relaxation.longest, True)
    assert job.rest.hold == device.relaxation.hold
    assert job.output.snapshot_interval == pytest.approx(4.5e-9, rel=1e-12, abs=0)
    assert job.output.interval == device.output.interval


def test_each_device_has_its_own_pulses():
    data = led(durations=[0.25e-9, 1.5e-9], starts=None)
    data["devices"]["steps"] = {"like": "stairs", "material": {"damping": 0.4}}
    pulses = {"durations": [0.8e-9], "current_densities": [0.9e12], "starts": ["notch 2"]}
    data["transitions"]["steps"] = pulses
    requested = Requested(plan.parse(data))
    work = [study_request for _, study_request in study_work(requested, "transitions")]
    levels = [level for level in work if level.conditions.duration == 0]
    assert len(levels) == 7 + 1
    assert {level.path.split("/")[1] for level in levels} == {"levels"}
    traces = [trace for trace in work if trace.conditions.current_density is not None]
    assert len(traces) == 2 + 7 * 2 * 4
    place = "results/transitions/steps/2/0.800"
    assert {trace.path for trace in traces if "/steps/" in trace.path} == {
        f"{place}/{current}.nc" for current in ("-0.9000", "0.9000")
    }
    notches = {"1": 40e-9, "2": 180e-9, "3": 320e-9}
    for request in traces:
        _, _, device, state, duration, current = request.path.removesuffix(".nc").split("/")
        lower, _, upper = state.partition("-")
        job = request.computes
        assert job.material.damping == {"stairs": 0.5, "steps": 0.4}[device]
        placed = (job.placement.bottom, job.placement.top)
        pulse = (job.pulse_end, job.current_density)
        assert placed == pytest.approx((notches[lower], notches[upper or lower]), rel=1e-9, abs=0)
        expected = (float(duration) * 1e-9, float(current) * 1e12)
        assert pulse == pytest.approx(expected, rel=1e-9, abs=0)
        # each start relaxes for up to 3 ns, as does the wall after each pulse
        assert request.computes.longest == pytest.approx(expected[0] + 3e-9, rel=1e-9, abs=0)
        assert request.after == (f"results/levels/{device}/{state}.nc",)


def test_no_pulse_starts_from_a_notch_on_the_right_edge():
    """Three notches on 360 nm are at 120, 240 and 360 nm."""
    data = led()
    data["devices"]["stairs"]["track"]["notches"] = {"count": 3, "diameter": 32e-9}
    data["devices"]["stairs"]["wall"] = {"start": 40e-9}
    problem = one_problem(data)
    assert problem == (
        "config.yaml: transitions.stairs.starts has 'notch 3', and stairs has 2 notches inside its "
        "track; name another state"
    )


def test_mutually_reachable_levels_need_transitions():
    data = led()
    data["devices"]["stairs"]["kind"] = "synapse"
    data["networks"] = {"synapses": ["stairs"], "compared": ["layer", "signed-mutually-reachable"]}
    assert plan.parse(data).networks.level_sets == {"measured", "mutually-reachable"}
    del data["transitions"]
    problem = one_problem(data)
    assert "use levels of stairs that follow from its transitions; add it to transitions" in problem
    # the file of a measured synapse has its levels
    own = {"kind": "measured", "levels": "levels.csv"}
    measured = data | {"devices": data["devices"] | {"own": own}}
    measured["networks"] = data["networks"] | {"synapses": ["own"]}
    assert plan.parse(measured).networks.level_sets == {"measured", "mutually-reachable"}
    data["networks"]["compared"] = ["layer", "signed-kept"]
    assert plan.parse(data).networks.level_sets == {"measured", "kept"}


def test_the_longest_and_strongest_pulse_count_for_the_work():
    """The strongest one has steps of 26 fs, the weakest one of more than 1 ps."""
    data = led(current_densities=[1e12, 1e14], durations=[1e-5, 1e-3])
    device = data["devices"]["stairs"]
    device["track"]["length"] = 7200e-9
    device["pulse"]["duration"] = 1e-5
    data["output"] = {"interval": 1e-5, "snapshot_interval": 1e-4}
    problem = one_problem(data)
    assert problem.startswith("config.yaml: transitions.stairs: durations and relaxation.longest")
    assert "more than a month" in problem
    for milder in ({"current_densities": [1e12]}, {"durations": [1e-5]}):
        changed = data | {"transitions": {"stairs": data["transitions"]["stairs"] | milder}}
        assert list(plan.parse(changed).studies["transitions"]) == ["stairs"]


def test_one_notch_is_enough():
    data = led(starts=None)
    data["devices"]["stairs"]["track"]["notches"]["positions"] = [180e-9]
    assert list(plan.parse(data).studies["transitions"]) == ["stairs"]


def test_a_device_that_cannot_be_is_named():
    data = led()
    data["devices"]["stairs"]["track"]["notches"] = None
    problem = one_problem(data)
    assert "transitions.stairs: stairs has no notch inside its track" in problem
    data = led()
    data["devices"]["stairs"]["relaxation"]["longest"] = 0.1e-9
    problem = one_problem(data)
    assert "relaxation.longest 1e-10 s of stairs is shorter than relaxation.hold 2e-10" in problem
    # a wall that has rested all the time has rested long enough
    data["devices"]["stairs"]["relaxation"]["longest"] = 0.2e-9
    assert plan.parse(data).devices["stairs"].relaxation.hold == 0.2e-9
