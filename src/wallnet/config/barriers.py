"""Barriers between the states of a synapse, and the least barrier of a retained state."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import model_validator

from wallnet.config.devices import Device
from wallnet.config.measured import MeasuredDevice
from wallnet.config.quantities import Quantity, Section

Frequency = Annotated[
    float, Quantity("1/s", 1e6, 1e15, fix="frequencies are in 1/s: 1 GHz is 1.0e+9")
]


class Barriers(Section):
    """Barriers between neighbouring states: the target `barriers`."""

    devices: tuple[str, ...] | None = None
    """Synapses whose barriers are computed; all that are simulated if not given."""
    temperature: Annotated[
        float, Quantity("K", 1.0, 2000.0, fix="temperatures are in kelvin: 300")
    ] = 300.0
    """Temperature at which a state has to be retained. Source: our choice."""
    kept: Annotated[float, Quantity("1", 1.0, 1000.0, fix="40 is usual: ten years at 1 GHz")] = 40.0
    """Least barrier of a retained state, in k_B T. Source: ten years at an attempt frequency of
    1 GHz."""
    attempt_frequencies: tuple[Frequency, Frequency] = (1e9, 1e12)
    """Least and greatest attempt frequency, between which a lifetime is stated. Source: our
    choice."""
    spacing: Annotated[
        float, Quantity("1", 0.05, 1.0, fix="0.5 moves a wall by half a width parameter an image")
    ] = 0.5
    """Distance by which a wall end moves from image to image of a path, in units of Δ. Source: our
    choice."""

    @model_validator(mode="after")
    def _ordered(self) -> "Barriers":
        low, high = self.attempt_frequencies
        if low > high:
            raise ValueError("attempt_frequencies is not ascending; write [1.0e+9, 1.0e+12]")
        return self

    def of(self, devices: Mapping[str, Device | MeasuredDevice]) -> list[str]:
        """Return the names of the devices whose barriers are computed."""
        known = [name for name, device in devices.items() if device.kind == "synapse"]
        return known if self.devices is None else [name for name in known if name in self.devices]

    def problems(self, devices: Mapping[str, Device | MeasuredDevice]) -> list[str]:
        """List the conflicts with the devices of the campaign, one sentence each."""
        known = [name for name, device in devices.items() if device.kind == "synapse"]
        return [
            f"barriers.devices names {name!r}, which is not a simulated synapse; use some of "
            f"{', '.join(known) or 'none yet'}"
            for name in self.devices or ()
            if name not in known
        ]
