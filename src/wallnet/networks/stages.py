"""The stages of a network: training in FP32, then mapping to the levels of a synapse.

One process computes all networks of one seed on one synapse, because starting PyTorch and Lightning
costs as much as several epochs.

`train`, `train_on`, `put_on_levels` and `compare` take the job, the data set, the file from which
the job starts, and the folder of all networks. From this folder they read trained networks, and
they write metrics and checkpoints to it. They raise a FileError or ConfigError if an input is
unusable, the loss diverges or an output cannot be written.
"""

import copy
import json
import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.plugins.environments import LightningEnvironment
from torch.utils.data import DataLoader

from wallnet import files
from wallnet.config import ConfigError
from wallnet.config.mappings import split_mapping
from wallnet.config.networks import Compensation, Training
from wallnet.config.stages import (
    FIRST_STAGE,
    STAGES,
    Compensated,
    FineTuned,
    Network,
    QuantizationAware,
    Snapped,
    Stage,
)
from wallnet.files import FileError
from wallnet.files.compact import Curve, activation_of, decisive
from wallnet.files.origin import digest_of
from wallnet.files.whole import one_line
from wallnet.jobs.networks import AsMadeJob, ContinuingJob, LevelJob, MappingJob, TrainingJob
from wallnet.networks import callbacks, programming, storage
from wallnet.networks.classifier import Classifier, Teacher
from wallnet.networks.compensation import compensated
from wallnet.networks.images import ImageData, Images
from wallnet.networks.layers import SynapticLayer, digital_layers
from wallnet.networks.mappings import Placement, read_mapping
from wallnet.networks.model import Shape


def begin(job: TrainingJob | ContinuingJob | MappingJob | AsMadeJob) -> None:
    """Set threads and seed; let PyTorch compute deterministically."""
    torch.set_num_threads(job.threads)
    torch.use_deterministic_algorithms(True)
    # deterministic mode would otherwise fill each new tensor before it is computed
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    lightning.seed_everything(job.seed, verbose=False)


def fit(
    network: Classifier, data: ImageData, training: Training, *beside: Callback, shift: int = 0
) -> None:
    """Train a network with Lightning's trainer, in the same way on every machine."""
    # advice on workers and loggers, which are not used
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric)\..*")
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=training.epochs,
        deterministic=True,
        callbacks=list(beside),
        # inside a SLURM job Lightning would otherwise look for other processes
        plugins=[LightningEnvironment()],
        logger=False,
        # otherwise Lightning would add one of its own, which writes into the current folder
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    network.train().curve = []
    # what is one batch for Lightning is an epoch; see `Classifier.training_step`
    whole: Any = [data.shuffled(training.batch_size, shift)], [data.whole("validation")]
    shuffled, held_out = (DataLoader(epoch, batch_size=None) for epoch in whole)
    trainer.fit(network, shuffled, held_out)


