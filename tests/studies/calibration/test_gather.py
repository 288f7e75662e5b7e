"""Misfits of candidates from traces with known walls, and the candidates of both rounds."""

import math

import numpy as np
import pytest
import xarray
from helpers.calibration import CURVE, searched
from helpers.once import once
from helpers.walls import SYNAPSE, campaign

from studies.results import NM, T, gather, write_trace
from wallnet import files, jobs, plan
from wallnet.cli import main
from wallnet.config.devices import Detector
from wallnet.config.reference import ArrivalTime, FinalState, TransferCurve
from wallnet.files import WallState
from wallnet.jobs.film import strip_of
from wallnet.studies import STUDIES, gather_job
from wallnet.studies.calibration import gather as stage
from wallnet.studies.calibration.gather import (
    first_candidates,
    judged,
    largest_deviation,
    local_candidates,
    named,
)
from wallnet.tracks.states import States

NS = 1e-9
CALIBRATION = STUDIES["calibration"]


@pytest.fixture(scope="module")
def job():
    """Return a pulse of 2 ns on a track with notches at 300, 600 and 900 nm, its right end."""
    return jobs.pulse_job(campaign(synapse=SYNAPSE).devices["synapse"], 0.5 * T)


MINIMA = {
    "initial": (62, 57),
    "notch 1": (296, 305),
    "between 1 and 2": (311, 584),
    "notch 2": (601, 598),
}
"""Ends in nm of the walls at the minima of this track."""


def seen(job, time, bottom, top, profile=(0.0,), entry=-1, walls=None):
    """Return a trace with given ends in nm at times in ns, and m_z of columns at one of these."""
    time, bottom, top = (np.array(numbers, dtype=float) for numbers in (time, bottom, top))
    m = np.zeros((time.size, len(profile), 3))
    m[entry, :, 2] = profile
    variables = {
        "wall_bottom": ("time", bottom * NM),
        "wall_top": ("time", top * NM),
        "walls": ("time", walls or [1] * time.size),
        "magnetization_profile": (("time", "x", "component"), m),
        "magnetic_cells": ("x", np.ones(len(profile))),
    }
    return xarray.Dataset(variables, {"time": time * NS}, {"parameters": job.to_json()})


def final_state(state):
    return FinalState(device="synapse", current_density=0.5 * T, state=state)


def compared(reference, *walls, delay=0.0, detectors=None):
    """Return text, whether it is met and distance of a reference value, read after its pulse."""
    job = jobs.Run.from_json(walls[0].attrs["parameters"])
    ends = tuple((low * NM, high * NM) for low, high in MINIMA.values())
    names = tuple(map(WallState, MINIMA))
    states = States(job.track, strip_of(job.track, job.material).wall_width_parameter, names, ends)
    judgement = judged(reference, walls, delay, detectors, states)
    assert list(judgement) == ["simulated_value", "reference_met", "reference_distance"]
    return tuple(judgement.values())


def arrival(notch, time, tolerance):
    return ArrivalTime(
        device="synapse",
        current_density=0.5 * T,
        notch=notch,
        time=time * NS,
        tolerance=tolerance * NS,
    )


# Reference data


def test_a_curve_is_read_under_the_detector_of_its_device(job):
    """Walls at 300, 420 and 720 nm when the pulse ends, linear in J over the whole track only."""
    columns = job.track.cells[0]
    x = (np.arange(columns) + 0.5) * job.track.cell_size / NM
    # what is before and after does not count
    times, ends = [0, 2, 5], [0, 0, 0]
    profiles = [np.where(x < wall, -1.0, 1.0) for wall in (300, 420, 720)]
    walls = [seen(job, times, ends, ends, profile, entry=1) for profile in profiles]
    detectors = {"whole": Detector(), "part": Detector(start=360 * NM, stop=600 * NM)}
    comparisons = {}
    for name in detectors:
        densities = [0.3 * T, 0.42 * T, 0.72 * T]
        curve = TransferCurve(device=name, current_densities=densities, deviation=0.01)
        comparisons[name] = compared(curve, *walls, detectors=detectors)
    assert comparisons["whole"][1]
    # J_norm is (0.42 - 0.3)/(0.72 - 0.3), and the wall is 60 of 240 nm under the detector
    assert comparisons["part"][2] == pytest.approx(0.12 / 0.42 - 60 / 240, rel=1e-9, abs=0)


