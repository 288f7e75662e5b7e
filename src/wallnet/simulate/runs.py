"""Simulation of a run: its steps one after the other, each from the state that one before left.

At a temperature, the replicas of a run differ by their thermal fields.
"""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.files.attempt import Attempt
from wallnet.files.schema import OPTIONAL, VARIABLES, names_of
from wallnet.files.schema.states import FREE, WallState
from wallnet.jobs import Run
from wallnet.jobs.code import revision_of
from wallnet.simulate.calculator import SimulationError
from wallnet.simulate.recorder import Recorder, initialized
from wallnet.simulate.step import simulate_step
from wallnet.tracks.heated import beyond_model
from wallnet.tracks.states import States, gap, outcomes

if TYPE_CHECKING:
    import xarray

logger = logging.getLogger(__name__)

ALONG = ("pulse", "time", "snapshot")
"""Dimensions along which the steps of a run follow each other."""

TIMES = ("time", "snapshot_time", "pulse_start", "pause_end")
"""Variables that count from the start of the first step."""

SHARED = ("backend", "backend_version", "revision", "temperature", "seed", "domain_magnetization")
"""Attributes of the first step that are those of a run of several."""


class Course(NamedTuple):
    """One run, or one of its replicas, as it is simulated."""

    job: Run
    states: States
    """States of walls on its film."""
    progress: Callable[[float], None]
    """Function that receives the simulated time in s."""
    folder: Path | None
    """Folder of its finished steps, from which an interrupted run goes on."""


class Record(NamedTuple):
    """What the steps of a run did to a wall."""

    parts: "list[xarray.Dataset]"
    """Trace of each step that is read."""
    end: NDArray[np.floating]
    """Last magnetisation."""


def simulate(
    job: Run,
    initial: "xarray.Dataset | None" = None,
    progress: Callable[[float], None] = lambda time: None,
    output: str | Path | None = None,
    states: States | None = None,
) -> "xarray.Dataset":
    """Simulate the steps of a run, or of all its replicas, one after the other.

    A run ends after the first step with another outcome than the expected one. A replica does
    not depend on the others. Replicas whose wall is free at the end of the last pause go on as
    `job.free` says.

    Parameters
    ----------
    job : Run
        A run. Without steps, its wall is only placed.
    initial : xarray.Dataset, optional
        Run from whose last map of the magnetisation it starts. If not given, the wall is
        initialised.
    progress : callable
        Called with the simulated time in s, of all replicas, during the simulation.
    output : str or Path, optional
        Path of the result. A long simulation writes a checkpoint into the same folder, and
        finished steps into a hidden folder there; a killed run goes on from them. The caller
        removes both (`calculator.path_beside`, `unfinished`) after writing the result.
    states : States, optional
        States of walls on the film, which a run needs that ends or goes on by its state.

    Returns
    -------
    xarray.Dataset
        Kind 'run', with its origin in the attributes. The trace is that of the first replica. If a
        pulse heats the film beyond what can be simulated, there are no replicas, and the attribute
        `beyond_model` says why.

    Raises
    ------
    SimulationError
        If a simulation becomes unstable, or ends early. The message names replica and step. Also
        if a run needs states that are not given.
    """
    if states is None:
        if job.by_state and job.track.inner_notch_positions:
            raise SimulationError(
                "the run ends by the state of its wall; give the minima of its film (--after)"
            )
        states = States.without_minima(job)
    start = initialized(job) if initial is None else end_of(initial)
    if not job.steps:
        return _placed(job, start)
    if job.number_of_steps == 1 and not job.replicas:
        return _kept(job, simulate_step(job, start, progress, output))
    course = Course(job, states, progress, None if output is None else unfinished(output))
    if job.replicas:
        return _of_replicas(course, start)
    parts, _ = _followed(course, start)
    return joined(parts).assign_attrs(_about(job, parts))


def end_of(run: "xarray.Dataset") -> NDArray[np.floating]:
    """Return the magnetisation of the last map of a run, 0 in empty cells, (rows, columns, 3)."""
    return np.nan_to_num(run["magnetization"].values[-1])


