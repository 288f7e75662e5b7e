"""The stages of a network: training with free weights, then mapping to the levels of a synapse.

One process computes all stages of one trained network and one set of levels, because starting
PyTorch and Lightning costs as much as one to five epochs. A job that was killed continues from
the latest checkpoints of its trainings.
"""

import copy
import json
import logging
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.plugins.environments import LightningEnvironment
from torch import Tensor

from wallnet.config import ConfigError
from wallnet.config.networks import FREE_NETWORK, LEVEL_STAGES, Training
from wallnet.files import FileError
from wallnet.files.compact import activation_of
from wallnet.jobs import MappingJob, TrainingJob
from wallnet.networks import callbacks, storage
from wallnet.networks.batches import ImageData
from wallnet.networks.evaluation import evaluate
from wallnet.networks.images import Images
from wallnet.networks.mappings import MAPPINGS, Circuit, WeightMapping, read_levels
from wallnet.networks.model import Classifier
from wallnet.networks.storage import Outputs


def _trainer(epochs: int = 1, *beside: Callback) -> lightning.Trainer:
    """Return a trainer that is the same on every machine, with one CPU device and no loggers."""
    return lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=epochs,
        deterministic=True,
        callbacks=list(beside),
        # inside a SLURM job Lightning would otherwise look for other processes
        plugins=[LightningEnvironment(), storage.WholeFiles()],
        logger=False,
        enable_checkpointing=bool(beside),
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


def _begin(job: TrainingJob | MappingJob) -> None:
    """Set threads and seed; silence advice on workers and loggers, which are not used."""
    for name in ("pytorch_lightning", "lightning.fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric)\..*")
    torch.set_num_threads(job.threads)
    lightning.seed_everything(job.seed, verbose=False)


@dataclass(kw_only=True)
class Run:
    """A job and the networks that it has finished so far.

    Attributes
    ----------
    job : TrainingJob or MappingJob
        The job.
    data : ImageData
        The data set.
    outputs : Mapping
        Paths of metrics and checkpoint of each stage.
    place : Mapping
        Device, reading and mapping of the networks.
    networks : dict
        Networks by stage.
    trainings : dict
        Progress of the stages that were trained.
    """

    job: TrainingJob | MappingJob
    data: ImageData
    outputs: Mapping[str, Outputs]
    place: Mapping[str, str]
    networks: dict[str, Classifier] = field(default_factory=dict)
    trainings: dict[str, callbacks.Progress] = field(default_factory=dict)

    def train(
        self, stage: str, network: Classifier, *beside: Callback, told: Sequence[Tensor] = ()
    ) -> Classifier:
        """Train a network, continuing an earlier attempt, and load the weights of its best epoch.

        Job, versions, images, initial weights and the tensors in `told` identify a training.
        """
        training: Training = getattr(self.job, stage)
        made_by = json.dumps([storage.provenance(self.job), dict(network.hparams)], sort_keys=True)
        images = self.data.images.training_images, self.data.images.training_labels
        arrays = map(np.ascontiguousarray, (*images, *network.state_dict().values(), *told))
        progress = callbacks.Progress(self.outputs[stage][1], made_by, *arrays)
        follow = callbacks.FollowEpochs(f"networks.recipes.{self.job.recipe}.{stage}")
        trainer = _trainer(training.epochs, *beside, follow, progress)
        batches = self.data.shuffled(training.batch_size), self.data.whole("validation")
        trainer.fit(network, *batches, ckpt_path=progress.earlier())
        network.load_state_dict(progress.best_weights)
        self.trainings[stage] = progress
        return network

    def finish(self, stage: str, network: Classifier, started: float, **more: Any) -> None:
        """Measure and write the network of a stage that began at `started`."""
        self.networks[stage] = network
        results = {**evaluate(network, self.data, _trainer()), **more}
        if progress := self.trainings.get(stage):
            results |= {"training_curve": network.curve, "best_epoch": progress.best_epoch}
            started -= progress.elapsed
        results["wall_seconds"] = time.perf_counter() - started
        place = {**self.place, "stage": stage}
        storage.write_stage(self.job, place, network, results, self.outputs[stage])

    def remove_checkpoints(self) -> None:
        """Remove the checkpoints of the trainings after the outputs of the job were written."""
        for progress in self.trainings.values():
            progress.remove()


def train(job: TrainingJob, images: Images, neuron: str | Path, outputs: Outputs) -> None:
    """Train a network with free weights: stage `fp32`.

    Parameters
    ----------
    job : TrainingJob
        The training.
    images : Images
        The data set.
    neuron : str or Path
        Compact model of the neuron.
    outputs : tuple of paths
        Paths of metrics and checkpoint.

    Raises
    ------
    FileError, ConfigError
        If the neuron is unusable or is not valid as an activation, if the loss diverges or if an
        output cannot be written.
    """
    started = time.perf_counter()
    quartic, fault = activation_of(neuron, job.neuron_reading)
    if fault and not job.allow_unsuitable_neuron:
        raise ConfigError(
            f"networks.neuron is no activation ({job.neuron_reading}): {fault}; change its sweep, "
            "or set networks.allow_unsuitable_neuron: true"
        )
    _begin(job)
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
    beside = [] if limit is None else [callbacks.LimitWeights(limit)]
    run = Run(job=job, data=data, outputs={"fp32": outputs}, place=FREE_NETWORK)
    run.finish("fp32", run.train("fp32", network, *beside), started)
    run.remove_checkpoints()


