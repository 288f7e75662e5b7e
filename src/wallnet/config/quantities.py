"""Numbers with a unit and bounds, and the base of every section of the configuration."""

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from wallnet.config.messages import ConfigError, shown

Value = TypeVar("Value")

TEXT_OF_NUMBER = r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"
"""Numbers that YAML 1.1 reads as text: the exponent has no sign, or no point before it."""

_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
CLASS = rf"^(?=.{{1,120}}$){_IDENTIFIER}(\.{_IDENTIFIER})*:{_IDENTIFIER}$"
"""Names of user-defined classes, ``module:Class``, short enough for names of files."""


class Section(BaseModel):
    """A block of `config.yaml`: unknown keys are refused, values cannot be changed.

    The docstring of each key states its meaning and the source of its value. It is used in the
    schema (`wallnet.config.schema`) and in the table of the documentation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    def _faults(self) -> Iterator[str]:
        """Yield the conflicts between keys, sentences that begin with a key; the first is shown."""
        yield from ()

    @model_validator(mode="after")
    def _without_faults(self) -> Self:
        for fault in self._faults():
            raise ValueError(fault)
        return self


def silent(default: Any) -> Any:
    """Return the field of a key that JSON leaves out at its default.

    Results from before the key existed thus do not run again.
    """
    return Field(default, exclude_if=lambda value: value == default)


def plain(value: Any) -> Any:
    """Return a value with the arrays and numbers of NumPy and xarray in it as lists and numbers."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    array = value if hasattr(value, "tolist") else getattr(value, "values", value)  # of xarray
    # times would become integers
    time = getattr(getattr(array, "dtype", None), "kind", "") in ("m", "M")
    return array.tolist() if hasattr(array, "tolist") and not time else value


ASCENDING = AfterValidator(lambda value: tuple(sorted(set(value))))
"""Annotation of a list whose order and repetitions have no meaning."""


