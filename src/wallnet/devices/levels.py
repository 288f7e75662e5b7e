"""The levels of a synapse: the states in which its wall rests and the pulses that reach them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet import files, tracks
from wallnet.devices.conductance import (
    both_readings,
    detected_magnetization,
    detector_columns,
    normalize,
)
from wallnet.devices.minima import (
    NOT_EXAMINED,
    LevelMinimum,
    minimum_variables,
    read_minimum,
)
from wallnet.devices.traces import Gathered, conditions_of, foreign, on_track, read_trace
from wallnet.experiment import minimum_states
from wallnet.files import WallState
from wallnet.files.schema.states import FREE, INITIAL, REVERSED
from wallnet.jobs import DeviceJob

logger = logging.getLogger(__name__)

NOWHERE = (float("nan"), float("nan"))
"""Ends of the wall of a level that has none."""


@dataclass(frozen=True)
class Level:
    """A state in which the wall of a synapse can rest.

    Attributes
    ----------
    state : WallState
        The state.
    resting : WallState
        State in which a wall initialised there came to rest; the state itself if the wall stayed.
    source : str
        Simulation from which the level is measured; empty if there is none.
    position : float
        Mean position of the wall at rest in m. Without a source, the position to which the
        initialised wall moved.
    conductance : ndarray (2,)
        Conductance in S, in the order of `files.READINGS`; NaN without a source.
    ends : tuple of float
        Positions of both ends of the wall at rest in m, lower edge first.
    """

    state: WallState
    resting: WallState
    source: str
    position: float
    conductance: NDArray[np.float64]
    ends: tuple[float, float]

    @property
    def stable(self) -> bool:
        """Whether a simulated wall ended there at rest."""
        return bool(self.source)


@dataclass(frozen=True)
class Sweep:
    """Final states of the pulses of a sweep.

    Attributes
    ----------
    current_density : ndarray (pulses,)
        Current density of each pulse in A/m².
    state : sequence of WallState
        State at the end of each trace.
    settled : ndarray (pulses,)
        1 where the wall rests, 0 where it still moved, -1 where the simulation did not wait for
        it to rest.
    position : ndarray (pulses,)
        Mean position of the wall at the end of each trace, in m.
    conductance : ndarray (2, pulses)
        Conductance at the end of each trace in S, in the order of `files.READINGS`.
    ends : sequence of tuple of float
        Positions of both ends of the wall at the end of each trace in m, lower edge first.
    beyond_model : ndarray (pulses,)
        Whether the pulse heats the track above its Curie temperature.
    """

    current_density: NDArray[np.float64]
    state: Sequence[WallState]
    settled: NDArray[np.int8]
    position: NDArray[np.float64]
    conductance: NDArray[np.float64]
    ends: Sequence[tuple[float, float]]
    beyond_model: NDArray[np.bool_]

    def _reaching(self, state: WallState) -> list[int]:
        return [
            index
            for index, found in enumerate(self.state)
            if found == state and self.settled[index] == 1
        ]

    def first_reaching(self, state: WallState) -> int | None:
        """Return the index of the smallest |J| after which the wall rests in `state`, or None."""
        reached = self._reaching(state)
        return min(reached, key=lambda index: abs(self.current_density[index]), default=None)

    def only_beyond_model(self, state: WallState) -> bool:
        """Return whether pulses end in `state`, and all of them pass the Curie temperature."""
        reaching = self._reaching(state)
        return bool(reaching) and bool(self.beyond_model[reaching].all())

    def smallest_reaching(self, state: WallState) -> float:
        """Return the smallest J in A/m² after which the wall rests in `state`, or NaN."""
        index = self.first_reaching(state)
        return float("nan") if index is None else float(self.current_density[index])

    def measured(self, state: WallState, resting: WallState) -> Level | None:
        """Return the level measured after the smallest pulse that reaches `state`, or None.

        Parameters
        ----------
        state : WallState
            The state.
        resting : WallState
            State in which a wall initialised there came to rest.
        """
        index = self.first_reaching(state)
        if index is None:
            return None
        return Level(
            state=state,
            resting=resting,
            source=f"pulse of {self.current_density[index] / 1e12:.4f}e12 A/m2",
            position=float(self.position[index]),
            conductance=self.conductance[:, index],
            ends=self.ends[index],
        )


def measured_level(placed: Level, sweep: Sweep, name: str) -> Level:
    """Return a level measured from the wall initialised there or, failing that, from a pulse.

    A straight wall that is initialised at a level may slip, although driven walls, which are bent,
    come to rest there. The level is then measured after a pulse.

    Parameters
    ----------
    placed : Level
        Level found by relaxing a wall that was initialised there.
    sweep : Sweep
        Final states of the pulses.
    name : str
        Name of the device in messages.

    Returns
    -------
    Level
        `placed` if the initialised wall stayed or if no pulse ends at rest there.
    """
    if placed.stable:
        return placed
    reached = sweep.measured(placed.state, placed.resting)
    logger.warning(
        "%s: a wall initialised at '%s' %s; %s",
        name,
        placed.state,
        "did not come to rest" if placed.resting == placed.state else f"went to '{placed.resting}'",
        f"this level is measured after a {reached.source}"
        if reached
        else "this level gets no conductance",
    )
    return reached or placed


def without_minimum(level: Level, found: LevelMinimum, name: str) -> Level:
    """Return a level as one without conductance, if the energy has no minimum there.

    The initial state and the reversed track stay levels: a pulse starts from the first, and the
    last has no wall.

    Parameters
    ----------
    level : Level
        A level.
    found : LevelMinimum
        Where the minimisation of the energy from it ended.
    name : str
        Name of the device in messages.
    """
    if found.minimum != 0 or not level.state.ends or not level.stable:
        return level
    assert found.state is not None
    logger.warning(
        "%s: the energy has no minimum in '%s', so that no wall stays there: %s; this level gets "
        "no conductance",
        name,
        level.state,
        f"the field stays at {found.residual:.3g} A/m"
        if found.state == level.state
        else f"the wall moves on to '{found.state}'",
    )
    return Level(
        state=level.state,
        resting=found.state,
        source="",
        position=level.position,
        conductance=np.full_like(level.conductance, np.nan),
        ends=level.ends,
    )


def level_variables(levels: Sequence[Level], sweep: Sweep, name: str) -> dict[str, ArrayLike]:
    """Return the variables over the levels of a synapse.

    A state in which no simulated wall ended stays in the list, with `stable` 0 and no conductance.

    Parameters
    ----------
    levels : sequence of Level
        All levels in order, including the half levels: from the start to the reversed track, or
        from the first to the last notch.
    sweep : Sweep
        Final states of the pulses.
    name : str
        Name of the device in messages.

    Returns
    -------
    dict
        Values by the names of `wallnet.files.schema`.

    Raises
    ------
    wallnet.files.FileError
        If the first and the last level have the same conductance, or one of them has none.
    """
    low, high = _range(levels, name)
    conductance = np.stack([level.conductance for level in levels], axis=1)
    stable = np.array([level.stable for level in levels])
    if not np.all(np.diff(conductance[:, stable], axis=1) > 0):
        logger.warning("%s: the conductance does not rise from each level to the next", name)
    reaching = np.array([sweep.smallest_reaching(level.state) for level in levels])
    reaching[0] = 0.0
    return {
        "level": np.arange(len(levels)),
        "level_state": [level.state for level in levels],
        "level_resting_state": [level.resting for level in levels],
        "level_source": [level.source for level in levels],
        "level_position": [level.position for level in levels],
        "level_conductance": conductance,
        "normalized_level_conductance": normalize(conductance, low[:, None], high[:, None]),
        "half": [level.state.half for level in levels],
        "stable": stable,
        "reachable": np.isfinite(reaching),
        "reaching_current_density": reaching,
        # the first level is where pulses start
        "level_beyond_model": [
            index > 0 and sweep.only_beyond_model(level.state) for index, level in enumerate(levels)
        ],
    }


def _range(levels: Sequence[Level], name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the conductances of the first and the last level in S."""
    first, last = levels[0], levels[-1]
    for level in (first, last):
        if not level.stable:
            raise files.FileError(
                f"{name}: '{level.state}', the first or the last level, has no conductance: no "
                "simulated wall ended there at rest, or the energy has no minimum there; enlarge "
                "track.notches.diameter or move the notch inwards"
            )
    if np.any(first.conductance == last.conductance):
        where = (
            "at the start and on the reversed track"
            if last.state == REVERSED
            else f"in '{first.state}' and in '{last.state}'"
        )
        raise files.FileError(
            f"{name}: the detector sees the same conductance {where}; move detector.start and "
            "detector.stop apart"
        )
    return first.conductance, last.conductance


