"""Stray field of the film: w = -μ0 Ms/2 m·H, H = -N·M with Newell's tensor between all cells.

The engine evaluates a near part (`newell.stencil`) at every stage, and the rest
(`strayfield.StrayField`) less often.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wallnet.film import newell
from wallnet.film.terms.base import Layer, Stiffness, Term


@dataclass(frozen=True)
class Demagnetization(Term):
    """The stray field, if it is included."""

    present: bool
    name = "demag"

    def coefficients(self, layer: Layer) -> dict[str, NDArray[np.float64]]:  # noqa: D102
        if not self.present:
            return {}
        own, beside, above = -layer.saturation_magnetization * newell.stencil(layer.cell).T
        return {"neighbour_x": beside, "neighbour_y": above, "local": np.diag(own)}

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        magnetization = layer.saturation_magnetization if self.present else 0.0
        # uniform: value of a film between its middle and an edge
        return Stiffness(lowest=-magnetization, uniform=np.diag([0.0, 0.0, -magnetization / 2]))

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        if not self.present:
            return np.zeros_like(m)
        from scipy import fft

        rows, columns = layer.mask.shape
        shape = (fft.next_fast_len(2 * rows), fft.next_fast_len(2 * columns, real=True))
        xx, yy, zz, xy = _transformed_tensor(rows, columns, layer.cell, shape)
        x, y, z = (fft.rfft2(m[..., i], shape) for i in range(3))
        fields = (xx * x + xy * y, xy * x + yy * y, zz * z)
        field = [fft.irfft2(f, shape)[:rows, :columns] for f in fields]
        return -layer.saturation_magnetization * np.stack(field, axis=-1)


@lru_cache(maxsize=1)
def _transformed_tensor(
    rows: int, columns: int, cell: tuple[float, float, float], shape: tuple[int, int]
) -> list[NDArray[np.complex128]]:
    """Return the transform of the tensor for a convolution of a given shape."""
    from scipy import fft

    parts = newell.tensor(columns, rows, cell)
    return [
        fft.rfft2(newell.for_convolution(part, shape, odd=index == 3))
        for index, part in enumerate(parts)
    ]
