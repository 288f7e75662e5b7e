"""The files of a campaign and those that each job receives; no job runs."""

import pytest
from helpers.small_campaign import ROOT

from wallnet import config, files, plan
from wallnet.config.networks import NO_DEVICE, PAPER_STAGES, STAGES
from wallnet.jobs import device_job


@pytest.fixture(scope="session")
def default():
    """Return the configuration of the repository."""
    return config.load(ROOT / "config.yaml")


def test_paths_of_a_device_follow_from_its_sweep_and_its_notches(tiny):
    tiny["devices"]["synapse"]["pulse"]["current_densities"] = [0.5e12, -1.25e12, 0.0625e12]
    tiny["devices"]["plain"] = {"like": "synapse", "kind": "track"}
    devices = config.parse(tiny).devices
    assert plan.trace_paths("synapse", devices["synapse"]) == [
        "results/traces/synapse/-1.2500.nc",
        "results/traces/synapse/0.0625.nc",
        "results/traces/synapse/0.5000.nc",
    ]
    # the third notch is the right edge
    assert plan.level_paths("synapse", devices["synapse"]) == [
        "results/levels/synapse/1.nc",
        "results/levels/synapse/1-2.nc",
        "results/levels/synapse/2.nc",
    ]
    assert plan.level_paths("plain", devices["plain"]) == []
    assert plan.level_paths("neuron", devices["neuron"]) == []
    assert plan.folder(files.LEVEL, "synapse") == "results/levels/synapse"
    # a job finds them in the folder that it receives
    job = device_job(devices["synapse"])
    assert plan.traces_in("here", job.pulse)[-1] == "here/0.5000.nc"
    assert plan.levels_in("there", job) == {
        "notch 1": "there/1.nc",
        "between 1 and 2": "there/1-2.nc",
        "notch 2": "there/2.nc",
    }


def test_figures_are_one_a_device_and_the_comparison(tiny):
    neuron, synapse = tiny["devices"]["neuron"], tiny["devices"]["synapse"]
    tiny["devices"] = {"n": neuron, "s": synapse, "t": neuron | {"kind": "track"}}
    tiny["figures"] = {"vector_format": "svg"}
    names = plan.figures(config.parse(tiny))
    assert [name for name in names if name.endswith("png")] == [
        "results/figures/devices/n-transfer-curve.png",
        "results/figures/devices/n-magnetization.png",
        "results/figures/devices/s-dynamics.png",
        "results/figures/devices/s-conductance.png",
        "results/figures/devices/t-wall-position.png",
        "results/figures/synapses-compared.png",
    ]
    assert "results/figures/devices/t-wall-position.svg" in names
    tiny["devices"] = {"t": tiny["devices"]["t"]}
    assert len(plan.figures(config.parse(tiny))) == 2


def test_figures_list_each_of_networks_once_in_both_formats(default):
    campaign = default.model_copy(update={"figures": config.Figures(vector_format="svg")})
    found = [path for path in plan.figures(campaign) if "networks/" in path]
    assert len(set(found)) == len(found) == 2 * 2 * (1 + 2 * 2)
    assert "results/figures/networks/fashion-mnist/confusion-synapse-10.png" in found
    assert "results/figures/networks/fashion-mnist/misread.svg" in found
    none = campaign.networks.model_copy(update={"recipes": {}})
    found = plan.figures(campaign.model_copy(update={"networks": none}))
    assert not [path for path in found if "networks/" in path or "accuracy" in path]


def test_examples_are_of_the_first_recipe_mapping_and_seed(default):
    networks = default.networks.model_copy(update={"seeds": (4, 1)})
    found = plan.example_metrics(networks, PAPER_STAGES, "mnist", "synapse-5")
    assert len(found) == 5  # the free network once, two stages in each reading
    common = {"dataset": "mnist", "mapping": "layer", "recipe": "plain", "seed": "4"}
    assert found[0] == files.METRICS.format(
        **common | dict.fromkeys(("device", "reading", "mapping"), NO_DEVICE) | {"stage": "fp32"}
    )
    for reading, paths in (("parallel", found[1:3]), ("series", found[3:])):
        for stage, path in zip(("quantized", "fine_tuned"), paths, strict=True):
            run = common | {"device": "synapse-5", "reading": reading, "stage": stage}
            assert path == files.METRICS.format(**run)
    assert len(plan.example_metrics(networks, STAGES, "mnist", "synapse-5")) == 9
    assert plan.example_metrics(networks, STAGES[:1], "mnist") == found[:1]
    curves = plan.training_curve_metrics(networks)
    assert len(curves) == 4  # two data sets, two recipes
    assert all("fp32" in path for path in curves)
    runs = [run for run in networks.runs() if files.METRICS.format(**run) in curves]
    assert {run["seed"] for run in runs} == {"4"}


def test_networks_are_found_in_the_folder_that_is_given(default):
    run_set = default.networks.run_set()
    planned = plan.network_paths(files.CHECKPOINT, run_set)
    assert planned == [files.CHECKPOINT.format(**run) for run in run_set.runs()]
    there = plan.network_paths(files.CHECKPOINT, run_set, "/there")
    assert there == [path.replace("results/networks", "/there") for path in planned]
