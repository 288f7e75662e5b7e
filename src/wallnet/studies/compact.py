"""The compact model of a device: the levels of a synapse or the activation of a neuron.

Networks read only this small file of a device. If the levels or the activation stay the same,
other changes of the device file do not make a network train again.
"""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import files
from wallnet.devices.reachable import mutually_reachable
from wallnet.files import FileError
from wallnet.files.compact import CONTENTS
from wallnet.studies.barriers.retention import retained

if TYPE_CHECKING:
    import xarray


def compact_model(
    device: str | Path,
    out: str | Path,
    barriers: str | Path | None = None,
    transitions: str | Path | None = None,
) -> None:
    """Write the compact model of a synapse or a neuron.

    Parameters
    ----------
    device : str or Path
        Device file.
    out : str or Path
        JSON file to write.
    barriers : str or Path, optional
        Barriers of a synapse, which determine the retained levels. Without them, the level set
        `kept` is not available.
    transitions : str or Path, optional
        Transitions of a synapse, which determine the mutually reachable ones of these. Without
        them, the level set `mutually-reachable` is not available.

    Raises
    ------
    wallnet.files.FileError
        If a file is missing or damaged, the device is a plain track, or there are transitions
        without barriers.
    """
    data = files.read_dataset(device, "track")
    kind = str(data.attrs["kind"])
    content = CONTENTS.get(kind)
    if content is None:
        raise FileError(f"{device} is a {kind}, which cannot be part of a network; change its kind")
    kept = ("device", "parameters", "simulation", "revision", "wallnet_version")
    made_by = {key: data.attrs[key] for key in kept if key in data.attrs}
    made_by |= {key: value for key, value in data.attrs.items() if key.startswith("simulation_")}
    plain = {key: value if isinstance(value, str) else int(value) for key, value in made_by.items()}
    written = _WRITERS[content](data)
    if barriers is not None:
        found = retained(files.read_dataset(barriers, "barriers"))
        lasting = {state for state, (_, known) in found.items() if known == 1}
        written = [level | {"kept": level["state"] in lasting} for level in written]
    if transitions is not None:
        if barriers is None:
            raise FileError(f"{transitions} does not tell the retained levels; add the barriers")
        states = [level["state"] for level in written if level["stable"] and level["kept"]]
        reached = mutually_reachable(transitions, states)
        written = [level | {"mutually_reachable": level["state"] in reached} for level in written]
    files.write_json({"kind": kind, content: written, "made_by": plain}, out)


_MINIMUM = {1: True, 0: False, -1: None}
"""Whether the energy has a minimum at a level; None if that was not examined."""


def _levels(data: "xarray.Dataset") -> list[dict[str, Any]]:
    """Return all levels of a synapse in order, including the half levels."""
    conductance = data["level_conductance"]
    return [
        {
            "state": str(data["level_state"].values[index]),
            "half": bool(data["half"].values[index]),
            "stable": bool(data["stable"].values[index]),
            "reachable": bool(data["reachable"].values[index]),
            "beyond_model": bool(data["level_beyond_model"].values[index]),
            "minimum": _MINIMUM[int(data["level_minimum"].values[index])],
            "moved_on": None if math.isnan(moved) else moved,
            "conductance": {
                reading: value if math.isfinite(value) else None
                for reading in files.READINGS
                for value in [conductance.sel(reading=reading).values[index].item()]
            },
        }
        for index in range(data.sizes["level"])
        for moved in [data["level_shift"].values[index].item()]
    ]


def _activation(data: "xarray.Dataset") -> dict[str, Any]:
    """Return the quartic of each reading, as one piece, and its fault as an activation."""
    return {
        reading: {
            "breaks": [0.0, 1.0],
            "coefficients": [data["quartic"].sel(reading=reading).sortby("power").values.tolist()],
            "fault": str(data["fault"].sel(reading=reading).item()),
        }
        for reading in files.READINGS
    }


_WRITERS: dict[str, Callable[["xarray.Dataset"], Any]] = {
    "activation": _activation,
    "levels": _levels,
}


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `compact-model` to a command line."""
    command = subparsers.add_parser(
        "compact-model", help="write the compact model of a device: levels or activation"
    )
    command.add_argument("--device", required=True, help="device file")
    command.add_argument("--barriers", help="barriers of a synapse, for the retained levels")
    command.add_argument(
        "--transitions", help="transitions of a synapse, for the mutually reachable levels"
    )
    command.add_argument("--out", required=True, help="JSON file to write")
    command.set_defaults(
        handler=lambda given: compact_model(
            given.device, given.out, given.barriers, given.transitions
        )
    )
