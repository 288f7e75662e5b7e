"""One stage of the engine's Runge-Kutta steps, for films of any kind.

A coefficient is a number or an array of cells. Those of a group are all numbers (n,) or all arrays
(n, rows + 2, columns + 2), with a frame of zeros, and the stage is compiled for the types of its
groups: what is the same in all cells is loaded once. The groups are, in this order:

- `Bond` of each pair of a coupling and the offset of a neighbour: to the right, by one cell, and
  above, by one row. A further pair is a further offset and its line in the stage;
- `Local`, `Directions` and `Dynamics`;
- weight and constants of each further term.

Fields are times the moment of the cell, relative to that of a whole cell of the base material.
"""

import inspect
from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import overload

from wallnet.film.compiling import compiled, fma, inlined


class Vector(NamedTuple):
    """Components of a field."""

    x: Any
    y: Any
    z: Any


class Bond(NamedTuple):
    """Coupling to the neighbour at an offset, and back: fields in A/m per unit of its m."""

    x: Any  # by component of m
    y: Any
    z: Any
    dmi: Any  # along z for its m along the bond; the opposite along the bond for its m_z


BOND = len(Bond._fields)


class Local(NamedTuple):
    """Field in A/m linear in the own m of a cell; xx is subtracted, as m × m is 0."""

    yy: Any
    zz: Any
    xy: Any


class Directions(NamedTuple):
    """What a tilted axis adds to `Local`, and the direction of the spins.

    Arrays of the spins have their size too.
    """

    xz: Any
    yz: Any
    spin_x: Any
    spin_y: Any
    spin_z: Any


class Dynamics(NamedTuple):
    """Damping, and what is relative to the base material."""

    damping: Any  # α
    rate: Any  # γ0/(1 + α²) over the moment
    moment: Any
    spin: Any  # size of the spins
    noise: Any  # standard deviation of the thermal field, times the moment


@compiled
def components(vectors, first, last):
    """Return the three components of vectors, or three coefficients, in cells first to last."""
    return vectors[0, first:last], vectors[1, first:last], vectors[2, first:last]


def parts(kind, coefficients, first, last):
    """Return coefficients by name: numbers, or those of cells first to last; () if none are."""


@overload(parts)
def _parts(kind, coefficients, first, last):
    if not isinstance(coefficients, types.Array):
        return lambda kind, coefficients, first, last: ()
    made, ending = kind.instance_class, "" if coefficients.ndim == 1 else "[first:last]"
    values = ", ".join(f"coefficients[{k}]{ending}" for k in range(len(made._fields)))
    space = {"made": made}
    exec(f"def chosen(kind, coefficients, first, last):\n    return made({values})", space)
    return space["chosen"]


def at(value, i):
    """Return a number, or the element of an array."""


@overload(at)
def _element(value, i):
    if isinstance(value, types.Array):
        return lambda value, i: value[i]
    return lambda value, i: value


def bonded(before, after, low, high, i, h):
    """Return h plus the fields of the neighbours before and after, with m of `low` and `high`."""


@overload(bonded)
def _bonded(before, after, low, high, i, h):
    if isinstance(before, types.Array):
        return lambda before, after, low, high, i, h: fma(before[i], low, fma(after[i], high, h))
    return lambda before, after, low, high, i, h: fma(before, low + high, h)


def turned(before, after, low, high, i, h):
    """Return h plus the fields of the DMI with both neighbours, with m of `low` and `high`."""


@overload(turned)
def _turned(before, after, low, high, i, h):
    if isinstance(before, types.Array):
        return lambda before, after, low, high, i, h: fma(before[i], low, fma(-after[i], high, h))
    return lambda before, after, low, high, i, h: fma(before, low - high, h)


def spin(size, component, i):
    """Return a component of the spins of a cell; an array of it has their size."""


@overload(spin)
def _spin(size, component, i):
    if isinstance(component, types.Array):
        return lambda size, component, i: component[i]
    if isinstance(size, types.Array):
        return lambda size, component, i: size[i] * component
    return lambda size, component, i: size * component


def efficiency(torque, angle, x, y, z, px, py, pz):
    """Return the torque of a cell in A/m, which may depend on the angle of m and the spins."""


@overload(efficiency, jit_options={"error_model": "numpy"})
def _efficiency(torque, angle, x, y, z, px, py, pz):
    if not len(angle):
        return lambda torque, angle, x, y, z, px, py, pz: torque

    def of_angle(torque, angle, x, y, z, px, py, pz):
        total, difference = angle
        size = np.sqrt(fma(px, px, fma(py, py, pz * pz)))
        along = fma(x, px, fma(y, py, z * pz)) / max(size, np.float32(1e-30))
        return torque / fma(difference, along, total)

    return of_angle


def fluctuating(noise, share, i, hx, hy, hz):
    """Return a field plus a share of the thermal field of a cell, if there is one."""


@overload(fluctuating)
def _fluctuating(noise, share, i, hx, hy, hz):
    if not len(noise):
        return lambda noise, share, i, hx, hy, hz: (hx, hy, hz)
    return lambda noise, share, i, hx, hy, hz: (
        fma(share, noise[0][i], hx),
        fma(share, noise[1][i], hy),
        fma(share, noise[2][i], hz),
    )


