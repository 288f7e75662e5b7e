"""Display of a campaign while it runs, which the shipped profiles of Snakemake name.

Snakemake finds this module by its name. It shows jobs done and planned, running jobs with their
simulated time, and the time left; each failure at once, in one line with its log. Without a
terminal it prints plain lines. A dry run lists the planned jobs by rule and what changed. Warnings
and errors of Snakemake and of the campaign are shown as they are; the complete log remains in
`.snakemake/log`.
"""

import json
import logging
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

from wallnet.files.origin import parts_of, stated
from wallnet.files.progress import counted, read_progress, time_in_words
from wallnet.files.whole import last_line, terminal_text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

SAID = (
    *("Nothing to be done", "Creating report", "SLURM run ID"),
    *("Unlocked working directory", "Would delete", "Deleting"),
)
"""Beginnings of Snakemake's messages, beside warnings and errors, that users need."""

UNSAID = (
    "Exiting because a job execution failed",
    "No SLURM account given",
    "WorkflowError:\nAt least one job did not complete successfully",
    "RuleException",  # with the whole command; the failed job is named with its log
)
"""Beginnings of Snakemake's warnings and errors that say nothing more to the user."""

INTERRUPTED = re.compile("Terminating processes on user request|.*died with <Signals.SIGINT", re.S)
"""Snakemake's messages that Ctrl-C has ended the run, or a job; either may be the first."""

COMPILING, COMPILED = "compiling the engine", "the engine is compiled"
"""Beginnings of what a job says before and after it compiles (`wallnet.film.compiling`)."""

RESTARTED = re.compile(r"Trying to restart job (\d+)")

MOST_RUNNING = 8
"""Largest number of running jobs that the display lists."""

MOST_CHANGES = 12
"""Largest number of changes that a dry run lists."""

LONGEST_VALUE = 40
"""Largest number of characters of a value that a change shows."""

ENOUGH = 0.05
"""Smallest share of the planned work, or of a simulation, that was timed for an estimate of the
rest: the first jobs and steps tell little about the others."""


@dataclass
class Job:
    """One job of Snakemake, by the number that it gave it, and named by rule and wildcards.

    `started` is when the run took it; on a cluster, when it was submitted.
    """

    rule: str
    number: int
    name: str
    outputs: tuple[str, ...]
    logs: tuple[str, ...]
    started: float
    since: float
    """Since when its pace is timed."""
    simulated: float = 0.0
    """Time in s that it had simulated then."""

    @classmethod
    def of(cls, said: Mapping[str, Any], started: float = 0.0) -> "Job":
        """Return the job of a record of Snakemake."""
        name = " ".join(map(str, (said["rule_name"], *dict(said.get("wildcards") or {}).values())))
        outputs, logs = outputs_of(said), tuple(said.get("log") or ())
        return cls(said["rule_name"], said["jobid"], name, outputs, logs, started, started)

    def noted(self) -> tuple[float, float] | None:
        """Return its simulated and longest time in s, None if unknown."""
        return read_progress(self.outputs[0]) if self.outputs else None

    def progress(self, now: float) -> str:
        """Return how far its simulation has come, or the time since the run took the job."""
        if noted := self.noted():
            return f"{noted[0] / 1e-9:.1f} of {noted[1] / 1e-9:.1f} ns"
        return time_in_words(now - self.started)


