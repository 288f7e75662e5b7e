"""Stray field of a single layer by FFT convolution, in single precision."""

import copy

import numpy as np
from ducc0 import fft  # takes half the time of scipy.fft here, since it writes into given arrays
from numpy.typing import NDArray

from wallnet.film import loops, newell


class StrayField:
    """Far part of the stray field: what the near part, a stencil of five cells, leaves out.

    The near part (`newell.stencil`, `terms.energies`) is evaluated at every stage of the
    integration. The far part changes slowly. The layer has a shape of rows and columns, edges of a
    cell in m, and a saturation magnetisation in A/m.
    """

    def __init__(self, shape: tuple[int, int], cell: newell.Cell, magnetization: float) -> None:
        self.magnetization = magnetization
        self._parts = newell.tensor(shape[1], shape[0], cell)
        for part, (own, beside, above) in zip(self._parts[:3], newell.stencil(cell), strict=True):
            part[0, 0] -= own
            part[0, 1:2] -= beside
            part[1:2, 0] -= above
        self._narrower: dict[int, StrayField] = {}
        self._prepare(shape)
        self._first = (magnetization, self._kernel)

    def _prepare(self, shape: tuple[int, int]) -> None:
        """Transform the symmetric tensor for a number of columns, and provide the work space."""
        rows, columns = self.shape = shape
        self.padded = (fft.good_size(2 * rows - 1), fft.good_size(2 * columns - 1, True))
        spectra = []
        for index, part in enumerate(self._parts):
            padded = newell.for_convolution(part[:, :columns], self.padded, odd=index == 3)
            # includes the division by the number of points of the inverse transform
            spectra.append(np.fft.rfft2(padded).real * (self.magnetization / padded.size))
        self._kernel = np.array(spectra, dtype=np.float32)
        self._rows = np.zeros((3, rows, self.padded[1]), dtype=np.float32)
        self._spectrum = np.zeros((3, self.padded[0], self.padded[1] // 2 + 1), dtype=np.complex64)

    def set_magnetization(self, magnetization: float) -> None:
        """Change the saturation magnetisation, in A/m; equal values give equal bits."""
        before, kernel = self._first
        self.magnetization = magnetization
        self._kernel = kernel * np.float32(magnetization / before)
        self._narrower.clear()

    def of_columns(self, columns: int) -> "StrayField":
        """Return the stray field of fewer columns of the same layer on themselves."""
        if columns not in self._narrower:
            narrower = copy.copy(self)
            narrower._prepare((self.shape[0], columns))
            self._narrower[columns] = narrower
        return self._narrower[columns]

    def far(
        self, m: NDArray[np.float32], others: NDArray[np.floating], out: NDArray[np.float32]
    ) -> None:
        """Write the far part of the stray field of m, plus the field of other sources, into `out`.

        All are in A/m and have the shape (3, rows, columns). m is zero in empty cells; the field of
        other sources may be uniform, (3,).
        """
        rows, columns = self.shape
        self._rows[:, :, :columns] = m
        self._rows[:, :, columns:] = 0
        # the transforms along x skip the padding rows in both directions
        fft.r2c(self._rows, axes=(2,), out=self._spectrum[:, :rows])
        self._spectrum[:, rows:] = 0
        fft.c2c(self._spectrum, axes=(1,), out=self._spectrum)
        loops.multiply(self._spectrum, self._kernel)
        fft.c2c(self._spectrum, axes=(1,), forward=False, out=self._spectrum)
        fft.c2r(
            self._spectrum[:, :rows],
            axes=(2,),
            lastsize=self.padded[1],
            forward=False,
            out=self._rows,
        )
        others = others.astype(np.float32, copy=False)
        if others.ndim == 1:
            others = others[:, None, None]
        np.add(self._rows[:, :, :columns], others, out=out)
