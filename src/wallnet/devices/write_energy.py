"""Write energy of a pulse, with current, voltage and temperature rise of the track.

The current flows in a heavy metal of the track's length and width, without notches. `J` of a device
is the current density that makes its torque with the polarisation P of its material. A metal with
spin Hall angle θ carries J · P/θ for the same torque.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.config.heavy_metal import ROOM_TEMPERATURE
from wallnet.config.waveform import ROUNDING, Points, largest, mean_square, segments
from wallnet.devices.heating import Rise, step_response
from wallnet.jobs.write_energy import WriteEnergyJob

if TYPE_CHECKING:
    import xarray

SAMPLES = 4
"""Equal parts of each pulse of a pulse train, at whose ends its temperature is computed."""

FINE = 16
"""Parts between two points of a waveform, at whose ends the temperature is computed."""

POINTS_A_DECADE = 60
"""Points of the table from which the temperature during long pulse trains is interpolated."""


class WriteEnergy(NamedTuple):
    """Energy and temperature of pulses; every field is an array over the pulses.

    Attributes
    ----------
    metal_current_density : ndarray
        Largest current density in the heavy metal in A/m², with the sign of J.
    current, voltage, energy : ndarray
        Largest magnitude of the current in A and of the voltage in V, and energy in J.
    rise : Rise
        Largest temperature rise during the pulse in K: mean over the width, and in the middle.
    outside : ndarray
        Whether the middle becomes hotter than the parameters of the material allow.
    beyond_model : ndarray
        Whether the middle passes the Curie temperature.
    """

    metal_current_density: NDArray[np.float64]
    current: NDArray[np.float64]
    voltage: NDArray[np.float64]
    energy: NDArray[np.float64]
    rise: Rise
    outside: NDArray[np.bool_]
    beyond_model: NDArray[np.bool_]


def resistance(job: WriteEnergyJob) -> float:
    """Return the resistance of the metal between the ends of the track in Ω."""
    metal = job.heavy_metal
    return metal.resistivity * job.length / (job.width * metal.thickness)


def rescaling(job: WriteEnergyJob) -> float:
    """Return P/θ, the current density in the metal per J of the device."""
    angle = job.heavy_metal.spin_hall_angle
    return 1.0 if angle is None else job.polarization / angle


def job_of(data: "xarray.Dataset") -> WriteEnergyJob:
    """Return what the write energy depends on, as the file of a device or of a study states it."""
    said = json.loads(data.attrs["parameters"])
    if "about" in said:
        return WriteEnergyJob.model_validate(said["about"]["write_energy"])
    device = said["settings"]
    return WriteEnergyJob(
        length=device["track"]["length"],
        width=device["track"]["width"],
        polarization=device["material"]["polarization"],
        curie_temperature=device["material"]["curie_temperature"],
        heavy_metal=device["heavy_metal"],
        heating=device["heating"],
    )


def swept_pulse(device: "xarray.Dataset") -> tuple[float, Points]:
    """Return duration in s and waveform of the pulses of a device's sweep."""
    pulse = json.loads(device.attrs["parameters"])["settings"]["pulse"]
    return float(pulse["duration"]), tuple(map(tuple, pulse.get("waveform", ())))


def trained_waveforms(response: "xarray.Dataset") -> list[Points]:
    """Return the waveform of each pulse of a train; index 0 is the state before the first."""
    found: list[Points] = [()]
    for pulse in json.loads(response.attrs["parameters"])["settings"]["pulses"]:
        points = tuple(map(tuple, pulse.get("waveform", ())))
        found += [points] * int(pulse.get("repetitions", 1))
    return found


def write_energy_of(
    job: WriteEnergyJob, current_density: ArrayLike, duration: ArrayLike, waveform: Points = ()
) -> WriteEnergy:
    """Return energy and temperature of single pulses, each from a cold track.

    Parameters
    ----------
    job : WriteEnergyJob
        Track, metal and substrate.
    current_density : array_like
        Current density J of each pulse in A/m², as in the configuration of the device.
    duration : array_like
        Duration of each pulse in s; it broadcasts against the current densities.
    waveform : tuple
        Waveform of all pulses, if they are not square.

    Returns
    -------
    WriteEnergy
        Energies and temperatures, in the broadcast shape.
    """
    density, lasting = np.broadcast_arrays(
        np.asarray(current_density, dtype=float), np.asarray(duration, dtype=float)
    )
    heat: float | NDArray[np.float64] = 1.0
    if not waveform:
        response = step_response(lasting, job.width, job.heating)
    else:
        unique, place = np.unique(lasting.ravel(), return_inverse=True)
        place = place.reshape(lasting.shape)
        each = [_hottest(job, [waveform], [one], [0.0], [1.0]) for one in unique.tolist()]
        response = Rise(*(np.concatenate(part)[place] for part in zip(*each, strict=True)))
        heat = np.array([mean_square(waveform, one) for one in unique])[place]
    flux = heat_flux(job, density)
    rise = Rise(flux * response.mean, flux * response.peak)
    return _write_energy(job, density, lasting, rise, largest(waveform), heat)


