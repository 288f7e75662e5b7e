"""OOMMF at a temperature: its evolver `Xf_ThermSpinXferEvolve` with a fixed time step.

The evolver takes Heun steps. The slope at the beginning of a step has the thermal field of the step
before, and the slope at its end a new one. A mode of rate λ, with z = λ h and a thermal field of
strength g, then obeys

    m_{n+1} = (1 + z + z²/2) m_n + g √h ((1 + z) ξ_{n-1} + ξ_n)/2.

Its stationary variance is 1 - |Re z|/2 times the exact one, to first order; with one field for both
slopes, there is no error of first order. The step is the longest for which no mode deviates by more
than `DEVIATION`. It divides the time between two entries of the trace, since the evolver would use
the thermal field of a whole step for a shorter one.
"""

import math

import numpy as np
from numpy.typing import NDArray

from wallnet import tracks
from wallnet.experiment import Step
from wallnet.simulate.drives import Drive

DEVIATION = 0.03
"""Largest relative deviation of the energy of a mode from its thermal energy."""


def variance_ratio(z: NDArray[np.complexfloating]) -> NDArray[np.float64]:
    """Return the stationary variance of modes with z = λ h, relative to the exact one."""
    grown, before, new = 1 + z + z**2 / 2, (1 + z) / 2, 0.5
    added = np.abs(before) ** 2 + new**2 + 2 * new * (grown * before.conj()).real
    return -2 * z.real * added / (1 - np.abs(grown) ** 2)


def longest_step(job: Step) -> float:
    """Return the longest time step in s at which no mode deviates by more than `DEVIATION`."""
    damping = job.material.damping
    sizes = np.linspace(0.0, 1.0, 1001)[1:]
    ratio = variance_ratio(sizes * complex(-damping, 1) / math.hypot(damping, 1))
    largest = sizes[np.argmax(np.abs(ratio - 1) > DEVIATION) - 1]
    torque = job.material.torque(job.current_density or 0.0, tracks.SPIN_DIRECTION)
    film = tracks.film(job)
    return float(largest / film["terms"].rates(film["cell"], torque)[0])


def time_step(job: Step, drive: Drive) -> float:
    """Return the time step in s of a run."""
    stage = drive.duration / drive.stages
    return stage / math.ceil(stage / longest_step(job) - 1e-9)


def seed(job: Step, drive: Drive) -> int:
    """Return the seed of the thermal field of a run, which no other run of the job has.

    It belongs into OOMMF's `RandomSeed`: OOMMF initialises its generator with it after the evolver
    has done so with `uniform_seed`, which therefore has no effect.
    """
    seeds = np.random.SeedSequence([job.noise_key, round(drive.start / 1e-18)])
    # OOMMF takes a signed integer
    return int(seeds.generate_state(1)[0]) >> 1
