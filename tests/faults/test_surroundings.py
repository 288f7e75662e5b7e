"""What fails around the campaign: disk, rights, a second campaign, network."""

import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from same import assert_same

from wallnet import config
from wallnet.config import jobs

ROOT = Path(__file__).parents[2]
SNAKEMAKE = [Path(sys.executable).with_name("snakemake"), "--snakefile", ROOT / "Snakefile"]
WALLNET = Path(sys.executable).with_name("wallnet")

TRACE = "results/traces/neuron/0.4000.nc"


def small_files():
    """Let no file grow beyond 40 kB, which a full disk does to large ones first."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


@pytest.mark.campaign
def test_a_full_disk_is_said_and_nothing_is_lost(campaign):
    command = [*SNAKEMAKE, "--directory", campaign.folder, "--cores", "2", TRACE]
    full = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        preexec_fn=small_files,
        cwd=campaign.folder,
    )
    assert full.returncode
    said = full.stderr + full.stdout
    assert f"wallnet: {TRACE} cannot be written" in said
    assert "free space or make the folder writable, then run again" in said
    assert "Traceback" not in said
    assert not (campaign.folder / TRACE).exists()
    assert not list(campaign.folder.glob("results/**/.*.part*"))
    kept = (campaign.folder / "results/initial/neuron.nc").stat().st_mtime_ns
    campaign.snakemake(TRACE)
    assert (campaign.folder / "results/initial/neuron.nc").stat().st_mtime_ns == kept


def without_rights(*command):
    """Run as an ordinary user does: the superuser's right to write anywhere is given up."""
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("needs setpriv, or another user than root")
        rights = "-dac_override,-dac_read_search"
        command = ("setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}", *command)
    return subprocess.run(list(map(str, command)), capture_output=True, text=True)


def test_a_read_only_folder_is_said(tiny, tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    folder.chmod(0o555)
    job = jobs.initial_job(config.parse(tiny).devices["neuron"]).to_json()
    refused = without_rights(WALLNET, "initial", "--job", job, "--out", folder / "neuron.nc")
    folder.chmod(0o755)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"wallnet: {folder / 'neuron.nc'} cannot be written")
    assert "Permission denied" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not list(folder.iterdir())


def test_a_file_that_may_not_be_read_is_said_and_not_moved(tiny, tmp_path):
    path = tmp_path / "results" / "neuron.nc"
    job = jobs.pulse_job(config.parse(tiny).devices["neuron"], 0.4e12).to_json()
    path.parent.mkdir()
    path.write_bytes(b"")
    path.chmod(0)
    out = tmp_path / "trace.nc"
    refused = without_rights(WALLNET, "simulate", "--job", job, "--initial", path, "--out", out)
    assert refused.stderr == (
        f"wallnet: {path} cannot be read (Permission denied); make it readable, then run again\n"
    )
    assert path.exists()


@pytest.mark.campaign
def test_two_campaigns_in_one_folder(campaign, finished_devices):
    command = [*SNAKEMAKE, "--directory", campaign.folder, "--cores", "1"]
    target = "results/tables/neuron.csv"
    first = subprocess.Popen(
        list(map(str, [*command, target])),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=campaign.folder,
    )
    locks = campaign.folder / ".snakemake" / "locks"
    while not (locks.exists() and list(locks.iterdir())):
        assert first.poll() is None
        time.sleep(0.02)
    second = campaign.snakemake(target, check=False)
    assert second.returncode
    assert "Directory cannot be locked" in second.stderr
    assert first.wait() == 0
    assert_same(campaign.folder, finished_devices.folder, "neuron")


def test_a_job_needs_no_network(tiny, tmp_path):
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    if (
        not shutil.which("unshare")
        or subprocess.run([*alone, "true"], capture_output=True).returncode
    ):
        pytest.skip("needs the right to start a process without network")
    job = jobs.pulse_job(config.parse(tiny).devices["neuron"], 0.4e12).to_json()
    out = tmp_path / "trace.nc"
    command = [*alone, WALLNET, "simulate", "--job", job, "--out", out]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    assert out.exists()
