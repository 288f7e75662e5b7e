"""Tables and figure of the comparison of mappings."""

import argparse
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from wallnet import files, revisions
from wallnet.config import Figures
from wallnet.report import style
from wallnet.report.networks import (
    DATASET_TITLES,
    GAPS,
    TITLES,
    made_by,
    mean_and_deviation,
    with_deviation,
)
from wallnet.report.style import add_figure_arguments, figures_of
from wallnet.report.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Comparison of mappings


class Compared(NamedTuple):
    """Networks with one mapping at one stage on one synapse, over all seeds."""

    dataset: str
    device: str
    levels: int
    reading: str
    recipe: str
    stage: str
    mapping: str

    @property
    def column(self) -> str:
        """Title of the column of a table."""
        return f"{DATASET_TITLES.get(self.dataset, self.dataset)}, {self.device}, {self.reading}"


def lost_accuracies(
    comparisons: Iterable[Mapping[str, Any]], references: Iterable[Mapping[str, Any]]
) -> dict[Compared, list[float]]:
    """Return the loss of validation accuracy by each mapping, seed by seed.

    Parameters
    ----------
    comparisons : iterable of Mapping
        Results of `wallnet compare-mappings`.
    references : iterable of Mapping
        Metrics of the networks with FP32 weights.

    Returns
    -------
    dict
        Accuracy of the FP32 network with as much training, less that on levels, in per cent
        points.
    """
    free = {
        (r["dataset"], r["recipe"], r["stage"], r["seed"]): r["validation_accuracy"]
        for r in references
    }
    found: dict[Compared, list[float]] = {}
    for result in comparisons:
        place = result["dataset"], result["device"], result["device_levels"], result["reading"]
        for row in result["rows"]:
            key = Compared(*place, row["recipe"], row["stage"], row["mapping"])
            reference = key.dataset, key.recipe, GAPS[key.stage], result["seed"]
            lost = free[reference] - row["validation_accuracy"]
            found.setdefault(key, []).append(lost)
    return found


def _spread(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else float("nan")


def mapping_tables(lost: Mapping[Compared, Sequence[float]]) -> tuple[Table, list[Table]]:
    """Return the losses by the mappings: all numbers, and a readable table per recipe and stage."""
    import pandas

    rows = [
        [*key, len(values), statistics.fmean(values), _spread(values)]
        for key, values in lost.items()
    ]
    columns = [*Compared._fields, "seeds", "mean", "deviation"]
    formats = {"mean": ".4f", "deviation": ".4f"}
    numbers = Table("mappings", pandas.DataFrame(rows, columns=columns), formats, missing="")
    tables = []
    for recipe, stage in dict.fromkeys((key.recipe, key.stage) for key in lost):
        chosen = {k: v for k, v in lost.items() if (k.recipe, k.stage) == (recipe, stage)}
        titles = list(dict.fromkeys(key.column for key in chosen))
        mappings = dict.fromkeys(key.mapping for key in chosen)
        texts = {(key.mapping, key.column): mean_and_deviation(chosen[key]) for key in chosen}
        tables.append(
            Table(
                f"{TITLES[stage]}, below {TITLES[GAPS[stage]]}: recipe {recipe}",
                pandas.DataFrame(
                    [[m, *(texts.get((m, title), "–") for title in titles)] for m in mappings],
                    columns=["Mapping", *titles],
                ),
            )
        )
    return numbers, tables


MAPPING_NOTES = """Validation accuracy that the levels cost in per cent points: that of the network
with FP32 weights and as much training, less that on the levels, of the same seed. With several
seeds: mean ± sample standard deviation. The test images are not used.
"""


TICKS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Lost accuracies in per cent points at the axes of the figure of mappings."""


def _mapping_panel(
    panel: "Axes", lost: Mapping[Compared, Sequence[float]], mappings: Sequence[str]
) -> None:
    """Draw the losses by each mapping, a series per synapse and reading."""
    from matplotlib.ticker import FixedLocator

    places = list(dict.fromkeys((key.device, key.reading) for key in lost))
    for index, place in enumerate(places):
        shift = 0.5 * (index / max(1, len(places) - 1) - 0.5)
        shown = {k.mapping: v for k, v in lost.items() if (k.device, k.reading) == place}
        look = style.look(index, marker=True) | {"linestyle": ""}
        with_deviation(panel, shown, mappings, shift, look | {"markersize": 3}, ", ".join(place))
    panel.set_yscale("symlog", linthresh=1.0)
    panel.yaxis.set_major_locator(FixedLocator([*(-tick for tick in TICKS[:0:-1]), *TICKS]))
    panel.yaxis.set_major_formatter("{x:g}")
    panel.axhline(0.0, color="black", linewidth=0.5)
    panel.grid(axis="y", color=style.SHADE, linewidth=0.4)


def draw_mappings(
    lost: Mapping[Compared, Sequence[float]], figures: Figures, png: str, vector: str
) -> None:
    """Draw the losses by each mapping: a row per recipe and stage, a column per data set."""
    with style.apply(figures):
        from matplotlib import pyplot

        mappings = list(dict.fromkeys(key.mapping for key in lost))
        datasets = list(dict.fromkeys(key.dataset for key in lost))
        kinds = list(dict.fromkeys((key.recipe, key.stage) for key in lost))
        figure, axes = pyplot.subplots(
            len(kinds),
            len(datasets),
            squeeze=False,
            sharex=True,
            sharey="row",
            figsize=style.size(figures, 0.3 * len(kinds) + 0.25),
        )
        for line, (recipe, stage) in zip(axes, kinds, strict=True):
            for panel, dataset in zip(line, datasets, strict=True):
                shown = {
                    k: v
                    for k, v in lost.items()
                    if (k.recipe, k.stage, k.dataset) == (recipe, stage, dataset)
                }
                _mapping_panel(panel, shown, mappings)
                panel.set_title(f"{DATASET_TITLES.get(dataset, dataset)}, {recipe}")
            line[0].set_ylabel(f"{TITLES[stage]}\naccuracy lost (% points)")
        for panel in axes[-1]:
            panel.set_xticks(range(len(mappings)), mappings, rotation=90)
        handles, labels = axes[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        style.save(figure, png, vector, title="mappings", revision=revisions.of("report"))


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand `mapping-table`."""
    mappings = subparsers.add_parser("mapping-table", help="tabulate the losses by each mapping")
    mappings.add_argument("--comparisons", nargs="+", required=True, help="what each job found")
    mappings.add_argument("--references", nargs="+", required=True, help="metrics in FP32")
    mappings.set_defaults(handler=_mappings)

    mappings.add_argument("--csv", required=True, help="table to write, all numbers")
    mappings.add_argument("--markdown", required=True, help="table to write, to read as text")
    add_figure_arguments(mappings)


def _mappings(arguments: argparse.Namespace) -> None:
    figures = figures_of(arguments)
    place = ("dataset", "device", "device_levels", "reading", "seed", "rows")
    comparisons = [files.read_json(path, place) for path in arguments.comparisons]
    keys = ("dataset", "recipe", "stage", "seed", "validation_accuracy")
    references = [files.read_json(path, keys) for path in arguments.references]
    lost = lost_accuracies(comparisons, references)
    numbers, tables = mapping_tables(lost)
    text = "\n".join(table.as_markdown("###") for table in tables)
    files.write_text(numbers.as_csv(), arguments.csv)
    files.write_text(f"{MAPPING_NOTES}\n{text}\n{made_by()}", arguments.markdown)
    draw_mappings(lost, figures, arguments.png, arguments.vector)
