"""Walls and moments in films whose parameters vary, compared with closed formulas."""

import math
from dataclasses import replace
from itertools import compress, product
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from wallnet.constants import BOLTZMANN, VACUUM_PERMEABILITY
from wallnet.film.cells import Cells
from wallnet.film.core import Engine, Tolerances
from wallnet.film.energy import Landscape
from wallnet.film.minima import descend
from wallnet.film.terms import Layer, Terms
from wallnet.film.thermal import ThermalEngine
from wallnet.validation import Curves, Rows, material, row

FOLLOWED = Tolerances(frozen_change=0.0)
"""Settings without resting columns: a field moves all of them."""

SOFT = {"A": 0.25, "Ku": 0.1, "Ms": 0.25}
"""Parameters of the soft phase relative to those of the hard one."""

RAMP = 2e7
"""Rise of the field in T/s."""


def _phases(names: tuple[str, ...], edge: float) -> Layer:
    """Return a row of cells of 80 nm, whose left half is soft in the named parameters."""
    mask = np.ones((1, round(80e-9 / edge)), dtype=bool)
    left = np.arange(mask.shape[1])[None] < mask.shape[1] // 2
    parameters = ("exchange_stiffness", "anisotropy", "saturation_magnetization")
    values = (np.where(left & (name in names), value, 1.0) for name, value in SOFT.items())
    varying: dict[str, Any] = dict(zip(parameters, values, strict=True))
    cells = Cells(mask, **varying)
    terms = Terms(1 / VACUUM_PERMEABILITY, 1e-11, anisotropy=1e6, stray_field=False, damping=1.0)
    return Layer(mask, (edge, 1e-9, 1e-9), terms, cells=cells)


def _depinning_field(layer: Layer, start: float) -> float:
    """Return μ0 H in T at which the wall has left the boundary, from a field `start` on."""
    columns, edge = layer.mask.shape[1], layer.cell[0]
    engine = Engine(layer, FOLLOWED)
    engine.magnetization = -material.wall((1, columns), edge, 40e-9, 3e-9)
    passed, field, duration = columns // 2 + round(3e-9 / edge), start, 1e-9
    while True:
        applied = (0.0, 0.0, field / VACUUM_PERMEABILITY)
        engine.layer = replace(layer, terms=replace(layer.terms, external_field=applied))
        engine.set_torque(None)
        engine.advance(duration)
        if engine.magnetization[0, passed, 2] > 0 or field > 2.0:
            return field
        field, duration = field + 1e-3, 1e-3 / RAMP


def phase_boundary(_curves: Curves) -> Rows:
    """Compare the field and the current at which a wall enters a harder phase."""
    for flags in product((True, False), repeat=len(SOFT)):
        names = tuple(compress(SOFT, flags))
        a, k, j = (SOFT[name] if name in names else 1.0 for name in SOFT)
        reference = 2e6 * VACUUM_PERMEABILITY * (1 - k * a) / (1 + math.sqrt(j * a)) ** 2
        # where the exchange is not soft, the soft domain is no longer than its wall
        posed = "A" in names
        key = "boundary" if posed else "boundary-short" if k < 1 else "boundary-none"
        for edge in (1e-9, 0.5e-9) if posed else (1e-9,):
            words = {"name": ", ".join(names) or "nothing", "edge": edge * 1e9}
            field = _depinning_field(_phases(names, edge), 0.9 * reference)
            yield row(f"{key}-fine" if edge < 1e-9 else key, field, words, reference=reference)
    for a, k in ((1.0, 0.85), (1.0, 0.8), (0.7, 0.7)):
        yield row("boundary-current", _depinning_current(a, k), {"exchange": a, "anisotropy": k})


