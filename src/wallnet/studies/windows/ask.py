"""Operating windows: the amplitudes and durations of pulses that switch stepwise."""

import itertools
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import Field, field_validator

from wallnet.config import Campaign, Device, ProgramPulse, current_name, duration_name
from wallnet.config.inheritance import laid_over
from wallnet.config.pulse import PulseGrid
from wallnet.config.quantities import Duration, DurationOrNone, Fraction, Section
from wallnet.experiment import Request, Train, initial_job, train_job
from wallnet.files import WallState
from wallnet.files.schema import EDGE, STATE, TEXT, Variable
from wallnet.studies.base import Requests, Rounds, Study, Validate, missing_device

WORKS = "works"
START = "start"
LEAVES = "leaves"
MOVES = "moves"
STICKS = "sticks"
SKIPS = "skips"

OUTCOMES = {
    WORKS: "each pulse moves the wall by one notch, and the notches at the ends pin it",
    STICKS: "the wall rests before the wanted notch",
    SKIPS: "the wall rests beyond the wanted notch",
    LEAVES: "the wall leaves the track",
    MOVES: "the wall still moves after the pause",
    START: "the wall does not rest at the first notch before the first pulse",
}
"""Meaning of each outcome; all but the first are reasons of failure."""

AS_CONFIGURED = "as-configured"
"""Name of the only variant of an operating window without variants."""

_VARIANT = r"^[a-z0-9][a-z0-9_.-]{0,63}$"


class Tail(Section):
    """A weaker current right after each pulse, against which a notch pins a wall."""

    share: Fraction
    """Current density as a share of that of the pulse. Source: our choice."""
    duration: Duration
    """Duration of the tail. Source: our choice."""


