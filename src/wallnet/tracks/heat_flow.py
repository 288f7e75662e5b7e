"""Temperature of a track over time: a heated strip on oxide on thick silicon, below another medium.

The heat of pulses is a sum of steps, and the temperature the sum of the responses to them.

The strip is long, so that heat flows in the plane of its cross-section, and thin, so that its heat
enters the media evenly over its width. Metal, magnet and cap store heat and have one temperature
across their thickness; no heat flows along them. Properties do not depend on temperature.

Along a track with notches where the current crowds (`wallnet.tracks.current`), metal and media have
these properties for each wave number k' along it: κ = √(k² + k'² + s/D), and C s + λ d k'² with the
conductance λ d of the metal. The strip has the mean width of the metal, and in each section the
heat per area of its metal, scaled so that all of the heat is that of the track.

With κ = √(k² + s/D) in each layer, the surface of the oxide has for each wave number k across the
strip and each Laplace variable s the impedance Z = Z₁ (1 + r e)/(1 - r e), e = exp(-2 κ₁ d), with
Z₁ = 1/(λ₁ κ₁) and r = (λ₁ κ₁ - λ₂ κ₂)/(λ₁ κ₁ + λ₂ κ₂) (Carslaw and Jaeger, Conduction of Heat in
Solids, chapters 10 and 12). Z₁ is that of thick oxide, whose mean over the strip is one of Bessel
functions. The rest, the heat reflected by the silicon, is integrated over k. With the mean Z̄ over
the strip, the node of heat capacity C has the rise q/(C s + 1/(Z̄ + R) + 1/(Z̄' + R')) for the heat
q, below and above its interfaces. It is transformed back numerically.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.config.heavy_metal import HeatMedia
from wallnet.config.waveform import Points, segments
from wallnet.jobs import Run
from wallnet.jobs.bilayer import Bilayer, NotchedTrack
from wallnet.jobs.run import repeated
from wallnet.tracks.current import current

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

NODES = 20
"""Nodes of the inverse Laplace transformation; it has about 0.6 digits a node."""

MOST_PANELS = 100
"""Largest number of intervals of the integral over the wave number, each half a period of the
strip's spectrum."""

STEP, MOST_STEPS = 0.2, 180
"""Step and number of steps of the integrals of Bessel functions."""

POINTS = 12
"""Points of Gauss and Legendre in each interval."""

COARSE = 4
"""Equal parts of each square pulse, at whose ends its temperature is computed."""

FINE = 16
"""Parts between two points of a waveform, at whose ends the temperature is computed."""

POINTS_A_DECADE = 60
"""Points of the table from which the temperature during long pulse trains is interpolated."""

SHORTEST = 1e-13
"""Time in s after a step of the heat flux from which on the rise is computed. Before, it is less
than 1/20 of the rise after 50 ps, and left out."""


MODES = 24
"""Wave numbers along a track at which the response is computed, and between which it is
interpolated."""

NEGLIGIBLE = 1e-6
"""Share of the heat at one wave number below which its return from the silicon is left out."""


def step_response(
    time: ArrayLike,
    width: float,
    media: HeatMedia,
    heat_capacity: float = 0.0,
    notched: NotchedTrack | None = None,
) -> Array:
    """Return the temperature rise per heat flux of a strip that is heated from time 0 on.

    Times since the start are in s, shape (...), the width is in m, the heat capacity of the strip
    in J/(m² K). The rise at and before 0 is 0. The flux is that of a strip without notches.

    Returns
    -------
    ndarray (2, ...)
        Rise per flux in K m²/W: the mean over the strip, and in the hottest place. That is its
        middle; of a notched track, the mean over the width at its first neck.
    """
    time = np.asarray(time, dtype=float)
    later = time > 0
    rise = np.zeros((2, *time.shape))
    if later.any():
        unique, place = np.unique(time[later], return_inverse=True)
        if notched is None:
            rises = _rise(unique, width, media, heat_capacity)
        else:
            rises = _rise_along(unique, media, heat_capacity, notched)
        rise[:, later] = rises[:, place]
    return rise


