"""Compiled inner loops of the engine.

A range of columns is packed row after row, with a frame one cell wide, into arrays of shape
(component, cells). One long loop then computes a whole stage, with neighbours at fixed offsets.
Loops over the 100 to 200 columns around a wall, one per row, would spend most of their time on
starting. Cells of the frame (resting columns, or zero outside the film) have weight zero and keep
their value.

Results are bitwise the same whether the compiler vectorises or not, since products are fused with
sums only where the code states it. Fast-math would leave this to the compiler.

A film's kind are the types of its groups of coefficients (see `stage`), whether it has a thermal
field, and its further terms. `rate_of` and `advance_ranges_of` return the functions of a kind.
"""

import functools
import inspect
import math

import numpy as np
from numba import boolean, carray, complex64, float32, int64, types, uint32
from numba.core.event import install_listener
from numba.extending import overload

from wallnet.film.compiling import Compiling, compiled, entry, fma, inlined, pointer
from wallnet.film.stage import Dynamics, at, components, parts, stage_of

FIELD_BLOCK = 16
"""Edge, in cells, of the blocks over which the error of the extrapolated field is averaged."""

BAND = 4096
"""Approximate number of cells that pass all stages of a step together."""

ORDERS = 3
"""Largest number of fields in the extrapolation of the slow field."""

WORKSPACE = 17 + 3 * ORDERS
"""Numbers of work space for each packed cell, without those of groups of arrays."""

VECTOR, PACKED, FILM, FILMS = (types.Array(float32, n, "C") for n in (1, 2, 3, 4))
MASK, RANGES, SLOTS = boolean[:, ::1], int64[:, ::1], int64[::1]


@compiled
def _normalise(source, out, whatever, first, last):
    """Set out to m with unit length in cells first to last; zero vectors do not change.

    One Newton step is enough if the length deviates only by the error of the time step, and not
    with a thermal field, where it is normalised whatever it is.
    """
    half, three_halves = np.float32(0.5), np.float32(1.5)
    one, tiny = np.float32(1), np.float32(1e-30)
    x, y, z = components(source, first, last)
    ox, oy, oz = components(out, first, last)
    for i in range(last - first):
        squared = fma(x[i], x[i], fma(y[i], y[i], z[i] * z[i]))
        near = fma(-half, squared, three_halves)
        scale = one / np.sqrt(max(squared, tiny)) if whatever else near
        ox[i] = scale * x[i]
        oy[i] = scale * y[i]
        oz[i] = scale * z[i]


@inlined
def _philox(counter, key):
    """Return the four words of Philox4x32-10 for a counter of four words and a key of two.

    Salmon and others (2011), doi:10.1145/2063384.2063405. All are 64-bit numbers below 2**32, since
    a processor multiplies these without loss in vectors.
    """
    first_multiplier, second_multiplier = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
    first_weyl, second_weyl = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
    word, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    (a, b, c, d), (e, f) = counter, key
    for _ in range(10):
        first, second = first_multiplier * a, second_multiplier * c
        a, b = (second >> half) ^ b ^ e, second & word
        c, d = (first >> half) ^ d ^ f, first & word
        e, f = (e + first_weyl) & word, (f + second_weyl) & word
    return a, b, c, d


@compiled
def _draw_words(words, key, step):
    """Draw 32 random bits for each cell of a packed film at a step.

    The counter of a call of Philox is its number, 0, and the step from 0 to 2**63 - 1, lower word
    first. Call n of N = cells // 4 draws the words of cells n, n + N, n + 2 N and n + 3 N. The last
    cells, up to three in a corner of the frame, get none.
    """
    calls = words.shape[0] // 4
    zero, lower, upper = (
        np.uint64(0),
        np.uint64(step) & np.uint64(0xFFFFFFFF),
        np.uint64(step >> 32),
    )
    own = np.uint64(key[0]), np.uint64(key[1])
    first, second = words[:calls], words[calls : 2 * calls]
    third, fourth = words[2 * calls : 3 * calls], words[3 * calls : 4 * calls]
    for i in range(calls):
        counter = np.uint64(i), zero, lower, upper
        first[i], second[i], third[i], fourth[i] = _philox(counter, own)


