"""A campaign that is killed by SIGKILL and started again gives the same data."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.killing import customised, kill_tree
from helpers.same import assert_same
from helpers.small_campaign import NEURON_TARGETS

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.campaign

STALL = """
import os, time

pattern, marker = (os.environ.get("STALL_" + name, "") for name in ("FILE", "MARKER"))
replace = os.replace


def stalled(source, destination, **options):
    if pattern and pattern in str(destination) and not os.path.exists(marker):
        open(marker, "x").close()
        time.sleep(600)
    return replace(source, destination, **options)


os.replace = stalled
"""


GATHERED = "results/devices/synapse.nc"


def start(campaign, environment=None, targets=NEURON_TARGETS):
    program = Path(sys.executable).with_name("snakemake")
    command = [program, "--snakefile", ROOT / "Snakefile", "--directory", campaign.folder]
    with open(campaign.folder / "killed.log", "ab") as log:
        return subprocess.Popen(
            list(map(str, [*command, "--cores", "2", *targets])),
            stdout=log,
            stderr=log,
            env={**os.environ, **(environment or {})},
            cwd=campaign.folder,
        )


def test_started_processes_run_the_code_beside_the_tests():
    """They do not run the installed package, which may be another checkout."""
    command = [sys.executable, "-c", "import wallnet; print(wallnet.__file__)"]
    output = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/").stdout
    assert output.strip() == str(ROOT / "src/wallnet/__init__.py")


def unlock(campaign):
    """Do what `snakemake --unlock` does, which `start_again` runs itself."""
    shutil.rmtree(campaign.folder / ".snakemake/locks", ignore_errors=True)


def start_again(campaign, *targets):
    """Unlock as the message about the lock says, and run to the end."""
    refused = campaign.snakemake(*targets, check=False)
    assert refused.returncode
    assert "--unlock" in refused.stderr
    campaign.snakemake("--unlock")
    return campaign.snakemake(*targets)


def test_killed_at_random_moments(campaign, finished_devices, request):
    """Each kill comes before the campaign is finished; the results at the end are the same."""
    chance = random.Random(request.config.getoption("--kill-seed"))
    kills = request.config.getoption("--kills")
    done = ends = 0
    longest = 8.0
    while done < kills:
        process = start(campaign)
        try:
            process.wait(timeout=chance.uniform(0.2, longest))
        except subprocess.TimeoutExpired:
            kill_tree(process)
            done += 1
            unlock(campaign)
        else:
            assert process.returncode == 0, (campaign.folder / "killed.log").read_text()
            assert_same(campaign.folder, finished_devices.folder, "neuron")
            ends += 1
            shutil.rmtree(campaign.folder / "results")
    campaign.snakemake(*NEURON_TARGETS)
    assert_same(campaign.folder, finished_devices.folder, "neuron")
    assert campaign.planned(*NEURON_TARGETS) == {}
    print(f"{done} kills, {ends + 1} campaigns brought to their end")


def test_killed_before_a_trace_is_renamed(finished, finished_devices, tmp_path):
    """Only the part of the campaign that leads to the moment is run again."""
    name = "results/traces/synapse/1.5000.nc"
    for path in (name, GATHERED):
        (finished.folder / path).unlink()
    (tmp_path / "stall").mkdir()
    (tmp_path / "stall" / "sitecustomize.py").write_text(STALL)
    marker = tmp_path / "stall" / "marker"
    stall = {"STALL_FILE": name, "STALL_MARKER": str(marker)}
    process = start(finished, {**stall, **customised(tmp_path / "stall")}, [GATHERED])
    while not marker.exists():
        assert process.poll() is None, (finished.folder / "killed.log").read_text()
        time.sleep(0.02)
    kill_tree(process)
    assert list(finished.folder.glob("results/**/.*.part*"))
    unlock(finished)
    finished.snakemake(GATHERED)
    assert_same(finished.folder, finished_devices.folder)


def test_killed_before_the_last_network_is_written(finished_campaign, tmp_path):
    """Snakemake removes the job's outputs; it starts from the beginning."""
    campaign = finished_campaign.copied(tmp_path / "campaign")
    place = "results/networks/blots/synapse/series/layer/plain"
    shutil.rmtree(campaign.folder / place)
    target = f"{place}/on_levels/seed-3/metrics.json"
    (tmp_path / "stall").mkdir()
    (tmp_path / "stall" / "sitecustomize.py").write_text(STALL)
    marker = tmp_path / "stall" / "marker"
    stall = {
        "STALL_FILE": "on_levels/seed-3/best.ckpt",
        "STALL_MARKER": str(marker),
    }
    process = start(campaign, {**stall, **customised(tmp_path / "stall")}, [target])
    while not marker.exists():
        assert process.poll() is None, (campaign.folder / "killed.log").read_text()
        time.sleep(0.02)
    kill_tree(process)
    start_again(campaign, target)
    made = sorted((campaign.folder / place).rglob("*"))
    allowed = (".part", ".sha256")
    assert not [p for p in made if p.name.startswith(".") and not any(a in p.name for a in allowed)]
    for path in made:
        theirs = finished_campaign.folder / path.relative_to(campaign.folder)
        if path.name == "best.ckpt":
            assert path.read_bytes() == theirs.read_bytes()
        elif path.name == "metrics.json":
            results = [json.loads(p.read_text()) | {"wall_seconds": 0} for p in (path, theirs)]
            assert results[0] == results[1]
    # programmings too
    assert_same(campaign.folder, finished_campaign.folder, "results/networks/blots/synapse")
