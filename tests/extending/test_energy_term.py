"""An energy term, added as docs/extending.md describes, acts in the engine and in its energy."""

import subprocess
import sys

from helpers import extending

PROGRAM = """
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from wallnet import api, jobs, tracks
from wallnet.film.core import Engine, Tolerances
from wallnet.film.energy import Energy
from wallnet.film.renormalization import of_film
from wallnet.film.terms import Layer, Terms
from wallnet.film.terms.second_anisotropy import SecondAnisotropy
from wallnet.tracks.ubermag import system

CELL, MS = (3e-9, 2e-9, 1.5e-9), 8e5
random = np.random.default_rng(0)
m = random.normal(size=(6, 9, 3))
m /= np.linalg.norm(m, axis=-1, keepdims=True)
mask = np.ones((6, 9), dtype=bool)
terms = Terms(MS, anisotropy=-2e5, stray_field=False, precession=False,
              further=(SecondAnisotropy(2e5),))
energy = Energy(Layer(mask, CELL, terms))

# H = -dE/dm/(mu0 Ms V), the term alone
along, step = random.normal(size=m.shape), 1e-5
slope = [energy.energy(m + s * along, "second_anisotropy") for s in (step, -step)]
computed = -(slope[0] - slope[1]) / (2 * step) / (4e-7 * math.pi * MS * math.prod(CELL))
expected = (energy.field(m, "second_anisotropy") * along).sum()
assert abs(computed / expected - 1) < 1e-6, (computed, expected)

# damping leads to the easy cone 2 K2 (1 - mz^2) = -K1
engine = Engine(Layer(mask, CELL, terms), Tolerances(frozen_change=0.0))
engine.magnetization = np.broadcast_to((0.6, 0.0, 0.8), (6, 9, 3))
engine.advance(5e-9)
assert np.abs(engine.magnetization[..., 2] ** 2 - 0.5).max() < 1e-3, engine.magnetization[..., 2]

# the key of a device, whose edges are filled in part: its film has the term, and so has its job
changes = {"material.second_anisotropy": 1.5e5, "track.edges": "smooth"}
device = api.load_device(Path(sys.argv[1]) / "config.yaml", "synapse-5", changes)
job = jobs.initial_job(device)
assert job.to_json().count('"second_anisotropy":150000.0') == 1, job.to_json()
assert tracks.layer(job).terms.further == (SecondAnisotropy(1.5e5),)
bare = api.load_device(Path(sys.argv[1]) / "config.yaml", "synapse-5")
assert "second_anisotropy" not in jobs.initial_job(bare).to_json()
for refusing in (lambda: of_film(terms, CELL, 300.0), lambda: system(jobs.initial_job(whole))):
    whole = api.load_device(
        Path(sys.argv[1]) / "config.yaml", "synapse-5", {"material.second_anisotropy": 1.5e5}
    )
    with pytest.raises(ValueError, match="second_anisotropy.* leave it out"):
        refusing()
"""


def test_a_local_term_is_a_file_a_key_and_its_use(tmp_path):
    root = extending.copied(tmp_path / "checkout")
    assert len(extending.apply("An energy term", root)) == 4
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(root)],
        # numba compiles the changed loops; 54 cells need no optimised ones
        env={**extending.environment_of(root), "NUMBA_OPT": "0"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
