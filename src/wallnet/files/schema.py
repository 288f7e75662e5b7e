"""What each kind of dataset holds: variables, their dimensions, and values that are possible."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray

COMPONENTS = ("x", "y", "z")
READINGS = ("parallel", "series")

SCHEMAS: dict[str, dict[str, tuple[str, ...]]] = {
    "initial": {"magnetization": ("y", "x", "component")},
    "trace": {
        "m": ("time", "component"),
        "wall_position": ("time",),
        "wall_bottom": ("time",),
        "wall_top": ("time",),
        "applied_current_density": ("time",),
        "magnetization_profile": ("time", "x", "component"),
        "magnetic_cells": ("x",),
        "magnetization": ("snapshot", "y", "x", "component"),
        "snapshot_time": ("snapshot",),
    },
    "track": {
        "m": ("current_density", "time", "component"),
        "wall_position": ("current_density", "time"),
        "wall_bottom": ("current_density", "time"),
        "wall_top": ("current_density", "time"),
        "end_time": ("current_density",),
        "read_time": ("current_density",),
        "held": ("current_density",),
        "state": ("current_density",),
        "settled": ("current_density",),
        "conductance": ("reading", "current_density", "time"),
        "final_conductance": ("reading", "current_density"),
        "final_wall_position": ("current_density",),
        "final_wall_bottom": ("current_density",),
        "final_wall_top": ("current_density",),
    },
}
"""Variables and their dimensions for each kind of file."""
SCHEMAS["synapse"] = SCHEMAS["track"] | {
    "normalized_final_conductance": ("reading", "current_density"),
    "normalized_conductance": ("reading", "level"),
    "level_conductance": ("reading", "level"),
    "level_state": ("level",),
    "resting_state": ("level",),
    "level_source": ("level",),
    "position": ("level",),
    "stable": ("level",),
    "reachable": ("level",),
    "reaching_current_density": ("level",),
    "extended_normalized_conductance": ("reading", "extended_level"),
    "extended_conductance": ("reading", "extended_level"),
    "extended_state": ("extended_level",),
    "extended_resting_state": ("extended_level",),
    "extended_source": ("extended_level",),
    "extended_position": ("extended_level",),
    "extended_stable": ("extended_level",),
    "extended_reachable": ("extended_level",),
    "extended_reaching_current_density": ("extended_level",),
}
SCHEMAS["neuron"] = SCHEMAS["track"] | {
    "normalized_current_density": ("current_density",),
    "normalized_conductance": ("reading", "current_density"),
    "quartic": ("reading", "power"),
    "fault": ("reading",),
    "fit_error": ("reading",),
    "fit_rms": ("reading",),
    "relu_deviation": ("reading",),
}

STATE = re.compile(
    r"(initial|free|wider|reversed|expelled|notch \d{1,6}|between \d{1,6} and \d{1,6})\Z"
)
"""Every name that a state of a wall can have (`wallnet.tracks.wall_state`)."""

_STATES = ("state", "level_state", "resting_state", "extended_state", "extended_resting_state")
_DEVICE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")

_SLACK = 1e-3
"""How far single precision and averages may carry a unit vector beyond length 1."""

_LONGEST = 1e-3
"""Longest track in m that a configuration can describe."""

_BOUNDS = {
    **dict.fromkeys(
        ("wall_position", "wall_bottom", "wall_top", "position", "extended_position"),
        (0.0, _LONGEST),
    ),
    **dict.fromkeys(
        ("final_wall_position", "final_wall_bottom", "final_wall_top"), (0.0, _LONGEST)
    ),
    **dict.fromkeys(("time", "snapshot_time", "end_time", "read_time"), (0.0, 1e-2)),
    **dict.fromkeys(
        ("conductance", "final_conductance", "level_conductance", "extended_conductance"),
        (0.0, 1e3),
    ),
    **dict.fromkeys(
        (
            "current_density",
            "applied_current_density",
            "reaching_current_density",
            "extended_reaching_current_density",
        ),
        (-1e14, 1e14),
    ),
    "settled": (-1, 1),
    **dict.fromkeys(
        ("held", "stable", "reachable", "extended_stable", "extended_reachable"), (0, 1)
    ),
}
"""Least and greatest possible value of a variable in its SI unit; NaN passes."""


def fault_of(dataset: "xarray.Dataset", kind: str) -> str | None:
    """Compare a dataset of the right kind with its schema.

    Parameters
    ----------
    dataset : xarray.Dataset
        The dataset.
    kind : str
        Key of `SCHEMAS`.

    Returns
    -------
    str or None
        What is missing or over other dimensions, such as "lacks m".
    """
    for name, dimensions in SCHEMAS[kind].items():
        if name not in dataset.variables:
            return f"lacks {name}"
        if dataset[name].dims != dimensions:
            return f"has {name} over {dataset[name].dims}, not {dimensions}"
    return None


def impossible(dataset: "xarray.Dataset") -> str | None:
    """Look for values that no device can have: the file is not ours, or was changed.

    Parameters
    ----------
    dataset : xarray.Dataset
        Any of our kinds, in memory.

    Returns
    -------
    str or None
        The first variable or attribute with such a value, and the value.
    """
    import numpy as np

    for name, (low, high) in _BOUNDS.items():
        if name not in dataset.variables:
            continue
        values = dataset[name].values
        if values.dtype.kind not in "fiu":
            return f"has {name} of type {values.dtype}, not numbers"
        outside = values[(values < low - 1e-9 * high) | (values > high * (1 + 1e-9))]
        if outside.size:
            return f"has {name} = {outside.flat[0]:.6g}, which is not between {low:g} and {high:g}"
    for name in ("m", "magnetization", "magnetization_profile"):
        if name in dataset.variables:
            length = np.sqrt((dataset[name].values.astype(np.float64) ** 2).sum(axis=-1))
            if np.any(length > 1 + _SLACK):
                return f"has {name} of length {np.nanmax(length):.6g}, which is more than 1"
    states = [(name, v) for name in _STATES if name in dataset for v in dataset[name].values.flat]
    if "state" in dataset.attrs:
        states.append(("state", dataset.attrs["state"]))
    for name, value in states:
        if not STATE.match(str(value)):
            return f"has {name} = {str(value)[:40]!r}, which is no state of a wall"
    device = dataset.attrs.get("device", "none")
    if not _DEVICE_NAME.match(str(device)):
        return f"has the device {str(device)[:40]!r}, which is no name of a device"
    return None