def test_a_wall_is_at_the_reference_or_a_number_of_notches_away(job):
    wall = seen(job, [0, 2, 6], [60, 300, 310], [60, 300, 310])
    assert compared(final_state("notch 1"), wall) == ("notch 1", True, 0.0)
    away = pytest.approx(1.0, rel=1e-9, abs=0)
    assert compared(final_state("notch 2"), wall) == ("notch 1", False, away)
    # the right end of the track, 900 nm
    assert compared(final_state("reversed"), wall)[2] == pytest.approx(2.0, rel=1e-9, abs=0)


def test_a_wall_is_in_the_state_from_whose_minimum_both_ends_are_within_its_width_parameter(job):
    """Notch 1 has its minimum at 296 and 305 nm."""
    width = strip_of(job.track, job.material).wall_width_parameter / NM
    for share, state in ((0.95, "notch 1"), (1.05, "free")):
        low, high = 296 + share * width, 305 - 0.6 * width
        for bottom, top in ((low, high), (296 - 0.6 * width, 305 - share * width)):
            wall = seen(job, [0, 2], [60, bottom], [60, top])
            assert compared(final_state("notch 1"), wall)[0] == state
            # before the pulse it was where it started
            assert compared(final_state("notch 1"), wall, delay=-2 * NS)[0] == "initial"


def test_several_walls_are_in_no_state(job):
    """The second wall is there from 3 ns on."""
    wall = seen(job, [0, 2, 3, 6], [60, 300, 300, 300], [60, 300, 300, 300], walls=[1, 1, 2, 2])
    first = final_state("notch 1")
    assert compared(first, wall)[:2] == ("notch 1", True)
    for delay in (0.5 * NS, 1 * NS, 9 * NS):
        assert compared(first, wall, delay=delay)[:2] == ("several walls", False)


def test_both_ends_count_half(job):
    """A wall from 300 to 540 nm is 300 and 60 nm away from notch 2."""
    tilted = seen(job, [0, 2, 6], [60, 300, 300], [60, 540, 540])
    away = pytest.approx(180 / 300, rel=1e-9, abs=0)
    assert compared(final_state("notch 2"), tilted) == ("free", False, away)


def test_a_wall_is_read_after_the_delay_and_at_most_at_the_end_of_its_trace(job):
    wall = seen(job, [0, 2, 4, 5], [60, 300, 500, 600], [60, 300, 500, 600])
    third = final_state("notch 3")
    states = [compared(third, wall, delay=delay * NS)[0] for delay in (0, 2, 3, 4)]
    assert states == ["notch 1", "free", "notch 2", "notch 2"]
    _, _, away = compared(third, wall, delay=1 * NS)
    assert away == pytest.approx(500 / 300, rel=1e-9, abs=0)


def test_a_reversed_track_is_not_its_last_notch(job):
    gone = seen(job, [0, 2], [60, 900], [60, 900])
    assert compared(final_state("reversed"), gone) == ("reversed", True, 0.0)
    away = pytest.approx(0.0, abs=1e-9)
    assert compared(final_state("notch 3"), gone) == ("reversed", False, away)


