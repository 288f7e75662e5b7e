"""Compiled inner loops of the engine.

All fields are packed as (component, row, column) in single precision with a frame of empty cells
around the film, so that a missing neighbour is a zero and contributes nothing. Rows are taken as
one-dimensional slices: their indices then start at zero, which lets the compiler vectorise.
"""

import numpy as np
from numba import njit

JIT = {"cache": True, "fastmath": {"contract", "reassoc", "nsz", "arcp"}, "error_model": "numpy"}

# positions of the coefficients in the parameter vector
EXCHANGE_X = 0  # 3 values: neighbours along x, per component, stray field of neighbours included
EXCHANGE_Y = 3
SELF = 6  # 3 values: stray field of the cell itself
DMI_X = 9
DMI_Y = 10
ANISOTROPY = 11  # 2 Ku / (μ0 Ms)
AXIS = 12  # 3 values
SPIN = 15  # 3 values: polarisation direction
TORQUE = 18  # |β| P Λ², signed by the current
LAMBDA_SUM = 19  # Λ² + 1
LAMBDA_DIFFERENCE = 20  # Λ² - 1
FIELD_LIKE = 21  # β ε'
PRECESSION = 22  # γ0 / (1 + α²), or zero
DAMPING = 23  # γ0 α / (1 + α²)
PARAMETERS = 24


@njit(inline="always", **JIT)
def _effective_field(h, m, slow, r, a, b, p):
    """Effective field in A/m of columns a to b of row r, into the row buffers h."""
    xc, yc, zc = m[0, r, a:b], m[1, r, a:b], m[2, r, a:b]
    xw, yw, zw = m[0, r, a - 1 : b - 1], m[1, r, a - 1 : b - 1], m[2, r, a - 1 : b - 1]
    xe, ye, ze = m[0, r, a + 1 : b + 1], m[1, r, a + 1 : b + 1], m[2, r, a + 1 : b + 1]
    xs, ys, zs = m[0, r - 1, a:b], m[1, r - 1, a:b], m[2, r - 1, a:b]
    xn, yn, zn = m[0, r + 1, a:b], m[1, r + 1, a:b], m[2, r + 1, a:b]
    sx, sy, sz = slow[0, r, a:b], slow[1, r, a:b], slow[2, r, a:b]
    hx, hy, hz = h[0, : b - a], h[1, : b - a], h[2, : b - a]
    exx, exy, exz = p[EXCHANGE_X], p[EXCHANGE_X + 1], p[EXCHANGE_X + 2]
    eyx, eyy, eyz = p[EXCHANGE_Y], p[EXCHANGE_Y + 1], p[EXCHANGE_Y + 2]
    nx, ny, nz = p[SELF], p[SELF + 1], p[SELF + 2]
    dx, dy, k = p[DMI_X], p[DMI_Y], p[ANISOTROPY]
    ux, uy, uz = p[AXIS], p[AXIS + 1], p[AXIS + 2]
    for i in range(b - a):
        along = k * (ux * xc[i] + uy * yc[i] + uz * zc[i])
        hx[i] = (
            sx[i]
            + exx * (xw[i] + xe[i])
            + eyx * (xs[i] + xn[i])
            + nx * xc[i]
            - dx * (ze[i] - zw[i])
            + ux * along
        )
        hy[i] = (
            sy[i]
            + exy * (yw[i] + ye[i])
            + eyy * (ys[i] + yn[i])
            + ny * yc[i]
            - dy * (zn[i] - zs[i])
            + uy * along
        )
        hz[i] = (
            sz[i]
            + exz * (zw[i] + ze[i])
            + eyz * (zs[i] + zn[i])
            + nz * zc[i]
            + dx * (xe[i] - xw[i])
            + dy * (yn[i] - ys[i])
            + uz * along
        )


@njit(inline="always", **JIT)
def _rate(h, m, r, a, b, p):
    """Turn the fields in h into dm/dt in 1/s (Landau-Lifshitz form, Slonczewski torque added).

    The Slonczewski terms of the Gilbert form are those of a field β ε (m × mp) + β ε' mp.
    """
    x, y, z = m[0, r, a:b], m[1, r, a:b], m[2, r, a:b]
    hx, hy, hz = h[0, : b - a], h[1, : b - a], h[2, : b - a]
    px, py, pz = p[SPIN], p[SPIN + 1], p[SPIN + 2]
    torque, field_like = p[TORQUE], p[FIELD_LIKE]
    total, difference = p[LAMBDA_SUM], p[LAMBDA_DIFFERENCE]
    precession, damping = p[PRECESSION], p[DAMPING]
    for i in range(b - a):
        s = torque / (total + difference * (x[i] * px + y[i] * py + z[i] * pz))
        gx = hx[i] + s * (y[i] * pz - z[i] * py) + field_like * px
        gy = hy[i] + s * (z[i] * px - x[i] * pz) + field_like * py
        gz = hz[i] + s * (x[i] * py - y[i] * px) + field_like * pz
        tx = y[i] * gz - z[i] * gy
        ty = z[i] * gx - x[i] * gz
        tz = x[i] * gy - y[i] * gx
        hx[i] = -precession * tx - damping * (y[i] * tz - z[i] * ty)
        hy[i] = -precession * ty - damping * (z[i] * tx - x[i] * tz)
        hz[i] = -precession * tz - damping * (x[i] * ty - y[i] * tx)


