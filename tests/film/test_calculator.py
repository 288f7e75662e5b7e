"""The ubermag face: the same physics as the plain core, and clear refusals."""

import itertools
import logging
import re

import discretisedfield as df
import micromagneticmodel as mm
import numpy as np
import pytest

import wallnet.film
from wallnet import tracks
from wallnet.config import (
    FilmSettings,
    Material,
    Notches,
    Output,
    Relaxation,
    Track,
)
from wallnet.film.core import SpinTorque, Terms
from wallnet.film.ubermag import calculator
from wallnet.jobs import SimulationJob, WallPlacement
from wallnet.simulate import simulate


@pytest.fixture
def job():
    return SimulationJob(
        track=Track(
            length=240e-9,
            width=60e-9,
            thickness=2e-9,
            cell_size=3e-9,
            notches=Notches(diameter=20e-9, positions=(120e-9,)),
        ),
        material=Material(
            saturation_magnetization=1.1e6,
            exchange_stiffness=2e-11,
            dmi_constant=1e-3,
            uniaxial_anisotropy=1e6,
            damping=0.3,
            gyromagnetic_ratio=2.211e5,
            polarization=0.4,
            slonczewski_lambda=1.5,
            field_like_torque=0.1,
        ),
        placement=WallPlacement(bottom=60e-9, top=60e-9),
        current_density=0.5e12,
        pulse_duration=0.2e-9,
        relaxation=Relaxation(longest=0),
        output=Output(interval=20e-12),
        calculator=FilmSettings(),
        calculator_name="film",
    )


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


def test_energies_add_up(job):
    system = tracks.system(job)
    total = wallnet.film.compute(system.energy.energy, system)
    parts = [wallnet.film.compute(term.energy, system) for term in system.energy]
    assert len(parts) == 4
    assert total == pytest.approx(sum(parts), rel=1e-12, abs=0)
    density = wallnet.film.compute(system.energy.density, system)
    assert density.integrate()[0] == pytest.approx(total, rel=1e-9, abs=0)
    field = wallnet.film.compute(system.energy.exchange.effective_field, system)
    assert field.nvdim == 3
    assert not field.array[system.m.norm.array[..., 0] == 0].any()


def test_minimum_is_where_the_dynamics_rest(job):
    system = tracks.system(job.model_copy(update={"current_density": None}))
    # a hard axis field keeps the minimum unique: one tilted domain
    system.energy += mm.Zeeman(H=(1e5, 0, 3e5))
    system.m.array = df.Field(system.m.mesh, nvdim=3, value=(0.1, 0, 1), norm=1.1e6).array * (
        system.m.norm.array > 0
    )
    minimum = tracks.system(job)
    minimum.energy, minimum.m = system.energy, df.Field(system.m.mesh, nvdim=3, value=system.m)
    wallnet.film.MinDriver().drive(minimum, verbose=0)
    wallnet.film.TimeDriver(frozen_change=0).drive(system, t=1e-9, n=1, verbose=0)
    assert np.abs(minimum.m.array - system.m.array).max() < 1e-4 * 1.1e6
    assert minimum.table.data["E"].iloc[-1] <= system.table.data["E"].iloc[-1] * (1 + 1e-12)


def minimized(verbose):
    """Minimise from two domains, which takes some tens of steps."""
    system = flat_system()
    system.energy += mm.Zeeman(H=(1e5, 0, 3e5))
    halves = df.Field(
        system.m.mesh, nvdim=3, value=lambda p: (1, 0, 0) if p[0] < 8e-9 else (0, 0.3, -1)
    )
    system.m = df.Field(system.m.mesh, nvdim=3, value=halves, norm=1e6)
    wallnet.film.MinDriver(stopping_mxHxm=1e-3).drive(system, verbose=verbose)
    return system


@pytest.fixture
def slow_clock(monkeypatch):
    """Seconds that pass between two looks at the clock: one."""
    ticks = itertools.count()
    monkeypatch.setattr(calculator, "monotonic", lambda: float(next(ticks)))


LINE = re.compile(
    r"^MinDriver after (\d+) s and (\d+) steps: the largest torque field is \S+ A/m, above the "
    r"stopping value 0\.001 A/m",
    re.MULTILINE,
)
ADVICE = "let it start near a notch, or raise stopping_mxHxm"


