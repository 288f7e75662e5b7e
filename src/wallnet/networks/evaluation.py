"""Evaluation of a finished network: accuracies, confusion matrix, misread images, weights."""

import base64
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wallnet.networks.batches import ImageData
from wallnet.networks.classifier import Classifier
from wallnet.networks.layers import digital_layers

HISTOGRAM_BINS = 200
MISREAD_IMAGES = 24


def validation_accuracy(network: Classifier, data: ImageData) -> float:
    """Return the share of validation images that are classified correctly, in per cent."""
    right = network.predicted(data.whole("validation")) == data.validation[1]
    return float(100 * right.sum() / len(right))


def evaluate(network: Classifier, data: ImageData) -> dict[str, Any]:
    """Measure a finished network on the validation images and, once, on the test images.

    Parameters
    ----------
    network : Classifier
        The network.
    data : ImageData
        The data set with the split of the training.

    Returns
    -------
    dict
        Plain data for `metrics.json`, with accuracies in per cent.
    """
    predicted, labels = network.predicted(data.whole("test")), data.test[1]
    confusion = np.zeros([len(data.images.classes)] * 2, int)
    np.add.at(confusion, (labels.numpy(), predicted.numpy()), 1)
    return {
        "test_accuracy": 100.0 * float(confusion.trace()) / int(confusion.sum()),
        "validation_accuracy": validation_accuracy(network, data),
        "confusion_matrix": confusion.tolist(),
        "classes": list(data.images.classes),
        "images": {
            part: len(getattr(data, part)[1]) for part in ("training", "validation", "test")
        },
        # JSON files are sorted by key
        "layers": list(network.synapses()),
        "digital_layers": digital_layers(network.model, network.hparams["layers"]),
        "weights": {name: _histogram(layer.weight) for name, layer in network.synapses().items()},
        "misread": _misread(data, predicted),
        "image_shape": list(data.images.test_images.shape[1:]),
    }


def _histogram(weight: Tensor) -> dict[str, Any]:
    values = weight.detach().numpy().ravel()
    counts, edges = np.histogram(values, bins=HISTOGRAM_BINS)
    return {
        "range": [float(edges[0]), float(edges[-1])],
        "counts": counts.tolist(),
        "different_values": len(np.unique(values)),
    }


def _misread(data: ImageData, predictions: Tensor) -> list[dict[str, Any]]:
    """Return the first test images that were classified incorrectly."""
    labels = data.test[1]
    wrong = torch.nonzero(predictions != labels).flatten()[:MISREAD_IMAGES]
    return [
        {
            "index": index,
            "label": int(labels[index]),
            "predicted": int(predictions[index]),
            "image": base64.b64encode(data.images.test_images[index].tobytes()).decode("ascii"),
        }
        for index in wrong.tolist()
    ]
