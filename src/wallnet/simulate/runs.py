"""Simulation of runs: their steps one after the other, each from what the one before left.

The runs of a block go from step to step together, so that a calculator can integrate all of them at
once. None depends on the others.
"""

import logging
from collections.abc import Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.files.blocks import block_of, row_of
from wallnet.files.origin import digest_of
from wallnet.files.progress import Progress
from wallnet.files.schema import OPTIONAL, RUN, names_of
from wallnet.files.schema.states import FREE, WallState
from wallnet.jobs import Run
from wallnet.jobs.block import Block
from wallnet.jobs.code import revision_of
from wallnet.jobs.request import RUNS
from wallnet.simulate.calculator import SimulationError, identity_of
from wallnet.simulate.recorder import Recorder, Vectors, initialized
from wallnet.simulate.step import StepOfRun, integrates_together, simulate_steps
from wallnet.tracks.heated import beyond_model
from wallnet.tracks.states import States, outcomes

if TYPE_CHECKING:
    import xarray

logger = logging.getLogger(__name__)

ALONG = ("pulse", "time", "snapshot")
"""Dimensions along which the steps of a run follow each other."""

TIMES = ("time", "snapshot_time", "pulse_start", "pause_end")
"""Variables that count from the start of the first step."""

SHARED = ("backend", "backend_version", "revision", "temperature", "seed", "domain_magnetization")
"""Attributes of the first step that are those of a run of several."""

LEFT_OUT = {"maps": (), "trace": ("maps",), "ends": ("maps", "trace")}
"""Groups of variables that a run leaves out, by what it records."""

Start = tuple["xarray.Dataset | None", States | None]
"""Run from whose last map another starts, or None, and states of walls on its film."""

Following = Generator[StepOfRun, Any, "xarray.Dataset"]
"""Yields steps to simulate, and receives their traces."""


class Course(NamedTuple):
    """A run, as it is simulated."""

    job: Run
    start: Vectors
    """Magnetisation of its start, (rows, columns, 3)."""
    states: States
    """States of walls on its film."""
    output: Path | None
    """Path of its result, if it has a file of its own."""
    folder: Path | None
    """Folder of its finished steps, from which an interrupted run goes on."""

    @classmethod
    def of(cls, job: Run, start: Start, output: Path | None, folder: Path | None) -> "Course":
        """Return a run that starts from the last map of another, or from an initialised wall."""
        initial, states = start
        if states is None:
            if job.by_state and job.track.inner_notch_positions:
                raise SimulationError(
                    "the run ends by the state of its wall; give the minima of its film (--after)"
                )
            states = States.without_minima(job)
        m = initialized(job) if initial is None else end_of(initial)
        if m.shape[:2] != job.track.cells[::-1]:
            raise SimulationError(
                f"the initial state has {m.shape[1]}×{m.shape[0]} cells, the track "
                f"{job.track.cells[0]}×{job.track.cells[1]}; make it again from this track"
            )
        return cls(job, m, states, output, folder)


def simulate(
    job: Run,
    initial: "xarray.Dataset | None" = None,
    progress: Progress = lambda time: None,
    output: str | Path | None = None,
    states: States | None = None,
) -> "xarray.Dataset":
    """Simulate the steps of a run, one after the other.

    A run ends after the first step with another outcome than the expected one. A wall that is free
    at the end of the last pause goes on for at most `job.free_time`.

    Parameters
    ----------
    job : Run
        A run. Without steps, its wall is only placed.
    initial : xarray.Dataset, optional
        Run from whose last map of the magnetisation it starts. If not given, the wall is
        initialised.
    progress : callable
        Called with the simulated time in s during the simulation.
    output : str or Path, optional
        Path of the result. A long simulation writes a checkpoint into the same folder, and
        finished steps into a hidden folder there; a killed run goes on from them. The caller
        removes both (`calculator.path_beside`, `unfinished`) after writing the result.
    states : States, optional
        States of walls on the film, which a run needs that ends or goes on by its state.

    Returns
    -------
    xarray.Dataset
        Kind 'run', with its origin in the attributes. If a pulse heats a replica beyond what can be
        simulated, there is no wall after it, and the attribute `beyond_model` says why.

    Raises
    ------
    SimulationError
        If a simulation becomes unstable, or ends early. The message names the step. Also if a run
        needs states that are not given.
    """
    path = None if output is None else Path(output)
    course = Course.of(job, (initial, states), path, path and unfinished(path))
    (run,) = _followed([course], progress)
    if isinstance(run, SimulationError):
        raise run
    return run


