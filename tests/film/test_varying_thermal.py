"""Films whose parameters vary, at a temperature: against exact results, by class of cells.

The check `varying-cells` compares uncoupled cells with the Langevin function of their moment.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.random_films import MATERIAL, Askew, directions, random_film
from scipy import linalg

from wallnet.constants import BOLTZMANN, VACUUM_PERMEABILITY
from wallnet.film.cells import Cells
from wallnet.film.core import EngineError
from wallnet.film.energy import Energy
from wallnet.film.terms import Layer, Terms
from wallnet.film.thermal import ThermalEngine
from wallnet.validation import material

CELL = (3e-9, 3e-9, 2e-9)
MOMENT = VACUUM_PERMEABILITY * 1.1e6 * math.prod(CELL)
FILM = replace(material.FILM, damping=0.5)


def mixed(shape=(24, 40), terms=FILM, seed=5):
    """Return a film of cells of different shares, Ms and thickness, in patches and at random.

    The filled shares go down to 0.1.
    """
    rng = np.random.default_rng(seed)
    mask = np.ones(shape, dtype=bool)
    mask[5:8, 10:16] = False
    shapes = np.ones((*shape, 5, 5), dtype=bool)
    shapes[0, :, :2] = False  # 0.6
    shapes[-1, :, 1:] = False  # 0.2
    shapes[8, 10:16, :3, :] = False  # 0.4
    shapes[4, 10:16, 1:, :] = False
    shapes[4, 10:16, 0, :] = [1, 1, 1, 0, 0]  # 0.12
    cells = Cells(
        mask,
        saturation_magnetization=rng.uniform(0.8, 1.2, shape),
        exchange_stiffness=rng.uniform(0.7, 1.3, shape),
        dmi_constant=rng.uniform(0.7, 1.3, shape),
        anisotropy=rng.uniform(1.1, 1.4, shape),
        thickness=rng.uniform(0.9, 1.1, shape),
        shapes=shapes,
    )
    return Layer(mask, CELL, terms, cells=cells)


def started(layer, temperature=300.0, seed=1):
    engine = ThermalEngine(layer, temperature, seed)
    engine.magnetization = np.broadcast_to([0.0, 0.0, 1.0], (*layer.mask.shape, 3))
    return engine


def damped(dampings, shape=(24, 40)):
    """Return a film whose cells have one of some dampings, in patches of 4 × 4 cells."""
    rng = np.random.default_rng(8)
    patches = rng.choice(np.array(dampings), (shape[0] // 4, shape[1] // 4))
    cells = Cells(np.ones(shape, dtype=bool), damping=np.kron(patches, np.ones((4, 4))) / 0.5)
    return Layer(cells.mask, CELL, FILM, cells=cells)


def test_a_damping_that_varies_too_much_is_refused():
    expected = r"damping varies from 0\.05 to 1\.5, with which modes deviate by \d\d\.\d% from"
    with pytest.raises(EngineError, match=expected):
        ThermalEngine(damped([0.05, 1.5]), 300.0, 1)


def test_a_changed_material_keeps_the_cells():
    """Afterwards the film is as one that was made with these terms."""
    layer = random_film(damping=False)
    hot = replace(layer.terms, saturation_magnetization=0.9e6, anisotropy=0.8e6)
    changed, new = (
        ThermalEngine(layer, 300.0, 1),
        ThermalEngine(replace(layer, terms=hot), 350.0, 1),
    )
    m = directions(layer.mask.shape, np.random.default_rng(1))
    for engine in (changed, new):
        engine.magnetization = m
    changed.set_material(hot, 350.0)
    assert changed.layer.cells is layer.cells
    for engine in (changed, new):
        engine.advance(2e-12)
    # the kernel of the stray field is scaled in single precision; 4e-7 is observed
    np.testing.assert_allclose(changed.magnetization, new.magnetization, rtol=0, atol=2e-6)
    temperature, expected = (engine.spin_temperature() for engine in (changed, new))
    assert temperature == pytest.approx(expected, rel=1e-4, abs=0)


@pytest.mark.parametrize("varies", [False, True])
def test_the_spin_temperature_is_that_of_the_energy(varies):
    """|∇E|² over k_B ∇²E on the spheres of all moments, by finite differences of the energy."""
    layer = random_film((4, 5), terms=replace(MATERIAL, further=(Askew(3e5, -2e5),)), damping=False)
    layer = layer if varies else Layer(layer.mask, layer.cell, layer.terms)
    m = directions(layer.mask.shape, np.random.default_rng(3)) * 0.3 + [0, 0, 1.0]
    m /= np.linalg.norm(m, axis=-1, keepdims=True)
    energy, angle = Energy(layer), 1e-3
    slope = curvature = 0.0
    for place in np.argwhere(layer.mask):
        own = m[*place]
        first = np.cross(own, [1.0, 0.0, 0.0]) / np.linalg.norm(own[1:])
        for along in (first, np.cross(own, first)):
            energies = []
            for turn in (-angle, 0.0, angle):
                moved = m.copy()
                moved[*place] = math.cos(turn) * own + math.sin(turn) * along
                energies.append(energy.energy(moved))
            slope += ((energies[2] - energies[0]) / (2 * angle)) ** 2
            curvature += (energies[2] - 2 * energies[1] + energies[0]) / angle**2
    engine = ThermalEngine(layer, 300.0, 1)
    engine.magnetization = m
    sums = [slope, curvature]
    assert engine.slope_and_curvature() == pytest.approx(sums, rel=1e-4, abs=0)
    expected = slope / curvature / BOLTZMANN
    assert engine.spin_temperature() == pytest.approx(expected, rel=1e-4, abs=0)


def test_the_thermal_field_of_a_cell_follows_its_moment():
    """Free moments diffuse with D = α γ0 k_B T/((1 + α²) μ), μ being that of the cell."""
    shares = np.array([0.25, 0.5, 1.0])
    shape = (120, 120)
    kind = np.random.default_rng(1).integers(0, 3, shape)
    shapes = np.arange(4)[None, None, :, None] < (4 * shares[kind])[..., None, None]
    shapes = np.broadcast_to(shapes, (*shape, 4, 4))
    ms, thickness = np.where(kind == 1, 0.8, 1.1), np.where(kind == 2, 1.3, 0.9)
    mask = np.ones(shape, dtype=bool)
    cells = Cells(mask, saturation_magnetization=ms, thickness=thickness, shapes=shapes)
    terms = Terms(1.1e6, stray_field=False, damping=0.3)
    engine = started(Layer(mask, CELL, terms, cells=cells), seed=3)
    diffusion = 0.3 * 2.211e5 * BOLTZMANN * 300 / (1.09 * MOMENT)
    engine.advance(0.15 / diffusion)
    z = engine.magnetization[..., 2].astype(float)
    for index, share in enumerate(shares):
        relative = share * (0.8 if index == 1 else 1.1) * (1.3 if index == 2 else 0.9)
        chosen = z[kind == index]
        error = chosen.std() / math.sqrt(chosen.size)
        assert chosen.mean() == pytest.approx(math.exp(-0.3 / relative), abs=4 * error)


def spin_temperatures(layer, classes, seeds, times):
    """Return the mean spin temperature of each class of cells, relative to 300 K."""
    sums = {name: np.zeros(2) for name in classes}
    for seed in range(seeds):
        engine = started(layer, seed=seed)
        engine.advance(80e-12)
        for _ in range(times):
            engine.advance(3e-12)
            for name, chosen in classes.items():
                sums[name] += engine.slope_and_curvature(chosen & layer.mask)
    return {name: slope / curvature / BOLTZMANN / 300 for name, (slope, curvature) in sums.items()}


@pytest.mark.slow
def test_every_class_of_cells_has_the_temperature():
    """Shares down to 0.12, small and large Ms, thin and thick cells: 0.97 to 1.03."""
    layer = mixed()
    cells = layer.cells
    ms, thickness = cells.saturation_magnetization, cells.thickness
    classes = {
        f"share {share:g}": np.isclose(cells.filled, share, rtol=1e-6, atol=0)
        for share in (0.12, 0.2, 0.4, 0.6, 1)
    }
    classes |= {"low Ms": ms < 0.9, "high Ms": ms > 1.1}
    classes |= {"thin": thickness < 0.95, "thick": thickness > 1.05}
    means = spin_temperatures(layer, classes, seeds=4, times=120)
    for name, mean in means.items():
        assert (classes[name] & layer.mask).sum() >= 6, name
        assert mean == pytest.approx(1, abs=0.03), name


@pytest.mark.slow
@pytest.mark.parametrize("dampings", [(0.15, 0.6)])
def test_cells_of_each_damping_have_the_temperature(dampings):
    layer = damped(dampings)
    alpha = 0.5 * layer.cells.damping
    classes = {value: np.isclose(alpha, value, rtol=1e-6, atol=0) for value in dampings}
    for name, mean in spin_temperatures(layer, classes, seeds=2, times=100).items():
        assert classes[name].sum() >= 300, name
        assert mean == pytest.approx(1, abs=0.03), name


@pytest.mark.slow
def test_slight_fluctuations_of_each_class_have_their_energy():
    """Against the covariance k_B T times the inverse of the dense second derivative, at 3 K."""
    temperature, shape = 3.0, (8, 10)
    terms = replace(FILM, dmi_constant=0.0, damping=0.1)
    rng = np.random.default_rng(6)
    shapes = np.ones((*shape, 5, 5), dtype=bool)
    shapes[0, :, 1:] = False
    shapes[-1, ::2, :3] = False
    mask = np.ones(shape, dtype=bool)
    cells = Cells(
        mask,
        saturation_magnetization=rng.uniform(0.8, 1.2, shape),
        anisotropy=rng.uniform(1.1, 1.4, shape),
        thickness=rng.uniform(0.9, 1.1, shape),
        shapes=shapes,
    )
    layer = Layer(mask, CELL, terms, cells=cells)
    energy, along = Energy(layer), np.zeros((*shape, 3))
    along[..., 2] = 1
    pull, moments = energy.field(along)[..., 2], MOMENT * cells.moment
    curvature = []
    for component, row, column in np.ndindex(2, *shape):
        tilt = np.zeros((*shape, 3))
        tilt[row, column, component] = 1
        gradient = moments[..., None] * (pull[..., None] * tilt - energy.field(tilt))
        curvature.append(np.moveaxis(gradient[..., :2], -1, 0).ravel())
    covariance = BOLTZMANN * temperature * linalg.inv(np.array(curvature))
    expected = np.diag(covariance).reshape(2, *shape)
    squares, count = 0.0, 0
    for seed in range(4):
        engine = started(layer, temperature, seed)
        engine.advance(150e-12)
        for _ in range(400):
            engine.advance(8e-12)
            squares = squares + np.moveaxis(engine.magnetization[..., :2].astype(float), -1, 0) ** 2
            count += 1
    ratio = squares / count / expected
    filled, ms = cells.filled, cells.saturation_magnetization
    classes = (filled < 0.3, (filled > 0.3) & (filled < 0.9), filled == 1, ms < 0.95, ms > 1.05)
    for chosen in classes:
        assert ratio[:, chosen].mean() == pytest.approx(1, abs=0.035)
