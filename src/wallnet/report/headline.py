"""The main numbers of a campaign: accuracies beside those of the paper, or what its devices do."""

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wallnet.config.networks import NO_DEVICE, PAPER_STAGES
from wallnet.report.networks import (
    PAPER,
    TABLE_II,
    TITLES,
    dataset_title,
    mean_and_deviation,
)
from wallnet.report.tables import Table

if TYPE_CHECKING:
    import xarray

WIDTH = 80
"""Number of columns of a terminal."""

MOST_OF_A_CELL = 13
"""Largest width of an accuracy in a terminal."""

PLACE, NETWORK = "data set, synapse", "network"
SHOWN = (*PAPER_STAGES, "on_levels")
"""Stages of the headline: those of the paper, and the one that a synapse can hold."""

SHORT = {"on_levels": "On levels"}
"""Titles that are longer elsewhere."""


def accuracies(rows: Sequence[Mapping[str, str]], table_ii: Mapping[str, int]) -> Table:
    """Return the accuracies of each recipe below those of the paper, in blocks.

    A block is a data set with a synapse, at the first reading of the synapse. Of each recipe, it
    shows the mapping with the most stages, and of several the one with the highest validation
    accuracy.

    Parameters
    ----------
    rows : sequence of Mapping
        Rows of `accuracy.csv`.
    table_ii : Mapping
        Number of notches of the paper's synapse that a synapse corresponds to.
    """
    import pandas

    stages = [stage for stage in SHOWN if any(row["stage"] == stage for row in rows)]
    recipes = dict.fromkeys(row["recipe"] for row in rows)
    places = dict.fromkeys(
        (row["dataset"], row["device"]) for row in rows if row["device"] != NO_DEVICE
    ) or dict.fromkeys((row["dataset"], NO_DEVICE) for row in rows)
    found: list[list[Any]] = []
    for dataset, device in places:
        parts = (dataset_title(dataset), *(() if device == NO_DEVICE else (device,)))
        title = ", ".join(parts)
        told = TABLE_II.get((table_ii.get(device, 0), dataset))
        if told:
            by_stage = dict(zip(PAPER_STAGES, told, strict=True))
            found.append([title, PAPER, *([by_stage[s]] if s in by_stage else [] for s in stages)])
        for recipe in recipes:
            chosen = [r for r in rows if r["dataset"] == dataset and r["recipe"] == recipe]
            bound = [r for r in chosen if r["device"] == device != NO_DEVICE]
            bound = [r for r in bound if r["reading"] == bound[0]["reading"]]
            stages_of: dict[str, dict[str, list[float]]] = {}
            for r in bound:
                of_stage = stages_of.setdefault(r["mapping"], {}).setdefault(r["stage"], [])
                of_stage.append(float(r["validation_accuracy"]))
            mapping = max(stages_of, key=lambda name: _rank(stages_of[name]), default="")
            shown = [r for r in bound if r["mapping"] == mapping]
            shown += [r for r in chosen if r["device"] == NO_DEVICE]
            values = ([float(r["test_accuracy"]) for r in shown if r["stage"] == s] for s in stages)
            found.append([title, ", ".join(filter(None, (recipe, mapping))), *values])
    titles = [SHORT.get(stage, TITLES[stage]) for stage in stages]
    return Table(
        "Test accuracy in per cent",
        pandas.DataFrame(found, columns=[PLACE, NETWORK, *titles]),
        dict.fromkeys(titles, mean_and_deviation),
        set_apart=frozenset(index for index, row in enumerate(found) if row[1] == PAPER),
    )


def _rank(stages: Mapping[str, Sequence[float]]) -> tuple[int, float]:
    """Return number of stages and mean accuracy of a mapping's networks, to order mappings."""
    return len(stages), statistics.fmean(map(statistics.fmean, stages.values()))


def conditions(rows: Sequence[Mapping[str, str]]) -> str:
    """Return a sentence that says of how many seeds and of which reading the accuracies are."""
    seeds = len({row["seed"] for row in rows})
    readings = [row["reading"] for row in rows if row["device"] != NO_DEVICE]
    of_seeds = "of one seed" if seeds == 1 else f"mean ± standard deviation of {seeds} seeds"
    return f"{of_seeds}; reading: {readings[0]}" if readings else of_seeds


def devices(found: Mapping[str, "xarray.Dataset"]) -> Table:
    """Return what each device does: its pulses, and the states in which its wall rests after them.

    Parameters
    ----------
    found : Mapping
        Device files by name of the device.
    """
    import pandas

    rows = []
    for name, data in found.items():
        settled = data["settled"].values != 0
        states = {str(state) for state in data["state"].values[settled]}
        rows.append((name, str(data.attrs["kind"]), data.sizes["current_density"], len(states)))
    columns = ("device", "kind", "pulses", "final states")
    return Table("Devices", pandas.DataFrame(rows, columns=list(columns)), {})


def as_text(table: Table) -> str:
    """Return a table as plain text of at most `WIDTH` columns.

    Rows that begin with the same text form a block below it, if there are two columns of text.
    """
    rows, columns = table.rows(), table.columns
    blocks = columns[:2] == [PLACE, NETWORK]
    if blocks:
        rows, titles = [[f"  {row[1]}", *row[2:]] for row in rows], [row[0] for row in rows]
        columns = ["", *columns[2:]]
    widths = [max(map(len, each)) for each in zip(columns, *rows, strict=True)]
    if blocks:
        widths[1:] = [min(width, MOST_OF_A_CELL) for width in widths[1:]]
    widths[0] = min(widths[0], WIDTH - sum(width + 2 for width in widths[1:]))

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell if len(cell) <= width else f"{cell[: width - 1]}…"
            for cell, width in zip(cells, widths, strict=True)
        )
        return "  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]).rstrip()

    lines = [table.title, line(columns)]
    for index, row in enumerate(rows):
        if blocks and (index == 0 or titles[index] != titles[index - 1]):
            lines.append(titles[index][:WIDTH])
        lines.append(line(row))
    return "\n".join(lines)
