"""A disk that is full: a small file system in memory."""

import os
import shutil
import subprocess

import pytest
from helpers.same import assert_same
from helpers.small_campaign import Campaign

TRACE = "results/traces/neuron/0.4000.nc"


class Disk:
    """Small file system in memory, which root may mount."""

    def __init__(self, folder):
        self.folder = folder

    def mount(self, *options):
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "wallnet", str(self.folder)]
        return subprocess.run(command, capture_output=True, text=True)

    def resize(self, size):
        assert self.mount("remount", f"size={size}").returncode == 0

    def fill(self):
        """Fill the free space, and return the file that does so."""
        ballast = self.folder / "ballast"
        with open(ballast, "wb", buffering=0) as stream:
            try:
                while True:
                    stream.write(bytes(1 << 16))
            except OSError:
                return ballast


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    made = Disk(folder)
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("needs root, to mount a small file system")
    mounted = made.mount("size=20m")
    if mounted.returncode:
        pytest.skip(f"may not mount a file system: {mounted.stderr.strip()}")
    yield made
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.campaign
def test_a_campaign_that_fills_the_disk_goes_on_when_there_is_space(disk, tiny, finished_devices):
    """The message reaches the log although the log is on the full disk."""
    campaign = Campaign(disk.folder)
    campaign.configure(tiny)
    disk.resize("80k")
    full = campaign.snakemake(TRACE, check=False)
    assert full.returncode
    said = full.stdout + full.stderr
    assert f"wallnet: {TRACE} cannot be written (No space left on device); free space" in said
    assert "Traceback" not in said
    assert not (disk.folder / TRACE).exists()
    assert not list(disk.folder.glob("results/**/.*.part*"))
    kept = (disk.folder / "results/initial/neuron.nc").stat().st_mtime_ns
    disk.resize("20m")
    campaign.snakemake(TRACE)
    assert (disk.folder / "results/initial/neuron.nc").stat().st_mtime_ns == kept
    assert_same(disk.folder, finished_devices.folder, "neuron/0.4000")


@pytest.mark.campaign
def test_a_disk_that_is_full_from_the_start_is_said_before_any_job(disk, tiny):
    campaign = Campaign(disk.folder)
    campaign.configure(tiny)
    campaign.snakemake("results/initial/neuron.nc")
    ballast = disk.fill()
    full = campaign.snakemake(TRACE, check=False)
    assert full.returncode
    # Snakemake's log is on that disk, too
    assert "Traceback" not in full.stderr
    assert len(full.stderr.splitlines()) <= 6
    own = disk.folder / ".snakemake"
    assert f"{own} cannot be written (No space left on device); free space" in full.stderr
    assert not (disk.folder / "results/traces").exists()
    ballast.unlink()
    campaign.snakemake(TRACE)
