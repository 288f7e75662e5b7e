"""Films whose parameters vary from cell to cell, and what they do, in double precision."""

from dataclasses import dataclass

import numpy as np

from wallnet.film.cells import Cells
from wallnet.film.terms import Layer, LocalTerm, Terms

CELL = (3e-9, 2e-9, 1.5e-9)

MATERIAL = Terms(
    saturation_magnetization=1.1e6,
    exchange_stiffness=2e-11,
    dmi_constant=-1.3e-3,
    anisotropy=1e6,
    anisotropy_axis=(0.6, 0.0, 0.8),
    external_field=(2e4, -1e4, 3e4),
    damping=0.3,
)


@dataclass(frozen=True)
class Askew(LocalTerm):
    """w = a m_x m_y m_z + b (m_x⁴ + 2 m_y⁴), which has no symmetry and is not linear in m."""

    a: float
    b: float
    name = "askew"

    @staticmethod
    def energy_density(x, y, z, a, b):
        return a * x * y * z + b * (x**4 + 2 * y**4)

    @staticmethod
    def negative_gradient(x, y, z, a, b):
        return -(a * y * z + 4 * b * x**3), -(a * x * z + 8 * b * y**3), -(a * x * y)


def directions(shape, rng):
    """Return random unit vectors, (*shape, 3)."""
    m = rng.normal(size=(*shape, 3))
    return m / np.linalg.norm(m, axis=-1, keepdims=True)


def random_shapes(shape, rng):
    """Return filled parts of cells, 4 × 4: whole ones, and others down to an eighth."""
    shapes = np.ones((*shape, 4, 4), dtype=bool)
    for row, column in zip(*np.nonzero(rng.random(shape) < 0.5), strict=True):
        filled = np.add.outer(np.arange(4), np.arange(4)) < rng.integers(2, 6)
        filled[0, 1] &= rng.random() < 0.5
        shapes[row, column] = np.rot90(filled, rng.integers(4))
    shapes[shapes.sum(axis=(2, 3)) < 2] = True
    corner = np.argwhere(shapes.sum(axis=(2, 3)) < 16)[0]
    shapes[tuple(corner)] = False
    shapes[tuple(corner)][0, :2] = True
    return shapes


def random_film(shape=(7, 9), seed=3, terms=MATERIAL, turned=True, damping=True, smooth=True):
    """Return a film in which all parameters are random.

    `turned`: cells have axes and spin currents of their own; `damping`: so has α; `smooth`: cells
    are partly filled, and faces partly open.
    """
    rng = np.random.default_rng(seed)
    rows, columns = shape
    mask = rng.random(shape) > 0.15

    def between(low, high, shape=shape):
        return rng.uniform(low, high, shape)

    parameters = {
        "saturation_magnetization": between(0.7, 1.2),
        "exchange_stiffness": between(0.5, 1.5),
        "dmi_constant": between(0.3, 1.4),
        "anisotropy": between(0.8, 1.2),
        "thickness": between(0.9, 1.1),
        "bond_x": between(0.5, 1, (rows, columns - 1)),
        "bond_y": between(0.5, 1, (rows - 1, columns)),
    }
    if damping:
        parameters["damping"] = between(0.5, 2)
    if turned:
        parameters["axis"] = directions(shape, rng)
        parameters["polarized"] = rng.normal(size=(3, *shape))
    if smooth:
        parameters["open_x"] = between(0.1, 1, (rows, columns - 1))
        parameters["open_y"] = between(0.1, 1, (rows - 1, columns))
        parameters["shapes"] = random_shapes(shape, rng)
    return Layer(mask, CELL, terms, cells=Cells(mask, **parameters))


def rate(m, layer, field, torque=None):
    """Return dm/dt of the Gilbert equation in 1/s, with the torque of a current if there is one.

    It is solved by hand from the parameters of the cells in SI units; m and the field in A/m are
    (rows, columns, 3).
    """
    cells, terms = layer.cells, layer.terms
    along = -np.cross(m, field) if terms.precession else -0.0 * m
    damping = (terms.damping * cells.damping * np.ones(layer.mask.shape))[..., None]
    if torque is not None:
        mu0, hbar, e = 4e-7 * np.pi, 1.0545717e-34, 1.6021765e-19
        sheet = layer.cell[2] * cells.thickness
        sheet = sheet * terms.saturation_magnetization * cells.saturation_magnetization
        beta = hbar * torque.current_density / (mu0 * e * sheet * np.ones(layer.mask.shape))
        spins = np.broadcast_to(torque.direction, m.shape)
        if cells.polarized is not None:
            spins = np.moveaxis(cells.polarized, 0, -1)
        size = np.linalg.norm(spins, axis=-1)
        squared = torque.slonczewski_lambda**2
        angle = (m * spins).sum(axis=-1) / size
        efficiency = torque.polarization * squared / (squared + 1 + (squared - 1) * angle)
        along = along + (beta * efficiency)[..., None] * np.cross(np.cross(m, spins), m)
        along -= (beta * torque.field_like)[..., None] * np.cross(m, spins)
    moved = (along + damping * np.cross(m, along)) / (1 + damping**2)
    if not terms.precession:
        moved = -damping / (1 + damping**2) * np.cross(m, np.cross(m, field))
    return terms.gyromagnetic_ratio * moved * layer.free[..., None]
