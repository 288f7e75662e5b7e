"""A calculator from outside the package, in a campaign that Snakemake runs."""

import csv

import numpy as np
import pytest
from helpers.drift import DRIFT, NAME
from helpers.small_campaign import TINY, Campaign

from wallnet import api, files

VELOCITY = 200.0
TARGETS = ("results/tables/devices/synapse.csv", "results/traces/neuron/0.2000.nc")
"""All results of the drifting wall, and one trace of the embedded engine."""

CROSSCHECK = {
    "engines": {
        "calculators": [NAME, "film"],
        "cases": {"quick": {"device": "synapse", "current_density": 0.4e12}},
    }
}


def configured(calculator=NAME, settings=None):
    """Return the tiny campaign, in which a user-defined calculator simulates the synapse."""
    theirs = {"calculator": calculator}
    theirs["calculator_settings"] = {NAME: settings or {"velocity": VELOCITY}}
    synapse = TINY["devices"]["synapse"] | theirs
    notches = {"positions": [210e-9], "diameter": 32e-9}
    synapse["track"] = synapse["track"] | {"notches": notches}
    synapse["pulse"] = {"duration": 0.6e-9, "current_densities": [0.5e12]}
    devices = TINY["devices"] | {"synapse": synapse}
    return TINY | {"devices": devices, "crosscheck": CROSSCHECK}


@pytest.fixture(scope="module")
def drifted(tmp_path_factory):
    """Return a finished campaign, which tests must not change."""
    made = Campaign(tmp_path_factory.mktemp("drifted"))
    made.configure(configured())
    (made.folder / "drift.py").write_text(DRIFT)
    made.snakemake(*TARGETS, "crosscheck")
    return made


@pytest.fixture
def changed(drifted, tmp_path):
    """Return a copy of the finished campaign, which a test may change."""
    return drifted.copied(tmp_path / "campaign")


def test_its_traces_become_devices_as_those_of_any_other(drifted):
    trace = files.read_dataset(drifted.folder / "results/traces/synapse/0.5000.nc", "run")
    went = trace["wall_bottom"].values[-1] - trace["wall_bottom"].values[0]
    # 100 m/s for 0.6 ns, read from cells of 4 nm
    assert went == pytest.approx(60e-9, abs=1e-9)
    assert trace.attrs["backend"] == NAME
    assert trace.attrs["backend_version"].startswith("source ")
    assert trace["read_settled"].values[-1] == 1
    assert trace["time"].values[-1] == pytest.approx(0.8e-9, rel=1e-6, abs=0)
    device = files.read_dataset(drifted.folder / "results/devices/synapse.nc", "synapse")
    # the minima of the levels are those of the embedded engine
    assert device.attrs["simulation_backend"] == f"{NAME}, film"
    minima = files.read_dataset(drifted.folder / "results/minima/synapse.nc", "minima")
    # it rests at 100 nm, between the minima at 125 and at 210 nm
    assert device["state"].values.tolist() == api.states(trace, minima)[1:] == ["free"]
    # no wall that was placed at a notch has moved; elsewhere the energy has no minimum
    placed = device["level_minimum"].values != 0
    assert placed.tolist() == [False, True, True]
    assert np.array_equal(device["level_state"][placed], device["level_resting_state"][placed])
    ours = files.read_dataset(drifted.folder / TARGETS[1], "run")
    assert ours.attrs["backend"] == "film"


def test_the_cross_check_compares_it_with_another(drifted):
    results = drifted.folder / "results"
    made = files.read_dataset(results / "crosscheck/engines/quick/drift-Drift.nc", "run")
    assert made.attrs["backend"] == NAME
    with open(results / "tables/crosscheck/engines.csv", newline="") as stream:
        (row,) = csv.DictReader(stream)
    minima = files.read_dataset(results / "crosscheck/engines/quick/minima.nc", "minima")
    assert row["final state, drift:Drift"] == f"{api.states(made, minima)[-1]}, settled"
    assert float(row["of the lower wall end (nm)"]) > 1


def test_an_edited_source_plans_its_own_traces_again_and_no_others(changed):
    assert changed.planned(*TARGETS) == {}
    (changed.folder / "drift.py").write_text(DRIFT + "\n# a remark\n")
    assert changed.planned(*TARGETS) == {}
    (changed.folder / "drift.py").write_text(DRIFT.replace("/ 1e12", "/ 2e12"))
    simulated = {"initial": 1, "run": 2}
    everything = {**simulated, "gather_devices": 1, "device_table": 1}
    assert changed.planned(*TARGETS) == everything
    # another setting has the same effect
    (changed.folder / "drift.py").write_text(DRIFT)
    changed.configure(configured(settings={"velocity": 2 * VELOCITY}))
    assert changed.planned(*TARGETS) == everything


def test_what_does_not_fit_is_one_sentence_before_any_job(campaign):
    campaign.configure(configured(settings={"velocty": 1.0, "velocity": 1.0}))
    (campaign.folder / "drift.py").write_text(DRIFT)
    done = campaign.snakemake(*TARGETS, check=False)
    said = done.stdout + done.stderr
    assert done.returncode
    assert "Traceback" not in said
    words = "calculator_settings.drift:Drift.velocty is not a key of the configuration"
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
