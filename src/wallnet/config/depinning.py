"""Depinning: the depinning threshold of each notch, by bisection."""

from collections.abc import Mapping
from typing import Any

from pydantic import field_validator

from wallnet.config.bisection import Resolution, halvings
from wallnet.config.devices import Device
from wallnet.config.inheritance import laid_over
from wallnet.config.pulse import CURRENT_DENSITY_STEP
from wallnet.config.quantities import CurrentDensity, Duration, Section


class Depinning(Section):
    """Pulses on a wall that rests at a notch, between a weak and a strong one.

    The walls rest at each notch of the device, and on tracks that have this notch only.
    """

    current_densities: tuple[CurrentDensity, CurrentDensity] = (0.4e12, 1.0e12)
    """Weakest and strongest pulse. Source: our choice."""
    resolution: Resolution = 0.01e12
    """Largest distance between two pulses on either side of a threshold. Source: our choice."""
    duration: Duration = 10e-9
    """Duration of the pulses. Source: paper, as of the synapse's."""
    alone: bool = True
    """Whether the thresholds on tracks with one notch only are searched as well."""

    @field_validator("current_densities")
    @classmethod
    def _ascending(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 < value[0] < value[1]:
            raise ValueError("is no ascending pair above 0; write [0.4e+12, 1.0e+12]")
        low, high = (_whole(density, f"has {density:.10g} A/m²,") for density in value)
        return low, high

    @field_validator("resolution")
    @classmethod
    def _told_apart(cls, value: float) -> float:
        return _whole(value, f"is {value:.10g} A/m²,")

    def rounds(self) -> int:
        """Return the number of rounds: one with both ends, then one for each halving."""
        low, high = (round(each / CURRENT_DENSITY_STEP) for each in self.current_densities)
        return 1 + halvings(high - low, round(self.resolution / CURRENT_DENSITY_STEP))

    def single(self, device: Device, notch: int) -> dict[str, Any]:
        """Return a device with one of its notches only, counted from 1, as plain data."""
        positions = [device.track.inner_notch_positions[notch - 1]]
        changes = {"track": {"notches": {"count": None, "positions": positions}}}
        return laid_over(device.plain(), changes)

    def problems(self, name: str, devices: Mapping[str, Device]) -> list[str]:
        """List the conflicts with the devices of the campaign, one sentence each.

        Parameters
        ----------
        name : str
            Name of the device.
        devices : Mapping
            The simulated devices of the campaign.
        """
        key = f"depinning.{name}"
        if name not in devices:
            return [
                f"{key} names no simulated device; use one of {', '.join(devices) or 'none yet'}"
            ]
        device = devices[name]
        if not device.track.inner_notch_positions:
            return [
                f"{key}: {name} has no notch inside its track, so that no wall rests; "
                "add track.notches or remove this"
            ]
        found = []
        if device.output.interval > self.duration:
            found.append(
                f"{key}.duration {self.duration:g} s is shorter than output.interval "
                f"{device.output.interval:g} s of {name}; shorten the interval"
            )
        if fault := device.size_fault("duration", self.duration, self.current_densities[1]):
            found.append(f"{key}: {fault}")
        return found


def _whole(density: float, given: str) -> float:
    """Return a current density if it is a multiple of the step that file names tell apart."""
    steps = density / CURRENT_DENSITY_STEP
    if abs(steps - round(steps)) > 1e-3:
        raise ValueError(
            f"{given} no multiple of the 1e8 A/m² that file names tell apart; round it"
        )
    return round(steps) * CURRENT_DENSITY_STEP
