"""A moment and a Néel wall at rest and under current, compared with closed formulas.

Walls under current are compared with the one-dimensional model.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import brentq, curve_fit, minimize_scalar

from wallnet.config.devices import StaticMaterial
from wallnet.config.track import Notches, Track
from wallnet.constants import VACUUM_PERMEABILITY
from wallnet.film import newell, paths
from wallnet.film.core import Engine
from wallnet.film.energy import Energy, Landscape
from wallnet.film.minima import descend
from wallnet.film.terms import Layer, Terms
from wallnet.jobs.base import TrackJob
from wallnet.jobs.bilayer import Crowding
from wallnet.tracks import films
from wallnet.tracks.current import current
from wallnet.tracks.rigid_wall import rigid_wall as rigid_wall_on
from wallnet.tracks.walls import placed_wall, wall_ends
from wallnet.validation import Curves, Rows, material, row

_SCALE = VACUUM_PERMEABILITY * material.FILM.saturation_magnetization**2


def _turned(
    share: float, damping: float, duration: float, start: float = 0.0
) -> NDArray[np.float64]:
    """Return m after a torque field of `share`·H_k acted on a moment tilted by `start`.

    H_k is 2 K_eff/(μ0 Ms).
    """
    terms = replace(material.LOCAL, exchange_stiffness=0.0, dmi_constant=0.0, damping=damping)
    moment = np.array([[[math.sin(start), 0.0, math.cos(start)]]])
    engine = material.started(moment, (3e-9, 3e-9, material.THICKNESS), terms)
    field = 2 * material.STIFFNESS / (VACUUM_PERMEABILITY * terms.saturation_magnetization)
    engine.set_torque(material.torque(share * field / material.torque_field(1.0)))
    engine.advance(duration)
    return engine.average()


def macrospin(_curves: Curves) -> Rows:
    """Compare tilt and loss of stability of a perpendicular moment with closed formulas."""
    for share in (0.1, 0.3, -0.3, 0.45):
        x, _, z = _turned(share, 0.5, 4e-9)
        tilt = math.asin(-2 * share) / 2
        yield row("macrospin-tilt", math.atan2(x, z), {"share": share}, reference=tilt)
    for damping in (0.1, 0.5):
        # the escape past the vanished minimum takes about 1/√(h - h_c): 20 ns resolve 1e-3
        low, high = 0.48, 0.52
        while high - low > 5e-4:
            middle = (low + high) / 2
            # start at the equilibrium or where it vanished: a start elsewhere would overshoot it
            balance = math.asin(-min(1.0, 2 * middle)) / 2
            stable = _turned(middle, damping, 20e-9, balance)[2] > 0.5
            low, high = (middle, high) if stable else (low, middle)
        yield row("macrospin-stability", (low + high) / 2, {"damping": damping})


def _fit_width(profile: NDArray[np.floating], cell: float) -> tuple[float, float]:
    """Fit m_z = tanh((x - x0)/Δ) within about 2Δ of the wall; return Δ and the rms residue."""
    start = material.crossing(profile, cell)
    x = (np.arange(profile.size) + 0.5) * cell
    near = np.abs(x - start) < 2 * material.WIDTH

    def shape(x: NDArray, x0: float, width: float) -> NDArray:
        return np.tanh((x - x0) / width)

    fitted, _ = curve_fit(shape, x[near], profile[near], p0=(start, material.WIDTH))
    return float(fitted[1]), float(np.sqrt(np.mean((shape(x[near], *fitted) - profile[near]) ** 2)))


def _form(k: float) -> float:
    """Return the share of the thin-film demagnetisation along z for a wave of wave number k."""
    kt = k * material.THICKNESS
    return -math.expm1(-kt) / kt if kt > 0 else 1.0


def _volume_charge_energy(width: float) -> float:
    """Return the magnetostatic energy in J/m² of a Néel wall's charges -∂mx/∂x, endless film."""

    def density(k: float) -> float:
        return (math.pi * width / math.cosh(math.pi * k * width / 2)) ** 2 * (1 - _form(k))

    return _SCALE / 2 / math.pi * quad(density, 0, 40 / width, limit=200)[0]


def _width_with_stray_field(terms: Terms) -> float:
    """Return the Δ that minimises the energy of m = (-sech, 0, tanh) in an endless film.

    The film has the thickness of the paper. Only differences of the energy between two Δ
    converge, because the attraction between the surface charges of two endless domains is
    unbounded.
    """
    k_eff, a = material.STIFFNESS, terms.exchange_stiffness

    def surface(width: float) -> float:
        def density(k: float) -> float:
            def square(w: float) -> float:
                u = math.pi * k * w / 2
                return (math.pi * w / math.sinh(u)) ** 2 if u < 300 else 0.0

            return (square(width) - square(material.WIDTH)) * (_form(k) - 1)

        return _SCALE / 2 / math.pi * quad(density, 1e3, 40 / material.WIDTH, limit=400)[0]

    def energy(width: float) -> float:
        local = 2 * a / width + 2 * k_eff * width
        return local + _volume_charge_energy(width) + surface(width)

    bounds = (0.6 * material.WIDTH, 1.4 * material.WIDTH)
    # the default tolerance, 1e-5 m, is absolute
    close = {"xatol": 1e-6 * material.WIDTH}
    return float(minimize_scalar(energy, bounds=bounds, method="bounded", options=close).x)


