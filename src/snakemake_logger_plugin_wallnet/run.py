"""State of a run: its jobs, what is left, and texts that say so in 80 columns."""

import os
import re
import statistics
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet.files.progress import read_progress
from wallnet.plan.changes import changes_of

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH = 80
MOST_RUNNING = 8
"""Largest number of running jobs that the display lists."""

LOOK_EVERY = 5.0
"""Shortest time in s between two looks at the logs and notes of jobs."""

MOST_CHANGES = 12
"""Largest number of changes that a dry run lists."""

ENOUGH = 0.25
"""Smallest share of the planned work whose rules have a timed job, for an estimate of the rest. The
first jobs are short, and what they take tells little about the others."""

FIRST_JOBS = 5
"""Number of finished jobs from which a rule has a pace: the first ones may compile the engine."""

LONG = 120.0
"""Wall time in s after which the progress of a running simulation tells its pace."""


def duration(seconds: float) -> str:
    """Return a duration in words.

    Examples
    --------
    >>> duration(42), duration(250), duration(7300)
    ('42 s', '4 min', '2 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


@dataclass
class Job:
    """One job of Snakemake.

    Attributes
    ----------
    rule : str
        Name of its rule.
    number : int
        Number that Snakemake gave it.
    wildcards : tuple of str
        Values of its wildcards.
    outputs, logs : tuple of str
        Its files.
    command : str
        Its shell command.
    reason : str
        Why Snakemake runs it.
    started : float
        When the run took it, by the run's clock.
    queued : bool
        Whether it waits in the queue of a cluster, as far as its files tell.
    begun : float or None
        When it was seen to have left that queue.
    share : float
        Share of its simulated time that was over at the latest look; 0 if unknown.
    looked : float
        When that was.
    state : str
        What the cluster said of its failure.
    """

    rule: str
    number: int
    wildcards: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    command: str = ""
    reason: str = ""
    started: float = 0.0
    queued: bool = False
    begun: float | None = None
    share: float = 0.0
    looked: float = 0.0
    state: str = ""
    _noted: tuple[float, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Job":
        """Return the job of a record of Snakemake."""
        return cls(
            rule=str(said.get("rule_name")),
            number=int(said.get("jobid") or 0),
            wildcards=tuple(map(str, dict(said.get("wildcards") or {}).values())),
            outputs=tuple(map(str, said.get("output") or ())),
            logs=tuple(map(str, said.get("log") or ())),
            command=str(said.get("shellcmd") or ""),
            reason=str(said.get("reason") or ""),
            state=_state(str(said.get("rule_msg") or "")),
        )

    @property
    def name(self) -> str:
        """Rule and wildcards."""
        return " ".join((self.rule, *self.wildcards))

    def progress(self, now: float) -> str:
        """Return how far its simulation has come, or for how long it runs or is queued."""
        if noted := self._simulated(now):
            return f"{noted[0] / 1e-9:.1f} of {noted[1] / 1e-9:.1f} ns"
        waited = duration(self.elapsed(now))
        return f"queued for {waited}" if self.queued else waited

    def elapsed(self, now: float) -> float:
        """Return for how long in s it runs, or is queued."""
        return now - (self.started if self.begun is None else self.begun)

    def whole(self) -> float:
        """Return how long in s it takes at the pace of its simulation; 0 if that is unknown."""
        # a note may have been read before the job was seen to have left the queue
        took = max(self.elapsed(self.looked), 0.0)
        return took / self.share if self.share > 0 and took >= LONG else 0.0

    def left(self, now: float, expected: float) -> float:
        """Return how long in s it still takes, if jobs like it take `expected` s.

        Waiting in a queue brings no job nearer to its end.
        """
        if self.queued:
            return expected
        return max((self.whole() or expected) - self.elapsed(now), 0.0)

    def _simulated(self, now: float) -> tuple[float, float] | None:
        """Read and keep how far its simulation has come."""
        noted = read_progress(self.outputs[0]) if self.outputs else None
        if noted and noted[1] > 0:
            self.share, self.looked = noted[0] / noted[1], now
        return noted

    def submit(self) -> None:
        """Take that the job is in the queue of a cluster."""
        self.queued, self._noted = True, self._times()

    def look(self, now: float) -> None:
        """Find out whether a queued job has begun, and how far its simulation has come.

        The shell of a job first opens its log. The times of a log are compared with each other,
        since the clocks of machines differ.
        """
        if self.queued and self._times() != self._noted:
            self.queued, self.begun = False, now
        self._simulated(now)

    def _times(self) -> tuple[float, ...]:
        """Return the times of the job's logs that are there."""
        found = []
        for log in self.logs:
            with suppress(OSError):
                found.append(os.stat(log).st_mtime)
        return tuple(found)

    def failure(self) -> str:
        """Return what names the job and its logs: one line, or several if 80 columns are few."""
        state = f" ({self.state})" if self.state else ""
        logs = ", ".join(map(_from_here, self.logs)) or "none"
        text = f"FAILED {self.name}{state}; log: {logs}"
        # a path can be copied only if it is not broken
        return textwrap.fill(
            text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )


