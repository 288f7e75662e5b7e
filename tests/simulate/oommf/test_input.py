"""The input that oommfc writes for a run: errors that can be found without OOMMF."""

import re
from dataclasses import replace

import numpy as np
import pytest
from helpers.runs import with_step
from helpers.small_campaign import UNLIKE

from wallnet import tracks
from wallnet.film.cells import Cells
from wallnet.film.ubermag import describe
from wallnet.jobs.run import WallPlacement
from wallnet.simulate import oommf
from wallnet.simulate.drives import drives
from wallnet.tracks import films
from wallnet.tracks.geometry import magnetic_mask


@pytest.fixture
def written(small_job, tmp_path):
    """Return a function that writes the input of a job's run and returns the MIF text."""

    def write(number, **changes):
        job = small_job("oommf", **changes)
        wall = tracks.placed_wall(job, 60e-9, 60e-9)
        folder = tmp_path / f"{number}"
        folder.mkdir()
        oommf.write_input(job, drives(job)[number], wall, folder)
        return (folder / "track.mif").read_text(), folder

    return write


def test_the_relaxation_knows_no_current(written):
    text, _ = written(3)
    assert "Oxs_RungeKuttaEvolve:evolver" in text
    assert "SpinXfer" not in text
    assert not re.search(r"^\s*J\b", text, re.MULTILINE)


def test_fixed_ends_are_held(written, small_job):
    assert "fixed_spins" not in written(0)[0]
    track = small_job("oommf").track.model_dump() | {"fixed_ends": 9e-9}
    text, _ = written(1, track=track)
    assert "fixed_spins {main_atlas left right}" in text
    assert re.search(r"xrange \{ 0\.0 9e-09 \}[^}]*\}[^}]*\}\s+name left", text)
    assert re.search(r"xrange \{ 1\.71e-07 1\.8e-07 \}[^}]*\}[^}]*\}\s+name right", text)


def test_a_vanishing_dmi_constant_leaves_the_term_out(written, small_job):
    plain = small_job("oommf").material.model_dump() | {"dmi_constant": 0.0}
    text, _ = written(0, material=plain)
    assert "Oxs_DMI_Cnv_z" not in text
    assert "Oxs_DMI_Cnv_z" in written(1)[0]


def test_the_state_that_is_handed_over_is_written_cell_by_cell(small_job, tmp_path):
    import discretisedfield

    notched = {"length": 180e-9, "width": 24e-9, "thickness": 2e-9, "cell_size": 3e-9}
    notched |= {"notches": {"positions": [90e-9], "diameter": 12e-9}, "edges": "stairs"}
    job = small_job("oommf", track=notched)
    mask = magnetic_mask(job.track)
    generator = np.random.default_rng(1)
    m = generator.normal(size=(*mask.shape, 3))
    m /= np.linalg.norm(m, axis=-1, keepdims=True)
    oommf.write_input(job, drives(job)[0], m, tmp_path)
    back = discretisedfield.Field.from_file(str(tmp_path / "m0.omf")).array[:, :, 0, :]
    back = np.transpose(back, (1, 0, 2)) / job.material.saturation_magnetization
    np.testing.assert_allclose(back[mask], m[mask], atol=1e-12)
    assert not back[~mask].any()


def number(text, key):
    return float(re.search(rf"\b{key} (\S+)", text)[1])


def test_each_quantity_of_the_material_stands_where_it_belongs(written, small_job):
    """All quantities differ, and those with a default have another value."""
    changes = UNLIKE | {"slonczewski_lambda": 1.5, "field_like_torque": -0.2}
    text, folder = written(0, material=changes, current_density=-0.3e12)
    assert re.search(r"\bJ -300000000000\.0", text)
    assert "mp {0.0 1.0 0.0}" in text
    assert number(text, "A") == 1.7e-11
    assert number(text, "default_D") == -1.3e-3
    assert number(text, "K1") == 0.8e6
    assert "axis {0.0 0.0 1.0}" in text
    assert number(text, "alpha") == 0.45
    assert number(text, "gamma_G") == 2.3e5
    assert number(text, "P") == 0.35
    assert number(text, "Lambda") == 1.5
    assert number(text, "eps_prime") == -0.2
    assert "Oxs_Demag" in text
    assert number(text, "stopping_time") == pytest.approx(20e-12, rel=1e-6, abs=0)
    assert number(text, "stage_count") == 6
    relaxing, _ = written(3, material=changes)
    assert number(relaxing, "alpha") == 0.45
    assert number(relaxing, "gamma_G") == 2.3e5

    import discretisedfield

    state = discretisedfield.Field.from_file(str(folder / "m0.omf")).array
    assert np.linalg.norm(state, axis=-1) == pytest.approx(0.9e6, rel=1e-9, abs=0)


