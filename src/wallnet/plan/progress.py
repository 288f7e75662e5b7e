"""Progress of the planning of large campaigns, which Snakemake does without a word."""

import time
from collections.abc import Callable

SECONDS_PER_RESULT = 2e-3
"""Processor time in s in which Snakemake plans one result (`benchmarks/README.md`)."""

LARGE = 2000
"""Number of results from which on the planning is announced."""


class Planning:
    """The results that Snakemake has planned so far.

    Parameters
    ----------
    say : callable
        Shows a sentence.
    every : float
        Shortest wall time in s between two sentences.
    """

    def __init__(self, say: Callable[[str], None], every: float = 10.0) -> None:
        self._say, self._every = say, every
        self._total = 0
        self._planned: set[str] = set()
        self._said = time.monotonic()

    def begin(self, count: int) -> None:
        """Announce the planning of a target with many results."""
        if count < LARGE or self._total:
            return
        self._total, self._said = count, time.monotonic()
        about = max(10, round(count * SECONDS_PER_RESULT, -1))
        self._say(f"Planning {count} results, about {about:.0f} s before the first job starts.")

    def count(self, path: str) -> None:
        """Note that a result is planned, and say from time to time how many are."""
        if not self._total or path in self._planned:
            return
        self._planned.add(path)
        now = time.monotonic()
        if now - self._said >= self._every:
            self._said = now
            self._say(f"{len(self._planned)} of {self._total} results planned.")

    def end(self) -> None:
        """Say nothing further; results that checkpoints add later are not announced."""
        self._total = 0
        self._planned.clear()
