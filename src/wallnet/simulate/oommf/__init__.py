"""OOMMF as a calculator: oommfc writes its input, real OOMMF runs it, the recorder reads along.

Found as oommfc finds it: `OOMMFTCL`, then `oommf` on PATH, then Docker. Each job has a host
server, a process group and a directory of its own, all of which end with it. oommfc's own runner
is not used: it keeps servers running after the job, waits for ever for a run that hangs, and
takes up to four threads unasked.
"""

import argparse
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet import tracks
from wallnet.config import OommfSettings
from wallnet.jobs import SimulationJob
from wallnet.simulate import SimulationError
from wallnet.simulate.recorder import Recorder, next_output, pulse_end

if TYPE_CHECKING:
    import ubermagtable

THREADS_VARIABLE = "OOMMF_THREADS"
"""Environment variable with the number of threads, OOMMF's own; it goes before the configuration,
so that a rule can pass on the threads that its job was given."""

IDLE_LIMIT = 300.0
"""Seconds without a new state and without computing after which a run counts as hung."""

STUCK_LIMIT = 6 * 3600.0
"""Seconds without a new state after which a run counts as hung even if it computes."""

FLUSH_LIMIT = 20.0
"""Seconds that OOMMF's archive may take to write what a finished run has sent it."""

TEMPORARY = ("OOMMF_TEMP", "TMPDIR", "TMP", "TEMP")
"""Variables by which OOMMF chooses its folder for temporary files."""

END_LIMIT = 2.0
"""Seconds that OOMMF's processes may take to end when asked to, and again when killed."""

DOCKER_IMAGE = "oommf/oommf:20b0"
"""The image that oommfc uses."""

_STATE = re.compile(r"-Magnetization-(\d+)-\d+\.omf$")
_SYSTEM = "track"

_CHECK = """\
# MIF 2.1
Specify Oxs_BoxAtlas:atlas { xrange {0 4e-9} yrange {0 2e-9} zrange {0 2e-9} name all }
Specify Oxs_RectangularMesh:mesh { cellsize {2e-9 2e-9 2e-9} atlas :atlas }
Specify Oxs_DMI_Cnv_z:dmi { default_D 1e-3 atlas :atlas D { all all 1e-3 } }
Specify Oxs_SpinXferEvolve:evolver { alpha 0.5 J 1e11 mp {0 1 0} P 0.4 Lambda 1 eps_prime 0 }
Specify Oxs_TimeDriver {
  evolver :evolver mesh :mesh Ms 1e6 m0 {0 0 1} stopping_time 1e-15 stage_count 1
}
Destination table mmArchive
Schedule DataTable table Stage 1
"""
"""Two cells and one step with the terms that a track needs beyond OOMMF's older releases."""


class OommfError(SimulationError):
    """OOMMF cannot be used, or a run of it failed; the message says what OOMMF said."""


@dataclass(frozen=True)
class Installation:
    """An OOMMF that answers.

    Attributes
    ----------
    command : tuple of str
        What starts it, before the name of one of its applications.
    image : str or None
        Docker image in which it lies, `command` then being Docker's.
    """

    command: tuple[str, ...]
    image: str | None = None

    def boxsi(self, directory: Path, mif: str, threads: int, container: str) -> list[str]:
        """Return the command that runs a MIF file of a directory with a number of threads."""
        arguments = ["boxsi", "+fg", mif, "-exitondone", "1", "-threads", str(threads)]
        arguments += ["-logfile", "oommf.log"]
        if self.image is None:
            return [*self.command, *arguments]
        inside = " ".join(["tclsh", "/usr/local/oommf/oommf/oommf.tcl", *arguments])
        mount = ["--volume", f"{directory}:/io", "--workdir", "/io"]
        shell = [self.image, "/bin/bash", "-c", inside]
        return [*self.command, "run", "--rm", "--name", container, *mount, *shell]


