"""Arguments of public functions, checked by their names before any work."""

import functools
import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from wallnet.config.quantities import checked_value, plain

P = ParamSpec("P")
R = TypeVar("R")

Check = Callable[[Any], Any]
"""It returns an argument that is valid, or raises an error whose message follows the argument."""


def checked_by(checks: Mapping[str, Check]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator of functions whose arguments are checked.

    A bad one is refused with a `ConfigError` of one sentence, which begins with its name.

    Parameters
    ----------
    checks : Mapping
        Checks by the name of the parameter, or of the function and the parameter.
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*positional: P.args, **named: P.kwargs) -> R:
            bound = signature.bind(*positional, **named)
            for key, value in bound.arguments.items():
                # None is only the value of an argument that was left out
                left_out = value is None and signature.parameters[key].default is None
                check = checks.get(f"{function.__name__}.{key}", checks.get(key))
                if check and not left_out:
                    bound.arguments[key] = checked_value(key, value, check)
            return function(*bound.args, **bound.kwargs)

        return call

    return decorated


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


def is_dataset(value: Any, *names: str) -> bool:
    """Return whether it is a dataset with some variables and attributes."""
    import xarray

    return isinstance(value, xarray.Dataset) and {*names} <= {*value.variables, *value.attrs}


def _is_path(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and "\0" not in os.fspath(value)


PATH = valid(_is_path, "is not a path; give it as text or a Path")
