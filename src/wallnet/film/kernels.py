"""Compiled inner loops of the engine.

All fields are packed as (component, row, column) in single precision with a frame of empty cells
around the film, so that a missing neighbour is a zero and contributes nothing. Rows are taken as
one-dimensional slices: their indices then start at zero, which lets the compiler vectorise.
"""

import numpy as np
from numba import njit

# No fast-math: freely contracted or reordered sums would depend on how the compiler happened to
# arrange a function, and differ between the process that compiles and those that load its cache.
JIT = {"cache": True, "error_model": "numpy"}

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

BLOCK = 8
"""Edge, in cells, of the blocks over which motion is judged."""


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


# One function a stage, with the columns as arguments: within a larger function the compiler gives
# up on vectorising these loops.


@njit(**JIT)
def _extrapolate(slow, history, powers, a, b):
    """Evaluate the slow field's polynomial in columns a to b."""
    orders = history.shape[0]
    for c in range(3):
        for r in range(1, slow.shape[1] - 1):
            s, f0 = slow[c, r, a:b], history[0, c, r, a:b]
            if orders == 1:
                for i in range(b - a):
                    s[i] = f0[i]
            elif orders == 2:
                f1, t1 = history[1, c, r, a:b], powers[1]
                for i in range(b - a):
                    s[i] = f0[i] + t1 * f1[i]
            else:
                f1, t1 = history[1, c, r, a:b], powers[1]
                f2, t2 = history[2, c, r, a:b], powers[2]
                for i in range(b - a):
                    s[i] = f0[i] + t1 * f1[i] + t2 * f2[i]


@njit(**JIT)
def _first_stage(m, total, out, slow, buffer, p, weight, fraction, a, b):
    for r in range(1, m.shape[1] - 1):
        _effective_field(buffer, m, slow, r, a, b, p)
        _rate(buffer, m, r, a, b, p)
        for c in range(3):
            _first(c, r, a, b, buffer, m, total, out, weight, fraction)


@njit(**JIT)
def _middle_stage(m, state, total, out, slow, buffer, p, weight, fraction, a, b):
    for r in range(1, m.shape[1] - 1):
        _effective_field(buffer, state, slow, r, a, b, p)
        _rate(buffer, state, r, a, b, p)
        for c in range(3):
            _middle(c, r, a, b, buffer, m, total, out, weight, fraction)


@njit(**JIT)
def _last_stage(m, state, total, slow, buffer, p, weight, a, b):
    for r in range(1, m.shape[1] - 1):
        _effective_field(buffer, state, slow, r, a, b, p)
        _rate(buffer, state, r, a, b, p)
        _last(r, a, b, buffer, total, m, weight)


@njit(**JIT)
def advance(m, stage_a, stage_b, total, slow, history, powers, buffer, p, step, stretches):
    """Advance stretches of columns by classical Runge-Kutta steps of fourth order.

    Parameters
    ----------
    m : float32 array (3, rows + 2, columns + pad)
        Magnetisation, changed in place.
    stage_a, stage_b, total, slow : float32 arrays like `m`
        Work space; beside the stretches the stages have to hold what `m` holds.
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
    stretches : int array (n, 2)
        First and last-but-one column of each stretch, at least one column apart.
    """
    sixth, third, half = step / np.float32(6), step / np.float32(3), step / np.float32(2)
    count = stretches.shape[0]
    for n in range(powers.shape[0]):
        for j in range(count):
            a, b = stretches[j, 0], stretches[j, 1]
            _extrapolate(slow, history, powers[n], a, b)
            _first_stage(m, total, stage_a, slow, buffer, p, sixth, half, a, b)
        for j in range(count):
            a, b = stretches[j, 0], stretches[j, 1]
            _middle_stage(m, stage_a, total, stage_b, slow, buffer, p, third, half, a, b)
        for j in range(count):
            a, b = stretches[j, 0], stretches[j, 1]
            _middle_stage(m, stage_b, total, stage_a, slow, buffer, p, third, step, a, b)
        for j in range(count):
            a, b = stretches[j, 0], stretches[j, 1]
            _last_stage(m, stage_a, total, slow, buffer, p, sixth, a, b)


@njit(**JIT)
def block_speed(m, slow, buffer, p, sums, speed):
    """Largest |dm/dt| component, averaged over blocks of BLOCK × BLOCK cells, in 1/s.

    The average takes out the rounding of single precision, which exchange amplifies from cell to
    cell; what moves on so short a scale is damped within picoseconds.

    Parameters
    ----------
    m, slow : float32 arrays (3, rows + 2, columns + pad)
        Magnetisation and slow field in A/m.
    buffer : float32 array (3, columns)
        Work space of one row.
    p : float32 array
        Coefficients.
    sums : float32 array (4, blocks)
        Work space.
    speed : float32 array (blocks,)
        Result for each stretch of BLOCK columns, the largest of its blocks.
    """
    rows, blocks = m.shape[1] - 2, speed.shape[0]
    speed[:] = 0
    for r in range(1, rows + 1):
        if (r - 1) % BLOCK == 0:
            sums[:] = 0
        for block in range(blocks):
            a, b = 1 + block * BLOCK, 1 + (block + 1) * BLOCK
            _effective_field(buffer, m, slow, r, a, b, p)
            _rate(buffer, m, r, a, b, p)
            for i in range(BLOCK):
                for c in range(3):
                    sums[c, block] += buffer[c, i]
                    sums[3, block] += m[c, r, a + i] ** 2
        if r % BLOCK == 0 or r == rows:
            for block in range(blocks):
                cells = max(sums[3, block], np.float32(1))
                for c in range(3):
                    speed[block] = max(speed[block], abs(sums[c, block]) / cells)