def test_the_mesh_is_that_of_the_track(written):
    track = {"length": 180e-9, "width": 24e-9, "thickness": 2e-9, "cell_size": 3e-9}
    text, _ = written(0, track=track)
    assert "cellsize { 3e-09 3e-09 2e-09 }" in text
    for axis, extent in [("x", 180e-9), ("y", 24e-9), ("z", 2e-9)]:
        low, high = re.search(rf"{axis}range {{ (\S+) (\S+) }}", text).groups()
        assert float(low) == 0
        assert float(high) == pytest.approx(extent, rel=1e-9, abs=0)


def test_the_wall_that_a_system_describes_is_the_placed_one(small_job):
    """The test checks the order of lower and upper end, and unit vectors along (column, row)."""
    placement = WallPlacement(bottom=60e-9, top=90e-9)
    job = small_job("oommf").model_copy(update={"placement": placement})
    described = tracks.system(job)
    m = described.m.orientation.array[:, :, 0, :]
    assert m.shape == (60, 8, 3)
    expected = tracks.placed_wall(job, 60e-9, 90e-9)
    np.testing.assert_allclose(np.transpose(m, (1, 0, 2)), expected, atol=1e-12)
    assert described.dynamics.slonczewski.J == 0.3e12
    still = with_step(job, current_density=0.0)
    assert not hasattr(tracks.system(still).dynamics, "slonczewski")


TRACK = {"length": 180e-9, "width": 24e-9, "thickness": 2e-9, "cell_size": 3e-9, "fixed_ends": 9e-9}


def varying(job):
    """Return the film of a job with cells whose material varies, D along the track alone."""
    layer, rng = tracks.layer(job), np.random.default_rng(3)
    layer.mask[0, 4] = False
    parameters = {
        name: rng.uniform(0.8, 1.2, layer.mask.shape)
        for name in ("saturation_magnetization", "anisotropy", "damping")
    }
    columns = np.arange(layer.mask.shape[1])
    parameters["exchange_stiffness"] = np.where(columns < 30, 1.0, 0.6) + 0 * layer.mask
    parameters["dmi_constant"] = (
        np.select([columns < 30, columns < 40], [1.0, 0.5], -0.3) + 0 * layer.mask
    )
    return replace(layer, cells=Cells(layer.mask, **parameters))


@pytest.fixture
def varied(small_job, monkeypatch):
    job = small_job("oommf", track=TRACK)
    layer = varying(job)
    monkeypatch.setattr(films, "layer", lambda _: layer)
    return job, layer


def written_field(folder, name):
    import discretisedfield

    array = discretisedfield.Field.from_file(str(folder / name)).array
    return np.linalg.norm(array[:, :, 0], axis=-1).T


def test_parameters_of_cells_are_written_in_their_cells(varied, tmp_path):
    job, layer = varied
    start = tracks.placed_wall(job, 60e-9, 60e-9)
    oommf.write_input(job, drives(job)[1], start, tmp_path)
    material, cells = job.material, layer.cells
    expected = {
        "m0.omf": material.saturation_magnetization * cells.saturation_magnetization,
        "exchange_A.ovf": material.exchange_stiffness * cells.exchange_stiffness,
        "uniaxialanisotropy_K.ovf": material.uniaxial_anisotropy * cells.anisotropy,
        "dp_alpha.ovf": material.damping * cells.damping,
    }
    for name, values in expected.items():
        field = written_field(tmp_path, name)
        np.testing.assert_allclose(field[layer.mask], values[layer.mask], rtol=1e-9, err_msg=name)
    text = (tmp_path / "track.mif").read_text()
    # bonds by pairs of regions: D_ij of cells of other A, and held ends of three columns
    d, a = material.dmi_constant, (1.0, 0.6)
    mixed = d * (a[1] * 1.0 + a[0] * 0.5) / (a[0] + a[1])
    values = {"0:0": d, "0:1": d, "1:1": d, "1:2": mixed, "2:2": d / 2, "2:3": 0.1 * d}
    values |= {"3:3": -0.3 * d, "3:4": -0.3 * d, "4:4": -0.3 * d}
    for pair, value in values.items():
        first, second = pair.split(":")
        constant = re.search(rf"part{first} part{second} (\S+)", text)[1]
        assert float(constant) == pytest.approx(value, rel=1e-9, abs=0), pair
    assert "fixed_spins {main_atlas part0 part4}" in text
    for number, (low, high) in enumerate([(0, 9), (9, 90), (90, 120), (120, 171), (171, 180)]):
        place = re.search(rf"xrange {{ (\S+) (\S+) }}[^}}]*}}[^}}]*}}\s+name part{number}\b", text)
        assert [float(x) * 1e9 for x in place.groups()] == pytest.approx([low, high], abs=1e-6)


