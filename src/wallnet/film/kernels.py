"""Compiled inner loops of the engine.

A range of columns is packed row after row, with a frame one cell wide, into arrays of shape
(component, cells). One long loop then computes a whole stage, with neighbours at fixed offsets.
Loops over the 100 to 200 columns around a wall, one per row, would spend most of their time on
starting. Cells of the frame (resting columns, or zero outside the film) have weight zero and keep
their value.

Results are bitwise the same whether the compiler vectorises or not, since products are fused with
sums only where the code states it. Fast-math leaves this to the compiler. With it, results differed
between the process that compiles and those that load its cache.
"""

from collections.abc import Callable

import numpy as np
from numba import njit, types
from numba.extending import intrinsic


def compiled(function: Callable) -> Callable:
    """Compile a function when it is first called, and store the code for other processes.

    The code is stored in NUMBA_CACHE_DIR if that is set, else next to the package, or in the user's
    cache if the folder of the package is read-only. If none is writable, every process compiles
    the engine, which takes some ten seconds.
    """
    try:
        return njit(cache=True, error_model="numpy")(function)
    except RuntimeError:
        return njit(error_model="numpy")(function)


PARAMETERS: dict[str, tuple[int, ...]] = {
    "neighbour_x": (3,),  # field in A/m of a neighbour along x per unit of its m, by component
    "neighbour_y": (3,),
    "dmi_x": (),  # field in A/m along z for a difference of m_x of neighbours along x, and back
    "dmi_y": (),
    "local": (3, 3),  # field in A/m linear in the cell's own m
    "precession": (),  # 1, or 0
    "damping": (),  # α
    "spin_direction": (3,),  # m_p, for a torque that depends on the angle; it has the next three
    "torque": (),  # β P Λ² in A/m
    "lambda_sum": (),  # Λ² + 1
    "lambda_difference": (),  # Λ² - 1
}
"""Coefficients of the inner loops and their shapes: the fields of the record `p` below."""


def no_parameters() -> np.ndarray:
    """Return all coefficients as zeros in double precision, to which terms add; see `packed`."""
    return np.zeros((), [(name, np.float64, shape) for name, shape in PARAMETERS.items()])


def packed(parameters: np.ndarray) -> np.void:
    """Return coefficients in the form that the compiled functions use."""
    kind = [(name, np.float32, shape) for name, shape in PARAMETERS.items()]
    return parameters.reshape(1).astype(kind)[0]


BLOCK = 8
"""Edge, in cells, of the blocks over which motion is averaged."""

BAND = 4096
"""Approximate number of cells that pass all stages of a step together."""

ORDERS = 3
"""Largest number of samples in the extrapolation of the slow field."""


@intrinsic
def _fma(typingctx, a, b, c):
    """Return a b + c, rounded once."""
    signature = types.float32(types.float32, types.float32, types.float32)

    def generate(context, builder, signature, arguments):
        return builder.fma(*arguments)

    return signature, generate


@compiled
def _stage(m, start, out, slow, weight, p, factor, stride, first, last):
    """Set out = start + factor weight dm/dt / γ in cells first to last, with dm/dt at m.

    γ = γ0/(1 + α²). Landau-Lifshitz form: dm/dt = -γ m × (H + α m × H), with the torque as a field.
    """
    n, west, east, south, north = last - first, first - 1, first + 1, first - stride, first + stride
    xc, yc, zc = m[0, first:last], m[1, first:last], m[2, first:last]
    xw, yw, zw = m[0, west : west + n], m[1, west : west + n], m[2, west : west + n]
    xe, ye, ze = m[0, east : east + n], m[1, east : east + n], m[2, east : east + n]
    xs, ys, zs = m[0, south : south + n], m[1, south : south + n], m[2, south : south + n]
    xn, yn, zn = m[0, north : north + n], m[1, north : north + n], m[2, north : north + n]
    sx, sy, sz = slow[0, first:last], slow[1, first:last], slow[2, first:last]
    ax, ay, az = start[0, first:last], start[1, first:last], start[2, first:last]
    ox, oy, oz = out[0, first:last], out[1, first:last], out[2, first:last]
    w = weight[first:last]
    exx, exy, exz = p.neighbour_x[0], p.neighbour_x[1], p.neighbour_x[2]
    eyx, eyy, eyz = p.neighbour_y[0], p.neighbour_y[1], p.neighbour_y[2]
    dx, dy = p.dmi_x, p.dmi_y
    lxx, lxy, lxz = p.local[0, 0], p.local[0, 1], p.local[0, 2]
    lyx, lyy, lyz = p.local[1, 0], p.local[1, 1], p.local[1, 2]
    lzx, lzy, lzz = p.local[2, 0], p.local[2, 1], p.local[2, 2]
    precession, damping = p.precession, p.damping
    for i in range(n):
        x, y, z = xc[i], yc[i], zc[i]
        hx = _fma(exx, xw[i] + xe[i], _fma(eyx, xs[i] + xn[i], sx[i]))
        hy = _fma(exy, yw[i] + ye[i], _fma(eyy, ys[i] + yn[i], sy[i]))
        hz = _fma(exz, zw[i] + ze[i], _fma(eyz, zs[i] + zn[i], sz[i]))
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


