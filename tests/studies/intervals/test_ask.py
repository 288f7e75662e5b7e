"""Bisections in the configuration: what is accepted, the rounds, and the message for the rest."""

import pytest
from helpers.intervals import bisected

from wallnet import config


def problems(data):
    with pytest.raises(config.ConfigError) as caught:
        config.parse(data)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("densities", "resolution", "rounds"),
    [
        # 0.6 to 1.2: halved three times
        ([0.6e12, 1.2e12], 0.1e12, 3),
        ([0.6e12, 1.2e12], 0.6e12, 0),
        ([0.6e12, 1.2e12], 0.3e12, 1),
        # the longest gap counts, 0.05: 500 steps of 1e8, 250, 125, 63, 32, 16, 8
        ([0.6e12, 0.62e12, 0.67e12], 0.001e12, 6),
        ([0.6e12, 0.6003e12], 1e8, 2),
    ],
)
def test_the_rounds_suffice_for_the_longest_gap(densities, resolution, rounds):
    data = bisected(resolution=resolution)
    data["devices"]["stairs"]["pulse"]["current_densities"] = densities
    campaign = config.parse(data)
    assert campaign.intervals["stairs"].rounds(campaign.devices["stairs"]) == rounds


def test_the_resolution_may_be_left_out():
    data = bisected()
    data["intervals"]["stairs"] = {}
    assert config.parse(data).intervals["stairs"].resolution == 0.001e12


def test_a_relaxation_may_be_as_long_as_the_hold():
    data = bisected()
    relaxation = data["devices"]["stairs"]["relaxation"]
    relaxation["longest"] = relaxation["hold"]
    assert list(config.parse(data).intervals) == ["stairs"]


def test_intervals_that_cannot_be_are_named():
    (problem,) = problems(bisected(resolution=0.1))
    assert "intervals.stairs.resolution = 0.1 is outside" in problem
    (problem,) = problems(bisected(resolution=1.5e8))
    assert "intervals.stairs.resolution 1.5e+08 A/m² is no multiple of the 1e8 A/m²" in problem
    data = bisected()
    data["intervals"] = {"stair": {}}
    (problem,) = problems(data)
    assert "intervals.stair names no simulated device; use one of stairs" in problem
    data = bisected()
    data["devices"]["stairs"]["pulse"]["current_densities"] = [0.6e12]
    (problem,) = problems(data)
    assert "intervals.stairs: stairs has one current density" in problem
    data = bisected()
    data["devices"]["stairs"]["relaxation"]["longest"] = 0.0
    (problem,) = problems(data)
    assert "intervals.stairs: relaxation.longest 0 s of stairs is shorter than relaxat" in problem