def simulate_block(
    block: Block,
    starts: Sequence[Start],
    progress: Progress = lambda time: None,
    output: str | Path | None = None,
    earlier: "Mapping[str, xarray.Dataset] | None" = None,
) -> "xarray.Dataset":
    """Simulate the runs of a block.

    Parameters
    ----------
    block : Block
        The runs.
    starts : sequence of tuple
        Initial state and states of each run; see `simulate`.
    progress : callable
        Called with the simulated time in s, of all runs.
    output : str or Path, optional
        Path of the result; see `simulate`. Each run has a folder of finished steps.
    earlier : mapping, optional
        Finished runs by their JSON, which are not simulated again.

    Returns
    -------
    xarray.Dataset
        Kind 'run', along `run`; see `wallnet.files.blocks`.

    Raises
    ------
    SimulationError
        If runs fail, once the others are finished. The message names the first of them.
    """
    earlier, folder = earlier or {}, None if output is None else unfinished(output)
    finished = {row: earlier.get(job.to_json()) for row, job in enumerate(block.runs)}
    courses = {
        row: Course.of(job, start, None, folder and folder / digest_of(job.to_json())[:16])
        for row, (job, start) in enumerate(zip(block.runs, starts, strict=True))
        if finished[row] is None
    }
    results = dict(zip(courses, _followed([*courses.values()], progress), strict=True))
    failed = {row: run for row, run in results.items() if isinstance(run, SimulationError)}
    if failed:
        row, error = next(iter(failed.items()))
        more = f"; {len(failed) - 1} more runs fail" if len(failed) > 1 else ""
        raise SimulationError(f"{_name(block.runs[row], row)}: {error}{more}")
    runs = [
        run for run in (finished | results).values() if run and not isinstance(run, SimulationError)
    ]
    return block_of(runs, [*map(_numbers, block.runs)], block.to_json())


def finished_runs(output: str | Path) -> "dict[str, xarray.Dataset]":
    """Return the runs by their JSON that an earlier block of this revision finished.

    They are in the file of the block, or in that of a larger one whose halves it is now.
    """
    path = Path(output)
    runs: dict[str, xarray.Dataset] = {}
    name, _, bits = path.stem.partition("-")
    halved = [f"-{bits[:length]}".rstrip("-") for length in range(len(bits))]
    larger = [path.with_stem(name + half) for half in halved] if name == RUNS else []
    for earlier in filter(Path.exists, [path, *larger]):
        try:
            block = files.read_dataset(earlier, "run")
        except files.FileError as error:
            logger.warning("%s; simulating its runs again", error)
            continue
        if RUN in block.dims and block.attrs["revision"] == revision_of(block.attrs["backend"]):
            rows = (row_of(block, row) for row in range(block.sizes[RUN]))
            runs |= {str(run.attrs["parameters"]): run for run in rows}
    return runs


def _numbers(job: Run) -> tuple[int, int]:
    """Return the numbers of the sample and of the replica of a run; 0 where it has none."""
    return getattr(job.track, "sample", 0), job.replica or 0


def _name(job: Run, row: int) -> str:
    """Return what a message calls a run of a block."""
    numbers = zip(("sample", "replica"), _numbers(job), strict=True)
    return ", ".join(f"{what} {n}" for what, n in numbers if n) or f"run {row + 1}"


def end_of(run: "xarray.Dataset") -> Vectors:
    """Return the magnetisation of the last map of a run, 0 in empty cells, (rows, columns, 3)."""
    return np.nan_to_num(run["magnetization"].values[-1])


