"""Write energy of a pulse, with current, voltage and temperature rise of the track.

The current flows in a heavy metal of the track's length and width, without notches. `J` of a device
is the current density that makes its torque with the polarisation P of its material. A metal with
spin Hall angle θ carries J · P/θ for the same torque.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.config.heavy_metal import ROOM_TEMPERATURE
from wallnet.devices.heating import Rise, step_response
from wallnet.jobs import WriteEnergyJob

SAMPLES = 4
"""Equal parts of each pulse of a pulse train, at whose ends its temperature is computed."""

POINTS_A_DECADE = 60
"""Points of the table from which the temperature during long pulse trains is interpolated."""


class WriteEnergy(NamedTuple):
    """Energy and temperature of pulses; every field is an array over the pulses.

    Attributes
    ----------
    metal_current_density : ndarray
        Current density in the heavy metal in A/m².
    current, voltage, energy : ndarray
        Magnitude of the current in A and of the voltage in V, and energy in J.
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


def write_energy_of(
    job: WriteEnergyJob, current_density: ArrayLike, duration: ArrayLike
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

    Returns
    -------
    WriteEnergy
        Energies and temperatures, in the broadcast shape.
    """
    density, lasting = np.broadcast_arrays(
        np.asarray(current_density, dtype=float), np.asarray(duration, dtype=float)
    )
    response = step_response(lasting, job.width, job.heating)
    flux = _flux(job, density)
    return _write_energy(job, density, lasting, Rise(flux * response.mean, flux * response.peak))


def write_energy_of_train(
    job: WriteEnergyJob, current_density: ArrayLike, duration: ArrayLike, start: ArrayLike
) -> WriteEnergy:
    """Return energy and temperature of the pulses of a train, with the heat of earlier pulses.

    Parameters
    ----------
    job : WriteEnergyJob
        Track, metal and substrate.
    current_density, duration, start : array_like
        Current density in A/m², duration in s and start in s of each pulse, in the order of time,
        shape (pulses,).

    Returns
    -------
    WriteEnergy
        Energies and temperatures, shape (pulses,). The temperature rise is the largest one at the
        ends of `SAMPLES` equal parts of the pulse and at its start.
    """
    density, lasting, begin = (
        np.asarray(each, dtype=float) for each in (current_density, duration, start)
    )
    flux = _flux(job, density)
    instants = begin[:, np.newaxis] + lasting[:, np.newaxis] * np.linspace(0, 1, SAMPLES + 1)
    mean, peak = np.zeros_like(density), np.zeros_like(density)
    if lasting.any():
        # heat is linear: each pulse is a step on and a step off
        edges = np.concatenate([begin, begin + lasting])
        steps = np.concatenate([flux, -flux])
        table = _table(job, instants, edges)
        for index, times in enumerate(instants):
            since = times[:, np.newaxis] - edges
            mean[index], peak[index] = ((each(since) @ steps).max() for each in table)
    return _write_energy(job, density, lasting, Rise(mean, peak))


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
    parts = np.diff(np.sort(np.concatenate([instants.ravel(), edges])))
    longest = float(np.ptp(np.concatenate([instants.ravel(), edges])))
    shortest = float(parts[parts > 1e-9 * longest].min(initial=longest))
    count = int(np.ceil(POINTS_A_DECADE * np.log10(longest / shortest))) + 8
    time = np.geomspace(0.9 * shortest, 1.1 * longest, count)
    response = step_response(time, job.width, job.heating)
    return _Interpolated(time, response.mean), _Interpolated(time, response.peak)


def _flux(job: WriteEnergyJob, density: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the heat per area and time that the metal gives off, in W/m²."""
    metal = job.heavy_metal
    return metal.resistivity * metal.thickness * (density * rescaling(job)) ** 2


def _write_energy(
    job: WriteEnergyJob, density: NDArray[np.float64], lasting: NDArray[np.float64], rise: Rise
) -> WriteEnergy:
    in_metal = density * rescaling(job)
    current = np.abs(in_metal) * job.width * job.heavy_metal.thickness
    voltage = current * resistance(job)
    return WriteEnergy(
        metal_current_density=in_metal,
        current=current,
        voltage=voltage,
        energy=current * voltage * lasting,
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
