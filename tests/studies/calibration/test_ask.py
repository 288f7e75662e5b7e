"""What calibrations accept, their candidates, and what they ask for."""

import pytest
from helpers.calibration import CANDIDATE, CURVE, SEARCH, searched
from helpers.messages import one_problem

from wallnet import files, plan
from wallnet.config import Device
from wallnet.plan.requests import Requested
from wallnet.plan.work import study_work
from wallnet.studies import STUDIES
from wallnet.studies.calibration import Ask, pulses

CALIBRATION = STUDIES["calibration"]


def parsed(data):
    """Return a campaign and the settings of its calibration."""
    campaign = plan.parse(data)
    return campaign, campaign.studies["calibration"]["paper"]


def test_reference_data_share_their_simulations():
    """Final state and arrival are read from one trace if their densities differ by rounding."""
    data = searched({"transfer_curves": [CURVE]})
    data["reference"]["arrival_times"][0]["current_density"] *= 1 + 1e-10
    assert pulses(plan.parse(data).reference) == [
        ("synapse", 1.5e12),
        ("synapse", 3.0e12),
        *(("neuron", density) for density in (0.2e12, 0.4e12, 1.0e12)),
    ]


def test_a_candidate_changes_its_parameters_and_nothing_else():
    changes = {"neuron": {"track": {"cell_size": 8e-9}}}
    campaign, settings = parsed(searched({"transfer_curves": [CURVE]}, changes=changes))
    names = ("synapse", "neuron")
    own = {name: campaign.devices[name].model_dump() for name in names}
    varied = {
        name: Device.model_validate(
            settings.with_candidate(campaign.simulated, name, CANDIDATE)
        ).model_dump()
        for name in names
    }
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
    campaign, settings = parsed(searched(changes=changes))
    material = settings.with_candidate(campaign.simulated, "synapse", CANDIDATE)["material"]
    assert (material["damping"], material["polarization"]) == (0.25, 0.3)


@pytest.mark.parametrize(
    ("read_at", "delay"),
    # a device that is read within its pulse of 0.6 ns counts as read at its end
    [("rest", 1e-9), ("pulse_end", 0.0), (0.9e-9, 0.3e-9), (0.4e-9, 0.0)],
)
def test_the_configuration_is_read_when_its_device_is(read_at, delay):
    data = searched()
    data["devices"]["synapse"]["read_at"] = read_at
    campaign, settings = parsed(data)
    comparison = Ask().about(campaign, "paper", settings)
    assert comparison.configured_delay == pytest.approx(delay, rel=1e-9, abs=0)
    assert comparison.configured == {
        "damping": 0.5,
        "notch_diameter": 32e-9,
        "wall_start": 40e-9,
        "pulse_duration": 0.6e-9,
    }
    assert len(comparison.read_delays) == len({0.0, 0.5e-9, delay})
    assert list(comparison.read_delays) == sorted(comparison.read_delays)


def test_the_configuration_is_that_of_the_device_of_the_first_final_state():
    """Another device arrives, is read at another time and starts elsewhere."""
    data = searched()
    other = {"like": "synapse", "wall": {"start": 44e-9}, "read_at": "pulse_end"}
    data["devices"]["other"] = other
    data["reference"]["arrival_times"][0]["device"] = "other"
    campaign, settings = parsed(data)
    comparison = Ask().about(campaign, "paper", settings)
    assert comparison.configured["wall_start"] == 40e-9
    assert comparison.configured_delay == pytest.approx(1e-9, rel=1e-9, abs=0)


def test_the_detectors_are_those_of_the_transfer_curves():
    campaign, settings = parsed(searched({"transfer_curves": [CURVE]}))
    comparison = Ask().about(campaign, "paper", settings)
    assert {name: detector.stop for name, detector in comparison.detectors.items()} == {
        "neuron": 150e-9
    }


@pytest.mark.parametrize(("local", "rounds"), [(0, 1), (1, 2)])
def test_a_second_round_has_candidates(local, rounds):
    campaign = plan.parse(searched(local_candidates=local))
    assert CALIBRATION.rounds_of(campaign, "paper") == rounds


