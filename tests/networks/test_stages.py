import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers.synthetic import HIGHEST, LOWEST, one_sentence, write_neuron
from helpers.training import (
    every_stage,
    free,
    on_levels,
    programming,
    start_from,
    steady,
    trained_on,
    with_recipe,
)

from wallnet import files
from wallnet.config import ConfigError
from wallnet.config.networks import OnLevelsTraining
from wallnet.config.stages import LEVEL_STAGES, STAGES
from wallnet.files import FileError
from wallnet.jobs.networks import mapping_job, training_job
from wallnet.networks import stages, storage
from wallnet.networks.classifier import Classifier
from wallnet.networks.compensation import SCALES

PROGRAMMED = ("quantized", "compensated", "fine_tuned_snapped", "on_levels")
LAYERS = ("hidden", "output")


def model_of(checkpoint):
    return storage.load_network(checkpoint, "dense").model


def test_learned_scales_are_those_of_the_network(results, networks, images, place, tmp_path):
    learned = with_recipe(networks, on_levels={"scales": "learned"})
    outputs = on_levels(learned, images, place, results["fp32"][1], tmp_path)
    scales = {}
    for stage in ("quantized", "compensated", "on_levels"):
        metrics, path = outputs[stage]
        record = files.read_json(metrics)
        for name in LAYERS:
            weight = getattr(model_of(path), name).weight.detach()
            values = torch.tensor(record["weight_values"][name])
            assert (weight[..., None] - values).abs().amin(dim=-1).max() < 1e-7
            scales.setdefault(name, []).append(record["circuits"][name]["scale"][0])
    for quantized, compensated, trained in scales.values():
        tried = [compensated / quantized / scale for scale in SCALES]
        assert min(abs(ratio - 1) for ratio in tried) < 1e-5
        assert abs(trained / compensated - 1) > 1e-3


def test_networks_on_the_levels_have_a_programming_and_others_have_none(results):
    stage_names = [stage for stage, (_, path) in results.items() if programming(path).exists()]
    assert stage_names == list(PROGRAMMED)


def test_the_seed_matters(results, networks, images, place, tmp_path):
    metrics, _ = free(networks, images, place, tmp_path, seed=4)
    assert steady(metrics)["weights"] != results["fp32"][0]["weights"]


@pytest.mark.parametrize("mapping", ["row-extended", "differential"])
def test_other_mappings_go_the_same_way(results, networks, images, place, tmp_path, mapping):
    written = on_levels(networks, images, place, results["fp32"][1], tmp_path, mapping)
    record = files.read_json(written["on_levels"][0])
    assert record["mapping"] == mapping
    assert record["device_levels"] == 6
    assert len(record["levels"]) == (11 if mapping == "row-extended" else 6)
    assert len(record["circuits"]["hidden"]["scale"]) == (1 if mapping == "differential" else 12)
    assert ("hidden" in record["weight_values"]) == (mapping == "differential")
    if mapping == "differential":  # all differences of six levels
        assert len(record["weight_values"]["hidden"]) == 31


def test_an_unsuitable_neuron_is_refused_unless_allowed(networks, images, tmp_path):
    place = tmp_path / "unsuitable"
    place.mkdir()
    write_neuron(place / "neuron.json", fault="it is not monotonic")
    with pytest.raises(ConfigError, match=r"networks\.neuron is no activation .* not monotonic"):
        free(networks, images, place, tmp_path)
    allowed = networks.model_copy(update={"allow_unsuitable_neuron": True})
    metrics, _ = free(allowed, images, place, tmp_path)
    assert files.read_json(metrics)["stage"] == "fp32"


# Continued training with free weights


def recorded(monkeypatch):
    """Record the start and the callbacks of each training in place of training."""
    trainings = {}

    def train(run, stage, network, *beside, **more):
        trainings[stage] = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        trainings[stage] |= {"settings": dict(network.hparams), "beside": beside}
        return network

    monkeypatch.setattr(stages.Run, "train", train)
    return trainings


