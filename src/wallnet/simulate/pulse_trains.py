"""Simulation of a train of pulses, each from the state that the one before left.

At a temperature, a block of replicas of a train differs by their thermal fields.
"""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet import files, simulate
from wallnet.files.attempt import Attempt
from wallnet.files.schema import COMPONENTS, blank
from wallnet.files.schema.states import FREE, WallState
from wallnet.jobs import Run
from wallnet.jobs.code import revision_of
from wallnet.simulate.recorder import ENDS
from wallnet.tracks import films
from wallnet.tracks.geometry import centres
from wallnet.tracks.heated import beyond_model
from wallnet.tracks.states import States, gap

if TYPE_CHECKING:
    import xarray

logger = logging.getLogger(__name__)

OVER_TIME = ("wall_position", "wall_bottom", "wall_top", "applied_current_density")
"""Variables of the traces of the pulses that become one trace."""

MAPPED = ("m", "magnetization_profile")
"""Variables that a train without maps leaves out."""

TRACED = 2
"""Number of the first replicas of a block whose traces are kept."""

OF_TRAIN = ("backend", "backend_version", "revision", "temperature", "seed", "domain_magnetization")
"""Attributes of the first trace that are those of the train."""

_Z = COMPONENTS.index("z")


class TrainRun(NamedTuple):
    """One run of a train of pulses, or of one of its replicas."""

    job: Run
    states: States
    """States of walls on its film."""
    progress: Callable[[float], None]
    """Function that receives the simulated time in s."""
    folder: Path | None
    """Folder of its finished pulses, from which an interrupted run goes on."""


class Course(NamedTuple):
    """What a train of pulses does to a wall."""

    parts: "list[xarray.Dataset]"
    """Trace of each pulse with its pause, with the last map only."""
    walls: list[dict[str, Any]]
    """Variables of the wall before the first pulse and at the end of each pause."""


def run_pulse_train(
    job: Run,
    initial: "xarray.Dataset",
    progress: Callable[[float], None] = lambda time: None,
    output: str | Path | None = None,
    states: States | None = None,
) -> "xarray.Dataset":
    """Simulate the steps of a run, or of a block of replicas of it, one after the other.

    A run ends after the first step with another outcome than the expected one. A replica does
    not depend on its block. Replicas whose wall is free at the end of the last pause go on as
    `job.free` says.

    Parameters
    ----------
    job : Run
        A run with steps; with replicas, at a temperature.
    initial : xarray.Dataset
        State before the first step, kind 'initial'.
    progress : callable
        Called with the simulated time in s, of all replicas, during the simulation.
    output : str or Path, optional
        Path of the result. Finished steps are stored in a hidden folder next to it, and a killed
        run continues after them. The caller removes the folder (`unfinished`) after writing the
        result.
    states : States, optional
        States of walls on the film, which a run needs that ends or goes on by its state.

    Returns
    -------
    xarray.Dataset
        The trace of the whole train, kind 'train'; of replicas kind 'ensemble'. If a pulse heats
        the film beyond what can be simulated, there are no replicas, and the attribute
        `beyond_model` says why.

    Raises
    ------
    wallnet.simulate.SimulationError
        If a simulation becomes unstable, or ends early. The message names replica and step. Also
        if a run needs states that are not given.
    """
    if not job.steps:
        raise ValueError("the run has no steps; call simulate.initial_state")
    if states is None:
        if job.by_state and job.track.inner_notch_positions:
            raise simulate.SimulationError(
                "the train ends by the state of its wall; give the minima of its film (--after)"
            )
        states = States.without_minima(job)
    run = TrainRun(job, states, progress, None if output is None else unfinished(output))
    if not job.replicas:
        return joined(job, initial, course(run, initial))
    return _block(run, initial)


