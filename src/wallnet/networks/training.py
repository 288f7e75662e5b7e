"""Training: from free weights to the stages of Table II, each with its checkpoint and metrics.

One process makes all stages that stand on one trained network and one set of levels: starting
PyTorch and Lightning costs as much as an epoch or five. A job that was killed goes on from its
trainings' latest checkpoints.
"""

import base64
import copy
import json
import math
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.plugins.environments import LightningEnvironment
from torch import Tensor

from wallnet import __version__, files, revisions
from wallnet.config import ConfigError
from wallnet.config.networks import NO_DEVICE, Training
from wallnet.files import FileError
from wallnet.files.compact import activation_of
from wallnet.jobs import MappingJob, TrainingJob
from wallnet.networks import checkpoints
from wallnet.networks.data import Images
from wallnet.networks.mappings import MAPPINGS, Circuit, read_levels
from wallnet.networks.mappings import Mapping as LevelMapping
from wallnet.networks.model import Classifier

HISTOGRAM_BINS = 200
MISREAD_IMAGES = 24
EVALUATION_BATCH = 2000

Outputs: TypeAlias = tuple[str | Path, str | Path]
"""Paths of a stage's metrics and of its checkpoint."""


class Batches:
    """Batches cut from tensors in memory, in a new seeded order each time they are gone through.

    Parameters
    ----------
    images : torch.Tensor
        Shape (all images, pixels), uint8.
    labels : torch.Tensor
        Shape (all images,), int64.
    chosen : torch.Tensor
        Indices of the images to go through.
    size : int
        Images a batch.
    order : torch.Generator, optional
        Of the order; without it the order is that of `chosen`.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        chosen: Tensor,
        size: int,
        order: torch.Generator | None = None,
    ) -> None:
        self.images, self.labels, self.chosen, self.size = images, labels, chosen, size
        self.order = order

    def __len__(self) -> int:
        return math.ceil(len(self.chosen) / self.size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        chosen = self.chosen
        if self.order is not None:
            chosen = chosen[torch.randperm(len(chosen), generator=self.order)]
        for batch in chosen.split(self.size):
            yield self.images[batch].float() / 255.0, self.labels[batch]


class ImageData(lightning.LightningDataModule):
    """A data set in memory, its training images split by the seed into training and validation.

    Parameters
    ----------
    images : Images
        The data set.
    validation_fraction : float
        Share of the training images on which choices are made.
    seed : int
        Of the split and of the order of training.
    """

    def __init__(self, images: Images, validation_fraction: float, seed: int) -> None:
        super().__init__()
        self.batch_size = 1
        self.seed = seed
        self.order = torch.Generator()
        self.classes = images.classes
        self.raw_test_images = images.test_images
        self._training = self._tensors(images.training_images, images.training_labels)
        self._test = self._tensors(images.test_images, images.test_labels)
        count = len(images.training_labels)
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
        held_out = max(1, round(count * validation_fraction))
        if held_out == count:
            raise FileError(
                f"the data set has {count} training image, too few to hold any out for "
                "validation; use a larger one"
            )
        self.validation_indices, self.training_indices = order[:held_out], order[held_out:]

    @staticmethod
    def _tensors(images: np.ndarray, labels: np.ndarray) -> tuple[Tensor, Tensor]:
        flat = images.reshape(len(images), -1).copy()
        return torch.from_numpy(flat), torch.from_numpy(labels.astype(np.int64))

    @property
    def pixels(self) -> int:
        """Pixels an image."""
        return self._training[0].shape[1]

    @property
    def test_labels(self) -> Tensor:
        """Labels of the test images."""
        return self._test[1]

    def setup(self, stage: str) -> None:
        """Begin each training with the order of the seed."""
        self.order.manual_seed(self.seed)

    def state_dict(self) -> dict[str, Tensor]:
        """Return where the order is, for a training that goes on."""
        return {"order": self.order.get_state()}

    def load_state_dict(self, state_dict: dict[str, Tensor]) -> None:
        """Go on with the order from there."""
        self.order.set_state(state_dict["order"])

    def train_dataloader(self) -> Batches:
        """Return the training images, shuffled anew each epoch."""
        return Batches(*self._training, self.training_indices, self.batch_size, self.order)

    def val_dataloader(self) -> Batches:
        """Return the validation images."""
        return Batches(*self._training, self.validation_indices, EVALUATION_BATCH)

    def test_dataloader(self) -> Batches:
        """Return the test images."""
        return Batches(*self._test, torch.arange(len(self._test[1])), EVALUATION_BATCH)


class LimitWeights(Callback):
    """Clip every weight after each step to ± limit/√(inputs of its layer)."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    @torch.no_grad()
    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any) -> None:
        """Clip the weights; biases are free."""
        for layer in pl_module.layers.values():
            bound = self.limit / math.sqrt(layer.in_features)
            layer.weight.clamp_(-bound, bound)


