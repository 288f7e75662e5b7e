"""What would run, and why: planned jobs only, nothing is simulated beyond the tiny devices."""

import os
import random
import re
import shutil
import subprocess
import sys

import pytest
from small_campaign import ROOT, Campaign

pytestmark = pytest.mark.campaign


@pytest.fixture
def finished(finished_devices, tmp_path):
    """A copy of the finished tiny campaign, free to be changed."""
    folder = tmp_path / "campaign"
    shutil.copytree(finished_devices.folder, folder, copy_function=shutil.copy2)
    return Campaign(folder)


def changed(tiny, path, value):
    *parents, last = path.split(".")
    block = tiny
    for key in parents:
        block = block.setdefault(key, {})
    block[last] = value
    return tiny


def test_a_fresh_campaign_plans_one_job_a_device_and_current(campaign):
    planned = campaign.planned("devices")
    assert planned == {
        "initial": 2,
        "trace": 8,
        "level": 3,
        "device": 2,
        "compact_model": 2,
        "device_table": 2,
        "devices": 1,
    }


def test_a_finished_campaign_plans_nothing(finished):
    assert finished.planned("devices") == {}


def test_one_more_current_plans_one_simulation_and_what_gathers_it(finished, tiny):
    tiny["devices"]["synapse"]["pulse"]["current_densities"].append(2.0e12)
    finished.configure(tiny)
    assert finished.planned("devices") == {
        "trace": 1,
        "device": 1,
        "compact_model": 1,
        "device_table": 1,
        "devices": 1,
    }


def test_another_damping_plans_everything(finished, tiny):
    finished.configure(changed(tiny, "material.damping", 0.4))
    planned = finished.planned("devices")
    assert (planned["trace"], planned["level"], planned["device"]) == (8, 3, 2)


def test_the_damping_of_one_device_plans_that_device(finished, tiny):
    finished.configure(changed(tiny, "devices.neuron.material", {"damping": 0.4}))
    planned = finished.planned("devices")
    assert (planned["trace"], planned.get("level"), planned["device"]) == (5, None, 1)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("devices.neuron.detector.start", 60e-9),
        ("devices.neuron.detector.antiparallel_resistance", 30e3),
        ("devices.neuron.detector.parallel_conductance", 2e-4),
        ("devices.neuron.read_at", 0.3e-9),
    ],
)
def test_how_a_device_is_read_plans_no_simulation(finished, tiny, path, value):
    finished.configure(changed(tiny, path, value))
    assert finished.planned("devices") == {
        "device": 1,
        "compact_model": 1,
        "device_table": 1,
        "devices": 1,
    }


def test_the_style_of_figures_plans_no_simulation_and_no_device(finished, tiny):
    finished.configure(changed(tiny, "figures", {"font_size": 9}))
    planned = finished.planned("devices")
    assert planned == {}


def test_a_sweep_of_any_size_puts_nothing_on_a_command_line(campaign, tiny):
    """10,000 pulses at irregular current densities: all is planned, and no argument grows."""
    steps = random.Random(1).sample(range(1000, 30_000), 10_000)
    tiny["devices"]["synapse"]["pulse"]["current_densities"] = [step * 1e8 for step in steps]
    del tiny["devices"]["neuron"]
    campaign.configure(tiny)
    result = campaign.snakemake("--dry-run", "--printshellcmds")
    assert re.search(r"^trace +10000$", result.stdout, flags=re.MULTILINE)
    commands = re.findall(r"^Shell command: (.*wallnet .+)$", result.stdout, re.MULTILINE)
    assert len(commands) > 10_000
    fed = 0
    for command in commands:
        argument, _, given = command.partition(" <<< ")
        assert len(argument) < 2000, argument[:200]
        fed += len(given) > 100_000
    assert fed == 2  # the device and the table of parameters read it from standard input
    # Linux takes at most 128 KiB in one argument; Snakemake puts a longer command into a file
    campaign.snakemake("results/tables/parameters.csv")
    table = (campaign.folder / "results/tables/parameters.csv").read_text()
    assert len(table) > 50_000


