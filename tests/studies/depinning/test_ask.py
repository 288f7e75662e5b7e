"""What depinning accepts, its rounds, and what it asks for."""

from dataclasses import replace

import pytest
from helpers.depinning import depinned
from helpers.messages import one_problem

from studies.results import one, pulsed
from wallnet import files, plan
from wallnet.files import WallState
from wallnet.jobs.request import Conditions, where
from wallnet.plan.requests import Requested
from wallnet.plan.work import study_work
from wallnet.studies import STUDIES

DEPINNING = STUDIES["depinning"]
FOLDER = "results/depinning/synapse"


def asked(campaign):
    return campaign.studies["depinning"]["synapse"]


@pytest.mark.parametrize(
    ("pair", "resolution", "rounds"),
    [
        # 0.6 halved six times: 60 steps of 0.01, 30, 15, 8, 4, 2, 1
        ([0.4e12, 1.0e12], 0.01e12, 6),
        ([0.4e12, 0.8e12], 0.4e12, 0),
        ([0.4e12, 0.8e12], 0.1e12, 2),
    ],
)
def test_each_round_halves(pair, resolution, rounds):
    campaign = plan.parse(depinned(current_densities=pair, resolution=resolution))
    assert DEPINNING.rounds_of(campaign, "synapse") == rounds


def test_limits_lose_their_rounding_errors():
    data = depinned(current_densities=[0.4e12 * (1 + 1e-12), 1.0e12 * (1 - 1e-12)])
    assert asked(plan.parse(data)).current_densities == (0.4e12, 1.0e12)


def test_walls_rest_at_each_notch_and_at_each_single_notch():
    """The third notch is on the right edge, where no wall rests."""
    campaign = plan.parse(depinned())
    requests = DEPINNING.requests_of(campaign, "synapse")
    starts = {
        (request.conditions.variant, request.conditions.state): request
        for request in where(requests, "run", Conditions(duration=0.0))
    }
    assert {place: request.path for place, request in starts.items()} == {
        ("notch", "notch 1"): "results/levels/synapse/1.nc",
        ("notch", "notch 2"): "results/levels/synapse/2.nc",
        ("single-notch", "notch 1"): f"{FOLDER}/single-notch-1/start.nc",
        ("single-notch", "notch 2"): f"{FOLDER}/single-notch-2/start.nc",
    }
    every = (120e-9, 240e-9, 360e-9)
    notches = [every, every, every[:1], every[1:2]]
    jobs = [request.computes for request in starts.values()]
    for job, expected, position in zip(jobs, notches, every[:2] * 2, strict=True):
        assert job.track.notch_positions == pytest.approx(expected, rel=1e-9, abs=0)
        assert job.placement.bottom == pytest.approx(position, rel=1e-9, abs=0)
        assert job.placement.top == pytest.approx(position, rel=1e-9, abs=0)
        assert (job.pulse_end, job.current_density) == (0.0, 0.0)
    # nothing but the notches differs
    own, single = (job.model_dump() for job in (jobs[0], jobs[2]))
    del own["track"]["notches"], single["track"]["notches"]
    assert single == own


def test_a_wall_relaxes_as_the_device_after_a_pulse():
    campaign = plan.parse(depinned(duration=0.7e-9))
    relaxation = campaign.devices["synapse"].relaxation
    requests = DEPINNING.requests_of(campaign, "synapse")
    for rest in where(requests, "run", Conditions(duration=0.0)):
        (pulse,) = pulsed(requests, replace(rest.conditions, current_density=0.5e12, duration=None))
        assert pulse.after == (rest.path,)
        job = pulse.computes
        assert (job.placement, job.track) == (rest.computes.placement, rest.computes.track)
        assert (job.current_density, job.pulse_end) == (0.5e12, 0.7e-9)
        assert job.step.pause == relaxation.longest
        assert (job.rest.speed, job.rest.hold) == (relaxation.speed, relaxation.hold)
        # maps of the start and the end
        assert job.output.snapshot_interval == pytest.approx(1.7e-9, rel=1e-9, abs=0)


