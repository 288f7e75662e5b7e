"""OOMMF as a calculator: oommfc writes the input, OOMMF runs it, the recorder reads the states.

`session` finds OOMMF and manages its processes. At a temperature, the evolver of a run is
`Xf_ThermSpinXferEvolve` with a fixed time step.
"""

import math
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config.calculators import OommfSettings
from wallnet.config.declarations import OommfDeclaration
from wallnet.files.progress import Progress
from wallnet.film.terms import Layer
from wallnet.jobs import Run
from wallnet.jobs.film import torque_of
from wallnet.simulate.calculator import Calculator, Checkpoint
from wallnet.simulate.drives import Drive, drives
from wallnet.simulate.oommf import session
from wallnet.simulate.oommf.session import OommfError, Session, message_of
from wallnet.simulate.recorder import WARM_UP, Recorder
from wallnet.simulate.registry import run_trial
from wallnet.tracks import films, ubermag

if TYPE_CHECKING:
    import discretisedfield
    import micromagneticmodel

THREADS_VARIABLE = "OOMMF_THREADS"
"""Environment variable of OOMMF with the number of threads. It overrides the configuration, so that
a rule can pass the number of threads of its job."""

EXTENSIONS = {"Oxs_DMI_Cnv_z": "interfacial DMI", "Xf_ThermSpinXferEvolve": "temperature"}
"""Extensions of OOMMF that a run may need, and what they simulate."""

DEVIATION = 0.03
"""Largest relative deviation of the energy of a mode from its thermal energy."""

State = NDArray[np.floating]
"""Unit vectors, (rows, columns, 3)."""

_STATE = re.compile(r"-Magnetization-(\d+)-\d+\.omf$")


class Oommf(OommfDeclaration, Calculator[OommfSettings]):
    """OOMMF; a killed job starts again from the beginning."""

    def check(self) -> None:
        """Check that OOMMF is installed, can run, and has the terms that a track needs."""
        run_trial(self)

    def run(
        self,
        job: Run,
        start: State,
        recorder: Recorder,
        progress: Progress,
        checkpoint: Checkpoint | None,
    ) -> dict[str, Any]:
        """Simulate a job; see `Calculator.run`."""
        threads = threads_of(self.settings)
        attributes: dict[str, Any] = {}
        film = None
        if job.temperature:
            from wallnet.film.thermal import ThermalEngine  # loads numba

            film = ThermalEngine(films.layer(job), job.field, key=0)
            attributes["time_step"] = time_step(job, drives(job)[0])
        recorder.record(0.0, start)
        with session.opened(threads) as opened:
            import oommfc

            for reached, state in entries(opened, job, start):
                recorder.record(reached, state)
                if film and reached > WARM_UP:
                    film.magnetization = state
                    recorder.spin_temperatures.append([film.spin_temperature(), job.field])
                progress(reached)
                if recorder.resting():
                    break
        return {
            **attributes,
            "backend_version": f"OOMMF {opened.version}, oommfc {oommfc.__version__}",
            "threads": threads,
        }


def threads_of(settings: OommfSettings) -> int:
    """Return the number of threads: from `OOMMF_THREADS` if set, else from the configuration.

    Raises
    ------
    OommfError
        If the variable is not a positive integer.
    """
    number = os.environ.get(THREADS_VARIABLE)
    if number is None:
        return settings.threads
    if not number.isdecimal() or int(number) < 1:
        raise OommfError(f"{THREADS_VARIABLE} is {number!r}; set it to a number of threads like 1")
    return int(number)


