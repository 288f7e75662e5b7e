"""Parameters of each cell, against arrays made by hand.

The track has 15 × 5 cells of 4 nm: centres at 2, 6, …, 58 nm and 2, 6, …, 18 nm.
"""

import os

import numpy as np
import pytest
from helpers.small_campaign import UNLIKE
from helpers.varying import TRACK, device, write_map

from wallnet import tracks
from wallnet.config import ConfigError, Track
from wallnet.files.whole import FileError
from wallnet.jobs import Run, barrier_job, minima_job, pulse_job
from wallnet.tracks import heated
from wallnet.tracks.geometry import centres, edge_distance, magnetic_mask

KU, MS, D, ALPHA, T = 0.8e6, 0.9e6, -1.3e-3, 0.45, 2.5e-9


def cells_of(made):
    """Return the parameters of the cells of a device's pulse."""
    return tracks.layer(pulse_job(made, 0.5e12)).cells


def rows_of(columns):
    """Return an array of the film with the given columns in each row."""
    return np.broadcast_to(np.array(columns), (5, 15))


def test_a_uniform_film_has_no_cells():
    job = pulse_job(device(), 0.5e12)
    assert tracks.layer(job).cells.uniform
    assert "variation" not in job.plain()


def test_values_ramps_and_steps_are_those_at_the_centres_of_cells():
    """From 8 to 40 nm: 8 cells from 10 to 38 nm; shares of the way 1/16, 3/16, …, 15/16."""
    region = {
        "start": 8e-9,
        "stop": 40e-9,
        "uniaxial_anisotropy": {"ramp": [0.8e6, 1.12e6]},
        "saturation_magnetization": {"steps": [0.72e6, 0.81e6, 0.99e6, 1.08e6]},
        "dmi_constant": -1.04e-3,
        "damping": {"ramp": [0.45, 0.90, 0.54]},
    }
    cells = cells_of(device(regions=[region]))
    ramp = [0.82, 0.86, 0.90, 0.94, 0.98, 1.02, 1.06, 1.10]
    assert cells.anisotropy == pytest.approx(
        rows_of([0.8, 0.8, *ramp, *[0.8] * 5]) * 1e6 / KU,
        rel=1e-12,
        abs=0,
    )
    steps = np.repeat([0.8, 0.9, 1.1, 1.2], 2)
    assert cells.saturation_magnetization == pytest.approx(
        rows_of([1, 1, *steps, *[1] * 5]),
        rel=1e-12,
        abs=0,
    )
    assert cells.dmi_constant == pytest.approx(
        rows_of([1, 1, *[0.8] * 8, *[1] * 5]), rel=1e-12, abs=0
    )
    # 1 to 2 over the first half, 2 to 1.2 over the second one
    bent = [1.125, 1.375, 1.625, 1.875, 1.9, 1.7, 1.5, 1.3]
    assert cells.damping == pytest.approx(rows_of([1, 1, *bent, *[1] * 5]), rel=1e-12, abs=0)
    assert cells.exchange_stiffness == cells.thickness == 1.0


def test_a_cell_belongs_to_the_region_of_its_centre():
    """A centre on start belongs to it, one on stop does not; 10, 14, 18 nm are in 10 to 22 nm."""
    made = device(regions=[{"start": 10e-9, "stop": 22e-9, "damping": 0.9}])
    assert np.flatnonzero(cells_of(made).damping[2] == 2).tolist() == [2, 3, 4]
    nearly = device(regions=[{"start": 10.1e-9, "stop": 22.1e-9, "damping": 0.9}])
    assert np.flatnonzero(cells_of(nearly).damping[2] == 2).tolist() == [3, 4, 5]


