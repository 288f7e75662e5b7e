"""The settings of barriers, the synapses they are of, and what they ask for."""

import pytest
from helpers.small_campaign import MATERIAL
from helpers.walls import NEURON, SYNAPSE

from studies.results import one
from wallnet import config, plan
from wallnet.jobs.energy_path import images_of, neighbours
from wallnet.jobs.run import level_states
from wallnet.plan.requests import Requested
from wallnet.studies import DEVICES, STUDIES, gather_job

BARRIERS = STUDIES["barriers"]


def parsed(**barriers):
    devices = {"neuron": NEURON, "synapse": SYNAPSE, "other": {"like": "synapse"}}
    return plan.parse({"material": MATERIAL, "devices": devices, "barriers": barriers})


def requested(**barriers):
    """Return the requests of a synapse, and the parameters of their gathering."""
    campaign = parsed(**barriers)
    requests = BARRIERS.requests_of(campaign, "synapse")
    return requests, gather_job(BARRIERS, campaign, "synapse", requests).settings


def test_the_defaults_are_40_k_b_t_at_room_temperature():
    subjects = BARRIERS.subjects(parsed())
    assert list(subjects) == ["synapse", "other"]
    barriers = subjects["other"]
    assert (barriers.temperature, barriers.largest_loss) == (300.0, 0.01)
    assert barriers.attempt_frequencies == (1e9, 1e12)


def test_one_attempt_frequency_may_be_both_limits():
    (barriers, _) = BARRIERS.subjects(parsed(attempt_frequencies=[1e10, 1e10])).values()
    assert barriers.attempt_frequencies == (1e10, 1e10)


def test_only_the_named_synapses_have_barriers():
    for named in (["other"], []):
        assert list(BARRIERS.subjects(parsed(devices=named))) == named


@pytest.mark.parametrize("kelvin", [300.0, 310.0, 358.0])
def test_minima_are_those_of_the_sweep_or_of_the_film_at_the_temperature(kelvin):
    """The sweep of "other" is at 310 K; both films have Ku r³, r = m(T)/m(300 K)."""
    warm = {"like": "synapse", "temperature": {"ambient": 310.0}}
    parts = {"devices": {"synapse": SYNAPSE, "other": warm}, "barriers": {"temperature": kelvin}}
    campaign = plan.parse({"material": MATERIAL} | parts)
    Requested(campaign).check()
    anisotropy = {300.0: 1e6, 310.0: 970555.5, 358.0: 831400.0}[kelvin]
    for name, own in {"synapse": 300.0, "other": 310.0}.items():
        requests = BARRIERS.requests_of(campaign, name)
        for request in requests:
            uniaxial_anisotropy = request.computes.material.uniaxial_anisotropy
            assert uniaxial_anisotropy == pytest.approx(anisotropy, rel=1e-5, abs=0)
        path = (
            f"results/minima/{name}.nc" if own == kelvin else f"results/barriers/{name}/minima.nc"
        )
        assert [minima.path for minima in requests if minima.kind == "minima"] == [path]
        pair = {"state": "notch 1", "neighbour": "between 1 and 2", "temperature": kelvin}
        assert one(requests, "barrier", **pair).after == (path,)
        of_sweep = one(DEVICES.requests_of(campaign, name), "minima")
        assert (of_sweep.digest == one(requests, "minima").digest) is (own == kelvin)


def test_neighbours_differ_by_one_notch():
    """Three pairs of notches, the last on the edge: two hold a wall."""
    requests, _ = requested()
    minima, *paths = requests
    assert minima.kind == "minima"
    assert [(path.conditions.state, path.conditions.neighbour) for path in paths] == [
        ("expelled", "notch 1"),
        ("notch 1", "notch 2"),
        ("notch 1", "between 1 and 2"),
        ("between 1 and 2", "notch 2"),
        ("notch 2", "reversed"),
    ]
    assert {path.after for path in paths} == {("results/minima/synapse.nc",)}


def test_a_wall_does_not_leave_a_track_with_fixed_ends():
    notches = {"positions": [100e-9, 300e-9], "diameter": 32e-9}
    settings = parsed().devices["synapse"].track.model_dump() | {"notches": notches}
    track = config.Track(**settings | {"fixed_ends": 60e-9})
    assert [tuple(map(str, pair)) for pair in neighbours(track)] == [
        ("notch 1", "notch 2"),
        ("notch 1", "between 1 and 2"),
        ("between 1 and 2", "notch 2"),
    ]
    assert track.free_range == (60e-9, pytest.approx(track.length - 60e-9, rel=1e-12, abs=0))


def test_the_upper_end_of_a_half_state_is_ahead():
    track = parsed().devices["synapse"].track
    places = level_states(track)
    first, second = track.inner_notch_positions
    assert places["notch 2"] == (second, second)
    assert places["between 1 and 2"] == (first, second)
    assert first < second


def test_the_end_that_moves_further_counts_the_images():
    """Notches at 300 and 600 nm on a track of 900 nm; 300 nm in steps of at most 40."""
    track = parsed().devices["synapse"].track
    counts = [images_of(track, pair, 40e-9) for pair in neighbours(track)]
    assert counts == [9, 9, 9, 9, 9]
    assert images_of(track, neighbours(track)[2], 30e-9) == 11  # exactly ten steps
    # a path has five images at least: three between its ends
    steps = [300e-9 / count for count in (1, 3, 4, 5)]
    assert [images_of(track, neighbours(track)[1], step) for step in steps] == [5, 5, 5, 6]


def test_the_spacing_is_in_units_of_the_width_with_which_walls_are_placed():
    requests, _ = requested(spacing=0.25)
    request = one(requests, "barrier", state="notch 1", neighbour="between 1 and 2")
    job = request.computes
    # √(A/K_eff) of an infinite film
    assert job.spacing == pytest.approx(0.25 * 9.133761e-9, rel=1e-6, abs=0)
    assert (job.first, job.second) == ("notch 1", "between 1 and 2")
    # 300 nm in steps of 2.28: 133 images of 150 × 15 cells, 20 µs each
    assert request.computes.processor_time == pytest.approx(133 * 150 * 15 * 2e-5, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    "changed",
    [
        {"attempt_frequencies": [1e8, 1e11]},
        {"retention_time": 1e7},
        {"largest_loss": 0.1},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_barriers_are_compared_with_computes_no_path_again(changed):
    (before, settings), (after, settings_after) = requested(), requested(**changed)
    assert {request.path: request.digest for request in before} == {
        request.path: request.digest for request in after
    }
    assert settings != settings_after


def test_loss_at_its_defaults_gathers_no_barriers_again():
    """Results from before its keys have the settings of ten years and 1 %."""
    _, settings = requested(retention_time=3.15576e8, largest_loss=0.01)
    assert settings == requested()[1]
    assert not settings.keys() & {"retention_time", "largest_loss"}