def locate() -> Installation:
    """Find OOMMF where oommfc finds it.

    Returns
    -------
    Installation
        The first of `OOMMFTCL`, `oommf` on PATH and Docker that answers.

    Raises
    ------
    OommfError
        If none does; the message says what each one said.
    """
    refusals = []
    script = os.environ.get("OOMMFTCL")
    program = shutil.which("oommf")
    if script is not None:
        refusal = _refusal(("tclsh", script), f"OOMMFTCL ({script})")
        if refusal is None:
            return Installation(("tclsh", script))
        refusals.append(refusal)
    if program is not None:
        refusal = _refusal((program,), program)
        if refusal is None:
            return Installation((program,))
        refusals.append(refusal)
    elif found := shutil.which("oommf", mode=os.F_OK):
        refusals.append(f"{found} may not be executed")
    docker = shutil.which("docker")
    if docker is not None:
        asked = subprocess.run([docker, "images"], capture_output=True, text=True)
        if asked.returncode == 0:
            return Installation((docker,), DOCKER_IMAGE)
        refusals.append(f"docker: {complaint(asked.stderr)}")
    if refusals:
        said = "; ".join(refusals)
        mend = (
            "run as an ordinary user, which OOMMF insists on"
            if "as root" in said
            else "mend that installation"
        )
        raise OommfError(f"OOMMF does not run: {said}; {mend}, or set calculator: film")
    raise OommfError(
        "OOMMF is not there: set OOMMFTCL to the path of oommf.tcl, put oommf on PATH, or run "
        "snakemake with --software-deployment-method conda; or set calculator: film"
    )


