"""A film cell by cell, and base classes of terms: coefficients, bounds of the time step, fields."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from wallnet.constants import VACUUM_PERMEABILITY
from wallnet.film import stability
from wallnet.film.cells import Cells, Value
from wallnet.film.newell import Cell

if TYPE_CHECKING:
    from wallnet.film.terms import Terms

Mask = NDArray[np.bool_]
"""Mask of cells, (rows, columns); row 0 is the lower edge, column 0 the left one."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A film as a single layer of equal cells, with all that depends on the cell.

    Engine, energy, minima and paths take the film from here. `terms` has the base material, and
    `cells` what varies from cell to cell, relative to it.

    Attributes
    ----------
    mask : bool array (rows, columns)
        Mask of magnetic cells; row 0 is the lower edge, column 0 the left one.
    cell : tuple of float
        Edges of a cell along x, y, z in m.
    terms : Terms
        Material, other terms of the energy, and dynamics.
    held : bool array (rows, columns), optional
        Mask of frozen spins.
    cells : Cells
        Parameters of the cells; those of the base material if not given.
    current_field : ndarray (3, rows, columns), optional
        Field in A/m that goes with the current, for each A/m² of a torque's current density.
    """

    mask: Mask
    cell: Cell
    terms: "Terms"
    held: Mask | None = None
    cells: Cells = None  # type: ignore[assignment]
    current_field: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.cells is None or (self.cells.uniform and self.cells.mask is not self.mask):
            object.__setattr__(self, "cells", Cells(self.mask))

    @classmethod
    def uniform(cls, cell: Cell, terms: "Terms") -> Self:
        """Return a small film with the bounds of every uniform film of such cells."""
        return cls(np.ones((2, 2), dtype=bool), cell, terms)

    @property
    def free(self) -> Mask:
        """Mask of magnetic cells that are not frozen."""
        return np.ascontiguousarray(self.mask if self.held is None else self.mask & ~self.held)

    @property
    def filled(self) -> NDArray[np.float64]:
        """Share of each cell that is filled, (rows, columns)."""
        return self.cells.filled

    def per_moment(self, field: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a field (rows, columns, 3) of bonds divided by the moment of each cell."""
        return field * self.cells.inverse_moment[..., None]

    @property
    def norm(self) -> NDArray[np.float64]:
        """Ms of each cell in A/m, 0 in empty ones, (rows, columns)."""
        shares = self.cells.of("saturation_magnetization")
        return np.where(self.mask, self.terms.saturation_magnetization * shares, 0.0)

    @property
    def saturation_induction(self) -> float:
        """μ0 Ms in T."""
        return VACUUM_PERMEABILITY * self.terms.saturation_magnetization

    @property
    def moment(self) -> float:
        """Moment of a filled cell times μ0, in T m³."""
        return self.saturation_induction * math.prod(self.cell)

    @property
    def axes(self) -> NDArray[np.float64]:
        """Axis of the anisotropy of each cell, (rows, columns, 3), or that of all cells, (3,)."""
        return np.array(self.terms.anisotropy_axis) if self.cells.axis is None else self.cells.axis

    @property
    def dampings(self) -> tuple[float, float]:
        """Lowest and highest α of all cells."""
        if np.ndim(value := self.cells.value("damping")) == 0:
            return (self.terms.damping * float(value),) * 2
        dampings = self.terms.damping * np.asarray(value)[self.mask]
        return float(dampings.min()), float(dampings.max())

    def rates(self, torque: "Torque | None" = None) -> tuple[float, float]:
        """Return bounds of the rates of the modes.

        Parameters
        ----------
        torque : Torque, optional
            Torque of the current, if any.

        Returns
        -------
        tuple of float
            Largest magnitude of λ of all modes, and of moments that turn independently, in 1/s;
            above zero even if nothing acts.
        """
        acting = [*self.terms.energy, *([torque] if torque else [])]
        bounds = zip(*(contribution.stiffness(self) for contribution in acting), strict=True)
        stiffness = Stiffness(*(sum(values[1:], values[0]) for values in bounds))
        uniform_field = float(
            np.linalg.norm(sum(contribution.uniform_field(self) for contribution in acting))
        )
        if torque is not None and self.current_field is not None:
            largest = np.linalg.norm(self.current_field, axis=0).max()
            uniform_field += abs(torque.current_density) * float(largest)
        couplings = list(zip(stiffness.symmetric, stiffness.antisymmetric, strict=True))
        others = uniform_field * self.cells.strongest_torque + stiffness.others
        local = max(np.max(stiffness.highest), -np.min(stiffness.lowest))
        turning = float(np.sqrt((stiffness.uniform**2).sum(axis=(-2, -1))).max())
        stiffest = self.cells.stiffest(couplings)
        # with precession, the lowest damping is the fastest; without it, that next to 1
        lowest, highest = self.dampings
        rate = max(
            self.terms.gyromagnetic_ratio / (1 + a**2) * math.hypot(self.terms.precession, a)
            for a in (lowest, min(max(lowest, 1.0), highest))
        )
        bound = float(stiffest + local + others)
        return max(rate * bound, 1e-300), max(rate * (turning + others), 1e-300)

    def time_step(self, torque: "Torque | None" = None) -> tuple[tuple[float, ...], float]:
        """Return the Runge-Kutta chain and its longest time step in s; see `stability.choose`."""
        precession, (stiffest, turning) = self.terms.precession, self.rates(torque)
        lowest, highest = self.dampings
        chosen = stability.choose(lowest, precession, stiffest, turning)
        if highest == lowest:
            return chosen
        # a chain is the least stable at one of both ends
        radius = stability.stability_radius(chosen[0], highest, precession)
        return chosen[0], min(chosen[1], radius / stiffest)