class Run:
    """The jobs of one run of Snakemake; another thread draws them while records come in."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        # numbers of planned jobs by rule
        self.planned: Counter[str] = Counter()
        # those that run, and those that failed and are not tried again, by number
        self.running: dict[int, Job] = {}
        self.failed: dict[int, Job] = {}
        self.done = self.total = 0
        # whether Ctrl-C has ended it; its jobs did not fail
        self.interrupted = False
        # estimated times in s of the jobs that are known at the beginning, by number
        self.times: Mapping[int, float] = {}
        self._clock = clock
        # whether a job compiles the engine
        self.compiling = False
        # when the first job was taken, and since when the pace is timed: imports come before
        self.began = self._ready = 0.0
        # of jobs that ended later: what they took in s since then, and their estimated times
        self._took = self._timed = 0.0
        # estimated times in s of all that ended, and when the last one did
        self._worked = self._ended = 0.0
        # of a dry run: numbers of jobs by rule, by what changed or else by Snakemake's reason
        self._changes: dict[str, Counter[str]] = {}
        self._others: Counter[str] = Counter()

    def start(self, said: Mapping[str, Any]) -> None:
        """Take a job that begins."""
        job = Job.of(said, self._clock())
        self.running[job.number] = job
        self.began = self.began or job.started

    def finish(self, number: int) -> None:
        """Take the end of a job."""
        if job := self.running.pop(number, None):
            self._ended = self._clock()
            self._worked += self._time_of(job)
            if self._ready:
                self._took += self._ended - job.since
                self._timed += self._time_of(job)
            elif not self.compiling:
                self.time_anew()

    def time_anew(self) -> None:
        """Time the pace from now on: what went before, as compiling, tells nothing of the rest."""
        self._ready, self._took, self._timed, self.compiling = self._clock(), 0.0, 0.0, False
        for job in self.running.values():
            job.since, (job.simulated, _) = self._ready, job.noted() or (0.0, 0.0)

    def fail(self, said: Mapping[str, Any]) -> str:
        """Take a failure; return a line with the job and its logs, and the last line of the first.

        Of a cluster's job, only the failure names the cluster's log.
        """
        failed, self.compiling = Job.of(said), False
        job = self.failed[failed.number] = self.running.pop(failed.number, failed)
        logs = ", ".join(log.removeprefix(f"{os.getcwd()}/") for log in failed.logs or job.logs)
        match = re.search(r"SLURM status is: '(\w+)'", str(said.get("rule_msg")))
        state = f" (SLURM: {match[1]})" if match else ""
        line = f"FAILED {job.name}{state}; log: {logs or 'none'}"
        return "\n".join([line, *filter(None, map(last_line, (job.logs or failed.logs)[:1]))])

    def _mean_time(self) -> float:
        return sum(self.times.values()) / len(self.times) if self.times else 1.0

    def _time_of(self, job: Job) -> float:
        return self.times.get(job.number, self._mean_time())

    def time_left(self) -> float | None:
        """Return the estimated time left in s; None as long as too little was timed.

        What is left takes as long for its estimated times as what is finished took from the first
        end, or the last compilation, to the last end, with all starts and queues. Jobs that became
        known later take the mean of the others, and those that failed are not left. The run ends
        with the last of those that run, whose simulated time tells how far they are.
        """
        work = sum(self.times.values()) + (self.total - len(self.times)) * self._mean_time()
        if self.compiling or not self._timed or self._timed < ENOUGH * work:
            return None
        now, running = self._clock(), list(self.running.values())
        pace = (self._ended - self._ready) / self._timed
        left = work - self._worked - sum(map(self._time_of, self.failed.values()))
        waiting = left - sum(map(self._time_of, running))
        ends = [self._left_of(job, now - job.since) for job in running]
        return max(left * pace - (now - self._ended), waiting * pace, *ends, 0.0)

    def _left_of(self, job: Job, elapsed: float) -> float:
        """Return the time left in s of a job that runs."""
        simulated, longest = job.noted() or (0.0, 0.0)
        if simulated - job.simulated > ENOUGH * longest:
            return elapsed * (longest - simulated) / (simulated - job.simulated)
        return self._time_of(job) * self._took / self._timed - elapsed

    def line(self) -> str:
        """Return one line: jobs done and failed, the time left, and what runs."""
        left = self.time_left()
        parts = [f"{self.done} of {counted(self.total, 'jobs')}"]
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        if left and self.done < self.total:
            parts.append(f"about {time_in_words(left)} left")
        if rules := Counter(job.rule for job in list(self.running.values())):
            texts = (f"{n} {rule}" if n > 1 else rule for rule, n in rules.items())
            parts.append(f"running: {', '.join(texts)}")  # last, as it can be long
        return "; ".join(parts)

    def display(self) -> "RenderableType":
        """Return the display of a terminal: running jobs, a bar and the time left."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        jobs, now = list(self.running.values()), self._clock()
        lines = [f"{job.progress(now):>14}  {job.name}" for job in jobs[:MOST_RUNNING]]
        if len(jobs) > MOST_RUNNING:
            lines.append(f"and {len(jobs) - MOST_RUNNING} more")
        text = Text("\n".join([*lines, self.line()]), no_wrap=True, overflow="ellipsis")
        bar = ProgressBar(total=max(self.total, 1), completed=self.done, width=78)
        return Group(text, bar)  # the bar does not end its line

    def plan_change(self, said: Mapping[str, Any]) -> None:
        """Take a job that a dry run plans, and what changed since its results were made."""
        changes = changes_of(said.get("shellcmd") or "", outputs_of(said))
        for change in changes:
            self._changes.setdefault(change, Counter())[said["rule_name"]] += 1
        if not changes:
            self._others[str(said.get("reason") or "targets").partition(":")[0]] += 1

    def dry_text(self) -> str:
        """Return the planned jobs of a dry run, and what changed since their results were made."""
        changes = sorted(self._changes.items(), key=lambda item: -item[1].total())
        lines = [_by_rule(counted(self.total, "jobs"), self.planned)]
        lines += [_by_rule(change, rules) for change, rules in changes[:MOST_CHANGES]]
        if len(changes) > MOST_CHANGES:
            lines.append(f"and {len(changes) - MOST_CHANGES} more changes")
        others = self._others.most_common()
        lines += [f"{reason}: {counted(count, 'jobs')}" for reason, count in others]
        return "\n".join(lines)


