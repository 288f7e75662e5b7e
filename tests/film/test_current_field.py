"""A field that goes with the current, in uniform and in varying films."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.random_films import MATERIAL, directions, random_film
from scipy.integrate import solve_ivp

from wallnet.film.cells import Cells
from wallnet.film.core import Engine
from wallnet.film.terms import Layer, SpinTorque, Terms

CELL = (3e-9, 3e-9, 2e-9)
MS, KU, ALPHA, GAMMA, J = 1e6, 1.1e6, 0.05, 2.211e5, 1.2e13
PULSE = [(0.0, 0.1), (0.09e-9, 1.0), (0.15e-9, -0.4)]
PER_CURRENT = np.array([[0.0, 0.0], [6e-9, -4e-9], [2e-9, 5e-9]])
"""Field of two cells in A/m for each A/m²."""


def film(varying):
    """Return two moments without exchange; with `varying`, the second has its own damping."""
    mask = np.ones((1, 2), dtype=bool)
    terms = Terms(MS, anisotropy=KU, stray_field=False, damping=ALPHA, gyromagnetic_ratio=GAMMA)
    cells = Cells(mask, damping=np.array([[1.0, 3.0]])) if varying else None
    return Layer(mask, CELL, terms, cells=cells, current_field=PER_CURRENT[:, None])


def reference(cell, damping, field_like):
    """Return m of one moment, integrated in double precision with ħ/(μ0 e t Ms) by hand."""
    times, shares = zip(*PULSE, strict=True)
    beta = 1.0545717e-34 / (4e-7 * math.pi * 1.6021765e-19 * 2e-9 * MS)

    def rate(time, m):
        field = PER_CURRENT[:, cell] + beta * field_like * np.array([0.0, 1.0, 0.0])
        field = field * J * np.interp(time, times, shares)
        field[2] += 2 * KU / (4e-7 * math.pi * MS) * m[2]
        turning = np.cross(m, field)
        return -GAMMA / (1 + damping**2) * (turning + damping * np.cross(m, turning))

    m = np.array((0.6, 0.0, 0.8))
    for begin, end in itertools.pairwise(times):
        m = solve_ivp(rate, (begin, end), m, rtol=1e-10, atol=1e-12, method="DOP853").y[:, -1]
    return m


@pytest.mark.parametrize("varying", [False, True])
@pytest.mark.parametrize("field_like", [0.0, 0.05])
def test_fields_follow_a_current_that_changes(varying, field_like):
    engine = Engine(film(varying))
    engine.magnetization = np.broadcast_to((0.6, 0.0, 0.8), (1, 2, 3))
    for (begin, first), (end, last) in itertools.pairwise(PULSE):
        both = [SpinTorque(J * share, 0.0, field_like=field_like) for share in (first, last)]
        engine.set_torque(*both, (begin, end))
        engine.advance(end - begin)
    for cell, damping in ((0, ALPHA), (1, 3 * ALPHA if varying else ALPHA)):
        expected = reference(cell, damping, field_like)
        # 2e-6 is observed
        np.testing.assert_allclose(engine.magnetization[0, cell], expected, atol=1e-5)
    engine.set_torque(None)
    assert not engine._uniform_field.any()


def test_columns_follow_the_field_of_a_slow_ramp():
    """A soft film, along x to 3 % of H_K in 3 ns: m moves by less than resting columns may owe.

    For small m, with a the field over H_K: dm_x/dt = -γ (H_K m_y + α H_K (m_x - a))/(1 + α²), and
    dm_y/dt = γ (H_K (m_x - a) - α H_K m_y)/(1 + α²).
    """
    layer, duration = film(False), 3e-9
    layer = replace(
        layer,
        mask=np.ones((1, 24), dtype=bool),
        terms=replace(layer.terms, anisotropy=1e3),
        current_field=np.array([1e-9, 0.0, 0.0])[:, None, None],
    )
    strength = 2 * 1e3 / (4e-7 * math.pi * MS)
    engine = Engine(layer)
    engine.magnetization = np.broadcast_to((0.0, 0.0, 1.0), (1, 24, 3))
    ramp = [SpinTorque(density, 0.0) for density in (0.0, 0.03 * strength / 1e-9)]
    engine.set_torque(*ramp, (0.0, duration))
    engine.advance(duration)

    def rate(time, m):
        along, across = m[0] - 0.03 * time / duration, m[1]
        turning = np.array([-across - ALPHA * along, along - ALPHA * across])
        return GAMMA * strength / (1 + ALPHA**2) * turning

    m = solve_ivp(rate, (0, duration), (0.0, 0.0), rtol=1e-9, atol=1e-12).y[:, -1]
    # 2e-6 is observed, and 9e-3 where columns rest
    np.testing.assert_allclose(engine.magnetization[0, :, :2] - m, 0.0, atol=1e-5)


TURN = np.array([-1.0, -1.0, 1.0])
"""Half a turn of vectors about z."""


@pytest.mark.parametrize("varying", [False, True])
def test_d_spins_and_fields_in_the_plane_may_change_their_signs_together(varying):
    """Positions stay: so a film with D < 0 and m_p = -y is one with D > 0 and m_p = +y."""
    rng = np.random.default_rng(5)
    terms = replace(MATERIAL, anisotropy_axis=(0.0, 0.0, 1.0))
    layer = random_film(terms=terms, turned=False)
    if not varying:
        layer = replace(layer, cells=None)
    layer = replace(layer, current_field=1e-8 * rng.normal(size=(3, *layer.mask.shape)))
    other = replace(
        layer,
        terms=replace(
            terms,
            dmi_constant=-terms.dmi_constant,
            external_field=tuple(TURN * terms.external_field),
        ),
        current_field=TURN[:, None, None] * layer.current_field,
    )
    m, states = directions(layer.mask.shape, rng), []
    torque = SpinTorque(2e12, 0.4, (0.0, 1.0, 0.0), 1.3, -0.1)
    for film, start, spins in ((layer, m, 1.0), (other, TURN * m, -1.0)):
        engine = Engine(film)
        engine.magnetization = start
        engine.set_torque(replace(torque, direction=(0.0, spins, 0.0)))
        engine.advance(20e-12)
        states.append(engine.magnetization)
    np.testing.assert_allclose(states[1], TURN * states[0], atol=2e-6)
    engine = Engine(replace(layer, current_field=TURN[:, None, None] * layer.current_field))
    engine.magnetization = m
    engine.set_torque(torque)
    engine.advance(20e-12)
    assert np.abs(engine.magnetization - states[0]).max() > 1e-3


def test_the_field_of_the_strongest_cell_bounds_the_step():
    still = film(False)
    torque = SpinTorque(-J, 0.0)
    added = still.rates(torque)[1] - still.rates()[1]
    strongest = J * np.linalg.norm(PER_CURRENT, axis=0).max()
    assert added == pytest.approx(
        GAMMA / (1 + ALPHA**2) * math.hypot(1, ALPHA) * strongest, rel=1e-6, abs=0
    )