def test_an_override_on_the_command_line_holds(finished):
    override = ["--config", "material={'damping': 0.4}"]
    assert finished.planned("devices", *override)["trace"] == 8


def with_revision(tmp_path, stage):
    """Copy the package with one stage's revision raised; return what lets Snakemake use it."""
    source = tmp_path / "source"
    shutil.copytree(ROOT / "src" / "wallnet", source / "wallnet")
    code = (
        "import json, pathlib, sys; path = pathlib.Path(sys.argv[1]);"
        "table = json.loads(path.read_text()); table[sys.argv[2]]['revision'] += 1;"
        "path.write_text(json.dumps(table))"
    )
    table = source / "wallnet" / "revisions.json"
    subprocess.run([sys.executable, "-c", code, table, stage], check=True)
    return {"PYTHONPATH": str(source)}


def test_a_new_revision_of_the_engine_plans_the_traces(finished, tmp_path):
    planned = finished.planned("devices", environment=with_revision(tmp_path, "film"))
    assert (planned["initial"], planned["trace"], planned["level"]) == (2, 8, 3)


def test_a_new_revision_of_the_devices_plans_no_trace(finished, tmp_path):
    planned = finished.planned("devices", environment=with_revision(tmp_path, "devices"))
    assert planned == {"device": 2, "compact_model": 2, "device_table": 2, "devices": 1}


def test_touched_files_plan_nothing(finished):
    for path in finished.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            os.utime(path)
    assert finished.planned("devices") == {}


def test_another_number_of_cores_plans_nothing(finished):
    assert finished.planned("devices", cores=1) == {}


def test_a_moved_checkout_plans_nothing(finished, tmp_path):
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("Snakefile", "workflow", "profiles"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, moved / name)
    assert finished.planned("devices", root=moved) == {}


def test_a_deleted_trace_plans_itself_and_its_device(finished):
    (finished.folder / "results/traces/neuron/0.4000.nc").unlink()
    # the gathered device is there and up to date: nothing is needed
    assert finished.planned("devices") == {}
    assert finished.planned("traces")["trace"] == 1


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("material.damping", None, "material.damping = None is not a number"),
        ("devices.neuron.track.length", 200, "devices.neuron.track.length = 200 is outside"),
        ("devices.neuron.calculator", "mumax", "devices.neuron.calculator is 'mumax'; use 'film'"),
        ("devices.synapse.track.notches.diameter", 71e-9, "leaves no film between"),
    ],
)
def test_bad_input_ends_before_any_job(campaign, tiny, path, value, words):
    campaign.configure(changed(tiny, path, value))
    refused = campaign.snakemake("devices", check=False)
    assert refused.returncode != 0
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (campaign.folder / "results").exists()


def test_a_duplicate_device_ends_before_any_job(campaign):
    path = campaign.folder / "config.yaml"
    text = path.read_text()
    start = text.index("  neuron:\n")
    path.write_text(text[:start] + "  neuron: {kind: track}\n" + text[start:])
    refused = campaign.snakemake("devices", check=False)
    assert refused.returncode != 0
    assert "neuron stands twice in one block" in refused.stderr
    assert not (campaign.folder / "results").exists()


def test_the_linter_misses_only_software_definitions(campaign):
    lint = campaign.snakemake("--lint", check=False)
    findings = re.findall(r"^ {4}\* ([^\n:]+)", lint.stdout + lint.stderr, flags=re.MULTILINE)
    assert findings
    assert set(findings) == {"Specify a conda environment or container for each rule."}


def test_simulations_of_the_campaign_of_the_repository():
    """Every device and current of config.yaml is planned under its canonical name."""
    from wallnet import config, files

    campaign = config.load(ROOT / "config.yaml")
    paths = files.trace_paths("neuron", campaign.devices["neuron"])
    names = [path.rpartition("/")[2] for path in paths]
    assert names == [f"0.{j:02d}00.nc" for j in range(10, 50, 5)]
