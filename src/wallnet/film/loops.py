"""Compiled inner loops of the engine.

A range of columns is packed row after row, with a frame one cell wide, into arrays of shape
(component, cells). One long loop then computes a whole stage, with neighbours at fixed offsets.
Loops over the 100 to 200 columns around a wall, one per row, would spend most of their time on
starting. Cells of the frame (resting columns, or zero outside the film) have weight zero and keep
their value.

Results are bitwise the same whether the compiler vectorises or not, since products are fused with
sums only where the code states it. Fast-math would leave this to the compiler.

numba stores what it compiled in `__pycache__`, the user's cache or NUMBA_CACHE_DIR, for this file
alone: constants of other modules must not be used in compiled functions.
"""

import functools
import hashlib
import logging
import math
import warnings
from pathlib import Path

import numpy as np
from numba import boolean, carray, complex64, float32, from_dtype, int64, njit, types
from numba.core import event
from numba.core.registry import cpu_target
from numba.extending import intrinsic

PARAMETERS = {
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
"""Coefficients of the inner loops and their shapes: the fields of the record `p`."""

RECORD = np.dtype([(name, np.float32, shape) for name, shape in PARAMETERS.items()])
"""Type of the coefficients for the compiled functions."""

FIELD_BLOCK = 16
"""Edge, in cells, of the blocks over which the error of the extrapolated field is averaged."""

BAND = 4096
"""Approximate number of cells that pass all stages of a step together."""

ORDERS = 3
"""Largest number of fields in the extrapolation of the slow field."""

WORKSPACE = 19 + 3 * ORDERS
"""Numbers of work space for each packed cell."""

VECTOR, PACKED, FILM, FILMS = (types.Array(float32, n, "C") for n in (1, 2, 3, 4))
MASK, RANGES, SLOTS = boolean[:, ::1], int64[:, ::1], int64[::1]
COEFFICIENTS = from_dtype(RECORD)[::1]

UNSTORED = (
    "each process compiles the engine, since numba can store it in no folder; set "
    "NUMBA_CACHE_DIR or XDG_CACHE_HOME to a folder that can be written"
)

COMPILING = "compiling the engine once for this processor, for about a minute"

compiled = njit(error_model="numpy")


@functools.cache
def say_compiling():
    """Say once that this process compiles."""
    logging.getLogger(__name__).warning(COMPILING)


class Compiling(event.Listener):
    """Listener that says when numba begins to compile, and not when it loads what is stored."""

    def on_start(self, event):
        """Say it."""
        say_compiling()

    def on_end(self, event):
        """Say nothing."""


def entry(*arguments, files=()):
    """Return a decorator that compiles a function for the types of its arguments, or loads it.

    Its code is that of this module and of further `files`.
    """

    def decorate(function):
        # numba's files have this name: no other version or processor replaces or reads them, since
        # numba writes the list of its files before the files
        processor = cpu_target.target_context.codegen().magic_tuple()
        made_of = b"".join(Path(file).read_bytes() for file in (__file__, *files))
        made_of += str(processor).encode()
        function.__qualname__ += "_" + hashlib.sha256(made_of).hexdigest()[:16]
        try:
            with event.install_listener("numba:compile", Compiling()):
                return njit(arguments, error_model="numpy", cache=True)(function)
        except Exception as error:  # no folder can be written, or what is stored is damaged
            if "no locator available" in str(error):
                warnings.warn(UNSTORED, stacklevel=1)  # once, since all are of this line
            return njit(arguments, error_model="numpy")(function)

    return decorate


@intrinsic
def _at(typingctx, array, offset):
    """Return the pointer to the element of an array with this offset."""
    signature = types.CPointer(array.dtype)(array, types.intp)

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.gep(data, [arguments[1]])

    return signature, generate


@intrinsic
def _fma(typingctx, a, b, c):
    """Return a b + c, rounded once."""
    signature = types.float32(types.float32, types.float32, types.float32)

    def generate(context, builder, signature, arguments):
        return builder.fma(*arguments)

    return signature, generate


@compiled
def components(vectors, first, last):
    """Return the three components of vectors, or three coefficients, in cells first to last."""
    return vectors[0, first:last], vectors[1, first:last], vectors[2, first:last]


def _stage_of(noisy):
    """Return the function for films with or without a thermal field."""

    @compiled
    def stage(m, start, out, slow, noise, share, weight, p, factor, stride, first, last):
        """Set out = start + factor weight dm/dt / γ in cells first to last, with dm/dt at m.

        γ = γ0/(1 + α²). Landau-Lifshitz form: dm/dt = -γ m × (H + α m × H), with the torque as a
        field. A noisy stage adds the share of the thermal field.
        """
        xc, yc, zc = components(m, first, last)
        xw, yw, zw = components(m, first - 1, last - 1)
        xe, ye, ze = components(m, first + 1, last + 1)
        xs, ys, zs = components(m, first - stride, last - stride)
        xn, yn, zn = components(m, first + stride, last + stride)
        sx, sy, sz = components(slow, first, last)
        tx, ty, tz = components(noise, first, last)
        ax, ay, az = components(start, first, last)
        ox, oy, oz = components(out, first, last)
        w = weight[first:last]
        exx, exy, exz = p.neighbour_x[0], p.neighbour_x[1], p.neighbour_x[2]
        eyx, eyy, eyz = p.neighbour_y[0], p.neighbour_y[1], p.neighbour_y[2]
        dx, dy = p.dmi_x, p.dmi_y
        lxx, lxy, lxz = p.local[0, 0], p.local[0, 1], p.local[0, 2]
        lyx, lyy, lyz = p.local[1, 0], p.local[1, 1], p.local[1, 2]
        lzx, lzy, lzz = p.local[2, 0], p.local[2, 1], p.local[2, 2]
        precession, damping = p.precession, p.damping
        for i in range(last - first):
            x, y, z = xc[i], yc[i], zc[i]
            hx, hy, hz = sx[i], sy[i], sz[i]
            if noisy:
                hx, hy, hz = _fma(share, tx[i], hx), _fma(share, ty[i], hy), _fma(share, tz[i], hz)
            hx = _fma(exx, xw[i] + xe[i], _fma(eyx, xs[i] + xn[i], hx))
            hy = _fma(exy, yw[i] + ye[i], _fma(eyy, ys[i] + yn[i], hy))
            hz = _fma(exz, zw[i] + ze[i], _fma(eyz, zs[i] + zn[i], hz))
            hx = _fma(dx, zw[i] - ze[i], hx)
            hy = _fma(dy, zs[i] - zn[i], hy)
            hz = _fma(dx, xe[i] - xw[i], _fma(dy, yn[i] - ys[i], hz))
            hx = _fma(lxx, x, _fma(lxy, y, _fma(lxz, z, hx)))
            hy = _fma(lyx, x, _fma(lyy, y, _fma(lyz, z, hy)))
            hz = _fma(lzx, x, _fma(lzy, y, _fma(lzz, z, hz)))
            gx = _fma(damping, _fma(y, hz, -(z * hy)), precession * hx)
            gy = _fma(damping, _fma(z, hx, -(x * hz)), precession * hy)
            gz = _fma(damping, _fma(x, hy, -(y * hx)), precession * hz)
            f = factor * w[i]
            ox[i] = _fma(f, _fma(z, gy, -(y * gz)), ax[i])
            oy[i] = _fma(f, _fma(x, gz, -(z * gx)), ay[i])
            oz[i] = _fma(f, _fma(y, gx, -(x * gy)), az[i])

    return stage


_stage, _noisy_stage = (_stage_of(noisy) for noisy in (False, True))


@compiled
def _any_stage(m, start, out, slow, noise, share, weight, p, factor, stride, first, last):
    """Compute a stage with or without a thermal field."""
    if p.noise != 0:
        _noisy_stage(m, start, out, slow, noise, share, weight, p, factor, stride, first, last)
    else:
        _stage(m, start, out, slow, noise, share, weight, p, factor, stride, first, last)


@compiled
def _add_torque(m, slow, out, weight, p, first, last):
    """Set out = slow + the Slonczewski field β ε (m × mp), where ε depends on the angle (Λ > 1)."""
    px, py, pz = p.spin_direction[0], p.spin_direction[1], p.spin_direction[2]
    torque, total, difference = p.torque, p.lambda_sum, p.lambda_difference
    x, y, z = components(m, first, last)
    sx, sy, sz = components(slow, first, last)
    ox, oy, oz = components(out, first, last)
    for i in range(last - first):
        along = _fma(x[i], px, _fma(y[i], py, z[i] * pz))
        s = torque / _fma(difference, along, total)
        ox[i] = _fma(s, _fma(y[i], pz, -(z[i] * py)), sx[i])
        oy[i] = _fma(s, _fma(z[i], px, -(x[i] * pz)), sy[i])
        oz[i] = _fma(s, _fma(x[i], py, -(y[i] * px)), sz[i])


def local_field_of(add_torque):
    """Return the function of local fields with a torque that depends on the angle."""

    @compiled
    def local_field(m, slow, cells, p, first, last):
        """Return slow[0] plus the local fields that are not linear in m, in slow[1] if any are.

        Such a term has its coefficients in `PARAMETERS`, one of which is zero without the term.
        """
        field = slow[0]
        if p.lambda_difference != 0:
            add_torque(m, field, slow[1], cells, p, first, last)
            field = slow[1]
        return field

    return local_field


_local_field = local_field_of(_add_torque)


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
        squared = _fma(x[i], x[i], _fma(y[i], y[i], z[i] * z[i]))
        if whatever:
            scale = one / np.sqrt(max(squared, tiny))
        else:
            scale = _fma(-half, squared, three_halves)
        ox[i] = scale * x[i]
        oy[i] = scale * y[i]
        oz[i] = scale * z[i]


@compiled
def _draw(noise, deviation, key, step, first, last):
    """Draw the thermal field of a step in cells first to last.

    Each component is ±√3 times the deviation with a probability of 1/6 each, otherwise zero: the
    first five moments are those of a normal distribution. The generator is Philox2x32-10 (Salmon
    and others, 2011, doi:10.1145/2063384.2063405), counted by cell and step.
    """
    multiplier, weyl = np.uint64(0xD256D193), np.uint64(0x9E3779B9)
    word, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    rare, often = np.uint64(349525), np.uint64(2**21 - 349525)  # 1/6 and 5/6 of 2**21
    zero, high = np.float32(0), np.float32(math.sqrt(3.0)) * deviation
    ox, oy, oz = components(noise, first, last)
    for i in range(last - first):
        a, b, k = np.uint64(first) + np.uint64(i), np.uint64(step) & word, np.uint64(key)
        for _ in range(10):
            product = multiplier * a
            a = (product >> half) ^ k ^ b
            b = product & word
            k = (k + weyl) & word
        x, y = a >> np.uint64(11), b >> np.uint64(11)
        z = ((a & np.uint64(0x7FF)) << np.uint64(10)) | (b & np.uint64(0x3FF))
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
                o[i] = _fma(t, f[i], o[i])


@compiled
def _scale(slow, noise, weight, p, first, last):
    """Leave the fields of a step as they are: all cells have the same moment."""


def advance_of(scale, stage, local_field):
    """Return the function that advances packed cells, with functions of a kind of film.

    `scale` multiplies the fields of a step by what differs between cells, and `stage` computes a
    stage. `cells` is what both know of the cells: in a uniform film 1 in cells that move, else 0.
    """

    @compiled
    def advance(m, work, slow, noise, polynomial, cells, stages, draws, p, steps, factor, stride):
        """Advance packed cells by Runge-Kutta steps.

        A step processes the rows upwards in bands, with all stages of a band before the next band.
        Each stage is one row behind the previous one. The data of a band therefore stays in the
        cache, and the storage of two stages is still enough.

        The parameters are those of `advance_ranges` for packed cells. `work` contains m twice,
        `slow` and `noise` are work space, and `polynomial` has the coefficients of the slow field
        in A/m as a polynomial in time, in units of all steps. A packed row has `stride` cells.
        """
        (chain, shares), (key, drawn) = stages, draws
        rows, count = m.shape[1] // stride - 2, chain.shape[0]
        band = max(1, BAND // stride)
        for n in range(steps):
            q = p[n % p.shape[0]]
            for lower in range(1, rows + count + 1, band):
                for j in range(count):
                    begin, end = max(lower - j, 1), min(lower - j + band, rows + 1)
                    if begin >= end:
                        continue
                    first, last = begin * stride, end * stride
                    if j == 0:
                        _evaluate(polynomial, (n + 0.5) / steps, slow[0], first, last)
                        if q.noise != 0:
                            _draw(noise, q.noise, key, drawn + n, first, last)
                        scale(slow[0], noise, cells, q, first, last)
                    source, target = m, work[0]
                    if j > 0:
                        source, target = work[(j - 1) % 2], work[j % 2]
                    # the corners of the frame have no neighbours and need none
                    first, last = max(first, stride + 1), min(last, (rows + 1) * stride - 1)
                    field = local_field(source, slow, cells, q, first, last)
                    own = source, m, target, field, noise, shares[j], cells, q
                    stage(*own, factor * chain[j], stride, first, last)
                    if j == count - 1:
                        _normalise(target, m, q.noise != 0, first, last)

    return advance


_advance = advance_of(_scale, _any_stage, _local_field)


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
                            out[i] = _fma(weight, field[i], out[i])


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
                            out[i] = _fma(weight, field[i], out[i])
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
    """Divide a work space into arrays of a packed range: m, work, slow, noise, polynomial, weight.

    It has at least `WORKSPACE` numbers for each of the packed cells.
    """
    m = carray(_at(space, 0), (3, cells))
    work = carray(_at(space, 3 * cells), (2, 3, cells))
    slow = carray(_at(space, 9 * cells), (2, 3, cells))
    noise = carray(_at(space, 15 * cells), (3, cells))
    polynomial = carray(_at(space, 18 * cells), (ORDERS, 3, cells))
    weight = carray(_at(space, (WORKSPACE - 1) * cells), (cells,))
    return m, work, slow, noise, polynomial, weight


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


@entry(FILM, MASK, FILM, VECTOR, COEFFICIENTS, float32, FILM)
def rate(film, free, field, space, p, factor, out):
    """Set out = factor dm/dt / γ in all cells, zero where m may not move.

    The parameters are those of `advance_ranges`. The slow `field` in A/m and `out` have the shape
    (3, rows, columns), `p` has one record. The factor is γ = γ0/(1 + α²) in m/(A s), for dm/dt in
    1/s, or 1.
    """
    rows, columns = free.shape
    stride = columns + 2
    m, work, slow, _, _, weight = workspace(space, (rows + 2) * stride)
    pack(film, free, 0, columns, m, weight)
    pack(field, free, 0, columns, slow[0], weight)
    work[0] = 0
    none, first, last = np.float32(0), stride + 1, m.shape[1] - stride - 1
    local = _local_field(m, slow, weight, p[0], first, last)
    _stage(m, work[0], work[1], local, slow[0], none, weight, p[0], factor, stride, first, last)
    unpack(work[1], out, 0, columns)


EXTRAPOLATED = types.Tuple((FILMS, SLOTS, PACKED, FILM, float32))
STAGES, DRAWS = types.UniTuple(VECTOR, 2), types.UniTuple(int64, 2)


@entry(FILM, MASK, RANGES, EXTRAPOLATED, VECTOR, STAGES, DRAWS, COEFFICIENTS, int64, float32)
def advance_ranges(film, free, ranges, extrapolated, space, stages, draws, p, steps, factor):
    """Advance ranges of columns by Runge-Kutta steps, with the slow field extrapolated.

    Parameters
    ----------
    film : float32 array (3, rows, columns)
        Magnetisation, changed in place.
    free : bool array (rows, columns)
        Cells that may move.
    ranges : int array (n, 2)
        First column of each range, and the first column after it; at least one column apart.
    extrapolated : tuple
        The slow field, of which each step has the value at its middle: its `stored_fields` at
        earlier times, in A/m, float32 (ORDERS + 1, 3, rows, columns); the indices of the latest k,
        (k,); the first rows of the result of `core.lagrange_matrix` for these, with times in units
        of all steps, (n, k), one row if the field is constant; the error of the previous interval,
        `missed` (3, rows, columns), and the multiple of it that is added to the slow field.
    space : float32 array
        Work space, see `workspace`.
    stages : tuple of float32 array (stages,)
        Stage j starts from m and advances by the j-th number of the first of a step, with the rate
        of stage j - 1. The second is the share of the thermal field of the step in its field.
    draws : tuple of int
        Key of the random numbers, 0 to 2**32 - 1, and the number of steps that had some before.
    p : record array (1,) or (steps,)
        Coefficients of all steps or of each; see `PARAMETERS`.
    steps : int
        Number of steps.
    factor : float
        Step times γ0/(1 + α²).
    """
    rows = free.shape[0]
    for n in range(ranges.shape[0]):
        first, last = ranges[n, 0], ranges[n, 1]
        stride = last - first + 2
        m, work, slow, noise, polynomial, weight = workspace(space, (rows + 2) * stride)
        pack(film, free, first, last, m, weight)
        polynomial = polynomial[: extrapolated[2].shape[0]]
        interpolation_coefficients(extrapolated, polynomial, first, stride)
        # a loop: an assignment with broadcasting takes three seconds longer to compile
        for c in range(3):
            for i in range(m.shape[1]):
                work[0, c, i] = work[1, c, i] = m[c, i]
        _advance(m, work, slow, noise, polynomial, weight, stages, draws, p, steps, factor, stride)
        unpack(m, film, first, last)


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
