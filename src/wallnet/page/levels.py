"""Table of the levels of a synapse: minimum, barrier, retained, reached, left again."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas
import xarray

from wallnet import files
from wallnet.report.device_tables import BEYOND, smallest_density
from wallnet.report.faults import caveats
from wallnet.report.tables import Format, Table, texts
from wallnet.studies import STUDIES
from wallnet.studies.barriers.show import RETAINED
from wallnet.studies.showing import show_of


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
    known = sources.keys() & STUDIES
    found = {name: files.read_dataset(sources[name][0], STUDIES[name].kind) for name in known}
    table = levels_table(data, **found)
    return texts(table.title, [table], caveats({str(data.attrs["device"]): data}))


def levels_table(
    device: xarray.Dataset,
    barriers: xarray.Dataset | None = None,
    transitions: xarray.Dataset | None = None,
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
    # without a source, the position is where the initialised wall went
    position = device["level_position"].where(device["level_source"] != "")
    reached = [_smallest(device, index) for index in range(len(states))]
    columns = {
        "level": ["half" if each else n for each, n in zip(half, numbers, strict=True)],
        "state": states,
        "mean wall position (nm)": position.values / 1e-9,
        "minimum": minimum,
        **show_of("barriers").level_columns(barriers, states, minimum),
        "reached by the sweep from J (1e12 A/m²)": reached,
        **show_of("transitions").level_columns(transitions, states, sign),
    }
    formats: dict[str, Format] = dict.fromkeys(("minimum", "retained"), RETAINED)
    formats |= dict.fromkeys(("mean wall position (nm)", "lowest barrier (k_B T)"), ".1f")
    title = f"{name}: levels with their barriers and transitions"
    return Table(title, pandas.DataFrame(columns), formats)


def _smallest(device: xarray.Dataset, index: int) -> str | None:
    """Return the smallest current density that reaches a level, and whether it is too hot."""
    level = device.isel(level=index)
    if not level["reachable"]:
        return None
    text = smallest_density(device["current_density"].values / 1e12, "{:.4g}".format)
    mark = f", {BEYOND}" if level["level_beyond_model"] else ""
    return f"{text(level['reaching_current_density'].item() / 1e12)}{mark}"