def test_continued_starts_from_the_best_weights_of_the_first_training(
    results, networks, images, place, tmp_path, monkeypatch
):
    """It has the settings of the training on the levels."""
    different = with_recipe(
        networks,
        fp32={"dropout": 0.3},
        on_levels={"learning_rate": 0.0125, "schedule": "cosine", "dropout": 0.125},
        fine_tuned={"learning_rate": 0.5},
    )
    trainings = recorded(monkeypatch)
    start = results["fp32"][1]
    trained_on(different, images, start, tmp_path)
    begun = trainings["continued"]
    expected = torch.load(start, weights_only=True)["state_dict"]
    assert len(expected) == 4
    assert all(torch.equal(begun[name], tensor) for name, tensor in expected.items())
    settings = begun["settings"]
    assert (settings["learning_rate"], settings["schedule"]) == (0.0125, "cosine")
    assert settings["shape"] == [8, 8, 4, 12, 0.125]
    assert begun["beside"] == ()


@pytest.mark.parametrize("limit", [None, 0.5])
def test_weights_are_as_large_as_the_limit_of_the_first_training_allows(
    networks, images, place, tmp_path, limit
):
    limited = with_recipe(networks, fp32={"weight_limit": limit})
    _, start = free(limited, images, place, tmp_path)
    _, further = trained_on(limited, images, start, tmp_path)
    for checkpoint in (start, further):
        largest = model_of(checkpoint).hidden.weight.abs().max().item()
        # images of 8 × 8 pixels
        assert (largest == pytest.approx(0.5 / 8, rel=1e-6, abs=0)) == (limit is not None)


def test_a_network_has_the_shape_of_its_images(networks, images, place, tmp_path, monkeypatch):
    """Rows before columns; hidden neurons and dropout are those of the campaign."""
    wide = images._replace(
        training_images=images.training_images[:, :5], test_images=images.test_images[:, :5]
    )
    trainings = recorded(monkeypatch)
    settings = {"dropout": 0.375, "learning_rate": 0.0125, "schedule": "cosine"}
    metrics, _ = free(with_recipe(networks, fp32=settings), wide, place, tmp_path)
    begun = trainings["fp32"]["settings"]
    assert begun["shape"] == [5, 8, 4, 12, 0.375]
    assert (begun["learning_rate"], begun["schedule"]) == (0.0125, "cosine")
    assert files.read_json(metrics)["image_shape"] == [5, 8]


def test_a_job_has_its_own_number_of_threads(networks):
    before = torch.get_num_threads()
    try:
        for threads in (2, 1, 3):
            job = networks.model_copy(update={"threads": threads})
            stages.begin(training_job(job, "blots", "plain", 3))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_no_network_depends_on_the_test_images(results, networks, images, place, tmp_path):
    other = images._replace(
        test_images=255 - images.test_images, test_labels=(images.test_labels + 1) % 4
    )
    for stage, (metrics, path) in every_stage(networks, other, place, tmp_path).items():
        record, expected = results[stage]
        assert files.read_json(metrics)["confusion_matrix"] != record["confusion_matrix"]
        assert path.read_bytes() == expected.read_bytes(), stage


# What a job computes


def untrained(run, stage, network, *beside, **more):
    """Replace a training where none is needed; on the levels, the weights only go to these."""
    if stage == "on_levels":
        (callback,) = beside
        callback.on_fit_start(None, network)
        callback.teardown(None, network, "fit")
    return network


def test_training_on_levels_learns_a_share_from_the_first_network(
    results, networks, images, place, tmp_path, monkeypatch
):
    """The other stages learn from labels alone, and the first network stays as it is."""
    teachers = {}

    def train(run, stage, network, *beside, **more):
        teachers[stage] = network.teacher
        return untrained(run, stage, network, *beside, **more)

    monkeypatch.setattr(stages.Run, "train", train)
    start = results["fp32"][1]
    shared = with_recipe(networks, on_levels={"distillation": 0.375})
    on_levels(shared, images, place, start, tmp_path)
    trained_on(shared, images, start, tmp_path)
    teacher = teachers.pop("on_levels")
    assert teachers == {"fine_tuned": None, "continued": None}
    assert teacher.share == 0.375
    assert not teacher.network.training
    expected = torch.load(start, weights_only=True)["state_dict"]
    state = teacher.network.state_dict()
    assert len(state) == 4
    assert all(torch.equal(state[name], tensor) for name, tensor in expected.items())
    on_levels(networks, images, place, start, tmp_path)
    assert teachers["on_levels"] is None


