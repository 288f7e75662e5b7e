"""Tables and figure of the comparison of mappings."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from wallnet import files
from wallnet.config import Figures
from wallnet.report import style
from wallnet.report.networks import (
    GAPS,
    TITLES,
    dataset_title,
    made_by,
    mean_and_deviation,
    with_deviation,
)
from wallnet.report.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
        return f"{dataset_title(self.dataset)}, {self.device}, {self.reading}"


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
            reference = key.dataset, key.recipe, GAPS[key.stage][0], result["seed"]
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
        shown = [[m, *(texts.get((m, title), "–") for title in titles)] for m in mappings]
        frame = pandas.DataFrame(shown, columns=["Mapping", *titles])
        title = f"{TITLES[stage]}, below {TITLES[GAPS[stage][0]]}: recipe {recipe}"
        tables.append(Table(title, frame))
    return numbers, tables


MAPPING_NOTES = """Validation accuracy that the levels cost in per cent points: that of the network
with FP32 weights and as much training, less that on the levels, of the same seed. With several
seeds: mean ± sample standard deviation. The test images are not used.
"""


def _lost(sources: Mapping[str, Sequence[str]]) -> dict[Compared, list[float]]:
    place = ("dataset", "device", "device_levels", "reading", "seed", "rows")
    comparisons = [files.read_json(path, place) for path in sources["comparisons"]]
    keys = ("dataset", "recipe", "stage", "seed", "validation_accuracy")
    references = [files.read_json(path, keys) for path in sources["references"]]
    return lost_accuracies(comparisons, references)


def tabulate(sources: Mapping[str, Sequence[str]], _: str = "") -> dict[str, str]:
    """Tabulate the losses by each mapping.

    Parameters
    ----------
    sources : mapping
        `comparisons` of the mappings, and the metrics in FP32 as `references`.

    Returns
    -------
    dict
        Texts of the CSV file, which has all numbers, and of the Markdown file.
    """
    numbers, tables = mapping_tables(_lost(sources))
    text = "\n".join(table.as_markdown("###") for table in tables)
    return {"csv": numbers.as_csv(), "markdown": f"{MAPPING_NOTES}\n{text}\n{made_by()}"}


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


def draw(sources: Mapping[str, Sequence[str]], figures: Figures) -> "Figure":
    """Draw the losses by each mapping."""
    return draw_losses(_lost(sources), figures)


def draw_losses(lost: Mapping[Compared, Sequence[float]], figures: Figures) -> "Figure":
    """Draw the losses by each mapping: a row per recipe and stage, a column per data set."""
    mappings = list(dict.fromkeys(key.mapping for key in lost))
    datasets = list(dict.fromkeys(key.dataset for key in lost))
    kinds = list(dict.fromkeys((key.recipe, key.stage) for key in lost))
    shape = len(kinds), len(datasets), 0.3 * len(kinds) + 0.25
    figure, axes = style.panels(figures, *shape, sharex=True, sharey="row")
    for line, (recipe, stage) in zip(axes, kinds, strict=True):
        for panel, dataset in zip(line, datasets, strict=True):
            place = (recipe, stage, dataset)
            shown = {k: v for k, v in lost.items() if (k.recipe, k.stage, k.dataset) == place}
            _mapping_panel(panel, shown, mappings)
            panel.set_title(f"{dataset_title(dataset)}, {recipe}", loc="center")
        line[0].set_ylabel(f"{TITLES[stage]}\naccuracy lost (% points)")
    for panel in axes[-1]:
        panel.set_xticks(range(len(mappings)), mappings, rotation=90)
    style.legend_below(figure, axes[0][0])
    return figure