def test_finished_candidates_count_with_their_own_pulse_and_others_with_the_longest(
    tmp_path, monkeypatch
):
    """Three of four candidates are there; each has two simulations, with 1 ns of relaxation."""
    monkeypatch.chdir(tmp_path)
    campaign = plan.parse(searched())

    def work():
        return [
            (
                count,
                request.path,
                round(request.computes.longest / 1e-12),
                request.computes.strongest,
            )
            for count, request in study_work(Requested(campaign), "calibration")
        ]

    assert work() == [(n, "", 1800, density) for n in (3, 1) for density in (1.5e12, 3.0e12)]
    candidates = [CANDIDATE | {"pulse_duration": duration} for duration in (0.6e-9, 0.4e-9, 0.7e-9)]
    files.write_json({"asked": candidates}, CALIBRATION.round_path("paper", 1))
    place = "results/calibration/paper/{}/synapse/{:.4f}.nc".format
    assert work() == [
        *(
            (1, place(number, density / 1e12), time, density)
            for number, time in enumerate((1600, 1400, 1700))
            for density in (1.5e12, 3.0e12)
        ),
        *((1, "", 1800, density) for density in (1.5e12, 3.0e12)),
    ]


def test_a_trace_of_a_candidate_has_maps_at_both_ends_only(tmp_path, monkeypatch):
    """The pulse lasts 0.7 ns, and the relaxation 1 ns."""
    monkeypatch.chdir(tmp_path)
    campaign = plan.parse(searched())
    files.write_json({"asked": [CANDIDATE]}, CALIBRATION.round_path("paper", 1))
    first, *_ = CALIBRATION.requests_of(campaign, "paper")
    simulated = first.computes
    assert (simulated.current_density, simulated.pulse_end) == (1.5e12, 0.7e-9)
    assert simulated.output.snapshot_interval == pytest.approx(1.7e-9, rel=1e-9, abs=0)


def test_candidates_have_minima_of_their_own_unless_they_differ_in_damping_or_pulse(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    data = searched({"transfer_curves": [CURVE]})
    data["devices"]["other"] = {"like": "synapse", "track": {"length": 380e-9}}
    data["reference"]["final_states"][1]["device"] = "other"
    campaign = plan.parse(data)
    changes = [{}, {"damping": 0.3}, {"notch_diameter": 28e-9}, {"wall_start": 41e-9}]
    changes += [{"wall_start": 41e-9, "pulse_duration": 0.6e-9}]
    candidates = [CANDIDATE | change for change in changes]
    files.write_json({"asked": candidates}, CALIBRATION.round_path("paper", 1))
    minima = {
        (int(request.conditions.variant), request.conditions.device): request.states
        and request.states.path.removeprefix("results/calibration/")
        for request in CALIBRATION.requests_of(campaign, "paper")
        if request.conditions.current_density is not None
    }
    numbers = (0, 0, 2, 3, 3)
    expected = {
        (candidate, name): f"paper/{number}/{name}/minima.nc"
        for candidate, number in enumerate(numbers)
        for name in ("synapse", "other")
    }
    # a neuron has no notches
    assert minima == expected | {(candidate, "neuron"): None for candidate in range(5)}
    for request in CALIBRATION.requests_of(campaign, "paper"):
        if request.conditions.current_density is not None and request.states:
            trace, least = request.computes, request.states.computes
            assert least.track == trace.track.without_damping()
            assert least.start == trace.placement.bottom


@pytest.mark.parametrize("curves", [[], [CURVE]])
def test_a_calibration_needs_a_device_with_the_configured_parameters(curves):
    none = {"final_states": [], "arrival_times": [], "transfer_curves": curves}
    problem = one_problem(searched(none))
    assert problem.startswith("config.yaml: calibration.paper needs reference.final_states or ")


def test_a_wall_may_be_read_for_as_long_as_the_synapse_relaxes():
    _, settings = parsed(searched(read_delays=[1e-9]))
    assert settings.read_delays == (1e-9,)


def test_the_ends_of_a_range_have_to_be_devices():
    parameters = {**SEARCH["parameters"], "notch_diameter": [20e-9, 70e-9]}
    problem = one_problem(searched(parameters=parameters))
    # a track of 72 nm with cells of 4 nm
    assert "calibration.paper, highest values, synapse.track.notches.diameter 7e-08 m" in problem
    assert "leaves no film between the two notches" in problem
    parameters = {**SEARCH["parameters"], "wall_start": [1e-9, 50e-9]}
    problem = one_problem(searched(parameters=parameters))
    assert "calibration.paper, lowest values, synapse.wall.start 1e-09 m is outside" in problem


def test_a_calibration_needs_a_name():
    data = searched() | {"calibration": SEARCH}
    problem = one_problem(data)
    words = "config.yaml: calibration lacks a name; write calibration: {name: {...}}"
    assert problem.startswith(words)
