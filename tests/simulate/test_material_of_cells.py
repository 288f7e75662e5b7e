"""Each calculation has the material from the cells of its job, not from the configuration.

The cells here differ from the configuration in every quantity. Energies and rates are those of
moments that turn together, or of a cycloid, in closed form.
"""

from dataclasses import replace

import numpy as np
import pytest
from helpers.small_campaign import MATERIAL

from wallnet import experiment, tracks
from wallnet.config import parse
from wallnet.errors import UserError
from wallnet.experiment.energy_path import EnergyPath
from wallnet.files.schema.states import EXPELLED, REVERSED
from wallnet.simulate import simulate
from wallnet.simulate.barriers import find_barrier
from wallnet.simulate.embedded import engine_of
from wallnet.simulate.minima import find_minimum, landscape_of
from wallnet.simulate.recorder import Recorder

MU0 = 4e-7 * np.pi
EDGE = 12e-9


def device(temperature=None, **track):
    """Return a cube of 4 × 4 × 1 cells, or a track with other sizes, at a temperature if given."""
    cube = {"length": EDGE, "width": EDGE, "thickness": EDGE, "cell_size": 3e-9}
    described = {
        "kind": "track",
        "track": cube | track,
        "wall": {"start": 6e-9},
        "pulse": {"duration": 0.1e-9, "current_densities": [0.3e12]},
        "temperature": temperature,
    }
    campaign = {"material": MATERIAL, "devices": {"cube": described}, "networks": {}}
    return parse(campaign).devices["cube"]


@pytest.fixture
def given(monkeypatch):
    """Return a function that gives each job other cells than those of its material."""

    def give(filled=None, **values):
        def made(job, cells=tracks.cells):
            found = cells(job)
            found = replace(found, filled=found.filled if filled is None else filled)
            full = {name: np.full(found.filled.shape, value) for name, value in values.items()}
            return replace(found, **full)

        monkeypatch.setattr(tracks, "cells", made)

    return give


def barrier_job(device):
    return EnergyPath(
        track=device.track,
        material=device.material.static,
        first=EXPELLED,
        second=REVERSED,
        spacing=3e-9,
    )


def test_a_moment_turns_and_falls_as_the_cells_say(given):
    """tan θ falls at the rate α γ0 H/(1 + α²), φ grows at γ0 H cos θ/(1 + α²), H = 2 Ku/(μ0 Ms).

    The mean stray field of a uniform cube is parallel to m.
    """
    given(
        saturation_magnetization=3e4,
        exchange_stiffness=4e-13,
        dmi_constant=0.0,
        anisotropy=5e3,
        damping=0.2,
    )
    engine = engine_of(experiment.pulse_job(device(), 0.3e12))
    engine.magnetization = np.broadcast_to((0.6, 0.0, 0.8), (4, 4, 3))
    time, field, gamma, alpha = 15e-12, 2 * 5e3 / (MU0 * 3e4), 2.211e5, 0.2
    engine.advance(time)
    x, y, z = engine.average()
    rate = gamma * field / (1 + alpha**2)
    expected = np.arctan(0.75 * np.exp(-alpha * rate * time))
    assert np.arctan2(np.hypot(x, y), z) == pytest.approx(expected, rel=1e-4, abs=0)
    # dφ = -dθ/(α sin θ), and tan(θ/2) is 1/3 at the start
    turned = -np.log(3 * np.tan(expected / 2)) / alpha
    assert np.arctan2(y, x) == pytest.approx(turned, rel=1e-3, abs=0)


def test_the_energies_of_a_cycloid_and_of_a_cube_are_those_of_the_cells(given):
    """m = (sin qx, 0, cos qx) turns by 0.3 rad from cell to cell."""
    given(
        saturation_magnetization=4e5,
        exchange_stiffness=7e-12,
        dmi_constant=-2e-3,
        anisotropy=3e5,
        damping=0.2,
    )
    energy = landscape_of(experiment.minimum_job(device(), "reversed")).energy
    angle, cell = 0.3 * np.arange(1, 5), 3e-9 * 3e-9 * EDGE
    m = np.zeros((4, 4, 3))
    m[..., 0], m[..., 2] = np.sin(angle), np.cos(angle)
    pairs = 4 * 3 * cell
    exchange = 7e-12 * pairs * (2 - 2 * np.cos(0.3)) / 3e-9**2
    assert energy.energy(m, "exchange") == pytest.approx(exchange, rel=1e-9, abs=0)
    dmi = 2e-3 * pairs * np.sin(0.3) / 3e-9
    assert energy.energy(m, "dmi") == pytest.approx(dmi, rel=1e-9, abs=0)
    anisotropy = 3e5 * 4 * cell * (np.sin(angle) ** 2).sum()
    assert energy.energy(m, "anisotropy") == pytest.approx(anisotropy, rel=1e-9, abs=0)
    m[:] = (0.0, 0.6, 0.8)
    cube = MU0 * 4e5**2 / 6 * EDGE**3
    assert energy.energy(m, "demag") == pytest.approx(cube, rel=1e-9, abs=0)


def test_the_empty_cells_are_those_that_the_cells_say(given):
    filled = np.ones((4, 4))
    filled[1, 2] = 0.0
    given(filled)
    job = experiment.pulse_job(device(), 0.3e12)
    assert np.array_equal(engine_of(job).mask, filled == 1)
    assert np.array_equal(Recorder(job).mask, filled == 1)
    found = find_minimum(experiment.minimum_job(device(), "reversed"))
    assert np.array_equal(
        np.isfinite(found["minimum_magnetization"].values).all(axis=-1), filled == 1
    )


def test_a_minimum_and_a_path_have_the_energies_of_the_cells(given):
    """A hard small cube turns as one: μ0 Ms² V/6 at the minimum, Ku V at the barrier."""
    given(
        saturation_magnetization=1e5,
        exchange_stiffness=5e-11,
        dmi_constant=0.0,
        anisotropy=3e5,
        damping=0.2,
    )
    found = find_minimum(experiment.minimum_job(device(), "reversed"))
    cube = MU0 * 1e5**2 / 6 * EDGE**3
    assert found["minimum_energy"].item() == pytest.approx(cube, rel=1e-9, abs=0)
    path = find_barrier(barrier_job(device()), {})
    assert path["barrier_forward"].item() == pytest.approx(3e5 * EDGE**3, rel=1e-5, abs=0)


def pulse(**temperature):
    return simulate(experiment.pulse_job(device(temperature or None), 0.3e12))


CALCULATIONS = {
    "simulation": pulse,
    "temperature": lambda: pulse(ambient=300.0),
    "heated": lambda: pulse(ambient=300.0, heating="pulse"),
    "minimum": lambda: find_minimum(experiment.minimum_job(device(), "reversed")),
    "path": lambda: find_barrier(barrier_job(device()), {}),
}


@pytest.mark.parametrize("name", CALCULATIONS)
def test_cells_that_differ_are_refused_by_each_calculation(given, name):
    grains = np.full((4, 4), 0.3)
    grains[1, 2] = 0.31
    given(damping=grains)
    with pytest.raises(UserError, match=r"differ in damping, and .* one value for all"):
        CALCULATIONS[name]()
    given(np.where(grains == 0.31, 0.5, 1.0), damping=0.3)
    with pytest.raises(UserError, match="differ in the share that is filled, and"):
        CALCULATIONS[name]()
