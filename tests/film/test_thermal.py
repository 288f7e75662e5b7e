"""The film at a temperature against exact results and against Heun's method with a short step."""

import math

import numba
import numpy as np
import pytest
from scipy import fft, linalg

from wallnet.film import fluctuations, loops
from wallnet.film.constants import BOLTZMANN, VACUUM_PERMEABILITY
from wallnet.film.core import Engine, EngineError
from wallnet.film.energy import Energy
from wallnet.film.terms import Layer, SpinTorque, Terms
from wallnet.film.thermal import ThermalEngine

CELL = (3e-9, 3e-9, 2e-9)
VOLUME = math.prod(CELL)
MS, EXCHANGE, DMI, ANISOTROPY, GAMMA = 1.1e6, 2e-11, 1e-3, 1e6, 2.211e5


@numba.njit
def draw(noise, deviation, key, step, first, last):
    loops._draw(noise, deviation, key, step, first, last)


def film(
    shape: tuple[int, int], terms: Terms, temperature: float, seed: int, **more
) -> ThermalEngine:
    """Return a film that is magnetised along +z."""
    engine = ThermalEngine(
        Layer(np.ones(shape, dtype=bool), CELL, terms), temperature, seed, **more
    )
    engine.magnetization = np.broadcast_to([0.0, 0.0, 1.0], (*shape, 3))
    return engine


def random_unit(rng: np.random.Generator, count: int) -> np.ndarray:
    m = rng.standard_normal((count, 3))
    return m / np.linalg.norm(m, axis=1, keepdims=True)


def test_the_ratio_is_that_of_the_stationary_covariance():
    chain, weights = (0.3, 0.5, 1.0), (0.11, 0.5, 1.0)
    for damping, size in ((0.5, 1.3), (0.1, 0.7)):
        z = size * complex(-damping, 1) / math.hypot(damping, 1)
        mode = np.array([[z.real, -z.imag], [z.imag, z.real]])
        grown, added = np.eye(2), np.zeros((2, 2))
        for b, c in zip(chain, weights, strict=True):
            grown, added = np.eye(2) + b * mode @ grown, c * np.eye(2) + b * mode @ added
        discrete = linalg.solve_discrete_lyapunov(grown, added @ added.T)
        exact = linalg.solve_continuous_lyapunov(mode, -np.eye(2))
        ratio = fluctuations.variance_ratio(chain, weights, np.array([z]))[0]
        assert ratio == pytest.approx(discrete[0, 0] / exact[0, 0], rel=1e-12, abs=0)


@pytest.mark.parametrize("damping", [0.05, 0.08, 0.1, 0.17, 0.3, 0.42, 0.5, 0.6, 0.85, 1.2])
def test_modes_have_their_energy_up_to_the_longest_step(damping):
    chain, weights, radius = fluctuations.choose(damping, damping)
    ray = complex(-damping, 1) / math.hypot(damping, 1)
    z = np.linspace(0.02, 1, 50) * radius * ray
    assert np.abs(fluctuations.variance_ratio(chain, weights, z) - 1).max() < 0.021
    assert radius >= 2


@pytest.mark.parametrize(("lowest", "highest"), [(0.3, 0.5), (0.05, 0.5), (0.1, 0.9)])
def test_modes_of_each_damping_between_two_have_their_energy(lowest, highest):
    chain, weights, radius = fluctuations.choose(lowest, highest)
    for damping in np.linspace(lowest, highest, 30):
        z = np.linspace(0.02, 1, 50) * radius * complex(-damping, 1) / math.hypot(damping, 1)
        assert np.abs(fluctuations.variance_ratio(chain, weights, z) - 1).max() < 0.031
    assert radius >= 1


def test_weights_equal_to_the_chain_are_off():
    chain, _, radius = fluctuations.choose(0.5, 0.5)
    z = fluctuations.modes(0.5, radius)
    assert np.abs(fluctuations.variance_ratio(chain, chain, z) - 1).max() > 0.1


def test_too_low_a_damping_is_refused():
    with pytest.raises(EngineError, match="damping is 0.02, for which there are no noise weights"):
        film((2, 2), Terms(MS, damping=0.02), 300.0, 1)


def philox(cell: int, step: int, key: int) -> tuple[int, int]:
    """Return the two words of Philox2x32-10."""
    for _ in range(10):
        product = 0xD256D193 * cell
        cell, step = (product >> 32) ^ key ^ step, product & 0xFFFFFFFF
        key = (key + 0x9E3779B9) & 0xFFFFFFFF
    return cell, step


