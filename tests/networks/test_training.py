import base64
import copy
import json
import shutil

import numpy as np
import pytest
import torch
from helpers.synthetic import write_neuron

from wallnet import files
from wallnet.config import ConfigError
from wallnet.config.networks import STAGES
from wallnet.files import FileError
from wallnet.jobs import mapping_job, training_job
from wallnet.networks import training
from wallnet.networks.mappings import MAPPINGS
from wallnet.networks.model import Classifier

CHANGING = {"wall_seconds"}
MADE_BY = {
    "parameters",
    "seed",
    "wallnet_version",
    "torch_version",
    "lightning_version",
    "revision",
}


def free(networks, images, place, folder, seed=3):
    outputs = (folder / "fp32.json", folder / "fp32.ckpt")
    job = training_job(networks, "blots", "plain", seed)
    training.train(job, images, place / "neuron.json", outputs)
    return outputs


def on_levels(networks, images, place, start, folder, mapping="layer"):
    job = mapping_job(networks, "blots", "synapse", "series", mapping, "plain", 3)
    outputs = {stage: (folder / f"{stage}.json", folder / f"{stage}.ckpt") for stage in STAGES[1:]}
    training.put_on_levels(job, images, place / "synapse.json", start, outputs)
    return outputs


def steady(path):
    return {k: v for k, v in files.read_json(path).items() if k not in CHANGING}


@pytest.fixture(scope="module")
def results(networks, place, tmp_path_factory):
    """All stages of one network, as (metrics, checkpoint path)."""
    from wallnet.networks import data

    folder = tmp_path_factory.mktemp("stages")
    images = data.load(place / "blots.json", place / "data")
    outputs = {"fp32": free(networks, images, place, folder)}
    outputs |= on_levels(networks, images, place, outputs["fp32"][1], folder)
    return {stage: (files.read_json(m), c) for stage, (m, c) in outputs.items()}


def test_training_learns(results):
    record = results["fp32"][0]
    assert record["test_accuracy"] > 60.0  # chance is 25
    curve = record["training_curve"]
    assert [point["epoch"] for point in curve] == [1, 2]
    assert curve[1]["training_accuracy"] > curve[0]["training_accuracy"]


def test_every_result_says_what_it_is_and_what_made_it(results):
    for stage, (record, checkpoint) in results.items():
        assert record["stage"] == stage
        assert set(record) >= MADE_BY
        assert record["seed"] == 3
        assert record["parameters"]["dataset"] == "blots"
        assert record["device"] == ("none" if stage == "fp32" else "synapse")
        about = torch.load(checkpoint, weights_only=True)["wallnet"]
        assert about.keys() >= MADE_BY
        assert about["stage"] == stage


def test_accuracy_and_confusion_agree(results):
    for record, _ in results.values():
        matrix = np.array(record["confusion_matrix"])
        assert matrix.sum() == record["images"]["test"] == 200
        assert record["test_accuracy"] == pytest.approx(100 * matrix.trace() / 200, rel=1e-6, abs=0)
        assert len(record["misread"]) == min(24, 200 - matrix.trace())
        for entry in record["misread"]:
            assert entry["label"] != entry["predicted"]
            assert matrix[entry["label"], entry["predicted"]] > 0


def test_the_best_epoch_by_validation_is_kept(results):
    for stage in ("fp32", "fine_tuned", "on_levels"):
        record = results[stage][0]
        accuracies = [point["validation_accuracy"] for point in record["training_curve"]]
        assert record["validation_accuracy"] == pytest.approx(max(accuracies), abs=1e-3)
        assert accuracies[record["best_epoch"] - 1] == max(accuracies)


def test_lightning_opens_every_checkpoint(results, images):
    for record, path in results.values():
        network = Classifier.load_from_checkpoint(path)
        pixels = torch.from_numpy(images.test_images.reshape(200, -1).copy()).float() / 255
        with torch.no_grad():
            right = network.eval()(pixels).argmax(dim=1) == torch.tensor(images.test_labels)
        assert 100 * float(right.float().mean()) == pytest.approx(record["test_accuracy"], abs=1e-3)