@dataclass(kw_only=True)
class Run:
    """A job and what it has computed so far.

    Attributes
    ----------
    job : TrainingJob, ContinuingJob or LevelJob
        The job.
    folder : str or Path
        Folder of all networks.
    networks : dict
        Networks by stage; the first one of a job on levels is the trained one, `fp32`.
    placements : dict
        Mapping to levels, with offset and scale of each layer, by stage of a job on levels. Stages
        without an entry use that of `fp32`, which is chosen for the trained network.
    whole : int
        Number of states of the synapse; see `read_mapping`.
    made_from : str
        Levels, or the activation, that the job read; see `wallnet.files.compact.decisive`.
    """

    job: Any
    data: ImageData
    folder: str | Path
    networks: dict[str, Classifier] = field(default_factory=dict)
    placements: dict[str, Placement] = field(default_factory=dict)
    whole: int = 0
    made_from: str = ""

    def train(self, stage: str, network: Classifier, *beside: Callback) -> Classifier:
        """Train a network, and load the weights of its best epoch, or of its last."""
        training: Training = getattr(self.job, stage)
        if limit := getattr(training, "weight_limit", None):
            beside = (*beside, callbacks.LimitWeights(limit, network.hparams["layers"]))
        last = getattr(training, "kept_epoch", "best") == "last"
        follow = callbacks.FollowEpochs(f"networks.recipes.{self.job.recipe}.{stage}", last)
        shift = training.shift.get(self.job.dataset, 0)
        fit(network, self.data, training, *beside, follow, shift=shift)
        return network

    def computed(self, stage: Stage) -> Classifier:
        """Return the network of a stage on levels."""
        return COMPUTATIONS[type(stage)](self, stage)

    def trained(self, stage: str, start: Classifier, *beside: Callback) -> Classifier:
        """Return a stage's network, trained from another one with its own settings."""
        lightning.seed_everything(self.job.seed, verbose=False)
        training: Training = getattr(self.job, stage)
        shape = Shape(*start.hparams["shape"])._replace(dropout=training.dropout)
        settings = {"learning_rate": training.learning_rate, "schedule": training.schedule}
        network = Classifier(**{**start.hparams, "shape": list(shape), **settings})
        network.load_state_dict(start.state_dict())
        if share := getattr(training, "distillation", 0.0):
            network.teacher = Teacher(copy.deepcopy(self.networks[FIRST_STAGE]).eval(), share)
        return self.train(stage, network, *beside)

    def fine_tuned(self, stage: Stage) -> Classifier:
        """Return the network of the stage before, trained further in FP32."""
        return self.trained(stage.name, self.networks[stage.start])

    def snapped(self, stage: Stage) -> Classifier:
        """Return a copy of the network of the stage before with its weights on the levels."""
        network = copy.deepcopy(self.networks[stage.start])
        self.placements[FIRST_STAGE].snap(network.synapses())
        return network

    def compensated(self, stage: Stage) -> Classifier:
        """Return a copy of the network of the stage before on levels, with compensated rounding."""
        network = copy.deepcopy(self.networks[stage.start])
        images = (self.job.compensated or Compensation()).images
        self.placements[stage.name] = self._compensate(network, network.synapses(), images)
        return network

    def _compensate(
        self, network: Classifier, synapses: Mapping[str, SynapticLayer], images: int
    ) -> Placement:
        """Put some weights of a network on the levels, in place, with compensated rounding."""
        shown = self.data.training[0][:images].float() / 255
        mapping = self.placements[FIRST_STAGE].mapping
        return compensated(network.model, synapses, mapping, shown, logits=True)

    def trained_on_levels(self, stage: Stage) -> Classifier:
        """Return the network of the stage before, trained further on the levels."""
        settings, placement = self.job.on_levels, self.placements[FIRST_STAGE]
        begun = self.networks[stage.start]
        layers, images = begun.hparams["layers"], Compensation().images
        largest = ""
        if settings.largest_layer == "compensated":
            begun = copy.deepcopy(begun)
            others = begun.synapses()
            modules = dict(begun.model.named_modules())
            # compensated rounding knows no layer with several matrices
            rounded = {name: layer for name, layer in others.items() if name in modules}
            if len(others) < 2 or not rounded:
                raise ConfigError(
                    f"networks.recipes.{self.job.recipe}.on_levels.largest_layer needs a layer to "
                    "round and another one to train; leave it out"
                )
            largest = max(rounded, key=lambda name: rounded[name].parameter.numel())
            del others[largest]
            placement = self._compensate(begun, others, images)
            layers = list(others)
        elif settings.scales == "learned":
            if "compensated" not in self.placements:
                self.compensated(STAGES["compensated"])
            placement = self.placements["compensated"]
        keeping = callbacks.TrainOnLevels(
            placement.mapping.conductances,
            self.job.mapping,
            layers=layers,
            learn_scales=settings.scales == "learned",
            circuits=placement.circuits,
            noise=settings.noise,
        )
        network = self.trained(stage.name, begun, keeping)
        circuits = keeping.released(network)
        if largest:
            layer = {largest: network.synapses()[largest]}
            circuits |= self._compensate(network, layer, images).circuits
        self.placements[stage.name] = Placement(placement.mapping, circuits)
        return network

    def finish(self, stage: str, network: Classifier, started: float) -> None:
        """Measure and write the network of a stage that began at `started`, and its programming."""
        self.networks[stage] = network
        identity, made_by = Network.of(self.job, stage), storage.provenance(self.job)
        made_by |= {"made_from": digest_of(self.made_from)} if self.made_from else {}
        about, results = made_by | identity.place, storage.evaluate(network, self.data)
        if STAGES[stage].trained:
            results |= {"training_curve": network.curve, "best_epoch": network.best_epoch}
        if STAGES[stage].mapped:
            placement = self.placements.get(stage, self.placements[FIRST_STAGE])
            if STAGES[stage].programmed:
                path = identity.path(files.PROGRAMMING, self.folder)
                origin = about | {"parameters": json.dumps(about["parameters"], sort_keys=True)}
                synapses = programming.described(network.synapses(), placement, origin)
                files.write_dataset(synapses, path, "programming", {})
            mapping, circuits = placement
            # a mapping with a circuit for each row has too many values to list
            few = {name: c for name, c in circuits.items() if c.scale.numel() == 1}
            about |= {
                "levels": mapping.levels.tolist(),
                "circuits": {
                    name: {key: part.flatten().tolist() for key, part in circuit._asdict().items()}
                    for name, circuit in circuits.items()
                },
            }
            results |= {
                "device_levels": self.whole,
                "conductances": mapping.conductances.tolist(),
                "weight_values": {
                    name: (c.offset + c.scale * mapping.table).tolist() for name, c in few.items()
                },
            }
        storage.save_network(network, identity.path(files.CHECKPOINT, self.folder), about)
        metrics = {"kind": "network", **identity, **about, **results}
        metrics["activation"] = dict(network.hparams["activation"])
        metrics["wall_seconds"] = time.perf_counter() - started
        files.write_json(metrics, identity.path(files.METRICS, self.folder))
        accuracy = f"test accuracy {results['test_accuracy']:.2f} %"
        print(f"{identity.dataset} {identity.device} {stage}: {accuracy}", flush=True)