@pytest.mark.slow
def test_the_variates_are_those_of_philox():
    # known answers of the Random123 library
    assert philox(0, 0, 0) == (0xFF1DAE59, 0x6CD10DF2)
    assert philox(0x243F6A88, 0x85A308D3, 0x13198A2E) == (0xDD7CE038, 0xF62A4C12)
    noise = np.zeros((3, 60), dtype=np.float32)
    draw(noise, np.float32(2), 7, 5, 20, 60)
    assert not noise[:, :20].any()
    for cell in range(20, 60):
        first, second = philox(cell, 5, 7)
        third = (first & 0x7FF) << 10 | second & 0x3FF
        shares = np.array([first >> 11, second >> 11, third]) / 2**21
        expected = np.where(shares < 1 / 6, -1, np.where(shares >= 5 / 6, 1, 0)) * 2 * math.sqrt(3)
        assert noise[:, cell] == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_the_variates_have_the_moments_of_a_normal_distribution():
    noise = np.zeros((3, 200_000), dtype=np.float32)
    draw(noise, np.float32(1), 2**32 - 1, 3, 0, noise.shape[1])
    for power, expected in ((1, 0), (2, 1), (3, 0), (4, 3)):
        moments = (noise.astype(np.float64) ** power).mean(axis=1)
        assert moments == pytest.approx(expected, abs=0.03)
    assert np.corrcoef(noise) == pytest.approx(np.eye(3), abs=0.01)


@pytest.mark.parametrize("damping", [0.1, 0.3, 0.5])
def test_slight_fluctuations_have_the_energy_of_linear_spin_waves(damping):
    # exact: each mode of the discrete film has k_B T/2 for each direction
    rows, columns, temperature = 64, 96, 3.0
    engine = film(
        (rows, columns),
        Terms(MS, EXCHANGE, anisotropy=ANISOTROPY, stray_field=False, damping=damping),
        temperature,
        11,
    )
    engine.advance(150e-12)
    powers = []
    for _ in range(60):
        engine.advance(7e-12)
        powers.append(fft.dctn(engine.magnetization[..., :2], axes=(0, 1), norm="ortho") ** 2)
    waves = sum(
        4 * np.sin(np.pi * offsets / 2 / offsets.size) ** 2
        for offsets in np.ix_(np.arange(rows), np.arange(columns))
    )
    stiffness = ANISOTROPY + EXCHANGE * waves / CELL[0] ** 2
    ratio = np.mean(powers, axis=(0, -1)) * 2 * VOLUME * stiffness / (BOLTZMANN * temperature)
    for band in range(8):
        assert ratio[(waves >= band) & (waves < band + 1)].mean() == pytest.approx(1, abs=0.03)


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a × b along the first axis, in a quarter of the time of `np.cross`."""
    return np.stack([a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)])


class Heun:
    """The film without stray field in double precision by Heun's method, with normal variates."""

    def __init__(self, shape: tuple[int, int], temperature: float, damping: float, seed: int):
        self.step = 0.05e-12
        self.damping, self.rng = damping, np.random.default_rng(seed)
        moment = VACUUM_PERMEABILITY * MS
        self.exchange = 2 * EXCHANGE / (moment * CELL[0] ** 2)
        self.dmi = DMI / (moment * CELL[0])
        self.anisotropy = 2 * ANISOTROPY / moment
        self.deviation = math.sqrt(
            2 * damping * BOLTZMANN * temperature / (GAMMA * moment * VOLUME * self.step)
        )
        self.m = np.zeros((3, shape[0] + 2, shape[1] + 2))
        self.m[2, 1:-1, 1:-1] = 1

    def slope(self, m: np.ndarray, noise: np.ndarray) -> np.ndarray:
        own, west, east = m[:, 1:-1, 1:-1], m[:, 1:-1, :-2], m[:, 1:-1, 2:]
        south, north = m[:, :-2, 1:-1], m[:, 2:, 1:-1]
        field = self.exchange * (west + east + south + north) + noise
        field[0] += self.dmi * (west - east)[2]
        field[1] += self.dmi * (south - north)[2]
        field[2] += self.dmi * ((east - west)[0] + (north - south)[1]) + self.anisotropy * own[2]
        turning = cross(own, field)
        damped = cross(own, turning)
        return -GAMMA / (1 + self.damping**2) * (turning + self.damping * damped)

    def advance(self, steps: int) -> np.ndarray:
        """Advance; return m, shape (3, rows, columns)."""
        inner = self.m[:, 1:-1, 1:-1]
        ahead = self.m.copy()
        for _ in range(steps):
            noise = self.deviation * self.rng.standard_normal(inner.shape)
            first = self.slope(self.m, noise)
            ahead[:, 1:-1, 1:-1] = inner + self.step * first
            inner += self.step / 2 * (first + self.slope(ahead, noise))
            inner /= np.sqrt(np.sum(inner**2, axis=0))
        return inner.copy()


