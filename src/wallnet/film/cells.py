"""Parameters that vary from cell to cell, relative to those of the film's base material.

A cell may be partly filled, thicker or thinner, and have a material of its own. Each bond of two
neighbours has one energy, so that the field, which is divided by the moment of each cell, is the
gradient of the energy. With A and D of the cells times their thickness t, a bond has

    A_ij = 2 A_i A_j/(A_i + A_j),  D_ij = (A_j D_i + A_i D_j)/(A_i + A_j)

times the open share of the face between them. This D_ij keeps 2A ∂m/∂n with its DMI term
continuous at a boundary (Heistracher et al., 2021, arXiv:2107.07855, for A).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet.film.newell import Cell
from wallnet.film.partial import Near, near_terms

Array = NDArray[np.float64]
Value = Array | float
"""A number, or an array of cells (rows, columns)."""


class Pair(NamedTuple):
    """Bonds of all cells with the next one along an axis, relative to the base material."""

    exchange: Value
    dmi: Value
    moments: Value
    """Product of both moments."""


def reduced(values: Array, chosen: NDArray[np.bool_]) -> Value:
    """Return values of cells: their number if it is the same in all chosen cells."""
    if not chosen.any():
        return 0.0
    first = values[chosen][0]
    return float(first) if (values[chosen] == first).all() else values


def shifted(value: Value, axis: int) -> Value:
    """Return the value of the cell before each cell along an axis, or 0; a number stays."""
    if np.ndim(value) == 0:
        return value
    result = np.zeros_like(value)
    np.moveaxis(result, axis, 0)[1:] = np.moveaxis(np.asarray(value), axis, 0)[:-1]
    return result


@dataclass(frozen=True, eq=False)
class Cells:
    """Parameters of cells, each an array (rows, columns) relative to the base material.

    Attributes
    ----------
    mask : bool array (rows, columns)
        Mask of magnetic cells; values of other cells do not count.
    saturation_magnetization, exchange_stiffness, dmi_constant, anisotropy, damping, thickness
        Ms, A, D, Ku, α and the thickness; 1 where not given.
    axis : ndarray (rows, columns, 3), optional
        Axis of the anisotropy, unit vectors; that of the base material if not given.
    polarized : ndarray (3, rows, columns), optional
        Polarisation of the spin current times its size, relative to that of the whole film.
    open_x, open_y : ndarray (rows, columns - 1) and (rows - 1, columns), optional
        Open share of the faces between neighbours along x and along y; the smaller share of their
        filled parts if not given.
    bond_x, bond_y : ndarray, optional
        Factors of A and D of these bonds, as at boundaries of grains.
    shapes : ndarray (rows, columns, parts, parts), optional
        Filled share of each part of a cell, along y and x; cells are whole if not given.
    """

    mask: NDArray[np.bool_]
    saturation_magnetization: Array | float = 1.0
    exchange_stiffness: Array | float = 1.0
    dmi_constant: Array | float = 1.0
    anisotropy: Array | float = 1.0
    damping: Array | float = 1.0
    thickness: Array | float = 1.0
    axis: Array | None = None
    polarized: Array | None = None
    open_x: Array | None = None
    open_y: Array | None = None
    bond_x: Array | float = 1.0
    bond_y: Array | float = 1.0
    shapes: NDArray[np.float32] | None = field(default=None, repr=False)

    def of(self, name: str) -> Array:
        """Return a parameter in all cells; 1 in empty ones."""
        return np.where(self.mask, getattr(self, name), 1.0)

    def value(self, name: str) -> Value:
        """Return what `of` returns: a number if it is the same in all cells."""
        if name not in self._values:
            self._values[name] = reduced(self.of(name), self.mask)
        return self._values[name]

    @cached_property
    def _values(self) -> dict[str, Value]:
        return {}

    @property
    def uniform(self) -> bool:
        """Whether all cells are those of the base material."""
        parameters = (own for own in fields(self) if own.name != "mask")
        return all(getattr(self, own.name) is own.default for own in parameters)

    @property
    def differ_in_material(self) -> bool:
        """Whether cells have a material of their own alone: no shape, thickness or current."""
        others = (self.shapes, self.open_x, self.open_y, self.polarized)
        factors = (self.of("thickness"), self.bond_x, self.bond_y)
        equal = all(np.all(np.asarray(values) == 1) for values in factors)
        return equal and all(values is None for values in others)

    @cached_property
    def filled(self) -> Array:
        """Share of each cell that is filled; 0 in empty cells."""
        share = 1.0 if self.shapes is None else self.shapes.mean(axis=(2, 3), dtype=np.float64)
        return np.where(self.mask, share, 0.0)

    @cached_property
    def moment(self) -> Array:
        """Moment of each cell, 0 in empty ones."""
        return self.filled * self.of("saturation_magnetization") * self.of("thickness")

    @cached_property
    def inverse_moment(self) -> Array:
        """Inverse of the moment of each cell, 0 in empty ones."""
        return np.divide(1.0, self.moment, out=np.zeros_like(self.moment), where=self.mask)

    @cached_property
    def local_anisotropy(self) -> Array:
        """Field of the anisotropy of each cell: Ku/Ms."""
        return self.of("anisotropy") / self.of("saturation_magnetization")

    def torque(self, direction: tuple[float, float, float]) -> Array:
        """Return size and direction of the spin torque as a field, (3, rows, columns).

        `direction` is that of the spins where `polarized` does not tell it.
        """
        sheet = self.of("saturation_magnetization") * self.of("thickness")
        return np.asarray(self.spins(direction) / sheet * self.mask)

    def spins(self, direction: tuple[float, float, float]) -> Array:
        """Return the polarisation relative to that of the film, (3, 1, 1) or (3, rows, columns)."""
        return np.array(direction)[:, None, None] if self.polarized is None else self.polarized

    @cached_property
    def noise(self) -> Array:
        """Standard deviation of the thermal field of each cell, √(α/moment)."""
        return np.sqrt(self.of("damping") * self.inverse_moment)

    @cached_property
    def bonds(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Energies of the bonds along x and along y: of exchange and DMI, relative to A and D."""
        stiffness = self.of("exchange_stiffness") * self.of("thickness")
        dmi = self.of("dmi_constant") * self.of("thickness")
        pairs = []
        for axis, share, factor in (1, self.open_x, self.bond_x), (0, self.open_y, self.bond_y):
            a, d, filled = (
                np.moveaxis(values, axis, 0) for values in (stiffness, dmi, self.filled)
            )
            mask = np.moveaxis(self.mask, axis, 0)
            total = a[:-1] + a[1:]
            # share of the second cell; the mean of D where neither has exchange
            second = np.divide(a[1:], total, out=np.full_like(total, 0.5), where=total > 0)
            area = np.minimum(filled[:-1], filled[1:])
            if share is not None:
                area = np.moveaxis(share, axis, 0) * (mask[:-1] & mask[1:])
            if np.ndim(factor):
                factor = np.moveaxis(np.asarray(factor), axis, 0)
            exchange = 2 * a[:-1] * second * area * factor
            antisymmetric = (second * d[:-1] + (1 - second) * d[1:]) * area * factor
            pairs.append((np.moveaxis(exchange, 0, axis), np.moveaxis(antisymmetric, 0, axis)))
        return pairs[0], pairs[1]

    @cached_property
    def strongest_torque(self) -> float:
        """Largest size of the spin torque as a field; at least 1."""
        spins = np.linalg.norm(self.torque((0.0, 1.0, 0.0)), axis=0)
        return max(1.0, float(spins.max()))

    @cached_property
    def pairs(self) -> tuple[Pair, Pair]:
        """Bonds along x and along y, as numbers where all are equal; 0 at the last cell."""
        low, high = slice(None, -1), slice(1, None)
        sides: list[tuple[Any, Any]] = [((..., low), (..., high)), (low, high)]
        pairs = []
        for (before, after), bonds in zip(sides, self.bonds, strict=True):
            both = np.zeros_like(self.mask)
            both[before] = self.mask[before] & self.mask[after]
            arrays = np.zeros((3, *self.mask.shape))
            values = (*bonds, self.moment[before] * self.moment[after])
            for array, value in zip(arrays, values, strict=True):
                array[before] = value
            pairs.append(Pair(*(reduced(array, both) for array in arrays)))
        return pairs[0], pairs[1]

    def stiffest(self, couplings: Sequence[tuple[float, float]]) -> float:
        """Return a bound of the stiffness of all bonds in A/m.

        `couplings` are the fields of exchange and DMI of a bond of the base material, along x and
        along y. The circles of Gershgorin bound the eigenvalues of the symmetric matrix, which is
        nearly reached by a mode that alternates from cell to cell.
        """
        total: Value = 0.0
        inverse = self.value("inverse_moment")
        for axis, (exchange, dmi), pair in zip((1, 0), couplings, self.pairs, strict=True):
            # the root of the product of both inverse moments
            mixed = np.hypot(exchange * pair.exchange, dmi * pair.dmi)
            mixed = mixed / np.sqrt(np.where(np.equal(pair.moments, 0), 1.0, pair.moments))
            diagonal = exchange * pair.exchange
            total += inverse * (diagonal + shifted(diagonal, axis)) + mixed + shifted(mixed, axis)
        return float(np.max(total))

    def near(self, cell: Cell) -> Near:
        """Return what the shapes of partly filled cells and the thickness add to the stray field.

        The edges of a cell are in m.
        """
        if cell not in self._near:
            self._near[cell] = near_terms(
                self.mask,
                self.filled,
                self.shapes,
                self.of("saturation_magnetization"),
                self.of("thickness"),
                cell,
            )
        return self._near[cell]

    @cached_property
    def _near(self) -> dict[Cell, Near]:
        return {}
