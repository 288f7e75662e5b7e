"""Temperature of a heated strip on an oxide layer of finite thickness on thick silicon.

The strip is long, so that heat flows in the plane of its cross-section, and thin, so that its heat
enters the oxide evenly over its width. It stores no heat itself, and nothing flows upwards. The
parts are in perfect contact, and their properties do not depend on temperature.

With κ = √(k² + s/D) in each layer, the surface of the oxide has for each wave number k across the
strip and each Laplace variable s the impedance Z = Z₁ (1 + r e)/(1 - r e), e = exp(-2 κ₁ d), with
Z₁ = 1/(λ₁ κ₁) and r = (λ₁ κ₁ - λ₂ κ₂)/(λ₁ κ₁ + λ₂ κ₂) (Carslaw and Jaeger, Conduction of Heat in
Solids, chapters 10 and 12). Its first part, Z₁, is thick oxide, which has a closed form. The rest,
the heat reflected by the silicon, is integrated over k and transformed back numerically.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.config.heavy_metal import Heating

NODES = 24
"""Nodes of the inverse Laplace transformation; it has about 0.6 digits a node."""

MOST_PANELS = 2000
"""Most intervals of the integral over the wave number, in each of which the strip's spectrum has
half a period."""

POINTS = 12
"""Points of Gauss and Legendre in each interval."""


def step_response(time: ArrayLike, width: float, heating: Heating) -> NDArray[np.float64]:
    """Return the temperature rise per heat flux of a strip that is heated from time 0 on.

    Parameters
    ----------
    time : array_like (...)
        Times since the start in s; the rise at and before 0 is 0.
    width : float
        Width of the strip in m.
    heating : Heating
        The substrate.

    Returns
    -------
    ndarray (2, ...)
        Rise per flux in K m²/W: the mean over the width of the strip, and in its middle, the
        hottest place.
    """
    time = np.asarray(time, dtype=float)
    later = time > 0
    rise = np.zeros((2, *time.shape))
    if later.any():
        unique, place = np.unique(time[later], return_inverse=True)
        found = thick_oxide(unique, width, heating) + _reflected(unique, width, heating)
        rise[:, later] = found[:, place]
    return rise


def thick_oxide(time: NDArray[np.float64], width: float, heating: Heating) -> NDArray[np.float64]:
    """Return the rise per heat flux of a strip on oxide without an end.

    The rise after heat that is given off in a moment is a difference of error functions; this is
    its integral over time.

    Parameters
    ----------
    time : ndarray (times,)
        Times since the start in s, above 0.
    width, heating
        As for `step_response`.

    Returns
    -------
    ndarray (2, times)
        Rise per flux in K m²/W, mean and in the middle.
    """
    from scipy.special import erf, exp1

    conductivity = heating.oxide_conductivity
    # diffusivity times time, m²
    spread = conductivity / heating.oxide_heat_capacity * time
    sizes = np.array([[width], [width / 2]]) / (2 * np.sqrt(spread))
    rise = 2 * np.sqrt(spread / math.pi) * erf(sizes) + width / (2 * math.pi) * exp1(sizes**2)
    rise[0] -= 2 * spread / (math.pi * width) * -np.expm1(-(sizes[0] ** 2))
    return np.asarray(rise / conductivity)


def _reflected(time: NDArray[np.float64], width: float, heating: Heating) -> NDArray[np.float64]:
    """Return what the silicon changes of the rise per heat flux on thick oxide."""
    waves, weights = _wave_numbers(time.max(), width, heating)
    spectrum = np.sinc(waves * width / 2 / math.pi)
    shares = [weights * width / math.pi * spectrum**power for power in (2, 1)]
    exponents, factors = _talbot(NODES)
    rise = np.empty((2, time.size))
    for index, t in enumerate(time):
        s = exponents[:, np.newaxis] / t
        found = _reflection(waves, s, heating) / s
        rise[:, index] = [(factors @ (found @ share)).real / t for share in shares]
    return rise


def _reflection(
    waves: NDArray[np.float64], s: NDArray[np.complex128], heating: Heating
) -> NDArray[np.complex128]:
    """Return Z - Z₁ of each wave number and Laplace variable, in K m²/W."""
    # λ κ of the oxide and of the silicon
    oxide, silicon = (
        conductivity * np.sqrt(waves**2 + s * heat_capacity / conductivity)
        for conductivity, heat_capacity in (
            (heating.oxide_conductivity, heating.oxide_heat_capacity),
            (heating.silicon_conductivity, heating.silicon_heat_capacity),
        )
    )
    reflection = (oxide - silicon) / (oxide + silicon)
    back = np.exp(-2 * oxide / heating.oxide_conductivity * heating.oxide_thickness)
    return np.asarray(2 / oxide * reflection * back / (1 - reflection * back))


def _wave_numbers(
    longest: float, width: float, heating: Heating
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return wave numbers in 1/m and weights of the integral from 0 to where nothing returns.

    The least scale is the reach of the heat in the silicon. From the first zero of the strip's
    spectrum on, each interval ends at a zero.
    """
    reach = math.sqrt(heating.silicon_conductivity / heating.silicon_heat_capacity * longest)
    zero = 2 * math.pi / width
    last = 20 / heating.oxide_thickness
    least = 1e-3 * min(zero, last, 1 / reach)
    ends = [0.0, *np.geomspace(least, min(zero, last), 4 * math.ceil(math.log10(zero / least)) + 1)]
    if last > zero:
        count = math.ceil(last / zero)
        ends += (zero * np.arange(2, min(count, MOST_PANELS) + 1)).tolist()
    points, weights = np.polynomial.legendre.leggauss(POINTS)
    middle, half = (np.add(ends[1:], ends[:-1]) / 2, np.diff(ends) / 2)
    nodes = middle[:, np.newaxis] + half[:, np.newaxis] * points
    return nodes.ravel(), (half[:, np.newaxis] * weights).ravel()


def _talbot(count: int) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return exponents δ and factors with f(t) = Re Σ factor F(δ/t)/t.

    Fixed Talbot method (Abate and Valkó, Int. J. Numer. Meth. Engng 60, 979 (2004)).
    """
    angle = np.arange(1, count) * math.pi / count
    cotangent = 1 / np.tan(angle)
    exponents = np.array([2 * count / 5, *(2 * count / 5 * angle * (cotangent + 1j))])
    factors = np.array(
        [0.5, *(1 + 1j * angle * (1 + cotangent**2) - 1j * cotangent)], dtype=np.complex128
    )
    return exponents, 2 / 5 * factors * np.exp(exponents)
