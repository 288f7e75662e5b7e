"""Thermal: the probability of each state, from the walls of all replicas."""

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray
from numpy.typing import NDArray

from wallnet.config.devices import Detector
from wallnet.files import WallState
from wallnet.files.schema import COMPONENTS
from wallnet.files.schema.states import FREE
from wallnet.jobs.request import Conditions
from wallnet.questions.opened import Gathering, Opened, over
from wallnet.studies.barriers.gather import lifetime, lowest_barriers, paths_of
from wallnet.studies.proportions import interval
from wallnet.studies.pulse_trains.gather import conductances
from wallnet.studies.thermal import Thermal
from wallnet.tracks.states import OF_OUTCOMES, States, outcomes

TIMES = ("pulse_start", "pulse_duration", "pause_end")

OF_REPLICA = (
    *OF_OUTCOMES,
    *("onward_time", "onward_wall_bottom", "onward_wall_top", "onward_walls"),
    *("moment_profile", "magnetic_cells", *TIMES),
)
"""Variables that are read of a replica."""

OF_TRACE = ("time", "magnetization_profile", "magnetic_cells")
"""Variables that are read of the trace of a replica."""


class Wall(NamedTuple):
    """The wall of one replica, quenched at the end of the pause.

    `position` is the mean one in m. `later` is its state at the reading time, if it was free and
    went on; otherwise empty.
    """

    state: str
    position: float
    later: str


Pulse = tuple[str, str, float]
"""A pulse in a model: its name, the state from which it starts, current density in A/m²."""


def _width(states: Sequence[str]) -> float:
    """Return the width of the widest interval of the probabilities of the states of runs."""
    limits = [interval(count, count, len(states)) for count in Counter(states).values()]
    return max(high - low for low, high in limits)


def _row(
    walls: Sequence[Wall], states: Sequence[str], settings: Thermal, replicas: int
) -> dict[str, Any]:
    """Return the variables of the outcomes of one pulse in one model, for so many replicas.

    A wall that a notch pins at the end of the pause is taken to stay there until the reading time.
    """
    total, certain = len(walls), Counter(wall.later or wall.state for wall in walls)
    # a wall that is free when it is read is free; before, nothing is known of it
    unresolved = certain.pop(FREE, 0) if settings.reading_time > settings.free_time else 0
    counts = Counter(wall.state for wall in walls)
    limits = [interval(certain[state], certain[state] + unresolved, total) for state in states]
    places = [wall.position if wall.state == FREE else math.nan for wall in walls]

    def share(count: float) -> float:
        return count / total if total else math.nan

    # beyond the model there are no walls
    missing = replicas - total
    return {
        "replica_state": [*(wall.state for wall in walls), *[""] * missing],
        "outcome_count": [counts[state] for state in states],
        "outcome_certain": [certain[state] for state in states],
        "outcome_probability": [
            math.nan if state == FREE and unresolved else share(certain[state]) for state in states
        ],
        "outcome_low": [low for low, _ in limits],
        "outcome_high": [high for _, high in limits],
        "simulated_replicas": total,
        "free_share": share(counts[FREE]),
        "unresolved_share": share(unresolved),
        "free_position": [*places, *[math.nan] * missing],
    }


def _lifetimes(
    settings: Thermal, opened: Opened, states: Sequence[str], ambient: Mapping[str, float]
) -> dict[str, Any]:
    """Return the variables of the lifetimes of states at the ambient temperature of models, in K.

    They are unknown if the campaign does not ask for barriers.
    """
    lives = np.full((len(ambient), len(states)), math.nan)
    lasts = np.full(lives.shape, -1)
    if paths := paths_of(opened):
        lowest = lowest_barriers(paths).reindex([_mirrored(state) for state in states])
        barrier, certain = lowest["barrier"].to_numpy(), lowest["certain"].eq(True).to_numpy()
        for model, frequencies in opened.about.get("attempt_frequencies", {}).items():
            row = list(ambient).index(model)
            longest, lives[row] = (lifetime(barrier, ambient[model], f) for f in frequencies)
            lasts[row, certain & (lives[row] > settings.reading_time)] = 1
            # an unknown barrier would only be lower
            lasts[row, longest <= settings.reading_time] = 0
    return {"outcome_lifetime": lives, "outcome_lasts": lasts}


def _mirrored(state: str) -> str:
    """Return the half state with its upper end ahead, whose barriers are known; others as given."""
    ends = WallState(state).ends
    return str(WallState.at(*sorted(ends))) if ends else state


