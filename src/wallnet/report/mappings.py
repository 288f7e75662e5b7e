"""Tables and figure of the comparison of mappings."""

from typing import TYPE_CHECKING

from wallnet import files
from wallnet.config import Figures
from wallnet.config.stages import NO_DEVICE
from wallnet.report import networks, style
from wallnet.report.networks import TITLES
from wallnet.report.tables import Table, notes_of, texts

if TYPE_CHECKING:
    import pandas

PLACE = ["dataset", "device", "levels", "reading", "recipe", "stage", "mapping"]
"""Columns that name a network on levels, over all seeds."""


def lost_accuracies(sources: style.SourceFiles) -> "pandas.DataFrame":
    """Return the loss of validation accuracy by each mapping, seed by seed.

    The sources are results of `wallnet compare-mappings` as `comparisons`, and metrics of the
    networks with FP32 weights as `references`. Beside the columns of `PLACE` the frame has `lost`:
    the accuracy of the FP32 network with as much training, less that on levels, in per cent points.
    """
    place = ("dataset", "device", "device_levels", "reading", "seed", "rows")
    comparisons = [files.read_json(path, place) for path in sources["comparisons"]]
    keys = ("dataset", "recipe", "stage", "seed", "validation_accuracy")
    references = [files.read_json(path, keys) for path in sources["references"]]
    bound = [{**comparison, **row} for comparison in comparisons for row in comparison["rows"]]
    free = [{**reference, "device": NO_DEVICE} for reference in references]
    frame = networks.losses([*bound, *free], "validation_accuracy")
    as_trained = frame["reference"] == frame["stage"].map(lambda stage: networks.GAPS[stage][0])
    return frame[as_trained].rename(columns={"device_levels": "levels"})[[*PLACE, "lost"]]


def mapping_tables(lost: "pandas.DataFrame") -> tuple[Table, list[Table]]:
    """Return the losses by the mappings: all numbers, and a readable table per recipe and stage."""
    by_place = lost.groupby(PLACE, sort=False)["lost"]
    numbers = by_place.agg(seeds="size", mean="mean", deviation="std").reset_index()
    formats = {"mean": ".4f", "deviation": ".4f"}
    tables = []
    for (recipe, stage), chosen in lost.groupby(["recipe", "stage"], sort=False):
        chosen = networks.with_column(chosen)
        texts = chosen.groupby(["mapping", "column"])["lost"].agg(networks.mean_and_deviation)
        order = {"index": chosen["mapping"].unique(), "columns": chosen["column"].unique()}
        shown = texts.unstack().reindex(**order).rename_axis(index="Mapping").reset_index()
        reference = networks.GAPS[stage][0]
        title = f"{TITLES[stage]}, below {TITLES[reference]}: recipe {recipe}"
        tables.append(Table(title, shown.fillna("–")))
    return Table("mappings", numbers, formats, missing=""), tables


def tabulate(sources: style.SourceFiles, _: str = "") -> dict[str, str]:
    """Tabulate the losses by each mapping; the CSV file has all numbers."""
    numbers, tables = mapping_tables(lost_accuracies(sources))
    return texts(numbers.title, tables, [notes_of("mappings")], [networks.MADE_BY], numbers)


TICKS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Lost accuracies in per cent points at the axes of the figure of mappings."""


def draw(sources: style.SourceFiles, _: str, figures: Figures) -> style.Drawn:
    """Draw the losses by each mapping, a series per synapse and reading.

    There is a row per recipe and stage, and a column per data set.
    """
    from matplotlib.ticker import FixedLocator

    lost = lost_accuracies(sources)
    mappings = lost["mapping"].unique().tolist()
    kinds = list(lost.groupby(["recipe", "stage"], sort=False))
    shape = len(kinds), lost["dataset"].nunique(), 0.3 * len(kinds) + 0.25
    figure, axes = style.panels(figures, *shape, sharex=True, sharey="row")
    for line, ((recipe, stage), of_kind) in zip(axes, kinds, strict=True):
        of_datasets = of_kind.groupby("dataset", sort=False)
        for panel, (dataset, of_dataset) in zip(line, of_datasets, strict=True):
            shown = {
                ", ".join(place): values.set_index("mapping")["lost"]
                for place, values in of_dataset.groupby(["device", "reading"], sort=False)
            }
            networks.side_by_side(panel, shown, mappings, 0.5, markersize=3)
            panel.set_yscale("symlog", linthresh=1.0)
            panel.yaxis.set_major_locator(FixedLocator([*(-tick for tick in TICKS[:0:-1]), *TICKS]))
            panel.yaxis.set_major_formatter("{x:g}")
            panel.axhline(0.0, color="black", linewidth=0.5)
            panel.grid(axis="y", color=style.SHADE, linewidth=0.4)
            panel.set_title(f"{networks.dataset_title(dataset)}, {recipe}", loc="center")
        line[0].set_ylabel(f"{TITLES[stage]}\naccuracy lost (% points)")
    for panel in axes[-1]:
        panel.set_xticks(range(len(mappings)), mappings, rotation=90)
    style.legend_below(figure, axes[0][0])
    return figure, {}
