"""The compact model of a device: the levels of a synapse or the activation of a neuron.

Networks read only this small file of a device. If the levels or the activation stay the same,
other changes of the device file do not make a network train again.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import files
from wallnet.devices.measured import measured_model
from wallnet.files.compact import CONTENTS
from wallnet.studies.barriers.gather import retained

if TYPE_CHECKING:
    import xarray


MADE_BY = ("device", "parameters", "revision", "wallnet_version")
"""Attributes of a device file that a compact model has, beside those of its simulations."""


def compact_model(
    device: str | Path,
    out: str | Path,
    barriers: str | Path | None = None,
    transitions: str | Path | None = None,
) -> None:
    """Write the compact model of a synapse or a neuron as JSON, from its device file.

    Barriers of a synapse determine the retained levels, and transitions the mutually reachable ones
    of these. Without them, the level sets `kept` and `mutually-reachable` are not available.

    Raises
    ------
    wallnet.files.FileError
        If a file is missing or damaged, or the device has neither levels nor an activation.
    """
    data = files.read_dataset(device, "track")
    kind = str(data.attrs["kind"])
    if (content := CONTENTS.get(kind)) is None:
        raise files.FileError(
            f"{device} is of a {kind}, which has no levels and no activation; give the file of a "
            f"{' or a '.join(CONTENTS)}"
        )
    made_by = {
        key: value if isinstance(value, str) else int(value)
        for key, value in data.attrs.items()
        if key.startswith("simulation") or key in MADE_BY
    }
    written: Any = {"activation": _activation, "levels": _levels}[content](data)
    if barriers is not None:
        states = retained(files.read_dataset(barriers, "barriers"))
        lasting = {state for state, (_, flag) in states.items() if flag == 1}
        written = [level | {"kept": level["state"] in lasting} for level in written]
    if transitions is not None:
        pulses = files.read_dataset(transitions, "transitions")
        names = pulses["target"].values.tolist()
        kept = {level["state"] for level in written if level["stable"] and level["kept"]}
        reached = both_ways(pairs_of(pulses), [name for name in names if name in kept])
        written = [level | {"mutually_reachable": level["state"] in reached} for level in written]
    files.write_json({"kind": kind, content: written, "made_by": made_by}, out)


def pairs_of(transitions: "xarray.Dataset") -> Iterator[tuple[str, str]]:
    """Yield the states before and after each pulse that leads to a target.

    A state in which no wall rests is no target, so pulses from there close no circle.
    """
    names, ends = transitions["target"].values.tolist(), transitions["end_target"].values
    yield from ((names[place[0]], names[end]) for place, end in np.ndenumerate(ends) if end >= 0)


def both_ways(pairs: Iterable[tuple[str, str]], counted: Sequence[str]) -> set[str]:
    """Return the most states between any two of which pulses lead, in both directions.

    The graph of the pulses has pairs of the states before and after each. The result is its largest
    strongly connected component. Only the states `counted` count and are returned, but a sequence
    of pulses may pass through others. Of equally large components, the one with the first state is
    taken; the set is empty if none has two states.

    Examples
    --------
    Pulses lead from a to b and back by way of c, and from b to d but not back.

    >>> sorted(both_ways([("a", "b"), ("b", "c"), ("c", "a"), ("b", "d")], ["a", "b", "d"]))
    ['a', 'b']
    """
    import networkx

    components = networkx.strongly_connected_components(networkx.DiGraph(pairs))
    groups = ([state for state in counted if state in component] for component in components)
    several = [group for group in groups if len(group) > 1]
    return set(min(several, key=lambda group: (-len(group), counted.index(group[0])), default=()))


def _levels(data: "xarray.Dataset") -> list[dict[str, Any]]:
    """Return all levels of a synapse in order, including the half levels."""
    flags = {name: name for name in ("half", "stable", "reachable")}
    flags |= {"beyond_model": "level_beyond_model", "minimum": "level_minimum"}

    def finite(value: "xarray.DataArray") -> float | None:
        return value.item() if np.isfinite(value) else None

    return [
        {
            "state": str(level["level_state"].item()),
            **{key: bool(level[name]) for key, name in flags.items()},
            "moved_on": finite(level["level_shift"]),
            "conductance": {
                reading: finite(level["level_conductance"].sel(reading=reading))
                for reading in files.READINGS
            },
        }
        for level in (data.isel(level=index) for index in range(data.sizes["level"]))
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


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `compact-model` to a command line."""
    command = subparsers.add_parser(
        "compact-model", help="write the compact model of a device: levels or activation"
    )
    for name, text in {
        "device": "device file of a simulated device",
        "barriers": "barriers of a synapse, for the retained levels",
        "transitions": "transitions of a synapse, for the mutually reachable levels",
        "levels": "CSV file of a measured device, with the column conductance",
        "activation": "CSV file of a measured device, with the columns input and output",
    }.items():
        command.add_argument(f"--{name}", help=text)
    command.add_argument("--out", required=True, help="JSON file to write")
    command.set_defaults(handler=_write)


def _write(arguments: argparse.Namespace) -> None:
    if arguments.device:
        compact_model(arguments.device, arguments.out, arguments.barriers, arguments.transitions)
    else:
        measured_model(arguments.levels, arguments.activation, arguments.out)
