"""Readers of compact models: the levels of a synapse, the activation of a neuron.

The rules also import this module, so it imports no heavy library.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from wallnet.files.datasets import read_json
from wallnet.files.whole import FileError, damaged, one_line

CONTENTS = {"neuron": "activation", "synapse": "levels"}
"""Content that networks need from each kind of simulated device; a measured one has one or both.
Other kinds have no compact model."""

SAME = 1e-6
"""Difference, as a share of the range, below which two conductances are one level."""


class Curve(NamedTuple):
    """Piecewise polynomial on [0, 1].

    Attributes
    ----------
    breaks : tuple of float
        Ends of the pieces, ascending, from 0 to 1.
    coefficients : tuple of tuple of float
        Coefficients of each piece in ascending powers of the distance from its lower end.
    """

    breaks: tuple[float, ...]
    coefficients: tuple[tuple[float, ...], ...]


_COUNTS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "measured": lambda level: level["stable"] and not level["half"],
    "extended": lambda level: level["stable"],
    "reachable": lambda level: level["stable"] and level["reachable"] and not level["half"],
    "kept": lambda level: level["stable"] and level["kept"],
    "mutually-reachable": lambda level: level["stable"] and level["mutually_reachable"],
}
"""Condition for a level to be in each level set of `wallnet.config.mappings.LEVEL_SETS`."""


def levels_of(path: str | Path, reading: str, level_set: str) -> tuple[list[float], int]:
    """Read the levels of a synapse, without the states that have no conductance.

    Parameters
    ----------
    path : str or Path
        Compact model of a synapse.
    reading : str
        `parallel` or `series`; `measured` of a measured device.
    level_set : str
        One of `wallnet.config.mappings.LEVEL_SETS`.

    Returns
    -------
    levels : list of float
        Conductances in S, ascending.
    whole : int
        Number of states with the wall at a notch or an end, at rest or not.

    Raises
    ------
    FileError
        If the file is missing, damaged or of another kind, or a level has no conductance.
    """
    with _content(path, "levels") as levels:
        chosen = [level for level in levels if _COUNTS[level_set](level)]
        values = [level["conductance"][reading] for level in chosen]
        whole = sum(not level["half"] for level in levels)
    if not all(isinstance(value, int | float) for value in values):
        raise FileError(
            f"{path} has a level without conductance ({reading}); check the traces and levels of "
            "the device, then delete it and run snakemake"
        )
    return sorted(map(float, values)), whole


def stable_levels(path: str | Path) -> dict[str, dict[str, float]]:
    """Return the conductances in S by reading of each stable state of a synapse, in their order.

    States without a conductance are left out. Level sets of networks are some of the others.

    Raises
    ------
    FileError
        If the file is missing, damaged or of another kind.
    """
    with _content(path, "levels") as levels:
        return {
            str(level["state"]): {name: float(value) for name, value in values.items()}
            for level in levels
            if level["stable"] and None not in (values := level["conductance"]).values()
        }


def doubtful_levels(path: str | Path, level_sets: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the doubtful levels of a synapse, among those in some level sets.

    Those of the first list are no minimum of the energy; the text has the distance by which the
    wall moves on. Only pulses beyond the model reach those of the second list. A measured synapse
    has neither.
    """
    level_sets = set(level_sets)
    creeping, beyond, number = [], [], -1
    with _content(path, "levels") as levels:
        for level in levels:
            number += not level["half"]
            if not any(_COUNTS[name](level) for name in level_sets):
                continue
            name = level["state"] if level["half"] else f"{number} ({level['state']})"
            if level.get("minimum") is False:
                moved = level["moved_on"]
                creeping.append(f"{name}{'' if moved is None else f' by {moved / 1e-9:.0f} nm'}")
            if level.get("beyond_model"):
                beyond.append(name)
    return creeping, beyond


def activation_of(path: str | Path, reading: str) -> tuple[Curve, str]:
    """Read the measured activation of a neuron.

    Parameters
    ----------
    path : str or Path
        Compact model of a neuron.
    reading : str
        `parallel` or `series`; `measured` of a measured device.

    Returns
    -------
    curve : Curve
        G_norm(J_norm).
    fault : str
        Reason why the curve cannot be used as an activation; empty if it can.

    Raises
    ------
    FileError
        If the file is missing, damaged or of another kind, or its curve is incomplete.
    """
    with _content(path, "activation") as curves:
        curve = curves[reading]
        breaks = tuple(map(float, curve["breaks"]))
        pieces = tuple(tuple(map(float, piece)) for piece in curve["coefficients"])
        fault = str(curve["fault"])
    if len(breaks) != len(pieces) + 1 or len({len(piece) for piece in pieces}) != 1:
        raise damaged(path, f"has an incomplete curve ({reading})")
    return Curve(breaks, pieces), fault


@contextmanager
def _content(path: str | Path, name: str) -> Iterator[Any]:
    """Yield the levels or the activation of a compact model; refuse what its reader cannot use."""
    data = read_json(path, ["kind"])
    if name not in data:
        raise FileError(
            f"{path} describes a {str(data['kind'])[:20]} and has no {name}; delete it and run "
            "snakemake"
        )
    try:
        yield data[name]
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"has no complete {name} ({one_line(error)})") from None


def decisive(path: str | Path, reading: str, level_set: str | None = None) -> str:
    """Return what a network depends on, the levels of a level set or the activation, as JSON.

    It is a parameter of the training jobs, which run again only when it changes. It is empty while
    there is no usable file.
    """
    try:
        content = levels_of(path, reading, level_set) if level_set else activation_of(path, reading)
    except FileError:
        return ""
    return json.dumps(content)
