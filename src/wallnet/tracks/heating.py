"""Temperature of a track over time: a heated strip on oxide of finite thickness on thick silicon.

The heat of its pulses is a sum of steps, of each of which the response is known.

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
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.config.pulse import repeated
from wallnet.config.waveform import Points, segments
from wallnet.experiment import Simulation

NODES = 24
"""Nodes of the inverse Laplace transformation; it has about 0.6 digits a node."""

MOST_PANELS = 2000
"""Most intervals of the integral over the wave number, in each of which the strip's spectrum has
half a period."""

POINTS = 12
"""Points of Gauss and Legendre in each interval."""

SAMPLES = 4
"""Equal parts of each pulse of a pulse train, at whose ends its temperature is computed."""

FINE = 16
"""Parts between two points of a waveform, at whose ends the temperature is computed."""

POINTS_A_DECADE = 60
"""Points of the table from which the temperature during long pulse trains is interpolated."""

SHORTEST = 1e-13
"""Time in s after a step of the heat flux before which the rise is left out, less than 1/20 of that
after 50 ps."""


def step_response(time: ArrayLike, width: float, heating: Heating) -> NDArray[np.float64]:
    """Return the temperature rise per heat flux of a strip that is heated from time 0 on.

    Times since the start are in s, shape (...), the width is in m. The rise at and before 0 is 0.

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
    its integral over time. Units and shapes are those of `step_response`; times are above 0.
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


def heat_flux(
    metal: HeavyMetal, polarization: float, density: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the heat per area and time that a metal gives off, in W/m².

    P is that of the track's material, the current density J of the device is in A/m².
    """
    in_metal = density * metal.rescaling(polarization)
    return metal.resistivity * metal.thickness * in_metal**2


class Heat(NamedTuple):
    """Heat flux of a pulse, per that of its current density, as steps that add up."""

    instants: NDArray[np.float64]
    """Times in s at which the temperature is computed."""
    edges: NDArray[np.float64]
    """Time in s of each step."""
    steps: NDArray[np.float64]
    """Height of each step."""


def heat_of(waveform: Points, duration: float, parts: int = FINE) -> Heat:
    """Return the heat flux of a pulse: the square of its waveform.

    Heat is linear: a square pulse is a step on and a step off. Where the flux changes gradually,
    its derivative is integrated by Gauss and Legendre, with a step at each node. The sum of steps
    holds at the ends of the parts, between which these nodes are, and after the pulse.
    """
    instants, edges, steps = [np.zeros(1)], [], []
    before = 0.0
    for begin, end, first, last in segments(waveform, duration):
        # a maximum is soon after a point
        shares = np.linspace(0, 1, parts + 1) ** 2 if waveform else np.linspace(0, 1, SAMPLES + 1)
        ends = begin + (end - begin) * shares
        instants.append(ends[1:])
        edges.append(np.array([begin]))
        steps.append(np.array([first**2 - before]))
        before = last**2
        if first != last:
            nodes, weights = np.polynomial.legendre.leggauss(3)
            half = np.diff(ends)[:, np.newaxis] / 2
            inside = ends[:-1, np.newaxis] + half * (1 + nodes)
            slope = (last - first) / (end - begin)
            share = first + slope * (inside - begin)
            edges.append(inside.ravel())
            steps.append((2 * share * slope * half * weights).ravel())
    edges.append(np.array([duration]))
    steps.append(np.array([-before]))
    return Heat(*(np.concatenate(each) for each in (instants, edges, steps)))


def superposed(
    pulses: Sequence[tuple[Heat, float, float]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return time in s and height of the steps of pulses: the heat, start in s and flux of each."""
    edges = [heat.edges + start for heat, start, _ in pulses]
    steps = [heat.steps * flux for heat, _, flux in pulses]
    return np.concatenate([np.empty(0), *edges]), np.concatenate([np.empty(0), *steps])


class StepResponse:
    """A step response over the logarithm of time; 0 at and before time 0.

    Its values, (..., times), are those at ascending times in s since the step, (times,).
    """

    def __init__(self, time: NDArray[np.float64], values: NDArray[np.float64]) -> None:
        from scipy.interpolate import CubicSpline

        self.shortest, self.longest = time[0], time[-1]
        self.spline = CubicSpline(np.log(time), values, axis=-1)

    def __call__(self, time: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the responses at times in s since the step, along the last axes."""
        # rounding of sums of durations must not make a pulse of a femtosecond
        later = time > 0.5 * self.shortest
        known = self.spline(np.log(np.clip(time[later], self.shortest, self.longest)))
        found = np.zeros((*known.shape[:-1], *time.shape))
        found[..., later] = known
        return found


@lru_cache(maxsize=8)
def _response(width: float, substrate: Heating, decades: int) -> StepResponse:
    """Return the mean rise per heat flux of a strip up to 10**decades s after a step."""
    count = math.ceil(POINTS_A_DECADE * (decades - math.log10(SHORTEST))) + 1
    time = np.geomspace(SHORTEST, 10.0**decades, count)
    mean, _ = step_response(time, width, substrate)
    return StepResponse(time, mean)


class TrackTemperature:
    """Temperature of the track of a job over the time since its start, mean over the width.

    Earlier pulses of the same train are included. The temperature of a job without `heating` is
    constant.
    """

    def __init__(self, job: Simulation) -> None:
        self._ambient, self._heating = job.temperature, job.heating
        if job.heating is None:
            return
        metal, begin, pulses = job.heating.heavy_metal, 0.0, []

        def flux(density: float) -> float:
            return float(heat_flux(metal, job.material.polarization, np.array(density)))

        for pulse in reversed(list(repeated(job.heating.earlier))):
            begin -= pulse.duration + pulse.pause
            # nothing changes fast long after it
            heat = heat_of(pulse.waveform, pulse.duration, parts=1)
            pulses.append((heat, begin, flux(pulse.current_density)))
        if job.current_density:
            heat = heat_of(job.waveform, job.pulse_end)
            pulses.append((heat, 0.0, flux(job.current_density)))
        self._edges, self._steps = superposed(pulses)
        longest = job.longest - begin
        decades = math.ceil(math.log10(max(longest, 1e-9)))
        self._rise = _response(job.track.width, job.heating.substrate, decades)

    def __call__(self, time: ArrayLike) -> NDArray[np.float64]:
        """Return the temperature in K at times in s since the start of the job."""
        time = np.asarray(time, dtype=float)
        if self._heating is None:
            return np.full_like(time, self._ambient)
        since = time[..., np.newaxis] - self._edges
        return np.asarray(self._ambient + self._rise(since) @ self._steps)