def _placed(job: Run, start: NDArray[np.floating]) -> "xarray.Dataset":
    """Return a run without steps."""
    recorder = Recorder(job)
    recorder.record(0.0, start)
    origin = {"parameters": job.to_json(), "backend": "none"}
    return recorder.trace().assign_attrs(origin | {"revision": revision_of(job.calculator_name)})


def _kept(job: Run, run: "xarray.Dataset") -> "xarray.Dataset":
    """Return a run without the groups of variables that its job leaves out."""
    groups = [] if job.maps else ["maps"] if job.replicas else ["maps", "profile"]
    names = {*map(str, run.variables)}.difference(*(OPTIONAL["run"][group] for group in groups))
    return run[[*names_of("run", names)]]


def _followed(course: Course, start: NDArray[np.floating]) -> Record:
    """Simulate the steps of a run, until one has another outcome than the expected one."""
    job = course.job
    record = Record([], start)
    for step, trace in _steps(course, enumerate(job.parts(), start=1), start):
        record = record._replace(end=end_of(trace))
        if not step.read_steps:
            continue
        # the other maps would fill the memory
        record.parts.append(_kept(job, trace.isel(snapshot=[0, -1])))
        if not _as_expected(course, record.parts):
            break
    return record


def _steps(
    course: Course, parts: Iterable[tuple[int, Run]], start: NDArray[np.floating]
) -> "Iterator[tuple[Run, xarray.Dataset]]":
    """Yield steps with their traces, each from the magnetisation that the one before left.

    Each step has a number, under which its trace is kept in the folder of the run.
    """
    job, begin = course.job, 0.0
    identity = Attempt(job.to_json(), str(revision_of(job.calculator_name)), start).identity

    def reached(time: float) -> None:
        """Report the time since the start of the first step."""
        course.progress(begin + time)

    for number, step in parts:
        path = course.folder and course.folder / f"{number}.nc"
        trace = _finished(path, identity)
        if trace is None:
            try:
                trace = simulate_step(step, start, reached, path)
            except SimulationError as error:
                raise SimulationError(f"step {number}: {error}") from error
            trace = trace.assign_attrs(run=identity)
            if path:
                path.parent.mkdir(parents=True, exist_ok=True)
                files.write_dataset(trace, path, "run", {})
        yield step, trace
        start = end_of(trace)
        begin += float(trace["time"][-1])


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
    begins = np.cumsum([0.0, *(float(part["time"][-1]) for part in parts[:-1])])
    values: dict[str, NDArray[Any]] = {}
    for name, variable in parts[0].variables.items():
        arrays = [part[name].values for part in (parts[0], *later)]
        if name in TIMES:
            arrays = [begin + array for begin, array in zip(begins, arrays, strict=True)]
        axes = [number for number, axis in enumerate(variable.dims) if axis in ALONG]
        values[str(name)] = np.concatenate(arrays, axis=axes[0]) if axes else arrays[0]
    return files.dataset("run", values | {"pulse": np.arange(len(parts) + 1)})


def _about(job: Run, parts: "Sequence[xarray.Dataset]") -> dict[str, Any]:
    """Return the attributes of a run of several steps, or of all its replicas."""
    first = parts[0].attrs
    attributes = {name: first[name] for name in SHARED if name in first}

    def of_steps(name: str) -> list[Any]:
        return [part.attrs[name] for part in parts if name in part.attrs]

    seconds = sum(map(float, of_steps("wall_time")))
    attributes |= {"parameters": job.to_json(), "wall_time": round(seconds, 3)}
    if spins := of_steps("spin_temperature"):
        lengths = [float(part["time"][-1]) for part in parts]
        attributes["spin_temperature"] = np.average(spins, weights=lengths)
    if warnings := of_steps("warning"):
        attributes["warning"] = f"{len(warnings)} of {len(parts)} pulses: {warnings[0]}"
    if highest := of_steps("highest_temperature"):
        attributes["highest_temperature"] = float(max(highest))
    return attributes


