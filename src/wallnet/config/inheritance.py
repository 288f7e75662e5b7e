"""What a device inherits: the shared keys at the top, and another device through `like:`."""

from collections.abc import Mapping
from typing import Any

from wallnet.config.messages import ConfigError, Location, shown, shown_key

SHARED = ("material", "calculator", "film", "oommf", "calculator_settings", "output")
"""Top-level keys that every device inherits."""


def laid_over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain data with changes laid over it, block by block; both stay as they are."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = laid_over(below, value)
        else:
            merged[key] = value
    return merged


def resolved(name: str, devices: Mapping[str, Any]) -> dict[str, Any]:
    """Return a device with what it inherits from others.

    Parameters
    ----------
    name : str
        The device.
    devices : Mapping
        The block `devices` as it is written.

    Returns
    -------
    dict
        The device as plain data, without `like`.

    Raises
    ------
    ConfigError
        If `like` leads to no device or back to where it came from.
    """
    names = [name]
    while True:
        device = devices[names[-1]]
        if not isinstance(device, Mapping):
            raise ConfigError(
                f"devices.{names[-1]} is not a block of keys; give it kind, track, wall, …"
            )
        if "like" not in device:
            break
        model = device["like"]
        if not isinstance(model, str) or model not in devices:
            raise ConfigError(
                f"devices.{names[-1]}.like names {shown(model)}, which is no device; "
                f"use one of {', '.join(map(shown_key, devices))}"
            )
        if model in names:
            first = min(names[names.index(model) :])
            raise ConfigError(
                f"devices.{first}.like leads back to itself; point it to a plain device"
            )
        names.append(model)
    merged: dict[str, Any] = {}
    for each in reversed(names):
        merged = laid_over(merged, {k: v for k, v in devices[each].items() if k != "like"})
    return merged


def writes(block: object, path: Location) -> bool:
    """Return whether plain data holds a value at a path, or a list in which it stands."""
    for part in path:
        if not isinstance(block, Mapping):
            return True
        if part not in block:
            return False
        block = block[part]
    return True
