"""States of a device between any two of which pulses lead."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from wallnet import files


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


def mutually_reachable(path: str | Path, retained: Iterable[str]) -> frozenset[str]:
    """Return the retained states of a device that are mutually reachable.

    These are the most states of which each is reached from each other one by a sequence of pulses.
    The sequence may pass through states that are not retained.

    Parameters
    ----------
    path : str or Path
        File of kind 'transitions'.
    retained : iterable of str
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
    wanted = set(retained)
    counted = [index for index, name in enumerate(names) if name in wanted]
    return frozenset(names[index] for index in both_ways(pairs, len(names), counted))