def _refusal(command: tuple[str, ...], name: str) -> str | None:
    """Ask for the version; return None, or what was wrong in one clause."""
    asking = [*command, "boxsi", "+fg", "+version", "-exitondone", "1"]
    try:
        asked = subprocess.run(asking, capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        if command[0] == name:
            return f"{name} names an interpreter in its first line that is not there"
        return f"{name} needs {command[0]}, which is not on PATH"
    except OSError as error:
        return f"{name} cannot be started ({error.strerror})"
    if asked.returncode == 0:
        return None
    return f"{name} says: {complaint(asked.stderr or asked.stdout).rstrip('.')}"


def complaint(stderr: str, log: str = "") -> str:
    r"""Condense what OOMMF said to one line.

    Parameters
    ----------
    stderr : str
        Its standard error.
    log : str
        Its log file, used where standard error says nothing.

    Returns
    -------
    str
        The first error that it names, else its last three lines.

    Examples
    --------
    >>> complaint("*** ERROR: Don't run OOMMF as root.\nInstead, start OOMMF from …")
    "Don't run OOMMF as root."
    """
    for text in (stderr, log):
        lines = [re.sub(r"^\[[\d: -]+\]\s*", "", line).strip() for line in text.splitlines()]
        told = [
            line
            for line in lines
            if line
            and not line.startswith(("Start:", "Options:", "Boxsi run end", "Loaded ", "End "))
            and not re.match(r"<\d+>|\[?Boxsi<\d+|-+$|Stack:", line)
        ]
        for index, line in enumerate(told):
            if match := re.match(r"\*\*\* ERROR: *(.+)", line):
                return match[1]
            if re.match(r"(\*\*\* )?(ERROR|Error|PANIC|panic)\b", line):
                following = told[index : index + 4]
                ends = (n for n, more in enumerate(following) if "thrown from" in more)
                kept = following[: next(ends, 4)]
                return " ".join(part.removeprefix("*** ") for part in kept)[:400]
        if told:
            return " ".join(told[-3:])[:400]
    return "nothing"


class _Session:
    """One host server and one process group for all that OOMMF starts in a job."""

    def __init__(self, installation: Installation, directory: Path, threads: int) -> None:
        self.installation = installation
        self.directory = directory
        self.threads = threads
        self.group: int | None = None
        self.container = f"wallnet-{secrets.token_hex(6)}"
        # OOMMF writes a state there before it moves it; cut short, it would leave it there
        self._environment = os.environ | dict.fromkeys(TEMPORARY, str(directory))
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "_Session":
        if self.installation.image is None:
            said = self.directory / "launchhost.stderr"
            with open(said, "wb") as stderr:
                host = subprocess.Popen(
                    [*self.installation.command, "launchhost", "0"],
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    process_group=0,
                )
            self.group = host.pid
            self._started.append(host)
            try:
                port, _ = host.communicate(timeout=FLUSH_LIMIT)
            except subprocess.TimeoutExpired:
                self.end()
                raise OommfError("OOMMF's host server does not start; try again") from None
            except BaseException:
                self.end()
                raise
            if host.returncode or not port.strip().isdigit():
                self.end()
                words = complaint(said.read_text(errors="replace"), port.decode(errors="replace"))
                raise OommfError(f"OOMMF's host server does not start; it says: {words}")
            self._environment["OOMMF_HOSTPORT"] = port.decode().strip()
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    def start(self, directory: Path, mif: str) -> subprocess.Popen[bytes]:
        """Start a MIF file; its words go to files beside it."""
        command = self.installation.boxsi(directory, mif, self.threads, self.container)
        with open(directory / "oommf.stderr", "wb") as said:
            process = subprocess.Popen(
                command,
                cwd=directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                process_group=self.group or 0,
            )
        self._started.append(process)
        if self.group is None:
            self.group = process.pid
        return process

    def cpu_time(self) -> float | None:
        """Return the seconds that the group has computed, None where that cannot be known."""
        if self.installation.image is not None or not Path("/proc/self/stat").exists():
            return None
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if int(fields[2]) == self.group:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """End all that this session has started."""
        if self.installation.image is not None:
            subprocess.run(
                [*self.installation.command, "kill", self.container], capture_output=True
            )
        if self.group is None:
            return
        for kind in (signal.SIGTERM, signal.SIGKILL):
            until = time.monotonic() + END_LIMIT
            while self._alive(kind) and time.monotonic() < until:
                time.sleep(0.05)
        self.group = None

    def _alive(self, kind: signal.Signals) -> bool:
        """Send a signal to the group; say whether anything is left of it."""
        assert self.group is not None
        for process in self._started:
            process.poll()  # what has ended and is not asked for stays in the group
        try:
            os.killpg(self.group, kind)
        except ProcessLookupError:
            return False
        return True


def _remove(directory: Path) -> None:
    """Remove a folder, also from under a process that still wrote to it while it was ended."""
    until = time.monotonic() + END_LIMIT
    while directory.exists() and time.monotonic() < until:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _session(threads: int) -> Iterator[_Session]:
    """Open a session in a fresh directory; end and remove both, whatever happens."""
    installation = locate()
    directory = Path(tempfile.mkdtemp(prefix="wallnet-oommf-"))
    try:
        with _terminable(), _Session(installation, directory, threads) as session:
            yield session
    finally:
        _remove(directory)


@contextmanager
def _terminable() -> Iterator[None]:
    """Let a request to end unwind this process, so that nothing of OOMMF outlives it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def unwind(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def check() -> dict[str, str]:
    """Find out whether OOMMF is there, able to run, and has the terms that a track needs.

    Returns
    -------
    dict
        `command`, what starts it, and its `version`.

    Raises
    ------
    OommfError
        With one sentence that says what is wrong and how to mend it.
    """
    with _session(threads=1) as session:
        mif = session.directory / "check.mif"
        mif.write_text(_CHECK, encoding="utf-8")
        process = session.start(session.directory, mif.name)
        try:
            code = process.wait(timeout=IDLE_LIMIT)
        except subprocess.TimeoutExpired:
            raise OommfError(
                f"OOMMF does not finish a run of two cells within {IDLE_LIMIT:.0f} s; it says: "
                f"{_said(session.directory)}; mend that installation, or set calculator: film"
            ) from None
        if code:
            words = _said(session.directory)
            mend = "mend that installation"
            if "Oxs_DMI_Cnv_z" in words:
                mend = "add the extension Oxs_DMI_Cnv_z (interfacial DMI) to it"
            raise OommfError(
                f"OOMMF cannot simulate a track; it says: {words}; {mend}, or set calculator: film"
            )
        command = " ".join(session.installation.command)
        return {"command": command, "version": _version(session.directory)}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _said(directory: Path) -> str:
    return complaint(_text(directory / "oommf.stderr"), _text(directory / "oommf.log"))


def _version(directory: Path) -> str:
    match = re.search(r"Boxsi version (\S+)", _text(directory / "oommf.log"))
    return match[1] if match else "unknown"


@dataclass(frozen=True)
class Drive:
    """One run of OOMMF: so many equal stages, a state saved after each.

    Attributes
    ----------
    driven : bool
        Whether the current flows.
    start, duration : float
        In s.
    stages : int
        Number of states to save.
    """

    driven: bool
    start: float
    duration: float
    stages: int

    def time(self, stage: int) -> float:
        """Return the time in s at which a stage (from 0) ends."""
        return self.start + self.duration * (stage + 1) / self.stages


def drives(job: SimulationJob) -> list[Drive]:
    """Divide a job into runs whose states fall on the times of the embedded engine's trace.

    Parameters
    ----------
    job : SimulationJob
        The job.

    Returns
    -------
    list of Drive
        The pulse, then the relaxation, each cut where its beginning or end does not fall on a
        multiple of the output interval. Pulse and relaxation never share a run, so that the
        edge of the pulse is sharp and no run inherits a current.
    """
    pulse = pulse_end(job)
    parts = _stretches(True, 0.0, pulse, job.output.interval) if pulse else []
    return parts + _stretches(False, pulse, pulse + job.relaxation.longest, job.output.interval)


def _stretches(driven: bool, start: float, end: float, interval: float) -> list[Drive]:
    parts = []
    while end - start > 1e-6 * interval:
        following = next_output(start, interval)
        whole = int(np.floor((end - start) / interval + 1e-6))
        if following - start < interval * (1 - 1e-6) or not whole:
            stop, stages = min(following, end), 1
        else:
            stop, stages = start + whole * interval, whole
        if end - stop < 1e-6 * interval:
            stop = end
        parts.append(Drive(driven, float(start), float(stop - start), stages))
        start = stop
    return parts


def check_table(times: NDArray[np.floating], drive: Drive, recorded: int) -> None:
    """Compare OOMMF's table with what a run should have done.

    Parameters
    ----------
    times : ndarray
        Simulated time in s within the run, a value a row.
    drive : Drive
        The run.
    recorded : int
        States that were read; fewer than `drive.stages` where the wall came to rest.

    Raises
    ------
    OommfError
        If rows are missing, superfluous or at other times.
    """
    if len(times) < recorded or (recorded == drive.stages and len(times) != recorded):
        raise OommfError(f"OOMMF's table has {len(times)} rows instead of {recorded}; run it again")
    due = drive.duration * np.arange(1, recorded + 1) / drive.stages
    wrong = np.flatnonzero(np.abs(times[:recorded] - due) > 1e-6 * drive.duration / drive.stages)
    if wrong.size:
        row = wrong[0]
        raise OommfError(
            f"OOMMF's table ends stage {row + 1} at {times[row]:.6g} s instead of "
            f"{due[row]:.6g} s; run it again"
        )


def threads_of(settings: OommfSettings) -> int:
    """Return the number of threads: from `OOMMF_THREADS` if set, else from the configuration.

    Raises
    ------
    OommfError
        If the variable is no positive whole number.
    """
    given = os.environ.get(THREADS_VARIABLE)
    if given is None:
        return settings.threads
    if not given.isdecimal() or int(given) < 1:
        raise OommfError(f"{THREADS_VARIABLE} is {given!r}; set it to a number of threads like 1")
    return int(given)


def run(
    job: SimulationJob,
    magnetization: NDArray[np.floating],
    recorder: Recorder,
    progress: Callable[[float], None],
) -> dict[str, Any]:
    """Simulate a job with OOMMF and record its trace.

    Parameters
    ----------
    job : SimulationJob
        What to simulate.
    magnetization : ndarray (rows, columns, 3)
        Where to start.
    recorder : Recorder
        Takes the trace.
    progress : callable
        Called with the simulated time in s.

    Returns
    -------
    dict
        Attributes on the work done.

    Raises
    ------
    OommfError
        If OOMMF cannot be used, dies, hangs, or leaves a table that is too short.
    """
    settings = job.calculator
    assert isinstance(settings, OommfSettings)
    threads = threads_of(settings)
    steps = evaluations = 0
    with _session(threads) as session:
        import oommfc

        recorder.record(0.0, magnetization)
        version = "unknown"
        for number, drive in enumerate(drives(job)):
            directory = session.directory / f"{number}"
            directory.mkdir()
            _write_input(job, drive, magnetization, directory)
            process = session.start(directory, f"{_SYSTEM}.mif")
            recorded = 0
            for magnetization in _states(session, process, directory, drive, job):
                recorder.record(drive.time(recorded), magnetization)
                progress(drive.time(recorded))
                recorded += 1
                if not drive.driven and recorder.resting():
                    break
            table = _finished_table(directory, recorded)
            check_table(table.data["t"].to_numpy(), drive, recorded)
            if number == 0:
                version = _version(directory)
            last = table.data.iloc[recorded - 1]
            steps += int(last["iteration"])
            evaluations += int(last["E_calc_count"])
            shutil.rmtree(directory, ignore_errors=True)
            if not drive.driven and recorder.resting():
                break
    return {
        "backend_version": f"OOMMF {version}, oommfc {oommfc.__version__}",
        "steps": steps,
        "field_evaluations": evaluations,
        "threads": threads,
    }


def _write_input(
    job: SimulationJob, drive: Drive, magnetization: NDArray[np.floating], directory: Path
) -> None:
    """Let oommfc write the MIF file of a run, with an evolver that has seen no other run."""
    import oommfc

    density = job.current_density if drive.driven else None
    system = tracks.system(job.model_copy(update={"current_density": density}), name=_SYSTEM)
    moments = job.material.saturation_magnetization * np.asarray(magnetization, dtype=np.float64)
    moments = np.where(tracks.magnetic_mask(job.track)[..., None], moments, 0.0)
    system.m.array = np.transpose(moments, (1, 0, 2))[:, :, None, :]
    oommfc.TimeDriver().write_mif(system, dirname=str(directory), t=drive.duration, n=drive.stages)


def _states(
    session: _Session,
    process: subprocess.Popen[bytes],
    directory: Path,
    drive: Drive,
    job: SimulationJob,
) -> Iterator[NDArray[np.float64]]:
    """Yield the states of a run as OOMMF saves them, and delete them once read."""
    import discretisedfield

    expected = 0
    computed: float | None = None
    now = time.monotonic()
    advanced = computing = asked = now
    while expected < drive.stages:
        code = process.poll()  # first, so that a state saved just before the end is not missed
        saved = {
            int(match[1]): path
            for path in directory.glob("*.omf")
            if (match := _STATE.search(path.name))
        }
        now = time.monotonic()
        while expected in saved:
            path = saved[expected]
            field = discretisedfield.Field.from_file(str(path)).array[:, :, 0, :]
            path.unlink()
            expected += 1
            advanced = computing = now
            yield np.transpose(field, (1, 0, 2)) / job.material.saturation_magnetization
        if expected == drive.stages:
            break
        if code or (code == 0 and now - advanced > FLUSH_LIMIT):
            outcome = f"ended with code {code}" if code else "ended"
            raise OommfError(
                f"OOMMF {outcome} after {expected} of {drive.stages} states; "
                f"it says: {_said(directory)}"
            )
        if now - asked > min(5.0, IDLE_LIMIT / 4):
            asked, before, computed = now, computed, session.cpu_time()
            if computed is None or before is None or computed > before:
                computing = now
        if now - computing > IDLE_LIMIT or now - advanced > STUCK_LIMIT:
            raise OommfError(
                f"OOMMF hangs: no new state for {now - advanced:.0f} s after {expected} of "
                f"{drive.stages}; it says: {_said(directory)}; run it again"
            )
        time.sleep(0.1)
    try:
        code = process.wait(timeout=IDLE_LIMIT)
    except subprocess.TimeoutExpired:
        raise OommfError(
            f"OOMMF does not end after its last state; it says: {_said(directory)}"
        ) from None
    if code:
        raise OommfError(f"OOMMF ended with code {code}; it says: {_said(directory)}")


def _finished_table(directory: Path, rows: int) -> "ubermagtable.Table":
    """Read the table once OOMMF's archive has written as many rows as there were states."""
    import ubermagtable

    path = directory / f"{_SYSTEM}.odt"
    until = time.monotonic() + FLUSH_LIMIT
    while True:
        written = [line for line in _text(path).splitlines(keepends=True) if line.endswith("\n")]
        complete = [line for line in written if line.strip() and not line.startswith("#")]
        if len(complete) >= rows:
            break
        if time.monotonic() > until:
            raise OommfError(
                f"OOMMF's table has {len(complete)} rows instead of {rows}; it says: "
                f"{_said(directory)}; run it again"
            )
        time.sleep(0.05)
    whole = directory / "whole.odt"  # a run that was cut may leave a last row half written
    whole.write_text("".join(written), encoding="utf-8")
    return ubermagtable.Table.fromfile(str(whole), x="t")


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `oommf` to the command line."""
    command = subparsers.add_parser("oommf", help="check that OOMMF is there and able to run")
    command.set_defaults(handler=_check)


def _check(arguments: argparse.Namespace) -> None:
    found = check()
    print(f"OOMMF {found['version']}, started by {found['command']}: ready")