class Form:
    """Annotation of a value that is checked before pydantic reads it."""

    def checked(self, value: object) -> object:
        """Return a valid value, or raise an error for messages."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.checked, handler(source))


FIXES = {
    "m": "lengths are in metres: 60 nm is 60.0e-9",
    "s": "times are in seconds: 3 ns is 3.0e-9",
    "A/m²": "current densities are in A/m²: 0.5e+12, not 0.5",
    "T": "fields are in tesla: 5 mT is 5.0e-3",
    "A/m": "1100 kA/m or emu/cm³ are 1.1e+6 A/m",
    "J/m": "20 pJ/m are 2.0e-11 J/m",
    "J/m²": "1 mJ/m² is 1.0e-3 J/m²",
    "J/m³": "1 MJ/m³, or 1000 kJ/m³, is 1.0e+6 J/m³",
    "m/(A s)": "1.76e+11 rad/(s T) are 2.21e+5 m/(A s)",
    "K": "it is an absolute temperature, such as 300 K",
    "m/s": "speeds are in m/s, which is the same as nm/ns",
    "Ω": "resistances are in ohms: 10 kΩ is 10.0e+3",
    "S": "conductances are in siemens: 0.1 mS is 1.0e-4",
    "Ω m": "130 µΩ cm are 1.3e-6 Ω m",
    "W/(m K)": "silicon has about 148 W/(m K), its oxide 1.4",
    "K m²/W": "metal on oxide has about 1.0e-8 K m²/W",
    "J/(m³ K)": "silicon and its oxide have about 1.6e+6 J/(m³ K)",
}
"""Advice for a value out of bounds, by its unit."""


@dataclass(frozen=True)
class Quantity(Form):
    """Unit and inclusive bounds, in it, of a number, as annotation of a float of a `Section`."""

    unit: str
    """SI unit, as shown in messages and in the schema; 1 for a plain number."""
    low: float
    high: float
    magnitude: bool = False
    """Whether the bounds apply to the absolute value."""
    zero: bool = False
    """Whether zero is allowed in addition to the range."""
    fix: str = ""
    """Advice for a value out of bounds; that of `FIXES` if empty."""

    def checked(self, value: object) -> float:
        """Return a value as a number within the bounds.

        Text such as ``0.5e12``, which YAML 1.1 does not read as a number, is accepted, and so are
        numbers of NumPy and xarray.
        """
        value = plain(value)
        if isinstance(value, str):
            with suppress(ValueError):
                value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            fault = "is not a number; write one from {low} to {high}"
            ends = {"low": f"{self.low:g}", "high": f"{self.high:g}"}
            raise PydanticCustomError("number", fault, ends)
        if not abs(value) < math.inf:
            raise PydanticCustomError("number", "is not finite; write a number like 5.0e-9")
        size = abs(value) if self.magnitude else value
        if (self.zero and value == 0) or self.low <= size <= self.high:
            return float(value)
        unit = "" if self.unit == "1" else f" {self.unit}"
        span = f"the {'magnitude ' * self.magnitude}range {self.low:g} to {self.high:g}{unit}"
        span += " (or 0)" if self.zero else ""
        fix = self.fix or FIXES.get(self.unit, "give a number in it")
        raise PydanticCustomError("bounds", "is outside {span}; {fix}", {"span": span, "fix": fix})

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        ranges = [{"type": "number", "minimum": self.low, "maximum": self.high}]
        if self.magnitude:
            ranges.append({"type": "number", "minimum": -self.high, "maximum": -self.low})
        if self.zero:
            ranges.append({"const": 0})
        return {"anyOf": [*ranges, {"type": "string", "pattern": TEXT_OF_NUMBER}]}


def checked_value(name: str, value: object, check: Callable[[Any], Value]) -> Value:
    """Return a value as its check returns it; a `ConfigError` names a bad one.

    The check raises a `ValueError` whose message follows the value.
    """
    try:
        return check(value)
    except ValueError as error:
        raise ConfigError(f"{name} = {shown(value)} {error}") from None


@dataclass(frozen=True)
class Text(Form):
    """Form of a text, as annotation of a str of a `Section` or of the keys of a dict."""

    pattern: str
    """Regular expression that the whole text matches."""
    fault: str
    """Sentence about another text, after its key, with `{}` for the text."""
    choices: Collection[str] = ()
    """Further texts that are allowed."""
    title: str = ""
    """What the pattern stands for, in the schema."""

    def checked(self, value: object) -> str:
        """Return a text of this form; YAML reads some as numbers."""
        text = str(value)
        if not isinstance(value, str | int) or not (
            text in self.choices or re.fullmatch(self.pattern, text)
        ):
            raise ValueError(self.fault.format(shown(value)))
        return text

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        # in `anyOf`, since pydantic leaves keys without restriction that do not match a `pattern`
        form = {"pattern": self.pattern, **({"title": self.title} if self.title else {})}
        return {
            "type": "string",
            "anyOf": [*([{"enum": [*self.choices]}] if self.choices else []), form],
        }


NAME = Text(
    r"^(?!none$)[a-z0-9][a-z0-9_-]{0,63}$",
    "cannot name files; use small letters, digits, '-' and '_', and not 'none'",
)
Name = Annotated[str, NAME]
"""Name that can be part of file names: of devices, recipes and data sets."""

Length = Annotated[float, Quantity("m", 1e-10, 1e-3)]
Position = Annotated[float, Quantity("m", 0.0, 1e-3)]
DURATION = Quantity("s", 1e-15, 1e-3)
Duration = Annotated[float, DURATION]
DurationOrNone = Annotated[float, Quantity("s", 1e-15, 1e-3, zero=True)]
CURRENT_DENSITY = Quantity("A/m²", 1e8, 1e14, magnitude=True, zero=True)
CurrentDensity = Annotated[float, CURRENT_DENSITY]
Resistance = Annotated[float, Quantity("Ω", 1e-3, 1e12)]
Conductance = Annotated[float, Quantity("S", 1e-12, 1e3)]
READ_VOLTAGE = Quantity("V", 1e-6, 10.0, fix="100 mV are 0.1 V")
Speed = Annotated[float, Quantity("m/s", 1e-6, 1e4)]
TEMPERATURE = Quantity("K", 1e-3, 1000.0)
Kelvin = Annotated[float, TEMPERATURE]
Fraction = Annotated[float, Quantity("1", 0.0, 1.0, fix="it is a fraction between 0 and 1")]
Magnetization = Annotated[float, Quantity("A/m", 5e3, 3e6)]
Stiffness = Annotated[float, Quantity("J/m", 1e-14, 1e-10)]
InterfacialDMI = Annotated[float, Quantity("J/m²", 1e-7, 0.01, magnitude=True, zero=True)]
Anisotropy = Annotated[float, Quantity("J/m³", 100.0, 3e7)]
Damping = Annotated[float, Quantity("1", 1e-4, 10.0)]
