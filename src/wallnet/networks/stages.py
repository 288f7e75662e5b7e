"""The stages of a network: training in FP32, then mapping to the levels of a synapse.

One process computes all networks of one seed on one synapse, because starting PyTorch and Lightning
costs as much as several epochs. A job that was killed continues from the latest checkpoints of its
trainings.
"""

import copy
import json
import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import Callback, Checkpoint
from pytorch_lightning.plugins.environments import LightningEnvironment
from torch import Tensor

from wallnet import files
from wallnet.config import ConfigError
from wallnet.config.networks import (
    FIRST_STAGE,
    FREE_NETWORK,
    PROGRAMMED_STAGES,
    FreeTraining,
    Training,
)
from wallnet.files import FileError
from wallnet.files.compact import Curve, activation_of
from wallnet.files.whole import one_line
from wallnet.jobs.networks import (
    ContinuingJob,
    InterpretationJob,
    LevelJob,
    MappingJob,
    TrainingJob,
    network_path,
)
from wallnet.networks import callbacks, programming, storage
from wallnet.networks.batches import ImageData
from wallnet.networks.classifier import Classifier
from wallnet.networks.evaluation import evaluate
from wallnet.networks.images import Images
from wallnet.networks.mappings import Circuit, Levels, WeightMapping, create, read_levels
from wallnet.networks.model import Shape
from wallnet.networks.quantization import choose_circuits, digital_layers, snap


def trainer(epochs: int = 1, *beside: Callback) -> lightning.Trainer:
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
        # otherwise Lightning would add one of its own, which writes into the current folder
        enable_checkpointing=any(isinstance(each, Checkpoint) for each in beside),
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


def begin(job: TrainingJob | ContinuingJob | MappingJob | InterpretationJob) -> None:
    """Set threads and seed; silence advice on workers and loggers, which are not used."""
    for name in ("pytorch_lightning", "lightning.fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric)\..*")
    torch.set_num_threads(job.threads)
    # deterministic mode would otherwise fill each new tensor before it is computed
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    lightning.seed_everything(job.seed, verbose=False)


@dataclass(kw_only=True)
class Run:
    """A job and the networks that it has finished so far.

    Attributes
    ----------
    job : TrainingJob, ContinuingJob or LevelJob
        The job.
    data : ImageData
        The data set.
    folder : str or Path
        Folder of all networks.
    place : Mapping
        Device, reading and mapping of the networks.
    networks : dict
        Networks by stage.
    trainings : dict
        Progress of the stages that were trained.
    """

    job: TrainingJob | ContinuingJob | LevelJob
    data: ImageData
    folder: str | Path
    place: Mapping[str, str] = field(default_factory=lambda: FREE_NETWORK)
    networks: dict[str, Classifier] = field(default_factory=dict)
    trainings: dict[str, callbacks.Progress] = field(default_factory=dict)

    def path(self, pattern: str, stage: str) -> str:
        """Return the file of one kind of the network of a stage."""
        named = {key: str(getattr(self.job, key)) for key in ("dataset", "recipe", "seed")}
        return network_path(pattern, {**named, **self.place, "stage": stage}, self.folder)

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
        progress = callbacks.Progress(self.path(files.CHECKPOINT, stage), made_by, *arrays)
        follow = callbacks.FollowEpochs(f"networks.recipes.{self.job.recipe}.{stage}")
        seed = callbacks.SeedEpochs(self.job.seed)
        running = trainer(training.epochs, *beside, seed, follow, progress)
        shuffled = self.data.shuffled(training.batch_size, training.shift.get(self.job.dataset, 0))
        running.fit(network, shuffled, self.data.whole("validation"), ckpt_path=progress.earlier())
        network.load_state_dict(progress.best_weights)
        self.trainings[stage] = progress
        return network

    def trained_from(
        self, start: Classifier, stage: str, *beside: Callback, told: Sequence[Tensor] = ()
    ) -> Classifier:
        """Return a stage's network, trained from another one with its own settings."""
        lightning.seed_everything(self.job.seed, verbose=False)
        network = Classifier(**{**start.hparams, **_settings(getattr(self.job, stage), start)})
        network.load_state_dict(start.state_dict())
        return self.train(stage, network, *beside, told=told)

    def finish(self, stage: str, network: Classifier, started: float, **more: Any) -> None:
        """Measure and write the network of a stage that began at `started`."""
        self.networks[stage] = network
        results = {**evaluate(network, self.data, trainer()), **more}
        if progress := self.trainings.get(stage):
            results |= {"training_curve": network.curve, "best_epoch": progress.best_epoch}
            started -= progress.elapsed
        results["wall_seconds"] = time.perf_counter() - started
        place = {**self.place, "stage": stage}
        outputs = self.path(files.METRICS, stage), self.path(files.CHECKPOINT, stage)
        storage.write_stage(self.job, place, network, results, outputs)

    def remove_checkpoints(self) -> None:
        """Remove the checkpoints of the trainings after the outputs of the job were written."""
        for progress in self.trainings.values():
            progress.remove()


