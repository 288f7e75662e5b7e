"""What networks need of a device, in a small file of its own: a synapse's levels, or an activation.

The file is all that networks read of a device. While its levels or its activation stay the same,
nothing that is new in the device file makes a network train again.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import files
from wallnet.files import FileError

if TYPE_CHECKING:
    import xarray


def compact_model(device: str | Path, out: str | Path) -> None:
    """Write the compact model of a synapse or a neuron.

    Parameters
    ----------
    device : str or Path
        Device file.
    out : str or Path
        JSON file to write.

    Raises
    ------
    wallnet.files.FileError
        If the device file is missing, damaged, or of a plain track.
    """
    data = files.read_dataset(device, "track")
    kind = str(data.attrs["kind"])
    if kind == "synapse":
        content: dict[str, Any] = {"levels": _levels(data)}
    elif kind == "neuron":
        content = {"activation": _activation(data)}
    else:
        raise FileError(f"{device} is a plain track, which is no part of a network; set its kind")
    kept = ("device", "parameters", "simulation", "revision", "wallnet_version")
    made_by = {key: data.attrs[key] for key in kept if key in data.attrs}
    made_by |= {key: value for key, value in data.attrs.items() if key.startswith("simulation_")}
    plain = {key: value if isinstance(value, str) else int(value) for key, value in made_by.items()}
    files.write_json({"kind": kind, **content, "made_by": plain}, out)


def _levels(data: "xarray.Dataset") -> list[dict[str, Any]]:
    """Return all states of a synapse in order, the half ones too."""
    import math

    found = []
    for index in range(data.sizes["extended_level"]):
        level = data.isel(extended_level=index)
        state = str(level["extended_state"].item())
        values = {
            reading: level["extended_normalized_conductance"].sel(reading=reading).item()
            for reading in files.READINGS
        }
        found.append(
            {
                "state": state,
                "half": state.startswith("between "),
                "stable": bool(level["extended_stable"]),
                "reachable": bool(level["extended_reachable"]),
                "normalized_conductance": {
                    reading: value if math.isfinite(value) else None
                    for reading, value in values.items()
                },
            }
        )
    return found


def _activation(data: "xarray.Dataset") -> dict[str, Any]:
    """Return the quartic of each reading, and what is wrong with it as an activation."""
    return {
        reading: {
            "quartic": data["quartic"].sel(reading=reading).sortby("power").values.tolist(),
            "fault": str(data["fault"].sel(reading=reading).item()),
        }
        for reading in files.READINGS
    }


_COUNTS = {
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
        raise files.damaged(path, f"has levels that lack {error}") from None
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
        raise files.damaged(path, f"has no activation ({reading}): {error}") from None
    if len(quartic) != 5:
        raise files.damaged(path, f"has {len(quartic)} coefficients of a quartic ({reading})")
    return quartic, fault


def _read(path: str | Path, content: str) -> dict[str, Any]:
    data = files.read_json(path, ["kind"])
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