def test_the_largest_layer_is_rounded_after_the_others_were_trained(
    results, networks, images, place, tmp_path, monkeypatch
):
    begun = {}
    train = stages.Run.train

    def watched(run, stage, network, *beside, **more):
        if stage != "on_levels":
            return untrained(run, stage, network)
        begun.update({name: tensor.clone() for name, tensor in network.state_dict().items()})
        begun["teacher"] = network.teacher
        trained_network = train(run, stage, network, *beside, **more)
        begun["largest"] = trained_network.model.hidden.weight.detach().clone()
        return trained_network

    monkeypatch.setattr(stages.Run, "train", watched)
    settings = {"largest_layer": "compensated", "distillation": 0.5}
    metrics, path = on_levels(
        with_recipe(networks, on_levels=settings), images, place, results["fp32"][1], tmp_path
    )["on_levels"]
    first, last = model_of(results["fp32"][1]), model_of(path)
    assert torch.equal(begun["model.hidden.weight"], first.hidden.weight)
    assert len(begun["model.output.weight"].unique()) <= 6
    assert torch.equal(begun["teacher"].network.model.output.weight, first.output.weight)
    # trained in FP32, then rounded: each change is at most some distances of levels
    assert len(begun["largest"].unique()) > 600
    assert not torch.equal(begun["largest"], first.hidden.weight)
    record = files.read_json(metrics)
    for name in LAYERS:
        values = torch.tensor(record["weight_values"][name])
        weight = getattr(last, name).weight.detach()
        assert (weight[..., None] - values).abs().amin(dim=-1).max() < 1e-7
    assert programming(path).exists()


def test_every_kind_of_stage_on_levels_is_computed():
    assert {type(STAGES[name]) for name in LEVEL_STAGES} == {*stages.COMPUTATIONS}


def test_no_layer_besides_the_largest_is_refused(results, networks, images, place, tmp_path):
    alone = with_recipe(networks, on_levels={"largest_layer": "compensated"})
    start_from(results["fp32"][1], tmp_path)
    job = mapping_job(
        alone.model_copy(update={"mappings": ("layer",)}), "blots", "synapse", "series", 3
    )
    (run,) = stages.on_levels(job, images, place / "synapse.json", tmp_path)
    del run.networks["fp32"].model.output
    with pytest.raises(ConfigError) as caught:
        run.computed(STAGES["on_levels"])
    one_sentence(caught, "networks.recipes.plain.on_levels.largest_layer", "another one")


def test_the_wall_time_of_a_stage_has_no_other_stages(
    results, networks, images, place, tmp_path, monkeypatch
):
    """The clock goes on by a second whenever it is read: where a stage begins and ends."""
    monkeypatch.setattr(stages.Run, "train", untrained)
    seconds = itertools.count(7.0)
    monkeypatch.setattr(stages, "time", SimpleNamespace(perf_counter=lambda: next(seconds)))
    written = on_levels(networks, images, place, results["fp32"][1], tmp_path)
    durations = {
        stage: files.read_json(metrics)["wall_seconds"] for stage, (metrics, _) in written.items()
    }
    assert durations == dict.fromkeys(LEVEL_STAGES, 1.0)


