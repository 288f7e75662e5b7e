"""The settings of barriers: bounds, units, and the devices that they name."""

import pytest
from helpers.small_campaign import MATERIAL
from helpers.walls import NEURON, SYNAPSE

from wallnet import config
from wallnet.experiment import barrier_job, images_of, neighbours


def parsed(**barriers):
    devices = {"neuron": NEURON, "synapse": SYNAPSE, "other": {"like": "synapse"}}
    return config.parse({"material": MATERIAL, "devices": devices, "barriers": barriers})


def test_the_defaults_are_ten_years_at_room_temperature():
    barriers = parsed().barriers
    assert (barriers.temperature, barriers.kept) == (300.0, 40.0)
    assert barriers.attempt_frequencies == (1e9, 1e12)
    assert barriers.of(parsed().devices) == ["synapse", "other"]


def test_one_attempt_frequency_may_be_both_limits():
    assert parsed(attempt_frequencies=[1e10, 1e10]).barriers.attempt_frequencies == (1e10, 1e10)


def test_only_the_named_synapses_have_barriers():
    for named in (["other"], []):
        campaign = parsed(devices=named)
        assert campaign.barriers.of(campaign.devices) == named


@pytest.mark.parametrize(
    ("barriers", "words"),
    [
        ({"devices": ["neuron"]}, "barriers.devices names 'neuron', which is not a simulated syn"),
        ({"devices": ["nobody"]}, "use some of synapse, other"),
        ({"devices": ["other", "neuron"]}, "barriers.devices names 'neuron', which is not a sim"),
        ({"temperature": 0.3}, "barriers.temperature = 0.3 is outside"),
        ({"temperature": 300e3}, "temperatures are in kelvin"),
        ({"kept": 0}, "barriers.kept = 0 is outside"),
        ({"spacing": 4.5e-9}, "barriers.spacing = 4.5e-09 is outside"),
        ({"attempt_frequencies": [1e12, 1e9]}, "is not ascending"),
        ({"attempt_frequencies": [1.0, 1e9]}, "frequencies are in 1/s"),
        ({"temprature": 300}, "temprature"),
    ],
)
def test_bad_settings_name_the_key_and_the_fix(barriers, words):
    with pytest.raises(config.ConfigError) as caught:
        parsed(**barriers)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_neighbours_differ_by_one_notch():
    """Three pairs of notches, the last on the edge: two hold a wall."""
    track = parsed().devices["synapse"].track
    assert [tuple(map(str, pair)) for pair in neighbours(track)] == [
        ("expelled", "notch 1"),
        ("notch 1", "notch 2"),
        ("notch 1", "between 1 and 2"),
        ("between 1 and 2", "notch 2"),
        ("notch 2", "reversed"),
    ]


def test_a_wall_does_not_leave_a_track_with_fixed_ends():
    notches = {"positions": [100e-9, 300e-9], "diameter": 32e-9}
    given = parsed().devices["synapse"].track.model_dump() | {"notches": notches}
    track = config.Track(**given | {"fixed_ends": 60e-9})
    assert [tuple(map(str, pair)) for pair in neighbours(track)] == [
        ("notch 1", "notch 2"),
        ("notch 1", "between 1 and 2"),
        ("between 1 and 2", "notch 2"),
    ]
    assert track.free_range == (60e-9, pytest.approx(track.length - 60e-9, rel=1e-12, abs=0))


def test_the_end_that_moves_further_counts_the_images():
    """Notches at 300 and 600 nm on a track of 900 nm; 300 nm in steps of at most 40."""
    track = parsed().devices["synapse"].track
    counts = [images_of(track, pair, 40e-9) for pair in neighbours(track)]
    assert counts == [9, 9, 9, 9, 9]
    assert images_of(track, neighbours(track)[2], 30e-9) == 11  # exactly ten steps
    # a path has five images at least: three between its ends
    steps = [300e-9 / count for count in (1, 3, 4, 5)]
    assert [images_of(track, neighbours(track)[1], step) for step in steps] == [5, 5, 5, 6]


def test_the_spacing_is_in_units_of_the_width_parameter():
    campaign = parsed(spacing=0.25)
    device = campaign.devices["synapse"]
    job = barrier_job(device, campaign.barriers, "1", "1-2")
    width = device.material.wall_width_parameter
    assert width == pytest.approx(9.13e-9, rel=1e-3, abs=0)
    assert job.spacing == pytest.approx(0.25 * width, rel=1e-9, abs=0)
    assert (job.first, job.second) == ("notch 1", "between 1 and 2")
