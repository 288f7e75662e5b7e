"""Simulation of a block of replicas of a pulse train, which differ by their thermal fields."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files, revisions, simulate, tracks
from wallnet.config.track import Track
from wallnet.experiment import Simulation
from wallnet.experiment.code import stage_of
from wallnet.files.schema import COMPONENTS, KINDS, VARIABLES
from wallnet.files.schema.states import FREE
from wallnet.simulate.embedded.heated import BeyondModelError, HeatedFilm
from wallnet.simulate.trains import (
    Course,
    about,
    course,
    followed,
    over_time,
    pulses_of,
    shifted,
    unfinished,
    wall_of,
)

if TYPE_CHECKING:
    import xarray

logger = logging.getLogger(__name__)

TRACED = 2
"""Number of the first replicas of a block whose traces are kept."""

ENDS = ("bottom", "top")
"""Ends of a wall, in names of variables."""

_Z = COMPONENTS.index("z")


def run_replicas(
    job: Simulation,
    initial: "xarray.Dataset",
    progress: Callable[[float], None] = lambda time: None,
    output: str | Path | None = None,
) -> "xarray.Dataset":
    """Simulate a block of replicas of a pulse train, one after the other; see `run_train`.

    A replica does not depend on its block. Replicas whose wall is free at the end of the last pause
    go on as `job.train.free` says.

    Parameters
    ----------
    job : Simulation
        Track, material, calculator, train and replicas, at a temperature.
    initial : xarray.Dataset
        State before the first pulse, kind 'initial'.
    progress : callable
        Called with the simulated time in s of all replicas.
    output : str or Path, optional
        Path of the result, beside which finished pulses are stored as by `run_train`.

    Returns
    -------
    xarray.Dataset
        Kind 'ensemble'. If a pulse heats the film beyond what can be simulated, there are no
        replicas, and the attribute `beyond_model` says why.

    Raises
    ------
    wallnet.simulate.SimulationError
        If a simulation becomes unstable, or ends early. The message names the replica.
    """
    if fault := _beyond_model(job):
        logger.warning("pulse beyond the model: %s", fault)
        return _empty(job, initial, fault)
    courses: dict[int, Course] = {}
    onward: dict[int, dict[str, Any]] = {}
    done = 0.0

    def run(number: int, simulated: Callable[..., Any]) -> Any:
        """Simulate a replica, or what it does at the end."""
        folder = None if output is None else unfinished(output) / f"replica-{number}"
        try:
            return simulated(job.replica(number), partial(shifted, progress, done), folder)
        except simulate.SimulationError as error:
            raise simulate.SimulationError(f"replica {number}: {error}") from error

    for number in job.numbers:
        courses[number] = run(number, lambda one, *rest: course(one, initial, *rest))
        done += sum(float(part["time"][-1]) for part in courses[number].parts)
    for number in _going_on(job, courses):
        onward[number] = run(number, partial(_onward, courses[number]))
        done += onward[number]["time"]
    return _joined(job, courses, onward)


def _beyond_model(job: Simulation) -> BeyondModelError | None:
    """Return the error of the first pulse that heats the film too much; None if there is none."""
    try:
        for step in job.steps():
            if step.heating:
                HeatedFilm(step)
    except BeyondModelError as error:
        return error
    return None


def going_on(track: Track, share: float, free: Mapping[int, tuple[float, float]]) -> list[int]:
    """Return which free walls go on: the first ones between each pair of notches.

    Parameters
    ----------
    track : Track
        The track.
    share : float
        Share of them, at least one between each pair.
    free : Mapping
        Both ends in m of each free wall, by the number of its replica.
    """
    gaps: dict[int, list[int]] = {}
    for number, ends in free.items():
        gaps.setdefault(tracks.gap(track, *ends), []).append(number)
    chosen = (each[: math.ceil(share * len(each) - 1e-9)] for each in gaps.values())
    return sorted(number for each in chosen for number in each)


def _going_on(job: Simulation, courses: Mapping[int, Course]) -> list[int]:
    """Return the numbers of the replicas that go on after the last pause."""
    assert job.train
    if not job.train.free:
        return []
    # a train that ended early is not at the end of the last pause
    last = {number: each.walls[job.pulses :] for number, each in courses.items()}
    free = {
        number: (wall["pulse_wall_bottom"], wall["pulse_wall_top"])
        for number, walls in last.items()
        for wall in walls
        if wall["pulse_state"] == FREE
    }
    return going_on(job.track, job.train.free.share, free)


def _onward(
    before: Course, job: Simulation, progress: Callable[[float], None], folder: Path | None
) -> dict[str, Any]:
    """Simulate a replica with a free wall until a notch pins it; return its wall and the time."""
    state, time = simulate.state_of(before.parts[-1]), 0.0
    wall: dict[str, Any] = {}
    steps = enumerate(job.onward(), start=job.pulses + 1)
    for _, trace in followed(job, steps, state, progress, folder):
        time += float(trace["time"][-1])
        wall = wall_of(job, trace, -1, before.walls[0])
        if wall["pulse_state"] != FREE:
            break
    return wall | {"time": time}


def _moments(parts: "list[xarray.Dataset]") -> "Iterator[tuple[xarray.Dataset, list[int]]]":
    """Yield the trace of each pulse, and its entries at the end of the pulse and of the pause.

    The first is that of the state before the first pulse.
    """
    yield parts[0], [0, 0]
    for part in parts:
        end = int(np.argmin(np.abs(part["time"].values - part.attrs["pulse_end"])))
        yield part, [end, -1]


def _joined(
    job: Simulation, courses: Mapping[int, Course], onward: Mapping[int, Mapping[str, Any]]
) -> "xarray.Dataset":
    """Return the trains of all replicas as one dataset."""
    longest = max((each.parts for each in courses.values()), key=len)
    values = _blank((len(courses), len(longest) + 1, 2), longest[0].sizes["x"])
    for row, (number, found) in enumerate(courses.items()):
        for pulse, (part, entries) in enumerate(_moments(found.parts)):
            at, wall = (row, pulse), found.walls[pulse]
            for end in ENDS:
                values[f"replica_wall_{end}"][at] = part[f"wall_{end}"].values[entries]
                values[f"quenched_wall_{end}"][at] = wall[f"pulse_wall_{end}"]
            values["replica_m_z"][at] = part["m"].values[entries, _Z]
            values["replica_profile"][at] = part["magnetization_profile"].values[entries, :, _Z]
            values["quenched_state"][at] = wall["pulse_state"]
            if pulse:
                values["replica_spin_temperature"][at] = part.attrs["spin_temperature"]
        if ended := onward.get(number):
            values["onward_time"][row] = ended["time"]
            for name in ("state", *(f"wall_{end}" for end in ENDS)):
                values[f"onward_{name}"][row] = ended[f"pulse_{name}"]
    traced = list(courses)[:TRACED]
    traces = [_trace(courses[number].parts) for number in traced]
    whole = max(traces, key=lambda each: len(each["time"]))
    shared = ("time", "applied_current_density")
    values |= {
        **pulses_of(job, longest),
        **{
            f"traced_{name}": [_padded(each[name], len(whole["time"])) for each in traces]
            for name in whole
            if name not in shared
        },
        **{name: whole[name] for name in shared},
        "traced": traced,
        "replica": list(courses),
        **{name: longest[0][name].values for name in ("magnetic_cells", "x")},
    }
    every = [part for each in courses.values() for part in each.parts]
    return files.dataset("ensemble", values, about(job, every))


def _trace(parts: "list[xarray.Dataset]") -> dict[str, NDArray[Any]]:
    """Return the trace of one replica over the time since its first pulse."""
    names = [*(f"wall_{end}" for end in ENDS), "applied_current_density", "m"]
    found = over_time(parts, [*names, "magnetization_profile"])
    found["profile"] = found.pop("magnetization_profile")[..., _Z]
    return found


def _padded(values: NDArray[Any], entries: int) -> NDArray[Any]:
    """Return values over time as so many entries, with NaN after their end."""
    missing = [(0, entries - len(values))] + [(0, 0)] * (values.ndim - 1)
    return np.pad(values, missing, constant_values=np.nan)


def _blank(shape: tuple[int, int, int], columns: int) -> dict[str, Any]:
    """Return the variables of replicas without values, over replica, pulse and moment."""
    sizes = dict(zip(("replica", "pulse", "moment"), shape, strict=True)) | {"x": columns}
    found: dict[str, Any] = {}
    for name in KINDS["ensemble"]:
        variable = VARIABLES[name]
        if variable.dimensions[0] == "replica" and name != "replica":
            kind, fill = (object, "") if variable.is_text else (float, np.nan)
            found[name] = np.full([sizes[each] for each in variable.dimensions], fill, kind)
    return found


def _empty(job: Simulation, initial: "xarray.Dataset", fault: BeyondModelError) -> "xarray.Dataset":
    """Return the dataset of a train that is beyond the model."""
    x = initial["x"].values
    values = {
        **_blank((0, 1, 2), len(x)),
        **{f"traced_wall_{end}": np.empty((0, 0)) for end in ENDS},
        "traced_m": np.empty((0, 0, len(COMPONENTS))),
        "traced_profile": np.empty((0, 0, len(x))),
        **{name: [] for name in ("time", "applied_current_density", "traced", "replica")},
        "pulse": [0],
        **{name: [0.0] for name in ("pulse_train_current_density", "pulse_start")},
        **{name: [0.0] for name in ("pulse_duration", "pause_end")},
        "magnetic_cells": tracks.cells(job).mask.sum(axis=0),
        "x": x,
    }
    attributes = {
        "parameters": job.to_json(),
        "backend": job.calculator_name,
        "revision": revisions.of(stage_of(job.calculator_name)),
        "temperature": job.temperature,
        "seed": job.seed,
        "beyond_model": str(fault),
        "highest_temperature": fault.temperature,
    }
    return files.dataset("ensemble", values, attributes)
