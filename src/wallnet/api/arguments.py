"""Arguments of the functions of `wallnet.api`, checked by their names before any work."""

import functools
import inspect
import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar, get_args

from wallnet.config import ConfigError, Device
from wallnet.config.messages import shown
from wallnet.config.quantities import CurrentDensity, Quantity, plain
from wallnet.config.waveform import MOST_POINTS
from wallnet.files.schema import KINDS
from wallnet.studies.barriers.ask import SPACING

P = ParamSpec("P")
R = TypeVar("R")

Check = Callable[[Any], Any]
"""It returns an argument that is valid, or raises an error whose message follows the argument."""


def checked_argument(name: str, value: Any, check: Check) -> Any:
    """Return an argument as its check returns it, or raise `ConfigError`."""
    try:
        return check(value)
    except ValueError as error:
        raise ConfigError(f"{name} = {shown(value)} {error}") from None


def checked_arguments(**own: Check) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that checks the arguments of a function by `CHECKS` and its own checks.

    A bad one is refused with a `ConfigError` of one sentence, which begins with its name.
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*positional: P.args, **named: P.kwargs) -> R:
            bound = signature.bind(*positional, **named)
            for key, value in bound.arguments.items():
                # None is only the value of an argument that was left out
                left_out = value is None and signature.parameters[key].default is None
                if key in (checks := CHECKS | own) and not left_out:
                    bound.arguments[key] = checked_argument(key, value, checks[key])
            return function(*bound.args, **bound.kwargs)

        return call

    return decorated


def one_of(kinds: type | tuple[type, ...], fault: str) -> Check:
    """Return the check of an argument of some types; the fault follows that of another type."""

    def check(value: Any) -> Any:
        if not isinstance(value, kinds):
            raise ValueError(fault)
        return value

    return check


def whole(low: int, high: int, fault: str) -> Check:
    """Return the check of a whole number from `low` to `high`, both included."""

    def check(value: Any) -> int:
        number = plain(value)
        if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
            raise ValueError(f"is not a whole number from {low} to {high}; {fault}")
        return number

    return check


def dataset(*names: str, what: str) -> Check:
    """Return the check of a dataset that has some variables and attributes."""

    def check(value: Any) -> Any:
        import xarray

        known = {*value.variables, *value.attrs} if isinstance(value, xarray.Dataset) else None
        if known is None or not {*names} <= known:
            raise ValueError(f"is not {what}")
        return value

    return check


def _path(value: Any) -> Any:
    if not isinstance(value, str | os.PathLike) or "\0" in os.fspath(value):
        raise ValueError("is not a path; give it as text or a Path")
    return value


def gif(value: Any) -> Any:
    """Check the path of an animation."""
    if os.path.splitext(_path(value))[1].lower() != ".gif":
        raise ValueError("is not the path of a GIF; end it with .gif")
    return value


def _changes(value: Any) -> Any:
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        with suppress(TypeError):  # a value that is no plain data
            return json.loads(json.dumps(plain(value)))
    raise ValueError("is no mapping of keys to values; write it like {'material.damping': 0.3}")


def devices(value: Any) -> Any:
    """Check a device, or several by their names."""
    for device in value.values() if isinstance(value, Mapping) and value else [value]:
        DEVICE(device)
    return value


def _densities(value: Any) -> list[float]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError("is not a list; write it like [0.5e12]")
    return [*map(get_args(CurrentDensity)[1].checked, value)]


def _pulses(value: Any) -> list[Any]:
    pulses = [] if isinstance(value, str | Mapping) or not isinstance(value, Iterable) else [*value]
    if not pulses:
        raise ValueError('has no pulses; give a list like [{"current_density": …, "duration": …}]')
    return pulses


DEVICE = one_of(Device, "is not a device; make one by load_device or make_device")
TEXT = one_of(str, "is not a name; give it as text")
DATASET = dataset(what="a dataset; give one that a function of wallnet.api returned")
TRACE = dataset(*KINDS["trace"], "parameters", what="a trace; give one as simulate returns it")

CHECKS: dict[str, Check] = {
    "device": DEVICE,
    "initial": TRACE,
    "trace": TRACE,
    "data": DATASET,
    "name": TEXT,
    "subject": TEXT,
    "path": _path,
    "folder": _path,
    "traces": _path,
    "pulses": _pulses,
    "shown": _densities,
    "spacing": SPACING.checked,
    "duration": Quantity("s", 1e-15, 1e-3).checked,
    "points": whole(2, MOST_POINTS, "a waveform has no more points"),
    "frames_per_second": whole(1, 100, "8 is usual"),
    "processes": whole(1, 10_000, "leave it out for one process a core"),
    "function": one_of(Callable, "is not a function; give one of the time in s"),  # type: ignore[arg-type]
    "changes": _changes,
}
"""Checks of arguments by the name of the parameter."""
