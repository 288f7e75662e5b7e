"""Simulation of one wall on one track with the chosen calculator, from a job to its trace.

Later stages do not depend on the calculator of a trace.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wallnet import files
from wallnet.files.progress import noted_progress
from wallnet.jobs import Run
from wallnet.jobs.code import revision_of
from wallnet.jobs.run import needs_of
from wallnet.simulate.calculator import Checkpoint, SimulationError
from wallnet.simulate.recorder import Recorder, initialized
from wallnet.simulate.registry import create
from wallnet.tracks import geometry

if TYPE_CHECKING:
    import xarray

__all__ = ["SimulationError", "initial_state", "progress_bar", "simulate", "state_of"]


def simulate(
    job: Run,
    initial: "xarray.Dataset | None" = None,
    progress: Callable[[float], None] = lambda time: None,
    output: str | Path | None = None,
) -> "xarray.Dataset":
    """Run a job.

    Parameters
    ----------
    job : Run
        A run of one step, or of none.
    initial : xarray.Dataset, optional
        Initial state (kind 'initial'). If not given, the wall is initialised.
    progress : callable
        Called with the simulated time in s during the simulation.
    output : str or Path, optional
        Path of the trace. With a calculator that resumes, a long simulation writes a checkpoint
        into the same folder and continues from it. The caller removes the checkpoint
        (`calculator.path_beside`) after writing the trace.

    Returns
    -------
    xarray.Dataset
        The trace, kind 'trace', with its origin in the attributes.

    Raises
    ------
    SimulationError
        If the simulation becomes unstable, or the trace ends early.
    """
    if len(job.steps) > 1 or job.step.repetitions > 1 or len(job.numbers) > 1:
        raise SimulationError(
            "no calculator simulates several steps or replicas at once; call run_pulse_train"
        )
    calculator = create(job.calculator_name, job.calculator, needs_of(job.plain()))
    if initial is None:
        start = initialized(job)
    else:
        start = np.nan_to_num(initial["initial_magnetization"].values)
        if start.shape[:2] != job.track.cells[::-1]:
            raise SimulationError(
                f"the initial state has {start.shape[1]}×{start.shape[0]} cells, the track "
                f"{job.track.cells[0]}×{job.track.cells[1]}; make it again from this track"
            )
    recorder = Recorder(job)
    begin = time.perf_counter()
    checkpoint = Checkpoint(output, job, start) if output and calculator.resumes else None
    try:
        work = calculator.run(job, start, recorder, progress, checkpoint)
        trace = _checked(recorder)
        attributes = recorder.reading()
        if job.step.quench:
            quench = Recorder(job.quenched())
            calculator.run(quench.job, recorder.latest, quench, lambda time: None, None)
            attributes |= zip(("quenched_bottom", "quenched_top"), quench.ends(), strict=True)
    except (RuntimeError, OSError) as error:
        raise SimulationError(f"{_describe(job)}: {error}") from error
    earlier = checkpoint.elapsed if checkpoint else 0.0
    return trace.assign_attrs(
        {
            "parameters": job.to_json(),
            "backend": job.calculator_name,
            **({"backend_version": job.calculator_code} if job.calculator_code else {}),
            "revision": revision_of(job.calculator_name),
            "pulse_end": recorder.pulse_end,
            "wall_time": round(time.perf_counter() - begin + earlier, 3),
            **attributes,
            **work,
        }
    )


def _describe(job: Run) -> str:
    if not job.pulse_end:
        return "relaxation without current"
    return f"pulse of {job.current_density:.4g} A/m²"


def _checked(recorder: Recorder) -> "xarray.Dataset":
    """Return the trace of a recorder; refuse one that is too short or not finite."""
    end = recorder.time[-1] if recorder.time else 0.0
    job, pause = recorder.job, recorder.job.step.pause
    shortest = min(job.rest.hold, pause) if recorder.ends_at_rest and job.rest else pause
    due = job.pulse_end + shortest
    if end < due * (1 - 1e-6):
        raise SimulationError(
            f"the trace ends at {end:.4g} s instead of {due:.4g} s or later; run it again, and "
            "read the calculator's log if it is still too short"
        )
    trace = recorder.trace()
    if not all(np.isfinite(trace[name]).all() for name in ("m", "wall_bottom", "wall_top")):
        raise SimulationError("the trace is not finite; the simulation became unstable")
    return trace


def initial_state(job: Run, output: str | Path | None = None) -> "xarray.Dataset":
    """Return the initial state of a device, relaxed for the stated time if there is one.

    Parameters
    ----------
    job : Run
        A job without current (`wallnet.jobs.initial_job`).
    output : str or Path, optional
        Path of the state, as in `simulate`.

    Returns
    -------
    xarray.Dataset
        Kind 'initial'. The attribute `drift` is the change of the mean wall position in m, and
        `lost_area` the area in m² that cells of smooth edges leave out (`tracks.geometry`).
    """
    if not job.steps:
        recorder = Recorder(job)
        recorder.record(0.0, initialized(job))
        trace = recorder.trace()
        trace.attrs.update(parameters=job.to_json(), backend="none")
    else:
        trace = simulate(job, output=output)
    position = trace["wall_position"].values
    drift = float(position[-1] - position[0])
    state = state_of(trace).assign_attrs(drift=drift, revision=revision_of(job.calculator_name))
    lost = geometry.lost_area(job.track)
    return state.assign_attrs(lost_area=lost) if lost else state


def state_of(trace: "xarray.Dataset") -> "xarray.Dataset":
    """Return the last snapshot of a trace as an initial state, with the trace's attributes."""
    values = {"initial_magnetization": trace["magnetization"][-1], "x": trace["x"], "y": trace["y"]}
    return files.dataset("initial", values, trace.attrs)


@contextmanager
def progress_bar(
    longest: float, shown: bool | None = None, output: str | Path | None = None
) -> Iterator[Callable[[float], None]]:
    """Show the simulated time as a progress bar, and note it beside the output.

    It yields a function of the simulated time in s, which is at most `longest`. If not `shown` or
    hidden, the bar is shown on a terminal, and nothing is written to a log. What is noted beside
    the output is for the display of the workflow.
    """
    if shown is None:
        from tqdm import tqdm
    else:  # the next line imports asyncio, which only a notebook needs
        from tqdm.auto import tqdm
    disable = None if shown is None else not shown
    total = round(longest / 1e-9, 3)
    noted = noted_progress(output, longest) if output else nullcontext(lambda time: None)
    bar = tqdm(desc="simulated time", total=total, unit="ns", disable=disable, leave=False)
    with bar, noted as write:

        def reached(simulated: float) -> None:
            bar.update(round(simulated / 1e-9, 3) - bar.n)
            write(simulated)

        yield reached
