"""Tables and figures of the network half, drawn from result files only."""

import base64
import statistics
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import __version__, files, revisions
from wallnet.config import Figures
from wallnet.config.stages import FACETS, LEVEL_STAGES, NO_DEVICE, PAPER_STAGES, STAGES
from wallnet.files.datasets import checked_reading
from wallnet.jobs.networks import AccuracyJob
from wallnet.jobs.report import FigureJob
from wallnet.report import style
from wallnet.report.faults import grouped, level_caveats
from wallnet.report.tables import Table, notes_of, texts

if TYPE_CHECKING:
    import pandas

ACCURACIES = ("test_accuracy", "validation_accuracy")

COLUMNS = (*FACETS, *ACCURACIES)
"""Columns of `accuracy.csv`; the last two are in per cent."""

TABLE_II = {
    (10, "mnist"): (97.41, 94.67, 97.17),
    (10, "fashion-mnist"): (86.40, 62.20, 86.22),
    (5, "mnist"): (97.41, 93.84, 96.91),
    (5, "fashion-mnist"): (86.40, 61.36, 86.31),
}
"""The paper's Table II in % by number of notches and data set: FP32, quantised, fine-tuned."""

LEAST_COUNT = 0.7
"""Lower limit of a logarithmic histogram, so that a single weight is visible."""

ROUNDING = 1e-9
"""Largest difference in per cent between an accuracy and that of its confusion matrix."""

DATASET_TITLES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}

TITLES = {name: stage.title for name, stage in STAGES.items()}


_STAGES = " ".join(f"*{stage.title}*: {stage.text}." for stage in STAGES.values())
_SEEDS = "With several seeds: mean ± sample standard deviation."
NOTES = f"Test accuracy in per cent. {_STAGES} {_SEEDS}"
"""Explanations of the columns of the table."""