def _rise(
    time: Array,
    width: float,
    media: HeatMedia,
    heat_capacity: float,
    wave: float = 0.0,
    conductance: float = 0.0,
) -> Array:
    """Return mean and middle of the rise, (2, times), for a wave number along the strip in 1/m."""
    exponents, factors = _talbot(NODES)
    s = exponents / time[:, np.newaxis]
    flux = heat_capacity * s + conductance * wave**2 + _admittance(s, width, media, wave)
    return np.asarray(((1 / (s * flux)) @ factors).real / time)


def _rise_along(
    time: Array, media: HeatMedia, heat_capacity: float, notched: NotchedTrack
) -> Array:
    """Return the rise of a notched track: its mean, and at a neck, (2, times)."""
    from scipy.interpolate import CubicSpline

    track, (heat, width) = notched.track, _heat_along(notched)
    neck = min(int(track.notch_positions[0] / track.cell_size), heat.size - 1)
    number = np.arange(heat.size)
    cosines = np.cos(math.pi / heat.size * np.outer(number, number + 0.5))
    shares = np.where(number > 0, 2.0, 1.0) / heat.size * (cosines @ heat)
    few = np.unique(np.geomspace(1, heat.size, MODES).round()) - 1
    responses = [
        _rise(time, width, media, heat_capacity, math.pi / track.length * mode, notched[2])[0]
        for mode in few.tolist()
    ]
    response = CubicSpline(np.log1p(few), responses)(np.log1p(number))
    return np.stack([shares[0] * response[0], (shares * cosines[:, neck]) @ response])


def _heat_along(notched: NotchedTrack) -> tuple[Array, float]:
    """Return the heat per area of metal in each column, relative to a strip, and the mean width."""
    crowded = current(notched.track, notched.crowding)
    heat, filled = crowded.heat / crowded.filled, float(crowded.filled.mean())
    return heat * (crowded.resistance / filled / heat.mean()), notched.track.width * filled


def _admittance(s: Complex, width: float, media: HeatMedia, wave: float) -> Complex:
    """Return the heat flux into the media per rise of the strip, in W/(m² K).

    Laplace variables have the shape (times, nodes), the result (2, times, nodes): with the mean of
    the surface over the width, and with its middle. With an interface, the strip joins the media;
    without, they touch each other too, at each wave number.
    """
    above = media.encapsulation_conductivity, media.encapsulation_heat_capacity
    resistances = media.interface_resistance, media.encapsulation_resistance
    if not above[0] or not any(resistances):
        below = _impedance(s, width, media, above if above[0] else (0.0, 0.0), wave)
        return 1 / (below + resistances[0])
    below = _impedance(s, width, media, (0.0, 0.0), wave)
    upper = _half_space(s, width, *above, wave)
    return 1 / (below + resistances[0]) + 1 / (upper + resistances[1])


def _impedance(
    s: Complex, width: float, media: HeatMedia, above: tuple[float, float], wave: float
) -> Complex:
    """Return the rise of the surface per heat flux of a strip on it, in K m²/W.

    Conductivity and heat capacity of a medium above are 0 if there is none. The difference
    of the media from one half space is integrated over the wave number. Shapes are those of
    `_admittance`.
    """
    conductivity = media.oxide_conductivity + above[0]
    capacity = media.oxide_heat_capacity + above[1]
    whole = _half_space(s, width, conductivity, capacity, wave)
    if not above[0] and math.exp(-2 * wave * media.oxide_thickness) < NEGLIGIBLE:
        return whole
    waves, shares = _wave_numbers(s, width, media, above)
    squares = waves**2 + wave**2
    for index, row in enumerate(s):
        # λ κ of the media, and of one half space with the properties of all at the surface
        oxide, silicon, *both = (
            np.sqrt(medium[0] * (medium[0] * squares + row[:, np.newaxis] * medium[1]))
            for medium in (
                (media.oxide_conductivity, media.oxide_heat_capacity),
                (media.silicon_conductivity, media.silicon_heat_capacity),
                *([above, (conductivity, capacity)] if above[0] else ()),
            )
        )
        upper, one = both or (0.0, oxide)
        back = np.exp(-2 * oxide / media.oxide_conductivity * media.oxide_thickness)
        back *= (oxide - silicon) / (oxide + silicon)
        rest = 1 / (oxide * (1 - back) / (1 + back) + upper) - 1 / one
        whole[:, index] += shares @ rest.T
    return whole


