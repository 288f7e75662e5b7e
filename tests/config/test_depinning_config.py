"""Depinning in the configuration: what is accepted, the walls, and the message for the rest."""

import pytest
from helpers.depinning import freed

from wallnet import config, jobs


def problems(data):
    with pytest.raises(config.ConfigError) as caught:
        config.parse(data)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("pair", "resolution", "rounds"),
    [
        # both ends, then 0.6 halved six times: 60 steps of 0.01, 30, 15, 8, 4, 2, 1
        ([0.4e12, 1.0e12], 0.01e12, 7),
        ([0.4e12, 0.8e12], 0.4e12, 1),
        ([0.4e12, 0.8e12], 0.1e12, 3),
    ],
)
def test_the_first_round_has_both_limits_and_each_other_halves(pair, resolution, rounds):
    data = freed(current_densities=pair, resolution=resolution)
    assert config.parse(data).depinning["synapse"].rounds() == rounds


def test_limits_lose_their_rounding_errors():
    data = freed(current_densities=[0.4e12 * (1 + 1e-12), 1.0e12 * (1 - 1e-12)])
    asked = config.parse(data).depinning["synapse"]
    assert asked.current_densities == (0.4e12, 1.0e12)


def test_walls_rest_at_each_notch_and_at_each_notch_alone():
    """The third notch is on the right edge, where no wall rests."""
    campaign = config.parse(freed())
    device, asked = campaign.devices["synapse"], campaign.depinning["synapse"]
    walls = list(jobs.pinned_walls(device, asked))
    assert [wall.place for wall in walls] == ["notch-1", "notch-2", "alone-1", "alone-2"]
    assert [wall.state for wall in walls] == ["notch 1", "notch 2", "notch 1", "notch 1"]
    positions = [wall.device.track.notch_positions for wall in walls]
    every = (120e-9, 240e-9, 360e-9)
    for found, wanted in zip(positions, [every, every, every[:1], every[1:2]], strict=True):
        assert found == pytest.approx(wanted, rel=1e-9, abs=0)
    # nothing but the notches differs
    own, alone = (wall.device.model_dump() for wall in (walls[0], walls[3]))
    del own["track"]["notches"], alone["track"]["notches"]
    assert alone == own
    few = config.parse(freed(alone=False)).depinning["synapse"]
    assert len(list(jobs.pinned_walls(device, few))) == 2


def test_a_wall_is_placed_at_its_notch_and_looked_at_as_the_pulse_ends():
    campaign = config.parse(freed(duration=0.7e-9))
    device, asked = campaign.devices["synapse"], campaign.depinning["synapse"]
    for wall, position in zip(
        jobs.pinned_walls(device, asked), [120e-9, 240e-9, 120e-9, 240e-9], strict=True
    ):
        job = jobs.freeing_job(wall, asked, 1.5e12)
        assert job.placement.bottom == pytest.approx(position, rel=1e-9, abs=0)
        assert job.placement.top == pytest.approx(position, rel=1e-9, abs=0)
        assert (job.current_density, job.pulse_duration) == (1.5e12, 0.7e-9)
        assert job.relaxation.longest == 0
        assert job.output.snapshot_interval == 0.7e-9


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"current_densities": [1e12, 0.5e12]}, "is no ascending pair above 0"),
        ({"current_densities": [-1e12, 0.5e12]}, "is no ascending pair above 0"),
        ({"current_densities": [0, 0.5e12]}, "is no ascending pair above 0"),
        ({"current_densities": [0.5e12, 0.5e12]}, "is no ascending pair above 0"),
        ({"current_densities": [0.50001e12, 1e12]}, "has 5.0001e+11 A/m², no multiple of the"),
        ({"current_densities": [0.5e12, 1.00001e12]}, "has 1.00001e+12 A/m², no multiple of the"),
        ({"resolution": 1.5e8}, "is 150000000 A/m², no multiple of the 1e8 A/m²"),
        ({"duration": 1e-12}, "duration 1e-12 s is shorter than output.interval 2e-11 s"),
    ],
)
def test_depinning_that_cannot_be_is_named(changes, message):
    (problem,) = problems(freed(**changes))
    assert problem.startswith("config.yaml: depinning.synapse")
    assert message in problem


def test_depinning_of_more_than_a_month_is_refused():
    """The strongest pulse has steps of 26 fs, the weakest ones of more than 1 ps."""
    data = freed(current_densities=[0.5e12, 1e14], duration=1e-3)
    device = data["devices"]["synapse"]
    device["track"]["length"] = 7200e-9
    device["pulse"]["duration"] = 1e-5
    device["output"] = {"interval": 1e-5, "snapshot_interval": 1e-4}
    (problem,) = problems(data)
    assert problem.startswith("config.yaml: depinning.synapse: duration, 0.001 s, take 3.8")
    assert "more than a month" in problem
    data["depinning"]["synapse"]["current_densities"][1] = 1e12
    assert config.parse(data).depinning["synapse"].duration == 1e-3


def test_devices_without_notches_hold_no_wall():
    data = freed()
    data["depinning"]["neuron"] = data["depinning"].pop("synapse")
    (problem,) = problems(data)
    assert "depinning.neuron: neuron has no notch inside its track" in problem
    data["depinning"]["synapses"] = data["depinning"].pop("neuron")
    (problem,) = problems(data)
    assert "depinning.synapses names no simulated device; use one of neuron, syn" in problem