@compiled
def _add_torque(m, slow, out, p, first, last):
    """Set out = slow + the Slonczewski field β ε (m × mp), where ε depends on the angle (Λ > 1)."""
    px, py, pz = p.spin_direction[0], p.spin_direction[1], p.spin_direction[2]
    torque, total, difference = p.torque, p.lambda_sum, p.lambda_difference
    x, y, z = m[0, first:last], m[1, first:last], m[2, first:last]
    sx, sy, sz = slow[0, first:last], slow[1, first:last], slow[2, first:last]
    ox, oy, oz = out[0, first:last], out[1, first:last], out[2, first:last]
    for i in range(last - first):
        along = _fma(x[i], px, _fma(y[i], py, z[i] * pz))
        s = torque / _fma(difference, along, total)
        ox[i] = _fma(s, _fma(y[i], pz, -(z[i] * py)), sx[i])
        oy[i] = _fma(s, _fma(z[i], px, -(x[i] * pz)), sy[i])
        oz[i] = _fma(s, _fma(x[i], py, -(y[i] * px)), sz[i])


@compiled
def _local_field(m, slow, p, first, last):
    """Return slow[0] plus the local fields that are not linear in m, in slow[1] if there are any.

    Such a term has its coefficients in `PARAMETERS`, one of which is zero without the term.
    """
    field = slow[0]
    if p.lambda_difference != 0:
        _add_torque(m, field, slow[1], p, first, last)
        field = slow[1]
    return field


@compiled
def normalise(source, out, first, last):
    """Normalise m to unit length; zero vectors do not change.

    One Newton step is enough, since the length deviates only by the error of the time step.
    """
    half, three_halves = np.float32(0.5), np.float32(1.5)
    x, y, z = source[0, first:last], source[1, first:last], source[2, first:last]
    ox, oy, oz = out[0, first:last], out[1, first:last], out[2, first:last]
    for i in range(last - first):
        squared = _fma(x[i], x[i], _fma(y[i], y[i], z[i] * z[i]))
        scale = _fma(-half, squared, three_halves)
        ox[i] = scale * x[i]
        oy[i] = scale * y[i]
        oz[i] = scale * z[i]


@compiled
def _evaluate(polynomial, powers, out, first, last):
    """Evaluate the polynomial of the slow field."""
    for c in range(3):
        o, f = out[c, first:last], polynomial[0, c, first:last]
        for i in range(last - first):
            o[i] = f[i]
        for order in range(1, powers.shape[0]):
            f, t = polynomial[order, c, first:last], powers[order]
            for i in range(last - first):
                o[i] = _fma(t, f[i], o[i])


