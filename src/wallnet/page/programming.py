"""Energy of writing a trained network into synapses, from result files only.

A synapse of the paper is written once, by one pulse from its initial state. With a pulse train that
moves a synapse by one level a pulse, as many pulses write it as there are levels on the way.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas
from numpy.typing import NDArray

from wallnet import files
from wallnet.config.mappings import SAME
from wallnet.config.stages import FACETS, PROGRAMMED_STAGES, STAGES, Network
from wallnet.files import FileError
from wallnet.jobs import ProgrammingEnergyJob
from wallnet.report.networks import made_by
from wallnet.report.tables import Format, Table, texts
from wallnet.report.write_energies import OUTSIDE
from wallnet.studies import STUDIES
from wallnet.studies.showing import show_of

SINGLE = "single pulses"
"""Way of writing a synapse by one pulse from its initial state."""

RESET = "reset"
"""Start of a writing in which no synapse has been written yet."""

FIRST_ON_LEVELS = PROGRAMMED_STAGES[0]
"""The stage from which the later ones of a network are also written."""

Levels = NDArray[np.int64]


@dataclass(frozen=True)
class Writing:
    """A way to write the levels of a synapse.

    Attributes
    ----------
    name : str
        `SINGLE`, or the name of a pulse train.
    pulses, energy, outside : ndarray
        Pulses, energy in J and pulses outside the constant-parameter model that take a synapse from
        a row to a column, shape (1 + levels, levels); NaN where it cannot be written. The first row
        is the state before any pulse, the others are the levels.
    """

    name: str
    pulses: NDArray[np.float64]
    energy: NDArray[np.float64]
    outside: NDArray[np.float64]

    def cost(self, start: Levels | None, end: Levels) -> dict[str, float]:
        """Return the pulses and the energy of writing synapses.

        Parameters
        ----------
        start : ndarray or None
            Level of each synapse before; None for synapses that were never written.
        end : ndarray
            Level of each synapse after.
        """
        # a synapse before any pulse counts as one at the lowest level
        row, before = (np.zeros_like(end),) * 2 if start is None else (start + 1, start)
        pulses, energy, outside = (
            each[row, end] for each in (self.pulses, self.energy, self.outside)
        )
        found = {
            "synapses": end.size,
            "changed": int((end != before).sum()),
            "lowered": int((end < before).sum()),
            "not_written": int(np.isnan(pulses).sum()),
            "pulses": int(np.nansum(pulses)),
            "pulses_outside": int(np.nansum(outside)),
            "energy": float(np.nansum(energy)),
        }
        return found | {
            f"{name}_a_synapse": found[name] / end.size for name in ("pulses", "energy")
        }


def by_single_pulses(
    path: str | Path, device: str, usable: NDArray[np.float64], reading: str
) -> Writing:
    """Return the cost of each level from the initial state, by the smallest pulse of the sweep.

    No pulse of the sweep starts from a level: a synapse that was written stays as it is.

    Parameters
    ----------
    path : str or Path
        Device file of the synapse.
    device, reading : str
        The synapse, and the reading of its conductances.
    usable : ndarray
        Conductances in S that networks use, ascending.

    Raises
    ------
    wallnet.files.FileError
        If the device file cannot be used, or has other levels than the networks.
    """
    data = files.read_dataset(path, "synapse")
    found = data["level_conductance"].sel(reading=reading).values
    distance = np.abs(np.where(np.isfinite(found), found, np.inf) - usable[:, np.newaxis])
    level = distance.argmin(axis=1)
    if (distance.min(axis=1) > SAME * np.ptp(usable)).any():
        raise FileError(f"{path} has other levels than the networks on {device}; run snakemake")
    density = data["reaching_current_density"].values[level]
    cost = data[["write_energy", "outside_model"]].reindex(current_density=density, fill_value=0)
    pulses = np.where(np.isfinite(density), (density != 0).astype(float), np.nan)
    values = [pulses, *(pulses * cost[name].values for name in cost)]
    matrices = np.full((len(values), 1 + len(usable), len(usable)), np.nan)
    matrices[:, 0] = values
    matrices[:, 1:][:, np.eye(len(usable), dtype=bool)] = 0.0
    if density[0] == 0:  # the lowest level is the initial state
        matrices[:, 1] = values
    return Writing(SINGLE, *matrices)


def by_study(path: str | Path, name: str, device: str, levels: int, study: str) -> Writing:
    """Return the cost of each level by the pulses of a study.

    Parameters
    ----------
    path : str or Path
        Dataset of the study.
    name, device : str
        Its subject, and the synapse whose networks it writes.
    levels : int
        Number of levels that networks use.
    study : str
        The study, whose module `show` has a function `writing`.

    Raises
    ------
    wallnet.files.FileError
        If the dataset cannot be used, or its pulses do not write each level.
    """
    found = show_of(study).writing(files.read_dataset(path, STUDIES[study].kind), levels)
    if found is None:
        raise FileError(
            f"{path}: {STUDIES[study].title.format(subject=name)} does not move its wall by one "
            f"level a pulse through {levels} levels, up and down again, as the synapses of "
            f"{device} need; change its pulses, or remove it from networks.written_by"
        )
    return Writing(name, *found)


def rows_of(
    job: ProgrammingEnergyJob, networks: str | Path, devices: str | Path, **studied: str | Path
) -> Iterator[dict[str, Any]]:
    """Yield the cost of writing each network of the first seed, one row a start and a way.

    Parameters
    ----------
    job : ProgrammingEnergyJob
        The networks.
    networks, devices : str or Path
        Folders of the networks and of the device files.
    **studied : str or Path
        Folder of the datasets of the study that writes synapses, by its name.
    """
    ((study, responses),) = studied.items()
    first, *others = job.run_set.seeds
    writings: dict[tuple[str, str, bytes], list[Writing]] = {}
    of_first = [run for run in job.run_set.runs() if run.seed == str(first)]
    runs = [run for run in of_first if run.stage in PROGRAMMED_STAGES]
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
        if key not in writings:
            path = Path(devices, PurePosixPath(files.DEVICE).name.format(device=device))
            writings[key] = [by_single_pulses(path, device, usable, run.reading)]
            if train := job.written_by.get(device):
                path = Path(responses, f"{train}.nc")
                writings[key].append(by_study(path, train, device, len(usable), study))
        for writing, (start, levels) in itertools.product(writings[key], starts.items()):
            if levels is not None and levels.shape != end.shape:
                continue  # another model
            place = {name: run[name] for name in FACETS}
            way = {"written_by": writing.name, "start": start}
            yield {**place, **way, **writing.cost(levels, end)}


def _programmed(run: Network, networks: str | Path) -> tuple[Levels, NDArray[np.float64]]:
    """Return the level of each synapse of a network, and the conductances of the levels."""
    path = run.path(files.PROGRAMMING, networks)
    read = ("usable_conductance", "programmed_level")
    data = files.read_dataset(path, "programming", only=read)
    usable = data["usable_conductance"].values
    level = data["programmed_level"].values.astype(np.int64).ravel()
    if level.max() >= len(usable):
        raise files.damaged(path, "has synapses at levels that do not exist")
    # a mapping with one synapse a weight has no second one
    return level[level >= 0], usable


COLUMNS: dict[str, tuple[str, float, Format]] = {
    "synapses": ("synapses", 1, ""),
    "changed": ("changed", 1, ""),
    "lowered": ("of these lowered", 1, ""),
    "not_written": ("cannot be written", 1, ""),
    "pulses": ("pulses", 1, ""),
    "pulses_a_synapse": ("pulses a synapse", 1, ".3f"),
    "energy": ("energy (nJ)", 1e-9, ".1f"),
    "energy_a_synapse": ("energy a synapse (pJ)", 1e-12, ".3f"),
    "pulses_outside": (f"pulses {OUTSIDE}", 1, ""),
}
"""Numbers of the table: title, unit and format of the readable one."""

NOTES = (
    "Energy of writing the networks of the first seed: from synapses that were never written "
    "(reset), from the network of another seed, and from the quantised network. Energies are those "
    "in the heavy metal.",
    "Single pulses: each synapse gets the smallest pulse of the sweep that reaches its level from "
    "the initial state. The sweep has no pulses from a level, and none back, so that "
    "synapses that were written cannot be changed. Synapses at levels that no pulse of the sweep "
    "reaches cannot be written either. Neither has pulses or energy.",
    "A pulse train: one pulse for each level on the way, as if each synapse were the device of the "
    "pulse train, with its levels in place of its own.",
)


def tabulate(sources: Mapping[str, Sequence[str | Path]], job: str) -> dict[str, str]:
    """Tabulate the energy of writing the networks.

    Parameters
    ----------
    sources : mapping
        Folders of the `networks`, of the device files (`devices`), and of the datasets of the
        study that writes synapses, by its name.
    job : str
        JSON of the networks.

    Returns
    -------
    dict
        Texts of the CSV, Markdown and HTML files.
    """
    folders = {name: folder for name, (folder,) in sources.items()}
    rows = list(rows_of(ProgrammingEnergyJob.from_json(job), **folders))
    frame = pandas.DataFrame(rows, columns=[*FACETS, "written_by", "start", *COLUMNS])
    title = "Energy of writing a network"
    formats = {name: ".6g" if form else "d" for name, (_, _, form) in COLUMNS.items()}
    titles = {name: stage.title for name, stage in STAGES.items()}
    readable = frame.drop(columns="seed").replace({"stage": titles, "start": titles})
    units = pandas.Series({name: unit for name, (_, unit, form) in COLUMNS.items() if form})
    readable[units.index] /= units
    names = {name: text for name, (text, _, _) in COLUMNS.items()}
    names |= {"written_by": "written by", "start": "from"}
    shown = {text: form or "d" for text, _, form in COLUMNS.values()}
    table = Table(title, readable.rename(columns=names), shown)
    return texts(title, [table], notes=[*NOTES, made_by()], numbers=Table(title, frame, formats))