def write_energy_of_sweep(device: "xarray.Dataset", current_density: ArrayLike) -> WriteEnergy:
    """Return energy and temperature of pulses of a device's sweep, by their current density."""
    return write_energy_of(job_of(device), current_density, *swept_pulse(device))


def write_energy_of_train(
    job: WriteEnergyJob,
    current_density: ArrayLike,
    duration: ArrayLike,
    start: ArrayLike,
    waveforms: Sequence[Points] = (),
) -> WriteEnergy:
    """Return energy and temperature of the pulses of a train, with the heat of earlier pulses.

    Parameters
    ----------
    job : WriteEnergyJob
        Track, metal and substrate.
    current_density, duration, start : array_like
        Current density in A/m², duration in s and start in s of each pulse, in the order of time,
        shape (pulses,).
    waveforms : sequence
        Waveform of each pulse, if they are not all square.

    Returns
    -------
    WriteEnergy
        Energies and temperatures, shape (pulses,). The temperature rise is the largest one at the
        ends of `SAMPLES` equal parts of the pulse, or of `FINE` parts between two points of its
        waveform, and at its start.
    """
    density, lasting, begin = (
        np.asarray(each, dtype=float) for each in (current_density, duration, start)
    )
    shapes = waveforms or [()] * len(density)
    rise = Rise(np.zeros_like(density), np.zeros_like(density))
    if lasting.any():
        flux = heat_flux(job, density)
        rise = _hottest(job, shapes, lasting.tolist(), begin.tolist(), flux.tolist())
    squares = [mean_square(*each) for each in zip(shapes, lasting.tolist(), strict=True)]
    peaks = np.array([largest(shape) for shape in shapes])
    return _write_energy(job, density, lasting, rise, peaks, np.array(squares))


def rise_over_time(
    job: WriteEnergyJob, duration: float, waveform: Points
) -> tuple[NDArray[np.float64], Rise]:
    """Return the rise during a pulse and for twice its duration afterwards.

    Parameters
    ----------
    job : WriteEnergyJob
        Track and substrate.
    duration : float
        Duration of the pulse in s.
    waveform : tuple
        Its waveform.

    Returns
    -------
    tuple
        Times in s, and the rise at each per heat flux of the current density, in K m²/W.
    """
    heat = _heat(waveform, duration)
    time = np.linspace(0, 3 * duration, 241)
    if not waveform:
        responses = step_response(time[:, np.newaxis] - heat.edges, job.width, job.heating)
        return time, Rise(*(each @ heat.steps for each in responses))
    # the sum of steps holds at the ends of the parts
    time = np.concatenate([heat.instants, time[time > duration * (1 + ROUNDING)]])
    since = time[:, np.newaxis] - heat.edges
    return time, Rise(*(each(since) @ heat.steps for each in _table(job, time, heat.edges)))


class _Heat(NamedTuple):
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


def _heat(waveform: Points, duration: float, parts: int = FINE) -> _Heat:
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
    return _Heat(*(np.concatenate(each) for each in (instants, edges, steps)))


