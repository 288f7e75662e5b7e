import csv
import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.facets import Further
from helpers.once import once
from helpers.pictures import assert_shows, content_of
from helpers.synthetic import one_sentence
from PIL import Image

from wallnet import cli, files
from wallnet.config import Figures
from wallnet.config import networks as section
from wallnet.config.networks import Networks
from wallnet.config.stages import (
    LEVEL_STAGES,
    NO_DEVICE,
    PAPER_STAGES,
    STAGES,
)
from wallnet.files import FileError
from wallnet.files.paths import folder_of
from wallnet.jobs.networks import accuracy_job
from wallnet.jobs.report import FigureJob
from wallnet.plan.shown import FIGURES
from wallnet.report import networks as report
from wallnet.report import style

FREE_STAGES = ("fp32", "continued")


def metrics_of(run, levels, right=None):
    """Return metrics as a training writes them, with numbers that differ between runs."""
    right = right or 9000 + sum(map(ord, json.dumps(dict(run)))) % 800
    record = {
        **run,
        "seed": int(run["seed"]),
        "test_accuracy": 100 * right / 10_000,
        "validation_accuracy": 100 * right / 10_000 - 0.5,
        "classes": ["a", "b"],
        "confusion_matrix": [[right - 5000, 10_000 - right], [0, 5000]],
        "layers": ["hidden"],
        "weights": {
            "hidden": {"range": [-1.0, 1.0], "counts": [1, 0, 5, 3], "different_values": 3}
        },
        "image_shape": [2, 3],
        "misread": [{"index": 0, "label": 0, "predicted": 1, "image": "AAECAwQF"}],
        "training_curve": [
            {"epoch": n, "training_accuracy": 80.0 + n, "validation_accuracy": 79.0 + n}
            for n in (1, 2)
        ],
    }
    if run["device"] != NO_DEVICE:
        record |= {"device_levels": levels, "weight_values": {"hidden": [-1.0, 0.0, 1.0]}}
    return record


TRAINING = {"epochs": 1, "learning_rate": 1e-3}


def networks_of(**recipes):
    return Networks(
        synapses=["synapse-10", "synapse-5"],
        mappings=["layer", "layer-extended"],
        table_ii={"synapse-10": 10, "synapse-5": 5},
        recipes={name: {"fp32": TRAINING, **recipe} for name, recipe in recipes.items()},
    )


def write_metrics(networks):
    for run in networks.runs():
        levels = 11 if run["device"] == "synapse-10" else 6
        files.write_json(metrics_of(run, levels), files.METRICS.format(**run))
    return networks


@once
def campaign():
    """Return networks of two recipes with all stages; the working folder has their metrics."""
    every = dict.fromkeys(("fine_tuned", "on_levels"), TRAINING) | {"compensated": {}}
    return write_metrics(networks_of(plain=every, tuned=every))


@once
def uneven():
    """Return the same with different stages: as in the paper, and on levels with one mapping."""
    return write_metrics(
        networks_of(
            plain={"fine_tuned": TRAINING | {"mappings": ["layer"]}},
            tuned={"on_levels": TRAINING | {"mappings": ["layer-extended"]}},
        )
    )


def tabulate(networks, doubtful=""):
    """Tabulate accuracies; level 0 of a doubtful synapse creeps, and its last one is too hot."""
    level = {"state": "x", "half": False, "stable": True, "reachable": True}
    first = level | {"state": "initial", "minimum": False, "moved_on": 157.2e-9}
    last = level | {"state": "reversed", "beyond_model": True}
    for device in dict.fromkeys(device for device, _ in networks.run_set().places):
        path = files.COMPACT_MODEL.format(device=device)
        levels = [first, level, last] if doubtful and doubtful in path else [level] * 3
        files.write_json({"kind": "synapse", "levels": levels}, path)
    models = folder_of(files.COMPACT_MODEL, "")
    sources = {"networks": [files.NETWORKS], "models": [models]}
    made = report.tabulate(sources, accuracy_job(networks).to_json())
    names = {"csv": "a.csv", "gaps": "g.csv", "markdown": "a.md", "html": "a.html"}
    assert made.keys() == names.keys()
    for name, text in made.items():
        files.write_text(text, names[name])


