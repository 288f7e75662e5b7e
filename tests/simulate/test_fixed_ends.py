"""Tracks whose ends are held: the wall cannot leave, and nothing moves the held cells."""

import copy

import numpy as np
import pytest
from helpers.placed import placed_wall
from helpers.small_campaign import TINY

import wallnet.film
from wallnet import config, jobs, tracks
from wallnet.film import minima
from wallnet.film.core import Engine, Tolerances
from wallnet.film.energy import Landscape
from wallnet.film.terms import Layer
from wallnet.jobs.film import check, terms_of
from wallnet.simulate import simulate
from wallnet.tracks import films

CHANGES = {
    "length": 360e-9,
    "notches": {"positions": [120e-9, 260e-9], "diameter": 32e-9},
}


def synapse(fixed):
    """Return a track of 90 × 18 cells with notches 120 nm from the left and 100 from the right."""
    described = copy.deepcopy(TINY)
    track = described["devices"]["synapse"]["track"] | CHANGES
    if fixed:
        track["fixed_ends"] = fixed
    described["devices"] = {"synapse": described["devices"]["synapse"] | {"track": track}}
    described["devices"]["synapse"]["wall"] = {"start": 120e-9}
    described["devices"]["synapse"]["pulse"] = {
        "duration": 1.2e-9,
        "current_densities": [-3e12, 3e12],
    }
    return config.parse(described, check).devices["synapse"]


@pytest.fixture(scope="module")
def device():
    """Seven columns are held at each end: centres at 2, 6, …, 26 nm."""
    return synapse(27e-9)


def test_held_cells_keep_their_directions_in_every_map(device):
    trace = simulate(jobs.pulse_job(device, 3e12))
    maps = trace["magnetization"].values
    assert maps.shape[1:3] == (18, 90)
    assert np.all(maps[:, :, :7] == (0, 0, -1))
    assert np.all(maps[:, :, -7:] == (0, 0, 1))
    # the next ones follow the current
    assert np.abs(np.diff(maps[:, :, -8], axis=0)).max() > 0.01


@pytest.mark.parametrize("frozen_change", [5e-4, 0.0])
def test_the_engine_leaves_held_cells_alone_and_their_neighbours_feel_them(frozen_change):
    """A film without a wall, tilted by a field: only the free part turns, and not evenly."""
    mask = np.ones((4, 20), dtype=bool)
    held = np.zeros_like(mask)
    held[:, :3] = True
    terms = wallnet.film.Terms(
        saturation_magnetization=1e6,
        exchange_stiffness=2e-11,
        external_field=(3e5, 0.0, 0.0),
        damping=0.5,
        stray_field=True,
    )
    engine = Engine(
        Layer(mask, (2e-9, 2e-9, 2e-9), terms, held), Tolerances(frozen_change=frozen_change)
    )
    engine.magnetization = np.broadcast_to((0.0, 0.6, 0.8), (4, 20, 3))
    engine.advance(50e-12)
    m = engine.magnetization
    # their length is renewed with rounding errors
    assert np.abs(m[:, :3] - np.float32((0.0, 0.6, 0.8))).max() < 3e-7
    turned = np.linalg.norm(m[2] - (0.0, 0.6, 0.8), axis=-1)
    assert np.all(np.diff(turned[2:10]) > 0)


def test_the_driver_of_ubermag_holds_the_subregions_of_a_job(device, tmp_path, monkeypatch):
    """The same engine by another way: names of subregions, cells from the mesh."""
    monkeypatch.chdir(tmp_path)  # drives are written there
    job = jobs.pulse_job(device, 3e12)
    trace = simulate(job)
    system = tracks.system(job)
    wallnet.film.TimeDriver().drive(
        system, t=0.6e-9, n=30, verbose=0, fixed_subregions=["left", "right"]
    )
    table = system.table.data[["mx", "my", "mz"]].to_numpy()
    assert np.abs(table - trace["m"].values[1:31]).max() < 2e-5  # 5.3e-6 is observed


def test_the_mesh_of_a_job_has_the_held_cells_as_subregions(device):
    """Seven cells of 4 nm at each end of a track of 360 nm × 72 nm; none without fixed ends."""
    assert not tracks.system(jobs.initial_job(synapse(None))).m.mesh.subregions
    mesh = tracks.system(jobs.initial_job(device)).m.mesh
    assert sorted(mesh.subregions) == ["left", "right"]
    left, right = mesh.subregions["left"], mesh.subregions["right"]
    assert left.pmin == pytest.approx([0, 0, 0], rel=1e-9, abs=1e-18)
    assert left.pmax == pytest.approx([28e-9, 72e-9, 2e-9], rel=1e-9, abs=0)
    assert right.pmin == pytest.approx([332e-9, 0, 0], rel=1e-9, abs=1e-18)
    assert right.pmax == pytest.approx([360e-9, 72e-9, 2e-9], rel=1e-9, abs=0)


def test_the_energy_is_minimised_over_the_free_cells_alone(device):
    """Held cells are tilted, so that they have a torque, which must not count."""
    landscape = Landscape(tracks.layer(jobs.minima_job(device)))
    held = films.held_cells(device.track)
    delta = 9.13e-9
    start = np.moveaxis(placed_wall(device.track, delta, 124e-9, 117e-9), -1, 0).copy()
    start[:, held] = np.array([[0.6], [0.0], [-0.8]]) * np.sign(-start[2, held])
    minimum = minima.descend(landscape, start)
    assert minimum.converged
    assert np.abs(minimum.m[:, held] - start[:, held]).max() < 1e-6
    _, mode = minima.softest(landscape, minimum.m)
    assert not mode[:, held].any()
    assert np.abs(mode).max() > 0
    # without the mask, the same state has a large torque, in held cells alone
    everywhere = Landscape(Layer(landscape.mask, (4e-9, 4e-9, 2e-9), terms_of(device.material)))
    torque = np.linalg.norm(everywhere.exact_torque(minimum.m), axis=0)
    assert torque[held].min() > 1e4
    assert torque[landscape.free].max() < minima.STOP
