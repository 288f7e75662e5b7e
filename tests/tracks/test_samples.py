"""Samples: drawn edges, notches and grains against statistics, on cells against what was drawn."""

import numpy as np
import pytest
from helpers.sampled import DISORDER, EDGES, GRAINS, NOTCHES, sampled, track_of
from helpers.varying import write_map
from scipy.spatial import Voronoi

from wallnet import api, plan, simulate, tracks
from wallnet.config import ConfigError
from wallnet.film.energy import Energy
from wallnet.jobs import (
    Run,
    barrier_job,
    initial_job,
    minima_job,
    pulse_job,
)
from wallnet.studies import DEVICES
from wallnet.tracks import films, geometry, regions, samples
from wallnet.tracks.geometry import centres, edge_distance, free_width, magnetic_mask
from wallnet.tracks.grains import grain_of, parameters
from wallnet.tracks.grains import points as points_of

NM, CURRENT = 1e-9, 0.5e12
PLAIN = {"length": 3e-6, "width": 60e-9, "cell_size": 3e-9, "notches": None}
"""A long track without notches."""


def layer_of(made):
    return tracks.layer(pulse_job(made, CURRENT))


# What is drawn


def test_edges_have_their_rms_and_correlation_and_are_independent():
    """60 samples of 2 edges of 3 µm, each of some 90 independent lengths: errors below 2 %."""
    drawn = np.array(
        [samples.roughness(track_of(n, {"edges": EDGES}, **PLAIN)) for n in range(1, 61)]
    )
    assert drawn.shape == (60, 2, 6001)
    assert drawn.std() == pytest.approx(1.3 * NM, rel=0.03, abs=0)
    assert abs(drawn.mean()) < 0.06 * NM
    assert np.abs(drawn).max() <= 4 * 1.3 * NM * (1 + 1e-12)
    for lag in (2, 17, 34, 80):  # of 0.5 nm
        correlation = (drawn[..., lag:] * drawn[..., :-lag]).mean() / drawn.var()
        assert correlation == pytest.approx(np.exp(-lag * 0.5 / 17), abs=0.03)
    assert abs((drawn[:, 0] * drawn[:, 1]).mean()) / drawn.var() < 0.04
    assert abs((drawn[1:] * drawn[:-1]).mean()) / drawn.var() < 0.04


def test_notches_vary_in_each_edge_for_itself():
    """The depth of a half disc changes by half of what its diameter does, and by its own."""
    drawn = np.array([samples.notches(track_of(n, {"notches": NOTCHES})) for n in range(1, 401)])
    nominal = np.array([(90, 22, 11), (180, 22, 11)]) * NM
    assert drawn.mean(axis=0) == pytest.approx(np.array([nominal] * 2), abs=0.2 * NM)
    spread = np.array([0.9, 1.1, np.hypot(0.7, 0.55)]) * NM
    assert drawn.std(axis=0) == pytest.approx(np.full((2, 2, 3), spread), rel=0.12, abs=0)
    flat = (drawn - nominal).reshape(400, -1)
    correlation = np.corrcoef(flat.T)
    for row, column in zip(*np.nonzero(~np.eye(12, dtype=bool)), strict=True):
        own = {row % 3, column % 3} == {1, 2} and row // 3 == column // 3
        expected = 0.55 / np.hypot(0.7, 0.55) if own else 0.0
        assert correlation[row, column] == pytest.approx(expected, abs=0.2)


def test_grains_are_voronoi_cells_of_a_poisson_process():
    """6 neighbours, a perimeter of 4/√λ and a variance of the area of 0.280/λ²."""
    large = {"length": 1.2e-6, "width": 1.2e-6, "notches": None}
    track = track_of(3, {"grains": GRAINS}, **large)
    points = points_of(track, track.disorder.grains)
    cells, area = Voronoi(points), 14e-9**2
    grains = []
    for place, region in zip(points, cells.point_region, strict=True):
        corners = cells.regions[region]
        if -1 in corners or not np.all((place > 0) & (place < 1.2e-6)):
            continue
        around = cells.vertices[corners]
        around = around[np.argsort(np.arctan2(*(around - around.mean(axis=0)).T))]
        after = np.roll(around, -1, axis=0)
        crossed = around[:, 0] * after[:, 1] - around[:, 1] * after[:, 0]
        perimeter = np.hypot(*(after - around).T).sum()
        grains.append((len(corners), perimeter / area**0.5, abs(crossed.sum()) / 2 / area))
    sides, perimeters, areas = np.transpose(grains)
    assert len(grains) == pytest.approx(1.2e-6**2 / area, rel=0.04, abs=0)
    assert sides.mean() == pytest.approx(6, rel=0.01, abs=0)
    assert perimeters.mean() == pytest.approx(4, rel=0.03, abs=0)
    assert areas.var() == pytest.approx(0.280, rel=0.1, abs=0)
    # a cell is in the grain of the nearest point
    x, y = centres(track)
    number = grain_of(track, track.disorder.grains)
    for row, column in np.random.default_rng(1).integers(0, 400, (50, 2)):
        distances = np.hypot(points[:, 0] - x[column], points[:, 1] - y[row])
        assert number[row, column] == distances.argmin()


