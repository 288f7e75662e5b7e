"""Energies, energy densities and effective fields of a film, term by term, in double precision.

The engine evaluates the same terms in single precision, fused and packed; this module states
them one by one. It serves `compute`, the minimiser and the tests, which hold the two together.

Every term is quadratic or linear in m, with H = -1/(μ0 Ms) δE/δm:

- exchange: w = A Σ (∂m)², H = 2A/(μ0 Ms) Σ (m_j - m)/d², over the neighbours j that exist;
- dmi (interfacial): w = D [m·∇m_z - m_z ∇·m], H = 2D/(μ0 Ms) [(∇·m) ẑ - ∇m_z], with central
  differences to which a missing neighbour contributes nothing (OOMMF's convention);
- anisotropy: w = Ku [1 - (m·u)²] (for Ku < 0: -Ku (m·u)²), H = 2 Ku/(μ0 Ms) (m·u) u;
- demag: w = -μ0 Ms/2 m·H, H = -N·M with Newell's tensor between all cells;
- zeeman: w = -μ0 Ms m·H.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from wallnet.film import newell
from wallnet.film.core import VACUUM_PERMEABILITY, Terms

TERMS = ("exchange", "dmi", "anisotropy", "demag", "zeeman")
"""Names of the terms."""


class FilmEnergy:
    """Energy of a single layer of equal cells.

    Parameters
    ----------
    mask : bool array (rows, columns)
        Which cells are magnetic.
    cell : tuple of float
        Edges of a cell along x, y, z in m.
    terms : Terms
        Material and terms.
    """

    def __init__(
        self, mask: NDArray[np.bool_], cell: tuple[float, float, float], terms: Terms
    ) -> None:
        self.mask = mask
        self.cell = cell
        self.terms = terms
        self._scale = VACUUM_PERMEABILITY * terms.saturation_magnetization
        self._spectra: list[NDArray] | None = None

    def field(self, m: NDArray[np.floating], term: str = "total") -> NDArray[np.float64]:
        """Return the effective field of one term, or of all.

        Parameters
        ----------
        m : ndarray (rows, columns, 3)
            Unit vectors; cells outside the mask are ignored.
        term : str
            One of `TERMS`, or "total".

        Returns
        -------
        ndarray (rows, columns, 3)
            H in A/m, zero in empty cells.

        Raises
        ------
        ValueError
            If there is no such term.
        """
        m = np.where(self.mask[..., None], m, 0.0).astype(np.float64)
        if term == "total":
            total = sum(getattr(self, f"_{name}")(m) for name in TERMS)
        elif term in TERMS:
            total = getattr(self, f"_{term}")(m)
        else:
            raise ValueError(f"{term!r} is no energy term; use one of {', '.join(TERMS)}, total")
        return np.where(self.mask[..., None], total, 0.0)

    def density(self, m: NDArray[np.floating], term: str = "total") -> NDArray[np.float64]:
        """Return the energy density of one term, or of all, in J/m³, zero in empty cells.

        Parameters
        ----------
        m : ndarray (rows, columns, 3)
            Unit vectors; cells outside the mask are ignored.
        term : str
            One of `TERMS`, or "total".

        Returns
        -------
        ndarray (rows, columns)
            w in J/m³.

        Raises
        ------
        ValueError
            If there is no such term.
        """
        if term == "total":
            return sum(self.density(m, name) for name in TERMS)  # type: ignore[return-value]
        m = np.where(self.mask[..., None], m, 0.0).astype(np.float64)
        along = np.einsum("ijk,ijk->ij", m, self.field(m, term))
        if term == "zeeman":
            return -self._scale * along
        density = -self._scale / 2 * along
        if term == "anisotropy" and self.terms.anisotropy > 0:
            density = density + np.where(self.mask, self.terms.anisotropy, 0.0)
        return density

    def energy(self, m: NDArray[np.floating], term: str = "total") -> float:
        """Return the energy of one term, or of all, in J; parameters are those of `density`."""
        volume = self.cell[0] * self.cell[1] * self.cell[2]
        return float(self.density(m, term).sum() * volume)

    def _exchange(self, m: NDArray) -> NDArray:
        field = np.zeros_like(m)
        for axis, edge in ((1, self.cell[0]), (0, self.cell[1])):
            step = np.diff(m, axis=axis) / edge**2
            low = [slice(None)] * 3
            high = [slice(None)] * 3
            low[axis], high[axis] = slice(None, -1), slice(1, None)
            # no bond to an empty cell
            step *= (self.mask[tuple(low[:2])] & self.mask[tuple(high[:2])])[..., None]
            field[tuple(low)] += step
            field[tuple(high)] -= step
        return 2 * self.terms.exchange_stiffness / self._scale * field

    def _dmi(self, m: NDArray) -> NDArray:
        field = np.zeros_like(m)
        # a missing neighbour is a zero here, that is, it contributes nothing
        framed = np.pad(m, ((1, 1), (1, 1), (0, 0)))
        along_x = (framed[1:-1, 2:] - framed[1:-1, :-2]) / (2 * self.cell[0])
        along_y = (framed[2:, 1:-1] - framed[:-2, 1:-1]) / (2 * self.cell[1])
        field[..., 0] = -along_x[..., 2]
        field[..., 1] = -along_y[..., 2]
        field[..., 2] = along_x[..., 0] + along_y[..., 1]
        return 2 * self.terms.dmi_constant / self._scale * field

    def _anisotropy(self, m: NDArray) -> NDArray:
        axis = np.array(self.terms.anisotropy_axis)
        return 2 * self.terms.anisotropy / self._scale * (m @ axis)[..., None] * axis

    def _zeeman(self, m: NDArray) -> NDArray:
        return np.broadcast_to(np.array(self.terms.external_field, dtype=np.float64), m.shape)

    def _demag(self, m: NDArray) -> NDArray:
        if not self.terms.stray_field:
            return np.zeros_like(m)
        rows, columns = self.mask.shape
        shape = (fft.next_fast_len(2 * rows), fft.next_fast_len(2 * columns, real=True))
        if self._spectra is None:
            parts = newell.tensor(columns, rows, self.cell)
            self._spectra = [
                fft.rfft2(newell.for_convolution(part, shape, odd=index == 3))
                for index, part in enumerate(parts)
            ]
        xx, yy, zz, xy = self._spectra
        x, y, z = (fft.rfft2(m[..., i], shape) for i in range(3))
        fields = (xx * x + xy * y, xy * x + yy * y, zz * z)
        field = [fft.irfft2(f, shape)[:rows, :columns] for f in fields]
        return -self.terms.saturation_magnetization * np.stack(field, axis=-1)