@njit(inline="always", **JIT)
def _first(c, r, a, b, rate, start, total, out, weight, fraction):
    """Stage 1: begin the weighted sum and make the next stage's state."""
    k, s, t, o = rate[c, : b - a], start[c, r, a:b], total[c, r, a:b], out[c, r, a:b]
    for i in range(b - a):
        t[i] = s[i] + weight * k[i]
        o[i] = s[i] + fraction * k[i]


@njit(inline="always", **JIT)
def _middle(c, r, a, b, rate, start, total, out, weight, fraction):
    """Stages 2 and 3: add to the sum and make the next stage's state."""
    k, s, t, o = rate[c, : b - a], start[c, r, a:b], total[c, r, a:b], out[c, r, a:b]
    for i in range(b - a):
        t[i] += weight * k[i]
        o[i] = s[i] + fraction * k[i]


@njit(inline="always", **JIT)
def _last(r, a, b, rate, total, out, weight):
    """Stage 4: finish the sum and bring m back to unit length.

    One Newton step is enough: the length is off by the step's own error only. Empty cells stay
    zero.
    """
    kx, ky, kz = rate[0, : b - a], rate[1, : b - a], rate[2, : b - a]
    tx, ty, tz = total[0, r, a:b], total[1, r, a:b], total[2, r, a:b]
    ox, oy, oz = out[0, r, a:b], out[1, r, a:b], out[2, r, a:b]
    for i in range(b - a):
        x = tx[i] + weight * kx[i]
        y = ty[i] + weight * ky[i]
        z = tz[i] + weight * kz[i]
        scale = np.float32(1.5) - np.float32(0.5) * (x * x + y * y + z * z)
        ox[i] = scale * x
        oy[i] = scale * y
        oz[i] = scale * z


@njit(**JIT)
def advance(m, stage_a, stage_b, total, slow, history, powers, buffer, p, step, steps, a, b):
    """Advance columns a to b by classical Runge-Kutta steps of fourth order.

    Parameters
    ----------
    m : float32 array (3, rows + 2, columns + pad)
        Magnetisation, changed in place.
    stage_a, stage_b, total, slow : float32 arrays like `m`
        Work space; outside a to b the stages have to hold what `m` holds.
    history : float32 array (n, 3, rows + 2, columns + pad)
        Coefficients of the slow field in A/m as a polynomial in time, n = 1 to 3.
    powers : float32 array (steps, n)
        Powers of time at the middle of each step.
    buffer : float32 array (3, columns)
        Work space of one row.
    p : float32 array
        Coefficients, see above.
    step : float32
        Time step in s.
    steps, a, b : int
        Number of steps, first and last-but-one column.
    """
    rows = m.shape[1]
    sixth, third, half = step / np.float32(6), step / np.float32(3), step / np.float32(2)
    orders = history.shape[0]
    for n in range(steps):
        for c in range(3):
            for r in range(1, rows - 1):
                s, f0 = slow[c, r, a:b], history[0, c, r, a:b]
                if orders == 1:
                    for i in range(b - a):
                        s[i] = f0[i]
                elif orders == 2:
                    f1, t1 = history[1, c, r, a:b], powers[n, 1]
                    for i in range(b - a):
                        s[i] = f0[i] + t1 * f1[i]
                else:
                    f1, t1 = history[1, c, r, a:b], powers[n, 1]
                    f2, t2 = history[2, c, r, a:b], powers[n, 2]
                    for i in range(b - a):
                        s[i] = f0[i] + t1 * f1[i] + t2 * f2[i]
        for r in range(1, rows - 1):
            _effective_field(buffer, m, slow, r, a, b, p)
            _rate(buffer, m, r, a, b, p)
            for c in range(3):
                _first(c, r, a, b, buffer, m, total, stage_a, sixth, half)
        for r in range(1, rows - 1):
            _effective_field(buffer, stage_a, slow, r, a, b, p)
            _rate(buffer, stage_a, r, a, b, p)
            for c in range(3):
                _middle(c, r, a, b, buffer, m, total, stage_b, third, half)
        for r in range(1, rows - 1):
            _effective_field(buffer, stage_b, slow, r, a, b, p)
            _rate(buffer, stage_b, r, a, b, p)
            for c in range(3):
                _middle(c, r, a, b, buffer, m, total, stage_a, third, step)
        for r in range(1, rows - 1):
            _effective_field(buffer, stage_a, slow, r, a, b, p)
            _rate(buffer, stage_a, r, a, b, p)
            _last(r, a, b, buffer, total, m, sixth)


@njit(**JIT)
def column_speed(m, slow, buffer, p, a, b, speed):
    """Largest |dm/dt| component of each column a to b in 1/s, into `speed` (columns + pad)."""
    for r in range(1, m.shape[1] - 1):
        _effective_field(buffer, m, slow, r, a, b, p)
        _rate(buffer, m, r, a, b, p)
        for c in range(3):
            k, v = buffer[c, : b - a], speed[a:b]
            for i in range(b - a):
                v[i] = max(v[i], abs(k[i]))
