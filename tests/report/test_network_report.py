import csv
import json
from pathlib import Path

import numpy as np
import pytest

from wallnet import files, plan
from wallnet.config import Figures
from wallnet.config.networks import NO_DEVICE, PAPER_STAGES, STAGES
from wallnet.files import FileError
from wallnet.jobs import accuracy_job
from wallnet.report import networks as report
from wallnet.report import style


def metrics_of(run, levels, right=None):
    """Return metrics as a training writes them, with numbers that differ between runs."""
    right = right or 9000 + sum(map(ord, json.dumps(run))) % 800
    record = {
        **run,
        "seed": int(run["seed"]),
        "test_accuracy": 100 * right / 10_000,
        "classes": ["a", "b"],
        "confusion_matrix": [[right - 5000, 10_000 - right], [0, 5000]],
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
    if run["stage"] != "fp32":
        record |= {"device_levels": levels, "weight_values": {"hidden": [-1.0, 0.0, 1.0]}}
    return record


@pytest.fixture
def campaign(default_campaign, tmp_path, monkeypatch):
    """Return a folder with the metrics of the default campaign, used as working folder."""
    monkeypatch.chdir(tmp_path)
    for run in default_campaign.networks.runs():
        levels = 11 if run["device"] == "synapse-10" else 6
        files.write_json(metrics_of(run, levels), files.METRICS.format(**run))
    return default_campaign.networks


def tabulate(networks):
    report.accuracy_tables(accuracy_job(networks), files.NETWORKS, "a.csv", "a.md", "a.html")


def test_the_table_has_a_row_for_every_network(campaign, tmp_path):
    tabulate(campaign)
    with open("a.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == [
        "dataset",
        "device",
        "reading",
        "mapping",
        "recipe",
        "stage",
        "seed",
        "test_accuracy",
    ]
    assert len(rows) == len(campaign.runs())
    for row, run in zip(rows, campaign.runs(), strict=True):
        expected = files.read_json(files.METRICS.format(**run))["test_accuracy"]
        assert {k: v for k, v in row.items() if k != "test_accuracy"} == run
        assert float(row["test_accuracy"]) == pytest.approx(expected, abs=0.0051)


def test_the_papers_numbers_stand_beside_ours(campaign):
    tabulate(campaign)
    lines = Path("a.md").read_text().splitlines()
    paper = [line for line in lines if "paper" in line and line.startswith("|")]
    assert len(paper) == 4
    assert "97.41 |" in paper[0]
    assert "94.67 |" in paper[0]
    assert "61.36 |" in paper[3]
    header = [cell.strip() for cell in lines[0].strip("|").split("|")]
    assert header[3:] == [report.TITLES[stage] for stage in STAGES]
    assert len({len(line) for line in lines if line.startswith("|")}) == 1
    page = Path("a.html").read_text()
    assert page.count("<tr") == 1 + len([x for x in lines if x.startswith("|")]) - 2


def test_several_seeds_give_mean_and_deviation(campaign):
    networks = campaign.model_copy(update={"seeds": (1, 2)})
    for run in networks.runs():
        record = metrics_of(run, 11, right=9000 + 200 * int(run["seed"]))
        files.write_json(record, files.METRICS.format(**run))
    tabulate(networks)
    assert "93.00 ± 1.41" in Path("a.md").read_text()


def test_a_missing_or_damaged_result_is_named_and_nothing_is_written(campaign):
    path = files.METRICS.format(**campaign.runs()[5])
    Path(path).write_text('{"dataset": "mni')
    with pytest.raises(FileError) as caught:
        tabulate(campaign)
    assert path in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Path("a.csv").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"test_accuracy": 99.99}, "test_accuracy that is not that of its confusion_matrix"),
        ({"confusion_matrix": [[1, 2, 3], [4, 5, 6]]}, "not that of its confusion_matrix"),
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
    assert path in str(caught.value)
    assert words in str(caught.value)
    assert not Path("a.md").exists()


def sources(networks, kind):
    dataset, device = networks.datasets[0], networks.synapses[0]
    if kind == "accuracy":
        tabulate(networks)
        return ["a.csv"]
    return {
        "weights": plan.example_metrics(networks, STAGES, dataset, device),
        "confusion": plan.example_metrics(networks, PAPER_STAGES, dataset, device),
        "misread": plan.example_metrics(networks, STAGES[:1], dataset),
        "training-curves": plan.training_curve_metrics(networks),
    }[kind]


