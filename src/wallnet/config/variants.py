"""Variants of a device: the device with some keys changed."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from wallnet.config.devices import Device
from wallnet.config.inheritance import laid_over
from wallnet.config.quantities import Section, Text

AS_CONFIGURED = "as-configured"
"""Name of the only variant of a device without variants."""

VariantName = Annotated[
    str,
    Text(
        r"^[a-z0-9][a-z0-9_.-]{0,63}$",
        "cannot name files; use small letters, digits, '.', '-' and '_'",
    ),
]
"""Name of a variant, which can be part of file names."""


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
