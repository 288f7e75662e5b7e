"""Compiled inner loops of the engine for films whose parameters vary from cell to cell.

They are those of `loops`, with arrays of coefficients that are packed like m. A uniform film does
not load them.
"""

from pathlib import Path

import numpy as np
from llvmlite import binding
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
    _fma,
    advance_of,
    compiled,
    components,
    entry,
    interpolation_coefficients,
    local_field_of,
    pack,
    unpack,
    workspace,
)

CELLS = (
    # energy of the bond to the right and above, as a field in A/m, by component of m
    *("right_x", "right_y", "right_z", "above_x", "above_y", "above_z"),
    *("right_dmi", "above_dmi"),
    *("yy", "zz", "xy"),  # field in A/m linear in the cell's own m; xx is subtracted, as m × m is 0
    "spin",  # size of the spin torque, relative
    "rate",  # γ0/(1 + α²) relative to that of the base material, divided by the moment
    "noise",  # standard deviation of the thermal field, relative
    "moment",  # relative
)
"""Coefficients of each cell, in the order of the packed arrays. Fields are times the moment."""

TURNED = (*("xz", "yz"), "damping", *("spin_x", "spin_y", "spin_z"))
"""Further ones of a film in which the axis, the spins or α differ from cell to cell: the field
linear in m; α; size and direction of the spin torque."""

PARAMETERS = {
    "precession": (),
    "damping": (),  # α of a film without `TURNED`
    "spins": (3,),  # direction of the spin torque
    "even": (),  # whether all but the bonds, `yy` and `zz` is that of the base material
    "turned": (),  # whether cells have `TURNED`
    "noise": (),  # standard deviation of a component of the thermal field in A/m
    "torque": (),  # β P Λ²/2 in A/m, or β P Λ² with the next two
    "lambda_sum": (),  # Λ² + 1
    "lambda_difference": (),  # Λ² - 1
}
"""Coefficients of all cells and their shapes: the fields of the record `p`."""

RECORD = np.dtype([(name, np.float32, shape) for name, shape in PARAMETERS.items()])

SPACE = WORKSPACE + len(CELLS) + len(TURNED)
"""Numbers of work space for each packed cell."""

COEFFICIENTS = from_dtype(RECORD)[::1]

HERE = Path(__file__)

# a stage has many arrays, and LLVM vectorises a loop only if few checks tell that none overlap; an
# LLVM without this option would end the process, and those of llvmlite 0.44 to 0.50 have it
binding.set_option("wallnet", "-vectorize-memory-check-threshold=1000")


def _stage_of(turned=False, noisy=False, even=False):
    """Return the function for some films; a noisy one adds the thermal field of the film."""

    @compiled
    def stage(m, start, out, slow, noise, share, cells, p, factor, stride, first, last):
        """Set out = start + factor rate dm/dt / γ in cells first to last; see `loops`.

        Fields are times the moment of the cell, by which its rate is divided.
        """
        xc, yc, zc = components(m, first, last)
        xw, yw, zw = components(m, first - 1, last - 1)
        xe, ye, ze = components(m, first + 1, last + 1)
        xs, ys, zs = components(m, first - stride, last - stride)
        xn, yn, zn = components(m, first + stride, last + stride)
        sx, sy, sz = components(slow, first, last)
        fx, fy, fz = components(noise, first, last)
        ax, ay, az = components(start, first, last)
        ox, oy, oz = components(out, first, last)
        ex, ey, ez = components(cells, first, last)
        wx, wy, wz = components(cells, first - 1, last - 1)
        nx, ny, nz = components(cells[3:6], first, last)
        tx, ty, tz = components(cells[3:6], first - stride, last - stride)
        de, dw = cells[6, first:last], cells[6, first - 1 : last - 1]
        dn, ds = cells[7, first:last], cells[7, first - stride : last - stride]
        lyy, lzz, lxy = components(cells[8:11], first, last)
        size, rates = cells[11, first:last], cells[12, first:last]
        precession, a = p.precession, p.damping
        torque = p.torque if p.lambda_difference == 0 else np.float32(0)
        px, py, pz = torque * p.spins[0], torque * p.spins[1], torque * p.spins[2]
        if turned:
            lxz, lyz, alpha = components(cells[15:18], first, last)
            ux, uy, uz = components(cells[18:21], first, last)
        for i in range(last - first):
            x, y, z = xc[i], yc[i], zc[i]
            hx, hy, hz = sx[i], sy[i], sz[i]
            if noisy:
                hx, hy, hz = _fma(share, fx[i], hx), _fma(share, fy[i], hy), _fma(share, fz[i], hz)
            hx = _fma(wx[i], xw[i], _fma(ex[i], xe[i], hx))
            hy = _fma(wy[i], yw[i], _fma(ey[i], ye[i], hy))
            hz = _fma(wz[i], zw[i], _fma(ez[i], ze[i], hz))
            hx = _fma(tx[i], xs[i], _fma(nx[i], xn[i], hx))
            hy = _fma(ty[i], ys[i], _fma(ny[i], yn[i], hy))
            hz = _fma(tz[i], zs[i], _fma(nz[i], zn[i], hz))
            hx = _fma(dw[i], zw[i], _fma(-de[i], ze[i], hx))
            hy = _fma(ds[i], zs[i], _fma(-dn[i], zn[i], hy))
            hz = _fma(dn[i], yn[i], _fma(-ds[i], ys[i], hz))
            hz = _fma(de[i], xe[i], _fma(-dw[i], xw[i], hz))
            if not even:
                hx = _fma(lxy[i], y, hx)
                hy = _fma(lxy[i], x, hy)
            hy = _fma(lyy[i], y, hy)
            hz = _fma(lzz[i], z, hz)
            if turned:
                a, qx, qy, qz = alpha[i], torque * ux[i], torque * uy[i], torque * uz[i]
                hx = _fma(lxz[i], z, hx)
                hy = _fma(lyz[i], z, hy)
                hz = _fma(lxz[i], x, _fma(lyz[i], y, hz))
            elif even:
                qx, qy, qz = px, py, pz
            else:
                qx, qy, qz = size[i] * px, size[i] * py, size[i] * pz
            hx, hy, hz = (
                _fma(qz, y, _fma(-qy, z, hx)),
                _fma(qx, z, _fma(-qz, x, hy)),
                _fma(qy, x, _fma(-qx, y, hz)),
            )
            gx = _fma(a, _fma(y, hz, -(z * hy)), precession * hx)
            gy = _fma(a, _fma(z, hx, -(x * hz)), precession * hy)
            gz = _fma(a, _fma(x, hy, -(y * hx)), precession * hz)
            f = factor * rates[i]
            ox[i] = _fma(f, _fma(z, gy, -(y * gz)), ax[i])
            oy[i] = _fma(f, _fma(x, gz, -(z * gx)), ay[i])
            oz[i] = _fma(f, _fma(y, gx, -(x * gy)), az[i])

    return stage