def synapse_variables(device: Gathered) -> dict[str, ArrayLike]:
    """Return the levels of a synapse and the conductances of the sweep normalised by them."""
    values, pulses, job = device.values, device.pulses, device.job
    # at a temperature nothing rests, and the state is that of the quenched wall
    hot = "temperature" in device.conditions
    sweep = Sweep(
        current_density=values["current_density"],
        state=values["state"],
        settled=np.ones_like(values["settled"]) if hot else values["settled"],
        position=np.array([pulse.resting_position for pulse in pulses]),
        conductance=both_readings([pulse.resting for pulse in pulses], job.detector),
        ends=[pulse.resting_ends for pulse in pulses],
        beyond_model=values["beyond_model"],
    )
    minima = {
        state: read_minimum(path, state, job) if path else NOT_EXAMINED
        for state in minimum_states(job.track, job.wall.start)
        for path in [device.minima.get(state)]
    }
    levels = [
        without_minimum(_level(state, device, sweep), found, device.name)
        for state, found in minima.items()
    ]
    low, high = (each[:, None] for each in _range(levels, device.name))
    return {
        **level_variables(levels, sweep, device.name),
        **minimum_variables(
            list(minima.values()), [level.ends if level.stable else NOWHERE for level in levels]
        ),
        "normalized_final_conductance": normalize(values["final_conductance"], low, high),
    }