def test_a_later_region_holds_where_two_overlap_for_what_it_has():
    regions = [
        {"start": 0.0, "stop": 40e-9, "damping": 0.9, "uniaxial_anisotropy": 1.0e6},
        {"start": 20e-9, "stop": 60e-9, "damping": 0.225},
    ]
    cells = cells_of(device(regions=regions))
    assert cells.damping[0].tolist() == [2.0] * 5 + [0.5] * 10
    assert cells.anisotropy[4] == pytest.approx([1.25] * 10 + [1.0] * 5, rel=1e-12, abs=0)
    swapped = cells_of(device(regions=regions[::-1]))
    assert swapped.damping[0].tolist() == [2.0] * 10 + [0.5] * 5


def test_anisotropy_and_dmi_are_those_of_interfaces():
    """2 nm of 2.5 nm: K and D per volume are 1.25 times as large; D was doubled in two cells."""
    regions = [
        {"start": 8e-9, "stop": 24e-9, "thickness": 2.0e-9},
        {"start": 16e-9, "stop": 32e-9, "dmi_constant": -0.65e-3},
    ]
    cells = cells_of(device(regions=regions))
    assert cells.thickness[1] == pytest.approx([1, 1, *[0.8] * 4, *[1] * 9], rel=1e-12, abs=0)
    assert cells.anisotropy[1] == pytest.approx([1, 1, *[1.25] * 4, *[1] * 9], rel=1e-12, abs=0)
    expected = [1, 1, 1.25, 1.25, 0.625, 0.625, 0.5, 0.5, *[1] * 7]
    assert cells.dmi_constant[3] == pytest.approx(expected, rel=1e-12, abs=0)


def test_distances_from_edges_are_those_of_the_geometry():
    """By brute force: the least distance from points on all edges and arcs, 0.01 nm apart."""
    track = Track(**TRACK)
    x, y = centres(track)
    along = np.arange(0, 60.001, 0.01) * 1e-9
    across = np.arange(0, 20.001, 0.01) * 1e-9
    sides = [(along, 0 * along), (along, 0 * along + 20e-9)]
    # the part of a side in a notch is no edge
    points = [(a[abs(a - 41e-9) >= 6e-9], b[abs(a - 41e-9) >= 6e-9]) for a, b in sides]
    points += [(0 * across, across), (0 * across + 60e-9, across)]
    angle = np.linspace(0, np.pi, 3000)
    arc = 41e-9 + 6e-9 * np.cos(angle), 6e-9 * np.sin(angle)
    points += [arc, (arc[0], 20e-9 - arc[1])]
    px, py = (np.concatenate([point[k] for point in points]) for k in range(2))
    distance = edge_distance(track)
    mask = magnetic_mask(track)
    assert np.array_equal(mask, distance > 0)
    for row, column in np.argwhere(mask):
        nearest = np.hypot(px - x[column], py - y[row]).min()
        assert distance[row, column] == pytest.approx(nearest, abs=1e-11)


def test_damage_lowers_what_regions_give_near_edges_and_notches():
    """Up to 4.5 nm: the outer rows and columns; beside a notch at 41 nm of radius 6 nm.

    The centre (42, 10) is 4.05 nm from it, (38, 10) 4.44 nm and (46, 10) 5.18 nm.
    """
    made = device(
        regions=[{"start": 32e-9, "stop": 60e-9, "uniaxial_anisotropy": 1.0e6}],
        edge_damage={"share": 0.1, "distance": 4.5e-9},
    )
    cells = cells_of(made)
    assert cells.anisotropy[0, :9] == pytest.approx([0.9] * 8 + [1.125], rel=1e-12, abs=0)
    middle = [0.9, *[1.0] * 7, 1.25, 1.125, 1.125, *[1.25] * 3, 1.125]
    assert cells.anisotropy[2] == pytest.approx(middle, rel=1e-12, abs=0)
    # (34, 6) is 9.2 nm - 6 nm away, (30, 6) 12.5 nm - 6 nm
    assert cells.anisotropy[1, 7:9] == pytest.approx([1.0, 1.125], rel=1e-12, abs=0)
    # on the distance is damaged: 2 nm for the outermost cells
    least = cells_of(device(edge_damage={"share": 0.1, "distance": 2e-9}))
    assert least.anisotropy[0, 5] == pytest.approx(0.9, rel=1e-12, abs=0)


