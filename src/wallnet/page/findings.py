"""What a campaign found: the one text that the terminal, the page and README show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import files
from wallnet.config.mappings import DEFAULT_MAPPING
from wallnet.config.stages import NO_DEVICE, PAPER_STAGES
from wallnet.files.paths import folder_of
from wallnet.jobs import SummaryJob
from wallnet.plan.summary import ACCURACY_TABLE
from wallnet.report.faults import caveats, faults, level_caveats
from wallnet.report.networks import (
    RECIPE,
    TITLES,
    accuracy_table,
    dataset_title,
    mean_and_deviation,
    read_accuracies,
)
from wallnet.report.networks import (
    losses as losses_of,
)
from wallnet.report.tables import Table
from wallnet.studies import STUDIES
from wallnet.studies.showing import show_of

if TYPE_CHECKING:
    import pandas
    import xarray

Row = Mapping[str, Any]
"""A network: a row of `accuracy.csv`."""

PLACE, NETWORK = "data set, synapse", "network"

SHOWN = {stage: TITLES[stage] for stage in (*PAPER_STAGES, "compensated")} | {"on_levels": "QAT"}
"""Stages of the main numbers with their titles: those of the paper, and the best on the levels."""

LARGEST_LOSS = 10.0
"""Loss of validation accuracy against FP32 in per cent points above which a mapping is named."""

PAPER_MAPPING = "layer"
"""Mapping of the paper. Its loss is expected where the paper's Table II is reproduced."""


@dataclass(frozen=True)
class Findings:
    """The results of a campaign, read and checked, and what they say in the order that is shown.

    Attributes
    ----------
    folder : Path
        Folder of the campaign.
    devices : Mapping
        Device files by device.
    studied : Mapping
        Datasets of the studies that the summary needs, by study and subject.
    accuracies : list of Mapping
        Networks with test and validation accuracy, in per cent; none without networks.
    caveats : sequence of str
        How far pulses heat the tracks beyond the model.
    numbers : Table
        The accuracies, or what the devices do if there are no networks.
    remarks : sequence of str
        Conditions of the numbers, best mapping, expected losses, doubtful levels of the networks.
    warnings : sequence of str
        What the user should change, the most harmful first.
    """

    folder: Path
    devices: Mapping[str, "xarray.Dataset"]
    studied: Mapping[tuple[str, str], "xarray.Dataset"]
    accuracies: list[Row]
    caveats: Sequence[str]
    numbers: Table
    remarks: Sequence[str]
    warnings: Sequence[str]

    @classmethod
    def of(cls, job: SummaryJob, folder: Path) -> "Findings":
        """Read the results of a campaign in a folder, and return what they say."""
        found = {
            name: files.read_dataset(folder / files.DEVICE.format(device=name), "track")
            for name in job.devices
        }
        studied = {
            (each.study, each.subject): files.read_dataset(
                folder / STUDIES[each.study].path(each.subject), STUDIES[each.study].kind
            )
            for each in job.studied
            if each.needed
        }
        rows: list[Row] = []
        numbers, remarks, lossy = devices(found), list[str](), list[str]()
        if job.networks:
            rows += read_accuracies(str(folder / ACCURACY_TABLE))
            numbers = accuracies(rows, job.table_ii)
            expected, lossy = losses(rows, job.table_ii)
            doubts = level_caveats(rows, folder / folder_of(files.COMPACT_MODEL, ""))
            remarks = [conditions(rows), *best_mapping(rows), *expected, *doubts]
        warnings = [*lossy, *faults(found)]
        for (study, name), data in studied.items():
            if told := getattr(show_of(study), "faults", None):
                warnings += told(data, name)
        return cls(folder, found, studied, rows, caveats(found), numbers, remarks, warnings)


def accuracies(rows: Sequence[Row], table_ii: Mapping[str, int]) -> Table:
    """Return the accuracies of each recipe below those of the paper, in blocks.

    A block is a data set with a synapse, at the first reading of the synapse. Of each recipe, it
    shows the mapping with the most stages, and of several the one with the highest validation
    accuracy.

    Parameters
    ----------
    rows : sequence of Mapping
        Networks, as in `Findings.accuracies`.
    table_ii : Mapping
        Number of notches of the paper's synapse that a synapse corresponds to.
    """
    import pandas

    frame = pandas.DataFrame(rows)
    frame = frame[frame["stage"].isin(SHOWN)]
    chosen: list[Row] = []
    for _, place in frame.groupby(["dataset", "recipe", "device"], sort=False):
        place = place[place["reading"] == place["reading"].iloc[0]]
        by_stage = place.groupby(["mapping", "stage"], sort=False)["validation_accuracy"].mean()
        ranks = by_stage.groupby("mapping", sort=False).agg(["size", "mean"])
        best = ranks.sort_values(["size", "mean"], ascending=False).index[0]
        chosen += place[place["mapping"] == best].assign(reading=NO_DEVICE).to_dict("records")
    table = accuracy_table(chosen, table_ii)
    titles = {TITLES[stage]: title for stage, title in SHOWN.items()}
    frame = table.frame.rename(columns={**titles, RECIPE: NETWORK})
    synapse = frame.pop("Synapse").map(lambda name: "" if name == NO_DEVICE else f", {name}")
    frame.insert(0, PLACE, frame.pop("Data set") + synapse)
    formats = dict.fromkeys(titles.values(), mean_and_deviation)
    return Table("Test accuracy in per cent", frame, formats, set_apart=table.set_apart)


