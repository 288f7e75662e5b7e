"""Descent in the energy of a film: its torque field in single precision, and a preconditioner.

The field is that of the engine (`core`) and takes a tenth of the time of
`wallnet.film.energy`. Exchange makes the energy a thousand times stiffer from cell to cell than
along the motion of a wall. The preconditioner divides a change of m by the stiffness that exchange
and anisotropy give to its wavelength, so that all parts of a wall approach a minimum equally fast.
"""

from dataclasses import replace

import numpy as np
from ducc0 import fft
from numpy.typing import NDArray

from wallnet.film.core import Engine
from wallnet.film.energy import Energy
from wallnet.film.terms import Layer, Terms


class Landscape:
    """The energy of a film as a function of its magnetisation, shape (3, rows, columns).

    Parameters
    ----------
    mask : bool array (rows, columns)
        Mask of magnetic cells.
    cell : tuple of float
        Edges of a cell along x, y, z in m.
    terms : Terms
        Material and terms.
    held : bool array (rows, columns), optional
        Mask of frozen spins.

    Attributes
    ----------
    free : bool array (rows, columns)
        Mask of magnetic cells that are not frozen.
    energy : Energy
        The same energy in double precision.
    """

    def __init__(
        self,
        mask: NDArray[np.bool_],
        cell: tuple[float, float, float],
        terms: Terms,
        held: NDArray[np.bool_] | None = None,
    ) -> None:
        # with damping alone, dm/dt / γ is the torque field
        self._film = Engine(mask, cell, replace(terms, damping=1.0, precession=False), held=held)
        self.mask, self.free = mask, self._film.free
        self.energy = Energy(mask, cell, terms)
        self._inverse = 1 / _stiffness(self.energy.layer, terms)

    def torque(self, m: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the torque field -m × (m × H) in A/m, the steepest descent of the energy.

        Parameters
        ----------
        m : float32 array (3, rows, columns)
            Unit vectors; zero in empty cells.
        """
        return self._film.torque(m)

    def exact_torque(self, m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `torque` in double precision."""
        field = np.moveaxis(self.energy.field(np.moveaxis(m, 0, -1)), -1, 0)
        return tangential(m, field) * self.free

    def exact_energy(self, m: NDArray[np.floating]) -> float:
        """Return the energy in J, in double precision."""
        return self.energy.energy(np.moveaxis(unit(m.astype(np.float64)), 0, -1))

    def preconditioned(self, m: NDArray, change: NDArray) -> NDArray:
        """Return a change of m divided by the stiffness of its wavelengths, tangential to m.

        Parameters
        ----------
        m : array (3, rows, columns)
            Unit vectors.
        change : array (3, rows, columns)
            A torque field in A/m.

        Returns
        -------
        array (3, rows, columns)
            Change of m; about the change that leads to the minimum if `change` is the torque.
        """
        inverse = self._inverse.astype(m.dtype)
        waves = fft.dct(change, axes=(1, 2), type=2)
        waves *= inverse
        smooth = fft.dct(waves, axes=(1, 2), type=3, inorm=2)
        smooth *= self.free
        return tangential(m, smooth)


def _stiffness(layer: Layer, terms: Terms) -> NDArray[np.float64]:
    """Return the field in A/m that opposes each cosine wave of unit size, (rows, columns)."""
    polarization = layer.polarization
    exchange = 2 * terms.exchange_stiffness / polarization
    # in a domain, the anisotropy less the stray field; at least the stiffness of a long wave
    uniform = 2 * abs(terms.anisotropy) / polarization
    uniform -= terms.saturation_magnetization if terms.stray_field else 0.0
    longest = exchange * (np.pi / (max(layer.mask.shape) * min(layer.cell[:2]))) ** 2
    rows, columns = layer.mask.shape
    along_x = (2 - 2 * np.cos(np.pi * np.arange(columns) / columns)) / layer.cell[0] ** 2
    along_y = (2 - 2 * np.cos(np.pi * np.arange(rows) / rows)) / layer.cell[1] ** 2
    waves = exchange * (along_y[:, None] + along_x[None, :])
    return waves + max(uniform, longest, 1e-6 * terms.saturation_magnetization)


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
