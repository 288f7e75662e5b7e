"""OOMMF as a calculator: oommfc writes the input, OOMMF runs it, the recorder reads the states.

`install` finds OOMMF, `session` manages its processes, `run` its input and its states, and
`thermal` chooses its evolver at a temperature.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config.calculators import OommfSettings
from wallnet.experiment import Step
from wallnet.simulate.calculator import Calculator, SimulationError
from wallnet.simulate.drives import drives, record_runs
from wallnet.simulate.oommf import install, run, session, thermal
from wallnet.simulate.quench import quenched
from wallnet.simulate.recorder import Recorder
from wallnet.simulate.registry import TRIAL_TEMPERATURE, run_trial

if TYPE_CHECKING:
    from wallnet.simulate.checkpoint import Checkpoint


class Oommf(Calculator[OommfSettings]):
    """OOMMF; a killed job starts again from the beginning."""

    Settings = OommfSettings
    waveforms = True

    def check(self) -> None:
        """Check that OOMMF is installed, can run, and has the terms that a track needs."""
        run_trial(self)

    def run(
        self,
        job: Step,
        start: NDArray[np.floating],
        recorder: Recorder,
        progress: Callable[[float], None],
        checkpoint: "Checkpoint | None",
    ) -> dict[str, Any]:
        """Simulate a job; see `Calculator.run`."""
        threads = run.threads_of(self.settings)
        runs = drives(job)
        with session.opened(install.locate(), threads) as opened:
            import oommfc

            states: thermal.States = partial(run.states, opened, job)
            spins: list[list[float]] = []
            if job.temperature:
                states = thermal.measured(job, states, spins)
            record_runs(runs, states, start, recorder, progress)
        found = {}
        if job.temperature:
            found = quenched(self, job, recorder, spins)
            found["time_step"] = thermal.time_step(job, runs[0])
        return {
            **found,
            "backend_version": f"OOMMF {opened.version}, oommfc {oommfc.__version__}",
            "threads": threads,
        }


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `oommf` to the command line."""
    command = subparsers.add_parser("oommf")
    command.set_defaults(handler=_check)


def _check(arguments: argparse.Namespace) -> None:
    calculator = Oommf(OommfSettings())
    found = run_trial(calculator)
    command = " ".join(install.locate())
    print(f"{found['backend_version']}, started by {command}: ready")
    try:
        run_trial(calculator, TRIAL_TEMPERATURE)
    except SimulationError as error:
        print(f"at a temperature: {error}")
    else:
        print("at a temperature: ready")