class KeepOnLevels(Callback):
    """Train weights that are on the levels whenever the network is used.

    The optimiser moves hidden continuous weights; the network sees them snapped, and its gradient
    there is applied to the hidden ones (straight-through estimator; Courbariaux et al., 2015).
    Offset and scale stay, and hidden weights are clipped to the outermost levels.
    """

    def __init__(self, mapping: LevelMapping, circuits: Mapping[str, Circuit]) -> None:
        self.mapping, self.circuits = mapping, circuits
        self.hidden: dict[str, Tensor] = {}

    @torch.no_grad()
    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Remember the weights and put the network on the levels, unless a training goes on."""
        if not self.hidden:
            self._snap(pl_module)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the hidden weights, for a training that goes on."""
        return self.hidden

    def load_state_dict(self, state_dict: dict[str, Tensor]) -> None:
        """Take the hidden weights back."""
        self.hidden = state_dict

    @torch.no_grad()
    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Let the optimiser see the hidden weights."""
        for name, layer in pl_module.layers.items():
            layer.weight.copy_(self.hidden[name])

    @torch.no_grad()
    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any) -> None:
        """Take the moved weights and put the network on the levels again."""
        self._snap(pl_module)

    def _snap(self, network: Classifier) -> None:
        for name, layer in network.layers.items():
            offset, scale = self.circuits[name]
            table = self.mapping.table
            moved = torch.maximum(layer.weight, offset + scale * table[0])
            self.hidden[name] = torch.minimum(moved, offset + scale * table[-1])
            layer.weight.copy_(self.mapping.snap(self.hidden[name], self.circuits[name]))


class FollowEpochs(Callback):
    """Print a line an epoch, and stop where the loss is no number any more.

    Parameters
    ----------
    key : str
        Of the configuration, to name in the message.
    """

    def __init__(self, key: str) -> None:
        self.key = key

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Print the epoch's point of the training curve."""
        point = pl_module.curve[-1]
        if not math.isfinite(point["training_loss"]):
            raise ConfigError(
                f"{self.key}.learning_rate makes the loss diverge in epoch {point['epoch']}; "
                "lower it"
            )
        print(
            f"{self.key} epoch {point['epoch']}: training {point['training_accuracy']:.2f} %, "
            f"validation {point['validation_accuracy']:.2f} %",
            flush=True,
        )


