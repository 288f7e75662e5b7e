"""Numbers with a unit and bounds, and the base of every section of the configuration."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError


class ConfigError(ValueError):
    """The configuration cannot be used; the message names the key and the mend."""


class Section(BaseModel):
    """A block of `config.yaml`: unknown keys are refused, values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def laid_over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain data with changes laid over it, block by block; both stay as they are."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        nested = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = laid_over(below, value) if nested else value
    return merged


def _number(value: Any) -> float:
    """Take a number, or the text that YAML 1.1 leaves of ``0.5e12``; refuse anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise PydanticCustomError("number", "is not a number; write it like 5.0e-9") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number", "is not a number; write it like 5.0e-9")
    try:
        finite = math.isfinite(value)
    except OverflowError:  # a whole number with hundreds of digits
        finite = False
    if not finite:
        raise PydanticCustomError("number", "is not finite; write a number like 5.0e-9")
    return float(value)


def _within(unit: str, low: float, high: float, magnitude: bool, zero: bool, mend: str) -> Any:
    """Build the check of one quantity's bounds."""

    def check(value: float) -> float:
        size = abs(value) if magnitude else value
        if (zero and value == 0) or low <= size <= high:
            return value
        raise PydanticCustomError(
            "bounds",
            "is outside {kind} {low} to {high} {unit}{zero}; {mend}",
            {
                "kind": "the magnitude range" if magnitude else "the range",
                "low": f"{low:g}",
                "high": f"{high:g}",
                "unit": unit,
                "zero": " (or 0)" if zero else "",
                "mend": mend,
            },
        )

    return check


def quantity(
    unit: str,
    low: float,
    high: float,
    *,
    magnitude: bool = False,
    zero: bool = False,
    mend: str = "check the unit",
) -> Any:
    """Describe a float by its unit and the range that makes sense for it.

    Parameters
    ----------
    unit : str
        SI unit, as shown in messages and in the schema.
    low, high : float
        Inclusive bounds, in `unit`.
    magnitude : bool
        Whether the bounds hold for the absolute value.
    zero : bool
        Whether zero is allowed beside the range.
    mend : str
        What to do about a value out of bounds.

    Returns
    -------
    type
        An annotated float for use in a `Section`.
    """
    return Annotated[
        float,
        BeforeValidator(_number),
        AfterValidator(_within(unit, low, high, magnitude, zero, mend)),
        Field(json_schema_extra={"unit": unit, "lowest": low, "highest": high}),
    ]


Length = quantity("m", 1e-10, 1e-3, mend="lengths are in metres: 512 nm is 512.0e-9")
Position = quantity("m", 0.0, 1e-3, mend="positions are in metres: 60 nm is 60.0e-9")
Duration = quantity("s", 1e-15, 1e-3, mend="times are in seconds: 10 ns is 10.0e-9")
DurationOrNone = quantity("s", 1e-15, 1e-3, zero=True, mend="times are in seconds: 3 ns is 3.0e-9")
CurrentDensity = quantity(
    "A/m²",
    1e8,
    1e14,
    magnitude=True,
    zero=True,
    mend="current densities are in A/m²: 0.5e+12, not 0.5",
)
Resistance = quantity("Ω", 1e-3, 1e12, mend="resistances are in ohms: 10 kΩ is 10.0e+3")
Conductance = quantity("S", 1e-12, 1e3, mend="conductances are in siemens: 0.1 mS is 1.0e-4")
Speed = quantity("m/s", 1e-6, 1e4, mend="speeds are in m/s, which is the same as nm/ns")
Fraction = quantity("1", 0.0, 1.0, mend="it is a fraction between 0 and 1")
