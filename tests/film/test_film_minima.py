"""Minima of the energy compared with analytic ones, and with the energy in double precision."""

import math

import numpy as np
import pytest

from wallnet.film import Terms
from wallnet.film.energy import Landscape, unit
from wallnet.film.minima import COARSE_STEPS, STOP, descend, softest
from wallnet.film.terms import Layer

MU0 = 4e-7 * math.pi
CELL = (4e-9, 3e-9, 2e-9)
MS, A, D, K = 1.1e6, 2e-11, 1e-3, 1e6
TERMS = Terms(MS, A, D, K)


def film(columns=40, rows=12, notch=True, terms=TERMS):
    mask = np.ones((rows, columns), dtype=bool)
    if notch:
        mask[:2, 20:25] = mask[-2:, 20:25] = False
    return Landscape(Layer(mask, CELL, terms))


def wall(landscape, bottom, top):
    """Return a Néel wall between its ends, given in columns, in a film with cells of 4 nm."""
    rows, columns = landscape.mask.shape
    middle = np.linspace(bottom, top, rows)[:, None]
    u = (np.arange(columns)[None, :] - middle) * 4e-9 / 9.13e-9
    m = np.stack([-1 / np.cosh(u), 0.02 * np.ones_like(u), np.tanh(u)])
    return unit(m * landscape.mask)


def position(landscape, m):
    """Return the mean column of a wall."""
    mask = landscape.mask
    return mask.shape[1] * (1 - m[2][mask].mean()) / 2


@pytest.fixture(scope="module")
def notched():
    return film()


@pytest.mark.parametrize("stray_field", [True, False])
@pytest.mark.parametrize("external", [(0.0, 0.0, 0.0), (3e4, -5e4, 8e4)])
def test_the_torque_in_single_precision_is_that_of_every_term(external, stray_field):
    """The term by term evaluation in double precision is the reference; measured 5e-7."""
    terms = Terms(MS, A, D, K, external_field=external, stray_field=stray_field)
    notched = film(terms=terms)
    m = wall(notched, 14.3, 17.9)
    assert np.abs(notched.exact_torque(m)).max() > 1e5
    assert notched.torque(m.astype(np.float32)) == pytest.approx(notched.exact_torque(m), abs=3.0)


def test_a_wall_beside_a_notch_moves_into_it_and_stays(notched):
    minimum = descend(notched, wall(notched, 19.0, 21.5))
    assert minimum.converged
    assert minimum.residual <= STOP
    # the middle of the notch; measured 22.58
    assert position(notched, minimum.m) == pytest.approx(22.5, abs=0.2)
    field = np.moveaxis(notched.energy.field(np.moveaxis(minimum.m, 0, -1)), -1, 0)
    largest = np.linalg.norm(np.cross(minimum.m, field, axis=0), axis=0).max()
    assert largest == pytest.approx(minimum.residual, rel=1e-6, abs=1e-9)
    # the order of the sum, and with it the last digit, depends on the processor
    energy = notched.energy.energy(np.moveaxis(minimum.m, 0, -1))
    assert minimum.energy == pytest.approx(energy, rel=1e-12, abs=0)


def test_a_wall_that_does_not_arrive_in_time_is_no_minimum(notched, monkeypatch):
    """The same descent with fewer steps stops with the torque of where it is, and says so."""
    monkeypatch.setattr("wallnet.film.minima.COARSE_STEPS", 4)
    minimum = descend(notched, wall(notched, 10.0, 13.0))
    assert not minimum.converged
    assert minimum.residual > STOP
    assert math.isnan(minimum.stiffness)
    assert minimum.steps == 4 < COARSE_STEPS


def test_values_in_empty_cells_do_not_act(notched):
    start = wall(notched, 19.0, 21.5)
    expected = descend(notched, start)
    spoilt = np.where(notched.mask, start, [[[0.6]], [[0.0]], [[0.8]]])
    minimum = descend(notched, spoilt)
    assert not minimum.m[:, ~notched.mask].any()
    np.testing.assert_array_equal(minimum.m, expected.m)
    assert minimum.energy == expected.energy


def test_the_softest_change_of_a_uniform_film_has_the_stiffness_of_its_anisotropy():
    """Without stray field and DMI, a uniform rotation is opposed by 2 K/(μ0 Ms) and no exchange."""
    uniform = film(notch=False, terms=Terms(MS, A, 0.0, K, stray_field=False))
    m = np.zeros((3, *uniform.mask.shape))
    m[2] = 1.0
    (lowest, second), mode = softest(uniform, m)
    assert lowest == pytest.approx(2 * K / (MU0 * MS), rel=1e-3, abs=0)
    assert second == pytest.approx(lowest, rel=1e-3, abs=0)  # about x and about y
    assert (mode**2).sum() == pytest.approx(1.0, abs=1e-5)


def test_a_state_on_top_of_the_energy_is_stationary_but_no_minimum():
    """Along the hard axis, the torque vanishes and the energy falls in all directions."""
    hard = film(notch=False, terms=Terms(MS, A, 0.0, K, stray_field=False))
    m = np.zeros((3, *hard.mask.shape))
    m[0] = 1.0
    minimum = descend(hard, m)
    assert minimum.residual <= STOP
    assert minimum.stiffness == pytest.approx(-2 * K / (MU0 * MS), rel=1e-3, abs=0)
    assert not minimum.converged
