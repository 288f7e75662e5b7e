"""Requests of the devices of a campaign, and of the studies that are not in `wallnet.studies`.

Each function returns requests by their paths.
"""

from collections.abc import Callable
from functools import cache, partial

from wallnet import files
from wallnet.config import Campaign, Device
from wallnet.config.calculators import file_name
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
from wallnet.jobs.crosscheck import crosscheck_job
from wallnet.jobs.depinning import freeing_job, pinned_walls
from wallnet.jobs.paths import (
    depinning_start,
    depinning_trace_in,
    folder,
    trace_in,
)

Requests = dict[str, Request]


def by_path(*requests: Request) -> Requests:
    """Return requests by their paths."""
    return {request.path: request for request in requests}


def sweep(name: str, device: Device) -> Requests:
    """Return the initial state of a device and the pulses of its sweep."""
    initial = files.INITIAL.format(device=name)
    traces = folder(files.TRACE, name)
    densities = device.pulse.current_densities
    first = cache(partial(pulse_job, device, densities[0]))
    return by_path(
        Request("initial", initial, partial(initial_job, device)),
        *(
            Request("trace", trace_in(traces, each), partial(_pulse, first, each), (initial,))
            for each in densities
        ),
    )


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


def of_crosscheck(campaign: Campaign) -> Requests:
    """Return the pulses of the cross-check with both calculators."""
    asked = campaign.crosscheck
    return by_path(
        *(
            Request(
                "trace",
                files.CROSSCHECK.format(case=case, calculator=file_name(calculator)),
                partial(crosscheck_job, campaign, case, calculator),
            )
            for calculator in asked.calculators
            for case in asked.cases
        )
    )


def depinning_starts(campaign: Campaign, name: str) -> Requests:
    """Return the walls that rest at the notches of a device, and at each notch alone."""
    device = campaign.simulated[name]
    return by_path(
        *(
            Request(
                "level",
                depinning_start(name, wall),
                partial(level_job, wall.device, wall.state.file_name),
            )
            for wall in pinned_walls(device, campaign.depinning[name])
        )
    )


def depinned(campaign: Campaign, name: str, asked: dict[str, list[float]]) -> Requests:
    """Return pulses on the pinned walls of a device, given by current densities at each place."""
    settings = campaign.depinning[name]
    place = files.DEPINNING.format(device=name).removesuffix(".nc")
    walls = {wall.place: wall for wall in pinned_walls(campaign.simulated[name], settings)}
    return by_path(
        *(
            Request(
                "trace",
                depinning_trace_in(place, at, density),
                partial(freeing_job, walls[at], settings, density),
                (depinning_start(name, walls[at]),),
            )
            for at, densities in asked.items()
            for density in densities
        )
    )
