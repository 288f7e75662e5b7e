"""What a campaign found: the one text that the terminal, the page and README show."""

import argparse
import itertools
import json
import math
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import files, plan
from wallnet.config.mappings import DEFAULT_MAPPING
from wallnet.config.stages import FIRST_STAGE, NO_DEVICE, PAPER_STAGES, PROGRAMMED_STAGES
from wallnet.devices.figures import doubtful
from wallnet.files.paths import folder_of
from wallnet.jobs.report import SummaryJob
from wallnet.page.comparison import Accuracy, comparison, valid_levels
from wallnet.plan.foreign import FOREIGN, foreign
from wallnet.plan.listing import unmade
from wallnet.plan.summary import ACCURACY_TABLE, AS_MADE_TABLE, summary_job
from wallnet.questions.presentation import between, some
from wallnet.report import as_made, networks
from wallnet.report.faults import faults, grouped, heat, level_caveats
from wallnet.report.tables import Table, lines_of
from wallnet.studies import STUDIES
from wallnet.studies.showing import as_shown, show_of

if TYPE_CHECKING:
    import pandas
    import xarray

Row = Mapping[str, Any]
"""A network: a row of `accuracy.csv`."""

PLACE, NETWORK = "data set, synapse", "network"

WIDTH = 80
"""Number of columns of a terminal."""

MOST_OF_A_CELL = 13
"""Largest width of an accuracy in a terminal."""

SHOWN = {stage: networks.TITLES[stage] for stage in (*PAPER_STAGES, "compensated")}
SHOWN["on_levels"] = "QAT"
"""Stages of the main numbers with their titles: those of the paper, and the best on the levels."""

LARGEST_LOSS = 10.0
"""Loss of validation accuracy against FP32 in per cent points above which a mapping is named."""

PAPER_MAPPING = "layer"
"""Mapping of the paper. Its loss is expected where the paper's Table II is reproduced."""


@dataclass(frozen=True)
class Findings:
    """The results of a campaign, read and checked, and their findings in the order of the page."""

    folder: Path
    """Folder of the campaign."""
    devices: Mapping[str, "xarray.Dataset"]
    """Device files by device."""
    studied: Mapping[tuple[str, str], "xarray.Dataset"]
    """Existing datasets of studies, by study and subject."""
    sentences: Sequence[str]
    """Findings of all results, a sentence for each device."""
    accuracies: list[Row]
    """Networks with test and validation accuracy, in per cent; none without networks."""
    caveats: Sequence[str]
    """What limits the results, a sentence for each cause: heat, doubtful levels of the networks."""
    compared: Table | None
    """From devices to networks, if there are writes at a temperature or networks."""
    numbers: Table | None
    """The accuracies, if there are networks."""
    remarks: Sequence[str]
    """Conditions of the numbers, best mapping, expected losses."""
    warnings: Sequence[str]
    """What the user should change, the most harmful first."""

    @classmethod
    def of(cls, job: SummaryJob, folder: Path) -> "Findings":
        """Read the results of a campaign in a folder, and return their findings."""
        datasets = {
            name: files.read_dataset(folder / files.DEVICE.format(device=name), "track")
            for name in job.devices
        }
        whole = dict(_studied(job, folder))
        studied = {key: as_shown(data, key[0]) for key, data in whole.items()}
        rows: list[Row] = []
        numbers, remarks, lossy = None, list[str](), list[str]()
        doubtful = [*heat(datasets)]
        if job.networks:
            rows += networks.read_accuracies(str(folder / ACCURACY_TABLE))
            numbers = accuracies(rows, job.table_ii)
            expected, lossy = losses(rows, job.table_ii)
            doubtful += level_caveats(rows, folder / folder_of(files.COMPACT_MODEL, ""))
            levels_of = (datasets[name] for name in job.synapses if name in datasets)
            kelvin = {data.attrs.get("simulation_temperature", "") for data in levels_of}
            remarks = [conditions(rows, kelvin), *best_mapping(rows), *expected]
        warnings = [*job.warnings, *lossy, *faults(datasets)]
        for (study, name), data in studied.items():
            warnings += show_of(study).faults(data, name)
        costs = as_made.read(folder / AS_MADE_TABLE) if job.as_made else {}
        best = best_networks(rows, costs)
        texts = [*of_networks(best), *sentences(job, datasets, studied)]
        limits = [f"{text[0].upper()}{text[1:]}" for text in grouped(doubtful)]
        compared = comparison(datasets, compared_rows(job, whole), best)
        return cls(
            folder, datasets, studied, texts, rows, limits, compared, numbers, remarks, warnings
        )


