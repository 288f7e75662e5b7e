"""The Slonczewski torque: a field β ε (m × m_p) + β ε' m_p, β = ħJ/(μ0 e t Ms)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.film.constants import ELEMENTARY_CHARGE, REDUCED_PLANCK, VACUUM_PERMEABILITY
from wallnet.film.terms.base import Contribution, Layer, Stiffness


@dataclass(frozen=True)
class SpinTorque(Contribution):
    """Slonczewski torque (paper, Eq. 1, in OOMMF's convention).

    Attributes
    ----------
    current_density : float
        J in A/m², signed.
    polarization : float
        P of the spin current.
    direction : tuple of float
        m_p, unit vector.
    slonczewski_lambda : float
        Λ; 1 makes the efficiency ε = P/2 independent of m.
    field_like : float
        ε'; β ε' is the field along m_p.
    """

    current_density: float
    polarization: float
    direction: tuple[float, float, float] = (0.0, 1.0, 0.0)
    slonczewski_lambda: float = 1.0
    field_like: float = 0.0

    def _beta(self, layer: Layer) -> float:
        """Return β in A/m."""
        return (
            REDUCED_PLANCK
            / (VACUUM_PERMEABILITY * ELEMENTARY_CHARGE)
            * self.current_density
            / (layer.cell[2] * layer.saturation_magnetization)
        )

    def _strength(self, layer: Layer) -> float:
        """Return β P Λ² in A/m, twice the largest β ε."""
        return self._beta(layer) * self.polarization * self.slonczewski_lambda**2

    def coefficients(self, layer: Layer) -> dict[str, ArrayLike]:  # noqa: D102
        strength, squared = self._strength(layer), self.slonczewski_lambda**2
        if squared != 1:
            return {
                "spin_direction": self.direction,
                "torque": strength,
                "lambda_sum": squared + 1,
                "lambda_difference": squared - 1,
            }
        px, py, pz = self.direction
        return {"local": strength / 2 * np.array([[0, pz, -py], [-pz, 0, px], [py, -px, 0]])}

    def uniform_field(self, layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        return self._beta(layer) * self.field_like * np.array(self.direction)

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        return Stiffness(torque=abs(self._strength(layer)))
