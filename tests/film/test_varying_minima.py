"""Minima, soft modes and paths where cells differ, against dense matrices and other methods."""

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.random_films import MATERIAL, Askew, directions, random_film
from scipy.linalg import eigh
from scipy.optimize import minimize

from wallnet.film import paths
from wallnet.film.cells import Cells
from wallnet.film.energy import Energy, Landscape, unit
from wallnet.film.minima import descend, softest
from wallnet.film.terms import Layer, Terms


def bases(m):
    """Return two unit vectors perpendicular to each of the moments, (2, cells, 3)."""
    first = np.cross(m, np.where(np.abs(m[:, :1]) < 0.6, [[1.0, 0, 0]], [[0, 1.0, 0]]))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return np.array([first, np.cross(m, first)])


def stiffnesses(layer, m):
    """Return the stiffnesses in A/m and their modes, (cells, 3, modes), by finite differences.

    The second derivative of the energy, in J, and the moments as a metric are one eigenvalue
    problem of dense matrices.
    """
    energy, mask = Energy(layer), layer.mask
    moments = 4e-7 * math.pi * layer.terms.saturation_magnetization * math.prod(layer.cell)
    moments = (moments * layer.cells.moment)[mask]
    basis = bases(m[mask])
    count = len(moments)

    def turned(angles):
        state = m.copy()
        change = np.einsum("an,anc->nc", angles.reshape(2, count), basis)
        state[mask] += change
        state[mask] /= np.linalg.norm(state[mask], axis=1, keepdims=True)
        return state

    def gradient(angles):
        state = turned(angles)
        force = -moments[:, None] * energy.field(state)[mask]
        # derivative of the state, which has unit length
        change = np.einsum("an,anc->nc", angles.reshape(2, count), basis)
        length = np.linalg.norm(m[mask] + change, axis=1)[:, None]
        along = (force * state[mask]).sum(axis=1, keepdims=True)
        return np.einsum("nc,anc->an", (force - along * state[mask]) / length, basis).ravel()

    step, zero = 1e-5, np.zeros(2 * count)
    rows = []
    for index in range(2 * count):
        change = zero.copy()
        change[index] = step
        rows.append((gradient(change) - gradient(-change)) / (2 * step))
    hessian = np.array(rows)
    values, modes = eigh((hessian + hessian.T) / 2, np.diag(np.tile(moments, 2)))
    return values, np.einsum("ank,anc->nck", modes.reshape(2, count, -1), basis)


@pytest.fixture(scope="module")
def least():
    """Return a random film with a further term, and the minimum of the descent from along +z."""
    terms = replace(MATERIAL, external_field=(0.0, 0.0, 2e5), further=(Askew(5e4, -4e4),))
    layer = random_film((4, 5), terms=terms)
    landscape = Landscape(layer)
    m = np.zeros((3, 4, 5))
    m[2] = 1.0
    return layer, landscape, descend(landscape, m)


def test_the_minimum_is_that_of_another_method(least):
    layer, _, minimum = least
    assert minimum.converged
    energy, mask = Energy(layer), layer.mask
    count = int(mask.sum())

    def value(angles):
        m = np.zeros((4, 5, 3))
        theta, phi = angles.reshape(2, count)
        # the poles are along y, far from the states
        m[mask, 0], m[mask, 1] = np.sin(theta) * np.cos(phi), np.cos(theta)
        m[mask, 2] = np.sin(theta) * np.sin(phi)
        return energy.energy(m) * 1e19

    start = np.full(2 * count, math.pi / 2)
    other = minimize(value, start, method="BFGS", options={"gtol": 1e-9, "maxiter": 2000})
    assert minimum.energy * 1e19 == pytest.approx(other.fun, rel=1e-7, abs=0)
    assert value(start) > other.fun * (1 - 1e-3) + abs(other.fun) * 1e-3


def test_the_softest_change_is_that_of_the_weighted_matrix(least):
    layer, landscape, minimum = least
    values, modes = stiffnesses(layer, np.moveaxis(minimum.m, 0, -1))
    (first, second), mode = softest(landscape, minimum.m)
    # the iteration stops after some steps: from above
    assert first == pytest.approx(values[0], rel=0.02, abs=0)
    assert minimum.stiffness == pytest.approx(values[0], rel=0.02, abs=0)
    assert values[1] * 0.99 < second < 1.3 * values[1]
    assert landscape.dot(mode, mode) == pytest.approx(1.0, rel=1e-5, abs=0)
    exact = np.zeros((4, 5, 3))
    exact[layer.mask] = modes[..., 0]
    exact = np.moveaxis(exact, -1, 0)
    exact /= math.sqrt(landscape.dot(exact, exact))
    assert abs(landscape.dot(mode, exact)) > 0.98


