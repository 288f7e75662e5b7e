"""Parameters that vary from cell to cell, relative to those of the film's base material.

A cell may be partly filled, thicker or thinner, and have a material of its own. Each bond of two
neighbours has one energy, so that the field, which is divided by the moment of each cell, is the
gradient of the energy. With A and D of the cells times their thickness t, a bond has

    A_ij = 2 A_i A_j/(A_i + A_j),  D_ij = (A_j D_i + A_i D_j)/(A_i + A_j)

times the open share of the face between them. This D_ij keeps 2A ∂m/∂n with its DMI term
continuous at a boundary (Heistracher et al., 2021, arXiv:2107.07855, for A).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wallnet.film.newell import Cell
from wallnet.film.partial import Near, near_terms

Array = NDArray[np.float64]


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
    def even(self) -> bool:
        """Whether all cells are full and have moment and thermal field of the base material."""
        ones = np.array([self.filled, self.moment, self.noise])[:, self.mask]
        return bool((ones == 1).all())

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
        spins = np.array(direction)[:, None, None] if self.polarized is None else self.polarized
        return np.asarray(spins / sheet * self.mask)

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

    def stiffest(self, couplings: Sequence[tuple[float, float]]) -> float:
        """Return a bound of the stiffness of all bonds in A/m.

        `couplings` are the fields of exchange and DMI of a bond of the base material, along x and
        along y. The circles of Gershgorin bound the eigenvalues of the symmetric matrix.
        """
        total = np.zeros(self.mask.shape)
        root = np.sqrt(self.inverse_moment)
        for axis, (exchange, dmi), (bond, turn) in zip((1, 0), couplings, self.bonds, strict=True):
            sums, inverse, roots = (
                np.moveaxis(values, axis, 0) for values in (total, self.inverse_moment, root)
            )
            bond, turn = (np.moveaxis(values, axis, 0) for values in (bond, turn))
            mixed = np.hypot(exchange * bond, dmi * turn) * roots[:-1] * roots[1:]
            sums[:-1] += exchange * bond * inverse[:-1] + mixed
            sums[1:] += exchange * bond * inverse[1:] + mixed
        return float(total.max())

    def local_bounds(self, anisotropy: float, stray: float, cell: Cell) -> tuple[float, float]:
        """Return bounds of the local field in A/m: of its change with m, and in a uniform film.

        The field of the base material's anisotropy and its Ms, or 0 without a stray field, are in
        A/m; the edges of a cell are in m.
        """
        easy = anisotropy * self.local_anisotropy[self.mask]
        demagnetizing = stray * self.of("saturation_magnetization")[self.mask]
        shape = stray * float(np.abs(self.near(cell).own).sum(axis=0).max()) if stray else 0.0
        highest, lowest = max(easy.max(), 0.0), min(easy.min(), 0.0) - demagnetizing.max()
        turning = np.abs(easy - demagnetizing / 2).max()
        return float(max(highest, -lowest)) + shape, float(turning) + shape

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