def cells_of_the_table(number=0):
    """Return the header and the rows of a table of a.md: the accuracies, or the gaps."""
    tables = []
    above = ""
    for line in Path("a.md").read_text().splitlines():
        if line.startswith("|"):
            if not above.startswith("|"):
                tables.append([])
            tables[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        above = line
    header, _, *rows = tables[number]
    return header, rows


def test_a_further_facet_is_a_column_where_a_network_has_it(campaign, monkeypatch):
    tabulate(campaign)
    before = Path("a.csv").read_text()
    monkeypatch.setattr(section, "Network", Further)
    tabulate(campaign)
    assert Path("a.csv").read_text() == before
    runs = campaign.runs()
    stuck = replace(runs[-1], imperfections="stuck-1")
    files.write_json(metrics_of(stuck, 6), stuck.path(files.METRICS))
    monkeypatch.setattr(section.RunSet, "runs", lambda _: [*runs, stuck])
    tabulate(campaign)
    rows = report.read_accuracies("a.csv")
    assert [row["imperfections"] for row in rows] == [*[""] * len(runs), "stuck-1"]
    plain = [{k: v for k, v in row.items() if k != "imperfections"} for row in rows]
    reader = csv.DictReader(io.StringIO(before))
    numbers = ("test_accuracy", "validation_accuracy")
    assert plain[:-1] == [row | {name: float(row[name]) for name in numbers} for row in reader]


def test_the_table_has_a_row_for_every_network(campaign, tmp_path):
    tabulate(campaign)
    with open("a.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    network = ["dataset", "device", "reading", "mapping", "recipe", "stage", "seed"]
    accuracies = ["test_accuracy", "validation_accuracy"]
    assert list(rows[0]) == [*network, *accuracies]
    for row, run in zip(rows, campaign.runs(), strict=True):
        expected = files.read_json(files.METRICS.format(**run))
        percentages = [float(row.pop(name)) for name in accuracies]
        assert percentages == pytest.approx([expected[name] for name in accuracies], abs=0.0051)
        assert row == run


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"confusion_matrix": [[90, 8], [3, 99]], "test_accuracy": 5.5},  # off the diagonal
            "not that of its confusion_matrix",
        ),
        ({"test_accuracy": 99.99}, "test_accuracy that is not that of its confusion_matrix"),
        ({"confusion_matrix": "<script>"}, "not that of its confusion_matrix"),
        ({"seed": 7}, "contains seed = '7', not '1'"),
        ({"device": "<script>alert(1)</script>"}, "contains device = '<script>"),
    ],
)
def test_metrics_that_contradict_themselves_or_their_place_are_refused(campaign, change, words):
    path = files.METRICS.format(**campaign.runs()[5])
    files.write_json(files.read_json(path) | change, path)
    with pytest.raises(FileError) as caught:
        tabulate(campaign)
    one_sentence(caught, path, words)
    assert not Path("a.md").exists()


def sources(networks, kind):
    dataset, device = networks.datasets[0], networks.synapses[0]
    if kind == "accuracy":
        tabulate(networks)
        return ["a.csv"]
    place = {
        "weights": {"dataset": dataset, "device": device},
        "confusion": {"dataset": dataset, "device": device},
        "misread": {"dataset": dataset},
        "training-curves": {},
    }[kind]
    return FIGURES[kind].sources(SimpleNamespace(networks=networks), **place)["metrics"]


def inputs(kind, used, paper=()):
    """Return sources and job of a figure."""
    job = FigureJob(figure=kind, paper=paper).to_json()
    return {"table" if kind == "accuracy" else "metrics": used}, job


def call(kind, used, paper=()):
    """Draw a figure as a rule does."""
    sources, job = inputs(kind, used, paper)
    words = ["show", "report.networks", "--job", job, "--figures", '{"resolution": 80}']
    words += ["--sources", *(f"{name}={path}" for name in sources for path in sources[name])]
    cli.main([*words, "--to", "png=figure.png", "vector=figure.pdf"])


