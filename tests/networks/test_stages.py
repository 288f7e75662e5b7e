import numpy as np
import pytest
import torch
from helpers.synthetic import write_neuron
from helpers.training import CHANGING, free, on_levels, steady

from wallnet import files
from wallnet.config import ConfigError
from wallnet.config.networks import LEVEL_STAGES
from wallnet.files import FileError
from wallnet.networks import stages, storage
from wallnet.networks.mappings import MAPPINGS


def test_training_learns(results):
    record = results["fp32"][0]
    assert record["test_accuracy"] > 60.0  # chance level is 25
    curve = record["training_curve"]
    assert [point["epoch"] for point in curve] == [1, 2]
    assert curve[1]["training_accuracy"] > curve[0]["training_accuracy"]


def test_the_best_epoch_by_validation_is_kept(results):
    for stage in ("fp32", "fine_tuned", "on_levels"):
        record = results[stage][0]
        accuracies = [point["validation_accuracy"] for point in record["training_curve"]]
        assert record["validation_accuracy"] == pytest.approx(max(accuracies), abs=1e-3)
        assert accuracies[record["best_epoch"] - 1] == max(accuracies)


def test_weights_are_on_the_levels_where_they_should_be(results):
    for stage in ("quantized", "fine_tuned_snapped", "on_levels"):
        record, path = results[stage]
        for name, layer in storage.load_network(path).layers.items():
            values = torch.tensor(record["weight_values"][name])
            distance = (layer.weight.detach()[..., None] - values).abs().amin(dim=-1)
            assert distance.max() < 1e-5
            assert record["weights"][name]["different_values"] <= 6


def test_fine_tuned_weights_are_free(results):
    assert results["fine_tuned"][0]["weights"]["hidden"]["different_values"] > 100


def test_quantized_is_the_trained_network_snapped(results):
    trained = storage.load_network(results["fp32"][1])
    quantized = storage.load_network(results["quantized"][1])
    levels = torch.tensor(results["quantized"][0]["levels"])
    mapping = MAPPINGS["layer"](levels)
    for name, layer in trained.layers.items():
        weight = layer.weight.detach()
        expected = mapping.snap(weight, mapping.circuit_for(weight))
        torch.testing.assert_close(quantized.layers[name].weight.detach(), expected)
        torch.testing.assert_close(quantized.layers[name].bias, layer.bias)


def test_all_stages_share_the_circuits_of_the_trained_network(results):
    first = results["quantized"][0]["circuits"]
    assert all(results[stage][0]["circuits"] == first for stage in LEVEL_STAGES[1:])


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


def test_an_unsuitable_neuron_is_refused_unless_allowed(networks, images, tmp_path):
    place = tmp_path / "unsuitable"
    place.mkdir()
    write_neuron(place / "neuron.json", fault="it is not monotonic")
    with pytest.raises(ConfigError, match=r"networks\.neuron is no activation .* not monotonic"):
        free(networks, images, place, tmp_path)
    allowed = networks.model_copy(update={"allow_unsuitable_neuron": True})
    metrics, _ = free(allowed, images, place, tmp_path)
    assert files.read_json(metrics)["stage"] == "fp32"


def untrained(run, stage, network, *beside, **more):
    """Replace a training where none is needed."""
    return network


@pytest.mark.parametrize(
    ("mapping", "reading", "count"),
    [("layer", "parallel", 6), ("layer", "series", 6), ("layer-extended", "series", 11)],
)
def test_levels_are_those_of_the_reading_and_the_level_set(
    results, networks, images, place, tmp_path, mapping, reading, count, monkeypatch
):
    monkeypatch.setattr(stages.Run, "train", untrained)
    start = results["fp32"][1]
    outputs = on_levels(networks, images, place, start, tmp_path, mapping, reading)
    switched = np.linspace(0, 1, count)
    expected = switched if reading == "parallel" else switched / (2 - switched)
    record = files.read_json(outputs["quantized"][0])
    assert record["levels"] == pytest.approx(expected, abs=1e-6)
    assert record["reading"] == reading


@pytest.mark.parametrize("scheme", ["layer", "row", "differential"])
def test_every_scheme_maps_in_its_own_way(
    results, networks, images, place, tmp_path, scheme, monkeypatch
):
    """Schemes differ in the number of circuits and in the values that a weight can take."""
    monkeypatch.setattr(stages.Run, "train", untrained)
    outputs = on_levels(networks, images, place, results["fp32"][1], tmp_path, scheme)
    record, network = (
        files.read_json(outputs["quantized"][0]),
        storage.load_network(outputs["quantized"][1]),
    )
    circuits = record["circuits"]["hidden"]
    assert len(circuits["scale"]) == (12 if scheme == "row" else 1)
    weight = network.hidden.weight.detach()
    if scheme == "row":
        trained = storage.load_network(results["fp32"][1]).hidden.weight.detach()
        assert circuits["offset"] == pytest.approx(trained.amin(dim=1).tolist(), abs=1e-6)
    if scheme == "differential":
        assert circuits["offset"] == [0.0]
        assert (weight == 0).any()
        assert -weight.min() != weight.max()


def test_a_checkpoint_of_other_images_is_refused(results, networks, images, place, tmp_path):
    larger = np.zeros((200, 9, 9), dtype=np.uint8)
    other = images._replace(training_images=larger, training_labels=images.test_labels)
    with pytest.raises(FileError, match="trained on other images"):
        on_levels(networks, other, place, results["fp32"][1], tmp_path)


def test_a_checkpoint_of_other_classes_is_refused(results, networks, images, place, tmp_path):
    other = images._replace(classes=("a", "b", "c", "d", "e"))
    with pytest.raises(FileError, match="trained on other images"):
        on_levels(networks, other, place, results["fp32"][1], tmp_path)


def test_every_stage_on_levels_has_a_row():
    assert list(stages.STAGES) == list(LEVEL_STAGES)
