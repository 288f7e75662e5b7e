"""Table of the levels of a synapse, with what studies tell of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray

from wallnet import files
from wallnet.report.device_tables import BEYOND, smallest_density
from wallnet.report.faults import caveats
from wallnet.report.tables import Format, Table, of_columns, texts
from wallnet.studies import STUDIES
from wallnet.studies.showing import YES, show_of


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
    table = levels_table(data, found)
    return texts(table.title, [table], caveats({str(data.attrs["device"]): data}))


def levels_table(device: xarray.Dataset, found: Mapping[str, xarray.Dataset]) -> Table:
    """Return the table of all levels.

    Parameters
    ----------
    device : xarray.Dataset
        A synapse.
    found : mapping
        Its datasets in the studies that determine level sets, by the name of the study.
    """
    half = device["half"].values
    numbers = np.cumsum(half == 0) - 1
    # without a source, the position is where the initialised wall went
    position = device["level_position"].where(device["level_source"] != "")
    columns: dict[str, tuple[Any, Format]] = {
        "level": (["half" if each else n for each, n in zip(half, numbers, strict=True)], ""),
        "state": (device["level_state"].values, ""),
        "mean wall position (nm)": (position.values / 1e-9, ".1f"),
        "minimum": (device["level_minimum"].values, {**YES, -1: "unknown"}),
        "reached by the sweep from J (1e12 A/m²)": (
            [_smallest(device, index) for index in range(half.size)],
            "",
        ),
    }
    studies = [study.name for study in STUDIES.values() if study.level_sets]
    for study in studies:
        columns |= show_of(study).level_columns(found.get(study), device)
    return of_columns(
        f"{device.attrs['device']}: levels with their {' and '.join(studies)}", columns
    )


def _smallest(device: xarray.Dataset, index: int) -> str | None:
    """Return the smallest current density that reaches a level, and whether it is too hot."""
    level = device.isel(level=index)
    if not level["reachable"]:
        return None
    text = smallest_density(device["current_density"].values / 1e12, "{:.4g}".format)
    mark = f", {BEYOND}" if level["level_beyond_model"] else ""
    return f"{text(level['reaching_current_density'].item() / 1e12)}{mark}"