def _half_space(
    s: Complex, width: float, conductivity: float, heat_capacity: float, wave: float
) -> Complex:
    """Return the rise of the surface of a half space per heat flux of a strip on it, in K m²/W.

    A line of heat makes the rise K0(κ r)/(π λ), κ = √(s/D + k'²), at the distance r.
    """
    kappa = np.sqrt(s * heat_capacity / conductivity + wave**2)
    # K0(z) is ∫ exp(-z cosh v) dv, and so are K1 and the integral of K0 with other factors; sums
    # over even steps converge exponentially
    cosh = np.cosh(STEP * np.arange(MOST_STEPS))
    weights = np.where(cosh > 1, STEP, STEP / 2)
    size = kappa * width
    halves = np.exp(-size[..., np.newaxis] / 2 * cosh)
    decays = halves * halves
    middle = (1 - halves) @ (weights / cosh)
    mean = (1 - decays) @ (weights / cosh) + decays @ (weights * cosh) - 1 / size
    return np.asarray(2 / (math.pi * conductivity * kappa) * np.array([mean, middle]))


def _wave_numbers(
    s: Complex, width: float, media: HeatMedia, above: tuple[float, float]
) -> tuple[Array, Array]:
    """Return wave numbers in 1/m, and weights of the integral for mean and middle, (2, waves).

    The integral is from 0 to where nothing returns from the silicon, or where two media conduct
    like one. The least scale is the reach of the heat in the silicon. From the first zero of the
    strip's spectrum on, each interval ends at a zero; after many, what oscillates is left out.
    """
    reach = np.sqrt(media.silicon_conductivity / media.silicon_heat_capacity / abs(s).min())
    zero, last = 2 * math.pi / width, 20 / media.oxide_thickness
    if above[0]:
        oxide = media.oxide_heat_capacity / media.oxide_conductivity
        last = max(last, 10 * np.sqrt(abs(s).max() * max(oxide, above[1] / above[0])))
    least = 1e-3 * min(zero, last, 1 / reach)

    def spaced(begin: float, end: float) -> list[float]:
        count = math.ceil(4 * math.log10(end / begin)) + 1
        return [float(wave) for wave in np.geomspace(begin, end, count)]

    ends = [0.0, *spaced(least, min(zero, last))]
    ends += [zero * n for n in range(2, min(math.ceil(last / zero), MOST_PANELS) + 1)]
    if last > ends[-1]:
        ends += spaced(ends[-1], last)[1:]
    points, weights = np.polynomial.legendre.leggauss(POINTS)
    half = np.diff(ends)[:, np.newaxis] / 2
    waves = (np.array(ends[:-1])[:, np.newaxis] + half * (1 + points)).ravel()
    fine, sinc = waves < zero * MOST_PANELS, np.sinc(waves / zero)
    mean = np.where(fine, sinc**2, 2 / (waves * width) ** 2)
    # half of the last interval is nearly the alternating sum of those left out
    middle = sinc * (1 - 0.5 * (waves > zero * (MOST_PANELS - 1)) - 0.5 * ~fine)
    shares = width / math.pi * (half * weights).ravel() * np.array([mean, middle])
    return waves, shares


def _talbot(count: int) -> tuple[Complex, Complex]:
    """Return exponents δ and factors with f(t) = Re Σ factor F(δ/t)/t.

    Fixed Talbot method (Abate and Valkó, Int. J. Numer. Meth. Engng 60, 979 (2004)).
    """
    angle = np.arange(1, count) * math.pi / count
    cotangent = 1 / np.tan(angle)
    exponents = np.array([2 * count / 5, *(2 * count / 5 * angle * (cotangent + 1j))])
    factors = np.array([0.5, *(1 + 1j * angle * (1 + cotangent**2) - 1j * cotangent)], complex)
    return exponents, 2 / 5 * factors * np.exp(exponents)


