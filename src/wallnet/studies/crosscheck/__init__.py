"""Cross-check: the same pulses with two calculators, to compare them."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product
from typing import Any

from pydantic import Field

from wallnet.config import Campaign, Device
from wallnet.config.declarations import CalculatorName
from wallnet.config.quantities import CurrentDensity, Section
from wallnet.files.plain import laid_over
from wallnet.jobs import Request, Run, pulse_job
from wallnet.jobs.request import Conditions, minima_at
from wallnet.questions.question import Question, Requests, Rounds, Validate
from wallnet.studies.base import VariantName, changed


class Case(Section):
    """One pulse on one device, with some keys of the device changed."""

    device: str
    """Name of the device in `devices`."""
    current_density: CurrentDensity
    """Current density of the pulse."""
    changes: dict[str, Any] = Field(default={})
    """Keys of the device that differ in this case."""

    def simulated(self, devices: Mapping[str, Device], calculator: str) -> Device:
        """Return the device with the changes applied, for one calculator."""
        changes = {**self.changes, "calculator": calculator}
        return Device.model_validate(laid_over(devices[self.device].plain(), changes))


class Crosscheck(Section):
    """Pulses that are run with two calculators, the second as reference."""

    calculators: tuple[CalculatorName, CalculatorName] = ("film", "oommf")
    """The two calculators; deviations are relative to the second one."""
    cases: dict[VariantName, Case] = Field(min_length=1)
    """The cases, by name."""

    def _faults(self) -> Iterator[str]:
        first, second = self.calculators
        if first == second:
            yield f"calculators names {first!r} twice; name two calculators to compare"


def _job(devices: Mapping[str, Device], case: Case, calculator: str) -> Run:
    return pulse_job(case.simulated(devices, calculator), case.current_density)


class Ask(Question[Crosscheck]):
    """The same pulses with two calculators."""

    settings = Crosscheck
    title = "cross-check {subject}"
    missing = "a cross-check"
    figure = "traces"

    def problems(
        self, key: str, _: str, settings: Crosscheck, campaign: Campaign, validate: Validate
    ) -> list[str]:
        """List the conflicts with the devices of the campaign, one sentence each."""
        conflicts = []
        for name, case in settings.cases.items():
            where = f"{key}.cases.{name}"
            names = (f"{where}.device", case.device, f"{where}.changes")
            device, faults = changed(*names, case.changes, campaign.simulated, validate)
            for calculator in () if faults else settings.calculators:
                faults += validate(Device, {**device.plain(), "calculator": calculator}, where)[1]
            conflicts += faults
        return conflicts

    def compared(self, settings: Crosscheck, devices: Mapping[str, Device]) -> Iterator[Device]:
        """Yield the device of each case for both calculators."""
        for case, calculator in product(settings.cases.values(), settings.calculators):
            yield case.simulated(devices, calculator)

    def requests(self, campaign: Campaign, name: str, settings: Crosscheck, _: Rounds) -> Requests:
        """Yield the pulse of each case with both calculators."""
        for (label, case), calculator in product(settings.cases.items(), settings.calculators):
            path = self.path(name, label, calculator.replace(":", "-"))
            make = partial(_job, campaign.simulated, case, calculator)
            device = case.simulated(campaign.simulated, calculator)
            states = minima_at(self.path(name, label, "minima"), device)
            conditions = Conditions(variant=label, calculator=calculator)
            yield Request("run", path, make, states=states, conditions=conditions)