def test_weights_are_on_the_levels_where_they_should_be(results):
    for stage in ("quantized", "fine_tuned_snapped", "on_levels"):
        record, path = results[stage]
        for name, layer in training.load_network(path).layers.items():
            values = torch.tensor(record["weight_values"][name])
            distance = (layer.weight.detach()[..., None] - values).abs().amin(dim=-1)
            assert distance.max() < 1e-5
            assert record["weights"][name]["different_values"] <= 6


def test_fine_tuned_weights_are_free(results):
    assert results["fine_tuned"][0]["weights"]["hidden"]["different_values"] > 100


def test_quantized_is_the_trained_network_snapped(results):
    trained = training.load_network(results["fp32"][1])
    quantized = training.load_network(results["quantized"][1])
    levels = torch.tensor(results["quantized"][0]["levels"])
    mapping = MAPPINGS["layer"](levels)
    for name, layer in trained.layers.items():
        weight = layer.weight.detach()
        expected = mapping.snap(weight, mapping.fit(weight))
        torch.testing.assert_close(quantized.layers[name].weight.detach(), expected)
        torch.testing.assert_close(quantized.layers[name].bias, layer.bias)


def test_all_stages_share_the_circuits_of_the_trained_network(results):
    first = results["quantized"][0]["circuits"]
    assert all(results[stage][0]["circuits"] == first for stage in STAGES[2:])


def test_two_runs_are_equal(results, networks, images, place, tmp_path):
    again = {"fp32": free(networks, images, place, tmp_path)}
    again |= on_levels(networks, images, place, again["fp32"][1], tmp_path)
    for stage, (metrics, checkpoint) in again.items():
        before = {k: v for k, v in results[stage][0].items() if k not in CHANGING}
        assert steady(metrics) == before
        assert checkpoint.read_bytes() == results[stage][1].read_bytes()


def test_the_seed_matters(results, networks, images, place, tmp_path):
    metrics, _ = free(networks, images, place, tmp_path, seed=4)
    assert steady(metrics)["weights"] != results["fp32"][0]["weights"]


@pytest.mark.parametrize("mapping", ["row-extended", "differential"])
def test_other_mappings_go_the_same_way(results, networks, images, place, tmp_path, mapping):
    outputs = on_levels(networks, images, place, results["fp32"][1], tmp_path, mapping)
    record = files.read_json(outputs["on_levels"][0])
    assert record["mapping"] == mapping
    assert record["device_levels"] == 6
    assert len(record["levels"]) == (11 if mapping == "row-extended" else 6)


def test_test_images_take_no_part_in_training(results, networks, images, place, tmp_path):
    other = images._replace(test_images=255 - images.test_images)
    _, checkpoint = free(networks, other, place, tmp_path)
    assert checkpoint.read_bytes() == results["fp32"][1].read_bytes()


def test_validation_and_training_images_do_not_overlap(images):
    data = training.ImageData(images, 0.2, seed=1)
    chosen = set(data.training_indices.tolist()), set(data.validation_indices.tolist())
    assert chosen[0] & chosen[1] == set()
    assert len(chosen[0] | chosen[1]) == 600
    assert len(chosen[1]) == 120


def test_at_least_one_image_is_held_out(images):
    few = images._replace(
        training_images=images.training_images[:3], training_labels=images.training_labels[:3]
    )
    data = training.ImageData(few, 0.01, seed=1)
    assert (len(data.training_indices), len(data.validation_indices)) == (2, 1)