def course(run: TrainRun, initial: "xarray.Dataset") -> Course:
    """Simulate a train of pulses; see `run_pulse_train`."""
    record = Course([], [])
    for part, trace in followed(run, enumerate(run.job.parts(), start=1), initial):
        if not part.read_steps:
            continue
        # the other maps would fill the memory
        record.parts.append(trace.isel(snapshot=[-1]))
        if not record.walls:
            record.walls.append(wall_of(trace, 0) | {"pulse_settled": -1})
        settled = int(trace.attrs["settled"])
        record.walls.append(wall_of(trace, -1) | {"pulse_settled": settled})
        if not _as_expected(run, record.walls, files.is_resting(trace.attrs, settled)):
            break
    return record


def followed(
    run: TrainRun, steps: Iterable[tuple[int, Run]], initial: "xarray.Dataset"
) -> "Iterator[tuple[Run, xarray.Dataset]]":
    """Yield steps of a train with their traces, each from the state that the one before left.

    Each step has a number, under which its trace is kept in the folder of the run.
    """
    job, start = run.job, np.ascontiguousarray(initial["initial_magnetization"].values)
    identity = Attempt(job.to_json(), str(revision_of(job.calculator_name)), start).identity
    state, begin = initial, 0.0

    def reached(time: float) -> None:
        """Report the time since the start of the first step."""
        run.progress(begin + time)

    for index, step in steps:
        part = run.folder and run.folder / f"{index}.nc"
        trace = _finished(part, identity)
        if trace is None:
            try:
                trace = simulate.simulate(step, state, reached, part)
            except simulate.SimulationError as error:
                raise simulate.SimulationError(f"step {index}: {error}") from error
            trace = trace.assign_attrs(train=identity)
            if part:
                part.parent.mkdir(parents=True, exist_ok=True)
                files.write_dataset(trace, part, "trace", {})
        yield step, trace
        state = simulate.state_of(trace)
        begin += float(trace["time"][-1])


def wall_of(trace: "xarray.Dataset", entry: int) -> dict[str, Any]:
    """Return the variables of the wall in the first (0) or last (-1) entry of a pulse's trace."""
    names = ("wall_position", "wall_bottom", "wall_top", "walls")
    wall: dict[str, Any] = {f"pulse_{name}": trace[name].values[entry].item() for name in names}
    if entry:  # a pulse may be followed by a quench
        wall["pulse_wall_bottom"], wall["pulse_wall_top"] = files.last_ends(trace)
    return wall


def _state(states: States, wall: Mapping[str, Any], resting: bool | None) -> WallState:
    bottom, top, walls = (wall[f"pulse_{name}"] for name in ("wall_bottom", "wall_top", "walls"))
    return states.state((bottom, top), walls, resting)


def _as_expected(run: TrainRun, walls: list[dict[str, Any]], rests: bool | None) -> bool:
    """Return whether a train goes on: the wall rests in the expected states, first and last."""
    expected = run.job.expected
    if not expected:
        return True
    required = expected[len(walls) - 1]
    if expected[0] and _state(run.states, walls[0], None) != expected[0]:
        return False
    return not required or (rests is True and _state(run.states, walls[-1], rests) == required)


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
    return trace if trace.attrs.get("train") == identity else None


def joined(job: Run, initial: "xarray.Dataset", record: Course) -> "xarray.Dataset":
    """Return the traces of all pulses as one, with the wall after each pulse."""
    (first, *_), walls = parts, _ = record
    values = pulses_of(job, parts) | over_time(parts, (*OVER_TIME, *(MAPPED if job.maps else ())))
    if job.maps:
        magnetization = [initial["initial_magnetization"].values]
        magnetization += [part["magnetization"].isel(snapshot=-1).values for part in parts]
        values |= {name: first[name].values for name in ("magnetic_cells", "x", "y")}
        values["pulse_magnetization"] = np.stack(magnetization)
    values |= {name: [wall[name] for wall in walls] for name in walls[0]}
    return files.dataset("train", values, about(job, parts))


