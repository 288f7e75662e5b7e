"""Every part of a system reaches the engine or is rejected by name."""

import discretisedfield as df
import micromagneticmodel as mm
import numpy as np
import pytest
from helpers.systems import asymmetric_system, flat_system

import wallnet.film
from wallnet.film import ubermag
from wallnet.film.terms import SpinTorque, Terms


def film(n=(10, 5, 1), height=2e-9, norm=1e6, **more):
    mesh = df.Mesh(p1=(0, 0, 0), p2=(20e-9, 10e-9, height), n=n, **more)
    return df.Field(mesh, nvdim=3, value=(0, 0, 1), norm=norm)


STT = {"J": 1e11, "mp": (0, 1, 0), "P": 0.4, "Lambda": 1}
SCRIPT = {"script": "", "script_args": "total_time", "script_name": "Current"}
PARTS = {
    "10×5×2 cells": ("m", lambda _: film((10, 5, 2), 4e-9)),
    "boundary condition 'x'": ("m", lambda _: film(bc="x")),
    "temperature of 300": ("T", lambda _: 300),
    "Zeeman.H that varies in space": (
        "energy",
        lambda system: mm.Zeeman(H=df.Field(system.m.mesh, nvdim=3, value=lambda p: p)),
    ),
    "Cnv_x": ("energy", lambda _: mm.Exchange(A=1e-11) + mm.DMI(D=1e-3, crystalclass="Cnv_x")),
    "without Precession": ("dynamics", lambda _: mm.Slonczewski(**STT)),
}
"""Parts of a system that the engine refuses, by a part of the message."""

TERMS = {
    "CubicAnisotropy": mm.CubicAnisotropy(K=1e4, u1=(1, 0, 0), u2=(0, 1, 0)),
    "crystal class T": mm.DMI(D=1e-3, crystalclass="T"),
    "field.* changes in time": mm.Zeeman(H=(0, 0, 1e4), func="sin", f=1e9, t0=0),
    "changes in time": mm.Zeeman(
        H=(0, 0, 1e4), tcl_strings={"script": "", "energy": "Oxs_UZeeman"}
    ),
    "two terms Exchange": mm.Exchange(A=1e-12, name="second"),
    "of higher order": mm.UniaxialAnisotropy(K1=1e5, K2=1e4, u=(0, 0, 1)),
    "higher order": mm.UniaxialAnisotropy(K1=1e5, u=(0, 0, 1)),
    "has no direction": mm.UniaxialAnisotropy(K=1e5, u=(0, 0, 0)),
    "UniaxialAnisotropy.K has 'a', which is no subregion": mm.UniaxialAnisotropy(
        K={"a": 1e5, "b": 1.001e5}, u=(0, 0, 1)
    ),
    "DMI.D between two regions": mm.DMI(D={"a": 1e-3, "a:b": 2e-3}, crystalclass="Cnv_z"),
    "ZhangLi": mm.ZhangLi(u=100, beta=0.1),
    "current that changes in time": mm.Slonczewski(**STT, tcl_strings=SCRIPT),
    "current.* changes in time": mm.Slonczewski(**STT, func=np.sin, dt=1e-13),
}
"""Added terms of the energy or of the dynamics that the engine refuses."""


@pytest.mark.parametrize("named", [*PARTS, *TERMS])
def test_refused_by_name_before_anything_is_written(named, tmp_path):
    system = flat_system()
    if named in PARTS:
        part, value = PARTS[named]
        setattr(system, part, value(system))
    elif isinstance(TERMS[named], mm.dynamics.dynamicsterm.DynamicsTerm):
        system.dynamics += TERMS[named]
    else:
        system.energy += TERMS[named]
    before = system.m.array.copy()
    with pytest.raises(ValueError, match=named) as refusal:
        wallnet.film.TimeDriver().drive(system, t=1e-12, n=1)
    assert "\n" not in str(refusal.value)
    assert not list(tmp_path.iterdir())
    assert (system.m.array == before).all()


