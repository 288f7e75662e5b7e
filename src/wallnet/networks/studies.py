"""Studies of mappings: their loss of accuracy, and the one that the paper may have used.

`compare` computes stages of networks with many mappings and measures them on the validation
images. `interpret` quantises the network of the paper in every way that the paper's text allows,
and `fine_tune` trains the combinations further that fit the paper best.
"""

import copy
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor, nn

from wallnet import files
from wallnet.config.networks import MODEL_OF_IMAGES, Interpretation
from wallnet.files import FileError
from wallnet.files.compact import Curve
from wallnet.files.whole import one_line
from wallnet.jobs.networks import InterpretationJob, MappingJob
from wallnet.networks import callbacks, storage
from wallnet.networks.batches import ImageData
from wallnet.networks.classifier import Classifier
from wallnet.networks.images import Images
from wallnet.networks.mappings import Circuit, WeightMapping, create
from wallnet.networks.quantization import SynapticLayer, synaptic_layers
from wallnet.networks.stages import STAGES, begin, curve_of, new_network, on_levels, trainer


def compare(
    job: MappingJob, images: Images, synapse: str | Path, networks: str | Path, out: str | Path
) -> None:
    """Compute stages of trained networks with many mappings; measure the validation accuracy.

    The test images are not used.

    Parameters
    ----------
    job : MappingJob
        The networks and their mappings.
    images : Images
        The data set.
    synapse : str or Path
        Compact model of the synapse.
    networks : str or Path
        Folder of all networks, with the checkpoints of the trained ones.
    out : str or Path
        JSON file to write.

    Raises
    ------
    FileError, ConfigError
        If an input is unusable or the output cannot be written.
    """
    started = time.perf_counter()
    rows = []
    # for checkpoints of unfinished trainings
    folder = Path(out).parent / f".{Path(out).stem}"
    for run in on_levels(job, images, synapse, networks):
        run.folder = folder
        for stage in run.job.stages:
            network = run.networks[stage] = STAGES[stage](run)
            found = trainer().validate(network, run.data.whole("validation"), verbose=False)[0]
            named = {"recipe": run.job.recipe, "mapping": run.job.mapping, "stage": stage}
            rows.append({**named, "validation_accuracy": found["validation_accuracy"]})
            print(*named.values(), f"{found['validation_accuracy']:.2f} %", flush=True)
    place = {"dataset": job.dataset, "device": job.device, "reading": job.reading}
    result = {**place, "device_levels": run.levels.whole, "rows": rows}
    result["wall_seconds"] = time.perf_counter() - started
    files.write_json({"kind": "comparison", **result, **storage.provenance(job)}, out)
    shutil.rmtree(folder, ignore_errors=True)


@torch.no_grad()
def quantized(model: nn.Module, how: Interpretation) -> nn.Module:
    """Return a copy of a model, quantised as an interpretation says.

    Parameters
    ----------
    model : torch.nn.Module
        The trained model.
    how : Interpretation
        The interpretation; the levels are evenly spaced.
    """
    placed = copy.deepcopy(model)
    mapping = create(how.mapping, np.linspace(0.0, 1.0, how.levels))
    layers = synaptic_layers(placed)
    values = {name: _values(layer, how) for name, layer in layers.items()}
    for name, layer in layers.items():
        ranged = torch.cat(list(values.values())) if how.scale == "network" else values[name]
        circuit = _circuit(mapping, ranged, how)
        layer.set(mapping.snap(layer.weight, circuit))
        if how.biases == "on levels" and layer.bias is not None:
            layer.bias.copy_(mapping.snap(layer.bias, circuit))
    return placed


def _values(layer: SynapticLayer, how: Interpretation) -> Tensor:
    """Return the values of a layer that determine a scale."""
    if how.biases == "free" or layer.bias is None:
        return layer.weight.flatten()
    return torch.cat([layer.weight.flatten(), layer.bias])


def _circuit(mapping: WeightMapping, values: Tensor, how: Interpretation) -> Circuit:
    """Return the circuit for a scale that is fixed or that of some weights."""
    if how.scale == "fixed":
        return mapping.covering(torch.tensor(-1.0), torch.tensor(1.0))
    return mapping.circuit_for(values[None])


