"""Requests of devices that several studies make."""

from collections.abc import Callable
from functools import cache, partial

from wallnet import files
from wallnet.config import Device, current_name
from wallnet.experiment import Request, Simulation, level_job, minimum_job, pulse_job
from wallnet.files import WallState


def pulses(name: str, device: Device) -> dict[float, Request]:
    """Return the pulses of the sweep of a device by their current densities in A/m²."""
    initial = files.INITIAL.format(device=name)
    # of 100,000 pulses, without filling in the whole path of each
    path = files.TRACE.format(device=name, current="{}")
    densities = device.pulse.current_densities
    first = cache(partial(pulse_job, device, densities[0]))
    return {
        each: Request(
            "trace", path.format(current_name(each)), partial(_pulse, first, each), (initial,)
        )
        for each in densities
    }


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
