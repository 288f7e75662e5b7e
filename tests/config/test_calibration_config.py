"""Calibrations in the configuration: what is accepted, and the message for the rest."""

import pytest
from helpers.calibration import SEARCH, searched
from helpers.small_campaign import ROOT

from wallnet import config, jobs, plan
from wallnet.config.calibration import Simulation

CANDIDATE = {
    "damping": 0.25,
    "notch_diameter": 24e-9,
    "wall_start": 45e-9,
    "pulse_duration": 0.7e-9,
}

RESPONSE = {"device": "neuron", "current_densities": [0.2e12, 0.4e12, 1.0e12], "deviation": 0.2}


def problems(data):
    with pytest.raises(config.ConfigError) as caught:
        config.parse(data)
    return str(caught.value).splitlines()


def test_statements_share_their_simulations():
    """Rest and arrival are read from one trace if their current densities differ by rounding."""
    data = searched(responses=[RESPONSE])
    data["calibration"]["arrivals"][0]["current_density"] *= 1 + 1e-10
    calibration = config.parse(data).calibration
    assert calibration.simulations() == [
        Simulation("synapse", 1.5e12),
        Simulation("synapse", 3.0e12),
        *(Simulation("neuron", each) for each in (0.2e12, 0.4e12, 1.0e12)),
    ]


def test_the_statements_of_the_paper_need_eleven_simulations():
    """Section III: five notches 0.500, 0.650, 0.795, 0.801, 0.803, 0.810; ten 0.500, 0.764."""
    calibration = plan.load(ROOT / "config.yaml").calibration
    stated = [
        (each.device, round(each.current_density / 1e12, 4), each.state)
        for each in calibration.rests
    ]
    assert stated == [
        ("synapse-5", 0.5, "notch 1"),
        ("synapse-5", 0.65, "notch 2"),
        ("synapse-5", 0.795, "notch 3"),
        ("synapse-5", 0.801, "notch 4"),
        ("synapse-5", 0.803, "notch 5"),
        ("synapse-5", 0.81, "reversed"),
        ("synapse-10", 0.5, "notch 1"),
        ("synapse-10", 0.764, "reversed"),
    ]
    (arrival,) = calibration.arrivals
    assert (arrival.current_density, arrival.notch, arrival.time) == (0.5e12, 1, 2e-9)
    assert len(calibration.simulations()) == 11
    total = 1 + calibration.candidates + calibration.local_candidates
    assert 11 * total <= calibration.most_simulations == 400


def test_a_candidate_changes_its_parameters_and_nothing_else():
    data = searched(changes={"neuron": {"track": {"cell_size": 8e-9}}}, responses=[RESPONSE])
    campaign = config.parse(data)
    own, varied = (
        {
            name: each.model_dump()
            for name, each in {
                "synapse": get("synapse"),
                "neuron": get("neuron"),
            }.items()
        }
        for get in (
            campaign.devices.__getitem__,
            lambda name: campaign.calibration.of_candidate(campaign.simulated, name, CANDIDATE),
        )
    )
    own["synapse"]["material"]["damping"] = own["neuron"]["material"]["damping"] = 0.25
    own["synapse"]["wall"]["start"] = own["neuron"]["wall"]["start"] = 45e-9
    own["synapse"]["track"]["notches"]["diameter"] = 24e-9
    own["synapse"]["pulse"]["duration"] = 0.7e-9
    own["synapse"]["read_at"] = "pulse_end"
    own["neuron"]["track"]["cell_size"] = 8e-9
    # a neuron has no notches, and its pulse stays
    assert own["neuron"]["pulse"]["duration"] == 0.4e-9
    assert varied == own


def test_a_candidate_goes_before_the_changes_of_its_search():
    changes = {"synapse": {"material": {"damping": 0.4, "polarization": 0.3}}}
    campaign = config.parse(searched(changes=changes))
    device = campaign.calibration.of_candidate(campaign.simulated, "synapse", CANDIDATE)
    assert (device.material.damping, device.material.polarization) == (0.25, 0.3)


@pytest.mark.parametrize(
    ("read_at", "delay"),
    # a device that is read within its pulse of 0.6 ns counts as read at its end
    [("rest", 1e-9), ("pulse_end", 0.0), (0.9e-9, 0.3e-9), (0.4e-9, 0.0)],
)
def test_the_configuration_is_read_when_its_device_is(read_at, delay):
    data = searched()
    data["devices"]["synapse"]["read_at"] = read_at
    campaign = config.parse(data)
    calibration, devices = campaign.calibration, campaign.simulated
    assert calibration.configured_delay(devices) == pytest.approx(delay, rel=1e-9, abs=0)
    assert calibration.configured(devices) == {
        "damping": 0.5,
        "notch_diameter": 32e-9,
        "wall_start": 40e-9,
        "pulse_duration": 0.6e-9,
    }
    delays = calibration.delays(devices)
    assert len(delays) == len({0.0, 0.5e-9, delay})
    assert list(delays) == sorted(delays)


@pytest.mark.parametrize(("local", "rounds"), [(0, 1), (1, 2)])
def test_a_second_round_has_candidates(local, rounds):
    assert config.parse(searched(local_candidates=local)).calibration.rounds == rounds