def test_dmi_that_varies_across_the_track_is_refused(varied, tmp_path):
    job, layer = varied
    layer.cells.dmi_constant[2, 7] = 0.9
    start = tracks.placed_wall(job, 60e-9, 60e-9)
    with pytest.raises(oommf.OommfError, match="D by regions along the track"):
        oommf.write_input(job, drives(job)[0], start, tmp_path)


def test_the_system_of_a_film_that_varies_is_that_film(varied):
    """The calculator of the engine reads it back."""
    job, layer = varied
    copy = describe(tracks.system(job), fixed=["left", "right"]).layer
    for name in ("exchange_stiffness", "dmi_constant", "anisotropy", "damping"):
        actual, expected = (
            getattr(film.terms, name) * film.cells.of(name) for film in (copy, layer)
        )
        np.testing.assert_allclose(actual[layer.mask], expected[layer.mask], rtol=1e-9)
    np.testing.assert_allclose(copy.norm, layer.norm, rtol=1e-9)
    np.testing.assert_array_equal(copy.held, layer.held | ~layer.mask & copy.held)


def test_cells_that_ubermag_does_not_have_are_refused(varied, monkeypatch):
    job, layer = varied
    shapes = np.ones((*layer.mask.shape, 2, 2), dtype=bool)
    for parameters in ({"shapes": shapes}, {"thickness": 1.1}, {"bond_x": 0.9}):
        cells = Cells(layer.mask, **parameters)
        monkeypatch.setattr(films, "layer", lambda _, cells=cells: replace(layer, cells=cells))
        with pytest.raises(ValueError, match="cells that differ in shape, thickness, bonds"):
            tracks.system(job)


METAL = {"oersted": True, "thickness": 4e-9, "spin_hall_angle": -0.3}


def of_field(folder, name):
    import discretisedfield

    array = discretisedfield.Field.from_file(str(folder / name)).array
    return np.transpose(array[:, :, 0], (2, 1, 0))


def test_fields_stand_in_the_input_in_their_cells(written, small_job):
    """6 mT are 4774.648 A/m, -2 mT -1591.549; the field of the current is there while it flows."""
    changes = {"heavy_metal": METAL, "current_density": -0.3e12}
    changes["material"] = small_job("oommf").material.model_dump() | {
        "bias_field": 6e-3,
        "bias_field_y": -2e-3,
    }
    job = small_job("oommf", **changes)
    expected = -0.3e12 * tracks.layer(job).current_field
    text, folder = written(0, **changes)
    assert text.count("Oxs_FixedZeeman") == 2
    assert re.search(r"Oxs_FixedZeeman:bias \{\s+field \{0\.0 -1591\.549\d* 4774\.648", text)
    np.testing.assert_allclose(of_field(folder, "oersted_H.ovf"), expected, rtol=1e-9)
    relaxing, _ = written(3, **changes)
    assert "Oxs_FixedZeeman:bias" in relaxing
    assert "oersted" not in relaxing
    assert "Zeeman" not in written(1)[0]


def test_the_field_follows_a_waveform(small_job, tmp_path):
    """From 0.2 to 1 in 60 ps, in Tcl as OOMMF evaluates it."""
    tkinter = pytest.importorskip("tkinter")
    shape = {"waveform": [[0.0, 0.2], [60e-12, 1.0]]}
    pulse = {"duration": 0.13e-9, "current_densities": [0.3e12]} | shape
    job = small_job("oommf", heavy_metal=METAL, pulse=pulse)
    parts = drives(job)
    wall = tracks.placed_wall(job, 60e-9, 60e-9)
    oommf.write_input(job, parts[0], wall, tmp_path)
    text = (tmp_path / "track.mif").read_text()
    field = of_field(tmp_path, "oersted_H.ovf")
    np.testing.assert_allclose(
        field, job.current_density * tracks.layer(job).current_field, rtol=1e-9
    )
    specified = re.search(r"Specify Oxs_TransformZeeman:oersted \{(.*?)\n\}", text, re.S)[1]
    for words in ("type diagonal", "script Oersted", "script_args total_time", "field oersted_H"):
        assert words in specified
    script = re.search(r"proc Oersted .*?\n\}\n", text, re.S)[0]
    output = tkinter.Tcl().eval(f"{script}\nOersted 30e-12")
    assert [float(component) for component in output.split()] == pytest.approx(
        [*[0.6] * 3, *[0.8 / 60e-12] * 3], rel=1e-9, abs=0
    )