def neel_wall(curves: Curves) -> Rows:
    """Compare profile, width and energy of a Néel wall, without and with the stray field."""
    cell, shape, terms = 1e-9, (1, 240), material.LOCAL
    edges = (cell, cell, material.THICKNESS)
    starts = material.wall(shape, cell, 120e-9), material.uniform(shape, (0, 0, 1))
    wall, uniform = (material.relaxed(start, edges, terms) for start in starts)
    strip = Energy(Layer(np.ones(shape, dtype=bool), edges, terms))
    # per area, above that of the relaxed uniform strip
    energy = (strip.energy(wall) - strip.energy(uniform)) / (cell * material.THICKNESS)
    profile = wall[0, :, 2]
    width, residue = _fit_width(profile, cell)
    k_eff, a, d = material.STIFFNESS, terms.exchange_stiffness, terms.dmi_constant
    yield row("wall-width", width, reference=material.WIDTH)
    scale = 4 * math.sqrt(a * k_eff)
    yield row("wall-energy", energy, reference=scale - math.pi * d, tolerance=2e-3 * scale)
    yield row("wall-shape", residue)
    curves["profile"] = {
        "x": ((np.arange(profile.size) + 0.5) * cell).tolist(),
        "m_z": profile.tolist(),
        "centre": material.crossing(profile, cell),
        "width": material.WIDTH,
    }
    yield from _stray_rows()


