"""Energies and fields of each term, and the engine's packed kernels compared with them."""

import numpy as np
import pytest

from wallnet.film import newell
from wallnet.film.energy import Energy
from wallnet.film.terms import Layer, Terms

CELL = (3e-9, 2e-9, 1.5e-9)
MATERIAL = Terms(
    saturation_magnetization=1.1e6,
    exchange_stiffness=2e-11,
    dmi_constant=1e-3,
    anisotropy=1e6,
    anisotropy_axis=(0.6, 0.0, 0.8),
    external_field=(1e5, 2e4, -3e4),
    damping=0.3,
)
TERMS = [term.name for term in MATERIAL.energy]


@pytest.fixture
def mask():
    mask = np.ones((14, 30), dtype=bool)
    mask[:4, 10:16] = False
    mask[-3:, 22:25] = False
    return mask


@pytest.fixture
def m(mask):
    m = np.random.default_rng(0).normal(size=(*mask.shape, 3))
    m /= np.linalg.norm(m, axis=-1, keepdims=True)
    return np.where(mask[..., None], m, 0.0)


@pytest.mark.parametrize("term", TERMS)
def test_field_is_the_gradient_of_the_energy(term, mask, m):
    energy = Energy(Layer(mask, CELL, MATERIAL))
    direction = np.random.default_rng(1).normal(size=m.shape) * mask[..., None]
    step = 1e-4
    slope = energy.energy(m + step * direction, term) - energy.energy(m - step * direction, term)
    volume = np.prod(CELL)
    scale = -4e-7 * np.pi * MATERIAL.saturation_magnetization * volume
    expected = scale * (energy.field(m, term) * direction).sum()
    assert slope / (2 * step) == pytest.approx(expected, rel=1e-6, abs=0)


def test_stray_field_is_the_direct_sum(mask, m):
    energy = Energy(Layer(mask, CELL, MATERIAL))
    rows, columns = mask.shape
    xx, yy, zz, xy = newell.tensor(columns, rows, CELL)
    field = np.zeros_like(m)
    for r in range(rows):
        for c in range(columns):
            dr = np.arange(rows)[:, None] - r
            dc = np.arange(columns)[None, :] - c
            offset = (abs(dr) + 0 * dc, abs(dc) + 0 * dr)
            sign = np.sign(dr) * np.sign(dc)
            field[r, c] = [
                -(xx[offset] * m[..., 0] + sign * xy[offset] * m[..., 1]).sum(),
                -(sign * xy[offset] * m[..., 0] + yy[offset] * m[..., 1]).sum(),
                -(zz[offset] * m[..., 2]).sum(),
            ]
    field *= 1.1e6 * mask[..., None]
    assert np.abs(energy.field(m, "demag") - field).max() < 1e-9 * 1.1e6


PAIR = np.array([[[0.6, 0.0, 0.8], [0.0, 0.28, -0.96]]])
"""Two cells next to each other along x; transposed, along y."""


@pytest.mark.parametrize(("axis", "edge"), [(0, 3e-9), (1, 2e-9)])
def test_energy_of_two_cells_is_what_it_is_by_hand(axis, edge):
    """The reference is not the integral of the field, so a common wrong factor would show."""
    m = PAIR if axis == 0 else PAIR.transpose(1, 0, 2)
    (first, second), volume = PAIR[0], 9e-27
    energy = Energy(Layer(np.ones(m.shape[:2], dtype=bool), CELL, MATERIAL))
    scale = 4e-7 * np.pi * 1.1e6
    expected = {
        # A |Δm|²/d² in the volume of one bond
        "exchange": 2e-11 * ((second - first) ** 2).sum() / edge**2,
        # D (m ∂m_z - m_z ∂m) along the bond, with m in its middle
        "dmi": 1e-3 / edge * (first[axis] * second[2] - second[axis] * first[2]),
        # Ku (1 - (m·u)²)
        "anisotropy": 1e6 * sum(1 - (0.6 * x + 0.8 * z) ** 2 for x, _, z in PAIR[0]),
        "zeeman": -scale * ((first + second) * (1e5, 2e4, -3e4)).sum(),
    }
    for term, value in expected.items():
        assert energy.energy(m, term) == pytest.approx(volume * value, rel=1e-9, abs=0), term


@pytest.mark.parametrize("term", ["exchange", "dmi"])
def test_an_empty_cell_is_no_neighbour(term):
    """A bond to it would cost energy, although its field along m rotates nothing."""
    energy = Energy(Layer(np.array([[True, False]]), CELL, MATERIAL))
    assert energy.energy(PAIR, term) == 0.0
    if term == "exchange":
        assert not energy.field(PAIR, term).any()


def test_energy_of_a_hard_axis_is_counted_from_the_plane_across():
    """For Ku < 0 without the constant, as in OOMMF."""
    terms = Terms(saturation_magnetization=1e6, anisotropy=-2e5)
    energy = Energy(Layer(np.ones((1, 2), dtype=bool), CELL, terms))
    expected = 2e5 * (0.8**2 + 0.96**2) * 9e-27
    assert energy.energy(PAIR, "anisotropy") == pytest.approx(expected, rel=1e-9, abs=0)


@pytest.mark.parametrize("stray_field", [True, False])
def test_stray_field_energy_of_a_cube_is_a_third_of_that_of_a_film(stray_field):
    terms = Terms(saturation_magnetization=8e5, stray_field=stray_field)
    energy = Energy(Layer(np.ones((1, 1), dtype=bool), (2e-9, 2e-9, 2e-9), terms))
    expected = 4e-7 * np.pi * 8e5**2 / 6 * 8e-27 if stray_field else 0.0
    computed = energy.energy(PAIR[:, :1], "demag")
    assert computed == pytest.approx(expected, rel=1e-9, abs=1e-40)


def test_total_is_the_sum_of_all_terms_in_magnetic_cells(mask, m):
    energy = Energy(Layer(mask, CELL, MATERIAL))
    # values in empty cells have no effect
    spoilt = np.where(mask[..., None], m, 3.0)
    for value in (energy.density, energy.field, energy.energy):
        parts = [value(m, term) for term in TERMS]
        np.testing.assert_allclose(value(spoilt), sum(parts), rtol=1e-9, atol=1e-30)
    assert not energy.density(spoilt)[~mask].any()
    assert not energy.field(spoilt)[~mask].any()


def rate(m, mask, field, terms, torque):
    """Return dm/dt of the Gilbert equation with Slonczewski's torque, solved by hand."""
    mu0, hbar, e = 4e-7 * np.pi, 1.0545717e-34, 1.6021765e-19
    thickness, alpha = CELL[2], terms.damping
    beta = hbar / (mu0 * e) * torque.current_density
    beta /= thickness * terms.saturation_magnetization
    p = np.array(torque.direction)
    squared = torque.slonczewski_lambda**2
    epsilon = torque.polarization * squared / (squared + 1 + (squared - 1) * (m @ p))
    along = terms.gyromagnetic_ratio * (
        -np.cross(m, field)
        + beta * epsilon[..., None] * np.cross(np.cross(m, p), m)
        - beta * torque.field_like * np.cross(m, p)
    )
    # m' = along + α m × m', with m·m' = 0, gives (1 + α²) m' = along + α m × along
    return (along + alpha * np.cross(m, along)) / (1 + alpha**2) * mask[..., None]
