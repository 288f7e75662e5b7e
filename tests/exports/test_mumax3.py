"""A script for mumax3 beside the job of its trace; mumax3 itself needs CUDA and does not run."""

import re
from dataclasses import replace

import numpy as np
import pytest
from helpers import sampled
from helpers.mumax3 import Script
from helpers.small_campaign import UNLIKE
from helpers.traced import REGIONS, TIMES, spun, write_trace
from helpers.varying import TRACK

from wallnet import files, tracks
from wallnet.exports import Device, export
from wallnet.film.energy import Energy
from wallnet.tracks.geometry import magnetic_mask

MU0, HBAR, CHARGE = 4e-7 * np.pi, 1.0545717e-34, 1.6021765e-19
TORQUE = {"slonczewski_lambda": 1.4, "field_like_torque": -0.07, "bias_field_x": 0.013}
MATERIAL = UNLIKE | TORQUE | {"bias_field": -0.021}
SHAPE = [[0.0, 0.2], [0.1e-9, 1.0], [0.5e-9, -0.4]]
PULSE = {"duration": 0.6e-9, "current_densities": [1.5e12], "waveform": SHAPE}


def scripted(folder, density=1.5e12, sample=0, **changes):
    """Return the job of a trace, and its script."""
    job, _ = write_trace(folder, density, sample=sample, **changes)
    device = Device("mine", folder, trace=str(density), sample=sample)
    return job, Script(export(device, "mumax3", folder / "out") / "film.mx3")


def rate(job, film, m, share):
    """Return dm/dt of docs/physics.md in 1/s without the stray field, at a share of the current."""
    film = replace(film, terms=replace(film.terms, stray_field=False))
    cells, material, p = film.cells, job.material, np.array([0.0, 1.0, 0.0])
    alpha = material.damping * cells.of("damping")[..., None]
    moment = material.saturation_magnetization * cells.of("saturation_magnetization")
    moment = (moment * job.track.thickness * cells.of("thickness"))[..., None]
    beta = HBAR / (MU0 * CHARGE) * share * job.current_density / moment
    square = material.slonczewski_lambda**2
    epsilon = material.polarization * square
    epsilon = epsilon / (square + 1 + (square - 1) * (m @ p)[..., None])
    field = Energy(film).field(m) + beta * epsilon * np.cross(m, p)
    field += beta * material.field_like_torque * p
    turned = np.cross(m, field)
    change = -material.gyromagnetic_ratio / (1 + alpha**2) * (turned + alpha * np.cross(m, turned))
    return np.where(film.free[..., None], change, 0.0)


def test_every_number_is_that_of_the_job(tmp_path, capsys):
    _, script = scripted(tmp_path, material=MATERIAL, pulse=PULSE)
    assert capsys.readouterr().out == ""
    assert script.comments == [
        "Film of mine with a pulse, from wallnet. Run mumax3 in this folder."
    ]
    assert script.size == [15, 5, 1]
    assert script.cell == pytest.approx([4e-9, 4e-9, 2.5e-9], rel=1e-9, abs=0)
    numbers = {
        "Msat": 0.9e6,
        "Aex": 1.7e-11,
        "Dind": 1.3e-3,
        "Ku1": 0.8e6,
        "alpha": 0.45,
        "frozenspins": 0.0,
        "GammaLL": 2.3e5 / (4e-7 * np.pi),
        "Pol": 0.35,
        "Lambda": 1.4,
        "EpsilonPrime": -0.07,
    }
    for name, value in numbers.items():
        assert float(script.values[name]) == pytest.approx(value, rel=1e-8, abs=0)
    assert script.vector("B_ext") == pytest.approx([0.013, 0.0, -0.021], rel=1e-8, abs=0)
    assert script.vector("FixedLayer").tolist() == [0, 1, 0]
    assert not script.links
    steps = [step for step in script.steps if step[0] in ("TableAutoSave", "AutoSave", "Run")]
    assert [name for name, _ in steps] == ["TableAutoSave", "AutoSave", *["Run"] * 4]
    seconds = [float(text.removeprefix("m, ")) for _, text in steps]
    expected = [20e-12, 100e-12, 0.1e-9, 0.4e-9, 0.1e-9, TIMES[-1] - 0.6e-9]
    assert seconds == pytest.approx(expected, rel=1e-8, abs=0)
    currents = {0.0: 0.3e12, 0.05e-9: 0.9e12, 0.3e-9: 0.45e12, 0.55e-9: -0.6e12, 0.7e-9: 0.0}
    for time, current in currents.items():
        assert script.current(time) == pytest.approx(current, rel=1e-6, abs=1e3)


