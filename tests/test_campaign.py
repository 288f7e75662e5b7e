"""The whole campaign on a tiny configuration, with real code everywhere."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_campaign import ROOT, Campaign, with_networks

pytestmark = pytest.mark.campaign


@pytest.fixture
def finished(finished_campaign, tmp_path):
    """A copy of it, free to be changed."""
    folder = tmp_path / "campaign"
    shutil.copytree(finished_campaign.folder, folder, copy_function=shutil.copy2)
    return Campaign(folder)


def test_everything_is_there(finished_campaign):
    results = finished_campaign.folder / "results"
    with open(results / "tables/accuracy.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = ["dataset", "device", "reading", "mapping", "recipe", "stage", "seed"]
    assert list(rows[0]) == [*columns, "test_accuracy"]
    stages = {"fp32", "quantized", "fine_tuned", "fine_tuned_snapped", "on_levels"}
    assert {row["stage"] for row in rows} == stages
    assert all(0 <= float(row["test_accuracy"]) <= 100 for row in rows)
    # four classes: what has learnt anything is far above chance
    assert max(float(row["test_accuracy"]) for row in rows) > 60
    figures = sorted(path.stem for path in (results / "figures").rglob("*.png"))
    assert sorted(path.stem for path in (results / "figures").rglob("*.pdf")) == figures
    assert {"neuron-transfer-curve", "synapse-dynamics", "accuracy", "misread"} <= set(figures)
    assert not list(results.rglob("*.part*"))


def test_a_second_run_does_nothing(finished):
    assert finished.planned() == {}


def _network_jobs(planned):
    return {name: count for name, count in planned.items() if name in ("data", "train", "map")}


@pytest.mark.parametrize(
    ("change", "jobs"),
    [
        (
            lambda n: n["recipes"]["plain"]["fp32"].update(learning_rate=1e-3),
            {"train": 1, "map": 2},
        ),
        (lambda n: n["seeds"].append(4), {"train": 1, "map": 2}),
        (lambda n: n.update(mappings=["layer", "layer-extended"]), {"map": 2}),
        (lambda n: n["recipes"]["plain"]["fine_tuned"].update(epochs=1), {"map": 2}),
    ],
    ids=["learning rate", "seed", "level set", "fine-tuning"],
)
def test_networks_run_again_and_nothing_before_them(finished, change, jobs):
    data = with_networks()
    change(data["networks"])
    finished.configure(data)
    planned = finished.planned()
    assert _network_jobs(planned) == jobs
    assert not {"initial", "trace", "level", "device"} & set(planned)


def test_the_style_of_figures_plans_figures_alone(finished):
    data = with_networks()
    data["figures"] = {"font_size": 9}
    finished.configure(data)
    planned = finished.planned()
    planned.pop("all")
    assert planned
    assert all(name.startswith("figure_") for name in planned), planned


def test_make_prints_the_table_and_the_report(finished_campaign):
    """What `make run` does once the campaign is finished: nothing, and it says so."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    environment = Path(sys.prefix)
    command = [make, "run", f"DIRECTORY={finished_campaign.folder}", f"VENV={environment}"]
    command += [f"STAMP={environment / 'pyvenv.cfg'}", "-o", str(environment / "pyvenv.cfg")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Nothing to be done" in done.stdout + done.stderr
    assert "| blots " in done.stdout
    assert f"Report: {finished_campaign.folder}/results/report.html" in done.stdout
