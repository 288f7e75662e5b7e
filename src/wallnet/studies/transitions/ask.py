"""Transitions: pulses of both signs from every state in which a wall can rest."""

import itertools
from functools import partial

from wallnet.config import Campaign, Device, current_name
from wallnet.config.pulse import PulseGrid, duration_name
from wallnet.jobs import Job, Request
from wallnet.jobs.report import write_energy_job
from wallnet.jobs.request import Conditions
from wallnet.questions.question import Requests, Rounds, question
from wallnet.studies import base


class Transitions(base.Sampled, base.FromStates, PulseGrid):
    """Pulses that are applied to each state of one device, one simulation each.

    After each pulse the wall relaxes as `relaxation` of the device states.
    """

    @property
    def signed(self) -> tuple[float, ...]:
        """Current densities of both signs in A/m², ascending."""
        return (*(-j for j in reversed(self.current_densities)), *self.current_densities)


@base.on_device
def problems(key: str, name: str, settings: Transitions, device: Device) -> list[str]:
    """List the conflicts with the device, one sentence each."""
    longest = device.relaxation.longest
    keys, total = "durations and relaxation.longest", settings.durations[-1] + longest
    return [
        *settings.misfits(key, name, device),
        *base.too_short(f"{key}: relaxation.longest {longest:g} s of {name}", longest, device),
        *base.unrecorded(key, {"durations": settings.durations[0]}, device, name),
        *base.too_large(key, device, keys, total, settings.signed[-1]),
    ]


def requests(campaign: Campaign, name: str, settings: Transitions, _: Rounds) -> Requests:
    """Return the level of each state, then the pulses on each."""
    device = campaign.simulated[name]
    levels = settings.levels(name, device)
    computations = [*levels.values()]
    for state, duration, density in itertools.product(levels, settings.durations, settings.signed):
        path = STUDY.path(name, state.file_name, duration_name(duration), current_name(density))
        make = partial(base.pulse_on, device, state, density, duration, device.relaxation.longest)
        level = levels[state]
        conditions = Conditions(state=state, duration=duration, current_density=density)
        computations.append(
            Request("run", path, make, (level.path,), states=level.states, conditions=conditions)
        )
    return computations


def about(campaign: Campaign, name: str, _: Transitions) -> Job:
    """Return what the write energy of the pulses depends on."""
    return write_energy_job(campaign.simulated[name])


STUDY = question(
    __name__,
    Transitions,
    figure="map",
    places={"run": r"[^/]+/[^/]+/[^/]+/-?[\d.]+"},
    of_device=True,
    level_sets=("mutually-reachable",),
)
