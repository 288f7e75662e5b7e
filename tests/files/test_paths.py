"""The files of a campaign and those that each job receives; no job runs."""

import itertools
import json

import pytest
from helpers.small_campaign import ROOT

from wallnet import config, files, plan
from wallnet.config.networks import Networks
from wallnet.config.stages import NO_DEVICE
from wallnet.jobs.film import check
from wallnet.plan.commands import not_asked_for
from wallnet.plan.listing import mapped_paths, network_files
from wallnet.plan.requests import of_study
from wallnet.plan.shown import FIGURES, figures


@pytest.fixture(scope="session")
def default():
    """Return the configuration of the repository."""
    return plan.load(ROOT / "config.yaml")


def test_paths_of_a_device_follow_from_its_sweep_and_its_notches(tiny):
    tiny["devices"]["synapse"]["pulse"]["current_densities"] = [0.5e12, -1.25e12, 0.0625e12]
    tiny["devices"]["plain"] = {"like": "synapse", "kind": "track"}
    assert list(of_study("devices", plan.parse(tiny)))[6:] == [
        "results/initial/synapse.nc",
        "results/traces/synapse/-1.2500.nc",
        "results/traces/synapse/0.0625.nc",
        "results/traces/synapse/0.5000.nc",
        # the third notch is the right edge
        "results/levels/synapse/1.nc",
        "results/levels/synapse/1-2.nc",
        "results/levels/synapse/2.nc",
        "results/minima/synapse.nc",
        "results/initial/plain.nc",
        "results/traces/plain/-1.2500.nc",
        "results/traces/plain/0.0625.nc",
        "results/traces/plain/0.5000.nc",
        "results/minima/plain.nc",
    ]


def test_figures_are_one_a_device_and_the_comparison(tiny):
    neuron, synapse = tiny["devices"]["neuron"], tiny["devices"]["synapse"]
    tiny["devices"] = {"n": neuron, "s": synapse, "t": neuron | {"kind": "track"}}
    tiny["figures"] = {"vector_format": "svg"}
    alone = figures(config.parse(tiny, check))
    tiny["devices"]["wide"] = {"like": "s", "track": {"width": 80e-9}}
    names = figures(config.parse(tiny, check))
    expected = [
        "results/figures/devices/n-transfer-curve.png",
        "results/figures/devices/n-magnetization.png",
        "results/figures/devices/s-dynamics.png",
        "results/figures/devices/s-conductance.png",
        "results/figures/devices/s-write-energy.png",
        "results/figures/devices/t-wall-position.png",
        "results/figures/synapses-compared.png",
    ]
    # others, of a further row of the registry, do not matter
    assert [name for name in names if name in expected] == expected
    assert "results/figures/devices/t-wall-position.svg" in names
    # one synapse is compared with nothing
    assert [name for name in alone if name in expected] == expected[:-1]
    tiny["devices"] = {"t": tiny["devices"]["t"]}
    assert len(figures(config.parse(tiny, check))) == 2


def test_options_of_figures_are_those_of_their_own_device(tiny):
    tiny["devices"]["wide"] = {
        "like": "synapse",
        "track": {"width": 80e-9},
        "shown": [1.5e12, 0.5e12],
    }
    table = {"wide": 10, "synapse": 5}
    tiny["networks"] |= {"synapses": [*table], "table_ii": table}
    campaign = config.parse(tiny, check)
    figure = FIGURES["dynamics"]
    assert figure.arguments(campaign, device="wide")[-3:] == [
        *("--sources", "synapse=results/devices/wide.nc", "traces=results/traces/wide")
    ]
    options = json.loads(figure.job(campaign, device="wide"))
    assert options == {"figure": "dynamics", "shown": [1.5e12, 0.5e12], "paper": []}
    options = json.loads(figure.job(campaign, device="synapse"))
    assert options == {"figure": "dynamics", "shown": [], "paper": []}
    options = json.loads(FIGURES["accuracy"].job(campaign))
    assert options == {"figure": "accuracy", "shown": [], "paper": [5, 10]}


def test_figures_list_each_of_networks_once_in_both_formats(default):
    campaign = default.model_copy(update={"figures": config.Figures(vector_format="svg")})
    paths = [path for path in figures(campaign) if "networks/" in path]
    assert len(set(paths)) == len(paths) == 2 * 2 * (1 + 2 * 2)
    assert "results/figures/networks/fashion-mnist/confusion-synapse-10.png" in paths
    assert "results/figures/networks/fashion-mnist/misread.svg" in paths
    none = campaign.networks.model_copy(update={"recipes": {}})
    paths = figures(campaign.model_copy(update={"networks": none}))
    assert not [path for path in paths if "networks/" in path or "accuracy" in path]


TRAINING = {"epochs": 1, "learning_rate": 1e-3}


@pytest.fixture
def two_recipes():
    """Return networks of two recipes: as in the paper, and trained on levels with one mapping."""
    return Networks(
        synapses=["synapse-10", "synapse-5"],
        mappings=["layer", "signed-fitted", "signed-row-fitted"],
        seeds=[4, 1],
        recipes={
            "plain": {"fp32": TRAINING, "fine_tuned": TRAINING | {"mappings": ["layer"]}},
            "tuned": {"fp32": TRAINING, "on_levels": TRAINING | {"mappings": ["signed-fitted"]}},
        },
    )


FREE = dict.fromkeys(("device", "reading", "mapping"), NO_DEVICE)