def test_a_wall_arrives_when_both_ends_are_in_the_notch(job):
    """The notch begins at 282 nm; the lower end, 100 m/s, is there after 2.22 ns."""
    wall = seen(job, [0, 1, 2, 3], [60, 160, 260, 360], [60, 300, 300, 300])
    assert compared(arrival(1, 2.0, 0.3), wall) == ("2.22 ns", True, 0.0)
    # the tolerance is met to rounding
    for tolerance in (0.22 + 1e-7, 0.22 - 1e-7):
        assert compared(arrival(1, 2.0, tolerance), wall)[1] is (tolerance > 0.22)
    # after 2 ns the ends are at 260 and 300 nm
    away = pytest.approx(20 / 300, rel=1e-9, abs=0)
    assert compared(arrival(1, 2.0, 0.2), wall) == ("2.22 ns", False, away)
    # too early is a miss, too
    assert not compared(arrival(1, 2.6, 0.3), wall)[1]


def test_a_wall_arrives_at_the_notch_that_is_stated(job):
    """Notch 2 begins at 582 nm; both ends, 100 m/s from 60 nm on, are at 260 nm after 2 ns."""
    wall = seen(job, [0, 3, 6], [60, 360, 660], [60, 360, 660])
    away = pytest.approx(340 / 300, rel=1e-9, abs=0)
    assert compared(arrival(2, 2.0, 0.3), wall) == ("5.22 ns", False, away)
    assert compared(arrival(2, 5.0, 0.3), wall) == ("5.22 ns", True, 0.0)


def test_a_wall_that_never_arrives_is_as_far_as_it_came(job):
    wall = seen(job, [0, 1, 2, 3], [60, 100, 160, 200], [60, 200, 240, 250])
    away = pytest.approx(100 / 300, rel=1e-9, abs=0)
    assert compared(arrival(1, 2.0, 0.3), wall) == ("never", False, away)


def test_a_curve_deviates_by_its_largest_distance_from_the_line():
    """J_norm is 0, 4/7 and 1, and G_norm is 0, 0.75 and 1."""
    deviation = largest_deviation([0.1 * T, 0.3 * T, 0.45 * T], np.array([2.0, 3.5, 4.0]))
    assert deviation == pytest.approx(0.75 - 4 / 7, rel=1e-9, abs=0)
    # the order of Eq. 3 is that of the values
    assert largest_deviation([0.1 * T, 0.3 * T, 0.45 * T], np.array([4.0, 3.5, 2.0])) == 1.0
    assert largest_deviation([0.1 * T, 0.3 * T, 0.45 * T], np.array([2.0, 2.0, 2.0])) == 1.0


@pytest.mark.parametrize(
    ("notches", "distance"),
    # the mean distance of neighbours, 225 nm, or the length of the track
    [([150, 300, 600], 135 / 225), ([150], 135 / 900)],
)
def test_distances_are_in_those_of_neighbouring_notches(job, notches, distance):
    positions = tuple(position * NM for position in notches)
    notched = job.track.notches.model_copy(update={"count": None, "positions": positions})
    track = job.track.model_copy(update={"notches": notched})
    wall = seen(job.model_copy(update={"track": track}), [0, 2], [285, 285], [285, 285])
    away = pytest.approx(distance, rel=1e-9, abs=0)
    assert compared(final_state("notch 1"), wall)[2] == away


def test_reference_data_are_named():
    densities = [0.1 * T, 0.45 * T, 0.3 * T]
    curve = TransferCurve(device="n", current_densities=densities, deviation=0.1)
    assert named(curve) == "n, 0.100 to 0.450: linear"
    assert named(final_state("notch 2")) == "synapse, 0.500: notch 2"
    assert named(arrival(1, 2.0, 0.5)) == "synapse, 0.500: notch 1 after 2 ns"


# Candidates


CONFIGURED = {
    "damping": 0.5,
    "notch_diameter": 32e-9,
    "wall_start": 40e-9,
    "pulse_duration": 0.6e-9,
}


def search(**changes):
    return plan.parse(searched(**changes)).studies["calibration"]["paper"]


RANGES = {
    "damping": (0.3, 0.7),
    "notch_diameter": (20e-9, 40e-9),
    "wall_start": (30e-9, 50e-9),
    "pulse_duration": (0.4e-9, 0.8e-9),
}


