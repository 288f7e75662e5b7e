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
from helpers.hostile import SPITEFUL
from helpers.small_campaign import ROOT, TRAINING, jobs_in, with_networks, with_revisions

from wallnet import files
from wallnet.config.imperfections import CAUSES
from wallnet.files.compact import levels_of

pytestmark = pytest.mark.campaign


MAPPED = ("quantized", "fine_tuned", "fine_tuned_snapped", "on_levels")


def test_everything_is_there(finished_campaign):
    results = finished_campaign.folder / "results"
    with open(results / "tables/accuracy.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = ["dataset", "device", "reading", "mapping", "recipe", "stage", "seed"]
    assert list(rows[0]) == [*columns, "test_accuracy", "validation_accuracy"]
    stages = {"fp32", "continued", *MAPPED}
    assert {row["stage"] for row in rows} == stages
    with open(results / "tables/accuracy-gaps.csv", newline="") as stream:
        gaps = list(csv.DictReader(stream))
    assert [(row["reading"], row["stage"], row["reference"], row["seeds"]) for row in gaps] == [
        (reading, stage, reference, "1")
        for reading in ("parallel", "series")
        for stage, reference in (
            ("quantized", "fp32"),
            ("on_levels", "continued"),
            ("on_levels", "fp32"),
        )
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


def test_the_snakefile_of_a_new_campaign_has_the_same_target(finished_campaign, tmp_path):
    whole = finished_campaign.copied(tmp_path / "whole")
    own = ROOT / "src/wallnet/config/example.smk"
    assert whole.planned("--snakefile", own) == {}
    (whole.folder / "results/tables/accuracy.csv").unlink()
    planned = whole.planned("--snakefile", own)
    planned["all"] = planned.pop("campaign")
    assert planned == whole.planned()


NETWORK_RULES = ("data", "train", "train_on", "map")


def _network_jobs(planned):
    return {name: count for name, count in planned.items() if name in NETWORK_RULES}


@pytest.fixture(scope="module")
def networks_made(finished_campaign, tmp_path_factory):
    """Return a copy of the finished campaign of which tests change the configuration alone."""
    return finished_campaign.copied(tmp_path_factory.mktemp("networks") / "campaign")


EVERY = {"train": 1, "train_on": 1, "map": 2}


@pytest.mark.parametrize(
    ("change", "jobs", "only"),
    [
        (lambda n: n["recipes"]["plain"]["fp32"].update(learning_rate=1e-3), EVERY, {}),
        (lambda n: n["recipes"]["plain"]["fp32"].update(shift={"blots": 1}), EVERY, {}),
        (lambda n: n["recipes"]["plain"].update(model="convolutional"), EVERY, {}),
        (lambda n: n["seeds"].append(4), EVERY, {"seed": "4"}),
        (lambda n: n["mappings"].append("layer-extended"), {"map": 2}, {}),
        (lambda n: n["recipes"]["plain"]["fine_tuned"].update(epochs=1), {"map": 2}, {}),
        (
            lambda n: n["recipes"]["plain"]["on_levels"].update(learning_rate=1e-3),
            {"train_on": 1, "map": 2},
            {},
        ),
        (lambda n: n["recipes"]["plain"]["on_levels"].update(mappings=[]), {"map": 2}, {}),
        (
            lambda n: n["recipes"].update(more={"fp32": {**TRAINING}}),
            {"train": 1, "map": 2},
            {"recipe": "more"},
        ),
    ],
    ids=[
        *("learning rate", "shift", "model", "seed", "mapping", "fine-tuning"),
        *("learning rate on levels", "mappings on levels", "recipe"),
    ],
)
def test_networks_run_again_and_nothing_before_them(networks_made, change, jobs, only):
    """Of those that are planned, all have the wildcards `only`, as far as their rule has them."""
    data = with_networks()
    change(data["networks"])
    networks_made.configure(data)
    said = networks_made.snakemake("--dry-run", "networks").stdout
    assert jobs_in(said) == jobs | {"accuracy": 1, "programming_table": 1, "networks": 1}
    wildcards = re.findall(r"^ +wildcards: (.*)$", said, re.MULTILINE)
    planned = [dict(pair.split("=") for pair in line.split(", ")) for line in wildcards]
    assert len(planned) == sum(jobs.values())
    for key, value in only.items():
        assert {job[key] for job in planned if key in job} == {value}


def test_one_more_current_trains_nothing_while_the_levels_stay(whole):
    """The device file is new, but the synapse is the same."""
    kept = {p: p.stat().st_mtime_ns for p in whole.folder.glob("results/networks/**/*.json")}
    assert len(kept) == 2 + 2 * 4
    data = with_networks()
    data["devices"]["synapse"]["pulse"]["current_densities"].append(0.45e12)
    data["devices"]["neuron"]["pulse"]["duration"] = 0.4e-9
    whole.configure(data)
    planned = whole.planned()
    assert planned["run"] == 1
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


def test_a_new_revision_plans_its_stage_and_what_comes_after_it(whole):
    planned = whole.planned(code=with_revisions(networks=1))
    assert planned.pop("all") == 1
    drawn = {rule for rule in planned if rule.startswith("figure_")}
    assert set(planned) - drawn == {*NETWORK_RULES, "accuracy", "programming_table", "summary"}
    assert {"figure_accuracy", "figure_training_curves", "figure_misread"} <= drawn
    assert not drawn & {"figure_transfer_curve", "figure_dynamics", "figure_synapses_compared"}
    assert [planned[rule] for rule in NETWORK_RULES] == [1, 1, 1, 2]


def test_networks_as_made_are_evaluated_and_nothing_trains_again(finished_campaign, tmp_path):
    campaign = finished_campaign.copied(tmp_path / "campaign")
    kept = {p: p.stat().st_mtime_ns for p in campaign.folder.glob("results/networks/**/*.json")}
    data = with_networks()
    causes = {"draws": 2, "curves": {"stuck.share": [0.5]}, "curve_draws": 1}
    data["as_made"] = {"usual": causes, "series": {**causes, "reading": "series", "wires": None}}
    campaign.configure(data)
    every = {"evaluate_as_made": 2, "imperfections": 1, "as_made_table": 1, "as-made": 1}
    assert campaign.planned("as-made") == every
    campaign.snakemake("as-made")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    with open(campaign.folder / "results/tables/as-made.csv", encoding="utf-8") as stream:
        rows = [*csv.DictReader(stream)]
    first = next(row for row in rows if row["causes"] == "usual")
    on_levels = json.loads((campaign.folder / ON_LEVELS).read_text())
    assert float(first["clean"]) == pytest.approx(on_levels["test_accuracy"], abs=1e-4)
    assert {row["cause"] for row in rows if row["causes"] == "series"} == {"all", *CAUSES} - {
        "wires"
    }
    page = (campaign.folder / "results/summary.html").read_text(encoding="utf-8")
    assert "% as made, where" in page
    compared = (campaign.folder / files.SUMMARY_TABLE).read_text(encoding="utf-8")
    assert "as made: usual (%)" in compared.splitlines()[0]
    assert campaign.planned("as-made") == {}
    # one key of a set, and what is known of a device
    data["as_made"]["usual"]["retention"] = {"temperature": 330.0}
    campaign.configure(data)
    again = {"as_made_table": 1, "as-made": 1}
    assert campaign.planned("as-made") == {"evaluate_as_made": 1, **again}
    data["imperfections"] = {"synapse": {"gain_spread": 0.05}}
    campaign.configure(data)
    assert campaign.planned("as-made") == every
    data["imperfections"] = {"synapse": {"gain_spread": 5}}
    campaign.configure(data)
    refused = campaign.snakemake("as-made", check=False)
    assert "imperfections.synapse.gain_spread = 5 is outside the range 0 to 1" in refused.stderr


def test_a_neuron_that_is_no_activation_stops_its_networks(whole):
    """They stop before training with one sentence."""
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


def make_run(folder, environment, **variables):
    """Run `make run` with the programs of an environment; return what it prints."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    stamp = environment / "pyvenv.cfg"
    # in a variable of make a dollar is written twice
    command = [make, "run", "-o", stamp, f"DIRECTORY={folder}".replace("$", "$$")]
    command += [f"VENV={environment}", f"STAMP={stamp}"]
    # a make around the tests would make this one announce its folders
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, cwd=ROOT, env=own | variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_make_ends_with_numbers_what_is_new_and_the_report(finished_campaign, tmp_path):
    whole = finished_campaign.copied(tmp_path / SPITEFUL)
    (whole.folder / "results/figures/accuracy.png").unlink()
    said = make_run(whole.folder, Path(sys.prefix))
    assert " 1 figure_accuracy, " in said
    assert "\nblots, synapse\n  plain, layer " in said
    report = whole.folder / "results/report.html"
    assert f"Report: {report}\n" in said
    files.check_digest(report)
    assert "misread" in report.read_text(encoding="utf-8")
    assert not [*tmp_path.rglob("PWNED"), *ROOT.glob("PWNED")]


@pytest.mark.parametrize(
    ("newer", "faulty", "written"),
    [
        ("figures/.a.png.sha256", 0, False),
        *((path, 0, True) for path in ("summary.html", "figures/a.png", "tables/a/b.md")),
        ("figures/.a.png.sha256", 1, True),
    ],
)
def test_make_writes_the_report_if_a_result_is_newer_or_it_is_faulty(
    tmp_path, newer, faulty, written
):
    """By the calls of programs that do nothing else."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("snakemake", "wallnet"):
        script = f'#!/bin/sh\necho {name} "$@" >> calls\n[ "$1" != check ] || exit $FAULTY\n'
        (programs / name).write_text(script.replace("calls", str(tmp_path / "calls")))
        (programs / name).chmod(0o700)
    (tmp_path / "pyvenv.cfg").touch()
    results = tmp_path / "campaign/results"
    # the report is the last one but for the newer one
    paths = ("summary.html", "figures/a.png", "tables/a/b.md", "report.html", newer)
    for seconds, path in enumerate(paths):
        (results / path).parent.mkdir(parents=True, exist_ok=True)
        (results / path).touch()
        os.utime(results / path, (seconds, seconds))
    make_run(results.parent, tmp_path, FAULTY=str(faulty))
    lines = (tmp_path / "calls").read_text().splitlines()
    calls = [" ".join(word for word in line.split() if word[0] != "/") for line in lines]
    run, directory = "snakemake --directory", "--directory"
    report = [f"{run} --report results/report.html", "wallnet digest"] if written else []
    check = f"wallnet check {directory} results/report.html"
    assert calls == [run, check, *report, f"wallnet overview {directory}"]