def test_a_parameter_may_be_another_in_empty_cells_alone():
    """The empty cell is in column 1 of row 0."""
    system = asymmetric_system()
    values = np.full((4, 3, 1, 1), 1.1e-11)
    values[1, 0] = 0.0
    system.energy.exchange.A = df.Field(system.m.mesh, nvdim=1, value=values)
    layer = ubermag.describe(system).layer
    assert layer.terms.exchange_stiffness == 1.1e-11
    assert layer.cells.uniform
    values[0, 1] = 0.0
    system.energy.exchange.A = df.Field(system.m.mesh, nvdim=1, value=values)
    layer = ubermag.describe(system).layer
    assert layer.terms.exchange_stiffness == 1.1e-11
    expected = np.ones((3, 4))
    expected[1, 0] = 0.0
    np.testing.assert_array_equal(layer.cells.of("exchange_stiffness"), expected)


def varied_system():
    """Return the asymmetric system with a left and a right half, and fields in its terms."""
    system = asymmetric_system()
    half = {"p1": (0, 0, 0), "p2": (6e-9, 6e-9, 1.5e-9)}
    mesh = df.Mesh(region=system.m.mesh.region, n=(4, 3, 1), subregions={"left": df.Region(**half)})
    array = system.m.array * np.array([1.0, 0.7, 0.8, 0.9])[:, None, None, None]
    system.m = df.Field(mesh, nvdim=3, value=array)
    energy, dynamics = system.energy, system.dynamics
    energy.exchange.A = df.Field(mesh, nvdim=1, value=lambda p: 1e-11 + p[0] * 1e-4)
    energy.dmi.D = {"left": -1.2e-3, "default": 0.3e-3}
    energy.uniaxialanisotropy.K = {"left": 1.3e6}
    energy.uniaxialanisotropy.u = df.Field(mesh, nvdim=3, value=lambda p: (0, 3, 1 + p[1] * 1e9))
    dynamics.damping.alpha = df.Field(mesh, nvdim=1, value=lambda p: 0.1 + p[1] * 1e7)
    dynamics.slonczewski.J = {"left": -4e11, "default": -1e11}
    dynamics.slonczewski.mp = df.Field(mesh, nvdim=3, value=lambda p: (p[1] * 1e9, 2, 0))
    return system


def test_what_varies_reaches_the_cells():
    description = ubermag.describe(varied_system())
    layer, cells = description.layer, description.layer.cells
    x, y = np.meshgrid([1.5, 4.5, 7.5, 10.5], [1.0, 3.0, 5.0])
    mask, left = layer.mask, x < 6
    directions = np.stack([0 * x, 0 * x + 3, 1 + y], axis=-1)
    spins = np.stack([y, 0 * x + 2, 0 * x])
    expected = {
        "saturation_magnetization": 9e5 * np.array([1.0, 0.7, 0.8, 0.9]) + 0 * x,
        "exchange_stiffness": 1e-11 + x * 1e-13,
        "dmi_constant": np.where(left, -1.2e-3, 0.3e-3),
        "anisotropy": np.where(left, 1.3e6, 0.0),
        "damping": 0.1 + y * 1e-2,
    }
    for name, values in expected.items():
        actual = getattr(layer.terms, name) * cells.of(name)
        np.testing.assert_allclose(actual[mask], values[mask], rtol=1e-9, atol=0, err_msg=name)
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    np.testing.assert_allclose(cells.axis[mask], directions[mask], rtol=0, atol=1e-12)
    spins *= np.where(left, -4e11, -1e11) / np.linalg.norm(spins, axis=0)
    actual = description.torque.current_density * cells.polarized
    np.testing.assert_allclose(actual[:, mask], spins[:, mask], rtol=1e-9, atol=1e-3)


def test_both_signs_of_the_current_need_an_efficiency_that_is_constant():
    system = varied_system()
    system.dynamics.slonczewski.J = {"left": -4e11, "default": 1e11}
    with pytest.raises(wallnet.film.Unsupported, match="Slonczewski.J of both signs"):
        ubermag.describe(system)
    system.dynamics.slonczewski.Lambda = 1
    cells = ubermag.describe(system).layer.cells
    assert cells.polarized[1, 0, 0] > 0 > cells.polarized[1, 0, 3]


