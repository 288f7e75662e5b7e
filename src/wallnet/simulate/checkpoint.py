"""Checkpoints of long simulations, from which a killed job continues."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.experiment import Simulation
from wallnet.experiment.code import revision_of
from wallnet.files.attempt import Attempt

logger = logging.getLogger(__name__)

INTERVAL = 300.0
"""Wall time in s between two checkpoints; shorter jobs write none."""

State = dict[str, NDArray]
"""Complete state of a simulation, as named arrays."""


def path_beside(output: str | Path) -> Path:
    """Return the path of the checkpoint of an output."""
    output = Path(output)
    return output.with_name(f".{output.stem}.checkpoint.npz")


FORM = "5"
"""Form of a state; another form is not continued. It is raised with names or meaning of arrays."""


class Checkpoint(Attempt):
    """Hidden file beside an output, which a simulation writes and reads when it starts again.

    A file of another job, another revision of the code or another initial magnetisation is not
    used. If the file cannot be read or written, the simulation only takes longer.
    """

    def __init__(self, output: str | Path, job: Simulation, start: NDArray) -> None:
        super().__init__(
            FORM,
            job.to_json(),
            str(revision_of(job.calculator_name)),
            np.ascontiguousarray(start, dtype=np.float64),
        )
        self.path = path_beside(output)

    def load(self) -> State | None:
        """Return the state of an earlier attempt, or None."""
        try:
            with np.load(self.path, allow_pickle=False) as archive:
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

    def offer(self, state: Callable[[], State]) -> None:
        """Save a state, which is called for only then, if the latest checkpoint is old."""
        if not self.is_due(INTERVAL):
            return
        try:
            with files.written_whole(self.path) as partial:
                np.savez(partial, identity=self.identity, elapsed=self.total(), **state())  # type: ignore[arg-type]
        except files.FileError as error:
            logger.warning("no checkpoint: %s", error)