@pytest.mark.parametrize("kind", [*report.DRAWINGS, "accuracy"])
def test_figures_are_drawn_and_say_what_made_them(campaign, kind):
    from PIL import Image

    used = sources(campaign, kind)
    style = Figures(resolution=80)
    report.draw(kind, used, style, "figure.png", "figure.pdf")
    with Image.open("figure.png") as image:
        assert image.size[0] == pytest.approx(0.178 / 0.0254 * 80, abs=2)
        darkest, lightest = image.convert("L").getextrema()
        assert (darkest, lightest) == (0, 255) or lightest - darkest > 150
        assert json.loads(image.text["Description"])["sources"] == used
    assert Path("figure.pdf").read_bytes().startswith(b"%PDF")


def test_a_figure_of_foreign_metrics_is_one_sentence(campaign):
    used = sources(campaign, "confusion")
    record = files.read_json(used[0])
    record["confusion_matrix"] = None
    files.write_json(record, used[0])
    with pytest.raises(FileError) as caught:
        report.draw("confusion", used, Figures(resolution=80), "figure.png", "figure.pdf")
    assert used[0] in str(caught.value)
    assert not Path("figure.png").exists()


def drawn(kind, networks, **more):
    """Return a figure with its axes, before it is saved."""
    used = sources(networks, kind)
    with style.apply(Figures(resolution=80)):
        if kind == "accuracy":
            return report.accuracy_figure(
                report.read_accuracies(used[0]), Figures(resolution=80), **more
            )
        records = [report.read_metrics(path) for path in used]
        return report.DRAWINGS[kind](records, Figures(resolution=80), **more)


def test_the_table_puts_each_recipe_beside_its_own_free_network(campaign):
    tabulate(campaign)
    header, _, *lines = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in Path("a.md").read_text().splitlines()
        if line.startswith("|")
    )
    shown = {run["recipe"] for run in campaign.runs()}
    assert len(shown) == 2
    for run in campaign.runs():
        if run["stage"] != "fp32":
            continue
        record = files.read_json(files.METRICS.format(**run))
        title = report.DATASET_TITLES[run["dataset"]]
        rows = [row for row in lines if row[0] == title and row[2].startswith(run["recipe"])]
        assert len(rows) == 8
        assert {row[header.index("FP32")] for row in rows} == {f"{record['test_accuracy']:.2f}"}


def test_the_figure_of_accuracies_shows_the_error(campaign):
    figure = drawn("accuracy", campaign, paper=(10,))
    panel = figure.axes[0]
    assert panel.get_title() == "MNIST, plain"
    lines = {line.get_label(): line for line in panel.get_lines()}
    run = next(run for run in campaign.runs() if run["stage"] == "fp32")
    free = files.read_json(files.METRICS.format(**run))["test_accuracy"]
    assert lines["FP32, no synapse"].get_ydata() == pytest.approx([100 - free], abs=0.006)
    told = lines["paper, 10 notches"].get_ydata()
    assert told == pytest.approx([2.59, 5.33, 2.83], rel=1e-9, abs=0)
    assert "paper, 5 notches" not in lines
    series = lines["synapse-10, series"]
    assert len(series.get_ydata()) == 4
    for stage, x, y in zip(STAGES[1:], series.get_xdata(), series.get_ydata(), strict=True):
        place = {"dataset": "mnist", "device": "synapse-10", "reading": "series"}
        wanted = place | {"mapping": "layer", "recipe": "plain", "stage": stage, "seed": "1"}
        record = files.read_json(files.METRICS.format(**wanted))
        assert y == pytest.approx(100 - record["test_accuracy"], abs=0.006)
        assert round(x) == STAGES.index(stage)
    assert panel.get_ylabel() == "test error (%)"


def test_a_confusion_matrix_is_in_per_cent_of_each_label(campaign):
    """Rows are labels and sum to 100; columns are predictions."""
    figure = drawn("confusion", campaign)
    panel = figure.axes[0]
    record = files.read_json(sources(campaign, "confusion")[0])
    (first, wrong), _ = record["confusion_matrix"]
    share = panel.images[0].get_array()
    assert share[0].tolist() == pytest.approx(
        [100 * first / (first + wrong), 100 * wrong / (first + wrong)], rel=1e-9, abs=0
    )
    assert share[1].tolist() == [0, 100]
    assert panel.images[0].origin == "upper"
    told = {tuple(text.get_position()): text.get_text() for text in panel.texts}
    assert told[(1, 0)] == str(wrong)  # column: prediction, row: label
    assert figure.axes[-2].get_xlabel() == "prediction"


