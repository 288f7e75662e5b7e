"""What a calculator of a package of its own declares, and who reads it: all by one class."""

import copy
import re
import sys

import pytest
from helpers import oven
from helpers.small_campaign import TINY, Campaign

from wallnet import config, files, jobs, simulate
from wallnet.config import ProgramPulse, declarations
from wallnet.jobs import pulse_job, pulse_train_job
from wallnet.jobs.block import Block
from wallnet.jobs.film import check
from wallnet.simulate import SimulationError, registry

TRACE = "results/traces/neuron/0.2000.nc"
WARM = {"ambient": 300.0, "values_of": "cells"}
NEEDED = ("threads", "mem_mb", "runtime")


def configured(calculator=oven.NAME, **changes):
    """Return the tiny campaign with a calculator of the neuron, at a temperature."""
    data = copy.deepcopy(TINY)
    data["devices"]["neuron"]["track"]["fixed_ends"] = 8e-9
    data["devices"]["neuron"] |= {
        "calculator": calculator,
        "calculator_settings": {oven.NAME: {"velocity": 100.0}},
        "temperature": WARM,
        "output": {"interval": 0.1e-9, "snapshot_interval": 0.2e-9},
        **changes,
    }
    return data


def device(calculator=oven.NAME, **changes):
    return config.parse(configured(calculator, **changes), check).devices["neuron"]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Return a function that writes the package, which only this process finds."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.setattr(declarations, "READ", {})
    monkeypatch.setattr(registry, "READ", declarations.READ)

    def written(*declaration):
        oven.write(tmp_path, *declaration)
        for name in ("oven", "oven.calculators"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        jobs.code.code_of.cache_clear()

    yield written
    jobs.code.code_of.cache_clear()


@pytest.fixture(scope="module")
def heated(tmp_path_factory):
    """Return a campaign with the package beside it, which tests must not change."""
    made = Campaign(tmp_path_factory.mktemp("heated"))
    made.configure(configured())
    oven.write(made.folder)
    return made


def resources(text):
    """Return threads, memory and wall time of the pulse in the output of Snakemake."""
    block = text[text.index("rule run:") :]
    amounts = {name: re.search(rf"\b{name}[:=] ?(\d+)", block) for name in NEEDED}
    return [int(match[1]) if match else 1 for match in amounts.values()]


def test_a_run_reads_what_its_jobs_need(heated, tmp_path):
    campaign = heated.copied(tmp_path / "campaign")
    planned = campaign.snakemake("--dry-run", TRACE).stdout
    assert resources(planned) == [1, 904, 15]
    done = campaign.snakemake(TRACE, cores=4)
    assert resources(done.stdout + done.stderr) == [3, 1238, 34]
    trace = files.read_dataset(campaign.folder / TRACE, "run")
    assert (trace.attrs["backend"], trace.attrs["temperature"]) == (oven.NAME, 300.0)
    assert trace.attrs["threads"] == "3"
    # 100 m/s at 1e12 A/m², for 0.4 ns at 0.2e12 A/m²
    assert float(trace["wall_bottom"][-1] - trace["wall_bottom"][0]) == pytest.approx(
        8e-9, abs=2e-9
    )


def test_a_job_on_a_cluster_reads_its_own_class(heated, tmp_path):
    """There, Snakemake calls nothing before the job."""
    campaign = heated.copied(tmp_path / "campaign")
    campaign.snakemake("results/initial/neuron.nc")
    options = ("--mode", "remote", "--no-hooks", "--nolock", "--allowed-rules", "run")
    campaign.snakemake(*options, "--", TRACE, cores=4)
    trace = files.read_dataset(campaign.folder / TRACE, "run")
    assert trace.attrs["threads"] == "3"


SHAPED = {"waveform": [[0.0, 0.0], [0.2e-9, 1.0]]}
PULSE = TINY["devices"]["neuron"]["pulse"]
COLD = {"track": TINY["devices"]["neuron"]["track"], "temperature": None}
NOTCHES = {"count": 1, "diameter": 8e-9}
CASES = {
    "temperature": (COLD | {"temperature": WARM}, "temperature", "film or oommf"),
    "heating": (COLD | {"temperature": WARM | {"heating": "pulse"}}, None, "film"),
    "waveforms": (COLD | {"pulse": PULSE | SHAPED}, "waveform", "film or oommf"),
    "frozen_spins": (
        COLD | {"track": COLD["track"] | {"fixed_ends": 8e-9}},
        "track.fixed_ends",
        "film or oommf",
    ),
    "varying_parameters": (
        COLD | {"regions": [{"start": 0.0, "stop": 60e-9, "damping": 0.3}]},
        "regions (or parameters_file, edge_damage, disorder.grains)",
        "film or oommf",
    ),
    "varying_dmi": (
        COLD | {"regions": [{"start": 0.0, "stop": 60e-9, "dmi_constant": 0.9e-3}]},
        "regions (or parameters_file) with dmi_constant",
        "film or oommf",
    ),
    "varying_thickness": (
        COLD | {"regions": [{"start": 0.0, "stop": 60e-9, "thickness": 2.1e-9}]},
        "regions (or parameters_file) with thickness, or disorder.grains with thickness or with "
        "boundary_exchange below 1",
        "film",
    ),
    "partial_cells": (
        COLD | {"track": COLD["track"] | {"notches": NOTCHES}},
        "track.edges: smooth",
        "film",
    ),
    "fields": (
        COLD | {"material": {"bias_field": 5e-3}},
        "material.bias_field (or heavy_metal.oersted)",
        "film or oommf",
    ),
    "varying_current": (
        COLD
        | {
            "track": COLD["track"] | {"notches": NOTCHES, "edges": "stairs"},
            "heavy_metal": {"cut": True},
        },
        "heavy_metal.cut",
        "film",
    ),
}
"""Changes of a device that need each capability alone, and the key and the fix of its refusal."""

FIXES = {"partial_cells": "set track.edges: stairs"}
"""Fixes of keys that are not simply left out."""


def refused(job):
    """Return the sentence with which a job is refused before a run."""
    with pytest.raises(SimulationError) as caught:
        registry.check_called([job.to_json()])
    return str(caught.value)


@pytest.mark.parametrize("what", CASES)
def test_what_a_class_does_not_declare_is_refused_before_the_first_job(write, what):
    changes, key, able = CASES[what]
    others = "".join(f"    {name} = {name != what}\n" for name in CASES)
    write(f"{others}\n")
    job = pulse_job(device(**changes), 0.2e12)
    assert refused(job) == (
        f"{key or 'temperature.heating: pulse'} is not simulated by the calculator {oven.NAME}; "
        f"{FIXES.get(what, 'leave it out')}, set {what} = True in its class if it does so, or set "
        f"calculator: {able}"
    )
    with pytest.raises(SimulationError, match="is not simulated by the calculator oven"):
        simulate.simulate(job)
    write(others.replace("False", "True") + "\n")
    registry.check_called([job.to_json()])


def test_a_campaign_that_is_refused_computes_nothing(heated, tmp_path):
    campaign = heated.copied(tmp_path / "campaign")
    oven.write(campaign.folder, "    temperature = True\n\n")
    assert campaign.planned(TRACE) == {"initial": 1, "run": 1}
    done = campaign.snakemake(TRACE, check=False)
    said = done.stdout + done.stderr
    assert done.returncode
    assert "Traceback" not in said
    words = f"track.fixed_ends is not simulated by the calculator {oven.NAME}; leave it out, set"
    assert [words in line for line in said.splitlines()].count(True) == 1
    assert not list(campaign.folder.glob("results/*/*.nc"))


def test_its_speed_and_needs_are_known_once_it_is_read(write):
    write()
    job = pulse_job(device(), 0.2e12)
    train = pulse_train_job(device(), [ProgramPulse(current_density=1e11, duration=1e-9)] * 5)
    block = Block.of([train.plain()] * 8)
    assert (job.processor_time, job.threads, job.memory, job.runtime) == (None, 1, 904, 15)
    registry.class_of(oven.NAME)
    ours = pulse_job(device("film"), 0.2e12)
    assert job.processor_time == pytest.approx(7 * ours.processor_time, rel=1e-12, abs=0)
    assert (job.threads, job.memory, job.runtime) == (3, 1238, 34)
    # a run takes 4 MB for each step, and the time of at most 16
    assert (train.memory, train.runtime) == (1234 + 4 * 5, 5 * 34)
    assert (block.memory, block.runtime) == (1234 + 4 * 40, 16 * 34)


@pytest.mark.parametrize(
    ("declaration", "words"),
    [
        ("threads = 0", ".threads is 0: "),
        ("threads = '3'", ".threads is '3': "),
        ("waveforms = 'yes'", ".waveforms is 'yes': "),
        ("memory = {'trace': 9}", ".memory is a block; write one number, such as memory = 900"),
        ("runtime = 0", ".runtime is 0: "),
        ("relative_time = -1.0", ".relative_time is -1.0: "),
    ],
)
def test_a_declaration_that_is_not_valid_is_one_sentence(write, declaration, words):
    write(f"    {declaration}\n\n")
    with pytest.raises(config.ConfigError) as caught:
        registry.check_settings([(oven.NAME, {"velocity": 1.0})])
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"config.yaml: calculator {oven.NAME}{words}")
    assert "; " in line


def test_a_packaged_one_is_refused_in_the_configuration_by_what_it_declares(monkeypatch):
    device("oommf", **CASES["temperature"][0])
    for what in ("temperature", "frozen_spins"):
        changes, key, _ = CASES[what]
        with monkeypatch.context() as patch:
            patch.setattr(declarations.OommfDeclaration, what, False)
            words = f"{key} is not simulated by the calculator oommf; leave it out, or set calcul"
            with pytest.raises(config.ConfigError, match=f"neuron.{words}ator: film$"):
                device("oommf", **changes)
    notched = CASES["partial_cells"][0]
    with pytest.raises(config.ConfigError) as caught:
        device("oommf", **notched)
    assert str(caught.value).endswith(
        "neuron.track.edges: smooth is not simulated by the calculator oommf; set track.edges: "
        "stairs, or set calculator: film"
    )
    device("oommf", track=notched["track"] | {"edges": "stairs"}, temperature=None)
    assert device("oommf", **COLD).track.edges == "smooth"