def _followed(
    courses: Sequence[Course], progress: Progress
) -> "list[xarray.Dataset | SimulationError]":
    """Simulate runs until each has ended or failed; return them, or why they failed.

    A step is kept once it is finished, of runs that a calculator integrates together once all are.
    """
    reached = [0.0] * len(courses)

    def noted(row: int) -> Progress:
        """Return a function that receives the simulated time of a run."""

        def note(time: float) -> None:
            reached[row] = time
            progress(sum(reached))

        return note

    results: dict[int, xarray.Dataset | SimulationError] = {}
    following = {row: _following(course, noted(row)) for row, course in enumerate(courses)}
    at_once = len(courses) > 1 and integrates_together(courses[0].job)
    for rows in [[*following]] if at_once else [[row] for row in following]:
        traces: dict[int, Any] = dict.fromkeys(rows)
        while traces:
            steps = {}
            for row, trace in traces.items():
                try:
                    steps[row] = following[row].send(trace)
                except StopIteration as stop:
                    results[row] = stop.value
                except SimulationError as error:
                    results[row] = error
            simulated = simulate_steps([*steps.values()]) if steps else []
            traces = dict(zip(steps, simulated, strict=True))
    return [results[row] for row in range(len(courses))]


def _following(course: Course, progress: Progress) -> Following:
    """Yield the steps of a run, and return the run."""
    job, start, begin = course.job, course.start, 0.0
    if not job.steps:
        return _placed(course)
    if job.replica and (fault := beyond_model(job)):
        logger.warning("pulse beyond the model: %s", fault)
        return _kept(job, _placed(course)).assign_attrs(
            backend=job.calculator_name,
            temperature=job.field,
            beyond_model=str(fault),
            highest_temperature=fault.temperature,
        )
    parts: list[xarray.Dataset] = []
    for number, step in enumerate(job.parts(), start=1):
        trace = yield from _step(course, number, step, start, partial(_since, progress, begin))
        start, begin = end_of(trace), begin + float(trace["time"][-1])
        if not step.read_steps and job.number_of_steps > 1:
            continue
        # more maps of trains would fill the memory
        kept = trace if job.number_of_steps == 1 else trace.isel(snapshot=[0, -1])
        parts.append(_kept(job, kept))
        if not _as_expected(course, parts):
            break
    run = parts[0] if job.number_of_steps == 1 else joined(parts).assign_attrs(_about(job, parts))
    read = outcomes(run, course.states)
    if not job.free_time or len(read) <= len(job.read_steps) or read[-1].state != FREE:
        return run
    return (yield from _gone_on(course, run, start, partial(_since, progress, begin)))


def _gone_on(
    course: Course, run: "xarray.Dataset", start: Vectors, progress: Progress
) -> Following:
    """Yield the parts of a run whose wall is free at the end, and return the run."""
    job, onward = course.job, 0.0
    for number, step in enumerate(job.onward(), start=job.number_of_steps + 1):
        trace = yield from _step(course, number, step, start, partial(_since, progress, onward))
        start, onward = end_of(trace), onward + float(trace["time"][-1])
        last = outcomes(trace, course.states)[-1]
        if last.state != FREE:
            break
    walls = {"time": onward, "walls": last.walls, "wall_bottom": last.bottom, "wall_top": last.top}
    return run.assign_coords(
        {
            f"onward_{name}": run[f"onward_{name}"].copy(data=np.float64(value))
            for name, value in walls.items()
        }
    )


def _since(progress: Progress, begin: float, time: float) -> None:
    """Report the time since the start of the first step, given that since the start of another."""
    progress(begin + time)


def _step(course: Course, number: int, step: Run, start: Vectors, progress: Progress) -> Following:
    """Yield a step, and return its trace; that of an earlier attempt if it was finished.

    It has a number, under which its trace is kept in the folder of the run. The trace of the only
    step of a run is kept only once this is written.
    """
    several = course.job.number_of_steps > 1 or course.output is None
    path = course.folder and course.folder / f"{number}.nc" if several else course.output
    revision = str(revision_of(course.job.calculator_name))
    identity = identity_of(course.job.to_json(), revision, course.start)
    trace = _finished(path, identity) if several else None
    if trace is not None:
        return trace
    trace = yield StepOfRun(step, start, progress, path)
    if isinstance(trace, SimulationError):
        raise SimulationError(
            f"step {number}: {trace}" if course.job.number_of_steps > 1 else trace
        )
    if path and several:
        path.parent.mkdir(parents=True, exist_ok=True)
        trace = trace.assign_attrs(run=identity)
        files.write_dataset(trace, path, "run", {})
    return trace


