"""A trial of a calculator that starts other programs, before the first job."""

from typing import Any

from wallnet.experiment import Step
from wallnet.simulate.calculator import Calculator
from wallnet.simulate.recorder import Recorder, initialized

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


def run_trial(calculator: Calculator[Any], temperature: float = 0.0) -> dict[str, Any]:
    """Let a calculator simulate a small track with all terms of tracks, at a temperature in K.

    Returns
    -------
    dict
        The attributes that `Calculator.run` returns.
    """
    job = Step.model_validate(_JOB | {"temperature": temperature})
    return calculator.run(job, initialized(job), Recorder(job), lambda time: None, None)