COMPUTATIONS: dict[type[Stage], Callable[[Run, Stage], Classifier]] = {
    Snapped: Run.snapped,
    Compensated: Run.compensated,
    FineTuned: Run.fine_tuned,
    QuantizationAware: Run.trained_on_levels,
}
"""What is computed, by the kind of a stage on levels."""


def new_network(job: TrainingJob, data: ImageData, curve: Curve) -> Classifier:
    """Return a network with initial weights, for the images of a data set."""
    return Classifier(
        [*data.shape, len(data.images.classes), job.hidden_neurons, job.fp32.dropout],
        {**curve._asdict(), "input_range": job.input_range},
        job.model,
        job.fp32.learning_rate,
        job.fp32.schedule,
        None if job.layers is None else list(job.layers),
    )


def curve_of(job: TrainingJob, neuron: str | Path) -> Curve:
    """Return the activation of a job's networks from the compact model of the neuron.

    A fault of the curve is refused unless the job allows it.
    """
    curve, fault = activation_of(neuron, job.neuron_reading)
    if fault and not job.allow_unsuitable_neuron:
        raise ConfigError(
            f"networks.neuron is no activation ({job.neuron_reading}): {fault}; change its sweep, "
            "or set networks.allow_unsuitable_neuron: true"
        )
    return curve


def train(job: TrainingJob, images: Images, neuron: str | Path, folder: str | Path) -> None:
    """Train a network in FP32, with the compact model of the neuron: stage `fp32`."""
    started = time.perf_counter()
    curve = curve_of(job, neuron)
    begin(job)
    data = ImageData(images, job.validation_fraction, job.seed)
    try:
        network = new_network(job, data, curve)
        shown = data.test[0][:2].float()
        with torch.no_grad():
            logits = network.eval()(shown)
        if logits.shape != (expected := (len(shown), len(data.images.classes))):
            raise ValueError(
                f"it returns {tuple(logits.shape)} for {tuple(shown.shape)}, not {expected}"
            )
        placed = network.folded() if job.fold_batch_norm else network
        digital = digital_layers(placed.model, job.layers)
    except ConfigError:
        raise
    except Exception as error:  # a model of the user can raise any error
        raise ConfigError(
            f"networks.recipes.{job.recipe}.model {job.model} cannot be used: {one_line(error)}"
        ) from None
    made_from = decisive(neuron, job.neuron_reading)
    run = Run(job=job, data=data, folder=folder, made_from=made_from)
    if digital:
        named = ", ".join(f"{name or 'the model'} ({kind})" for name, kind in digital.items())
        print(f"{job.recipe}: these layers stay digital: {named}", flush=True)
    trained = run.train("fp32", network)
    run.finish("fp32", trained.folded() if job.fold_batch_norm else trained, started)


