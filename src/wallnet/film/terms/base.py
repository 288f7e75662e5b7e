"""Base classes of terms: coefficients, bounds of the time step, fields in double precision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.film.constants import VACUUM_PERMEABILITY
from wallnet.film.newell import Cell

Mask = NDArray[np.bool_]
"""Mask of cells, (rows, columns); row 0 is the lower edge, column 0 the left one."""


@dataclass(frozen=True)
class Layer:
    """A single layer of equal cells."""

    cell: Cell
    saturation_magnetization: float
    """Ms in A/m."""
    mask: Mask
    """Mask of magnetic cells."""

    @property
    def polarization(self) -> float:
        """μ0 Ms in T."""
        return VACUUM_PERMEABILITY * self.saturation_magnetization


class Stiffness(NamedTuple):
    """Fields of a term per unit of m, in A/m, which bound the time step; fields of terms add up."""

    symmetric: NDArray[np.float64] = np.zeros(2)
    """Coupling to a neighbour along x and along y, with equal sign for the two neighbours."""
    antisymmetric: NDArray[np.float64] = np.zeros(2)
    """The same with opposite sign."""
    lowest: float = 0.0
    """Smallest of all other changes of the field with m, in a single cell or in the worst pattern
    of cells."""
    highest: float = 0.0
    """Largest of them."""
    uniform: NDArray[np.float64] = np.zeros((3, 3))
    """Field of a uniformly magnetised film, in which moments turn independently."""
    torque: float = 0.0
    """Largest field that does not derive from an energy."""


class Contribution:
    """Base class of energy terms and torques, which act on m."""

    def coefficients(self, layer: Layer) -> Mapping[str, ArrayLike]:
        """Return the values to add to `loops.PARAMETERS`, by name."""
        return {}

    def uniform_field(self, layer: Layer) -> NDArray[np.float64]:
        """Return the part of the field in A/m that is uniform and does not depend on m."""
        return np.zeros(3)

    def stiffness(self, layer: Layer) -> Stiffness:
        """Return the bounds of this contribution on the time step."""
        return Stiffness()


class Term(Contribution):
    """One term of the energy; H = -1/(μ0 Ms) δE/δm."""

    name: ClassVar[str]
    """Name of the term in `Energy`."""

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:
        """Return H in A/m in double precision.

        Parameters
        ----------
        m : ndarray (rows, columns, 3)
            Unit vectors; zero in empty cells.
        layer : Layer
            The layer of these cells.

        Returns
        -------
        ndarray (rows, columns, 3)
            H in A/m; arbitrary in empty cells.
        """
        raise NotImplementedError

    def density(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:
        """Return the energy density in J/m³, (rows, columns): -μ0 Ms m·H/2, if quadratic in m."""
        return -layer.polarization / 2 * np.einsum("ijk,ijk->ij", m, self.field(m, layer))
