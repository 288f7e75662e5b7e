"""Inheritance of devices: from the shared top-level keys, and from a device named by `like:`."""

from collections.abc import Mapping
from typing import Any

from wallnet.config.declarations import PACKAGED
from wallnet.config.messages import ConfigError, Location, misnamed
from wallnet.files.plain import laid_over

SHARED = (
    *("material", "calculator", *PACKAGED, "calculator_settings", "output"),
    *("heavy_metal", "heating", "stack"),
)
"""Top-level keys that every device inherits."""

LONGEST_CHAIN = 100
"""Largest number of devices in a chain, in which each inherits from the next."""


def lineage(name: str, devices: Mapping[str, Any]) -> list[str]:
    """Return a device of the block `devices` and those from which it inherits, the plain one last.

    Raises
    ------
    ConfigError
        If `like` does not name a device, or devices inherit from each other in a circle or in a
        chain that is too long.
    """
    heirs: list[str] = []
    while True:
        device = devices[name]
        if not isinstance(device, Mapping):
            raise ConfigError(
                f"devices.{name} is not a block of keys; give it kind, track, wall, …"
            )
        heirs.append(name)
        if "like" not in device:
            break
        model = str(device["like"])
        if model not in devices:
            raise ConfigError(*misnamed(f"devices.{name}.like", model, devices, "a device"))
        if model in heirs:
            first = min(heirs[heirs.index(model) :])
            raise ConfigError(
                f"devices.{first}.like leads back to itself; point it to a plain device"
            )
        name = model
    if len(heirs) > LONGEST_CHAIN:
        raise ConfigError(
            f"devices.{heirs[-LONGEST_CHAIN - 1]}.like leads through {LONGEST_CHAIN} devices; "
            "name one that is nearer to a plain device"
        )
    return heirs


def resolved(name: str, devices: Mapping[str, Any]) -> dict[str, Any]:
    """Return a device of the block `devices` with inherited keys instead of `like`.

    The errors are those of `lineage`.
    """
    merged: dict[str, Any] = {}
    for heir in reversed(lineage(name, devices)):
        merged = laid_over(merged, devices[heir])
    merged.pop("like", None)
    return merged


def writes(block: object, path: Location) -> bool:
    """Return whether plain data contains a value at a path, or a list that contains it."""
    for part in path:
        if not isinstance(block, Mapping):
            return True
        if part not in block:
            return False
        block = block[part]
    return True