def over_time(parts: list["xarray.Dataset"], names: Iterable[str]) -> dict[str, Any]:
    """Return variables of the traces of all pulses over the time since the first."""
    # the first entry of a later trace is the last of the one before
    kept = [parts[0], *(part.isel(time=slice(1, None)) for part in parts[1:])]
    starts, _ = _times(parts)
    times = [begin + part["time"].values for begin, part in zip(starts, kept, strict=True)]
    values = {name: np.concatenate([part[name].values for part in kept]) for name in names}
    return values | {"time": np.concatenate(times)}


def _times(parts: list["xarray.Dataset"]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return start and length in s of each pulse with its pause."""
    lengths = np.array([float(part["time"][-1]) for part in parts])
    return np.cumsum([0.0, *lengths])[:-1], lengths


def pulses_of(job: Run, parts: list["xarray.Dataset"]) -> dict[str, Any]:
    """Return the variables of the pulses of a train, and of the state before."""
    starts, lengths = _times(parts)
    steps = job.read_steps[: len(parts)]
    return {
        "pulse": np.arange(len(parts) + 1),
        "pulse_train_current_density": [0.0, *(step.current_density for step in steps)],
        "pulse_start": [0.0, *starts],
        "pulse_duration": [0.0, *(step.duration for step in steps)],
        "pause_end": [0.0, *(starts + lengths)],
    }


def about(job: Run, parts: list["xarray.Dataset"]) -> dict[str, Any]:
    """Return the attributes of a train, or of the trains of all replicas, given their parts."""
    first = parts[0].attrs
    attributes = {name: first[name] for name in OF_TRAIN if name in first}

    def of_pulses(name: str) -> list[Any]:
        return [part.attrs[name] for part in parts if name in part.attrs]

    seconds = sum(map(float, of_pulses("wall_time")))
    attributes |= {"parameters": job.to_json(), "wall_time": round(seconds, 3)}
    if spins := of_pulses("spin_temperature"):
        attributes["spin_temperature"] = np.average(spins, weights=_times(parts)[1])
    if warnings := of_pulses("warning"):
        attributes["warning"] = f"{len(warnings)} of {len(parts)} pulses: {warnings[0]}"
    if highest := of_pulses("highest_temperature"):
        attributes["highest_temperature"] = float(max(highest))
    return attributes


def _block(run: TrainRun, initial: "xarray.Dataset") -> "xarray.Dataset":
    """Simulate a block of replicas; see `run_pulse_train`."""
    job = run.job
    assert job.temperature  # of every run with replicas
    if fault := beyond_model(job):
        logger.warning("pulse beyond the model: %s", fault)
        attributes = {
            "parameters": job.to_json(),
            "backend": job.calculator_name,
            "revision": revision_of(job.calculator_name),
            "temperature": job.field,
            "seed": job.temperature.seed,
            "beyond_model": str(fault),
            "highest_temperature": fault.temperature,
        }
        return files.dataset("ensemble", _replicas(job, {}, {}), attributes)
    courses: dict[int, Course] = {}
    onward: dict[int, dict[str, Any]] = {}
    done = 0.0

    def one(number: int, simulated: Callable[..., Any], start: "xarray.Dataset | Course") -> Any:
        """Simulate a replica, or its continuation after the last pause."""
        own = run._replace(
            job=job.model_copy(update={"replicas": (number, number)}),
            progress=lambda time: run.progress(done + time),
            folder=run.folder and run.folder / f"replica-{number}",
        )
        try:
            return simulated(own, start)
        except simulate.SimulationError as error:
            raise simulate.SimulationError(f"replica {number}: {error}") from error

    for number in job.numbers:
        courses[number] = one(number, course, initial)
        done += job.duration
    for number in going_on(run, courses):
        onward[number] = one(number, _onward, courses[number])
        done += onward[number]["time"]
    every = [part for record in courses.values() for part in record.parts]
    return files.dataset("ensemble", _replicas(job, courses, onward), about(job, every))


def going_on(run: TrainRun, courses: Mapping[int, Course]) -> list[int]:
    """Return the numbers of the replicas that go on after the last pause.

    Of those with a free wall between each pair of notches, they are the first ones.
    """
    job, free = run.job, run.job.free
    if not free:
        return []
    pulses = len(job.read_steps)
    gaps: dict[int, list[int]] = {}
    for number, record in courses.items():
        # a train that ended early is not at the end of the last pause
        for wall in record.walls[pulses:]:
            if _state(run.states, wall, True) == FREE:
                ends = wall["pulse_wall_bottom"], wall["pulse_wall_top"]
                gaps.setdefault(gap(job.track, *ends), []).append(number)
    chosen = (numbers[: math.ceil(free.share * len(numbers) - 1e-9)] for numbers in gaps.values())
    return sorted(number for numbers in chosen for number in numbers)


def _onward(run: TrainRun, before: Course) -> dict[str, Any]:
    """Simulate a replica with a free wall until a notch pins it; return its wall and the time."""
    state, time = simulate.state_of(before.parts[-1]), 0.0
    wall: dict[str, Any] = {}
    parts = enumerate(run.job.onward(), start=run.job.number_of_steps + 1)
    for _, trace in followed(run, parts, state):
        time += float(trace["time"][-1])
        wall = wall_of(trace, -1)
        if _state(run.states, wall, True) != FREE:
            break
    return wall | {"time": time}


def _replicas(
    job: Run, courses: Mapping[int, Course], onward: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the variables of the trains of all replicas."""
    longest = max((record.parts for record in courses.values()), key=len, default=[])
    traced = list(courses)[:TRACED]
    traces = [over_time(courses[number].parts, (*OVER_TIME, *MAPPED)) for number in traced]
    shared = ("time", "applied_current_density")
    whole = max(traces, key=lambda trace: len(trace["time"]), default=dict.fromkeys(shared, ()))
    x, _ = centres(job.track)
    values = blank(
        "ensemble",
        **{"replica": len(courses), "pulse": len(longest) + 1, "moment": 2, "x": x.size},
        **{"traced": len(traced), "time": len(whole["time"]), "component": len(COMPONENTS)},
    )
    for row, (number, record) in enumerate(courses.items()):
        for pulse, wall in enumerate(record.walls):
            entry, part, entries = (row, pulse), record.parts[max(pulse - 1, 0)], [0, 0]
            if pulse:  # the ends of the pulse and of the pause
                off = np.abs(part["time"].values - part.attrs["pulse_end"])
                entries = [int(np.argmin(off)), -1]
            for end in ENDS:
                values[f"replica_wall_{end}"][entry] = part[f"wall_{end}"].values[entries]
                values[f"quenched_wall_{end}"][entry] = wall[f"pulse_wall_{end}"]
            values["replica_m_z"][entry] = part["m"].values[entries, _Z]
            values["replica_profile"][entry] = part["magnetization_profile"].values[entries, :, _Z]
            if pulse:
                values["replica_spin_temperature"][entry] = part.attrs["spin_temperature"]
        if ended := onward.get(number):
            values["onward_time"][row] = ended["time"]
            for name in ("walls", *(f"wall_{end}" for end in ENDS)):
                values[f"onward_{name}"][row] = ended[f"pulse_{name}"]
    for row, trace in enumerate(traces):
        own = (row, slice(len(trace["time"])))
        for name in ("wall_bottom", "wall_top", "m"):
            values[f"traced_{name}"][own] = trace[name]
        values["traced_profile"][own] = trace["magnetization_profile"][..., _Z]
    return values | {
        **pulses_of(job, longest),
        **{name: whole[name] for name in shared},
        "traced": traced,
        "replica": list(courses),
        "magnetic_cells": films.column_cells(films.layer(job)),
        "x": x,
    }
