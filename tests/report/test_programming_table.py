"""What it costs to write networks, counted by hand for a dozen synapses."""

import copy
import csv
import json
from pathlib import Path

import numpy as np
import pytest
from helpers.layers import bilayer
from helpers.once import once
from helpers.programs import RESPONSE
from helpers.small_campaign import MATERIAL, with_networks
from helpers.synthetic import filled, one_sentence

from wallnet import cli, config, files, plan
from wallnet.config.devices import StaticMaterial
from wallnet.config.heavy_metal import Heating, HeatMedia, HeavyMetal
from wallnet.config.stages import Network
from wallnet.devices.write_energy import write_energy_of
from wallnet.jobs.bilayer import Heat
from wallnet.jobs.film import check
from wallnet.jobs.report import ProgrammingEnergyJob, WriteEnergyJob, programming_energy_job
from wallnet.page import programming
from wallnet.plan.listing import network_files
from wallnet.plan.shown import programming_sources

NAN = np.nan
USABLE = np.array([40e-6, 46e-6, 55e-6, 70e-6])
SERIES = np.array([1e-6, 2e-6, 4e-6, 5e-6])
DENSITIES = [0.0, 1.0e12, -1.5e12, np.nan]
"""Smallest current density that reaches each level; none reaches the last."""

SWEPT = [-1.5e12, 0.0, 1.0e12, 1.2e12]
"""Current densities of the sweep."""

NEW = [[0, 3], [2, 1], [1, 0], [2, 0], [0, 2], [1, 3]]
OLD = [[0, 1], [3, 1], [0, 2], [2, 0], [0, 0], [1, 0]]
"""Levels of both synapses of six weights."""

METAL = HeavyMetal(resistivity=1e-6, thickness=5e-9)
ENERGY = WriteEnergyJob(
    length=300e-9,
    width=100e-9,
    thickness=2e-9,
    film=StaticMaterial(
        **{key: MATERIAL[key] for key in StaticMaterial.model_fields.keys() & MATERIAL}
    ),
    heat=Heat(bilayer=bilayer(METAL), media=HeatMedia(), curie_temperature=1000.0),
    # between the rises of the pulses of 1.0 and 1.5e12 A/m²
    largest_rise=190.0,
    temperature={"ambient": 300.0},
)
STEEPER = ENERGY.model_copy(update={"width": 50e-9})


def energy(density, duration, width=100e-9):
    """ρ J² times volume and time."""
    return 1e-6 * density**2 * 300e-9 * width * 5e-9 * duration


@once
def written():
    """Write a synapse of five states, a pulse train and networks of two seeds."""
    states = ["initial", "notch 1", "between 1 and 2", "notch 2", "reversed"]
    data = filled(
        "synapse",
        level=np.arange(5),
        level_state=states,
        level_resting_state=[*states[:2], "notch 2", *states[3:]],
        level_source=["x"] * 5,
        level_conductance=[[40e-6, 46e-6, 50e-6, 55e-6, 70e-6], [1e-6, 2e-6, 3e-6, 4e-6, 5e-6]],
        half=[0, 0, 1, 0, 0],
        stable=[1, 1, 0, 1, 1],
        reachable=[1, 1, 0, 1, 0],
        reaching_current_density=[*DENSITIES[:2], 1.2e12, *DENSITIES[2:]],
        state=["expelled", "initial", "notch 1", "between 1 and 2"],
        current_density=SWEPT,
        **write_energy_of(ENERGY, SWEPT, 4e-9),
        time=[0.0, 1e-9],
    )
    settings = {
        "pulse": {"duration": 4e-9},
        "track": {"length": ENERGY.length, "width": ENERGY.width},
        "material": {
            "polarization": 0.4,
            "curie_temperature": 1000.0,
        },
        "heavy_metal": METAL.model_dump(),
        "heating": Heating(largest_rise=190.0).model_dump(),
    }
    about = {"parameters": json.dumps({"settings": settings}), "simulation_temperature": "5 K"}
    files.write_dataset(data, "devices/synapse.nc", "synapse", about)
    response = {
        **RESPONSE,
        "pulse_current_density": [0, 2e12, 2e12, 2e12, 2e12, -1e12, -1e12, -1e12],
        "pulse_start": np.arange(8) * 10e-9,
        "pulse_duration": [0, *[3e-9] * 4, *[6e-9] * 3],
        "pause_end": np.arange(1, 9) * 10e-9,
        "pulse_state": [
            *("notch 1", "notch 2", "notch 3", "notch 4", "notch 4"),
            *("notch 3", "notch 2", "notch 1"),
        ],
        "pulse_settled": [1] * 8,
        "pulse_conductance": [[4e-5] * 8] * 2,
        "normalized_pulse_conductance": [[0.0] * 8] * 2,
        "branch_first": [1, 5],
        "branch_last": [4, 7],
        "branch_steps": [3, 3],
        "pulse": np.arange(8),
        **{f"pulse_wall_{name}": [1e-7] * 8 for name in ("position", "bottom", "top")},
    }
    # the narrow track of the pulse train is cooler
    about = {
        "about": {"write_energy": STEEPER.plain()},
        "settings": {"pulses": [{"repetitions": 4}, {"repetitions": 3}]},
    }
    about = {"parameters": json.dumps(about), "simulation_temperature": "77 K"}
    train = files.dataset("response", response)
    files.write_dataset(train, "pulse_trains/stairs.nc", "response", about)
    for seed, stage, levels in (
        (3, "quantized", NEW),
        (4, "quantized", OLD),
        (3, "on_levels", OLD),
    ):
        write_network(Path(), levels, seed, stage)


