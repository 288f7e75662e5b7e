"""The compiled loops and the stray field, each compared with the same sum in plain NumPy."""

import numpy as np
import pytest
from test_energy import CELL, MATERIAL, rate

from wallnet.film import core, loops, newell
from wallnet.film.core import Engine, Tolerances
from wallnet.film.energy import Energy
from wallnet.film.strayfield import StrayField
from wallnet.film.terms import Layer, SpinTorque, Terms


def irregular(rows, columns):
    """Return a mask without symmetry: a corner and a few inner cells are missing."""
    mask = np.ones((rows, columns), dtype=bool)
    mask[0, : columns // 3] = False
    mask[-1, -1] = rows * columns < 3
    mask[rows // 2, columns // 2] = rows * columns < 5
    return mask


def directions(mask, seed=0):
    """Return random unit vectors, zero in empty cells."""
    m = np.random.default_rng(seed).normal(size=(*mask.shape, 3))
    return m / np.linalg.norm(m, axis=-1, keepdims=True) * mask[..., None]


def rates(engine):
    """Return dm/dt in every cell and the speeds of the blocks, as the engine uses them."""
    rate = engine._rate(
        engine._m, engine._stored_fields[engine._stored[-1][1]], engine.layer.terms.rate
    )
    return np.moveaxis(rate, 0, -1).astype(float), engine._block_speeds()


@pytest.mark.parametrize("slonczewski_lambda", [1.0, 1.7])
@pytest.mark.parametrize("shape", [(19, 30), (3, 5)])
def test_every_cell_moves_as_the_equation_says_to_single_precision(shape, slonczewski_lambda):
    mask = irregular(*shape)
    torque = SpinTorque(
        current_density=-0.8e12,
        polarization=0.4,
        direction=(0.48, 0.6, 0.64),
        slonczewski_lambda=slonczewski_lambda,
        field_like=0.2,
    )
    engine = Engine(Layer(mask, CELL, MATERIAL))
    engine.magnetization = m = directions(mask)
    engine.set_torque(torque)
    field = Energy(Layer(mask, CELL, MATERIAL)).field(m)
    expected = rate(m, mask, field, MATERIAL, torque)
    computed, speed = rates(engine)
    # 2e-7 is observed
    assert np.abs(computed - expected).max() < 1e-6 * np.abs(expected).max()
    blocks = []
    for first in range(0, shape[1], 8):
        means = [
            expected[lower : lower + 8, first : first + 8].sum(axis=(0, 1))
            / mask[lower : lower + 8, first : first + 8].sum()
            for lower in range(0, shape[0], 8)
        ]
        blocks.append(np.abs(means).max())
    np.testing.assert_allclose(speed, blocks, rtol=1e-5, atol=0)


@pytest.mark.parametrize(
    ("columns", "slonczewski_lambda", "followed"),
    [
        (30, 1.0, slice(None)),
        (30, 1.7, slice(None)),
        # in bands of four rows
        (1000, 1.7, slice(None)),
        # one column moves: four on each side are included, and the others do not move
        (40, 1.0, slice(16, 25)),
    ],
)
def test_a_step_goes_through_all_stages_of_the_chain_in_every_row(
    columns, slonczewski_lambda, followed
):
    """The reference takes several steps in double precision."""
    mask = irregular(14, columns)
    terms = Terms(
        saturation_magnetization=1.1e6,
        exchange_stiffness=2e-11,
        dmi_constant=1e-3,
        anisotropy=1e6,
        anisotropy_axis=(0.6, 0.0, 0.8),
        stray_field=False,
        external_field=(1e5, 2e5, -3e5),
        damping=0.3,
    )
    torque = SpinTorque(
        current_density=3e12,
        polarization=0.4,
        direction=(0.48, 0.6, 0.64),
        slonczewski_lambda=slonczewski_lambda,
    )
    # exchange rotates a random state fast
    engine = Engine(Layer(mask, CELL, terms), Tolerances(time_step_fraction=0.05))
    engine.magnetization = directions(mask)
    engine.set_torque(torque)
    if followed != slice(None):
        engine._moving_until[:] = 0.0
        engine._moving_until[20] = 1.0
    moving = np.zeros((14, columns, 1), dtype=bool)
    moving[:, followed] = True
    m = engine.magnetization.astype(float)
    energy = Energy(Layer(mask, CELL, terms))
    duration = 3 * engine._longest_step
    engine.advance(duration)
    assert engine.counters.steps == 3
    for _ in range(3):
        stage = m
        for coefficient in engine._chain.astype(float):
            moved = rate(stage, mask, energy.field(stage), terms, torque)
            stage = m + duration / 3 * coefficient * moved * moving
        # one Newton step towards unit length
        made_unit = stage * (1.5 - 0.5 * (stage**2).sum(axis=-1, keepdims=True))
        m = np.where(moving, made_unit, m)
    # 1.5e-7 is observed
    assert np.abs(engine.magnetization - m).max() < 6e-7


def test_a_tight_tolerance_gives_every_stage_the_field_of_its_own_magnetisation():
    """The reference takes several steps in double precision with a separate convolution."""
    mask = irregular(7, 11)
    torque = SpinTorque(
        current_density=3e12,
        polarization=0.4,
        direction=(0.48, 0.6, 0.64),
        slonczewski_lambda=1.7,
        field_like=0.2,
    )
    tight = Tolerances(1e-7, frozen_change=0.0, time_step_fraction=0.02)
    engine = Engine(Layer(mask, CELL, MATERIAL), tight)
    engine.magnetization = m = directions(mask)
    engine.set_torque(torque)
    energy, duration = Energy(Layer(mask, CELL, MATERIAL)), 4 * engine._longest_step
    engine.advance(duration)
    assert engine.counters.steps == 4
    for _ in range(4):
        stage = m
        for coefficient in engine._chain.astype(float):
            moved = rate(stage, mask, energy.field(stage), MATERIAL, torque)
            stage = m + duration / 4 * coefficient * moved
        m = stage * (1.5 - 0.5 * (stage**2).sum(axis=-1, keepdims=True))
    # 1.3e-7 is observed
    assert np.abs(engine.magnetization - m).max() < 6e-7


@pytest.mark.parametrize("past", [[0.0], [-0.7, 0.0], [-1.9, -0.6, 0.0]])
def test_the_share_of_a_deviation_is_the_integral_of_its_polynomial(past):
    """It is zero at the samples and one at the end of the interval."""
    nodes = np.polynomial.Polynomial.fromroots(past)
    integral = nodes.integ()
    expected = (integral(1.0) - integral(0.0)) / nodes(1.0)
    assert core.share(past) == pytest.approx(expected, rel=1e-12, abs=0)


def test_extrapolation_is_judged_by_averages_over_blocks_of_its_own_columns():
    """Three rows of blocks, of which the last is 5 cells high; ranges from 4 to 30 and 41 to 49.

    Columns 9 to 46 count.
    """
    random = np.random.default_rng(4)
    rows, columns, size = 37, 60, loops.FIELD_BLOCK
    samples = random.normal(size=(4, 3, rows, columns)).astype(np.float32)
    renewed = random.normal(size=(3, rows, columns)).astype(np.float32)
    renewed[2, 33, 45] -= 400  # last component, last block
    renewed[0, 0, 30] += 90000  # outside the ranges
    renewed[1, 5, [5, 47]] += 90000  # in a range, but in columns that do not count
    missed = np.full((3, rows, columns), 7.0, dtype=np.float32)
    order, weights = np.array([1, 3]), np.array([1.5, -0.25], dtype=np.float32)
    ranges = np.array([[4, 30], [41, 49], [50, 50]])
    space = np.full(columns, 7.0, dtype=np.float32)

    def error():
        return loops.extrapolation_error(
            samples, order, weights, renewed, missed, ranges, 9, 47, space
        )

    deviation = error()
    expected = (renewed - 1.5 * samples[1] + 0.25 * samples[3]).astype(float)
    averages = [
        abs(expected[c, lower : lower + size, begin : min(begin + size, last)].mean())
        for c in range(3)
        for lower in range(0, rows, size)
        for first, last in ((9, 30), (41, 47))
        for begin in range(first, last, size)
    ]
    expected[..., :9] = expected[..., 30:41] = expected[..., 47:] = 0
    np.testing.assert_allclose(missed, expected, rtol=0, atol=1e-4)
    assert max(averages) == pytest.approx(400 / 30, rel=0.2, abs=0)
    assert deviation == pytest.approx(max(averages), rel=1e-5, abs=0)
    renewed[1, 0, 10] = np.nan
    assert np.isnan(error())


def test_ranges_of_moving_columns_have_a_margin_and_do_not_touch():
    until = np.zeros(60)
    until[[0, 20, 26, 36, 57]] = 2.0
    until[40] = 1.0  # not after the present time
    ranges = core.moving_ranges(until, 1.0, 4)
    assert ranges.tolist() == [[0, 5], [16, 31], [32, 41], [53, 60]]
    # one column less between them, and they are one range
    until[35] = 2.0
    assert core.moving_ranges(until, 1.0, 4).tolist() == [[0, 5], [16, 41], [53, 60]]
    assert core.moving_ranges(np.zeros(60), 1.0, 4).shape == (0, 2)
    assert ranges.dtype == np.int64


def test_a_field_that_changes_in_time_turns_a_moment_by_its_integral(monkeypatch):
    """The field between two renewals is a polynomial through earlier fields, taken mid-step."""
    gamma, strength, duration = 2.211e5, 2e5, 0.2e-9
    # hardly any magnetisation: only the prescribed far field acts
    terms = Terms(
        saturation_magnetization=1.0,
        external_field=(0.0, 0.0, strength),
        damping=0.0,
        gyromagnetic_ratio=gamma,
    )
    tolerances = Tolerances(stray_field_tolerance=100.0, frozen_change=0.0)
    engine = Engine(Layer(np.ones((1, 1), dtype=bool), CELL, terms), tolerances)

    def far(_m, uniform, out):
        share = engine.time / duration
        out[:] = uniform * (1 + 0.9 * share - 1.5 * share**2)

    monkeypatch.setattr(engine._stray, "far", far)
    engine.magnetization = np.array([[[0.6, 0.0, 0.8]]])
    engine.advance(duration)
    x, y, _ = engine.average()
    angle = gamma * strength * duration * (1 + 0.9 / 2 - 1.5 / 3)
    assert engine.counters.stray_field_renewals < engine.counters.steps / 3
    turned = np.angle(complex(x, y) * np.exp(-1j * angle))
    # 3.7e-5 is observed
    assert abs(turned) < 1.5e-4


def shares(rows, columns, cell):
    """Return Newell's tensor for offsets of both signs, (3, 3, 2 rows - 1, 2 columns - 1)."""
    y, x = np.meshgrid(
        np.arange(1 - rows, rows) * cell[1],
        np.arange(1 - columns, columns) * cell[0],
        indexing="ij",
    )
    unit = 1e-9
    xx, yy, zz, xy = newell.exact(x / unit, y / unit, tuple(edge / unit for edge in cell))
    zero = np.zeros_like(xx)
    return np.array([[xx, xy, zero], [xy, yy, zero], [zero, zero, zz]])


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (5, 4), (7, 3), (1, 6), (6, 1), (1, 1)])
def test_far_stray_field_is_the_sum_over_all_cells_less_the_stencil(shape):
    """Small films with an odd number of rows or columns would show padding that is too short."""
    magnetization = 1.1e6
    mask = irregular(*shape)
    m = directions(mask)
    rows, columns = shape
    tensor = shares(rows, columns, CELL)
    stencil = newell.stencil(CELL)
    for dr, dc in ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)):
        place = (rows - 1 + dr, columns - 1 + dc)
        if 0 <= place[0] < tensor.shape[2] and 0 <= place[1] < tensor.shape[3]:
            for i in range(3):
                tensor[i, i, place[0], place[1]] -= stencil[i, 1 * (dc != 0) + 2 * (dr != 0)]
    uniform = np.array([1e4, -2e4, 3e4])
    expected = np.zeros((3, rows, columns)) + uniform[:, None, None]
    for r in range(rows):
        for c in range(columns):
            window = tensor[:, :, rows - 1 - r : 2 * rows - 1 - r, columns - 1 - c :]
            window = window[..., :columns]
            expected[:, r, c] -= magnetization * np.einsum("ijrc,rcj->i", window, m)
    field = np.full((3, rows, columns), np.nan, dtype=np.float32)
    far = StrayField(shape, CELL, magnetization)
    for _ in range(2):  # the second time overwrites the result of the first
        far.far(np.moveaxis(m, -1, 0).astype(np.float32), uniform, field)
        # 1e-8 is observed
        assert np.abs(field - expected).max() < 5e-8 * magnetization


