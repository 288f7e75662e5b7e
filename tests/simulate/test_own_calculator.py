"""A calculator from outside the package, in a campaign that Snakemake runs."""

import csv
import subprocess
import sys

import numpy as np
import pytest
import yaml
from helpers.drift import DRIFT, NAME
from helpers.small_campaign import TINY, Campaign

from wallnet import files

VELOCITY = 200.0
TARGETS = ("results/tables/devices/synapse.csv", "results/traces/neuron/0.2000.nc")
"""All results of the drifting wall, and one trace of the embedded engine."""


def configured(calculator=NAME, settings=None):
    """Return the tiny campaign, in which a user-defined calculator simulates the synapse."""
    theirs = {"calculator": calculator}
    theirs["calculator_settings"] = {NAME: settings or {"velocity": VELOCITY}}
    synapse = TINY["devices"]["synapse"] | theirs
    return TINY | {"devices": TINY["devices"] | {"synapse": synapse}}


@pytest.fixture(scope="module")
def drifted(tmp_path_factory):
    """Return a finished campaign, which tests must not change."""
    made = Campaign(tmp_path_factory.mktemp("drifted"))
    made.configure(configured())
    (made.folder / "drift.py").write_text(DRIFT)
    made.snakemake(*TARGETS)
    return made


def test_one_pulse_by_hand_finds_it_beside_the_configuration(tmp_path):
    folder = tmp_path / "campaign"
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(configured()))
    (folder / "drift.py").write_text(DRIFT)
    command = [sys.executable, "-m", "wallnet.cli", "simulate", "--config", "campaign/config.yaml"]
    command += ["--device", "synapse", "--current-density", "0.5e12", "--out", "trace.nc"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert files.read_dataset(tmp_path / "trace.nc", "trace").attrs["backend"] == NAME


@pytest.fixture
def changed(drifted, tmp_path):
    """Return a copy of the finished campaign, which a test may change."""
    return drifted.copied(tmp_path / "campaign")


def test_its_traces_become_devices_as_those_of_any_other(drifted):
    trace = files.read_dataset(drifted.folder / "results/traces/synapse/0.5000.nc", "trace")
    went = trace["wall_bottom"].values[-1] - trace["wall_bottom"].values[0]
    # 100 m/s for 0.6 ns, read from cells of 4 nm
    assert went == pytest.approx(60e-9, abs=1e-9)
    assert trace.attrs["backend"] == NAME
    assert trace.attrs["backend_version"].startswith("source ")
    assert trace.attrs["settled"] == 1
    assert trace["time"].values[-1] == pytest.approx(0.8e-9, rel=1e-6, abs=0)
    device = files.read_dataset(drifted.folder / "results/devices/synapse.nc", "synapse")
    assert device.attrs["simulation_backend"] == NAME
    assert device["state"].values[0] == trace.attrs["state"]
    # no wall that was placed at a notch has moved; elsewhere the energy has no minimum
    placed = device["level_minimum"].values != 0
    assert placed.tolist() == [False, True, False, True, True]
    assert np.array_equal(device["level_state"][placed], device["level_resting_state"][placed])
    ours = files.read_dataset(drifted.folder / TARGETS[1], "trace")
    assert ours.attrs["backend"] == "film"


def test_an_edited_source_plans_its_own_traces_again_and_no_others(changed):
    assert changed.planned(*TARGETS) == {}
    (changed.folder / "drift.py").write_text(DRIFT + "\n# a remark\n")
    assert changed.planned(*TARGETS) == {}
    (changed.folder / "drift.py").write_text(DRIFT.replace("/ 1e12", "/ 2e12"))
    simulated = {"initial": 1, "trace": 3, "level": 3, "minimum": 4}
    assert changed.planned(*TARGETS) == {**simulated, "device": 1, "device_table": 1}


def test_another_setting_plans_its_own_traces_again(changed):
    changed.configure(configured(settings={"velocity": 2 * VELOCITY}))
    planned = changed.planned("results/traces/synapse/0.5000.nc", TARGETS[1])
    assert planned == {"initial": 1, "trace": 1}


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        (configured("drfit:Drift"), "calculator drfit:Drift: there is no module drfit; correct"),
        (configured("drift:Drfit"), "module drift has no class Drfit that derives from wallnet."),
        (
            configured(settings={"velocty": 1.0, "velocity": 1.0}),
            "calculator_settings.drift:Drift.velocty is not a key of the configuration; remove it "
            "(did you mean velocity?)",
        ),
        (
            configured(settings={"velocity": -1}),
            "calculator_settings.drift:Drift.velocity is -1: input should be greater than 0",
        ),
    ],
    ids=["module", "class", "key", "value"],
)
def test_what_does_not_fit_is_one_sentence_before_any_job(campaign, configuration, words):
    campaign.configure(configuration)
    (campaign.folder / "drift.py").write_text(DRIFT)
    done = campaign.snakemake(*TARGETS, check=False)
    said = done.stdout + done.stderr
    assert done.returncode
    assert "Traceback" not in said
    assert [words in line for line in said.splitlines()].count(True) == 1
    assert not (campaign.folder / "results").exists()


def test_one_that_cannot_run_is_said_before_any_job_starts(campaign):
    campaign.configure(configured())
    check = '    def check(self):\n        raise OSError("no licence")\n\n    def run('
    (campaign.folder / "drift.py").write_text(DRIFT.replace("    def run(", check))
    done = campaign.snakemake(*TARGETS, check=False)
    said = done.stdout + done.stderr
    assert done.returncode
    assert "calculator drift:Drift cannot run (OSError: no licence); fix that" in said
    assert "Traceback" not in said
    # Snakemake brings the software of OOMMF only
    done = campaign.snakemake("--software-deployment-method", "conda", "--", *TARGETS, check=False)
    assert "drift:Drift cannot run (OSError: no licence)" in done.stdout + done.stderr
    assert not list(campaign.folder.glob("results/*/*.nc"))
    assert campaign.snakemake(TARGETS[1]).returncode == 0  # from another calculator


def test_a_module_on_pythonpath_is_found_as_one_beside_the_configuration(campaign, tmp_path):
    """Both the plan and the job find it."""
    campaign.configure(configured())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "drift.py").write_text(DRIFT)
    trace = "results/traces/synapse/0.5000.nc"
    from helpers.killing import customised

    campaign.snakemake(trace, environment=customised(elsewhere))
    made = files.read_dataset(campaign.folder / trace, "trace")
    assert made.attrs["backend"] == NAME


def test_the_cross_check_compares_it_with_another(campaign):
    case = {"device": "synapse", "current_density": 0.5e12}
    check = {"calculators": [NAME, "film"], "cases": {"quick": case}}
    campaign.configure(configured() | {"crosscheck": check})
    (campaign.folder / "drift.py").write_text(DRIFT)
    campaign.snakemake("crosscheck")
    results = campaign.folder / "results"
    made = files.read_dataset(results / "crosscheck/quick/drift-Drift.nc", "trace")
    assert made.attrs["backend"] == NAME
    with open(results / "tables/crosscheck.csv", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["state_drift:Drift"] == f"{made.attrs['state']}, settled"
    assert float(row["deviation_bottom"]) > 1e-9
    assert "and in the embedded engine" in (results / "tables/crosscheck.md").read_text()
    assert campaign.planned("crosscheck") == {}