@pytest.fixture
def folder(written, tmp_path):
    """Return the folder of these files, which a test may change."""
    return tmp_path


def write_network(folder, levels, seed=3, stage="quantized", mapping="signed"):
    levels = np.array(levels)
    run = {"dataset": "blots", "device": "synapse", "reading": "parallel", "mapping": mapping}
    run |= {"recipe": "plain", "stage": stage, "seed": str(seed)}
    data = filled(
        "programming",
        usable_conductance=USABLE,
        weight_column=np.arange(len(levels)),
        programmed_level=levels,
        programmed_conductance=np.where(levels < 0, np.nan, USABLE[levels]),
        output_layer=[0],
        layer=["output"],
    )
    path = Network(**run).path(files.PROGRAMMING, folder / "networks")
    files.write_dataset(data, path, "programming", {})


@pytest.fixture
def job():
    data = with_networks()
    data["networks"] |= {"readings": ["parallel"], "mappings": ["signed"], "seeds": [3, 4, 9]}
    del data["networks"]["recipes"]["plain"]["fine_tuned"]
    made = programming_energy_job(config.parse(data, check))
    return made.model_copy(update={"written_by": {"synapse": "stairs"}})


def tabulated(folder, job):
    """Return the rows of the table by stage, way and start."""
    if not (folder / "networks/blots/synapse/parallel/signed/plain/on_levels/seed-4").exists():
        write_network(folder, NEW, 4, "on_levels")
    words = ["show", "page.programming", "--job", job.to_json(), "--sources"]
    words += [f"{name}={folder / name}" for name in ("networks", "devices", "pulse_trains")]
    words += ["--to", *(f"{name}={folder}/table.{name}" for name in ("csv", "markdown", "html"))]
    cli.main(words)
    with open(folder / "table.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["seed"] for row in rows} == {"3"}
    kelvin = {row["written_by"]: row["temperature"] for row in rows}
    assert kelvin == {"single pulses": "5 K", "stairs": "77 K"}
    return {(row["stage"], row["written_by"], row["start"]): row for row in rows}


def numbers(row, *names):
    return [float(row[name]) for name in names]


COUNTS = ("synapses", "changed", "lowered", "not_written", "pulses", "pulses_outside")


def test_a_pulse_from_the_initial_state_writes_each_level_that_one_reaches(folder, job):
    """Levels of the new network: 4 times 0, 3 times 1 and 2, twice 3, which no pulse reaches."""
    row = tabulated(folder, job)["quantized", "single pulses", "reset"]
    # only 1.5e12 A/m² heats too much
    assert numbers(row, *COUNTS) == [12, 8, 0, 2, 6, 3]
    expected = 3 * energy(1.0e12, 4e-9) + 3 * energy(1.5e12, 4e-9)
    assert float(row["energy"]) == pytest.approx(expected, rel=1e-5, abs=0)
    assert float(row["energy_a_synapse"]) == pytest.approx(expected / 12, rel=1e-5, abs=0)
    assert float(row["pulses_a_synapse"]) == pytest.approx(0.5, rel=1e-5, abs=0)


def test_synapses_that_were_written_by_single_pulses_cannot_be_changed(folder, job):
    """From the old network: 1→3, 3→2, 0→1, 2→0, 0→2 and 0→3; only 0→1 and 0→2 can be written."""
    row = tabulated(folder, job)["quantized", "single pulses", "seed 4"]
    assert numbers(row, *COUNTS) == [12, 6, 2, 4, 2, 1]
    expected = energy(1.0e12, 4e-9) + energy(1.5e12, 4e-9)
    assert float(row["energy"]) == pytest.approx(expected, rel=1e-5, abs=0)


def test_a_pulse_train_needs_a_pulse_for_each_level_on_the_way(folder, job):
    rows = tabulated(folder, job)
    row = rows["quantized", "stairs", "reset"]
    # 3 · 1 + 3 · 2 + 2 · 3 levels up
    assert numbers(row, *COUNTS[:5]) == [12, 8, 0, 0, 15]
    up, down = energy(2e12, 3e-9, 50e-9), energy(1e12, 6e-9, 50e-9)
    assert float(row["energy"]) == pytest.approx(15 * up, rel=1e-5, abs=0)
    row = rows["quantized", "stairs", "seed 4"]
    # up: 1→3, 0→1, 0→2, 0→3; down: 3→2, 2→0
    assert numbers(row, *COUNTS[:5]) == [12, 6, 2, 0, 11]
    assert float(row["energy"]) == pytest.approx(8 * up + 3 * down, rel=1e-5, abs=0)
    # 2e12 A/m² heats too much and 1e12 does not
    assert row["pulses_outside"] == "8"
    back = rows["on_levels", "stairs", "quantized"]
    assert numbers(back, *COUNTS[:5]) == [12, 6, 4, 0, 11]
    assert float(back["energy"]) == pytest.approx(3 * up + 8 * down, rel=1e-5, abs=0)


def test_the_first_pulse_down_starts_from_the_highest_level(folder, job):
    """Down by 3→1, 1→0, 2→0 and 3→0: the first pulse twice, the others three times."""
    densities = [0, 2e12, 2e12, 2e12, 2e12, -1e12, -1.2e12, -1.4e12]
    change(folder / "pulse_trains/stairs.nc", "response", pulse_current_density=densities)
    row = tabulated(folder, job)["on_levels", "stairs", "quantized"]
    down = [energy(density, 6e-9, 50e-9) for density in (1e12, 1.2e12, 1.4e12)]
    expected = 3 * energy(2e12, 3e-9, 50e-9) + 2 * down[0] + 3 * down[1] + 3 * down[2]
    assert float(row["energy"]) == pytest.approx(expected, rel=1e-5, abs=0)


@pytest.mark.parametrize(
    ("reading", "usable", "pulses"),
    [
        # the lowest level is the initial state, from which pulses start
        ("parallel", USABLE, [[0, 1, 1, NAN]] * 2 + [[NAN, 0, NAN, NAN], [NAN, NAN, 0, NAN]]),
        ("series", SERIES, [[0, 1, 1, NAN]] * 2 + [[NAN, 0, NAN, NAN], [NAN, NAN, 0, NAN]]),
        # the initial state is no level
        ("parallel", USABLE[1:], [[1, 1, NAN], [0, NAN, NAN], [NAN, 0, NAN]]),
    ],
)
def test_single_pulses_start_from_the_initial_state_alone(folder, reading, usable, pulses):
    path = folder / "devices/synapse.nc"
    costs, _ = programming.by_single_pulses(path, "synapse", usable, reading)
    last = [NAN] * (len(usable) - 1) + [0]
    np.testing.assert_array_equal(costs[0], [*pulses, last])


def test_a_mapping_with_one_synapse_a_weight_counts_only_that(folder, job):
    for seed, levels in ((3, NEW), (4, OLD)):
        for stage in ("quantized", "on_levels"):
            write_network(folder, [[first, -1] for first, _ in levels], seed, stage)
    row = tabulated(folder, job)["quantized", "stairs", "seed 4"]
    # 3→2, 0→1
    assert numbers(row, *COUNTS[:5]) == [6, 2, 1, 0, 2]


def change(path, kind, **values):
    data = files.read_dataset(path, kind)
    for name, array in values.items():
        data[name] = data[name].copy(data=array)
    files.write_dataset(data, path, kind, {})


@pytest.mark.parametrize(
    "values",
    [
        {"branch_steps": [2, 2]},  # one level too few
        {"branch_steps": [3, 2]},  # not all the way down
        {"pulse_current_density": [0, -2e12, -2e12, -2e12, -2e12, 1e12, 1e12, 1e12]},
        # a pulse that does not move the wall
        {"pulse_state": ["notch 1", "notch 1", *["notch 3", "notch 4"] * 3]},
        {"branch_first": [2, 5]},
    ],
)
def test_a_train_that_moves_by_more_than_one_level_is_refused(folder, job, values):
    change(folder / "pulse_trains/stairs.nc", "response", **values)
    with pytest.raises(SystemExit) as caught:
        tabulated(folder, job)
    one_sentence(caught, "stairs.nc", "networks.written_by", "through 4 levels")


# the job and the plan


def campaign(**networks):
    data = copy.deepcopy(with_networks())
    data["networks"] |= networks
    data["pulse_trains"] = {
        "stairs": {
            "device": "neuron",
            "pulses": [{"current_density": 1e12, "duration": 1e-9, "pause": 0}],
        }
    }
    return plan.parse(data)


def test_the_job_has_two_seeds_and_the_stages_on_levels():
    job = programming_energy_job(campaign(seeds=[7, 5, 6], written_by={"synapse": "stairs"}))
    assert job.run_set.seeds == (7, 5)
    assert set(job.run_set.stages["plain"]) == {"quantized", "fine_tuned_snapped", "on_levels"}
    assert ProgrammingEnergyJob.from_json(job.to_json()) == job


def test_the_table_belongs_to_campaigns_with_networks_on_simulated_synapses():
    paths = {f"results/tables/programming{suffix}" for suffix in (".csv", ".md", ".html")}
    assert paths <= set(network_files(campaign()))
    sources = programming_sources(campaign(seeds=[3, 4, 5], written_by={"synapse": "stairs"}))
    assert sources["devices"] == ["results/devices/synapse.nc"]
    assert sources["pulse_trains"] == ["results/pulse_trains/stairs.nc"]
    # three stages on levels, two readings, two of three seeds
    assert len(sources["networks"]) == 12
    assert not paths & set(network_files(campaign(synapses=[])))


@pytest.mark.parametrize(
    ("networks", "words"),
    [
        (
            {"written_by": {"synapse": "stair"}},
            r"synapse names 'stair', which is not in pulse_trains \(did you mean stairs\?\)",
        ),
        (
            {"written_by": {"neuron": "stairs"}},
            "networks.written_by names 'neuron', which is no",
        ),
    ],
)
def test_a_wrong_pulse_train_or_synapse_is_named(networks, words):
    with pytest.raises(config.ConfigError, match=words):
        campaign(**networks)


def test_unusable_files_are_named(folder, job):
    def fault():
        with pytest.raises(SystemExit) as caught:
            tabulated(folder, job)
        return caught

    path = next((folder / "networks").rglob("quantized/seed-3/programming.nc"))
    change(path, "programming", programmed_level=np.array(NEW) + 2)
    one_sentence(fault(), "synapses at levels that do not exist")
    change(path, "programming", programmed_level=np.array(NEW))
    device = folder / "devices/synapse.nc"
    conductance = np.array([[40e-6, 46e-6, 50e-6, 56e-6, 70e-6]] * 2)
    change(device, "synapse", level_conductance=conductance)
    one_sentence(fault(), "synapse.nc has other levels than the networks on synapse")
    device.unlink()
    one_sentence(fault(), "synapse.nc is not there")
