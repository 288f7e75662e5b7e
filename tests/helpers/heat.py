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


def media_of(heating):
    """Return the arguments of `temperatures` for what surrounds a strip."""
    above = (heating.encapsulation_conductivity, heating.encapsulation_heat_capacity)
    return {
        "oxide": (heating.oxide_conductivity, heating.oxide_heat_capacity),
        "silicon": (heating.silicon_conductivity, heating.silicon_heat_capacity),
        "thickness": heating.oxide_thickness,
        "above": above if above[0] else (0.0, 0.0),
        "interfaces": (heating.interface_resistance, heating.encapsulation_resistance),
    }


def temperatures(
    flux,
    end,
    steps,
    width,
    oxide,
    silicon,
    thickness,
    fine=1.0,
    film=(0.0, 0.0),
    reach=8e-6,
    above=(0.0, 0.0),
    interfaces=(0.0, 0.0),
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
    oxide, silicon, above : tuple of float
        Conductivity and heat capacity; zeros where nothing is above.
    fine : float
        Factor of the size of all cells.
    film : tuple of float
        Conductivity times thickness in W/K and heat capacity times thickness in J/(m² K) of the
        strip itself.
    reach : float
        Distance of the outer boundaries, which keep their temperature.
    interfaces : tuple of float
        Thermal resistance in K m²/W of the strip with the oxide and with what is above. Beside the
        strip, the two touch each other.
    """
    half, inside = width / 2, max(8, round(24 / fine))
    across = half * np.sin(np.linspace(0, np.pi / 2, inside + 1))[1:]  # finer towards the edge
    smallest = across[-1] - across[-2]
    y = growing(max(smallest, 1e-9 * fine), 1 + 0.12 * fine, reach, across)
    below = thickness * np.linspace(0, 1, max(12, round(48 / fine)) + 1)[1:] ** 1.5
    z = growing(below[-1] - below[-2], 1 + 0.15 * fine, reach, below)
    dy, distance = np.diff(y), (np.diff(y)[:-1] + np.diff(y)[1:]) / 2
    dz, under = np.diff(z), z[1:] <= thickness * (1 + 1e-9)
    ny, strip = len(dy), y[1:] <= half * (1 + 1e-9)
    # rows of cells from the strip down, and from the strip up
    stacks = [(dz, np.where(under, oxide[0], silicon[0]), np.where(under, oxide[1], silicon[1]))]
    if above[0]:
        up = np.diff(growing(dz[0], 1 + 0.15 * fine, reach))
        stacks.append((up, np.full(len(up), above[0]), np.full(len(up), above[1])))
    links, stored, outer, tops = [], [dy[strip] * film[1]], [np.zeros(strip.sum())], []
    nodes = np.arange(strip.sum())
    links.append((nodes[:-1], nodes[1:], film[0] / distance[: len(nodes) - 1]))
    count = len(nodes)
    for interface, (sizes, conductivity, capacity) in zip(interfaces, stacks, strict=False):
        index = count + np.arange(ny * len(sizes)).reshape(ny, -1)
        count += index.size
        resistance = sizes / 2 / conductivity
        down = dy[:, None] / (resistance[:-1] + resistance[1:])
        sideways = sizes * conductivity / distance[:, None]
        links.append((index[:, :-1], index[:, 1:], down))
        links.append((index[:-1], index[1:], sideways))
        links.append((nodes, index[strip, 0], dy[strip] / (interface + resistance[0])))
        tops.append((index[~strip, 0], resistance[0]))
        lost = np.zeros(index.shape)
        lost[:, -1] += dy / resistance[-1]
        lost[-1] += sizes * conductivity / (dy[-1] / 2)
        stored.append((dy[:, None] * sizes * capacity).ravel())
        outer.append(lost.ravel())
    if above[0]:
        (first, one), (second, other) = tops
        links.append((first, second, dy[~strip] / (one + other)))
    parts = zip(*links, strict=True)
    first, second, values = (np.concatenate([np.ravel(array) for array in part]) for part in parts)
    rows, columns = [first, second, first, second], [second, first, first, second]
    values = np.concatenate([values, values, -values, -values])
    where = np.concatenate(rows), np.concatenate(columns)
    matrix = sparse.coo_matrix((values, where), shape=(count, count))
    matrix = (matrix - sparse.diags(np.concatenate(outer))).tocsc()
    stored, source = np.concatenate(stored), np.zeros(count)
    source[nodes] = dy[strip]
    step = end / steps
    mass = sparse.diags(stored / step)
    first, later = splu((mass - matrix).tocsc()), splu((1.5 * mass - matrix).tocsc())
    before = now = np.zeros(count)
    mean, middle = [0.0], [0.0]
    for n in range(1, steps + 1):
        # the flux of the middle of the step: a pulse begins and ends between two steps
        heat = flux((n - 0.5) * step)
        if n == 1 or flux((n - 1.5) * step) != heat:
            after = first.solve(stored / step * now + source * heat)
        else:
            after = later.solve(stored / step * (2 * now - 0.5 * before) + source * heat)
        before, now = now, after
        mean.append(float(now[nodes] @ dy[strip] / dy[strip].sum()))
        middle.append(float(now[0]))
    return step * np.arange(steps + 1), np.array(mean), np.array(middle)