def test_the_seed_draws_the_split_and_the_order_of_the_batches(images):
    def drawn(seed):
        data = training.ImageData(images, 0.2, seed)
        data.batch_size = 600
        data.setup("fit")
        ((first, _),) = data.train_dataloader()
        return data.validation_indices.tolist(), data.training_indices.tolist(), first

    held_out, _, first = drawn(1)
    again, _, same_first = drawn(1)
    assert held_out == again
    assert torch.equal(first, same_first)
    other, left, other_first = drawn(2)
    assert held_out != other
    # the order is that of the seed among the images of that split
    pixels = torch.from_numpy(images.training_images.reshape(600, -1).copy()).float() / 255
    order = torch.randperm(480, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(other_first, pixels[torch.tensor(left)[order]])


def test_the_validation_accuracy_is_that_of_the_images_held_out(results, images):
    order = torch.randperm(600, generator=torch.Generator().manual_seed(3))
    held_out = order[:60]
    pixels = torch.from_numpy(images.training_images.reshape(600, -1).copy()).float() / 255
    labels = torch.from_numpy(images.training_labels.astype("int64"))
    for record, checkpoint in results.values():
        network = training.load_network(checkpoint)
        with torch.no_grad():
            right = network(pixels[held_out]).argmax(dim=1) == labels[held_out]
        expected = 100 * float(right.float().mean())
        assert record["validation_accuracy"] == pytest.approx(expected, abs=1e-3)
        if "best_epoch" in record:
            best = record["training_curve"][record["best_epoch"] - 1]
            assert best["validation_accuracy"] == pytest.approx(expected, abs=1e-3)


def test_metrics_count_the_images_of_each_part(results):
    for record, _ in results.values():
        assert record["images"] == {"training": 540, "validation": 60, "test": 200}


def test_the_histogram_is_of_each_layers_own_weights(results):
    for record, checkpoint in results.values():
        for name, layer in training.load_network(checkpoint).layers.items():
            weight = layer.weight.detach().numpy()
            found = record["weights"][name]
            assert sum(found["counts"]) == weight.size
            assert found["range"] == pytest.approx([weight.min(), weight.max()], abs=1e-7)
            expected = np.histogram(weight, bins=len(found["counts"]))[0]
            assert found["counts"] == expected.tolist()
            assert found["different_values"] == np.unique(weight).size


def test_misread_images_are_shown_with_label_and_prediction(results, images):
    record, checkpoint = results["quantized"]
    network = training.load_network(checkpoint)
    with torch.no_grad():
        pixels = torch.from_numpy(images.test_images.reshape(200, -1).copy()).float() / 255
        predicted = network(pixels).argmax(dim=1).tolist()
    wrong = [k for k in range(200) if predicted[k] != images.test_labels[k]][:24]
    assert [entry["index"] for entry in record["misread"]] == wrong
    assert wrong
    for entry in record["misread"]:
        index = entry["index"]
        assert entry["label"] == images.test_labels[index]
        assert entry["predicted"] == predicted[index]
        assert base64.b64decode(entry["image"]) == images.test_images[index].tobytes()


def test_a_network_can_be_evaluated_twice(results, images):
    network = training.load_network(results["quantized"][1])
    data = training.ImageData(images, 0.1, seed=3)
    assert training._evaluate(network, data) == training._evaluate(network, data)


def test_batches_go_through_every_image_once_an_epoch():
    images, labels = torch.arange(10).reshape(10, 1).byte(), torch.arange(10)
    batches = training.Batches(images, labels, torch.arange(10), 4, torch.Generator())
    epochs = [torch.cat([label for _, label in batches]).tolist() for _ in range(2)]
    assert len(batches) == 3
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(10))
    assert epochs[0] != epochs[1]


def test_limited_weights_stay_within_their_limit(networks, images, place, tmp_path):
    recipe = networks.recipes["plain"]
    limited = recipe.fp32.model_copy(update={"weight_limit": 0.5})
    narrow = networks.model_copy(
        update={"recipes": {"plain": recipe.model_copy(update={"fp32": limited})}}
    )
    _, checkpoint = free(narrow, images, place, tmp_path)
    for layer in training.load_network(checkpoint).layers.values():
        assert layer.weight.abs().max() <= 0.5 / layer.in_features**0.5 * (1 + 1e-6)


