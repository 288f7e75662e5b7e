import itertools

import pytest
from helpers.training import with_recipe

from wallnet import plan
from wallnet.config import ConfigError
from wallnet.config.stages import LEVEL_STAGES
from wallnet.jobs.networks import (
    ContinuingJob,
    MappingJob,
    TrainingJob,
    continuing_job,
    mapping_job,
    training_job,
)


def changed(networks, **changes):
    return networks.model_copy(update=changes)


def free(networks, seed=3):
    return training_job(networks, "blots", "plain", seed).to_json()


def continued(networks, seed=3):
    return continuing_job(networks, "blots", "plain", seed).to_json()


def bound(networks, seed=3):
    return mapping_job(networks, "blots", "synapse", "series", seed).to_json()


def test_jobs_survive_the_command_line(networks):
    """One job has every recipe with every mapping."""
    plain = networks.recipes["plain"]
    several = changed(
        networks,
        recipes={"plain": plain, "other": plain},
        mappings=("row-extended", "signed-2.5sd"),
    )
    job = mapping_job(several, "blots", "synapse", "series", "3")
    assert MappingJob.from_json(job.to_json()) == job
    pairs = [(one.recipe, one.mapping) for one in job.networks]
    assert pairs == list(itertools.product(("plain", "other"), several.mappings))
    assert {(one.device, one.reading, one.seed) for one in job.networks} == {
        ("synapse", "series", 3)
    }
    other = training_job(networks, "blots", "plain", "3")
    assert TrainingJob.from_json(other.to_json()) == other
    further = continuing_job(networks, "blots", "plain", "3")
    assert ContinuingJob.from_json(further.to_json()) == further


def test_a_job_has_the_settings_of_its_own_stages(networks):
    different = with_recipe(
        networks,
        fp32={"epochs": 3, "weight_limit": 2.0},
        fine_tuned={"epochs": 4},
        on_levels={"epochs": 5},
    )
    settings = different.recipes["plain"]
    assert training_job(different, "blots", "plain", 3).fp32 == settings.fp32
    (job,) = mapping_job(different, "blots", "synapse", "series", 3).networks
    assert job.fine_tuned == settings.fine_tuned
    assert job.on_levels == settings.on_levels


def test_continued_training_is_that_on_the_levels_within_the_first_limit(networks):
    training = {
        "epochs": 7,
        "batch_size": 5,
        "learning_rate": 0.02,
        "schedule": "cosine",
        "dropout": 0.25,
        "shift": {"blots": 2},
    }
    different = with_recipe(
        networks, fp32={"weight_limit": 2.5}, on_levels=training | {"mappings": ("layer",)}
    )
    job = continuing_job(different, "blots", "plain", 3)
    assert job.continued.model_dump() == training | {"weight_limit": 2.5}
    assert continuing_job(networks, "blots", "plain", 3).continued.weight_limit is None
    # fine-tuning does not concern it
    tuned = with_recipe(different, fine_tuned={"epochs": 9})
    assert continued(tuned) == continued(different)
    assert "fine_tuned" not in job.to_json()


def test_a_job_computes_the_stages_that_its_recipe_has(networks):
    every = tuple(LEVEL_STAGES)
    (job,) = mapping_job(networks, "blots", "synapse", "series", 3).networks
    assert job.stages == every
    without = with_recipe(networks, fine_tuned=None)
    (job,) = mapping_job(without, "blots", "synapse", "series", 3).networks
    assert job.stages == ("quantized", "compensated", "on_levels")
    assert job.fine_tuned is None
    two = changed(
        with_recipe(networks, on_levels={"mappings": ("signed-3sd",)}),
        mappings=("layer", "signed-3sd"),
    )
    level_jobs = mapping_job(two, "blots", "synapse", "series", 3).networks
    assert {one.mapping: one.stages for one in level_jobs} == {
        "layer": every[:4],
        "signed-3sd": every,
    }
    # nor does a job hold the settings of a stage that it does not compute
    assert [one.on_levels is None for one in level_jobs] == [True, False]
    assert "mappings" not in level_jobs[1].plain()["on_levels"]


def test_a_shift_of_other_images_is_in_no_job(networks):
    """Images of another data set can be added or shifted without training these again."""
    parts = ("fp32", "fine_tuned", "on_levels")
    shifted = with_recipe(
        networks,
        **{part: {"shift": {"blots": 1, "mnist": 2}} for part in parts},
    )
    other = with_recipe(shifted, **{part: {"shift": {"blots": 1, "mnist": 3}} for part in parts})
    for job in (free, continued, bound):
        assert "mnist" not in job(shifted)
        assert '"shift":{"blots":1}' in job(shifted)
        assert job(other) == job(shifted)
        assert job(networks) != job(shifted)


