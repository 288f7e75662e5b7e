"""Base class of calculators."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from wallnet.config.quantities import Section
from wallnet.errors import UserError
from wallnet.experiment import Simulation
from wallnet.simulate.checkpoint import Checkpoint
from wallnet.simulate.recorder import Recorder

Given = TypeVar("Given", bound=BaseModel)


class SimulationError(UserError, RuntimeError):
    """A simulation failed or its trace is not plausible; the message states the reason."""


class Calculator(ABC, Generic[Given]):
    """Base class of calculators, which simulate jobs.

    User-defined calculators derive from this class.

    Parameters
    ----------
    settings : BaseModel
        The settings, checked by the model.

    Attributes
    ----------
    Settings : type
        Pydantic model of the settings, preferably derived from `wallnet.config.quantities.Section`,
        which refuses unknown keys. By default there are no settings.
    resumes : bool
        Whether `run` uses a checkpoint.
    waveforms : bool
        Whether `run` simulates pulses that are not square (`Simulation.segments`).
    """

    Settings: ClassVar[type[BaseModel]] = Section
    resumes: ClassVar[bool] = False
    waveforms: ClassVar[bool] = False

    def __init__(self, settings: Given) -> None:
        self.settings = settings

    def check(self) -> None:
        """Check that this calculator can run on this machine; called once, before the first job.

        Raises
        ------
        SimulationError
            If it cannot run. The message states the problem and the fix in one sentence.
        """
        return

    @abstractmethod
    def run(
        self,
        job: Simulation,
        start: NDArray[np.floating],
        recorder: Recorder,
        progress: Callable[[float], None],
        checkpoint: Checkpoint | None,
    ) -> dict[str, Any]:
        """Simulate a job: its pulse, if any, then its relaxation.

        Parameters
        ----------
        job : Simulation
            Track, material, pulse and relaxation, in SI units.
        start : ndarray (rows, columns, 3)
            Initial magnetisation: unit vectors, zero in empty cells.
        recorder : Recorder
            Records the trace. Call `recorder.record(time, magnetization)` at time 0, at each
            multiple of `job.output.interval`, at the points of the waveform, at the end of the
            pulse and at the end of the relaxation (`wallnet.simulate.drives` lists these times).
            The relaxation ends when `recorder.resting()` is true, at the latest after
            `job.relaxation.longest`.
        progress : callable
            Receives the simulated time in s; may be called after each entry.
        checkpoint : Checkpoint or None
            Contains the state of an earlier attempt, if any, and saves the state of this one;
            always None if `resumes` is false.

        Returns
        -------
        dict
            Attributes of the trace that describe the computation. `backend_version` replaces the
            identity of the code.

        Raises
        ------
        RuntimeError, OSError
            If the simulation fails. The message is shown in one line.
        """
