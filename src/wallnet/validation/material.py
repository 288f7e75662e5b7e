"""The film of the paper, for checks on devices like those of the campaign."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wallnet.config.calculators import FilmSettings as Settings
from wallnet.constants import ELEMENTARY_CHARGE, REDUCED_PLANCK, VACUUM_PERMEABILITY
from wallnet.film.core import Engine, Tolerances
from wallnet.film.energy import Landscape
from wallnet.film.minima import minimize
from wallnet.film.terms import Cell, Layer, Mask, SpinTorque, Terms

THICKNESS = 2e-9
POLARIZATION = 0.4

FILM = Terms(
    saturation_magnetization=1.1e6,
    exchange_stiffness=2e-11,
    dmi_constant=1e-3,
    anisotropy=1e6,
    damping=0.3,
    gyromagnetic_ratio=2.211e5,
)
"""Table I of the paper; its damping fits the stated velocity."""

STIFFNESS = FILM.anisotropy - VACUUM_PERMEABILITY * FILM.saturation_magnetization**2 / 2
"""K_eff = Ku - μ0 Ms²/2 in J/m³."""

WIDTH = math.sqrt(FILM.exchange_stiffness / STIFFNESS)
"""Δ = √(A/K_eff) in m."""

LOCAL = replace(FILM, anisotropy=STIFFNESS, stray_field=False)
"""The same film with the stray field replaced by its thin-film limit, a lower anisotropy."""

DEFAULT = Tolerances(**Settings().model_dump())
"""Default settings of the campaign."""

TIGHT = Tolerances(stray_field_tolerance=1e-6, frozen_change=0.0, time_step_fraction=0.5)
"""Settings without approximations."""


def started(
    start: NDArray[np.floating],
    cell: Cell,
    terms: Terms = FILM,
    tolerances: Tolerances = DEFAULT,
    mask: Mask | None = None,
) -> Engine:
    """Return the engine with an initial magnetisation, (rows, columns, 3); by default no holes."""
    whole = np.ones(start.shape[:2], dtype=bool)
    engine = Engine(Layer(whole if mask is None else mask, cell, terms), tolerances)
    engine.magnetization = start
    return engine


def relaxed(
    start: NDArray[np.floating], cell: Cell, terms: Terms, mask: Mask | None = None
) -> NDArray[np.float64]:
    """Return the minimum of the energy on from a state."""
    whole = np.ones(start.shape[:2], dtype=bool)
    return minimize(Landscape(Layer(whole if mask is None else mask, cell, terms)), start)[0]


def uniform(shape: tuple[int, int], direction: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return a uniform magnetisation along a direction."""
    vector = np.array(direction) / np.linalg.norm(direction)
    return np.broadcast_to(vector, (*shape, 3)).copy()


def torque(current_density: float) -> SpinTorque:
    """Return the paper's torque, with spins along +y, for a current density in A/m²."""
    return SpinTorque(current_density=current_density, polarization=POLARIZATION)


def torque_field(current_density: float) -> float:
    """Return h = β ε = ħ P J/(2 μ0 e t Ms) in A/m at Λ = 1."""
    return (
        REDUCED_PLANCK
        * POLARIZATION
        * current_density
        / (2 * VACUUM_PERMEABILITY * ELEMENTARY_CHARGE)
        / (THICKNESS * FILM.saturation_magnetization)
    )


def wall(
    shape: tuple[int, int], cell: float, start: float, width: float = WIDTH
) -> NDArray[np.float64]:
    """Return a Néel wall m = (-sech u, 0, tanh u), u = (x - start)/width, (rows, columns, 3)."""
    rows, columns = shape
    u = np.clip(((np.arange(columns) + 0.5) * cell - start) / width, -300, 300)
    row = np.stack([-1 / np.cosh(u), np.zeros_like(u), np.tanh(u)], axis=-1)
    return np.broadcast_to(row, (rows, columns, 3)).copy()


def crossing(profile: NDArray[np.floating], cell: float) -> float:
    """Return the position in m where m_z of a row of cells crosses zero, linearly interpolated."""
    index = int(np.flatnonzero((profile[:-1] < 0) & (profile[1:] >= 0))[0])
    share = profile[index] / (profile[index] - profile[index + 1])
    return float((index + 0.5 + share) * cell)
