"""Which calculators there are, and the settings of those that come with the package."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, RootModel
from pydantic_core import PydanticCustomError

from wallnet.config.quantities import Quantity, Section
from wallnet.film.shortcuts import Shortcut


class FilmSettings(Section):
    """Settings of the embedded engine; each tolerance bounds something that is left out."""

    stray_field_tolerance: Annotated[float, Quantity("1", 1e-7, 0.1)] = 5e-4
    """Largest error of the extrapolated far stray field, in units of Ms. Source: measured."""
    frozen_change: Annotated[float, Quantity("1", 0.0, 1e-2)] = 5e-4
    """Largest change of m that is left out of a resting column. Source: measured."""
    time_step_fraction: Annotated[float, Quantity("1", 0.01, 0.95)] = 0.9
    """Share of the stability limit that a time step takes. Source: measured."""
    # left out of a job where it is empty: what ran without the key must not run again for it
    without: Annotated[tuple[Shortcut, ...], Field(exclude_if=lambda names: not names)] = ()
    """Shortcuts that the engine does without, to see what they cost."""


class OommfSettings(Section):
    """Settings of the OOMMF calculator; the accuracy is OOMMF's own, with its defaults."""

    # no part of a job's description: other threads must not make finished traces run again
    threads: Annotated[int, Field(ge=1, le=256, exclude=True)] = 1
    """Threads of one simulation. Source: our choice."""


class OwnSettings(RootModel[dict[str, Any]]):
    """Settings of a calculator of one's own, as configured; its class has the model of them."""

    model_config = ConfigDict(frozen=True)


SETTINGS: dict[str, type[FilmSettings] | type[OommfSettings]] = {
    "film": FilmSettings,
    "oommf": OommfSettings,
}
"""Models of the settings of the package's own calculators, by name."""

_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
_OWN = rf"^{_IDENTIFIER}(\.{_IDENTIFIER})*:{_IDENTIFIER}$"
_LONGEST_NAME = 120
"""Characters of a calculator's name; it becomes part of a file name."""


def _is_calculator(value: Any) -> Any:
    named = isinstance(value, str) and len(value) <= _LONGEST_NAME
    if named and (value in SETTINGS or re.fullmatch(_OWN, value)):
        return value
    known = f"{', '.join(map(repr, SETTINGS))} or 'module:Class'"
    raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": known})


CalculatorName = Annotated[
    str,
    BeforeValidator(_is_calculator),
    Field(
        json_schema_extra={
            "anyOf": [{"enum": list(SETTINGS)}, {"pattern": _OWN, "title": "module:Class"}]
        }
    ),
]
"""`film`, `oommf`, or `module:Class` for one's own."""


def file_name(calculator: str) -> str:
    """Return what stands for a calculator in file names.

    Examples
    --------
    >>> file_name("drift.model:Drift")
    'drift.model-Drift'
    """
    return calculator.replace(":", "-")


def from_file_name(name: str) -> str:
    """Return the calculator that a part of a file name stands for.

    Examples
    --------
    >>> from_file_name("drift.model-Drift")
    'drift.model:Drift'
    """
    return name.replace("-", ":")
