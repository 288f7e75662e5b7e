"""Parameters of a film and of its cells, against simulated films and a sum over waves."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from wallnet.film.renormalization import domain_magnetization, of_cells, of_film, scaled
from wallnet.film.terms import Layer, Terms
from wallnet.film.thermal import ThermalEngine

FILM = Terms(1.1e6, 2e-11, 1e-3, 1e6, damping=0.5)
ALONE = replace(FILM, stray_field=False)
HOT = scaled(FILM, 0.894, 2.0)


@pytest.mark.parametrize(
    ("film", "edge", "temperature"),
    [(FILM, 3e-9, 300.0), (FILM, 5e-9, 300.0), (ALONE, 2e-9, 300.0), (HOT, 3e-9, 400.0)],
)
def test_cells_fluctuate_to_the_values_of_their_film(film, edge, temperature):
    """Far from the edges of a simulated film; a finite film has a weaker stray field.

    The standard deviation of the mean is 1 % of 1 - m.
    """
    cell, shape, inner = (edge, edge, 2e-9), (72, 72), slice(14, -14)
    cells = of_cells(film, cell, temperature)
    m = domain_magnetization(cells, cell, temperature)
    assert 0.96 < m < 0.985
    engine = ThermalEngine(Layer(np.ones(shape, dtype=bool), cell, cells), temperature, 3)
    engine.magnetization = np.broadcast_to([0.0, 0.0, 1.0], (*shape, 3))
    engine.advance(150e-12)
    m_z = []
    for _ in range(80):
        engine.advance(3e-12)
        m_z.append(engine.magnetization[inner, inner, 2])
    m_z = np.array(m_z)
    assert 1 - m == pytest.approx(1 - m_z.mean(), rel=0.05, abs=0)
    magnetization = m_z.mean() * cells.saturation_magnetization
    assert magnetization == pytest.approx(film.saturation_magnetization, rel=1.5e-3, abs=0)
    # Ku is proportional to the mean of the second Legendre polynomial
    anisotropy = (3 * np.mean(m_z**2) - 1) / 2 * cells.anisotropy
    assert anisotropy == pytest.approx(film.anisotropy, rel=5e-3, abs=0)


def test_cells_of_a_nearly_compensated_strip_fluctuate_to_the_values_of_its_film():
    """100 × 1.2 nm² at 300 K: 1 - m is 0.0494 ± 0.0007; it would be 0.0551 in an infinite film."""
    film = Terms(1.1e6, 1.6e-11, 0.35e-3, 7.8e5, damping=0.5)
    cell, inner = (4e-9, 4e-9, 1.2e-9), slice(14, -14)
    cells = of_cells(film, cell, 300.0, 0.977376)
    m = domain_magnetization(cells, cell, 300.0, 0.977376)
    engine = ThermalEngine(Layer(np.ones((25, 80), dtype=bool), cell, cells), 300.0, 3)
    engine.magnetization = np.broadcast_to([0.0, 0.0, 1.0], (25, 80, 3))
    engine.advance(200e-12)
    m_z = []
    for _ in range(120):
        engine.advance(4e-12)
        m_z.append(engine.magnetization[:, inner, 2].mean())
    assert 1 - m == pytest.approx(1 - np.mean(m_z), rel=0.06, abs=0)


@pytest.mark.parametrize("n_z", [1.0, 0.93])
def test_the_magnetisation_is_that_of_a_sum_over_waves(n_z):
    """Waves along ±x and ±y one by one; their amplitudes are correlated between neighbours."""
    dx, dy, dz = cell = (3e-9, 4e-9, 2e-9)
    demagnetizing = 4e-7 * np.pi * FILM.saturation_magnetization**2 / 2
    half = 1.380649e-23 * 300.0 / (2 * dx * dy * dz) / 64**2
    angles = [(2 * i - 63) * np.pi / 64 for i in range(64)]
    n = along_x = along_y = 0.0
    for _ in range(12):
        apart = ((n - along_x) / dx**2 + (n - along_y) / dy**2) / (1 / dx**2 + 1 / dy**2)
        uniform, before = FILM.anisotropy * (1 - 2 * n) - n_z * demagnetizing * (1 - n), n
        n = along_x = along_y = 0.0
        for p, q in itertools.product(angles, angles):
            bent = (2 - 2 * math.cos(p)) / dx**2 + (2 - 2 * math.cos(q)) / dy**2
            stiffness = uniform + FILM.exchange_stiffness * (1 - apart) * bent
            depth = math.hypot(p / dx, q / dy) * dz
            along = demagnetizing * (1 - before) * (1 - (1 - math.exp(-depth)) / depth)
            share = half * (1 / stiffness + 1 / (stiffness + along)) / 2
            n += share
            along_x += share * math.cos(p)
            along_y += share * math.cos(q)
    assert domain_magnetization(FILM, cell, 300.0, n_z) == pytest.approx(1 - n, abs=1e-8)


def test_the_film_of_its_cells_is_the_film():
    cell = (3e-9, 4e-9, 2e-9)
    cells = of_cells(FILM, cell, 350.0, 0.93)
    again = of_film(cells, cell, 350.0, 0.93)
    m = domain_magnetization(cells, cell, 350.0, 0.93)
    for name, power in (
        ("saturation_magnetization", 1),
        ("exchange_stiffness", 2),
        ("dmi_constant", 2),
        ("anisotropy", 3),
    ):
        parameter = getattr(FILM, name)
        assert getattr(again, name) == pytest.approx(parameter, rel=1e-7, abs=0)
        assert getattr(cells, name) == pytest.approx(parameter / m**power, rel=1e-7, abs=0)
    assert cells.damping == 0.5


def test_a_film_that_is_not_perpendicular_is_refused():
    low = replace(FILM, anisotropy=0.8e6)
    with pytest.raises(ValueError, match="at 600 K the film is not perpendicular; raise"):
        of_film(low, (3e-9, 3e-9, 2e-9), 600.0)