def test_a_figure_is_written_with_what_made_it(campaign):
    used = sources(campaign, "confusion")
    call("confusion", used)
    with Image.open("figure.png") as image:
        assert image.size[0] == pytest.approx(0.178 / 0.0254 * 80, abs=2)
        darkest, lightest = image.convert("L").getextrema()
        assert lightest - darkest > 150
        assert json.loads(image.text["Description"])["sources"] == used
    assert Path("figure.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("kind", "label"),
    [("accuracy", "paper, 5 notches"), ("training-curves", "paper, test: 97.41 %")],
)
def test_the_command_shows_the_paper_if_it_is_asked_to(campaign, monkeypatch, kind, label):
    kept = []
    monkeypatch.setattr(style, "save", lambda figure, *paths, **made_by: kept.append(figure))
    for paper in ((), (5,)):
        call(kind, sources(campaign, kind), paper)
    bare, shown = (
        [line.get_label() for line in figure.axes[0].get_lines() if "paper" in line.get_label()]
        for figure in kept
    )
    assert (bare, shown) == ([], [label])


@pytest.mark.parametrize("text", [",".join(report.COLUMNS), "dataset,device\nmnist,synapse-5"])
def test_a_table_of_no_accuracies_is_refused(tmp_path, text):
    files.write_text(f"{text}\n", tmp_path / "a.csv")
    with pytest.raises(FileError, match=r"a\.csv is damaged or not a table of accuracies"):
        report.read_accuracies(str(tmp_path / "a.csv"))


def drawn(kind, networks, **more):
    """Return a figure with its axes, before it is saved."""
    used = sources(networks, kind)
    with style.apply(Figures(resolution=80)):
        figure, _ = report.draw(*inputs(kind, used, more.get("paper", ())), Figures(resolution=80))
        return figure


def points_of(panel):
    """Return place, value and half length of the bar of each point with a bar, by label."""
    points = []
    for container in panel.containers:
        line, _, (bars,) = container
        halves = []
        for y, bar in zip(line.get_ydata(), bars.get_segments(), strict=True):
            low, high = bar[:, 1]
            assert (low + high) / 2 == pytest.approx(y, abs=1e-9)
            halves.append((high - low) / 2)
        xs, ys = map(list, (line.get_xdata(), line.get_ydata()))
        points.append((container.get_label(), list(zip(xs, ys, halves, strict=True)), line))
    return points


def columns_of(panel):
    """Return the places of a panel of accuracies: a stage, with its mapping on levels."""
    return [text.get_text().replace("\n", ", ") for text in panel.get_xticklabels()]


def test_the_figure_of_accuracies_has_the_mappings_with_which_networks_are_trained(campaign):
    """Others are in the table; without such training there is nothing to choose by."""
    more = {"mappings": ("signed", "layer", "layer-extended", "differential")}
    trained = {"fine_tuned": TRAINING | {"mappings": ["layer"]}}
    some = write_metrics(networks_of(plain=trained, tuned={}).model_copy(update=more))
    first, *_ = drawn("accuracy", some).axes
    assert columns_of(first)[1:2] == ["Quantised, layer"]
    assert len(columns_of(first)) == 4
    bare = write_metrics(networks_of(plain={}).model_copy(update=more))
    first, *_ = drawn("accuracy", bare).axes
    assert columns_of(first) == ["FP32", *(f"Quantised, {mapping}" for mapping in more["mappings"])]


def test_the_figure_of_accuracies_shows_mean_and_deviation_of_the_seeds(campaign):
    """Mean of all seeds, with the sample standard deviation to both sides."""
    every = dict.fromkeys(("fine_tuned", "on_levels"), TRAINING)
    alone = {"seeds": (1, 2, 3), "datasets": ("mnist",), "mappings": ("layer",)}
    networks = networks_of(plain=every).model_copy(update=alone)
    rights = {"1": 9000, "2": 9100, "3": 9500}
    for run in networks.runs():
        record = metrics_of(run, 11, right=rights[run["seed"]])
        if (run["device"], run["stage"]) == ("synapse-5", "quantized"):
            record = metrics_of(run, 6, right=rights[run["seed"]] - 400 * int(run["seed"]))
        files.write_json(record, files.METRICS.format(**run))
    lines = {label: points for label, points, _ in points_of(drawn("accuracy", networks).axes[0])}
    # errors of 10, 9 and 5 %: mean 8, deviation the root of (4 + 1 + 9) / 2
    for points in (lines["FP32 weights, no synapse"], lines["synapse-5, parallel"][1:]):
        for _, y, half in points:
            assert (y, half) == (pytest.approx(8, abs=1e-9), pytest.approx(7**0.5, abs=1e-9))
    # errors of 14, 17 and 17 %
    _, y, half = lines["synapse-5, parallel"][0]
    assert (y, half) == (pytest.approx(16, abs=1e-9), pytest.approx(3**0.5, abs=1e-9))
    # one seed has no deviation
    panel = drawn("accuracy", networks.model_copy(update={"seeds": (1,)})).axes[0]
    assert {half for _, points, _ in points_of(panel) for *_, half in points} == {0}