def test_the_first_round_has_the_configuration_and_fills_the_ranges():
    settings = search(candidates=32)
    own, *candidates = first_candidates(settings, CONFIGURED)
    assert own == CONFIGURED
    assert len(candidates) == 32
    for name, (low, high) in RANGES.items():
        values = np.array([candidate[name] for candidate in candidates])
        assert low <= values.min()
        assert values.max() <= high
        # 32 points of a Sobol sequence: one in each of 32 equal parts, but for the rounding
        share = (values - low) / (high - low)
        counts = np.histogram(share, bins=4, range=(0, 1))[0]
        assert counts.min() >= 7


def test_more_candidates_begin_with_the_same():
    """A search can be extended, and what is simulated stays."""
    few, many = (first_candidates(search(candidates=count), CONFIGURED) for count in (5, 24))
    assert many[:6] == few


def test_candidates_are_rounded_to_what_a_table_shows():
    steps = {"damping": 1e-3, "notch_diameter": 1e-10, "wall_start": 1e-10, "pulse_duration": 1e-11}
    for candidate in first_candidates(search(candidates=8), CONFIGURED)[1:]:
        for name, step in steps.items():
            count = candidate[name] / step
            assert count == pytest.approx(round(count), rel=1e-9, abs=0)


def test_the_second_round_does_not_repeat_the_places_of_the_first(monkeypatch):
    """Around the middle of the ranges, with half of each as its reach, they could be the same."""
    monkeypatch.setattr(stage, "REACH", 0.5)
    settings = search(candidates=8, local_candidates=8)
    middle = {name: (low + high) / 2 for name, (low, high) in settings.parameters}
    first = first_candidates(settings, CONFIGURED)[1:]
    assert not any(candidate in first for candidate in local_candidates(settings, [middle]))


def test_the_second_round_lies_around_its_centres_and_within_the_ranges():
    """15 % of the ranges: 0.06, 3 nm, 3 nm and 0.06 ns; the second centre is at three edges."""
    centres = [
        {
            "damping": 0.4,
            "notch_diameter": 30e-9,
            "wall_start": 35e-9,
            "pulse_duration": 0.5e-9,
        },
        {
            "damping": 0.7,
            "notch_diameter": 20e-9,
            "wall_start": 45e-9,
            "pulse_duration": 0.8e-9,
        },
    ]
    reach = {"damping": 0.06, "notch_diameter": 3e-9, "wall_start": 3e-9, "pulse_duration": 6e-11}
    candidates = local_candidates(search(local_candidates=16), centres)
    assert len(candidates) == 16
    for index, candidate in enumerate(candidates):
        for name, (low, high) in RANGES.items():
            apart = abs(candidate[name] - centres[index % 2][name])
            assert apart <= reach[name] * (1 + 1e-6)
            assert low <= candidate[name] <= high
    # not all on one side
    apart = [point["wall_start"] - centres[0]["wall_start"] for point in candidates[::2]]
    assert min(apart) < -0.5e-9
    assert max(apart) > 0.5e-9


# From traces with known ends


ENDS = {0: {1.5: 120, 3.0: 360}, 1: {1.5: 40, 3.0: 240}, 2: {1.5: 120, 3.0: 240}, 3: {}}
"""Ends in nm of the walls of each candidate, by current density in 1e12 A/m²; else 120 nm."""


def asked_of(number, campaign):
    """Return what a round asks for, and write it as a rule does."""
    requests = CALIBRATION.requests_of(campaign, "paper", last=number - 1)
    job = gather_job(CALIBRATION, campaign, "paper", requests).to_json()
    out = CALIBRATION.round_path("paper", number)
    main(["round", "--job", job, "--out", out])
    return files.read_json(out)["asked"]


def simulated(campaign):
    """Write the traces of all candidates; a neuron's walls end at 60, 70 and 130 nm."""
    of_neuron = {0.2: 60, 0.4: 70, 1.0: 130}
    for request in CALIBRATION.requests_of(campaign, "paper"):
        if request.kind == "minima":
            continue
        density = round(request.computes.current_density / T, 4)
        end = of_neuron.get(density, ENDS[int(request.conditions.variant)].get(density, 120)) * NM
        write_trace(request, end, end)


