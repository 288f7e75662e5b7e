"""Snakemake's plan for devices that OOMMF simulates, and a real run of it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.small_campaign import ROOT

from wallnet import files

TRACE = "results/traces/theirs/0.3000.nc"


@pytest.fixture
def campaign(tmp_path, small_data):
    """Return a function that runs Snakemake on one device in both calculators."""

    def run(*arguments, **theirs):
        ours = small_data["devices"]["small"]
        devices = {"ours": ours, "theirs": {"like": "ours", "calculator": "oommf"} | theirs}
        # JSON is YAML, except numbers like 2e-11, which the campaign also accepts
        (tmp_path / "config.yaml").write_text(json.dumps(small_data | {"devices": devices}))
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        command += ["--directory", str(tmp_path), "--cores", "2"]
        return subprocess.run([*command, *arguments], capture_output=True, text=True, cwd=ROOT)

    return run


def planned(done):
    """Return the number of jobs of each rule in the output of a dry run."""
    assert done.returncode == 0, done.stderr
    text = done.stdout + done.stderr
    return {name: int(n) for name, n in re.findall(r"^([a-z_]+) +(\d+)$", text, re.MULTILINE)}


def test_each_device_goes_to_its_calculator(campaign, tmp_path):
    jobs = planned(campaign("-n", TRACE, TRACE.replace("theirs", "ours")))
    assert jobs == {"initial": 2, "trace": 2, "total": 4}
    assert list(tmp_path.glob("results*")) == []


def test_an_absent_oommf_is_said_before_any_job_starts(campaign, tmp_path, monkeypatch):
    monkeypatch.delenv("OOMMFTCL", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    if any(Path(folder, name).exists() for folder in ("/usr/bin", "/bin") for name in SUPPLIERS):
        pytest.skip("OOMMF or Docker is installed system-wide")
    done = campaign(TRACE, TRACE.replace("theirs", "ours"))
    assert done.returncode
    assert "OOMMF is not there: set OOMMFTCL" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(tmp_path.glob("results/*/*/*.nc"))


@pytest.mark.parametrize("variable", ["OOMMFTCL", "PATH"])
def test_an_oommf_that_does_not_run_is_named_before_any_job(
    campaign, tmp_path, monkeypatch, variable
):
    """The path does not exist, or the program is not executable."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "oommf").write_text("#!/bin/sh\n")
    theirs = tmp_path / "bin" / "oommf"
    if variable == "PATH":
        monkeypatch.delenv("OOMMFTCL", raising=False)
        if any(Path(folder, "docker").exists() for folder in ("/usr/bin", "/bin")):
            pytest.skip("Docker is installed system-wide")
        if shutil.which("oommf"):
            pytest.skip("OOMMF is installed")
        monkeypatch.setenv("PATH", f"{theirs.parent}:/usr/bin:/bin")
    else:
        theirs = tmp_path / "oommf.tcl"
        monkeypatch.setenv("OOMMFTCL", str(theirs))
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
    done = campaign(TRACE, TRACE.replace("theirs", "ours"))
    assert done.returncode
    said = done.stdout + done.stderr
    assert "OOMMF does not run: " in said
    assert str(theirs) in said
    assert "fix that installation, or set calculator: film" in said
    assert "Traceback" not in said
    assert not list(tmp_path.glob("results/*/*/*.nc"))


def test_without_oommf_s_devices_nothing_is_checked(campaign, tmp_path, monkeypatch):
    monkeypatch.setenv("OOMMFTCL", "/nowhere/oommf.tcl")
    done = campaign(TRACE.replace("theirs", "ours"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / TRACE.replace("theirs", "ours")).exists()


SUPPLIERS = ("oommf", "docker")


@pytest.mark.oommf
@pytest.mark.campaign
@pytest.mark.usefixtures("real_oommf")
def test_a_real_run_and_what_reruns_nothing(campaign, tmp_path):
    done = campaign(TRACE)
    assert done.returncode == 0, done.stderr
    trace = files.read_dataset(tmp_path / TRACE, "trace")
    assert trace.attrs["backend"] == "oommf"
    assert not [path for path in (tmp_path / "results").rglob("*") if path.suffix == ".omf"]
    assert "Nothing to be done" in campaign(TRACE).stderr
    assert planned(campaign("-n", TRACE, oommf={"threads": 2})) == {}
    more = {"duration": 0.13e-9, "current_densities": [0.3e12, 0.4e12]}
    jobs = planned(campaign("-n", TRACE, TRACE.replace("0.3", "0.4"), pulse=more))
    assert jobs == {"trace": 1, "total": 1}


@pytest.mark.oommf
@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused")
@pytest.mark.skipif("OOMMFTCL" not in os.environ, reason="OOMMFTCL is not set")
def test_root_is_refused_before_any_job_starts(campaign, tmp_path):
    done = campaign(TRACE, TRACE.replace("theirs", "ours"))
    assert done.returncode
    assert "Don't run OOMMF as root" in done.stdout + done.stderr
    assert not list(tmp_path.glob("results/*/*/*.nc"))
