"""Transitions: where pulses lead from every state, and the shortest sequences between states."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files, revisions
from wallnet.devices.gathering import simulated_by
from wallnet.devices.traces import foreign
from wallnet.files import WallState
from wallnet.files.schema.states import EXPELLED, REVERSED
from wallnet.jobs import TransitionsJob
from wallnet.jobs.paths import level_in, transition_in

WITHOUT_WALL = (REVERSED, EXPELLED)
"""States of a track that the wall has left; no pulse leads out of them."""


@dataclass(frozen=True)
class Resting:
    """The wall at the end of a trace.

    Attributes
    ----------
    state : WallState
        Its state.
    settled : bool
        Whether both ends rest.
    bottom, top : float
        Positions of the ends at the lower and at the upper edge, in m.
    """

    state: WallState
    settled: bool
    bottom: float
    top: float


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
    end: Resting, starts: Sequence[Resting], names: Sequence[WallState], reach: float
) -> int:
    """Return the index of the target in which a wall ends, -1 if there is none.

    Targets are the states from which pulses start, then those of `WITHOUT_WALL`. A wall is in the
    state of its name if it rests and both ends are within reach of the wall that was initialised
    there: a wall may also creep or rest elsewhere in the gap between two notches.

    Parameters
    ----------
    end : Resting
        The wall after a pulse.
    starts : sequence of Resting
        The initialised walls, at rest.
    names : sequence of WallState
        States in which they were initialised.
    reach : float
        Largest distance of an end in m.
    """
    if end.state in WITHOUT_WALL:
        return len(names) + WITHOUT_WALL.index(end.state)
    for index, (name, placed) in enumerate(zip(names, starts, strict=True)):
        apart = max(abs(end.bottom - placed.bottom), abs(end.top - placed.top))
        if end.settled and end.state == name and kept(placed, name) and apart <= reach:
            return index
    return -1


def kept(placed: Resting, name: WallState) -> bool:
    """Return whether a wall that was initialised in a state rests there."""
    return placed.settled and placed.state == name


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


def both_ways(pairs: Iterable[tuple[int, int]], states: int, counted: Iterable[int]) -> set[int]:
    """Return the most states between any two of which pulses lead, in both directions.

    They are the largest strongly connected component of the graph of the pulses, where only some
    states count: a sequence of pulses may pass through others.

    Parameters
    ----------
    pairs : iterable of tuple of int
        States before and after a pulse.
    states : int
        Number of states.
    counted : iterable of int
        States that count. Only these are returned.

    Returns
    -------
    set of int
        The states; of components with equally many, those of the component with the first state.
        Empty if none has two.

    Examples
    --------
    Pulses lead from 0 to 1 and back by way of 2, and from 1 to 3 but not back.

    >>> sorted(both_ways([(0, 1), (1, 2), (2, 0), (1, 3)], 4, [0, 1, 3]))
    [0, 1]
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    edges = np.array(sorted(set(pairs)), dtype=int).reshape(-1, 2)
    graph = csr_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(states, states))
    _, component = connected_components(graph, directed=True, connection="strong")
    groups: dict[int, set[int]] = {}
    for state in sorted(counted):
        groups.setdefault(int(component[state]), set()).add(state)
    largest = max(groups.values(), key=len, default=set())
    return largest if len(largest) > 1 else set()


def rewritable_states(path: str | Path, kept: Iterable[str]) -> frozenset[str]:
    """Return the retained states of a device that are mutually reachable.

    These are the most states of which each is reached from each other one by a sequence of pulses.
    The sequence may pass through states that are not retained.

    Parameters
    ----------
    path : str or Path
        File of kind 'transitions'.
    kept : iterable of str
        The retained states.

    Raises
    ------
    wallnet.files.FileError
        If it is missing or damaged.
    """
    data = files.read_dataset(path, "transitions")
    names = [str(name) for name in data["target"].values]
    ends = data["end_target"].values
    # a state in which no wall rests is no target, so pulses from there close no circle
    pairs = [(place[0], int(ends[place])) for place in np.ndindex(ends.shape) if ends[place] >= 0]
    wanted = set(kept)
    counted = [index for index, name in enumerate(names) if name in wanted]
    return frozenset(names[index] for index in both_ways(pairs, len(names), counted))


