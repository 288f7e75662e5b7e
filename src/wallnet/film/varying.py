"""Compiled inner loops of the engine for films whose parameters vary from cell to cell.

They are those of `loops`, with arrays of coefficients that are packed like m. A uniform film does
not load them.
"""

from pathlib import Path

import numpy as np
from numba import carray, float32, from_dtype, int64

from wallnet.film.loops import (
    DRAWS,
    EXTRAPOLATED,
    FILM,
    MASK,
    RANGES,
    STAGES,
    VECTOR,
    WORKSPACE,
    _at,
    _draw,
    _evaluate,
    _fma,
    _normalise,
    compiled,
    entry,
    interpolation_coefficients,
    pack,
    unpack,
    workspace,
)

CELLS = (
    # energy of the bond to the right and above, as a field in A/m, by component of m
    *("right_x", "right_y", "right_z", "above_x", "above_y", "above_z"),
    *("right_dmi", "above_dmi"),
    "inverse",  # inverse moment, relative
    *("xx", "yy", "zz"),  # field in A/m linear in the cell's own m
    "spin",  # size of the spin torque, relative
    *("damping", "noise"),  # α; standard deviation of the thermal field, relative
)
"""Coefficients of each cell, in the order of the packed arrays."""

TURNED = (*("xy", "xz", "yz"), *("spin_x", "spin_y", "spin_z"))
"""Further ones of a film in which the axis, the shape or the spins of cells have own directions:
the field linear in m, symmetric; size and direction of the spin torque."""

PARAMETERS = {
    "precession": (),
    "spins": (3,),  # direction of the spin torque
    "turned": (),  # whether cells have `TURNED`
    "noise": (),  # standard deviation of a component of the thermal field in A/m
    "torque": (),  # β P Λ²/2 in A/m, or β P Λ² with the next two
    "lambda_sum": (),  # Λ² + 1
    "lambda_difference": (),  # Λ² - 1
}
"""Coefficients of all cells and their shapes: the fields of the record `p`."""

RECORD = np.dtype([(name, np.float32, shape) for name, shape in PARAMETERS.items()])

SPACE = WORKSPACE + 3 + len(CELLS) + len(TURNED)
"""Numbers of work space for each packed cell."""

BAND = 512
"""Approximate number of cells that pass all stages of a step together, fewer than in `loops`: more
arrays share the cache."""

_FIELD, _START = WORKSPACE, WORKSPACE + 3

COEFFICIENTS = from_dtype(RECORD)[::1]

HERE = Path(__file__)


@compiled
def _bonds(m, slow, field, cells, stride, first, last):
    """Set field to slow plus the fields of the neighbours in cells first to last."""
    n, west, east, south, north = last - first, first - 1, first + 1, first - stride, first + stride
    xw, yw, zw = m[0, west : west + n], m[1, west : west + n], m[2, west : west + n]
    xe, ye, ze = m[0, east : east + n], m[1, east : east + n], m[2, east : east + n]
    xs, ys, zs = m[0, south : south + n], m[1, south : south + n], m[2, south : south + n]
    xn, yn, zn = m[0, north : north + n], m[1, north : north + n], m[2, north : north + n]
    sx, sy, sz = slow[0, first:last], slow[1, first:last], slow[2, first:last]
    ox, oy, oz = field[0, first:last], field[1, first:last], field[2, first:last]
    ex, wx = cells[0, first:last], cells[0, west : west + n]
    ey, wy = cells[1, first:last], cells[1, west : west + n]
    ez, wz = cells[2, first:last], cells[2, west : west + n]
    nx, tx = cells[3, first:last], cells[3, south : south + n]
    ny, ty = cells[4, first:last], cells[4, south : south + n]
    nz, tz = cells[5, first:last], cells[5, south : south + n]
    de, dw = cells[6, first:last], cells[6, west : west + n]
    dn, ds = cells[7, first:last], cells[7, south : south + n]
    inverse = cells[8, first:last]
    for i in range(n):
        v = inverse[i]
        # times the moment
        gx = _fma(ex[i], xe[i], _fma(wx[i], xw[i], _fma(nx[i], xn[i], tx[i] * xs[i])))
        gy = _fma(ey[i], ye[i], _fma(wy[i], yw[i], _fma(ny[i], yn[i], ty[i] * ys[i])))
        gz = _fma(ez[i], ze[i], _fma(wz[i], zw[i], _fma(nz[i], zn[i], tz[i] * zs[i])))
        gx = _fma(dw[i], zw[i], _fma(-de[i], ze[i], gx))
        gy = _fma(ds[i], zs[i], _fma(-dn[i], zn[i], gy))
        gz = _fma(de[i], xe[i], _fma(-dw[i], xw[i], _fma(dn[i], yn[i], _fma(-ds[i], ys[i], gz))))
        ox[i] = _fma(v, gx, sx[i])
        oy[i] = _fma(v, gy, sy[i])
        oz[i] = _fma(v, gz, sz[i])