@pytest.mark.slow
def test_fluctuations_at_300_k_are_those_of_a_short_step():
    shape, damping = (32, 48), 0.5
    reference = Heun(shape, 300.0, damping, 3)
    reference.advance(2000)
    expected = np.array([reference.advance(40) for _ in range(300)])
    states = []
    for seed in range(4):
        engine = film(
            shape,
            Terms(MS, EXCHANGE, DMI, ANISOTROPY, stray_field=False, damping=damping),
            300.0,
            seed,
        )
        engine.advance(100e-12)
        for _ in range(240):
            engine.advance(3e-12)
            states.append(np.moveaxis(engine.magnetization, -1, 0))
    assert 1 - np.mean(states, axis=(0, 2, 3))[2] == pytest.approx(
        1 - expected.mean(axis=(0, 2, 3))[2], rel=0.015, abs=0
    )
    power, expected_power = (
        np.mean(fft.dctn(np.array(sample)[:, :2], axes=(2, 3), norm="ortho") ** 2, axis=(0, 1))
        for sample in (states, expected)
    )
    waves = sum(
        4 * np.sin(np.pi * offsets / 2 / offsets.size) ** 2
        for offsets in np.ix_(*(np.arange(size) for size in shape))
    )
    for lower, upper in ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 8)):
        band = (waves >= lower) & (waves < upper)
        assert power[band].mean() == pytest.approx(expected_power[band].mean(), rel=0.03, abs=0)


def test_slow_modes_with_a_stray_field_have_their_energy():
    # exact for slight fluctuations about a film that is magnetised along z: ⟨q²⟩ = k_B T/curvature
    shape, temperature, damping = (12, 16), 3.0, 0.1
    terms = Terms(MS, EXCHANGE, anisotropy=ANISOTROPY, damping=damping)
    energy = Energy(Layer(np.ones(shape, dtype=bool), CELL, terms))
    along = np.zeros((*shape, 3))
    along[..., 2] = 1
    pull = energy.field(along)[..., 2]
    cells = math.prod(shape)
    curvature = []
    for component, cell in np.ndindex(2, cells):
        tilt = np.zeros((cells, 3))
        tilt[cell, component] = 1
        tilt = tilt.reshape(*shape, 3)
        gradient = pull[..., None] * tilt - energy.field(tilt)
        curvature.append(np.moveaxis(gradient[..., :2], -1, 0).ravel())
    curvatures, modes = linalg.eigh(VACUUM_PERMEABILITY * MS * VOLUME * np.array(curvature))
    squares = []
    for seed in range(4):
        engine = film(shape, terms, temperature, seed)
        engine.advance(200e-12)
        for _ in range(400):
            engine.advance(10e-12)
            tilt = np.moveaxis(engine.magnetization[..., :2], -1, 0).ravel()
            squares.append((modes[:, :16].T @ tilt) ** 2)
    ratio = np.mean(squares, axis=0) * curvatures[:16] / (BOLTZMANN * temperature)
    assert ratio.mean() == pytest.approx(1, abs=0.03)


def barrier(heights: float, temperature: float) -> float:
    """Return Ku in J/m³ for which a cell has a barrier in units of k_B T."""
    return heights * BOLTZMANN * temperature / VOLUME


