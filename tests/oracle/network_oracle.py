"""Independent training of all stages of a small network in plain PyTorch.

It consists of a loop over batches, an update rule and a copy of the best weights. It imports
neither the package nor Lightning.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

LAYERS = ("hidden", "output")


@dataclass
class Images:
    """Images of one part of a data set, in [0, 1], and their labels."""

    pixels: torch.Tensor
    labels: torch.Tensor

    def __getitem__(self, chosen):
        return Images(self.pixels[chosen], self.labels[chosen])

    def shifted(self, down, right):
        """Return the images, each moved by its own number of rows and columns; 0 moves in."""
        moved = torch.zeros_like(self.pixels)
        rows, columns = self.pixels.shape[1:]
        for image, source, y, x in zip(moved, self.pixels, down, right, strict=True):
            image[max(y, 0) : rows + min(y, 0), max(x, 0) : columns + min(x, 0)] = source[
                max(-y, 0) : rows + min(-y, 0), max(-x, 0) : columns + min(-x, 0)
            ]
        return Images(moved, self.labels)

    def __len__(self):
        return len(self.labels)


def read_images(folder: Path, part: str) -> Images:
    """Read a part ("train" or "t10k") from its IDX files: 16 and 8 bytes of header."""
    content = np.fromfile(folder / f"{part}-images-idx3-ubyte", dtype=np.uint8)
    shape = [int.from_bytes(content[k : k + 4].tobytes(), "big") for k in (4, 8, 12)]
    labels = np.fromfile(folder / f"{part}-labels-idx1-ubyte", dtype=np.uint8)[8:]
    pixels = torch.from_numpy(content[16:].reshape(shape).astype(np.float32) / np.float32(255))
    return Images(pixels, torch.from_numpy(labels.astype(np.int64)))


@dataclass
class Network:
    """Two layers with the measured neuron between them."""

    hidden: nn.Linear
    output: nn.Linear
    quartic: list
    input_range: float

    def __call__(self, pixels):
        pre_activation = self.hidden(pixels.reshape(len(pixels), -1))
        current = torch.clamp(pre_activation / self.input_range, 0.0, 1.0)
        c0, c1, c2, c3, c4 = self.quartic
        conductance = (((c4 * current + c3) * current + c2) * current + c1) * current + c0
        silent = torch.zeros_like(conductance)
        return self.output(torch.where(pre_activation > 0, conductance * self.input_range, silent))

    def parameters(self):
        return [*self.hidden.parameters(), *self.output.parameters()]

    def state(self):
        return [p.detach().clone() for p in self.parameters()]

    def load(self, state):
        with torch.no_grad():
            for parameter, value in zip(self.parameters(), state, strict=True):
                parameter.copy_(value)

    def accuracy(self, images):
        with torch.no_grad():
            right = int((self(images.pixels).argmax(dim=1) == images.labels).sum())
        return 100.0 * right / len(images)


@dataclass
class Levels:
    """The levels of a synapse with one mapping, and the allowed weights of each layer."""

    conductances: list
    mapping: str
    circuits: dict = field(default_factory=dict)

    @property
    def normalized(self):
        """Conductances from 0 to 1 (Eq. 3 of the paper)."""
        conductance = np.sort(np.array(self.conductances))
        return (conductance - conductance[0]) / (conductance[-1] - conductance[0])

    @property
    def entries(self):
        """The weights for a scale of 1: levels, or levels with either sign."""
        levels = self.normalized
        both = sorted({*levels.tolist(), *(-levels).tolist()})
        return torch.tensor(levels if self.mapping == "layer" else both, dtype=torch.float32)

    def fit(self, network):
        """Compute offset and scale of each layer from its weights."""
        for name in LAYERS:
            weight = getattr(network, name).weight.detach()
            if self.mapping == "layer":  # from the least to the greatest weight
                self.circuits[name] = (weight.min(), weight.max() - weight.min())
                continue
            # of 46 shares of the largest magnitude, that with the least squared error
            scales = [share * float(weight.abs().max()) for share in np.linspace(0.1, 1.0, 46)]
            entries = self.entries.double()
            errors = [
                (weight[..., None].double() - scale * entries).abs().amin(dim=-1).square().mean()
                for scale in scales
            ]
            best = scales[int(torch.stack(errors).argmin())]
            self.circuits[name] = (torch.tensor(0.0), torch.tensor(best))

    def allowed(self, name):
        """Return the allowed weights of a layer, ascending."""
        offset, scale = self.circuits[name]
        return offset + scale * self.entries

    def nearest(self, name, weight):
        """Return the nearest allowed weight for each weight."""
        allowed = self.allowed(name)
        return allowed[(weight[..., None] - allowed).abs().argmin(dim=-1)]


def split(images, fraction, seed):
    """Return the training and the validation images."""
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    held_out = round(fraction * len(images))
    return images[order[held_out:]], images[order[:held_out]]


@dataclass
class Training:
    """Record of a training; the network has the weights of its best epoch."""

    accuracies: list
    losses: list
    best_epoch: int


def fit(network, training, validation, settings, seed, levels=None):
    """Train a network with Adam; if there are levels, the network always uses weights on them."""
    optimizer = torch.optim.Adam(network.parameters(), lr=settings["learning_rate"])
    order = torch.Generator().manual_seed(seed)
    (shift,) = settings.get("shift", {"none": 0}).values()
    batches = math.ceil(len(training) / settings["batch_size"])
    step, steps = 0, settings["epochs"] * batches
    limit = settings.get("weight_limit")
    free = {}

    def put_on_levels():
        for name in LAYERS:
            weight = getattr(network, name).weight
            allowed = levels.allowed(name)
            free[name] = weight.detach().clamp(allowed[0], allowed[-1])
            weight.copy_(levels.nearest(name, free[name]))

    if levels:
        with torch.no_grad():
            put_on_levels()
    went = Training([], [], 0)
    best = None
    for epoch in range(1, settings["epochs"] + 1):
        total = 0.0
        shuffled = training[torch.randperm(len(training), generator=order)]
        if shift:
            # of all shifts, the first is the furthest down and to the right, then further left
            width = 2 * shift + 1
            version = torch.randint(width**2, (len(training),), generator=order)
            shuffled = shuffled.shifted(
                (shift - version // width).tolist(), (shift - version % width).tolist()
            )
        for chosen in torch.arange(len(training)).split(settings["batch_size"]):
            batch = shuffled[chosen]
            optimizer.zero_grad()
            loss = functional.cross_entropy(network(batch.pixels), batch.labels)
            loss.backward()
            if settings.get("schedule") == "cosine":
                share = (1 + math.cos(math.pi * step / steps)) / 2
                optimizer.param_groups[0]["lr"] = settings["learning_rate"] * share
            with torch.no_grad():
                for name in free:
                    getattr(network, name).weight.copy_(free[name])
                optimizer.step()
                if limit:
                    for name in LAYERS:
                        layer = getattr(network, name)
                        bound = limit / math.sqrt(layer.in_features)
                        layer.weight.clamp_(-bound, bound)
                if levels:
                    put_on_levels()
            total += loss.item() * len(batch)
            step += 1
        went.losses.append(total / len(training))
        went.accuracies.append(network.accuracy(validation))
        if went.accuracies[-1] > max(went.accuracies[:-1], default=-1):
            went.best_epoch, best = epoch, network.state()
    network.load(best)
    return went


@dataclass
class Stage:
    """One stage: the network, its training if there was one, and its test predictions."""

    state: list
    training: Training | None
    test_accuracy: float
    validation_accuracy: float
    confusion: np.ndarray


def all_stages(folder, networks, quartic, conductances):
    """Return every stage of the networks of a campaign, in order, by mapping and stage.

    Parameters
    ----------
    folder : Path
        Folder of the IDX files.
    networks : dict
        Section `networks` of the configuration.
    quartic, conductances : list of float
        The activation's coefficients, and the conductances of the levels in S.
    """
    everything, test = read_images(folder, "train"), read_images(folder, "t10k")
    seed, recipe = networks["seeds"][0], networks["recipes"]["plain"]
    training, validation = split(everything, networks["validation_fraction"], seed)
    classes = int(everything.labels.max()) + 1
    torch.manual_seed(seed)
    hidden = nn.Linear(everything.pixels[0].numel(), networks["hidden_neurons"])
    output = nn.Linear(networks["hidden_neurons"], classes)
    network = Network(hidden, output, quartic, networks["input_range"])
    stages = {}

    def finish(mapping, name, went=None):
        with torch.no_grad():
            predicted = network(test.pixels).argmax(dim=1)
        confusion = np.zeros((classes, classes), dtype=int)
        for label, prediction in zip(test.labels.tolist(), predicted.tolist(), strict=True):
            confusion[label, prediction] += 1
        stages[mapping, name] = Stage(
            network.state(), went, network.accuracy(test), network.accuracy(validation), confusion
        )

    def snap():
        with torch.no_grad():
            for name in LAYERS:
                weight = getattr(network, name).weight
                weight.copy_(on_levels.nearest(name, weight))

    def train(settings, levels=None):
        return fit(network, training, validation, settings, seed, levels)

    finish("none", "fp32", train(recipe["fp32"]))
    trained = network.state()
    longer = {**recipe["on_levels"], "weight_limit": recipe["fp32"]["weight_limit"]}
    finish("none", "continued", train(longer))
    for mapping in networks["mappings"]:
        network.load(trained)
        on_levels = Levels(conductances, mapping)
        on_levels.fit(network)
        snap()
        finish(mapping, "quantized")
        finish(mapping, "fine_tuned", train(recipe["fine_tuned"]))
        snap()
        finish(mapping, "fine_tuned_snapped")
        network.load(trained)
        finish(mapping, "on_levels", train(recipe["on_levels"], on_levels))
    return stages