def test_a_current_without_polarisation_has_no_torque(tmp_path):
    """Mumax3 refuses a current with the polarisation 0."""
    _, script = scripted(tmp_path, material=UNLIKE | {"polarization": 0.0})
    assert 0 < float(script.values["Pol"]) < 1e-20
    assert script.current(0.1e-9) == pytest.approx(1.5e12, rel=1e-9, abs=0)


def test_the_geometry_and_the_start_are_those_of_the_trace(tmp_path):
    _, script = scripted(tmp_path, track=sampled.TRACK | {"edges": "stairs"})
    trace = files.read_dataset(tmp_path / "results/traces/mine/1.5000.nc", "run")
    start = trace["magnetization"].values[0]
    assert script.inside.shape == (20, 80)
    assert np.array_equal(script.inside, np.isfinite(start[..., 0]))
    assert not script.inside[[0, -1], 30].any()
    assert script.start == pytest.approx(np.nan_to_num(start), rel=0, abs=1e-7)


def test_rows_are_not_upside_down(tmp_path):
    """A sample has other notches on its upper edge."""
    changes = {"track": sampled.TRACK | {"edges": "stairs"}, "disorder": sampled.DISORDER}
    job, script = scripted(tmp_path, sample=1, **changes)
    mask = magnetic_mask(job.track)
    assert not np.array_equal(mask, mask[::-1])
    assert np.array_equal(script.inside, mask)


@pytest.mark.parametrize(("time", "share"), [(0.05e-9, 0.6), (0.8e-9, 0.0)])
def test_mumax3_turns_moments_as_the_equation_does(tmp_path, capsys, time, share):
    """With regions of all parameters, frozen ends, a bias field and both torques."""
    track = {"fixed_ends": 5e-9, "notches": {"positions": [41e-9], "diameter": 12e-9}}
    changes = {"regions": REGIONS, "material": MATERIAL, "pulse": PULSE}
    job, script = scripted(tmp_path, track=TRACK | track, **changes)
    assert capsys.readouterr().out == ""
    film = tracks.layer(job)
    assert not film.free[:, [0, -1]].any()
    m = spun(film)
    expected = rate(job, film, m, share)
    assert script.rate(m, time) == pytest.approx(expected, rel=0, abs=2e-6 * abs(expected).max())
    assert abs(expected).max() > 1e11


def test_grains_are_regions_with_bonds_of_their_own(tmp_path, capsys):
    changes = {"track": sampled.TRACK | {"edges": "stairs"}, "disorder": sampled.DISORDER}
    job, script = scripted(tmp_path, sample=1, **changes)
    assert capsys.readouterr().out == ""
    film = tracks.layer(job)
    assert 50 < script.labels.max() < 256
    m = spun(film)
    expected = rate(job, film, m, 1.0)
    assert script.rate(m, 0.1e-9) == pytest.approx(expected, rel=0, abs=3e-6 * abs(expected).max())


