import base64
from collections import OrderedDict

import numpy as np
import pytest
import torch

from wallnet.networks import storage
from wallnet.networks.images import ImageData


def test_accuracy_and_confusion_agree(results):
    for record, _ in results.values():
        matrix = np.array(record["confusion_matrix"])
        assert matrix.sum() == record["images"]["test"] == 200
        assert record["test_accuracy"] == pytest.approx(100 * matrix.trace() / 200, rel=1e-6, abs=0)
        assert len(record["misread"]) == min(24, 200 - matrix.trace())
        for entry in record["misread"]:
            assert entry["label"] != entry["predicted"]
            assert matrix[entry["label"], entry["predicted"]] > 0


def test_the_validation_accuracy_is_that_of_the_images_held_out(results, images):
    order = torch.randperm(600, generator=torch.Generator().manual_seed(3))
    held_out = order[:60]
    pixels = torch.from_numpy(images.training_images.reshape(600, 1, 8, 8).copy()).float() / 255
    labels = torch.from_numpy(images.training_labels.astype("int64"))
    for record, checkpoint in results.values():
        network = storage.load_network(checkpoint, "dense")
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
        network = storage.load_network(checkpoint, "dense")
        assert set(record["weights"]) == {"hidden", "output"}
        for name, histogram in record["weights"].items():
            layer = getattr(network.model, name)
            weight = layer.weight.detach().numpy()
            assert sum(histogram["counts"]) == weight.size
            assert histogram["range"] == pytest.approx([weight.min(), weight.max()], abs=1e-7)
            expected = np.histogram(weight, bins=len(histogram["counts"]))[0]
            assert histogram["counts"] == expected.tolist()
            assert histogram["different_values"] == np.unique(weight).size


def test_misread_images_are_shown_with_label_and_prediction(results, images):
    record, checkpoint = results["quantized"]
    network = storage.load_network(checkpoint, "dense")
    with torch.no_grad():
        pixels = torch.from_numpy(images.test_images.reshape(200, 1, 8, 8).copy()).float() / 255
        predicted = network(pixels).argmax(dim=1).tolist()
    wrong = [k for k in range(200) if predicted[k] != images.test_labels[k]][:24]
    assert [entry["index"] for entry in record["misread"]] == wrong
    assert wrong
    for entry in record["misread"]:
        index = entry["index"]
        assert entry["label"] == images.test_labels[index]
        assert entry["predicted"] == predicted[index]
        assert base64.b64decode(entry["image"]) == images.test_images[index].tobytes()


def test_the_confusion_matrix_has_labels_in_rows(results, images):
    record, checkpoint = results["quantized"]
    network = storage.load_network(checkpoint, "dense")
    with torch.no_grad():
        pixels = torch.from_numpy(images.test_images.reshape(200, 1, 8, 8).copy()).float() / 255
        predicted = network(pixels).argmax(dim=1).numpy()
    pairs = list(zip(images.test_labels.tolist(), predicted.tolist(), strict=True))
    expected = [[pairs.count((label, read)) for read in range(4)] for label in range(4)]
    assert record["confusion_matrix"] == expected
    assert expected != np.transpose(expected).tolist()


def test_a_network_can_be_evaluated_twice(results, images):
    network = storage.load_network(results["quantized"][1], "dense")
    data = ImageData(images, 0.1, seed=3)
    assert storage.evaluate(network, data) == storage.evaluate(network, data)


def test_layers_are_in_the_order_of_the_model(results, images):
    network = storage.load_network(results["quantized"][1], "dense")
    classes = len(images.classes)
    network.model = torch.nn.Sequential(
        OrderedDict(
            flat=torch.nn.Flatten(),
            wide=torch.nn.Linear(64, 5),
            rectified=torch.nn.ReLU(),
            narrow=torch.nn.Linear(5, classes),
        )
    )
    record = storage.evaluate(network, ImageData(images, 0.1, seed=3))
    assert record["layers"] == ["wide", "narrow"]
