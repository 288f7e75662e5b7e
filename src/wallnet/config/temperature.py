"""The temperature at which a device is simulated."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from wallnet.config.quantities import Kelvin, Quantity, Section, silent


class Temperature(Section):
    """A temperature, at which a thermal field acts on each cell of the film.

    The embedded engine simulates it, and OOMMF without `heating`. By default, the film has the
    values of `material` at `ambient`. Its cells have higher ones, which their fluctuations reduce
    again: the magnetisation by about 2 % at 300 K in cells of 3 nm. Nothing comes to rest, so the
    relaxation lasts its longest time.
    """

    ambient: Kelvin
    """Temperature of the film, before a pulse if pulses heat it. Source: our choice."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 1
    """Seed of the thermal field; another seed gives an independent one. Source: our choice."""
    heating: Literal["none", "pulse"] = silent("none")
    """Whether pulses heat the film, by `heavy_metal` and `heating` of the device (`pulse`).
    Source: our choice."""
    anisotropy_exponent: Annotated[float, Quantity("1", 1.0, 4.0)] = silent(3.0)
    """Power of the magnetisation with which Ku changes with the temperature of the film. Source:
    Callen and Callen, 3 for one axis; imperfect interfaces have less, see docs/physics.md."""
    measured_at: Kelvin | None = silent(None)
    """Temperature at which the film was measured to have the values of `material`; `ambient` if not
    given. Source: our choice."""
    values_of: Literal["film", "cells"] = silent("film")
    """What has the values of `material`: the film, or each cell without its fluctuations (`cells`),
    as in other micromagnetic simulations. Source: our choice."""
    thermal_field: bool = silent(True)
    """Whether the thermal field acts. Without it, the simulation is at 0 K, with the values that
    the film has at `ambient`. Source: our choice."""

    def _faults(self) -> Iterator[str]:
        if self.heating == "pulse" and not self.thermal_field:
            yield "heating needs the thermal field; leave heating or thermal_field out"
        if self.values_of == "cells" and self.measured_at:
            yield "measured_at is a temperature of a film; leave it or values_of out"


def temperature_fault(calculator: str, heated: bool) -> str:
    """Return why a calculator cannot simulate a temperature, or pulses that heat the film.

    The text is empty if it can.
    """
    if calculator == "film" or (calculator == "oommf" and not heated):
        return ""
    key = "temperature.heating: pulse" if calculator == "oommf" else "temperature"
    return (
        f"{key} is not simulated by the calculator {calculator}; leave it out, or set "
        "calculator: film"
    )
