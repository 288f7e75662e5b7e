"""A straight rigid wall along a track, against quadrature of its integrals, limits and the engine.

Each quantity has a value of its own.
"""

import csv
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from helpers.sampled import DISORDER, sampled
from helpers.small_campaign import MATERIAL, UNLIKE
from scipy.integrate import quad

from wallnet import api, plan, tracks
from wallnet.config.devices import StaticMaterial
from wallnet.config.track import Track
from wallnet.jobs import pulse_job
from wallnet.jobs.film import film_of, strip_demagnetization
from wallnet.tracks.geometry import centres, free_width
from wallnet.tracks.rigid_wall import rigid_wall

ROOT = Path(__file__).parents[2]
MU0, HBAR, CHARGE, BOLTZMANN = 4e-7 * math.pi, 1.0545717e-34, 1.6021765e-19, 1.380649e-23
TRACK = Track(
    length=430e-9,
    width=81e-9,
    thickness=1.7e-9,
    cell_size=1e-9,
    notches={"diameter": 38e-9, "positions": (97e-9, 210e-9, 301e-9)},
)


def film(**changes):
    values = {key: UNLIKE[key] for key in StaticMaterial.model_fields.keys() & UNLIKE}
    return StaticMaterial(**(values | changes))


def by_quadrature(q, values, ratio):
    """Return E, E′ and ∫ s₂ w dx of a wall at q, each notch as a segment of a circle."""
    stray = MU0 * values.saturation_magnetization**2 / 2 * ratio
    stiffness = values.uniaxial_anisotropy - stray
    delta = math.sqrt(values.exchange_stiffness / stiffness)
    scale = 4 * math.sqrt(values.exchange_stiffness * stiffness)
    edges = sorted(
        {0.0, 430e-9, q, *(x + s * 19e-9 for x in (97e-9, 210e-9, 301e-9) for s in (-1, 1))}
    )

    def width(x):
        cuts = [19e-9**2 - (x - place) ** 2 for place in (97e-9, 210e-9, 301e-9)]
        return 81e-9 - 2 * math.sqrt(max(0.0, *cuts))

    def s1(u):
        return 1 / math.cosh(u) ** 2 / (2 * delta)

    def s2(u):
        return 1 / math.cosh(u) / (math.pi * delta)

    def line(u):
        return scale * s1(u) - math.pi * abs(values.dmi_constant) * s2(u)

    def slope(u):
        return (line(u + 1e-4) - line(u - 1e-4)) / (-2e-4 * delta)

    def integral(shape):
        def density(x):
            return shape((x - q) / delta) * width(x)

        pairs = itertools.pairwise(edges)
        return sum(quad(density, *pair, epsabs=1e-22, epsrel=1e-9, limit=200)[0] for pair in pairs)

    field = 2 * values.saturation_magnetization * values.bias_field

    def domain(u):
        """Return what the field turned since the wall was at 0."""
        return (math.tanh(u + q / delta) - math.tanh(u)) / 2

    energy = 1.7e-9 * (integral(line) + field * integral(domain))
    return energy, 1.7e-9 * (integral(slope) + field * integral(s1)), integral(s2)


@pytest.mark.parametrize(("ratio", "bias"), [(None, 0.0), (0.83, 0.0), (0.83, 7e-3)])
def test_energy_and_threshold_are_the_integrals(ratio, bias):
    values = film(bias_field=bias)
    wall = rigid_wall(TRACK, values, 0.35, ratio)
    share = strip_demagnetization(81e-9, 1.7e-9) if ratio is None else ratio
    for place in (120e-9, 155e-9, 224e-9, 290e-9, 421e-9):
        index = int(np.abs(wall.position - place).argmin())
        energy, slope, felt = by_quadrature(float(wall.position[index]), values, share)
        assert wall.energy[index] == pytest.approx(energy, rel=1e-5, abs=0)
        # a wall with D < 0 is driven towards +x by J < 0
        current = -slope / (math.pi * HBAR * 0.35 / (2 * CHARGE) * felt)
        assert wall.current_density[index] == pytest.approx(current, rel=1e-3, abs=0)
    for pair, (left, right) in enumerate([(97e-9, 210e-9), (210e-9, 301e-9)]):
        between = (wall.position >= left) & (wall.position <= right)
        energies, currents = wall.energy[between], wall.current_density[between]
        # without a field, the minima are at the notches themselves
        if not bias:
            assert wall.barriers[:, pair] == pytest.approx(np.ptp(energies), rel=1e-4, abs=0)
        assert wall.forward[pair] == currents.min() < 0
        assert wall.backward[pair] == currents.max() > 0
    assert wall.barriers.shape == (2, 2)


