"""Systems of micromagneticmodel that the engine can simulate."""

import discretisedfield as df
import micromagneticmodel as mm
import numpy as np


def flat_system():
    system = mm.System(name="flat")
    mesh = df.Mesh(p1=(0, 0, 0), p2=(20e-9, 10e-9, 2e-9), n=(10, 5, 1))
    system.energy = mm.Exchange(A=1e-11)
    system.dynamics = mm.Precession(gamma0=2.211e5) + mm.Damping(alpha=0.1)
    system.m = df.Field(mesh, nvdim=3, value=(0, 0, 1), norm=1e6)
    return system


def asymmetric_system():
    """Return a system of 4×3 cells with different edges, one empty cell and every term."""
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
