"""Requests: computations that a campaign asks for, each with its path and an estimate of its work.

Nothing here imports NumPy before an estimate is asked for, since every job of the workflow makes
requests.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from wallnet import revisions
from wallnet.config.calculators import OommfSettings
from wallnet.experiment.code import stage_of
from wallnet.experiment.energy_path import EnergyPath
from wallnet.experiment.minima import Minimum
from wallnet.experiment.simulation import Simulation

Kind = Literal["initial", "trace", "level", "pulse_train", "ensemble", "minimum", "barrier"]

COMMANDS: dict[Kind, str] = {
    "initial": "initial",
    "trace": "simulate",
    "level": "simulate",
    "pulse_train": "simulate",
    "ensemble": "simulate",
    "minimum": "minimum",
    "barrier": "barrier",
}
"""Kinds of requests, each with a rule of its name, and the commands that compute them."""

SIMULATED: tuple[Kind, ...] = ("initial", "trace", "level", "pulse_train", "ensemble")
"""Kinds that a calculator simulates."""

COUNTED: dict[Kind, str] = {
    **dict.fromkeys(SIMULATED, "simulations"),
    "barrier": "paths between minima",
}
"""Kinds that an estimate of work counts, and what it calls them. A minimum takes seconds."""

SECONDS_PER_CELL_STEP = 1e-8
"""Processor time of the embedded engine for one cell and one time step, in s, on a slow core: 0.2 s
for a nanosecond of 25,000 cells in steps of 1.16 ps. A fast core needs half of it."""

SECONDS_PER_CELL_IMAGE = 2e-5
"""Processor time of a path for one cell and one image, in s, of one core of a server."""

SLOWER = {"film": 1.0, "oommf": 250.0}
"""Processor time of a calculator relative to that of the embedded engine, on the same core."""


def digest_of(parameters: str) -> str:
    """Return a digest of the JSON of a request, which a file has in its attribute `parameters`."""
    return hashlib.sha256(parameters.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Request:
    """One computation of a campaign.

    Attributes
    ----------
    kind : str
        Key of `COMMANDS`.
    path : str
        Its result.
    make : callable
        Returns what is computed. It is called only if needed, since a campaign can have 100,000
        requests.
    after : tuple of str
        Results from which it starts.
    """

    kind: Kind
    path: str
    make: Callable[[], Simulation | Minimum | EnergyPath]
    after: tuple[str, ...] = ()

    @property
    def computes(self) -> Simulation | Minimum | EnergyPath:
        """What is computed, made anew: kept, 10,000 of them would take 25 MB."""
        return self.make()

    @cached_property
    def digest(self) -> str:
        """Digest of its JSON; a result belongs to it if it has the same."""
        return digest_of(self.computes.to_json())

    @property
    def command(self) -> list[str]:
        """Words of the command that computes it."""
        return [COMMANDS[self.kind], *(["--after", *self.after] if self.after else [])]

    @cached_property
    def _facts(self) -> tuple[str, int, int, float]:
        """Return calculator, threads, number of pulses and longest simulated time in s."""
        job = self.computes
        if not isinstance(job, Simulation):
            return "film", 1, 0, 0.0
        threads = job.calculator.threads if isinstance(job.calculator, OommfSettings) else 1
        return job.calculator_name, threads, job.pulses, job.longest

    @property
    def calculator(self) -> str:
        """Name of its calculator; minima and paths have the embedded engine."""
        return self._facts[0]

    @property
    def revision(self) -> int:
        """Revision of the code that computes it."""
        return revisions.of(stage_of(self.calculator))

    @property
    def threads(self) -> int:
        """Number of its threads; only OOMMF uses several."""
        return self._facts[1]

    @property
    def pulses(self) -> int:
        """Number of its pulses."""
        return self._facts[2]

    @property
    def longest(self) -> float:
        """Longest simulated time in s."""
        return self._facts[3]

    @cached_property
    def processor_time(self) -> float | None:
        """Estimated processor time in s without the start of a job; None if it is not known.

        A simulation that ends early takes less. Minima do not count.
        """
        job = self.computes
        if isinstance(job, EnergyPath):
            columns, rows = job.track.cells
            return SECONDS_PER_CELL_IMAGE * job.images * columns * rows
        if isinstance(job, Minimum):
            return 0.0
        slower = SLOWER.get(self.calculator)
        return slower and slower * SECONDS_PER_CELL_STEP * job.cell_steps()
