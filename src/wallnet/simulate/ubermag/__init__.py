"""Adapter for the calculators of ubermag, which uses their `TimeDriver`."""

import importlib
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict

from wallnet.experiment import Step
from wallnet.simulate.calculator import Calculator, SimulationError
from wallnet.simulate.drives import (
    Drive,
    drives,
    held_subregions,
    record_runs,
    system_of,
    unit_vectors,
)
from wallnet.simulate.recorder import Recorder
from wallnet.simulate.trial import run_trial

if TYPE_CHECKING:
    from wallnet.simulate.checkpoint import Checkpoint


def _number(value: Any) -> Any:
    """Convert text such as ``1e-3``, which YAML 1.1 does not read as a number."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


LARGEST_PIECE = 99
"""Largest number of stages of one run. OOMMF numbers its files with two digits, and the order of
the names is the order of reading."""


class DriverSettings(BaseModel):
    """Attributes of a `TimeDriver`; the driver determines which ones are valid."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Annotated[Any, BeforeValidator(_number)]]


class UbermagCalculator(Calculator[DriverSettings]):
    """Calculator that drives a `micromagneticmodel.System` with the `TimeDriver` of a module.

    A driver computes a whole run before its states can be read. Therefore the relaxation is divided
    into pieces of `relaxation.hold`, until the wall rests.

    Attributes
    ----------
    module : str
        The module, such as `oommfc`.
    """

    Settings = DriverSettings
    module: ClassVar[str]

    def check(self) -> None:
        """Check that the module can drive a small track with all terms of tracks."""
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
        record_runs(self._pieces(job), partial(self._states, job), start, recorder, progress)
        return {}

    def _states(
        self, job: Step, drive: Drive, start: NDArray[np.floating]
    ) -> list[NDArray[np.floating]]:
        """Return the states at the ends of the stages of a run."""
        import micromagneticdata

        driver = importlib.import_module(self.module).TimeDriver
        system = system_of(job, drive, start)
        with tempfile.TemporaryDirectory(prefix="wallnet-ubermag-") as folder:
            # a new driver for each run, and one thread as in the rules, so that results do not
            # depend on the machine
            driver(**(self.settings.model_extra or {})).drive(
                system,
                t=drive.duration,
                n=drive.stages,
                n_threads=1,
                dirname=folder,
                verbose=0,
                **held_subregions(system),
            )
            data = micromagneticdata.Data(system.name, dirname=folder)[-1]
            if data.n != drive.stages:
                raise SimulationError(
                    f"{self.module} left {data.n} states instead of {drive.stages}; run it again"
                )
            return [unit_vectors(job, data[stage]) for stage in range(drive.stages)]

    @staticmethod
    def _pieces(job: Step) -> Iterator[Drive]:
        """Divide runs into pieces: without current they can end early; none has too many stages."""
        hold = max(1, round(job.relaxation.hold / job.output.interval))
        for drive in drives(job):
            most = LARGEST_PIECE if drive.driven else min(hold, LARGEST_PIECE)
            for first in range(0, drive.stages, most):
                yield drive.piece(first, min(most, drive.stages - first))


def of_module(name: str) -> type[UbermagCalculator]:
    """Return the calculator class that uses the `TimeDriver` of a module."""

    class TimeDriver(UbermagCalculator):
        module = name
        # others may ignore the Tcl script of a current that changes in time
        waveforms = name == "oommfc"

    return TimeDriver
