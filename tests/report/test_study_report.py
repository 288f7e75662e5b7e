"""Tables of the studies of mappings, from results that are written by hand."""

import csv
import io
import math

import pytest
from helpers.synthetic import one_sentence

from wallnet import cli, files
from wallnet.config import Figures
from wallnet.report import mappings, style

SEEDS = (3, 8, 9)
FREE = {("plain", "fp32"): (97.0, 96.0, 95.5), ("plain", "continued"): (98.0, 97.5, 96.0)}
BOUND = {
    ("layer", "quantized"): (90.0, 80.0, 95.0),
    ("layer", "on_levels"): (97.0, 97.0, 96.5),
    ("signed-3sd", "quantized"): (96.5, 95.75, 95.0),
    ("signed-3sd", "on_levels"): (97.75, 97.0, 96.0),
}


def comparisons():
    for index, seed in enumerate(SEEDS):
        rows = [
            {
                "recipe": "plain",
                "mapping": mapping,
                "stage": stage,
                "validation_accuracy": values[index],
            }
            for (mapping, stage), values in BOUND.items()
        ]
        place = {"dataset": "mnist", "device": "synapse-5", "device_levels": 6}
        yield {**place, "reading": "series", "seed": seed, "rows": rows}


def references():
    for (recipe, stage), values in FREE.items():
        # in another order than the comparisons
        for seed, value in reversed(list(zip(SEEDS, values, strict=True))):
            named = {"dataset": "mnist", "recipe": recipe, "stage": stage, "seed": seed}
            yield {**named, "validation_accuracy": value}


def written(folder, name, results):
    """Write each result to a file; return the paths."""
    paths = []
    for index, result in enumerate(results):
        paths.append(str(folder / f"{name}-{index}.json"))
        files.write_json(result, paths[-1])
    return paths


def sources(folder, compared=None, free=None):
    """Write what was compared, and the networks with FP32 weights; return the sources."""
    return {
        "comparisons": written(folder, "c", compared or comparisons()),
        "references": written(folder, "r", free or references()),
    }


def test_a_mapping_costs_what_its_own_seeds_free_network_has_more(tmp_path):
    """Each stage has its own reference: the free network with as much training."""
    lost = mappings.lost_accuracies(sources(tmp_path))
    by_name = lost.groupby(["mapping", "stage"])["lost"].agg(list)
    assert by_name.to_dict() == {
        ("layer", "quantized"): [7.0, 16.0, 0.5],
        ("layer", "on_levels"): [1.0, 0.5, -0.5],
        ("signed-3sd", "quantized"): [0.5, 0.25, 0.5],
        ("signed-3sd", "on_levels"): [0.25, 0.5, 0.0],
    }


def test_the_table_of_mappings_has_means_and_sample_deviations(tmp_path):
    lost = mappings.lost_accuracies(sources(tmp_path))
    numbers, tables = mappings.mapping_tables(lost)
    rows = list(csv.DictReader(io.StringIO(numbers.as_csv())))
    row = next(r for r in rows if (r["mapping"], r["stage"]) == ("layer", "quantized"))
    assert (row["device"], row["levels"], row["reading"], row["seeds"]) == (
        *("synapse-5", "6", "series"),
        "3",
    )
    mean = (7.0 + 16.0 + 0.5) / 3
    deviation = math.sqrt(sum((x - mean) ** 2 for x in (7.0, 16.0, 0.5)) / 2)
    assert float(row["mean"]) == pytest.approx(mean, abs=1e-4)
    assert float(row["deviation"]) == pytest.approx(deviation, abs=1e-4)
    assert [table.title for table in tables] == [
        "Quantised, below FP32: recipe plain",
        "Quantisation-aware, below FP32, continued: recipe plain",
    ]
    assert tables[1].rows() == [["layer", "0.33 ± 0.76"], ["signed-3sd", "0.25 ± 0.25"]]


# Figures, by the data in their axes


def drawn(inputs):
    """Return the figure of these sources."""
    with style.apply(Figures()):
        return mappings.draw(inputs, "", Figures())[0]


def bars_of(container, axis):
    """Return lower and upper end of each bar along an axis, 0 for x."""
    # along x first, if there are bars along x
    bars = container.lines[2][-1 if axis else 0]
    return [tuple(segment[:, axis]) for segment in bars.get_segments()]


COMPARED = {"synapse-5, series": 0, "synapse-10, series": 1, "synapse-10, parallel": 2}
"""Synapses and readings, each with half of what it costs more."""


def everything_compared():
    """Yield comparisons of two data sets on synapses and readings with different losses."""
    for shift, dataset in enumerate(("mnist", "own")):
        for place, more in COMPARED.items():
            device, reading = place.split(", ")
            for result in comparisons():
                rows = [
                    {**row, "validation_accuracy": row["validation_accuracy"] - shift - 2 * more}
                    for row in result["rows"]
                ]
                about = {"dataset": dataset, "device": device, "reading": reading}
                yield {**result, **about, "rows": rows}


