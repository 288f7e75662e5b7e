"""The sweep of the current densities of a device, with the levels and minima of a synapse."""

from collections.abc import Callable
from functools import cache, partial

from wallnet import files
from wallnet.config import Campaign, Device, current_name
from wallnet.experiment import (
    Request,
    Simulation,
    initial_job,
    level_job,
    level_states,
    minimum_job,
    minimum_states,
    pulse_job,
)
from wallnet.files import WallState
from wallnet.studies.base import Requests, Rounds, Study


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


def requests(campaign: Campaign, name: str, device: Device, _: Rounds) -> Requests:
    """Return the initial state and the pulses, then the levels and minima of a synapse."""
    initial = files.INITIAL.format(device=name)
    found: Requests = {("initial",): Request("initial", initial, partial(initial_job, device))}
    found |= {(density,): pulse for density, pulse in pulses(name, device).items()}
    if device.kind == "synapse":
        for state in level_states(device.track):
            found["level", str(state)] = level(name, device, state)
        for state in minimum_states(device.track, device.wall.start):
            found["minimum", str(state)] = minimum(name, device, state)
    return found


STUDY = Study(
    name="devices",
    title="sweep of {subject}",
    settings=Device,
    requests=requests,
    of_device=True,
    # what only the simulations depend on, and what only figures and targets do
    left_out=("calculator", "calculator_settings", "oommf", "optional", "shown"),
)
