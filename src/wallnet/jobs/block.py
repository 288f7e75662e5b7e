"""Blocks: runs that one job computes, on one film or on samples of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Self

from pydantic import Field

from wallnet.files.plain import canonical, differing, laid_over, shared
from wallnet.jobs.base import Job, read
from wallnet.jobs.run import Run, memory_of, runtime_of

EQUALLY_LONG = ("recorded", "replica", "track", "variation")
"""Keys in which runs of a block can differ that take equally long; tracks differ by samples."""


class Block(Job):
    """Runs with one calculator, as plain data: what all share, and what each has beside it."""

    shared: dict[str, Any]
    rows: tuple[dict[str, Any], ...]
    # as in a run, not part of the job
    threads: int = Field(default=1, exclude=True)

    @classmethod
    def of(cls, runs: Iterable[Mapping[str, Any]], threads: int = 1) -> Self:
        """Return the block of runs, given as plain data (`Run.plain`)."""
        plain = list(runs)
        same = shared(plain)
        return cls(shared=same, rows=tuple(differing(run, same) for run in plain), threads=threads)

    @cached_property
    def runs(self) -> list[Run]:
        """The runs, in the order of the rows."""
        return [Run.model_validate(laid_over(self.shared, row)) for row in self.rows]

    @property
    def calculator_name(self) -> str:
        """Name of the calculator."""
        return str(self.shared["calculator_name"])

    @property
    def number_of_steps(self) -> int:
        """Number of steps of all runs, at least one for each."""
        steps = (row.get("steps") or self.shared.get("steps", ()) for row in self.rows)
        return sum(max(sum(step.get("repetitions", 1) for step in own), 1) for own in steps)

    @property
    def memory(self) -> int:
        """Memory in MB that its job asks for."""
        return memory_of(self.calculator_name, self.number_of_steps)

    @property
    def runtime(self) -> int:
        """Wall time in min that its job asks for."""
        return runtime_of(self.calculator_name, self.number_of_steps)

    @property
    def longest(self) -> float:
        """Simulated time in s of all runs, at most, without quenches."""
        return sum(number * run.longest for number, run in self._alike)

    @property
    def processor_time(self) -> float | None:
        """Estimate in s; None with a calculator of unknown speed."""
        times = [(number, run.processor_time) for number, run in self._alike]
        return sum(number * (time or 0.0) for number, time in times) if times[0][1] else None

    @property
    def _alike(self) -> list[tuple[int, Run]]:
        """Numbers of runs that take equally long, each with one of them."""
        alike = [
            canonical({key: value for key, value in row.items() if key not in EQUALLY_LONG})
            for row in self.rows
        ]
        runs = (laid_over(self.shared, self.rows[alike.index(own)]) for own in dict.fromkeys(alike))
        return [*zip(Counter(alike).values(), map(Run.model_validate, runs), strict=True)]


def run_or_block(text: str) -> Run | Block:
    """Read the JSON of a block, which alone has rows, or of a run."""
    job = read(text, dict[str, Any], "--job", Run.__name__)
    return (Block if "rows" in job else Run).from_json(text)