@dataclass(kw_only=True)
class OnLevels(Run):
    """A job on the levels of a synapse; its first network is the trained one, `fp32`.

    Attributes
    ----------
    mapping : WeightMapping
        Mapping of weights to the levels.
    circuits : dict
        Offset and scale of each layer, chosen once for the trained network.
    """

    mapping: WeightMapping
    circuits: dict[str, Circuit]

    @torch.no_grad()
    def snapped(self, start: str) -> Classifier:
        """Return a copy of a stage's network with its weights on the levels."""
        network = copy.deepcopy(self.networks[start])
        for name, layer in network.layers.items():
            layer.weight.copy_(self.mapping.snap(layer.weight, self.circuits[name]))
        return network

    def trained(self, stage: str, start: str, *beside: Callback) -> Classifier:
        """Return a stage's network, trained from that of stage `start` with its own settings."""
        lightning.seed_everything(self.job.seed, verbose=False)
        training: Training = getattr(self.job, stage)
        settings = {"learning_rate": training.learning_rate, "schedule": training.schedule}
        network = Classifier(**{**self.networks[start].hparams, **settings})
        network.load_state_dict(self.networks[start].state_dict())
        return self.train(stage, network, *beside, told=[self.mapping.levels])


STAGES: dict[str, Callable[[OnLevels], Classifier]] = {
    # each weight of the trained network moves to its nearest level
    "quantized": lambda on: on.snapped("fp32"),
    # the quantized network is trained further with free weights, as in the paper
    "fine_tuned": lambda on: on.trained("fine_tuned", "quantized"),
    # each weight of the fine-tuned network moves to its nearest level
    "fine_tuned_snapped": lambda on: on.snapped("fine_tuned"),
    # the trained network is trained further while its weights stay on the levels
    "on_levels": lambda on: on.trained(
        "on_levels", "fp32", callbacks.KeepOnLevels(on.mapping, on.circuits)
    ),
}
"""Functions that compute `wallnet.config.networks.LEVEL_STAGES` from the stages before them."""


def put_on_levels(
    job: MappingJob,
    images: Images,
    synapse: str | Path,
    start: str | Path,
    outputs: Mapping[str, Outputs],
) -> None:
    """Compute all stages after `fp32`: map a trained network to a synapse's levels and train it.

    Offset and scale of each layer are chosen once, for the trained network. All stages use them.
    Biases are not synapses and stay free.

    Parameters
    ----------
    job : MappingJob
        The job.
    images : Images
        The data set.
    synapse : str or Path
        Compact model of the synapse.
    start : str or Path
        Checkpoint of the trained network.
    outputs : Mapping
        Paths of metrics and checkpoint of each stage.

    Raises
    ------
    FileError, ConfigError
        If an input is unusable, the loss diverges or an output cannot be written.
    """
    levels = read_levels(synapse, job.reading, job.level_set)
    trained = storage.load_network(start)
    _begin(job)
    data = ImageData(images, job.validation_fraction, job.seed)
    shape = trained.hparams["inputs"], trained.hparams["classes"]
    if shape != (data.pixels, len(images.classes)):
        raise FileError(
            f"{start} was trained on other images than {job.dataset}; delete it and run snakemake"
        )
    mapping = MAPPINGS[job.scheme](levels.values)
    with torch.no_grad():
        circuits = {n: mapping.circuit_for(layer.weight) for n, layer in trained.layers.items()}
    about_levels = {
        "device_levels": levels.whole,
        "levels": levels.values.tolist(),
        "circuits": {
            name: {"offset": c.offset.flatten().tolist(), "scale": c.scale.flatten().tolist()}
            for name, c in circuits.items()
        },
        # a mapping with a circuit for each row has too many values to list
        "weight_values": {
            name: (c.offset + c.scale * mapping.table).tolist()
            for name, c in circuits.items()
            if c.scale.numel() == 1
        },
    }
    on = OnLevels(
        job=job,
        data=data,
        outputs=outputs,
        place={"device": job.device, "reading": job.reading, "mapping": job.mapping},
        networks={"fp32": trained},
        mapping=mapping,
        circuits=circuits,
    )
    for stage in LEVEL_STAGES:
        started = time.perf_counter()
        on.finish(stage, STAGES[stage](on), started, **about_levels)
    # only now: Snakemake removes the outputs of an incomplete job
    on.remove_checkpoints()
