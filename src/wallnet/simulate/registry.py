"""Calculators by their names, and checks and trials of those that a campaign names."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from wallnet.config import ConfigError
from wallnet.config.calculators import OwnSettings
from wallnet.config.messages import checked
from wallnet.experiment import Simulation
from wallnet.experiment.code import load_class
from wallnet.files.whole import one_line
from wallnet.simulate.calculator import Calculator, SimulationError
from wallnet.simulate.recorder import Recorder, initialized

PACKAGED = {
    "film": "wallnet.simulate.embedded:Embedded",
    "oommf": "wallnet.simulate.oommf:Oommf",
}
"""Module and class of each calculator of the package."""


def create(
    name: str, settings: BaseModel | Mapping[str, Any], shaped: bool = False
) -> Calculator[Any]:
    """Return a calculator with its settings.

    Parameters
    ----------
    name : str
        `film`, `oommf`, or `module:Class`.
    settings : BaseModel or Mapping
        Its settings: checked (for calculators of the package) or as configured.
    shaped : bool
        Whether it has to simulate a waveform.

    Raises
    ------
    wallnet.config.ConfigError
        If the module or the class does not exist, the class is not a `Calculator`, or the settings
        do not fit its model.
    SimulationError
        If it simulates square pulses only.
    """
    what = "that derives from wallnet.simulate.calculator.Calculator and has run"
    calculator = load_class(PACKAGED.get(name, name), "calculator", Calculator, what)  # type: ignore[type-abstract]
    if shaped and not calculator.waveforms:
        raise SimulationError(
            f"the calculator {name} simulates square pulses only; leave waveform out, or choose "
            "the calculator film or oommf"
        )
    given = settings.root if isinstance(settings, OwnSettings) else settings
    if isinstance(given, BaseModel):
        return calculator(given)
    model, findings = checked(calculator.Settings, given)
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
    "current_density": 1e11,
    "pulse_duration": 1e-15,
    "relaxation": {"longest": 0.0},
    "output": {"interval": 1e-10},
    "calculator": {},
    "calculator_name": "film",
}
"""Job of eight cells and one step, with the terms that a track needs."""

TRIAL_TEMPERATURE = 300.0
"""Temperature in K of a trial of a calculator for jobs at a temperature."""


def run_trial(calculator: Calculator[Any], temperature: float = 0.0) -> None:
    """Let a calculator simulate a small track with all terms of tracks, at a temperature in K."""
    job = Simulation.model_validate(_JOB | {"temperature": temperature})
    calculator.run(job, initialized(job), Recorder(job), lambda time: None, None)


def check(
    name: str,
    settings: BaseModel | Mapping[str, Any],
    temperature: float = 0.0,
    shaped: bool = False,
) -> None:
    """Check that a calculator can run, also at a temperature in K and with waveforms if needed.

    Raises
    ------
    SimulationError
        If it cannot run. The message states the reason in one sentence.
    """
    calculator = create(name, settings, shaped)
    try:
        calculator.check()
        if temperature:
            run_trial(calculator, temperature)
    except SimulationError:
        raise
    except Exception as error:  # the check of a user-defined calculator can raise any error
        raise SimulationError(
            f"calculator {name} cannot run ({type(error).__name__}: {one_line(error)}); "
            "fix that, or choose another calculator"
        ) from None


def check_settings(wanted: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Import user-defined calculators, given with their settings, and check both.

    Raises
    ------
    wallnet.config.ConfigError
        With one line for each problem.
    """
    found: list[str] = []
    for name, settings in wanted:
        try:
            create(name, settings)
        except ConfigError as error:
            found += str(error).splitlines()
    if found:
        raise ConfigError("\n".join(f"config.yaml: {each}" for each in dict.fromkeys(found)))


def check_called(simulations: Iterable[str]) -> None:
    """Check that the calculators of simulations, given as canonical JSON, can run; see `check`."""
    # with waveforms, and at a temperature
    called: dict[str, tuple[bool, bool]] = {}
    for text in simulations:
        job = json.loads(text)
        key = json.dumps([job["calculator_name"], job["calculator"]])
        shaped, hot = called.get(key, (False, False))
        # a square pulse has no waveform, and a job at 0 K no temperature
        called[key] = (shaped or '"waveform"' in text, hot or "temperature" in job)
    for key, (shaped, hot) in sorted(called.items()):
        name, settings = json.loads(key)
        if name != "film":  # part of the package: there is nothing to check
            check(name, settings, TRIAL_TEMPERATURE if hot else 0.0, shaped)
