"""Simulation of one point of an operating window, up to the step that fails.

A step works if the wall rests after its pause at the notch next to the one before, or still at the
last notch in the direction of the current.
"""

import argparse
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import files, simulate, tracks
from wallnet.files import WallState
from wallnet.files.schema import KINDS
from wallnet.files.schema.states import EXPELLED, REVERSED
from wallnet.files.schema.windows import LEAVES, MOVES, SKIPS, START, STICKS, WORKS
from wallnet.jobs import StaircaseJob
from wallnet.simulate.programs import run_program, unfinished

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Pause:
    """The wall at the end of a pause.

    Attributes
    ----------
    state : WallState
        Its state.
    position : float
        Mean position of its two ends in m.
    resting : bool
        Whether both ends rest.
    """

    state: WallState
    position: float
    resting: bool = True


def wanted_notch(step: int, notches: int) -> int:
    """Return the notch, counted from 1, at which the wall has to rest after a step.

    Parameters
    ----------
    step : int
        Number of the step, counted from 1; 0 is the start.
    notches : int
        Number of notches, which is that of the steps upwards and of those downwards.
    """
    return min(1 + step, notches) if step <= notches else max(2 * notches - step, 1)


def judged(pauses: Sequence[Pause], notches: Sequence[float]) -> tuple[str, int]:
    """Return the outcome of stepwise switching, and the first step that failed.

    Parameters
    ----------
    pauses : sequence of Pause
        The wall at the start and after each step so far.
    notches : sequence of float
        Positions of the notches in m, ascending.

    Returns
    -------
    tuple
        A key of `wallnet.files.schema.windows.OUTCOMES`, and the number of the step that failed;
        `WORKS` and 0 if all of these steps worked.
    """
    count = len(notches)
    for step, pause in enumerate(pauses):
        wanted = wanted_notch(step, count)
        if pause.state in (REVERSED, EXPELLED):
            return LEAVES, step
        if not pause.resting:
            return MOVES, step
        if pause.state == WallState.at(wanted, wanted):
            continue
        if step == 0:
            return START, step
        forward = 1 if step <= count else -1
        further = forward * (pause.position - notches[wanted - 1])
        return (SKIPS if further > 0 else STICKS), step
    return WORKS, 0


def run_staircase(
    job: StaircaseJob,
    initial: "xarray.Dataset",
    progress: Callable[[float], None] = lambda time: None,
    output: str | Path | None = None,
) -> "xarray.Dataset":
    """Simulate stepwise switching up to the first step that fails.

    Parameters
    ----------
    job : StaircaseJob
        Track, material, calculator and the pulses of a step.
    initial : xarray.Dataset
        State before the first step, kind 'initial'.
    progress, output
        As for `wallnet.simulate.programs.run_program`.

    Returns
    -------
    xarray.Dataset
        Walls and states after each pulse, and the outcome, kind 'staircase'.
    """
    track, width = job.simulation.track, job.simulation.material.wall_width_parameter
    start = tracks.wall_ends(
        track, tracks.magnetic_mask(track), initial["initial_magnetization"].values
    )
    origin = sum(start) / 2
    pauses = [Pause(tracks.wall_state(track, width, origin, *start), origin)]
    pulses = 0

    def failed(trace: "xarray.Dataset", settled: int) -> bool:
        nonlocal pulses
        pulses += 1
        if pulses % len(job.step):
            return False
        bottom, top = (float(trace[name][-1]) for name in ("wall_bottom", "wall_top"))
        state = tracks.wall_state(track, width, origin, bottom, top)
        pauses.append(Pause(state, (bottom + top) / 2, settled == 1))
        return judged(pauses, job.notches)[0] != WORKS

    program = run_program(job.program(), initial, progress, output, failed)
    outcome, step = judged(pauses, job.notches)
    # the entry at which each pause ends, rounding aside
    time = program["time"].values
    ends = [int(np.argmin(np.abs(time - end))) for end in program["pause_end"].values]
    values: dict[str, Any] = {
        name: program[name].values for name in KINDS["staircase"] if name in program
    }
    values |= {
        f"pulse_{name}": program[name].values[ends]
        for name in ("wall_position", "wall_bottom", "wall_top")
    }
    values |= {"outcome": outcome, "outcome_step": step, "outcome_state": pauses[-1].state}
    attributes = {**program.attrs, "parameters": job.to_json()}
    return files.dataset("staircase", values).assign_attrs(attributes)


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `staircase` to the command line."""
    command = subparsers.add_parser(
        "staircase", help="run pulses that have to move a wall by one notch each"
    )
    command.add_argument("--job", required=True, help="canonical JSON of jobs.StaircaseJob")
    command.add_argument("--initial", required=True, help="netCDF file of the initial state")
    command.add_argument("--out", required=True, help="netCDF file to write")
    command.set_defaults(handler=_staircase)


def _staircase(arguments: argparse.Namespace) -> None:
    job = StaircaseJob.from_json(arguments.job)
    initial = files.read_dataset(arguments.initial, "initial")
    longest = job.steps * sum(part.duration + part.pause for part in job.step)
    with simulate.progress_bar(longest, output=arguments.out) as progress:
        found = run_staircase(job, initial, progress, arguments.out)
    files.write_dataset(found, arguments.out, "staircase", {})
    shutil.rmtree(unfinished(arguments.out), ignore_errors=True)
    step = f" at step {found['outcome_step'].item()}" if found["outcome_step"] else ""
    print(f"{arguments.out}: {found['outcome'].item()}{step}, {found['outcome_state'].item()}")