def _depinning_current(exchange: float, anisotropy: float) -> float:
    """Return the current density at which a wall passes from a softer half of a row of cells.

    A and Ku of this half are relative. The torque field h at which it passes in the
    one-dimensional model, and which is the unit here, is, with the wall's angle θ at the boundary,

        μ0 Ms h = max (A₂ K₂ - A₁ K₁) sin²θ/[A₁ θ + A₂ (π - θ)].
    """
    columns, edge = 200, 1e-9
    mask = np.ones((1, columns), dtype=bool)
    left = np.arange(columns)[None] < columns // 2
    terms = replace(material.LOCAL, damping=0.5)
    cells = Cells(
        mask,
        exchange_stiffness=np.where(left, exchange, 1.0),
        anisotropy=np.where(left, anisotropy, 1.0),
    )
    layer = Layer(mask, (edge, edge, material.THICKNESS), terms, cells=cells)
    step = terms.anisotropy * (1 - exchange * anisotropy)

    def resistance(theta: float) -> float:
        return step * math.sin(theta) ** 2 / (exchange * theta + math.pi - theta)

    angle = minimize_scalar(lambda theta: -resistance(theta), bounds=(0.1, 3.0), method="bounded").x
    field = resistance(angle) / (VACUUM_PERMEABILITY * terms.saturation_magnetization)
    unit = field / material.torque_field(1.0)
    start, low, high = material.wall((1, columns), edge, 90e-9), 0.97, 1.03
    while high - low > 2e-3:
        middle = (low + high) / 2
        engine = Engine(layer, FOLLOWED)
        engine.magnetization = start
        if low == 0.97:  # it settles at the boundary first
            engine.set_torque(material.torque(low * unit))
            engine.advance(4e-9)
            start = engine.magnetization.astype(np.float64)
        engine.set_torque(material.torque(middle * unit))
        engine.advance(12e-9)
        passed = engine.magnetization[0, columns // 2 + 20, 2] < 0
        low, high = (low, middle) if passed else (middle, high)
    return (low + high) / 2


def _ramp_velocity(damping: float) -> tuple[float, float]:
    """Return the velocity in m/s of a wall in a ramp of Ku, and that of the equation of motion.

    v = -γ0 Δ σ'/(2 μ0 Ms α), with σ = 4√(A Ku) - π D, is integrated from the same place.
    """
    columns, edge, duration, low, high = 300, 1e-9, 2.5e-9, 0.8, 1.2
    mask = np.ones((1, columns), dtype=bool)
    terms = replace(material.LOCAL, damping=damping)
    length = columns * edge
    slope = (low - high) / length

    places = (np.arange(columns, dtype=np.float64)[None] + 0.5) * edge
    cells = Cells(mask, anisotropy=np.interp(places, (0.0, length), (high, low)))
    layer = Layer(mask, (edge, edge, material.THICKNESS), terms, cells=cells)
    engine = Engine(layer, FOLLOWED)
    engine.magnetization = material.wall((1, columns), edge, 100e-9)
    engine.advance(0.5e-9)
    before = material.crossing(engine.magnetization[0, :, 2], edge)
    engine.advance(duration)
    after = material.crossing(engine.magnetization[0, :, 2], edge)
    x, steps = before, 1000
    for _ in range(steps):
        # Δ σ' = 2 A K'/K
        pressure = 2 * terms.exchange_stiffness * slope / (high + slope * x)
        mobility = terms.gyromagnetic_ratio / (2 * terms.saturation_magnetization * damping)
        x -= mobility * pressure / VACUUM_PERMEABILITY * duration / steps
    return (after - before) / duration, (x - before) / duration


PERIOD, MODULATION = 240e-9, 0.2
"""Period in m of the width of a track, and its largest deviation from the mean, relative to it."""


def _wavy_track(dmi_constant: float, smooth: bool) -> Layer:
    """Return a track of a mean width of 48 nm, which is the narrowest half a period from its end.

    Its cells of 3 nm are partly filled, or filled or empty by their centres.
    """
    edge, width, parts = 3e-9, 48e-9, 8 if smooth else 1
    rows, columns = 20, round(1.5 * PERIOD / edge)
    y = (np.arange(rows * parts) + 0.5 - rows * parts / 2) * edge / parts
    x = (np.arange(columns * parts) + 0.5) * edge / parts
    widths = width * (1 + MODULATION * np.cos(2 * math.pi * x / PERIOD))
    filled = np.abs(y[:, None]) < widths / 2
    shapes = filled.reshape(rows, parts, columns, parts).transpose(0, 2, 1, 3).astype(np.float32)
    mask = shapes.mean(axis=(2, 3)) >= 0.1
    faces = {
        "open_x": (shapes[:, :-1, :, -1].mean(axis=2) + shapes[:, 1:, :, 0].mean(axis=2)) / 2,
        "open_y": (shapes[:-1, :, -1].mean(axis=2) + shapes[1:, :, 0].mean(axis=2)) / 2,
    }
    cells = Cells(mask, shapes=shapes, **faces) if smooth else Cells(mask)
    terms = replace(material.LOCAL, dmi_constant=dmi_constant)
    return Layer(mask, (edge, edge, material.THICKNESS), terms, cells=cells)


def _field_of_width(layer: Layer) -> tuple[float, float]:
    """Return the field in A/m at which a wall leaves the narrowest place, and that of the model.

    The latter is max |w'/w| σ/(2 μ0 Ms), with σ of a wall within which the width changes.
    """
    wave = 2 * math.pi / PERIOD
    theta = np.linspace(0, math.pi, 10_001)
    slope = (MODULATION * wave * np.sin(theta) / (1 - MODULATION * np.cos(theta))).max()
    terms, u = layer.terms, math.pi * wave * material.WIDTH / 2
    energy = 4 * math.sqrt(terms.exchange_stiffness * terms.anisotropy) * u / math.sinh(u)
    energy -= math.pi * terms.dmi_constant / math.cosh(u)
    unit = energy * slope / (2 * VACUUM_PERMEABILITY * terms.saturation_magnetization)
    edge, filled = layer.cell[0], layer.filled
    m = np.moveaxis(material.wall(layer.mask.shape, edge, PERIOD / 2), -1, 0)
    field, step = 0.7, 0.08
    while step > 4e-3 and field < 4.0:
        applied = (0.0, 0.0, -(field + step) * unit)
        state = descend(Landscape(replace(layer, terms=replace(terms, external_field=applied))), m)
        place = filled.shape[1] * edge * (1 - (state.m[2] * filled).sum() / filled.sum()) / 2
        if state.converged and place < 0.8 * PERIOD:
            m, field = state.m, field + step
        else:
            step /= 2
    return field * unit, unit


def wall_landscape(_curves: Curves) -> Rows:
    """Compare walls in a ramp of Ku, and on a track whose width varies, with formulas."""
    for damping in (0.4, 0.2):
        velocity, model = _ramp_velocity(damping)
        yield row("ramp", velocity, {"damping": damping}, reference=model)
    for dmi, smooth in ((1e-3, True), (0.0, True), (1e-3, False)):
        field, model = _field_of_width(_wavy_track(dmi, smooth))
        key = "width" if smooth else "width-stairs"
        yield row(key, field, {"dmi": dmi * 1e3}, reference=model)


def varying_cells(_curves: Curves) -> Rows:
    """Compare cells of other Ms, share and thickness at a temperature with exact values."""
    yield from _langevin()
    yield from _temperatures()


def _engine(layer: Layer, seed: int) -> ThermalEngine:
    """Return a film at 300 K that is magnetised along +z."""
    engine = ThermalEngine(layer, 300.0, seed)
    engine.magnetization = material.uniform(layer.mask.shape, (0, 0, 1))
    return engine


def _langevin() -> Rows:
    """Yield a row for each of the moments of uncoupled cells in a field."""
    shape, cell = (200, 200), (3e-9, 3e-9, material.THICKNESS)
    sizes = (0.5, 1.0, 2.0)
    shares = np.array(sizes)[np.random.default_rng(2).integers(0, 3, shape)]
    moment = VACUUM_PERMEABILITY * material.FILM.saturation_magnetization * math.prod(cell)
    field = 3 * BOLTZMANN * 300.0 / moment
    terms = Terms(
        material.FILM.saturation_magnetization,
        stray_field=False,
        damping=0.5,
        external_field=(0.0, 0.0, field),
    )
    mask = np.ones(shape, dtype=bool)
    cells = Cells(mask, saturation_magnetization=shares)
    engine = _engine(Layer(mask, cell, terms, cells=cells), 4)
    engine.advance(150e-12)
    states = []
    for _ in range(12):
        engine.advance(25e-12)
        states.append(engine.magnetization[..., 2].astype(np.float64))
    for size in sizes:
        exact = 1 / math.tanh(3 * size) - 1 / (3 * size)
        mean = float(np.mean([state[shares == size].mean() for state in states]))
        yield row("langevin", mean, {"size": 3 * size}, reference=exact)


def _temperatures() -> Rows:
    """Yield a row for each class of cells in a film with all terms."""
    shape, cell = (24, 40), (3e-9, 3e-9, material.THICKNESS)
    rng, mask = np.random.default_rng(5), np.ones(shape, dtype=bool)
    shapes = np.ones((*shape, 5, 5), dtype=np.float32)
    shapes[0, :, :2] = 0.0
    shapes[-1, :, 1:] = 0.0
    shapes[-1, ::2, 0, 3:] = 0.0
    shares = shapes.mean(axis=(2, 3))
    magnetization, thickness = rng.uniform(0.8, 1.2, shape), rng.uniform(0.9, 1.1, shape)
    cells = Cells(
        mask,
        saturation_magnetization=magnetization,
        anisotropy=rng.uniform(1.1, 1.4, shape),
        thickness=thickness,
        shapes=shapes,
    )
    engine = _engine(Layer(mask, cell, replace(material.FILM, damping=0.5), cells=cells), 1)
    classes = {f"filled to {share:.2g}": shares == share for share in np.unique(shares)}
    classes |= {"Ms below 0.9": magnetization < 0.9, "thickness below 0.95": thickness < 0.95}
    sums = {name: np.zeros(2) for name in classes}
    engine.advance(80e-12)
    for _ in range(200):
        engine.advance(3e-12)
        for name, chosen in classes.items():
            sums[name] += engine.slope_and_curvature(chosen)
    for name, (slope, curvature) in sums.items():
        yield row("class-temperature", slope / curvature / BOLTZMANN, {"name": name})
