"""Transitions: pulses of both signs from every state in which a wall can rest."""

import itertools
from functools import partial

from wallnet.config import Campaign, Device, current_name
from wallnet.config.pulse import PulseGrid, duration_name
from wallnet.jobs import Job, Request
from wallnet.jobs.report import write_energy_job
from wallnet.jobs.request import Conditions
from wallnet.questions.question import Requests, Rounds
from wallnet.studies import base


class Transitions(base.Sampled, base.FromStates, PulseGrid):
    """Pulses that are applied to each state of one device, one simulation each.

    After each pulse the wall relaxes as `relaxation` of the device states.
    """

    @property
    def signed(self) -> tuple[float, ...]:
        """Current densities of both signs in A/m², ascending."""
        return (*(-j for j in reversed(self.current_densities)), *self.current_densities)


class Ask(base.OnDevice[Transitions]):
    """Pulses of both signs from all states."""

    settings = Transitions
    figure = "map"
    of_device = True
    level_sets = ("mutually-reachable",)

    def conflicts(self, key: str, name: str, settings: Transitions, device: Device) -> list[str]:
        """List the conflicts with the device, one sentence each."""
        longest = device.relaxation.longest
        keys, total = "durations and relaxation.longest", settings.durations[-1] + longest
        return [
            *settings.misfits(key, name, device),
            *base.too_short(f"{key}: relaxation.longest {longest:g} s of {name}", longest, device),
            *base.unrecorded(key, {"durations": settings.durations[0]}, device, name),
            *base.too_large(key, device, keys, total, settings.signed[-1]),
        ]

    def requests(self, campaign: Campaign, name: str, settings: Transitions, _: Rounds) -> Requests:
        """Yield the level of each state, then the pulses on each."""
        device = campaign.simulated[name]
        levels, longest = settings.levels(name, device), device.relaxation.longest
        yield from levels.values()
        every = itertools.product(levels, settings.durations, settings.signed)
        for state, duration, density in every:
            path = self.path(name, state.file_name, duration_name(duration), current_name(density))
            make = partial(base.pulse_on, device, state, density, duration, longest)
            conditions = Conditions(state=state, duration=duration, current_density=density)
            own = (levels[state].path,), "", levels[state].states, conditions
            yield Request("run", path, make, *own)

    def about(self, campaign: Campaign, name: str, _: Transitions) -> Job:
        """Return what the write energy of the pulses depends on."""
        return write_energy_job(campaign.simulated[name])
