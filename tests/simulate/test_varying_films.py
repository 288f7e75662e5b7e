"""Walls in films whose anisotropy varies, against the one-dimensional model."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.minima import minimum
from helpers.small_campaign import MATERIAL
from helpers.varying import device

from wallnet import simulate, tracks
from wallnet.film.core import Engine, Tolerances
from wallnet.jobs import pulse_job

MU0 = 4e-7 * np.pi
MS, A, D, GAMMA = 1.1e6, 2.0e-11, 1.0e-3, 2.211e5

STRIP = {"length": 240e-9, "width": 0.5e-9, "thickness": 2e-9, "cell_size": 0.5e-9}
"""One row: at long edges, DMI would tilt the wall."""


@pytest.mark.parametrize("direction", [-1, 1])
def test_a_wall_goes_down_a_ramp_of_the_anisotropy(direction):
    """v = γ0 Δ H/α, H = -σ′/(2 μ0 Ms), σ = 4 √(A Ku) - π D, without current and stray field.

    The equation of motion dx/dt = v(x) is integrated here, with Ku(x) of the ramp.
    """
    low, high, alpha = 0.9e6, 1.2e6, 0.4
    ends = [high, low][::direction]
    made = device(
        material={**MATERIAL, "damping": alpha},
        track=STRIP,
        wall={"start": 120e-9},
        regions=[{"start": 0.0, "stop": 240e-9, "uniaxial_anisotropy": {"ramp": ends}}],
    )
    job = pulse_job(made, 0.5e12)
    layer = tracks.layer(job)
    layer = replace(layer, terms=replace(layer.terms, stray_field=False))
    engine = Engine(layer, Tolerances(frozen_change=0.0))
    engine.magnetization = tracks.placed_wall(job, 120e-9, 120e-9)
    engine.advance(0.5e-9)  # it takes its shape
    places = []
    for _ in range(2):
        places.append(np.mean(tracks.wall_ends(job.track, layer.mask, engine.magnetization)))
        engine.advance(2.5e-9)
    slope = (ends[1] - ends[0]) / 240e-9
    x, step = places[0], 1e-12
    for _ in range(2500):
        anisotropy = ends[0] + slope * x
        width = np.sqrt(A / anisotropy)
        force = -2 * np.sqrt(A / anisotropy) * slope / (2 * MU0 * MS)
        x += GAMMA * width * force / alpha * step
    assert places[1] - places[0] == pytest.approx(x - places[0], rel=0.01, abs=0)
    assert direction * (places[1] - places[0]) > 15e-9


BARRIER = {"start": 60e-9, "stop": 100e-9, "uniaxial_anisotropy": 0.9e6}
PINNED = {
    "material": MATERIAL,
    "track": {"length": 200e-9, "width": 16e-9, "thickness": 2e-9, "cell_size": 2e-9},
    "wall": {"start": 80e-9},
    "relaxation": {"longest": 0},
    "regions": [BARRIER],
}


@pytest.mark.parametrize(("share", "pins"), [(0.85, True), (1.15, False)])
def test_a_region_of_lower_anisotropy_pins_a_wall_up_to_the_current_of_its_edge(share, pins):
    """(π/2) β ε = H_p = (K₂ - K₁)/(2 μ0 Ms), with β = ħ J/(μ0 e t Ms) and ε = P/2."""
    threshold = (1.0e6 - 0.9e6) / (2 * MU0 * MS)
    per_density = np.pi / 2 * 1.0545717e-34 / (MU0 * 1.6021765e-19 * 2e-9 * MS) * 0.4 / 2
    density = round(share * threshold / per_density / 1e8) * 1e8
    pulse = {"duration": 3e-9, "current_densities": [density]}
    made = device(**PINNED, pulse=pulse)
    trace = simulate.simulate(pulse_job(made, density))
    bottom, top = (float(trace[f"wall_{end}"].values[-1]) for end in ("bottom", "top"))
    assert (max(bottom, top) < 108e-9) is pins
    assert pins or min(bottom, top) > 120e-9


def test_a_minimum_is_where_the_anisotropy_is_low():
    """A wall that is placed on the edge of a region goes into it."""
    made = device(**PINNED | {"wall": {"start": 100e-9}})
    dataset = minimum(made, "initial")
    assert float(dataset["minimum_wall_top"]) == pytest.approx(80e-9, abs=15e-9)
    assert dataset["minimum_wall_bottom"] < 97e-9