def _studied(job: SummaryJob, folder: Path) -> Iterator[tuple[tuple[str, str], "xarray.Dataset"]]:
    """Yield the datasets of studies.

    Those that the page does not need may be missing. With other settings, they are left out.
    """
    for studied in job.studied:
        path = folder / STUDIES[studied.study].path(studied.subject)
        if studied.needed or path.exists():
            data = files.read_dataset(path, STUDIES[studied.study].kind, samples=True)
            settings = json.loads(data.attrs["parameters"]).get("settings")
            if studied.needed or settings == studied.settings:
                yield (studied.study, studied.subject), data


def compared_rows(
    job: SummaryJob, studied: Mapping[tuple[str, str], "xarray.Dataset"]
) -> dict[str, list[list[dict[str, str]]]]:
    """Return the rows of each study of a device in the table of devices, by device.

    The datasets have their samples.
    """
    rows: dict[str, list[list[dict[str, str]]]] = {}
    for entry in job.studied:
        data = studied.get((entry.study, entry.subject))
        cells = show_of(entry.study).compared(data) if data is not None else None
        if entry.device and cells is not None:
            rows.setdefault(entry.device, []).append(cells)
    return rows


def best_networks(
    rows: Sequence[Row], costs: as_made.Costs = MappingProxyType({})
) -> list[Accuracy]:
    """Return the accuracies of each data set on each synapse, at its first reading.

    Their recipe and mapping are those with the highest validation accuracy on the levels.
    """
    import pandas

    on_synapses = [row for row in rows if row["stage"] in PROGRAMMED_STAGES]
    frame, best = pandas.DataFrame(on_synapses, columns=networks.COLUMNS), list[Accuracy]()
    for (dataset, device), own in frame.groupby(["dataset", "device"], sort=False):
        reading, facets = own["reading"].iloc[0], ["recipe", "mapping", "stage"]
        own = own[own["reading"] == reading]
        means = own.groupby(facets, sort=False)["validation_accuracy"].mean()
        chosen = {"reading": reading, **dict(zip(facets, means.idxmax(), strict=True))}
        on_levels = _test_accuracies(rows, dataset=dataset, device=device, **chosen)
        free = _test_accuracies(
            rows, dataset=dataset, device=NO_DEVICE, recipe=chosen["recipe"], stage=FIRST_STAGE
        )
        made = costs.get((dataset, device, reading), {})
        best.append(Accuracy(dataset, device, reading, free, on_levels, made))
    return best


def of_networks(best: Iterable[Accuracy]) -> list[str]:
    """Return a sentence on the networks of each data set and synapse."""
    texts = []
    for dataset, device, reading, free, on_levels, made in best:
        text = f"{networks.dataset_title(dataset)} on {device}: {free} % in FP32, {on_levels} % on"
        text += f" the levels ({reading})"
        # the first set of causes
        for accuracy, cause in [*made.values()][:1]:
            text += f", {accuracy} % as made, where {cause} costs most"
        texts.append(text)
    return texts


def _test_accuracies(rows: Sequence[Row], **facets: str) -> str:
    chosen = [row for row in rows if all(row[name] == value for name, value in facets.items())]
    return networks.mean_and_deviation([row["test_accuracy"] for row in chosen])


