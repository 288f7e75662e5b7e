"""Requests of the devices of a campaign, and of the studies that are not in `wallnet.studies`.

Each function returns requests by their paths.
"""

import itertools
from collections.abc import Callable
from functools import partial

from wallnet import files
from wallnet.config import Campaign, Device
from wallnet.config.calibration import Candidate
from wallnet.experiment import (
    Request,
    Simulation,
    barrier_job,
    between,
    initial_job,
    level_job,
    level_states,
    minimum_job,
    minimum_states,
    neighbours,
    pulse_job,
)
from wallnet.files import WallState
from wallnet.files.schema.states import INITIAL, REVERSED
from wallnet.jobs.calibration import candidate_job
from wallnet.jobs.paths import (
    candidate_trace_in,
    folder,
    trace_in,
    transition_in,
)
from wallnet.jobs.programs import program_job
from wallnet.jobs.transitions import signed, starting_states, transition_job

Requests = dict[str, Request]


def by_path(*requests: Request) -> Requests:
    """Return requests by their paths."""
    return {request.path: request for request in requests}


def pulses(name: str, device: Device) -> dict[float, Request]:
    """Return the pulses of the sweep of a device by their current densities in A/m²."""
    initial = files.INITIAL.format(device=name)
    traces = folder(files.TRACE, name)
    return {
        each: Request("trace", trace_in(traces, each), partial(pulse_job, device, each), (initial,))
        for each in device.pulse.current_densities
    }


def sweep(name: str, device: Device) -> Requests:
    """Return the initial state of a device and the pulses of its sweep."""
    initial = files.INITIAL.format(device=name)
    return by_path(
        Request("initial", initial, partial(initial_job, device)), *pulses(name, device).values()
    )


def level(name: str, device: Device, state: WallState) -> Request:
    """Return the wall initialised in a state of a synapse, and relaxed."""
    path = files.LEVEL.format(device=name, state=state.file_name)
    return Request("level", path, partial(level_job, device, state.file_name))


def of_device(name: str, device: Device) -> Requests:
    """Return the sweep of a device, and the levels and minima of a synapse."""
    if device.kind != "synapse":
        return sweep(name, device)
    levels = [level(name, device, state) for state in level_states(device.track)]
    minima = []
    for state in minimum_states(device.track, device.wall.start):
        relaxed = files.INITIAL if state == INITIAL else files.LEVEL
        begin = relaxed.format(device=name, state=state.file_name)
        minima.append(
            Request(
                "minimum",
                files.MINIMUM.format(device=name, state=state.file_name),
                partial(minimum_job, device, state.file_name),
                () if state == REVERSED else (begin,),
            )
        )
    return sweep(name, device) | by_path(*levels, *minima)


def of_devices(campaign: Campaign) -> Requests:
    """Return the simulations and minima of all devices."""
    found: Requests = {}
    for name, device in campaign.simulated.items():
        found |= of_device(name, device)
    return found


def of_barriers(campaign: Campaign) -> Requests:
    """Return the paths between all neighbouring states of all synapses."""
    found = []
    for name in campaign.of_kind("synapse"):
        device = campaign.simulated[name]
        for pair in neighbours(device.track):
            first, second = (state.file_name for state in pair)
            ends = [state for state in pair if state.ends]
            # two whole states also need the half state between them
            if len(ends) == 2 and not any(state.half for state in ends):
                ends.append(between(*ends))
            found.append(
                Request(
                    "barrier",
                    files.BARRIER.format(device=name, first=first, second=second),
                    partial(barrier_job, device, campaign.barriers, first, second),
                    tuple(files.MINIMUM.format(device=name, state=s.file_name) for s in ends),
                )
            )
    return by_path(*found)


def of_programs(campaign: Campaign) -> Requests:
    """Return the pulse trains."""
    return by_path(
        *(
            Request(
                "pulse_train",
                files.PROGRAM.format(program=name),
                partial(program_job, campaign.simulated[program.device], program),
                (files.INITIAL.format(device=program.device),),
            )
            for name, program in campaign.programs.items()
        )
    )


def transitions(campaign: Campaign, name: str) -> Requests:
    """Return the pulses from all states of a device."""
    device, asked = campaign.simulated[name], campaign.transitions[name]
    place = files.TRANSITIONS.format(device=name).removesuffix(".nc")
    every = itertools.product(starting_states(device, asked), asked.durations, signed(asked))
    return by_path(
        *(
            Request(
                "trace",
                transition_in(place, state, density, duration),
                partial(transition_job, device, state, density, duration),
                (files.LEVEL.format(device=name, state=state.file_name),),
            )
            for state, duration, density in every
        )
    )


def starts(campaign: Campaign, name: str) -> Requests:
    """Return the states from which the pulses of the transitions of a device start."""
    device = campaign.simulated[name]
    states = starting_states(device, campaign.transitions[name])
    return by_path(*(level(name, device, state) for state in states))


def of_transitions(campaign: Campaign) -> Requests:
    """Return the pulses from all states of all devices."""
    found: Requests = {}
    for name in campaign.transitions:
        found |= transitions(campaign, name)
    return found


def candidate(device: Callable[[], Device], current_density: float) -> Simulation:
    """Return one pulse on a candidate of the calibration, whose device is made only now."""
    return candidate_job(device(), current_density)


def candidates(campaign: Campaign, chosen: dict[int, Candidate]) -> Requests:
    """Return the pulses on candidates of the calibration, given by their numbers."""
    calibration = campaign.calibration
    place = str(files.CALIBRATION).rpartition("/")[0]
    found = []
    for number, values in chosen.items():
        for each in calibration.simulations():
            device = partial(calibration.of_candidate, campaign.simulated, each.device, values)
            density = each.current_density
            path = candidate_trace_in(place, number, each.device, density)
            found.append(Request("trace", path, partial(candidate, device, density)))
    return by_path(*found)
