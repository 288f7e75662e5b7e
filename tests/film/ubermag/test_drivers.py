"""The drivers: the same physics as the plain core, files of a drive, and clear errors."""

import re

import discretisedfield as df
import micromagneticmodel as mm
import numpy as np
import pytest
from helpers.systems import flat_system

import wallnet.film
from wallnet import tracks
from wallnet.config.calculators import FilmSettings
from wallnet.simulate import simulate


def test_same_trace_by_both_ways(job):
    plain = simulate(job)
    system = tracks.system(job)
    settings = FilmSettings().model_dump()
    wallnet.film.TimeDriver(**settings).drive(system, t=0.2e-9, n=10, verbose=0)
    # the same engine: only the initial m may differ, by its rounding to single precision
    table = system.table.data[["mx", "my", "mz"]].to_numpy()
    assert np.abs(table - plain["m"].values[1:]).max() < 2e-6
    final = plain["magnetization"].values[-1].transpose(1, 0, 2)
    assert np.abs(system.m.orientation.array[:, :, 0] - np.nan_to_num(final)).max() < 2e-5
    assert system.table.x == "t"
    assert system.table.units["E"] == "J"


def test_drive_leaves_what_micromagneticdata_reads(job):
    import micromagneticdata

    system = tracks.system(job)
    wallnet.film.TimeDriver().drive(system, t=20e-12, n=2, verbose=0)
    drive = micromagneticdata.Data(name=system.name)[0]
    assert drive.n == 2
    assert drive.info["adapter"] == "wallnet"
    assert np.allclose(drive[1].array, system.m.array, rtol=1e-5, atol=0)
    read = drive.table.data
    assert np.allclose(read["mz"], system.table.data["mz"], rtol=0, atol=1e-15)
    assert list(read.columns) == list(system.table.data.columns)


def test_a_minimum_leaves_fixed_subregions_as_they_are():
    """A field along z turns all cells but those of the corner, which exchange does not reach."""
    corner = df.Region(p1=(0, 0, 0), p2=(4e-9, 2e-9, 2e-9))
    mesh = df.Mesh(
        p1=(0, 0, 0), p2=(8e-9, 6e-9, 2e-9), cell=(2e-9, 2e-9, 2e-9), subregions={"corner": corner}
    )
    system = mm.System(name="corner")
    system.energy = mm.Zeeman(H=(0, 0, 1e5))
    system.m = df.Field(mesh, nvdim=3, value=(0.8, 0, 0.6), norm=1e6)
    wallnet.film.MinDriver().drive(system, verbose=0, fixed_subregions=["corner"])
    m = system.m.orientation.array[:, :, 0]
    assert np.abs(m[:2, 0] - (0.8, 0, 0.6)).max() < 1e-12
    assert np.abs(m[2:] - (0, 0, 1)).max() < 1e-6
    assert np.abs(m[:2, 1:] - (0, 0, 1)).max() < 1e-6


def test_settings_of_the_time_driver_reach_the_engine():
    iterations = {}
    for fraction in (0.9, 0.3):
        system = flat_system()
        driver = wallnet.film.TimeDriver(time_step_fraction=fraction, frozen_change=0.0)
        driver.drive(system, t=10e-12, n=2, verbose=0)
        iterations[fraction] = system.table.data["iteration"].tolist()
        assert system.table.data["t"].tolist() == pytest.approx([5e-12, 10e-12], rel=1e-12, abs=0)
        units = {"t": "s", "iteration": "", "E": "J", "mx": "", "my": "", "mz": ""}
        assert system.table.units == {**units, "E_exchange": "J"}
        wallnet.film.delete(system)
    assert iterations[0.9][1] == 2 * iterations[0.9][0]
    assert iterations[0.3][1] == pytest.approx(3 * iterations[0.9][1], abs=3)


