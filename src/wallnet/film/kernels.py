"""The engine's inner loops as functions of NumPy arrays, and their coefficients.

`loops` describes and compiles them; `machine_code` stores and loads what was compiled, so numba is
imported only if they are not compiled yet. Arrays are contiguous, in the order of C.
"""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.film import machine_code
from wallnet.film.layout import ENTRIES, PARAMETERS, RECORD
from wallnet.film.terms import Contribution, Layer

INNER = np.s_[..., 1:-1, 1:-1]
"""Selects the cells of a film from an array with a frame one cell wide around them."""


@cache
def _compiled() -> dict[str, Callable[..., float]]:
    def compile_loops() -> Any:
        from wallnet.film import loops

        return loops

    sources = [Path(__file__).with_name(name) for name in ("loops.py", "layout.py")]
    return machine_code.functions(ENTRIES, sources, compile_loops)


def _loop(name: str) -> Callable[..., float]:
    return lambda *values: _compiled()[name](*values)


stage, block_speed, advance_ranges, extrapolation_error, multiply = map(_loop, ENTRIES)


def coefficients(
    acting: Iterable[Contribution], layer: Layer, damping: float, precession: bool
) -> tuple[NDArray[np.void], NDArray[np.float64]]:
    """Return the coefficients of the inner loops, shape (1,), and the uniform field in A/m."""
    found = np.zeros(1, [(name, np.float64, shape) for name, shape in PARAMETERS.items()])
    found["damping"], found["precession"] = damping, precession
    uniform_field = np.zeros(3)
    for each in acting:
        uniform_field += each.uniform_field(layer)
        for name, value in each.coefficients(layer).items():
            found[name] += value
    return found.astype(RECORD), uniform_field


def lagrange_matrix(past: list[float]) -> NDArray[np.float32]:
    """Return the matrix that converts samples to coefficients of the polynomial through them.

    Parameters
    ----------
    past : list of float
        Times of the samples, all different.

    Returns
    -------
    float32 array (n, n)
        Coefficient k is the sum over j of entry (k, j) times the j-th sample.
    """
    count = len(past)
    matrix = [[0.0] * count for _ in range(count)]
    for j in range(count):
        # the product of (t - past[i]) / (past[j] - past[i]) over the other samples
        matrix[0][j] = 1.0
        degree = 0
        for i in range(count):
            if i != j:
                scale = 1.0 / (past[j] - past[i])
                degree += 1
                for k in range(degree, 0, -1):
                    matrix[k][j] = scale * (matrix[k - 1][j] - past[i] * matrix[k][j])
                matrix[0][j] *= -scale * past[i]
    return np.array(matrix, dtype=np.float32)


def moving_ranges(moving_until: NDArray[np.float64], time: float, margin: int) -> NDArray[np.int64]:
    """Return the ranges of columns that still move, with a margin on both sides.

    Parameters
    ----------
    moving_until : float64 array (columns,)
        Time in s until which each column moves.
    time : float
        The present time in s.
    margin : int
        Number of columns on each side that belong to a range. Ranges that touch are one.

    Returns
    -------
    int array (n, 2)
        First column of each range, and the first column after it.
    """
    moving = np.flatnonzero(moving_until > time)
    gaps = np.flatnonzero(np.diff(moving) > 2 * margin + 1)
    first = np.concatenate([moving[:1], moving[gaps + 1]]) - margin
    last = np.concatenate([moving[gaps], moving[-1:]]) + margin + 1
    return np.stack([np.maximum(first, 0), np.minimum(last, moving_until.size)], axis=1)