def further_of(fields):
    """Return functions of the coefficients of further terms in cells, and of their fields.

    Each of `fields` is that of `terms.LocalTerm`: it takes the components of m and its constants.
    The coefficients of a term are its weight and its constants.
    """
    if not fields:

        @inlined
        def no_parts(coefficients, first, last):
            return ()

        @inlined
        def no_field(own, i, x, y, z, hx, hy, hz):
            return hx, hy, hz

        return no_parts, no_field
    kind = namedtuple("Own", ["weight", *list(inspect.signature(fields[0]).parameters)[3:]])  # type: ignore[misc]
    values = "".join(f", at(own[0][{k}], i)" for k in range(1, len(kind._fields)))
    space = {"field": inlined(fields[0]), "at": at}
    exec(f"def of_cell(own, i, x, y, z):\n    return field(x, y, z{values})", space)
    of_cell = inlined(space["of_cell"])
    next_parts, next_field = further_of(fields[1:])

    @inlined
    def all_parts(coefficients, first, last):
        rest = next_parts(coefficients[1:], first, last)
        return (parts(kind, coefficients[0], first, last), *rest)

    @inlined
    def add_fields(own, i, x, y, z, hx, hy, hz):
        weight, (fx, fy, fz) = at(own[0][0], i), of_cell(own, i, x, y, z)
        hx = fma(weight, np.float32(fx), hx)
        hy = fma(weight, np.float32(fy), hy)
        hz = fma(weight, np.float32(fz), hz)
        return next_field(own[1:], i, x, y, z, hx, hy, hz)

    return all_parts, add_fields


def stage_of(fields):
    """Return the function that computes a stage, with the fields of further terms."""
    own_parts, add_fields = further_of(fields)

    @inlined
    def stage(states, fields, weight, groups, angle, torque, rates, stride, first, last):
        """Set out = start + factor weight dm/dt / γ in cells first to last, with dm/dt at m.

        γ = γ0/(1 + α²). Landau-Lifshitz form: dm/dt = -γ m × (H + α m × H), with the torque as a
        field. `states` are m, start and out. `fields` are the slow field, and the thermal field, if
        there is one, with its share that acts. For the others see `loops.advance_ranges_of`.
        """
        (m, start, out), (slow, noise, share) = states, fields
        bonds, local, directions, dynamics = groups[:4]
        precession, factor = rates
        xc, yc, zc = components(m, first, last)
        xw, yw, zw = components(m, first - 1, last - 1)
        xe, ye, ze = components(m, first + 1, last + 1)
        xs, ys, zs = components(m, first - stride, last - stride)
        xn, yn, zn = components(m, first + stride, last + stride)
        sx, sy, sz = components(slow, first, last)
        thermal = parts(Vector, noise, first, last)
        ax, ay, az = components(start, first, last)
        ox, oy, oz = components(out, first, last)
        w = weight[first:last]
        right, above = bonds[:BOND], bonds[BOND:]
        west, east = parts(Bond, right, first - 1, last - 1), parts(Bond, right, first, last)
        south, north = (
            parts(Bond, above, first - stride, last - stride),
            parts(Bond, above, first, last),
        )
        tensor, tilt = parts(Local, local, first, last), parts(Directions, directions, first, last)
        motion, others = parts(Dynamics, dynamics, first, last), own_parts(groups[4:], first, last)
        for i in range(last - first):
            x, y, z = xc[i], yc[i], zc[i]
            hx, hy, hz = fluctuating(thermal, share, i, sx[i], sy[i], sz[i])
            hx = bonded(south.x, north.x, xs[i], xn[i], i, hx)
            hy = bonded(south.y, north.y, ys[i], yn[i], i, hy)
            hz = bonded(south.z, north.z, zs[i], zn[i], i, hz)
            hx = bonded(west.x, east.x, xw[i], xe[i], i, hx)
            hy = bonded(west.y, east.y, yw[i], ye[i], i, hy)
            hz = bonded(west.z, east.z, zw[i], ze[i], i, hz)
            hx = turned(west.dmi, east.dmi, zw[i], ze[i], i, hx)
            hy = turned(south.dmi, north.dmi, zs[i], zn[i], i, hy)
            hz = turned(south.dmi, north.dmi, -ys[i], -yn[i], i, hz)
            hz = turned(west.dmi, east.dmi, -xw[i], -xe[i], i, hz)
            hx, hy, hz = add_fields(others, i, x, y, z, hx, hy, hz)
            px = spin(motion.spin, tilt.spin_x, i)
            py = spin(motion.spin, tilt.spin_y, i)
            pz = spin(motion.spin, tilt.spin_z, i)
            q = efficiency(torque, angle, x, y, z, px, py, pz)
            qx, qy, qz = q * px, q * py, q * pz
            xy, xz, yz = at(tensor.xy, i), at(tilt.xz, i), at(tilt.yz, i)
            hx = fma(xy + qz, y, fma(xz - qy, z, hx))
            hy = fma(xy - qz, x, fma(at(tensor.yy, i), y, fma(yz + qx, z, hy)))
            hz = fma(xz + qy, x, fma(yz - qx, y, fma(at(tensor.zz, i), z, hz)))
            damping, f = at(motion.damping, i), factor * w[i] * at(motion.rate, i)
            gx = fma(damping, fma(y, hz, -(z * hy)), precession * hx)
            gy = fma(damping, fma(z, hx, -(x * hz)), precession * hy)
            gz = fma(damping, fma(x, hy, -(y * hx)), precession * hz)
            ox[i] = fma(f, fma(z, gy, -(y * gz)), ax[i])
            oy[i] = fma(f, fma(x, gz, -(z * gx)), ay[i])
            oz[i] = fma(f, fma(y, gx, -(x * gy)), az[i])

    return stage