class Window(PulseGrid):
    """Pulses that have to move the wall of a device by one notch each, up and down again.

    A variant is the device with some keys changed.
    """

    device: str
    """Name of a simulated device in `devices`, with notches at both ends of its track."""
    tail: Tail | None = None
    """A weaker current right after each pulse; none if not given."""
    pause: DurationOrNone = 10e-9
    """Time without current after each pulse and its tail. Source: our choice."""
    variants: dict[str, dict[str, Any]] = Field(
        default={AS_CONFIGURED: {}},
        json_schema_extra={"minProperties": 1, "propertyNames": {"pattern": _VARIANT}},
    )
    """Keys of the device that differ, by name of the variant."""

    @field_validator("variants")
    @classmethod
    def _can_name_files(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        if not value:
            raise ValueError(f"is empty; leave it out, or write {{{AS_CONFIGURED}: {{}}}}")
        for name in value:
            if not re.fullmatch(_VARIANT, name):
                raise ValueError(
                    f"has {name!r}, which cannot name files; use small letters, digits, "
                    "'.', '-' and '_'"
                )
        return value

    @property
    def step_duration(self) -> float:
        """Longest time from one pulse to the next, in s."""
        tail = self.tail.duration if self.tail else 0.0
        return self.durations[-1] + tail + self.pause

    def varied(self, devices: Mapping[str, Device], variant: str) -> dict[str, Any]:
        """Return a variant of the device as plain data."""
        return laid_over(devices[self.device].model_dump(), self.variants[variant])

    def of_variant(self, devices: Mapping[str, Device], variant: str) -> Device:
        """Return a variant of the device."""
        return Device.model_validate(self.varied(devices, variant))


def problems(
    name: str, window: Window, devices: Mapping[str, Device], validate: Validate
) -> list[str]:
    """List the conflicts with the devices of the campaign, one sentence each."""
    key = f"windows.{name}"
    if found := missing_device(f"{key}.device", window.device, devices):
        return found
    for variant in window.variants:
        block = f"{key}.variants.{variant}"
        if "calculator" in window.variants[variant]:
            found.append(f"{block} sets calculator; remove it, and set that of {window.device}")
            continue
        device, wrong = validate(Device, window.varied(devices, variant), block)
        found += wrong or _misfits(window, key, block, device)
    return list(dict.fromkeys(found))


def _misfits(window: Window, key: str, block: str, device: Device) -> list[str]:
    """List the conflicts with one variant of the device."""
    notches = device.track.inner_notch_positions
    if len(notches) < 2:
        return [
            f"{block} has {len(notches)} notches inside its track; stepwise switching needs "
            "two or more: give track.notches.positions"
        ]
    found = []
    if abs(device.wall.start - notches[0]) > device.track.notch_radius:
        found.append(
            f"{block} has wall.start {device.wall.start:g} m, which is not at the first notch; "
            f"set wall.start to {notches[0]:g} m"
        )
    if window.pause < device.relaxation.hold * (1 - 1e-9):
        found.append(
            f"{key}.pause {window.pause:g} s is shorter than relaxation.hold "
            f"{device.relaxation.hold:g} s, so that no wall can be seen at rest; lengthen it"
        )
    shortest = {"durations": window.durations[0]}
    if window.tail:
        shortest["tail.duration"] = window.tail.duration
    for name, duration in shortest.items():
        if device.output.interval > duration:
            found.append(
                f"{key}.{name} has {duration:g} s, shorter than output.interval "
                f"{device.output.interval:g} s of {window.device}; shorten the interval"
            )
    # every notch once in each direction
    total = 2 * len(notches) * window.step_duration
    if fault := device.size_fault("all pulses", total, window.current_densities[-1]):
        found.append(f"{key}: {fault}")
    return found


def wanted_notch(step: int, notches: int) -> int:
    """Return the notch, counted from 1, at which the wall has to rest after a step.

    Parameters
    ----------
    step : int
        Number of the step, counted from 1; 0 is the start.
    notches : int
        Number of notches, which is that of the steps upwards and of those downwards.
    """
    return min(1 + step, notches) if step <= notches else max(2 * notches - step, 1)


def train(window: Window, notches: int, current_density: float, duration: float) -> Train:
    """Return the pulses that have to move a wall by one notch each, up and down again.

    There are as many steps as notches in each direction: the last of them pushes the wall against
    an end.

    Parameters
    ----------
    window : Window
        The operating window.
    notches : int
        Number of notches.
    current_density, duration : float
        Pulse in A/m² and s.
    """
    tail = window.tail
    step = [(current_density, duration, 0.0 if tail else window.pause)]
    if tail:
        step.append((tail.share * current_density, tail.duration, window.pause))
    pulses, expected = [], [str(WallState.at(1, 1))]
    for number in range(1, 2 * notches + 1):
        sign = 1 if number <= notches else -1
        pulses += [
            ProgramPulse(current_density=sign * each, duration=length, pause=pause)
            for each, length, pause in step
        ]
        wanted = wanted_notch(number, notches)
        expected += [*[""] * (len(step) - 1), str(WallState.at(wanted, wanted))]
    return Train(pulses=tuple(pulses), expected=tuple(expected), maps=False)


def requests(campaign: Campaign, name: str, window: Window, _: Rounds) -> Requests:
    """Return the initial state of each variant, then a train for each amplitude and duration."""
    found: Requests = {}
    for variant in window.variants:
        device = window.of_variant(campaign.simulated, variant)
        notches = len(device.track.inner_notch_positions)
        initial = STUDY.path(name, variant, "initial")
        found[variant,] = Request("initial", initial, partial(initial_job, device))
        for duration, density in itertools.product(window.durations, window.current_densities):
            found[variant, duration, density] = Request(
                "pulse_train",
                STUDY.path(name, variant, duration_name(duration), current_name(density)),
                lambda device=device, pulse=(notches, density, duration): train_job(
                    device, train(window, *pulse)
                ),
                (initial,),
            )
    return found


_WINDOW = ("variant", "duration", "current_density")
_OUTCOMES: dict[str, Any] = {
    "values_mean": "; ".join(f"{name}: {meaning}" for name, meaning in OUTCOMES.items())
}

STUDY = Study(
    name="windows",
    title="operating window {subject}",
    missing="an operating window",
    settings=Window,
    problems=problems,
    requests=requests,
    kind="window",
    variables={
        "variant": Variable(("variant",), "variant of the device", "", TEXT),
        "window_outcome": Variable(
            _WINDOW, "outcome of each pulse train", "", TEXT, attributes=_OUTCOMES
        ),
        "window_step": Variable(
            _WINDOW, "first step of each that failed; 0 if all worked", type="int64"
        ),
        "window_state": Variable(_WINDOW, "state of the wall after its last step", type=STATE),
        "window_first": Variable(
            _WINDOW[:2], "least current density of the widest stretch that works", **EDGE
        ),
        "window_last": Variable(
            _WINDOW[:2], "greatest current density of the widest stretch that works", **EDGE
        ),
        "window_below": Variable(
            _WINDOW[:2], "next current density below this stretch, which fails", **EDGE
        ),
        "window_above": Variable(
            _WINDOW[:2], "next current density above this stretch, which fails", **EDGE
        ),
    },
    others=("duration", "current_density"),
    figure="map",
    places={"initial": "[^/]+/[^/]+/initial", "pulse_train": "[^/]+/[^/]+/[^/]+/[^/]+"},
)
