"""Transitions: where pulses lead from every state, and the shortest sequences between states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wallnet.files import WallState
from wallnet.files.schema.states import WITHOUT_WALL
from wallnet.studies.opened import Opened, Outcome
from wallnet.studies.transitions.ask import Transitions

AT_END = ("state", "bottom", "top")
"""What is gathered of each wall after a pulse, beside whether it rests."""


@dataclass(frozen=True)
class Edge:
    """A pulse that leads from one state to another.

    Attributes
    ----------
    start, target : int
        Indices among the states; those of the targets begin with those of the starts.
    current_density, duration : float
        The pulse, in A/m² and s.
    """

    start: int
    target: int
    current_density: float
    duration: float

    @property
    def heat(self) -> float:
        """Quantity proportional to the heat of the pulse: J² t."""
        return self.current_density**2 * self.duration


def target_of(
    end: Outcome, starts: Sequence[Outcome], names: Sequence[WallState], reach: float
) -> int:
    """Return the index of the target in which a wall ends, -1 if there is none.

    Targets are the states from which pulses start, then those of `WITHOUT_WALL`. A wall is in the
    state of its name if it rests and both ends are within reach of the wall that was initialised
    there: a wall may also creep or rest elsewhere in the gap between two notches.

    Parameters
    ----------
    end : Outcome
        The wall after a pulse.
    starts : sequence of Outcome
        The initialised walls, at rest.
    names : sequence of WallState
        States in which they were initialised.
    reach : float
        Largest distance of an end in m.
    """
    if end.state in WITHOUT_WALL:
        return len(names) + WITHOUT_WALL.index(end.state)
    for index, (name, initialised) in enumerate(zip(names, starts, strict=True)):
        apart = max(abs(end.bottom - initialised.bottom), abs(end.top - initialised.top))
        if end.rests_in(name) and initialised.rests_in(name) and apart <= reach:
            return index
    return -1


def shortest(
    edges: Sequence[Edge], starts: int, targets: int
) -> dict[tuple[int, int], tuple[int, Edge]]:
    """Return the shortest sequence of pulses between each pair of states.

    Of sequences with equally many pulses, that with the least heat (sum of J² t) is taken.

    Parameters
    ----------
    edges : sequence of Edge
        All pulses that lead from one state to another.
    starts, targets : int
        Numbers of states.

    Returns
    -------
    dict
        Number of pulses and the first of them, by start and target. Pairs without a sequence, and
        those of a state with itself, are left out.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    best: dict[tuple[int, int], Edge] = {}
    for edge in edges:
        pair = edge.start, edge.target
        if edge.start != edge.target and (pair not in best or edge.heat < best[pair].heat):
            best[pair] = edge
    if not best:
        return {}
    hottest = max(edge.heat for edge in best.values()) or 1.0
    # the heat decides only between equally many pulses: together it is less than one pulse
    weights = [1 + edge.heat / hottest / (2 * targets) for edge in best.values()]
    rows, columns = zip(*best, strict=True)
    graph = csr_matrix((weights, (rows, columns)), shape=(targets, targets))
    distance, before = dijkstra(graph, directed=True, return_predecessors=True)
    found = {}
    for start in range(starts):
        for target in range(targets):
            if start == target or not np.isfinite(distance[start, target]):
                continue
            path = [target]
            while path[-1] != start:
                path.append(int(before[start, path[-1]]))
            found[start, target] = len(path) - 1, best[start, path[-2]]
    return found


def gather(asked: Transitions, opened: Opened) -> dict[str, Any]:
    """Return the variables of the pulses from all states of a device.

    A wall counts as in a state up to one width parameter from the wall that was initialised there.
    """
    levels = [key for key in opened if len(key) == 1]
    pulses = [key for key in opened if len(key) > 1]
    names = [WallState(str(key[0])) for key in levels]
    starts, ends = ([opened.outcomes(key)[0] for key in keys] for keys in (levels, pulses))
    reach = opened.simulation(levels[0]).material.wall_width_parameter
    stable = [start.rests_in(name) for start, name in zip(starts, names, strict=True)]
    found = [target_of(end, starts, names, reach) for end in ends]
    edges = [
        Edge(start, target, float(density), float(duration))
        for (name, duration, density), target in zip(pulses, found, strict=True)
        for start in [names.index(WallState(str(name)))]
        if stable[start] and target >= 0
    ]
    targets = [*names, *WITHOUT_WALL]
    moving = [edge for edge in edges if edge.start != edge.target]
    shape = (len(names), len(asked.durations), len(asked.signed))
    return {
        "start_stable": stable,
        "start_bottom": [start.bottom for start in starts],
        "start_top": [start.top for start in starts],
        **{
            f"end_{key}": np.reshape([getattr(each, key) for each in ends], shape) for key in AT_END
        },
        "end_settled": np.reshape([end.resting is True for end in ends], shape),
        "end_target": np.reshape(found, shape),
        **_of_sequences(shortest(edges, len(names), len(targets)), len(names), len(targets)),
        "reached": [k in {edge.target for edge in moving} for k in range(len(targets))],
        "left": [k in {edge.start for edge in moving} for k in range(len(names))],
        "start": names,
        "target": targets,
        "duration": asked.durations,
        "current_density": asked.signed,
    }


def _of_sequences(
    found: Mapping[tuple[int, int], tuple[int, Edge]], starts: int, targets: int
) -> dict[str, Any]:
    """Return the variables of the shortest sequences."""
    length = np.full((starts, targets), -1)
    first = np.full((2, starts, targets), np.nan)
    np.fill_diagonal(length, 0)
    for (start, target), (count, edge) in found.items():
        length[start, target] = count
        first[:, start, target] = edge.current_density, edge.duration
    return {
        "sequence_length": length,
        "sequence_current_density": first[0],
        "sequence_duration": first[1],
    }