def test_a_macrospin_keeps_the_boltzmann_distribution():
    temperature, tilt = 200.0, np.array([6e4, 0.0, 3e4])
    ku = barrier(5, temperature)
    engine = film(
        (100, 400),
        Terms(MS, anisotropy=ku, external_field=tuple(tilt), stray_field=False, damping=0.3),
        temperature,
        4,
    )
    rng = np.random.default_rng(8)
    m = random_unit(rng, 4_000_000)
    share = ku * VOLUME * m[:, 2] ** 2 + VACUUM_PERMEABILITY * MS * VOLUME * (m @ tilt)
    share = np.exp((share - share.max()) / (BOLTZMANN * temperature))
    drawn = m[rng.random(share.size) < share]
    assert drawn.shape[0] > 100_000
    engine.magnetization = drawn[:40_000].reshape(100, 400, 3)
    engine.advance(400e-12)
    after = engine.magnetization.reshape(-1, 3)
    moments = {
        "x": lambda m: m[:, 0],
        "z": lambda m: m[:, 2],
        "z²": lambda m: m[:, 2] ** 2,
        "z⁴": lambda m: m[:, 2] ** 4,
        "xz": lambda m: m[:, 0] * m[:, 2],
    }
    for name, moment in moments.items():
        exact, weight = moment(m) * share, share.sum()
        error = moment(drawn).std() / math.sqrt(after.shape[0])
        assert moment(after).mean() == pytest.approx(exact.sum() / weight, abs=3.5 * error), name
    assert engine.spin_temperature() == pytest.approx(temperature, rel=0.02, abs=0)


def test_free_moments_diffuse_as_brown_calculated():
    """Mean and orientation decay by 2 D and 6 D (Brown, 1963), D = α γ0 k_B T/((1 + α²) μ0 Ms V).

    Without an energy, the turns by the thermal field alone bound the step.
    """
    temperature, damping = 300.0, 0.3
    engine = film((100, 400), Terms(MS, stray_field=False, damping=damping), temperature, 3)
    moment = VACUUM_PERMEABILITY * MS * VOLUME
    diffusion = damping * GAMMA * BOLTZMANN * temperature / ((1 + damping**2) * moment)
    engine.advance(0.35 / diffusion)
    z = engine.magnetization[..., 2].astype(float)
    for order, value in (1, z), (2, (3 * z**2 - 1) / 2):
        expected = math.exp(-order * (order + 1) * 0.35)
        error = value.std() / math.sqrt(z.size)
        assert value.mean() == pytest.approx(expected, abs=3.5 * error), order


def test_two_coupled_spins_take_the_boltzmann_distribution():
    temperature, coupling, twist = 300.0, 1.2e-12, 0.4e-3
    ku = barrier(1.5, temperature)
    mask = np.ones((80, 600), dtype=bool)
    mask[1::2] = False
    mask[:, 2::3] = False
    terms = Terms(MS, coupling, twist, ku, stray_field=False, damping=0.5)
    engine = ThermalEngine(Layer(mask, CELL, terms), temperature, 6)
    engine.magnetization = np.broadcast_to([0.0, 0.0, 1.0], (*mask.shape, 3))
    engine.advance(700e-12)
    pairs = engine.magnetization[::2].reshape(-1, 3, 3)[:, :2]
    m = random_unit(np.random.default_rng(2), 2_000_000).reshape(-1, 2, 3)
    left, right = m[:, 0], m[:, 1]
    # a bond of faces of 3 nm x 2 nm: 2 A/d (1 - m1·m2), and D (m1 × m2)·y for neighbours along x
    face = CELL[1] * CELL[2]
    energy = -2 * coupling / CELL[0] * face * np.sum(left * right, axis=1)
    energy += twist * face * (left[:, 0] * right[:, 2] - left[:, 2] * right[:, 0])
    energy -= ku * VOLUME * np.sum(m[..., 2] ** 2, axis=1)
    share = np.exp(-(energy - energy.min()) / (BOLTZMANN * temperature))

    def moments(m: np.ndarray) -> np.ndarray:
        left, right = m[:, 0], m[:, 1]
        return np.stack(
            [
                np.sum(left * right, axis=1),
                left[:, 2] ** 2 + right[:, 2] ** 2,
                left[:, 0] * right[:, 2] - left[:, 2] * right[:, 0],
            ]
        )

    expected = (moments(m) * share).sum(axis=1) / share.sum()
    computed = moments(pairs)
    assert abs(expected[2]) > 0.05
    error = computed.std(axis=1) / math.sqrt(pairs.shape[0])
    assert np.all(np.abs(computed.mean(axis=1) - expected) < 3.5 * error + 0.005), (
        computed,
        expected,
    )


