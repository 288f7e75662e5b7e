"""The levels of a synapse: the states in which its wall rests and the pulses that reach them."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet import files, tracks
from wallnet.config import Device
from wallnet.devices.conductance import (
    both_readings,
    conductance_noise,
    detected_magnetization,
    detector_columns,
    normalize,
)
from wallnet.experiment.minima import minimum_states
from wallnet.files import WallState
from wallnet.files.schema import COMPONENTS
from wallnet.files.schema.states import FREE, INITIAL, REVERSED
from wallnet.studies.devices.traces import End, read_trace
from wallnet.studies.opened import Opened, over

logger = logging.getLogger(__name__)

OF_MINIMUM = (
    *("minimum_converged", "minimum_energy", "minimum_residual_field", "minimum_stiffness"),
    *("minimum_wall_bottom", "minimum_wall_top"),
)
"""Variables of a minimum that are gathered."""


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
    noise : float
        Standard deviation of the mean of m_z under the detector at a temperature.
    """

    state: WallState
    resting: WallState
    source: str
    position: float
    conductance: NDArray[np.float64]
    ends: tuple[float, float]
    noise: float = math.nan

    @property
    def stable(self) -> bool:
        """Whether a simulated wall ended there at rest."""
        return bool(self.source)


@dataclass(frozen=True)
class Sweep:
    """Walls at the ends of the pulses of a sweep.

    Attributes
    ----------
    current_density : ndarray (pulses,)
        Current density of each pulse in A/m².
    ends : sequence of End
        Wall at the end of each trace.
    conductance : ndarray (2, pulses)
        Conductance at the end of each trace in S, in the order of `files.READINGS`.
    beyond_model : ndarray (pulses,)
        Whether the pulse heats the track above its Curie temperature.
    """

    current_density: NDArray[np.float64]
    ends: Sequence[End]
    conductance: NDArray[np.float64]
    beyond_model: NDArray[np.bool_]

    def _reaching(self, state: WallState) -> list[int]:
        return [index for index, end in enumerate(self.ends) if end.state == state and end.rests]

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
        end, source = self.ends[index], f"pulse of {self.current_density[index] / 1e12:.4f}e12 A/m2"
        conductance = self.conductance[:, index]
        return Level(state, resting, source, end.position, conductance, end.ends, noise=end.noise)


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
    moved = placed.resting != placed.state
    went = f"went to '{placed.resting}'" if moved else "did not come to rest"
    then = f"is measured after a {reached.source}" if reached else "gets no conductance"
    start = f"a wall initialised at '{placed.state}'"
    logger.warning("%s: %s %s; this level %s", name, start, went, then)
    return reached or placed


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
    beyond = [sweep.only_beyond_model(level.state) for level in levels]
    # the first level is where pulses start
    reaching[0], beyond[0] = 0.0, False
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
        "level_beyond_model": beyond,
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
        where = f"in '{first.state}' and in '{last.state}'"
        raise files.FileError(
            f"{name}: the detector sees the same conductance {where}; move detector.start and "
            "detector.stop apart"
        )
    return first.conductance, last.conductance


def synapse_variables(
    device: Device, opened: Opened, values: Mapping[str, Any], ends: Sequence[End]
) -> dict[str, ArrayLike]:
    """Return the levels of a synapse and the conductances of the sweep normalised by them.

    Parameters
    ----------
    device : Device
        The synapse.
    opened : Opened
        Its results.
    values : mapping
        Variables that every device has.
    ends : sequence of End
        Wall at the end of each trace.
    """
    sweep = Sweep(
        current_density=values["current_density"],
        ends=ends,
        conductance=both_readings([end.detected for end in ends], device.detector),
        beyond_model=values["beyond_model"],
    )
    states = minimum_states(device.track, device.wall.start)
    found = [_with_minimum(_level(each, device, opened, sweep), opened) for each in states]
    levels, minima = [level for level, _ in found], [minimum for _, minimum in found]
    low, high = (each[:, None] for each in _range(levels, opened.subject))
    variables = level_variables(levels, sweep, opened.subject)
    if device.field_temperature:
        conductance = np.stack([level.conductance for level in levels], axis=1)
        sizes = [level.noise for level in levels]
        variables |= {
            "level_conductance_noise": conductance_noise(sizes, conductance, device.detector),
            "noise_bandwidth": 1 / (2 * device.output.interval),
        }
    return {
        **variables,
        **over([len(minima)], minima),
        "normalized_final_conductance": normalize(values["final_conductance"], low, high),
    }