def test_each_confusion_matrix_is_in_per_cent_of_each_label(campaign):
    """Rows are labels and sum to 100; columns are predictions."""

    def change(number, record):
        right = 5000 - 100 * number
        matrix = [[right, 5000 - right], [30 * number, 5000 - 30 * number]]
        if number == 5:  # a label without images
            matrix[1] = [0, 0]
        accuracy = 100 * (matrix[0][0] + matrix[1][1]) / np.sum(matrix)
        record |= {"confusion_matrix": matrix, "test_accuracy": accuracy}

    places = different(campaign, "confusion", change)
    # rows of readings, columns of stages
    expected = []
    for reading in files.READINGS:
        label = f"{reading} reading\nlabel"
        for stage in PAPER_STAGES:
            record = places["plain", NO_DEVICE if stage == "fp32" else reading, stage]
            matrix, title = record["confusion_matrix"], report.TITLES[stage]
            first, last = stage == PAPER_STAGES[0], reading == files.READINGS[-1]
            image = {"extent": [-0.5, 1.5, 1.5, -0.5], "limits": [0, 100], "origin": "upper"}
            image |= {"shape": [2, 2], "empty": 0, "colours": "Blues"}
            expected.append(
                {
                    "title": f"{title}: {record['test_accuracy']:.2f} %",
                    "x": ["prediction" if last else "", ["a", "b"] if last else []],
                    "y": [label if first else "", "inverted", ["a", "b"] if first else []],
                    "images": [image | {"cells": np.array(matrix) / 50}],  # of 5000, in per cent
                    # at column and row: prediction and label
                    "texts": [[str(matrix[y][x] or ""), x, y] for y, x in np.ndindex(2, 2)],
                }
            )
    bar = {"colour bar": "share of the label's images (%)"}
    assert_shows(content_of(drawn("confusion", campaign)), [*expected, bar])


def test_each_cell_of_the_table_is_of_its_own_network(campaign):
    """For two seeds: mean and sample standard deviation of this stage, mapping and reading only."""
    networks = campaign.model_copy(update={"seeds": (1, 2)})
    accuracies = {}
    for number, run in enumerate(networks.runs()):
        levels = 11 if run["device"] == "synapse-10" else 6
        record = metrics_of(run, levels, right=9000 + (37 * number) % 991)
        files.write_json(record, files.METRICS.format(**run))
        place = tuple(v for k, v in run.items() if k != "seed")
        accuracies.setdefault(place, []).append(record["test_accuracy"])
    tabulate(networks)
    header, rows = cells_of_the_table()
    seen = 0
    for row in rows:
        if row[2].startswith("paper"):
            continue
        title, synapse, place = row[:3]
        (dataset,) = (k for k, v in report.DATASET_TITLES.items() if v == title)
        device, levels = synapse.split(" ", 1)
        assert levels == {"synapse-10": "(11 levels)", "synapse-5": "(6 levels)"}[device]
        recipe, reading, mapping = place.split(", ")
        for stage in STAGES:
            run = {"dataset": dataset, "device": device, "reading": reading, "mapping": mapping}
            if stage in FREE_STAGES:
                run |= dict.fromkeys(("device", "reading", "mapping"), NO_DEVICE)
            network = run | {"recipe": recipe, "stage": stage}
            order = [key for key in networks.runs()[0] if key != "seed"]
            first, second = accuracies[tuple(network[key] for key in order)]
            # for two values: half of their difference times the square root of two
            expected = f"{(first + second) / 2:.2f} ± {abs(first - second) / 2**0.5:.2f}"
            assert row[header.index(report.TITLES[stage])] == expected
            seen += 1
    assert seen == 2 * 2 * 2 * 2 * 2 * len(STAGES)


