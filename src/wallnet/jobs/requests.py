"""Requests of the devices of a campaign.

Each function returns requests by their paths.
"""

from collections.abc import Callable
from functools import cache, partial

from wallnet import files
from wallnet.config import Campaign, Device
from wallnet.experiment import Request, Simulation, initial_job, level_job, minimum_job, pulse_job
from wallnet.experiment.minima import minimum_states
from wallnet.experiment.simulation import level_states
from wallnet.files import WallState
from wallnet.jobs.paths import folder, trace_in

Requests = dict[str, Request]


def by_path(*requests: Request) -> Requests:
    """Return requests by their paths."""
    return {request.path: request for request in requests}


def pulses(name: str, device: Device) -> dict[float, Request]:
    """Return the pulses of the sweep of a device by their current densities in A/m²."""
    initial = files.INITIAL.format(device=name)
    traces = folder(files.TRACE, name)
    densities = device.pulse.current_densities
    first = cache(partial(pulse_job, device, densities[0]))
    return {
        each: Request("trace", trace_in(traces, each), partial(_pulse, first, each), (initial,))
        for each in densities
    }


def sweep(name: str, device: Device) -> Requests:
    """Return the initial state of a device and the pulses of its sweep."""
    initial = files.INITIAL.format(device=name)
    first = Request("initial", initial, partial(initial_job, device))
    return by_path(first, *pulses(name, device).values())


def _pulse(first: Callable[[], Simulation], current_density: float) -> Simulation:
    """Return another pulse of a sweep, without a check of all other parameters."""
    return first().model_copy(update={"current_density": current_density})


def level(name: str, device: Device, state: WallState) -> Request:
    """Return the wall initialised in a state of a synapse, and relaxed."""
    path = files.LEVEL.format(device=name, state=state.file_name)
    return Request("level", path, partial(level_job, device, state.file_name))


def minimum(name: str, device: Device, state: WallState) -> Request:
    """Return the minimum of the energy that is next to a state of a synapse."""
    path = files.MINIMUM.format(device=name, state=state.file_name)
    return Request("minimum", path, partial(minimum_job, device, state.file_name))


def of_device(name: str, device: Device) -> Requests:
    """Return the sweep of a device, and the levels and minima of a synapse."""
    if device.kind != "synapse":
        return sweep(name, device)
    levels = [level(name, device, state) for state in level_states(device.track)]
    states = minimum_states(device.track, device.wall.start)
    minima = [minimum(name, device, state) for state in states]
    return sweep(name, device) | by_path(*levels, *minima)


def of_devices(campaign: Campaign) -> Requests:
    """Return the simulations and minima of all devices."""
    found: Requests = {}
    for name, device in campaign.simulated.items():
        found |= of_device(name, device)
    return found
