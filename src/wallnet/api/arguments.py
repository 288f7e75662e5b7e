"""Arguments of the functions of `wallnet.api`, checked by their names before any work."""

import functools
import inspect
import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from wallnet.config import Device
from wallnet.config.devices import LARGEST_SAMPLE
from wallnet.config.quantities import CURRENT_DENSITY, DURATION, TEMPERATURE, checked_value, plain
from wallnet.config.waveform import MOST_POINTS
from wallnet.files.schema import KINDS
from wallnet.studies.barriers.ask import SPACING
from wallnet.studies.opened import OF_OUTCOMES

P = ParamSpec("P")
R = TypeVar("R")

Check = Callable[[Any], Any]
"""It returns an argument that is valid, or raises an error whose message follows the argument."""


def checked_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that checks its arguments by `CHECKS`.

    A bad one is refused with a `ConfigError` of one sentence, which begins with its name.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*positional: P.args, **named: P.kwargs) -> R:
        bound = signature.bind(*positional, **named)
        for key, value in bound.arguments.items():
            # None is only the value of an argument that was left out
            left_out = value is None and signature.parameters[key].default is None
            check = CHECKS.get(f"{function.__name__}.{key}", CHECKS.get(key))
            if check and not left_out:
                bound.arguments[key] = checked_value(key, value, check)
        return function(*bound.args, **bound.kwargs)

    return call


def valid(condition: Callable[[Any], object], fault: str) -> Check:
    """Return the check of a condition; the fault follows an argument that does not meet it."""

    def check(value: Any) -> Any:
        if not condition(value):
            raise ValueError(fault)
        return value

    return check


def whole(low: int, high: int, fix: str) -> Check:
    """Return the check of a whole number from `low` to `high`, both included."""
    bounded = valid(
        lambda number: type(number) is int and low <= number <= high,
        f"is not a whole number from {low} to {high}; {fix}",
    )
    return lambda value: bounded(plain(value))


def _is_path(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and "\0" not in os.fspath(value)


def _has(value: Any, *names: str) -> bool:
    """Return whether it is a dataset with some variables and attributes."""
    import xarray

    return isinstance(value, xarray.Dataset) and {*names} <= {*value.variables, *value.attrs}


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
PATH = valid(_is_path, "is not a path; give it as text or a Path")
TRACE = valid(
    lambda value: _has(value, *KINDS["trace"], "parameters"),
    "is not a trace; give one as simulate returns it",
)
WALLS = valid(
    lambda value: any(_has(value, *names, "parameters") for names in OF_OUTCOMES.values()),
    "is not a trace; give one as simulate or pulse_train returns it",
)
MINIMA = valid(
    lambda value: _has(value, *KINDS["minima"], "parameters"),
    "is no dataset of minima; give one as minima returns it",
)
LIST = valid(
    lambda value: isinstance(value, Iterable) and not isinstance(value, str | Mapping),
    "is not a list; write it like [a, b]",
)
PULSES = valid(len, 'has no pulses; give some like {"current_density": 1e12, "duration": 1e-9}')

CHECKS: dict[str, Check] = {
    "device": valid(lambda value: isinstance(value, Device), _DEVICE),
    "ask.device": valid(_are_devices, _DEVICE),
    "initial": TRACE,
    "trace": TRACE,
    "states.trace": WALLS,
    "minima": MINIMA,
    "data": valid(_has, "is not a dataset; give one that a function of wallnet.api returned"),
    "name": TEXT,
    "subject": TEXT,
    "path": PATH,
    "folder": PATH,
    "traces": PATH,
    "pulses": lambda value: PULSES([*LIST(value)]),
    "shown": lambda value: [*map(CURRENT_DENSITY.checked, LIST(value))],
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
