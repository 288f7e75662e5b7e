"""Lifetimes of a wall at a shallow notch at 300 K against barriers and Langer's rate."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from helpers.lifetimes import POINTS, STRIPS, Well, escapes, fitted

from wallnet.constants import BOLTZMANN

DATA = Path(__file__).parents[2] / "docs" / "results" / "lifetimes.csv"


@pytest.fixture(scope="module")
def points():
    """Points of `helpers.lifetimes`."""
    with DATA.open() as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


@pytest.fixture(scope="module")
def well():
    return Well(next(iter(POINTS)))


def test_barrier_and_langers_rate_are_those_of_the_data(points, well):
    assert points["field_A_per_m"].tolist() == list(POINTS)
    assert well.barrier == pytest.approx(points["barrier_J"][0], rel=2e-3, abs=0)
    assert well.prefactor == pytest.approx(points["langer_prefactor_Hz"][0], rel=0.02, abs=0)


@pytest.mark.slow
def test_the_shortest_lifetime_is_found_again(points, well):
    """60 escapes beside 100: the standard deviation of the logarithm of the ratio is 0.16."""
    count, at_risk = escapes(well, STRIPS, 60, seed=11)
    assert count >= 60
    lifetime = points["time_at_risk_s"][0] / points["escapes"][0]
    assert abs(math.log(at_risk / count / lifetime)) < 0.5


def test_the_fit_finds_the_law_of_drawn_lifetimes():
    """Of 4000 walls with a lifetime of exp(0.9 E)/5e9 s, some have not escaped at the end."""
    barriers = np.linspace(4.0, 9.0, 6)
    lifetimes = np.exp(0.9 * barriers) / 5e9
    generator = np.random.default_rng(5)
    times = generator.exponential(lifetimes[:, None], (6, 4000))
    end = lifetimes[:, None] * np.array([[2.0], [1.0], [0.5], [1.0], [0.3], [0.2]])
    counts = (times < end).sum(axis=1).astype(float)
    coefficients, deviation = fitted(barriers, counts, np.minimum(times, end).sum(axis=1))
    assert np.all(np.abs(coefficients - [math.log(5e9), 0.9]) < 3 * deviation)
    # as of a straight line whose points weigh as many as their escapes
    apart = barriers - np.average(barriers, weights=counts)
    assert deviation[1] == pytest.approx(np.sum(counts * apart**2) ** -0.5, rel=0.01, abs=0)


def test_lifetimes_follow_their_barriers(points):
    """What docs/physics.md tells; the statistical error of each lifetime is 10 to 20 %."""
    barrier = points["barrier_J"] / (BOLTZMANN * 300.0)
    assert barrier.min() == pytest.approx(4.6, abs=0.05)
    assert barrier.max() == pytest.approx(9.1, abs=0.05)
    (frequency, slope), deviation = fitted(barrier, points["escapes"], points["time_at_risk_s"])
    assert slope == pytest.approx(0.91, abs=0.005)
    assert deviation[1] == pytest.approx(0.03, abs=0.005)
    assert math.exp(frequency) == pytest.approx(3.8e9, rel=0.03, abs=0)
    # harmonic fluctuations alone make a part of the difference from 1
    langer = np.polyfit(barrier, np.log(points["langer_lifetime_s"]), 1)[0]
    assert langer == pytest.approx(0.97, abs=0.005)
    longer = points["time_at_risk_s"] / points["escapes"] / points["langer_lifetime_s"]
    assert longer[0] == pytest.approx(1.5, abs=0.05)
    assert np.all((longer[2:] > 1.1) & (longer[2:] < 1.35))
    # the range for whole notches, with a slope of 1
    attempts = np.exp(barrier) * points["escapes"] / points["time_at_risk_s"]
    assert np.all((attempts > 1e9) & (attempts < 1e12))
