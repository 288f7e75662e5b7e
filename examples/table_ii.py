"""Try every reading of the paper's text on quantisation, and compare each with its Table II.

    snakemake results/compact_models/neuron.json results/data/{mnist,fashion-mnist}.json
    python examples/table_ii.py config.yaml table-ii.csv

The paper does not state its mapping of weights to levels. A reading is a choice of each of these:
images from 0 to 1 or from -1 to 1, the number of epochs in FP32, a scale of an affine (`layer`) or
a `signed` mapping that is that of the layer, that of the network or fixed to [-1, 1], biases in
FP32 or on levels, and the numbers of evenly spaced levels of the synapses with 10 and 5 notches.
`docs/results/interpretations.csv` has the results of all 3456 readings. They take about an hour.
"""

import argparse
import copy
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor, nn

from wallnet import files, plan
from wallnet.config.networks import Networks, Recipe, Training
from wallnet.jobs.networks import training_job
from wallnet.networks import images, stages
from wallnet.networks.callbacks import FollowEpochs
from wallnet.networks.classifier import Classifier
from wallnet.networks.images import ImageData
from wallnet.networks.layers import SynapticLayer, synaptic_layers
from wallnet.networks.mappings import WeightMapping
from wallnet.report.networks import TABLE_II

MODELS = {"0 to 1": "dense", "-1 to 1": "dense-centred"}
EPOCHS = (5, 10, 20, 30)
SCALES = ("layer", "network", "fixed")
LEVELS = tuple(range(4, 12))
SEEDS = (1, 2, 3, 4, 5)
FREE = {"batch_size": 64, "learning_rate": 1e-3}
FINE_TUNING = 3
FINE_TUNED = 12
"""Epochs of the fine-tuning, and the number of combinations that are fine-tuned."""

DATASETS = ("mnist", "fashion-mnist")


class How(NamedTuple):
    """How the network of the paper is trained and quantised."""

    images: str
    epochs: int
    mapping: str = ""
    scale: str = ""
    biases: str = ""
    levels: int = 0

    def free(self) -> "How":
        """Return the network before it is quantised, which has no levels."""
        return How(self.images, self.epochs)


def combinations() -> list[How]:
    """Return all combinations of choices for one number of notches."""
    choices = MODELS, EPOCHS, ("layer", "signed"), SCALES, ("free", "on levels"), LEVELS
    return list(itertools.starmap(How, itertools.product(*choices)))


@torch.no_grad()
def quantized(model: nn.Module, how: How) -> nn.Module:
    """Return a copy of a model on evenly spaced levels."""
    placed = copy.deepcopy(model)
    mapping = WeightMapping(how.mapping, np.linspace(0.0, 1.0, how.levels))
    layers = synaptic_layers(placed)
    values = {name: _values(layer, how) for name, layer in layers.items()}
    for name, layer in layers.items():
        if how.scale == "fixed":
            circuit = mapping.covering(torch.tensor(-1.0), torch.tensor(1.0))
        else:
            whole = torch.cat(list(values.values()))
            circuit = mapping.circuit_for((whole if how.scale == "network" else values[name])[None])
        layer.set(mapping.snap(layer.weight, circuit))
        if how.biases == "on levels" and layer.bias is not None:
            layer.bias.copy_(mapping.snap(layer.bias, circuit))
    return placed


def _values(layer: SynapticLayer, how: How) -> Tensor:
    """Return the values of a layer that determine its scale."""
    if how.biases == "free" or layer.bias is None:
        return layer.weight.flatten()
    return torch.cat([layer.weight.flatten(), layer.bias])


class _AtEpochs(Callback):
    """Store the weights of a network after some epochs; the paper names no other choice."""

    def __init__(self) -> None:
        self.weights: dict[int, dict[str, Tensor]] = {}

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        if (epoch := trainer.current_epoch + 1) in EPOCHS:
            self.weights[epoch] = {k: v.clone() for k, v in pl_module.state_dict().items()}


@torch.no_grad()
def accuracy(model: nn.Module, data: ImageData) -> float:
    """Return the test accuracy in per cent."""
    model.eval()
    batches = data.whole("test")
    right = (int((model(images).argmax(dim=1) == labels).sum()) for images, labels in batches)
    return 100.0 * sum(right) / len(data.test[1])