def _point(
    opened: Opened, conditions: Conditions, replicas: int
) -> tuple[list[Wall], dict[str, Any], list[NDArray[Any]]]:
    """Return what is known of one pulse in one model: walls of all replicas, variables, a trace.

    `replica_conductance` (2, replicas, 2) is in S in both readings, at the end of the pulse and of
    the pause; `ambient` is in K. The trace of the first replica is a conductance (2, time) with
    its times in s. Beyond the model there are no walls and conductances.
    """
    walls, about, hot = [], [], []
    detector = Detector.model_validate(opened.about["detectors"][conditions.variant])
    traced: list[NDArray[Any]] = [np.empty((2, 0)), np.empty(0)]
    for replica in opened.pulses(conditions):
        content = replica.read(*OF_REPLICA)
        about.append(content.attrs)
        if replica.beyond_model:
            continue
        walls.append(_wall(content, replica.states))
        hot.append(content)
        if replica.conditions.replica == 1 and "time" in (trace := replica.read(*OF_TRACE)):
            m_z = trace["magnetization_profile"].values[..., COMPONENTS.index("z")]
            time = trace["time"].values
            traced = [conductances(trace, detector, m_z, time), time]
    spin = [float(made.get("spin_temperature", math.nan)) for made in about]
    highest = [float(made.get("highest_temperature", made["temperature"])) for made in about]
    conductance = np.full((2, replicas, 2), math.nan)
    if hot:
        profiles = np.array([content["moment_profile"].values[-1] for content in hot])
        start, duration, pause_end = (hot[0][name].values[-1] for name in TIMES)
        moments = np.array([start + duration, pause_end])
        conductance[:, : len(hot)] = conductances(hot[0], detector, profiles, moments)
    variables: dict[str, Any] = {
        "replica_conductance": conductance,
        "ambient": float(about[0]["temperature"]),
        "mean_spin_temperature": np.mean(spin),
        "highest_temperature": max(highest),
        "heated_beyond_model": any("beyond_model" in made for made in about),
    }
    return walls, variables, traced


def _wall(content: xarray.Dataset, states: States) -> Wall:
    """Return the wall of a replica."""
    end, onward = outcomes(content, states)[-1], content["onward_walls"].item()
    later = ""
    if math.isfinite(onward):
        ends = content["onward_wall_bottom"].item(), content["onward_wall_top"].item()
        later = str(states.state(ends, int(onward), True))
    return Wall(str(end.state), end.position, later)


class Gather(Gathering[Thermal]):
    """States, with their probabilities."""

    def next_round(self, settings: Thermal, opened: Opened) -> list[Pulse]:
        """Return the pulses with a probability whose interval is too wide."""
        return self.next_round_of_samples(settings, [opened])[0]

    def next_round_of_samples(
        self, settings: Thermal, results: Sequence[Opened]
    ) -> list[list[Pulse]]:
        """Return the same for each sample, from the runs of all, as if these were alike."""
        ends: dict[Pulse, list[str]] = {}
        for run in itertools.chain.from_iterable(opened.pulses() for opened in results):
            place = run.conditions
            if place.variant and not run.beyond_model:
                pulse = (place.variant, str(place.state), float(place.current_density or 0))
                wall = _wall(run.read(*OF_REPLICA), run.states)
                ends.setdefault(pulse, []).append(wall.later or wall.state)
        widest = settings.interval or 1.0
        wide = [pulse for pulse, states in ends.items() if _width(states) > widest]
        return [wide] * len(results)

    def gather(self, settings: Thermal, opened: Opened) -> dict[str, Any]:
        """Return the variables of all models, states and current densities."""
        # in the order of the configuration, which JSON does not keep
        replicas = [pulse for pulse in opened.pulses() if pulse.conditions.variant]
        models = list(dict.fromkeys(str(replica.conditions.variant) for replica in replicas))
        numbers = np.unique([replica.conditions.replica for replica in replicas])
        starts, densities = settings.states(), settings.current_densities
        shape = (len(models), len(starts), len(densities))
        cold = [pulse.outcomes[-1] for pulse in opened.pulses(Conditions(temperature=0.0))]
        pulses = itertools.product(models, starts, densities)
        places = (Conditions(variant=v, state=start, current_density=j) for v, start, j in pulses)
        points = [_point(opened, place, numbers.size) for place in places]
        every = [wall for walls, *_ in points for wall in walls]
        seen = {name for wall in every for name in (wall.state, wall.later) if name}
        seen |= {str(wall.state) for wall in cold}
        states = sorted(seen, key=lambda name: WallState(name).order)
        # all traces have the same times
        traced, time = max((trace for *_, trace in points), key=lambda trace: trace[0].size)
        rows = []
        for walls, variables, (curves, _) in points:
            held = curves if curves.size else np.full_like(traced, math.nan)
            row = _row(walls, states, settings, numbers.size) | variables
            rows.append(row | {"traced_conductance": held})
        values = over(shape, rows)
        ambient = dict(zip(models, values.pop("ambient")[:, 0, 0], strict=True))
        for name in ("replica_conductance", "traced_conductance"):
            values[name] = np.moveaxis(values[name], 3, 0)
        of_cold = [{"cold_state": str(wall.state), "cold_position": wall.position} for wall in cold]
        return {
            **_lifetimes(settings, opened, states, ambient),
            **values,
            **over(shape[1:], of_cold),
            "time": time,
            "reading_time": settings.reading_time,
            "model": models,
            "start_state": starts,
            "outcome": states,
            "replica": numbers,
            "current_density": densities,
        }
