"""Temperature of a track over time: the heat of its pulses, as steps that add up."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.config.pulse import repeated
from wallnet.config.waveform import Points, segments
from wallnet.experiment import Simulation
from wallnet.tracks.heating import step_response

SAMPLES = 4
"""Equal parts of each pulse of a pulse train, at whose ends its temperature is computed."""

FINE = 16
"""Parts between two points of a waveform, at whose ends the temperature is computed."""

POINTS_A_DECADE = 60
"""Points of the table from which the temperature during long pulse trains is interpolated."""

SHORTEST = 1e-13
"""Time in s after a step of the heat flux before which the rise is left out, less than 1/20 of that
after 50 ps."""


def heat_flux(
    metal: HeavyMetal, polarization: float, density: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the heat per area and time that a metal gives off, in W/m².

    Parameters
    ----------
    metal : HeavyMetal
        The metal below the track.
    polarization : float
        P of the track's material.
    density : ndarray
        Current densities J of the device in A/m².
    """
    in_metal = density * metal.rescaling(polarization)
    return metal.resistivity * metal.thickness * in_metal**2


class Heat(NamedTuple):
    """Heat flux of a pulse, per that of its current density, as steps that add up.

    Attributes
    ----------
    instants : ndarray
        Times in s at which the temperature is computed.
    edges, steps : ndarray
        Time in s and height of each step.
    """

    instants: NDArray[np.float64]
    edges: NDArray[np.float64]
    steps: NDArray[np.float64]


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


class StepResponse:
    """A step response over the logarithm of time; 0 at and before time 0.

    Parameters
    ----------
    time : ndarray (times,)
        Times since the step in s, ascending.
    values : ndarray (..., times)
        Responses at these times.
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

    Earlier pulses of the same train are included.

    Parameters
    ----------
    job : Simulation
        A job at a temperature. Without `heating`, it is constant.
    """

    def __init__(self, job: Simulation) -> None:
        self._ambient, self._heating = job.temperature, job.heating
        if job.heating is None:
            return
        begin, edges, steps = 0.0, [np.empty(0)], [np.empty(0)]

        def add(start: float, heat: Heat, density: float) -> None:
            flux = heat_flux(metal, job.material.polarization, np.array(density))
            edges.append(heat.edges + start)
            steps.append(heat.steps * flux)

        metal = job.heating.heavy_metal
        for pulse in reversed(list(repeated(job.heating.earlier))):
            begin -= pulse.duration + pulse.pause
            # nothing changes fast long after it
            heat = heat_of(pulse.waveform, pulse.duration, parts=1)
            add(begin, heat, pulse.current_density)
        if job.current_density:
            add(0.0, heat_of(job.waveform, job.pulse_end), job.current_density)
        self._edges, self._steps = np.concatenate(edges), np.concatenate(steps)
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
