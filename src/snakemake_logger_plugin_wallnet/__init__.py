"""Display of a campaign while it runs: `snakemake --logger wallnet`.

Snakemake finds this module by its name. It shows jobs done and planned by rule, running jobs with
their simulated time, and the time left; each failure at once, in one line with its log. Without a
terminal it prints plain lines. A dry run lists the planned jobs by rule and what changed. Messages
of Snakemake and of the campaign are shown as they are; the complete log remains in
`.snakemake/log`. At the end, `results/last-run.json` lists what the run has made.
"""

import logging
import re
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_wallnet.run import Job, Run
from wallnet.files.progress import note_run

if TYPE_CHECKING:
    from rich.live import Live

PLAIN_EVERY = 30.0
"""Shortest wall time in s between two plain lines of progress."""

NOTHING = "Nothing to be done"
"""Beginning of Snakemake's message that all results are there."""

UNSAID = (
    "Assuming unrestricted shared filesystem usage",
    "Using workflow specific profile",
    "Using profile",
    "Building DAG of jobs",
    "Updating checkpoint dependencies",
    "DAG of jobs will be updated",
    "host:",
    "Using shell:",
    "Provided ",
    "Rules claiming more threads",
    "Conda environments: ignored",
    "Singularity containers",
    "Group jobs: inactive",
    "Select jobs to execute",
    "Execute ",
    "Complete log",
    "Elapsed time",
    "Waiting at most",
    "Shutting down, this might",
    "Exiting because a job execution failed",
    "RuleException",  # with the whole command; the failed job is named with its log
    "This was a dry-run",
    "The run involves checkpoint jobs",
    "Would remove temporary output",
    "Job rate limit reached",
    "No SLURM account given",
    "Cleaning up SLURM log files",
    "Removing output files of failed job",
    "Reasons:",
    "Some jobs were triggered by provenance",
    "If you prefer that only modification time",
    "If you are sure that a change",
    "Rules with provenance triggered jobs",
    "Adding ",  # each result of the report
    "Report created",
)
"""Beginnings of Snakemake's messages that say nothing to the user of a campaign."""


SUBMITTED = re.compile(r"Job (\d+) has been submitted with SLURM jobid ")
RESTARTED = re.compile(r"Trying to restart job (\d+)")


class LogHandler(LogHandlerBase):
    """Handler of the records of one run of Snakemake."""

    def __post_init__(self) -> None:
        """Begin with no job and no display."""
        self.run = Run()
        self.stream = sys.stdout if self.common_settings.stdout else sys.stderr
        self.dry = bool(self.common_settings.dryrun)
        self._live: Live | None = None
        self._printed = self._started = time.monotonic()
        self._said: set[str] = set()
        self._idle = False

    @property
    def writes_to_stream(self) -> bool:
        """The display replaces Snakemake's own."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake writes the complete log itself."""
        return False

    @property
    def has_filter(self) -> bool:
        """No filter of Snakemake is needed."""
        return True

    @property
    def has_formatter(self) -> bool:
        """No formatter of Snakemake is needed."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """The rule graph is not shown."""
        return False

    def emit(self, record: logging.LogRecord) -> None:
        """Show what a record says, or what has changed because of it."""
        try:
            self._take(record)
        except Exception:
            self.handleError(record)

    def _take(self, record: logging.LogRecord) -> None:
        event, said = getattr(record, "event", None), record.__dict__
        if event == LogEvent.RUN_INFO:
            self._begin(said.get("stats") or {})
        elif event == LogEvent.JOB_INFO:
            self.run.start(Job.of(said), dry=self.dry)
        elif event == LogEvent.JOB_FINISHED:
            self.run.finish(said["job_id"])
        elif event == LogEvent.JOB_ERROR:
            self._fail(said)
        elif event == LogEvent.GROUP_ERROR:
            for each in said["job_error_info"]:
                self._fail(each)
        elif event == LogEvent.PROGRESS:
            self.run.done, self.run.total = said["done"], said["total"]
            self._show_progress()
        elif times := said.get("expected_times"):
            self.run.expect(times)
        elif event in (None, LogEvent.ERROR) and record.levelno >= logging.INFO:
            self._hear(str(record.msg or ""))

    def _begin(self, stats: Mapping[str, int]) -> None:
        """Take the numbers of planned jobs, of which the first are shown at once."""
        first = not self.run.planned
        self.run.plan({rule: count for rule, count in stats.items() if rule != "total"})
        if first and not self.dry and self.run.planned:
            self._print(self.run.plan_text())
            if self.stream.isatty():
                self._live = self._begin_display()

    def _begin_display(self) -> "Live":
        from rich.console import Console
        from rich.live import Live

        live = Live(
            console=Console(file=self.stream),
            get_renderable=lambda: self.run.display(),
            refresh_per_second=2,
            transient=True,
        )
        live.start()
        return live

    def _fail(self, said: Mapping[str, Any]) -> None:
        job = self.run.fail(said.get("jobid"), Job.of(said))
        self._print(job.failure())

    def _show_progress(self) -> None:
        now = time.monotonic()
        if self._live or (now - self._printed < PLAIN_EVERY and self.run.done < self.run.total):
            return
        self._printed = now
        self._print(f"{time.strftime('%H:%M:%S')} {self.run.line()}")

    def _hear(self, text: str) -> None:
        """Take a message; Snakemake has no event for what two kinds of messages say."""
        if found := SUBMITTED.match(text):
            self.run.submit(int(found[1]))
        elif found := RESTARTED.match(text):
            if job := self.run.restart(int(found[1])):
                self._print(f"again: {job.name}")
        else:
            self._say(text)

    def _say(self, text: str) -> None:
        """Print a message once, unless it says nothing to the user."""
        text = text.strip()
        self._idle = self._idle or text.startswith(NOTHING)
        if not text or text.startswith(UNSAID) or text in self._said:
            return
        self._said.add(text)
        self._print(text)

    def _print(self, text: str) -> None:
        """Print lines above the display."""
        if self._live:
            self._live.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=self.stream, flush=True)

    def close(self) -> None:
        """End the display and say how the run ended; Snakemake calls this at its end."""
        if self._live:
            self._live.stop()
            self._live = None
        if self.dry:
            if self.run.planned:
                self._print(self.run.dry_text())
        elif self.run.planned:
            self._print(self.run.end_text(time.monotonic() - self._started))
        if not self.dry and (self.run.planned or self._idle):
            note_run(self.run.made)
        self.run, self._idle = Run(), False
        super().close()
