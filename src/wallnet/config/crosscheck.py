"""Pulses that are run with two calculators, to compare them."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field, field_validator

from wallnet.config.calculators import CalculatorName
from wallnet.config.devices import Device, missing_device
from wallnet.config.inheritance import laid_over
from wallnet.config.quantities import CurrentDensity, Section
from wallnet.config.variants import NAME_OF_VARIANT, check_names


class Case(Section):
    """One pulse on one device, with some keys of the device changed."""

    device: str
    """Name of the device in `devices`."""
    current_density: CurrentDensity
    """Current density of the pulse."""
    changes: dict[str, Any] = {}
    """Keys of the device that differ in this case."""

    def varied(self, devices: Mapping[str, Device], calculator: str) -> dict[str, Any]:
        """Return the device as plain data, with the changes applied, for one calculator."""
        data = devices[self.device].plain()
        return laid_over(data, {**self.changes, "calculator": calculator})


class Crosscheck(Section):
    """Pulses that `snakemake crosscheck` runs with two calculators, the second as reference."""

    calculators: tuple[CalculatorName, CalculatorName] = ("film", "oommf")
    """The two calculators; deviations are relative to the second one."""
    cases: dict[str, Case] = Field(
        default={}, json_schema_extra={"propertyNames": {"pattern": NAME_OF_VARIANT}}
    )
    """The cases, by name."""

    @field_validator("calculators")
    @classmethod
    def _are_two(cls, value: tuple[str, str]) -> tuple[str, str]:
        if value[0] == value[1]:
            raise ValueError(f"names {value[0]!r} twice; name two calculators to compare")
        return value

    @field_validator("cases")
    @classmethod
    def _can_name_files(cls, value: dict[str, Case]) -> dict[str, Case]:
        check_names(value)
        return value

    def problems(
        self,
        devices: Mapping[str, Device],
        validate: Callable[[type[Device], Any, str], tuple[Any, list[str]]],
    ) -> list[str]:
        """List the conflicts with the devices of the campaign, one sentence each.

        Parameters
        ----------
        devices : Mapping
            The simulated devices of the campaign.
        validate : callable
            Takes a model, data and the name of the block; returns the block and its problems.

        Returns
        -------
        list of str
            The problems.
        """
        found: list[str] = []
        for name, case in self.cases.items():
            key = f"crosscheck.cases.{name}"
            if missing := missing_device(f"{key}.device", case.device, devices):
                found += missing
                continue
            if "calculator" in case.changes:
                found.append(f"{key}.changes sets calculator; remove it, since two are run")
                continue
            varied = case.varied(devices, self.calculators[0])
            found += validate(Device, varied, f"{key}.changes")[1]
        return found
