"""Calculators by their names, and checks and trials of those that a campaign names."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from wallnet.config import ConfigError
from wallnet.config.calculators import OwnSettings
from wallnet.config.declarations import PACKAGED, READ, Declaration, is_own_engine, refusal
from wallnet.config.messages import validated
from wallnet.files.whole import one_line
from wallnet.jobs import Run
from wallnet.jobs.code import load_class
from wallnet.jobs.run import needs_of
from wallnet.simulate.calculator import Calculator, SimulationError
from wallnet.simulate.recorder import Recorder, initialized

CLASSES = {"film": "wallnet.simulate.embedded:Embedded", "oommf": "wallnet.simulate.oommf:Oommf"}
"""Module and class of each calculator of the package."""


_ATTRIBUTES: dict[str, Any] = {
    name: (get_args(kind)[0], ...)
    for name, kind in get_type_hints(Declaration, include_extras=True).items()
}
_DECLARED = create_model("Declaration", __config__=ConfigDict(strict=True), **_ATTRIBUTES)
"""Model of the attributes of a user-defined class."""


def class_of(name: str) -> type[Calculator[Any]]:
    """Import a calculator, and note what a user-defined one declares for rules and estimate.

    Raises
    ------
    wallnet.config.ConfigError
        If the module or the class does not exist, the class is not a `Calculator`, or an attribute
        of its declaration is not valid.
    """
    what = "that derives from wallnet.simulate.calculator.Calculator and has run"
    calculator = load_class(CLASSES.get(name, name), "calculator", Calculator, what)  # type: ignore[type-abstract]
    if name not in PACKAGED:
        attributes = {key: getattr(calculator, key) for key in _DECLARED.model_fields}
        if findings := validated(_DECLARED, attributes)[1]:
            faults = [finding.sentence(f"calculator {name}") for finding in findings]
            raise ConfigError("\n".join(faults))
        READ[name] = calculator
    return calculator


def create(
    name: str, settings: BaseModel | Mapping[str, Any], needs: Collection[str] = ()
) -> Calculator[Any]:
    """Return a calculator with its settings.

    Parameters
    ----------
    name : str
        `film`, `oommf`, or `module:Class`.
    settings : BaseModel or Mapping
        Its settings: checked (for calculators of the package) or as configured.
    needs : Collection of str
        What it has to simulate (`wallnet.config.declarations.NEEDS`).

    Raises
    ------
    wallnet.config.ConfigError
        If there is no such calculator (`class_of`), or the settings do not fit its model.
    SimulationError
        If it does not simulate what is needed.
    """
    calculator = class_of(name)
    if fault := refusal(name, calculator, needs):
        raise SimulationError(fault)
    plain = settings.root if isinstance(settings, OwnSettings) else settings
    if isinstance(plain, BaseModel):
        return calculator(plain)
    model, findings = validated(calculator.Settings, plain)
    if model is None:
        faults = [finding.sentence("calculator_settings", name) for finding in findings]
        raise ConfigError("\n".join(faults))
    return calculator(model)


_JOB: dict[str, Any] = {
    "track": {"length": 8e-9, "width": 4e-9, "thickness": 2e-9, "cell_size": 2e-9},
    "material": {
        "saturation_magnetization": 1.1e6,
        "exchange_stiffness": 2e-11,
        "dmi_constant": 1e-3,
        "uniaxial_anisotropy": 1e6,
        "damping": 0.5,
        "gyromagnetic_ratio": 2.211e5,
        "polarization": 0.4,
    },
    "placement": {"bottom": 4e-9, "top": 4e-9},
    "steps": [{"current_density": 1e11, "duration": 1e-15}],
    "rest": {},
    "output": {"interval": 1e-10},
    "calculator": {},
    "calculator_name": "film",
}
"""Job of eight cells and one step, with the terms that a track needs."""

TRIAL_TEMPERATURE = 300.0
"""Temperature in K of a trial of a calculator for jobs at a temperature."""


def run_trial(calculator: Calculator[Any], temperature: float = 0.0) -> None:
    """Let a calculator simulate a small track with all terms of tracks, at a temperature in K."""
    hot = {"temperature": {"ambient": temperature}} if temperature else {}
    job = Run.model_validate(_JOB | hot)
    calculator.run(job, initialized(job), Recorder(job), lambda time: None, None)


def check(name: str, settings: BaseModel | Mapping[str, Any], needs: Collection[str] = ()) -> None:
    """Check that a calculator can run, and simulates what is needed; see `create`.

    Raises
    ------
    SimulationError
        If it cannot run. The message states the reason in one sentence.
    """
    calculator = create(name, settings, needs)
    try:
        calculator.check()
        if "temperature" in needs:
            run_trial(calculator, TRIAL_TEMPERATURE)
    except SimulationError:
        raise
    except Exception as error:  # the check of a user-defined calculator can raise any error
        raise SimulationError(
            f"calculator {name} cannot run ({type(error).__name__}: {one_line(error)}); "
            "fix that, or choose another calculator"
        ) from None


def check_settings(calculators: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Import user-defined calculators, given with their settings, and check both.

    Raises
    ------
    wallnet.config.ConfigError
        With one line for each problem.
    """
    problems: list[str] = []
    for name, settings in calculators:
        try:
            create(name, settings)
        except ConfigError as error:
            problems += str(error).splitlines()
    if problems:
        raise ConfigError("\n".join(f"config.yaml: {line}" for line in dict.fromkeys(problems)))


def check_called(simulations: Iterable[str]) -> None:
    """Check that the calculators of simulations, given as canonical JSON, can run; see `check`."""
    called: dict[str, set[str]] = {}
    for job in map(json.loads, simulations):
        key = json.dumps([job["calculator_name"], job["calculator"]])
        called.setdefault(key, set()).update(needs_of(job))
    for key, needs in sorted(called.items()):
        name, settings = json.loads(key)
        # of the package alone, there is nothing else to check
        if not is_own_engine(name) or refusal(name, PACKAGED[name], needs):
            check(name, settings, needs)