def heat_flux(bilayer: Bilayer, density: ArrayLike) -> Array:
    """Return the heat per area and time that metal and magnet give off, in W/m².

    The current density J of the device is in A/m².
    """
    return bilayer.sheet_resistance * (bilayer.sheet_current * np.asarray(density)) ** 2


class Heat(NamedTuple):
    """Heat flux of a pulse, per that of its current density, as steps that add up."""

    instants: Array
    """Times in s at which the temperature is computed."""
    edges: Array
    """Time in s of each step."""
    steps: Array
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
        shares = np.linspace(0, 1, parts + 1) ** 2 if waveform else np.linspace(0, 1, COARSE + 1)
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
    return Heat(*(np.concatenate(arrays) for arrays in (instants, edges, steps)))


def superposed(pulses: Sequence[tuple[Heat, float, float]]) -> tuple[Array, Array]:
    """Return time in s and height of the steps of pulses, each a heat, a start in s and a flux."""
    edges = [heat.edges + start for heat, start, _ in pulses]
    steps = [heat.steps * flux for heat, _, flux in pulses]
    return np.concatenate([np.empty(0), *edges]), np.concatenate([np.empty(0), *steps])


class StepResponse:
    """A step response over the logarithm of time; 0 at and before time 0.

    Its values, (..., times), are those at ascending times in s since the step, (times,).
    """

    def __init__(self, time: Array, values: Array) -> None:
        from scipy.interpolate import CubicSpline

        self.shortest, self.longest = time[0], time[-1]
        self.spline = CubicSpline(np.log(time), values, axis=-1)

    def __call__(self, time: Array) -> Array:
        """Return the responses at times in s since the step, along the last axes."""
        # rounding errors of sums of durations must not appear as pulses of a femtosecond
        later = time > 0.5 * self.shortest
        values = self.spline(np.log(np.clip(time[later], self.shortest, self.longest)))
        response = np.zeros((*values.shape[:-1], *time.shape))
        response[..., later] = values
        return response


@lru_cache(maxsize=8)
def _response(
    width: float, media: HeatMedia, heat_capacity: float, decades: int, notched: NotchedTrack | None
) -> StepResponse:
    """Return the mean rise per heat flux of a strip up to 10**decades s after a step."""
    count = math.ceil(POINTS_A_DECADE * (decades - math.log10(SHORTEST))) + 1
    time = np.geomspace(SHORTEST, 10.0**decades, count)
    heat, width = _heat_along(notched) if notched else (np.ones(1), width)
    return StepResponse(time, heat.mean() * _rise(time, width, media, heat_capacity)[0])


class TrackTemperature:
    """Temperature of the track of a job over the time since its start, its mean over the track.

    Earlier pulses of the same run are included. Without heat, the temperature is constant.
    """

    def __init__(self, job: Run) -> None:
        self._ambient, self._heated = job.field, job.heat is not None
        if job.heat is None:
            return
        bilayer, begin, pulses = job.heat.bilayer, 0.0, []
        for step in reversed([*repeated(job.earlier)]):
            begin -= step.duration + step.pause
            if step.current_density:
                # long after a pulse, nothing changes fast
                heat = heat_of(step.waveform, step.duration, parts=1)
                pulses.append((heat, begin, float(heat_flux(bilayer, step.current_density))))
        if job.current_density:
            heat = heat_of(job.step.waveform, job.pulse_end)
            pulses.append((heat, 0.0, float(heat_flux(bilayer, job.current_density))))
        self._edges, self._steps = superposed(pulses)
        decades = math.ceil(math.log10(max(job.end - begin, 1e-9)))
        notched = bilayer.notched(job.track, job.crowding)
        self._rise = _response(
            job.track.width, job.heat.media, bilayer.heat_capacity, decades, notched
        )

    def __call__(self, time: ArrayLike) -> Array:
        """Return the temperature in K at times in s since the start of the job."""
        time = np.asarray(time, dtype=float)
        if not self._heated:
            return np.full_like(time, self._ambient)
        since = time[..., np.newaxis] - self._edges
        return np.asarray(self._ambient + self._rise(since) @ self._steps)
