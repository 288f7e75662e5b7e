import json

import pytest

from wallnet import jobs
from wallnet.config import ConfigError, parse
from wallnet.config.networks import STAGES
from wallnet.jobs import MappingJob, TrainingJob


def changed(networks, **changes):
    return networks.model_copy(update=changes)


def recipe(networks, part, **changes):
    plain = networks.recipes["plain"]
    trained = getattr(plain, part).model_copy(update=changes)
    return changed(networks, recipes={"plain": plain.model_copy(update={part: trained})})


def free(networks, seed=3):
    return jobs.training_job(networks, "blots", "plain", seed).to_json()


def bound(networks, mapping="layer", seed=3):
    return jobs.mapping_job(
        networks, "blots", "synapse", "series", mapping, "plain", seed
    ).to_json()


def test_jobs_survive_the_command_line(networks):
    job = jobs.mapping_job(networks, "blots", "synapse", "series", "row-extended", "plain", "3")
    assert MappingJob.from_json(job.to_json()) == job
    assert (job.scheme, job.level_set) == ("row", "extended")
    other = jobs.training_job(networks, "blots", "plain", "3")
    assert TrainingJob.from_json(other.to_json()) == other


def test_a_job_has_the_settings_of_its_own_stages(networks):
    plain = networks.recipes["plain"]
    settings = {
        "fp32": plain.fp32.model_copy(update={"epochs": 3, "weight_limit": 2.0}),
        "fine_tuned": plain.fine_tuned.model_copy(update={"epochs": 4}),
        "on_levels": plain.on_levels.model_copy(update={"epochs": 5}),
    }
    different = changed(networks, recipes={"plain": plain.model_copy(update=settings)})
    assert jobs.training_job(different, "blots", "plain", 3).fp32 == settings["fp32"]
    job = jobs.mapping_job(different, "blots", "synapse", "series", "layer", "plain", 3)
    assert job.fine_tuned == settings["fine_tuned"]
    assert job.on_levels == settings["on_levels"]


@pytest.mark.parametrize("text", ["{}", "no json", '{"dataset": 1}', "[1]"])
def test_a_foreign_job_is_one_sentence(text):
    with pytest.raises(ConfigError) as caught:
        TrainingJob.from_json(text)
    assert "\n" not in str(caught.value)
    assert "--job" in str(caught.value)


def test_a_job_is_canonical(networks):
    text = free(networks)
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


def test_levels_do_not_concern_training_with_free_weights(networks):
    more = changed(
        networks, mappings=("layer", "layer-extended"), synapses=("synapse", "other"), seeds=(3, 4)
    )
    assert free(more) == free(networks)
    assert bound(more) == bound(networks)


def test_what_is_trained_later_does_not_concern_what_is_trained_first(networks):
    later = recipe(networks, "fine_tuned", learning_rate=0.1)
    assert free(later) == free(networks)
    assert bound(later) != bound(networks)


@pytest.mark.parametrize(
    "changes",
    [{"hidden_neurons": 5}, {"input_range": 3.0}, {"validation_fraction": 0.3}, {"threads": 2}],
)
def test_what_shapes_a_network_is_in_its_job(networks, changes):
    assert free(changed(networks, **changes)) != free(networks)


def test_where_the_images_lie_is_in_no_job(networks):
    moved = changed(networks, data_folder="elsewhere")
    assert free(moved) == free(networks)
    assert jobs.data_job(moved, "blots") == jobs.data_job(networks, "blots")


def test_all_networks_of_the_default_campaign_are_listed(default_campaign):
    networks = default_campaign.networks
    runs = networks.runs()
    assert len({tuple(sorted(run.items())) for run in runs}) == len(runs)
    free_runs = [run for run in runs if run["stage"] == "fp32"]
    assert len(free_runs) == 2 * 2
    assert {run["device"] for run in free_runs} == {"none"}
    assert len(runs) - len(free_runs) == 2 * 2 * 2 * 2 * (len(STAGES) - 1) * len(networks.mappings)


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


def load(default_campaign, **changes):
    from pathlib import Path

    from wallnet.config import read_yaml

    data = read_yaml(Path(__file__).parents[2] / "config.yaml")
    return parse({**data, "networks": SOUND | changes}).networks


def test_a_small_section_is_enough(default_campaign):
    assert load(default_campaign).recipes["plain"].fp32.learning_rate == 1e-3
    assert load(default_campaign, recipes={}, synapses=[]).runs() == []


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"datasets": ["mnits"]}, ["networks.datasets", "mnits", "did you mean mnist?"]),
        ({"synapses": ["synapse-7"]}, ["networks.synapses", "synapse-7", "did you mean"]),
        ({"synapses": ["track"]}, ["networks.synapses", "kind track", "kind synapse"]),
        ({"neuron": "synapse-5"}, ["networks.neuron", "kind synapse"]),
        ({"mappings": ["layr"]}, ["networks.mappings", "layr", "differential", "-extended"]),
        ({"seeds": [1, 1]}, ["networks.seeds", "twice"]),
        ({"seeds": [-1]}, ["networks.seeds"]),
        ({"readings": ["crosswise"]}, ["networks.readings", "parallel"]),
        ({"validation_fraction": 0.9}, ["networks.validation_fraction", "0.5"]),
        ({"own_datasets": {"mnist": {"folder": "x"}}}, ["networks.own_datasets", "taken"]),
        ({"own_datasets": {"x": {"folder": "../x"}}}, ["networks.own_datasets.x.folder"]),
        ({"own_datasets": {"x": {"folder": "/x"}}}, ["networks.own_datasets.x.folder"]),
        (
            {"own_datasets": {"x": {"folder": "x", "checksums": {"a": "b"}}}},
            ["networks.own_datasets.x.checksums", "SHA-256"],
        ),
        ({"recipes": {"plain": {}}}, ["networks.recipes.plain.fp32 is missing"]),
        ({"recipes": {"none": SOUND["recipes"]["plain"]}}, ["networks.recipes", "none"]),
        ({"hidden": 3}, ["networks.hidden", "did you mean hidden_neurons?"]),
    ],
)
def test_bad_input_names_the_key_and_the_mend(default_campaign, changes, parts):
    with pytest.raises(ConfigError) as caught:
        load(default_campaign, **changes)
    for part in parts:
        assert part in str(caught.value)