def test_training_curves_show_both_parts_as_they_are_called(campaign):
    figure = drawn("training-curves", campaign, paper=(5,))
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    assert lines["plain, training"].get_ydata() == pytest.approx([81, 82], rel=1e-9, abs=0)
    assert lines["plain, validation"].get_ydata() == pytest.approx([80, 81], rel=1e-9, abs=0)
    assert lines["plain, validation"].get_xdata() == pytest.approx([1, 2], rel=1e-9, abs=0)
    assert lines["paper, test: 97.41 %"].get_ydata() == pytest.approx([97.41] * 2, rel=1e-9, abs=0)


def cells_of_the_table():
    header, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in Path("a.md").read_text().splitlines()
        if line.startswith("|")
    )
    return header, rows


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
            if stage == "fp32":
                run |= dict.fromkeys(("device", "reading", "mapping"), NO_DEVICE)
            wanted = run | {"recipe": recipe, "stage": stage}
            order = [key for key in networks.runs()[0] if key != "seed"]
            first, second = accuracies[tuple(wanted[key] for key in order)]
            # for two values: half of their difference times the square root of two
            expected = f"{(first + second) / 2:.2f} ± {abs(first - second) / 2**0.5:.2f}"
            assert row[header.index(report.TITLES[stage])] == expected
            seen += 1
    assert seen == 2 * 2 * 2 * 2 * 2 * len(STAGES)


def test_the_papers_rows_stand_above_the_synapse_that_they_are_of(campaign):
    tabulate(campaign)
    header, rows = cells_of_the_table()
    paper = {(row[0], row[1]): row[3:] for row in rows if row[2] == "paper, Table II"}
    assert header[3:6] == ["FP32", "Quantised", "Fine-tuned"]
    # Table II of the paper, by hand
    assert paper == {
        ("MNIST", "synapse-10 (11 levels)"): ["97.41", "94.67", "97.17", "–", "–"],
        ("MNIST", "synapse-5 (6 levels)"): ["97.41", "93.84", "96.91", "–", "–"],
        ("Fashion-MNIST", "synapse-10 (11 levels)"): ["86.40", "62.20", "86.22", "–", "–"],
        ("Fashion-MNIST", "synapse-5 (6 levels)"): ["86.40", "61.36", "86.31", "–", "–"],
    }
    for index, row in enumerate(rows):
        if row[2] == "paper, Table II":
            below = rows[index + 1 : index + 9]
            assert {tuple(other[:2]) for other in below} == {tuple(row[:2])}


def test_an_accuracy_is_that_of_the_diagonal(campaign):
    path = files.METRICS.format(**campaign.runs()[3])
    record = files.read_json(path)
    record |= {"confusion_matrix": [[90, 8], [3, 99]], "test_accuracy": 94.5}
    files.write_json(record, path)
    assert report.read_metrics(path)["test_accuracy"] == 94.5
    files.write_json(record | {"test_accuracy": 5.5}, path)
    with pytest.raises(FileError, match="not that of its confusion_matrix"):
        report.read_metrics(path)


def different(networks, kind, change):
    """Apply a function to the metrics from which a figure is drawn; return them by place."""
    places = {}
    for index, path in enumerate(sources(networks, kind)):
        record = files.read_json(path)
        change(index + 1, record)
        files.write_json(record, path)
        places[record["reading"], record["stage"]] = record
    return places


def test_histograms_of_weights_stand_at_their_weights(campaign):
    """One row per reading, one column per stage; levels are drawn behind stages that have them."""

    def change(number, record):
        several = record["stage"] in ("fp32", "fine_tuned")
        record["weights"]["hidden"] = {
            "range": [-1.0, 3.0],
            "counts": [number, 0, 50 + number, 3],
            "different_values": 100 if several else 3,
        }
        if "weight_values" in record:
            record["weight_values"]["hidden"] = [-0.5 - number, 0.25, 2.0]

    places = different(campaign, "weights", change)
    figure = drawn("weights", campaign)
    panels = np.array(figure.axes).reshape(2, len(STAGES))
    for row, reading in zip(panels, files.READINGS, strict=True):
        assert row[0].get_ylabel() == f"{reading} reading\nweights per bin"
        for panel, stage in zip(row, STAGES, strict=True):
            record = places[NO_DEVICE if stage == "fp32" else reading, stage]
            counts = record["weights"]["hidden"]["counts"]
            lines = [line.get_xdata()[0] for line in panel.get_lines()]
            assert lines == record.get("weight_values", {}).get("hidden", [])
            if stage in ("fp32", "fine_tuned"):
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
    assert panels[0][0].get_ylim()[1] == pytest.approx(2 * 59, rel=1e-9, abs=0)
    assert panels[-1][0].get_xlabel() == "weight"