@once
def made():
    """Return the campaign and the candidates, with both rounds and all traces in this folder."""
    campaign = plan.parse(searched())
    candidates = []
    for number in (1, 2):
        candidates += asked_of(number, campaign)
        simulated(campaign)
    return campaign, candidates


def gathered(campaign):
    return gather(CALIBRATION, campaign, "paper", CALIBRATION.requests_of(campaign, "paper"))


def request_of(campaign, number, density):
    """Return the request of a pulse on a candidate."""
    path = CALIBRATION.path("paper", str(number), "synapse", f"{density / T:.4f}")
    requests = CALIBRATION.requests_of(campaign, "paper")
    return next(request for request in requests if request.path == path)


def test_the_second_round_searches_around_the_best_of_the_first(made):
    """The configuration is the best; the first candidate is two places away, and misses all."""
    _, candidates = made
    assert candidates[:3] == first_candidates(search(), CONFIGURED)
    assert candidates[3:] == local_candidates(search(), [CONFIGURED])


@pytest.mark.parametrize(
    ("misfit", "centres"),
    [
        # the second is the best, at one of three delays
        ([[1, 1, 1], [9, 0.5, 9], [2, 2, 2]], [1, 0]),
        # the last, then the second
        ([[3], [2], [1]], [2, 1]),
    ],
)
def test_a_candidate_counts_with_its_best_read_delay(made, monkeypatch, misfit, centres):
    _, candidates = made
    campaign = plan.parse(searched(local_candidates=3))
    monkeypatch.setattr(stage, "CENTRES", 2)
    monkeypatch.setattr(stage, "_judge", lambda *_: {"misfit": np.array(misfit)})
    expected = local_candidates(
        search(local_candidates=3), [candidates[centre] for centre in centres]
    )
    assert asked_of(2, campaign) == expected


def test_all_candidates_have_their_misfit(made):
    campaign, candidates = made
    data = gathered(campaign)
    assert data["candidate"].values.tolist() == [0, 1, 2, 3]
    assert data["candidate_round"].values.tolist() == [1, 1, 1, 2]
    np.testing.assert_allclose(data["read_delay"].values / NS, [0, 0.5, 1.0], rtol=1e-9)
    assert data["reference"].values.tolist() == [
        "synapse, 1.500: notch 1",
        "synapse, 3.000: reversed",
        "synapse, 1.500: notch 1 after 0.4 ns",
    ]
    # the wall needs 0.6 ns from 40 to 120 nm, and is in the notch of 32 nm after 64 of 80 nm
    last = data.isel(read_delay=2)
    assert last["simulated_value"].values[0].tolist() == ["notch 1", "reversed", "0.48 ns"]
    assert last["reference_met"].values[0].tolist() == [1, 1, 1]
    assert last["misfit"].values[0] == 0.0
    candidate_2 = last.isel(candidate=2)
    assert candidate_2["simulated_value"].values[:2].tolist() == ["notch 1", "notch 2"]
    assert candidate_2["reference_met"].values[:2].tolist() == [1, 0]
    # 240 instead of 360 nm, with notches 120 nm apart
    assert candidate_2["reference_distance"].values[1] == pytest.approx(1.0, rel=1e-6, abs=0)
    missed = 1 - data["reference_met"]
    expected = (missed + data["reference_distance"]).sum("reference")
    np.testing.assert_allclose(data["misfit"].values, expected, rtol=1e-12)
    # candidate 1 misses all three
    assert data["missed"].values.tolist() == missed.sum("reference").values.tolist()
    assert data["missed"].values.max() == 3
    for name in RANGES:
        values = [candidate[name] for candidate in candidates]
        assert len(set(values)) == 4
        np.testing.assert_allclose(data[f"candidate_{name}"].values, values, rtol=1e-9)