def test_stencil_is_the_closest_to_the_tensor_with_slow_waves_weighing_most():
    """Its rest is orthogonal to the waves of a cell and of its neighbours along each axis."""
    cell, offsets = (2e-9, 3e-9, 1.5e-9), np.arange(-60, 61)
    tensor = shares(61, 61, cell)
    phases = np.pi * (2 * np.arange(40) - 39) / 40
    waves = np.exp(1j * np.outer(phases, offsets))
    ky, kx = np.meshgrid(phases / cell[1], phases / cell[0], indexing="ij")
    weight = (1 + 0.3 * (kx**2 + ky**2) * cell[0] * cell[1]) ** -2
    along_x, along_y = np.cos(kx * cell[0]), np.cos(ky * cell[1])
    for i, (own, beside, above) in enumerate(newell.stencil(cell)):
        rest = (waves @ tensor[i, i] @ waves.T).real - own
        rest -= 2 * beside * along_x + 2 * above * along_y
        for wave in (1, along_x, along_y):
            # 1.9e-5 is observed; it is 8e-3 to 3e-2 for the entries of the tensor
            assert abs((weight * rest * wave).sum() / weight.sum()) < 3e-5


def test_tensor_is_the_dipole_tensor_averaged_over_both_cells():
    """The average is over many points; differences in two cells have the density (1 - |u|/h)/h."""
    cell = (3.0, 2.0, 1.5)
    points, weights = np.polynomial.legendre.leggauss(12)
    nodes, shares_ = [], []
    for edge in cell:
        u = np.concatenate([(points - 1) / 2, (points + 1) / 2]) * edge
        nodes.append(u)
        shares_.append(np.tile(weights / 2, 2) * (1 - np.abs(u) / edge))
    for columns, rows in ((2, 1), (-1, 3), (3, -2), (0, 2), (12, 10), (0, 19)):
        x = columns * cell[0] + nodes[0][:, None, None]
        y = rows * cell[1] + nodes[1][None, :, None]
        z = nodes[2][None, None, :]
        weight = np.einsum("i,j,k->ijk", *shares_) * np.prod(cell) / (4 * np.pi)
        squared = x**2 + y**2 + z**2
        expected = [
            (weight * (squared - 3 * a * b) / squared**2.5).sum()
            for a, b in ((x, x), (y, y), (z, z))
        ]
        expected.append((weight * -3 * x * y / squared**2.5).sum())
        place = np.array([columns * cell[0]]), np.array([rows * cell[1]])
        # 4e-13 is observed
        np.testing.assert_allclose(
            np.concatenate(newell.exact(*place, cell)), expected, rtol=0, atol=2e-12
        )
        # the formula that the engine chooses, by integer offsets
        tensor = newell.tensor(abs(columns) + 1, abs(rows) + 1, tuple(1e-9 * e for e in cell))
        components = [part[-1, -1] for part in tensor]
        components[3] *= np.sign(columns) * np.sign(rows)
        np.testing.assert_allclose(components, expected, rtol=0, atol=2e-12)


def test_the_exact_formula_reaches_twelve_of_the_longest_edges():
    """Of a flat cell, which is eight times as long as thick."""
    cell = (4.0, 3.0, 0.5)
    y, x = np.meshgrid(3.0 * np.arange(17), 4.0 * np.arange(13), indexing="ij")
    # 1.4e-12 is observed
    for component, expected in zip(
        newell.tensor(13, 17, cell), newell.exact(x, y, cell), strict=True
    ):
        np.testing.assert_allclose(component, expected, rtol=0, atol=1e-11)
