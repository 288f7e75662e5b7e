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
