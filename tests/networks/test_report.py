import csv
import json
from pathlib import Path

import pytest

from wallnet import files
from wallnet.config import Figures
from wallnet.config.network_jobs import accuracy_job
from wallnet.config.networks import STAGES
from wallnet.files import FileError
from wallnet.report import networks as report
from wallnet.report import style


def metrics_of(run, levels, right=None):
    """Return metrics as training writes them, with numbers that differ from run to run."""
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
    """A folder with the metrics of the default campaign, as the working folder."""
    monkeypatch.chdir(tmp_path)
    for run in default_campaign.networks.runs():
        levels = 11 if run["device"] == "synapse-10" else 6
        files.write_json(metrics_of(run, levels), files.METRICS.format(**run))
    return default_campaign.networks


def tabulate(networks):
    report.accuracy_tables(accuracy_job(networks), "a.csv", "a.md", "a.html")


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
        ({"seed": 7}, "holds seed = '7', not '1'"),
        ({"device": "<script>alert(1)</script>"}, "holds device = '<script>"),
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
    arguments = {
        "weights": (dataset, device),
        "confusion": (dataset, device),
        "misread": (dataset,),
    }
    function = {
        "weights": report.weights_inputs,
        "confusion": report.confusion_inputs,
        "misread": report.misread_inputs,
        "training-curves": report.curves_inputs,
    }[kind]
    return function(networks, *arguments.get(kind, ()))


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


def test_targets_list_each_figure_once_in_both_formats(default_campaign):
    networks = default_campaign.networks
    targets = report.targets(networks, "svg")
    assert len(set(targets)) == len(targets)
    assert "results/figures/networks/fashion-mnist/confusion-synapse-10.png" in targets
    assert "results/figures/networks/fashion-mnist/misread.svg" in targets
    assert report.targets(networks.model_copy(update={"recipes": {}}), "svg") == []


def drawn(kind, networks, **more):
    """Return a figure with its axes, before it is saved."""
    used = sources(networks, kind)
    with style.apply(Figures(resolution=80)):
        if kind == "accuracy":
            return report._accuracy(report._read_rows(used[0]), Figures(resolution=80), **more)
        records = [report._read(path) for path in used]
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
