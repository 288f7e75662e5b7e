"""The whole campaign with a tiny configuration, without substitutes for any code."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.small_campaign import ROOT, TRAINING, jobs_in, with_networks
from helpers.synthetic import write_images

from wallnet import files
from wallnet.files.compact import levels_of

pytestmark = pytest.mark.campaign


MAPPED = ("quantized", "fine_tuned", "fine_tuned_snapped", "on_levels")


def test_everything_is_there(finished_campaign):
    results = finished_campaign.folder / "results"
    with open(results / "tables/accuracy.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = ["dataset", "device", "reading", "mapping", "recipe", "stage", "seed"]
    assert list(rows[0]) == [*columns, "test_accuracy"]
    stages = {"fp32", "continued", *MAPPED}
    assert {row["stage"] for row in rows} == stages
    with open(results / "tables/accuracy-gaps.csv", newline="") as stream:
        gaps = list(csv.DictReader(stream))
    assert [(row["reading"], row["stage"], row["reference"], row["seeds"]) for row in gaps] == [
        (reading, stage, reference, "1")
        for reading in ("parallel", "series")
        for stage, reference in (("quantized", "fp32"), ("on_levels", "continued"))
    ]
    programmed = [path.parts[-3] for path in results.glob("networks/**/programming.nc")]
    assert sorted(programmed) == sorted(2 * [stage for stage in MAPPED if stage != "fine_tuned"])
    assert all(0 <= float(row["test_accuracy"]) <= 100 for row in rows)
    # four classes: a trained network is far above chance level
    assert max(float(row["test_accuracy"]) for row in rows) > 60
    figures = sorted(path.stem for path in (results / "figures").rglob("*.png"))
    assert sorted(path.stem for path in (results / "figures").rglob("*.pdf")) == figures
    assert {"neuron-transfer-curve", "synapse-dynamics", "accuracy", "misread"} <= set(figures)
    assert not list(results.rglob("*.part*"))


def test_a_second_run_does_nothing(whole):
    assert whole.planned() == {}


NETWORK_RULES = ("data", "train", "train_on", "map")


def _network_jobs(planned):
    return {name: count for name, count in planned.items() if name in NETWORK_RULES}


def two_recipes():
    """Return the tiny campaign with a recipe as in the paper, and one with two mappings."""
    data = with_networks()
    plain = data["networks"]["recipes"]["plain"]
    data["networks"] |= {
        "mappings": ["layer", "signed-3sd"],
        "recipes": {
            "paper": {"fp32": {**TRAINING}, "fine_tuned": TRAINING | {"mappings": ["layer"]}},
            "levels": {**plain, "fine_tuned": None, "on_levels": {**TRAINING}},
        },
    }
    return data


@pytest.fixture(scope="module")
def finished_networks(finished_devices, tmp_path_factory):
    """Return a campaign of two recipes, run up to its table; tests must not change it."""
    made = finished_devices.copied(tmp_path_factory.mktemp("recipes") / "campaign")
    made.configure(two_recipes())
    write_images(made.folder / "data/Blots/raw")
    # two recipes, one of them trained on, in two readings
    assert _network_jobs(made.planned("networks")) == {
        "data": 1,
        "train": 2,
        "train_on": 1,
        "map": 2,
    }
    made.snakemake("networks")
    assert made.planned("networks") == {}
    return made


@pytest.fixture
def networks_made(finished_networks, tmp_path):
    return finished_networks.copied(tmp_path / "campaign")


def test_a_table_has_the_stages_of_each_recipe(finished_networks):
    with open(finished_networks.folder / "results/tables/accuracy.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = {(row["recipe"], row["mapping"], row["stage"]) for row in rows}
    assert found == {
        ("paper", "none", "fp32"),
        *(("paper", "layer", stage) for stage in MAPPED[:3]),
        ("paper", "signed-3sd", "quantized"),
        ("levels", "none", "fp32"),
        ("levels", "none", "continued"),
        *(
            ("levels", mapping, stage)
            for mapping in ("layer", "signed-3sd")
            for stage in ("quantized", "on_levels")
        ),
    }


EVERY = {"train": 1, "train_on": 1, "map": 2}


@pytest.mark.parametrize(
    ("change", "jobs", "only"),
    [
        (
            lambda n: n["recipes"]["levels"]["fp32"].update(learning_rate=1e-3),
            EVERY,
            {"recipe": "levels"},
        ),
        (
            lambda n: n["recipes"]["paper"]["fp32"].update(shift={"blots": 1}),
            {"train": 1, "map": 2},
            {"recipe": "paper"},
        ),
        (lambda n: n["seeds"].append(4), EVERY | {"train": 2}, {"seed": "4"}),
        (lambda n: n.update(mappings=["layer", "signed-3sd", "row"]), {"map": 2}, {}),
        (lambda n: n.update(mappings=["layer", "signed-3sd", "layer-extended"]), {"map": 2}, {}),
        (lambda n: n["recipes"]["paper"]["fine_tuned"].update(epochs=1), {"map": 2}, {}),
        (
            lambda n: n["recipes"]["levels"]["on_levels"].update(learning_rate=1e-3),
            {"train_on": 1, "map": 2},
            {"recipe": "levels"},
        ),
        (
            lambda n: n["recipes"]["levels"]["on_levels"].update(mappings=["layer"]),
            {"map": 2},
            {},
        ),
        (
            lambda n: n["recipes"].update(more={"fp32": {**TRAINING}}),
            {"train": 1, "map": 2},
            {"recipe": "more"},
        ),
        (
            lambda n: n["recipes"]["paper"].update(model="convolutional"),
            {"train": 1, "map": 2},
            {"recipe": "paper"},
        ),
    ],
    ids=[
        *("learning rate", "shift", "seed", "mapping", "level set", "fine-tuning"),
        *("learning rate on levels", "mappings on levels", "recipe", "model"),
    ],
)
def test_networks_run_again_and_nothing_before_them(networks_made, change, jobs, only):
    """Of those that are planned, all have the wildcards `only`, as far as their rule has them."""
    data = two_recipes()
    change(data["networks"])
    networks_made.configure(data)
    said = networks_made.snakemake("--dry-run", "networks").stdout
    assert jobs_in(said) == jobs | {"accuracy": 1, "programming_table": 1, "networks": 1}
    wildcards = re.findall(r"^ +wildcards: (.*)$", said, re.MULTILINE)
    told = [dict(pair.split("=") for pair in line.split(", ")) for line in wildcards]
    assert len(told) == sum(jobs.values())
    for key, value in only.items():
        assert {each[key] for each in told if key in each} == {value}


def test_fewer_recipes_and_mappings_train_nothing_with_free_weights(networks_made):
    data = two_recipes()
    del data["networks"]["recipes"]["levels"]
    data["networks"]["mappings"] = ["layer"]
    networks_made.configure(data)
    assert _network_jobs(networks_made.planned("networks")) == {"map": 2}


def test_one_more_current_trains_nothing_while_the_levels_stay(whole):
    """The device file is new, but the synapse is the same."""
    kept = {p: p.stat().st_mtime_ns for p in whole.folder.glob("results/networks/**/*.json")}
    assert len(kept) == 2 + 2 * 4
    data = with_networks()
    data["devices"]["synapse"]["pulse"]["current_densities"].append(0.45e12)
    data["devices"]["neuron"]["pulse"]["duration"] = 0.4e-9
    whole.configure(data)
    planned = whole.planned()
    assert planned["trace"] == 1
    assert planned["compact_model"] == 1
    assert _network_jobs(planned) == {}
    whole.snakemake("networks")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert whole.planned("networks") == {}


def test_changed_levels_train_their_networks_within_the_same_run(whole):
    """The first plan cannot know this; it is planned when the levels exist."""
    before = json.loads((whole.folder / ON_LEVELS).read_text())
    free = whole.folder / "results/networks/blots/none/none/none/plain/fp32/seed-3/metrics.json"
    kept = free.stat().st_mtime_ns
    data = with_networks()
    data["devices"]["synapse"]["track"]["notches"] = {
        "positions": [110e-9, 200e-9, 360e-9],
        "diameter": 32e-9,
    }
    whole.configure(data)
    assert _network_jobs(whole.planned()) == {}
    whole.snakemake("networks")
    after = json.loads((whole.folder / ON_LEVELS).read_text())
    assert after["levels"] != before["levels"]
    model = whole.folder / "results/compact_models/synapse.json"
    levels, _ = levels_of(model, "parallel", "measured")
    assert after["conductances"] == pytest.approx(levels, rel=1e-9, abs=0)
    first, last = min(levels), max(levels)
    normalised = [(level - first) / (last - first) for level in levels]
    assert after["levels"] == pytest.approx(normalised, rel=1e-6, abs=1e-7)
    assert free.stat().st_mtime_ns == kept
    table = (whole.folder / "results/tables/accuracy.csv").read_text()
    assert f"{after['test_accuracy']:.2f}" in table
    assert whole.planned("networks") == {}


ON_LEVELS = "results/networks/blots/synapse/parallel/layer/plain/on_levels/seed-3/metrics.json"


def test_a_changed_level_maps_again_and_trains_nothing_else(whole):
    """The first plan shows this if the compact model exists; the other reading does not change."""
    path = whole.folder / "results/compact_models/synapse.json"
    model = json.loads(path.read_text())
    inner = next(level for level in model["levels"][1:] if level["stable"] and not level["half"])
    inner["conductance"]["series"] *= 1 + 1e-3
    files.write_json(model, path)
    result = whole.snakemake("--dry-run", "networks")
    tables = {"accuracy": 1, "programming_table": 1}
    assert jobs_in(result.stdout) == {"map": 1, **tables, "networks": 1}
    assert "reading=series" in result.stdout
    assert "reading=parallel" not in result.stdout


@pytest.mark.parametrize(
    ("stage", "rules"),
    [
        ("networks", {*NETWORK_RULES, "accuracy", "programming_table", "summary"}),
        ("report", {"accuracy", "parameters", "device_table", "programming_table", "summary"}),
    ],
)
def test_a_new_revision_plans_its_stage_and_what_comes_after_it(whole, tmp_path, stage, rules):
    source = tmp_path / "source"
    shutil.copytree(ROOT / "src" / "wallnet", source / "wallnet")
    path = source / "wallnet" / "revisions.json"
    table = json.loads(path.read_text())
    table[stage]["revision"] += 1
    path.write_text(json.dumps(table))
    planned = whole.planned(environment={"PYTHONPATH": str(source)})
    assert planned.pop("all") == 1
    drawn = {rule for rule in planned if rule.startswith("figure_")}
    assert set(planned) - drawn == rules
    of_devices = {"figure_transfer_curve", "figure_dynamics", "figure_synapses_compared"}
    of_networks = {"figure_accuracy", "figure_training_curves", "figure_weights", "figure_misread"}
    assert of_networks <= drawn
    assert of_devices <= drawn if stage == "report" else not drawn & of_devices
    if stage == "networks":
        assert [planned[rule] for rule in NETWORK_RULES] == [1, 1, 1, 2]


def test_a_neuron_that_is_no_activation_stops_its_networks(whole):
    """They stop before training with one sentence, unless a key allows the neuron."""
    data = with_networks()
    data["devices"]["neuron"]["pulse"]["current_densities"] = [
        {"start": 1.0e12, "stop": 9.0e12, "step": 2.0e12}
    ]
    whole.configure(data)
    refused = whole.snakemake("networks", check=False)
    said = refused.stdout + refused.stderr
    assert refused.returncode
    assert "wallnet: networks.neuron is no activation (parallel): it is not monotonic" in said
    assert "or set networks.allow_unsuitable_neuron: true" in said
    assert "Traceback" not in said
    data["networks"]["allow_unsuitable_neuron"] = True
    whole.configure(data)
    whole.snakemake("results/networks/blots/none/none/none/plain/fp32/seed-3/metrics.json")


def test_the_papers_numbers_stand_only_where_a_synapse_stands_for_its_own(whole):
    def pages():
        tables = whole.folder / "results/tables"
        return [(tables / f"accuracy.{suffix}").read_text() for suffix in ("md", "html")]

    assert not any("Table II" in page for page in pages())
    data = with_networks()
    data["networks"]["table_ii"] = {"synapse": 5}
    whole.configure(data)
    whole.snakemake("results/tables/accuracy.md")
    assert all("Table II" in page for page in pages())


def test_the_style_of_figures_plans_figures_alone(whole):
    data = with_networks()
    data["figures"] = {"font_size": 9}
    whole.configure(data)
    planned = whole.planned()
    planned.pop("all")
    # the page that shows them, too
    assert planned.pop("summary") == 1
    assert planned
    assert all(name.startswith("figure_") for name in planned), planned


def test_make_ends_with_numbers_what_is_new_and_the_report(whole):
    """If the campaign is complete, `make run` does nothing and reports this."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    environment = Path(sys.prefix)
    command = [make, "run", f"DIRECTORY={whole.folder}", f"VENV={environment}"]
    command += [f"STAMP={environment / 'pyvenv.cfg'}", "-o", str(environment / "pyvenv.cfg")]
    # a make around the tests would make this one announce its folders
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Nothing to be done" in done.stdout + done.stderr
    assert "Creating report" in done.stdout + done.stderr
    assert "\nblots, synapse\n  plain, layer " in done.stdout
    assert "\nNew: nothing\n" in done.stdout
    report = whole.folder / "results/report.html"
    assert done.stdout.endswith(f"Report: {report}\n")
    assert max(map(len, done.stdout.splitlines()[:-2])) <= 80
    written = report.stat().st_mtime_ns
    (whole.folder / "results/figures/accuracy.png").unlink()
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "\nNew: 1 figure, summary\n" in done.stdout
    assert report.stat().st_mtime_ns > written