def test_each_confusion_matrix_is_of_its_own_reading_and_stage(campaign):
    def change(number, record):
        right = 5000 - 100 * number
        matrix = [[right, 5000 - right], [30 * number, 5000 - 30 * number]]
        record |= {"confusion_matrix": matrix}
        record["test_accuracy"] = 100 * (matrix[0][0] + matrix[1][1]) / 10_000

    places = different(campaign, "confusion", change)
    figure = drawn("confusion", campaign)
    panels = np.array([axes for axes in figure.axes if axes.images]).reshape(2, 3)
    for row, reading in zip(panels, files.READINGS, strict=True):
        assert row[0].get_ylabel() == f"{reading} reading\nlabel"
        for panel, stage in zip(row, STAGES[:3], strict=True):
            record = places[NO_DEVICE if stage == "fp32" else reading, stage]
            assert panel.get_title() == (f"{report.TITLES[stage]}: {record['test_accuracy']:.2f} %")
            share = np.array(record["confusion_matrix"]) / 50  # of 5000, in per cent
            assert np.asarray(panel.images[0].get_array()) == pytest.approx(share, abs=1e-9)
            assert panel.images[0].get_clim() == (0, 100)
    assert [text.get_text() for text in panels[1, 2].get_xticklabels()] == ["a", "b"]
    assert [text.get_text() for text in panels[0, 0].get_yticklabels()] == ["a", "b"]
    assert figure.axes[-1].get_ylabel() == "share of the label's images (%)"


def test_a_misread_image_says_its_label_and_what_it_was_read_as(campaign):
    def change(number, record):
        record["misread"] = [
            {"index": 7, "label": 1, "predicted": 0, "image": "AAECAwQF"},
            {"index": 3, "label": 0, "predicted": 1, "image": "BQQDAgEA"},
        ]

    different(campaign, "misread", change)
    figure = drawn("misread", campaign)
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == ["b\nread as a", "a\nread as b"]
    # rows of three pixels, as in the image
    assert np.asarray(shown[0].images[0].get_array()).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert np.asarray(shown[1].images[0].get_array()).tolist() == [[5, 4, 3], [2, 1, 0]]
    assert shown[0].images[0].get_clim() == (0, 255)
    assert shown[0].images[0].get_cmap().name == "gray_r"  # ink is dark


def test_a_label_without_images_has_a_share_of_nothing(campaign):
    def change(number, record):
        record |= {"confusion_matrix": [[0, 0], [1, 3]], "test_accuracy": 75.0}

    different(campaign, "confusion", change)
    figure = drawn("confusion", campaign)
    assert np.asarray(figure.axes[0].images[0].get_array()).tolist() == [[0, 0], [25, 75]]


def test_all_misread_images_are_shown(campaign):
    def change(number, record):
        entry = {"index": 1, "label": 1, "predicted": 0, "image": "AAECAwQF"}
        record["misread"] = [entry] * 9  # one more than fits in a row

    different(campaign, "misread", change)
    figure = drawn("misread", campaign)
    assert sum(bool(axes.images) for axes in figure.axes) == 9


def test_a_campaign_without_synapses_tabulates_its_free_networks(campaign):
    networks = campaign.model_copy(update={"synapses": (), "seeds": (1,)})
    tabulate(networks)
    _, rows = cells_of_the_table()
    expected = []
    for run in networks.runs():
        accuracy = files.read_json(files.METRICS.format(**run))["test_accuracy"]
        title = report.DATASET_TITLES[run["dataset"]]
        expected.append([title, "none", run["recipe"], f"{accuracy:.2f}", *["–"] * 4])
    assert rows == expected
    assert len(rows) == 4


def test_training_curves_of_each_data_set_and_recipe_are_its_own(campaign):
    def change(number, record):
        for point in record["training_curve"]:
            point["training_accuracy"] += number
            point["validation_accuracy"] += 2 * number

    different(campaign, "training-curves", change)
    figure = drawn("training-curves", campaign, paper=(5,))
    number = 0
    for axes, title, told in zip(
        figure.axes, ("MNIST", "Fashion-MNIST"), (97.41, 86.40), strict=True
    ):
        assert axes.get_title() == title
        lines = {line.get_label(): line for line in axes.get_lines()}
        for recipe in ("plain", "tuned"):
            number += 1
            training, validation = (lines[f"{recipe}, {k}"] for k in ("training", "validation"))
            assert training.get_ydata() == pytest.approx([81 + number, 82 + number], abs=1e-9)
            assert validation.get_ydata() == pytest.approx(
                [80 + 2 * number, 81 + 2 * number], abs=1e-9
            )
            assert (training.get_linestyle(), validation.get_linestyle()) == ("--", "-")
        assert lines["plain, training"].get_color() != lines["tuned, training"].get_color()
        assert f"paper, test: {told:.2f} %" in lines
        assert axes.get_xlabel() == "epoch"
    assert figure.axes[0].get_ylabel() == "accuracy (%)"
    bare = drawn("training-curves", campaign)
    assert not any("paper" in line.get_label() for line in bare.axes[0].get_lines())