@compiled
def _draw(noise, words, deviation, first, last):
    """Compute the thermal field of a step in cells first to last from their random words.

    Each component is ±√3 times the deviation with a probability of 1/6 each, otherwise zero: the
    first five moments are those of a normal distribution. A word over 2**32 is a random fraction;
    its three digits to the base 6 decide the three components.
    """
    rare = np.uint32(715827883)  # 2**32/6
    often, six = np.uint32(2**32 - 715827883), np.uint32(6)
    zero, high = np.float32(0), np.float32(math.sqrt(3.0)) * deviation
    ox, oy, oz = components(noise, first, last)
    word = words[first:last]
    for i in range(last - first):
        x = word[i]
        y = np.uint32(six * x)  # the fraction after the first digit
        z = np.uint32(six * y)
        ox[i] = high if x >= often else (-high if x < rare else zero)
        oy[i] = high if y >= often else (-high if y < rare else zero)
        oz[i] = high if z >= often else (-high if z < rare else zero)


@compiled
def _evaluate(polynomial, time, out, first, last):
    """Evaluate the polynomial of the slow field."""
    for c in range(3):
        o, f = out[c, first:last], polynomial[0, c, first:last]
        for i in range(last - first):
            o[i] = f[i]
        power = 1.0
        for order in range(1, polynomial.shape[0]):
            power *= time
            f, t = polynomial[order, c, first:last], np.float32(power)
            for i in range(last - first):
                o[i] = fma(t, f[i], o[i])


def thermal_field(draws, noise):
    """Return the work space of the thermal field, or an empty tuple if there is none."""


@overload(thermal_field)
def _thermal_field(draws, noise):
    if len(draws):
        return lambda draws, noise: noise
    return lambda draws, noise: ()


def draw_words(draws, words, step):
    """Draw the random words of a step, if there is a thermal field."""


@overload(draw_words)
def _draw_words_if_any(draws, words, step):
    if not len(draws):
        return lambda draws, words, step: None
    return lambda draws, words, step: _draw_words(words, draws[0], draws[1] + step)


def draw(draws, noise, words, first, last):
    """Compute the thermal field of a step in cells first to last, if there is one."""


@overload(draw)
def _draw_if_any(draws, noise, words, first, last):
    if not len(draws):
        return lambda draws, noise, words, first, last: None
    return lambda draws, noise, words, first, last: _draw(noise, words, draws[2], first, last)


@compiled
def _times(fields, size, first, last):
    for c in range(3):
        out = fields[c, first:last]
        for i in range(last - first):
            out[i] *= at(size, i)


def weigh(fields, size, first, last):
    """Multiply fields (3, cells), if there are any, by a number or an array of cells."""


@overload(weigh)
def _weigh(fields, size, first, last):
    if not isinstance(fields, types.Array):
        return lambda fields, size, first, last: None
    if isinstance(size, types.Array):
        return lambda fields, size, first, last: _times(fields, size[first:last], first, last)
    return lambda fields, size, first, last: (
        _times(fields, size, first, last) if size != 1 else None
    )


