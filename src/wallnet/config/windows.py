"""Operating windows: the amplitudes and durations of pulses that switch stepwise."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field, field_validator

from wallnet.config.devices import Device
from wallnet.config.inheritance import laid_over
from wallnet.config.pulse import PulseGrid
from wallnet.config.quantities import Duration, DurationOrNone, Fraction, Section

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
        self,
        key: str,
        devices: Mapping[str, Device],
        validate: Callable[[type[Device], Any, str], tuple[Any, list[str]]],
    ) -> list[str]:
        """List the conflicts with the devices of the campaign, one sentence each.

        Parameters
        ----------
        key : str
            Key of this operating window, for messages.
        devices : Mapping
            The simulated devices of the campaign.
        validate : callable
            Takes a model, data and the name of the block; returns the block and its problems.
        """
        if self.device not in devices:
            return [
                f"{key}.device names {self.device!r}, which is not a simulated device; use one of "
                f"{', '.join(devices) or 'none yet'}"
            ]
        found: list[str] = []
        for name in self.variants:
            block = f"{key}.variants.{name}"
            if "calculator" in self.variants[name]:
                found.append(f"{block} sets calculator; remove it, and set that of {self.device}")
                continue
            device, wrong = validate(Device, self.varied(devices, name), block)
            found += wrong or self._misfits(key, block, device)
        return list(dict.fromkeys(found))

    def _misfits(self, key: str, block: str, device: Device) -> list[str]:
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
        if self.pause < device.relaxation.hold * (1 - 1e-9):
            found.append(
                f"{key}.pause {self.pause:g} s is shorter than relaxation.hold "
                f"{device.relaxation.hold:g} s, so that no wall can be seen at rest; lengthen it"
            )
        shortest = {"durations": self.durations[0]}
        if self.tail:
            shortest["tail.duration"] = self.tail.duration
        for name, duration in shortest.items():
            if device.output.interval > duration:
                found.append(
                    f"{key}.{name} has {duration:g} s, shorter than output.interval "
                    f"{device.output.interval:g} s of {self.device}; shorten the interval"
                )
        # every notch once in each direction
        total = 2 * len(notches) * self.step_duration
        if fault := device.size_fault("all pulses", total, self.current_densities[-1]):
            found.append(f"{key}: {fault}")
        return found
