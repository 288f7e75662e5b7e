"""Run of one job in OOMMF: oommfc writes the input, and the recorder reads the states."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config.calculators import OommfSettings
from wallnet.experiment import Step
from wallnet.simulate.drives import Drive, drives, held_subregions, system_of, unit_vectors
from wallnet.simulate.oommf import session
from wallnet.simulate.oommf.install import locate
from wallnet.simulate.oommf.session import OommfError, Session, said, text_of
from wallnet.simulate.recorder import Recorder
from wallnet.tracks import SYSTEM_NAME

if TYPE_CHECKING:
    import ubermagtable

THREADS_VARIABLE = "OOMMF_THREADS"
"""Environment variable of OOMMF with the number of threads. It overrides the configuration, so that
a rule can pass the number of threads of its job."""

STUCK_LIMIT = 6 * 3600.0
"""Seconds without a new state after which a run is regarded as hung, even if it computes."""

_STATE = re.compile(r"-Magnetization-(\d+)-\d+\.omf$")


def check_table(times: NDArray[np.floating], drive: Drive, recorded: int) -> None:
    """Compare OOMMF's table with the expected stages of a run.

    Parameters
    ----------
    times : ndarray
        Simulated time in s within the run, one value per row.
    drive : Drive
        The run.
    recorded : int
        Number of states that were read; less than `drive.stages` if the wall came to rest.

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
        If the variable is not a positive integer.
    """
    given = os.environ.get(THREADS_VARIABLE)
    if given is None:
        return settings.threads
    if not given.isdecimal() or int(given) < 1:
        raise OommfError(f"{THREADS_VARIABLE} is {given!r}; set it to a number of threads like 1")
    return int(given)


def run(
    settings: OommfSettings,
    job: Step,
    magnetization: NDArray[np.floating],
    recorder: Recorder,
    progress: Callable[[float], None],
) -> dict[str, Any]:
    """Simulate a job and record its trace; see `wallnet.simulate.calculator.Calculator.run`.

    Raises
    ------
    OommfError
        If OOMMF cannot be used, dies, hangs, or leaves a table that is too short.
    """
    threads = threads_of(settings)
    steps = evaluations = 0
    with session.opened(locate(), threads) as opened:
        import oommfc

        recorder.record(0.0, magnetization)
        version = "unknown"
        for number, drive in enumerate(drives(job)):
            directory = opened.directory / f"{number}"
            directory.mkdir()
            write_input(job, drive, magnetization, directory)
            process = opened.start(directory, f"{SYSTEM_NAME}.mif")
            recorded = 0
            for magnetization in _states(opened, process, directory, drive, job):
                recorder.record(drive.time(recorded), magnetization)
                progress(drive.time(recorded))
                recorded += 1
                if recorder.resting():
                    break
            table = _finished_table(directory, recorded)
            check_table(table.data["t"].to_numpy(), drive, recorded)
            if number == 0:
                version = session.version(directory)
            last = table.data.iloc[recorded - 1]
            steps += int(last["iteration"])
            evaluations += int(last["E_calc_count"])
            shutil.rmtree(directory, ignore_errors=True)
            if recorder.resting():
                break
    return {
        "backend_version": f"OOMMF {version}, oommfc {oommfc.__version__}",
        "steps": steps,
        "field_evaluations": evaluations,
        "threads": threads,
    }


def write_input(
    job: Step, drive: Drive, magnetization: NDArray[np.floating], directory: Path
) -> None:
    """Write the MIF file of a run with oommfc, with an evolver that no other run has used."""
    import oommfc

    system = system_of(job, drive, magnetization)
    oommfc.TimeDriver().write_mif(
        system, dirname=str(directory), t=drive.duration, n=drive.stages, **held_subregions(system)
    )


def _states(
    opened: Session,
    process: subprocess.Popen[bytes],
    directory: Path,
    drive: Drive,
    job: Step,
) -> Iterator[NDArray[np.float64]]:
    """Yield the states of a run as OOMMF saves them, and delete their files after reading."""
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
            magnetization = unit_vectors(job, discretisedfield.Field.from_file(str(path)))
            path.unlink()
            expected += 1
            advanced = computing = now
            yield magnetization
        if expected == drive.stages:
            break
        if code or (code == 0 and now - advanced > session.FLUSH_LIMIT):
            outcome = f"ended with code {code}" if code else "ended"
            raise OommfError(
                f"OOMMF {outcome} after {expected} of {drive.stages} states; "
                f"it says: {said(directory)}"
            )
        if now - asked > min(5.0, session.IDLE_LIMIT / 4):
            asked, before, computed = now, computed, opened.cpu_time()
            if computed is None or before is None or computed > before:
                computing = now
        if now - computing > session.IDLE_LIMIT or now - advanced > STUCK_LIMIT:
            raise OommfError(
                f"OOMMF hangs: no new state for {now - advanced:.0f} s after {expected} of "
                f"{drive.stages}; it says: {said(directory)}; run it again"
            )
        time.sleep(0.1)
    try:
        code = process.wait(timeout=session.IDLE_LIMIT)
    except subprocess.TimeoutExpired:
        raise OommfError(
            f"OOMMF does not end after its last state; it says: {said(directory)}"
        ) from None
    if code:
        raise OommfError(f"OOMMF ended with code {code}; it says: {said(directory)}")


def _finished_table(directory: Path, rows: int) -> "ubermagtable.Table":
    """Read the table after OOMMF's archive has written one row for each state."""
    import ubermagtable

    path = directory / f"{SYSTEM_NAME}.odt"
    until = time.monotonic() + session.FLUSH_LIMIT
    while True:
        written = [line for line in text_of(path).splitlines(keepends=True) if line.endswith("\n")]
        complete = [line for line in written if line.strip() and not line.startswith("#")]
        if len(complete) >= rows:
            break
        if time.monotonic() > until:
            raise OommfError(
                f"OOMMF's table has {len(complete)} rows instead of {rows}; it says: "
                f"{said(directory)}; run it again"
            )
        time.sleep(0.05)
    whole = directory / "whole.odt"  # the last row of a stopped run may be incomplete
    whole.write_text("".join(written), encoding="utf-8")
    return ubermagtable.Table.fromfile(str(whole), x="t")