@pytest.mark.usefixtures("slow_clock")
def test_a_long_minimisation_says_how_far_it_is(capsys, caplog):
    system = minimized(verbose=1)
    steps = int(system.table.data["iteration"].iloc[-1])
    assert steps > 20
    said = capsys.readouterr().out
    assert [int(seconds) for seconds, _ in LINE.findall(said)] == [*range(10, steps + 1, 10)]
    assert said.count(ADVICE) == 1
    assert said.startswith("Running wallnet.film (MinDriver)")
    (warning,) = caplog.records
    assert (warning.name, warning.levelno) == ("wallnet.film.ubermag.calculator", logging.WARNING)
    assert LINE.match(warning.getMessage()).group(1) == "10"
    assert ADVICE in warning.getMessage()


@pytest.mark.usefixtures("slow_clock")
def test_a_long_quiet_minimisation_warns_once(capsys, caplog):
    minimized(verbose=0)
    assert not capsys.readouterr().out
    (warning,) = caplog.records
    assert ADVICE in warning.getMessage()


def test_a_short_minimisation_says_nothing_and_gives_the_same(capsys, caplog, monkeypatch):
    short = minimized(verbose=0)
    assert not capsys.readouterr().out
    assert not caplog.records
    monkeypatch.setattr(calculator, "REPORT_INTERVAL", 0.0)
    told = minimized(verbose=1)
    assert caplog.records
    np.testing.assert_array_equal(told.m.array, short.m.array)


def flat_system():
    system = mm.System(name="flat")
    mesh = df.Mesh(p1=(0, 0, 0), p2=(20e-9, 10e-9, 2e-9), n=(10, 5, 1))
    system.energy = mm.Exchange(A=1e-11)
    system.dynamics = mm.Precession(gamma0=2.211e5) + mm.Damping(alpha=0.1)
    system.m = df.Field(mesh, nvdim=3, value=(0, 0, 1), norm=1e6)
    return system


def two_layers(system):
    mesh = df.Mesh(p1=(0, 0, 0), p2=(20e-9, 10e-9, 4e-9), n=(10, 5, 2))
    system.m = df.Field(mesh, nvdim=3, value=(0, 0, 1), norm=1e6)


def periodic(system):
    mesh = df.Mesh(p1=(0, 0, 0), p2=(20e-9, 10e-9, 2e-9), n=(10, 5, 1), bc="x")
    system.m = df.Field(mesh, nvdim=3, value=(0, 0, 1), norm=1e6)


def two_materials(system):
    system.m = df.Field(
        system.m.mesh, nvdim=3, value=(0, 0, 1), norm=lambda p: 1e6 if p[0] < 1e-8 else 2e6
    )


def warm(system):
    system.T = 300


def cubic(system):
    system.energy += mm.CubicAnisotropy(K=1e4, u1=(1, 0, 0), u2=(0, 1, 0))


def bulk_dmi(system):
    system.energy += mm.DMI(D=1e-3, crystalclass="T")


def varying(system):
    mesh = system.m.mesh
    system.energy.exchange.A = df.Field(mesh, nvdim=1, value=lambda p: 1e-11 + p[0] * 1e-4)


def oscillating(system):
    system.energy += mm.Zeeman(H=(0, 0, 1e4), func="sin", f=1e9, t0=0)


def zhang_li(system):
    system.dynamics += mm.ZhangLi(u=100, beta=0.1)


def torque_alone(system):
    system.dynamics = mm.Slonczewski(J=1e11, mp=(0, 1, 0), P=0.4, Lambda=1)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (two_layers, "10×5×2 cells"),
        (periodic, "boundary condition 'x'"),
        (two_materials, "norm of system.m varies"),
        (warm, "temperature is 300"),
        (cubic, "CubicAnisotropy"),
        (bulk_dmi, "crystal class T"),
        (varying, "Exchange.A varies in space"),
        (oscillating, "changes in time"),
        (zhang_li, "ZhangLi"),
        (torque_alone, "without Precession"),
    ],
)
def test_refused_by_name_before_anything_is_written(spoil, named, tmp_path):
    system = flat_system()
    spoil(system)
    before = system.m.array.copy()
    with pytest.raises(wallnet.film.Unsupported, match=named) as refusal:
        wallnet.film.TimeDriver().drive(system, t=1e-12, n=1)
    assert "\n" not in str(refusal.value)
    assert not list(tmp_path.iterdir())
    assert (system.m.array == before).all()


def test_parameter_given_by_cell_but_uniform_is_taken(job):
    system = flat_system()
    system.energy.exchange.A = df.Field(system.m.mesh, nvdim=1, value=1e-11)
    system.energy += mm.Zeeman(H={"default": (1e5, 0, 0)})
    description = wallnet.film.ubermag.calculator.describe(system)
    assert description.terms.exchange_stiffness == 1e-11
    assert description.terms.external_field == (1e5, 0, 0)