class Run:
    """The jobs of one run of Snakemake.

    A thread of its own draws the display, while records of Snakemake come in; so the mappings here
    are replaced, not changed.

    Attributes
    ----------
    planned : Counter
        Number of planned jobs by rule.
    finished : Counter
        Number of finished jobs by rule.
    running : dict
        Running jobs by number.
    made : list of str
        Outputs of all finished jobs.
    done, total : int
        Number of all finished and of all planned jobs.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.planned: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.running: dict[int, Job] = {}
        self.failed: list[Job] = []
        self.made: list[str] = []
        self.done = self.total = 0
        self._clock = clock
        self._times: dict[int, float] = {}
        self._work: dict[str, float] = {}
        # by rule: what the finished jobs took in s, and their estimated times together
        self._paces: dict[str, list[float]] = {}
        self._worked: dict[str, float] = {}
        self._most_running = 1
        self._looked = -LOOK_EVERY
        self._dry: list[Job] = []

    def plan(self, stats: Mapping[str, int]) -> None:
        """Take the numbers of planned jobs by rule."""
        if not self.planned:
            self.planned = Counter(stats)
            self.total = self.planned.total()

    def expect(self, times: Mapping[int, tuple[str, float]]) -> None:
        """Take the rule and the estimated time in s of each planned job, by its number.

        Only their ratios count, as machines differ. Without them all jobs are taken as equal.
        """
        self._times = {number: seconds for number, (_, seconds) in times.items()}
        self._work = _by_rule(times.values())

    def _time_of(self, job: Job) -> float:
        return self._times.get(job.number, 1.0)

    def _work_of(self, jobs: Iterable[Job]) -> Iterable[tuple[str, float]]:
        return ((job.rule, self._time_of(job)) for job in jobs)

    def start(self, job: Job, dry: bool = False) -> None:
        """Take a job that begins, or that a dry run plans."""
        if dry:
            self._dry.append(job)
            return
        job.started = self._clock()
        self.running = self.running | {job.number: job}
        self._most_running = max(self._most_running, len(self.running))

    def finish(self, number: int) -> None:
        """Take the end of a job."""
        if job := self._end(number):
            self.finished = self.finished + Counter([job.rule])
            self.made += job.outputs
            pace = (self._clock() - job.started) / self._time_of(job)
            self._paces = self._paces | {job.rule: [*self._paces.get(job.rule, ()), pace]}
            self._worked = _by_rule([*self._worked.items(), *self._work_of([job])])

    def submit(self, number: int) -> None:
        """Take that a job is in the queue of a cluster."""
        if job := self.running.get(number):
            job.submit()

    def look(self) -> None:
        """Look at the jobs' logs and notes; at most every few seconds, as this reads files."""
        if self._clock() - self._looked >= LOOK_EVERY:
            self._looked = self._clock()
            for job in self.running.values():
                job.look(self._looked)

    def fail(self, number: int | None, job: Job) -> Job:
        """Take the failure of a job; return it, with what was known of it.

        Of a cluster's job, only the failure names the cluster's log.
        """
        known = self._end(number) or job
        known.logs, known.state = job.logs or known.logs, job.state
        self.failed.append(known)
        return known

    def _end(self, number: int | None) -> Job | None:
        """Take a job out of those that run; return it, if it was one of them."""
        ended = None if number is None else self.running.get(number)
        self.running = {key: job for key, job in self.running.items() if job is not ended}
        return ended

    def restart(self, number: int) -> Job | None:
        """Take that a failed job is tried again; return it, if its failure is known."""
        for job in self.failed:
            if job.number == number:
                self.failed.remove(job)
                return job
        return None

    def time_left(self) -> float | None:
        """Return the estimated time left in s; None as long as too little was measured.

        Jobs that are left take their estimated times at the pace of their rule: the median of its
        finished jobs, or else of its running ones by their simulations. A rule without either has
        the mean pace of the others. As many jobs run at once as did so far. Those that failed are
        not left.
        """
        running = list(self.running.values())
        ended = self._worked
        measured = {
            rule: paces
            for rule, paces in self._paces.items()
            if len(paces) >= min(FIRST_JOBS, self.planned[rule])
        }
        for job in running:
            if job.rule not in self._paces and job.whole():
                pace = job.whole() / self._time_of(job)
                measured[job.rule] = [*measured.get(job.rule, ()), pace]
        paces = {rule: statistics.median(found) for rule, found in measured.items()}
        planned: Mapping[str, float] = self._work or self.planned
        known = sum(planned.get(rule, 0.0) for rule in paces)
        if not known or known < ENOUGH * sum(planned.values()):
            return None
        mean = sum(planned.get(rule, 0.0) * pace for rule, pace in paces.items()) / known
        now = self._clock()
        over = [*self.failed, *running]
        gone = _by_rule([*ended.items(), *self._work_of(over)])
        left = sum(
            max(work - gone.get(rule, 0.0), 0.0) * paces.get(rule, mean)
            for rule, work in planned.items()
        )
        left += sum(
            job.left(now, self._time_of(job) * paces.get(job.rule, mean)) for job in running
        )
        # jobs that became known after the first plan
        waiting = self.planned - self.finished - Counter(job.rule for job in over)
        more = self.total - self.done - len(over) - waiting.total()
        left += max(more, 0) * mean * sum(planned.values()) / self.planned.total()
        return left / self._most_running

    def line(self) -> str:
        """Return one line: jobs done and failed, the time left, and what runs."""
        self.look()
        left = self.time_left()
        rules = Counter(job.rule for job in self.running.values() if not job.queued)
        running = ", ".join(f"{n} {rule}" if n > 1 else rule for rule, n in rules.items())
        parts = [f"{self.done} of {self.total} jobs"]
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        if left and self.done < self.total:
            parts.append(f"about {duration(left)} left")
        if queued := sum(job.queued for job in self.running.values()):
            parts.append(f"{queued} queued")
        if running:  # last, as it can be long
            parts.append(f"running: {running}")
        return textwrap.shorten("; ".join(parts), WIDTH - 9, placeholder=" …")

    def plan_text(self) -> str:
        """Return the planned jobs by rule, as lines of 80 columns."""
        counts = ", ".join(f"{count} {rule}" for rule, count in _ordered(self.planned))
        return textwrap.fill(f"{self.total} jobs: {counts}", WIDTH, subsequent_indent="  ")

    def display(self) -> "RenderableType":
        """Return the display of a terminal: rules, running jobs, a bar and the time left."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        self.look()
        active = {job.rule for job in self.running.values()}
        grid = Table.grid(padding=(0, 2))
        for rule in [rule for rule in self.planned if rule in active]:
            grid.add_row(rule, f"{self.finished[rule]} of {self.planned[rule]}")
        running = Table.grid(padding=(0, 2))
        jobs = sorted(self.running.values(), key=lambda job: job.queued)
        now = self._clock()
        for job in jobs[:MOST_RUNNING]:
            running.add_row(Text(job.name, overflow="ellipsis", no_wrap=True), job.progress(now))
        if len(jobs) > MOST_RUNNING:
            running.add_row(f"and {len(jobs) - MOST_RUNNING} more", "")
        whole = Table.grid()  # a bar alone would not end its line
        whole.add_row(ProgressBar(total=max(self.total, 1), completed=self.done, width=WIDTH - 2))
        whole.add_row(Text(self.line(), no_wrap=True, overflow="ellipsis"))
        return Group(running, whole, grid)

    def end_text(self, seconds: float) -> str:
        """Return how the run ended."""
        text = f"{self.done} of {self.total} jobs done in {duration(seconds)}"
        return f"{text}; {len(self.failed)} failed" if self.failed else text

    def dry_text(self) -> str:
        """Return the planned jobs of a dry run, and what changed since their results were made."""
        lines = [self.plan_text()]
        changes: dict[str, Counter[str]] = {}
        others: Counter[str] = Counter()
        for job in self._dry:
            found = changes_of(job.command, job.outputs)
            for change in found:
                changes.setdefault(change, Counter())[job.rule] += 1
            if not found:
                others[_why(job.reason)] += 1
        shown = sorted(changes.items(), key=lambda item: -item[1].total())
        for change, rules in shown[:MOST_CHANGES]:
            counts = ", ".join(f"{count} {rule}" for rule, count in _ordered(rules))
            lines.append(textwrap.fill(f"{change}: {counts}", WIDTH, subsequent_indent="  "))
        if len(shown) > MOST_CHANGES:
            lines.append(f"and {len(shown) - MOST_CHANGES} more changes")
        lines += [f"{reason}: {count} jobs" for reason, count in _ordered(others)]
        return "\n".join(lines)


def _by_rule(times: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return the sum of the times of each rule."""
    found: dict[str, float] = {}
    for rule, seconds in times:
        found[rule] = found.get(rule, 0.0) + seconds
    return found


def _from_here(path: str) -> str:
    """Return a path relative to the campaign's folder, if it lies there."""
    place = Path(path)
    return str(place.relative_to(Path.cwd())) if place.is_relative_to(Path.cwd()) else path


def _state(message: str) -> str:
    """Return what SLURM says of a job, given the executor's message about its failure."""
    found = re.search(r"SLURM status is: '(\w+)'", message)
    return f"SLURM: {found[1]}" if found else ""


REASONS = {
    "Missing output files": "results are missing",
    "Updated input files": "inputs are newer",
    "Input files updated by another job": "inputs will be made again",
    "Set of input files has changed": "other inputs are needed",
    "Params have changed": "parameters or code changed",
    "Code has changed": "the rule changed",
    "Forced execution": "asked for by name",
    "Software environment": "the software changed",
    "Rules with neither input nor output": "targets",
    "Rules with a run or shell": "targets",
}
"""Snakemake's reasons, by their beginning, in words."""


def _why(reason: str) -> str:
    """Return the reason of a job in words."""
    for beginning, words in REASONS.items():
        if reason.startswith(beginning):
            return words
    return reason.partition(":")[0] or "targets"


def _ordered(counts: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    """Return counts from the largest to the smallest."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