def test_each_kind_of_disorder_is_drawn_for_itself():
    whole, other, seeded = track_of(2), track_of(3), track_of(2, DISORDER | {"seed": 6})
    for key, draw in {
        "edges": samples.roughness,
        "notches": samples.notches,
        "grains": lambda track: points_of(track, track.disorder.grains),
    }.items():
        alone = track_of(2, {"seed": 5, key: DISORDER[key]})
        assert np.array_equal(draw(alone), draw(whole)[-len(draw(alone)) :])
        for another in (other, seeded):
            assert not np.array_equal(draw(another), draw(whole))
    no_thickness = GRAINS | {"thickness": 0.0}
    thin, plain = (
        parameters(track_of(2, DISORDER | {"grains": grains})) for grains in (GRAINS, no_thickness)
    )
    assert np.array_equal(thin["anisotropy"], plain["anisotropy"])
    assert np.corrcoef(thin["anisotropy"].ravel(), thin["thickness"].ravel())[0, 1] < 0.5


# The same sample on cells


def test_a_finer_mesh_sees_the_same_edges_and_grains():
    rough = DISORDER | {"edges": EDGES | {"rms": 1.6e-9}}  # 9 and 7 nm are added
    coarse, fine = (track_of(4, rough, cell_size=size) for size in (3e-9, 1e-9))
    assert coarse.cells == (80, 20 + 2 * 3)
    assert fine.cells == (240, 60 + 2 * 7)
    tops = []
    for track in (coarse, fine):
        mask, (_, y) = magnetic_mask(track), centres(track)
        lowest, highest = mask.argmax(axis=0), len(y) - 1 - mask[::-1].argmax(axis=0)
        half = track.cell_size / 2
        edges = np.array([y[lowest] - half, y[highest] + half])
        tops.append(edges.reshape(2, 80, -1).mean(axis=2))
    # within half a cell of each; a flank of a notch is steep
    assert np.median(np.abs(tops[0] - tops[1])) < 1.1 * NM
    assert np.percentile(np.abs(tops[0] - tops[1]), 90) < 2.1 * NM
    assert tops[0].min() < -1 * NM
    grains = coarse.disorder.grains
    # centres of cells of 3 nm, from -4.5 nm on, are those of each third one of 1 nm
    thirds = grain_of(fine, grains)[2::3, 1::3]
    assert np.array_equal(thirds, grain_of(coarse, grains)[1:-1])


@pytest.mark.parametrize("edges", ["smooth", "stairs"])
def test_the_film_has_the_area_between_its_edges(edges):
    made = sampled(6, edges=edges)
    track = made.sampled_track
    x = (np.arange(240_000) + 0.5) * 1e-12
    expected = free_width(track, x).mean() * 240e-9
    area = layer_of(made).filled.sum() * 9e-18 + geometry.lost_area(track)
    assert area == pytest.approx(expected, rel=1e-4 if edges == "smooth" else 0.02, abs=0)
    rough = samples.roughness(track).sum(axis=0).mean()
    alone = free_width(track_of(6, DISORDER | {"notches": None}, notches=None), x).mean()
    assert alone == pytest.approx(60 * NM - rough, rel=1e-4, abs=0)