def read_metrics(path: str, run: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Read the metrics of a network, and check that they are consistent and those of a run."""
    keys = (*COLUMNS[:-1], "confusion_matrix", "weights", "misread", "classes")
    record = files.read_json(path, keys=keys)
    for key, value in (run or {}).items():
        if str(record[key]) != value:
            raise files.damaged(path, f"contains {key} = {str(record[key])[:40]!r}, not {value!r}")
    try:
        matrix = np.array(record["confusion_matrix"], dtype=float)
        accuracy = 100 * matrix.trace() / matrix.sum()
        agrees = abs(record["test_accuracy"] - accuracy) < ROUNDING
    except (TypeError, ValueError):
        agrees = False
    if not agrees or matrix.shape != (len(record["classes"]),) * 2:
        raise files.damaged(path, "has a test_accuracy that is not that of its confusion_matrix")
    return record


def dataset_title(name: str) -> str:
    """Return the title of a data set; its name, if it is one of the user."""
    return DATASET_TITLES.get(name, name)


def with_column(frame: "pandas.DataFrame") -> "pandas.DataFrame":
    """Return networks with the title of their data set, device and reading as `column`."""
    titles = frame["dataset"].map(dataset_title) + ", " + frame["device"] + ", " + frame["reading"]
    return frame.assign(column=titles)


RECIPE = "Recipe, reading, mapping"
PLACE = ("Data set", "Synapse", RECIPE)
"""First columns of the Markdown and HTML tables; one column per stage follows."""

PAPER = "paper, Table II"


def mean_and_deviation(accuracies: "Sequence[float] | pandas.Series") -> str:
    """Return as text the accuracy of one seed, or mean and deviation of several seeds."""
    if not len(accuracies):
        return "–"
    mean = f"{statistics.fmean(accuracies):.2f}"
    return mean if len(accuracies) < 2 else f"{mean} ± {statistics.stdev(accuracies):.2f}"


MADE_BY = f"Made by wallnet {__version__}, report revision {revisions.of('report')}."
"""Line of a table that says what made it."""

Record = Mapping[str, Any]
"""Metrics of a network."""

PLACE_OF = ["dataset", "recipe", "device", "reading", "mapping"]
"""Columns that identify a place."""


def by_place(records: Sequence[Record]) -> dict[tuple[str, ...], dict[str, list[Record]]]:
    """Group networks by place, then stage; those in FP32 belong to all places of their recipe."""
    bound = [record for record in records if record["device"] != NO_DEVICE]
    places: dict[tuple[str, ...], dict[str, list[Record]]] = {
        itemgetter(*PLACE_OF)(record): {} for record in bound or records
    }
    for place, stages in places.items():
        for record in records:
            here = itemgetter(*PLACE_OF)(record)
            if here == place or (here[:2] == place[:2] and record["device"] == NO_DEVICE):
                stages.setdefault(record["stage"], []).append(record)
    return places


def _names(place: Sequence[str], levels: int | None) -> list[str]:
    """Return the texts of the first columns of a table, `PLACE`."""
    dataset, recipe, device, *synapse = place
    title = f"{device} ({levels} levels)" if levels else device
    named = [recipe, *(part for part in synapse if part != NO_DEVICE)]
    return [dataset_title(dataset), title, ", ".join(named)]


def accuracy_table(records: Sequence[Record], table_ii: Mapping[str, int]) -> Table:
    """Return the accuracies in blocks per data set and synapse, below the paper's values."""
    import pandas

    places = by_place(records)
    levels = {record["device"]: record.get("device_levels") for record in records}
    present = [stage for stage in STAGES if any(stage in stages for stages in places.values())]
    rows: list[list[Any]] = []
    # stable sort: all recipes of a data set and synapse belong to one block
    blocks = list(dict.fromkeys((place[0], place[2]) for place in places))
    for place in sorted(places, key=lambda place: blocks.index((place[0], place[2]))):
        names = _names(place, levels[place[2]])
        paper = TABLE_II.get((table_ii.get(place[2], 0), place[0]))
        if paper and (not rows or rows[-1][:2] != names[:2]):
            values = dict(zip(PAPER_STAGES, paper, strict=True))
            rows.append([*names[:2], PAPER, *([values[s]] if s in values else [] for s in present)])
        accuracies = ([r["test_accuracy"] for r in places[place].get(s, [])] for s in present)
        rows.append([*names, *accuracies])
    titles = [TITLES[stage] for stage in present]
    frame = pandas.DataFrame(rows, columns=[*PLACE, *titles])
    formats, published = dict.fromkeys(titles, mean_and_deviation), frame[RECIPE] == PAPER
    return Table("Test accuracy", frame, formats, set_apart=frozenset(frame.index[published]))


GAPS = {"quantized": ["fp32"], "compensated": ["fp32"], "on_levels": ["continued", "fp32"]}
"""Stages on levels, with those in FP32 below which they are: first that of as much training."""

GAP_COLUMNS = ("dataset", "device", "reading", "mapping", "recipe", "stage", "reference", "seeds")
"""First columns of `accuracy-gaps.csv`; `mean`, `lower` and `upper` follow, in per cent points."""


def mean_and_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean of values and the ends of its 95 % confidence interval (Student's t).

    Of a single value the ends are NaN.

    Examples
    --------
    >>> [round(value, 3) for value in mean_and_interval([0.1, 0.3, 0.5])]
    [0.3, -0.197, 0.797]
    """
    # importing scipy.stats takes half a second
    from scipy.special import stdtrit

    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    error = statistics.stdev(values) / len(values) ** 0.5
    half = float(stdtrit(len(values) - 1, 0.975)) * error
    return mean, mean - half, mean + half


def losses(records: Iterable[Record], accuracy: str = "test_accuracy") -> "pandas.DataFrame":
    """Return the accuracy that the levels cost, against networks in FP32 of the same seed.

    The frame has a row for each network on levels and each of its references in `GAPS`, with facets
    and accuracies in per cent. `lost` is the accuracy of the reference less that on
    the levels, in per cent points.
    """
    import pandas

    frame = pandas.DataFrame(records, dtype=object).astype({accuracy: float})
    pairs = [(stage, free) for stage, references in GAPS.items() for free in references]
    on_levels = frame["device"] != NO_DEVICE
    bound = frame[on_levels].merge(pandas.DataFrame(pairs, columns=["stage", "reference"]))
    free = frame[~on_levels].rename(columns={"stage": "reference", accuracy: "free"})
    both = bound.merge(free[["dataset", "recipe", "reference", "seed", "free"]])
    return both.assign(lost=both["free"] - both[accuracy])


def gap_tables(records: Sequence[Record]) -> tuple[Table, Table]:
    """Return the accuracy that the levels cost, as numbers and as a readable table."""
    import pandas

    numbers, rows = [], []
    levels = {record["device"]: record.get("device_levels") for record in records}
    for place, group in losses(records).groupby(PLACE_OF, sort=False):
        row = dict(zip(PLACE, _names(place, levels[place[2]]), strict=True))
        for (stage, reference), lost in group.groupby(["stage", "reference"], sort=False)["lost"]:
            mean, lower, upper = mean_and_interval([*lost])
            about = dict(zip(PLACE_OF, place, strict=True), stage=stage, reference=reference)
            gap = {"seeds": len(lost), "mean": mean, "lower": lower, "upper": upper}
            numbers.append(about | gap)
            interval = "" if len(lost) < 2 else f" ({lower:.2f} to {upper:.2f})"
            row[f"{TITLES[stage]}, below {TITLES[reference]}"] = f"{mean:.2f}{interval}"
        rows.append(row)
    titles = [f"{TITLES[stage]}, below {TITLES[free]}" for stage in GAPS for free in GAPS[stage]]
    columns = [*PLACE, *(title for title in titles if any(title in row for row in rows))]
    ends = ("mean", "lower", "upper")
    frame = pandas.DataFrame(numbers, columns=[*GAP_COLUMNS, *ends])
    return (
        Table(GAP_TITLE, frame, dict.fromkeys(ends, ".4f"), missing=""),
        Table(GAP_TITLE, pandas.DataFrame(rows, columns=columns).fillna("–")),
    )


GAP_TITLE = "Accuracy that the levels cost"


def tabulate(sources: style.SourceFiles, job: str) -> dict[str, str]:
    """Tabulate the test accuracy of all networks, and what the levels cost.

    The sources are the folders of all `networks` and of the compact models of the synapses,
    `models`; the job is the JSON of `AccuracyJob`. The CSV files are accuracies with the columns
    `COLUMNS`, and differences between stages (`gaps`) with `GAP_COLUMNS` first. The others also
    have the paper's Table II for synapses that correspond to one of the paper.
    """
    import pandas

    accuracy_job = AccuracyJob.from_json(job)
    records = []
    runs = accuracy_job.run_set.runs()
    facets = list(dict.fromkeys(facet for run in runs for facet in run))
    for run in runs:
        record = read_metrics(run.path(files.METRICS, sources["networks"][0]), run)
        kept = {column: record[column] for column in (*run, *ACCURACIES)}
        records.append(kept | {"device_levels": record.get("device_levels")})
    frame = pandas.DataFrame(records, columns=[*facets, *ACCURACIES])
    numbers = Table("", frame, dict.fromkeys(ACCURACIES, ".2f"), "")
    table = accuracy_table(records, accuracy_job.table_ii)
    gap_numbers, gaps = gap_tables(records)
    tables = [table, gaps] if len(gaps.frame) else [table]
    notes = [*([notes_of("gaps")] if len(gaps.frame) else []), NOTES]
    notes += [*([notes_of("paper")] if accuracy_job.table_ii else []), MADE_BY]
    first = grouped(level_caveats(records, sources["models"][0]))
    return texts(table.title, tables, first, notes, numbers) | {"gaps": gap_numbers.as_csv()}


def _weights(records: Sequence[Record], figures: Figures, _: Any = ()) -> "style.Figure":
    """Draw histograms of the weights of the first layer, one row per recipe and reading.

    A row has the stages of its recipe, from left to right.
    """
    places = by_place(records)
    drawn = {place: [stage for stage in STAGES if stage in places[place]] for place in places}
    shape = len(places), max(map(len, drawn.values())), 0.26 * len(places) + 0.05
    figure, axes = style.panels(figures, *shape, sharex=True, sharey=True)
    highest = 1
    for row, (place, stages) in zip(axes, places.items(), strict=True):
        _, recipe, _, reading, mapping = place
        for panel in row[len(drawn[place]) :]:
            panel.set_visible(False)
        for panel, stage in zip(row, drawn[place], strict=False):
            (record,) = stages[stage]
            layer = record["layers"][0]
            histogram = record["weights"][layer]
            counts = np.array(histogram["counts"])
            low, high = histogram["range"]
            edges = np.linspace(low, high, len(counts) + 1)
            for value in record.get("weight_values", {}).get(layer, ()):
                panel.axvline(value, color=style.SHADE, linewidth=0.6, zorder=0)
            if histogram["different_values"] < len(counts):
                # a bin is thinner than a line: draw each of the few values as a line
                held = counts > 0
                middles = (edges[1:] + edges[:-1])[held] / 2
                panel.vlines(middles, LEAST_COUNT, counts[held], color=style.COLOURS[0], lw=2)
            else:
                panel.stairs(counts, edges, fill=True, color=style.COLOURS[0])
            highest = max(highest, counts.max())
            panel.set_title(TITLES[stage], loc="center")
        row[0].set_ylabel(f"{recipe}, {mapping}\n{reading} reading\nweights per bin")
    axes[0][0].set(yscale="log", ylim=(LEAST_COUNT, 2 * highest))
    for column in axes.T:
        last = [panel for panel in column if panel.get_visible()][-1]
        last.set_xlabel("weight")
        last.tick_params(labelbottom=True)
    return figure


def _confusion(records: Sequence[Record], figures: Figures, _: Any = ()) -> "style.Figure":
    """Draw confusion matrices in per cent of each label, one row per reading."""
    from matplotlib.colors import PowerNorm

    places = by_place(records)
    drawn = [stage for stage in PAPER_STAGES if any(stage in stages for stages in places.values())]
    shape = len(places), len(drawn), 0.31 * len(places) + 0.12
    figure, axes = style.panels(figures, *shape, sharex=True, sharey=True)
    for row, ((*_, reading, _), stages) in zip(axes, places.items(), strict=True):
        for panel, stage in zip(row, drawn, strict=True):
            (record,) = stages[stage]
            counts = np.array(record["confusion_matrix"])
            share = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
            panel.imshow(share, cmap="Blues", norm=PowerNorm(0.5, 0, 100))
            if len(counts) <= 12:
                look = {"ha": "center", "va": "center", "fontsize": 0.45 * figures.font_size}
                for (label, predicted), count in np.ndenumerate(counts):
                    colour = "white" if share[label, predicted] > 35 else "black"
                    panel.text(predicted, label, str(count or ""), color=colour, **look)
            ticks = range(len(counts)), [style.plain(name) for name in record["classes"]]
            turned = 90 if max(map(len, ticks[1])) > 2 else 0
            panel.set_xticks(*ticks, rotation=turned, fontsize=0.7 * figures.font_size)
            panel.set_yticks(*ticks, fontsize=0.7 * figures.font_size)
            panel.tick_params(length=0)
            panel.set_title(f"{TITLES[stage]}: {record['test_accuracy']:.2f} %", loc="center")
        row[0].set_ylabel(f"{reading} reading\nlabel")
    for panel in axes[-1]:
        panel.set_xlabel("prediction")
    bar = figure.colorbar(panel.images[0], ax=axes, shrink=0.6, aspect=30, pad=0.01)
    bar.set_label("share of the label's images (%)")
    return figure


def _misread(records: Sequence[Record], figures: Figures, _: Any = ()) -> "style.Figure":
    """Draw test images that were misread, with label and prediction."""
    record = records[0]
    classes = [style.plain(name) for name in record["classes"]]
    shape = tuple(record["image_shape"])
    shown = record["misread"]
    columns = 8
    rows = max(1, -(-len(shown) // columns))
    figure, axes = style.panels(figures, rows, columns, 0.185 * rows)
    for panel in axes.flat:
        panel.axis("off")
    for panel, entry in zip(axes.flat, shown, strict=False):
        pixels = np.frombuffer(base64.b64decode(entry["image"]), dtype=np.uint8).reshape(shape)
        panel.imshow(pixels, cmap="gray_r", vmin=0, vmax=255)
        title = f"{classes[entry['label']]}\nread as {classes[entry['predicted']]}"
        panel.set_title(title, loc="center", fontsize=0.62 * figures.font_size)
    return figure


def _training_curves(
    records: Sequence[Record], figures: Figures, paper: Sequence[int] = ()
) -> "style.Figure":
    """Draw training and validation accuracy over epochs, one panel per data set."""
    from matplotlib.ticker import MaxNLocator

    datasets = list(dict.fromkeys(record["dataset"] for record in records))
    recipes = list(dict.fromkeys(record["recipe"] for record in records))
    figure, axes = style.panels(figures, 1, len(datasets), 0.42)
    for panel, dataset in zip(axes[0], datasets, strict=True):
        for record in records:
            if record["dataset"] != dataset:
                continue
            look = style.look(recipes.index(record["recipe"]), marker=True)
            epochs = [point["epoch"] for point in record["training_curve"]]
            for part, line, face in (("training", "--", "white"), ("validation", "-", None)):
                own = {"linestyle": line, "markerfacecolor": face or look["color"]}
                values = [point[f"{part}_accuracy"] for point in record["training_curve"]]
                panel.plot(epochs, values, label=f"{record['recipe']}, {part}", **look | own)
        # the same for all notches
        for fp32 in {TABLE_II[key][0] for key in TABLE_II if key[0] in paper and key[1] == dataset}:
            panel.axhline(fp32, color="black", linestyle=":", label=f"paper, test: {fp32:.2f} %")
        panel.set_title(dataset_title(dataset), loc="center")
        panel.set_xlabel("epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.legend(loc="lower right")
    axes[0][0].set_ylabel("accuracy (%)")
    return figure


TICKS = (1, 2, 5, 10, 20, 50, 100)
"""Test errors in per cent at the axes of the figure of accuracies."""

PAPER_MARKS = {10: ("x", -0.42), 5: ("+", 0.42)}
"""Marker of the paper's numbers by notches, and its distance from the stage."""


def _accuracy(
    rows: Sequence[Mapping[str, str]], figures: Figures, paper: Sequence[int] = ()
) -> "style.Figure":
    """Draw the test error of every stage, one row per recipe, one column per data set.

    Mappings stand side by side: those with which some network is trained further, or all if there
    are none.
    """
    import pandas

    frame = pandas.DataFrame(rows)
    frame["error"] = 100 - frame["test_accuracy"]
    frame["column"] = [*zip(frame["stage"], frame["mapping"], strict=True)]
    frame["synapse"] = frame["device"] + ", " + frame["reading"]
    datasets, recipes = frame["dataset"].unique(), frame["recipe"].unique()
    further = [name for name in LEVEL_STAGES if STAGES[name].trained]
    trained = frame.loc[frame["stage"].isin(further), "mapping"].tolist()
    if trained:
        frame = frame[frame["mapping"].isin([*trained, NO_DEVICE])]
    synapses = frame.loc[frame["device"] != NO_DEVICE, "synapse"].unique()
    shape = len(recipes), len(datasets), 0.42 * len(recipes) + 0.08
    figure, axes = style.panels(figures, *shape, sharex="row", sharey="col")
    for line, recipe in zip(axes, recipes, strict=True):
        of_recipe = frame[frame["recipe"] == recipe]
        # a stable sort: mappings keep their order
        order = list(STAGES)
        columns = sorted(of_recipe["column"].unique(), key=lambda column: order.index(column[0]))
        stages = [stage for stage, _ in columns]
        titles = [
            TITLES[stage] if mapping == NO_DEVICE else f"{TITLES[stage]}\n{mapping}"
            for stage, mapping in columns
        ]
        for panel, dataset in zip(line, datasets, strict=True):
            of_panel = of_recipe[of_recipe["dataset"] == dataset]
            errors = of_panel.set_index("column")["error"]
            shown = {name: errors[(of_panel["synapse"] == name).values] for name in synapses}
            side_by_side(panel, shown, columns, 0.6)
            free = {"FP32 weights, no synapse": errors[(of_panel["device"] == NO_DEVICE).values]}
            side_by_side(panel, free, columns, 0.0, color="black")
            for notches, (marker, shift) in PAPER_MARKS.items():
                published = TABLE_II.get((notches, dataset))
                if published and notches in paper:
                    pairs = zip(PAPER_STAGES, published, strict=True)
                    marks = [(stages.index(s) + shift, 100 - t) for s, t in pairs if s in stages]
                    look = {"marker": marker, "markersize": 5, "markeredgewidth": 1.2}
                    look |= {"linestyle": "", "color": "black"}
                    panel.plot(*zip(*marks, strict=True), label=f"paper, {notches} notches", **look)
            panel.set_yscale("log")
            panel.set_title(f"{dataset_title(dataset)}, {recipe}", loc="center")
            panel.set_yticks(TICKS, map(str, TICKS))
            panel.yaxis.set_minor_formatter("")
            panel.grid(axis="y", color=style.SHADE, linewidth=0.4)
            turned = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
            panel.set_xticks(range(len(columns)), titles, **turned)
            panel.tick_params(axis="x", which="both", length=0)
            panel.set_xlim(-0.6, len(columns) - 0.4)
            for edge in range(1, len(columns)):
                panel.axvline(edge - 0.5, color=style.SHADE, linewidth=0.4, zorder=0)
        line[0].set_ylabel("test error (%)")
    style.legend_below(figure, axes[0][0])
    return figure


def side_by_side(
    panel: "style.Axes",
    series: Mapping[str, "pandas.Series"],
    places: Sequence[Any],
    width: float,
    **options: Any,
) -> None:
    """Draw the mean of all seeds at each place, with the sample standard deviation as a bar.

    The index of the values of a series is their place. Places are counted from 0 along the axis,
    and the series stand beside each other within the width.
    """
    bars = {"elinewidth": 0.8, "capsize": 0, "linestyle": "", **options}
    for index, (name, values) in enumerate(series.items()):
        shift = width * (index / max(1, len(series) - 1) - 0.5)
        stats = values.groupby(values.index).agg(["mean", "std"]).fillna({"std": 0.0})
        shown = [place for place in places if place in stats.index]
        x = [places.index(place) + shift for place in shown]
        look = style.look(index, marker=True) | bars
        panel.errorbar(x, stats.loc[shown, "mean"], stats.loc[shown, "std"], label=name, **look)


DRAWINGS = style.by_name(_weights, _confusion, _misread, _training_curves, _accuracy)
"""Functions that draw figures from metrics, that of accuracies from `accuracy.csv`, by name.

Their arguments are records, the style, and numbers of notches whose rows of Table II they show.
"""


def draw(sources: style.SourceFiles, job: str, figures: Figures) -> style.Drawn:
    """Draw a figure of `DRAWINGS` from `metrics` or the `table` of accuracies.

    The job is the JSON of `FigureJob`.
    """
    figure_job = FigureJob.from_json(job)
    ((origin, paths),) = sources.items()
    rows = read_accuracies(*paths) if origin == "table" else [read_metrics(path) for path in paths]
    figure = figure_job.drawing(DRAWINGS)(rows, figures, figure_job.paper)
    return figure, {"kind": figure_job.figure, "sources": [*paths]}


def read_accuracies(path: str) -> list[dict[str, Any]]:
    """Read a table of accuracies, a mapping per row; raise `FileError` if the file is none."""
    import pandas

    with checked_reading(path, "a table of accuracies"):
        frame = pandas.read_csv(path, dtype=str, keep_default_na=False)
        if frame.empty:
            raise ValueError("it has no rows")
        types = dict.fromkeys(FACETS, str) | dict.fromkeys(ACCURACIES, float)
        return frame.astype(types).to_dict("records")