def sentences(
    job: SummaryJob,
    datasets: Mapping[str, "xarray.Dataset"],
    studied: Mapping[tuple[str, str], "xarray.Dataset"],
) -> list[str]:
    """Return the findings of the sweep and the studies of each device, a sentence for a device."""
    findings = {name: [_swept(data)] for name, data in datasets.items()}
    # studies that determine levels come first
    for entry in sorted(job.studied, key=lambda entry: not STUDIES[entry.study].level_sets):
        data = studied.get((entry.study, entry.subject))
        if data is not None and entry.device:
            finding = show_of(entry.study).finding(data, entry.subject)
            findings.setdefault(entry.device, []).append(finding)
    texts = {name: "; ".join(filter(None, parts)) for name, parts in findings.items()}
    return [f"{name}: {text}" for name, text in texts.items() if text]


def _swept(data: "xarray.Dataset") -> str:
    """Return the numbers of the sweep of a device: its levels, transfer curve, or velocity.

    Pulses beyond the model, and those whose wall still moves, count for nothing.
    """
    if "level_state" in data:
        return _levels(data)
    data = data.isel(current_density=np.flatnonzero(~doubtful(data)))
    density = data["current_density"].values
    if not density.size:
        return "no pulse is valid"
    pulses = f"at {between(density)}, {between(data['write_energy'], 1e-12, 'pJ')} a pulse"
    if "relu_deviation" in data:
        reading = files.READINGS[0]
        read = between(data["final_conductance"].sel(reading=reading), 1e-6, "µS")
        deviations = ((r, float(data["relu_deviation"].sel(reading=r))) for r in files.READINGS)
        shown = ", ".join(f"{value:.3f} ({r})" for r, value in deviations if math.isfinite(value))
        fit = f"largest deviation from ReLU {shown}" if shown else "no activation"
        return f"G of {read} ({reading}) {pulses}; {fit}"
    fastest = np.abs(np.nan_to_num(data["wall_velocity"].values)).max(initial=0.0)
    return f"wall velocity up to {fastest:.0f} m/s {pulses}" if fastest else ""


def _levels(data: "xarray.Dataset") -> str:
    """Return how many levels of a synapse are valid, their conductances, and what writes them.

    Half levels do not count; see `valid_levels`.
    """
    reading = files.READINGS[0]
    data = data.isel(level=np.flatnonzero(data["half"].values == 0))
    conductance = data["level_conductance"].sel(reading=reading).values / 1e-6
    valid = valid_levels(data)
    text = some(int(valid.sum()), valid.size, "levels") + " are valid"
    if valid.any():
        text += f": {', '.join(f'{value:.3g}' for value in conductance[valid])} µS ({reading})"
    elif moving := int((data["settled"].values == 0).sum()):
        pulses = some(moving, data.sizes["current_density"], "pulses")
        text += f": the wall still moved at the end of {pulses}; raise relaxation.longest"
    written = data["reaching_current_density"].values[valid]
    if (written := written[written != 0]).size:
        limit = "≤ " * int(abs(written).min() <= abs(data["current_density"].values).min())
        energy = data["write_energy"].sel(current_density=written)
        text += f", written by {limit}{between(written)}, {between(energy, 1e-12, 'pJ')} a pulse"
    return text