def _settings(training: Training, network: Classifier) -> dict[str, Any]:
    """Return the parameters of a `Classifier` that belong to a training."""
    shape = Shape(*network.hparams["shape"])._replace(dropout=training.dropout)
    return {
        "shape": list(shape),
        "learning_rate": training.learning_rate,
        "schedule": training.schedule,
    }


def _limit(training: FreeTraining, network: Classifier) -> list[Callback]:
    limit = training.weight_limit
    return [] if limit is None else [callbacks.LimitWeights(limit, network.layers)]


def new_network(
    job: TrainingJob | InterpretationJob,
    data: ImageData,
    curve: Curve,
    model: str,
    training: Training,
    layers: Sequence[str] | None = None,
) -> Classifier:
    """Return a network with initial weights, for the images of a data set."""
    return Classifier(
        [*data.shape, len(data.images.classes), job.hidden_neurons, training.dropout],
        {**curve._asdict(), "input_range": job.input_range},
        model,
        training.learning_rate,
        training.schedule,
        None if layers is None else list(layers),
    )


def curve_of(job: TrainingJob | InterpretationJob, neuron: str | Path) -> Curve:
    """Return the activation of a job's networks from the compact model of the neuron.

    Raises
    ------
    FileError, ConfigError
        If the compact model is unusable, or is not valid as an activation and not allowed.
    """
    curve, fault = activation_of(neuron, job.neuron_reading)
    if fault and not job.allow_unsuitable_neuron:
        raise ConfigError(
            f"networks.neuron is no activation ({job.neuron_reading}): {fault}; change its sweep, "
            "or set networks.allow_unsuitable_neuron: true"
        )
    return curve


def train(job: TrainingJob, images: Images, neuron: str | Path, folder: str | Path) -> None:
    """Train a network in FP32: stage `fp32`.

    Parameters
    ----------
    job : TrainingJob
        The training.
    images : Images
        The data set.
    neuron : str or Path
        Compact model of the neuron.
    folder : str or Path
        Folder of all networks, in which metrics and checkpoint are written.

    Raises
    ------
    FileError, ConfigError
        If the neuron is unusable or is not valid as an activation, if the model cannot be used, if
        the loss diverges or if an output cannot be written.
    """
    started = time.perf_counter()
    curve = curve_of(job, neuron)
    begin(job)
    data = ImageData(images, job.validation_fraction, job.seed)
    try:
        network = new_network(job, data, curve, job.model, job.fp32, job.layers)
        _check_model(network, data)
        placed = network.folded() if job.fold_batch_norm else network
        digital = digital_layers(placed.model, job.layers)
    except ConfigError:
        raise
    except Exception as error:  # a model of the user can raise any error
        raise ConfigError(
            f"networks.recipes.{job.recipe}.model {job.model} cannot be used: {one_line(error)}"
        ) from None
    run = Run(job=job, data=data, folder=folder)
    if digital:
        named = ", ".join(f"{name or 'the model'} ({kind})" for name, kind in digital.items())
        print(f"{job.recipe}: these layers stay digital: {named}", flush=True)
    trained = run.train("fp32", network, *_limit(job.fp32, network))
    run.finish("fp32", trained.folded() if job.fold_batch_norm else trained, started)
    run.remove_checkpoints()