def _stray_rows() -> Rows:
    """Yield the rows with the stray field, in a film with a middle unaffected by its edges."""
    cell, shape = 2e-9, (150, 180)
    edges = (cell, cell, material.THICKNESS)
    terms = material.FILM
    middle = shape[1] * cell / 2
    m = material.relaxed(material.wall(shape, cell, middle), edges, terms)
    # ½∫(1 - m_z²) dx is Δ for a tanh; a fit would depend on the steeper core of a real wall
    x = (np.arange(shape[1]) + 0.5) * cell - middle
    near = np.abs(x) < 12 * material.WIDTH  # the ends of the film are tilted by DMI
    width = (1 - m[shape[0] // 2, near, 2] ** 2).sum() * cell / 2
    least = _width_with_stray_field(terms)
    yield row("stray-width", width, reference=least, tolerance=0.01 * material.WIDTH)
    # Néel minus Bloch wall of the same shape: only the charges within the wall differ. The charges
    # at the ends of the Bloch wall do not grow with the film's width, so two widths cancel them
    sums = []
    cell, columns = 1e-9, 200
    edges = (cell, cell, material.THICKNESS)
    for height in (500, 700):
        energy = Energy(Layer(np.ones((height, columns), dtype=bool), edges, terms))
        neel = material.wall((height, columns), cell, columns * cell / 2)
        bloch = np.stack([neel[..., 1], -neel[..., 0], neel[..., 2]], axis=-1)
        sums.append(energy.energy(neel, "demag") - energy.energy(bloch, "demag"))
    reference = _volume_charge_energy(material.WIDTH)
    charge = (sums[1] - sums[0]) / (200 * cell * material.THICKNESS)
    yield row("stray-charge", charge, reference=reference)


def _model_velocity(
    torque_field: float, damping: float, d: float, width: float, hard_axis: float
) -> float:
    """Return the steady velocity of the one-dimensional model in m/s.

    α v/Δ = γ0 (π/2) h cos φ, and v/Δ = γ0 [(π/2) H_D sin φ - (H_K/2) sin 2φ].
    """
    gamma = material.FILM.gyromagnetic_ratio
    h_d = d / (VACUUM_PERMEABILITY * material.FILM.saturation_magnetization * width)

    def balance(phi: float) -> float:
        drive = math.pi / 2 * torque_field * math.cos(phi)
        turn = math.pi / 2 * h_d * math.sin(phi) - hard_axis / 2 * math.sin(2 * phi)
        return damping * turn - drive

    phi = brentq(balance, 0.0, math.pi / 2)
    return width * gamma / damping * math.pi / 2 * torque_field * math.cos(phi)


def _driven_wall(
    terms: Terms, shape: tuple[int, int], cell: float, current_density: float
) -> tuple[float, float]:
    """Return a driven wall's velocity from 0.6 to 1 ns, and its upper end's lead after 1 ns."""
    start = material.wall(shape, cell, 60e-9)
    engine = material.started(start, (cell, cell, material.THICKNESS), terms)
    engine.set_torque(material.torque(current_density))
    positions = []
    for time in (0.6e-9, 1.0e-9):
        engine.advance(time - engine.time)
        ends = [material.crossing(row, cell) for row in engine.magnetization[..., 2]]
        positions.append(float(np.mean(ends)))
    return (positions[1] - positions[0]) / (1.0e-9 - 0.6e-9), ends[-1] - ends[0]


_DENSITIES = (0.1e12, 0.3e12, 0.5e12, 0.8e12)


def wall_velocity(curves: Curves) -> Rows:
    """Compare the wall velocity with the model against J, for D = 1 and 2 mJ/m².

    There are three films: a single row of cells without stray field (the assumptions of the
    model), a strip 12 nm wide with stray field, and a track of the paper's 150 nm. The wall stays
    straight in the first two and tilts in the last.
    """
    film = material.FILM
    ms = film.saturation_magnetization
    hard_axis = ms * material.THICKNESS * math.log(2) / (math.pi * material.WIDTH)
    # a long strip, and the wall as a prism in the strip
    z = float(newell.own((1200e-9, 12e-9, material.THICKNESS))[2])
    core = newell.own((math.pi * material.WIDTH, 12e-9, material.THICKNESS))
    width_strip = math.sqrt(film.exchange_stiffness / (film.anisotropy - _SCALE / 2 * z))
    hard_strip = ms * float(core[0] - core[1])
    # width and hard-axis field
    walls = ((material.WIDTH, 0.0), (width_strip, hard_strip), (material.WIDTH, hard_axis))
    for d in (1e-3, 2e-3):
        label = f"D = {d * 1e3:g} mJ/m2"
        names = ["model, no H_K", "model, strip", "model, film"]
        names += ["single row", "strip 12 nm", "track 150 nm", "lead"]
        curve = curves[label] = {"current_density": list(_DENSITIES), **{key: [] for key in names}}
        stray, no_stray = (replace(terms, dmi_constant=d) for terms in (film, material.LOCAL))
        for density in _DENSITIES:
            h = material.torque_field(density)
            models = [_model_velocity(h, film.damping, d, *wall) for wall in walls]
            single, _ = _driven_wall(no_stray, (1, 400), 2e-9, density)
            narrow, _ = _driven_wall(stray, (6, 400), 2e-9, density)
            wide, lead = _driven_wall(stray, (50, 267), 3e-9, density)
            words = {"label": label, "density": density, "lead": lead * 1e9}
            bounds = (max(0.02 * models[0], 1.0), 0.1 * models[1], math.inf)
            rows = zip(
                ("row", "strip", "track"), (single, narrow, wide), models, bounds, strict=True
            )
            for key, ours, model, bound in rows:
                yield row(f"velocity-{key}", ours, words, reference=model, tolerance=bound)
            for key, value in zip(names, (*models, single, narrow, wide, lead), strict=True):
                curve[key].append(value)


def rigid_wall(_curves: Curves) -> Rows:
    """Compare barrier and threshold between two notches with those of a straight rigid wall."""
    first, second = notches = 72e-9, 168e-9
    track = Track(
        length=240e-9,
        width=72e-9,
        thickness=material.THICKNESS,
        cell_size=3e-9,
        notches=Notches(diameter=32e-9, positions=notches),
    )
    terms = material.FILM
    film = StaticMaterial(
        saturation_magnetization=terms.saturation_magnetization,
        exchange_stiffness=terms.exchange_stiffness,
        dmi_constant=terms.dmi_constant,
        uniaxial_anisotropy=terms.anisotropy,
    )
    model = rigid_wall_on(track, film, material.POLARIZATION)
    job = TrackJob(track=track, material=film)
    layer = replace(films.layer(job), terms=terms)
    landscape = Landscape(layer)
    start, stop = (
        descend(landscape, np.moveaxis(placed_wall(job, x, x), -1, 0).copy()).m for x in notches
    )
    # images half a width apart; without a lead of one end, they could stay on a ridge
    share = np.linspace(0, 1, math.ceil((second - first) / (material.WIDTH / 2)) + 1)[1:-1]
    lower = first + share * (second - first)
    upper = lower + material.WIDTH / 2 * np.sin(math.pi * share)
    walls = [
        np.moveaxis(placed_wall(job, *ends), -1, 0)
        for ends in zip(lower.tolist(), upper.tolist(), strict=True)
    ]
    path, _ = paths.lowest(landscape, [np.stack([start, *walls, stop]).astype(np.float32)])
    yield row("rigid-barrier", path.top - path.energy[0], reference=model.barriers[0, 0])
    crowding = Crowding(cut=True)
    driven = replace(layer.cells, polarized=current(track, crowding).polarized)
    cut = rigid_wall_on(track, film, material.POLARIZATION, crowding=crowding)
    for key, cells, expected in (
        ("rigid-threshold", layer.cells, model.forward[0]),
        ("rigid-threshold-cut", driven, cut.forward[0]),
    ):
        low, high = (share * expected for share in (0.7, 1.3))
        while high - low > 0.005 * expected:
            density = (low + high) / 2
            engine = Engine(replace(layer, cells=cells))
            engine.magnetization = np.moveaxis(start, 0, -1)
            engine.set_torque(material.torque(density))
            engine.advance(4e-9)
            ends = wall_ends(track, layer.mask, engine.magnetization)
            low, high = (low, density) if max(ends) > sum(notches) / 2 else (density, high)
        yield row(key, (low + high) / 2, reference=expected)