@pytest.mark.parametrize(
    "changes",
    [{"hidden_neurons": 5}, {"input_range": 3.0}, {"validation_fraction": 0.3}, {"threads": 2}],
)
def test_what_shapes_a_network_is_in_its_job(networks, changes):
    assert free(changed(networks, **changes)) != free(networks)


def test_all_networks_of_the_default_campaign_are_listed(default_campaign):
    networks = default_campaign.networks
    runs = networks.runs()
    assert len({tuple(sorted(run.items())) for run in runs}) == len(runs)
    free_runs = [run for run in runs if run["stage"] in ("fp32", "continued")]
    assert {run["device"] for run in free_runs} == {"none"}
    count = 2 * len(networks.seeds)  # data sets and seeds
    first, on_a_synapse = 0, 0
    for recipe in networks.recipes.values():
        first += 1 if recipe.on_levels is None else 2
        on_a_synapse += len(networks.mappings)  # quantised
        if recipe.fine_tuned:
            on_a_synapse += 2 * len(recipe.fine_tuned.mappings or networks.mappings)
        if recipe.compensated:
            on_a_synapse += len(recipe.compensated.mappings or networks.mappings)
        if recipe.on_levels:
            on_a_synapse += len(recipe.on_levels.mappings or networks.mappings)
    assert len(free_runs) == count * first
    assert len(runs) - len(free_runs) == count * 2 * 2 * on_a_synapse  # synapses and readings


SOUND = {
    "synapses": ["synapse-5"],
    "recipes": {
        "plain": {
            "fp32": {"epochs": 1, "learning_rate": "1e-3"},
            "fine_tuned": {"epochs": 1, "learning_rate": 1e-3},
            "on_levels": {"epochs": 1, "learning_rate": 1e-3},
        }
    },
}


def part_of_recipe(part, **changes):
    """Return a recipe with changes of one of its trainings."""
    plain = SOUND["recipes"]["plain"]
    return {"recipes": {"plain": {**plain, part: {**plain[part], **changes}}}}


def load(default_campaign, **changes):
    from pathlib import Path

    from wallnet.config.reading import read_yaml

    data = read_yaml(Path(__file__).parents[2] / "config.yaml")
    return plan.parse({**data, "networks": SOUND | changes}).networks


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"datasets": ["mnits"]}, ["networks.datasets", "mnits", "did you mean mnist?"]),
        ({"synapses": ["track"]}, ["networks.synapses", "'track'", "not a synapse or"]),
        ({"neuron": "synapse-5"}, ["networks.neuron", "'synapse-5'", "not a neuron or"]),
        ({"mappings": ["layr"]}, ["networks.mappings", "layr", "differential", "-extended"]),
        ({"seeds": [1, 1]}, ["networks.seeds", "twice"]),
        ({"validation_fraction": 0.9}, ["networks.validation_fraction", "0.5"]),
        ({"own_datasets": {"mnist": {"folder": "x"}}}, ["networks.own_datasets", "taken"]),
        ({"own_datasets": {"x": {"folder": "../x"}}}, ["networks.own_datasets.x.folder"]),
        (
            {"own_datasets": {"x": {"folder": "x", "checksums": {"a": "b"}}}},
            ["networks.own_datasets.x.checksums.a", "train-images-idx3-ubyte"],
        ),
        ({"recipes": {"plain": {}}}, ["networks.recipes.plain.fp32 is missing"]),
        (
            part_of_recipe("on_levels", mappings=["row"]),
            ["networks.recipes.plain.on_levels.mappings", "'row'", "in networks.mappings"],
        ),
        (
            part_of_recipe("fp32", shift={"mnits": 1}),
            ["networks.recipes.plain.fp32.shift", "mnits", "did you mean mnist?"],
        ),
        (part_of_recipe("fp32", dropout=1.0), ["networks.recipes.plain.fp32.dropout", "0.9"]),
        (
            {"recipes": {"plain": {**SOUND["recipes"]["plain"], "model": "dens"}}},
            [
                "networks.recipes.plain.model",
                "dens",
                "dense-centred, convolutional, or write module:Class",
            ],
        ),
        ({"recipes": {"none": SOUND["recipes"]["plain"]}}, ["networks.recipes", "none"]),
    ],
)
def test_bad_input_names_the_key_and_the_mend(default_campaign, changes, parts):
    with pytest.raises(ConfigError) as caught:
        load(default_campaign, **changes)
    for part in parts:
        assert part in str(caught.value)
