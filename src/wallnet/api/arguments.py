"""Arguments of the functions of `wallnet.api`, checked by their names before any work."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from wallnet.config import Device
from wallnet.config.arguments import PATH, Check, checked_by, is_dataset, valid, whole
from wallnet.config.devices import LARGEST_SAMPLE
from wallnet.config.quantities import CURRENT_DENSITY, DURATION, TEMPERATURE, Section, plain
from wallnet.config.waveform import MOST_POINTS
from wallnet.files import FileError
from wallnet.files.schema import KINDS, OPTIONAL, dataset, dimensions_of, impossible
from wallnet.studies.barriers import SPACING
from wallnet.tracks.states import OF_OUTCOMES

MOST_SHOWN = 100
"""Largest number of pulses that a figure shows."""


def _is_result(value: Any, *names: str) -> bool:
    """Return whether it is a dataset with some variables, not empty, that states its track."""
    with suppress(ValueError, TypeError, KeyError):
        return (
            is_dataset(value, *names, "parameters")
            and 0 not in value.sizes.values()
            and isinstance(json.loads(value.attrs["parameters"])["track"], dict)
        )
    return False


def _is_trace(value: Any) -> bool:
    """Return whether it is a trace of the schema, with numbers where there is magnetic material."""
    import numpy as np

    names = dict.fromkeys((*KINDS["run"], *OPTIONAL["run"]["trace"], *OPTIONAL["run"]["maps"]))
    ascending = ("time", "snapshot_time", "x", "y")
    if not _is_result(value, *names):
        return False
    values = {name: value[name].values for name in names}
    with suppress(FileError, TypeError, ValueError):
        dataset("run", values)
        filled = np.isfinite(values["magnetization"]).all(axis=-1)
        return (
            all(value[name].dims == dimensions_of(name, names) for name in names)
            and all(np.isfinite(values[name]).all() for name in (*ascending, "m"))
            and all((np.diff(values[name]) > 0).all() for name in ascending)
            and bool((filled == filled[0]).all())
            # partly filled cells count in part
            and bool((filled[0].sum(axis=0) >= values["magnetic_cells"] - 1e-6).all())
            and impossible(values, {}) is None
        )
    return False


def _are_devices(value: Any) -> bool:
    """Return whether it is a device, or a mapping of names to some."""
    devices = [*value.values()] if isinstance(value, Mapping) else [value]
    return bool(devices) and all(isinstance(device, Device) for device in devices)


def _is_changes(value: Any) -> bool:
    """Return whether it is a mapping of texts to plain data."""
    with suppress(TypeError):
        json.dumps(plain(value))
        return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
    return False


_DEVICE = "is not a device; make one by load_device or make_device"
TEXT = valid(lambda value: isinstance(value, str), "is not a name; give it as text")
TRACE = valid(_is_trace, "is not a whole trace; give one as simulate returns it")
WALLS = valid(
    lambda value: _is_result(value, *OF_OUTCOMES),
    "is not a trace; give one as simulate or pulse_train returns it",
)
MINIMA = valid(
    lambda value: _is_result(value, *KINDS["minima"]),
    "is no dataset of minima; give one as minima returns it",
)
LIST = valid(
    lambda value: isinstance(value, Iterable) and not isinstance(value, str | Mapping),
    "is not a list; write it like [a, b]",
)
FEW = valid(
    lambda values: len(values) <= MOST_SHOWN, f"has more than {MOST_SHOWN} values; leave some out"
)
PULSES = valid(len, 'has no pulses; give some like {"current_density": 1e12, "duration": 1e-9}')

CHECKS: dict[str, Check] = {
    "device": valid(lambda value: isinstance(value, Device), _DEVICE),
    "_ask.device": valid(_are_devices, _DEVICE),
    "initial": TRACE,
    "trace": TRACE,
    "states.trace": WALLS,
    "model": valid(
        lambda value: isinstance(value, type) and issubclass(value, Section),
        "is no class of settings; give one such as Thermal",
    ),
    "minima": MINIMA,
    "data": valid(is_dataset, "is not a dataset; give one that a function of wallnet.api returned"),
    "name": TEXT,
    "subject": TEXT,
    "path": PATH,
    "folder": PATH,
    "traces": PATH,
    "pulses": lambda value: PULSES([*LIST(value)]),
    "shown": lambda value: FEW([*dict.fromkeys(map(CURRENT_DENSITY.checked, LIST(value)))]),
    "spacing": SPACING.checked,
    "current_density": CURRENT_DENSITY.checked,
    "duration": DURATION.checked,
    "temperature": TEMPERATURE.checked,
    "points": whole(2, MOST_POINTS, "a waveform has no more points"),
    "frames_per_second": whole(1, 100, "8 is usual"),
    "sample": whole(0, LARGEST_SAMPLE, "0 is the perfect device"),
    "processes": whole(1, 10_000, "leave it out for one process a core"),
    "function": valid(callable, "is not a function; give one of the time in s"),
    "changes": valid(_is_changes, "is no mapping; write it like {'material.damping': 0.3}"),
}
"""Checks of arguments by the name of the parameter, or of the function and the parameter."""

checked_arguments = checked_by(CHECKS)
"""Decorator of the functions of `wallnet.api`."""