def test_current_of_a_system_turns_its_moment_by_the_field_like_torque():
    """The time driver sets the torque after the magnetisation."""
    system = flat_system()
    system.dynamics = mm.Precession(gamma0=2e5) + mm.Slonczewski(
        J=3e12, mp=(0, 0, 1), P=1e-9, Lambda=1, eps_prime=0.5
    )
    system.m = df.Field(system.m.mesh, nvdim=3, value=(0.6, 0, 0.8), norm=1e6)
    wallnet.film.TimeDriver().drive(system, t=20e-12, n=1, verbose=0)
    field = 1.0545717e-34 * 3e12 * 0.5 / (4e-7 * np.pi * 1.6021765e-19 * 2e-9 * 1e6)
    angle = 2e5 * field * 20e-12
    average = system.table.data[["mx", "my", "mz"]].iloc[-1].tolist()
    assert average == pytest.approx([0.6 * np.cos(angle), 0.6 * np.sin(angle), 0.8], abs=1e-5)


def test_two_external_fields_count_once_in_the_table_of_a_drive():
    """Without columns of their own, since the engine has their sum: 1.3e5 A/m along m."""
    system = flat_system()
    system.energy += mm.Zeeman(H=(0, 0, 1e5), name="first")
    system.energy += mm.Zeeman(H=(2e4, 0, 3e4), name="second")
    wallnet.film.MinDriver(stopping_mxHxm=1e5).drive(system, verbose=0)
    columns = ["iteration", "max_mxHxm", "E", "mx", "my", "mz"]
    assert list(system.table.data.columns) == columns
    units = dict(zip(columns, ("", "A/m", "J", "", "", ""), strict=True))
    assert system.table.units == units
    expected = [0, 2e4, -4e-7 * np.pi * 1e6 * 1.3e5 * 4e-25, 0, 0, 1]
    row = system.table.data.iloc[-1].tolist()
    assert row == pytest.approx(expected, rel=1e-9, abs=0)


def test_settings_of_the_minimiser_reach_it():
    def tilted():
        system = flat_system()
        system.energy += mm.Zeeman(H=(0, 0, 1e5))
        system.m = df.Field(system.m.mesh, nvdim=3, value=(0.8, 0, 0.6), norm=1e6)
        return system

    # |m × H × m| is 8e4 at the beginning
    system = tilted()
    wallnet.film.MinDriver(stopping_mxHxm=8.1e4).drive(system, verbose=0)
    row = system.table.data.iloc[-1]
    assert (row["iteration"], row["mx"]) == (0, pytest.approx(0.8, abs=1e-12))
    assert row["max_mxHxm"] == pytest.approx(8e4, rel=1e-9, abs=0)
    system = tilted()
    wallnet.film.MinDriver().drive(system, verbose=0)
    row = system.table.data.iloc[-1]
    steps = int(row["iteration"])
    assert row["max_mxHxm"] <= 1e-4
    assert row["mz"] == pytest.approx(1.0, abs=1e-9)
    assert row["E"] == row["E_zeeman"] + row["E_exchange"]
    # one step less is too few
    assert steps > 2
    with pytest.raises(wallnet.film.EngineError, match=f"no minimum after {steps - 1} steps"):
        wallnet.film.MinDriver(total_iteration_limit=steps - 1).drive(tilted(), verbose=0)
    wallnet.film.MinDriver(total_iteration_limit=steps).drive(tilted(), verbose=0)


@pytest.mark.parametrize(
    ("keywords", "error", "said"),
    [
        ({"n_threads": 2}, TypeError, "unexpected keyword argument 'n_threads'"),
        ({"fixed_subregions": ["a"]}, ValueError, "fixed_subregions has 'a', which is no subr"),
        ({"output_step": True}, TypeError, "unexpected keyword argument 'output_step'"),
        ({"t": 0.0}, ValueError, "t is 0.0 s"),
        ({"t": -1e-12}, ValueError, "t is -1e-12 s"),
        ({"t": np.inf}, ValueError, "t is inf s"),
        ({"n": 0}, ValueError, "n is 0"),
        ({"n": 2.0}, ValueError, "n is 2.0"),
    ],
)
def test_impossible_keywords_of_a_drive_are_refused(keywords, error, said, tmp_path):
    system = flat_system()
    with pytest.raises(error, match=re.escape(said)):
        wallnet.film.TimeDriver().drive(system, **{"t": 1e-12, "n": 1, "verbose": 0, **keywords})
    assert not list(tmp_path.iterdir())
    for lacking in ("t", "n"):
        complete = {"t": 1e-12, "n": 1}
        complete.pop(lacking)
        with pytest.raises(TypeError, match=f"missing a required argument: '{lacking}'"):
            wallnet.film.TimeDriver().drive(system, **complete)
