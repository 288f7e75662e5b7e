"""Energy, energy density and effective field of a film, term by term, in double precision.

The engine evaluates the same terms in single precision, fused and packed. This module is used by
`compute`, the minimiser and the tests, which compare both evaluations.
"""

import math
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from wallnet.film.terms import Layer, Terms


class Energy:
    """Energy of a single layer of equal cells.

    Parameters
    ----------
    mask : bool array (rows, columns)
        Mask of magnetic cells.
    cell : tuple of float
        Edges of a cell along x, y, z in m.
    terms : Terms
        Material and terms.
    """

    def __init__(
        self, mask: NDArray[np.bool_], cell: tuple[float, float, float], terms: Terms
    ) -> None:
        self.layer = Layer(cell, terms.saturation_magnetization, mask)
        self.terms = terms.energy

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