def slowest_decay(
    barrier: float, damping: float, temperature: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the rate in 1/s at which a uniaxial macrospin forgets its side, and its mode.

    The mode φ(m_z), of the adjoint Fokker-Planck operator, is returned as points and values; the
    mean of φ decays with this rate from any start. Finite volumes in m_z.
    """
    edges = np.linspace(-1, 1, 1601)
    middles, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    moment = VACUUM_PERMEABILITY * MS * VOLUME
    diffusion = damping * GAMMA * BOLTZMANN * temperature / ((1 + damping**2) * moment)
    density = np.exp(barrier * middles**2)
    face = (1 - edges[1:-1] ** 2) * np.exp(barrier * edges[1:-1] ** 2)
    leaving = np.append(face, 0) + np.append(0, face)
    rates, modes = linalg.eigh_tridiagonal(
        diffusion / width**2 * leaving / density,
        -diffusion / width**2 * face / np.sqrt(density[1:] * density[:-1]),
        select="i",
        select_range=(1, 1),
    )
    return rates[0], middles, modes[:, 0] / np.sqrt(density)


def test_a_macrospin_escapes_at_the_rate_of_the_fokker_planck_equation():
    temperature, damping = 300.0, 0.5
    rate, middles, mode = slowest_decay(5.0, damping, temperature)
    assert rate == pytest.approx(1.994e9, rel=1e-3, abs=0)
    ku = barrier(5, temperature)
    engine = film(
        (100, 900), Terms(MS, anisotropy=ku, stray_field=False, damping=damping), temperature, 1
    )
    engine.advance(400e-12)
    left = np.interp(engine.magnetization[..., 2], middles, mode).mean()
    computed = -math.log(left / np.interp(1.0, middles, mode)) / 400e-12
    assert computed == pytest.approx(rate, rel=0.05, abs=0)


@pytest.mark.slow
def test_bulk_edges_and_notches_have_the_temperature():
    mask = np.ones((40, 60), dtype=bool)
    rows, columns = np.indices(mask.shape)
    mask[np.hypot(rows + 0.5, columns - 29.5) < 8] = False
    terms = Terms(MS, EXCHANGE, DMI, ANISOTROPY, damping=0.3)
    engine = ThermalEngine(Layer(mask, CELL, terms), 300.0, 9)
    engine.magnetization = np.broadcast_to([0.0, 0.0, 1.0], (*mask.shape, 3))
    notch = mask & (np.hypot(rows + 0.5, columns - 29.5) < 9.5)
    edge = mask & ((rows == 39) | (columns == 0) | (columns == 59))
    bulk = mask & (rows > 15) & (rows < 35) & (columns > 4) & (columns < 55)
    engine.advance(100e-12)
    temperatures = []
    for _ in range(120):
        engine.advance(4e-12)
        temperatures.append([engine.spin_temperature(cells) for cells in (notch, edge, bulk)])
    assert notch.sum() > 20
    assert np.mean(temperatures, axis=0) == pytest.approx(300, rel=0.03, abs=0)


def test_runs_resume_bit_for_bit_and_seeds_differ():
    def start(seed: int) -> ThermalEngine:
        engine = film((12, 30), Terms(MS, EXCHANGE, DMI, ANISOTROPY, damping=0.3), 300.0, seed)
        engine.set_torque(SpinTorque(0.5e12, 0.4))
        return engine

    whole, other = start(5), start(6)
    whole.advance(10e-12)
    kept = whole.state()
    resumed = start(5)
    resumed.restore(kept)
    for engine in (whole, resumed, other):
        engine.advance(7e-12)
    assert np.array_equal(whole.magnetization, resumed.magnetization)
    other.advance(10e-12)
    assert abs(np.corrcoef(*(e.magnetization[..., 0].ravel() for e in (whole, other)))[0, 1]) < 0.3


def test_a_vanishing_temperature_gives_the_trace_without_one():
    shape = (20, 60)
    terms = Terms(MS, EXCHANGE, DMI, ANISOTROPY, damping=0.5)
    torque = SpinTorque(0.7e12, 0.4)
    place = (np.arange(shape[1]) - 20.3) / 3
    wall = np.stack([-1 / np.cosh(place), 0 * place, np.tanh(place)], axis=-1)
    averages = []
    for engine in (
        ThermalEngine(Layer(np.ones(shape, dtype=bool), CELL, terms), 1e-9, 1),
        Engine(Layer(np.ones(shape, dtype=bool), CELL, terms)),
    ):
        engine.magnetization = np.broadcast_to(wall, (*shape, 3))
        engine.set_torque(torque)
        engine.advance(150e-12)
        averages.append(engine.average())
    assert abs(averages[1][2]) < 0.25  # the wall has moved
    assert averages[0] == pytest.approx(averages[1], abs=1e-3)
