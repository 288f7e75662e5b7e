"""Table of the levels of a synapse, with what studies tell of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import xarray

from wallnet import files
from wallnet.report.device_tables import POSITION, SMALLEST, short_levels_table
from wallnet.report.faults import caveats
from wallnet.report.tables import Table, of_columns, texts
from wallnet.studies import STUDIES
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
    studies = [study.name for study in STUDIES.values() if study.level_sets]
    title = f"{device.attrs['device']}: levels with their {' and '.join(studies)}"
    names = ["level", "state", POSITION, "minimum of the energy", "reached by the sweep", SMALLEST]
    table = short_levels_table(device, title, names)
    # without a source, the position is where the initialised wall went
    table.frame[POSITION] = table.frame[POSITION].where(device["level_source"].values != "")
    for study in studies:
        told = show_of(study).level_columns(found.get(study), device)
        table = table.beside(of_columns("", told))
    return table
