"""Exchange: w = A Σ (∂m)², H = 2A/(μ0 Ms) Σ (m_j - m)/d² over the neighbours j that exist."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wallnet.film.terms.base import Layer, Stiffness, Term


@dataclass(frozen=True)
class Exchange(Term):
    """Exchange with stiffness A in J/m."""

    exchange_stiffness: float
    name = "exchange"

    def _couplings(self, layer: Layer) -> tuple[float, float]:
        """Return the field in A/m of one neighbour along x and along y."""
        exchange = 2 * self.exchange_stiffness / layer.polarization
        return exchange / layer.cell[0] ** 2, exchange / layer.cell[1] ** 2

    def coefficients(self, layer: Layer) -> dict[str, float]:  # noqa: D102
        # the part of the cell itself is parallel to its m and exerts no torque
        x, y = self._couplings(layer)
        return {"neighbour_x": x, "neighbour_y": y}

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        return Stiffness(symmetric=np.array(self._couplings(layer)))

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        field = np.zeros_like(m)
        for axis, edge in ((1, layer.cell[0]), (0, layer.cell[1])):
            step = np.diff(m, axis=axis) / edge**2
            low = [slice(None)] * 3
            high = [slice(None)] * 3
            low[axis], high[axis] = slice(None, -1), slice(1, None)
            # no bond to an empty cell
            step *= (layer.mask[tuple(low[:2])] & layer.mask[tuple(high[:2])])[..., None]
            field[tuple(low)] += step
            field[tuple(high)] -= step
        return 2 * self.exchange_stiffness / layer.polarization * field
