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
    Film,
    Material,
    Notches,
    Output,
    Relaxation,
    SimulationJob,
    Track,
)
from wallnet.config.jobs import WallPlacement
from wallnet.film import calculator
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
        calculator=Film(),
        calculator_name="film",
    )


def test_same_trace_by_both_ways(job):
    plain = simulate(job)
    system = tracks.system(job)
    settings = Film().model_dump()
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
    assert np.allclose(drive[1].array, system.m.array)
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
    assert (warning.name, warning.levelno) == ("wallnet.film.calculator", logging.WARNING)
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
    description = wallnet.film.calculator.describe(system)
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