def system_of(job: Run, drive: Drive, start: State) -> "micromagneticmodel.System":
    """Return a run of a job as a system of ubermag.

    Its `start` are unit vectors (rows, columns, 3); empty cells are ignored.
    """
    import discretisedfield

    density = job.current_density if drive.driven else 0.0
    changes = drive.first != drive.last
    if not changes:
        density *= drive.first
    film, system = films.layer(job), ubermag.system(job, density)
    if density and changes:
        slope = (drive.last - drive.first) / drive.duration
        share = f"{drive.first!r} + {slope!r} * $total_time"
        system.dynamics.slonczewski.tcl_strings = {
            "script": f"proc Waveform {{ total_time }} {{\n  return [expr {{{share}}}]\n}}\n\n",
            "script_name": "Waveform",
            "script_args": "total_time",
        }
        if film.current_field is not None:
            # the diagonal of a matrix that multiplies the field, and its derivative
            system.energy.oersted.tcl_strings = {
                "script": f"proc Oersted {{ total_time }} {{\n  set share [expr {{{share}}}]\n"
                f"  return [list $share $share $share {slope!r} {slope!r} {slope!r}]\n}}\n\n",
                "script_name": "Oersted",
                "script_args": "total_time",
                "energy": "Oxs_TransformZeeman",
                "type": "diagonal",
            }
    if film.terms.dmi_constant and isinstance(system.energy.dmi.D, discretisedfield.Field):
        mesh, system.energy.dmi.D = dmi_by_regions(film, system.m.mesh)
        system.m = discretisedfield.Field(mesh, nvdim=3, value=system.m.array)
    moments = film.norm[..., None] * np.asarray(start, dtype=np.float64)
    system.m.array = np.transpose(moments, (1, 0, 2))[:, :, None, :]
    return system


def dmi_by_regions(
    film: Layer, mesh: "discretisedfield.Mesh"
) -> "tuple[discretisedfield.Mesh, dict[str, float]]":
    """Return a mesh with a region for each range of columns of one D, and D in J/m².

    oommfc takes D by regions, and by pairs of regions for the bonds between them. Regions of the
    mesh are divided.

    Raises
    ------
    OommfError
        If D varies across the track.
    """
    import discretisedfield

    constants = []
    for values, mask in (
        (film.cells.of("dmi_constant"), film.mask),
        (film.cells.bonds[0][1], film.mask[:, :-1] & film.mask[:, 1:]),
    ):
        means = film.terms.dmi_constant * np.average(values, axis=0, weights=mask + 1e-12)
        if not np.allclose((film.terms.dmi_constant * values - means)[mask], 0.0, atol=1e-9):
            raise OommfError(
                "OOMMF takes D by regions along the track, and that of this film varies across "
                "it; give D along x alone, or set calculator: film"
            )
        constants.append(means.tolist())
    own, bonds = constants
    edge = mesh.cell[0]
    ends = [x for part in mesh.subregions.values() for x in (part.pmin[0], part.pmax[0])]
    starts = {0, *(n + 1 for n in range(len(bonds)) if own[n] != own[n + 1])}
    starts |= {round(x / edge) for x in ends} - {len(own)}
    (_, low, bottom), (_, high, top) = mesh.region.pmin, mesh.region.pmax
    regions, dmi = {}, {"default": 0.0}
    for number, (first, last) in enumerate(pairwise([*sorted(starts), len(own)])):
        regions[f"part{number}"] = discretisedfield.Region(
            p1=(first * edge, low, bottom), p2=(last * edge, high, top)
        )
        dmi[f"part{number}"] = own[first]
        if number:
            dmi[f"part{number - 1}:part{number}"] = bonds[first - 1]
    return discretisedfield.Mesh(region=mesh.region, n=mesh.n, subregions=regions), dmi


def write_input(job: Run, drive: Drive, magnetization: State, directory: Path) -> None:
    """Write the MIF file of a run with oommfc, with an evolver that no other run has used."""
    import oommfc

    system = system_of(job, drive, magnetization)
    driver = oommfc.TimeDriver()
    if job.temperature:
        system.T = job.field
        step = time_step(job, drive)
        evolver = oommfc.Xf_ThermSpinXferEvolver(min_timestep=step, max_timestep=step)
        driver = oommfc.TimeDriver(evolver=evolver)
        if not (drive.driven and job.current_density):
            # it does not run without a current
            system.dynamics += ubermag.slonczewski(job.material, 0.0)
    first, last = job.track.free_range
    middles = {name: part.center[0] for name, part in system.m.mesh.subregions.items()}
    fixed = [name for name, middle in middles.items() if not first < middle < last]
    held = {"fixed_subregions": fixed} if fixed else {}
    driver.write_mif(system, dirname=str(directory), t=drive.duration, n=drive.stages, **held)
    if job.temperature:
        path = directory / f"{ubermag.SYSTEM_NAME}.mif"
        header, _, rest = path.read_text(encoding="utf-8").partition("\n")
        path.write_text(f"{header}\nRandomSeed {seed(job, drive)}\n{rest}", encoding="utf-8")