def different(networks, kind, change):
    """Apply a function to the metrics from which a figure is drawn; return them by place."""
    places = {}
    for index, path in enumerate(sources(networks, kind)):
        record = files.read_json(path)
        change(index + 1, record)
        files.write_json(record, path)
        places[record["recipe"], record["reading"], record["stage"]] = record
    return places


def spread(number, record):
    """Give a record weights that differ from those of others."""
    several = record["stage"] in ("fp32", "continued", "fine_tuned")
    # JSON files are sorted by key
    record["layers"] = ["first", "after"]
    record["weights"] = {
        "first": {
            "range": [-1.0, 3.0],
            "counts": [number, 0, 50 + number, 3],
            "different_values": 100 if several else 3,
        },
        "after": {"range": [7.0, 8.0], "counts": [9, 9], "different_values": 2},
    }
    if "weight_values" in record:
        record["weight_values"] = {"first": [-0.5 - number, 0.25, 2.0], "after": [7.0]}


def test_histograms_of_weights_stand_at_their_weights(campaign):
    """One row per recipe and reading, one column per stage, of the first layer.

    Levels are drawn behind stages that have them.
    """
    places = different(campaign, "weights", spread)
    figure = drawn("weights", campaign)
    panels = np.array(figure.axes).reshape(2 * 2, len(STAGES))
    rows = [(recipe, reading) for recipe in ("plain", "tuned") for reading in files.READINGS]
    for row, (recipe, reading) in zip(panels, rows, strict=True):
        assert row[0].get_ylabel() == f"{recipe}, layer\n{reading} reading\nweights per bin"
        for panel, stage in zip(row, STAGES, strict=True):
            assert panel.get_visible()
            record = places[recipe, NO_DEVICE if stage in FREE_STAGES else reading, stage]
            counts = record["weights"]["first"]["counts"]
            lines = [line.get_xdata()[0] for line in panel.get_lines()]
            assert lines == record.get("weight_values", {}).get("first", [])
            assert bool(lines) == (stage in LEVEL_STAGES)
            if stage in ("fp32", "continued", "fine_tuned"):
                (stairs,) = panel.patches
                values, edges, _ = stairs.get_data()
                assert values.tolist() == counts
                assert edges == pytest.approx([-1, 0, 1, 2, 3], abs=1e-12)
            else:
                (bars,) = panel.collections
                shown = [(x[0], top[1]) for x, top in bars.get_segments()]
                assert [x for x, _ in shown] == pytest.approx([-0.5, 1.5, 2.5], abs=1e-12)
                assert [top for _, top in shown] == [counts[0], counts[2], counts[3]]
    for panel, stage in zip(panels[0], STAGES, strict=True):
        assert panel.get_title() == report.TITLES[stage]
        assert panel.get_yscale() == "log"
    # 24 records: two free networks and five on levels in each reading, of two recipes
    assert panels[0][0].get_ylim()[1] == pytest.approx(2 * 74, rel=1e-9, abs=0)
    assert [panel.get_xlabel() for panel in panels[-1]] == ["weight"] * len(STAGES)


def test_a_stage_that_a_recipe_lacks_leaves_no_gap_in_the_histograms(uneven):
    """Each recipe has four of the six stages, and shows the mapping with the most."""
    different(uneven, "weights", spread)
    panels = np.array(drawn("weights", uneven).axes).reshape(2 * 2, 4)
    plain = ["FP32", "Quantised", "Fine-tuned", "Fine-tuned, snapped"]
    tuned = ["FP32", "FP32, continued", "Quantised", "Quantisation-aware"]
    titles = [[panel.get_title() for panel in row if panel.get_visible()] for row in panels]
    assert titles == [plain, plain, tuned, tuned]
    assert panels[0, 0].get_ylabel().startswith("plain, layer\n")
    assert panels[2, 0].get_ylabel().startswith("tuned, layer-extended\n")