def transitions(
    job: TransitionsJob, levels: str | Path, transitions: str | Path, out: str | Path
) -> None:
    """Gather the pulses from all states of a device.

    Parameters
    ----------
    job : TransitionsJob
        States, current densities and durations.
    levels : str or Path
        Folder of the walls that were initialised in these states.
    transitions : str or Path
        Folder of the pulses.
    out : str or Path
        File to write, kind 'transitions'.

    Raises
    ------
    wallnet.files.FileError
        If a file is missing, damaged or of another pulse.
    """
    names = [WallState(name) for name in job.starts]
    targets = [*names, *WITHOUT_WALL]
    paths = {name: level_in(levels, name) for name in names}
    made_by: dict[str, set[str]] = {}
    placed = [_read(path, None, None, made_by) for path in paths.values()]
    starts, begun = [start for start, _ in placed], [_start_of(told) for _, told in placed]
    shape = (len(names), len(job.durations), len(job.current_densities))
    ends = np.empty(shape, dtype=object)
    simulation = ""
    for place in np.ndindex(shape):
        duration, density = job.durations[place[1]], job.current_densities[place[2]]
        path = transition_in(transitions, names[place[0]], density, duration)
        ends[place], told = _read(path, density, duration, made_by)
        if _start_of(told) != begun[place[0]]:
            raise foreign(path, f"does not start from the wall of {paths[names[place[0]]]}")
        simulation = simulation or told
    target = np.array(
        [target_of(end, starts, names, job.reach) for end in ends.flat], dtype=int
    ).reshape(shape)
    edges = list(_edges(target, job, [kept(*pair) for pair in zip(starts, names, strict=True)]))
    found = shortest(edges, len(names), len(targets))
    moving = [edge for edge in edges if edge.start != edge.target]
    files.write_dataset(
        files.dataset(
            "transitions",
            {
                **_of_starts(names, starts),
                **_of_ends(ends),
                **_of_sequences(found, len(names), len(targets)),
                "end_target": target,
                "reached": [
                    any(e.target == k != e.start for e in edges) for k in range(len(targets))
                ],
                "left": [k in {edge.start for edge in moving} for k in range(len(names))],
                "start": names,
                "target": targets,
                "duration": job.durations,
                "current_density": job.current_densities,
            },
        ),
        out,
        "transitions",
        {
            "device": Path(out).stem,
            "parameters": job.to_json(),
            # of the first pulse
            "simulation": simulation,
            "revision": revisions.of("devices"),
            **simulated_by(made_by),
        },
    )


UNUSED = ("m", "magnetization", "magnetization_profile", "snapshot_time", "applied_current_density")
"""Variables of a trace that are not read."""


def _read(
    path: str, density: float | None, duration: float | None, made_by: dict[str, set[str]]
) -> tuple[Resting, str]:
    """Return the end of a trace and its parameters; note what made it."""
    data = files.read_dataset(path, "trace", drop=list(UNUSED))
    for key in ("backend", "backend_version", "revision"):
        if key in data.attrs:
            made_by.setdefault(key, set()).add(str(data.attrs[key]))
    if density is not None and duration is not None:
        applied = float(data["pulse_current_density"]), float(data.attrs["pulse_end"])
        if not np.allclose(applied, (density, duration), rtol=1e-6, atol=0):
            raise foreign(path, "is of another pulse")
    end = Resting(
        WallState(str(data.attrs["state"])),
        int(data.attrs["settled"]) == 1,
        float(data["wall_bottom"][-1]),
        float(data["wall_top"][-1]),
    )
    return end, str(data.attrs["parameters"])


def _start_of(parameters: str) -> dict[str, Any]:
    """Return where the wall of a simulation is initialised, and on which track."""
    job = json.loads(parameters)
    return {key: job[key] for key in ("track", "material", "placement")}


def _edges(target: NDArray[np.int64], job: TransitionsJob, rests: Sequence[bool]) -> Iterator[Edge]:
    """Yield all pulses that lead from a state in which a wall rests to a target."""
    for start, row, column in np.ndindex(target.shape):
        if rests[start] and target[start, row, column] >= 0:
            yield Edge(
                start,
                int(target[start, row, column]),
                job.current_densities[column],
                job.durations[row],
            )


def _of_starts(names: Sequence[WallState], starts: Sequence[Resting]) -> dict[str, Any]:
    """Return the variables of the states from which pulses start."""
    return {
        "start_kept": [kept(*pair) for pair in zip(starts, names, strict=True)],
        "start_bottom": [each.bottom for each in starts],
        "start_top": [each.top for each in starts],
    }


def _of_ends(ends: NDArray[np.object_]) -> dict[str, Any]:
    """Return the variables of the walls after the pulses."""

    def each(name: str) -> Any:
        return np.array([getattr(end, name) for end in ends.flat]).reshape(ends.shape)

    return {f"end_{name}": each(name) for name in ("state", "settled", "bottom", "top")}


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