def _check_model(network: Classifier, data: ImageData) -> None:
    """Raise ValueError for a model that cannot be trained or put on levels, before any training."""
    images = data.test[0][:2].float()
    with torch.no_grad():
        logits = network.eval()(images)
    network.train()
    expected = len(images), len(data.images.classes)
    if logits.shape != expected:
        raise ValueError(
            f"it returns {tuple(logits.shape)} for {tuple(images.shape)}, not {expected}"
        )


def train_on(job: ContinuingJob, images: Images, start: str | Path, folder: str | Path) -> None:
    """Train a network further in FP32: stage `continued`.

    Parameters
    ----------
    job : ContinuingJob
        The training.
    images : Images
        The data set.
    start : str or Path
        Checkpoint of the trained network.
    folder : str or Path
        Folder of all networks, in which metrics and checkpoint are written.

    Raises
    ------
    FileError, ConfigError
        If an input is unusable, the loss diverges or an output cannot be written.
    """
    started = time.perf_counter()
    trained = storage.load_network(start, job.model)
    begin(job)
    run = Run(job=job, data=_data(job, images, {str(start): trained}), folder=folder)
    network = run.trained_from(trained, "continued", *_limit(job.continued, trained))
    run.finish("continued", network, started)
    run.remove_checkpoints()


def _data(
    job: ContinuingJob | LevelJob, images: Images, trained: Mapping[str, Classifier]
) -> ImageData:
    """Return the data set of networks; refuse networks that were trained on other images."""
    data = ImageData(images, job.validation_fraction, job.seed)
    for path, network in trained.items():
        shape = Shape(*network.hparams["shape"])
        if (shape.rows, shape.columns, shape.classes) != (*data.shape, len(images.classes)):
            raise FileError(
                f"{path} was trained on other images than {job.dataset}; delete it and run "
                "snakemake"
            )
    return data


@dataclass(kw_only=True)
class OnLevels(Run):
    """A job on the levels of a synapse; its first network is the trained one, `fp32`.

    Attributes
    ----------
    job : LevelJob
        The job.
    levels : Levels
        Levels of the synapse.
    mapping : WeightMapping
        Mapping of weights to the levels.
    circuits : dict
        Offset and scale of each layer, chosen once for the trained network.
    """

    job: LevelJob
    levels: Levels
    mapping: WeightMapping
    circuits: dict[str, Circuit]

    def snapped(self, start: str) -> Classifier:
        """Return a copy of a stage's network with its weights on the levels."""
        network = copy.deepcopy(self.networks[start])
        snap(network.synapses(), self.mapping, self.circuits)
        return network

    def trained(self, stage: str, start: str, *beside: Callback) -> Classifier:
        """Return a stage's network, trained from that of stage `start` with its own settings."""
        told = [self.mapping.levels, self.mapping.table]
        return self.trained_from(self.networks[start], stage, *beside, told=told)

    def keeping(self) -> Callback:
        """Return the callback that keeps the weights on the levels."""
        return callbacks.TrainOnLevels(self.mapping, layers=self.networks[FIRST_STAGE].layers)

    def finish(self, stage: str, network: Classifier, started: float, **more: Any) -> None:
        """Measure and write the network of a stage, and its programming if it has one."""
        super().finish(stage, network, started, **self.about_levels(), **more)
        if stage in PROGRAMMED_STAGES:
            about = storage.provenance(self.job)
            about |= {"parameters": json.dumps(about["parameters"], sort_keys=True)}
            programming.write(
                network.synapses(),
                self.mapping,
                self.circuits,
                self.levels.conductances,
                self.path(files.PROGRAMMING, stage),
                {**about, **self.place, "stage": stage},
            )

    def about_levels(self) -> dict[str, Any]:
        """Return levels and circuits as plain data."""
        # a mapping with a circuit for each row has too many values to list
        few = {name: c for name, c in self.circuits.items() if c.scale.numel() == 1}
        return {
            "device_levels": self.levels.whole,
            "levels": self.mapping.levels.tolist(),
            "conductances": self.levels.conductances.tolist(),
            "circuits": {name: circuit.plain() for name, circuit in self.circuits.items()},
            "weight_values": {
                name: (c.offset + c.scale * self.mapping.table).tolist() for name, c in few.items()
            },
        }


