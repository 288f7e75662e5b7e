"""Variants of a device: the device with some keys changed."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from wallnet.config.devices import Device
from wallnet.config.inheritance import laid_over
from wallnet.config.quantities import Section

AS_CONFIGURED = "as-configured"
"""Name of the only variant of a device without variants."""

NAME_OF_VARIANT = r"^[a-z0-9][a-z0-9_.-]{0,63}$"


def check_names(value: Mapping[str, Any]) -> None:
    """Refuse names that cannot be part of file names.

    Raises
    ------
    ValueError
        With the name.
    """
    for name in value:
        if not re.fullmatch(NAME_OF_VARIANT, name):
            raise ValueError(
                f"has {name!r}, which cannot name files; use small letters, digits, "
                "'.', '-' and '_'"
            )


class Varied(Section):
    """A device and variants of it."""

    device: str
    """Name of a simulated device in `devices`."""
    variants: dict[str, dict[str, Any]] = Field(
        default={AS_CONFIGURED: {}},
        min_length=1,
        json_schema_extra={"propertyNames": {"pattern": NAME_OF_VARIANT}},
    )
    """Keys of the device that differ, by name of the variant."""

    @field_validator("variants")
    @classmethod
    def _can_name_files(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        check_names(value)
        return value

    def of_variant(self, devices: Mapping[str, Device], variant: str) -> Device:
        """Return a variant of the device."""
        changed = laid_over(devices[self.device].plain(), self.variants[variant])
        return Device.model_validate(changed)