def _stage_of(turned):
    """Return the function for films with or without own directions of cells."""

    @compiled
    def stage(m, start, out, field, weight, cells, p, factor, first, last):
        """Set out = start + factor weight dm/dt / γ in cells first to last; see `loops`.

        The field is that of `_bonds`. A loop over all arrays at once would not be vectorised.
        """
        xc, yc, zc = m[0, first:last], m[1, first:last], m[2, first:last]
        fx, fy, fz = field[0, first:last], field[1, first:last], field[2, first:last]
        ax, ay, az = start[0, first:last], start[1, first:last], start[2, first:last]
        ox, oy, oz = out[0, first:last], out[1, first:last], out[2, first:last]
        lxx, lyy, lzz = cells[9, first:last], cells[10, first:last], cells[11, first:last]
        w, size, alpha = weight[first:last], cells[12, first:last], cells[13, first:last]
        precession, own = p.precession, p.lambda_difference == 0
        torque = p.torque if own else np.float32(0)
        px, py, pz = torque * p.spins[0], torque * p.spins[1], torque * p.spins[2]
        if turned:
            lxy, lxz, lyz = cells[15, first:last], cells[16, first:last], cells[17, first:last]
            tx, ty, tz = cells[18, first:last], cells[19, first:last], cells[20, first:last]
        for i in range(last - first):
            x, y, z = xc[i], yc[i], zc[i]
            if turned:
                qx, qy, qz = torque * tx[i], torque * ty[i], torque * tz[i]
                hx = _fma(lxx[i], x, _fma(lxy[i] + qz, y, _fma(lxz[i] - qy, z, fx[i])))
                hy = _fma(lxy[i] - qz, x, _fma(lyy[i], y, _fma(lyz[i] + qx, z, fy[i])))
                hz = _fma(lxz[i] + qy, x, _fma(lyz[i] - qx, y, _fma(lzz[i], z, fz[i])))
            else:
                s = size[i]
                hx = _fma(lxx[i], x, _fma(s, _fma(pz, y, -(py * z)), fx[i]))
                hy = _fma(lyy[i], y, _fma(s, _fma(px, z, -(pz * x)), fy[i]))
                hz = _fma(lzz[i], z, _fma(s, _fma(py, x, -(px * y)), fz[i]))
            a = alpha[i]
            gx = _fma(a, _fma(y, hz, -(z * hy)), precession * hx)
            gy = _fma(a, _fma(z, hx, -(x * hz)), precession * hy)
            gz = _fma(a, _fma(x, hy, -(y * hx)), precession * hz)
            f = factor * w[i]
            ox[i] = _fma(f, _fma(z, gy, -(y * gz)), ax[i])
            oy[i] = _fma(f, _fma(x, gz, -(z * gx)), ay[i])
            oz[i] = _fma(f, _fma(y, gx, -(x * gy)), az[i])

    return stage


_stage, _turned_stage = _stage_of(False), _stage_of(True)


@compiled
def _add_torque(m, slow, out, cells, p, first, last):
    """Set out = slow + the Slonczewski field, whose size depends on the angle; see `loops`."""
    sx, sy, sz = slow[0, first:last], slow[1, first:last], slow[2, first:last]
    ox, oy, oz = out[0, first:last], out[1, first:last], out[2, first:last]
    x, y, z = m[0, first:last], m[1, first:last], m[2, first:last]
    tiny, turned, sizes = np.float32(1e-30), p.turned != 0, cells[12, first:last]
    for i in range(last - first):
        tx, ty, tz = sizes[i] * p.spins[0], sizes[i] * p.spins[1], sizes[i] * p.spins[2]
        if turned:
            tx, ty, tz = cells[18, first + i], cells[19, first + i], cells[20, first + i]
        size = np.sqrt(_fma(tx, tx, _fma(ty, ty, tz * tz)))
        along = _fma(x[i], tx, _fma(y[i], ty, z[i] * tz)) / max(size, tiny)
        s = p.torque / _fma(p.lambda_difference, along, p.lambda_sum)
        ox[i] = _fma(s, _fma(y[i], tz, -(z[i] * ty)), sx[i])
        oy[i] = _fma(s, _fma(z[i], tx, -(x[i] * tz)), sy[i])
        oz[i] = _fma(s, _fma(x[i], ty, -(y[i] * tx)), sz[i])


@compiled
def _local_field(m, slow, noise, share, cells, p, first, last):
    """Return slow[0] plus the local fields that are not linear in m; see `loops`."""
    field = slow[0]
    if p.noise != 0:
        size = cells[14, first:last]
        for c in range(3):
            out, constant, drawn = (
                slow[1, c, first:last],
                field[c, first:last],
                noise[c, first:last],
            )
            for i in range(last - first):
                out[i] = _fma(share * size[i], drawn[i], constant[i])
        field = slow[1]
    if p.lambda_difference != 0:
        _add_torque(m, field, slow[1], cells, p, first, last)
        field = slow[1]
    return field


