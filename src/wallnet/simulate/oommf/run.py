"""A run of OOMMF: its threads, its input, which oommfc writes, and its states."""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wallnet import tracks
from wallnet.config.calculators import OommfSettings
from wallnet.experiment import Step
from wallnet.simulate.drives import Drive
from wallnet.simulate.oommf import session, thermal
from wallnet.simulate.oommf.session import OommfError, Session, said

if TYPE_CHECKING:
    import micromagneticmodel

THREADS_VARIABLE = "OOMMF_THREADS"
"""Environment variable of OOMMF with the number of threads. It overrides the configuration, so that
a rule can pass the number of threads of its job."""

EXTENSIONS = {"Oxs_DMI_Cnv_z": "interfacial DMI", "Xf_ThermSpinXferEvolve": "temperature"}
"""Extensions of OOMMF that a run may need, and what they simulate."""

_STATE = re.compile(r"-Magnetization-(\d+)-\d+\.omf$")


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


def system_of(job: Step, drive: Drive, start: NDArray[np.floating]) -> "micromagneticmodel.System":
    """Return a run as a system of ubermag.

    Parameters
    ----------
    job : Step
        The job.
    drive : Drive
        A run of this job.
    start : ndarray (rows, columns, 3)
        Initial unit vectors; empty cells are ignored.
    """
    density = job.current_density if drive.driven else None
    changes = drive.first != drive.last
    if density and not changes:
        density *= drive.first
    system = tracks.system(job.model_copy(update={"current_density": density}))
    if density and changes:
        slope = (drive.last - drive.first) / drive.duration
        system.dynamics.slonczewski.tcl_strings = {
            "script": f"proc Waveform {{ total_time }} {{\n"
            f"  return [expr {{{drive.first!r} + {slope!r} * $total_time}}]\n}}\n\n",
            "script_name": "Waveform",
            "script_args": "total_time",
        }
    moments = job.material.saturation_magnetization * np.asarray(start, dtype=np.float64)
    moments = np.where(tracks.magnetic_mask(job.track)[..., None], moments, 0.0)
    system.m.array = np.transpose(moments, (1, 0, 2))[:, :, None, :]
    return system


def write_input(
    job: Step, drive: Drive, magnetization: NDArray[np.floating], directory: Path
) -> None:
    """Write the MIF file of a run with oommfc, with an evolver that no other run has used."""
    import oommfc

    system = system_of(job, drive, magnetization)
    driver = oommfc.TimeDriver()
    if job.temperature:
        system.T = job.temperature
        step = thermal.time_step(job, drive)
        evolver = oommfc.Xf_ThermSpinXferEvolver(min_timestep=step, max_timestep=step)
        driver = oommfc.TimeDriver(evolver=evolver)
        if not (drive.driven and job.current_density):
            # it does not run without a current
            system.dynamics += tracks.slonczewski(job.material, 0.0)
    fixed = list(system.m.mesh.subregions)
    held = {"fixed_subregions": fixed} if fixed else {}
    driver.write_mif(system, dirname=str(directory), t=drive.duration, n=drive.stages, **held)
    if job.temperature:
        path = directory / f"{tracks.SYSTEM_NAME}.mif"
        header, _, rest = path.read_text(encoding="utf-8").partition("\n")
        seed = thermal.seed(job, drive)
        path.write_text(f"{header}\nRandomSeed {seed}\n{rest}", encoding="utf-8")


def states(
    opened: Session, job: Step, drive: Drive, start: NDArray[np.floating]
) -> Iterator[NDArray[np.float64]]:
    """Yield the states of a run as OOMMF saves them, and delete their files after reading.

    Parameters
    ----------
    opened : Session
        The session of the job.
    job : Step
        The job.
    drive : Drive
        The run.
    start : ndarray (rows, columns, 3)
        Unit vectors at its beginning.

    Raises
    ------
    OommfError
        If OOMMF dies or hangs.
    """
    import discretisedfield

    directory = Path(tempfile.mkdtemp(dir=opened.directory))
    write_input(job, drive, start, directory)
    process = opened.start(directory, f"{tracks.SYSTEM_NAME}.mif")
    read = 0
    advanced = time.monotonic()
    while True:
        code = process.poll()  # first, so that a state saved just before the end is not missed
        now = time.monotonic()
        # the number of digits depends on the number of stages
        saved = {
            int(match[1]): path
            for path in directory.glob("*.omf")
            if (match := _STATE.search(path.name))
        }
        while path := saved.get(read):
            field = discretisedfield.Field.from_file(str(path))
            path.unlink()
            if read == 0:
                opened.version = session.version(directory)
            read += 1
            advanced = now
            moments = np.transpose(field.array[:, :, 0, :], (1, 0, 2))
            yield moments / job.material.saturation_magnetization
        if read == drive.stages:
            with suppress(subprocess.TimeoutExpired):
                process.wait(session.FLUSH_LIMIT)
            return
        if code or (code == 0 and now - advanced > session.FLUSH_LIMIT):
            outcome = f"ended with code {code}" if code else "ended"
            words = said(directory)
            missing = [name for name in EXTENSIONS if name in words]
            fix = "".join(
                f"; add the extension {name} ({EXTENSIONS[name]}) to it" for name in missing
            )
            raise OommfError(
                f"OOMMF {outcome} after {read} of {drive.stages} states; it says: {words}{fix}"
            )
        if now - advanced > session.STUCK_LIMIT:
            raise OommfError(
                f"OOMMF hangs: no new state for {now - advanced:.0f} s after {read} of "
                f"{drive.stages}; it says: {said(directory)}; run it again"
            )
        time.sleep(0.1)