def _placed(course: Course) -> "xarray.Dataset":
    """Return a run without steps."""
    recorder = Recorder(course.job)
    recorder.record(0.0, course.start)
    revision = revision_of(course.job.calculator_name)
    origin = {"parameters": course.job.to_json(), "backend": "none", "revision": revision}
    return recorder.trace().isel(pulse=slice(1)).assign_attrs(origin)


def _kept(job: Run, run: "xarray.Dataset") -> "xarray.Dataset":
    """Return a run without the groups of variables that its job leaves out."""
    left_out = (OPTIONAL["run"][group] for group in LEFT_OUT[job.recorded])
    names = {*map(str, run.variables)}.difference(*left_out)
    return run[[*names_of("run", names)]]


def _as_expected(course: Course, parts: "Sequence[xarray.Dataset]") -> bool:
    """Return whether a run goes on: the wall rests in the expected states, first and last."""
    expected = course.job.expected
    if not expected:
        return True
    first, last = outcomes(parts[0], course.states)[0], outcomes(parts[-1], course.states)[-1]
    if expected[0] and first.state != expected[0]:
        return False
    return not (state := expected[len(parts)]) or last.rests_in(WallState(state))


def unfinished(output: str | Path) -> Path:
    """Return the hidden folder with the finished steps of an unfinished run."""
    output = Path(output)
    return output.with_name(f".{output.stem}.unfinished")


def _finished(path: Path | None, identity: str) -> "xarray.Dataset | None":
    """Return the trace of a step that an earlier attempt finished, or None."""
    if path is None or not path.exists():
        return None
    try:
        trace = files.read_dataset(path, "run")
    except files.FileError as error:
        logger.warning("%s; simulating this step again", error)
        return None
    return trace if trace.attrs.get("run") == identity else None


def joined(parts: "Sequence[xarray.Dataset]") -> "xarray.Dataset":
    """Return runs, of which each goes on from the one before, as one, without attributes.

    Times are those since the start of the first.
    """
    # the first entry of a later run is the last of the one before
    later = [
        part.isel({axis: slice(1, None) for axis in ALONG if axis in part.dims})
        for part in parts[1:]
    ]
    begins = np.cumsum([0.0, *(float(part["pause_end"][-1]) for part in parts[:-1])])
    values: dict[str, NDArray[Any]] = {}
    for name, variable in parts[0].variables.items():
        arrays = [part[name].values for part in (parts[0], *later)]
        if name in TIMES:
            arrays = [begin + array for begin, array in zip(begins, arrays, strict=True)]
        axes = [number for number, axis in enumerate(variable.dims) if axis in ALONG]
        values[str(name)] = np.concatenate(arrays, axis=axes[0]) if axes else arrays[0]
    return files.dataset("run", values | {"pulse": np.arange(len(parts) + 1)})


def _about(job: Run, parts: "Sequence[xarray.Dataset]") -> dict[str, Any]:
    """Return the attributes of a run of several steps."""
    first = parts[0].attrs
    attributes = {name: first[name] for name in SHARED if name in first}

    def of_steps(name: str) -> list[Any]:
        return [part.attrs[name] for part in parts if name in part.attrs]

    seconds = sum(map(float, of_steps("wall_time")))
    attributes |= {"parameters": job.to_json(), "wall_time": round(seconds, 3)}
    if spins := of_steps("spin_temperature"):
        lengths = [float(part["pause_end"][-1]) for part in parts]
        attributes["spin_temperature"] = np.average(spins, weights=lengths)
    if warnings := of_steps("warning"):
        attributes["warning"] = f"{len(warnings)} of {len(parts)} pulses: {warnings[0]}"
    if highest := of_steps("highest_temperature"):
        attributes["highest_temperature"] = float(max(highest))
    return attributes