def test_a_misread_image_says_its_label_and_what_it_was_read_as(campaign):
    def change(number, record):
        one = {"index": 7, "label": 1, "predicted": 0, "image": "AAECAwQF"}
        other = {"index": 3, "label": 0, "predicted": 1, "image": "BQQDAgEA"}
        record["misread"] = [one, other, *[one] * 7]  # one more than fits in a row

    different(campaign, "misread", change)
    # rows of three pixels, as in the image; ink is dark
    image = {"extent": [-0.5, 2.5, 1.5, -0.5], "limits": [0, 255], "origin": "upper"}
    image |= {"shape": [2, 3], "empty": 0, "colours": "gray_r"}
    axes = {"x": [""], "y": ["", "inverted"]}
    first = {"title": "b\nread as a", "images": [image | {"cells": [[0, 1, 2], [3, 4, 5]]}]}
    second = {"title": "a\nread as b", "images": [image | {"cells": [[5, 4, 3], [2, 1, 0]]}]}
    shown = [axes | panel for panel in (first, second, *[first] * 7)]
    empty = {"x": [""], "y": [""]}
    assert_shows(content_of(drawn("misread", campaign)), [*shown, *[empty] * 7])


def test_a_campaign_without_synapses_tabulates_its_free_networks(campaign):
    tabulate(campaign.model_copy(update={"synapses": (), "seeds": (1,)}))
    header, rows = cells_of_the_table()
    assert header[3:] == ["FP32", "FP32, continued"]
    place = {"dataset": "mnist", "recipe": "tuned", "seed": "1"}
    place |= dict.fromkeys(("device", "reading", "mapping"), NO_DEVICE)
    accuracies = [
        files.read_json(files.METRICS.format(**place, stage=stage))["test_accuracy"]
        for stage in FREE_STAGES
    ]
    assert ["MNIST", "none", "tuned", *(f"{accuracy:.2f}" for accuracy in accuracies)] in rows
    assert len(rows) == 4
    # nothing is on levels, so nothing is lost
    assert Path("g.csv").read_text().splitlines() == [",".join([*report.GAP_COLUMNS, *ENDS])]


ENDS = ("mean", "lower", "upper")


def test_the_table_has_the_stages_that_there_are(uneven):
    tabulate(uneven)
    header, rows = cells_of_the_table()
    computed = [stage for stage in STAGES if stage != "compensated"]
    assert header[3:] == [report.TITLES[stage] for stage in computed]
    table = {tuple(row[:3]): row[3:] for row in rows}
    for recipe, mapping, lacking in [
        ("plain", "layer", ("continued", "on_levels")),
        ("plain", "layer-extended", ("continued", "on_levels", *FINE)),
        ("tuned", "layer", ("on_levels", *FINE)),
        ("tuned", "layer-extended", FINE),
    ]:
        cells = table["MNIST", "synapse-5 (6 levels)", f"{recipe}, series, {mapping}"]
        empty = {stage for stage, cell in zip(computed, cells, strict=True) if cell == "–"}
        assert empty == set(lacking)
    # a recipe alone shows no columns of the other one
    tabulate(uneven.model_copy(update={"recipes": {"plain": uneven.recipes["plain"]}}))
    header, rows = cells_of_the_table()
    assert header[3:] == ["FP32", "Quantised", "Fine-tuned", "Fine-tuned, snapped"]
    paper = [row[3:] for row in rows if row[2] == "paper, Table II"]
    assert paper[0] == ["97.41", "94.67", "97.17", "–"]


FINE = ("fine_tuned", "fine_tuned_snapped")


# What the levels cost


def record(stage, seed, accuracy, recipe="plain", **place):
    bound = {"device": "s", "reading": "series", "mapping": "layer", "device_levels": 6}
    free = dict.fromkeys(("device", "reading", "mapping"), NO_DEVICE) | {"device_levels": None}
    place = (free if stage in FREE_STAGES else bound) | place
    return {
        **{"dataset": "mnist", "recipe": recipe, "stage": stage, "seed": seed},
        **place,
        "test_accuracy": accuracy,
    }


def records(**stages):
    """Return records of stages from the accuracies of each by seed."""
    return [
        record(stage, seed, accuracy)
        for stage, seeds in stages.items()
        for seed, accuracy in seeds.items()
    ]


def gaps_of(accuracies):
    """Return the gaps as numbers, by stage and reference; the last cells of the readable table."""
    numbers, readable = report.gap_tables(accuracies)
    rows = {(row["stage"], row["reference"]): row for row in numbers.frame.to_dict("records")}
    assert len(rows) == len(numbers.frame)
    return rows, [row[3:] for row in readable.rows()]


