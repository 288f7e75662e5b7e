"""Maps of a trace, read back by discretisedfield, beside the trace."""

import json
import re

import discretisedfield
import numpy as np
import pytest
from helpers import sampled
from helpers.traced import REGIONS, TIMES, write_trace

from wallnet import cli, files
from wallnet.config import ConfigError
from wallnet.exports import Device, export
from wallnet.files import FileError
from wallnet.tracks import grains
from wallnet.tracks.samples import deviations, generator_of

PARAMETERS = (
    "saturation_magnetization",
    "exchange_stiffness",
    "dmi_constant",
    "uniaxial_anisotropy",
    "damping",
    "thickness",
)


def test_maps_have_the_numbers_of_the_trace_at_its_places(tmp_path):
    _, path = write_trace(tmp_path, regions=REGIONS)
    folder = export(Device("mine", tmp_path, trace="1.5e12"), "maps", tmp_path / "out")
    trace = files.read_dataset(path, "run")
    series = json.loads((folder / "m.vtk.series").read_text())["files"]
    assert [file["name"] for file in series] == ["m0.vtk", "m1.vtk", "m2.vtk", "m3.vtk"]
    assert [file["time"] for file in series] == pytest.approx(TIMES, rel=1e-12, abs=1e-24)
    norms = np.full((5, 15), 0.9e6)
    norms[:, 3:6] = 0.8e6  # centres at 14, 18 and 22 nm
    x, y = np.arange(15) * 4e-9 + 2e-9, np.arange(5) * 4e-9 + 2e-9
    assert trace["x"].values == pytest.approx(x, rel=1e-9, abs=0)
    magnetic = np.isfinite(trace["magnetization"].values[0, ..., 2])
    assert not magnetic[[0, -1], 10].any()
    assert magnetic.sum() == 75 - 2 * 3
    for number in range(4):
        m = trace["magnetization"].values[number]
        for suffix in ("ovf", "vtk"):
            field = discretisedfield.Field.from_file(str(folder / f"m{number}.{suffix}"))
            assert field.mesh.n.tolist() == [15, 5, 1]
            assert field.mesh.region.pmin.tolist() == [0, 0, 0]
            assert field.mesh.region.pmax == pytest.approx([60e-9, 20e-9, 2.5e-9], rel=1e-6, abs=0)
            for row, column in [(0, 0), (1, 4), (3, 6), (4, 14), (2, 10)]:
                value = field((x[column], y[row], 1.25e-9))
                expected = norms[row, column] * m[row, column]
                assert value == pytest.approx(expected, rel=1e-6, abs=0.1)
            lengths = np.linalg.norm(field.array[:, :, 0].swapaxes(0, 1), axis=-1)
            assert lengths == pytest.approx(np.where(magnetic, norms, 0.0), rel=1e-6, abs=0)


def test_each_parameter_that_varies_has_a_file(tmp_path):
    write_trace(tmp_path, regions=REGIONS)
    folder = export(Device("mine", tmp_path, trace="1.5e12"), "maps", tmp_path / "out")
    read = {
        path.stem: discretisedfield.Field.from_file(str(path))
        for path in folder.glob("*.ovf")
        if not path.stem[-1].isdigit()
    }
    units = {name: field.unit for name, field in read.items()}
    assert units == {
        "saturation_magnetization": "A/m",
        "exchange_stiffness": "J/m",
        "dmi_constant": "J/m2",
        "uniaxial_anisotropy": "J/m3",
        "damping": "None",
        "thickness": "m",
    }
    ramp = 0.8e6 + 0.15e6 * (22 - 8) / 22
    # x in nm: Ku and D of a cell change with 1/t
    expected = {
        2: (0.9e6, 1.7e-11, -1.3e-3, 0.8e6, 0.45, 2.5e-9),
        22: (0.8e6, 1.2e-11, -0.7e-3 * 25 / 22, ramp * 25 / 22, 0.4, 2.2e-9),
        30: (0.9e6, 1.7e-11, -1.3e-3 * 25 / 22, 0.8e6 * 25 / 22, 0.6, 2.2e-9),
    }
    for x, values in expected.items():
        interpolated = [read[name]((x * 1e-9, 6e-9, 1e-9))[0] for name in PARAMETERS]
        assert interpolated == pytest.approx(values, rel=1e-6, abs=0)
    assert read["damping"]((42e-9, 2e-9, 1e-9))[0] == 0.0


def test_a_sample_has_cells_beside_the_track_and_filled_shares(tmp_path):
    track = sampled.TRACK | {"edges": "smooth"}
    job, _ = write_trace(tmp_path, sample=2, track=track, disorder=sampled.DISORDER)
    device = Device("mine", tmp_path, trace="1.5e12", sample=2)
    folder = export(device, "maps", tmp_path / "out")
    filled = discretisedfield.Field.from_file(str(folder / "filled.vtk"))
    low, high = job.track.sides
    assert (low, high) == pytest.approx((-6e-9, 66e-9), rel=1e-9, abs=0)
    assert filled.mesh.region.pmin[1] == pytest.approx(low, rel=1e-6, abs=0)
    assert filled.mesh.region.pmax[1] == pytest.approx(high, rel=1e-6, abs=0)
    # area of the film: the track but two pairs of half discs, which vary
    area = filled.array.sum() * 9e-18
    assert area == pytest.approx(240e-9 * 60e-9 - 2 * np.pi * 11e-9**2, rel=0.05, abs=0)
    assert ((filled.array > 0) & (filled.array < 1)).sum() > 100
    assert {"uniaxial_anisotropy", "dmi_constant", "thickness", "filled", "m0", "m3"} < {
        path.stem for path in folder.glob("*.ovf")
    }