def test_grains_that_differ_in_nothing_keep_their_boundaries(tmp_path, capsys):
    only = {"size": 6e-9, "anisotropy": 0.0, "thickness": 0.0, "boundary_exchange": 0.4}
    track = sampled.TRACK | {"edges": "stairs"}
    job, script = scripted(tmp_path, sample=1, track=track, disorder={"grains": only})
    film = tracks.layer(job)
    said = re.search(r"(\d+) bonds at boundaries", capsys.readouterr().out)
    labels = np.where(film.mask, script.labels, np.nan)
    lost = np.count_nonzero(np.diff(labels, axis=1)[film.cells.bond_x != 1] == 0)
    lost += np.count_nonzero(np.diff(labels, axis=0)[film.cells.bond_y != 1] == 0)
    assert int(said[1]) == lost
    # neighbours of 400 grains hardly ever have the same number modulo 256
    assert 0 < lost < 0.03 * np.count_nonzero(film.cells.bond_x != 1)
    assert script.labels.max() == 255
    m = spun(film)
    expected = rate(job, film, m, 1.0)
    near = np.isclose(script.rate(m, 0.1e-9), expected, rtol=0, atol=3e-6 * abs(expected).max())
    assert near.all(axis=-1).mean() > 0.97


def test_too_many_kinds_of_cells_are_merged_and_said(tmp_path, capsys):
    ramp = {"start": 0.0, "stop": 240e-9, "uniaxial_anisotropy": {"ramp": [0.7e6, 1.1e6]}}
    damping = {"start": 0.0, "stop": 240e-9, "damping": {"ramp": [0.2, 0.6]}}
    grains = {"size": 12e-9, "anisotropy": 0.02, "boundary_exchange": 1.0}
    changes = {"regions": [ramp, damping], "disorder": {"grains": grains}}
    track = sampled.TRACK | {"edges": "stairs"}
    job, script = scripted(tmp_path, sample=1, track=track, **changes)
    said = capsys.readouterr().out
    film = tracks.layer(job)
    kinds = np.unique(film.cells.of("anisotropy")[film.mask]).size
    assert kinds > 256
    assert 100 < script.labels.max() + 1 <= 256
    for name, key, base in (("Ku1", "anisotropy", 0.8e6), ("alpha", "damping", 0.45)):
        exact = base * film.cells.of(key)
        deviation = abs(script.of(name)[script.labels] - exact)[film.mask].max() / exact.max()
        assert 0 < deviation < 0.05
        assert f"{name} by up to {100 * deviation:.2g} %" in said
        assert script.of(name)[script.labels][film.mask].mean() == pytest.approx(
            exact[film.mask].mean(), rel=1e-7, abs=0
        )
    assert re.fullmatch(r"film\.mx3 leaves out: differences within \d+ regions, .*\)\.\n", said)
    assert script.comments[1] == f"Left out: {said.removeprefix('film.mx3 leaves out: ').strip()}"


HOT = {
    "temperature": {"ambient": 300.0, "seed": 1, "heating": "pulse"},
    "heavy_metal": {"oersted": True, "cut": True},
    "track": sampled.TRACK | {"edges": "smooth"},
}


def test_what_mumax3_is_not_told_is_said(tmp_path, capsys):
    job, script = scripted(tmp_path, material=UNLIKE | {"curie_temperature": 1000.0}, **HOT)
    said = capsys.readouterr().out
    parts = (
        "partly filled",
        "the thermal field",
        "heat of the",
        "Oersted",
        "crowding of the current",
    )
    for part in parts:
        assert said.count(part) == 1
        assert sum(part in line for line in script.comments) == 1
    assert said.count("\n") == 1
    # whole cells, by their centres
    x, y = np.arange(80) * 3e-9 + 1.5e-9, np.arange(20) * 3e-9 + 1.5e-9
    depth = np.minimum(y, 60e-9 - y)[:, None]
    cut = [np.hypot(x - place, depth) <= 11e-9 for place in (90e-9, 180e-9)]
    assert np.array_equal(script.inside, ~(cut[0] | cut[1]))
    assert float(script.values["Ku1"]) == pytest.approx(
        job.material.uniaxial_anisotropy, rel=1e-8, abs=0
    )