_stage, _turned_stage = _stage_of(), _stage_of(turned=True)
_noisy_stage, _noisy_turned_stage = _stage_of(noisy=True), _stage_of(turned=True, noisy=True)
# at 0 K, it would save less than the three seconds for which it compiles
_noisy_even_stage = _stage_of(noisy=True, even=True)


@compiled
def _add_torque(m, slow, out, cells, p, first, last):
    """Set out = slow + the Slonczewski field, whose size depends on the angle; see `loops`."""
    sx, sy, sz = components(slow, first, last)
    ox, oy, oz = components(out, first, last)
    x, y, z = components(m, first, last)
    tiny, turned, sizes = np.float32(1e-30), p.turned != 0, cells[11, first:last]
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


_local_field = local_field_of(_add_torque)


@compiled
def _times(vectors, sizes, first, last):
    """Multiply vectors, (3, cells), by the size of each cell in cells first to last."""
    for c in range(3):
        out, size = vectors[c, first:last], sizes[first:last]
        for i in range(last - first):
            out[i] *= size[i]


@compiled
def _scale(slow, noise, cells, p, first, last):
    """Multiply the fields of a step by moment and noise of each cell, if these differ."""
    if p.even == 0:
        _times(slow, cells[14], first, last)
        if p.noise != 0:
            _times(noise, cells[13], first, last)


@compiled
def _any_stage(m, start, out, slow, noise, share, cells, p, factor, stride, first, last):
    """Compute a stage of a film of any kind."""
    own = m, start, out, slow, noise, share, cells, p, factor, stride, first, last
    if p.noise == 0:
        if p.turned != 0:
            _turned_stage(*own)
        else:
            _stage(*own)
    elif p.turned != 0:
        _noisy_turned_stage(*own)
    elif p.even != 0:
        _noisy_even_stage(*own)
    else:
        _noisy_stage(*own)


_advance = advance_of(_scale, _any_stage, _local_field)


@compiled
def _pack_cells(film, space, first, last):
    """Return the coefficients of a range of columns, packed, with those of the frame around it.

    Cells of the frame have no rate, so that m does not change there.
    """
    count, rows, columns = film.shape
    stride = last - first + 2
    if stride == columns:
        return carray(_at(film, 0), (count, rows * stride))
    cells = carray(_at(space, WORKSPACE * rows * stride), (count, rows * stride))
    for c in range(count):
        for r in range(rows):
            source, target = film[c, r, first : first + stride], cells[c, r * stride :]
            for i in range(stride):
                target[i] = source[i]
    for r in range(rows):
        cells[12, r * stride] = cells[12, (r + 1) * stride - 1] = np.float32(0)
    return cells


@entry(FILM, MASK, FILM, FILM, VECTOR, COEFFICIENTS, float32, FILM, files=(HERE,))
def rate(film, free, coefficients, field, space, p, factor, out):
    """Set out = factor dm/dt / γ in all cells, zero where m may not move; see `loops`.

    `coefficients` has those of `CELLS`, and of `TURNED` where the film has these, with a frame of
    zeros, float32 (coefficients, rows + 2, columns + 2).
    """
    rows, columns = free.shape
    stride = columns + 2
    m, work, slow, _, _, weight = workspace(space, (rows + 2) * stride)
    pack(film, free, 0, columns, m, weight)
    pack(field, free, 0, columns, slow[0], weight)
    cells = _pack_cells(coefficients, space, 0, columns)
    _times(slow[0], cells[14], 0, m.shape[1])
    work[0] = 0
    none, first, last = np.float32(0), stride + 1, m.shape[1] - stride - 1
    field = _local_field(m, slow, cells, p[0], first, last)
    own = m, work[0], work[1], field, slow[0], none, cells, p[0], factor, stride, first, last
    if p[0].turned != 0:
        _turned_stage(*own)
    else:
        _stage(*own)
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
        cells = _pack_cells(coefficients, space, first, last)
        polynomial = polynomial[: extrapolated[2].shape[0]]
        interpolation_coefficients(extrapolated, polynomial, first, stride)
        for c in range(3):
            for i in range(m.shape[1]):
                work[0, c, i] = work[1, c, i] = m[c, i]
        _advance(
            *(m, work, slow, noise, polynomial, cells, stages, draws, p, steps, factor), stride
        )
        unpack(m, film, first, last)
