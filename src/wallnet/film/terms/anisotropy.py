"""Uniaxial anisotropy: w = Ku [1 - (m·u)²] (for Ku < 0: -Ku (m·u)²), H = 2 Ku/(μ0 Ms) (m·u) u."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wallnet.film.terms.base import Layer, Stiffness, Term


@dataclass(frozen=True)
class UniaxialAnisotropy(Term):
    """Anisotropy with constant Ku in J/m³ and a unit vector as axis."""

    anisotropy: float
    axis: tuple[float, float, float]
    name = "anisotropy"

    def _local(self, layer: Layer) -> NDArray[np.float64]:
        """Return the matrix in A/m that gives the field from the m of the cell."""
        return 2 * self.anisotropy / layer.polarization * np.outer(self.axis, self.axis)

    def coefficients(self, layer: Layer) -> dict[str, NDArray[np.float64]]:  # noqa: D102
        return {"local": self._local(layer)}

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        strength = 2 * self.anisotropy / layer.polarization
        return Stiffness(
            lowest=min(strength, 0.0), highest=max(strength, 0.0), uniform=self._local(layer)
        )

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        axis = np.array(self.axis)
        return 2 * self.anisotropy / layer.polarization * (m @ axis)[..., None] * axis

    def density(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        # zero along the easy axis or in the easy plane
        return super().density(m, layer) + max(self.anisotropy, 0.0)