def variance_ratio(z: NDArray[np.complexfloating]) -> NDArray[np.float64]:
    """Return the stationary variance of modes with z = λ h, relative to the exact one."""
    grown, before, new = 1 + z + z**2 / 2, (1 + z) / 2, 0.5
    added = np.abs(before) ** 2 + new**2 + 2 * new * (grown * before.conj()).real
    return -2 * z.real * added / (1 - np.abs(grown) ** 2)


def longest_step(job: Run) -> float:
    """Return the longest time step in s at which no mode deviates by more than `DEVIATION`.

    The evolver takes Heun steps. The slope at the beginning of a step has the thermal field of the
    step before, and the slope at its end a new one. A mode of rate λ, with z = λ h and a thermal
    field of strength g, then obeys

        m_{n+1} = (1 + z + z²/2) m_n + g √h ((1 + z) ξ_{n-1} + ξ_n)/2.

    Its stationary variance is 1 - |Re z|/2 times the exact one, to first order; with one field for
    both slopes, there is no error of first order.
    """
    damping = job.material.damping
    sizes = np.linspace(0.0, 1.0, 1001)[1:]
    ratio = variance_ratio(sizes * complex(-damping, 1) / math.hypot(damping, 1))
    largest = sizes[np.argmax(np.abs(ratio - 1) > DEVIATION) - 1]
    torque = torque_of(job.material, job.current_density)
    return float(largest / films.layer(job).rates(torque)[0])


def time_step(job: Run, drive: Drive) -> float:
    """Return the time step in s of a run, the longest that divides the time between two entries.

    The evolver would use the thermal field of a whole step for a shorter one.
    """
    stage = drive.duration / drive.stages
    return stage / math.ceil(stage / longest_step(job) - 1e-9)


def seed(job: Run, drive: Drive) -> int:
    """Return the seed of the thermal field of a run, which no other run of the job has.

    It belongs into OOMMF's `RandomSeed`: OOMMF initialises its generator with it after the evolver
    has done so with `uniform_seed`, which therefore has no effect.
    """
    seeds = np.random.SeedSequence([job.noise_key, round(drive.start / 1e-18)])
    # OOMMF takes a signed integer
    return int(seeds.generate_state(1)[0]) >> 1


def entries(opened: Session, job: Run, start: State) -> Iterator[tuple[float, State]]:
    """Yield times in s and states of a job, each run from the last state of the one before."""
    state = start
    for drive in drives(job):
        for stage, reached in enumerate(states(opened, job, drive, state)):
            state = reached
            yield drive.time(stage), state


def states(opened: Session, job: Run, drive: Drive, start: State) -> Iterator[State]:
    """Yield the states of a run as OOMMF saves them, and delete their files after reading.

    States are unit vectors (rows, columns, 3); `start` is that at the beginning.

    Raises
    ------
    OommfError
        If OOMMF dies or hangs.
    """
    import discretisedfield

    directory = Path(tempfile.mkdtemp(dir=opened.directory))
    write_input(job, drive, start, directory)
    process = opened.start(directory, f"{ubermag.SYSTEM_NAME}.mif")
    read, norm = 0, np.maximum(films.layer(job).norm, 1e-300)[..., None]
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
            yield np.transpose(field.array[:, :, 0, :], (1, 0, 2)) / norm
        if read == drive.stages:
            with suppress(subprocess.TimeoutExpired):
                process.wait(session.FLUSH_LIMIT)
            return
        if code or (code == 0 and now - advanced > session.FLUSH_LIMIT):
            raise _ended(code, read, drive, directory)
        if now - advanced > session.STUCK_LIMIT:
            raise OommfError(
                f"OOMMF hangs: no new state for {now - advanced:.0f} s after {read} of "
                f"{drive.stages}; it says: {message_of(directory)}; run it again"
            )
        time.sleep(0.1)


def _ended(code: int, read: int, drive: Drive, directory: Path) -> OommfError:
    """Return the error of a process that ended with a code before all states were read."""
    outcome = f"ended with code {code}" if code else "ended"
    words = message_of(directory)
    missing = [name for name in EXTENSIONS if name in words]
    fix = "".join(f"; add the extension {name} ({EXTENSIONS[name]}) to it" for name in missing)
    return OommfError(
        f"OOMMF {outcome} after {read} of {drive.stages} states; it says: {words}{fix}"
    )
