"""Explicit Runge-Kutta chains whose stability regions fit the modes of a damped magnet.

The modes of the Landau-Lifshitz equation are near two rays, λ = ω (-α ± i)/(1 + α²). Exchange
between small cells makes |λ| far larger than any rate at which a wall moves. A chain

    m_j = m_0 + b_j h F(m_{j-1}),  j = 1 ... s,  b_{s-1} = 1/2, b_s = 1,

is of second order, stores no more than two stages, and has the stability polynomial
1 + z b_s (1 + z b_{s-1} (1 + ...)). Its free coefficients maximise the largest stable |λ| h on
these rays: 0.84 to 1.5 per stage for six stages, compared with 0.7 for the classical method of
fourth order. Longer chains gain little and lose digits: a rounding error of an early stage is
amplified by up to a hundred in six stages, and by up to ten thousand in twelve.

Linear programming gives the chains of the table (`tests/film/test_stability.py`), each for about
the largest radius at which no mode grows.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

CLASSICAL = (0.25, 1 / 3, 0.5, 1.0)
"""Chain with the polynomial of the classical method, used if accuracy limits the step."""

DESIGNED = {
    0.05: (0.122304, 0.129865, 0.232815, 0.301633, 0.5, 1.0),
    0.1: (0.113185, 0.125637, 0.225542, 0.291591, 0.5, 1.0),
    0.2: (0.098008, 0.117140, 0.211731, 0.275294, 0.5, 1.0),
    0.3: (0.080146, 0.106964, 0.192508, 0.260413, 0.5, 1.0),
    0.4: (0.066162, 0.099800, 0.176188, 0.253147, 0.5, 1.0),
    0.5: (0.056166, 0.094124, 0.164044, 0.250034, 0.5, 1.0),
    0.7: (0.043788, 0.083515, 0.147463, 0.242668, 0.5, 1.0),
    1.0: (0.033574, 0.072366, 0.132382, 0.237425, 0.5, 1.0),
    math.inf: (0.024138, 0.069485, 0.175163, 0.5, 1.0),
}
"""Chains by the damping for which they were designed; infinite is relaxation without precession."""

LARGEST_TURN = 0.25
"""Largest angle in rad by which a moment may turn in a step, without exchange, if exchange limits
the step. In this case, motion is slower than that of single moments."""

LARGEST_TURN_ALONE = 0.06
"""The same angle if exchange is weak and moments turn independently."""


def polynomial(chain: tuple[float, ...], z: NDArray[np.complexfloating]) -> NDArray:
    """Return the stability polynomial of a chain at z = λ h."""
    value = np.ones_like(z)
    for coefficient in chain:
        value = 1 + coefficient * z * value
    return value


def directions(damping: float, precession: bool = True) -> NDArray[np.float64]:
    """Return the angles in rad that enclose the modes of a magnet with Im λ > 0.

    DMI rotates the modes slightly towards the imaginary axis. If the two directions perpendicular
    to m differ in stiffness, precession is slower and the modes rotate towards the real axis.
    """
    if not precession or math.isinf(damping):
        return np.linspace(math.pi - 0.15, math.pi, 4)
    ray = math.pi - math.atan2(1.0, damping)
    margin = min(math.radians(4), 0.4 * (ray - math.pi / 2))
    return np.linspace(ray - margin, min(math.pi, ray + math.radians(20)), 6)


@lru_cache(maxsize=256)
def stability_radius(chain: tuple[float, ...], damping: float, precession: bool = True) -> float:
    """Return the largest |λ| h up to which no mode grows; zero if modes grow for any step."""
    radii = np.linspace(0.0, 4.0 * len(chain), 2001)[1:]
    z = radii[:, None] * np.exp(1j * directions(damping, precession))
    growing = (np.abs(polynomial(chain, z)) > 1 + 1e-9).any(axis=1)
    stable = int(np.argmax(growing)) if growing.any() else len(radii)
    return float(radii[stable - 1]) if stable else 0.0


def choose(
    damping: float, precession: bool, stiffest: float, turning: float
) -> tuple[tuple[float, ...], float]:
    """Return the chain that needs the fewest stages per simulated time, and its longest step in s.

    `stiffest` is the largest |λ|, and `turning` the largest rate that has to be resolved for
    accuracy, in 1/s.
    """
    best: tuple[float, ...] = CLASSICAL
    longest = min(
        stability_radius(best, damping, precession) / stiffest, LARGEST_TURN_ALONE / turning, 1e-11
    )
    for chain in DESIGNED.values():
        stable = stability_radius(chain, damping, precession) / stiffest
        step = min(stable, LARGEST_TURN / turning)
        if stable <= 2 * step and step / len(chain) > longest / len(best):
            best, longest = chain, step
    return best, longest