def test_every_panel_of_accuracies_is_of_its_recipe_and_data_set(campaign):
    """It shows all networks of these, each at its stage, as 100 % minus the accuracy."""
    tabulate(campaign)
    with open("a.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    figure = drawn("accuracy", campaign, paper=(10, 5))
    panels = figure.axes
    assert [panel.get_title() for panel in panels] == [
        f"{dataset}, {recipe}"
        for recipe in ("plain", "tuned")
        for dataset in ("MNIST", "Fashion-MNIST")
    ]
    for panel in panels:
        title, recipe = panel.get_title().split(", ")
        (dataset,) = (k for k, v in report.DATASET_TITLES.items() if v == title)
        shown, told = [], {}
        for line in panel.get_lines():
            points = list(zip(line.get_xdata(), line.get_ydata(), strict=True))
            if line.get_label().startswith("paper"):
                told[line.get_label()] = points
            else:
                shown += [(STAGES[round(float(x))], round(float(y), 2)) for x, y in points]
        expected = [
            (row["stage"], round(100 - float(row["test_accuracy"]), 2))
            for row in rows
            if (row["dataset"], row["recipe"]) == (dataset, recipe)
        ]
        assert sorted(shown) == sorted(expected)
        for notches in (10, 5):
            numbers = report.TABLE_II[notches, dataset]
            points = told[f"paper, {notches} notches"]
            assert [x for x, _ in points] == [0, 1, 2]
            assert [y for _, y in points] == pytest.approx([100 - n for n in numbers], abs=1e-9)
        assert panel.get_yscale() == "log"
    ticks = [text.get_text() for text in panels[-1].get_xticklabels()]
    assert ticks == [report.TITLES[stage].replace(" ", "\n") for stage in STAGES]


def test_the_look_of_an_accuracy_tells_synapse_reading_and_mapping(campaign):
    """Colour shows synapse and reading, fill style shows the mapping, as in the legend."""
    figure = drawn("accuracy", campaign)
    with open("a.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    (legend,) = figure.legends
    told = {
        text.get_text(): handle
        for text, handle in zip(legend.get_texts(), legend.legend_handles, strict=True)
    }
    assert told["mapping layer"].get_fillstyle() == "full"
    assert told["mapping layer-extended"].get_fillstyle() == "none"
    names = [f"{k}, {reading}" for k in ("synapse-10", "synapse-5") for reading in files.READINGS]
    assert len({told[name].get_color() for name in names}) == 4
    assert len({told[name].get_marker() for name in names}) == 4
    panel = figure.axes[0]  # MNIST, plain
    looks = {}
    for line in panel.get_lines():
        if len(line.get_ydata()) == 4:
            values = tuple(np.round(np.asarray(line.get_ydata(), dtype=float), 2).tolist())
            looks[values] = line
    for device in ("synapse-10", "synapse-5"):
        for reading in files.READINGS:
            for mapping in ("layer", "layer-extended"):
                place = ("mnist", device, reading, mapping, "plain")
                keys = ("dataset", "device", "reading", "mapping", "recipe")
                values = tuple(
                    round(100 - float(row["test_accuracy"]), 2)
                    for row in rows
                    if tuple(row[key] for key in keys) == place
                )
                line = looks[values]
                assert line.get_color() == told[f"{device}, {reading}"].get_color()
                assert line.get_fillstyle() == told[f"mapping {mapping}"].get_fillstyle()


def test_a_synapse_stands_for_the_papers_only_where_the_configuration_says_so(campaign):
    tabulate(campaign.model_copy(update={"table_ii": {"synapse-5": 10}}))
    _, rows = cells_of_the_table()
    paper = {(row[0], row[1]): row[4] for row in rows if row[2] == "paper, Table II"}
    assert paper == {
        ("MNIST", "synapse-5 (6 levels)"): "94.67",
        ("Fashion-MNIST", "synapse-5 (6 levels)"): "62.20",
    }
