"""Failures of the campaign's environment: disk, rights, a second campaign, network."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import forked
from helpers.killing import with_command
from helpers.rights import without_rights
from helpers.same import assert_same
from helpers.small_campaign import ROOT, Campaign, with_networks
from helpers.synthetic import write_images

from wallnet import plan
from wallnet.jobs.networks import data_job

SNAKEMAKE = [Path(sys.executable).with_name("snakemake"), "--snakefile", ROOT / "Snakefile"]
WALLNET = Path(sys.executable).with_name("wallnet")

TRACE = "results/traces/neuron/0.4000.nc"


@pytest.mark.campaign
def test_two_campaigns_in_one_folder(campaign, finished_devices):
    command = [*SNAKEMAKE, "--directory", campaign.folder, "--cores", "1"]
    first = subprocess.Popen(
        list(map(str, [*command, TRACE])),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | forked.shared(),
        cwd=campaign.folder,
    )
    locks = campaign.folder / ".snakemake" / "locks"
    while not (locks.exists() and list(locks.iterdir())):
        assert first.poll() is None
        time.sleep(0.02)
    first.send_signal(signal.SIGSTOP)
    second = campaign.snakemake(TRACE, check=False)
    first.send_signal(signal.SIGCONT)
    assert second.returncode
    assert "Directory cannot be locked" in second.stderr
    assert first.wait() == 0
    assert_same(campaign.folder, finished_devices.folder, "neuron/0.4000")


def without_network():
    """Return the prefix that starts a command in a separate, empty network."""
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    if (
        not shutil.which("unshare")
        or subprocess.run([*alone, "true"], capture_output=True).returncode
    ):
        pytest.skip("needs the right to start a process without network")
    return alone


def programs_without(folder, *names):
    """Return a PATH with all programs except a few."""
    folder.mkdir()
    for place in filter(os.path.isdir, os.get_exec_path()):
        for program in os.scandir(place):
            link = folder / program.name
            if program.name not in names and not os.path.lexists(link):
                link.symlink_to(program.path)
    return str(folder)


def test_without_network_a_missing_data_set_is_said_with_its_place(tmp_path):
    """The data set is not installed either. A training that has its data needs no network."""
    path = programs_without(tmp_path / "bin", "npm", "apt-get")
    networks = plan.load(ROOT / "config.yaml").networks
    command = [*without_network(), WALLNET, "data", "--data-folder", tmp_path / "data"]
    command += ["--job", data_job(networks, "mnist").to_json(), "--out", tmp_path / "m.json"]
    command += ["--sources", ",".join(networks.sources)]
    refused = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    folder = tmp_path / "data/MNIST/raw"
    assert refused.returncode == 1
    # some builds of PyTorch complain about their own bindings as they end
    said, _, _ = refused.stderr.partition("nanobind: ")
    assert said.startswith(f"wallnet: {folder} lacks train-images-idx3-ubyte, ")
    assert "connect to the internet, or " in said
    assert said.endswith("put the uncompressed IDX files there\n")
    assert said.count("\n") == 1
    assert not (tmp_path / "m.json").exists()


@pytest.mark.campaign
def test_a_data_set_that_is_not_there_stops_what_needs_it_alone(finished, finished_devices):
    """The rest of the campaign runs, and does not run again when the images exist."""
    finished.configure(with_networks())
    (finished.folder / "results/tables/devices/synapse.csv").unlink()
    targets = ("results/tables/devices/synapse.csv", "networks")
    refused = finished.snakemake(*targets, check=False)
    assert refused.returncode
    said = refused.stderr + refused.stdout
    assert "wallnet: data/Blots/raw lacks train-images-idx3-ubyte, " in said
    assert "put the uncompressed IDX files there" in said
    assert "Traceback" not in said
    failed = said[said.index("Failed at every attempt (1):") :]
    assert "data: results/data/blots.json; log: results/logs/data/blots.log" in failed
    assert_same(finished.folder, finished_devices.folder)
    write_images(finished.folder / "data/Blots/raw")
    planned = finished.planned("networks")
    planned.pop("networks")
    tables = {"accuracy": 1, "programming_table": 1}
    assert planned == {"data": 1, "train": 1, "train_on": 1, "map": 2, **tables}


@pytest.mark.campaign
def test_a_scheduler_that_is_not_there_is_said_before_any_job(campaign, tmp_path):
    path = programs_without(tmp_path / "bin", "sbatch", "sacct", "squeue", "sinfo", "scontrol")
    profile = ("--workflow-profile", ROOT / "profiles" / "slurm")
    refused = campaign.snakemake(TRACE, *profile, check=False, environment={"PATH": path})
    assert refused.returncode
    assert "sbatch is not on PATH; start snakemake on a login node" in refused.stderr
    assert "or without --workflow-profile" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (campaign.folder / "results").exists()
    # and nothing is locked
    assert not [*(campaign.folder / ".snakemake/locks").glob("*")]


@pytest.mark.campaign
def test_a_folder_that_a_cluster_could_not_be_told_is_said_before_any_job(tmp_path, tiny):
    """A blank is harmless on local cores but makes a submission fail."""
    (tmp_path / "bin").mkdir()
    for name in ("sbatch", "sacct", "squeue", "sinfo", "scontrol", "scancel"):
        program = tmp_path / "bin" / name
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
    path = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    campaign = Campaign(tmp_path / "two words")
    campaign.folder.mkdir()
    campaign.configure(tiny)
    profile = ("--workflow-profile", ROOT / "profiles" / "slurm")
    target = "results/initial/neuron.nc"
    refused = campaign.snakemake(target, *profile, check=False, environment=path)
    assert refused.returncode
    assert f"the folder of the campaign, {campaign.folder}, has ' ' in its name" in refused.stderr
    assert "rename it, or run on the cores of this machine" in refused.stderr
    assert not (campaign.folder / target).exists()


READ_ONLY = "cannot be written (Permission denied); free space or make the folder writable"


@pytest.mark.campaign
def test_a_campaign_in_a_read_only_folder_is_said(campaign):
    campaign.folder.chmod(0o555)
    refused = without_rights([*SNAKEMAKE, "--directory", campaign.folder, "--cores", "2", TRACE])
    campaign.folder.chmod(0o755)
    assert refused.returncode
    assert f"{campaign.folder} {READ_ONLY}" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert [path.name for path in campaign.folder.iterdir()] == ["config.yaml"]


@pytest.mark.campaign
def test_a_dry_run_plans_a_campaign_in_a_read_only_folder(finished, tmp_path, monkeypatch):
    """With what earlier runs have noted there. `wallnet pack`, which asks it, needs no home."""
    command = [*SNAKEMAKE, "--dry-run", "--cores", "1", "--directory"]
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(finished.folder / "config.yaml", new)
    folders = [new, finished.folder, *finished.folder.rglob("*/")]
    for folder in folders:
        folder.chmod(0o555)
    done = without_rights([*command, finished.folder, "devices"])
    monkeypatch.setenv("HOME", str(new))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    pack = without_rights([WALLNET, "pack", "--directory", new, "--out", tmp_path / "a.zip"])
    for folder in folders:
        folder.chmod(0o755)
    assert "Nothing to be done" in done.stdout + done.stderr
    (planned,) = re.findall(
        r"those of its config.yaml and this workflow .\d+ jobs: .*", pack.stderr
    )
    assert "11 run" in planned


@pytest.mark.campaign
def test_read_only_results_are_said_and_nothing_is_lost(finished):
    (finished.folder / TRACE).unlink()
    kept = {path: path.stat().st_mtime_ns for path in finished.folder.glob("results/*/*/*.nc")}
    folder = (finished.folder / TRACE).parent
    folder.chmod(0o555)
    refused = without_rights([*SNAKEMAKE, "--directory", finished.folder, "--cores", "2", TRACE])
    folder.chmod(0o755)
    assert refused.returncode
    said = refused.stderr + refused.stdout
    assert f"{TRACE} {READ_ONLY}" in said
    assert "Traceback" not in said
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.campaign
def test_a_job_that_was_killed_without_a_word_is_named(finished, tmp_path):
    killed = with_command(tmp_path / "killing", "kill -9 $$")
    (finished.folder / TRACE).unlink()
    refused = finished.snakemake(TRACE, check=False, environment=killed)
    assert refused.returncode
    log = TRACE.replace("results/traces", "results/logs/traces").replace(".nc", ".log")
    said = f"{TRACE}; log: {log} (empty: the disk may be full, or the job was killed)"
    assert said in refused.stdout + refused.stderr


@pytest.mark.campaign
def test_a_locale_without_utf_8_gives_the_same_report(finished):
    """Snakemake reads the configuration for its report in the encoding of the locale."""
    with open(finished.folder / "config.yaml", "a", encoding="utf-8") as stream:
        stream.write("# in A/m²\n")
    ascii_only = {"PYTHONUTF8": "0", "LC_ALL": "C"}
    table = "results/tables/devices/neuron.md"
    path = finished.folder / table
    before = path.read_bytes()
    path.unlink()
    program = [*SNAKEMAKE, "--directory", finished.folder, "--cores", "1"]

    def run(*arguments, **environment):
        done = subprocess.run(
            list(map(str, [*program, *arguments])),
            capture_output=True,
            env={**os.environ, **ascii_only, **environment},
        )
        assert done.returncode == 0, done.stderr

    run(table)
    assert path.read_bytes() == before
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    exported = dict(re.findall(r"^export (\w+) := (\d)$", make, re.M))
    run(table, "--report", "results/report.html", **exported)
    assert (finished.folder / "results/report.html").exists()
    schema = subprocess.run([WALLNET, "schema"], capture_output=True, env=os.environ | ascii_only)
    assert "A/m²" in schema.stdout.decode()
