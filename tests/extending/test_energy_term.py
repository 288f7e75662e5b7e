"""An energy term, added as docs/extending.md describes, acts in the engine and in its energy."""

import subprocess
import sys

from helpers import extending

PROGRAM = """
import math

import numpy as np

from wallnet.film.core import Engine, Tolerances
from wallnet.film.energy import Energy
from wallnet.film.terms import Layer, SpinTorque, Terms
from wallnet.film.terms.second_anisotropy import SecondAnisotropy

CELL, SHAPE, MS = (3e-9, 2e-9, 1.5e-9), (6, 9), 8e5
random = np.random.default_rng(0)
m = random.normal(size=(*SHAPE, 3))
m /= np.linalg.norm(m, axis=-1, keepdims=True)
mask = np.ones(SHAPE, dtype=bool)
terms = Terms(
    saturation_magnetization=MS,
    exchange_stiffness=1e-11,
    anisotropy=-2e5,
    stray_field=False,
    damping=0.5,
    precession=False,
    further=(SecondAnisotropy(2e5),),
)
energy = Energy(Layer(mask, CELL, terms))

# H = -dE/dm/(mu0 Ms V), the term alone
along, step = random.normal(size=m.shape), 1e-5
slope = [energy.energy(m + s * along, "second_anisotropy") for s in (step, -step)]
computed = -(slope[0] - slope[1]) / (2 * step) / (4e-7 * math.pi * MS * math.prod(CELL))
expected = (energy.field(m, "second_anisotropy") * along).sum()
assert abs(computed / expected - 1) < 1e-6, (computed, expected)

# the engine moves m by that field, with and without a torque that depends on the angle
for slonczewski_lambda in (1.0, 2.0):
    moved = []
    for further in ((), terms.further):
        layer = Layer(mask, CELL, Terms(MS, stray_field=False, damping=0.5, precession=False,
                                        further=further))
        engine = Engine(layer)
        engine.magnetization = m
        engine.set_torque(SpinTorque(1e10, 0.4, slonczewski_lambda=slonczewski_lambda))
        engine.advance(1e-15)
        moved.append(engine.magnetization.astype(float))
    field = energy.field(m, "second_anisotropy")
    rate = -0.5 * 2.211e5 / 1.25 * np.cross(m, np.cross(m, field))
    error = np.abs((moved[1] - moved[0]) / 1e-15 - rate).max()
    assert error < 0.01 * np.abs(rate).max(), (error, np.abs(rate).max())

# damping leads to the easy cone 2 K2 (1 - mz^2) = -K1
engine = Engine(Layer(mask, CELL, terms), Tolerances(frozen_change=0.0))
engine.magnetization = np.broadcast_to((0.6, 0.0, 0.8), (*SHAPE, 3))
engine.advance(5e-9)
assert np.abs(engine.magnetization[..., 2] ** 2 - 0.5).max() < 1e-3, engine.magnetization[..., 2]
"""


def test_a_local_term_is_a_file_and_its_lines_of_the_kernel(tmp_path):
    root = extending.copied(tmp_path / "checkout")
    assert len(extending.apply("An energy term", root)) == 3
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        # numba compiles the changed loops; 54 cells need no optimised ones
        env={**extending.environment_of(root), "NUMBA_OPT": "0"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
