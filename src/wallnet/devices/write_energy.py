"""Write energy of a pulse, with current, voltage and temperature rise of the track.

The current flows in a heavy metal of the track's length and width, without notches. `J` of a device
is the current density that makes its torque with the polarisation P of its material. A metal with
spin Hall angle θ carries J · P/θ for the same torque.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.config.waveform import ROUNDING, Points, largest, mean_square
from wallnet.jobs import WriteEnergyJob
from wallnet.tracks import pulse_heat
from wallnet.tracks.heating import step_response
from wallnet.tracks.pulse_heat import POINTS_A_DECADE, StepResponse, heat_of

if TYPE_CHECKING:
    import xarray


WriteEnergy = dict[str, NDArray[Any]]
"""Energy and temperature of pulses: the variables of a device file, from `metal_current_density` to
`beyond_model`, by their names; each is an array over the pulses."""


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
        Waveform of all pulses, if they are not square; they have one duration.

    Returns
    -------
    WriteEnergy
        Energies and temperatures, in the broadcast shape.
    """
    density, lasting = np.broadcast_arrays(
        np.asarray(current_density, dtype=float), np.asarray(duration, dtype=float)
    )
    flux, heat = heat_flux(job, density), 1.0
    if waveform:
        only = float(lasting.flat[0])
        rise = np.multiply.outer(np.ravel(_hottest(job, [waveform], [only], [0.0], [1.0])), flux)
        heat = mean_square(waveform, only)
    else:
        rise = flux * step_response(lasting, job.width, job.heating)
    return _write_energy(job, density, lasting, rise, largest(waveform), heat)


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
        ends of `pulse_heat.SAMPLES` equal parts of the pulse, or of `pulse_heat.FINE` parts between
        two points of its waveform, and at its start.
    """
    density, lasting, begin = (
        np.asarray(each, dtype=float) for each in (current_density, duration, start)
    )
    shapes = waveforms or [()] * len(density)
    rise = np.zeros((2, *density.shape))
    if lasting.any():
        flux = heat_flux(job, density)
        rise = _hottest(job, shapes, lasting.tolist(), begin.tolist(), flux.tolist())
    squares = [mean_square(*each) for each in zip(shapes, lasting.tolist(), strict=True)]
    peaks = np.array([largest(shape) for shape in shapes])
    return _write_energy(job, density, lasting, rise, peaks, np.array(squares))


def rise_over_time(
    job: WriteEnergyJob, duration: float, waveform: Points
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rise during a pulse of 1e12 A/m² and for twice its duration afterwards.

    Parameters
    ----------
    job : WriteEnergyJob
        Track, metal and substrate.
    duration : float
        Duration of the pulse in s.
    waveform : tuple
        Its waveform.

    Returns
    -------
    tuple
        Times in s, and the rise at each in K, mean over the width and in the middle: shapes
        (time,) and (2, time).
    """
    heat = heat_of(waveform, duration)
    time = np.linspace(0, 3 * duration, 241)
    if waveform:
        # the sum of steps holds at the ends of the parts
        time = np.concatenate([heat.instants, time[time > duration * (1 + ROUNDING)]])
    since = time[:, np.newaxis] - heat.edges
    if waveform:
        response = _table(job, time, heat.edges)(since)
    else:
        response = step_response(since, job.width, job.heating)
    return time, response @ (heat.steps * heat_flux(job, np.array(1e12)))


def _hottest(
    job: WriteEnergyJob,
    waveforms: Sequence[Points],
    duration: Sequence[float],
    begin: Sequence[float],
    flux: Sequence[float],
) -> NDArray[np.float64]:
    """Return the largest rise during each pulse, with the heat of the pulses before it.

    Its shape is (2, pulses): mean over the width, and in the middle. The flux of each pulse in
    W/m² is that of its current density.
    """
    own = [heat_of(*each) for each in zip(waveforms, duration, strict=True)]
    # nothing changes fast long after it
    earlier = [heat_of(*each, parts=1) for each in zip(waveforms, duration, strict=True)]
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
        found.append((table(since) @ steps).max(axis=-1))
    return np.array(found).T


def _table(
    job: WriteEnergyJob, instants: NDArray[np.float64], edges: NDArray[np.float64]
) -> StepResponse:
    """Return the step response of mean and middle for all times of a pulse train."""
    parts = np.diff(np.sort(np.concatenate([instants, edges])))
    longest = float(np.ptp(np.concatenate([instants, edges])))
    shortest = float(parts[parts > 1e-9 * longest].min(initial=longest))
    count = int(np.ceil(POINTS_A_DECADE * np.log10(longest / shortest))) + 8
    time = np.geomspace(0.9 * shortest, 1.1 * longest, count)
    return StepResponse(time, step_response(time, job.width, job.heating))


def heat_flux(job: WriteEnergyJob, density: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the heat per area and time that the metal gives off, in W/m²."""
    return pulse_heat.heat_flux(job.heavy_metal, job.polarization, density)


def _write_energy(
    job: WriteEnergyJob,
    density: NDArray[np.float64],
    lasting: NDArray[np.float64],
    rise: NDArray[np.float64],
    peak: float | NDArray[np.float64],
    heat: float | NDArray[np.float64],
) -> WriteEnergy:
    """Return energy and temperature from largest magnitude and mean square of each waveform."""
    in_metal = density * job.rescaling
    current = np.abs(in_metal) * job.width * job.heavy_metal.thickness
    voltage = current * job.resistance
    mean, middle = rise
    return {
        "metal_current_density": in_metal * peak,
        "metal_current": current * peak,
        "metal_voltage": voltage * peak,
        "write_energy": current * voltage * lasting * heat,
        "mean_temperature_rise": mean,
        "temperature_rise": middle,
        "outside_model": middle > _limit(job),
        "beyond_model": job.ambient + middle > job.curie_temperature,
    }


def _limit(job: WriteEnergyJob) -> float:
    """Return the temperature rise in K up to which the parameters of the material are constant."""
    return min(job.heating.largest_rise, job.curie_temperature - job.ambient)


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
    beyond = int((job.ambient + rise > job.curie_temperature).sum())
    if not outside:
        return ""
    text = (
        f"{outside} of {rise.size} pulses heat the track by more than {_limit(job):g} K, "
        f"up to {rise.max():,.0f} K"
    )
    means = "the film is no magnet, and their results mean nothing"
    if job.heat_simulated:
        text += " in its middle: the film is simulated at the mean temperature over its width"
        means = "the film is no magnet in its middle, which is not simulated"
    else:
        text += ": its parameters change, so that the results are estimates"
    if beyond:
        text += (
            f"; {beyond} of {rise.size} pass the Curie temperature of {job.curie_temperature:g} K "
            f"(beyond_model): {means}"
        )
    return text