def test_shares_of_cells_and_faces_are_those_of_points_between_the_edges():
    """Of 24 × 24 points in each cell of 3 nm."""
    track = track_of(7, edges="smooth")
    columns, rows = track.cells
    low, high = track.sides
    x = (np.arange(columns * 24) + 0.5) / 24 * 3e-9
    y = low + (np.arange(rows * 24) + 0.5) / 24 * 3e-9
    lower, upper = geometry.cuts(track, x)
    inside = (y[:, None] > lower) & (60e-9 - y[:, None] > upper)
    shares = geometry.shares(track)
    expected = inside.reshape(rows, 24, columns, 24).mean(axis=(1, 3))
    assert shares["shapes"].mean(axis=(2, 3)) == pytest.approx(expected, abs=0.02)
    tops = low + np.arange(1, rows) * 3e-9
    face = (tops[:, None] > lower) & (60e-9 - tops[:, None] > upper)
    face = face.reshape(rows - 1, columns, 24).mean(axis=2)
    assert shares["open_y"] == pytest.approx(face, abs=0.05)
    assert high - low == pytest.approx(rows * 3e-9, rel=1e-12, abs=0)
    # the two edges differ
    assert not np.array_equal(shares["shapes"], shares["shapes"][::-1, :, ::-1])


def test_grains_multiply_what_regions_give_and_act_through_the_thickness():
    region = {"start": 0.0, "stop": 120e-9, "uniaxial_anisotropy": 0.96e6}
    grains = GRAINS | {"damping": 0.1}
    made = sampled(2, {"grains": grains}, regions=[region])
    cells, drawn = layer_of(made).cells, parameters(made.sampled_track)
    thickness = drawn["thickness"]
    step = np.where(np.arange(80) < 40, 1.2, 1.0)
    assert cells.anisotropy == pytest.approx(
        step * drawn["anisotropy"] / thickness, rel=1e-12, abs=0
    )
    assert cells.dmi_constant == pytest.approx(1 / thickness, rel=1e-12, abs=0)
    assert np.array_equal(cells.thickness, thickness)
    assert np.array_equal(cells.damping, drawn["damping"])
    number = grain_of(made.sampled_track, made.sampled_track.disorder.grains)
    of_grain = [drawn["anisotropy"][number == grain] for grain in np.unique(number)]
    assert max(map(np.ptp, of_grain)) == 0
    values = [anisotropy[0] for anisotropy in of_grain]
    assert len(values) > 60
    assert np.std(values) == pytest.approx(0.03, rel=0.25, abs=0)
    # 1.2 nm of 0.6 A and 1.8 nm of A in series: 3/(1.8 + 1.2/0.6) = 0.789
    assert np.unique(cells.bond_x) == pytest.approx([3 / 3.8, 1.0], rel=1e-12, abs=0)
    assert np.array_equal(cells.bond_y < 1, number[1:] != number[:-1])
    assert np.array_equal(cells.bond_x < 1, number[:, 1:] != number[:, :-1])


def test_cells_beside_the_track_have_the_values_of_a_map_at_its_sides(tmp_path):
    ku = 1e6 * np.array([[0.8, 0.9], [0.9, 1.0]])
    name = str(write_map(tmp_path / "wafer.nc", [0, 240e-9], [0, 60e-9], uniaxial_anisotropy=ku))
    perfect, rough = (
        layer_of(sampled(number, {"edges": EDGES}, parameters_file=name)).cells.anisotropy
        for number in (0, 3)
    )
    assert np.array_equal(rough[2:-2], perfect)
    assert np.array_equal(rough[[0, 1, -2, -1]], perfect[[0, 0, -1, -1]])


def test_damage_follows_the_rough_edge():
    track = track_of(5, {"edges": EDGES, "notches": NOTCHES})
    x, y = centres(track)
    along = np.arange(0, 240_001, 20) * 1e-12
    lower, upper = geometry.cuts(track, along)
    px, py = np.tile(along, 2), np.concatenate([lower, 60e-9 - upper])
    distance, mask = edge_distance(track), magnetic_mask(track)
    for row, column in np.argwhere(mask)[::7]:
        nearest = np.hypot(px - x[column], py - y[row]).min()
        nearest = min(nearest, x[column], 240e-9 - x[column])
        # flanks of notches are steep: points 0.02 nm apart along x are up to 0.7 nm apart
        assert abs(distance[row, column]) == pytest.approx(nearest, abs=0.4 * NM)
    assert np.mean((distance > 0) == mask) > 0.98
    made = sampled(5, {"edges": EDGES}, edge_damage={"share": 0.1, "distance": 4e-9})
    damaged = layer_of(made).cells.anisotropy
    near = np.abs(edge_distance(made.sampled_track)) < 3.9e-9
    assert damaged[near & magnetic_mask(made.sampled_track)] == pytest.approx(0.9, rel=1e-12, abs=0)
    assert damaged[12, 40] == 1.0


# Jobs


