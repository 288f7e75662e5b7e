"""Runge-Kutta chains that give each mode of a damped magnet its thermal energy.

A step of a chain (`stability`) with a thermal field is

    m_j = m_0 + b_j h F(m_{j-1}) + c_j √h G(m_{j-1}) ξ,  j = 1 ... s,

with one ξ for all stages. For a mode of rate λ and noise of strength g, z = λ h, it multiplies the
amplitude by R(z) and adds g √h Q(z) ξ, where R_j = 1 + b_j z R_{j-1} and Q_j = c_j + b_j z Q_{j-1}.
The stationary variance is g² h |Q|²/(1 - |R|²); the exact one is g²/(-2 Re λ). Their ratio

    -2 Re z |Q(z)|²/(1 - |R(z)|²)

is 1 for small z if c_s = 1 and c_{s-1} = 1/2, which also makes the scheme one of Stratonovich's
calculus. The other c_j keep the ratio near 1 along the rays on which the modes of a film lie.
Weights c_j = b_j, the same noise in all stages, do not.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wallnet.constants import BOLTZMANN
from wallnet.film.stability import LARGEST_TURN, polynomial
from wallnet.film.terms import Layer, SpinTorque

CHAINS = {
    0.05: (0.123625, 0.198706, 0.314503, 0.5, 1.0),
    0.1: (0.134824, 0.197895, 0.318243, 0.5, 1.0),
    0.2: (0.125561, 0.195541, 0.321196, 0.5, 1.0),
    0.3: (0.112441, 0.185730, 0.320165, 0.5, 1.0),
    0.5: (0.132298, 0.164174, 0.331601, 0.5, 1.0),
    0.7: (0.172082, 0.229307, 0.445747, 0.5, 1.0),
    1.0: (0.164573, 0.227871, 0.455125, 0.5, 1.0),
}
"""Chains by the damping for which they were designed."""

DEVIATION = 0.02
"""Largest deviation of the ratio from 1."""

LARGEST_KICK = 0.16
"""Largest standard deviation in rad of the rotation by which the thermal field turns a moment about
one axis in a step."""

DEVIATION_OF_SEVERAL = 0.03
"""The same where the damping varies from cell to cell."""

RADII = (3.2, 3.0, 2.8, 2.6, 2.4, 2.2, 2.0)
"""Values of |λ| h that are tried as the largest."""

RADII_OF_SEVERAL = (3.2, 2.6, 2.2, 1.8, 1.4, 1.0)
"""The same where the damping varies from cell to cell."""


def variance_ratio(
    chain: tuple[float, ...], weights: tuple[float, ...], z: NDArray[np.complexfloating]
) -> NDArray[np.float64]:
    """Return the stationary variance of modes with z = λ h, relative to the exact one."""
    added = np.zeros_like(z)
    for b, c in zip(chain, weights, strict=True):
        added = c + b * z * added
    return -2 * z.real * np.abs(added) ** 2 / (1 - np.abs(polynomial(chain, z)) ** 2)


def modes(damping: float, radius: float) -> NDArray[np.complexfloating]:
    """Return values of λ h near the rays of a film's modes, up to a largest |λ| h.

    DMI rotates fast modes slightly towards the imaginary axis. Slow modes, in which the two
    directions perpendicular to m differ in stiffness, are rotated towards the real axis.
    """
    ray = math.pi - math.atan2(1.0, damping)
    sizes = radius * (1 - np.cos(np.linspace(0, math.pi, 41)))[1:] / 2
    turned = [(sizes, -1.5), (sizes, 0.0), (sizes, 3.0), (sizes[sizes < radius / 2], 10.0)]
    return np.concatenate([r * np.exp(1j * (ray + math.radians(turn))) for r, turn in turned])


def _fitted(
    chain: tuple[float, ...], z: NDArray[np.complexfloating]
) -> tuple[float, tuple[float, ...]]:
    """Return the smallest largest deviation of the ratio from 1, and the weights with it."""
    last = (0.5, 1.0)
    free = np.array([0.03, 0.09, 0.2])
    importance = np.ones(z.size)
    best = (math.inf, (*free.tolist(), *last))
    for _ in range(60):
        # least squares with a weight that grows where the deviation is large: nearly the minimax
        scale = np.sqrt(importance)
        for _ in range(4):

            def deviation(weights: NDArray[np.float64]) -> NDArray[np.float64]:
                return variance_ratio(chain, (*weights, *last), z) - 1

            now = deviation(free)
            slope = [
                (deviation(free + 1e-6 * direction) - now) / 1e-6 for direction in np.eye(free.size)
            ]
            free = free - np.linalg.lstsq(scale[:, None] * np.stack(slope, 1), scale * now)[0]
        size = np.abs(deviation(free))
        if size.max() < best[0]:
            best = (float(size.max()), (*free.tolist(), *last))
        importance *= 0.3 + size / size.max()
        importance /= importance.mean()
    return best


@lru_cache(maxsize=512)
def choose(lowest: float, highest: float) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    """Return b_j and c_j of the stages for a range of α, and the largest |λ| h for which they hold.

    Up to this radius, no mode deviates by more than `DEVIATION` from its thermal energy, or by
    more than `DEVIATION_OF_SEVERAL` if the damping varies. A mode of several cells has a λ between
    those of their dampings.

    Raises
    ------
    ValueError
        If no radius is within this deviation.
    """
    varies = highest > lowest
    radii, allowed = (RADII_OF_SEVERAL, DEVIATION_OF_SEVERAL) if varies else (RADII, DEVIATION)
    dampings = np.geomspace(lowest, highest, 5) if varies else np.array([lowest])
    # the chains of the nearest dampings
    nearest = (min(CHAINS, key=lambda own: abs(math.log(own / x))) for x in dampings[::2].tolist())
    chains = [CHAINS[damping] for damping in dict.fromkeys(nearest)]
    for radius in radii:
        z = np.concatenate([modes(damping, radius) for damping in dampings])
        for chain in chains:
            deviation, weights = _fitted(chain, z)
            if deviation <= allowed:
                return chain, weights, radius
    if varies:
        raise ValueError(
            f"damping varies from {lowest:g} to {highest:g}, with which modes deviate by "
            f"{deviation:.1%} from their thermal energy; narrow the range"
        )
    raise ValueError(
        f"damping is {lowest:g}, for which there are no noise weights at a temperature; use 0.05 "
        "to 1.5"
    )


def deviation(layer: Layer, temperature: float, step: float) -> float:
    """Return the standard deviation of a component of the thermal field over a step, in A/m."""
    variance = 2 * layer.terms.damping * BOLTZMANN * temperature
    return math.sqrt(variance / (layer.terms.gyromagnetic_ratio * layer.moment * step))


def longest_step(layer: Layer, temperature: float, torque: SpinTorque | None = None) -> float:
    """Return the longest time step in s of a film at a temperature in K.

    Raises
    ------
    ValueError
        As for `choose`.
    """
    radius = choose(*layer.dampings)[2]
    stiffest, turning = layer.rates(torque)
    kick = deviation(layer, temperature, 1.0) * layer.terms.rate
    cells, damping = layer.cells, layer.terms.damping
    slower = (1 + damping**2) / (1 + (damping * cells.value("damping")) ** 2)
    kick *= float(np.max(cells.value("noise") * np.sqrt(slower)))
    turned = kick**2 * (1 + damping**2)
    return min(radius / stiffest, LARGEST_TURN / turning, LARGEST_KICK**2 / turned)
