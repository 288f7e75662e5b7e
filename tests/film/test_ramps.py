"""A current that changes in time, against a moment integrated in double precision."""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from wallnet.constants import ELEMENTARY_CHARGE, REDUCED_PLANCK, VACUUM_PERMEABILITY
from wallnet.film.core import Engine, Tolerances
from wallnet.film.terms import Layer, SpinTorque, Terms

CELL = (3e-9, 3e-9, 2e-9)
MS, KU, ALPHA, GAMMA, P, J = 1e6, 1.1e6, 0.05, 2.211e5, 0.4, 1.2e13

RAMP = [(0.0, 0.1), (0.17e-9, 1.0)]
TRIANGLE = [(0.0, 0.0), (0.031e-9, 0.9), (0.13e-9, -0.35), (0.2e-9, -0.35)]


def torque(density, slonczewski_lambda, field_like):
    return SpinTorque(density, P, (0.0, 0.6, 0.8), slonczewski_lambda, field_like)


def by_engine(points, squared, field_like, **tolerances):
    """Return a film of equal moments without exchange after a current, in several calls."""
    terms = Terms(MS, anisotropy=KU, stray_field=False, damping=ALPHA, gyromagnetic_ratio=GAMMA)
    engine = Engine(Layer(np.ones((1, 12), dtype=bool), CELL, terms), Tolerances(**tolerances))
    engine.magnetization = np.broadcast_to((0.0, 0.0, 1.0), (1, 12, 3))
    for (begin, first), (end, last) in itertools.pairwise(points):
        both = [torque(J * share, math.sqrt(squared), field_like) for share in (first, last)]
        engine.set_torque(*both, (begin, end))
        for _ in range(3):
            engine.advance((end - begin) / 3)
    return engine


def reference(points, squared, field_like):
    """Return m of one moment; the torque of Slonczewski as OOMMF's manual states it."""
    times, shares = zip(*points, strict=True)
    direction = np.array((0.0, 0.6, 0.8))

    def rate(time, m):
        beta = REDUCED_PLANCK * J * np.interp(time, times, shares)
        beta /= VACUUM_PERMEABILITY * ELEMENTARY_CHARGE * CELL[2] * MS
        efficiency = P * squared / (squared + 1 + (squared - 1) * (m @ direction))
        field = np.array((0.0, 0.0, 2 * KU / (VACUUM_PERMEABILITY * MS) * m[2]))
        field += beta * efficiency * np.cross(m, direction) + beta * field_like * direction
        turning = np.cross(m, field)
        return -GAMMA / (1 + ALPHA**2) * (turning + ALPHA * np.cross(m, turning))

    m = np.array((0.0, 0.0, 1.0))
    for begin, end in itertools.pairwise(times):
        m = solve_ivp(rate, (begin, end), m, rtol=1e-10, atol=1e-12, method="DOP853").y[:, -1]
    return m


@pytest.mark.parametrize(("squared", "field_like"), [(1.0, 0.0), (2.25, 0.0), (2.25, -0.3)])
@pytest.mark.parametrize("points", [RAMP, TRIANGLE])
def test_a_moment_follows_a_current_that_changes_linearly(points, squared, field_like):
    expected = reference(points, squared, field_like)
    average = by_engine(points, squared, field_like).average()
    # 4e-6 is observed
    np.testing.assert_allclose(average, expected, atol=1.5e-5)
    assert abs(expected[0]) + abs(expected[1]) > 0.1