def test_a_gap_is_the_mean_difference_of_the_same_seed_with_students_interval():
    """By hand: losses of 2, 0.4 and 3; Student's t of 2 degrees of freedom is 4.302653."""
    accuracies = records(
        fp32={1: 97.0, 2: 96.0, 3: 95.5},
        # in another order
        quantized={3: 92.5, 1: 95.0, 2: 95.6},
        continued={1: 98.0, 2: 97.0, 3: 96.0},
        on_levels={1: 97.9, 2: 97.3, 3: 95.3},
    )
    rows, cells = gaps_of(accuracies)
    gap = rows["quantized", "fp32"]
    # squares (0.2, -1.4, 1.2): 3.44, so the error of the mean is the root of 3.44 / 2 / 3
    half = 4.302653 * (3.44 / 6) ** 0.5
    assert gap["seeds"] == 3
    interval = [gap[name] for name in ("mean", "lower", "upper")]
    assert interval == pytest.approx([1.8, 1.8 - half, 1.8 + half], rel=1e-6, abs=0)
    # losses of 0.1, -0.3 and 0.7: mean 0.5/3
    gap = rows["on_levels", "continued"]
    mean = 0.5 / 3
    half = 4.302653 * (np.square(np.array([0.1, -0.3, 0.7]) - mean).sum() / 6) ** 0.5
    trained_interval = [gap[name] for name in ("mean", "lower", "upper")]
    assert trained_interval == pytest.approx([mean, mean - half, mean + half], rel=1e-6, abs=0)
    # below FP32: losses of -0.9, -1.3 and 0.2
    assert cells[0][::2] == ["1.80 (-1.46 to 5.06)", "-0.67 (-2.60 to 1.26)"]
    assert cells[0][1] == "0.17 (-1.08 to 1.42)"


def test_seeds_that_one_side_lacks_are_not_paired():
    accuracies = records(
        fp32={1: 97.0, 2: 96.0, 4: 10.0},
        quantized={2: 95.0, 1: 95.5, 3: 20.0},
        continued={5: 90.0},
        on_levels={6: 80.0},
    )
    rows, cells = gaps_of(accuracies)
    assert list(rows) == [("quantized", "fp32")]
    assert (rows["quantized", "fp32"]["seeds"], rows["quantized", "fp32"]["mean"]) == (2, 1.25)
    assert len(cells[0]) == 1
    # one seed has a gap, here a gain, without an interval
    rows, cells = gaps_of(records(fp32={1: 97.0}, quantized={1: 97.5}))
    assert rows["quantized", "fp32"]["mean"] == -0.5
    assert np.isnan([rows["quantized", "fp32"][end] for end in ("lower", "upper")]).all()
    assert cells == [["-0.50"]]


def test_gaps_are_those_of_their_own_place():
    """Free networks are those of the same data set and recipe."""
    accuracies = [
        *(record("fp32", 1, 90.0, dataset="mnist"), record("fp32", 1, 80.0, dataset="other")),
        record("fp32", 1, 70.0, recipe="tuned"),
        record("quantized", 1, 89.0),
        record("quantized", 1, 87.0, mapping="row"),
        record("quantized", 1, 84.0, reading="parallel"),
        record("quantized", 1, 75.0, dataset="other"),
        record("quantized", 1, 63.0, recipe="tuned"),
        record("quantized", 1, 79.0, device="t"),
    ]
    numbers, _ = report.gap_tables(accuracies)
    columns = ["dataset", "device", "reading", "mapping", "recipe", "mean"]
    assert [tuple(row) for row in numbers.frame[columns].to_numpy().tolist()] == [
        ("mnist", "s", "series", "layer", "plain", 1.0),
        ("mnist", "s", "series", "row", "plain", 3.0),
        ("mnist", "s", "parallel", "layer", "plain", 6.0),
        ("other", "s", "series", "layer", "plain", 5.0),
        ("mnist", "s", "series", "layer", "tuned", 7.0),
        ("mnist", "t", "series", "layer", "plain", 11.0),
    ]