def test_the_other_sign_of_d_turns_the_current_alone():
    one, other = (rigid_wall(TRACK, film(dmi_constant=d), 0.35) for d in (-1.3e-3, 1.3e-3))
    assert np.array_equal(one.energy, other.energy)
    assert np.array_equal(one.forward, -other.forward)
    assert np.isnan(rigid_wall(TRACK, film(dmi_constant=0.0), 0.35).forward).all()
    assert np.isnan(rigid_wall(TRACK, film(), 0.0).current_density).all()


def test_a_narrow_wall_in_a_wide_notch_feels_the_slope_of_the_width():
    """E = σ t w, so that J = σ t w′/[(π ħ P/2e) w]."""
    track = Track(
        length=9e-6,
        width=5e-6,
        thickness=1.3e-9,
        cell_size=5e-9,
        notches={"diameter": 4e-6, "positions": (3e-6,)},
    )
    values = film(exchange_stiffness=1.1e-12, dmi_constant=2e-4)
    wall = rigid_wall(track, values, 0.27)
    stray = MU0 * values.saturation_magnetization**2 / 2 * strip_demagnetization(5e-6, 1.3e-9)
    stiffness = values.uniaxial_anisotropy - stray
    tension = 4 * math.sqrt(1.1e-12 * stiffness) - math.pi * 2e-4
    for place in (3.4e-6, 4.1e-6, 4.7e-6):
        index = int(np.abs(wall.position - place).argmin())
        x = float(wall.position[index]) - 3e-6
        depth = math.sqrt(4e-12 - x**2)
        width = 5e-6 - 2 * depth
        assert wall.energy[index] == pytest.approx(tension * 1.3e-9 * width, rel=1e-4, abs=0)
        force = tension * 1.3e-9 * 2 * x / depth
        current = force / (math.pi * HBAR * 0.27 / (2 * CHARGE) * width)
        assert wall.current_density[index] == pytest.approx(current, rel=2e-3, abs=0)
    # one notch: up to the middle of the film on its right, 6e-6 m, where the width is whole
    assert wall.barriers[0] == pytest.approx([tension * 1.3e-9 * 4e-6], rel=1e-2, abs=0)


def test_a_strip_has_the_demagnetisation_of_a_thin_film_or_of_a_square_rod():
    assert strip_demagnetization(3e-9, 3e-9) == pytest.approx(0.5, rel=1e-12, abs=0)
    # 1 - N_z of a thin strip is (p/π)(3/2 - ln p)
    p = 1e-4
    thin = 1 - p / math.pi * (1.5 - math.log(p))
    assert strip_demagnetization(1e-5, 1e-9) == pytest.approx(thin, abs=1e-7)


def test_the_width_of_the_film_follows_its_notches():
    places = np.array([-1e-9, 0.0, 77e-9, 97e-9, 108.4e-9, 430e-9, 431e-9])
    # √(19² - 11.4²) = 15.2
    expected = np.array([0.0, 81.0, 81.0, 43.0, 81 - 30.4, 81.0, 0.0]) * 1e-9
    assert free_width(TRACK, places) == pytest.approx(expected, rel=1e-9, abs=1e-24)