def _trainer(epochs: int, *callbacks: Callback) -> lightning.Trainer:
    """Return a trainer that is the same on every machine: one CPU device, nothing around it."""
    return lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=epochs,
        deterministic=True,
        callbacks=list(callbacks),
        # inside a SLURM job Lightning would otherwise look for its peers
        plugins=[LightningEnvironment(), checkpoints.WholeFiles()],
        logger=False,
        enable_checkpointing=bool(callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


def _quiet() -> None:
    """Silence advice of Lightning that does not apply: there are no workers and no logger."""
    import logging

    for name in ("pytorch_lightning", "lightning.fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric)\..*")


def _begin(threads: int, seed: int) -> None:
    _quiet()
    torch.set_num_threads(threads)
    lightning.seed_everything(seed, verbose=False)


def _identity(
    job: TrainingJob | MappingJob, images: Images, network: Classifier, *more: Tensor
) -> list[Any]:
    """Return what distinguishes a training from all others: job, versions, images, start."""
    told = json.dumps([provenance(job), dict(network.hparams)], sort_keys=True)
    arrays = (images.training_images, images.training_labels, *network.state_dict().values())
    return [told, *map(np.ascontiguousarray, (*arrays, *more))]


def _fit(
    network: Classifier,
    data: ImageData,
    training: Training,
    key: str,
    progress: checkpoints.Progress,
    *callbacks: Callback,
) -> None:
    """Train a network, from where an earlier attempt was, and leave it as its best epoch did."""
    data.batch_size = training.batch_size
    trainer = _trainer(training.epochs, *callbacks, FollowEpochs(key), progress)
    trainer.fit(network, datamodule=data, ckpt_path=progress.earlier())
    network.load_state_dict(progress.best_weights)


def _with_training(network: Classifier, training: Training) -> Classifier:
    """Return a copy of a network that is to be trained in another way."""
    settings = {"learning_rate": training.learning_rate, "schedule": training.schedule}
    changed = Classifier(**{**network.hparams, **settings})
    changed.load_state_dict(network.state_dict())
    return changed


@torch.no_grad()
def _snapped(
    network: Classifier, mapping: LevelMapping, circuits: Mapping[str, Circuit]
) -> Classifier:
    """Return a copy of a network with its weights on the levels."""
    moved = copy.deepcopy(network)
    for name, layer in moved.layers.items():
        layer.weight.copy_(mapping.snap(layer.weight, circuits[name]))
    return moved


def _histogram(weight: Tensor) -> dict[str, Any]:
    values = weight.detach().numpy().ravel()
    counts, edges = np.histogram(values, bins=HISTOGRAM_BINS)
    return {
        "range": [float(edges[0]), float(edges[-1])],
        "counts": [int(n) for n in counts],
        "different_values": len(np.unique(values)),
    }


def _misread(data: ImageData, predictions: Tensor) -> list[dict[str, Any]]:
    """Return the first test images that were taken for something else."""
    wrong = torch.nonzero(predictions != data.test_labels).flatten()[:MISREAD_IMAGES]
    return [
        {
            "index": index,
            "label": int(data.test_labels[index]),
            "predicted": int(predictions[index]),
            "image": base64.b64encode(data.raw_test_images[index].tobytes()).decode("ascii"),
        }
        for index in wrong.tolist()
    ]


def _evaluate(network: Classifier, data: ImageData) -> dict[str, Any]:
    """Measure a finished network: validation, and the one reading of the test set."""
    trainer = _trainer(1)
    network.confusion.zero_()
    network.predictions.clear()
    validated = trainer.validate(network, datamodule=data, verbose=False)[0]
    trainer.test(network, datamodule=data, verbose=False)
    confusion = network.confusion
    return {
        "test_accuracy": 100.0 * float(confusion.trace()) / int(confusion.sum()),
        "validation_accuracy": validated["validation_accuracy"],
        "confusion_matrix": confusion.tolist(),
        "classes": list(data.classes),
        "images": {
            "training": len(data.training_indices),
            "validation": len(data.validation_indices),
            "test": len(data.test_labels),
        },
        "weights": {name: _histogram(layer.weight) for name, layer in network.layers.items()},
        "misread": _misread(data, torch.cat(network.predictions)),
        "image_shape": list(data.raw_test_images.shape[1:]),
    }


def provenance(job: TrainingJob | MappingJob) -> dict[str, Any]:
    """Return what made a result, as plain data."""
    return {
        "parameters": job.model_dump(mode="json", exclude_none=True),
        "seed": job.seed,
        "wallnet_version": __version__,
        "torch_version": str(torch.__version__),
        "lightning_version": lightning.__version__,
        "revision": revisions.of("networks"),
    }


def save_network(network: Classifier, path: str | Path, about: Mapping[str, Any]) -> None:
    """Write a network as a Lightning checkpoint, whole or not at all.

    The same network gives the same bytes.

    Parameters
    ----------
    network : Classifier
        The network.
    path : str or Path
        Where it goes. `Classifier.load_from_checkpoint(path)` opens it, and so does
        ``torch.load(path, weights_only=True)``.
    about : Mapping
        Plain data on what made it, kept under the key `wallnet`.
    """
    checkpoint = {
        "pytorch-lightning_version": lightning.__version__,
        "state_dict": {k: v.clone() for k, v in network.state_dict().items()},
        "hyper_parameters": dict(network.hparams),
        "epoch": 0,
        "global_step": 0,
        "wallnet": dict(about),
    }
    checkpoints.write(checkpoint, path)


def load_network(path: str | Path) -> Classifier:
    """Read a network that `save_network` wrote.

    Parameters
    ----------
    path : str or Path
        The checkpoint.

    Returns
    -------
    Classifier
        The network.

    Raises
    ------
    FileError
        If the file is missing, may not be read or is damaged.
    """
    try:
        files.check_digest(path)
        checkpoint = checkpoints.read(path)
        network = Classifier(**checkpoint["hyper_parameters"])
        network.load_state_dict(checkpoint["state_dict"])
        if not all(torch.isfinite(p).all() for p in network.parameters()):
            raise ValueError("it has weights that are no numbers")
    except FileNotFoundError:
        raise FileError(f"{path} is not there; run snakemake to make it") from None
    except FileError:
        raise
    except OSError as error:
        raise files.unreadable(path, error) from None
    except Exception as error:  # what a foreign checkpoint makes of a network
        raise files.damaged(path, f"is damaged ({files.one_line(error)})") from None
    return network


def _write(
    job: TrainingJob | MappingJob,
    identity: Mapping[str, Any],
    network: Classifier,
    outputs: Outputs,
    results: Mapping[str, Any],
) -> None:
    """Write a stage's metrics and checkpoint."""
    metrics_path, checkpoint_path = outputs
    whole = {
        "kind": "network",
        "dataset": job.dataset,
        "recipe": job.recipe,
        **identity,
        "activation": {
            "quartic": list(network.hparams["quartic"]),
            "input_range": network.hparams["input_range"],
        },
        **results,
        **provenance(job),
    }
    save_network(network, checkpoint_path, {**provenance(job), **identity})
    files.write_json(whole, metrics_path)
    print(
        f"{job.dataset} {identity['device']} {identity['stage']}: "
        f"test accuracy {results['test_accuracy']:.2f} %",
        flush=True,
    )


def train(job: TrainingJob, images: Images, neuron: str | Path, outputs: Outputs) -> None:
    """Train a network with free weights: stage `fp32`.

    Parameters
    ----------
    job : TrainingJob
        What to train.
    images : Images
        The data set.
    neuron : str or Path
        Compact model of the neuron.
    outputs : tuple of paths
        Metrics and checkpoint, see `wallnet.files`.

    Raises
    ------
    FileError, ConfigError
        If the neuron is unusable or no activation, the loss diverges or an output cannot be
        written.
    """
    started = time.perf_counter()
    quartic, fault = activation_of(neuron, job.neuron_reading)
    if fault and not job.allow_unsuitable_neuron:
        raise ConfigError(
            f"networks.neuron is no activation ({job.neuron_reading}): {fault}; change its sweep, "
            "or set networks.allow_unsuitable_neuron: true"
        )
    _begin(job.threads, job.seed)
    data = ImageData(images, job.validation_fraction, job.seed)
    network = Classifier(
        data.pixels,
        job.hidden_neurons,
        len(images.classes),
        quartic,
        job.input_range,
        job.fp32.learning_rate,
        job.fp32.schedule,
    )
    limit = job.fp32.weight_limit
    callbacks = [] if limit is None else [LimitWeights(limit)]
    key = f"networks.recipes.{job.recipe}.fp32"
    progress = checkpoints.Progress(outputs[1], *_identity(job, images, network))
    _fit(network, data, job.fp32, key, progress, *callbacks)
    results = {
        **_evaluate(network, data),
        "training_curve": network.curve,
        "best_epoch": progress.best_epoch,
        "wall_seconds": time.perf_counter() - started + progress.elapsed,
    }
    nowhere = dict.fromkeys(("device", "reading", "mapping"), NO_DEVICE)
    _write(job, {**nowhere, "stage": "fp32"}, network, outputs, results)
    progress.remove()


def put_on_levels(
    job: MappingJob,
    images: Images,
    synapse: str | Path,
    start: str | Path,
    outputs: Mapping[str, Outputs],
) -> None:
    """Put a trained network on a synapse's levels and train it from there: all further stages.

    `quantized` is the trained network with each weight on its nearest level. `fine_tuned` is
    trained on from there with free weights, as in the paper; `fine_tuned_snapped` is that
    network on the same levels again. `on_levels` starts from the trained network and keeps its
    weights on the levels throughout. Offset and scale of each layer are fitted once, to the
    trained network, and serve all stages. Biases are not synapses and stay free.

    Parameters
    ----------
    job : MappingJob
        What to do.
    images : Images
        The data set.
    synapse : str or Path
        Compact model of the synapse.
    start : str or Path
        Checkpoint of the trained network.
    outputs : Mapping
        Metrics and checkpoint of each stage.

    Raises
    ------
    FileError, ConfigError
        If an input is unusable, the loss diverges or an output cannot be written.
    """
    levels = read_levels(synapse, job.reading, job.level_set)
    trained = load_network(start)
    _begin(job.threads, job.seed)
    data = ImageData(images, job.validation_fraction, job.seed)
    if trained.hparams["inputs"] != data.pixels or len(trained.confusion) != len(images.classes):
        raise FileError(
            f"{start} was trained on other images than {job.dataset}; delete it and run snakemake"
        )
    mapping = MAPPINGS[job.scheme](levels.values)
    with torch.no_grad():
        circuits = {name: mapping.fit(layer.weight) for name, layer in trained.layers.items()}
    about_levels = {
        "device_levels": levels.whole,
        "levels": levels.values.tolist(),
        "circuits": {
            name: {"offset": c.offset.flatten().tolist(), "scale": c.scale.flatten().tolist()}
            for name, c in circuits.items()
        },
        # a mapping with a circuit for each row has too many values to be worth listing
        "weight_values": {
            name: (c.offset + c.scale * mapping.table).tolist()
            for name, c in circuits.items()
            if c.scale.numel() == 1
        },
    }
    place = {"device": job.device, "reading": job.reading, "mapping": job.mapping}

    def finish(stage: str, network: Classifier, started: float, **more: Any) -> None:
        results = {**_evaluate(network, data), **about_levels, **more}
        results["wall_seconds"] = time.perf_counter() - started
        _write(job, {**place, "stage": stage}, network, outputs[stage], results)

    unfinished = []

    def fit(stage: str, start: Classifier, training: Training, *callbacks: Callback) -> Classifier:
        started = time.perf_counter()
        lightning.seed_everything(job.seed, verbose=False)
        network = _with_training(start, training)
        identity = _identity(job, images, network, levels.values)
        progress = checkpoints.Progress(outputs[stage][1], *identity)
        # kept until all stages are there: Snakemake removes what an incomplete job has written
        unfinished.append(progress)
        _fit(
            network, data, training, f"networks.recipes.{job.recipe}.{stage}", progress, *callbacks
        )
        curve = {"training_curve": network.curve, "best_epoch": progress.best_epoch}
        finish(stage, network, started - progress.elapsed, **curve)
        return network

    started = time.perf_counter()
    quantized = _snapped(trained, mapping, circuits)
    finish("quantized", quantized, started)

    tuned = fit("fine_tuned", quantized, job.fine_tuned)

    started = time.perf_counter()
    finish("fine_tuned_snapped", _snapped(tuned, mapping, circuits), started)

    fit("on_levels", trained, job.on_levels, KeepOnLevels(mapping, circuits))
    for progress in unfinished:
        progress.remove()
