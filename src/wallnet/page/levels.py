"""Table of the levels of a synapse: minimum, barrier, retained, reached, left again."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import files
from wallnet.files.schema.states import WITHOUT_WALL
from wallnet.report.device_tables import BEYOND, sign_of, smallest_density, write_tables
from wallnet.report.faults import caveats
from wallnet.report.tables import Format, Table
from wallnet.studies.barriers.retention import retained, thermal_energy
from wallnet.studies.barriers.show import RETAINED

if TYPE_CHECKING:
    import xarray

NOTHING, NO_WALL = "nothing", "a wall initialised there moves on"


def level_report(
    device: str | Path,
    tables: tuple[str | Path, str | Path, str | Path],
    barriers: str | Path | None = None,
    transitions: str | Path | None = None,
) -> None:
    """Tabulate the levels of a synapse.

    Parameters
    ----------
    device : str or Path
        Device file of a synapse.
    tables : tuple of str or Path
        CSV, Markdown and HTML files to write.
    barriers, transitions : str or Path, optional
        Barriers and transitions of the device. Without them, what they tell is unknown.

    Raises
    ------
    wallnet.files.FileError
        If a file is missing or damaged, or a table cannot be written.
    """
    data = files.read_dataset(device, "synapse")
    table = levels_table(
        data,
        None if barriers is None else files.read_dataset(barriers, "barriers"),
        None if transitions is None else files.read_dataset(transitions, "transitions"),
    )
    first = caveats({str(data.attrs["device"]): data})
    write_tables(table.title, [table], *tables, first)


def levels_table(
    device: "xarray.Dataset",
    barriers: "xarray.Dataset | None" = None,
    transitions: "xarray.Dataset | None" = None,
) -> Table:
    """Return the table of all levels.

    Parameters
    ----------
    device : xarray.Dataset
        A synapse.
    barriers, transitions : xarray.Dataset, optional
        Its barriers and transitions.
    """
    import pandas

    name = str(device.attrs["device"])
    states = [str(state) for state in device["level_state"].values]
    minimum = device["level_minimum"].values.tolist()
    half = device["half"].values
    numbers = np.cumsum(half == 0) - 1
    sign = 1 if device["current_density"].values.sum() >= 0 else -1
    shown = {1: "+", -1: "-"}
    barrier, retention = _retained(states, minimum, barriers)
    columns: dict[str, tuple[Any, Format]] = {
        "level": (
            ["half" if each else n for each, n in zip(half, numbers, strict=True)],
            "",
        ),
        "state": (states, ""),
        # without a source, the position is where the initialised wall went
        "mean wall position (nm)": (
            device["level_position"].where(device["level_source"] != "").values / 1e-9,
            ".1f",
        ),
        "minimum": (minimum, RETAINED),
        "lowest barrier (k_B T)": (barrier, ".1f"),
        "retained": (retention, RETAINED),
        "reached by the sweep from J (1e12 A/m²)": (
            [_smallest(device, index) for index in range(len(states))],
            "",
        ),
        "reached from other states": ([_reached(state, transitions) for state in states], ""),
        f"left by pulses of the sweep's sign ({shown[sign]}), |J| (1e12 A/m²)": (
            [_left(state, transitions, sign) for state in states],
            "",
        ),
        f"left by pulses of the opposite sign ({shown[-sign]}), |J| (1e12 A/m²)": (
            [_left(state, transitions, -sign) for state in states],
            "",
        ),
    }
    frame = pandas.DataFrame({title: values for title, (values, _) in columns.items()})
    formats = {title: form for title, (_, form) in columns.items() if form}
    return Table(f"{name}: levels with their barriers and transitions", frame, formats)


def _smallest(device: "xarray.Dataset", index: int) -> str | None:
    """Return the smallest current density that reaches a level, and whether it is too hot."""
    level = device.isel(level=index)
    if not level["reachable"]:
        return None
    text = smallest_density(device["current_density"].values / 1e12, "{:.4g}".format)
    mark = f", {BEYOND}" if level["level_beyond_model"] else ""
    return f"{text(level['reaching_current_density'].item() / 1e12)}{mark}"


def _retained(
    states: list[str], minimum: list[int], barriers: "xarray.Dataset | None"
) -> tuple[list[float], list[int]]:
    """Return the lowest barrier in k_B T and whether it is retained (-1: unknown) of each level."""
    found = {} if barriers is None else retained(barriers)
    thermal = 1.0 if barriers is None else thermal_energy(barriers)
    # where the energy has no minimum, no wall stays
    nowhere = {-1: (np.nan, -1), 0: (np.nan, 0), 1: (np.nan, -1)}
    pairs = [found.get(s, nowhere[m]) for s, m in zip(states, minimum, strict=True)]
    return [energy / thermal for energy, _ in pairs], [each for _, each in pairs]


def _reached(state: str, transitions: "xarray.Dataset | None") -> str:
    """Return whether a pulse from another state leads to a state."""
    if transitions is None or state not in transitions["target"].values:
        return RETAINED[-1]
    return RETAINED[int(transitions["reached"].sel(target=state))]


def _left(state: str, transitions: "xarray.Dataset | None", sign: int) -> str:
    """Return the pulses of a sign that leave a state, and where they lead, as text.

    States have their signs, in brackets where the wall does not rest in one of the states from
    which pulses start.
    """
    if state in WITHOUT_WALL:
        return NOTHING
    if transitions is None or state not in transitions["start"].values:
        return RETAINED[-1]
    of_state = transitions.sel(start=state)
    if not of_state["start_stable"].item():
        return NO_WALL
    itself = transitions["target"].values.tolist().index(state)
    found = []
    for duration in transitions["duration"].values:
        pulses = []
        for density in sorted(transitions["current_density"].values, key=abs):
            end = of_state.sel(duration=duration, current_density=density)
            if density * sign > 0 and end["end_target"].item() != itself:
                there = sign_of(str(end["end_state"].item()))
                shown = there if end["end_target"].item() >= 0 else f"({there})"
                pulses.append(f"{abs(density) / 1e12:g} to {shown}")
        if pulses:
            found.append(f"{duration / 1e-9:g} ns: {', '.join(pulses)}")
    return "; ".join(found) or NOTHING


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `level-report` to a command line."""
    command = subparsers.add_parser(
        "level-report", help="tabulate which levels of a synapse are retained, reached and left"
    )
    command.add_argument("--device", required=True, help="device file of a synapse")
    command.add_argument("--barriers", help="barriers of the device")
    command.add_argument("--transitions", help="transitions of the device")
    command.add_argument("--csv", required=True, help="table to write")
    command.add_argument("--markdown", required=True, help="the same, to read as text")
    command.add_argument("--html", required=True, help="the same, for the report")
    command.set_defaults(
        handler=lambda given: level_report(
            given.device,
            (given.csv, given.markdown, given.html),
            given.barriers,
            given.transitions,
        )
    )