@pytest.mark.parametrize(
    ("name", "tolerance"), [("synapse-rewritable-10", 0.02), ("synapse-rewritable", 0.04)]
)
def test_barriers_are_near_those_of_the_engine(name, tolerance):
    """The lowest ones of inner notches, by paths of least energy in cells of 3 nm.

    The wall of the engine is not rigid: on 150 nm it tilts, and its stray field is not local.
    """
    device = plan.load(ROOT / "config.yaml").simulated[name]
    with (ROOT / f"docs/results/barriers/{name}.csv").open(encoding="utf-8") as lines:
        rows = {row["state"]: row["lowest barrier (k_B T)"] for row in csv.DictReader(lines)}
    inner = range(2, len(device.track.inner_notch_positions))
    engine = np.mean([float(rows[f"notch {k}"]) for k in inner])
    barriers = api.rigid_wall(device).barriers[0, 1:-1] / (BOLTZMANN * 300)
    assert barriers == pytest.approx(engine, rel=tolerance, abs=0)


def test_the_estimates_of_the_synapse_with_ten_notches_depend_on_the_stray_field():
    device = plan.load(ROOT / "config.yaml").simulated["synapse-rewritable-10"]
    values = film_of(device)
    for ratio, barrier, threshold in ((1.0, 83.4, 0.877e12), (0.955, 92.6, 1.01e12)):
        wall = rigid_wall(device.track, values, 0.4, ratio)
        assert wall.barriers[0, 4] / (BOLTZMANN * 300) == pytest.approx(barrier, rel=2e-3, abs=0)
        assert wall.forward[4] == pytest.approx(threshold, rel=2e-3, abs=0)
        assert wall.backward[4] == pytest.approx(-threshold, rel=2e-3, abs=0)


def test_a_temperature_gives_barriers_and_thresholds_of_the_film_at_it():
    track = {"length": 400e-9, "width": 72e-9, "thickness": 2e-9, "cell_size": 4e-9}
    track["notches"] = {"diameter": 32e-9, "positions": [100e-9, 200e-9, 300e-9]}
    device = api.make_device(
        kind="track",
        track=track,
        wall={"start": 100e-9},
        pulse={"duration": 1e-9, "current_densities": [1e12]},
        material=MATERIAL | {"slonczewski_lambda": 1.5},
    )
    wall = api.rigid_wall(device, 358.0)
    # ε at m across the spins is P Λ²/(Λ² + 1)
    effective = 2 * 0.4 * 1.5**2 / (1.5**2 + 1)
    expected = rigid_wall(device.track, film_of(device, 358.0), effective)
    assert np.array_equal(wall.forward, expected.forward)
    assert wall.barriers.max() < 0.75 * api.rigid_wall(device).barriers.max()


def by_cells(made, q):
    """Return the energy of a wall of the base film at q, summed over the cells of a device.

    A |∂m/∂x|² + K (1 - m_z²) - |D| |∂θ/∂x| with θ' = sech(u)/Δ, times the thickness.
    """
    values, film = film_of(made), tracks.layer(pulse_job(made, 0.5e12))
    cells, track = film.cells, made.track
    stray = MU0 * values.saturation_magnetization**2 / 2
    stray *= strip_demagnetization(track.width, track.thickness)
    delta = math.sqrt(values.exchange_stiffness / (values.uniaxial_anisotropy - stray))
    sech = 1 / np.cosh((centres(track)[0] - q) / delta)
    soft = np.pad(cells.bond_x, ((0, 0), (1, 1)), constant_values=1.0)
    soft = (soft[:, 1:] + soft[:, :-1]) / 2
    easy = values.uniaxial_anisotropy * cells.of("anisotropy") - stray
    exchange = soft * values.exchange_stiffness / delta**2
    dmi = soft * abs(values.dmi_constant) * cells.of("dmi_constant") / delta
    density = (exchange + easy) * sech**2 - dmi * sech
    volume = film.filled * cells.of("thickness") * np.prod(film.cell)
    return (density * volume).sum()


NOTCHES = (120e-9, 260e-9, 390e-9)


