"""Pulse trains: sequences of current pulses that write and rewrite a device."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from wallnet.config.devices import Device, missing_device
from wallnet.config.quantities import CurrentDensity, Duration, DurationOrNone, Section
from wallnet.config.waveform import Waveform, check_duration

MOST_PULSES = 100_000
"""Largest number of pulses of a pulse train."""


class ProgramPulse(Section):
    """A current pulse of a pulse train, and the pause after it."""

    current_density: CurrentDensity
    """Current density J of the pulse."""
    duration: Duration
    """Duration of the pulse."""
    pause: DurationOrNone = 0.0
    """Time without current after the pulse."""
    repetitions: Annotated[int, Field(ge=1, le=MOST_PULSES)] = 1
    """Number of such pulses, one after the other."""
    waveform: Waveform = ()
    """Shape of the pulse, as of `pulse.waveform`; square if not given."""

    @model_validator(mode="after")
    def _long_enough(self) -> "ProgramPulse":
        check_duration(self.waveform, self.duration)
        return self


def repeated(pulses: Iterable[ProgramPulse]) -> Iterator[ProgramPulse]:
    """Yield each pulse as many times as it is applied."""
    for pulse in pulses:
        yield from itertools.repeat(pulse, pulse.repetitions)


class Program(Section):
    """A pulse train on one device, which starts from its initial state."""

    device: str
    """Name of a simulated device in `devices`."""
    pulses: Annotated[tuple[ProgramPulse, ...], Field(json_schema_extra={"minItems": 1})]
    """The pulses, in the order of time."""

    @field_validator("pulses")
    @classmethod
    def _some(cls, value: tuple[ProgramPulse, ...]) -> tuple[ProgramPulse, ...]:
        if not value:
            raise ValueError(
                "has no pulse; write [{current_density: 0.7e+12, duration: 5.0e-9, pause: 5.0e-9}]"
            )
        return value

    @property
    def duration(self) -> float:
        """Duration of the whole pulse train in s."""
        return sum(each.repetitions * (each.duration + each.pause) for each in self.pulses)

    def problems(self, key: str, devices: Mapping[str, Device]) -> list[str]:
        """List the conflicts with the devices of the campaign, one sentence each.

        Parameters
        ----------
        key : str
            Key of this pulse train, for messages.
        devices : Mapping
            The simulated devices of the campaign.
        """
        if missing := missing_device(f"{key}.device", self.device, devices):
            return missing
        device = devices[self.device]
        found = []
        if (count := sum(each.repetitions for each in self.pulses)) > MOST_PULSES:
            found.append(f"{key}.pulses has {count} pulses; keep to {MOST_PULSES}")
        for index, each in enumerate(self.pulses):
            if device.output.interval > each.duration:
                found.append(
                    f"{key}.pulses.{index}.duration {each.duration:g} s is shorter than "
                    f"output.interval {device.output.interval:g} s of {self.device}; shorten the "
                    "interval"
                )
        strongest = max((each.current_density for each in self.pulses), key=abs)
        if fault := device.size_fault("all pulses", self.duration, strongest, count):
            found.append(f"{key}: {fault}")
        return found
