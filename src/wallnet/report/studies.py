"""Tables and figures of the studies of mappings: `mappings` and `table-ii`."""

import argparse
import itertools
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from wallnet import files
from wallnet.config import Figures
from wallnet.config.networks import Interpretation
from wallnet.report import style
from wallnet.report.networks import (
    DATASET_TITLES,
    GAPS,
    TABLE_II,
    TITLES,
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
    style.legend_below(figure, axes[0][0])
    return figure


# Interpretations of Table II

TOLERANCE = 2.0
"""Number of our standard deviations within which a number of the paper fits."""

NOTCHES = (10, 5)


class Numbers(NamedTuple):
    """Mean and sample standard deviation of test accuracies in per cent over all seeds."""

    mean: float
    deviation: float

    def distance(self, paper: float) -> float:
        """Return the distance of a number of the paper from the mean, in standard deviations."""
        if self.deviation == 0:
            return 0.0 if paper == self.mean else float("inf")
        return (paper - self.mean) / self.deviation


Results = Mapping[tuple[str, Interpretation], Numbers]
"""Numbers of each data set and interpretation."""


def summary(results: Iterable[Mapping[str, Any]]) -> dict[tuple[str, Interpretation], Numbers]:
    """Return mean and deviation over the seeds of each data set and interpretation."""
    found: dict[tuple[str, Interpretation], list[float]] = {}
    for result in results:
        for row in result["rows"]:
            how = Interpretation(**{key: row[key] for key in Interpretation._fields})
            found.setdefault((result["dataset"], how), []).append(row["test_accuracy"])
    return {
        key: Numbers(statistics.fmean(values), _spread(values)) for key, values in found.items()
    }


class Reading(NamedTuple):
    """A reading of the whole of Table II: an interpretation for each number of notches."""

    ten: Interpretation
    five: Interpretation


def readings(quantized: Results) -> list[Reading]:
    """Return all readings of Table II: the same choices for 10 and 5 notches but for the levels.

    The synapse with more notches has at least as many levels.
    """
    hows = sorted({how for _, how in quantized if how.levels}, key=str)
    return [
        Reading(ten, five)
        for ten, five in itertools.product(hows, hows)
        if ten[:-1] == five[:-1] and ten.levels >= five.levels
    ]


def distances(
    reading: Reading, dataset: str, quantized: Results, fine_tuned: Results
) -> dict[str, float]:
    """Return the distances of the paper's numbers of a data set from a reading.

    Returns
    -------
    dict
        Standard deviations by name of the number; numbers that were not computed are left out.
    """
    told = {notches: TABLE_II[notches, dataset] for notches in NOTCHES}
    found = {"FP32": quantized[dataset, reading.ten.free()].distance(told[10][0])}
    for notches, how in zip(NOTCHES, reading, strict=True):
        found[f"quantised, {notches}"] = quantized[dataset, how].distance(told[notches][1])
        if (dataset, how) in fine_tuned:
            tuned = fine_tuned[dataset, how]
            found[f"fine-tuned, {notches}"] = tuned.distance(told[notches][2])
    return found


def _worst(found: Mapping[str, float]) -> float:
    return max(abs(distance) for distance in found.values())


def choose(quantized: Results, most: int) -> list[Interpretation]:
    """Return the interpretations that fit the paper's MNIST numbers best, for fine-tuning.

    One seed has no standard deviation. Distances are then compared in per cent.
    """
    if any(math.isnan(numbers.deviation) for numbers in quantized.values()):
        quantized = {key: numbers._replace(deviation=1.0) for key, numbers in quantized.items()}
    ranked = sorted(
        readings(quantized), key=lambda reading: _worst(distances(reading, "mnist", quantized, {}))
    )
    chosen = dict.fromkeys(itertools.chain.from_iterable(ranked))
    return list(chosen)[:most]


def interpretation_tables(quantized: Results, fine_tuned: Results) -> tuple[Table, Table, str]:
    """Return all readings as numbers, those that fit MNIST as a readable table, and a verdict."""
    import pandas

    datasets = [name for name in DATASET_TITLES if any(key[0] == name for key in quantized)]
    rows: list[list[Any]] = []
    fits: list[tuple[dict[str, float], list[Any]]] = []
    both = 0
    tried = readings(quantized)
    for reading in tried:
        per_dataset = {name: distances(reading, name, quantized, fine_tuned) for name in datasets}
        worst = {name: _worst(found) for name, found in per_dataset.items()}
        choices = [*reading.ten[:-1], reading.ten.levels, reading.five.levels]
        numbers = [
            value
            for name in datasets
            for how in (reading.ten.free(), reading.ten, reading.five)
            for value in quantized[name, how]
        ]
        rows.append([*choices, *numbers, *worst.values()])
        if worst.get("mnist", float("inf")) <= TOLERANCE:
            texts = [_accuracy_text(quantized, fine_tuned, name, reading) for name in datasets]
            fits.append((worst, [*choices, *itertools.chain.from_iterable(texts)]))
            both += all(value <= TOLERANCE for value in worst.values())
    names = [*Interpretation._fields[:-1], "levels_10", "levels_5"]
    stages = ("fp32", "quantized_10", "quantized_5")
    columns = [
        f"{name}_{stage}_{part}"
        for name in datasets
        for stage in stages
        for part in ("mean", "deviation")
    ]
    worst_columns = [f"{name}_largest_distance" for name in datasets]
    formats = dict.fromkeys([*columns, *worst_columns], ".3f")
    all_rows = Table(
        "table-ii",
        pandas.DataFrame(rows, columns=[*names, *columns, *worst_columns]),
        formats,
        missing="",
    )
    fits.sort(key=lambda fit: fit[0]["mnist"])
    titles = [f"{DATASET_TITLES[name]}: {number}" for name in datasets for number in _NUMBER_TITLES]
    paper = [
        "paper",
        *[""] * (len(names) - 1),
        *itertools.chain.from_iterable(_paper_text(name) for name in datasets),
    ]
    readable = Table(
        "Readings of Table II that fit MNIST",
        pandas.DataFrame([paper, *(row for _, row in fits)], columns=[*_CHOICES, *titles]),
        set_apart=frozenset([0]),
    )
    verdict = (
        f"{len(tried)} readings of the paper's text were tried. {len(fits)} have all MNIST numbers "
        f"of the paper within {TOLERANCE:g} of our standard deviations, and {both} of these also "
        "all Fashion-MNIST numbers."
    )
    return all_rows, readable, verdict


_CHOICES = ("images", "epochs", "mapping", "scale", "biases", "levels, 10", "levels, 5")
_NUMBER_TITLES = ("FP32", "quantised, 10", "quantised, 5", "fine-tuned, 10", "fine-tuned, 5")


def _paper_text(dataset: str) -> list[str]:
    ten, five = (TABLE_II[notches, dataset] for notches in NOTCHES)
    return [f"{value:.2f}" for value in (ten[0], ten[1], five[1], ten[2], five[2])]


def _accuracy_text(
    quantized: Results, fine_tuned: Results, dataset: str, reading: Reading
) -> list[str]:
    found = [quantized[dataset, how] for how in (reading.ten.free(), *reading)]
    tuned = [fine_tuned.get((dataset, how)) for how in reading]
    return ["–" if n is None else f"{n.mean:.1f} ± {n.deviation:.1f}" for n in (*found, *tuned)]


def draw_interpretations(quantized: Results, figures: Figures) -> "Figure":
    """Draw quantised accuracy on Fashion-MNIST against MNIST, with the paper's two points."""
    from matplotlib import pyplot

    figure, panel = pyplot.subplots(figsize=style.size(figures, 0.7))
    datasets = [name for name in DATASET_TITLES if any(key[0] == name for key in quantized)]
    hows = [how for name, how in quantized if name == datasets[0] and how.levels]
    for index, (mapping, scale) in enumerate(
        dict.fromkeys((how.mapping, how.scale) for how in hows)
    ):
        shown = [how for how in hows if (how.mapping, how.scale) == (mapping, scale)]
        points = [[quantized[name, how] for how in shown] for name in datasets]
        look = style.look(index, marker=True) | {"linestyle": ""}
        panel.errorbar(
            [numbers.mean for numbers in points[0]],
            [numbers.mean for numbers in points[-1]],
            xerr=[numbers.deviation for numbers in points[0]],
            yerr=[numbers.deviation for numbers in points[-1]],
            **look,
            markersize=3,
            elinewidth=0.3,
            alpha=0.7,
            label=f"{mapping}, scale: {scale}",
        )
    for place, (notches, marker) in enumerate(zip(NOTCHES, "*P", strict=True)):
        told = [TABLE_II[notches, name][1] for name in (datasets[0], datasets[-1])]
        panel.plot(
            *told,
            marker=marker,
            color="black",
            linestyle="",
            markeredgecolor="white",
            markeredgewidth=0.4,
            markersize=10 - 2 * place,
            label=f"paper, {notches} notches",
            zorder=6 - place,
        )
    panel.set_xlabel(f"quantised, {DATASET_TITLES[datasets[0]]}: test accuracy (%)")
    panel.set_ylabel(f"quantised, {DATASET_TITLES[datasets[-1]]}: test accuracy (%)")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `choose-interpretations`."""
    chosen = subparsers.add_parser(
        "choose-interpretations", help="choose interpretations of Table II for fine-tuning"
    )
    chosen.add_argument("--results", nargs="+", required=True, help="files of `interpret`")
    chosen.add_argument("--most", type=int, required=True, help="how many to choose")
    chosen.add_argument("--out", required=True, help="choice to write, JSON")
    chosen.set_defaults(handler=_choose)


def read_numbers(paths: Iterable[str]) -> dict[tuple[str, Interpretation], Numbers]:
    """Return the numbers of the files of `interpret`."""
    return summary(files.read_json(path, ("dataset", "rows")) for path in paths)


def _choose(arguments: argparse.Namespace) -> None:
    chosen = choose(read_numbers(arguments.results), arguments.most)
    files.write_json({"chosen": [how._asdict() for how in chosen]}, arguments.out)