def _hottest(
    job: WriteEnergyJob,
    waveforms: Sequence[Points],
    duration: Sequence[float],
    begin: Sequence[float],
    flux: Sequence[float],
) -> Rise:
    """Return the largest rise during each pulse, with the heat of the pulses before it.

    The flux of each pulse in W/m² is that of its current density.
    """
    own = [_heat(*each) for each in zip(waveforms, duration, strict=True)]
    # nothing changes fast long after it
    earlier = [_heat(*each, parts=1) for each in zip(waveforms, duration, strict=True)]
    instants = np.concatenate(
        [heat.instants + start for heat, start in zip(own, begin, strict=True)]
    )
    edges = np.concatenate([heat.edges + start for heat, start in zip(own, begin, strict=True)])
    table = _table(job, instants, edges)
    found = []
    for index, heat in enumerate(own):
        heats = [*earlier[:index], heat]
        pulses = list(zip(heats, begin, flux, strict=False))
        edges = np.concatenate([each.edges + start for each, start, _ in pulses])
        steps = np.concatenate([each.steps * power for each, _, power in pulses])
        since = (heat.instants + begin[index])[:, np.newaxis] - edges
        found.append([(response(since) @ steps).max() for response in table])
    return Rise(*np.array(found).T)


class _Interpolated:
    """A step response over the logarithm of time; 0 at and before time 0."""

    def __init__(self, time: NDArray[np.float64], values: NDArray[np.float64]) -> None:
        from scipy.interpolate import CubicSpline

        self.shortest, self.longest = time[0], time[-1]
        self.spline = CubicSpline(np.log(time), values)

    def __call__(self, time: NDArray[np.float64]) -> NDArray[np.float64]:
        # rounding of sums of durations must not make a pulse of a femtosecond
        later = time > 0.5 * self.shortest
        found = np.zeros_like(time)
        found[later] = self.spline(np.log(np.clip(time[later], self.shortest, self.longest)))
        return found


def _table(
    job: WriteEnergyJob, instants: NDArray[np.float64], edges: NDArray[np.float64]
) -> tuple[_Interpolated, _Interpolated]:
    """Return the step responses of mean and middle for all times of a pulse train."""
    parts = np.diff(np.sort(np.concatenate([instants, edges])))
    longest = float(np.ptp(np.concatenate([instants, edges])))
    shortest = float(parts[parts > 1e-9 * longest].min(initial=longest))
    count = int(np.ceil(POINTS_A_DECADE * np.log10(longest / shortest))) + 8
    time = np.geomspace(0.9 * shortest, 1.1 * longest, count)
    response = step_response(time, job.width, job.heating)
    return _Interpolated(time, response.mean), _Interpolated(time, response.peak)


def heat_flux(job: WriteEnergyJob, density: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the heat per area and time that the metal gives off, in W/m²."""
    metal = job.heavy_metal
    return metal.resistivity * metal.thickness * (density * rescaling(job)) ** 2


def _write_energy(
    job: WriteEnergyJob,
    density: NDArray[np.float64],
    lasting: NDArray[np.float64],
    rise: Rise,
    peak: float | NDArray[np.float64],
    heat: float | NDArray[np.float64],
) -> WriteEnergy:
    """Return energy and temperature from largest magnitude and mean square of each waveform."""
    in_metal = density * rescaling(job)
    current = np.abs(in_metal) * job.width * job.heavy_metal.thickness
    voltage = current * resistance(job)
    return WriteEnergy(
        metal_current_density=in_metal * peak,
        current=current * peak,
        voltage=voltage * peak,
        energy=current * voltage * lasting * heat,
        rise=rise,
        outside=rise.peak > _limit(job),
        beyond_model=ROOM_TEMPERATURE + rise.peak > job.curie_temperature,
    )


def _limit(job: WriteEnergyJob) -> float:
    """Return the temperature rise in K up to which the parameters of the material are constant."""
    return min(job.heating.largest_rise, job.curie_temperature - ROOM_TEMPERATURE)


def heat_caveat(job: WriteEnergyJob, rise: ArrayLike) -> str:
    """Return how many pulses heat a track too much, how far, and what it means; or nothing.

    Parameters
    ----------
    job : WriteEnergyJob
        Limits of the rise and of the temperature.
    rise : array_like
        Temperature rise of each pulse in the middle of the track, in K.
    """
    rise = np.asarray(rise, dtype=float)
    outside = int((rise > _limit(job)).sum())
    beyond = int((ROOM_TEMPERATURE + rise > job.curie_temperature).sum())
    if not outside:
        return ""
    text = (
        f"{outside} of {rise.size} pulses heat the track by more than {_limit(job):g} K, "
        f"up to {rise.max():,.0f} K: its parameters change, so that the results are estimates"
    )
    if beyond:
        text += (
            f"; {beyond} of {rise.size} pass the Curie temperature of {job.curie_temperature:g} K "
            "(beyond_model): the film is no magnet, and their results mean nothing"
        )
    return text