def advance_of(stage):
    """Return the function that advances packed cells with a function of `stage_of`."""

    @inlined
    def advance(arrays, groups, angle, stages, draws, torques, steps, rates, stride):
        """Advance packed cells by Runge-Kutta steps.

        A step processes the rows upwards in bands, with all stages of a band before the next band.
        Each stage is one row behind the previous one. The data of a band therefore stays in the
        cache, and the storage of two stages is still enough.

        The parameters are those of `advance_ranges` for packed cells; `arrays` are those of
        `workspace`, with the coefficients of the slow field in A/m as a polynomial in time, in
        units of all steps. A packed row has `stride` cells.
        """
        m, work, slow, noise, words, polynomial, weight = arrays
        chain, shares = stages
        precession, factor = rates
        _, _, _, dynamics = groups[:4]
        sizes = parts(Dynamics, dynamics, 0, m.shape[1])
        rows, count = m.shape[1] // stride - 2, chain.shape[0]
        band = max(1, BAND // stride)
        for n in range(steps):
            torque = torques[n % torques.shape[0]]
            draw_words(draws, words, n)
            for lower in range(1, rows + count + 1, band):
                for j in range(count):
                    begin, end = max(lower - j, 1), min(lower - j + band, rows + 1)
                    if begin >= end:
                        continue
                    first, last = begin * stride, end * stride
                    if j == 0:
                        _evaluate(polynomial, (n + 0.5) / steps, slow, first, last)
                        draw(draws, noise, words, first, last)
                        weigh(slow, sizes.moment, first, last)
                        weigh(thermal_field(draws, noise), sizes.noise, first, last)
                    source, target = m, work[0]
                    if j > 0:
                        source, target = work[(j - 1) % 2], work[j % 2]
                    # the corners of the frame have no neighbours and need none
                    first, last = max(first, stride + 1), min(last, (rows + 1) * stride - 1)
                    states, own = (source, m, target), (precession, factor * chain[j])
                    fields = slow, thermal_field(draws, noise), shares[j]
                    stage(states, fields, weight, groups, angle, torque, own, stride, first, last)
                    if j == count - 1:
                        _normalise(target, m, len(draws) > 0, first, last)

    return advance


@compiled
def interpolation_coefficients(extrapolated, polynomial, first, stride):
    """Pack the coefficients of the slow field's polynomial for a range of columns.

    `extrapolated` is that of `advance_ranges`; values of `polynomial` outside the range, which
    begins with column `first`, do not change.
    """
    stored_fields, order, matrix, missed, per_step = extrapolated
    columns = stride - 2
    for c in range(3):
        for r in range(stored_fields.shape[2]):
            offset = (r + 1) * stride + 1
            for k in range(matrix.shape[0]):
                out = polynomial[k, c, offset : offset + columns]
                if k == 0:
                    for i in range(columns):
                        out[i] = per_step * missed[c, r, first + i]
                else:
                    out[:] = 0
                for j in range(order.shape[0]):
                    field = stored_fields[order[j], c, r, first : first + columns]
                    weight = matrix[k, j]
                    if weight != 0:
                        for i in range(columns):
                            out[i] = fma(weight, field[i], out[i])


@entry(FILMS, SLOTS, VECTOR, FILM, FILM, RANGES, int64, int64, VECTOR)
def extrapolation_error(
    stored_fields, order, weights, renewed, missed, ranges, lowest, highest, space
):
    """Return the largest deviation of the renewed slow field from the extrapolated one, in A/m.

    A wall follows the field over its width, and errors of single cells average out there. The
    deviation is therefore that of a component averaged over FIELD_BLOCK × FIELD_BLOCK cells; NaN if
    any is NaN.

    Parameters
    ----------
    stored_fields, order, ranges
        As for `advance_ranges`, the first two as in `extrapolated`.
    weights : float32 array (k,)
        Weights of the fields in the extrapolation.
    renewed : float32 array (3, rows, columns)
        The present slow field.
    missed : float32 array (3, rows, columns)
        Receives the difference of renewed and extrapolated field in columns of the ranges that
        count, zero elsewhere.
    lowest, highest : int
        First column that counts, and the first column after those that count.
    space : float32 array (at least columns,)
        Work space.
    """
    largest = np.float32(0)
    rows = missed.shape[1]
    missed[:] = 0
    for n in range(ranges.shape[0]):
        first = max(ranges[n, 0], lowest)
        width = max(min(ranges[n, 1], highest) - first, 0)
        for c in range(3):
            for lower in range(0, rows, FIELD_BLOCK):
                upper = min(lower + FIELD_BLOCK, rows)
                space[:width] = 0
                for r in range(lower, upper):
                    out = missed[c, r, first : first + width]
                    new = renewed[c, r, first : first + width]
                    for i in range(width):
                        out[i] = new[i]
                    for j in range(order.shape[0]):
                        field = stored_fields[order[j], c, r, first : first + width]
                        weight = -weights[j]
                        for i in range(width):
                            out[i] = fma(weight, field[i], out[i])
                    for i in range(width):
                        space[i] += out[i]
                for begin in range(0, width, FIELD_BLOCK):
                    end = min(begin + FIELD_BLOCK, width)
                    total = np.float32(0)
                    for i in range(begin, end):
                        total += space[i]
                    size = abs(total) / np.float32((upper - lower) * (end - begin))
                    if size > largest or size != size:
                        largest = size
    return largest


@compiled
def workspace(space, cells):
    """Divide a work space into arrays of a packed range.

    They are m, work, slow, noise, words, polynomial and weight. The work space has at least
    `WORKSPACE` numbers for each of the packed cells.
    """
    m = carray(pointer(space, 0), (3, cells))
    work = carray(pointer(space, 3 * cells), (2, 3, cells))
    slow = carray(pointer(space, 9 * cells), (3, cells))
    noise = carray(pointer(space, 12 * cells), (3, cells))
    words = carray(pointer(space.view(np.uint32), 15 * cells), (cells,))
    polynomial = carray(pointer(space, 16 * cells), (ORDERS, 3, cells))
    weight = carray(pointer(space, (WORKSPACE - 1) * cells), (cells,))
    return m, work, slow, noise, words, polynomial, weight


@compiled
def pack(film, free, first, last, m, weight):
    """Pack a range of columns, with the magnetisation of its neighbours in the frame around it.

    `weight` receives 1 in cells of the range that may move, 0 elsewhere.
    """
    rows, columns = free.shape
    stride = last - first + 2
    left, right = max(first - 1, 0), min(last + 1, columns)
    m[:] = 0
    weight[:] = 0
    for r in range(rows):
        offset = (r + 1) * stride + 1 - first
        for c in range(3):
            source, target = film[c, r, left:right], m[c, offset + left : offset + right]
            for i in range(right - left):
                target[i] = source[i]
        moves, chosen = free[r, first:last], weight[offset + first : offset + last]
        for i in range(last - first):
            chosen[i] = moves[i]


@compiled
def unpack(m, film, first, last):
    """Copy packed cells to a range of columns."""
    stride = last - first + 2
    for c in range(3):
        for r in range(film.shape[1]):
            offset = (r + 1) * stride + 1
            source, target = m[c, offset : offset + last - first], film[c, r, first:last]
            for i in range(last - first):
                target[i] = source[i]


@compiled
def _pack_cells(group, space, first, last):
    """Return the coefficients of a range of columns, packed, with those of the frame around it."""
    count, rows, columns = group.shape
    stride = last - first + 2
    if stride == columns:
        return carray(pointer(group, 0), (count, rows * stride))
    cells = carray(pointer(space, 0), (count, rows * stride))
    for c in range(count):
        for r in range(rows):
            source, target = group[c, r, first : first + stride], cells[c, r * stride :]
            for i in range(stride):
                target[i] = source[i]
    return cells


def packed(groups, space, first, last):
    """Return groups of coefficients for a range of columns; numbers stay as they are."""


@overload(packed)
def _packed(groups, space, first, last):
    if not len(groups):
        return lambda groups, space, first, last: ()
    if groups[0].ndim == 1:
        return lambda groups, space, first, last: (
            groups[0],
            *packed(groups[1:], space, first, last),
        )

    def pack_first(groups, space, first, last):
        count, rows, _ = groups[0].shape
        left = space[count * rows * (last - first + 2) :]
        return (
            _pack_cells(groups[0], space, first, last),
            *packed(groups[1:], left, first, last),
        )

    return pack_first


def _rate(film, free, groups, angle, field, space, torque, rates, out):
    """Set out = factor dm/dt / γ in all cells, zero where m may not move.

    The parameters are those of `advance_ranges_of`. The slow `field` in A/m and `out` have the
    shape (3, rows, columns). The factor is γ = γ0/(1 + α²) in m/(A s), for dm/dt in 1/s, or 1.
    """
    rows, columns = free.shape
    stride = columns + 2
    cells, none = (rows + 2) * stride, np.float32(0)
    m, work, slow, _, _, _, weight = workspace(space, cells)
    pack(film, free, 0, columns, m, weight)
    pack(field, free, 0, columns, slow, weight)
    groups = packed(groups, space[WORKSPACE * cells :], 0, columns)
    _, _, _, dynamics = groups[:4]
    weigh(slow, parts(Dynamics, dynamics, 0, cells).moment, 0, cells)
    work[0] = 0
    states, fields = (m, work[0], work[1]), (slow, (), none)
    _stage(
        states, fields, weight, groups, angle, torque, rates, stride, stride + 1, cells - stride - 1
    )
    unpack(work[1], out, 0, columns)


def _advance_ranges(
    film, free, groups, angle, ranges, extrapolated, space, stages, draws, torques, steps, rates
):
    """Advance ranges of columns by Runge-Kutta steps; see `advance_ranges_of`."""
    rows = free.shape[0]
    for n in range(ranges.shape[0]):
        first, last = ranges[n, 0], ranges[n, 1]
        stride = last - first + 2
        cells = (rows + 2) * stride
        m, work, slow, noise, words, polynomial, weight = workspace(space, cells)
        pack(film, free, first, last, m, weight)
        own = packed(groups, space[WORKSPACE * cells :], first, last)
        polynomial = polynomial[: extrapolated[2].shape[0]]
        interpolation_coefficients(extrapolated, polynomial, first, stride)
        # a loop: an assignment with broadcasting takes three seconds longer to compile
        for c in range(3):
            for i in range(m.shape[1]):
                work[0, c, i] = work[1, c, i] = m[c, i]
        arrays = m, work, slow, noise, words, polynomial, weight
        _advance(arrays, own, angle, stages, draws, torques, steps, rates, stride)
        unpack(m, film, first, last)


# those of films without further terms; `_compiled` replaces them
_stage = stage_of(())
_advance = advance_of(_stage)

EXTRAPOLATED = types.Tuple((FILMS, SLOTS, PACKED, FILM, float32))
STAGES, RATES = types.UniTuple(VECTOR, 2), types.UniTuple(float32, 2)
DRAWS = types.Tuple((types.UniTuple(uint32, 2), int64, float32))


def _compiled(function, fields, *arguments):
    """Return a function compiled with a stage that has the fields of further terms."""
    try:
        sources = tuple(inspect.getsource(field) for field in fields)
    except OSError:  # of a notebook or an interpreter: compiled by each process
        sources = None
    stage = stage_of(fields)
    names = globals() | {"_stage": stage, "_advance": advance_of(stage)}
    with install_listener("numba:compile", Compiling()):
        return entry(*arguments, sources=sources)(type(function)(function.__code__, names))


@functools.cache
def rate_of(groups, angle, fields):
    """Return the compiled function `rate` for a kind of film; see `advance_ranges_of`."""
    return _compiled(
        _rate, fields, *(FILM, MASK, groups, angle, FILM, VECTOR, float32, RATES, FILM)
    )


@functools.cache
def advance_ranges_of(groups, angle, fields, thermal):
    """Return the compiled function that advances ranges of columns of a kind of film.

    Parameters
    ----------
    groups, angle : numba type
        Types of these parameters of the function.
    fields : tuple of callable
        Fields of the further terms; see `stage.further_of`.
    thermal : bool
        Whether there is a thermal field.

    Returns
    -------
    callable
        Function of the following parameters.

        film : float32 array (3, rows, columns)
            Magnetisation, changed in place.
        free : bool array (rows, columns)
            Cells that may move.
        groups : tuple of float32 array
            Groups of coefficients of `stage`.
        angle : tuple of float32
            Λ² + 1 and Λ² - 1, or empty if the torque does not depend on the angle.
        ranges : int array (n, 2)
            First column of each range, and the first column after it; at least one column apart.
        extrapolated : tuple
            The slow field, of which each step has the value at its middle: its `stored_fields` at
            earlier times, in A/m, float32 (ORDERS + 1, 3, rows, columns); the indices of the
            latest k, (k,); the first rows of the result of `core.lagrange_matrix` for these, with
            times in units of all steps, (n, k), one row if the field is constant; the error of the
            previous interval, `missed` (3, rows, columns), and the multiple of it that is added to
            the slow field.
        space : float32 array
            Work space, see `workspace`, and for the arrays of `groups`.
        stages : tuple of float32 array (stages,)
            Stage j starts from m and advances by the j-th number of the first of a step, with the
            rate of stage j - 1. The second is the share of the thermal field of the step in its
            field.
        draws : tuple
            Key of the random numbers, as its lower and its upper 32 bits, the number of steps that
            had some before, and the standard deviation of the thermal field in A/m; empty without a
            thermal field.
        torques : float32 array (1,) or (steps,)
            Torque in A/m of all steps or of each: β P Λ²/2, or β P Λ² with an angle.
        steps : int
            Number of steps.
        rates : tuple of float32
            1 if m precesses, else 0; the step times γ0/(1 + α²).
    """
    draws = DRAWS if thermal else types.Tuple(())
    arguments = FILM, MASK, groups, angle, RANGES, EXTRAPOLATED, VECTOR, STAGES, draws, VECTOR
    return _compiled(_advance_ranges, fields, *arguments, int64, RATES)


@entry(complex64[:, :, ::1], FILM)
def multiply(spectrum, kernel):
    """Replace the spectrum of M, (3, rows, columns), by that of -N M, in place.

    The kernel has the transforms of the components xx, yy, zz and xy of N, (4, rows, columns).
    """
    for r in range(spectrum.shape[1]):
        x, y, z = spectrum[0, r], spectrum[1, r], spectrum[2, r]
        xx, yy, zz, xy = kernel[0, r], kernel[1, r], kernel[2, r], kernel[3, r]
        # a number times a complex one is computed with an imaginary part of zero, in twice the time
        for i in range(x.shape[0]):
            xr, xi, yr, yi = x[i].real, x[i].imag, y[i].real, y[i].imag
            x[i] = complex(-(xx[i] * xr + xy[i] * yr), -(xx[i] * xi + xy[i] * yi))
            y[i] = complex(-(xy[i] * xr + yy[i] * yr), -(xy[i] * xi + yy[i] * yi))
            z[i] = complex(-zz[i] * z[i].real, -zz[i] * z[i].imag)
