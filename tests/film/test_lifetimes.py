"""Lifetimes of a wall at shallow notches at 300 K against barriers and Langer's rate."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from helpers.lifetimes import LONGEST, NOTCHES, STRIPS, TERMS, Well, escapes, strip

from wallnet.film.constants import BOLTZMANN

DATA = Path(__file__).parents[1] / "reference" / "temperature" / "lifetimes.csv"


@pytest.fixture(scope="module")
def points():
    """Points of `helpers.lifetimes`."""
    with DATA.open() as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


@pytest.fixture(scope="module")
def well():
    return Well(strip(*NOTCHES[0]))


def test_barrier_and_langers_rate_are_those_of_the_data(points, well):
    assert (points["missing_lower"][0], points["missing_upper"][0]) == NOTCHES[0]
    assert well.barrier == pytest.approx(points["barrier_J"][0], rel=2e-3, abs=0)
    assert well.prefactor == pytest.approx(points["langer_prefactor_Hz"][0], rel=0.02, abs=0)


@pytest.mark.slow
def test_the_shortest_lifetime_is_found_again(points, well):
    """60 escapes beside 100: the standard deviation of the logarithm of the ratio is 0.16."""
    count, at_risk = escapes(well, TERMS, STRIPS, 60, seed=11, longest=LONGEST)
    assert count >= 60
    known = points["time_at_risk_s"][0] / points["escapes"][0]
    assert abs(math.log(at_risk / count / known)) < 0.5


def test_lifetimes_follow_their_barriers(points):
    """What docs/physics.md tells; the statistical error of each lifetime is 10 %."""
    lifetime = points["time_at_risk_s"] / points["escapes"]
    barrier = points["barrier_J"] / (BOLTZMANN * 300.0)
    assert barrier.min() < 4
    assert barrier.max() > 6.9
    slope, intercept = np.polyfit(barrier, np.log(lifetime), 1)
    assert slope == pytest.approx(0.87, abs=0.01)
    assert math.exp(-intercept) == pytest.approx(1.4e9, rel=0.03, abs=0)
    longer = lifetime / points["langer_lifetime_s"]
    assert longer[0] == pytest.approx(1.6, abs=0.05)
    assert longer[3:] == pytest.approx(1, abs=0.3)
    # the range for whole notches, with a slope of 1
    assert np.all((np.exp(barrier) / lifetime > 1e9) & (np.exp(barrier) / lifetime < 1e12))
