"""The engine's inner loops as functions of NumPy arrays.

The loops are compiled (`loops`), as functions of C (`entries`); this module loads them
(`machine_code`) and calls them. numba is imported only where they are not compiled yet.

Arrays are contiguous, in the order of C; ctypes refuses others.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.ctypeslib import ndpointer
from numpy.typing import NDArray

from wallnet.film import machine_code

PARAMETERS: dict[str, tuple[int, ...]] = {
    "neighbour_x": (3,),  # field in A/m of a neighbour along x per unit of its m, by component
    "neighbour_y": (3,),
    "dmi_x": (),  # field in A/m along z for a difference of m_x of neighbours along x, and back
    "dmi_y": (),
    "local": (3, 3),  # field in A/m linear in the cell's own m
    "precession": (),  # 1, or 0
    "damping": (),  # α
    "noise": (),  # standard deviation of a component of the thermal field in A/m
    "spin_direction": (3,),  # m_p, for a torque that depends on the angle; it has the next three
    "torque": (),  # β P Λ² in A/m
    "lambda_sum": (),  # Λ² + 1
    "lambda_difference": (),  # Λ² - 1
}
"""Coefficients of the inner loops and their shapes: the fields of the record `p` in `loops`."""

RECORD = np.dtype([(name, np.float32, shape) for name, shape in PARAMETERS.items()])
"""Type of the coefficients for the compiled functions."""


def no_parameters() -> NDArray[np.void]:
    """Return all coefficients as zeros in double precision, to which terms add; see `packed`."""
    return np.zeros((), [(name, np.float64, shape) for name, shape in PARAMETERS.items()])


def packed(parameters: NDArray[np.void]) -> NDArray[np.void]:
    """Return coefficients in the form that the compiled functions use, shape (1,)."""
    return parameters.reshape(1).astype(RECORD)


BLOCK = 8
"""Edge, in cells, of the blocks over which motion is averaged."""

FIELD_BLOCK = 16
"""Edge, in cells, of the blocks over which the error of the extrapolated field is averaged."""

BAND = 4096
"""Approximate number of cells that pass all stages of a step together."""

ORDERS = 3
"""Largest number of samples in the extrapolation of the slow field."""

WORKSPACE = 19 + 3 * ORDERS
"""Numbers of work space for each packed cell; see `workspace`."""

ARGUMENTS: dict[str, Any] = {
    "bool*": ndpointer(np.bool_, flags="C_CONTIGUOUS"),
    "int64*": ndpointer(np.int64, flags="C_CONTIGUOUS"),
    "float32*": ndpointer(np.float32, flags="C_CONTIGUOUS"),
    "complex64*": ndpointer(np.complex64, flags="C_CONTIGUOUS"),
    "parameters*": ndpointer(RECORD, flags="C_CONTIGUOUS"),
    "int64": ctypes.c_int64,
    "float32": ctypes.c_float,
    "none": None,
}
"""Kinds of arguments and results of the compiled functions, as ctypes knows them."""

ENTRIES: dict[str, str] = {
    "stage": "none float32* float32* float32* float32* float32* parameters* float32 int64 int64",
    "normalise": "none float32* float32* int64 int64 int64",
    "pack": "none float32* bool* int64 int64 int64 int64 float32* float32*",
    "block_speed": (
        "none float32* bool* float32* int64 int64 float32* float32* float32* float32* float32* "
        "parameters* float32 float32*"
    ),
    "advance_ranges": (
        "none float32* bool* int64 int64 int64* int64 float32* int64* int64 float32* float32* "
        "float32 int64 float32* parameters* int64 float32* float32* int64 int64 int64 float32"
    ),
    "extrapolation_error": (
        "float32 float32* int64* int64 float32* float32* float32* int64 int64 int64* int64 int64 "
        "int64 float32*"
    ),
    "multiply": "none complex64* float32* int64 int64",
}
"""Result and arguments of the compiled functions (`entries`), as names of `ARGUMENTS`."""


@cache
def _compiled() -> dict[str, Any]:
    def compile_entries() -> dict[str, Any]:
        from wallnet.film import entries

        return entries.compiled()

    kinds = {
        name: ctypes.CFUNCTYPE(*(ARGUMENTS[kind] for kind in said.split()))
        for name, said in ENTRIES.items()
    }
    here = Path(__file__)
    sources = [here.with_name(name) for name in ("loops.py", "entries.py", "kernels.py")]
    return machine_code.functions(sources, kinds, compile_entries)


def workspace(space: NDArray[np.float32], cells: int) -> tuple[NDArray[np.float32], ...]:
    """Divide a work space into arrays of a packed range: m, work, slow, noise, polynomial, weight.

    Parameters
    ----------
    space : float32 array (at least `WORKSPACE` times cells,)
        The work space.
    cells : int
        Number of packed cells.
    """
    m = space[: 3 * cells].reshape((3, cells))
    work = space[3 * cells : 9 * cells].reshape((2, 3, cells))
    slow = space[9 * cells : 15 * cells].reshape((2, 3, cells))
    noise = space[15 * cells : 18 * cells].reshape((3, cells))
    polynomial = space[18 * cells : (WORKSPACE - 1) * cells].reshape((ORDERS, 3, cells))
    weight = space[(WORKSPACE - 1) * cells : WORKSPACE * cells]
    return m, work, slow, noise, polynomial, weight


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


def stage(
    m: NDArray[np.float32],
    start: NDArray[np.float32],
    out: NDArray[np.float32],
    slow: NDArray[np.float32],
    weight: NDArray[np.float32],
    p: NDArray[np.void],
    factor: float,
    stride: int,
) -> None:
    """Set out = start + factor weight dm/dt / γ in all packed cells, with dm/dt at m.

    Parameters
    ----------
    m, start, out : float32 array (3, cells)
        Packed magnetisation.
    slow : float32 array (2, 3, cells)
        The slow field in A/m, and work space.
    weight : float32 array (cells,)
        1 in cells that move, 0 elsewhere.
    p : record array (1,)
        Coefficients; see `PARAMETERS`.
    factor : float
        Step times γ = γ0/(1 + α²).
    stride : int
        Cells in a packed row.
    """
    _compiled()["stage"](m, start, out, slow, weight, p, factor, m.shape[1], stride)


def normalise(source: NDArray[np.float32], out: NDArray[np.float32], first: int, last: int) -> None:
    """Set out to m with unit length in cells first to last, both (3, cells); zero stays zero."""
    _compiled()["normalise"](source, out, source.shape[1], first, last)


def pack(
    film: NDArray[np.float32],
    free: NDArray[np.bool_],
    first: int,
    last: int,
    m: NDArray[np.float32],
    weight: NDArray[np.float32],
) -> None:
    """Pack a range of columns with a frame around it.

    Parameters
    ----------
    film : float32 array (3, rows, columns)
        Magnetisation of the whole film.
    free : bool array (rows, columns)
        Cells that may move.
    first, last : int
        First column of the range, and the first column after it.
    m : float32 array (3, cells)
        Receives the magnetisation of the range and of its neighbours.
    weight : float32 array (cells,)
        Receives 1 in cells of the range that may move, 0 elsewhere.
    """
    _compiled()["pack"](film, free, *free.shape, first, last, m, weight)


def block_speed(
    film: NDArray[np.float32],
    free: NDArray[np.bool_],
    field: NDArray[np.float32],
    space: NDArray[np.float32],
    p: NDArray[np.void],
    factor: float,
    speed: NDArray[np.float32],
) -> None:
    """Compute the largest |dm/dt| component, averaged over blocks of BLOCK × BLOCK cells, in 1/s.

    The average removes the rounding errors of single precision, which exchange amplifies from cell
    to cell. Motion on such a short scale is damped within picoseconds.

    Parameters
    ----------
    film : float32 array (3, rows, columns)
        Magnetisation.
    free : bool array (rows, columns)
        Cells that may move.
    field : float32 array (3, rows, columns)
        Slow field in A/m.
    space : float32 array
        Work space, see `workspace`; `work[1]` then holds dm/dt in 1/s.
    p : record array (1,)
        Coefficients; see `PARAMETERS`.
    factor : float
        γ0/(1 + α²) in m/(A s).
    speed : float32 array (blocks,)
        Result for each range of BLOCK columns: the largest value of its blocks.
    """
    rows, columns = free.shape
    m, work, slow, _, polynomial, weight = workspace(space, (rows + 2) * (columns + 2))
    _compiled()["block_speed"](
        film, free, field, rows, columns, m, work, slow, weight, polynomial, p, factor, speed
    )


def advance_ranges(
    film: NDArray[np.float32],
    free: NDArray[np.bool_],
    ranges: NDArray[np.int64],
    samples: NDArray[np.float32],
    order: NDArray[np.int64],
    matrix: NDArray[np.float32],
    missed: NDArray[np.float32],
    per_step: float,
    steps: int,
    space: NDArray[np.float32],
    p: NDArray[np.void],
    chain: NDArray[np.float32],
    factor: float,
    shares: NDArray[np.float32] | None = None,
    key: int = 0,
    drawn: int = 0,
) -> None:
    """Advance ranges of columns by Runge-Kutta steps, with the slow field extrapolated.

    Parameters
    ----------
    film : float32 array (3, rows, columns)
        Magnetisation, changed in place.
    free : bool array (rows, columns)
        Cells that may move.
    ranges : int array (n, 2)
        First column of each range, and the first column after it; at least one column apart.
    samples : float32 array (ORDERS + 1, 3, rows, columns)
        The slow field in A/m at earlier times.
    order : int array (k,)
        Indices in `samples` of the latest k samples.
    matrix : float32 array (k, k)
        Result of `lagrange_matrix` for these samples, with times in units of all steps.
    missed : float32 array (3, rows, columns)
        Error of the previous interval; `per_step` times this error is added to the slow field.
    per_step : float
        Factor of `missed`.
    steps : int
        Number of steps. Each has the slow field at its middle.
    space : float32 array
        Work space, see `workspace`.
    p : record array (1,) or (steps,)
        Coefficients of all steps or of each; see `PARAMETERS`.
    chain : float32 array (stages,)
        Stage j starts from m and advances by chain[j] of a step with the rate of stage j - 1.
    factor : float
        Step times γ0/(1 + α²).
    shares : float32 array (stages,), optional
        Share of the thermal field of a step in the field of each stage.
    key : int
        Key of the random numbers, 0 to 2**32 - 1.
    drawn : int
        Number of steps whose random numbers were drawn before.
    """
    shares = np.ones_like(chain) if shares is None else shares
    _compiled()["advance_ranges"](
        *(film, free, *free.shape, ranges, len(ranges), samples, order, len(order), matrix),
        *(missed, per_step, steps, space, p, len(p)),
        *(chain, shares, len(chain), key, drawn, factor),
    )


def extrapolation_error(
    samples: NDArray[np.float32],
    order: NDArray[np.int64],
    weights: NDArray[np.float32],
    renewed: NDArray[np.float32],
    missed: NDArray[np.float32],
    ranges: NDArray[np.int64],
    lowest: int,
    highest: int,
    space: NDArray[np.float32],
) -> float:
    """Compare the extrapolated slow field with the renewed one.

    A wall follows the field over its width, and errors of single cells average out there. The
    error is therefore that of averages over blocks of FIELD_BLOCK × FIELD_BLOCK cells.

    Parameters
    ----------
    samples, order
        As for `advance_ranges`.
    weights : float32 array (k,)
        Weights of the samples in the extrapolation.
    renewed : float32 array (3, rows, columns)
        The present slow field.
    missed : float32 array (3, rows, columns)
        Receives the difference of renewed and extrapolated field in columns of the ranges that
        count, zero elsewhere.
    ranges : int array (n, 2)
        First column of each range, and the first column after it.
    lowest, highest : int
        First column that counts, and the first column after those that count.
    space : float32 array (at least columns,)
        Work space.

    Returns
    -------
    float
        Largest average deviation of a component in A/m; NaN if any deviation is NaN.
    """
    return _compiled()["extrapolation_error"](
        *(samples, order, len(order), weights, renewed, missed, *missed.shape[1:]),
        *(ranges, len(ranges), lowest, highest, space),
    )


def multiply(spectrum: NDArray[np.complex64], kernel: NDArray[np.float32]) -> None:
    """Replace the spectrum of M by that of -N M, in place.

    Parameters
    ----------
    spectrum : complex64 array (3, rows, columns)
        Transform of the magnetisation.
    kernel : float32 array (4, rows, columns)
        Transforms of the components xx, yy, zz and xy of N.
    """
    _compiled()["multiply"](spectrum, kernel, *spectrum.shape[1:])