X = np.array([0.0, 10.0, 34.0, 61.0]) * 1e-9
Y = np.array([1.0, 11.0, 19.0]) * 1e-9
MAP = {
    "uniaxial_anisotropy": 1e6 * np.array([[0.8, 0.9, 0.85, 0.95], [0.9, 1.0, 0.8, 0.9]] * 2)[:3],
    "damping": [[0.3, 0.4, 0.5, 0.6], [0.35, 0.45, 0.55, 0.65], [0.2, 0.1, 0.3, 0.25]],
}


def test_a_map_is_interpolated_along_both_axes_at_the_centres(tmp_path):
    """By hand: at 6 nm, 6 nm, halfway in y between rows, 0.6 of the way along x."""
    name = str(write_map(tmp_path / "wafer.nc", X, Y, **MAP))
    cells = cells_of(device(parameters_file=name))
    # first row: 0.8 + 0.6·0.1 = 0.86, second row: 0.96; mean 0.91
    assert cells.anisotropy[1, 1] == pytest.approx(0.91e6 / KU, rel=1e-12, abs=0)
    # at 22, 14 nm: halfway from 10 to 34 nm; 3/8 from 11 to 19 nm: 0.5·5/8 + 0.2·3/8
    assert cells.damping[3, 5] == pytest.approx((0.5 * 5 + 0.2 * 3) / 8 / ALPHA, rel=1e-12, abs=0)
    # at 58, 2 nm: 24/27 from 34 to 61 nm, 0.1 from 1 to 11 nm
    expected = (0.85 + 0.1 * 24 / 27) * 0.9 + (0.8 + 0.1 * 24 / 27) * 0.1
    assert cells.anisotropy[0, 14] == pytest.approx(expected * 1e6 / KU, rel=1e-12, abs=0)


def test_regions_lie_over_a_map(tmp_path):
    name = str(write_map(tmp_path / "wafer.nc", X, Y, **MAP))
    alone = cells_of(device(parameters_file=name))
    region = {"start": 20e-9, "stop": 32e-9, "damping": 0.9}
    both = cells_of(device(parameters_file=name, regions=[region]))
    assert np.all(both.damping[:, 5:8] == 2)
    assert np.array_equal(
        np.delete(both.damping, [5, 6, 7], 1), np.delete(alone.damping, [5, 6, 7], 1)
    )
    assert np.array_equal(both.anisotropy, alone.anisotropy)


def test_a_job_has_the_digest_of_its_map_and_refuses_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_map("wafer.nc", X, Y, **MAP)
    job = pulse_job(device(parameters_file="wafer.nc"), 0.5e12)
    assert "0.85" not in job.to_json()
    made = Run.from_json(job.to_json())
    assert np.array_equal(tracks.layer(made).cells.damping, tracks.layer(job).cells.damping)
    other = {**MAP, "damping": np.add(MAP["damping"], 0.001)}
    write_map("wafer.nc", X, Y, **other)
    changed = pulse_job(device(parameters_file="wafer.nc"), 0.5e12)
    assert changed.to_json() != job.to_json()
    with pytest.raises(FileError, match="is not the file with which this job was planned"):
        tracks.layer(made)
    os.unlink("wafer.nc")
    with pytest.raises(FileError, match=r"names 'wafer\.nc', which cannot be read"):
        tracks.layer(made)


