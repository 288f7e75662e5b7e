"""Table of the levels of a synapse, with columns of the studies that determine level sets."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from wallnet import files
from wallnet.devices.tables import POSITION, SMALLEST, levels_in_short
from wallnet.questions.presentation import with_temperature
from wallnet.report.faults import caveats
from wallnet.report.tables import of_columns, texts
from wallnet.studies import STUDIES
from wallnet.studies.showing import show_of


def tabulate(sources: Mapping[str, Sequence[str | Path]], _: str = "") -> dict[str, str]:
    """Tabulate the levels of a synapse as CSV, Markdown and HTML.

    `sources` are the device file as `device`, and the datasets of the device in the studies that
    determine level sets, by the name of the study. Without a dataset,
    the values of its columns are unknown.
    """
    data = files.read_dataset(sources["device"][0], "synapse")
    name = str(data.attrs["device"])
    studies = [study for study in STUDIES.values() if study.level_sets]
    which = " and ".join(study.name for study in studies)
    title = f"{with_temperature(name, data)}: levels with their {which}"
    names = ["level", "state", POSITION, "minimum of the energy", "reached by the sweep", SMALLEST]
    columns = levels_in_short(data, names)
    # without a source, the position is that to which the initialised wall moved
    position, form = columns[POSITION]
    columns[POSITION] = (np.where(data["level_source"].values != "", position, np.nan), form)
    for study in studies:
        datasets = (files.read_dataset(path, study.kind) for path in sources.get(study.name, ()))
        columns |= show_of(study.name).level_columns(next(datasets, None), data)
    return texts(title, [of_columns(title, columns)], caveats({name: data}))