def graded(bias=0.0, slope=0.0, **changes):
    """Return a device of W/CoFeB whose Ku and thickness change along it, with smooth edges."""
    settings = {
        "kind": "synapse",
        "track": {
            "length": 510e-9,
            "width": 100e-9,
            "thickness": 1.2e-9,
            "cell_size": 2e-9,
            "edges": "smooth",
            "notches": {"shape": "ellipse", "length": 60e-9, "depth": 20e-9, "positions": NOTCHES},
        },
        "wall": {"start": 120e-9},
        "pulse": {"duration": 1e-9, "current_densities": [0.1e12]},
        "material": {
            "saturation_magnetization": 1.1e6,
            "exchange_stiffness": 1.6e-11,
            "dmi_constant": 0.35e-3,
            "uniaxial_anisotropy": 8.4e5,
            "damping": 0.3,
            "gyromagnetic_ratio": 2.211e5,
            "polarization": 0.15,
            "bias_field": bias,
        },
    }
    if slope:
        region = {"start": 0.0, "stop": 510e-9}
        region["uniaxial_anisotropy"] = {"ramp": [8.4e5 * (1 - slope), 8.4e5 * (1 + slope)]}
        region["saturation_magnetization"] = {"ramp": [1.1e6, 1.1e6 * (1 - slope)]}
        region["thickness"] = {"ramp": [1.2e-9, 1.2e-9 * (1 + slope / 3)]}
        settings["regions"] = [region]
    return api.make_device(**settings | changes)


def summed(places, bias, slope):
    """Return the energy of a wall at each place, summed over cells, with -μ0 m·H Ms of the field.

    Nothing of the package is used.
    """
    x = (np.arange(255) + 0.5) * 2e-9
    ramp = x / 510e-9
    ku, ms, t = (
        8.4e5 * (1 + slope * (2 * ramp - 1)),
        1.1e6 * (1 - slope * ramp),
        1.2e-9 * (1 + slope / 3 * ramp),
    )
    # Ku and D are those of interfaces
    ku, dmi = ku * 1.2e-9 / t, 0.35e-3 * 1.2e-9 / t
    n_z = 0.9773763
    delta = math.sqrt(1.6e-11 / (8.4e5 - n_z * MU0 * 1.1e6**2 / 2))
    cut = np.zeros(255)
    fine = (np.arange(255 * 40) + 0.5) * 2e-9 / 40
    for notch in NOTCHES:
        inside = np.clip(1 - ((fine - notch) / 30e-9) ** 2, 0, None)
        cut += (20e-9 * np.sqrt(inside)).reshape(255, 40).mean(axis=1)
    volume = (100e-9 - 2 * cut) * 2e-9 * t
    energies = []
    for q in places:
        u = (x - q) / delta
        sech = 1 / np.cosh(u)
        wall = (1.6e-11 / delta**2 + ku - n_z * MU0 * ms**2 / 2) * sech**2 - dmi * sech / delta
        energies.append(((wall - ms * bias * np.tanh(u)) * volume).sum())
    return np.array(energies)


@pytest.mark.parametrize(
    ("bias", "slope"), [(0.0, 0.0), (0.0, 0.02), (3e-3, 0.0), (-3e-3, 0.0), (2e-3, 0.02)]
)
def test_barriers_in_both_directions_are_those_of_a_sum_over_cells(bias, slope):
    """From the minimum at a notch, where bias and gradient move it, over the top to the next."""
    made = graded(bias, slope)
    places = np.arange(60e-9, 450e-9, 0.25e-9)
    energies = summed(places, bias, slope)
    minima = []
    for notch in NOTCHES:
        near = np.flatnonzero(np.abs(places - notch) < 40e-9)
        minima.append(near[energies[near].argmin()])
    tops = [energies[a : b + 1].max() for a, b in itertools.pairwise(minima)]
    forward = [top - energies[a] for top, a in zip(tops, minima[:-1], strict=True)]
    backward = [top - energies[b] for top, b in zip(tops, minima[1:], strict=True)]
    expected = np.array([forward, backward]) / (BOLTZMANN * 300)
    barriers = api.rigid_wall(made).barriers / (BOLTZMANN * 300)
    assert barriers == pytest.approx(expected, abs=0.3)
    apart = np.abs(barriers[0] - barriers[1])
    assert apart.max() < 0.01 if not (bias or slope) else apart.min() > 4
    # B > 0 drives a wall towards -x
    if bias and not slope:
        assert np.all((barriers[0] > barriers[1]) == (bias > 0))