def accuracies(rows: Sequence[Row], table_ii: Mapping[str, int]) -> Table:
    """Return the accuracies of each recipe below those of the paper, in blocks.

    A block is a data set with a synapse, at the first reading of the synapse. Of each recipe, it
    shows the mapping with the most stages, and among several such the one with the highest
    validation accuracy. `table_ii` has the number of notches of the paper's synapse to which a
    synapse corresponds.
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
    table = networks.accuracy_table(chosen, table_ii)
    titles = {networks.TITLES[stage]: title for stage, title in SHOWN.items()}
    frame = table.frame.rename(columns={**titles, networks.RECIPE: NETWORK})
    synapse = frame.pop("Synapse").map(lambda name: "" if name == NO_DEVICE else f", {name}")
    frame.insert(0, PLACE, frame.pop("Data set") + synapse)
    formats = dict.fromkeys(titles.values(), networks.mean_and_deviation)
    return Table("Test accuracy in per cent", frame, formats, set_apart=table.set_apart)


def conditions(rows: Sequence[Row], temperatures: Iterable[str] = ()) -> str:
    """Return seeds, reading and temperatures of the accuracies, and what the stages are."""
    seeds = len({row["seed"] for row in rows})
    readings = [row["reading"] for row in rows if row["device"] != NO_DEVICE]
    parts = ["one seed" if seeds == 1 else f"mean ± sample standard deviation of {seeds} seeds"]
    parts += [f"reading {readings[0]}"] if readings else []
    kelvins = sorted(filter(None, temperatures))
    parts += [f"levels at {' and '.join(kelvins)}"] if kelvins else []
    kinds = {
        "quantized": "post-training quantisation",
        "compensated": "the same with errors that compensate each other",
        "on_levels": "quantisation-aware training",
    }
    stages = {row["stage"] for row in rows}
    parts += [f"{SHOWN[stage]}: {kind}" for stage, kind in kinds.items() if stage in stages]
    return "; ".join(parts)


def _quantised(rows: Sequence[Row]) -> "pandas.DataFrame":
    """Return means over the seeds after post-training quantisation.

    `lost` is how much less the validation accuracy is than that of `fp32`, seed by seed.
    """
    frame = networks.losses(rows, "validation_accuracy")
    frame = frame[frame["stage"] == "quantized"]
    frame["place"] = frame["dataset"].map(networks.dataset_title) + " on " + frame["device"]
    groups = frame.groupby(["place", "device", "recipe", "reading", "mapping"], sort=False)
    return groups[["validation_accuracy", "lost"]].mean().reset_index()


def best_mapping(rows: Sequence[Row]) -> list[str]:
    """Return a sentence on the best mapping of each data set and synapse, if there are several."""
    means = _quantised(rows)
    if means["mapping"].nunique() < 2:
        return []
    best = means.loc[means.groupby("place", sort=False)["validation_accuracy"].idxmax()]
    places = best.groupby("mapping", sort=False)["place"].agg(", ".join)
    text = "; ".join(f"{mapping} ({where})" for mapping, where in places.items())
    text = text if len(places) > 1 else places.index[0]
    return [f"Best mapping for post-training quantisation, by validation accuracy: {text}"]


def losses(rows: Sequence[Row], table_ii: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Return a sentence on each mapping that loses more than `LARGEST_LOSS`, the largest first.

    The first sentences are about losses that the paper has too, on the synapses of `table_ii`, the
    others about what the user should change.
    """
    means = _quantised(rows).sort_values("lost", ascending=False, kind="stable")
    means["of_paper"] = (means["mapping"] == PAPER_MAPPING) & means["device"].isin(table_ii)
    expected, warnings = list[str](), list[str]()
    large = means[means["lost"] > LARGEST_LOSS].drop_duplicates(["mapping", "of_paper"])
    for row in large.itertuples():
        lost = f"loses up to {row.lost:.1f} points of validation accuracy by post-training"
        lost += f" quantisation ({row.place})"
        if row.of_paper:
            expected.append(f"{row.mapping}, the mapping of the paper, {lost}")
            continue
        others = means[means["place"] == row.place].groupby("mapping")["lost"].max()
        if others.min() <= LARGEST_LOSS:
            fix = f"use {others.idxmin()}"
        elif DEFAULT_MAPPING not in others:
            fix = f"use {DEFAULT_MAPPING}"
        else:
            fix = "add on_levels to its recipe, or use a synapse with more levels"
        warnings.append(f"mapping {row.mapping} {lost}; {fix}")
    return expected, warnings