@compiled
def _moved(m, start, out, slow, total, weight, cells, p, factor, stride, first, last):
    """Set out = start + factor weight dm/dt / γ in cells first to last, with dm/dt at m."""
    _bonds(m, slow, total, cells, stride, first, last)
    if p.turned != 0:
        _turned_stage(m, start, out, total, weight, cells, p, factor, first, last)
    else:
        _stage(m, start, out, total, weight, cells, p, factor, first, last)


@compiled
def _advance(
    m, work, slow, noise, polynomial, weight, packed, stages, draws, p, steps, factor, stride
):
    """Advance packed cells by Runge-Kutta steps; see `loops`."""
    (chain, shares), (key, drawn), (cells, total) = stages, draws, packed
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
                    _evaluate(polynomial, (2 * n + 1) / (2 * steps), slow[0], first, last)
                    if q.noise != 0:
                        _draw(noise, q.noise, key, drawn + n, first, last)
                source, target = m, work[0]
                if j > 0:
                    source, target = work[(j - 1) % 2], work[j % 2]
                field = _local_field(source, slow, noise, shares[j], cells, q, first, last)
                first, last = max(first, stride + 1), min(last, (rows + 1) * stride - 1)
                size = factor * chain[j]
                _moved(
                    *(source, m, target, field, total, weight, cells, q, size, stride, first, last)
                )
                if j == count - 1:
                    _normalise(target, m, q.noise != 0, first, last)


@compiled
def _pack_cells(film, space, first, last, weight):
    """Pack the coefficients of a range of columns, with those of the frame around it.

    `weight` is multiplied by the rate of each cell, the last of the coefficients.
    """
    rows, columns = film.shape[1], film.shape[2]
    stride = last - first + 2
    packed = (rows + 2) * stride
    count = film.shape[0] - 1
    cells = carray(_at(space, _START * packed), (count, packed))
    left, right = max(first - 1, 0), min(last + 1, columns)
    cells[:, :stride] = 0
    cells[:, packed - stride :] = 0
    for c in range(count):
        for r in range(rows):
            at = (r + 1) * stride
            cells[c, at] = cells[c, at + stride - 1] = np.float32(0)
            at += 1 - first
            source, target = film[c, r, left:right], cells[c, at + left : at + right]
            for i in range(right - left):
                target[i] = source[i]
    for r in range(rows):
        at = (r + 1) * stride + 1 - first
        rates, chosen = film[count, r, first:last], weight[at + first : at + last]
        for i in range(last - first):
            chosen[i] *= rates[i]
    return cells, carray(_at(space, _FIELD * packed), (3, packed))


@entry(FILM, MASK, FILM, FILM, VECTOR, COEFFICIENTS, float32, FILM, files=(HERE,))
def rate(film, free, coefficients, field, space, p, factor, out):
    """Set out = factor dm/dt / γ in all cells, zero where m may not move; see `loops`.

    `coefficients` has those of `CELLS`, of `TURNED` where the film has these, and the rate γ of
    each cell relative to that of the base material, float32 (coefficients, rows, columns).
    """
    rows, columns = free.shape
    stride = columns + 2
    m, work, slow, _, _, weight = workspace(space, (rows + 2) * stride)
    pack(film, free, 0, columns, m, weight)
    pack(field, free, 0, columns, slow[0], weight)
    cells, total = _pack_cells(coefficients, space, 0, columns, weight)
    for c in range(3):
        for i in range(m.shape[1]):
            work[0, c, i] = np.float32(0)
    local = _local_field(m, slow, slow[1], np.float32(0), cells, p[0], 0, m.shape[1])
    last = m.shape[1] - stride - 1
    _moved(
        *(m, work[0], work[1], local, total, weight, cells, p[0], factor, stride, stride + 1, last)
    )
    unpack(work[1], out, 0, columns)


@entry(
    *(FILM, MASK, FILM, RANGES, EXTRAPOLATED, VECTOR, STAGES, DRAWS, COEFFICIENTS, int64, float32),
    files=(HERE,),
)
def advance_ranges(
    film, free, coefficients, ranges, extrapolated, space, stages, draws, p, steps, factor
):
    """Advance ranges of columns by Runge-Kutta steps; see `loops` and `rate`."""
    rows = free.shape[0]
    for n in range(ranges.shape[0]):
        first, last = ranges[n, 0], ranges[n, 1]
        stride = last - first + 2
        m, work, slow, noise, polynomial, weight = workspace(space, (rows + 2) * stride)
        pack(film, free, first, last, m, weight)
        packed = _pack_cells(coefficients, space, first, last, weight)
        polynomial = polynomial[: extrapolated[2].shape[0]]
        interpolation_coefficients(extrapolated, polynomial, first, stride)
        for c in range(3):
            for i in range(m.shape[1]):
                work[0, c, i] = work[1, c, i] = m[c, i]
        _advance(
            *(m, work, slow, noise, polynomial, weight, packed, stages, draws, p, steps, factor),
            stride,
        )
        unpack(m, film, first, last)