def test_a_wall_that_a_field_takes_from_its_notch_has_no_barrier():
    """± 60 mT; the other direction has the sum of both."""
    for bias, way in ((-60e-3, 0), (60e-3, 1)):
        barriers = api.rigid_wall(graded(bias)).barriers
        assert barriers[way] == pytest.approx([0.0, 0.0], abs=1e-24)
        assert np.all(barriers[1 - way] > 100 * BOLTZMANN * 300)


def test_a_single_notch_has_barriers_and_thresholds_on_both_sides():
    """Notch at 150 of 510 nm; a field along -z lowers that towards +x and raises the other."""
    track = graded().track.model_dump() | {"cell_size": 2e-9}
    track["notches"] = {"shape": "ellipse", "length": 60e-9, "depth": 20e-9, "positions": [150e-9]}
    plain, pushed = (
        api.rigid_wall(graded(bias, track=track, kind="track")) for bias in (0.0, -4e-3)
    )
    assert plain.barriers[0] == pytest.approx(plain.barriers[1], rel=0.01, abs=0)
    assert plain.forward == pytest.approx(-plain.backward, rel=0.01, abs=0)
    assert pushed.barriers[0] < 0.8 * plain.barriers[0]
    assert pushed.barriers[1] > 1.2 * plain.barriers[1]
    assert pushed.forward < plain.forward
    assert pushed.backward < plain.backward


def test_a_rigid_wall_has_the_energy_of_the_cells_of_a_sample():
    """In cells of 1 nm with smooth edges, at places away from the ends."""
    made = sampled(3, edges="smooth", track={"cell_size": 1e-9})
    wall = api.rigid_wall(made)
    for place in (75e-9, 90e-9, 111e-9, 140e-9, 180e-9):
        index = int(np.abs(wall.position - place).argmin())
        expected = by_cells(made, float(wall.position[index]))
        assert wall.energy[index] == pytest.approx(expected, rel=3e-3, abs=0)
    # with D < 0, a negative current holds the wall on a rise of the energy
    slope = np.gradient(wall.energy, wall.position)[800:-800]
    assert np.corrcoef(slope, wall.current_density[800:-800])[0, 1] < -0.99


def test_barriers_and_thresholds_of_samples_converge_with_the_cells():
    """Those of 1 nm are within a few per cent, and nearer than the scatter between samples."""
    pairs = []
    for cell in (3e-9, 1.5e-9, 1e-9):
        walls = [
            api.rigid_wall(sampled(n, track={"cell_size": cell}, edges="smooth"))
            for n in range(1, 9)
        ]
        pairs.append([(wall.barriers[0, 0], wall.forward[0]) for wall in walls])
    coarse, middle, fine = np.array(pairs)
    scatter = fine.std(axis=0)
    errors = [np.sqrt(((coarser - fine) ** 2).mean(axis=0)) for coarser in (coarse, middle)]
    assert np.all(errors[1] < errors[0])
    assert np.all(errors[0] < 0.35 * scatter)
    assert np.all(scatter > 0.02 * np.abs(fine.mean(axis=0)))


def test_a_rigid_wall_is_held_by_a_region_of_lower_anisotropy():
    """The barrier is that of σ = 4 √(A K) - π D to first order: 2 Δ δK over the width."""
    region = {"start": 100e-9, "stop": 170e-9, "uniaxial_anisotropy": 0.79e6}
    made = sampled(0, DISORDER, regions=[region], track={"notches": None, "length": 480e-9})
    plain = api.rigid_wall(made.model_copy(update={"regions": None}))
    wall, values = api.rigid_wall(made), film_of(made)
    stray = MU0 * values.saturation_magnetization**2 / 2 * strip_demagnetization(60e-9, 2.5e-9)
    delta = math.sqrt(values.exchange_stiffness / (values.uniaxial_anisotropy - stray))
    middle = int(np.abs(wall.position - 135e-9).argmin())
    lower = 2 * delta * 0.01e6 * math.tanh(35e-9 / delta) * 60e-9 * 2.5e-9
    assert plain.energy[middle] - wall.energy[middle] == pytest.approx(lower, rel=0.02, abs=0)
    assert wall.barriers.shape == (2, 0)