PLACES = [(4, 1), (17, 23), (30, 3), (31, 6), (33, 11), (52, 2), (79, 20)]
"""Columns and rows of cells: beside the track, at both edges, in a notch, inside, at the end."""


def test_maps_of_a_sample_have_the_numbers_of_this_sample(tmp_path):
    """Magnetisation, grains and edges: those of the other sample differ at most places."""
    number = 3
    track = sampled.TRACK | {"edges": "smooth"}
    made = {
        sample: write_trace(tmp_path, sample=sample, track=track, disorder=sampled.DISORDER)
        for sample in (2, 3)
    }
    command = ["export", "mine", "--to", "maps", "--trace", "1.5e12", "--sample", str(number)]
    out = tmp_path / "out"
    cli.main([*command, "--directory", str(tmp_path), "--out", str(out)])
    job, path = made[number]
    disorder = job.track.disorder.grains
    seeds = grains.points(job.track, disorder)
    factors = {
        name: 1 + spread * deviations(generator_of(job.track, name), len(seeds))
        for name, spread in (("thickness", 0.02), ("anisotropy", 0.03))
    }
    maps, x, y = files.read_dataset(path, "run"), 3e-9, 3e-9
    other = files.read_dataset(made[5 - number][1], "run")
    assert (maps["magnetization"] != other["magnetization"]).any("component").sum() > 500
    for suffix in ("ovf", "vtk"):
        read = {
            name: discretisedfield.Field.from_file(str(out / f"{name}.{suffix}"))
            for name in ("m1", "m3", "thickness", "uniaxial_anisotropy", "dmi_constant", "filled")
        }
        for column, row in PLACES:
            # two rows are below the track
            place = np.array([(column + 0.5) * x, (row - 2 + 0.5) * y])
            value = {name: field((*place, 1e-9)) for name, field in read.items()}
            for snapshot in (1, 3):
                m = np.nan_to_num(maps["magnetization"].values[snapshot, row, column])
                assert value[f"m{snapshot}"] == pytest.approx(0.9e6 * m, rel=1e-6, abs=1e-3)
            filled = float(value["filled"][0])
            assert (filled > 0) == bool(np.abs(m).sum() > 0)
            # the grain whose point is nearest
            grain = np.hypot(*(seeds - place).T).argmin()
            thickness, anisotropy = (own[grain] for own in factors.values())
            expected = {
                "thickness": 2.5e-9 * thickness,
                "uniaxial_anisotropy": 0.8e6 * anisotropy / thickness,
                "dmi_constant": -1.3e-3 / thickness,
            }
            for name, number_of_cell in expected.items():
                own = number_of_cell if filled else 0.0
                assert value[name][0] == pytest.approx(own, rel=1e-6, abs=0)
        # share of the cells that both edges, which differ, leave in each column
        shares = read["filled"].array[:, :, 0, 0].sum(axis=1)
        assert shares == pytest.approx(maps["magnetic_cells"].values, abs=1e-4)


def test_bad_input_is_one_sentence(tmp_path, capsys):
    _, path = write_trace(tmp_path)
    (tmp_path / "there").mkdir()
    cases = [
        ({"trace": "1.2e12"}, FileError, "1.2000.nc is not there; correct --trace"),
        ({"trace": str(tmp_path / "none.nc")}, FileError, "none.nc is not there"),
        ({"trace": ""}, ConfigError, "--trace is missing"),
        ({"trace": "inf"}, FileError, "inf is not there"),
        ({"name": "other", "trace": "1.5e12"}, ConfigError, "'other', which is not a simulated"),
    ]
    for changes, error, text in cases:
        options = {"name": "mine", "folder": tmp_path} | changes
        for target in ("maps", "mumax3"):
            with pytest.raises(error, match=re.escape(text)):
                export(Device(**options), target, tmp_path / "out")
            assert not (tmp_path / "out").exists()
    command = ["export", "mine", "--to", "maps", "--directory", str(tmp_path)]
    with pytest.raises(SystemExit, match="there exists; name a new folder"):
        cli.main([*command, "--trace", "1.5e12", "--out", str(tmp_path / "there")])
    cli.main([*command, "--trace", str(path), "--out", str(tmp_path / "out")])
    assert capsys.readouterr().out.strip() == str(tmp_path / "out")


@pytest.mark.parametrize("change", ["maps", "job"])
def test_a_trace_without_maps_or_job_is_refused(tmp_path, change):
    _, path = write_trace(tmp_path)
    trace = files.read_dataset(path, "run")
    if change == "maps":
        trace, text = trace.drop_dims(["snapshot", "y"]), "has no maps; name a trace that has some"
    else:
        trace, text = trace.assign_attrs(parameters="{}"), "states no run of this version"
    values = {name: trace[name].values for name in trace.variables}
    fixed = ("component",)
    values = {name: array for name, array in values.items() if name not in fixed}
    files.write_dataset(files.dataset("run", values, trace.attrs), path, "run", {})
    with pytest.raises(FileError, match=text):
        export(Device("mine", tmp_path, trace="1.5e12"), "maps", tmp_path / "out")
