"""Callbacks of a training: weight limits, levels, best epoch."""

import math
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import torch
from numpy.typing import ArrayLike
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import Callback
from torch import Tensor, nn
from torch.optim import Optimizer

from wallnet.config import ConfigError
from wallnet.config.mappings import DEFAULT_MAPPING
from wallnet.networks.classifier import Classifier
from wallnet.networks.layers import Layers, SynapticLayer, digital_layers, synaptic_layers
from wallnet.networks.mappings import Circuit, Placement, WeightMapping

FACTORS = "level_factors"
"""Name in a network of the factors of `TrainOnLevels`."""


def _named(network: nn.Module) -> nn.Module:
    """Return the module in which layers have their names: of a `Classifier`, its model."""
    return network.model if isinstance(network, Classifier) else network


class LimitWeights(Callback):
    """Clip every weight after each step to ± limit/√(inputs of its neuron)."""

    def __init__(self, limit: float, layers: Layers = None) -> None:
        self.limit, self.layers = limit, layers

    @torch.no_grad()
    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Clip the weights; biases are not limited."""
        for layer in synaptic_layers(_named(pl_module), self.layers).values():
            bound = self.limit / math.sqrt(layer.weight[0].numel())
            layer.parameter.clamp_(-bound, bound)


class TrainOnLevels(Callback):
    """Quantisation-aware training: the network always computes with weights on the levels.

    The optimiser moves hidden continuous weights. The network uses the snapped weights, and its
    gradient at these is applied to the hidden ones (straight-through estimator; Courbariaux et
    al., 2015). Hidden weights are clipped to the outermost levels.

    Offset and scale do not change, or are multiplied by a factor of each layer that is learned
    (LSQ; Esser et al., ICLR 2020, arXiv:1902.08153): with the factor s, hidden weights v and
    weights w on the levels, the derivative is (w - v)/s inside the outermost levels and w/s beyond.
    The factors are parameters of the network during the training; see `released`.

    Parameters
    ----------
    levels : array_like
        Conductances of the synapse, in any unit and any order, shape (levels,).
    mapping : str
        Name of the mapping; see `wallnet.config.mappings.split_mapping`.
    layers : iterable of str or type, optional
        Layers whose weights are synapses; see `wallnet.networks.quantization.quantize`. All other
        parameters are trained as usual.
    learn_scales : bool
        Whether the factors are learned. The optimiser has to be that of all parameters of the
        network.
    circuits : Mapping, optional
        Offset and scale of each layer at a factor of 1. If not given, they are chosen for the
        weights at the start of the training.

    Attributes
    ----------
    mapping : WeightMapping
        The mapping.
    circuits : dict
        Offset and scale of each layer at a factor of 1, known at the start of the training.
    digital_layers : dict
        Class of each layer that stays digital, known at the start of the training.

    Raises
    ------
    ValueError
        If the mapping is unknown or the levels cannot be used; at the start of the training, if
        there is no such layer.

    Examples
    --------
    >>> callback = TrainOnLevels([1e-6, 2e-6, 3e-6])
    >>> trainer = Trainer(max_epochs=5, callbacks=[callback])  # doctest: +SKIP
    """

    def __init__(
        self,
        levels: ArrayLike,
        mapping: str = DEFAULT_MAPPING,
        layers: Layers = None,
        learn_scales: bool = False,
        circuits: Mapping[str, Circuit] | None = None,
    ) -> None:
        self.layers, self.learn_scales, self._given = layers, learn_scales, circuits
        self.digital_layers: dict[str, str] = {}
        self.mapping = WeightMapping(mapping, levels)
        self.circuits: dict[str, Circuit] = {}
        self._hidden: dict[str, Tensor] = {}
        self._moving = self._restored = False

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        """Add the factors to the parameters of the network, before its optimiser is made."""
        self.digital_layers = digital_layers(_named(pl_module), self.layers)
        if self.learn_scales and not hasattr(pl_module, FACTORS):
            names = self._synapses(pl_module)
            factors = [nn.Parameter(torch.ones(())) for _ in names]
            setattr(pl_module, FACTORS, nn.ParameterList(factors))

    @torch.no_grad()
    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Store the weights and put the network on the levels, unless a training continues."""
        if not self._restored:
            chosen = Placement.chosen(self._synapses(pl_module), self.mapping)
            self.circuits = dict(self._given or chosen.circuits)
            self._snap(pl_module)
        self._restored = False

    def _synapses(self, network: nn.Module) -> dict[str, SynapticLayer]:
        return synaptic_layers(_named(network), self.layers)

    def _present(self, network: nn.Module) -> dict[str, Circuit]:
        """Return offset and scale of each layer at the present factors."""
        factors = getattr(network, FACTORS, None)
        if factors is None:
            return self.circuits
        return {
            name: self.circuits[name].scaled(factor.detach())
            for name, factor in zip(self._synapses(network), factors, strict=True)
        }

    def released(self, network: nn.Module) -> dict[str, Circuit]:
        """Remove the factors from the parameters of a trained network.

        Returns
        -------
        dict
            Offset and scale of each layer, with the factors that the network had.
        """
        circuits = self._present(network)
        if hasattr(network, FACTORS):
            delattr(network, FACTORS)
        return circuits

    def state_dict(self) -> dict[str, Any]:
        """Return hidden weights, offsets and scales, for a training that continues later."""
        circuits = {name: tuple(circuit) for name, circuit in self.circuits.items()}
        return {"hidden": self._hidden, "circuits": circuits}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore hidden weights, offsets and scales."""
        self._hidden, self._restored = state_dict["hidden"], True
        self.circuits = {name: Circuit(*pair) for name, pair in state_dict["circuits"].items()}

    @torch.no_grad()
    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: Any, optimizer: Optimizer
    ) -> None:
        """Copy the hidden weights to the network, for the optimiser."""
        self._moving = True
        layers = self._synapses(pl_module)
        if factors := getattr(pl_module, FACTORS, None):
            for (name, layer), factor in zip(layers.items(), factors, strict=True):
                factor.grad = self._slope(name, layer, factor)
        for name, layer in layers.items():
            layer.set(self._hidden[name])

    def _slope(self, name: str, layer: SynapticLayer, factor: Tensor) -> Tensor:
        """Return the derivative of the loss by the factor of a layer."""
        assert layer.parameter.grad is not None
        gradient = layer.turned(layer.parameter.grad)
        hidden, table = self._hidden[name], self.mapping.table
        offset, scale = self.circuits[name].scaled(factor)
        inside = (hidden > offset + scale * table[0]) & (hidden < offset + scale * table[-1])
        by_factor = torch.where(inside, layer.weight - hidden, layer.weight) / factor
        # as in LSQ, so that the factor moves about as fast as a weight
        share = 1 / math.sqrt(hidden.numel() * len(table) / 2)
        return share * (gradient * by_factor).sum()

    @torch.no_grad()
    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Store the moved weights and put the network on the levels again."""
        # no step after a batch whose gradient is accumulated
        if self._moving:
            self._snap(pl_module)

    def _snap(self, network: nn.Module) -> None:
        self._moving = False
        table, circuits = self.mapping.table, self._present(network)
        for name, layer in self._synapses(network).items():
            offset, scale = circuits[name]
            moved = torch.maximum(layer.weight, offset + scale * table[0])
            self._hidden[name] = torch.minimum(moved, offset + scale * table[-1])
            layer.set(self.mapping.snap(self._hidden[name], circuits[name]))


class FollowEpochs(Callback):
    """Print a line for each epoch, and load the weights of the best one, or of the last.

    The best epoch is the first of equal ones by validation. If the loss diverges, a ConfigError
    names the `key` of the training.
    """

    def __init__(self, key: str, last: bool = False) -> None:
        self.key, self.last = key, last
        self._kept: dict[str, Tensor] = {}

    def on_train_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Take the point of this epoch on the training curve."""
        point = pl_module.curve[-1]
        if not math.isfinite(point["training_loss"]):
            raise ConfigError(
                f"{self.key}.learning_rate makes the loss diverge in epoch {point['epoch']}; "
                "lower it"
            )
        if self.last or point is max(pl_module.curve, key=itemgetter("validation_accuracy")):
            pl_module.best_epoch = point["epoch"]
            self._kept = {name: value.clone() for name, value in pl_module.state_dict().items()}
        print(
            f"{self.key} epoch {point['epoch']}: training {point['training_accuracy']:.2f} %, "
            f"validation {point['validation_accuracy']:.2f} %",
            flush=True,
        )

    def on_fit_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Load the weights."""
        pl_module.load_state_dict(self._kept)
