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


def varying(system):
    return df.Field(system.m.mesh, nvdim=1, value=lambda p: 1e-11 + p[0] * 1e-4)


STT = {"J": 1e11, "mp": (0, 1, 0), "P": 0.4, "Lambda": 1}
SCRIPT = {"script": "", "script_args": "total_time", "script_name": "Current"}
PARTS = {
    "10×5×2 cells": ("m", lambda _: film((10, 5, 2), 4e-9)),
    "boundary condition 'x'": ("m", lambda _: film(bc="x")),
    "norm of system.m that varies": (
        "m",
        lambda _: film(norm=lambda p: 1e6 if p[0] < 1e-8 else 0.999e6),
    ),
    "temperature of 300": ("T", lambda _: 300),
    "Exchange.A that varies in space": ("energy", lambda system: mm.Exchange(A=varying(system))),
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
    "UniaxialAnisotropy.K that varies in space": mm.UniaxialAnisotropy(
        K={"a": 1e5, "b": 1.001e5}, u=(0, 0, 1)
    ),
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
    assert ubermag.describe(system).layer.terms.exchange_stiffness == 1.1e-11
    values[0, 1] = 0.0
    system.energy.exchange.A = df.Field(system.m.mesh, nvdim=1, value=values)
    with pytest.raises(wallnet.film.Unsupported, match="Exchange.A that varies in space"):
        ubermag.describe(system)


def test_every_parameter_of_a_system_reaches_the_engine():
    system = asymmetric_system()
    found = ubermag.describe(system)
    assert found.layer.cell == pytest.approx((3e-9, 2e-9, 1.5e-9), rel=1e-12, abs=0)
    mask = np.ones((3, 4), dtype=bool)
    mask[0, 1] = False
    assert (found.layer.mask == mask).all()
    x, y = np.meshgrid([1.5, 4.5, 7.5, 10.5], [1.0, 3.0, 5.0])
    m = np.stack([x, y, 0 * x + 5.0], axis=-1)
    m *= mask[..., None] / np.linalg.norm(m, axis=-1, keepdims=True)
    np.testing.assert_allclose(found.magnetization, m, rtol=0, atol=1e-12)
    assert found.layer.terms == Terms(
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
    # the output equals the input
    np.testing.assert_allclose(
        ubermag.to_array(found, found.magnetization), system.m.array, rtol=1e-12, atol=0
    )


def test_what_a_system_does_not_have_is_absent_from_the_engine():
    system = flat_system()
    system.energy = mm.Zeeman(H=(0, 0, 1e5), name="first") + mm.Zeeman(
        H=(2e4, 0, 3e4), name="second"
    )
    system.dynamics = mm.Damping(alpha=0.1)
    found = ubermag.describe(system)
    assert found.torque is None
    assert not found.layer.terms.precession
    assert not found.layer.terms.stray_field
    assert found.layer.terms.external_field == (2e4, 0.0, 1.3e5)
    assert found.layer.terms.exchange_stiffness == found.layer.terms.dmi_constant == 0
    assert found.layer.terms.anisotropy == 0
    system.dynamics = mm.Precession(gamma0=2.2e5) + mm.Slonczewski(
        J=1e11, mp=(0, 1, 0), P=0.4, Lambda=1
    )
    found = ubermag.describe(system)
    assert found.layer.terms.precession
    assert found.layer.terms.damping == 0
    assert found.torque.field_like == 0
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
