"""Thermal: the probability of each state, from the walls of all replicas."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray
from numpy.typing import NDArray

from wallnet import tracks
from wallnet.config.devices import Detector
from wallnet.devices.conductance import both_readings, detected_magnetization
from wallnet.experiment import Simulation
from wallnet.experiment.simulation import blocks
from wallnet.files import WallState
from wallnet.files.schema.states import EXPELLED, FREE, INITIAL, REVERSED, WIDER
from wallnet.studies.barriers.gather import OF_PATH, lifetime, lowest_barriers
from wallnet.studies.opened import Opened
from wallnet.studies.thermal.ask import SEVERAL, Thermal
from wallnet.tracks.domains import domains_of

CONFIDENCE = 0.95
"""Probability with which an interval contains the true value, at least."""

NEAR_ZERO = 0.1
"""Largest |m_z| of a column that belongs to no domain. Source: our choice."""


OF_READOUT = ("magnetic_cells", "pulse_start", "pulse_duration", "pause_end", "time", "traced")
"""Variables of a block on which its conductances depend, beside profiles."""


class Wall(NamedTuple):
    """The wall of one replica.

    Attributes
    ----------
    state : str
        State after the quench at the end of the pause; `SEVERAL` if there was more than one wall
        before.
    gap : int
        Number of notches to its left.
    position : float
        Its mean position in m.
    later : str
        State at the reading time, if it was free and simulated further; otherwise empty.
    """

    state: str
    gap: int
    position: float
    later: str


def outcomes(walls: Sequence[Wall]) -> tuple[Counter[str], dict[str, float]]:
    """Count the states of walls at the reading time.

    A wall that a notch pins at the end of the pause is taken to stay there until then.

    Returns
    -------
    certain : Counter
        Number of walls known to be in each state.
    expected : dict
        The same, with the other free walls divided as those in their gap that were simulated
        further.
    """
    certain = Counter(
        wall.later or wall.state for wall in walls if wall.later or wall.state != FREE
    )
    expected = defaultdict[str, float](float, certain)
    unknown = Counter(wall.gap for wall in walls if wall.state == FREE and not wall.later)
    for gap, count in unknown.items():
        later = [wall.later for wall in walls if wall.later and wall.gap == gap]
        for state, seen in Counter(later).items():
            expected[state] += count * seen / len(later)
    return certain, expected


def has_several_walls(profile: NDArray[Any]) -> bool:
    """Return whether m_z changes its sign more than once along a track.

    Parameters
    ----------
    profile : ndarray
        Column means of m_z; those near 0, as in a wall, do not count.
    """
    signs = np.sign(profile[np.abs(profile) > NEAR_ZERO])
    return bool(np.count_nonzero(np.diff(signs)) > 1)


def interval(low: int, high: int, total: int) -> tuple[float, float]:
    """Return the exact interval of a probability (Clopper and Pearson).

    Parameters
    ----------
    low, high : int
        Least and greatest possible number of successes; the interval contains those of both.
    total : int
        Number of trials.
    """
    from scipy.stats import binomtest

    if not total:
        return math.nan, math.nan
    least, most = (
        binomtest(each, total).proportion_ci(CONFIDENCE, "exact") for each in (low, high)
    )
    return float(least.low), float(most.high)


def _order(state: str) -> tuple[int, tuple[int, ...]]:
    """Return the place of a state among all, from the left to the right end of the track."""
    if state == SEVERAL:
        return 6, ()
    outside = {EXPELLED: 0, INITIAL: 1, REVERSED: 3, WIDER: 4, FREE: 5}
    return outside.get(WallState(state), 2), WallState(state).ends or ()


def gather(asked: Thermal, opened: Opened) -> dict[str, Any]:
    """Return the variables of all models and current densities."""
    # in the order of the configuration, which JSON does not keep
    models = list(dict.fromkeys(str(key[0]) for key in opened if len(key) == 3))
    detectors = {
        model: Detector.model_validate(opened.about["detectors"][model]) for model in models
    }
    cold = [opened.outcomes((density,))[-1] for density in asked.current_densities]
    points = [
        _point(
            opened,
            [(model, density, first) for first, _ in blocks(asked.replicas)],
            detectors[model],
        )
        for model, density in itertools.product(models, asked.current_densities)
    ]
    every = [wall for walls, *_ in points for wall in walls]
    seen = {name for wall in every for name in (wall.state, wall.later) if name}
    states = sorted(seen | {str(wall.state) for wall in cold}, key=_order)
    rows = [_row(walls, states, asked) | about for walls, about, _ in points]
    shape = (len(models), len(asked.current_densities))
    return {
        **{
            name: np.reshape([row[name] for row in rows], (*shape, *np.shape(value)))
            for name, value in rows[0].items()
        },
        **_lifetimes(asked, opened, models, states),
        **_conductances(asked, shape, [read for *_, read in points]),
        "reading_time": asked.reading_time,
        "model": models,
        "outcome": states,
        "cold_state": [str(wall.state) for wall in cold],
        "cold_position": [wall.position for wall in cold],
        "replica": np.arange(asked.replicas) + 1,
        "current_density": asked.current_densities,
    }


def _row(walls: Sequence[Wall], states: Sequence[str], asked: Thermal) -> dict[str, Any]:
    """Return the variables of the outcomes of one pulse in one model."""
    (certain, expected), total = outcomes(walls), len(walls)
    unknown = total - certain.total()
    counts = Counter(wall.state for wall in walls)
    limits = [interval(certain[state], certain[state] + unknown, total) for state in states]
    places = [wall.position if wall.state == FREE else math.nan for wall in walls]

    def share(count: float) -> float:
        return count / total if total else math.nan

    return {
        "outcome_count": [counts[state] for state in states],
        "outcome_certain": [certain[state] for state in states],
        "outcome_probability": [share(expected.get(state, 0)) for state in states],
        "outcome_low": [low for low, _ in limits],
        "outcome_high": [high for _, high in limits],
        "simulated_replicas": total,
        "free_share": share(counts[FREE]),
        # a wall that is free when it is read is free
        "unresolved_share": share(
            expected.get(FREE, 0) if asked.reading_time > asked.free_time else 0.0
        ),
        # beyond the model there are no walls
        "free_position": places or [math.nan] * asked.replicas,
    }


def _lifetimes(
    asked: Thermal, opened: Opened, models: Sequence[str], states: Sequence[str]
) -> dict[str, Any]:
    """Return the variables of the lifetimes of states; see `wallnet.studies.barriers.gather`.

    Lifetimes are unknown if the campaign does not ask for barriers.
    """
    lives = np.full((len(models), len(states)), math.nan)
    lasts = np.full(lives.shape, -1)
    paths = {
        (str(key[0]), str(key[1])): opened.read(key, *OF_PATH)
        for key in opened
        if len(key) == 2 and key[1] != "initial"
    }
    if paths:
        lowest = lowest_barriers(paths).reindex([_mirrored(state) for state in states])
        barrier, certain = lowest["barrier"].to_numpy(), lowest["certain"].eq(True).to_numpy()
        frequencies = opened.about["attempt_frequencies"]
        for row, model in enumerate(models):
            if model in frequencies:
                first = next(key for key in opened if len(key) == 3 and key[0] == model)
                ambient = float(opened.read(first).attrs["temperature"])
                longest, lives[row] = (lifetime(barrier, ambient, f) for f in frequencies[model])
                lasts[row, certain & (lives[row] > asked.reading_time)] = 1
                # an unknown barrier would only be lower
                lasts[row, longest <= asked.reading_time] = 0
    return {"outcome_lifetime": lives, "outcome_lasts": lasts}


def _mirrored(state: str) -> str:
    """Return the half state with its upper end ahead, whose barriers are known; others as given."""
    ends = WallState(state).ends if state != SEVERAL else None
    return str(WallState.at(*sorted(ends))) if ends else state


class Readout(NamedTuple):
    """Conductances in S of one pulse in one model, in both readings.

    Attributes
    ----------
    replicas : ndarray (2, replicas, 2)
        At the end of the pulse and of the pause.
    time : ndarray (time,)
        Times in s of the traces.
    traced : ndarray (2, traced, time)
        Over time, of the first replicas of the first block.
    numbers : ndarray (traced,)
        Their numbers.
    """

    replicas: NDArray[np.float64]
    time: NDArray[np.float64]
    traced: NDArray[np.float64]
    numbers: NDArray[np.int64]


def _readout(content: xarray.Dataset, detector: Detector) -> Readout:
    """Return the conductances of the replicas of one block."""
    job = Simulation.from_json(str(content.attrs["parameters"]))
    columns = detector.columns(job.track)
    data = {name: each.values for name, each in content.variables.items()}

    def read(profile: NDArray[Any], time: NDArray[np.float64]) -> NDArray[np.float64]:
        domains = domains_of(content, time)
        found = detected_magnetization(profile, data["magnetic_cells"], columns, domains)
        return both_readings(found, detector)

    end = data["pulse_start"][-1] + data["pulse_duration"][-1]
    moments = np.array([end, data["pause_end"][-1]])
    # files from before traces were kept have none
    profile = data.get("traced_profile", np.empty((0, 0, len(data["magnetic_cells"]))))
    time = data["time"][: profile.shape[1]]
    return Readout(
        read(data["replica_profile"][:, -1], moments),
        time,
        read(profile, time),
        data["traced"][: len(profile)],
    )


def _conductances(
    asked: Thermal, shape: tuple[int, int], found: Sequence[Sequence[Readout]]
) -> dict[str, Any]:
    """Return the variables of the conductances of all models and current densities.

    `found` has the blocks of each pulse, none beyond the model.
    """
    # all traces have the same times, and all first blocks the same replicas
    first = next((each[0] for each in found if each and each[0].traced.size), None)
    time, numbers = (first.time, first.numbers) if first else (np.empty(0), np.empty(0))
    replicas = np.full((len(found), 2, asked.replicas, 2), math.nan)
    traced = np.full((len(found), 2, len(numbers), len(time)), math.nan)
    for row, each in enumerate(found):
        if each:
            replicas[row] = np.concatenate([block.replicas for block in each], axis=1)
            if each[0].traced.size:
                traced[row] = each[0].traced
    return {
        **{
            name: np.moveaxis(values.reshape(*shape, *values.shape[1:]), 2, 0)
            for name, values in (("replica_conductance", replicas), ("traced_conductance", traced))
        },
        "time": time,
        "traced": numbers,
    }


def _point(
    opened: Opened, keys: Sequence[tuple[str, float, int]], detector: Detector
) -> tuple[list[Wall], dict[str, Any], list[Readout]]:
    """Return the walls of one pulse in one model, what is known of the pulse, and conductances."""
    names = ("quenched_state", "quenched_wall_bottom", "quenched_wall_top", "onward_state")
    profile = "replica_profile"
    walls, attributes, read = [], [], []
    for key in keys:
        content = opened.read(key, *names, profile, *OF_READOUT, "traced_profile")
        attributes.append(content.attrs)
        if "beyond_model" not in content.attrs:
            read.append(_readout(content, detector))
        track = Simulation.from_json(str(content.attrs["parameters"])).track
        states, *ends, later = (content[name].values for name in names)
        several = [has_several_walls(each[-1, -1]) for each in content[profile].values]
        for state, *last, after, many in zip(states, *ends, later, several, strict=True):
            bottom, top = (float(each[-1]) for each in last)
            found = (SEVERAL, "") if many else (str(state[-1]), str(after))
            gap = tracks.gap(track, bottom, top)
            walls.append(Wall(found[0], gap, (bottom + top) / 2, found[1]))
    about = {
        "mean_spin_temperature": np.mean(
            [float(each.get("spin_temperature", math.nan)) for each in attributes]
        ),
        "highest_temperature": max(
            float(each.get("highest_temperature", each["temperature"])) for each in attributes
        ),
        "heated_beyond_model": any("beyond_model" in each for each in attributes),
    }
    return walls, about, read