def test_minima_and_paths_do_not_depend_on_the_damping(tmp_path):
    regions = [{"start": 0.0, "stop": 30e-9, "damping": 0.9}]
    plain, damped = device(), device(regions=regions)
    assert pulse_job(plain, 0.5e12) != pulse_job(damped, 0.5e12)
    for job in (lambda d: minima_job(d), lambda d: barrier_job(d, "expelled", "1", 1.0)):
        assert job(plain).to_json() == job(damped).to_json()
    regions[0]["uniaxial_anisotropy"] = 0.88e6
    name = str(write_map(tmp_path / "wafer.nc", X, Y, **MAP))
    for made in (device(regions=regions), device(parameters_file=name)):
        for job in (minima_job(made), barrier_job(made, "expelled", "1", 1.0)):
            assert job.variation.reference == {"uniaxial_anisotropy": KU}
            again = type(job).from_json(job.to_json())
            cells = tracks.layer(again).cells
            assert np.array_equal(cells.anisotropy, cells_of(made).anisotropy)
            assert cells.damping == 1.0


def test_at_a_temperature_cells_keep_their_shares_of_the_film():
    """Ku of the region is 1.25 times that of the film, whatever Bloch's law makes of this."""
    region = {"start": 0.0, "stop": 30e-9, "uniaxial_anisotropy": 1.0e6}
    warm = {"ambient": 350.0, "measured_at": 300.0, "thermal_field": False}
    job = pulse_job(device(regions=[region], temperature=warm), 0.5e12)
    assert job.material.uniaxial_anisotropy < 0.78e6
    assert tracks.layer(job).cells.anisotropy[0, :8] == pytest.approx(
        [1.25] * 7 + [1], rel=1e-12, abs=0
    )


def test_the_weakest_cell_ends_the_model_of_a_heated_film():
    """Ms²/Ku is largest in the second region: 1.2²/1.2, against 1/0.85 and 1.3²/1.45."""
    shares = [(1.0, 0.85), (1.2, 1.2), (1.3, 1.45)]
    regions = [
        {
            "start": 20e-9 * n,
            "stop": 20e-9 * (n + 1),
            "saturation_magnetization": moment * MS,
            "uniaxial_anisotropy": anisotropy * KU,
        }
        for n, (moment, anisotropy) in enumerate(shares)
    ]
    job = pulse_job(device(regions=regions), 0.5e12)
    weakest = heated.weakest(job.track, job.variation)
    # N_z of 20 × 2.5 nm²
    assert weakest == pytest.approx((1.2, 1.2, 0.857527), rel=1e-6, abs=0)