class Stiffness(NamedTuple):
    """Fields of a term per unit of m, in A/m, which bound the time step; fields of terms add up."""

    symmetric: NDArray[np.float64] = np.zeros(2)
    """Coupling to a neighbour along x and along y, with equal sign for the two neighbours."""
    antisymmetric: NDArray[np.float64] = np.zeros(2)
    """The same with opposite sign."""
    lowest: Value = 0.0
    """Smallest of all other changes of the field with m, in a single cell or in the worst pattern
    of cells."""
    highest: Value = 0.0
    """Largest of them."""
    uniform: NDArray[np.float64] = np.zeros((3, 3))
    """Field of a uniformly magnetised film, in which moments turn independently, (..., 3, 3)."""
    others: float = 0.0
    """Bound of fields that may add to all of these, as that of a torque."""


class Contribution:
    """Base class of energy terms and torques, which act on m."""

    def uniform_field(self, layer: Layer) -> NDArray[np.float64]:
        """Return the part of the field in A/m that is uniform and does not depend on m."""
        return np.zeros(3)

    def stiffness(self, layer: Layer) -> Stiffness:
        """Return the bounds of this contribution on the time step."""
        return Stiffness()


class Torque(Contribution):
    """A torque of the current."""

    current_density: float


class Term(Contribution):
    """One term of the energy; H = -1/(μ0 Ms) δE/δm."""

    name: ClassVar[str]
    """Name of the term in `Energy`."""

    def coefficients(self, layer: Layer) -> Mapping[str, Value]:
        """Return what is linear in m of the engine's field, by the names of `coefficients`."""
        return {}

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
        """Return the energy per volume of a whole cell in J/m³, (rows, columns).

        It is -μ0 Ms m·H/2, if quadratic in m.
        """
        field = self.field(m, layer)
        density = -layer.saturation_induction / 2 * np.einsum("ijk,ijk->ij", m, field)
        return density * layer.cells.moment


class LocalTerm(Term):
    """Base class of terms of any energy density w(m) of single cells, with constants in J/m³.

    A term has two static functions of the components of m and its constants, which may be numbers
    or arrays. numba compiles the second for the engine, with numbers in single precision.
    """

    @staticmethod
    def energy_density(x: Any, y: Any, z: Any, *constants: Any) -> Any:
        """Return w in J/m³."""
        raise NotImplementedError

    @staticmethod
    def negative_gradient(x: Any, y: Any, z: Any, *constants: Any) -> tuple[Any, Any, Any]:
        """Return -∂w/∂m in J/m³."""
        raise NotImplementedError

    def constants(self, layer: Layer) -> tuple[Value, ...]:
        """Return the constants, numbers or (rows, columns): the fields of the class."""
        return tuple(getattr(self, own.name) for own in fields(self))  # type: ignore[arg-type]

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        gradient = self.negative_gradient(*np.moveaxis(m, -1, 0), *self.constants(layer))
        shares = layer.saturation_induction * layer.cells.of("saturation_magnetization")
        return np.stack(np.broadcast_arrays(*gradient, m[..., 0])[:3], axis=-1) / shares[..., None]

    def derivative(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:
        """Return how the field of a cell changes with its own m, by central differences.

        The result is ∂H_i/∂m_j in A/m, (3, 3, rows, columns).
        """
        columns = []
        for axis in range(3):
            step = 1e-4 * np.eye(3)[axis]
            higher, lower = (self.field(m + sign * step, layer) for sign in (1, -1))
            columns.append((higher - lower) / 2e-4)
        return np.moveaxis(np.array(columns), (0, -1), (1, 0))

    def density(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        volume = layer.cells.filled * layer.cells.of("thickness")
        return self.energy_density(*np.moveaxis(m, -1, 0), *self.constants(layer)) * volume

    def stiffness(self, layer: Layer) -> Stiffness:
        """Return the largest change of the field with m, at 200 directions on the sphere."""
        index = np.arange(200)
        z, angle = 1 - (2 * index + 1) / 200, index * math.pi * (3 - math.sqrt(5))
        m = np.array([np.cos(angle), np.sin(angle), z])
        m[:2] *= np.sqrt(1 - z**2)
        values = np.broadcast_arrays(*self.constants(layer), layer.mask)[:-1]
        distinct = np.unique([value[layer.mask] for value in values], axis=1)[..., None]

        def force(m: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.array(np.broadcast_arrays(*self.negative_gradient(*m, *distinct)))

        steps = 1e-4 * np.eye(3)[..., None]
        slopes = np.array([force(m + step) - force(m - step) for step in steps]) / 2e-4
        bound = np.sqrt((slopes**2).sum(axis=(0, 1))).max()
        smallest = layer.cells.of("saturation_magnetization")[layer.mask].min()
        return Stiffness(others=float(bound / (layer.saturation_induction * smallest)))
