"""Energy of writing a trained network into synapses, from result files only.

A synapse of the paper is written once, by one pulse from its initial state. With a pulse train that
moves a synapse by one level a pulse, as many pulses write it as there are levels on the way.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas
from numpy.typing import NDArray

from wallnet import files
from wallnet.config.stages import FACETS, PROGRAMMED_STAGES, STAGES, Network
from wallnet.devices.tables import OUTSIDE
from wallnet.files import FileError, writing
from wallnet.files.writing import Levels, Spent, cost
from wallnet.jobs.report import ProgrammingEnergyJob
from wallnet.report.networks import MADE_BY
from wallnet.report.tables import Columns, Format, Table, notes_of, of_columns, significant, texts
from wallnet.studies import STUDIES
from wallnet.studies.showing import show_of

SINGLE = "single pulses"
"""Way of writing a synapse by one pulse from its initial state."""

RESET = "reset"
"""Start of a writing in which no synapse has been written yet."""

FIRST_ON_LEVELS = PROGRAMMED_STAGES[0]
"""The stage from which the later ones of a network are also written."""


Way = tuple[Spent, str]
"""Cost of each level by some pulses, and the temperature at which these were simulated."""


def by_single_pulses(
    path: str | Path, device: str, usable: NDArray[np.float64], reading: str
) -> Way:
    """Return the cost of each level by single pulses; refuse a device file with other levels."""
    data = files.read_dataset(path, "synapse")
    if (spent := writing.by_single_pulses(data, usable, reading)) is None:
        raise FileError(f"{path} has other levels than the networks on {device}; run snakemake")
    return spent, str(data.attrs.get("simulation_temperature", ""))


def by_study(path: str | Path, name: str, device: str, levels: int, study: str) -> Way:
    """Return the cost of each of the levels of a device by the pulses of a subject of a study.

    Pulses that do not write each level are refused.
    """
    data = files.read_dataset(path, STUDIES[study].kind)
    if (spent := show_of(study).writing(data, levels)) is None:
        raise FileError(
            f"{path}: {STUDIES[study].title.format(subject=name)} does not move its wall by one "
            f"level a pulse through {levels} levels, up and down again, as the synapses of "
            f"{device} need; change its pulses, or remove it from networks.written_by"
        )
    return spent, str(data.attrs.get("simulation_temperature", ""))


def rows_of(
    job: ProgrammingEnergyJob, networks: str | Path, devices: str | Path, **studied: str | Path
) -> Iterator[dict[str, Any]]:
    """Yield the cost of writing each network of the first seed, a row for each start and way.

    `networks`, `devices`, and the name of the study that writes synapses, are folders of their
    files.
    """
    ((study, responses),) = studied.items()
    first, *others = job.run_set.seeds
    spent: dict[tuple[str, str, bytes], dict[str, Way]] = {}
    runs = [run for run in job.run_set.runs() if run.seed == str(first)]
    for run in runs:
        end, usable = _programmed(run, networks)
        starts: dict[str, Levels | None] = {RESET: None}
        for seed in others:
            starts[f"seed {seed}"], _ = _programmed(replace(run, seed=str(seed)), networks)
        before = replace(run, stage=FIRST_ON_LEVELS)
        if run.stage != FIRST_ON_LEVELS and before in runs:
            starts[FIRST_ON_LEVELS], _ = _programmed(before, networks)
        device = run.device
        key = (device, run.reading, usable.tobytes())
        if key not in spent:
            path = Path(devices, PurePosixPath(files.DEVICE).name.format(device=device))
            spent[key] = {SINGLE: by_single_pulses(path, device, usable, run.reading)}
            if train := job.written_by.get(device):
                path = Path(responses, f"{train}.nc")
                spent[key][train] = by_study(path, train, device, len(usable), study)
        place = {name: run[name] for name in FACETS}
        ways = itertools.product(spent[key].items(), starts.items())
        for (way, (level_costs, kelvin)), (start, levels) in ways:
            # another model has other synapses
            if levels is None or levels.shape == end.shape:
                labels = {"written_by": way, "start": start, "temperature": kelvin}
                yield place | labels | cost(level_costs, levels, end)


def _programmed(run: Network, networks: str | Path) -> tuple[Levels, NDArray[np.float64]]:
    """Return the level of each synapse of a network, and the conductances of the levels."""
    path = run.path(files.PROGRAMMING, networks)
    data = files.read_dataset(path, "programming", only=("usable_conductance", "programmed_level"))
    usable = data["usable_conductance"].values
    level = data["programmed_level"].values.astype(np.int64).ravel()
    if level.max() >= len(usable):
        raise files.damaged(path, "has synapses at levels that do not exist")
    # a mapping with one synapse a weight has no second one
    return level[level >= 0], usable


COLUMNS: dict[str, tuple[str, float, Format]] = {
    "synapses": ("synapses", 1, ".0f"),
    "changed": ("changed", 1, ".0f"),
    "lowered": ("of these lowered", 1, ".0f"),
    "not_written": ("cannot be written", 1, ".0f"),
    "pulses": ("pulses", 1, ".0f"),
    "pulses_a_synapse": ("pulses a synapse", 1, ".3f"),
    "energy": ("energy (nJ)", 1e-9, significant),
    "energy_a_synapse": ("energy a synapse (pJ)", 1e-12, significant),
    "pulses_outside": (f"pulses {OUTSIDE}", 1, ".0f"),
}
"""Numbers of the table: title, unit and format of the readable one."""


def tabulate(sources: Mapping[str, Sequence[str | Path]], job: str) -> dict[str, str]:
    """Tabulate the energy of writing the networks of a job as CSV, Markdown and HTML.

    `sources` are folders of the `networks`, of the device files (`devices`), and of the datasets of
    the study that writes synapses, by its name.
    """
    folders = {name: folder for name, (folder,) in sources.items()}
    rows = list(rows_of(ProgrammingEnergyJob.from_json(job), **folders))
    ways = {"written_by": "written by", "start": "from", "temperature": "pulses at"}
    frame = pandas.DataFrame(rows, columns=[*FACETS, *ways, *COLUMNS])
    formats = {name: "d" if form == ".0f" else ".6g" for name, (*_, form) in COLUMNS.items()}
    stages = {name: stage.title for name, stage in STAGES.items()}
    readable = frame.drop(columns="seed").replace({"stage": stages, "start": stages})
    shown: Columns = {}
    for name in readable:
        title, unit, form = COLUMNS.get(name, (ways.get(name, name), 1, ""))
        shown[title] = (readable[name] / unit if form else readable[name], form)
    title = "Energy of writing a network"
    numbers, notes = Table(title, frame, formats), [*notes_of("programming"), MADE_BY]
    return texts(title, [of_columns(title, shown)], notes=notes, numbers=numbers)
