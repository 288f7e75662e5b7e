"""The film at a temperature against exact results and against Heun's method with a short step."""

import math

import numba
import numpy as np
import pytest
from scipy import fft, linalg, stats

from wallnet.constants import BOLTZMANN, VACUUM_PERMEABILITY
from wallnet.film import fluctuations, loops
from wallnet.film.core import Engine, EngineError
from wallnet.film.energy import Energy
from wallnet.film.terms import Layer, SpinTorque, Terms
from wallnet.film.thermal import ThermalEngine

CELL = (3e-9, 3e-9, 2e-9)
VOLUME = math.prod(CELL)
WORD = 2**32 - 1
MS, EXCHANGE, DMI, ANISOTROPY, GAMMA = 1.1e6, 2e-11, 1e-3, 1e6, 2.211e5


def film(shape: tuple[int, int], terms: Terms, temperature: float, key: int) -> ThermalEngine:
    """Return a film that is magnetised along +z."""
    engine = ThermalEngine(Layer(np.ones(shape, dtype=bool), CELL, terms), temperature, key)
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


@pytest.mark.parametrize("damping", [0.05, 0.1, 0.3, 0.5, 1.2])
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


@pytest.mark.parametrize("key", [-1, 2**64])
def test_a_key_out_of_range_is_refused(key):
    with pytest.raises(EngineError, match=f"key is {key}; use a whole number from 0 to 2"):
        film((2, 2), Terms(MS, damping=0.3), 300.0, key)


def philox(counter, key):
    """Return the four words of Philox4x32-10 for a counter of four words and a key of two."""
    (a, b, c, d), (e, f) = counter, key
    for _ in range(10):
        first, second = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = second >> 32 ^ b ^ e, second & WORD, first >> 32 ^ d ^ f, first & WORD
        e, f = e + 0x9E3779B9 & WORD, f + 0xBB67AE85 & WORD
    return a, b, c, d


KNOWN_ANSWERS = [
    ("00000000 " * 4, "00000000 " * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff " * 4, "ffffffff " * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]
"""Counter, key and words of Philox4x32-10, published with the Random123 library."""


@numba.njit
def compiled_philox(counter, key):
    return loops._philox(counter, key)


@pytest.mark.parametrize("answer", KNOWN_ANSWERS)
def test_the_generator_has_the_published_answers(answer):
    counter, key, words = ([int(word, 16) for word in part.split()] for part in answer)
    assert list(philox(counter, key)) == words
    own = compiled_philox(tuple(map(np.uint64, counter)), tuple(map(np.uint64, key)))
    assert list(own) == words


def variates(shape: tuple[int, int], key: int, step: int) -> np.ndarray:
    """Return the signs of the thermal field of a film's cells, shape (3, rows, columns)."""
    rows, columns = shape[0] + 2, shape[1] + 2
    calls = np.arange(rows * columns // 4, dtype=np.uint64)
    words = np.zeros(rows * columns)
    words[: 4 * calls.size] = np.concatenate(
        philox((calls, 0, step & WORD, step >> 32), (key & WORD, key >> 32))
    )
    fraction, signs = words / 2**32, []
    for _ in range(3):
        digit, fraction = np.divmod(6 * fraction, 1)
        signs.append((digit == 5).astype(int) - (digit == 0))
    return np.reshape(signs, (3, rows, columns))[:, 1:-1, 1:-1]


@pytest.mark.parametrize("axis", [0, 2])
def test_the_thermal_field_of_a_cell_is_that_of_key_and_step(axis):
    """Free moments turn by the field alone; at 1 mK, so little that it follows from the turn.

    The film has two bands of rows.
    """
    shape, key, damping, temperature = (60, 101), 0x89ABCDEF_01234567, 0.3, 1e-3
    engine = film(shape, Terms(MS, stray_field=False, damping=damping), temperature, key)
    engine.magnetization = np.broadcast_to(np.eye(3)[axis], (*shape, 3))
    before = np.moveaxis(engine.magnetization, -1, 0)
    for step, duration in ((0, 0.4e-12), (1, 0.3e-12), (3 * 2**32 + 5, 0.5e-12)):
        engine.counters.steps = step
        engine.advance(duration)
        assert engine.counters.steps == step + 1
        after = np.moveaxis(engine.magnetization, -1, 0)
        first, second = ((axis + 1) % 3, (axis + 2) % 3)
        turn, other = (after - before)[[first, second]] / (GAMMA * duration)
        field = np.array([damping * turn - other, turn + damping * other])
        moment = VACUUM_PERMEABILITY * MS * VOLUME
        variance = 2 * damping * BOLTZMANN * temperature / (GAMMA * moment * duration)
        expected = variates(shape, key, step)[[first, second]]
        assert field / math.sqrt(3 * variance) == pytest.approx(expected, abs=0.02)
        before = after


@pytest.mark.parametrize("bit", [0, 63])
def test_keys_that_differ_in_one_bit_give_independent_fields(bit):
    fields = []
    for key in (7, 7 ^ 1 << bit):
        engine = film((100, 400), Terms(MS, stray_field=False, damping=0.3), 1.0, key)
        engine.advance(0.4e-12)
        fields.append(engine.magnetization[..., :2].ravel())
    assert abs(np.corrcoef(*fields)[0, 1]) < 0.02


@numba.njit
def draw(noise, words, key, step):
    loops._draw_words(words, key, step)
    loops._draw(noise, words, np.float32(1), 0, words.size)


def test_the_variates_have_the_moments_of_a_normal_distribution():
    noise = np.zeros((3, 800_000), dtype=np.float32)
    draw(noise, np.zeros(800_000, dtype=np.uint32), (np.uint32(2**32 - 1), np.uint32(5)), 3)
    for power, expected in ((1, 0), (2, 1), (3, 0), (4, 3), (5, 0)):
        moments = (noise.astype(np.float64) ** power).mean(axis=1)
        assert moments == pytest.approx(expected, abs=0.03)
    # all three components are of one word, and independent
    assert np.corrcoef(noise) == pytest.approx(np.eye(3), abs=0.005)
    signs = np.sign(noise).astype(int) + 1
    counts = np.bincount(np.ravel_multi_index(tuple(signs), (3, 3, 3)), minlength=27)
    chances = np.array([1, 4, 1]) / 6
    expected = 800_000 * np.einsum("i,j,k->ijk", chances, chances, chances).ravel()
    assert stats.chisquare(counts, expected).pvalue > 0.01


@pytest.mark.parametrize("damping", [0.1, 0.5])
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

    Without an energy, the turns by the thermal field alone bound the step. D is 2 % too large.
    """
    temperature, damping = 300.0, 0.3
    engine = film((100, 400), Terms(MS, stray_field=False, damping=damping), temperature, 3)
    moment = VACUUM_PERMEABILITY * MS * VOLUME
    diffusion = damping * GAMMA * BOLTZMANN * temperature / ((1 + damping**2) * moment)
    engine.advance(0.35 / diffusion)
    z = engine.magnetization[..., 2].astype(float)
    for order, value in (1, z), (2, (3 * z**2 - 1) / 2):
        decay = order * (order + 1) * 0.35
        error = 3.5 * value.std() / math.sqrt(z.size) + 0.02 * decay * math.exp(-decay)
        assert value.mean() == pytest.approx(math.exp(-decay), abs=error), order


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