def test_the_perfect_device_has_the_jobs_of_a_device_without_disorder():
    plain, perfect, sample = sampled(0, disorder=None), sampled(0), sampled(1)
    for job in (
        lambda made: pulse_job(made, CURRENT),
        initial_job,
        lambda made: minima_job(made),
        lambda made: barrier_job(made, "1", "2", 0.5),
    ):
        assert job(plain).to_json() == job(perfect).to_json() != job(sample).to_json()
    assert tracks.layer(pulse_job(perfect, CURRENT)).cells.uniform
    settings = [
        DEVICES.plain_settings(plan.parse({"devices": {"device": made.plain()}}), "device")
        for made in (plain, perfect, sample)
    ]
    assert settings[0] == settings[1] != settings[2]


def test_a_job_has_the_recipe_of_its_sample_and_makes_the_same_film():
    job = pulse_job(sampled(3, edges="smooth"), CURRENT)
    assert len(job.to_json()) < 2000
    assert job.plain()["track"]["sample"] == 3
    again = Run.from_json(job.to_json())
    assert again == job
    assert again.to_json() == job.to_json()
    first, second = (tracks.layer(simulation).cells for simulation in (job, again))
    for name in ("anisotropy", "thickness", "shapes", "open_x", "bond_y"):
        assert np.array_equal(getattr(first, name), getattr(second, name))


def test_samples_have_thermal_fields_of_their_own():
    hot = {"temperature": {"ambient": 300.0}}
    keys = {pulse_job(sampled(n, **hot), CURRENT).noise_key for n in range(4)}
    assert len(keys) == 4
    # that of the perfect device is as before
    assert pulse_job(sampled(0, disorder=None, **hot), CURRENT).noise_key in keys


def test_minima_do_not_depend_on_the_spread_of_the_damping():
    plain, damped = (sampled(2, {"grains": GRAINS | {"damping": spread}}) for spread in (0.0, 0.1))
    assert pulse_job(plain, CURRENT) != pulse_job(damped, CURRENT)
    assert minima_job(plain).to_json() == minima_job(damped).to_json()


@pytest.mark.parametrize("edges", ["smooth", "stairs"])
def test_the_field_is_the_gradient_of_the_energy(edges):
    """Central differences of the energy along random directions of all cells."""
    film = layer_of(sampled(8, edges=edges))
    energy, rng = Energy(film), np.random.default_rng(2)
    m = rng.normal(size=(*film.mask.shape, 3))
    m /= np.linalg.norm(m, axis=-1, keepdims=True)
    field, moment = energy.field(m), film.norm * film.filled * film.cells.of("thickness")
    volume = np.prod(film.cell)
    for _ in range(3):
        move = rng.normal(size=m.shape) * film.mask[..., None]
        sides = [energy.energy(m + sign * 1e-4 * move) for sign in (1, -1)]
        slope = -4e-7 * np.pi * volume * (moment[..., None] * field * move).sum()
        assert (sides[0] - sides[1]) / 2e-4 == pytest.approx(slope, rel=1e-6, abs=0)


def test_a_simulated_sample_has_ends_states_and_conductance():
    """A wall that is placed in a notch stays there, and is read with widths of the sample."""
    short = {"pulse": {"duration": 0.1e-9, "current_densities": [1e10]}}
    made = sampled(2, wall={"start": 90e-9}, relaxation={"longest": 0}, **short)
    state = simulate.simulate(initial_job(made))
    assert state["magnetization"].shape == (1, 24, 80, 3)
    assert float(state["y"][0]) == pytest.approx(-4.5 * NM, rel=1e-9, abs=0)
    trace = api.simulate(made, 1e10, progress=False)
    assert api.states(trace, api.minima(made)) == ["notch 1"] * 2
    ends = [float(trace[f"wall_{end}"][-1]) for end in ("bottom", "top")]
    assert ends == pytest.approx([90 * NM] * 2, abs=8 * NM)
    cells = magnetic_mask(made.sampled_track).sum(axis=0)
    assert np.array_equal(trace["magnetic_cells"], cells)
    domain = np.where(centres(made.track)[0] < 90e-9, -1.0, 1.0)
    mean = float(trace["m"][-1, 2])
    assert mean == pytest.approx((domain * cells).sum() / cells.sum(), abs=0.05)
    assert api.field(trace).mesh.region.pmin[1] == pytest.approx(-6 * NM, rel=1e-9, abs=0)
    with pytest.raises(ConfigError, match="initial is a trace of another track"):
        api.simulate(made.of_sample(3), 1e10, initial=trace, progress=False)
    smooth = sampled(2, edges="smooth", wall={"start": 90e-9})
    partly = films.column_cells(layer_of(smooth))
    assert np.abs(partly - cells).max() < 2.5
    assert partly.sum() == pytest.approx(cells.sum(), rel=0.02, abs=0)


