"""Energy, energy density and effective field of a film, and the descent in its energy.

The terms are evaluated in double precision (`Energy`), for `compute`, minima and the tests. The
engine evaluates them in single precision, fused and packed. Its torque field takes a tenth of the
time, so a descent (`Landscape`) begins with it. Exchange makes the energy a thousand times stiffer
from cell to cell than along the motion of a wall. The preconditioner divides a change of m by the
stiffness that exchange and anisotropy give to its wavelength, so that all parts of a wall approach
a minimum equally fast.
"""

import math
from dataclasses import replace
from functools import reduce

import numpy as np
from ducc0 import fft
from numpy.typing import NDArray

from wallnet.film.core import Engine
from wallnet.film.terms import Layer

ROUNDING = 1.5 * float(np.finfo(np.float32).eps)
"""Rounding error of a field, relative to the stiffness of the stiffest mode. Descents end at 0.5
to 1.5 eps, in cells of 1 to 3 nm, whole or filled in part."""


class Energy:
    """Energy of a film, a single layer of equal cells."""

    def __init__(self, layer: Layer) -> None:
        self.layer, self.terms = layer, layer.terms.energy

    def _sum(self, what: str, m: NDArray[np.floating], name: str) -> NDArray[np.float64]:
        """Return the field or the density of the terms with a name, or of all terms."""
        chosen = [term for term in self.terms if name in ("total", term.name)]
        if not chosen:
            names = ", ".join(term.name for term in self.terms)
            raise ValueError(f"{name!r} is not an energy term; use {names} or total")
        unit = np.where(self.layer.mask[..., None], m, 0.0).astype(np.float64)
        return reduce(np.add, (getattr(term, what)(unit, self.layer) for term in chosen))

    def field(self, m: NDArray[np.floating], term: str = "total") -> NDArray[np.float64]:
        """Return the effective field of one term, or of all terms.

        Parameters
        ----------
        m : ndarray (rows, columns, 3)
            Unit vectors; cells outside the mask are ignored.
        term : str
            Name of a term, or "total".

        Returns
        -------
        ndarray (rows, columns, 3)
            H in A/m, zero in empty cells.

        Raises
        ------
        ValueError
            If there is no such term.
        """
        return np.where(self.layer.mask[..., None], self._sum("field", m, term), 0.0)

    def density(self, m: NDArray[np.floating], term: str = "total") -> NDArray[np.float64]:
        """Return the energy density in J/m³, (rows, columns); otherwise as `field`."""
        return np.where(self.layer.mask, self._sum("density", m, term), 0.0)

    def energy(self, m: NDArray[np.floating], term: str = "total") -> float:
        """Return the energy in J; otherwise as `field`."""
        return float(self.density(m, term).sum() * math.prod(self.layer.cell))


class Landscape:
    """The energy of a film as a function of its magnetisation, shape (3, rows, columns).

    The masks `mask` and `free` are those of `wallnet.film.core.Engine`.

    Attributes
    ----------
    energy : Energy
        The same energy in double precision.
    rounding : float
        Rounding error in A/m of the torque field of a wall in single precision, which `torque` does
        not fall below; it is that of the stiffest bonds.
    """

    def __init__(self, layer: Layer) -> None:
        # with damping alone, equal in all cells, dm/dt / γ is the torque field
        damped = replace(layer.terms, damping=1.0, precession=False)
        layer = replace(layer, terms=damped, cells=replace(layer.cells, damping=1.0))
        self._film = Engine(layer)
        self.mask, self.free = self._film.mask, self._film.free
        self.energy = Energy(layer)
        self._inverse = 1 / _stiffness(layer)
        self.rounding = ROUNDING * layer.rates()[0] / damped.rate
        # the field is the gradient of the energy in this metric
        self.moment = layer.cells.value("moment")

    def torque(self, m: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the torque field -m × (m × H) in A/m, the steepest descent of the energy."""
        return self._film.torque(m)

    def exact_torque(self, m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `torque` in double precision."""
        field = np.moveaxis(self.energy.field(np.moveaxis(m, 0, -1)), -1, 0)
        return tangential(m, field) * self.free

    def exact_energy(self, m: NDArray[np.floating]) -> float:
        """Return the energy in J, in double precision."""
        return self.energy.energy(np.moveaxis(unit(m.astype(np.float64)), 0, -1))

    def preconditioned(self, m: NDArray, change: NDArray) -> NDArray:
        """Return a field in A/m divided by the stiffness of its wavelengths, tangential to m.

        Arrays have the shape (3, rows, columns). For the torque, the result is about the change of
        m that leads to the minimum.
        """
        inverse = self._inverse.astype(m.dtype)
        # the energy, not the field, is as stiff in partly filled cells as beside them
        waves = fft.dct(change * np.asarray(self.moment, m.dtype), axes=(1, 2), type=2)
        waves *= inverse
        smooth = fft.dct(waves, axes=(1, 2), type=3, inorm=2)
        smooth *= self.free
        return tangential(m, smooth)

    def dot(self, a: NDArray, b: NDArray) -> float:
        """Return the scalar product of two changes of m in double precision.

        Cells count by their moment, relative to that of a whole cell of the base material.
        """
        return float(np.einsum("cij,cij->", a * self.moment, b, dtype=np.float64))


def _stiffness(layer: Layer) -> NDArray[np.float64]:
    """Return the field in A/m that opposes each cosine wave of unit size, (rows, columns)."""
    induction = layer.saturation_induction
    exchange = 2 * layer.terms.exchange_stiffness / induction
    # in a domain, the anisotropy less the stray field; at least the stiffness of a long wave
    uniform = 2 * abs(layer.terms.anisotropy) / induction
    uniform -= layer.terms.saturation_magnetization if layer.terms.stray_field else 0.0
    longest = exchange * (np.pi / (max(layer.mask.shape) * min(layer.cell[:2]))) ** 2
    rows, columns = layer.mask.shape
    along_x = (2 - 2 * np.cos(np.pi * np.arange(columns) / columns)) / layer.cell[0] ** 2
    along_y = (2 - 2 * np.cos(np.pi * np.arange(rows) / rows)) / layer.cell[1] ** 2
    waves = exchange * (along_y[:, None] + along_x[None, :])
    return waves + max(uniform, longest, 1e-6 * layer.terms.saturation_magnetization)


def tangential(m: NDArray, vector: NDArray) -> NDArray:
    """Return the part of vectors perpendicular to m, shape (3, ...)."""
    return vector - (m * vector).sum(axis=0) * m


def unit(m: NDArray) -> NDArray:
    """Return vectors with unit length; zero vectors do not change."""
    length = np.sqrt((m * m).sum(axis=0))
    return m / np.where(length > 0, length, 1)


def largest(torque: NDArray) -> float:
    """Return the largest length of the vectors of a field, NaN if one is."""
    return float(np.sqrt((torque * torque).sum(axis=0).max()))
