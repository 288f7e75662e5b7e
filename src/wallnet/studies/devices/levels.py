"""The levels of a synapse: the states in which its wall rests and the pulses that reach them."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet import files, tracks
from wallnet.config import Device
from wallnet.config.devices import Detector
from wallnet.devices.conductance import (
    both_readings,
    conductance_noise,
    detected_magnetization,
    normalize,
)
from wallnet.experiment.energy_path import minimum_states
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


class Level(NamedTuple):
    """A state in which the wall of a synapse can rest.

    Attributes
    ----------
    wall : End
        The wall at rest there. Without a source, the initialised wall, which moved elsewhere.
    source : str
        Simulation from which the level is measured; empty if there is none.
    resting : WallState
        State in which a wall initialised there came to rest; the state itself if the wall stayed.
    pulses : list of int
        Indices of the pulses after which the wall rests there, by their |J|.
    """

    state: WallState
    wall: End
    source: str
    resting: WallState
    pulses: list[int]

    @property
    def stable(self) -> bool:
        """Whether a simulated wall ended there at rest."""
        return bool(self.source)


def reaching(
    state: WallState, current_density: NDArray[np.float64], ends: Sequence[End]
) -> list[int]:
    """Return the indices of the pulses after which the wall rests in a state, by their |J|."""
    found = [index for index, end in enumerate(ends) if end.state == state and end.rests]
    return sorted(found, key=lambda index: abs(current_density[index]))


def level_variables(
    levels: Sequence[Level], swept: Mapping[str, Any], detector: Detector, name: str
) -> dict[str, Any]:
    """Return the variables over the levels of a synapse, given its name and the common variables.

    The levels are all in order, including the half levels: from the start to the reversed track, or
    from the first to the last notch. A state in which no simulated wall ended stays in the list,
    with `stable` 0 and no conductance.

    Raises
    ------
    wallnet.files.FileError
        If the first and the last level have the same conductance, or one of them has none.
    """
    stable = np.array([level.stable for level in levels])
    detected = np.where(stable, [level.wall.detected for level in levels], np.nan)
    conductance = both_readings(detected, detector)
    first, last = levels[0], levels[-1]
    for level in (first, last):
        if not level.stable:
            raise files.FileError(
                f"{name}: '{level.state}', the first or the last level, has no conductance: no "
                "simulated wall ended there at rest, or the energy has no minimum there; enlarge "
                "track.notches.diameter or move the notch inwards"
            )
    if np.any(conductance[:, 0] == conductance[:, -1]):
        where = f"in '{first.state}' and in '{last.state}'"
        raise files.FileError(
            f"{name}: the detector sees the same conductance {where}; move detector.start and "
            "detector.stop apart"
        )
    if not np.all(np.diff(conductance[:, stable], axis=1) > 0):
        logger.warning("%s: the conductance does not rise from each level to the next", name)
    densities, every = swept["current_density"], [level.pulses for level in levels]
    weakest = [densities[pulses[0]] if pulses else np.nan for pulses in every]
    beyond = [bool(pulses) and swept["beyond_model"][pulses].all() for pulses in every]
    # the first level is where pulses start
    weakest[0], beyond[0] = 0.0, False
    return {
        "level": np.arange(len(levels)),
        "level_state": [level.state for level in levels],
        "level_resting_state": [level.resting for level in levels],
        "level_source": [level.source for level in levels],
        "level_position": [level.wall.position for level in levels],
        "level_conductance": conductance,
        "normalized_level_conductance": normalize(
            conductance, conductance[:, :1], conductance[:, -1:]
        ),
        "half": [level.state.half for level in levels],
        "stable": stable,
        "reachable": np.isfinite(weakest),
        "reaching_current_density": weakest,
        "level_beyond_model": beyond,
    }


def synapse_variables(
    device: Device, opened: Opened, values: Mapping[str, Any], ends: Sequence[End]
) -> dict[str, Any]:
    """Return the levels of a synapse and the conductances of the sweep normalised by them.

    `values` are the variables that every device has, `ends` the wall at the end of each trace.
    """
    states, densities = minimum_states(device.track, device.wall.start), values["current_density"]
    measured = (_level(state, device, opened, densities, ends) for state in states)
    levels, minima = zip(*(_with_minimum(level, opened) for level in measured), strict=True)
    variables = level_variables(levels, values, device.detector, opened.subject)
    conductance = variables["level_conductance"]
    if device.field_temperature:
        sizes = np.where(variables["stable"], [level.wall.noise for level in levels], np.nan)
        variables |= {
            "level_conductance_noise": conductance_noise(sizes, conductance, device.detector),
            "noise_bandwidth": 1 / (2 * device.output.interval),
        }
    return {
        **variables,
        **over([len(minima)], minima),
        "normalized_final_conductance": normalize(
            values["final_conductance"], conductance[:, :1], conductance[:, -1:]
        ),
    }


def _with_minimum(level: Level, opened: Opened) -> tuple[Level, dict[str, float]]:
    """Return a level and its minimum of the energy; without one, the level has no conductance.

    The initial state and the reversed track stay levels: a pulse starts from the first, and the
    last has no wall.
    """
    content = opened.read(("minimum", str(level.state)), *OF_MINIMUM)
    converged, energy, residual, stiffness, *ends = (content[name].item() for name in OF_MINIMUM)
    found = WallState(str(content.attrs["state"]))
    held = converged == 1 and int(content.attrs["stayed"]) == 1
    if not held and level.state.ends and level.stable:
        why = f"the wall moves on to '{found}'"
        if found == level.state:
            why = f"the field stays at {residual:.3g} A/m"
        what = f"the energy has no minimum in '{level.state}', so that no wall stays there"
        logger.warning("%s: %s: %s; this level gets no conductance", opened.subject, what, why)
        level = level._replace(source="", resting=found)
    return level, {
        "level_minimum": int(held),
        "level_energy": energy if held else np.nan,
        "level_residual_field": residual,
        "level_stiffness": stiffness if held else np.nan,
        "level_shift": max(np.abs(np.subtract(ends, level.wall.ends))) if level.stable else np.nan,
    }


def _level(
    state: WallState,
    device: Device,
    opened: Opened,
    densities: NDArray[np.float64],
    ends: Sequence[End],
) -> Level:
    """Return the level of a state, as it is measured.

    A straight wall that is initialised at a level may slip, although driven walls, which are bent,
    come to rest there. The level is then measured after a pulse.
    """
    pulses = reaching(state, densities, ends)
    if state == INITIAL:
        return Level(state, _start(device, opened), "initial state", state, pulses)
    driven = None
    if pulses:
        source = f"pulse of {densities[pulses[0]] / 1e12:.4f}e12 A/m2"
        driven = Level(state, ends[pulses[0]], source, state, pulses)
    if state == REVERSED:
        source = "uniform along -z, not simulated: no pulse of the sweep reverses the track"
        length = device.track.length
        uniform = End(state, 1, length, (length, length), detected=-1.0)
        return driven or Level(state, uniform, source, state, pulses)
    *_, end = read_trace(opened, ("level", str(state)), device)
    if end.state == state and end.rests:
        return Level(state, end, "wall placed there and relaxed", state, pulses)
    # "initial" is the initial position; here it marks a level from which the wall slipped
    resting = FREE if end.state == INITIAL else end.state
    went = f"went to '{resting}'" if resting != state else "did not come to rest"
    then = f"is measured after a {driven.source}" if driven else "gets no conductance"
    start = f"a wall initialised at '{state}'"
    logger.warning("%s: %s %s; this level %s", opened.subject, start, went, then)
    return (driven or Level(state, end, "", state, pulses))._replace(resting=resting)


def _start(device: Device, opened: Opened) -> End:
    """Return the wall of the initial state."""
    track = device.track
    content = opened.read(("initial",), "initial_magnetization")
    m = content["initial_magnetization"].values
    m_z = m[..., COMPONENTS.index("z")]
    magnetic = np.isfinite(m_z)
    cells = magnetic.sum(axis=0)
    total = np.where(magnetic, m_z, 0).sum(axis=0, dtype=float)
    total /= float(content.attrs.get("domain_magnetization", 1.0))
    columns = device.detector.columns(track)
    detected = detected_magnetization(total / np.maximum(cells, 1), cells, columns)
    position = track.length * (1 - total.sum() / cells.sum()) / 2
    ends = tracks.wall_ends(track, magnetic, np.nan_to_num(m))
    return End(INITIAL, 1, position, ends, float(detected))