STAGES: dict[str, Callable[[OnLevels], Classifier]] = {
    # post-training quantisation: each weight of the trained network moves to its nearest level
    "quantized": lambda on: on.snapped("fp32"),
    # the quantized network is trained further in FP32, as in the paper
    "fine_tuned": lambda on: on.trained("fine_tuned", "quantized"),
    # each weight of the fine-tuned network moves to its nearest level
    "fine_tuned_snapped": lambda on: on.snapped("fine_tuned"),
    # quantisation-aware training of the trained network
    "on_levels": lambda on: on.trained("on_levels", "fp32", on.keeping()),
}
"""Functions that compute `wallnet.config.networks.LEVEL_STAGES` from the stages before them."""


def on_levels(
    job: MappingJob, images: Images, synapse: str | Path, folder: str | Path
) -> Iterator[OnLevels]:
    """Yield the networks of a job before their stages on levels are computed.

    Offset and scale of each layer are chosen once, for the trained network. All stages use them.
    Biases are not synapses and stay FP32.

    Parameters
    ----------
    job : MappingJob
        The job.
    images : Images
        The data set.
    synapse : str or Path
        Compact model of the synapse.
    folder : str or Path
        Folder of all networks, with the checkpoints of the trained ones.

    Raises
    ------
    FileError
        If an input is unusable.
    """
    read = {
        name: read_levels(synapse, job.reading, name)
        for name in dict.fromkeys(one.level_set for one in job.networks)
    }
    trained: dict[str, Classifier] = {}
    starts: dict[str, str] = {}
    for one in job.networks:
        free = {"dataset": job.dataset, "recipe": one.recipe, "seed": str(job.seed)}
        free |= {**FREE_NETWORK, "stage": FIRST_STAGE}
        if one.recipe not in starts:
            start = starts[one.recipe] = network_path(files.CHECKPOINT, free, folder)
            trained[start] = storage.load_network(start, one.model)
    begin(job)
    data = _data(job.networks[0], images, trained)
    for one in job.networks:
        mapping = create(one.mapping, read[one.level_set].conductances)
        network = trained[starts[one.recipe]]
        yield OnLevels(
            job=one,
            data=data,
            folder=folder,
            place={"device": job.device, "reading": job.reading, "mapping": one.mapping},
            networks={"fp32": network},
            levels=read[one.level_set],
            mapping=mapping,
            circuits=choose_circuits(network.synapses(), mapping),
        )


def put_on_levels(job: MappingJob, images: Images, synapse: str | Path, folder: str | Path) -> None:
    """Map trained networks to a synapse's levels and train them: all stages on levels.

    Parameters
    ----------
    job, images, synapse, folder
        As for `on_levels`; the results are written in the folder too.

    Raises
    ------
    FileError, ConfigError
        If an input is unusable, the loss diverges or an output cannot be written.
    """
    runs = []
    for run in on_levels(job, images, synapse, folder):
        runs.append(run)
        for stage in run.job.stages:
            started = time.perf_counter()
            run.finish(stage, STAGES[stage](run), started)
    # only now: Snakemake removes the outputs of an incomplete job
    for run in runs:
        run.remove_checkpoints()