def as_text(table: Table) -> str:
    """Return a table as plain text of at most `WIDTH` columns.

    Rows that begin with the same text form a block below it, if there are two columns of text.
    """
    columns, rows = table.columns, [("", row) for row in table.rows()]
    blocks = columns[:2] == [PLACE, NETWORK]
    if blocks:
        columns = ["", *columns[2:]]
        rows = [(place, [f"  {network}", *cells]) for _, (place, network, *cells) in rows]
    widths = [max(map(len, cells)) for cells in zip(columns, *(r for _, r in rows), strict=True)]
    if blocks:
        widths[1:] = [min(width, MOST_OF_A_CELL) for width in widths[1:]]
    widths[0] = min(widths[0], WIDTH - sum(width + 2 for width in widths[1:]))
    short = [
        [c if len(c) <= w else f"{c[: w - 1]}…" for c, w in zip(cells, widths, strict=True)]
        for cells in (columns, *(cells for _, cells in rows))
    ]
    head, *texts = lines_of(short)
    lines = [table.title, head]
    for place, block in itertools.groupby(zip(rows, texts, strict=True), lambda row: row[0][0]):
        lines += [place[:WIDTH]] if blocks else []
        lines += [text for _, text in block]
    return "\n".join(lines)


def present(job: SummaryJob, folder: Path) -> tuple[SummaryJob, list[str]]:
    """Return what of a summary is in a folder, such as after a study alone, and what is missing.

    If it has the file of no device and of no study, nothing is left out.
    """
    devices = {name: files.DEVICE.format(device=name) for name in job.devices}
    studied = [(one, STUDIES[one.study].path(one.subject)) for one in job.studied]
    needed = [*devices.values(), *(path for one, path in studied if one.needed)]
    needed += [ACCURACY_TABLE] * job.networks
    missing = [path for path in needed if not (folder / path).exists()]
    if not any((folder / path).exists() for path in (*needed, *(path for _, path in studied))):
        return job, []
    kept = {
        "devices": tuple(name for name, path in devices.items() if path not in missing),
        "studied": tuple(one for one, path in studied if path not in missing),
        "networks": job.networks and ACCURACY_TABLE not in missing,
    }
    return job.model_copy(update=kept), missing


def overview(folder: str | Path) -> str:
    """Return the findings of the campaign in a folder, and the paths of its pages.

    Lines have at most `WIDTH` columns, except those of paths.
    """
    folder = Path(folder)
    campaign = plan.load(folder / "config.yaml")
    job, missing = present(summary_job(campaign), folder)
    failed = unmade(campaign, folder)
    warnings = [
        f"{path} was not made, or not yet{_more(failed)}; {log} "
        + (f"ends: {line}" if (line := files.last_line(folder / log)) else "is empty")
        for path, log in itertools.islice(failed.items(), 1)
    ]
    try:
        results = Findings.of(job, folder)
    except files.FileError as error:
        damaged = isinstance(error, files.DamagedFileError)
        raise files.FileError(*((not damaged and warnings) or error.args)) from None
    others = foreign(campaign, folder)
    warnings += [f"{path} {FOREIGN}{_more(others)}; run snakemake" for path in others[:1]]
    missing = [path for path in missing if path not in failed]
    warnings += [f"{path} is not there yet{_more(missing)}; run snakemake" for path in missing[:1]]
    warnings += results.warnings
    lines = [*map(_wrapped, results.sentences), ""]
    if results.numbers:
        lines += [as_text(results.numbers), *map(_wrapped, results.remarks), ""]
    if results.caveats:
        lines += [*map(_wrapped, results.caveats), ""]
    if warnings:
        lines += ["Warnings:", *(_wrapped(f"  {text}") for text in warnings), ""]
    lines.append(f"Summary: {folder / files.SUMMARY}")
    report, made_by = folder / files.REPORT, f"written by snakemake --report {files.REPORT}"
    lines.append(f"Report: {report if report.exists() else made_by}")
    return "\n".join(lines).lstrip("\n")


def _more(paths: Collection[str]) -> str:
    return f" (and {len(paths) - 1} more)" if len(paths) > 1 else ""


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `overview` to a command line."""
    command = subparsers.add_parser("overview")
    command.add_argument("--directory", default=".", help="folder of the campaign; here by default")
    command.set_defaults(handler=lambda arguments: print(overview(arguments.directory)))
