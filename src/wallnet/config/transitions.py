"""Transitions: pulses of both signs from every state in which a wall can rest."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator

from wallnet.config.devices import Device
from wallnet.config.pulse import PulseGrid
from wallnet.files import WallState


class Transitions(PulseGrid):
    """Pulses that are applied to each state of one device, one simulation each.

    After each pulse the wall relaxes as `relaxation` of the device states.
    """

    starts: Annotated[tuple[str, ...] | None, Field(json_schema_extra={"minItems": 1})] = None
    """States from which pulses start, such as "notch 2"; by default all states of pinned walls."""

    @field_validator("starts")
    @classmethod
    def _are_states(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is None:
            return None
        if not value:
            raise ValueError("is empty; name states such as 'notch 1', or leave it out")
        for name in value:
            try:
                ends = WallState(name).ends
            except ValueError:
                ends = None
            if ends is None:
                raise ValueError(
                    f"has {name!r}, at which no notch pins both ends of a wall; write "
                    "'notch 1' or 'between 1 and 2'"
                )
        return tuple(dict.fromkeys(value))

    def problems(self, name: str, devices: Mapping[str, Device]) -> list[str]:
        """List the conflicts with the devices of the campaign, one sentence each.

        Parameters
        ----------
        name : str
            Name of the device.
        devices : Mapping
            The simulated devices of the campaign.
        """
        key = f"transitions.{name}"
        if name not in devices:
            return [
                f"{key} names no simulated device; use one of {', '.join(devices) or 'none yet'}"
            ]
        device = devices[name]
        notches = len(device.track.inner_notch_positions)
        if not notches:
            return [
                f"{key}: {name} has no notch inside its track, so that no wall rests; "
                "add track.notches or remove this"
            ]
        found = []
        for start in self.starts or ():
            last = max(WallState(start).ends or (0,))
            if last > notches:
                found.append(
                    f"{key}.starts has {start!r}, and {name} has {notches} notches inside its "
                    "track; name another state"
                )
        if device.relaxation.longest < device.relaxation.hold * (1 - 1e-9):
            found.append(
                f"{key}: relaxation.longest {device.relaxation.longest:g} s of {name} is shorter "
                f"than relaxation.hold {device.relaxation.hold:g} s, so that no wall can be seen "
                "at rest; lengthen it"
            )
        if device.output.interval > self.durations[0]:
            found.append(
                f"{key}.durations has {self.durations[0]:g} s, shorter than output.interval "
                f"{device.output.interval:g} s of {name}; shorten the interval"
            )
        longest = self.durations[-1] + device.relaxation.longest
        keys = "durations and relaxation.longest"
        if fault := device.size_fault(keys, longest, self.current_densities[-1]):
            found.append(f"{key}: {fault}")
        return found
