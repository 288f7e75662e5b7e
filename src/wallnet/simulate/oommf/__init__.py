"""OOMMF as a calculator: oommfc writes the input, OOMMF runs it, the recorder reads the states.

`install` finds and checks OOMMF, `session` manages its processes and `run` simulates a job.
"""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config.calculators import OommfSettings
from wallnet.experiment import Step
from wallnet.simulate.calculator import Calculator
from wallnet.simulate.oommf import install, run
from wallnet.simulate.recorder import Recorder

if TYPE_CHECKING:
    from wallnet.simulate.checkpoint import Checkpoint


class Oommf(Calculator[OommfSettings]):
    """OOMMF; a killed job starts again from the beginning."""

    Settings = OommfSettings
    waveforms = True

    def check(self) -> None:
        """Check that OOMMF is installed, can run, and has the terms that a track needs."""
        install.check()

    def run(
        self,
        job: Step,
        start: NDArray[np.floating],
        recorder: Recorder,
        progress: Callable[[float], None],
        checkpoint: "Checkpoint | None",
    ) -> dict[str, Any]:
        """Simulate a job; see `Calculator.run`."""
        return run.run(self.settings, job, start, recorder, progress)


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `oommf` to the command line."""
    command = subparsers.add_parser("oommf")
    command.set_defaults(handler=_check)


def _check(arguments: argparse.Namespace) -> None:
    found = install.check()
    print(f"OOMMF {found['version']}, started by {found['command']}: ready")
