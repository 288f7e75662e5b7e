"""Minima and paths of a tiny track: where a wall stays, and over which barriers it leaves."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from helpers.minima import minimum
from helpers.small_campaign import TINY

from wallnet import cli, config, files, jobs, tracks
from wallnet.files import WallState
from wallnet.film.energy import Landscape
from wallnet.film.terms import Layer
from wallnet.jobs.film import check, terms_of
from wallnet.simulate import SimulationError, simulate
from wallnet.simulate.energy_path import find_barrier, find_minima
from wallnet.tracks.geometry import magnetic_mask
from wallnet.tracks.states import States

THERMAL = 1.380649e-23 * 300
SPACING = 0.5


@pytest.fixture(scope="module")
def device():
    """A track of 90 × 18 cells whose pairs of notches at 120 and 240 nm hold a wall."""
    return config.parse(TINY, check).devices["synapse"]


@pytest.fixture(scope="module")
def minima(device):
    return find_minima(jobs.minima_job(device))


def test_minima_are_in_the_order_of_their_states_though_a_job_has_that_of_their_names(device):
    """JSON sorts the states of a job."""
    few = jobs.minima_job(device, states=["initial", "notch 1", "between 1 and 2"])
    job = jobs.energy_path.Minima.from_json(few.to_json())
    assert [*job.placements] == ["between 1 and 2", "initial", "notch 1"]
    placed = find_minima(job)["placed"].values.tolist()
    assert placed == ["initial", "notch 1", "between 1 and 2"]


def test_only_minima_with_a_wall_name_states(device, minima):
    """From a wall that is placed at the notch at the end of the track, it leaves the track."""
    placed = {"initial", "notch 1", "between 1 and 2", "between 2 and 1", "notch 2", "notch 3"}
    placed |= {"between 2 and 3", "between 3 and 2", "reversed"}
    assert {*minima["placed"].values} == placed
    named = {"gap 0", "notch 1", "between 1 and 2", "between 2 and 1", "notch 2"}
    named |= {"between 2 and 3", "between 3 and 2"}
    assert {*States.of(minima).names} == named
    moving = minima.assign(minimum_converged=(minima["placed"] != "notch 1").astype(int))
    assert {*States.of(moving).names} == named - {"notch 1"}


def test_a_wall_beside_its_notch_goes_into_it(device):
    dataset = minimum(device, "notch 1", bottom=124e-9, top=117e-9)
    assert dataset["minimum_state"] == "notch 1"
    assert dataset["minimum_converged"] == 1
    # the notches are symmetric about 120 nm, and the track about 180 nm
    assert dataset["minimum_wall_bottom"].item() == pytest.approx(120e-9, rel=0, abs=0.5e-9)
    assert dataset["minimum_wall_top"].item() == pytest.approx(120e-9, rel=0, abs=0.5e-9)
    energy = tracks_energy(device, dataset["minimum_magnetization"].values)
    assert dataset["minimum_energy"].item() == pytest.approx(energy, rel=1e-12, abs=0)
    m = np.moveaxis(np.nan_to_num(dataset["minimum_magnetization"].values), -1, 0)
    torque = Landscape(tracks.layer(jobs.minima_job(device))).exact_torque(m)
    left = np.sqrt((torque**2).sum(axis=0)).max()
    assert dataset["minimum_residual_field"].item() == pytest.approx(left, rel=1e-6, abs=0)


def test_damping_changes_neither_a_minimum_nor_a_path(device):
    changed = device.material.model_copy(update={"damping": 0.1, "polarization": 0.7})
    other = device.model_copy(update={"material": changed})
    for make in (
        jobs.minima_job,
        lambda device: jobs.barrier_job(device, "1", "1-2", SPACING),
    ):
        assert make(device).to_json() == make(other).to_json()
        assert "damping" not in make(device).to_json()
    assert jobs.level_job(device, "1") != jobs.level_job(other, "1")


def test_a_wall_that_does_not_stay_relaxes_to_the_minimum_that_the_placed_one_finds(device):
    """The engine relaxes the wall that is initialised at notch 2; the descent has no dynamics."""
    dataset = minimum(device, "notch 2")
    trace = simulate(jobs.level_job(device, "2"))
    m = np.nan_to_num(trace["magnetization"].isel(snapshot=-1).values)
    above = tracks_energy(device, m) - dataset["minimum_energy"].item()
    assert 0 <= above < 0.1 * THERMAL
    for name in ("bottom", "top"):
        end = dataset[f"minimum_wall_{name}"].item()
        assert end == pytest.approx(trace[f"wall_{name}"].values[-1], rel=0, abs=0.2e-9)


def tracks_energy(device, m):
    from wallnet.film import Energy

    track = device.track
    cell = (track.cell_size, track.cell_size, track.thickness)
    film = Energy(Layer(magnetic_mask(track), cell, terms_of(device.material)))
    return film.energy(np.nan_to_num(m))


def test_a_tilted_wall_stays_between_two_notches(device, minima):
    for state in ("between 1 and 2", "between 2 and 1"):
        assert minima["minimum_state"].sel(placed=state) == state


def test_a_wall_without_a_notch_does_not_stay_where_it_starts(device):
    dataset = minimum(device, "initial")
    # it started at 40 nm, and a notch holds walls from 95 nm on
    assert dataset["minimum_state"] == "gap 0"
    assert 60e-9 < dataset["minimum_wall_bottom"].item() < 95e-9


def test_an_initial_wall_at_a_notch_stays_there(device):
    start = device.wall.model_copy(update={"start": 122e-9})
    dataset = minimum(device.model_copy(update={"wall": start}), "initial")
    assert dataset["minimum_state"] == "notch 1"


@pytest.mark.parametrize(("converged", "words"), [(1, "minimum"), (0, "no minimum")])
def test_the_command_tells_both_ends(
    device, minima, tmp_path, monkeypatch, capsys, converged, words
):
    from wallnet.simulate import energy_path as stage

    one = minima.sel(placed=["between 1 and 2"])
    one["minimum_converged"][:] = converged
    monkeypatch.setattr(stage, "find_minima", lambda job: one)
    dataset, job = one.isel(placed=0), jobs.minima_job(device)
    cli.main(["minima", "--job", job.to_json(), "--out", str(tmp_path / "minima.nc")])
    output = capsys.readouterr().out
    said = re.search(r"wall at (\S+) nm \(lower edge\), (\S+) nm \(upper edge\)", output)
    ends = [dataset[f"minimum_wall_{name}"].item() / 1e-9 for name in ("bottom", "top")]
    assert [float(end) for end in said.groups()] == pytest.approx(ends, abs=0.06)
    assert ends[1] - ends[0] > 80
    assert output.startswith(f"between 1 and 2: {words}, between 1 and 2; ")


def test_a_path_leads_from_its_first_state_to_its_second(device, minima):
    first, second = WallState("notch 1"), WallState("between 1 and 2")
    job = jobs.barrier_job(device, "1", "1-2", SPACING)
    barrier = find_barrier(job, minima)
    assert barrier.attrs["route"] == "one end moves"
    energy = barrier["path_energy"].values
    for end, state in ((0, first), (-1, second)):
        expected = minima["minimum_energy"].sel(placed=str(state)).item()
        assert energy[end] == pytest.approx(expected, rel=0, abs=0.01 * THERMAL)
    top = tracks_energy(device, barrier["saddle_magnetization"].values)
    forward, backward = barrier["barrier_forward"].item(), barrier["barrier_backward"].item()
    assert forward == pytest.approx(top - energy[0], rel=0, abs=0.01 * THERMAL)
    assert backward == pytest.approx(top - energy[-1], rel=0, abs=0.01 * THERMAL)
    assert forward > 100 * backward / 2 > 0
    assert barrier["barrier_converged"] == 1
    # the upper end moves by one notch, in steps of half a width parameter
    assert barrier.sizes["image"] == 28
    assert np.ptp(barrier["path_wall_top"].values) > 4 * np.ptp(barrier["path_wall_bottom"].values)


def test_a_barrier_is_that_of_the_film_at_the_temperature(device):
    """All energies are proportional to m², with an anisotropy that is, and so are barriers.

    1 - (T/1000 K)^1.5 is 0.785797 at 358 K and 0.835683 at 300 K.
    """
    law = config.devices.Temperature(ambient=310.0, anisotropy_exponent=2.0)
    warm = device.model_copy(update={"temperature": law})
    barriers = []
    for kelvin in (300.0, 358.0):
        path = jobs.barrier_job(warm, "1-2", "2", SPACING, kelvin)
        barrier = find_barrier(path, find_minima(jobs.minima_job(warm, kelvin)))
        barriers.append([barrier[f"barrier_{way}"].item() for way in ("forward", "backward")])
    (forward, back), softer = barriers
    ratio = (0.785797 / 0.835683) ** 2
    assert softer == pytest.approx([forward * ratio, back * ratio], rel=1e-4, abs=0)
    assert back > 20 * forward > 0


@pytest.mark.parametrize(
    ("first", "second", "notch"), [("expelled", "1", 120), ("2", "reversed", 240)]
)
def test_a_wall_leaves_the_track_at_the_end_beside_it(device, minima, first, second, notch):
    barrier = find_barrier(jobs.barrier_job(device, first, second, SPACING), minima)
    assert barrier["barrier_converged"] == 1
    for name in ("path_wall_bottom", "path_wall_top"):
        place = barrier[name].values * 1e9
        span = (0.0, notch) if first == "expelled" else (notch, 360.0)
        assert place[[0, -1]] == pytest.approx(span, rel=0, abs=1.0)
        assert span[0] - 1 < place.min() <= place.max() < span[1] + 1
    # the magnetisation of a track without a wall tilts at its edges
    index, sign = (0, 1.0) if first == "expelled" else (-1, -1.0)
    exact = np.zeros_like(barrier["saddle_magnetization"].values)
    exact[..., 2] = sign
    exact[np.isnan(barrier["saddle_magnetization"].values)] = np.nan
    lower = tracks_energy(device, exact) - barrier["path_energy"].values[index]
    assert lower > 10 * THERMAL  # 26 is observed


ENERGIES = (1e-19, 3e-19, 9e-19, 4e-19, 2e-19)
"""Energies in J of the images of a path."""


@pytest.fixture
def second_route(monkeypatch):
    """Let the second of two paths be the lower one; return its images."""
    from wallnet.film import paths

    taken = []

    def lowest(landscape, candidates):
        _, other = candidates
        images = other[[0, 10, 27, 30, -1]]
        taken.append(images)
        path = paths.Path(images, np.array(ENERGIES), 7, True, 2, 0.03, (-5.0, 8.0))
        return path, 1

    monkeypatch.setattr(paths, "lowest", lowest)
    return taken


def test_a_barrier_tells_of_the_lowest_of_its_paths(device, minima, second_route):
    """The third image of five is the saddle point, 0.8 aJ above the first, 0.7 above the last."""
    subset = minima.sel(placed=["notch 1", "notch 2"])
    barrier = find_barrier(jobs.barrier_job(device, "1", "2", SPACING), subset)
    (images,) = second_route
    assert (barrier.attrs["route"], barrier.attrs["rounds"]) == ("upper end first", 7)
    assert barrier["path_energy"].values.tolist() == list(ENERGIES)
    assert barrier["barrier_forward"].item() == pytest.approx(8e-19, rel=1e-9, abs=0)
    assert barrier["barrier_backward"].item() == pytest.approx(7e-19, rel=1e-9, abs=0)
    assert barrier["saddle"].item() == 2
    top = np.nan_to_num(barrier["saddle_magnetization"].values)
    np.testing.assert_array_equal(top, np.moveaxis(images[2], 0, -1))
    assert barrier["saddle_stiffness"].values.tolist() == [-5.0, 8.0]
    assert barrier["saddle_residual_field"].item() == pytest.approx(0.03, rel=1e-6, abs=0)
    # the root of the sum of the squared angles between two images
    before, after = images[:-1].astype(np.float64), images[1:].astype(np.float64)
    sines = np.linalg.norm(np.cross(before, after, axis=1), axis=1)
    angles = np.arctan2(sines, (before * after).sum(axis=1))
    steps = np.sqrt((angles**2).sum(axis=(1, 2)))
    expected = [0, *np.cumsum(steps)]
    assert barrier["path_distance"].values == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_closer_images_follow_the_route_that_was_the_lowest(device, minima, monkeypatch):
    """Of two routes, the second is lower, and reaches no saddle point but with closer images."""
    from wallnet.film import paths

    counts = []

    def lowest(landscape, candidates):
        counts.append([len(images) for images in candidates])
        stiffness = (-5.0, 8.0) if len(counts) == 2 else (math.nan, math.nan)
        images = candidates[-1][:5]
        return paths.Path(images, np.array(ENERGIES), 7, True, 2, 0.03, stiffness), (
            len(candidates) - 1
        )

    monkeypatch.setattr(paths, "lowest", lowest)
    subset = minima.sel(placed=["notch 1", "notch 2"])
    barrier = find_barrier(jobs.barrier_job(device, "1", "2", SPACING), subset)
    (together, first), (again,) = counts
    assert together < first < again
    assert barrier.attrs["route"] == "upper end first"
    assert barrier["barrier_converged"] == 1


def test_the_command_tells_the_barriers_both_ways(device, minima, second_route, tmp_path, capsys):
    path = tmp_path / "minima.nc"
    files.write_dataset(minima.sel(placed=["notch 1", "notch 2"]), path, "minima", {})
    job, out = jobs.barrier_job(device, "1", "2", SPACING), tmp_path / "pair.nc"
    cli.main(["barrier", "--job", job.to_json(), "--after", str(path), "--out", str(out)])
    output = capsys.readouterr().out
    assert "pair.nc: 8e-19 J forwards, 7e-19 J backwards; upper end first\n" in output
    walls = files.read_dataset(out, "barrier")["path_wall_top"].values * 1e9
    assert walls[[0, -1]] == pytest.approx([120, 240], abs=1)


def gone_from(minima, state):
    """Return the minima with that of a wall that has moved on from a state."""
    names = np.where(minima["placed"] == state, "gap 1", minima["minimum_state"])
    return minima.assign(minimum_state=("placed", names))


def test_a_state_without_a_minimum_has_no_path(device, minima):
    moved = gone_from(minima, "notch 2")
    barrier = find_barrier(jobs.barrier_job(device, "1-2", "2", SPACING), moved)
    assert barrier.sizes["image"] == 0
    assert np.isnan(barrier["barrier_forward"].item())
    assert barrier.attrs["reason"] == "'notch 2' is no minimum of the energy"


def test_a_minimum_that_was_not_given_is_an_error_and_no_result(device, minima):
    subset = minima.sel(placed=minima["placed"] != "notch 2")
    for pair in (("1-2", "2"), ("2", "reversed")):
        with pytest.raises(SimulationError, match="the minimum of 'notch 2' is missing; give its"):
            find_barrier(jobs.barrier_job(device, *pair, SPACING), subset)


def test_one_end_may_go_first_if_no_half_state_tells_it(device, minima, monkeypatch):
    from wallnet.film import paths
    from wallnet.simulate import energy_path as stage

    routes = {}

    def first_of(landscape, candidates):
        routes["sizes"] = [len(images) for images in candidates]
        raise SimulationError("enough")

    monkeypatch.setattr(paths, "lowest", first_of)
    job = jobs.barrier_job(device, "1", "2", SPACING)
    half = "between 1 and 2"
    without = minima.sel(placed=minima["placed"] != half)
    cases = ((minima, [28]), (without, [28, 55]), (gone_from(minima, half), [28, 55]))
    for subset, sizes in cases:
        with pytest.raises(SimulationError, match="enough"):
            stage.find_barrier(job, subset)
        assert routes["sizes"] == sizes
    # no half state is beside the track without a wall, which has gone 6 Δ beyond the end: 174.8 nm
    for pair in (("expelled", "1"), ("2", "reversed")):
        with pytest.raises(SimulationError, match="enough"):
            stage.find_barrier(jobs.barrier_job(device, *pair, SPACING), minima)
        assert routes["sizes"] == [40, 79]


def test_a_path_without_a_saddle_point_is_tried_with_closer_images(device, minima, monkeypatch):
    from wallnet.film import paths

    lowest, sizes = paths.lowest, []

    def far_from_a_saddle_point(landscape, candidates):
        sizes.append([len(images) for images in candidates])
        path, best = lowest(landscape, candidates)
        return (replace(path, stiffness=(math.nan, math.nan)) if len(sizes) < 2 else path), best

    monkeypatch.setattr(paths, "lowest", far_from_a_saddle_point)
    job = jobs.barrier_job(device, "1-2", "2", SPACING)
    barrier = find_barrier(job, minima)
    # 120 nm in steps of 4.57 and of 3.65 nm
    assert sizes == [[28], [34]]
    assert barrier.sizes["image"] == 34
    assert barrier["barrier_converged"] == 1
    assert barrier.attrs["spacing"] == pytest.approx(0.8 * job.spacing, rel=1e-12, abs=0)


def test_a_path_is_tried_three_times_at_most(device, minima, monkeypatch):
    from wallnet.film import paths

    lowest, tried = paths.lowest, []

    def without_end(landscape, candidates):
        tried.append(len(candidates[0]))
        path, best = lowest(landscape, [candidates[0][[0, 8, 16, -1]]])
        return replace(path, stiffness=(math.nan, math.nan)), best

    monkeypatch.setattr(paths, "lowest", without_end)
    barrier = find_barrier(jobs.barrier_job(device, "1-2", "2", SPACING), minima)
    assert tried == [28, 34, 43]
    assert barrier["barrier_converged"] == 0
    assert barrier.attrs["reason"] == "the highest image did not reach a saddle point"


def test_a_bias_field_acts_in_minima_and_in_simulations(device):
    """Up and down differ by 2 Ms B V: 25 mT on 1.1e6 A/m have 5.5e4 J/m³.

    The wall at notch 1 moves against the field, since the domain on its left points down.
    """
    from wallnet.film import Energy

    ends = {}
    for bias in (-25e-3, 0.0, 25e-3):
        material = device.material.model_copy(update={"bias_field": bias})
        other = device.model_copy(update={"material": material})
        for job in (jobs.minima_job(other), jobs.pulse_job(other, 1e12)):
            film = tracks.layer(job)
            assert film.terms.external_field == pytest.approx(
                (0, 0, bias / (4e-7 * math.pi)), abs=1e-9
            )
            assert ("bias_field" in job.to_json()) == bool(bias)
        up = film.mask[..., None] * np.array([0.0, 0.0, 1.0])
        volume = film.mask.sum() * math.prod(film.cell)
        energies = [Energy(film).energy(m) / volume for m in (up, -up)]
        expected = -2 * material.saturation_magnetization * bias
        assert energies[0] - energies[1] == pytest.approx(expected, rel=1e-9, abs=1e-3)
        ends[bias] = minimum(other, "notch 1")["minimum_wall_bottom"].item()
    assert ends[25e-3] < ends[0.0] - 0.1e-9 < ends[-25e-3] - 0.2e-9


@pytest.mark.parametrize(("key", "axis"), [("bias_field_x", 0), ("bias_field_y", 1)])
def test_a_bias_in_the_plane_tilts_the_domains(device, key, axis):
    """By sin θ = Ms B/(2 K), with K = Ku - μ0 Ms² N_z/2 and an N_z of about 0.955."""
    tilts = {}
    for bias in (-40e-3, 0.0, 40e-3):
        material = device.material.model_copy(update={key: bias})
        other = device.model_copy(update={"material": material})
        job = jobs.minima_job(other)
        assert (key in job.to_json()) == bool(bias)
        assert (key in jobs.pulse_job(other, 1e12).to_json()) == bool(bias)
        field = np.array(tracks.layer(job).terms.external_field)
        assert field[axis] == pytest.approx(bias / (4e-7 * math.pi), abs=1e-9)
        assert np.count_nonzero(field) == bool(bias)
        m = minimum(other, "notch 1")["minimum_magnetization"].values
        tilts[bias] = m[9, 75, axis], np.nansum(m[..., axis])
    stiffness = 1e6 - 2e-7 * math.pi * 1.1e6**2 * 0.955
    expected = 1.1e6 * 40e-3 / (2 * stiffness)
    assert tilts[40e-3][0] - tilts[0.0][0] == pytest.approx(expected, rel=0.1, abs=0)
    assert tilts[-40e-3][0] - tilts[0.0][0] == pytest.approx(-expected, rel=0.1, abs=0)
    assert tilts[-40e-3][1] < tilts[0.0][1] < tilts[40e-3][1]