def _with_minimum(level: Level, opened: Opened) -> tuple[Level, dict[str, float]]:
    """Return a level and its minimum of the energy; without one, the level has no conductance.

    The initial state and the reversed track stay levels: a pulse starts from the first, and the
    last has no wall.
    """
    content = opened.read(("minimum", str(level.state)), *OF_MINIMUM)
    converged, energy, residual, stiffness, *ends = (
        content.values[name].item() for name in OF_MINIMUM
    )
    found = WallState(str(content.attrs["state"]))
    held = converged == 1 and int(content.attrs["stayed"]) == 1
    if not held and level.state.ends and level.stable:
        why = f"the wall moves on to '{found}'"
        if found == level.state:
            why = f"the field stays at {residual:.3g} A/m"
        what = f"the energy has no minimum in '{level.state}', so that no wall stays there"
        logger.warning("%s: %s: %s; this level gets no conductance", opened.subject, what, why)
        nothing = np.full_like(level.conductance, np.nan)
        level = replace(level, resting=found, source="", conductance=nothing, noise=math.nan)
    return level, {
        "level_minimum": int(held),
        "level_energy": energy if held else np.nan,
        "level_residual_field": residual,
        "level_stiffness": stiffness if held else np.nan,
        "level_shift": max(np.abs(np.subtract(ends, level.ends))) if level.stable else np.nan,
    }


def _level(state: WallState, device: Device, opened: Opened, sweep: Sweep) -> Level:
    """Return the level of a state, as it is measured."""
    if state == INITIAL:
        return _start(device, opened)
    if state == REVERSED:
        return sweep.measured(REVERSED, REVERSED) or _uniform(device)
    return measured_level(_relaxed(state, device, opened), sweep, opened.subject)


def _start(device: Device, opened: Opened) -> Level:
    """Return level 0, the initial state."""
    track = device.track
    content = opened.read(("initial",), "initial_magnetization")
    m = content.values["initial_magnetization"]
    m_z = m[..., COMPONENTS.index("z")]
    magnetic = np.isfinite(m_z)
    cells = magnetic.sum(axis=0)
    total = np.where(magnetic, m_z, 0).sum(axis=0, dtype=float)
    total /= float(content.attrs.get("domain_magnetization", 1.0))
    columns = detector_columns(track, device.detector)
    detected = detected_magnetization(total / np.maximum(cells, 1), cells, columns)
    position = track.length * (1 - total.sum() / cells.sum()) / 2
    ends = tracks.wall_ends(track, magnetic, np.nan_to_num(m))
    conductance = both_readings(detected, device.detector)
    return Level(INITIAL, INITIAL, "initial state", position, conductance, ends)


def _relaxed(state: WallState, device: Device, opened: Opened) -> Level:
    """Return the level measured from a wall that was initialised there and relaxed."""
    end = read_trace(opened, ("level", str(state)), device).end
    stable = end.state == state and end.rests
    # "initial" is the initial position; here it marks a level from which the wall slipped
    resting = FREE if end.state == INITIAL else end.state
    conductance, source = both_readings(end.detected, device.detector), ""
    if stable:
        source = "wall placed there and relaxed"
    else:
        conductance = np.full_like(conductance, np.nan)
    noise = end.noise if stable else math.nan
    return Level(state, resting, source, end.position, conductance, end.ends, noise=noise)


def _uniform(device: Device) -> Level:
    """Return the highest level if no pulse reverses the track: all cells along -z."""
    length, conductance = device.track.length, both_readings(-1.0, device.detector)
    source = "uniform along -z, not simulated: no pulse of the sweep reverses the track"
    return Level(REVERSED, REVERSED, source, length, conductance, (length, length))
