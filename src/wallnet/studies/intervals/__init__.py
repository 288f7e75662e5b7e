"""Intervals: the current densities at which the state after a pulse changes, by bisection."""

import itertools
from functools import partial

from wallnet import files
from wallnet.config import Campaign, Device, current_name
from wallnet.config.pulse import Resolution, halvings
from wallnet.jobs import Request, pulse_job
from wallnet.jobs.request import Conditions, minima, pulses
from wallnet.questions.question import Expected, Requests, Rounds
from wallnet.studies.base import OnDevice, Sampled, too_short


class Intervals(Sampled):
    """Bisection between neighbouring pulses of a device's sweep that end in different states."""

    resolution: Resolution = 0.001e12
    """Largest distance between two pulses on either side of an edge. Source: our choice."""


class Ask(OnDevice[Intervals]):
    """Bisection of the sweep of a device."""

    settings = Intervals
    figure = "edges"
    of_device = True

    def conflicts(self, key: str, name: str, settings: Intervals, device: Device) -> list[str]:
        """List the conflicts with the device, one sentence each."""
        longest = device.relaxation.longest
        conflicts = too_short(f"{key}: relaxation.longest {longest:g} s of {name}", longest, device)
        if len(device.pulse.current_densities) < 2:
            conflicts.append(
                f"{key}: {name} has one current density in pulse.current_densities, and an edge "
                "lies between two; add some"
            )
        return conflicts

    def requests(self, campaign: Campaign, name: str, _: Intervals, so_far: Rounds) -> Requests:
        """Yield the pulses of the sweep, then those of each round."""
        device = campaign.simulated[name]
        yield from pulses(name, device).values()
        for number, densities in enumerate(so_far, start=1):
            yield from (self._pulse(name, device, density, number) for density in densities)

    def _pulse(self, name: str, device: Device, density: float, number: int) -> Request:
        """Return a pulse of a numbered round."""
        path = self.path(name, current_name(density))
        initial = files.INITIAL.format(device=name)
        make, states = partial(pulse_job, device, density), minima(name, device)
        conditions = Conditions(current_density=density, round=number)
        return Request("run", path, make, (initial,), states=states, conditions=conditions)

    def rounds(self, campaign: Campaign, name: str, settings: Intervals) -> Expected:
        """Return at most how many pulses each round asks for, and one of them.

        Each round simulates the middle of each gap with different states at its ends, so that the
        longest gap of the sweep is halved in each round. A sweep has at least one edge for each
        state after the first that it reaches; how many there are is known only after it. One edge
        between each pair of neighbours is therefore counted, which is more than there usually are.
        """
        device = campaign.simulated[name]
        densities = device.pulse.current_densities
        gaps = (above - below for below, above in itertools.pairwise(densities))
        count = max((halvings(gap, settings.resolution) for gap in gaps), default=0)
        return [[(len(densities) - 1, self._pulse(name, device, densities[-1], 1))]] * count
