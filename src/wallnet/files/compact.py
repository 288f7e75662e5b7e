"""Reading of compact models: the levels of a synapse, the activation of a neuron.

The rules read them too, so nothing heavy is imported here.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wallnet.files.datasets import read_json
from wallnet.files.whole import FileError, damaged

CONTENTS = {"neuron": "activation", "synapse": "levels"}
"""What networks need of a kind of device; others have no compact model."""

_COUNTS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "measured": lambda level: level["stable"] and not level["half"],
    "extended": lambda level: level["stable"],
    "reachable": lambda level: level["stable"] and level["reachable"] and not level["half"],
}
"""Which levels count in each level set of `wallnet.config.networks.LEVEL_SETS`."""


def levels_of(path: str | Path, reading: str, level_set: str) -> tuple[list[float], int]:
    """Read the levels of a synapse; states in which no wall rests are left out.

    Parameters
    ----------
    path : str or Path
        Compact model of a synapse.
    reading : str
        `parallel` or `series`.
    level_set : str
        Of `wallnet.config.networks.LEVEL_SETS`.

    Returns
    -------
    levels : list of float
        Normalised conductances, ascending.
    whole : int
        How many states the synapse has with its wall at a notch or an end, held or not.

    Raises
    ------
    FileError
        If the file is missing, damaged or of another kind, or a level has no conductance.
    """
    data = _read(path, "levels")
    try:
        chosen = [level for level in data["levels"] if _COUNTS[level_set](level)]
        values = [level["normalized_conductance"][reading] for level in chosen]
        whole = sum(not level["half"] for level in data["levels"])
    except (KeyError, TypeError) as error:
        raise damaged(path, f"has levels that lack {error}") from None
    if not all(isinstance(value, int | float) for value in values):
        raise FileError(
            f"{path} has a level without conductance ({reading}); check the traces and levels of "
            "the device, then delete it and run snakemake"
        )
    return sorted(map(float, values)), whole


def activation_of(path: str | Path, reading: str) -> tuple[tuple[float, ...], str]:
    """Read the activation that a neuron was measured to have.

    Parameters
    ----------
    path : str or Path
        Compact model of a neuron.
    reading : str
        `parallel` or `series`.

    Returns
    -------
    quartic : tuple of float
        The five coefficients of G_norm(J_norm), ascending powers.
    fault : str
        What makes it no activation; empty if nothing does.

    Raises
    ------
    FileError
        If the file is missing, damaged or of another kind, or has no five coefficients.
    """
    data = _read(path, "activation")
    try:
        found = data["activation"][reading]
        quartic, fault = tuple(map(float, found["quartic"])), str(found["fault"])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"has no activation ({reading}): {error}") from None
    if len(quartic) != 5:
        raise damaged(path, f"has {len(quartic)} coefficients of a quartic ({reading})")
    return quartic, fault


def _read(path: str | Path, content: str) -> dict[str, Any]:
    data = read_json(path, ["kind"])
    if content not in data:
        raise FileError(
            f"{path} is of a {str(data['kind'])[:20]} and has no {content}; delete it and run "
            "snakemake"
        )
    return data


def decisive(path: str | Path, reading: str, level_set: str | None = None) -> str:
    """Return what of a compact model decides about a network, as JSON.

    It is a parameter of the jobs that train: they run again when it changes, and only then.

    Parameters
    ----------
    path : str or Path
        Compact model.
    reading : str
        `parallel` or `series`.
    level_set : str, optional
        Of a synapse's levels; None for a neuron.

    Returns
    -------
    str
        Levels or activation; empty while there is no usable file.
    """
    try:
        if level_set is None:
            return json.dumps(activation_of(path, reading))
        return json.dumps(levels_of(path, reading, level_set))
    except FileError:
        return ""
