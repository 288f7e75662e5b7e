"""Inheritance of devices: from the shared top-level keys, and from a device named by `like:`."""

from collections.abc import Mapping
from typing import Any

from wallnet.config.messages import ConfigError, Location, misnamed

SHARED = (
    *("material", "calculator", "film", "oommf", "calculator_settings", "output"),
    *("heavy_metal", "heating"),
)
"""Top-level keys that every device inherits."""


def laid_over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of plain data with changes merged into it, block by block."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = laid_over(below, value)
        else:
            merged[key] = value
    return merged


def resolved(name: str, devices: Mapping[str, Any], heirs: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a device of the block `devices` with inherited keys instead of `like`.

    `heirs` inherit from it, from the first on.

    Raises
    ------
    ConfigError
        If `like` does not name a device, or devices inherit from each other in a circle.
    """
    device, heirs = devices[name], (*heirs, name)
    if not isinstance(device, Mapping):
        raise ConfigError(f"devices.{name} is not a block of keys; give it kind, track, wall, …")
    if "like" not in device:
        return dict(device)
    model = str(device["like"])
    if unknown := misnamed(f"devices.{name}.like", model, devices, "a device"):
        raise ConfigError(*unknown)
    if model in heirs:
        first = min(heirs[heirs.index(model) :])
        raise ConfigError(f"devices.{first}.like leads back to itself; point it to a plain device")
    own = {key: value for key, value in device.items() if key != "like"}
    return laid_over(resolved(model, devices, heirs), own)


def writes(block: object, path: Location) -> bool:
    """Return whether plain data contains a value at a path, or a list that contains it."""
    for part in path:
        if not isinstance(block, Mapping):
            return True
        if part not in block:
            return False
        block = block[part]
    return True