def test_import_of_the_package_stays_light():
    import subprocess
    import sys

    code = (
        "import sys, wallnet.film; "
        "heavy = {'numpy', 'numba', 'micromagneticmodel', 'discretisedfield'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def asymmetric_system():
    """Four by three cells, no edge of a cell like another, one cell empty, every term."""
    system = mm.System(name="asymmetric")
    mesh = df.Mesh(p1=(0, 0, 0), p2=(12e-9, 6e-9, 1.5e-9), n=(4, 3, 1))
    system.energy = (
        mm.Exchange(A=1.1e-11)
        + mm.DMI(D=1.2e-3, crystalclass="Cnv_z")
        + mm.UniaxialAnisotropy(K=1.3e6, u=(0, 3, 4))
        + mm.Demag()
        + mm.Zeeman(H=(1e4, 2e4, 3e4))
    )
    system.dynamics = (
        mm.Precession(gamma0=2.3e5)
        + mm.Damping(alpha=0.17)
        + mm.Slonczewski(J=-4e11, mp=(0, 2, 0), P=0.35, Lambda=1.4, eps_prime=0.2)
    )
    empty = (4.5e-9, 1e-9, 0.75e-9)  # column 1 of row 0
    system.m = df.Field(
        mesh,
        nvdim=3,
        value=lambda p: (p[0] * 1e9, p[1] * 1e9, 5.0),
        norm=lambda p: 0 if np.allclose(p, empty, rtol=1e-6, atol=0) else 9e5,
    )
    return system


def test_every_parameter_of_a_system_reaches_the_engine():
    system = asymmetric_system()
    found = calculator.describe(system)
    assert found.cell == pytest.approx((3e-9, 2e-9, 1.5e-9), rel=1e-12, abs=0)
    mask = np.ones((3, 4), dtype=bool)
    mask[0, 1] = False
    assert (found.mask == mask).all()
    x, y = np.meshgrid([1.5, 4.5, 7.5, 10.5], [1.0, 3.0, 5.0])
    m = np.stack([x, y, 0 * x + 5.0], axis=-1)
    m *= mask[..., None] / np.linalg.norm(m, axis=-1, keepdims=True)
    np.testing.assert_allclose(found.magnetization, m, rtol=0, atol=1e-12)
    assert found.terms == Terms(
        saturation_magnetization=pytest.approx(9e5, rel=1e-12, abs=0),
        exchange_stiffness=1.1e-11,
        dmi_constant=1.2e-3,
        anisotropy=1.3e6,
        anisotropy_axis=(0.0, 0.6, 0.8),
        stray_field=True,
        external_field=(1e4, 2e4, 3e4),
        damping=0.17,
        gyromagnetic_ratio=2.3e5,
        precession=True,
    )
    assert found.torque == SpinTorque(
        current_density=-4e11,
        polarization=0.35,
        direction=(0.0, 1.0, 0.0),
        slonczewski_lambda=1.4,
        field_like=0.2,
    )
    # what goes in comes out again
    np.testing.assert_allclose(
        calculator._to_array(found, found.magnetization), system.m.array, rtol=1e-12, atol=0
    )


def test_what_a_system_does_not_have_is_absent_from_the_engine():
    system = flat_system()
    system.energy = mm.Zeeman(H=(0, 0, 1e5), name="first") + mm.Zeeman(
        H=(2e4, 0, 3e4), name="second"
    )
    system.dynamics = mm.Damping(alpha=0.1)
    found = calculator.describe(system)
    assert found.torque is None
    assert not found.terms.precession
    assert not found.terms.stray_field
    assert found.terms.external_field == (2e4, 0.0, 1.3e5)
    assert found.terms.exchange_stiffness == found.terms.dmi_constant == 0
    assert found.terms.anisotropy == 0
    system.dynamics = mm.Precession(gamma0=2.2e5) + mm.Slonczewski(
        J=1e11, mp=(0, 1, 0), P=0.4, Lambda=1
    )
    found = calculator.describe(system)
    assert found.terms.precession
    assert found.terms.damping == 0
    assert found.torque.field_like == 0
    # the dynamics are not looked at where the energy alone is asked for
    system.dynamics = mm.ZhangLi(u=100, beta=0.1)
    assert calculator.describe(system, dynamics=False).torque is None


def test_settings_of_the_time_driver_reach_the_engine():
    import json

    iterations = {}
    for fraction in (0.9, 0.3):
        system = flat_system()
        driver = wallnet.film.TimeDriver(time_step_fraction=fraction, frozen_change=0.0)
        driver.drive(system, t=10e-12, n=2, verbose=0)
        iterations[fraction] = system.table.data["iteration"].tolist()
        assert system.table.data["t"].tolist() == pytest.approx([5e-12, 10e-12], rel=1e-12, abs=0)
        folder = f"flat/drive-{system.drive_number - 1}/parameters.json"
        with open(folder, encoding="utf-8") as stream:
            parameters = json.load(stream)
        assert parameters["accuracy"] == {
            "stray_field_tolerance": 5e-4,
            "frozen_change": 0.0,
            "time_step_fraction": fraction,
        }
        assert parameters["cell"] == pytest.approx([2e-9, 2e-9, 2e-9], rel=1e-12, abs=0)
        assert parameters["terms"]["damping"] == 0.1
        wallnet.film.delete(system)
    assert iterations[0.9][1] == 2 * iterations[0.9][0]
    assert iterations[0.3][1] == pytest.approx(3 * iterations[0.9][1], abs=3)


def test_current_of_a_system_turns_its_moment_by_the_field_like_torque():
    """In the time driver, which sets the torque after the magnetisation."""
    system = flat_system()
    system.dynamics = mm.Precession(gamma0=2e5) + mm.Slonczewski(
        J=3e12, mp=(0, 0, 1), P=1e-9, Lambda=1, eps_prime=0.5
    )
    system.m = df.Field(system.m.mesh, nvdim=3, value=(0.6, 0, 0.8), norm=1e6)
    wallnet.film.TimeDriver().drive(system, t=20e-12, n=1, verbose=0)
    field = 1.0545717e-34 * 3e12 * 0.5 / (4e-7 * np.pi * 1.6021765e-19 * 2e-9 * 1e6)
    angle = 2e5 * field * 20e-12
    found = system.table.data[["mx", "my", "mz"]].iloc[-1].tolist()
    assert found == pytest.approx([0.6 * np.cos(angle), 0.6 * np.sin(angle), 0.8], abs=1e-5)


def test_settings_of_the_minimiser_reach_it():
    def tilted():
        system = flat_system()
        system.energy += mm.Zeeman(H=(0, 0, 1e5))
        system.m = df.Field(system.m.mesh, nvdim=3, value=(0.8, 0, 0.6), norm=1e6)
        return system

    # |m × H × m| of the beginning is 8e4
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
    # one step fewer is too few, and so is one where the limit is no more
    assert steps > 2
    with pytest.raises(wallnet.film.EngineError, match=f"no minimum after {steps} steps"):
        wallnet.film.MinDriver(total_iteration_limit=steps).drive(tilted(), verbose=0)
    wallnet.film.MinDriver(total_iteration_limit=steps + 1).drive(tilted(), verbose=0)


def test_minimum_is_where_no_cell_turns_by_more_than_was_asked_for():
    """Of one end alone, where the torque is larger than on the average."""
    terms = Terms(
        saturation_magnetization=1e6,
        exchange_stiffness=1e-11,
        dmi_constant=1e-3,
        anisotropy=8e5,
        stray_field=False,
    )
    mask = np.ones((2, 40), dtype=bool)
    mask[1, :3] = False
    energy = wallnet.film.FilmEnergy(mask, (2e-9, 2e-9, 2e-9), terms)
    m = np.broadcast_to((0.0, 0.0, 1.0), (2, 40, 3))
    for stop in (1e4, 3.0):
        found, steps, largest = calculator.minimize(energy, m, stop=stop)
        assert steps > 0
        torque = np.cross(found, np.cross(found, energy.field(found)))
        torque = np.linalg.norm(torque, axis=-1)
        assert torque.max() == pytest.approx(largest, rel=1e-9, abs=0)
        assert torque.max() <= stop
        assert torque.max() > 2 * torque.mean()
        lengths = np.linalg.norm(found, axis=-1)
        assert lengths[mask] == pytest.approx(1.0, abs=1e-12)
        assert not found[~mask].any()


@pytest.mark.parametrize("name", ["exchange", "dmi", "uniaxialanisotropy", "demag", "zeeman"])
def test_computed_values_of_a_term_stand_in_their_cells(name):
    """In the order of discretisedfield: x first."""
    system = asymmetric_system()
    description = calculator.describe(system)
    energy = wallnet.film.FilmEnergy(description.mask, description.cell, description.terms)
    term = getattr(system.energy, name)
    own = {"uniaxialanisotropy": "anisotropy"}.get(name, name)
    expected = energy.field(description.magnetization, own)
    field = wallnet.film.compute(term.effective_field, system)
    assert field.unit == "A/m"
    assert field.array.shape == (4, 3, 1, 3)
    for column, row in ((0, 0), (3, 1), (1, 2), (1, 0)):
        np.testing.assert_array_equal(field.array[column, row, 0], expected[row, column])
    density = wallnet.film.compute(term.density, system)
    assert density.unit == "J/m3"
    expected = energy.density(description.magnetization, own)
    for column, row in ((0, 0), (3, 1), (1, 2), (1, 0)):
        assert density.array[column, row, 0, 0] == expected[row, column]
    computed = wallnet.film.compute(term.energy, system)
    assert computed == pytest.approx(expected.sum() * 9e-27, rel=1e-12, abs=0)
    assert system.compute_number == 3


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"n_threads": 2}, wallnet.film.Unsupported, "n_threads is 2"),
        ({"fixed_subregions": ["a"]}, wallnet.film.Unsupported, "fixed_subregions"),
        ({"runner": object()}, wallnet.film.Unsupported, "runner"),
        ({"ovf_format": "bin16"}, ValueError, "ovf_format is 'bin16'"),
        ({"output_step": True}, TypeError, "knows no output_step"),
        ({"t": 0.0}, ValueError, "t is 0.0 s"),
        ({"t": -1e-12}, ValueError, "t is -1e-12 s"),
        ({"t": np.inf}, ValueError, "t is inf s"),
        ({"n": 0}, ValueError, "n is 0"),
        ({"n": 2.0}, ValueError, "n is 2.0"),
    ],
)
def test_impossible_keywords_of_a_drive_are_refused(given, error, said, tmp_path):
    system = flat_system()
    with pytest.raises(error, match=re.escape(said)):
        wallnet.film.TimeDriver().drive(system, **{"t": 1e-12, "n": 1, "verbose": 0, **given})
    assert not list(tmp_path.iterdir())
    for lacking in ("t", "n"):
        complete = {"t": 1e-12, "n": 1}
        complete.pop(lacking)
        with pytest.raises(TypeError, match=f"drive lacks {lacking}"):
            wallnet.film.TimeDriver().drive(system, **complete)