def test_the_output_has_the_norm_of_each_cell():
    system = varied_system()
    description = ubermag.describe(system)
    np.testing.assert_allclose(
        ubermag.to_array(description, description.magnetization), system.m.array, rtol=1e-12, atol=0
    )
    before = np.linalg.norm(system.m.array, axis=-1)
    wallnet.film.TimeDriver().drive(system, t=1e-12, n=1, verbose=0)
    np.testing.assert_allclose(np.linalg.norm(system.m.array, axis=-1), before, rtol=1e-9, atol=0)
    # the mean is that of M over that of its norm, as in OOMMF's table
    expected = system.m.array.sum(axis=(0, 1, 2)) / before.sum()
    average = system.table.data[["mx", "my", "mz"]].iloc[-1].to_numpy()
    np.testing.assert_allclose(average, expected, rtol=1e-6, atol=0)
    # of -μ0 M·H
    energy = wallnet.film.compute(system.energy.zeeman.energy, system)
    expected = -4e-7 * np.pi * 9e-27 * (system.m.array * (1e4, 2e4, 3e4)).sum()
    assert energy == pytest.approx(expected, rel=1e-6, abs=0)
    density = wallnet.film.compute(system.energy.uniaxialanisotropy.density, system)
    assert not density.array[2:].any()
    m, u = system.m.array[0, 2, 0], np.array([0, 3, 6]) / 45**0.5
    expected = 1.3e6 * (1 - (m @ u) ** 2 / (m @ m))
    assert density.array[0, 2, 0, 0] == pytest.approx(expected, rel=1e-6, abs=0)


def test_every_parameter_of_a_system_reaches_the_engine():
    system = asymmetric_system()
    description = ubermag.describe(system)
    assert description.layer.cell == pytest.approx((3e-9, 2e-9, 1.5e-9), rel=1e-12, abs=0)
    mask = np.ones((3, 4), dtype=bool)
    mask[0, 1] = False
    assert (description.layer.mask == mask).all()
    x, y = np.meshgrid([1.5, 4.5, 7.5, 10.5], [1.0, 3.0, 5.0])
    m = np.stack([x, y, 0 * x + 5.0], axis=-1)
    m *= mask[..., None] / np.linalg.norm(m, axis=-1, keepdims=True)
    np.testing.assert_allclose(description.magnetization, m, rtol=0, atol=1e-12)
    assert description.layer.terms == Terms(
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
    assert description.torque == SpinTorque(
        current_density=-4e11,
        polarization=0.35,
        direction=(0.0, 1.0, 0.0),
        slonczewski_lambda=1.4,
        field_like=0.2,
    )
    # the output equals the input
    np.testing.assert_allclose(
        ubermag.to_array(description, description.magnetization), system.m.array, rtol=1e-12, atol=0
    )


def test_what_a_system_does_not_have_is_absent_from_the_engine():
    system = flat_system()
    system.energy = mm.Zeeman(H=(0, 0, 1e5), name="first") + mm.Zeeman(
        H=(2e4, 0, 3e4), name="second"
    )
    system.dynamics = mm.Damping(alpha=0.1)
    description = ubermag.describe(system)
    assert description.torque is None
    assert not description.layer.terms.precession
    assert not description.layer.terms.stray_field
    assert description.layer.terms.external_field == (2e4, 0.0, 1.3e5)
    assert description.layer.terms.exchange_stiffness == description.layer.terms.dmi_constant == 0
    assert description.layer.terms.anisotropy == 0
    system.dynamics = mm.Precession(gamma0=2.2e5) + mm.Slonczewski(
        J=1e11, mp=(0, 1, 0), P=0.4, Lambda=1
    )
    description = ubermag.describe(system)
    assert description.layer.terms.precession
    assert description.layer.terms.damping == 0
    assert description.torque.field_like == 0
    # the dynamics have no effect if only the energy is requested
    system.dynamics = mm.ZhangLi(u=100, beta=0.1)
    assert ubermag.describe(system, dynamics=False).torque is None


def test_fixed_subregions_are_cells_of_the_mesh():
    """A corner of 2 × 1 cells of a mesh of 4 × 3, x along the columns."""
    corner = df.Region(p1=(0, 4e-9, 0), p2=(4e-9, 6e-9, 2e-9))
    mesh = df.Mesh(
        p1=(0, 0, 0), p2=(8e-9, 6e-9, 2e-9), cell=(2e-9, 2e-9, 2e-9), subregions={"corner": corner}
    )
    system = mm.System(name="corner")
    system.energy = mm.Exchange(A=1e-11)
    system.m = df.Field(mesh, nvdim=3, value=(0, 0, 1), norm=1e6)
    held = ubermag.describe(system, dynamics=False, fixed=["corner"]).layer.held
    assert held.tolist() == [[False] * 4, [False] * 4, [True, True, False, False]]
    assert not ubermag.describe(system, dynamics=False).layer.held.any()
