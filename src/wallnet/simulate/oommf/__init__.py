"""OOMMF as a calculator: oommfc writes the input, OOMMF runs it, the recorder reads the states.

`session` finds OOMMF and manages its processes, `run` its input and its states, and `thermal`
chooses its evolver at a temperature.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import tracks
from wallnet.config.calculators import OommfSettings
from wallnet.experiment import Step
from wallnet.simulate.calculator import Calculator
from wallnet.simulate.checkpoint import Checkpoint
from wallnet.simulate.drives import Drive, drives, record_runs
from wallnet.simulate.oommf import run, session, thermal
from wallnet.simulate.quench import WARM_UP, quenched
from wallnet.simulate.recorder import Recorder
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
        job: Step,
        start: NDArray[np.floating],
        recorder: Recorder,
        progress: Callable[[float], None],
        checkpoint: Checkpoint | None,
    ) -> dict[str, Any]:
        """Simulate a job; see `Calculator.run`."""
        threads = run.threads_of(self.settings)
        runs = drives(job)
        film = None
        if job.temperature:
            from wallnet.film.thermal import ThermalEngine  # loads numba

            film = ThermalEngine(**tracks.film(job), temperature=job.temperature, seed=0)
        with session.opened(threads) as opened:
            import oommfc

            # measured and set temperature
            spins: list[list[float]] = []

            def states(drive: Drive, begun: NDArray[np.floating]) -> Iterator[NDArray[np.floating]]:
                """Yield the states of a run, and note their temperature if the film is warm."""
                for stage, state in enumerate(run.states(opened, job, drive, begun)):
                    if film and drive.time(stage) > WARM_UP:
                        film.magnetization = state
                        spins.append([film.spin_temperature(), job.temperature])
                    yield state

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
