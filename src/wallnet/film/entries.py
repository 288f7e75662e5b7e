"""The inner loops as functions with the calling convention of C: pointers, and sizes of arrays."""

from collections.abc import Callable
from typing import Any

import numba
from numba import carray, cfunc, types

from wallnet.film import loops
from wallnet.film.kernels import BLOCK, ENTRIES, ORDERS, RECORD

KINDS = {
    "bool*": types.CPointer(types.boolean),
    "int64*": types.CPointer(types.int64),
    "float32*": types.CPointer(types.float32),
    "complex64*": types.CPointer(types.complex64),
    "parameters*": types.CPointer(numba.from_dtype(RECORD)),
    "int64": types.int64,
    "float32": types.float32,
    "none": types.void,
}
"""The kinds of `kernels.ARGUMENTS`, as numba knows them."""

_entries: dict[str, Callable[[], Any]] = {}


def _entry(function: Callable) -> Callable:
    """Register a function of `kernels.ENTRIES`."""
    name = function.__name__
    result, *arguments = (KINDS[kind] for kind in ENTRIES[name].split())
    _entries[name] = lambda: cfunc(result(*arguments))(function)
    return function


def compiled() -> dict[str, Any]:
    """Compile all functions; return them by name."""
    return {name: compile_one() for name, compile_one in _entries.items()}


@_entry
def stage(m, start, out, slow, weight, p, factor, cells, stride):
    loops.stage(
        carray(m, (3, cells)),
        carray(start, (3, cells)),
        carray(out, (3, cells)),
        carray(slow, (2, 3, cells)),
        carray(weight, (cells,)),
        carray(p, (1,))[0],
        factor,
        stride,
    )


@_entry
def normalise(source, out, cells, first, last):
    loops.normalise(carray(source, (3, cells)), carray(out, (3, cells)), first, last)


@_entry
def pack(film, free, rows, columns, first, last, m, weight):
    cells = (rows + 2) * (last - first + 2)
    loops.pack(
        carray(film, (3, rows, columns)),
        carray(free, (rows, columns)),
        first,
        last,
        carray(m, (3, cells)),
        carray(weight, (cells,)),
    )


@_entry
def block_speed(film, free, field, rows, columns, m, work, slow, weight, sums, p, factor, speed):
    cells = (rows + 2) * (columns + 2)
    loops.block_speed(
        carray(film, (3, rows, columns)),
        carray(free, (rows, columns)),
        carray(field, (3, rows, columns)),
        carray(m, (3, cells)),
        carray(work, (2, 3, cells)),
        carray(slow, (2, 3, cells)),
        carray(weight, (cells,)),
        carray(sums, (2, columns)),
        carray(p, (1,))[0],
        factor,
        carray(speed, (-(-columns // BLOCK),)),
    )


@_entry
def advance_ranges(
    film,
    free,
    rows,
    columns,
    ranges,
    count,
    samples,
    order,
    orders,
    matrix,
    missed,
    per_step,
    steps,
    space,
    p,
    records,
    chain,
    shares,
    stages,
    key,
    drawn,
    factor,
):
    loops.advance_ranges(
        carray(film, (3, rows, columns)),
        carray(free, (rows, columns)),
        carray(ranges, (count, 2)),
        carray(samples, (ORDERS + 1, 3, rows, columns)),
        carray(order, (orders,)),
        carray(matrix, (orders, orders)),
        carray(missed, (3, rows, columns)),
        per_step,
        steps,
        space,
        carray(p, (records,)),
        carray(chain, (stages,)),
        carray(shares, (stages,)),
        key,
        drawn,
        factor,
    )


@_entry
def extrapolation_error(
    samples,
    order,
    orders,
    weights,
    renewed,
    missed,
    rows,
    columns,
    ranges,
    count,
    lowest,
    highest,
    sums,
):
    return loops.extrapolation_error(
        carray(samples, (ORDERS + 1, 3, rows, columns)),
        carray(order, (orders,)),
        carray(weights, (orders,)),
        carray(renewed, (3, rows, columns)),
        carray(missed, (3, rows, columns)),
        carray(ranges, (count, 2)),
        lowest,
        highest,
        carray(sums, (columns,)),
    )


@_entry
def multiply(spectrum, kernel, rows, columns):
    loops.multiply(carray(spectrum, (3, rows, columns)), carray(kernel, (4, rows, columns)))
