"""What studies share: settings, their problems, and pulses on walls that rest in states."""

import itertools
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from wallnet.config import Campaign, Device, ProgramPulse
from wallnet.config.devices import missing_device
from wallnet.config.quantities import Section, Text, silent
from wallnet.config.waveform import Waveform
from wallnet.files import WallState
from wallnet.files.plain import laid_over
from wallnet.jobs import Request, Run
from wallnet.jobs.film import size_fault
from wallnet.jobs.request import level
from wallnet.jobs.run import Step, placed_at, run_of
from wallnet.questions.question import AS_CONFIGURED, Question, Settings, Validate

VariantName = Annotated[
    str,
    Text(
        r"^[a-z0-9][a-z0-9_.-]{0,63}$",
        "cannot name files; use small letters, digits, '.', '-' and '_'",
    ),
]
"""Name of a variant, which can be part of file names."""


class Sampled(Section):
    """A study that is also asked of samples of a device."""

    samples: Annotated[int, Field(ge=0, le=10_000)] = silent(0)
    """Number of samples beside the perfect device, drawn from its `disorder`."""


class Varied(Section):
    """A device and variants of it."""

    device: str
    """Name of a simulated device in `devices`."""
    variants: dict[VariantName, dict[str, Any]] = Field(default={AS_CONFIGURED: {}}, min_length=1)
    """Keys of the device that differ, by name of the variant."""

    def of_variant(self, devices: Mapping[str, Device], variant: str) -> Device:
        """Return a variant of the device."""
        changed = laid_over(devices[self.device].plain(), self.variants[variant])
        return Device.model_validate(changed)


def changed(
    key: str,
    name: str,
    block: str,
    changes: Mapping[str, Any],
    devices: Mapping[str, Device],
    validate: Validate,
) -> tuple[Any, list[str]]:
    """Return a device with some keys changed, and its problems.

    `key` has the name of the device, `block` the changes.
    """
    if missing := missing_device(key, name, devices):
        return None, missing
    if "calculator" in changes:
        return None, [f"{block} sets calculator; remove it, and set that of {name}"]
    return validate(Device, laid_over(devices[name].plain(), changes), block)


class OnDevice(Question[Settings]):
    """A question about one device: the subject, or that which its settings name."""

    def conflicts(self, key: str, name: str, settings: Settings, device: Device, /) -> list[str]:
        """List the conflicts with the device, one sentence each.

        If the settings derive from `Varied`, it is each variant, and `name` that of its block.
        """
        return []

    def problems(
        self, key: str, name: str, settings: Settings, campaign: Campaign, validate: Validate
    ) -> list[str]:
        """List the conflicts with the device if it exists, or with each variant of it."""
        devices, named = campaign.simulated, getattr(settings, "device", None)
        where, name = (key, name) if named is None else (f"{key}.device", named)
        if missing := missing_device(where, name, devices):
            return missing
        if not isinstance(settings, Varied):
            return self._all(key, name, settings, devices[name])
        problems: list[str] = []
        for variant, changes in settings.variants.items():
            block = f"{key}.variants.{variant}"
            device, wrong = changed(where, name, block, changes, devices, validate)
            problems += wrong or self._all(key, block, settings, device)
        return list(dict.fromkeys(problems))

    def _all(self, key: str, name: str, settings: Settings, device: Device) -> list[str]:
        return [
            *self.conflicts(key, name, settings, device),
            *without_disorder(key, name, settings, device),
        ]


def without_disorder(key: str, name: str, settings: Any, device: Device) -> list[str]:
    """Return the problem if all samples of a device are alike, or if it is a sample itself."""
    if not getattr(settings, "samples", 0) or (device.disorder and not device.sample):
        return []
    fault = f"{name} has no disorder, so that all samples are alike; add disorder"
    if device.sample:
        fault = f"{name} is sample {device.sample}, not the perfect device; set its sample: 0"
    return [f"{key}.samples is {settings.samples}, and {fault} or remove this"]


def too_large(
    key: str, device: Device, keys: str, duration: float, strongest: float, maps: int = 0
) -> list[str]:
    """Return the problem of a simulation that is too large; see `jobs.film.size_fault`."""
    fault = size_fault(device, keys, duration, strongest, maps)
    return [f"{key}: {fault}"] if fault else []


def too_short(what: str, time: float, device: Device) -> list[str]:
    """Return the problem of a time in s after a pulse that is too short to see a wall at rest."""
    hold = device.relaxation.hold
    if time >= hold * (1 - 1e-9):
        return []
    why = f"is shorter than relaxation.hold {hold:g} s, so that no wall can be seen at rest"
    return [f"{what} {why}; lengthen it"]


def without_notch(key: str, name: str, device: Device) -> list[str]:
    """Return the problem of a device without a notch at which a wall rests."""
    if device.track.inner_notch_positions:
        return []
    fault = "has no notch inside its track, so that no wall rests"
    return [f"{key}: {name} {fault}; add track.notches or remove this"]


def unrecorded(key: str, durations: Mapping[str, float], device: Device, name: str) -> list[str]:
    """List the problems of durations in s, by their keys, that are shorter than the recording."""
    interval = device.output.interval
    return [
        f"{key}.{part} has {duration:g} s, shorter than output.interval {interval:g} s of {name}; "
        "shorten the interval"
        for part, duration in durations.items()
        if interval > duration
    ]


class FromStates(Section):
    """States of a device from which pulses start."""

    starts: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """States from which pulses start, such as "notch 2"; by default all states of pinned walls."""

    def states(self, device: Device) -> list[WallState]:
        """Return the states from which pulses start, from left to right.

        Without a choice, these are all states in which notches pin both ends: each notch, and each
        pair of neighbours in both orders, since the end that leads depends on the direction of the
        last pulse.
        """
        if self.starts:
            return [WallState(name) for name in dict.fromkeys(self.starts)]
        numbers = range(1, len(device.track.inner_notch_positions) + 1)
        ends = sorted(itertools.product(numbers, repeat=2), key=sum)
        return [WallState.at(*pair) for pair in ends if abs(pair[1] - pair[0]) <= 1]

    def levels(self, name: str, device: Device) -> dict[WallState, Request]:
        """Return the walls that are initialised in these states and relax."""
        return {state: level(name, device, state) for state in self.states(device)}

    def misfits(self, key: str, name: str, device: Device) -> list[str]:
        """List why pulses cannot start from these states of a device."""
        notches, pinned = len(device.track.inner_notch_positions), FromStates().states(device)
        return without_notch(key, name, device) or [
            f"{key}.starts has {start!r}, and {name} has {notches} notches inside its track; name "
            "another state"
            for start in self.starts or ()
            if start not in pinned
        ]


def pulse_of(device: Device, density: float, pause: float, **changes: Any) -> ProgramPulse:
    """Return the pulse of a device with a current density in A/m² and a pause in s."""
    own: dict[str, Any] = {"duration": device.pulse.duration, "waveform": device.pulse.waveform}
    return ProgramPulse(current_density=density, pause=pause, **own | changes)


def pulse_on(
    device: Device,
    state: WallState,
    density: float,
    duration: float,
    longest: float,
    waveform: Waveform = (),
) -> Run:
    """Return one pulse, in A/m² and s, on a wall that rests in a state, and relaxes after it."""
    step = Step(current_density=density, duration=duration, waveform=waveform, pause=longest)
    output = device.output.without_maps_between(duration + longest)
    placement = placed_at(device, state)
    return run_of(device, (step,), placement, ends_at_rest=True, output=output)
