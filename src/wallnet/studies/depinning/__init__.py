"""Depinning: the depinning threshold of each notch, by bisection."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from wallnet.config import Campaign, Device, current_name
from wallnet.config.pulse import Resolution, WholeDensity, halvings
from wallnet.config.quantities import Duration, Section
from wallnet.config.waveform import Waveform
from wallnet.files import WallState
from wallnet.files.plain import laid_over
from wallnet.jobs import Request, level_job
from wallnet.jobs.request import NO_PULSE, Conditions, level, minima_at, pulses, where
from wallnet.questions.question import Expected, Requests, Rounds
from wallnet.studies import base

TRACKS = {"notch": "all notches", "single-notch": "single notch"}
"""Tracks on which a wall rests: the device's own, and one with a single notch of the device."""

OWN, SINGLE = TRACKS


class Bisected(Section):
    """A bisection of thresholds between a weak and a strong pulse."""

    current_densities: tuple[WholeDensity, WholeDensity] = (0.4e12, 1.0e12)
    """Weakest and strongest pulse. Source: our choice."""
    resolution: Resolution = 0.01e12
    """Largest distance between two pulses on either side of a threshold. Source: our choice."""

    def _faults(self) -> Iterator[str]:
        weakest, strongest = self.current_densities
        if not 0 < weakest < strongest:
            yield "current_densities is no ascending pair above 0; write [0.4e+12, 1.0e+12]"


class Depinning(base.Sampled, Bisected):
    """Pulses on a wall that rests at a notch, between a weak and a strong one.

    The walls rest at each notch of the device, and on tracks that have this notch only. After each
    pulse the wall relaxes as `relaxation` of the device states.
    """

    duration: Duration | None = None
    """Duration of square pulses; the pulse of the device if not given."""

    def pulse(self, device: Device) -> tuple[float, Waveform]:
        """Return duration in s and waveform of the pulses on a device."""
        pulse = device.pulse
        return (self.duration, ()) if self.duration else (pulse.duration, pulse.waveform)


Site = tuple[Device, WallState, Request]
"""A track with a wall that rests at a notch, its state, and the request that simulates it."""


class Ask(base.OnDevice[Depinning]):
    """Pulses on walls at rest, by bisection."""

    settings = Depinning
    figure = "thresholds"
    of_device = True

    def conflicts(self, key: str, name: str, settings: Depinning, device: Device) -> list[str]:
        """List the conflicts with the device, one sentence each."""
        (duration, _), longest = settings.pulse(device), device.relaxation.longest
        _, strongest = settings.current_densities
        return base.without_notch(key, name, device) or [
            *base.unrecorded(key, {"duration": duration}, device, name),
            *base.too_short(f"{key}: relaxation.longest {longest:g} s of {name}", longest, device),
            *base.too_large(key, device, "duration", duration + longest, strongest),
        ]

    def requests(
        self, campaign: Campaign, name: str, settings: Depinning, so_far: Rounds
    ) -> Requests:
        """Yield the sweep of the device, the resting walls, and the pulses on them.

        The pulses are the weakest and the strongest one, and those of the rounds, which have track,
        notch and current density.
        """
        device = campaign.simulated[name]
        resting, (duration, waveform) = self.sites(name, device), settings.pulse(device)
        yield from [*pulses(name, device).values(), *(start for *_, start in resting.values())]
        both = [(*key, density) for key in resting for density in settings.current_densities]
        for track, notch, density in [*both, *(pulse for one in so_far for pulse in one)]:
            path = self.path(name, f"{track}-{notch}", current_name(density))
            wall, state, start = resting[track, notch]
            longest = wall.relaxation.longest
            make = partial(base.pulse_on, wall, state, density, duration, longest, waveform)
            conditions = replace(start.conditions, current_density=density, duration=duration)
            yield Request("run", path, make, (start.path,), "", start.states, conditions)

    def sites(self, name: str, device: Device) -> dict[tuple[str, int], Site]:
        """Return the walls at all notches, by track and number of the notch on the device."""
        by_notch: dict[tuple[str, int], Site] = {}
        positions = dict(enumerate(device.track.inner_notch_positions, start=1))
        for notch in positions:
            state = WallState.at(notch, notch)
            conditions = Conditions(variant=OWN, state=state, duration=NO_PULSE)
            start = replace(level(name, device, state), conditions=conditions)
            by_notch[OWN, notch] = device, state, start
        state = WallState.at(1, 1)
        for notch, position in positions.items():
            changes = {"track": {"notches": {"count": None, "positions": [position]}}}
            single = Device.model_validate(laid_over(device.plain(), changes))
            make, place = partial(level_job, single, state.file_name), (name, f"{SINGLE}-{notch}")
            states = minima_at(self.path(*place, "minima"), single, state)
            named = WallState.at(notch, notch)
            conditions = Conditions(variant=SINGLE, state=named, duration=NO_PULSE)
            path = self.path(*place, "start")
            start = Request("run", path, make, states=states, conditions=conditions)
            by_notch[SINGLE, notch] = single, state, start
        return by_notch

    def rounds(self, campaign: Campaign, name: str, settings: Depinning) -> Expected:
        """Return at most how many pulses each round asks for, and one of them.

        Each round halves the gaps with a threshold. As the thresholds of one and of both ends can
        differ, two are counted for each wall, which is the most.
        """
        low, high = settings.current_densities
        computations = [*self.requests(campaign, name, settings, ())]
        first, *_ = where(computations, "run", Conditions(variant=OWN, current_density=high))
        walls = len(where(computations, "run", Conditions(duration=NO_PULSE)))
        return [[(2 * walls, first)]] * halvings(high - low, settings.resolution)
