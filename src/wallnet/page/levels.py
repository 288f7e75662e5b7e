"""Table of the levels of a synapse: minimum, barrier, retained, reached, left again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas

from wallnet import files
from wallnet.files.schema.states import WITHOUT_WALL
from wallnet.report.device_tables import BEYOND, sign_of, smallest_density
from wallnet.report.faults import caveats
from wallnet.report.tables import Format, Table, texts
from wallnet.studies import STUDIES
from wallnet.studies.barriers.retention import retained, thermal_energy
from wallnet.studies.barriers.show import RETAINED

if TYPE_CHECKING:
    import xarray

NOTHING, NO_WALL = "nothing", "a wall initialised there moves on"


def tabulate(sources: Mapping[str, Sequence[str | Path]], _: str = "") -> dict[str, str]:
    """Tabulate the levels of a synapse.

    Parameters
    ----------
    sources : mapping
        The device file as `device`, and the datasets of the device in the studies that determine
        level sets, by the name of the study. Without them, what they tell is unknown.

    Returns
    -------
    dict
        Texts of the CSV, Markdown and HTML files.
    """
    data = files.read_dataset(sources["device"][0], "synapse")
    found = {
        name: files.read_dataset(sources[name][0], STUDIES[name].kind)
        for name in sources.keys() & STUDIES
    }
    table = levels_table(data, found.get("barriers"), found.get("transitions"))
    return texts(table.title, [table], caveats({str(data.attrs["device"]): data}))


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
    name = str(device.attrs["device"])
    states = [str(state) for state in device["level_state"].values]
    minimum = device["level_minimum"].values.tolist()
    half = device["half"].values
    numbers = np.cumsum(half == 0) - 1
    sign = 1 if device["current_density"].values.sum() >= 0 else -1
    shown = {1: "+", -1: "-"}
    barrier, retention = _retained(states, minimum, barriers)
    left = "left by pulses of the {} sign ({}), |J| (1e12 A/m²)"
    columns = {
        "level": ["half" if each else n for each, n in zip(half, numbers, strict=True)],
        "state": states,
        # without a source, the position is where the initialised wall went
        "mean wall position (nm)": (
            device["level_position"].where(device["level_source"] != "").values / 1e-9
        ),
        "minimum": minimum,
        "lowest barrier (k_B T)": barrier,
        "retained": retention,
        "reached by the sweep from J (1e12 A/m²)": [
            _smallest(device, index) for index in range(len(states))
        ],
        "reached from other states": [_reached(state, transitions) for state in states],
        left.format("sweep's", shown[sign]): [_left(s, transitions, sign) for s in states],
        left.format("opposite", shown[-sign]): [_left(s, transitions, -sign) for s in states],
    }
    formats: dict[str, Format] = dict.fromkeys(("minimum", "retained"), RETAINED)
    formats |= dict.fromkeys(("mean wall position (nm)", "lowest barrier (k_B T)"), ".1f")
    title = f"{name}: levels with their barriers and transitions"
    return Table(title, pandas.DataFrame(columns), formats)


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