def _level(state: WallState, device: Gathered, sweep: Sweep) -> Level:
    """Return the level of a state, as it is measured."""
    if state == INITIAL:
        return _start(device.initial, device.job)
    if state == REVERSED:
        return sweep.measured(REVERSED, REVERSED) or _uniform(device.job)
    relaxed = _relaxed(device.levels[state], state, device)
    return measured_level(relaxed, sweep, device.name)


def _start(path: str | Path, job: DeviceJob) -> Level:
    """Return level 0, the initial state."""
    data = files.read_dataset(path, "initial")
    m_z = data["initial_magnetization"].sel(component="z").values
    if not on_track(data.attrs.get("parameters"), job) or m_z.shape != job.track.cells[::-1]:
        raise foreign(path, "was made for another track")
    magnetic = np.isfinite(m_z)
    cells = magnetic.sum(axis=0)
    if not cells.any():
        raise files.damaged(path, "is not finite in any cell")
    total = np.where(magnetic, m_z, 0).sum(axis=0, dtype=float)
    columns = detector_columns(job.track, job.detector)
    detected = detected_magnetization(total / np.maximum(cells, 1), cells, columns)
    return Level(
        state=INITIAL,
        resting=INITIAL,
        source="initial state",
        position=job.track.length * (1 - total.sum() / cells.sum()) / 2,
        conductance=both_readings(detected, job.detector),
        ends=tracks.wall_ends(
            job.track, magnetic, np.nan_to_num(data["initial_magnetization"].values)
        ),
    )


def _relaxed(path: str | Path, state: WallState, device: Gathered) -> Level:
    """Return the level measured from a wall that was initialised there and relaxed."""
    trace = read_trace(path, device.job, None)
    if conditions_of(trace.parameters) != device.conditions:
        raise foreign(path, "was simulated under other conditions than the traces")
    stable = trace.state == state and trace.rests
    conductance = both_readings(trace.detected[-1], device.job.detector)
    return Level(
        state=state,
        # "initial" is the initial position; here it marks a level from which the wall slipped
        resting=FREE if trace.state == INITIAL else trace.state,
        source="wall placed there and relaxed" if stable else "",
        position=float(trace.recorded["wall_position"][-1]),
        conductance=conductance if stable else np.full_like(conductance, np.nan),
        ends=trace.last_ends,
    )


def _uniform(job: DeviceJob) -> Level:
    """Return the highest level if no pulse reverses the track: all cells along -z."""
    return Level(
        state=REVERSED,
        resting=REVERSED,
        source="uniform along -z, not simulated: no pulse of the sweep reverses the track",
        position=job.track.length,
        conductance=both_readings(-1.0, job.detector),
        ends=(job.track.length, job.track.length),
    )