def _by_rule(what: str, rules: Counter[str]) -> str:
    """Return numbers of jobs by rule, from the largest."""
    ordered = sorted(rules.items(), key=lambda item: (-item[1], item[0]))
    return f"{what}: {', '.join(f'{count} {rule}' for rule, count in ordered)}"


def differences(stored: Any, planned: Any, key: str = "") -> list[str]:
    """Return what changed between two jobs, a sentence for each key, with its dots.

    Examples
    --------
    >>> differences({"material": {"damping": 0.5}}, {"material": {"damping": 0.4}})
    ['material.damping 0.5 → 0.4']
    """
    if stored == planned:
        return []
    if not all(part is None or isinstance(part, Mapping) for part in (stored, planned)):
        return [f"{key} {_short(stored)} → {_short(planned)}"]
    old, new = stored or {}, planned or {}
    return [
        change
        for name in sorted({*old, *new})
        for change in differences(old.get(name), new.get(name), f"{key}.{name}".lstrip("."))
    ]


def _short(value: Any) -> str:
    """Return a value as text, of a long one its beginning or its number of values."""
    text = "none" if value is None else json.dumps(value, ensure_ascii=False)
    if len(text) <= LONGEST_VALUE:
        return text
    listed = isinstance(value, list)
    return counted(len(value), "values") if listed else f"{text[: LONGEST_VALUE - 1]}…"


QUOTE = "'\"'\"'"
"""A quotation mark within a quoted word of the shell."""

QUOTED_JOB = re.compile(f"(?:--job|<<<) '([^']*(?:{QUOTE}[^']*)*)'")
"""A job in a command, as an argument or a here-string. `shlex` takes minutes for one of 4 MB."""


def job_of(command: str) -> Mapping[str, Any] | None:
    """Return the job in the command of a rule, if it has one."""
    argument = QUOTED_JOB.search(command)
    try:
        job = json.loads(argument[1].replace(QUOTE, "'")) if argument else None
    except ValueError:
        return None
    return job if isinstance(job, Mapping) else None