def everything(folder):
    free = [
        {**reference, "dataset": name} for name in ("mnist", "own") for reference in references()
    ]
    return sources(folder, everything_compared(), free)


def test_the_table_of_mappings_has_a_column_for_each_data_set_synapse_and_reading(tmp_path):
    """The losses of on_levels with signed-3sd are 0.25, 0.5 and 0 % points, and more elsewhere."""
    lost = mappings.lost_accuracies(everything(tmp_path))
    lacking = {"dataset": "own", "device": "synapse-10", "reading": "series"}
    lacking |= {"mapping": "signed-3sd", "stage": "on_levels"}
    lost = lost[(lost[list(lacking)] != list(lacking.values())).any(axis=1)]
    _, tables = mappings.mapping_tables(lost)
    titles = [f"{name}, {place}" for name in ("MNIST", "own") for place in COMPARED]
    assert tables[1].columns == ["Mapping", *titles]
    means = [0.25 + shift + 2 * more for shift in (0, 1) for more in COMPARED.values()]
    texts = [f"{mean:.2f} ± 0.25" for mean in means]
    texts[4] = "–"
    assert tables[1].rows()[1] == ["signed-3sd", *texts]


def test_the_figure_of_mappings_has_a_point_with_a_bar_for_each_mapping(tmp_path):
    """A row is a stage of a recipe, a column a data set, a series a synapse in a reading."""
    figure = drawn(everything(tmp_path))
    assert [panel.get_title() for panel in figure.axes] == ["MNIST, plain", "own, plain"] * 2
    assert [panel.get_ylabel() for panel in figure.axes] == [
        *("Quantised\naccuracy lost (% points)", ""),
        *("Quantisation-aware\naccuracy lost (% points)", ""),
    ]
    cost = {
        "quantized": {"layer": (7.0, 16.0, 0.5), "signed-3sd": (0.5, 0.25, 0.5)},
        "on_levels": {"layer": (1.0, 0.5, -0.5), "signed-3sd": (0.25, 0.5, 0.0)},
    }
    series = list(COMPARED)
    for panel, (stage, column) in zip(
        figure.axes, [(stage, column) for stage in cost for column in (0, 1)], strict=True
    ):
        assert [errorbar.get_label() for errorbar in panel.containers] == series
        places = []
        for more, container in enumerate(panel.containers):
            line = container.lines[0]
            values = [[x + column + 2 * more for x in losses] for losses in cost[stage].values()]
            means = [sum(losses) / 3 for losses in values]
            assert line.get_ydata().tolist() == pytest.approx(means, abs=1e-9)
            for mean, losses, (low, high) in zip(means, values, bars_of(container, 1), strict=True):
                deviation = math.sqrt(sum((x - mean) ** 2 for x in losses) / 2)
                assert (low, high) == pytest.approx((mean - deviation, mean + deviation), abs=1e-9)
            places.append(line.get_xdata())
        # side by side, nearer to their own tick than to the next
        assert all(a < b < c for a, b, c in zip(*places, strict=True))
        assert all(abs(x - tick) < 0.5 for xs in places for tick, x in enumerate(xs))
    last = figure.axes[-1]
    assert [text.get_text() for text in last.get_xticklabels()] == ["layer", "signed-3sd"]
    assert last.get_xticks().tolist() == [0, 1]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == series


# Commands


def tabulate(folder, module, **inputs):
    """Write the tables and the figure of a module into a folder."""
    words = [f"{name}={path}" for name, paths in inputs.items() for path in paths]
    names = {"csv": "a.csv", "markdown": "a.md", "png": "figure.png", "vector": "a.svg"}
    outputs = [f"{key}={folder / name}" for key, name in names.items()]
    cli.main(["show", module, "--sources", *words, "--to", *outputs])


def test_the_command_writes_what_the_mappings_cost(tmp_path):
    tabulate(tmp_path, "report.mappings", **sources(tmp_path))
    text = (tmp_path / "a.md").read_text()
    assert "The test images are not used." in text
    assert "7.83 ± 7.78" in text
    rows = list(csv.DictReader((tmp_path / "a.csv").open()))
    assert [float(row["mean"]) for row in rows if row["mapping"] == "layer"] == [
        pytest.approx(23.5 / 3, abs=1e-4),
        pytest.approx(1.0 / 3, abs=1e-4),
    ]
    assert (tmp_path / "figure.png").stat().st_size > 1000
    assert "<svg" in (tmp_path / "a.svg").read_text()


def test_a_foreign_file_is_one_sentence(tmp_path):
    path = tmp_path / "c.json"
    files.write_json({"kind": "network"}, path)
    with pytest.raises(SystemExit) as caught:
        tabulate(tmp_path, "report.mappings", comparisons=[path], references=[path])
    one_sentence(caught, "c.json lacks dataset, device")