def test_one_job_computes_every_recipe_and_mapping(
    results, networks, images, place, tmp_path, monkeypatch
):
    """Each recipe starts from its own network; a stage is computed for its own mappings alone."""
    monkeypatch.setattr(stages.Run, "train", untrained)
    plain = networks.recipes["plain"]
    training = plain.on_levels.model_dump()
    other = plain.model_copy(
        update={
            "fine_tuned": None,
            "on_levels": OnLevelsTraining(**training | {"mappings": ("signed-extended",)}),
        }
    )
    both = networks.model_copy(
        update={
            "recipes": {"plain": plain, "other": other},
            "mappings": ("layer", "signed-extended"),
        }
    )
    trained = results["fp32"][1]
    network = storage.load_network(trained, "dense")
    free_place = "blots/none/none/none"
    storage.save_network(network, tmp_path / f"{free_place}/plain/fp32/seed-3/best.ckpt", {})
    with torch.no_grad():
        network.model.hidden.weight.neg_()
        network.model.output.bias += 1.0
    storage.save_network(network, tmp_path / f"{free_place}/other/fp32/seed-3/best.ckpt", {})
    job = mapping_job(both, "blots", "synapse", "parallel", 3)
    stages.put_on_levels(job, images, place / "synapse.json", tmp_path)
    paths = {
        tuple(path.relative_to(tmp_path / "blots/synapse/parallel").parts[:3]): path
        for path in tmp_path.rglob("metrics.json")
    }
    assert set(paths) == {
        *((mapping, "plain", stage) for mapping in both.mappings for stage in LEVEL_STAGES),
        *(
            (mapping, "other", stage)
            for mapping in both.mappings
            for stage in ("quantized", "compensated")
        ),
        ("signed-extended", "other", "on_levels"),
    }
    for (mapping, recipe, stage), path in paths.items():
        record = files.read_json(path)
        assert (record["mapping"], record["recipe"], record["stage"]) == (mapping, recipe, stage)
        assert record["reading"] == "parallel"
        assert len(record["levels"]) == (6 if mapping == "layer" else 11)
        bias = model_of(path.with_name("best.ckpt")).output.bias
        moved = bias - model_of(trained).output.bias
        if stage != "compensated":  # whose biases make up for the mean error
            torch.testing.assert_close(moved, torch.full((4,), float(recipe == "other")))


@pytest.mark.parametrize(
    ("mapping", "reading", "count"),
    [("layer", "parallel", 6), ("layer-extended", "series", 11)],
)
def test_levels_are_those_of_the_reading_and_the_level_set(
    results, networks, images, place, tmp_path, mapping, reading, count, monkeypatch
):
    monkeypatch.setattr(stages.Run, "train", untrained)
    start = results["fp32"][1]
    written = on_levels(networks, images, place, start, tmp_path, mapping, reading)
    switched = np.linspace(0, 1, count)
    expected = switched if reading == "parallel" else switched / (2 - switched)
    record = files.read_json(written["quantized"][0])
    assert record["levels"] == pytest.approx(expected, abs=1e-6)
    siemens = LOWEST + (HIGHEST - LOWEST) * expected
    assert record["conductances"] == pytest.approx(siemens, rel=1e-9, abs=0)
    assert record["reading"] == reading


@pytest.mark.parametrize(
    "changed",
    [
        lambda images: {"training_images": images.training_images[:, :7, :7]},
        lambda images: {"classes": (*images.classes, "another")},
    ],
    ids=["size", "classes"],
)
def test_a_checkpoint_of_other_images_is_refused(
    results, networks, images, place, tmp_path, changed
):
    other = images._replace(**changed(images))
    with pytest.raises(FileError, match="trained on other images") as caught:
        on_levels(networks, other, place, results["fp32"][1], tmp_path)
    one_sentence(caught, "fp32/seed-3/best.ckpt", "blots")
    with pytest.raises(FileError, match="trained on other images"):
        trained_on(networks, other, results["fp32"][1], tmp_path)


def test_the_network_of_every_recipe_is_compared_with_the_images(
    results, networks, images, place, tmp_path
):
    """Only that of the second recipe was trained on other images."""
    plain = networks.recipes["plain"]
    both = networks.model_copy(update={"recipes": {"plain": plain, "other": plain}})
    first = storage.load_network(results["fp32"][1], "dense")
    settings = dict(first.hparams)
    second = Classifier(**settings | {"shape": [4, 16, *settings["shape"][2:]]})
    paths = [
        tmp_path / f"blots/none/none/none/{recipe}/fp32/seed-3/best.ckpt" for recipe in both.recipes
    ]
    for network, path in zip((first, second), paths, strict=True):
        storage.save_network(network, path, {})
    job = mapping_job(both, "blots", "synapse", "series", 3)
    with pytest.raises(FileError) as caught:
        stages.put_on_levels(job, images, place / "synapse.json", tmp_path)
    one_sentence(caught, f"{paths[1]} was trained on other images than blots")
    assert not (tmp_path / "blots/synapse").exists()
