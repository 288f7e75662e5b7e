"""Numerical solution of the heat equation in the cross-section of a heated strip.

Finite volumes in half of the cross-section, which is symmetric, with cells that grow away from the
strip, and BDF2 in time. Nothing of it is shared with the package.
"""

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu


def growing(first, ratio, until, cells=()):
    """Return the edges of cells from 0 on: given ones, then growing ones."""
    edges = [0.0, *cells]
    size = first
    while edges[-1] < until:
        edges.append(edges[-1] + size)
        size *= ratio
    return np.array(edges)


def temperatures(
    flux, end, steps, width, oxide, silicon, thickness, fine=1.0, film=(0.0, 0.0), reach=8e-6
):
    """Return times, and the mean and the middle temperature rise of the strip at each.

    Parameters
    ----------
    flux : callable
        Heat flux in W/m² into the strip as a function of time.
    end, steps : float, int
        Simulated time and number of steps.
    width, thickness : float
        Width of the strip and thickness of the oxide.
    oxide, silicon : tuple of float
        Conductivity and heat capacity.
    fine : float
        Factor of the size of all cells.
    film : tuple of float
        Conductivity times thickness in W/K and heat capacity times thickness in J/(m² K) of the
        strip itself.
    reach : float
        Distance of the outer boundaries, which keep their temperature.
    """
    half, inside = width / 2, max(8, round(24 / fine))
    across = half * np.sin(np.linspace(0, np.pi / 2, inside + 1))[1:]  # finer towards the edge
    smallest = across[-1] - across[-2]
    y = growing(max(smallest, 1e-9 * fine), 1 + 0.12 * fine, reach, across)
    below = thickness * np.linspace(0, 1, max(12, round(48 / fine)) + 1)[1:] ** 1.5
    z = growing(below[-1] - below[-2], 1 + 0.15 * fine, reach, below)
    dy, dz = np.diff(y), np.diff(z)
    conductivity = np.where(z[1:] <= thickness * (1 + 1e-9), oxide[0], silicon[0])
    capacity = np.where(z[1:] <= thickness * (1 + 1e-9), oxide[1], silicon[1])
    ny, nz = len(dy), len(dz)
    index = np.arange(ny * nz).reshape(ny, nz)
    strip = y[1:] <= half * (1 + 1e-9)

    def coupled(first, second, conductance):
        rows = np.concatenate([first, second, first, second])
        columns = np.concatenate([second, first, first, second])
        values = np.concatenate([conductance, conductance, -conductance, -conductance])
        return sparse.coo_matrix((values, (rows, columns)), shape=(ny * nz, ny * nz))

    resistance_z = dz / 2 / conductivity
    down = dy[:, None] / (resistance_z[:-1] + resistance_z[1:])
    distance = (dy[:-1] + dy[1:]) / 2
    sideways = dz * conductivity / distance[:, None]
    both = strip[:-1] & strip[1:]
    sideways[both, 0] += film[0] / distance[both]
    matrix = coupled(index[:, :-1].ravel(), index[:, 1:].ravel(), down.ravel())
    matrix += coupled(index[:-1].ravel(), index[1:].ravel(), sideways.ravel())
    stored = dy[:, None] * dz * capacity
    stored[strip, 0] += dy[strip] * film[1]
    outer = np.zeros((ny, nz))
    outer[:, -1] += dy / resistance_z[-1]
    outer[-1] += dz * conductivity / (dy[-1] / 2)
    matrix = (matrix - sparse.diags(outer.ravel())).tocsc()
    source = np.zeros((ny, nz))
    source[strip, 0] = dy[strip]
    source, stored = source.ravel(), stored.ravel()
    step = end / steps
    mass = sparse.diags(stored / step)
    first, later = splu((mass - matrix).tocsc()), splu((1.5 * mass - matrix).tocsc())
    before = now = np.zeros(ny * nz)
    surface = index[strip, 0]
    resistance = resistance_z[0]
    mean, middle = [0.0], [0.0]
    for n in range(1, steps + 1):
        # the flux of the middle of the step: a pulse begins and ends between two steps
        heat = flux((n - 0.5) * step)
        if n == 1 or flux((n - 1.5) * step) != heat:
            after = first.solve(stored / step * now + source * heat)
        else:
            after = later.solve(stored / step * (2 * now - 0.5 * before) + source * heat)
        before, now = now, after
        at_surface = now[surface] + (heat * resistance if film == (0.0, 0.0) else 0.0)
        mean.append(float(at_surface @ dy[strip] / dy[strip].sum()))
        middle.append(float(at_surface[0]))
    return step * np.arange(steps + 1), np.array(mean), np.array(middle)
