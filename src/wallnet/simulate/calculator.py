"""Base class of calculators, and the checkpoints from which a killed job continues."""

import hashlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from wallnet import files
from wallnet.config.declarations import Declaration
from wallnet.errors import UserError
from wallnet.files.progress import Progress
from wallnet.files.whole import regular
from wallnet.jobs import Run
from wallnet.jobs.code import revision_of
from wallnet.simulate.recorder import Recorder, Vectors

logger = logging.getLogger(__name__)

INTERVAL = 300.0
"""Wall time in s between two checkpoints; shorter jobs write none."""


def path_beside(output: str | Path) -> Path:
    """Return the path of the checkpoint of an output."""
    output = Path(output)
    return output.with_name(f".{output.stem}.checkpoint.npz")


FORM = "5"
"""Form of a state; another form is not continued. It is raised with names or meaning of arrays."""


def identity_of(*parts: Any) -> str:
    """Return the digest that identifies a simulation, given texts and arrays; see `Checkpoint`."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
    return digest.hexdigest()


class Checkpoint:
    """Hidden file beside an output, which a simulation writes and reads when it starts again.

    A file of another job, another revision of the code or another initial magnetisation is not
    used. If the file cannot be read or written, the simulation only takes longer.
    """

    def __init__(self, output: str | Path, job: Run, start: NDArray) -> None:
        revision = str(revision_of(job.calculator_name))
        m = np.ascontiguousarray(start, dtype=np.float64)
        self.identity = identity_of(FORM, job.to_json(), revision, m)
        self.path = path_beside(output)
        self.elapsed = 0.0
        """Wall time of earlier attempts in s, up to the checkpoint that was read."""
        self._begin = self._latest = time.monotonic()

    def load(self) -> dict[str, NDArray] | None:
        """Return the complete state of an earlier attempt, as named arrays, or None."""
        try:
            with np.load(regular(self.path), allow_pickle=False) as archive:
                if str(archive["identity"]) != self.identity:
                    return None
                state = {name: archive[name] for name in archive.files}
                self.elapsed = float(state.pop("elapsed"))
        except FileNotFoundError:
            return None
        except Exception as error:  # zip, zlib and NumPy can raise many kinds of error
            logger.warning("%s cannot be used (%s); starting again", self.path, error)
            return None
        logger.warning("continuing from %s", self.path)
        return state

    def offer(self, state: Callable[[], dict[str, NDArray]]) -> None:
        """Save a state, which is called for only then, if the latest checkpoint is old."""
        now = time.monotonic()
        if now - self._latest < INTERVAL:
            return
        self._latest, elapsed = now, self.elapsed + now - self._begin
        try:
            with files.written_whole(self.path) as partial:
                np.savez(partial, identity=self.identity, elapsed=elapsed, **state())  # type: ignore[arg-type]
        except files.FileError as error:
            logger.warning("no checkpoint: %s", error)


SettingsModel = TypeVar("SettingsModel", bound=BaseModel)


class SimulationError(UserError, RuntimeError):
    """A simulation failed or its trace is not plausible; the message states the reason."""


class Part(NamedTuple):
    """A step of a run that a calculator simulates: the arguments of `Calculator.run`."""

    job: Run
    start: Vectors
    recorder: Recorder
    progress: Progress = lambda time: None
    checkpoint: Checkpoint | None = None


class Calculator(Declaration, ABC, Generic[SettingsModel]):
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
    temperature, heating : bool
        Whether `run` simulates a constant temperature, and pulses that heat the film. Jobs that
        need more than a class simulates are refused before a run.
    waveforms, frozen_spins : bool
        Whether it simulates pulses that are not square, and keeps the spins in `track.fixed_ends`.
    varying_parameters, varying_dmi, varying_thickness : bool
        Whether it simulates Ms, A, Ku and α that vary from cell to cell, D, and the thickness.
    partial_cells : bool
        Whether it simulates cells that are filled in part, as with `track.edges: smooth`.
    varying_current : bool
        Whether it simulates a current that crowds at notches, as with `heavy_metal.cut`.
    threads : int
        Threads of a job. Snakemake sets OMP_NUM_THREADS to those that the job gets.
    memory, runtime : int
        Memory in MB of a job, to which each step adds 4, and wall time in min of each step, of 16
        at most.
    relative_time : float or None
        Processor time relative to the embedded engine on the same core; None if it is not known.
    """

    resumes: ClassVar[bool] = False

    def __init__(self, settings: SettingsModel) -> None:
        self.settings = settings

    def check(self) -> None:
        """Check that this calculator can run on this machine; called once, before the first job.

        Raises
        ------
        SimulationError
            If it cannot run. The message states the problem and the fix in one sentence.
        """
        return

    def run_all(self, parts: Sequence[Part]) -> list[dict[str, Any] | Exception]:
        """Simulate a step of each of several runs; by default one after the other.

        A calculator that integrates all of them at once replaces this. The runs have one
        calculator; their steps, films and starts may differ.

        Returns
        -------
        list
            What `run` returns, or the error that it raises, for each run.
        """
        results: list[dict[str, Any] | Exception] = []
        for part in parts:
            try:
                results.append(self.run(*part))
            except (RuntimeError, OSError) as error:
                results.append(error)
        return results

    @abstractmethod
    def run(
        self,
        job: Run,
        start: Vectors,
        recorder: Recorder,
        progress: Progress,
        checkpoint: Checkpoint | None,
    ) -> dict[str, Any]:
        """Simulate a run of one step: its pulse, if any, then its pause.

        Parameters
        ----------
        job : Run
            Track, material and step, in SI units.
        start : ndarray (rows, columns, 3)
            Initial magnetisation: unit vectors, zero in empty cells.
        recorder : Recorder
            Records the trace. Call `recorder.record(time, magnetization)` at time 0, at each
            multiple of `job.output.interval`, at the points of the waveform, at `job.pulse_end`
            and at `job.end`, the end of the pause (`wallnet.simulate.drives` lists these times).
            The pause ends before if `recorder.resting()` is true.
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
