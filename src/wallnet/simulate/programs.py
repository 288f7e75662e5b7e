"""Simulation of a pulse train: its pulses, each from the state that the one before left."""

import argparse
import logging
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files, jobs, revisions, simulate, tracks
from wallnet.jobs import ProgramJob, SimulationJob

if TYPE_CHECKING:
    import xarray

logger = logging.getLogger(__name__)

OVER_TIME = (
    "m",
    "wall_position",
    "wall_bottom",
    "wall_top",
    "applied_current_density",
    "magnetization_profile",
)
"""Variables of the traces of the pulses that become one trace."""


def run_program(
    job: ProgramJob,
    initial: "xarray.Dataset",
    progress: Callable[[float], None] = lambda time: None,
    output: str | Path | None = None,
    enough: Callable[["xarray.Dataset", int], bool] = lambda trace, settled: False,
) -> "xarray.Dataset":
    """Simulate a pulse train.

    Parameters
    ----------
    job : ProgramJob
        Track, material, calculator and pulses.
    initial : xarray.Dataset
        State before the first pulse, kind 'initial'.
    progress : callable
        Called with the simulated time in s during the simulation.
    output : str or Path, optional
        Path of the result. Finished pulses are stored in a hidden folder next to it, and a killed
        pulse train continues after them. The caller removes the folder (`unfinished`) after writing
        the result.
    enough : callable
        Called after each pulse with its trace and whether both wall ends rest at its end (-1 if the
        pause is too short to tell). If it returns true, the pulses after it are left out.

    Returns
    -------
    xarray.Dataset
        The trace of the whole pulse train, kind 'program'.

    Raises
    ------
    wallnet.simulate.SimulationError
        If a simulation becomes unstable, or ends early. The message names the pulse.
    """
    revision = str(revisions.of(jobs.stage_of(job.simulation.calculator_name)))
    start = np.ascontiguousarray(initial["initial_magnetization"].values)
    identity = files.Attempt(job.to_json(), revision, start).identity
    state, time, parts = initial, 0.0, []
    steps = job.steps()
    for index, step in enumerate(steps, start=1):
        part = None if output is None else unfinished(output) / f"{index}.nc"
        trace = _finished(part, identity)
        if trace is None:
            shifted = partial(_shifted, progress, time)
            try:
                trace = simulate.simulate(step, state, shifted, part)
            except simulate.SimulationError as error:
                raise simulate.SimulationError(f"pulse {index}: {error}") from error
            trace = trace.assign_attrs(program=identity)
            if part is not None:
                part.parent.mkdir(parents=True, exist_ok=True)
                files.write_dataset(trace, part, "trace", {})
        state = simulate.state_of(trace)
        # the other maps would fill the memory
        parts.append(trace.isel(snapshot=[-1]))
        time += float(trace["time"][-1])
        if enough(trace, _settled(job, step, trace)):
            break
    return _joined(job, steps[: len(parts)], initial, parts)


def _shifted(progress: Callable[[float], None], begin: float, time: float) -> None:
    """Report the time since the start of the pulse train, given that since the start of a pulse."""
    progress(begin + time)


def unfinished(output: str | Path) -> Path:
    """Return the hidden folder with the finished pulses of an unfinished pulse train."""
    output = Path(output)
    return output.with_name(f".{output.stem}.unfinished")


def _finished(part: Path | None, identity: str) -> "xarray.Dataset | None":
    """Return the trace of a pulse that an earlier attempt finished, or None."""
    if part is None or not part.exists():
        return None
    try:
        trace = files.read_dataset(part, "trace")
    except files.FileError as error:
        logger.warning("%s; simulating this pulse again", error)
        return None
    return trace if trace.attrs.get("program") == identity else None


