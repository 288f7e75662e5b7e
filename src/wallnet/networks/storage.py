"""Results of finished networks: what is measured for `metrics.json`, and Lightning checkpoints."""

import base64
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as lightning
import torch
from torch import Tensor

from wallnet import __version__, files, revisions
from wallnet.files.datasets import checked_reading
from wallnet.jobs.networks import AsMadeJob, ContinuingJob, LevelJob, MappingJob, TrainingJob
from wallnet.networks.classifier import Classifier
from wallnet.networks.images import ImageData
from wallnet.networks.layers import digital_layers

HISTOGRAM_BINS = 200
MISREAD_IMAGES = 24


def validation_accuracy(network: Classifier, data: ImageData) -> float:
    """Return the share of validation images that are classified correctly, in per cent."""
    right = network.predicted(data.whole("validation")) == data.validation[1]
    return float(100 * right.sum() / len(right))


def evaluate(network: Classifier, data: ImageData) -> dict[str, Any]:
    """Measure a finished network on the validation images and, once, on the test images.

    Accuracies are in per cent; rows of the confusion matrix are labels, columns predictions.
    """
    predicted, labels = network.predicted(data.whole("test")), data.test[1]
    confusion = np.zeros([len(data.images.classes)] * 2, int)
    np.add.at(confusion, (labels.numpy(), predicted.numpy()), 1)
    wrong = torch.nonzero(predicted != labels).flatten()[:MISREAD_IMAGES]
    shown = data.images.test_images
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
        "misread": [
            {
                "index": index,
                "label": int(labels[index]),
                "predicted": int(predicted[index]),
                "image": base64.b64encode(shown[index].tobytes()).decode("ascii"),
            }
            for index in wrong.tolist()
        ],
        "image_shape": list(shown.shape[1:]),
    }


def _histogram(weight: Tensor) -> dict[str, Any]:
    values = weight.detach().numpy().ravel()
    counts, edges = np.histogram(values, bins=HISTOGRAM_BINS)
    return {
        "range": [float(edges[0]), float(edges[-1])],
        "counts": counts.tolist(),
        "different_values": len(np.unique(values)),
    }


def provenance(
    job: TrainingJob | ContinuingJob | LevelJob | MappingJob | AsMadeJob,
) -> dict[str, Any]:
    """Return parameters, seed, versions and PyTorch's instructions of a result, as plain data."""
    return {
        "parameters": job.plain(),
        "seed": job.seed,
        "wallnet_version": __version__,
        "torch_version": str(torch.__version__),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "lightning_version": lightning.__version__,
        "revision": revisions.of("networks"),
    }


def save_network(network: Classifier, path: str | Path, about: Mapping[str, Any]) -> None:
    """Write a network as a Lightning checkpoint, completely or not at all.

    The same network gives the same bytes. `Classifier.load_from_checkpoint(path)` and
    ``torch.load(path, weights_only=True)`` open it. The plain data `about` its origin are stored
    under the key `wallnet`.
    """
    checkpoint = {
        "pytorch-lightning_version": lightning.__version__,
        "state_dict": {k: v.clone() for k, v in network.state_dict().items()},
        "hyper_parameters": _separate(network.hparams),
        "epoch": 0,
        "global_step": 0,
        "wallnet": _separate(about),
    }
    stream = io.BytesIO()
    torch.save(checkpoint, stream)
    with files.written_whole(path) as partial:
        partial.write_bytes(stream.getvalue())


def _separate(plain: Mapping[str, Any]) -> Any:
    """Return a copy of plain data with separate texts; pickle writes a shared one only once."""
    return json.loads(json.dumps(dict(plain)))


def load_network(path: str | Path, model: str) -> Classifier:
    """Read a network that `save_network` wrote.

    A checkpoint whose model has another name than `model` is refused, so that no file decides which
    code runs.

    Raises
    ------
    FileError, ConfigError
        If the file is missing, may not be read or is damaged, or if the model does not exist.
    """
    with checked_reading(path, "a network"):
        # PyTorch itself does not check the checksums
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
        if broken is not None:
            raise ValueError(f"its {broken} is corrupt")
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        if checkpoint["hyper_parameters"]["model"] != model:
            raise ValueError(f"its model is not {model}")
        network = Classifier(**checkpoint["hyper_parameters"])
        network.load_state_dict(checkpoint["state_dict"])
        if not all(torch.isfinite(p).all() for p in network.parameters()):
            raise ValueError("it has weights that are not finite")
        return network
