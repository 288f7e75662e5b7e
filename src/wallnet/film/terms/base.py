"""A film cell by cell, and base classes of terms: coefficients, bounds of the time step, fields."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.film import stability
from wallnet.film.cells import Cells
from wallnet.film.constants import VACUUM_PERMEABILITY
from wallnet.film.newell import Cell

if TYPE_CHECKING:
    from wallnet.film.terms import Terms

Mask = NDArray[np.bool_]
"""Mask of cells, (rows, columns); row 0 is the lower edge, column 0 the left one."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A film as a single layer of equal cells, with all that depends on the cell.

    Engine, energy, minima and paths take the film from here. Its properties are those of the base
    material; `cells` has what varies from cell to cell, relative to it.

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
    cells : Cells, optional
        Parameters that vary from cell to cell; all cells are equal if not given.
    current_field : ndarray (3, rows, columns), optional
        Field in A/m that goes with the current, for each A/m² of a torque's current density.
    """

    mask: Mask
    cell: Cell
    terms: "Terms"
    held: Mask | None = None
    cells: Cells | None = None
    current_field: NDArray[np.float64] | None = None

    @classmethod
    def of_one_cell(cls, cell: Cell, terms: "Terms") -> Self:
        """Return a film of one cell, which has the bounds of every uniform film of such cells."""
        return cls(np.ones((1, 1), dtype=bool), cell, terms)

    @property
    def free(self) -> Mask:
        """Mask of magnetic cells that are not frozen."""
        return np.ascontiguousarray(self.mask if self.held is None else self.mask & ~self.held)

    @property
    def filled(self) -> NDArray[np.float64]:
        """Share of each cell that is filled, (rows, columns)."""
        return self.mask.astype(np.float64) if self.cells is None else self.cells.filled

    @property
    def bonds(self) -> tuple[tuple[NDArray, NDArray], tuple[NDArray, NDArray]]:
        """Exchange and DMI of the bonds of neighbours along x and along y, relative to A and D."""
        if self.cells is not None:
            return self.cells.bonds
        x = (self.mask[:, :-1] & self.mask[:, 1:]).astype(np.float64)
        y = (self.mask[:-1] & self.mask[1:]).astype(np.float64)
        return (x, x), (y, y)

    def per_moment(self, field: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a field (rows, columns, 3) of bonds divided by the moment of each cell."""
        return field if self.cells is None else field * self.cells.inverse_moment[..., None]

    @property
    def saturation_magnetization(self) -> float:
        """Ms in A/m."""
        return self.terms.saturation_magnetization

    @property
    def norm(self) -> NDArray[np.float64]:
        """Ms of each cell in A/m, 0 in empty ones, (rows, columns)."""
        shares = 1.0 if self.cells is None else self.cells.of("saturation_magnetization")
        return np.where(self.mask, self.saturation_magnetization * shares, 0.0)

    @property
    def saturation_induction(self) -> float:
        """μ0 Ms in T."""
        return VACUUM_PERMEABILITY * self.saturation_magnetization

    @property
    def moment(self) -> float:
        """Moment of a filled cell times μ0, in T m³."""
        return self.saturation_induction * math.prod(self.cell)

    @property
    def exchange_stiffness(self) -> float:
        """A in J/m."""
        return self.terms.exchange_stiffness

    @property
    def dmi_constant(self) -> float:
        """Interfacial D in J/m²."""
        return self.terms.dmi_constant

    @property
    def anisotropy(self) -> float:
        """Ku in J/m³."""
        return self.terms.anisotropy

    @property
    def anisotropy_axis(self) -> tuple[float, float, float]:
        """Unit vector along the axis of the anisotropy."""
        return self.terms.anisotropy_axis

    @property
    def axes(self) -> NDArray[np.float64]:
        """Axis of the anisotropy of each cell, (rows, columns, 3), or that of all cells, (3,)."""
        if self.cells is None or self.cells.axis is None:
            return np.array(self.anisotropy_axis)
        return self.cells.axis

    @property
    def damping(self) -> float:
        """Gilbert α."""
        return self.terms.damping

    @property
    def dampings(self) -> tuple[float, float]:
        """Lowest and highest α of all cells."""
        if self.cells is None:
            return self.damping, self.damping
        dampings = self.damping * self.cells.of("damping")[self.mask]
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
        acting = self.terms.acting(torque)
        bounds = zip(*(contribution.stiffness(self) for contribution in acting), strict=True)
        stiffness = Stiffness(*(sum(values[1:], values[0]) for values in bounds))
        uniform_field = float(
            np.linalg.norm(sum(contribution.uniform_field(self) for contribution in acting))
        )
        if torque is not None and self.current_field is not None:
            largest = np.linalg.norm(self.current_field, axis=0).max()
            uniform_field += abs(torque.current_density) * float(largest)
        couplings = list(zip(stiffness.symmetric, stiffness.antisymmetric, strict=True))
        if self.cells is None:
            others = uniform_field + stiffness.torque
            # the stiffest mode nearly alternates from cell to cell; DMI changes it slightly
            stiffest = sum(
                2 * exchange + 2 * math.hypot(exchange, dmi) for exchange, dmi in couplings
            )
            local = max(stiffness.highest, -stiffness.lowest)
            turning = float(np.linalg.norm(stiffness.uniform, 2))
        else:
            others = (uniform_field + stiffness.torque) * self.cells.strongest_torque
            stiffest = self.cells.stiffest(couplings)
            easy = 2 * self.anisotropy / self.saturation_induction
            stray = self.saturation_magnetization if self.terms.stray_field else 0.0
            local, turning = self.cells.local_bounds(easy, stray, self.cell)
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


class Torque(Contribution):
    """A torque of the current."""

    current_density: float


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
        """Return the energy per volume of a whole cell in J/m³, (rows, columns).

        It is -μ0 Ms m·H/2, if quadratic in m.
        """
        density = (
            -layer.saturation_induction / 2 * np.einsum("ijk,ijk->ij", m, self.field(m, layer))
        )
        return density if layer.cells is None else density * layer.cells.moment