def _joined(
    job: ProgramJob,
    steps: list[SimulationJob],
    initial: "xarray.Dataset",
    parts: list["xarray.Dataset"],
) -> "xarray.Dataset":
    """Return the traces of all pulses as one, with the state after each pulse."""
    first = parts[0]
    # the first entry of a later trace is the last of the one before
    kept = [first, *(part.isel(time=slice(1, None)) for part in parts[1:])]
    lengths = [float(part["time"][-1]) for part in parts]
    starts = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    values: dict[str, Any] = {
        name: np.concatenate([part[name].values for part in kept]) for name in OVER_TIME
    }
    values["time"] = np.concatenate(
        [begin + part["time"].values for begin, part in zip(starts, kept, strict=True)]
    )
    maps = [initial["initial_magnetization"].values]
    maps += [part["magnetization"].isel(snapshot=-1).values for part in parts]
    ends = [
        (0.0, *_ends(first, 0)),
        *((e, *_ends(p, -1)) for e, p in zip(lengths, parts, strict=True)),
    ]
    width = job.simulation.material.wall_width_parameter
    origin = sum(ends[0][1:]) / 2
    values |= {
        "magnetic_cells": first["magnetic_cells"].values,
        "x": first["x"].values,
        "y": first["y"].values,
        "pulse": np.arange(len(parts) + 1),
        "program_current_density": [0.0, *(step.current_density for step in steps)],
        "pulse_start": [0.0, *starts],
        "pulse_duration": [0.0, *(step.pulse_duration for step in steps)],
        "pause_end": [0.0, *(starts + lengths)],
        "pulse_magnetization": np.stack(maps),
        "pulse_state": [
            str(tracks.wall_state(job.simulation.track, width, origin, bottom, top))
            for _, bottom, top in ends
        ],
        "pulse_settled": [-1, *(_settled(job, s, p) for s, p in zip(steps, parts, strict=True))],
    }
    described = {
        key: first.attrs[key] for key in ("backend", "backend_version") if key in first.attrs
    }
    return files.dataset("program", values).assign_attrs(
        {
            **described,
            "parameters": job.to_json(),
            "revision": first.attrs["revision"],
            "wall_time": round(sum(float(part.attrs["wall_time"]) for part in parts), 3),
        }
    )


def _ends(trace: "xarray.Dataset", entry: int) -> tuple[float, float]:
    """Return the positions of both wall ends in m in one entry of a trace."""
    return float(trace["wall_bottom"][entry]), float(trace["wall_top"][entry])


def _settled(job: ProgramJob, step: SimulationJob, trace: "xarray.Dataset") -> int:
    """Return whether both ends rest at the end of a pause, -1 if it is too short to tell."""
    relaxation = job.simulation.relaxation
    if step.relaxation.longest < relaxation.hold * (1 - 1e-9):
        return -1
    time: NDArray[np.float64] = trace["time"].values
    last = time >= time[-1] - relaxation.hold * (1 + 1e-9)
    ends = (trace[name].values[last] for name in ("wall_bottom", "wall_top"))
    return int(tracks.at_rest(time[last], ends, relaxation.speed))


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `program` to the command line."""
    command = subparsers.add_parser("program", help="run a sequence of pulses on one track")
    command.add_argument("--job", required=True, help="canonical JSON of jobs.ProgramJob")
    command.add_argument("--initial", required=True, help="netCDF file of the initial state")
    command.add_argument("--out", required=True, help="netCDF file to write")
    command.set_defaults(handler=_program)


def _program(arguments: argparse.Namespace) -> None:
    job = ProgramJob.from_json(arguments.job)
    initial = files.read_dataset(arguments.initial, "initial")
    longest = sum(step.pulse_duration + step.relaxation.longest for step in job.steps())
    with simulate.progress_bar(longest, output=arguments.out) as progress:
        trace = run_program(job, initial, progress, arguments.out)
    files.write_dataset(trace, arguments.out, "program", {})
    shutil.rmtree(unfinished(arguments.out), ignore_errors=True)
    for pulse in trace["pulse"].values:
        print(
            f"pulse {pulse}: {trace['program_current_density'].values[pulse] / 1e12:+.4f}e12 A/m2, "
            f"{trace['pulse_state'].values[pulse]}"
        )