def test_states_are_named_by_the_minima_of_the_notches_of_a_track():
    """A track with one notch has minima of its own."""
    requests = DEPINNING.requests_of(plan.parse(depinned()), "synapse")
    digests = {request.path: request.digest for request in where(requests, "minima")}
    own = pulsed(requests, Conditions(variant="notch"))
    assert {request.states.path for request in own} == {"results/minima/synapse.nc"}
    for number in (1, 2):
        place = Conditions(variant="single-notch", state=WallState.at(number, number))
        single = pulsed(requests, place)
        path = f"{FOLDER}/single-notch-{number}/minima.nc"
        assert {request.states.path for request in single} == {path}
        own += single
    assert len(own) == 8
    for request in own:
        assert digests[request.states.path] == request.states.digest
        assert request.states.computes.track == request.computes.track


def test_a_wall_is_given_time_to_rest():
    data = depinned()
    data["devices"]["synapse"]["relaxation"]["longest"] = 0.1e-9
    problem = one_problem(data)
    assert problem.startswith("config.yaml: depinning.synapse: relaxation.longest 1e-10 s of")
    assert "is shorter than relaxation.hold 2e-10 s" in problem
    # a wall that has rested all the time has rested long enough
    data["devices"]["synapse"]["relaxation"]["longest"] = 0.2e-9
    assert plan.parse(data).devices["synapse"].relaxation.hold == 0.2e-9


def test_pulses_are_those_of_the_device_unless_they_have_a_duration():
    """A pulse of 0.6 ns with a waveform; one with a duration is square."""
    shape = ((0.0, 0.2), (0.3e-9, 1.0))
    for duration, expected in ((None, (0.6e-9, shape)), (0.5e-9, (0.5e-9, ()))):
        data = depinned(duration=duration)
        data["devices"]["synapse"]["pulse"]["waveform"] = [list(point) for point in shape]
        requests = DEPINNING.requests_of(plan.parse(data), "synapse")
        place = {"variant": "single-notch", "state": "notch 2", "current_density": 0.5e12}
        pulse = one(requests, "run", **place).computes
        assert (pulse.pulse_end, pulse.step.waveform) == expected


def test_depinning_of_more_than_a_month_is_refused():
    """The strongest pulse has steps of 26 fs, the weakest ones of more than 1 ps."""
    data = depinned(current_densities=[0.5e12, 1e14], duration=1e-3)
    device = data["devices"]["synapse"]
    device["track"]["length"] = 7200e-9
    device["pulse"]["duration"] = 1e-5
    device["output"] = {"interval": 1e-5, "snapshot_interval": 1e-4}
    problem = one_problem(data)
    assert problem.startswith("config.yaml: depinning.synapse: duration, 0.001 s, take 3.8")
    assert "more than a month" in problem
    data["depinning"]["synapse"]["current_densities"][1] = 1e12
    assert asked(plan.parse(data)).duration == 1e-3


def test_devices_without_notches_hold_no_wall():
    data = depinned()
    data["depinning"]["neuron"] = data["depinning"].pop("synapse")
    problem = one_problem(data)
    assert "depinning.neuron: neuron has no notch inside its track" in problem


def test_each_round_adds_its_pulses(tmp_path, monkeypatch):
    """One round halves 0.5 to 3.0e12 A/m², with at most two thresholds of four walls."""
    monkeypatch.chdir(tmp_path)
    campaign = plan.parse(depinned(duration=0.7e-9))

    def work():
        return [
            (
                count,
                request.path,
                round(request.computes.longest / 1e-12),
                request.computes.strongest / 1e12,
            )
            for count, request in study_work(Requested(campaign), "depinning")
        ]

    walls = [f"{track}-{notch}" for track in ("notch", "single-notch") for notch in (1, 2)]
    expected = [
        # the sweep of the device: 0.6 ns and 1 ns of relaxation
        *((1, f"results/traces/synapse/{j:.4f}.nc", 1600, j) for j in (0.5, 1.5, 3.0)),
        *((1, f"results/levels/synapse/{k}.nc", 1000, 0.0) for k in (1, 2)),
        *((1, f"{FOLDER}/single-notch-{k}/start.nc", 1000, 0.0) for k in (1, 2)),
        # 1 ns of relaxation, too
        *((1, f"{FOLDER}/{wall}/{j:.4f}.nc", 1700, j) for wall in walls for j in (0.5, 3.0)),
    ]
    assert work() == [*expected, (8, f"{FOLDER}/notch-1/3.0000.nc", 1700, 3.0)]
    files.write_json({"asked": [["single-notch", 2, 1.75e12]]}, f"{FOLDER}/round-1.json")
    more = (1, f"{FOLDER}/single-notch-2/1.7500.nc", 1700, 1.75)
    assert work() == [*expected, more]