def conditions(rows: Sequence[Row]) -> str:
    """Return seeds and reading of the accuracies, and what the stages on levels are."""
    seeds = len({row["seed"] for row in rows})
    readings = [row["reading"] for row in rows if row["device"] != NO_DEVICE]
    parts = ["one seed" if seeds == 1 else f"mean ± sample standard deviation of {seeds} seeds"]
    parts += [f"reading {readings[0]}"] if readings else []
    kinds = {
        "quantized": "post-training quantisation",
        "compensated": "the same with errors that compensate each other",
        "on_levels": "quantisation-aware training",
    }
    stages = {row["stage"] for row in rows}
    parts += [f"{SHOWN[stage]}: {kind}" for stage, kind in kinds.items() if stage in stages]
    return "; ".join(parts)


def devices(found: Mapping[str, "xarray.Dataset"]) -> Table:
    """Return the pulses of each device, and the number of states in which its wall then rests.

    Parameters
    ----------
    found : Mapping
        Device files by name of the device.
    """
    import pandas

    rows = []
    for name, data in found.items():
        resting = {*data["state"].values[data["settled"].values != 0]}
        rows.append((name, data.attrs["kind"], data.sizes["current_density"], len(resting)))
    counts = {"pulses": "d", "final states": "d"}
    return Table("Devices", pandas.DataFrame(rows, columns=["device", "kind", *counts]), counts)


def _quantised(rows: Sequence[Row]) -> "pandas.DataFrame":
    """Return means over the seeds after post-training quantisation.

    `lost` is how much less the validation accuracy is than that of `fp32`, seed by seed.
    """
    found = losses_of(rows, "validation_accuracy")
    found = found[found["stage"] == "quantized"]
    found["place"] = found["dataset"].map(dataset_title) + " on " + found["device"]
    by = found.groupby(["place", "device", "recipe", "reading", "mapping"], sort=False)
    return by[["validation_accuracy", "lost"]].mean().reset_index()


def best_mapping(rows: Sequence[Row]) -> list[str]:
    """Return a sentence on the best mapping of each data set and synapse, if there are several.

    Parameters
    ----------
    rows : sequence of Mapping
        Networks, as in `Findings.accuracies`.
    """
    networks = _quantised(rows)
    if networks["mapping"].nunique() < 2:
        return []
    best = networks.loc[networks.groupby("place", sort=False)["validation_accuracy"].idxmax()]
    places = best.groupby("mapping", sort=False)["place"].agg(", ".join)
    text = "; ".join(f"{mapping} ({told})" for mapping, told in places.items())
    text = text if len(places) > 1 else places.index[0]
    return [f"Best mapping for post-training quantisation, by validation accuracy: {text}"]


def losses(rows: Sequence[Row], table_ii: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Return sentences on mappings that lose more than `LARGEST_LOSS`, the largest loss first.

    Parameters
    ----------
    rows : sequence of Mapping
        Networks, as in `Findings.accuracies`.
    table_ii : Mapping
        The synapses that are compared with the paper's Table II.

    Returns
    -------
    expected, warnings : list of str
        A sentence for each mapping: what reproduces the paper, and what the user should change.
    """
    networks = _quantised(rows).sort_values("lost", ascending=False, kind="stable")
    expected: dict[str, str] = {}
    warnings: dict[str, str] = {}
    for each in networks[networks["lost"] > LARGEST_LOSS].itertuples():
        lost = f"loses up to {each.lost:.1f} points of validation accuracy by post-training"
        lost += f" quantisation ({each.place})"
        if each.mapping == PAPER_MAPPING and each.device in table_ii:
            text = f"{each.mapping}, the mapping of the paper, {lost}"
            expected.setdefault(each.mapping, text)
            continue
        others = networks[networks["place"] == each.place].groupby("mapping")["lost"].max()
        if others.min() <= LARGEST_LOSS:
            fix = f"use {others.idxmin()}"
        elif DEFAULT_MAPPING not in others:
            fix = f"use {DEFAULT_MAPPING}"
        else:
            fix = "add on_levels to its recipe, or use a synapse with more levels"
        warnings.setdefault(each.mapping, f"mapping {each.mapping} {lost}; {fix}")
    return [*expected.values()], [*warnings.values()]
