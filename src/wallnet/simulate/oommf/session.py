"""Search for OOMMF, its processes in a job, and their messages.

Each job has its own host server, process group and directory, which are removed at its end. The
runner of oommfc is not used: it keeps servers running after the job, waits indefinitely for a run
that hangs, and uses up to four threads by default.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wallnet.simulate.calculator import SimulationError

STUCK_LIMIT = 3600.0
"""Seconds without a new state after which a run is regarded as hung."""

FLUSH_LIMIT = 20.0
"""Seconds that OOMMF's archive may take to write the output of a finished run."""

TEMPORARY = ("OOMMF_TEMP", "TMPDIR", "TMP", "TEMP")
"""Environment variables for OOMMF's folder of temporary files."""

END_LIMIT = 2.0
"""Seconds that OOMMF's processes may take to end after SIGKILL."""


class OommfError(SimulationError):
    """OOMMF cannot be used, or a run of it failed; the message contains OOMMF's message."""


def complaint(stderr: str, log: str = "") -> str:
    r"""Condense OOMMF's standard error, or its log if that is empty, to one line.

    The line is the first error in it, or consists of its last three lines if there is none.

    Examples
    --------
    >>> complaint("*** ERROR: Don't run OOMMF as root.\nInstead, start OOMMF from …")
    "Don't run OOMMF as root."
    """
    for text in (stderr, log):
        lines = [re.sub(r"^\[[\d: -]+\]\s*", "", line).strip() for line in text.splitlines()]
        relevant = [
            line
            for line in lines
            if line
            and not line.startswith(("Start:", "Options:", "Boxsi run end", "Loaded ", "End "))
            and not re.match(r"<\d+>|\[?Boxsi<\d+|-+$|Stack:", line)
        ]
        for index, line in enumerate(relevant):
            if match := re.match(r"\*\*\* ERROR: *(.+)", line):
                return match[1]
            if re.match(r"(\*\*\* )?(ERROR|Error|PANIC|panic)\b", line):
                return " ".join(relevant[index : index + 4])[:400]
        if relevant:
            return " ".join(relevant[-3:])[:400]
    return "nothing"


def text_of(path: Path) -> str:
    """Return the text of a file; an empty text if the file does not exist."""
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def message_of(directory: Path) -> str:
    """Return OOMMF's message in the directory of a run, in one line."""
    return complaint(text_of(directory / "oommf.stderr"), text_of(directory / "oommf.log"))


def version(directory: Path) -> str:
    """Return the version of OOMMF in the log of a run."""
    match = re.search(r"Boxsi version (\S+)", text_of(directory / "oommf.log"))
    return match[1] if match else "unknown"


def locate() -> tuple[str, ...]:
    """Return the command that starts OOMMF, without the name of an application.

    It is looked for in the same places as by oommfc: of `OOMMFTCL` and `oommf` on PATH, the first
    that works counts.

    Raises
    ------
    OommfError
        If none works; the message contains the answer of each one.
    """
    refusals: list[str] = []
    places: list[tuple[tuple[str, ...], str]] = []
    if script := os.environ.get("OOMMFTCL"):
        places.append((("tclsh", script), f"OOMMFTCL ({script})"))
    if program := shutil.which("oommf") or shutil.which("oommf", mode=os.F_OK):
        places.append(((program,), program))
    for command, name in places:
        if (refusal := _refusal(command, name)) is None:
            return command
        refusals.append(refusal)
    if refusals:
        answers = "; ".join(refusals)
        fix = (
            "run as an ordinary user, which OOMMF insists on"
            if "as root" in answers
            else "fix that installation"
        )
        raise OommfError(f"OOMMF does not run: {answers}; {fix}, or set calculator: film")
    raise OommfError(
        "OOMMF is not there: set OOMMFTCL to the path of oommf.tcl, put oommf on PATH, or run "
        "snakemake with --software-deployment-method conda; or set calculator: film"
    )


def _refusal(command: tuple[str, ...], name: str) -> str | None:
    """Run the command for the version; return None, or the problem in one clause."""
    command_line = [*command, "boxsi", "+fg", "+version", "-exitondone", "1"]
    try:
        process = subprocess.run(command_line, capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        if command[0] == name:
            return f"{name} names an interpreter in its first line that is not there"
        return f"{name} needs {command[0]}, which is not on PATH"
    except OSError as error:
        return f"{name} cannot be started ({error.strerror})"
    if process.returncode == 0:
        return None
    return f"{name} says: {complaint(process.stderr or process.stdout).rstrip('.')}"


class Session:
    """One host server and one process group for all processes of OOMMF in a job."""

    def __init__(self, command: Sequence[str], directory: Path, threads: int) -> None:
        self.command = command
        self.directory = directory
        self.threads = threads
        self.version = "unknown"
        self.group: int | None = None
        # OOMMF writes a state there before it moves it, and leaves it there if it is killed
        self._environment = os.environ | dict.fromkeys(TEMPORARY, str(directory))
        self._started: list[subprocess.Popen[bytes]] = []

    def start_server(self) -> None:
        """Start the host server."""
        log = self.directory / "launchhost.stderr"
        with open(log, "wb") as stderr:
            command = [*self.command, "launchhost", "0"]
            host = self._run(command, stdout=subprocess.PIPE, stderr=stderr)
        try:
            port, _ = host.communicate(timeout=FLUSH_LIMIT)
        except subprocess.TimeoutExpired:
            raise OommfError("OOMMF's host server does not start; try again") from None
        if host.returncode or not port.strip().isdigit():
            words = complaint(text_of(log), port.decode(errors="replace"))
            raise OommfError(f"OOMMF's host server does not start; it says: {words}")
        self._environment["OOMMF_HOSTPORT"] = port.decode().strip()

    def start(self, directory: Path, mif: str) -> subprocess.Popen[bytes]:
        """Run a MIF file; write the output to files in its directory."""
        command = [*self.command, "boxsi", "+fg", mif, "-exitondone", "1"]
        command += ["-threads", str(self.threads), "-logfile", "oommf.log"]
        with open(directory / "oommf.stderr", "wb") as stderr:
            return self._run(
                command,
                cwd=directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
            )

    def _run(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a process in the group of this session."""
        process = subprocess.Popen(command, process_group=self.group or 0, **options)
        self._started.append(process)
        self.group = self.group or process.pid
        return process

    def end(self) -> None:
        """End all processes that this session has started."""
        deadline = time.monotonic() + END_LIMIT
        while self.group is not None and time.monotonic() < deadline:
            for process in self._started:
                process.poll()  # an ended process stays in the group until it is polled
            try:
                os.killpg(self.group, signal.SIGKILL)
            except ProcessLookupError:
                self.group = None
            time.sleep(0.05)


@contextmanager
def opened(threads: int) -> Iterator[Session]:
    """Open a session in a new directory; end the session and remove the directory in any case."""
    command = locate()
    directory = Path(tempfile.mkdtemp(prefix="wallnet-oommf-"))
    session = Session(command, directory, threads)
    with _terminable():
        try:
            session.start_server()
            yield session
        finally:
            session.end()
            deadline = time.monotonic() + END_LIMIT
            while directory.exists() and time.monotonic() < deadline:  # one may still write to it
                shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _terminable() -> Iterator[None]:
    """Convert SIGTERM to a KeyboardInterrupt, so that no process of OOMMF outlives this process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