def test_the_preconditioner_is_symmetric_in_the_metric_of_the_moments(least):
    _, landscape, minimum = least
    rng = np.random.default_rng(7)
    first, second = (np.moveaxis(directions((4, 5), rng), -1, 0) * landscape.free for _ in range(2))
    first, second = (
        direction - (minimum.m * direction).sum(axis=0) * minimum.m for direction in (first, second)
    )
    left = landscape.dot(first, landscape.preconditioned(minimum.m, second))
    right = landscape.dot(second, landscape.preconditioned(minimum.m, first))
    assert left == pytest.approx(right, rel=1e-9, abs=0)
    assert landscape.dot(first, landscape.preconditioned(minimum.m, first)) > 0


def test_the_preconditioner_divides_by_the_stiffness_of_partly_filled_cells_too():
    """The film is whole but for a row of slivers, a tenth of a cell each, at either edge.

    With the inverse of the stiffness, all preconditioned stiffnesses would be 1.
    """
    mask, shapes = np.ones((6, 12), dtype=bool), np.ones((6, 12, 10, 2), dtype=np.float32)
    shapes[0, :, :-1] = shapes[-1, :, 1:] = 0.0
    along = np.full((6, 11), 1.0)
    along[[0, -1]] = 0.1
    cells = Cells(mask, shapes=shapes, open_x=along, open_y=np.ones((5, 12)))
    terms = Terms(1.1e6, 2e-11, 0.0, 2.4e5, stray_field=False)
    layer = Layer(mask, (3e-9, 3e-9, 2e-9), terms, cells=cells)
    landscape, up = Landscape(layer), np.zeros((6, 12, 3))
    up[..., 2] = 1.0
    values, modes = stiffnesses(layer, up)
    changes = []
    for mode in np.moveaxis(modes, -1, 0):
        change = np.moveaxis(mode.reshape(6, 12, 3), -1, 0)
        changes.append(change / math.sqrt(landscape.dot(change, change)))
    m = np.moveaxis(up, -1, 0)
    inverse = [
        [landscape.dot(left, landscape.preconditioned(m, right)) for left in changes]
        for right in changes
    ]
    root = np.sqrt(values)
    preconditioned = np.linalg.eigvalsh(root[:, None] * inverse * root)
    assert values[-1] > 50 * values[0]
    assert preconditioned.max() < 5 * preconditioned.min()


def test_a_path_leads_over_the_saddle_point_of_a_wall():
    """A wall in a strip whose cells differ, over a hump of Ku, Ms and the filled share.

    The saddle point has one negative stiffness in the dense problem, and its energy is that of
    the descent with the wall held at its place by symmetry.
    """
    columns, rows = 41, 3
    mask = np.ones((rows, columns), dtype=bool)
    hump = np.exp(-(((np.arange(columns) - 20) / 4) ** 2))
    ku = np.broadcast_to(1 + 0.9 * hump, mask.shape)
    ms = np.broadcast_to(1 + 0.15 * hump, mask.shape)
    shapes = np.ones((rows, columns, 2, 2), dtype=bool)
    shapes[2, 17:24, 1] = False
    cells = Cells(mask, saturation_magnetization=ms, anisotropy=ku, shapes=shapes)
    terms = Terms(1.1e6, 2e-11, 0.0, 5e5, stray_field=False)
    layer = Layer(mask, (3e-9, 3e-9, 2e-9), terms, cells=cells)
    landscape = Landscape(layer)

    def wall(position):
        u = (np.arange(columns) - position) * 3e-9 / 6.3e-9
        m = np.stack([-1 / np.cosh(u), 0 * u, np.tanh(u)])
        return unit(np.repeat(m[:, None], rows, axis=1))

    images = np.array([wall(position) for position in np.linspace(12, 28, 9)])
    path = paths.climb(landscape, paths.relax(landscape, images))
    assert path.converged
    top = path.images[path.saddle].astype(float)
    values, _ = stiffnesses(layer, np.moveaxis(top, 0, -1))
    assert values[0] < 0 < values[1] * 1.001 + 1.0
    assert path.stiffness[0] == pytest.approx(values[0], rel=0.05, abs=0)
    # the symmetric wall stays in the middle under descent in double precision
    m = wall(20)
    for _ in range(2000):
        m = unit(m + 5e-8 * landscape.exact_torque(m))
        m = (m + m[:, :, ::-1] * np.array([1, 1, -1])[:, None, None]) / 2
        m = unit(m)
    assert path.top == pytest.approx(landscape.exact_energy(m), rel=1e-4, abs=0)
