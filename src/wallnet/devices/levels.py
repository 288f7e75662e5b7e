"""The levels of a synapse: the states in which its wall rests and the pulses that reach them."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import files
from wallnet.config import Device
from wallnet.config.devices import Detector
from wallnet.devices.conductance import (
    both_readings,
    conductance_noise,
    detected_magnetization,
    normalize,
)
from wallnet.devices.traces import End, read_trace
from wallnet.files import WallState
from wallnet.files.schema import COMPONENTS
from wallnet.files.schema.states import INITIAL, MOVING, REVERSED
from wallnet.jobs import Run
from wallnet.jobs.run import level_states
from wallnet.questions.opened import Opened, over
from wallnet.report.faults import lost_level
from wallnet.tracks import films
from wallnet.tracks.walls import wall_ends

if TYPE_CHECKING:
    import xarray

logger = logging.getLogger(__name__)

OF_MINIMUM = (
    *("minimum_converged", "minimum_energy", "minimum_residual_field", "minimum_stiffness"),
    *("minimum_wall_bottom", "minimum_wall_top"),
)
"""Variables of a minimum that are gathered."""


def reaching(
    state: WallState, swept: Mapping[str, Any], ends: Sequence[End]
) -> tuple[list[int], dict[str, Any]]:
    """Return the pulses that end in a state at rest, by |J|, and what they reach as variables."""
    densities = swept["current_density"]
    pulses = [index for index, end in enumerate(ends) if end.state == state and end.rests]
    pulses.sort(key=lambda index: abs(densities[index]))
    return pulses, {
        "reaching_current_density": densities[pulses[0]] if pulses else np.nan,
        "level_beyond_model": bool(pulses) and swept["beyond_model"][pulses].all(),
    }


def level_variables(
    levels: Sequence[Mapping[str, Any]], detector: Detector, name: str
) -> dict[str, Any]:
    """Return the variables over the levels of a synapse, from those of each level and its name.

    The levels are all in order, including the half levels: from the start to the reversed track, or
    from the first to the last notch. A state in which no simulated wall ended stays in the list,
    with `stable` 0 and no conductance.

    Raises
    ------
    wallnet.files.FileError
        If the first and the last level have the same conductance.
    """
    variables = over([len(levels)], levels)
    stable, states = variables["stable"], variables["level_state"]
    conductance = both_readings(variables.pop("detected"), detector)
    if np.any(conductance[:, 0] == conductance[:, -1]):
        where = f"in '{states[0]}' and in '{states[-1]}'"
        raise files.FileError(
            f"{name}: the detector sees the same conductance {where}; move detector.start and "
            "detector.stop apart"
        )
    if not np.all(np.diff(conductance[:, stable], axis=1) > 0):
        logger.warning("%s: the conductance does not rise from each level to the next", name)
    # the first level is where pulses start
    variables["reaching_current_density"][0], variables["level_beyond_model"][0] = 0.0, False
    return {
        **variables,
        "level": np.arange(len(levels)),
        "level_conductance": conductance,
        "normalized_level_conductance": normalize(
            conductance, conductance[:, :1], conductance[:, -1:]
        ),
        "reachable": np.isfinite(variables["reaching_current_density"]),
    }


def synapse_variables(
    device: Device, opened: Opened, values: Mapping[str, Any], ends: Sequence[End]
) -> dict[str, Any]:
    """Return the levels of a synapse and the conductances of the sweep normalised by them.

    `values` are the variables that every device has, `ends` the wall at the end of each trace.

    Raises
    ------
    wallnet.files.FileError
        If the first and the last level have the same conductance, or one of them has none.
    """
    states = list(level_states(device.track))
    if not device.track.ends_in_notches(device.wall.start):
        states = [INITIAL, *states, REVERSED]
    minima = opened.one("minima").read("placed", "minimum_state", *OF_MINIMUM)
    levels = [_level(state, device, opened, minima, values, ends) for state in states]
    notches = device.track.notches
    for level in (levels[0], levels[-1]):
        if notches and not level["stable"]:
            why, fix = lost_level(level, notches)
            raise files.FileError(
                f"{opened.subject}: '{level['level_state']}', the first or the last level, has no "
                f"conductance: {why} there; {fix}"
            )
    variables = level_variables(levels, device.junction, opened.subject)
    conductance, noise = variables["level_conductance"], variables.pop("noise")
    if device.temperature.field:
        variables |= {
            "level_conductance_noise": conductance_noise(noise, conductance, device.junction),
            "noise_bandwidth": 1 / (2 * device.output.interval),
        }
    return variables | {
        "normalized_final_conductance": normalize(
            values["final_conductance"], conductance[:, :1], conductance[:, -1:]
        )
    }


def _level(
    state: WallState,
    device: Device,
    opened: Opened,
    minima: "xarray.Dataset",
    values: Mapping[str, Any],
    ends: Sequence[End],
) -> dict[str, Any]:
    """Return the variables of a level, with the `detected` magnetisation and its `noise`.

    Without a minimum of the energy it has no conductance. The initial state and the reversed track
    stay levels: a pulse starts from the first, and the last has no wall.
    """
    pulses, reached = reaching(state, values, ends)
    driven = None
    if pulses:
        density = reached["reaching_current_density"]
        driven = ends[pulses[0]], f"pulse of {density / 1e12:.4f}e12 A/m2"
    content = minima.sel(placed=str(state))
    converged, energy, residual, stiffness, *least = (content[name].item() for name in OF_MINIMUM)
    minimum = WallState(content["minimum_state"].item())
    held = converged == 1 and minimum == state
    if state.ends and not held:
        why = f"the wall moves on to '{minimum}'"
        if minimum == state:
            why = f"the field stays at {residual:.3g} A/m"
        what = f"the energy has no minimum in '{state}', so that no wall stays there"
        logger.warning("%s: %s: %s; this level gets no conductance", opened.subject, what, why)
        *_, wall = read_trace(opened.relaxed_in(state), device)
        source, resting = "", minimum
    else:
        wall, source, resting = _measured(state, device, opened, driven)
    return reached | {
        "level_state": state,
        "level_resting_state": resting,
        "level_source": source,
        "level_position": wall.position,
        "half": state.half,
        "stable": bool(source),
        "detected": wall.detected if source else np.nan,
        "noise": wall.noise if source else np.nan,
        "level_minimum": int(held),
        "level_energy": energy if held else np.nan,
        "level_residual_field": residual,
        "level_stiffness": stiffness if held else np.nan,
        "level_shift": max(np.abs(np.subtract(least, wall.ends))) if source else np.nan,
    }


def _measured(
    state: WallState, device: Device, opened: Opened, driven: tuple[End, str] | None
) -> tuple[End, str, WallState]:
    """Return the wall at rest in a state, its simulation, and where an initialised one rests.

    A straight wall that is initialised at a level may slip, although `driven` walls, which are
    bent, come to rest there. The level is then measured after a pulse; without one, the name
    of the simulation is empty, and the wall is the one that moved elsewhere.
    """
    if state == INITIAL:
        return _start(device, opened), "initial state", state
    if state == REVERSED:
        source = "uniform along -z, not simulated: no pulse of the sweep reverses the track"
        length = device.track.length
        uniform = End(state, 1, length, (length, length), detected=-1.0)
        return *(driven or (uniform, source)), state
    *_, end = read_trace(opened.relaxed_in(state), device)
    if end.state == state and end.rests:
        return end, "wall placed there and relaxed", state
    resting = end.state
    went = "did not come to rest" if resting in (state, MOVING) else f"went to '{resting}'"
    then = f"is measured after a {driven[1]}" if driven else "gets no conductance"
    start = f"a wall initialised at '{state}'"
    logger.warning("%s: %s %s; this level %s", opened.subject, start, went, then)
    return *(driven or (end, "")), resting


def _start(device: Device, opened: Opened) -> End:
    """Return the wall of the initial state."""
    track = device.track
    content = opened.one("initial").read("magnetization")
    m = content["magnetization"].values[-1]
    m_z = m[..., COMPONENTS.index("z")]
    film = films.layer(Run.of_dataset(content.attrs))
    cells = films.column_cells(film)
    total = (film.filled * np.nan_to_num(m_z)).sum(axis=0)
    total /= float(content.attrs.get("domain_magnetization", 1.0))
    columns = device.detector.columns(track)
    detected = detected_magnetization(total / np.maximum(cells, 1), cells, columns)
    position = track.length * (1 - total.sum() / cells.sum()) / 2
    ends = wall_ends(track, film.filled, np.nan_to_num(m))
    return End(INITIAL, 1, position, ends, float(detected))
