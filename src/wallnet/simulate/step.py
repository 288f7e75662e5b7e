"""Simulation of a step of runs with their calculator, from magnetisations to traces."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wallnet.files.progress import Progress
from wallnet.jobs import Run
from wallnet.jobs.code import revision_of
from wallnet.jobs.run import needs_of
from wallnet.simulate.calculator import Calculator, Checkpoint, Part, SimulationError
from wallnet.simulate.recorder import Recorder, Vectors
from wallnet.simulate.registry import class_of, create

if TYPE_CHECKING:
    import xarray


class StepOfRun(NamedTuple):
    """A run of one step, as it is simulated."""

    job: Run
    start: Vectors
    """Magnetisation from which it starts, (rows, columns, 3)."""
    progress: Progress
    """Function that receives the simulated time in s."""
    output: Path | None
    """Path of its trace. With a calculator that resumes, a long simulation writes a checkpoint into
    the same folder and continues from it."""


def integrates_together(job: Run) -> bool:
    """Return whether the calculator of a run integrates several runs at once."""
    return class_of(job.calculator_name).run_all is not Calculator.run_all


def simulate_steps(steps: Sequence[StepOfRun]) -> "list[xarray.Dataset | SimulationError]":
    """Simulate a step of each of several runs with one calculator.

    Returns
    -------
    list
        For each, its trace with all maps, kind 'run', with its origin in the attributes, or why it
        failed. The caller removes checkpoints (`calculator.path_beside`) after writing the traces.
    """
    first, begin = steps[0].job, time.perf_counter()
    needs = set[str]().union(*(needs_of(step.job.plain()) for step in steps))
    calculator = create(first.calculator_name, first.calculator, needs)
    parts = [
        Part(
            step.job,
            step.start,
            Recorder(step.job),
            step.progress,
            Checkpoint(step.output, step.job, step.start)
            if step.output and calculator.resumes
            else None,
        )
        for step in steps
    ]
    works = calculator.run_all(parts)
    quenches = {
        row: Part(cold := part.job.quenched(), part.recorder.latest, Recorder(cold))
        for row, (part, work) in enumerate(zip(parts, works, strict=True))
        if part.job.step.quench and not isinstance(work, Exception)
    }
    if quenches:
        for row, work in zip(quenches, calculator.run_all([*quenches.values()]), strict=True):
            if isinstance(work, Exception):
                works[row] = work
    seconds = (time.perf_counter() - begin) / len(parts)
    results: list[xarray.Dataset | SimulationError] = []
    for row, (part, work) in enumerate(zip(parts, works, strict=True)):
        quench = quenches[row].recorder if row in quenches else None
        try:
            results.append(_trace(part, work, quench, seconds))
        except (RuntimeError, OSError) as error:
            pulse = f"pulse of {part.job.current_density:.4g} A/m²"
            what = pulse if part.job.pulse_end else "relaxation without current"
            results.append(SimulationError(f"{what}: {error}"))
    return results


def _trace(
    part: Part, work: dict[str, Any] | Exception, quench: Recorder | None, seconds: float
) -> "xarray.Dataset":
    """Return the trace of a step, given what `run` returned; raise the error that it raised."""
    if isinstance(work, Exception):
        raise work
    job, recorder = part.job, part.recorder
    _check_end(recorder)
    trace = recorder.trace(quench)
    if not all(np.isfinite(trace[name]).all() for name in ("m", "wall_bottom", "wall_top")):
        raise SimulationError("the trace is not finite; the simulation became unstable")
    earlier = part.checkpoint.elapsed if part.checkpoint else 0.0
    return trace.assign_attrs(
        {
            "parameters": job.to_json(),
            "backend": job.calculator_name,
            **({"backend_version": job.calculator_code} if job.calculator_code else {}),
            "revision": revision_of(job.calculator_name),
            "wall_time": round(seconds + earlier, 3),
            **recorder.attributes(),
            **work,
        }
    )


def _check_end(recorder: Recorder) -> None:
    """Refuse a trace that is too short."""
    end = recorder.time[-1] if recorder.time else 0.0
    job, pause = recorder.job, recorder.job.step.pause
    shortest = min(job.rest.hold, pause) if recorder.ends_at_rest and job.rest else pause
    due = job.pulse_end + shortest
    if end < due * (1 - 1e-6):
        raise SimulationError(
            f"the trace ends at {end:.4g} s instead of {due:.4g} s or later; run it again, and "
            "read the calculator's log if it is still too short"
        )