def test_a_diverging_loss_names_the_key(networks, images, place, tmp_path):
    recipe = networks.recipes["plain"]
    wild = networks.model_copy(
        update={
            "recipes": {
                "plain": recipe.model_copy(
                    update={"fp32": recipe.fp32.model_copy(update={"learning_rate": 1e37})}
                )
            }
        }
    )
    with pytest.raises(ConfigError, match=r"networks\.recipes\.plain\.fp32\.learning_rate"):
        free(wild, images, place, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unsuitable_neuron_is_refused_unless_allowed(networks, images, tmp_path):
    place = tmp_path / "unsuitable"
    place.mkdir()
    write_neuron(place / "neuron.json", fault="it is not monotonic")
    with pytest.raises(ConfigError, match=r"networks\.neuron is no activation .* not monotonic"):
        free(networks, images, place, tmp_path)
    allowed = networks.model_copy(update={"allow_unsuitable_neuron": True})
    metrics, _ = free(allowed, images, place, tmp_path)
    assert files.read_json(metrics)["stage"] == "fp32"


@pytest.mark.parametrize(
    ("mapping", "reading", "count"),
    [("layer", "parallel", 6), ("layer", "series", 6), ("layer-extended", "series", 11)],
)
def test_levels_are_those_of_the_reading_and_the_level_set(
    results, networks, images, place, tmp_path, mapping, reading, count, monkeypatch
):
    monkeypatch.setattr(training, "_fit", lambda *given: given)
    monkeypatch.setattr(training.checkpoints.Progress, "remove", lambda self: None)
    job = mapping_job(networks, "blots", "synapse", reading, mapping, "plain", 3)
    outputs = {s: (tmp_path / f"{s}.json", tmp_path / f"{s}.ckpt") for s in STAGES[1:]}
    training.put_on_levels(job, images, place / "synapse.json", results["fp32"][1], outputs)
    switched = np.linspace(0, 1, count)
    expected = switched if reading == "parallel" else switched / (2 - switched)
    record = files.read_json(outputs["quantized"][0])
    assert record["levels"] == pytest.approx(expected, abs=1e-6)
    assert record["reading"] == reading


@pytest.mark.parametrize("scheme", ["layer", "row", "differential"])
def test_every_scheme_maps_in_its_own_way(
    results, networks, images, place, tmp_path, scheme, monkeypatch
):
    """By the number of circuits and by the values that a weight can take."""
    monkeypatch.setattr(training, "_fit", lambda *given: given)
    outputs = on_levels(networks, images, place, results["fp32"][1], tmp_path, scheme)
    record, network = (
        files.read_json(outputs["quantized"][0]),
        training.load_network(outputs["quantized"][1]),
    )
    circuits = record["circuits"]["hidden"]
    assert len(circuits["scale"]) == (12 if scheme == "row" else 1)
    weight = network.hidden.weight.detach()
    if scheme == "row":
        trained = training.load_network(results["fp32"][1]).hidden.weight.detach()
        assert circuits["offset"] == pytest.approx(trained.amin(dim=1).tolist(), abs=1e-6)
    if scheme == "differential":
        assert circuits["offset"] == [0.0]
        assert (weight == 0).any()
        assert -weight.min() != weight.max()


def test_hidden_weights_stay_between_the_outermost_levels():
    """Clipped on both sides, each layer to its own outermost levels."""
    network = Classifier(3, 2, 2, (0, 1, 0, 0, 0), 10.0)
    mapping = MAPPINGS["layer"](torch.tensor([0.0, 0.2, 1.0]))
    with torch.no_grad():
        network.hidden.weight.copy_(torch.tensor([[-0.3, 0.0, 0.1], [0.2, 0.5, -0.1]]))
        network.output.weight.copy_(torch.tensor([[-1.0, 0.0], [0.2, 2.0]]))
        circuits = {n: mapping.fit(layer.weight) for n, layer in network.layers.items()}
    callback = training.KeepOnLevels(mapping, circuits)
    callback.on_fit_start(None, network)
    callback.on_before_optimizer_step(None, network, None)
    with torch.no_grad():
        network.hidden.weight += torch.tensor([[-5.0, 0.0, 5.0], [0.0, 5.0, -5.0]])
        network.output.weight += torch.tensor([[-5.0, 0.0], [0.0, 5.0]])
    callback.on_train_batch_end(None, network)
    hidden, output = callback.hidden["hidden"], callback.hidden["output"]
    torch.testing.assert_close(hidden, torch.tensor([[-0.3, 0.0, 0.5], [0.2, 0.5, -0.3]]))
    torch.testing.assert_close(output, torch.tensor([[-1.0, 0.0], [0.2, 2.0]]))
    # what the network is used with: -0.3 + 0.8 · {0, 0.2, 1}
    snapped = torch.tensor([[-0.3, -0.14, 0.5], [0.5, 0.5, -0.3]])
    torch.testing.assert_close(network.hidden.weight.detach(), snapped)


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "truncated":
        content = content[: len(content) // 2]
    elif how == "empty":
        content = b""
    elif how == "flipped":
        content[len(content) // 2] ^= 0xFF
    else:
        content = b"something else altogether"
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("how", ["truncated", "empty", "flipped", "foreign"])
def test_a_damaged_checkpoint_is_refused_where_it_lies(
    results, networks, images, place, tmp_path, how
):
    start = tmp_path / "results" / "best.ckpt"
    start.parent.mkdir()
    shutil.copy(results["fp32"][1], start)
    damage(start, how)
    with pytest.raises(FileError) as caught:
        on_levels(networks, images, place, start, tmp_path)
    text = str(caught.value)
    assert str(start) in text
    assert "damaged" in text
    assert "run snakemake again" in text
    assert "\n" not in text
    # the next run finds it, and makes it again
    assert start.exists()
    assert list(files.find_damaged(start.parent)) == [str(start)]
    training.save_network(training.load_network(results["fp32"][1]), start, {})
    assert files.find_damaged(start.parent) == {}


def test_a_checkpoint_that_is_not_what_was_written_is_refused(results, tmp_path):
    """Damage that neither the archive nor PyTorch notices."""
    path = tmp_path / "results" / "best.ckpt"
    path.parent.mkdir()
    shutil.copy(results["fp32"][1], path)
    files.note_digest(path)
    training.load_network(path)
    with open(path, "ab") as stream:
        stream.write(bytes(1))
    with pytest.raises(files.DamagedFileError, match="its content is not what was written"):
        training.load_network(path)


def test_a_damaged_checkpoint_elsewhere_is_its_owners(results, tmp_path):
    path = tmp_path / "best.ckpt"
    shutil.copy(results["fp32"][1], path)
    damage(path, "flipped")
    with pytest.raises(FileError, match="is damaged .*; delete it and run snakemake"):
        training.load_network(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_checkpoint_is_one_sentence(networks, images, place, tmp_path):
    with pytest.raises(FileError, match="is not there; run snakemake"):
        on_levels(networks, images, place, tmp_path / "best.ckpt", tmp_path)


def test_a_checkpoint_of_other_images_is_refused(results, networks, images, place, tmp_path):
    larger = np.zeros((200, 9, 9), dtype=np.uint8)
    other = images._replace(training_images=larger, training_labels=images.test_labels)
    with pytest.raises(FileError, match="trained on other images"):
        on_levels(networks, other, place, results["fp32"][1], tmp_path)


def test_a_checkpoint_of_other_classes_is_refused(results, networks, images, place, tmp_path):
    other = images._replace(classes=("a", "b", "c", "d", "e"))
    with pytest.raises(FileError, match="trained on other images"):
        on_levels(networks, other, place, results["fp32"][1], tmp_path)


def test_a_checkpoint_with_weights_that_are_no_numbers_is_refused(results, tmp_path):
    network = training.load_network(results["fp32"][1])
    with torch.no_grad():
        network.output.weight[1, 2] = float("nan")
    training.save_network(network, tmp_path / "best.ckpt", {})
    with pytest.raises(FileError, match="has weights that are no numbers"):
        training.load_network(tmp_path / "best.ckpt")


def test_keeping_on_levels_moves_the_hidden_weights():
    network = Classifier(3, 2, 2, (0, 1, 0, 0, 0), 10.0)
    mapping = MAPPINGS["layer"](torch.linspace(0, 1, 3))
    before = copy.deepcopy(network)
    with torch.no_grad():
        circuits = {n: mapping.fit(layer.weight) for n, layer in network.layers.items()}
    callback = training.KeepOnLevels(mapping, circuits)
    callback.on_fit_start(None, network)
    torch.testing.assert_close(callback.hidden["hidden"], before.hidden.weight.detach())
    callback.on_before_optimizer_step(None, network, None)
    torch.testing.assert_close(network.hidden.weight, before.hidden.weight)
    with torch.no_grad():
        network.hidden.weight += 100.0
    callback.on_train_batch_end(None, network)
    top = circuits["hidden"].offset + circuits["hidden"].scale
    torch.testing.assert_close(network.hidden.weight.detach(), top.expand(2, 3))
    torch.testing.assert_close(callback.hidden["hidden"], top.expand(2, 3))


def test_metrics_are_plain_json(results):
    for record, _ in results.values():
        assert json.loads(json.dumps(record, allow_nan=False)) == record