def test_ubermag_has_the_fields_of_a_sample_with_stairs():
    grains = {"size": 14e-9, "anisotropy": 0.03, "damping": 0.1, "boundary_exchange": 1.0}
    region = {"start": 0.0, "stop": 120e-9, "exchange_stiffness": 1.2e-11}
    disorder = {"edges": EDGES, "grains": grains}
    made = sampled(4, disorder, regions=[region], calculator="oommf")
    system = tracks.system(pulse_job(made, CURRENT))
    film = layer_of(made)
    mask = film.mask.T
    region = system.m.mesh.region
    assert region.pmin == pytest.approx([0, -6e-9, 0], rel=1e-9, abs=1e-20)
    assert region.pmax[1] == pytest.approx(66e-9, rel=1e-9, abs=0)
    norm = system.m.norm.array[:, :, 0, 0]
    assert np.array_equal(norm > 0, mask)
    assert norm[mask] == pytest.approx(0.9e6 * np.ones(mask.sum()), rel=1e-9, abs=0)
    drawn = parameters(made.sampled_track)
    energy = system.energy
    for field, expected in (
        (energy.uniaxialanisotropy.K, 0.8e6 * drawn["anisotropy"]),
        (system.dynamics.damping.alpha, 0.45 * drawn["damping"]),
        (energy.exchange.A, np.where(np.arange(80) < 40, 1.2e-11, 1.7e-11) * np.ones((24, 1))),
    ):
        assert field.array[:, :, 0, 0][mask] == pytest.approx(expected.T[mask], rel=1e-12, abs=0)


# Messages


MISTAKES = {
    "edges.rms lets the edges meet: at four standard deviations, the narrowest place is -2e-09 m": {
        "edges": {"rms": 5e-9}
    },
    "edges.correlation_length = 4e-10 is outside the range 1e-09 to 1e-05 m; edges are drawn": {
        "edges": {"correlation_length": 4e-10}
    },
    "grains.size 2e-09 m is below track.cell_size 3e-09 m": {"grains": {"size": 2e-9}},
    "grains.anisotropy = 5 is outside the range 0 to 0.2; it is relative: 2 % are 0.02": {
        "grains": {"anisotropy": 5}
    },
    "notches lets a notch vanish, whose depth of 1.1e-08 m": {"notches": {"depth": 3e-9}},
    "has no part; add edges, notches or grains": {"seed": 3},
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_in_disorder_is_one_sentence(words):
    with pytest.raises(ConfigError) as error:
        sampled(1, MISTAKES[words])
    (line,) = str(error.value).splitlines()
    assert line.startswith("config.yaml: devices.mine.disorder")
    assert words in line


def test_grains_that_may_lie_in_the_plane_are_doubted():
    """K_eff is 0.3226 of 0.8 MJ/m³: 40.3 % of Ku, 4 · √(0.09² + 0.04²) = 39.4 %."""
    doubts = [
        regions.check(sampled(1, {"grains": {"anisotropy": spread, "thickness": 0.04}}))[1]
        for spread in (0.09, 0.094)
    ]
    assert not [text for text in doubts[0] if "disorder" in text]
    (text,) = [text for text in doubts[1] if "disorder" in text]
    assert text.startswith("disorder.grains lets Ku of a grain be 41 % lower")


def test_what_a_sample_cannot_have_is_refused():
    with pytest.raises(ConfigError, match=r"mine\.sample 2 needs disorder"):
        sampled(2, disorder=None)
    with pytest.raises(ConfigError, match=r"mine\.sample is -1: input should be greater"):
        sampled(-1)
    warm = {"temperature": {"ambient": 300.0}}
    damped = {"grains": {"damping": 0.2}}
    with pytest.raises(
        ConfigError, match=r"grains\.damping: damping varies from 0\.\d+ to 0\.\d+, "
    ):
        sampled(1, damped, material={"damping": 0.06}, **warm)
    for grains in ({"thickness": 0.02, "boundary_exchange": 1.0}, {}):
        with pytest.raises(ConfigError, match=r"or disorder\.grains with thickness or with bound"):
            sampled(1, {"grains": grains}, calculator="oommf")