def test_examples_are_of_the_first_recipe_mapping_and_seed(default, two_recipes):
    """The mapping is the one with the most stages, the first of equal ones."""
    campaign = default.model_copy(update={"networks": two_recipes})
    place = {"dataset": "mnist", "device": "synapse-5"}
    paths = FIGURES["confusion"].sources(campaign, **place)["metrics"]
    assert len(paths) == 5  # the free network once, two stages in each reading
    common = {"dataset": "mnist", "mapping": "layer", "recipe": "plain", "seed": "4"}
    assert paths[0] == files.METRICS.format(**common | FREE | {"stage": "fp32"})
    for reading, both in (("parallel", paths[1:3]), ("series", paths[3:])):
        for stage, path in zip(("quantized", "fine_tuned"), both, strict=True):
            run = common | {"device": "synapse-5", "reading": reading, "stage": stage}
            assert path == files.METRICS.format(**run)
    assert FIGURES["misread"].sources(campaign, dataset="mnist")["metrics"] == paths[:1]
    curves = FIGURES["training-curves"].sources(campaign)["metrics"]
    assert len(curves) == 4  # two data sets, two recipes
    assert all("fp32" in path for path in curves)
    runs = [run for run in two_recipes.runs() if files.METRICS.format(**run) in curves]
    assert {run["seed"] for run in runs} == {"4"}


def test_examples_of_all_recipes_have_the_mapping_of_their_own(default, two_recipes):
    campaign = default.model_copy(update={"networks": two_recipes})
    place = {"dataset": "mnist", "device": "synapse-5"}
    paths = FIGURES["weights"].sources(campaign, **place)["metrics"]
    runs = [run for run in two_recipes.runs() if files.METRICS.format(**run) in paths]
    assert len(runs) == len(paths)
    assert {(run["dataset"], run["seed"]) for run in runs} == {("mnist", "4")}
    shown = [(run["recipe"], run["mapping"], run["reading"], run["stage"]) for run in runs]
    assert shown == [
        ("plain", "none", "none", "fp32"),
        *(
            ("plain", "layer", reading, stage)
            for reading in ("parallel", "series")
            for stage in ("quantized", "fine_tuned", "fine_tuned_snapped")
        ),
        ("tuned", "none", "none", "fp32"),
        ("tuned", "none", "none", "continued"),
        *(
            ("tuned", "signed-fitted", reading, stage)
            for reading in ("parallel", "series")
            for stage in ("quantized", "on_levels")
        ),
    ]


def test_one_job_maps_the_networks_of_a_synapse_reading_and_seed(two_recipes):
    """Its files are patterns; filled, those of all jobs are the files on levels."""
    for pattern in (files.METRICS, files.CHECKPOINT, files.PROGRAMMING):
        made = mapped_paths(pattern, two_recipes)
        jobs = itertools.product(
            two_recipes.datasets, two_recipes.synapses, two_recipes.readings, two_recipes.seeds
        )
        filled = {
            path.format(dataset=dataset, device=device, reading=reading, seed=seed)
            for dataset, device, reading, seed in jobs
            for path in made
        }
        every = two_recipes.run_set().paths(pattern)
        assert filled == {path for path in every if "/none/" not in path}
        assert len(set(made)) == len(made)
    # plain: 3 quantized, 1 fine_tuned and 1 snapped; tuned: 3 quantized and 1 on_levels
    assert len(mapped_paths(files.METRICS, two_recipes)) == 5 + 4
    # fine_tuned has free weights
    assert len(mapped_paths(files.PROGRAMMING, two_recipes)) == 5 - 1 + 4


def test_log_and_benchmark_of_a_mapping_belong_to_the_campaign(two_recipes, tmp_path):
    """They are named after the job, not after one of its many outputs."""
    campaign = config_of(two_recipes.model_copy(update={"datasets": ("mnist",)}))
    named = "networks/{}/{}/{}/seed-{}"
    kept = [
        named.format("mnist", device, reading, seed)
        for device in ("synapse-10", "synapse-5")
        for reading in ("parallel", "series")
        for seed in (4, 1)
    ]
    gone = [
        named.format("fashion-mnist", "synapse-5", "series", 1),
        named.format("mnist", "synapse-5", "series", 2),
        named.format("mnist", "synapse-7", "series", 1),
    ]
    for name in (*kept, *gone):
        for path in (f"results/logs/{name}.log", f"results/benchmarks/{name}.tsv"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
    listed = not_asked_for(campaign, tmp_path)
    assert listed == sorted(
        path
        for name in gone
        for path in (f"results/logs/{name}.log", f"results/benchmarks/{name}.tsv")
    )


def test_only_networks_on_levels_have_a_programming(two_recipes):
    run_set = two_recipes.run_set()
    planned = run_set.paths(files.PROGRAMMING)
    on_levels = ("quantized", "fine_tuned_snapped", "on_levels")
    assert planned == [
        files.PROGRAMMING.format(**run) for run in run_set.runs() if run["stage"] in on_levels
    ]
    assert set(planned) < set(network_files(config_of(two_recipes)))
    assert all(path.endswith("/programming.nc") for path in planned)


def config_of(networks):
    return plan.load(ROOT / "config.yaml").model_copy(update={"networks": networks})


def test_networks_are_found_in_the_folder_that_is_given(default):
    run_set = default.networks.run_set()
    planned = run_set.paths(files.CHECKPOINT)
    assert planned == [files.CHECKPOINT.format(**run) for run in run_set.runs()]
    there = run_set.paths(files.CHECKPOINT, "/there")
    assert there == [path.replace("results/networks", "/there") for path in planned]
