"""A uniform external field: w = -μ0 Ms m·H."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wallnet.film.terms.base import Layer, Term


@dataclass(frozen=True)
class Zeeman(Term):
    """An external field H in A/m."""

    external_field: tuple[float, float, float]
    name = "zeeman"

    def uniform_field(self, layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        return np.array(self.external_field, dtype=np.float64)

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        return np.broadcast_to(self.uniform_field(layer), m.shape)

    def density(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        return 2 * super().density(m, layer)  # linear in m
