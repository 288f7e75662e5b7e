"""Write energy of a pulse, with current, voltage and temperature rise of the track.

The current flows in a heavy metal of the track's length and width, with or without its notches, and
in the magnet beside it. `J` of a device is the current density, beside the notches, that makes its
torque with the polarisation P of its material. A metal with spin Hall angle θ carries J · P/θ for
the same torque.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.config.waveform import ROUNDING, Points, largest, mean_square
from wallnet.files import settings_of
from wallnet.jobs.report import WriteEnergyJob
from wallnet.tracks import heat_flow
from wallnet.tracks.current import current as current_of
from wallnet.tracks.heat_flow import step_response

if TYPE_CHECKING:
    import xarray

Array = NDArray[np.float64]


WriteEnergy = dict[str, NDArray[Any]]
"""Energy and temperature of pulses: the variables of a device file, from `metal_current_density` to
`beyond_model`, by their names; each is an array over the pulses."""


def trained_waveforms(response: "xarray.Dataset") -> list[Points]:
    """Return the waveform of each pulse of a train; index 0 is the state before the first."""
    waveforms: list[Points] = [()]
    for pulse in settings_of(response)["pulses"]:
        points = tuple(map(tuple, pulse.get("waveform", ())))
        waveforms += [points] * int(pulse.get("repetitions", 1))
    return waveforms


def write_energy_of(
    job: WriteEnergyJob, current_density: ArrayLike, duration: ArrayLike, waveform: Points = ()
) -> WriteEnergy:
    """Return energy and temperature of single pulses, each from a cold track.

    The current density J of each pulse in A/m², as in the configuration of the device, broadcasts
    against its duration in s; the result has the broadcast shape. Pulses with a waveform have one
    duration.
    """
    density, lasting = np.broadcast_arrays(
        np.asarray(current_density, dtype=float), np.asarray(duration, dtype=float)
    )
    flux, heat = heat_flow.heat_flux(job.heat.bilayer, density), 1.0
    if waveform:
        only = float(lasting.flat[0])
        rise = np.multiply.outer(np.ravel(_hottest(job, [(waveform, only, 0.0, 1.0)])), flux)
        heat = mean_square(waveform, only)
    else:
        rise = flux * _step_response(job, lasting)
    return _write_energy(job, density, lasting, rise, largest(waveform), heat)


def write_energy_of_train(
    job: WriteEnergyJob,
    current_density: ArrayLike,
    duration: ArrayLike,
    start: ArrayLike,
    waveforms: Sequence[Points] = (),
) -> WriteEnergy:
    """Return energy and temperature of the pulses of a train, with the heat of earlier pulses.

    Current density in A/m², duration in s and start in s of each pulse, in the order of time, have
    the shape (pulses,), as the results. All pulses are square, or each has a waveform. The
    temperature rise is the largest one at the ends of `heat_flow.COARSE` equal parts of the pulse,
    or of `heat_flow.FINE` parts between two points of its waveform, and at its start.
    """
    density, lasting, begin = (
        np.asarray(array, dtype=float) for array in (current_density, duration, start)
    )
    shapes = waveforms or [()] * len(density)
    rise = np.zeros((2, *density.shape))
    if lasting.any():
        flux = heat_flow.heat_flux(job.heat.bilayer, density)
        pulses = zip(shapes, lasting.tolist(), begin.tolist(), flux.tolist(), strict=True)
        rise = _hottest(job, list(pulses))
    squares = [mean_square(*pulse) for pulse in zip(shapes, lasting.tolist(), strict=True)]
    peaks = np.array([largest(shape) for shape in shapes])
    return _write_energy(job, density, lasting, rise, peaks, np.array(squares))


def rise_over_time(job: WriteEnergyJob, duration: float, waveform: Points) -> tuple[Array, Array]:
    """Return the rise during a pulse of 1e12 A/m² and for twice its duration in s afterwards.

    The result is times in s, (time,), and the rise at each in K, mean and hottest, (2, time); see
    `step_response`.
    """
    heat = heat_flow.heat_of(waveform, duration)
    time = np.linspace(0, 3 * duration, 241)
    if waveform:
        # the sum of steps holds at the ends of the parts
        time = np.concatenate([heat.instants, time[time > duration * (1 + ROUNDING)]])
    since = time[:, np.newaxis] - heat.edges
    response = _table(job, time, heat.edges)(since) if waveform else _step_response(job, since)
    flux = heat_flow.heat_flux(job.heat.bilayer, 1e12)
    return time, response @ (heat.steps * flux)


def _hottest(job: WriteEnergyJob, pulses: Sequence[tuple[Points, float, float, float]]) -> Array:
    """Return the largest rise during each pulse, with the heat of the pulses before it.

    A pulse has a waveform, duration and start in s, and the flux in W/m² of its current density.
    The shape is (2, pulses): mean and hottest; see `step_response`.
    """
    own = [
        (heat_flow.heat_of(shape, lasting), begin, flux) for shape, lasting, begin, flux in pulses
    ]
    # long after a pulse, nothing changes fast
    earlier = [
        (heat_flow.heat_of(shape, lasting, parts=1), begin, flux)
        for shape, lasting, begin, flux in pulses
    ]
    instants = [heat.instants + begin for heat, begin, _ in own]
    table = _table(job, np.concatenate(instants), heat_flow.superposed(own)[0])
    rises = []
    for index, pulse in enumerate(own):
        edges, steps = heat_flow.superposed([*earlier[:index], pulse])
        since = instants[index][:, np.newaxis] - edges
        rises.append((table(since) @ steps).max(axis=-1))
    return np.array(rises).T


def _table(job: WriteEnergyJob, instants: Array, edges: Array) -> heat_flow.StepResponse:
    """Return the step response of mean and middle for all times of a pulse train."""
    parts = np.diff(np.sort(np.concatenate([instants, edges])))
    longest = float(np.ptp(np.concatenate([instants, edges])))
    shortest = float(parts[parts > 1e-9 * longest].min(initial=longest))
    count = int(np.ceil(heat_flow.POINTS_A_DECADE * np.log10(longest / shortest))) + 8
    time = np.geomspace(0.9 * shortest, 1.1 * longest, count)
    return heat_flow.StepResponse(time, _step_response(job, time))


def _step_response(job: WriteEnergyJob, time: Array) -> Array:
    stored = job.heat.bilayer.heat_capacity
    return step_response(time, job.width, job.heat.media, stored, job.notched)


def _write_energy(
    job: WriteEnergyJob,
    density: Array,
    lasting: Array,
    rise: Array,
    peak: float | Array,
    heat: float | Array,
) -> WriteEnergy:
    """Return energy and temperature from largest magnitude and mean square of each waveform."""
    bilayer, notched = job.heat.bilayer, job.notched
    current = np.abs(density) * job.width * bilayer.sheet_current
    crowded = current_of(notched.track, notched.crowding).resistance if notched else 1.0
    voltage = current * bilayer.sheet_resistance * job.length / job.width * crowded
    mean, middle = rise
    beyond = job.temperature.ambient + mean >= job.limits[1]
    return {
        "metal_current_density": density * bilayer.density_ratio * peak,
        "write_current": current * peak,
        "write_voltage": voltage * peak,
        "write_energy": current * voltage * lasting * heat,
        "mean_temperature_rise": mean,
        "temperature_rise": middle,
        "outside_model": (middle > job.largest_rise) | beyond,
        "beyond_model": beyond,
    }


def heat_caveat(job: WriteEnergyJob, pulses: WriteEnergy) -> str:
    """Return which pulses heat a track too much, and what it means; an empty text if none do.

    Each pulse counts once, by the worst that it does.
    """
    rise, beyond = np.ravel(pulses["temperature_rise"]), np.ravel(pulses["beyond_model"])
    temperature = job.temperature.ambient + np.ravel(pulses["mean_temperature_rise"])
    largest, (critical, limit) = job.largest_rise, job.limits
    means = (
        ": its parameters change, so that the results are estimates",
        "their results mean nothing",
    )
    if job.temperature.heating == "pulse":
        place, over = ("at a neck", "the track") if job.crowding else ("in its middle", "its width")
        remark = f" {place}: the film is simulated at the mean temperature over {over}"
        means = remark, "they are not simulated"
    near = "too near its Curie temperature"
    state = "no longer perpendicular" if limit < job.law.last_temperature else near
    walls = (temperature >= critical) & ~beyond
    warm = (rise > largest) & ~walls & ~beyond
    hottest = rise.max(initial=0.0, where=warm)
    texts = (
        f"heat the track by more than {largest:g} K, up to {hottest:,.0f} K{means[0]}",
        f"heat the film to {critical:.0f} K or more, where its DMI reaches the critical one, "
        "4 √(A K_eff)/π: walls lower its energy",
        f"heat the film to {limit:.0f} K or more, where it is {state} (beyond_model): {means[1]}",
    )
    counted = [(few.sum(), text) for few, text in zip((warm, walls, beyond), texts, strict=True)]
    return "; ".join(f"{n} of {rise.size} pulses {text}" for n, text in counted if n)