def test_both_ends_of_a_wall_are_read(made):
    campaign, _ = made
    write_trace(request_of(campaign, 0, 1.5 * T), 120 * NM, 240 * NM)
    dataset = gathered(campaign).isel(candidate=0, read_delay=2)
    assert dataset["simulated_value"].values[0] == "between 1 and 2"
    assert dataset["reference_met"].values[0] == 0


def test_each_device_has_states_of_its_own(tmp_path, monkeypatch):
    """The notches of the other device are 10 nm further to the right; Δ is 9.1 nm."""
    monkeypatch.chdir(tmp_path)
    data = searched(candidates=0, local_candidates=0)
    notches = {"count": None, "positions": [130e-9, 250e-9, 360e-9]}
    data["devices"]["other"] = {"like": "synapse", "track": {"notches": notches}}
    other = {"device": "other", "current_density": 1.5e12, "state": "notch 1"}
    data["reference"]["final_states"].append(other)
    campaign = plan.parse(data)
    asked_of(1, campaign)
    for request in CALIBRATION.requests_of(campaign, "paper"):
        if request.conditions.current_density is not None:
            end = {"synapse": 120 * NM, "other": 130 * NM}[request.conditions.device]
            write_trace(request, end, end)
    data = gathered(campaign).isel(candidate=0, read_delay=0)
    assert data["simulated_value"].values[[0, 2]].tolist() == ["notch 1", "notch 1"]


def test_each_read_delay_has_what_was_read_then(made):
    """The wall rests at notch 1 until 0.3 ns after its pulse, and at notch 2 from then on."""
    campaign, _ = made
    request = request_of(campaign, 0, 1.5 * T)
    write_trace(request, 120 * NM, 120 * NM, extra_rest=0.5e-9)
    trace = files.read_dataset(request.path, "run")
    later = trace["time"].values > request.computes.pulse_end + 0.3e-9
    for name in ("wall_bottom", "wall_top"):
        trace[name].values[later] = 240 * NM
    files.write_dataset(trace, request.path, "run", {})
    dataset = gathered(campaign).isel(candidate=0)
    assert dataset["simulated_value"].values[:, 0].tolist() == ["notch 1", "notch 2", "notch 2"]
    assert dataset["reference_met"].values[:, 0].tolist() == [1, 0, 0]
    assert dataset["missed"].values.tolist() == [0, 1, 1]
    # one notch away
    assert dataset["misfit"].values == pytest.approx([0, 2, 2], rel=1e-6, abs=1e-9)


def test_a_transfer_curve_is_read_as_its_pulse_ends(tmp_path, monkeypatch):
    """Walls at 60, 70 and 130 nm under a detector from 50 to 150 nm; J_norm is 0, 1/4 and 1."""
    monkeypatch.chdir(tmp_path)
    curves = [CURVE | {"deviation": deviation} for deviation in (0.1, 0.5)]
    campaign = plan.parse(searched({"transfer_curves": curves}, local_candidates=0))
    asked_of(1, campaign)
    simulated(campaign)
    data = gathered(campaign)
    curve = data.isel(candidate=0, read_delay=0, reference=3)
    # the mean of tanh((x - x0)/Δ) under the detector, integrated; G falls linearly with it
    # walls are placed with the width of an infinite film
    width = 9.133761
    means = [
        width * (math.log(math.cosh((150 - x) / width)) - math.log(math.cosh((50 - x) / width)))
        for x in (60, 70, 130)
    ]
    expected = abs((means[0] - means[1]) / (means[0] - means[2]) - 1 / 4)
    # cells of 4 nm: 0.5 % off
    assert curve["reference_distance"].item() == pytest.approx(expected, rel=0.02, abs=0)
    assert curve["simulated_value"].item() == f"{curve['reference_distance'].item():.3f}"
    assert curve["reference_met"].item() == 0
    within = data.isel(candidate=0, read_delay=0, reference=4)
    assert within["simulated_value"].item() == curve["simulated_value"].item()
    assert (within["reference_met"].item(), within["reference_distance"].item()) == (1, 0.0)