class Experiment:
    """The networks of one data set with one seed."""

    def __init__(self, networks: Networks, folder: Path, dataset: str, seed: int) -> None:
        loaded = images.load(folder / files.DATA.format(dataset=dataset), networks.data_folder)
        self.data = ImageData(loaded, networks.validation_fraction, seed)
        self.neuron = folder / files.COMPACT_MODEL.format(device=networks.neuron)
        self.networks, self.dataset, self.seed = networks, dataset, seed
        self.weights: dict[tuple[str, int], dict[str, Tensor]] = {}

    def train(self, how: How, epochs: int, start: nn.Module | None = None) -> Classifier:
        """Train a network in FP32, from initial weights or from a model."""
        training = Training(epochs=epochs, **FREE)
        recipe = Recipe(model=MODELS[how.images], fp32=training.model_dump())
        changed = self.networks.model_copy(update={"recipes": {"table-ii": recipe}})
        job = training_job(changed, self.dataset, "table-ii", self.seed)
        stages.begin(job)
        network = stages.new_network(job, self.data, stages.curve_of(job, self.neuron))
        if start is not None:
            network.model = start
        follow, self.at_epochs = FollowEpochs("table-ii", last=True), _AtEpochs()
        stages.fit(network, self.data, training, follow, self.at_epochs)
        return network

    def quantized(self) -> Iterator[tuple[How, float]]:
        """Yield each combination with its test accuracy; without levels, that of FP32 weights."""
        self.models = {}
        for name in MODELS:
            network = self.train(How(name, max(EPOCHS)), max(EPOCHS))
            for epochs, weights in self.at_epochs.weights.items():
                network.load_state_dict(weights)
                self.models[How(name, epochs)] = copy.deepcopy(network.model)
                yield How(name, epochs), accuracy(network.model, self.data)
        for how in combinations():
            yield how, accuracy(quantized(self.models[how.free()], how), self.data)

    def fine_tuned(self, how: How) -> float:
        """Return the test accuracy of a quantised network that is trained further in FP32."""
        start = quantized(self.models[how.free()], how)
        return accuracy(self.train(how, FINE_TUNING, start).model, self.data)


Numbers = dict[tuple[str, How], tuple[float, float]]
"""Mean and sample standard deviation over the seeds by data set and combination."""


def statistics(rows: list[tuple[str, How, float]]) -> Numbers:
    """Return mean and deviation of the accuracies of all seeds."""
    values: dict[tuple[str, How], list[float]] = {}
    for dataset, how, value in rows:
        values.setdefault((dataset, how), []).append(value)
    return {key: (float(np.mean(v)), float(np.std(v, ddof=1))) for key, v in values.items()}


def distance(paper: float, mean: float, deviation: float) -> float:
    """Return the distance of a number of the paper from a mean, in standard deviations."""
    if deviation == 0:
        return 0.0 if paper == mean else float("inf")
    return abs(paper - mean) / deviation


def readings() -> list[tuple[How, How]]:
    """Return the same choices for 10 and 5 notches, which have at most as many levels."""
    hows = combinations()
    return [
        (ten, five)
        for ten, five in itertools.product(hows, hows)
        if ten[:-1] == five[:-1] and ten.levels >= five.levels
    ]


def table(quantised: Numbers, fine_tuned: Numbers) -> pd.DataFrame:
    """Return all readings, with the largest distance of the paper's numbers in deviations."""
    rows = []
    for ten, five in readings():
        row = {**ten._asdict(), "levels_10": ten.levels, "levels_5": five.levels}
        del row["levels"]
        far = {}
        for dataset in DATASETS:
            paper = {10: TABLE_II[10, dataset], 5: TABLE_II[5, dataset]}
            numbers = {
                "fp32": (paper[10][0], quantised[dataset, ten.free()]),
                "quantized_10": (paper[10][1], quantised[dataset, ten]),
                "quantized_5": (paper[5][1], quantised[dataset, five]),
            }
            for name, (_, (mean, deviation)) in numbers.items():
                row |= {f"{dataset}_{name}_mean": mean, f"{dataset}_{name}_deviation": deviation}
            for notches, how in ((10, ten), (5, five)):
                if (dataset, how) in fine_tuned:
                    numbers[f"fine_tuned_{notches}"] = paper[notches][2], fine_tuned[dataset, how]
            largest = max(distance(number, *ours) for number, ours in numbers.values())
            far[f"{dataset}_largest_distance"] = largest
        rows.append(row | far)
    return pd.DataFrame(rows)


def chosen(rows: pd.DataFrame) -> list[How]:
    """Return the combinations of the readings that fit the paper's MNIST numbers best."""
    order = rows["mnist_largest_distance"].argsort()
    pairs = (readings()[index] for index in order)
    return list(dict.fromkeys(itertools.chain.from_iterable(pairs)))[:FINE_TUNED]


def main(configuration: str, out: str) -> None:
    """Compute all readings and write their table."""
    networks = plan.load(configuration).networks
    folder = Path(configuration).parent
    experiments = [Experiment(networks, folder, name, seed) for name in DATASETS for seed in SEEDS]
    quantised = statistics([(e.dataset, *pair) for e in experiments for pair in e.quantized()])
    best = chosen(table(quantised, {}))
    tuned = statistics([(e.dataset, how, e.fine_tuned(how)) for e in experiments for how in best])
    rows = table(quantised, tuned)
    rows.round(3).to_csv(out, index=False)
    fits = rows[rows["mnist_largest_distance"] <= 2]
    both = int((fits["fashion-mnist_largest_distance"] <= 2).sum())
    print(f"{len(fits)} of {len(rows)} readings fit MNIST, {both} of them Fashion-MNIST too")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configuration", help="config.yaml of a campaign with the two data sets")
    parser.add_argument("out", help="table to write, CSV")
    main(**vars(parser.parse_args()))
