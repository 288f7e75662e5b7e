"""Local minima of the energy: descent from a state to the next minimum, and its softest mode.

The descent is L-BFGS with the preconditioner of the landscape, first in single precision, then in
double precision; `minimize` is in double precision alone. A wall that creeps along a slope needs
more steps than one that settles in a minimum, and the number of steps is limited.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wallnet.film.core import EngineError
from wallnet.film.energy import Landscape, largest, tangential, unit

STOP = 0.1
"""Largest ``|m × H × m|`` in A/m at a minimum."""

COARSE = 5.0
"""The same where double precision takes over; at least `Landscape.rounding`."""

COARSE_STEPS = 2000
"""Largest number of steps in single precision."""

FINE_STEPS = 200
"""Largest number of steps in double precision."""

MEMORY = 8
"""Number of earlier steps from which L-BFGS learns the second derivative of the energy."""

LARGEST_TURN = 0.2
"""Largest angle by which a moment turns in a step, in rad."""

Memory = deque[tuple[NDArray, NDArray, float]]
"""Earlier changes of m, of the torque field, and their scalar product."""

SHIFT = 1e-2
"""Size of the changes of m from which a curvature is computed, in rad. In single precision, smaller
ones have larger rounding errors."""

MODE_STEPS = 20
"""Largest number of iterations for the softest mode."""


@dataclass(frozen=True)
class Minimum:
    """The end of a descent.

    Attributes
    ----------
    m : ndarray (3, rows, columns)
        Unit vectors, zero in empty cells.
    energy : float
        Energy in J.
    residual : float
        Largest ``|m × H × m|`` in A/m.
    steps : int
        Number of steps.
    stiffness : float
        Smallest stiffness of a change of m in A/m: positive at a minimum, NaN if the descent did
        not end.
    """

    m: NDArray[np.float64]
    energy: float
    residual: float
    steps: int
    stiffness: float

    @property
    def converged(self) -> bool:
        """Whether this is a local minimum of the energy."""
        return self.residual <= STOP and self.stiffness > 0


def descend(landscape: Landscape, m: NDArray[np.floating]) -> Minimum:
    """Minimise the energy from a state on.

    Parameters
    ----------
    landscape : Landscape
        The film.
    m : ndarray (3, rows, columns)
        Unit vectors to start from.

    Returns
    -------
    Minimum
        State at which the descent ended; `converged` is false if this is no minimum.

    Raises
    ------
    wallnet.film.EngineError
        If the field is not finite.
    """
    start = np.where(landscape.mask, m, 0.0)
    enough = max(COARSE, landscape.rounding)
    coarse, _, first = steps(
        landscape, unit(start.astype(np.float32)), landscape.torque, enough, COARSE_STEPS
    )
    limit = FINE_STEPS if first < COARSE_STEPS else 0
    fine, residual, second = steps(
        landscape, unit(coarse.astype(np.float64)), landscape.exact_torque, STOP, limit
    )
    return Minimum(
        m=fine,
        energy=landscape.exact_energy(fine),
        residual=residual,
        steps=first + second,
        stiffness=softest(landscape, fine)[0][0] if residual <= STOP else math.nan,
    )


def minimize(
    landscape: Landscape,
    m: NDArray[np.floating],
    stopping_mxHxm: float = 1e-4,
    total_iteration_limit: int = 100_000,
) -> tuple[NDArray[np.float64], int, float]:
    """Minimise the energy in double precision alone, to any accuracy.

    Parameters
    ----------
    landscape : Landscape
        The film.
    m : ndarray (rows, columns, 3)
        Unit vectors to start from.
    stopping_mxHxm : float
        Largest ``|m × H × m|`` at the minimum, in A/m.
    total_iteration_limit : int
        Largest number of steps.

    Returns
    -------
    tuple of (ndarray, int, float)
        Unit vectors, number of steps, largest ``|m × H × m|`` in A/m.

    Raises
    ------
    wallnet.film.EngineError
        If the minimum is not reached.
    """
    start = np.where(landscape.mask, np.moveaxis(m, -1, 0), 0.0).astype(np.float64)
    lowest, residual, count = steps(
        landscape, start, landscape.exact_torque, stopping_mxHxm, total_iteration_limit
    )
    if residual > stopping_mxHxm:
        raise EngineError(
            f"no minimum after {count} steps: max |m × H × m| is {residual:.3g} A/m, above "
            f"{stopping_mxHxm:.3g}; start a wall near a notch, since one that is not pinned moves "
            "for a long time, or raise total_iteration_limit or stopping_mxHxm"
        )
    return np.moveaxis(lowest, 0, -1), count, residual


def steps(
    landscape: Landscape,
    m: NDArray,
    torque: Callable[[NDArray], NDArray],
    stop: float,
    limit: int,
    fixed: NDArray | None = None,
) -> tuple[NDArray, float, int]:
    """Descend until the torque is below `stop`; return the state, its torque, the steps.

    The descent is perpendicular to the change `fixed`, a unit vector in the space of all cells.
    """

    def across(vector: NDArray) -> NDArray:
        return (
            vector if fixed is None else vector - m.dtype.type(landscape.dot(fixed, vector)) * fixed
        )

    memory: Memory = deque(maxlen=MEMORY)
    field = across(torque(m))
    for step in range(limit + 1):
        residual = largest(field)
        if not math.isfinite(residual):
            raise EngineError(
                f"no minimum: max |m × H × m| is not finite after {step} steps; give finite unit "
                "vectors to start from"
            )
        if residual <= stop or step == limit:
            break
        move = across(_direction(landscape, m, field, memory))
        if landscape.dot(move, field) <= 0:
            memory.clear()
            move = across(landscape.preconditioned(m, field))
        move = move * m.dtype.type(min(1.0, LARGEST_TURN / largest(move)))
        moved = unit(m + move)
        new = across(torque(moved))
        change, bend = tangential(moved, move), tangential(moved, field) - new
        product = landscape.dot(change, bend)
        # along a slope that is not convex, the change says nothing about the minimum
        if product > 1e-3 * landscape.dot(change, change):
            memory.append((change, bend, product))
        m, field = moved, new
    return m, residual, step


def _direction(landscape: Landscape, m: NDArray, field: NDArray, memory: Memory) -> NDArray:
    """Return the change of m by which L-BFGS expects to reach the minimum.

    Nocedal and Wright, Numerical Optimization (2006), algorithm 7.4, with the preconditioner as the
    initial inverse of the second derivative.
    """
    number = m.dtype.type
    rest, shares = field, []
    for change, bend, product in reversed(memory):
        shares.append(landscape.dot(change, rest) / product)
        rest = rest - number(shares[-1]) * bend
    rest = landscape.preconditioned(m, rest)
    if memory:
        _, bend, product = memory[-1]
        rest = rest * number(product / landscape.dot(bend, landscape.preconditioned(m, bend)))
    for (change, bend, product), share in zip(memory, reversed(shares), strict=True):
        rest = rest + number(share - landscape.dot(bend, rest) / product) * change
    return tangential(m, rest)


def softest(
    landscape: Landscape, m: NDArray[np.floating], guess: NDArray | None = None
) -> tuple[tuple[float, float], NDArray[np.float32]]:
    """Return the two smallest stiffnesses of changes of m at a stationary state, and the softest.

    The stiffness of a change is the field that opposes it: an eigenvalue of the second derivative
    of the energy by m, divided by μ0 Ms and the volume of a cell. At a minimum all are positive; at
    a saddle point the smallest is negative.

    Parameters
    ----------
    landscape : Landscape
        The film.
    m : ndarray (3, rows, columns)
        Unit vectors at which the torque vanishes.
    guess : ndarray (3, rows, columns), optional
        A change that is likely to be soft.

    Returns
    -------
    tuple of float
        The two smallest stiffnesses in A/m.
    ndarray (3, rows, columns)
        The softest change, a unit vector in the space of all cells.
    """
    import warnings

    from scipy.sparse.linalg import LinearOperator, lobpcg

    # changes are described in two directions perpendicular to m, in free cells only
    single = m.astype(np.float32)
    parts = [axis[:, landscape.free] for axis in _perpendicular(single)]

    # times the root of the moments, the second derivative is symmetric
    root = np.sqrt(np.broadcast_to(landscape.moment, landscape.free.shape)[landscape.free])

    def spread(vector: NDArray) -> NDArray:
        change = np.zeros_like(single)
        first, second = vector.reshape(2, -1) / root
        change[:, landscape.free] = first * parts[0] + second * parts[1]
        return change

    def gathered(change: NDArray) -> NDArray:
        inside = change[:, landscape.free].astype(np.float64)
        return np.concatenate([(inside * part).sum(axis=0) * root for part in parts])

    def curvature(vector: NDArray) -> NDArray:
        change = spread(vector.ravel())
        scale = np.float32(SHIFT / max(float(np.abs(change).max()), 1e-30))
        there = landscape.torque(unit(single + scale * change))
        back = landscape.torque(unit(single - scale * change))
        return gathered(back - there) / (2 * float(scale))

    def preconditioner(vector: NDArray) -> NDArray:
        return gathered(landscape.preconditioned(single, spread(vector.ravel())))

    count = 2 * int(landscape.free.sum())
    operators = [
        LinearOperator((count, count), matvec=action, dtype=np.float64)
        for action in (curvature, preconditioner)
    ]
    likely = [*_slow_modes(single), *([] if guess is None else [guess])]
    modes = np.stack([gathered(tangential(single, pattern)) for pattern in likely], axis=1)
    with warnings.catch_warnings():
        # the sign and the order of magnitude matter, not the digits
        warnings.simplefilter("ignore", UserWarning)
        values, vectors = lobpcg(
            operators[0], modes, M=operators[1], largest=False, maxiter=MODE_STEPS, tol=1.0
        )
    order = np.argsort(values)
    mode = spread(vectors[:, order[0]])
    return (float(values[order[0]]), float(values[order[1]])), mode / np.sqrt(
        landscape.dot(mode, mode)
    )


def _perpendicular(m: NDArray) -> tuple[NDArray, NDArray]:
    """Return two unit vectors perpendicular to m and to each other in each cell."""
    helper = np.zeros_like(m)
    # the component that is smallest in a cell
    np.put_along_axis(helper, np.abs(m).argmin(axis=0)[None], 1.0, axis=0)
    first = unit(tangential(m, helper))
    return first, unit(np.cross(m, first, axis=0))


def _slow_modes(m: NDArray) -> list[NDArray]:
    """Return changes of m that are likely to be soft: a wall moves or tilts."""
    rows = m.shape[1]
    along = np.gradient(m, axis=2)
    tilted = along * np.linspace(-1, 1, rows)[:, None]
    noise = np.random.default_rng(0).normal(size=m.shape) * 1e-3
    return [along + noise, tilted + noise[::-1]]
