"""Interfacial DMI: w = D [m·∇m_z - m_z ∇·m], H = 2D/(μ0 Ms) [(∇·m) ẑ - ∇m_z].

Differences are central; a missing neighbour contributes nothing to them (OOMMF's convention).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wallnet.film.terms.base import Layer, Stiffness, Term


@dataclass(frozen=True)
class InterfacialDMI(Term):
    """Dzyaloshinskii-Moriya interaction with constant D in J/m²."""

    dmi_constant: float
    name = "dmi"

    def coefficients(self, layer: Layer) -> dict[str, float]:  # noqa: D102
        dmi = self.dmi_constant / layer.polarization
        return {"dmi_x": dmi / layer.cell[0], "dmi_y": dmi / layer.cell[1]}

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        return Stiffness(antisymmetric=np.array(list(self.coefficients(layer).values())))

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        field = np.zeros_like(m)
        # a missing neighbour is zero, so it contributes nothing
        framed = np.pad(m, ((1, 1), (1, 1), (0, 0)))
        along_x = (framed[1:-1, 2:] - framed[1:-1, :-2]) / (2 * layer.cell[0])
        along_y = (framed[2:, 1:-1] - framed[:-2, 1:-1]) / (2 * layer.cell[1])
        field[..., 0] = -along_x[..., 2]
        field[..., 1] = -along_y[..., 2]
        field[..., 2] = along_x[..., 0] + along_y[..., 1]
        return 2 * self.dmi_constant / layer.polarization * field