def _of_replicas(course: Course, start: NDArray[np.floating]) -> "xarray.Dataset":
    """Simulate the replicas of a run."""
    job, done = course.job, 0.0
    assert job.temperature  # of every run with replicas
    if fault := beyond_model(job):
        logger.warning("pulse beyond the model: %s", fault)
        attributes = {
            "temperature": job.field,
            "seed": job.temperature.seed,
            "beyond_model": str(fault),
            "highest_temperature": fault.temperature,
        }
        none = _kept(job, _placed(job, start)).isel(replica=slice(0), pulse=slice(1))
        return none.assign_attrs(attributes | {"backend": job.calculator_name})

    def one(number: int, simulated: Callable[..., Any], start: NDArray[np.floating]) -> Any:
        """Simulate a replica, or its continuation after the last pause."""
        own = course._replace(
            job=job.model_copy(update={"replicas": (number, number)}),
            progress=lambda time: course.progress(done + time),
            folder=course.folder and course.folder / f"replica-{number}",
        )
        try:
            return simulated(own, start)
        except SimulationError as error:
            raise SimulationError(f"replica {number}: {error}") from error

    records: dict[int, Record] = {}
    for number in job.numbers:
        records[number] = one(number, _followed, start)
        done += job.duration
    runs = {number: joined(record.parts) for number, record in records.items()}
    for number in going_on(course, runs):
        onward = one(number, _onward, records[number].end)
        done += onward["onward_time"]
        for name, value in onward.items():
            runs[number][name][:] = value
    parts = [part for record in records.values() for part in record.parts]
    return _together([*runs.values()]).assign_attrs(_about(job, parts))


def _together(runs: "Sequence[xarray.Dataset]") -> "xarray.Dataset":
    """Return replicas of a run as one; the trace is that of the first."""
    longest = max(runs, key=lambda run: run.sizes["pulse"])
    missing = {name: VARIABLES[str(name)].missing for name in longest.data_vars}
    # a replica that ended early lacks the last pulses
    whole = [run.reindex(pulse=longest["pulse"], fill_value=missing) for run in runs]
    values = {name: whole[0][name].values for name in map(str, whole[0].variables)}
    for name, variable in longest.variables.items():
        if variable.dims[:1] == ("replica",):
            values[str(name)] = np.concatenate([run[name].values for run in whole])
        elif "pulse" in variable.dims:
            values[str(name)] = variable.values
    return files.dataset("run", values)


def going_on(course: Course, runs: "Mapping[int, xarray.Dataset]") -> list[int]:
    """Return the numbers of the replicas that go on after the last pause.

    Of those with a free wall between each pair of notches, they are the first ones.
    """
    job, free = course.job, course.job.free
    if not free:
        return []
    pulses, gaps = len(job.read_steps), dict[int, list[int]]()
    for number, run in runs.items():
        # a run that ended early is not at the end of the last pause
        for wall in outcomes(run, course.states)[pulses:]:
            if wall.state == FREE:
                gaps.setdefault(gap(job.track, wall.bottom, wall.top), []).append(number)
    chosen = (numbers[: math.ceil(free.share * len(numbers) - 1e-9)] for numbers in gaps.values())
    return sorted(number for numbers in chosen for number in numbers)


def _onward(course: Course, start: NDArray[np.floating]) -> dict[str, float]:
    """Simulate a replica with a free wall until a notch pins it; return its wall and the time."""
    time, walls = 0.0, []
    parts = enumerate(course.job.onward(), start=course.job.number_of_steps + 1)
    for _, trace in _steps(course, parts, start):
        time += float(trace["time"][-1])
        walls = outcomes(trace, course.states)
        if walls[-1].state != FREE:
            break
    last = walls[-1]
    ends = {"wall_bottom": last.bottom, "wall_top": last.top}
    return {
        f"onward_{name}": value
        for name, value in (ends | {"walls": last.walls, "time": time}).items()
    }
