"""OOMMF as a calculator: oommfc writes the input, OOMMF runs it, the recorder reads the states.

`session` finds OOMMF and manages its processes, `run` its input and its states.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import tracks
from wallnet.config.calculators import OommfSettings
from wallnet.experiment import Simulation
from wallnet.simulate.calculator import Calculator
from wallnet.simulate.checkpoint import Checkpoint
from wallnet.simulate.drives import drives
from wallnet.simulate.oommf import run, session
from wallnet.simulate.recorder import WARM_UP, Recorder
from wallnet.simulate.registry import run_trial


class Oommf(Calculator[OommfSettings]):
    """OOMMF; a killed job starts again from the beginning."""

    Settings = OommfSettings
    waveforms = True

    def check(self) -> None:
        """Check that OOMMF is installed, can run, and has the terms that a track needs."""
        run_trial(self)

    def run(
        self,
        job: Simulation,
        start: NDArray[np.floating],
        recorder: Recorder,
        progress: Callable[[float], None],
        checkpoint: Checkpoint | None,
    ) -> dict[str, Any]:
        """Simulate a job; see `Calculator.run`."""
        threads = run.threads_of(self.settings)
        found: dict[str, Any] = {}
        film = None
        if job.temperature:
            from wallnet.film.thermal import ThermalEngine  # loads numba

            film = ThermalEngine(**tracks.film(job), temperature=job.temperature, seed=0)
            found["time_step"] = run.time_step(job, drives(job)[0])
        recorder.record(0.0, start)
        with session.opened(threads) as opened:
            import oommfc

            for time, state in run.entries(opened, job, start):
                recorder.record(time, state)
                if film and time > WARM_UP:
                    film.magnetization = state
                    measured = [film.spin_temperature(), job.temperature]
                    recorder.spin_temperatures.append(measured)
                progress(time)
                if recorder.resting():
                    break
        return {
            **found,
            "backend_version": f"OOMMF {opened.version}, oommfc {oommfc.__version__}",
            "threads": threads,
        }
