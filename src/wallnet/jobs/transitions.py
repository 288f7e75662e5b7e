"""Jobs for transitions: one pulse from a resting wall, and what follows from all of them."""

from wallnet.config import Device, Transitions
from wallnet.experiment.base import Job
from wallnet.experiment.simulation import Simulation, level_job
from wallnet.files import WallState


class TransitionsJob(Job):
    """Gathering of the pulses from all states of a device.

    `reach` is the largest distance in m from the wall of a state at which an end counts as there.
    """

    starts: tuple[str, ...]
    current_densities: tuple[float, ...]
    durations: tuple[float, ...]
    reach: float


def starting_states(device: Device, transitions: Transitions) -> list[WallState]:
    """Return the states from which pulses start, from left to right.

    Without a choice, these are all states in which notches pin both ends: each notch, and each
    pair of neighbours in both orders, since the end that leads depends on the direction of the
    last pulse.
    """
    if transitions.starts:
        return [WallState(name) for name in transitions.starts]
    found = []
    count = len(device.track.inner_notch_positions)
    for index in range(1, count + 1):
        found.append(WallState.at(index, index))
        if index < count:
            found += [WallState.at(index, index + 1), WallState.at(index + 1, index)]
    return found


def signed(transitions: Transitions) -> tuple[float, ...]:
    """Return the current densities of both signs in A/m², ascending."""
    densities = transitions.current_densities
    return (*(-each for each in reversed(densities)), *densities)


def transition_job(
    device: Device, state: WallState, current_density: float, duration: float
) -> Simulation:
    """Return the job of one pulse from a resting wall.

    Parameters
    ----------
    device : Device
        The device.
    state : WallState
        Where the wall rests.
    current_density, duration : float
        Pulse in A/m² and s.
    """
    # only the first and the last map of the pulse and of the relaxation are used
    longest = duration + device.relaxation.longest
    output = device.output.model_copy(
        update={"snapshot_interval": max(longest, device.output.interval)}
    )
    pulse = {"current_density": current_density, "pulse_duration": duration, "output": output}
    return level_job(device, state.file_name).model_copy(update=pulse)


def transitions_job(device: Device, transitions: Transitions) -> TransitionsJob:
    """Return the job that gathers the pulses from all states of a device."""
    return TransitionsJob(
        starts=tuple(map(str, starting_states(device, transitions))),
        current_densities=signed(transitions),
        durations=transitions.durations,
        reach=device.material.wall_width_parameter,
    )
