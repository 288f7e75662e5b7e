"""A film at a temperature, compared with mumax3's tests and with exact and independent values."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

from wallnet.constants import BOLTZMANN, VACUUM_PERMEABILITY
from wallnet.film.terms import Cell, Layer, Terms
from wallnet.film.thermal import ThermalEngine
from wallnet.validation import Curves, Rows, material, row
from wallnet.validation.standard_problems import MUMAX_GAMMA


class _Macrospin:
    """The Fokker-Planck equation of a uniaxial moment about its axis, by finite volumes in m_z.

    The terms of its cell have neither exchange nor stray field.
    """

    def __init__(self, cell: Cell, terms: Terms, temperature: float) -> None:
        edges = np.linspace(-1, 1, 1201)
        m_z = (edges[1:] + edges[:-1]) / 2
        barrier = terms.anisotropy * math.prod(cell) / (BOLTZMANN * temperature)
        moment = VACUUM_PERMEABILITY * terms.saturation_magnetization * math.prod(cell)
        flow = terms.damping * terms.rate * BOLTZMANN * temperature / moment
        flow /= (edges[1] - edges[0]) ** 2
        # Boltzmann's density, at the top of the barrier 1
        density = np.exp(barrier * m_z**2)
        faces = flow * (1 - edges[1:-1] ** 2) * np.exp(barrier * edges[1:-1] ** 2)
        leaving = (np.append(faces, 0) + np.append(0, faces)) / density
        self.rates, modes = eigh_tridiagonal(
            leaving, -faces / np.sqrt(density[1:] * density[:-1]), select="i", select_range=(0, 30)
        )
        # from the centres of the volumes to both ends
        ends = np.array([[1.5, -0.5]])
        left = modes / np.sqrt(density)[:, None]
        self._points = np.concatenate([[-1.0], m_z, [1.0]])
        self._left = np.concatenate([ends @ left[:2], left, ends @ left[:-3:-1]])
        self._means = m_z @ (modes * np.sqrt(density)[:, None])

    def mean_after(self, duration: float) -> float:
        """Return ⟨m_z⟩ for moments that were all along +z a duration in s before."""
        return float(self._means @ (self._left[-1] * np.exp(-self.rates * duration)))

    def escape_rate(self, m_z: NDArray[np.floating], duration: float) -> float:
        """Return the rate in 1/s at which the slowest mode has decayed from the start along +z."""
        mode = self._left[:, 1] / self._left[-1, 1]
        return -math.log(np.interp(m_z, self._points, mode).mean()) / duration


def _film(
    shape: tuple[int, int], cell: Cell, terms: Terms, temperature: float, seed: int
) -> ThermalEngine:
    """Return a film magnetised along +z."""
    engine = ThermalEngine(Layer(np.ones(shape, dtype=bool), cell, terms), temperature, seed)
    engine.magnetization = material.uniform(shape, (0, 0, 1))
    return engine


def _macrospins() -> Rows:
    """Yield the rows of cells without exchange and stray field."""
    cell, temperature, duration = (10e-9, 10e-9, 10e-9), 100.0, 5e-9
    terms = Terms(
        1e6, anisotropy=2.5e3, stray_field=False, damping=0.1, gyromagnetic_ratio=MUMAX_GAMMA
    )
    engine = _film((1200, 1200), cell, terms, temperature, 1)
    engine.advance(duration)
    mean = float(engine.average()[2])
    yield row("thermal-mean", mean)
    exact = _Macrospin(cell, terms, temperature).mean_after(duration)
    yield row("thermal-mean-exact", mean, reference=exact)
    cell, temperature, duration = (3e-9, 3e-9, material.THICKNESS), 300.0, 400e-12
    ku = 5 * BOLTZMANN * temperature / math.prod(cell)
    terms = replace(material.LOCAL, exchange_stiffness=0, dmi_constant=0, anisotropy=ku)
    terms = replace(terms, damping=0.5)
    macrospin = _Macrospin(cell, terms, temperature)
    engine = _film((400, 900), cell, terms, temperature, 1)
    engine.advance(duration)
    rate = macrospin.escape_rate(engine.magnetization[..., 2], duration)
    yield row("thermal-escape", rate, reference=float(macrospin.rates[1]))


def _spin_temperature() -> Rows:
    """Yield the row of the spin temperature with exchange, anisotropy and stray field."""
    terms = Terms(580e3, 15e-12, anisotropy=0.6e6, damping=0.1, gyromagnetic_ratio=MUMAX_GAMMA)
    engine = _film((128, 128), (4e-9, 4e-9, 4e-9), terms, 177.0, 2)
    engine.advance(100e-12)
    temperatures = []
    for _ in range(40):
        engine.advance(2.5e-12)
        temperatures.append(engine.spin_temperature())
    yield row("spin-temperature", float(np.mean(temperatures)))


def _slight_fluctuations() -> Rows:
    """Yield the row of the mean magnetisation of a film at room temperature."""
    terms = replace(material.FILM, stray_field=False, damping=0.5)
    reductions = []
    for seed in range(8):
        engine = _film((64, 64), (3e-9, 3e-9, material.THICKNESS), terms, 300.0, seed)
        engine.advance(100e-12)
        for _ in range(60):
            engine.advance(3e-12)
            reductions.append(1 - engine.average()[2])
    yield row("thermal-film", float(np.mean(reductions)))


def _beside_oommf() -> Rows:
    """Yield the row of a strip with stray field, a wall and a pulse."""
    terms = replace(material.FILM, damping=0.5)
    start = material.wall((10, 50), 3e-9, 70e-9)
    reductions = []
    for seed in range(40):
        engine = _film(start.shape[:2], (3e-9, 3e-9, material.THICKNESS), terms, 300.0, seed)
        engine.magnetization = start
        for torque in (material.torque(0.15e12), None):
            engine.set_torque(torque)
            for _ in range(10):
                engine.advance(20e-12)
                if engine.time > 50e-12:
                    domains = engine.magnetization[:, [*range(2, 10), *range(40, 48)], 2]
                    reductions.append(1 - np.abs(domains.mean(axis=0)).mean())
    yield row("thermal-strip", float(np.mean(reductions)))


def _spread_of_the_model(
    terms: Terms, section: float, temperature: float, duration: float
) -> float:
    """Return the mean-square displacement in m² of the one-dimensional model.

    The wall's position q and its angle φ obey, linear in φ,

        α q̇/Δ + φ̇ = ξ_q/G,  α Δ φ̇ - q̇ = (ξ_φ - κ φ)/G,  G = 2 μ0 Ms S/γ0,  κ = π D S

    with the section S of the strip. Integrating the first with the variance of φ in equilibrium,
    k_B T/κ, gives the expression below.
    """
    energy = BOLTZMANN * temperature
    ratio = VACUUM_PERMEABILITY * terms.saturation_magnetization / terms.gyromagnetic_ratio
    turning = 2 * ratio * section
    stiffness = math.pi * terms.dmi_constant * section
    lag = (1 + terms.damping**2) * turning * material.WIDTH / (terms.damping * stiffness)
    drift = terms.damping * duration / (material.WIDTH * turning)
    confined = -math.expm1(-duration / lag) / stiffness
    return 2 * energy * (material.WIDTH / terms.damping) ** 2 * (drift - confined)


def _wandering_walls() -> Rows:
    """Yield the row of walls on separate strips, side by side in one film."""
    cell, rows, columns, strips = 3e-9, 10, 66, 400
    temperature, duration = 300.0, 0.6e-9
    terms = replace(material.LOCAL, damping=0.5)
    mask = np.ones((strips * (rows + 1), columns), dtype=bool)
    mask[rows :: rows + 1] = False
    engine = ThermalEngine(Layer(mask, (cell, cell, material.THICKNESS), terms), temperature, 3)
    engine.magnetization = material.wall(mask.shape, cell, columns * cell / 2)

    def positions() -> NDArray[np.float64]:
        m_z = engine.magnetization[..., 2].reshape(strips, rows + 1, columns)[:, :rows]
        domains = np.abs(m_z[:, :, [5, -6]]).mean()
        return -m_z.mean(axis=(1, 2)) / domains * columns * cell / 2

    engine.advance(0.2e-9)
    before = positions()
    engine.advance(duration)
    section = rows * cell * material.THICKNESS
    reference = _spread_of_the_model(terms, section, temperature, duration)
    yield row("thermal-wall", float(np.mean((positions() - before) ** 2)), reference=reference)


def thermal(_curves: Curves) -> Rows:
    """Compare macrospins, a film and a wall at a temperature with exact and published values."""
    parts = (_macrospins, _spin_temperature, _slight_fluctuations, _beside_oommf, _wandering_walls)
    for part in parts:
        yield from part()
