"""Operating windows: the amplitudes and durations of pulses that switch stepwise."""

import itertools
from functools import partial
from typing import Any

from wallnet.config import Campaign, Device, ProgramPulse, current_name
from wallnet.config.pulse import PulseGrid, duration_name
from wallnet.config.quantities import Duration, DurationOrNone, Fraction, Section
from wallnet.config.waveform import Points
from wallnet.files import WallState
from wallnet.jobs import Request, Run, initial_job, pulse_train_job
from wallnet.jobs.request import Conditions, minima_at
from wallnet.questions.question import Requests, Rounds
from wallnet.studies import base

WORKS, STICKS, SKIPS, LEAVES = "works", "sticks", "skips", "leaves"
MOVES, SPLITS, START = "moves", "splits", "start"
"""Outcomes, whose meanings are in `variables.csv`; all but the first are reasons of failure."""

EDGES = ("first", "last", "below", "above")
"""Edges of the widest stretch of current densities that work: least and greatest, and the next ones
outside, which fail."""


class Tail(Section):
    """A weaker current at the end of each pulse, against which a notch pins a wall."""

    share: Fraction
    """Current density as a share of that of the pulse. Source: our choice."""
    duration: Duration
    """Duration of the tail. Source: our choice."""


class Window(base.Sampled, base.Varied, PulseGrid):
    """Pulses that have to move the wall of a device by one notch each, up and down again.

    The device has notches at both ends of its track.
    """

    tail: Tail | None = None
    """A weaker current right after each pulse; none if not given."""
    pause: DurationOrNone = 10e-9
    """Time without current after each pulse and its tail. Source: our choice."""


def expected_notches(count: int) -> list[int]:
    """Return the notches, counted from 1, at which the wall has to rest: at first, after each step.

    There are as many steps upwards, and downwards, as notches.
    """
    return [*range(1, count + 1), *range(count, 0, -1), 1]


def _pulse_train(window: Window, device: Device, density: float, duration: float) -> Run:
    """Return the pulses that have to move a wall by one notch each, up and down again.

    There are as many steps as notches in each direction: the last of them pushes the wall against
    an end.
    """
    notches = len(device.track.inner_notch_positions)
    waveform: Points = ()
    whole = duration
    if window.tail:
        share, whole = window.tail.share, duration + window.tail.duration
        waveform = ((0.0, 1.0), (duration, 1.0), (duration, share), (whole, share))
    shape: dict[str, Any] = {"duration": whole, "waveform": waveform, "pause": window.pause}
    ways = (density, -density)
    pulses = [ProgramPulse(current_density=j, **shape) for j in ways for _ in range(notches)]
    expected = tuple(str(WallState.at(notch, notch)) for notch in expected_notches(notches))
    return pulse_train_job(device, pulses, expected=expected, recorded="ends")


class Ask(base.OnDevice[Window]):
    """Trains of all amplitudes and durations."""

    settings = Window
    title = "operating window {subject}"
    missing = "an operating window"
    kind = "operating_window"
    figure = "map"

    def conflicts(self, key: str, block: str, window: Window, device: Device) -> list[str]:
        """List the conflicts with one variant of the device, one sentence each."""
        notches = device.track.inner_notch_positions
        if len(notches) < 2:
            return [
                f"{block} has {len(notches)} notches inside its track; stepwise switching needs "
                "two or more: give track.notches.positions"
            ]
        shortest, tail = {"durations": window.durations[0]}, 0.0
        if window.tail:
            shortest["tail.duration"] = tail = window.tail.duration
        # every notch once in each direction
        total = 2 * len(notches) * (window.durations[-1] + tail + window.pause)
        conflicts = [
            *base.too_short(f"{key}.pause {window.pause:g} s", window.pause, device),
            *base.unrecorded(key, shortest, device, window.device),
            *base.too_large(key, device, "all pulses", total, window.current_densities[-1]),
        ]
        if abs(device.wall.start - notches[0]) > device.track.notch_reach:
            conflicts.append(
                f"{block} has wall.start {device.wall.start:g} m, which is not at the first notch; "
                f"set wall.start to {notches[0]:g} m"
            )
        return conflicts

    def requests(self, campaign: Campaign, name: str, window: Window, _: Rounds) -> Requests:
        """Yield the initial state of each variant, then a train for each duration and density."""
        films: dict[str, Request] = {}
        for variant in window.variants:
            device = window.of_variant(campaign.simulated, variant)
            initial = self.path(name, variant, "initial")
            yield Request("initial", initial, partial(initial_job, device))
            states = minima_at(self.path(name, variant, "minima"), device)
            assert states, "`problems` refuses a device without notches"
            states = films.setdefault(states.digest, states)
            after = initial, states.path
            for duration, density in itertools.product(window.durations, window.current_densities):
                path = self.path(name, variant, duration_name(duration), current_name(density))
                make = partial(_pulse_train, window, device, density, duration)
                conditions = Conditions(variant=variant, duration=duration, current_density=density)
                yield Request("run", path, make, after, "", states, conditions, in_block=True)
