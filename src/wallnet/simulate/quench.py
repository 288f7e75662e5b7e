"""The state of a wall at a temperature, where nothing comes to rest, for all calculators.

Which state the wall is in follows from a quench: a copy of the last state relaxes without
temperature and current.
"""

import logging
import math
from typing import Any

import numpy as np

from wallnet.config.devices import QUENCH
from wallnet.experiment import Step
from wallnet.simulate.calculator import Calculator
from wallnet.simulate.recorder import Recorder

logger = logging.getLogger(__name__)

WARM_UP = 20e-12
"""Time in s after which the film has its temperature."""

_LARGEST_DEVIATION = 0.05
"""Relative deviation of the measured from the set temperature above which there is a warning."""


def quenched(
    calculator: Calculator[Any],
    job: Step,
    recorder: Recorder,
    spins: list[list[float]],
) -> dict[str, Any]:
    """Quench the last state of a job at a temperature; return the attributes of its trace.

    Parameters
    ----------
    calculator : Calculator
        The calculator of the job.
    job : Step
        The job.
    recorder : Recorder
        Its trace, which obtains the ends of the quenched wall.
    spins : list of list of float
        Measured and set temperature in K at entries of the trace.
    """
    cold = job.model_copy(
        update={
            "temperature": 0.0,
            "heating": None,
            "current_density": None,
            "relaxation": QUENCH,
            "output": job.output.without_maps_between(QUENCH.longest),
        }
    )
    quench = Recorder(cold)
    calculator.run(cold, recorder.latest, quench, lambda time: None, None)
    bottom, top = recorder.quenched = quench.ends()
    measured, wanted = map(float, np.mean(spins, axis=0)) if spins else (math.nan, math.nan)
    warning = ""
    if abs(measured / wanted - 1) > _LARGEST_DEVIATION:
        warning = (
            f"the magnetisation has {measured:.1f} K instead of {wanted:.1f} K; the pulse drives "
            "it far from equilibrium, or the film is small or the simulation short"
        )
        logger.warning(warning)
    return {
        **({"warning": warning} if warning else {}),
        "temperature": job.temperature,
        "domain_magnetization": recorder.domain_magnetization,
        "spin_temperature": measured,
        "seed": job.seed,
        "quenched_bottom": bottom,
        "quenched_top": top,
    }