def test_the_configuration_is_that_of_the_device_that_rests_first():
    """Another device arrives, is read at another time and starts elsewhere."""
    data = searched()
    other = {"like": "synapse", "wall": {"start": 44e-9}, "read_at": "pulse_end"}
    data["devices"]["other"] = other
    data["calibration"]["arrivals"][0]["device"] = "other"
    campaign = config.parse(data)
    calibration, devices = campaign.calibration, campaign.simulated
    assert calibration.configured(devices)["wall_start"] == 40e-9
    assert calibration.configured_delay(devices) == pytest.approx(1e-9, rel=1e-9, abs=0)


def test_a_job_has_all_that_the_misfits_depend_on():
    campaign = config.parse(searched(responses=[RESPONSE]))
    job = jobs.calibration_job(campaign.calibration, campaign.simulated)
    assert jobs.CalibrationJob.from_json(job.to_json()) == job
    assert job.simulations() == campaign.calibration.simulations()
    assert job.detectors["neuron"].stop == 150e-9
    device = campaign.calibration.of_candidate(campaign.simulated, "synapse", CANDIDATE)
    simulated = jobs.candidate_job(device, -0.5e12)
    assert simulated.current_density == -0.5e12
    assert simulated.pulse_duration == 0.7e-9
    # maps at the beginning and at both ends only: 0.7 + 1 ns
    assert simulated.output.snapshot_interval == pytest.approx(1.7e-9, rel=1e-9, abs=0)


def test_a_campaign_without_statements_searches_nothing():
    data = searched()
    del data["calibration"]
    assert config.parse(data).calibration.simulations() == []


def altered(block, **changes):
    return [{**SEARCH[block][0], **changes}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rests": altered("rests", device="synapses")}, "rests names 'synapses', which is not"),
        ({"changes": {"synapses": {}}}, "changes names 'synapses', which is not a simulated dev"),
        ({"rests": altered("rests", device="neuron")}, "rests names neuron, which has no notches"),
        ({"rests": altered("rests", state="notch 4")}, "rests has notch 4, and synapse has 3"),
        ({"rests": altered("rests", state="free")}, "'free'; write 'notch 2' or 'reversed'"),
        ({"rests": altered("rests", state="between 1 and 2")}, "write 'notch 2' or 'reversed'"),
        ({"rests": altered("rests", current_density=1.50001e12)}, "round it to four decimals"),
        ({"arrivals": altered("arrivals", notch=5)}, "arrivals has notch 5, and synapse has 3"),
        ({"responses": [{**RESPONSE, "current_densities": [0.2e12, 1e12]}]}, "fewer than three"),
        ({"rests": [], "arrivals": [], "responses": [RESPONSE]}, "has responses only; add rests"),
        ({"parameters": {"damping": [0.5, 0.5]}}, "damping has 0.5 and 0.5; write the lower"),
        ({"parameters": {"notch_diameter": [40e-9, 20e-9]}}, "notch_diameter has 4e-08 and 2e-08;"),
        ({"parameters": {"wall_start": [50e-9, 30e-9]}}, "wall_start has 5e-08 and 3e-08;"),
        ({"parameters": {"pulse_duration": [2e-9, 1e-9]}}, "pulse_duration has 2e-09 and 1e-09;"),
        ({"read_delays": []}, "read_delays is empty"),
        ({"read_delays": [2e-9]}, "read_delays has 2e-09 s, longer than relaxation.longest 1e-09"),
        ({"read_delays": [0.1e-9, 2e-9]}, "read_delays has 2e-09 s, longer than relaxation.lon"),
        ({"read_delays": [2e-9, 0.1e-9]}, "read_delays has 2e-09 s, longer than relaxation.lon"),
        ({"candidates": 198}, "with 2 simulations each make 400, more than most_simulations 399"),
        ({"changes": {"synapse": {"calculator": "oommf"}}}, "changes.synapse sets calculator"),
        (
            {"changes": {"synapse": {"wall": {"relaxation": 1e-9}}}},
            "relaxation of synapse is not simu",
        ),
        ({"changes": {"synapse": {"trck": {}}}}, "changes.synapse.trck is not a key"),
        # nothing is asked of the neuron
        ({"changes": {"neuron": {"trck": {}}}}, "changes.neuron.trck is not a key"),
    ],
)
def test_searches_that_cannot_be_are_named(changes, message):
    if "candidates" in changes:
        changes = {**changes, "most_simulations": 399}
    data = searched(**changes)
    found = problems(data)
    assert any(message in problem for problem in found), found
    assert all(problem.startswith("config.yaml: calibration") for problem in found)


def test_the_limits_of_a_search_may_be_reached():
    """Two simulations of 1 + 198 + 1 candidates, read for as long as the synapse relaxes."""
    data = searched(candidates=198, most_simulations=400, read_delays=[1e-9])
    calibration = config.parse(data).calibration
    assert (calibration.most_simulations, calibration.read_delays) == (400, (1e-9,))


def test_the_ends_of_a_range_have_to_be_devices():
    parameters = {**SEARCH["parameters"], "notch_diameter": [20e-9, 70e-9]}
    (problem,) = problems(searched(parameters=parameters))
    # a track of 72 nm with cells of 4 nm
    assert "calibration, highest values, synapse.track.notches.diameter 7e-08 m" in problem
    assert "leaves no film between the two notches" in problem
    parameters = {**SEARCH["parameters"], "wall_start": [1e-9, 50e-9]}
    (problem,) = problems(searched(parameters=parameters))
    assert "calibration, lowest values, synapse.wall.start 1e-09 m is outside" in problem