MISTAKES = {
    "is not right of start": [{"start": 30e-9, "stop": 20e-9, "damping": 0.4}],
    "regions.0.start and stop mark a region without a parameter": [{"start": 0.0, "stop": 20e-9}],
    "regions.1.stop 8e-08 m is outside the track": [
        {"start": 0.0, "stop": 60e-9, "damping": 0.4},
        {"start": 0.0, "stop": 80e-9, "damping": 0.4},
    ],
    "regions.0 has no centre of a cell": [{"start": 2.5e-9, "stop": 5e-9, "damping": 0.4}],
    "regions.0.uniaxial_anisotropy.ramp.1 = 1.0 is outside": [
        {"start": 0.0, "stop": 20e-9, "uniaxial_anisotropy": {"ramp": [1e6, 1.0]}}
    ],
    "whose uniaxial_anisotropy is 400000 J/m³, too low for a perpendicular": [
        {"start": 0.0, "stop": 20e-9, "uniaxial_anisotropy": 0.4e6}
    ],
    "regions.1 makes a cell at x = 2.2e-08 m, y = 2e-09 m, whose dmi_constant is -0.00317": [
        {"start": 0.0, "stop": 20e-9, "dmi_constant": -2e-3},
        {"start": 20e-9, "stop": 40e-9, "dmi_constant": {"ramp": [-3.3e-3, -2e-3]}},
    ],
    "cell_size 4e-09 m is above the width parameter of the wall, Δ = √(A/K_eff) = 2.575e-09 m": [
        {"start": 0.0, "stop": 20e-9, "uniaxial_anisotropy": 3e6}
    ],
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_in_regions_is_one_sentence(words):
    with pytest.raises(ConfigError) as error:
        device(regions=MISTAKES[words])
    (line,) = str(error.value).splitlines()
    assert words in line
    assert line.startswith(
        ("config.yaml: devices.mine.regions.", "config.yaml: devices.mine.track")
    )


def test_what_cannot_vary_is_refused():
    region = {"start": 0.0, "stop": 20e-9, "damping": 0.4}
    warm = {"temperature": {"ambient": 300.0}}
    with pytest.raises(
        ConfigError, match=r"mine\.regions\.0: damping varies from 0\.01 to 0\.45, w"
    ):
        device(regions=[region | {"damping": 0.01}], **warm)
    with pytest.raises(ConfigError, match=r"mine\.regions .* with damping, beside temperature, is"):
        device(regions=[region], **warm, calculator="oommf")
    assert device(regions=[region], **warm).variation
    thin = region | {"dmi_constant": -1e-3}
    with pytest.raises(ConfigError, match=r"regions\.0 varies dmi_constant, whose value"):
        device(regions=[thin], material={**UNLIKE, "dmi_constant": 0})
    with pytest.raises(ConfigError, match=r"mine\.regions \(or parameters_file\) with thick"):
        device(regions=[region | {"thickness": 2.4e-9}], calculator="oommf")
    with pytest.raises(ConfigError, match=r"edge_damage makes a cell at .* too low"):
        device(edge_damage={"share": 0.5, "distance": 2e-9})


FILES = {
    "which cannot be read (No such file or directory)": lambda path: None,
    "which is no netCDF file": lambda path: path.write_text("x,y\n"),
    "has 'Ku'; it can have saturation_magnetization": lambda path: write_map(
        path, X, Y, Ku=np.ones((3, 4)), units={"Ku": "J/m³"}
    ),
    "has no parameter; add one of": lambda path: write_map(path, X, Y),
    "has damping over (x, y); transpose it to (y, x)": lambda path: write_map(
        path, X, Y, damping=np.ones((4, 3)), dimensions=("x", "y")
    ),
    "has thickness in 'nm'; convert it, and write units: m": lambda path: write_map(
        path, X, Y, thickness=np.ones((3, 4)), units={"thickness": "nm"}
    ),
    "has thickness = 2.5: it is outside the range 1e-10 to 0.001 m": lambda path: write_map(
        path, X, Y, thickness=np.full((3, 4), 2.5)
    ),
    "has damping = nan: it is not finite": lambda path: write_map(
        path, X, Y, damping=np.where(np.eye(3, 4), np.nan, 0.4)
    ),
    "has a coordinate x that does not ascend": lambda path: write_map(
        path, X[::-1], Y, damping=np.full((3, 4), 0.4)
    ),
    "whose x is from 0 to 5.5e-08 m; it has to cover the centres of cells, 2e-09 to 5.8e-08 m": (
        lambda path: write_map(path, [0.0, 55e-9], Y, damping=np.full((3, 2), 0.4))
    ),
    "parameters_file makes a cell at x = 1e-08 m, y = 6e-09 m, whose uniaxial_anisotropy is": (
        lambda path: write_map(
            path,
            np.arange(2, 59, 4) * 1e-9,
            np.arange(2, 19, 4) * 1e-9,
            uniaxial_anisotropy=np.where(np.arange(75).reshape(5, 15) == 17, 0.43e6, 0.9e6),
        )
    ),
}


@pytest.mark.parametrize("words", FILES)
def test_a_mistake_in_a_map_is_one_sentence(words, tmp_path):
    FILES[words](tmp_path / "wafer.nc")
    with pytest.raises(ConfigError) as error:
        device(parameters_file=str(tmp_path / "wafer.nc"))
    (line,) = str(error.value).splitlines()
    assert line.startswith("config.yaml: devices.mine.parameters_file ")
    assert words in line


def test_a_pipe_is_no_map(tmp_path):
    os.mkfifo(tmp_path / "wafer.nc")
    with pytest.raises(ConfigError, match="it is no regular file"):
        device(parameters_file=str(tmp_path / "wafer.nc"))
