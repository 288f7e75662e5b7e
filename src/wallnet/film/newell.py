"""Demagnetising tensor between the cells of a single layer.

Near cells use the exact formulas of Newell, Williams and Dunlop, J. Geophys. Res. 98, 9551 (1993).
For far cells, these formulas lose digits to cancellation. Far cells use the dipole tensor, averaged
over both cells with a rule that is exact to fifth order in cell size over distance.
"""

import itertools
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Cell = tuple[float, float, float]
"""Edges of a cell along x, y, z in m."""

FAR = 12.0
"""Distance, in units of the largest cell edge, beyond which the averaged dipole tensor is used. At
this distance, it and the exact formula agree to 1e-11 (tested)."""

REACH = 48
"""Number of offsets along each axis that `stencil` takes into account. Four times as many change
its coefficients by less than 3e-5."""

PREFERENCE = 0.3
"""How strongly `stencil` prefers slow waves. With 0 it consists of the tensor's entries. With 1 and
more, the film of low damping oscillates between two evaluations of the rest."""


def _arcsinh(x: NDArray, squared: NDArray) -> NDArray:
    """Return arcsinh(x/√squared); where that is not defined zero, like the factor before it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(squared > 0, np.arcsinh(x / np.sqrt(squared)), 0.0)


def _arctan(x: NDArray, y: NDArray) -> NDArray:
    """Return arctan(x/y); where that is not defined zero, like the factor before it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y != 0, np.arctan(x / y), 0.0)


def _f(x: NDArray, y: NDArray, z: NDArray) -> NDArray:
    """Return Newell's f, which is even in all its arguments."""
    x, y, z = np.abs(x), np.abs(y), np.abs(z)
    xx, yy, zz = x * x, y * y, z * z
    r = np.sqrt(xx + yy + zz)
    terms = y * (zz - xx) / 2 * _arcsinh(y, xx + zz)
    terms += z * (yy - xx) / 2 * _arcsinh(z, xx + yy)
    terms -= x * y * z * _arctan(y * z, x * r)
    return terms + (2 * xx - yy - zz) * r / 6


def _g(x: NDArray, y: NDArray, z: NDArray) -> NDArray:
    """Return Newell's g, which is odd in x and y, and even in z."""
    z = np.abs(z)
    xx, yy, zz = x * x, y * y, z * z
    r = np.sqrt(xx + yy + zz)
    terms = x * y * z * _arcsinh(z, xx + yy)
    terms += y / 6 * (3 * zz - yy) * _arcsinh(x, yy + zz)
    terms += x / 6 * (3 * zz - xx) * _arcsinh(y, xx + zz)
    terms -= z**3 / 6 * _arctan(x * y, z * r)
    terms -= z * yy / 2 * _arctan(x * z, y * r)
    terms -= z * xx / 2 * _arctan(y * z, x * r)
    return terms - x * y * r / 3


def _second_differences(
    function: Callable[..., NDArray], x: NDArray, y: NDArray, z: NDArray, cell: Cell
) -> NDArray:
    """Sum a function over the 27 corner differences of two equal cells."""
    dx, dy, dz = cell
    total = np.zeros_like(x)
    weight = {-1: -1.0, 0: 2.0, 1: -1.0}
    for (i, wi), (j, wj), (k, wk) in itertools.product(weight.items(), repeat=3):
        total += wi * wj * wk * function(x + i * dx, y + j * dy, z + k * dz)
    return total / (4 * np.pi * dx * dy * dz)


def exact(x: NDArray, y: NDArray, cell: Cell) -> NDArray:
    """Return the tensor between two cells of one layer by Newell's formulas, (4, ...).

    It is Nxx, Nyy, Nzz, Nxy, dimensionless; H = -N M. The offsets between the cells' centres and
    the edges of a cell have the same unit.
    """
    z = np.zeros_like(x)
    dx, dy, dz = cell
    xx = _second_differences(_f, x, y, z, (dx, dy, dz))
    yy = _second_differences(_f, y, x, z, (dy, dx, dz))
    zz = _second_differences(_f, z, y, x, (dz, dy, dx))
    xy = _second_differences(_g, x, y, z, (dx, dy, dz))
    return np.stack([xx, yy, zz, xy])


