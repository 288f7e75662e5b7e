"""Rows of docs/reruns.md that tests/plan/test_plan.py does not test, by planned jobs only."""

import os
import shutil
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.campaign


def changed(data, path, value):
    *parents, last = path.split(".")
    block = data
    for key in parents:
        block = block.setdefault(key, {})
    block[last] = value
    return data


SYNAPSE = {
    "initial": 1,
    "trace": 3,
    "level": 3,
    "minimum": 5,
    "device": 1,
    "compact_model": 1,
    "device_table": 1,
    "devices": 1,
}
NEURON = {
    "initial": 1,
    "trace": 5,
    "device": 1,
    "compact_model": 1,
    "device_table": 1,
    "devices": 1,
}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("devices.synapse.track.notches.diameter", 40e-9, SYNAPSE),
        ("devices.neuron.wall.start", 44e-9, NEURON),
        ("devices.neuron.pulse.duration", 0.5e-9, NEURON | {"initial": None}),
        ("devices.synapse.relaxation.longest", 2e-9, SYNAPSE | {"initial": None, "minimum": 3}),
        ("devices.neuron.output", {"interval": 10e-12}, NEURON),
        ("devices.neuron.film", {"frozen_change": 0.0}, NEURON),
        ("networks.hidden_neurons", 64, {}),
        ("crosscheck.cases", {"one": {"device": "neuron", "current_density": 0.4e12}}, {}),
    ],
)
def test_a_key_plans_what_it_decides(finished, tiny, path, value, expected):
    finished.configure(changed(tiny, path, value))
    wanted = {rule: count for rule, count in expected.items() if count}
    assert finished.planned("devices") == wanted


@pytest.mark.parametrize(
    ("stage", "expected"),
    [("report", {"device_table": 2, "devices": 1}), ("networks", {}), ("oommf", {})],
)
def test_the_code_of_a_stage_plans_what_it_makes(finished, tmp_path, stage, expected):
    import json

    source = tmp_path / "source"
    shutil.copytree(ROOT / "src" / "wallnet", source / "wallnet")
    path = source / "wallnet" / "revisions.json"
    table = json.loads(path.read_text())
    table[stage]["revision"] += 1
    path.write_text(json.dumps(table))
    environment = {"PYTHONPATH": str(source)}
    assert finished.planned("devices", environment=environment) == expected
    # check that another revision is noticed: raise that of a stage that devices use
    table["devices"]["revision"] += 1
    path.write_text(json.dumps(table))
    assert finished.planned("devices", environment=environment)["device"] == 2


def test_an_upgraded_package_plans_nothing(finished, tmp_path):
    """Versions are only noted in the results; revisions of stages cause new runs."""
    source = tmp_path / "source"
    shutil.copytree(ROOT / "src" / "wallnet", source / "wallnet")
    path = source / "wallnet" / "__init__.py"
    text = path.read_text()
    assert "__version__" in text
    path.write_text(text + '\n__version__ = "99.0"\n')
    (source / "sitecustomize.py").write_text("import numpy; numpy.__version__ = '99.0'")
    assert finished.planned("devices", environment={"PYTHONPATH": str(source)}) == {}


def test_deleted_outputs_plan_themselves_where_they_are_asked_for(finished):
    (finished.folder / "results/devices/neuron.nc").unlink()
    (finished.folder / "results/tables/devices/neuron.html").unlink()
    assert finished.planned("devices") == {
        "device": 1,
        "compact_model": 1,
        "device_table": 1,
        "devices": 1,
    }


def test_an_output_with_other_content_plans_itself_and_what_reads_it(finished):
    path = finished.folder / "results/traces/neuron/0.4000.nc"
    path.write_bytes(path.read_bytes()[:-1])
    planned = finished.planned("devices")
    assert planned == {"trace": 1, "device": 1, "compact_model": 1, "device_table": 1, "devices": 1}
    # if a file is the target, which a dry run keeps, it shows only the latter
    assert finished.planned("results/devices/neuron.nc") == {"device": 1}


@pytest.mark.parametrize("shift", [-86400 * 365, 86400 * 365])
def test_another_machines_clock_plans_nothing(finished, shift):
    for path in finished.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            os.utime(path, (time.time() + shift,) * 2)
    assert finished.planned("devices") == {}


def test_the_threads_of_oommf_are_in_no_job(tiny):
    from wallnet import config, jobs

    def job(threads):
        data = tiny | {"calculator": "oommf", "oommf": {"threads": threads}}
        return jobs.pulse_job(config.parse(data).devices["neuron"], 0.4e12).to_json()

    assert job(1) == job(2)
