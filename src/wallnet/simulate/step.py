"""Simulation of one step of a run with its calculator, from a magnetisation to a trace."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wallnet.jobs import Run
from wallnet.jobs.code import revision_of
from wallnet.jobs.run import needs_of
from wallnet.simulate.calculator import Checkpoint, SimulationError
from wallnet.simulate.recorder import Recorder
from wallnet.simulate.registry import create

if TYPE_CHECKING:
    import xarray


def simulate_step(
    job: Run,
    start: NDArray[np.floating],
    progress: Callable[[float], None],
    output: str | Path | None,
) -> "xarray.Dataset":
    """Simulate a run of one step; see `wallnet.simulate.simulate`.

    Parameters
    ----------
    job : Run
        A run of one step.
    start : ndarray (rows, columns, 3)
        Magnetisation from which it starts.
    progress : callable
        Called with the simulated time in s during the simulation.
    output : str or Path, optional
        Path of the trace. With a calculator that resumes, a long simulation writes a checkpoint
        into the same folder and continues from it. The caller removes the checkpoint
        (`calculator.path_beside`) after writing the trace.

    Returns
    -------
    xarray.Dataset
        The trace with all maps, kind 'run', with its origin in the attributes.
    """
    if start.shape[:2] != job.track.cells[::-1]:
        raise SimulationError(
            f"the initial state has {start.shape[1]}×{start.shape[0]} cells, the track "
            f"{job.track.cells[0]}×{job.track.cells[1]}; make it again from this track"
        )
    calculator = create(job.calculator_name, job.calculator, needs_of(job.plain()))
    recorder, quench = Recorder(job), None
    begin = time.perf_counter()
    checkpoint = Checkpoint(output, job, start) if output and calculator.resumes else None
    try:
        work = calculator.run(job, start, recorder, progress, checkpoint)
        _check_end(recorder)
        if job.step.quench:
            quench = Recorder(job.quenched())
            calculator.run(quench.job, recorder.latest, quench, lambda time: None, None)
        trace = recorder.trace(quench)
        if not all(np.isfinite(trace[name]).all() for name in ("m", "wall_bottom", "wall_top")):
            raise SimulationError("the trace is not finite; the simulation became unstable")
    except (RuntimeError, OSError) as error:
        raise SimulationError(f"{_describe(job)}: {error}") from error
    earlier = checkpoint.elapsed if checkpoint else 0.0
    return trace.assign_attrs(
        {
            "parameters": job.to_json(),
            "backend": job.calculator_name,
            **({"backend_version": job.calculator_code} if job.calculator_code else {}),
            "revision": revision_of(job.calculator_name),
            "wall_time": round(time.perf_counter() - begin + earlier, 3),
            **recorder.attributes(),
            **work,
        }
    )


def _describe(job: Run) -> str:
    if not job.pulse_end:
        return "relaxation without current"
    return f"pulse of {job.current_density:.4g} A/m²"


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