def averaged_dipole(x: NDArray, y: NDArray, cell: Cell) -> NDArray:
    """Return the tensor between two distant cells: the dipole tensor averaged over both.

    The difference of two points, each uniform in a cell, has a triangular distribution along each
    edge h, with second moment h²/6 and fourth moment h⁴/15. Three nodes reproduce both moments.
    Units and shapes are those of `exact`.
    """
    node = np.sqrt(0.4)
    rule = ((-node, 5 / 24), (0.0, 7 / 12), (node, 5 / 24))
    totals = np.zeros((4, *x.shape))
    for (i, wi), (j, wj), (k, wk) in itertools.product(rule, repeat=3):
        px, py, pz = x + i * cell[0], y + j * cell[1], k * cell[2]
        squared = px * px + py * py + pz * pz
        scale = wi * wj * wk * cell[0] * cell[1] * cell[2] / (4 * np.pi) / squared**2.5
        totals[0] += scale * (squared - 3 * px * px)
        totals[1] += scale * (squared - 3 * py * py)
        totals[2] += scale * (squared - 3 * pz * pz)
        totals[3] += scale * (-3 * px * py)
    return totals


def tensor(columns: int, rows: int, cell: Cell) -> NDArray:
    """Return the tensor for all offsets of 0 to `columns` - 1 and 0 to `rows` - 1 cells.

    It is Nxx, Nyy, Nzz, Nxy, dimensionless, (4, rows, columns).
    """
    # lengths in units of the smallest edge, so that no term under- or overflows
    unit = min(cell)
    edges = (cell[0] / unit, cell[1] / unit, cell[2] / unit)
    y, x = np.meshgrid(np.arange(rows) * edges[1], np.arange(columns) * edges[0], indexing="ij")
    near = x * x + y * y <= (FAR * max(edges)) ** 2
    parts = np.empty((4, rows, columns))
    parts[:, near] = exact(x[near], y[near], edges)
    parts[:, ~near] = averaged_dipole(x[~near], y[~near], edges)
    return parts


@lru_cache(maxsize=8)
def own(cell: Cell) -> NDArray[np.float64]:
    """Return Nxx, Nyy and Nzz of a cell itself, (3,)."""
    return tensor(1, 1, cell)[:3, 0, 0]


def strip_demagnetization(width: float, thickness: ArrayLike) -> NDArray[np.float64]:
    """Return N_z of an endless strip with edges in m (Aharoni, J. Appl. Phys. 83, 3432 (1998))."""
    p = np.asarray(thickness) / width
    logarithms = (1 - p**2) / (2 * p) * np.log1p(p**2) + p * np.log(p)
    return (logarithms + 2 * np.arctan(1 / p)) / np.pi


def for_convolution(part: NDArray, shape: tuple[int, int], odd: bool) -> NDArray[np.float64]:
    """Arrange a component of the tensor for a cyclic convolution, with negative offsets at the end.

    `part` has the rows and columns of offsets that are not negative, and `shape` at least
    2·rows - 1 and 2·columns - 1. An odd component changes sign with x and with y, as Nxy does.
    """
    rows, columns = part.shape
    sign = -1.0 if odd else 1.0
    whole = np.zeros(shape)
    whole[:rows, :columns] = part
    whole[:rows, shape[1] - columns + 1 :] = sign * part[:, :0:-1]
    whole[shape[0] - rows + 1 :, :columns] = sign * part[:0:-1]
    whole[shape[0] - rows + 1 :, shape[1] - columns + 1 :] = part[:0:-1, :0:-1]
    return whole


@lru_cache(maxsize=8)
def stencil(cell: Cell) -> NDArray[np.float64]:
    """Return the coefficients of five cells that replace the tensor of an unbounded layer best.

    The engine evaluates the stencil at every stage of a step, and what it leaves out less often.
    The response of this rest to slow motion has to be weak: its extrapolation in time becomes
    unstable otherwise. The coefficients minimise the squared difference of the two transforms,
    summed over wave vectors k with the weight (1 + `PREFERENCE` |k|² dx dy)⁻². They are, for Nxx,
    Nyy and Nzz, that of the cell itself, of each of its neighbours along x, and of each along y,
    (3, 3).
    """
    offsets = np.arange(REACH)
    phases = (2 * offsets + 1 - REACH) * np.pi / REACH  # of neighbours, for all wave vectors
    waves = np.where(offsets > 0, 2.0, 1.0) * np.cos(np.outer(phases, offsets))
    along_y, along_x = np.meshgrid(phases, phases, indexing="ij")
    ratio = cell[1] / cell[0]
    weight = (1 + PREFERENCE * (along_x**2 * ratio + along_y**2 / ratio)) ** -2
    basis = np.stack([np.ones_like(along_x), 2 * np.cos(along_x), 2 * np.cos(along_y)])
    # einsum: sums of a matrix product depend on the number of threads in their last digits
    along_rows = np.einsum("ka,iab->ikb", waves, tensor(REACH, REACH, cell)[:3])
    transforms = np.einsum("ikb,lb->ikl", along_rows, waves)
    matrix = np.einsum("ikl,jkl,kl->ij", basis, basis, weight)
    projections = np.einsum("ikl,jkl,kl->ij", basis, transforms, weight)
    return np.asarray(np.linalg.solve(matrix, projections).T, dtype=np.float64)