@compiled
def advance(m, work, slow, polynomial, powers, weight, p, chain, factor, stride):
    """Advance packed cells by Runge-Kutta steps.

    A step processes the rows upwards in bands, with all stages of a band before the next band. Each
    stage is one row behind the previous one. The data of a band therefore stays in the cache, and
    the storage of two stages is still enough.

    Parameters
    ----------
    m : float32 array (3, cells)
        Magnetisation, changed in place.
    work : float32 array (2, 3, cells)
        Work space that contains `m` twice.
    slow : float32 array (2, 3, cells)
        Work space.
    polynomial : float32 array (n, 3, cells)
        Coefficients of the slow field in A/m as a polynomial in time.
    powers : float32 array (steps, n)
        Powers of time at the middle of each step.
    weight : float32 array (cells,)
        1 in cells that move, 0 elsewhere.
    p : record of float32
        Coefficients; see `PARAMETERS`.
    chain : float32 array (stages,)
        Stage j starts from m and advances by chain[j] of a step with the rate of stage j - 1.
    factor : float32
        Step times γ0/(1 + α²).
    stride : int
        Cells in a packed row.
    """
    rows, stages = m.shape[1] // stride - 2, chain.shape[0]
    band = max(1, BAND // stride)
    for n in range(powers.shape[0]):
        for lower in range(1, rows + stages + 1, band):
            for j in range(stages):
                begin, end = max(lower - j, 1), min(lower - j + band, rows + 1)
                if begin >= end:
                    continue
                first, last = begin * stride, end * stride
                if j == 0:
                    _evaluate(polynomial, powers[n], slow[0], first, last)
                source, target = m, work[0]
                if j > 0:
                    source, target = work[(j - 1) % 2], work[j % 2]
                field = _local_field(source, slow, p, first, last)
                # the corners of the frame have no neighbours and need none
                first, last = max(first, stride + 1), min(last, (rows + 1) * stride - 1)
                _stage(source, m, target, field, weight, p, factor * chain[j], stride, first, last)
                if j == stages - 1:
                    normalise(target, m, first, last)


@compiled
def stage(m, start, out, slow, weight, p, factor, stride):
    """Set out = start + factor weight dm/dt / γ in all packed cells, with dm/dt at m.

    The parameters are those of `advance`; `slow[0]` is the slow field.
    """
    field = _local_field(m, slow, p, 0, m.shape[1])
    last = m.shape[1] - stride - 1
    _stage(m, start, out, field, weight, p, factor, stride, stride + 1, last)


@compiled
def block_speed(m, zero, rate, slow, weight, p, factor, rows, speed):
    """Compute the largest |dm/dt| component, averaged over blocks of BLOCK × BLOCK cells, in 1/s.

    The average removes the rounding errors of single precision, which exchange amplifies from cell
    to cell. Motion on such a short scale is damped within picoseconds.

    Parameters
    ----------
    m : float32 array (3, cells)
        Magnetisation of the whole film, packed.
    zero, rate : float32 arrays (3, cells)
        Zeros, and work space.
    slow : float32 array (2, 3, cells)
        Slow field in A/m, and work space.
    weight, p, factor
        As for `advance`; `factor` does not include the step.
    rows : int
        Number of rows of the film.
    speed : float32 array (blocks,)
        Result for each range of BLOCK columns: the largest value of its blocks.
    """
    stride = m.shape[1] // (rows + 2)
    stage(m, zero, rate, slow, weight, p, factor, stride)
    columns = stride - 2
    for block in range(speed.shape[0]):
        speed[block] = 0
        first, last = block * BLOCK, min((block + 1) * BLOCK, columns)
        for lower in range(0, rows, BLOCK):
            x = y = z = np.float32(0)
            cells = np.float32(0)
            for r in range(lower, min(lower + BLOCK, rows)):
                for i in range((r + 1) * stride + 1 + first, (r + 1) * stride + 1 + last):
                    x += rate[0, i]
                    y += rate[1, i]
                    z += rate[2, i]
                    cells += weight[i]
            largest = max(abs(x), abs(y), abs(z)) / max(cells, np.float32(1))
            speed[block] = max(speed[block], largest)


@compiled
def interpolation_coefficients(samples, order, matrix, missed, per_step, polynomial, first, stride):
    """Pack the coefficients of the slow field's polynomial for a range of columns.

    Parameters
    ----------
    samples : float32 array (ORDERS, 3, rows, columns)
        The slow field at earlier times.
    order : int array (n,)
        Indices in `samples` of the latest n samples.
    matrix : float32 array (n, n)
        Coefficient k is the sum over j of matrix[k, j] times the j-th of these samples.
    missed : float32 array (3, rows, columns)
        Error of the previous interval; `per_step` times this error is added to the constant term.
    per_step : float32
        Factor of `missed`.
    polynomial : float32 array (n, 3, cells)
        Result; values outside the range do not change.
    first : int
        First column of the range.
    stride : int
        Cells in a packed row.
    """
    columns = stride - 2
    for c in range(3):
        for r in range(samples.shape[2]):
            at = (r + 1) * stride + 1
            for k in range(order.shape[0]):
                out = polynomial[k, c, at : at + columns]
                if k == 0:
                    for i in range(columns):
                        out[i] = per_step * missed[c, r, first + i]
                else:
                    out[:] = 0
                for j in range(order.shape[0]):
                    sample = samples[order[j], c, r, first : first + columns]
                    weight = matrix[k, j]
                    if weight != 0:
                        for i in range(columns):
                            out[i] = _fma(weight, sample[i], out[i])


@compiled
def extrapolation_error(samples, order, weights, renewed, missed, first, last):
    """Compare the extrapolated slow field with the renewed one.

    Parameters
    ----------
    samples, order
        As for `interpolation_coefficients`.
    weights : float32 array (n,)
        Weights of the samples in the extrapolation.
    renewed : float32 array (3, rows, columns)
        The present slow field.
    missed : float32 array (3, rows, columns)
        Receives the difference of renewed and extrapolated field in the range.
    first, last : int
        First column of the range, and the first column after it.

    Returns
    -------
    float32
        Largest deviation in A/m; NaN if any deviation is NaN.
    """
    largest = np.float32(0)
    for c in range(3):
        for r in range(samples.shape[2]):
            out = missed[c, r, first:last]
            new = renewed[c, r, first:last]
            for i in range(last - first):
                out[i] = new[i]
            for j in range(order.shape[0]):
                sample = samples[order[j], c, r, first:last]
                weight = -weights[j]
                for i in range(last - first):
                    out[i] = _fma(weight, sample[i], out[i])
            for i in range(last - first):
                size = abs(out[i])
                if size > largest or size != size:
                    largest = size
    return largest