class _AtEpochs(Callback):
    """Store the weights of a network after some epochs."""

    def __init__(self, epochs: tuple[int, ...]) -> None:
        self.weights: dict[int, dict[str, Tensor]] = {epoch: {} for epoch in epochs}

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Store the weights if this epoch is one of them."""
        epoch = trainer.current_epoch + 1
        if epoch in self.weights:
            self.weights[epoch] = {k: v.clone() for k, v in pl_module.state_dict().items()}


@torch.no_grad()
def _accuracy(model: nn.Module, data: ImageData) -> float:
    """Return the test accuracy in per cent."""
    model.eval()
    right = sum(
        int((model(images).argmax(dim=1) == labels).sum()) for images, labels in data.whole("test")
    )
    return 100.0 * right / len(data.test[1])


def _network(job: InterpretationJob, data: ImageData, curve: Curve, images: str) -> Classifier:
    """Return the network of the paper with its initial weights."""
    lightning.seed_everything(job.seed, verbose=False)
    return new_network(job, data, curve, MODEL_OF_IMAGES[images], job.interpretations.training)


def _train(
    job: InterpretationJob, network: Classifier, data: ImageData, epochs: int, *beside: Callback
) -> None:
    """Train a network in FP32, with the settings of the interpretations."""
    training = job.interpretations.training
    follow = callbacks.FollowEpochs("networks.interpretations.training")
    shuffled = data.shuffled(training.batch_size, training.shift.get(job.dataset, 0))
    trainer(epochs, follow, *beside).fit(network, shuffled, data.whole("validation"))


def interpret(
    job: InterpretationJob,
    images: Images,
    neuron: str | Path,
    out: str | Path,
    weights: str | Path,
) -> None:
    """Quantise the network of the paper in every way that its text allows.

    The weights are those after the last epoch, as the paper names no other choice.

    Parameters
    ----------
    job : InterpretationJob
        Data set, seed and choices.
    images : Images
        The data set.
    neuron : str or Path
        Compact model of the neuron.
    out : str or Path
        JSON file to write: test accuracy of each combination; with 0 levels, of FP32 weights.
    weights : str or Path
        File to write with the FP32 weights.

    Raises
    ------
    FileError, ConfigError
        If an input is unusable or an output cannot be written.
    """
    started = time.perf_counter()
    curve = curve_of(job, neuron)
    begin(job)
    data = ImageData(images, job.validation_fraction, job.seed)
    given = job.interpretations
    rows, trained = [], {}
    for name in MODEL_OF_IMAGES:
        network = _network(job, data, curve, name)
        kept = _AtEpochs(given.epochs)
        _train(job, network, data, max(given.epochs), kept)
        trained[name] = kept.weights
        for epochs, state in kept.weights.items():
            network.load_state_dict(state)
            hows = [h for h in given.combinations() if (h.images, h.epochs) == (name, epochs)]
            networks = {hows[0].free(): network.model}
            networks |= {how: quantized(network.model, how) for how in hows}
            rows += [
                {**how._asdict(), "test_accuracy": _accuracy(model, data)}
                for how, model in networks.items()
            ]
    storage.write_checkpoint({"weights": trained, **storage.provenance(job)}, weights)
    _write(job, rows, started, out)


def fine_tune(
    job: InterpretationJob,
    images: Images,
    neuron: str | Path,
    weights: str | Path,
    chosen: str | Path,
    out: str | Path,
) -> None:
    """Train the chosen combinations further in FP32, as in the paper.

    Parameters
    ----------
    job : InterpretationJob
        Data set, seed and choices.
    images : Images
        The data set.
    neuron : str or Path
        Compact model of the neuron.
    weights : str or Path
        FP32 weights that `interpret` wrote.
    chosen : str or Path
        JSON file with the list `chosen` of combinations.
    out : str or Path
        JSON file to write: test accuracy of each combination after fine-tuning.

    Raises
    ------
    FileError, ConfigError
        If an input is unusable or the output cannot be written.
    """
    started = time.perf_counter()
    curve = curve_of(job, neuron)
    try:
        told = files.read_json(chosen, ["chosen"])["chosen"]
        wanted = sorted({Interpretation(**row) for row in told})
        if unknown := set(wanted) - set(job.interpretations.combinations()):
            raise ValueError(f"{min(unknown)} was not tried")
        files.check_digest(weights)
        trained = storage.read_checkpoint(weights)["weights"]
        starts = {how: trained[how.images][how.epochs] for how in wanted}
    except (OSError, TypeError, ValueError, KeyError) as error:
        raise FileError(
            f"{chosen} or {weights} cannot be used ({one_line(error)}); delete both and run "
            "snakemake"
        ) from None
    begin(job)
    data = ImageData(images, job.validation_fraction, job.seed)
    rows = []
    for how, start in starts.items():
        network = _network(job, data, curve, how.images)
        network.load_state_dict(start)
        network.model = quantized(network.model, how)
        _train(job, network, data, job.interpretations.training.epochs)
        rows.append({**how._asdict(), "test_accuracy": _accuracy(network.model, data)})
    _write(job, rows, started, out)


def _write(
    job: InterpretationJob, rows: Sequence[Mapping[str, Any]], started: float, out: str | Path
) -> None:
    result = {
        "kind": "interpretations",
        "dataset": job.dataset,
        "rows": rows,
        "wall_seconds": time.perf_counter() - started,
    }
    files.write_json({**result, **storage.provenance(job)}, out)