def second_exchange(system):
    system.energy += mm.Exchange(A=1e-12, name="second")


def higher_order(system):
    system.energy += mm.UniaxialAnisotropy(K1=1e5, K2=1e4, u=(0, 0, 1))


def scripted(system):
    system.energy += mm.Zeeman(H=(0, 0, 1e4), tcl_strings={"script": "", "energy": "Oxs_UZeeman"})


def alternating_current(system):
    system.dynamics += mm.Slonczewski(
        J=1e11, mp=(0, 1, 0), P=0.4, Lambda=1, func=lambda t: np.sin(1e9 * t), dt=1e-13
    )


def no_axis(system):
    system.energy += mm.UniaxialAnisotropy(K=1e5, u=(0, 0, 0))


def two_regions(system):
    system.energy += mm.UniaxialAnisotropy(K={"a": 1e5, "b": 1.001e5}, u=(0, 0, 1))


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (second_exchange, "two terms Exchange"),
        (higher_order, "higher order"),
        (scripted, "changes in time"),
        (alternating_current, "changes in time"),
        (no_axis, "has no direction"),
        (two_regions, "UniaxialAnisotropy.K varies in space"),
    ],
)
def test_terms_that_the_engine_cannot_take_are_refused(spoil, named):
    system = flat_system()
    spoil(system)
    with pytest.raises(ValueError, match=named):
        calculator.describe(system)


def test_system_without_terms_or_dynamics_is_refused():
    system = flat_system()
    system.dynamics = 0
    with pytest.raises(RuntimeError, match="dynamics is not defined"):
        wallnet.film.TimeDriver().drive(system, t=1e-12, n=1, verbose=0)
    wallnet.film.MinDriver().drive(system, verbose=0)
    system = flat_system()
    system.energy = 0
    with pytest.raises(RuntimeError, match="energy is not defined"):
        wallnet.film.MinDriver().drive(system, verbose=0)


def test_deleted_drives_are_counted_anew(tmp_path):
    system = flat_system()
    for _ in range(2):
        wallnet.film.TimeDriver().drive(system, t=1e-12, n=1, verbose=0)
    assert system.drive_number == 2
    wallnet.film.delete(system)
    assert system.drive_number == 0
    assert not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError):
        wallnet.film.delete(system)
    wallnet.film.delete(system, silent=True)