def train_on(job: ContinuingJob, images: Images, start: str | Path, folder: str | Path) -> None:
    """Train the network of a checkpoint further in FP32: stage `continued`."""
    started = time.perf_counter()
    trained = storage.load_network(start, job.model)
    begin(job)
    run = Run(job=job, data=_data(job, images, {str(start): trained}), folder=folder)
    run.finish("continued", run.trained("continued", trained), started)


def _data(
    job: ContinuingJob | LevelJob, images: Images, trained: Mapping[str, Classifier]
) -> ImageData:
    """Return the data set of networks; refuse networks that were trained on other images."""
    data = ImageData(images, job.validation_fraction, job.seed)
    for path, network in trained.items():
        rows, columns, classes, *_ = network.hparams["shape"]
        if (rows, columns, classes) != (*data.shape, len(images.classes)):
            raise FileError(
                f"{path} was trained on other images than {job.dataset}; delete it and run "
                "snakemake"
            )
    return data


def on_levels(
    job: MappingJob, images: Images, synapse: str | Path, folder: str | Path
) -> Iterator[Run]:
    """Yield the networks of a job before their stages on levels are computed.

    Offset and scale of each layer are chosen once, for the trained network. All stages use them.
    Biases are not synapses and stay FP32.
    """
    mappings = [read_mapping(synapse, job.reading, one.mapping) for one in job.networks]
    starts: dict[str, tuple[str, Classifier]] = {}
    for recipe, model in {one.recipe: one.model for one in job.networks}.items():
        first = Network(dataset=job.dataset, recipe=recipe, stage=FIRST_STAGE, seed=str(job.seed))
        path = first.path(files.CHECKPOINT, folder)
        starts[recipe] = path, storage.load_network(path, model)
    begin(job)
    data = _data(job.networks[0], images, dict(starts.values()))
    for one, (mapping, whole) in zip(job.networks, mappings, strict=True):
        _, network = starts[one.recipe]
        yield Run(
            job=one,
            data=data,
            folder=folder,
            networks={FIRST_STAGE: network},
            placements={FIRST_STAGE: Placement.chosen(network.synapses(), mapping)},
            whole=whole,
            made_from=decisive(synapse, job.reading, split_mapping(one.mapping).level_set),
        )


def put_on_levels(job: MappingJob, images: Images, synapse: str | Path, folder: str | Path) -> None:
    """Map trained networks to the levels of a synapse and train them: all stages on levels."""
    for run in on_levels(job, images, synapse, folder):
        for stage in run.job.stages:
            started = time.perf_counter()
            run.finish(stage, run.computed(STAGES[stage]), started)


def compare(
    job: MappingJob, images: Images, synapse: str | Path, networks: str | Path, out: str | Path
) -> None:
    """Compute stages with many mappings; write the validation accuracies to a JSON file `out`.

    The test images are not used.
    """
    started = time.perf_counter()
    rows, read = [], dict[str, None]()
    for run in on_levels(job, images, synapse, networks):
        read[run.made_from] = None
        for stage in run.job.stages:
            network = run.networks[stage] = run.computed(STAGES[stage])
            accuracy = storage.validation_accuracy(network, run.data)
            named = {"recipe": run.job.recipe, "mapping": run.job.mapping, "stage": stage}
            rows.append({**named, "validation_accuracy": accuracy})
            print(*named.values(), f"{accuracy:.2f} %", flush=True)
    place = {"dataset": job.dataset, "device": job.device, "reading": job.reading}
    rest = {"rows": rows, "device_levels": run.whole, "wall_seconds": time.perf_counter() - started}
    origin = storage.provenance(job) | {"made_from": digest_of("".join(read))}
    files.write_json({"kind": "comparison", **place, **rest, **origin}, out)