def test_the_gaps_of_a_campaign_are_written_as_numbers_and_below_the_accuracies(uneven):
    networks = uneven.model_copy(update={"seeds": (1, 2, 3)})
    lost = {"fp32": (0, 0, 0), "continued": (0, 0, 0), "quantized": (20, 4, 30)}
    lost |= {"on_levels": (1, -3, 7)} | dict.fromkeys(FINE, (50, 50, 50))
    for run in networks.runs():
        seed = int(run["seed"])
        right = 9500 + 40 * seed - 10 * lost[run["stage"]][seed - 1]
        files.write_json(metrics_of(run, 6, right=right), files.METRICS.format(**run))
    tabulate(networks)
    with open("g.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == [*report.GAP_COLUMNS, *ENDS]
    # each of 2 recipes, 2 mappings, 2 readings, 2 synapses and 2 data sets; one mapping on levels
    gaps = [
        (row["stage"], row["reference"], row["seeds"], *(row[end] for end in ENDS)) for row in rows
    ]
    assert Counter(gaps) == {
        ("quantized", "fp32", "3", "1.8000", "-1.4579", "5.0579"): 2**5,
        ("on_levels", "continued", "3", "0.1667", "-1.0837", "1.4170"): 2**3,
        ("on_levels", "fp32", "3", "0.1667", "-1.0837", "1.4170"): 2**3,
    }
    places = {(row["recipe"], row["mapping"]) for row in rows if row["stage"] == "on_levels"}
    assert places == {("tuned", "layer-extended")}
    header, cells = cells_of_the_table(1)
    assert header[3:] == [
        "Quantised, below FP32",
        "Quantisation-aware, below FP32, continued",
        "Quantisation-aware, below FP32",
    ]
    table = {tuple(row[:3]): row[3:] for row in cells}
    assert len(table) == len(cells) == 2**5
    lost, trained = "1.80 (-1.46 to 5.06)", "0.17 (-1.08 to 1.42)"
    synapse = ("MNIST", "synapse-5 (6 levels)")
    assert table[*synapse, "tuned, series, layer-extended"] == [lost, trained, trained]
    assert table[*synapse, "tuned, series, layer"] == [lost, "–", "–"]
    page = Path("a.html").read_text()
    assert page.count(trained) == 2 * 2**3
    assert "95 % confidence interval" in page


def test_training_curves_of_each_data_set_and_recipe_are_its_own(campaign):
    def change(number, record):
        for point in record["training_curve"]:
            point["training_accuracy"] += number
            point["validation_accuracy"] += 2 * number

    different(campaign, "training-curves", change)
    number, expected = 0, []
    for title, label, accuracy in (("MNIST", "accuracy (%)", 97.41), ("Fashion-MNIST", "", 86.40)):
        curves = []
        for recipe, marker, colour in zip(("plain", "tuned"), "os", style.COLOURS, strict=False):
            number += 1
            training, validation = [81 + number, 82 + number], [80 + 2 * number, 81 + 2 * number]
            look = f"{marker}- {colour}"
            curves += [[f"{recipe}, training", f"open {marker}-- {colour}", [1, 2], training]]
            curves += [[f"{recipe}, validation", look, [1, 2], validation]]
        # that of this data set alone
        curves += [[f"paper, test: {accuracy:.2f} %", ": #000000", [0, 1], [accuracy] * 2]]
        axes = {"title": title, "x": ["epoch"], "y": [label]}
        expected.append(axes | {"lines": curves, "legend": [name for name, *_ in curves]})
    assert_shows(content_of(drawn("training-curves", campaign, paper=(5,))), expected)


def test_a_synapse_stands_for_the_papers_only_where_the_configuration_says_so(campaign):
    tabulate(campaign.model_copy(update={"table_ii": {"synapse-5": 10}}))
    _, rows = cells_of_the_table()
    paper = {(row[0], row[1]): row[5] for row in rows if row[2] == "paper, Table II"}
    assert paper == {
        ("MNIST", "synapse-5 (6 levels)"): "94.67",
        ("Fashion-MNIST", "synapse-5 (6 levels)"): "62.20",
    }
    texts = [Path(name).read_text() for name in ("a.md", "a.html")]
    assert all("Where this differs from Table II" in text for text in texts)
    tabulate(campaign.model_copy(update={"table_ii": {}}))
    texts = [Path(name).read_text() for name in ("a.md", "a.html")]
    assert not any("Table II" in text for text in texts)