def outputs_of(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the outputs of a job; Snakemake marks those that are updated."""
    return tuple(str(path).removesuffix(" (update)") for path in said.get("output") or ())


def changes_of(command: str, outputs: Iterable[str]) -> list[str]:
    """Return what changed in a planned job since its outputs were made; nothing if unknown."""
    made = [parameters for path in outputs if (parameters := stated(path).get("parameters"))]
    planned = list(parts_of(job)) if made and (job := job_of(command)) else []
    changes: dict[str, None] = {}
    for stored in made:
        alike = [part for part in planned if _identity(part) == _identity(stored)]
        changes |= dict.fromkeys(differences(stored, alike[0]) if alike else ())
    return list(changes)


def _identity(job: Mapping[str, Any]) -> list[Any]:
    """Return what distinguishes the networks of one job."""
    return [job.get(key) for key in ("recipe", "mapping")]


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Settings, which are options of Snakemake: `--logger-wallnet-interval`."""

    interval: float = field(
        default=30.0,
        metadata={"help": "shortest time in s between two lines of progress without a terminal"},
    )


class LogHandler(LogHandlerBase):
    """Handler of the records of one run of Snakemake."""

    # the display replaces Snakemake's own; Snakemake writes the complete log itself
    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Begin with no job and no display."""
        self.run = Run()
        self.stream = sys.stdout if self.common_settings.stdout else sys.stderr
        self.dry = bool(self.common_settings.dryrun)
        self._interval = getattr(self.settings, "interval", LogHandlerSettings.interval)
        self._live: Live | None = None
        self._printed = self._started = time.monotonic()
        self._said: set[str] = set()
        self._results: dict[str, None] = {}
        self._complete = True

    def emit(self, record: logging.LogRecord) -> None:
        """Show what a record says, or what has changed because of it."""
        try:
            self._take(record, record.__dict__)
        except Exception:
            self.handleError(record)

    def _take(self, record: logging.LogRecord, said: dict[str, Any]) -> None:
        event = said.get("event")
        if event == LogEvent.RUN_INFO:
            self._begin(dict(said.get("stats") or {}))
        elif event == LogEvent.JOB_INFO:
            take = self.run.plan_change if self.dry else self.run.start
            take(said)
        elif event == LogEvent.JOB_FINISHED:
            self.run.finish(said["job_id"])
        elif event in (LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR) and not self.run.interrupted:
            for failure in said.get("job_error_info") or [said]:
                self._print(self.run.fail(failure))
        elif event == LogEvent.PROGRESS:
            self.run.done, self.run.total = said["done"], said["total"]
            self._show_progress()
        elif times := said.get("expected_times"):
            self.run.times = times
        elif results := said.get("results"):
            self._results |= dict.fromkeys(results)
        elif event in (None, LogEvent.ERROR):
            self._hear(str(record.msg or "").strip(), record.levelno)

    def _begin(self, stats: dict[str, int]) -> None:
        """Take the numbers of planned jobs, of which the first are shown at once."""
        if self.run.planned:
            return  # after a checkpoint: those of all jobs that are left
        self.run.total = stats.pop("total", 0)
        self.run.planned = Counter(stats)
        if stats and not self.dry:
            self._print(_by_rule(counted(self.run.total, "jobs"), self.run.planned))
            if self.stream.isatty():
                from rich.console import Console
                from rich.live import Live

                console, show = Console(file=self.stream), self.run.display
                self._live = Live(console=console, transient=True, get_renderable=show)
                self._live.start()

    def _show_progress(self) -> None:
        now = time.monotonic()
        early = now - self._printed < self._interval and self.run.done < self.run.total
        if self._live or early:
            return
        self._printed = now
        self._print(f"{time.strftime('%H:%M:%S')} {self.run.line()}")

    def _hear(self, text: str, level: int) -> None:
        """Take a message; Snakemake has no events for an interruption and a restart."""
        self.run.interrupted |= bool(INTERRUPTED.match(text))
        self._complete &= level < logging.ERROR
        self.run.compiling |= text.startswith(COMPILING)
        if text.startswith(COMPILED):
            self.run.time_anew()
        elif match := RESTARTED.match(text):
            if job := self.run.failed.pop(int(match[1]), None):
                self._print(f"again: {job.name}")
        elif text.startswith(SAID) or (level >= logging.WARNING and not text.startswith(UNSAID)):
            if text and text not in self._said:
                self._print(text)
            self._said.add(text)

    def _print(self, text: str) -> None:
        """Print lines above the display."""
        text = terminal_text(text)
        if self._live:
            self._live.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=self.stream, flush=True)

    def close(self) -> None:
        """End the display and say how the run ended; Snakemake calls this at its end."""
        if self._live:
            self._live.stop()
            self._live = None
        complete = self._complete and not self.run.failed and not self.run.interrupted
        if self.run.planned and self.dry:
            self._print(self.run.dry_text())
        elif self.run.began or self.run.interrupted:
            # in a complete run, a job that became unnecessary is in the total
            done = "" if complete else f"{self.run.done} of "
            jobs = counted(self.run.done if complete else self.run.total, "jobs")
            end = f"{done}{jobs} done in {time_in_words(time.monotonic() - self._started)}"
            end += f"; {len(self.run.failed)} failed" if self.run.failed else ""
            if self.run.interrupted:
                end = f"interrupted: {end}; the next run goes on from there"
            self._print(end)
        if complete and not self.dry:
            for path in filter(os.path.exists, self._results):
                self._print(f"  {path}")
        self.run, self._results = Run(), {}
        super().close()
