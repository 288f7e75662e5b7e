"""Callbacks of a training: weight limits, levels, best epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import torch
from numpy.typing import ArrayLike
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import Callback
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from wallnet.config import ConfigError
from wallnet.config.mappings import DEFAULT_MAPPING
from wallnet.networks import training
from wallnet.networks.arguments import checked_arguments
from wallnet.networks.classifier import Classifier
from wallnet.networks.layers import Layers, SynapticLayer, digital_layers, synaptic_layers
from wallnet.networks.mappings import Circuit, Placement, WeightMapping

FACTORS = "level_factors"
"""Name in a network of the factors of `TrainOnLevels`."""


def _named(network: nn.Module) -> nn.Module:
    """Return the module whose layers are named: the model of a `Classifier`, else the network."""
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

    During the training, its weights are parametrised as `wallnet.networks.training.prepare_qat`
    describes, with any number of optimisers; its `state_dict` and checkpoints have the weights on
    the levels under their usual names. Hidden weights are clipped to the outermost levels.

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
        Whether the factors of layers that are not frozen are learned. An optimiser has to have
        them: they are `level_factors` in the parameters of the network.
    circuits : Mapping, optional
        Offset and scale of each layer at a factor of 1. If not given, they are chosen for the
        weights at the start of the training.
    noise : float
        Relative standard deviation of the conductances; see `prepare_qat`.

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
        there is no such layer, or no optimiser has the factors that are learned.

    Examples
    --------
    >>> callback = TrainOnLevels([1e-6, 2e-6, 3e-6])
    >>> trainer = Trainer(max_epochs=5, callbacks=[callback])  # doctest: +SKIP
    """

    @checked_arguments
    def __init__(
        self,
        levels: ArrayLike,
        mapping: str = DEFAULT_MAPPING,
        layers: Layers = None,
        learn_scales: bool = False,
        circuits: Mapping[str, Circuit] | None = None,
        noise: float = 0.0,
    ) -> None:
        self.layers, self.learn_scales, self._given = layers, learn_scales, circuits
        self.noise = noise
        self.digital_layers: dict[str, str] = {}
        self.mapping = WeightMapping(mapping, levels)
        self.circuits: dict[str, Circuit] = {}
        self._hidden: dict[str, Tensor] = {}
        self._training: dict[str, SynapticLayer] = {}
        self._hooks: list[RemovableHandle] = []
        self._restored = False

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        """Add the factors to the parameters of the network, before its optimisers are made."""
        if self.learn_scales and not hasattr(pl_module, FACTORS):
            factors = training.new_factors(synaptic_layers(_named(pl_module), self.layers))
            setattr(pl_module, FACTORS, nn.ParameterList(factors))

    @torch.no_grad()
    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Put the network on the levels, with the hidden weights of a training that continues."""
        model, factors = _named(pl_module), list(getattr(pl_module, FACTORS, ()))
        layers = training.layers_to_place(model, self.layers)
        self.digital_layers = digital_layers(model, self.layers)
        optimizers = trainer.optimizers if factors else []
        groups = [group["params"] for optimizer in optimizers for group in optimizer.param_groups]
        moved = {id(parameter) for group in groups for parameter in group}
        if any(factor.requires_grad and id(factor) not in moved for factor in factors):
            raise ValueError(
                "learn_scales needs an optimiser of the factors; make one of self.parameters() of "
                "the module, or of them and its level_factors"
            )
        if self._restored:
            for name, layer in layers.items():
                layer.set(self._hidden[name])
        else:
            chosen = Placement.chosen(layers, self.mapping, training=True)
            self.circuits = dict(self._given or chosen.circuits)
            if {*self.circuits} != {*layers}:
                raise ValueError(
                    f"circuits are those of {', '.join(self.circuits)}, but the layers are "
                    f"{', '.join(layers)}; give one of each"
                )
        self._restored = False
        placement = Placement(self.mapping, self.circuits)
        training.parametrise(model, layers, placement, factors, self.noise)
        for module, key, _ in training.parametrised(model).values():
            self._hooks += training.keep_names(module, key)
        self._training = layers

    def teardown(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        """Leave the weights on the levels; keep the hidden ones for `state_dict`."""
        if self._training:
            self._hidden, self._training = self.state_dict()["hidden"], {}
            while self._hooks:
                self._hooks.pop().remove()
            training.convert(_named(pl_module))

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        """Leave the weights on the levels if the training is interrupted."""
        self.teardown(trainer, pl_module, "fit")

    def released(self, network: nn.Module) -> dict[str, Circuit]:
        """Remove the factors from the parameters of a trained network.

        Returns
        -------
        dict
            Offset and scale of each layer, with the factors that the network had.
        """
        if hasattr(network, FACTORS):
            delattr(network, FACTORS)
        return dict(training.placement_of(_named(network)).circuits)

    def state_dict(self) -> dict[str, Any]:
        """Return hidden weights, offsets and scales, for a training that continues later."""
        circuits = {name: tuple(circuit) for name, circuit in self.circuits.items()}
        present = {name: layer.weight.detach() for name, layer in self._training.items()}
        return {"hidden": present or self._hidden, "circuits": circuits}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore hidden weights, offsets and scales."""
        self._hidden, self._restored = state_dict["hidden"], True
        self.circuits = {name: Circuit(*pair) for name, pair in state_dict["circuits"].items()}


class FollowEpochs(Callback):
    """Print a line for each epoch, and load the weights of the best one, or of the last.

    The best epoch is the first of equal ones by validation. If the loss diverges, a ConfigError
    names the `key` of the training.
    """

    def __init__(self, key: str, last: bool = False) -> None:
        self.key, self.last = key, last
        self._kept: dict[str, Tensor] = {}

    def on_train_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Print the accuracies of this epoch; keep its weights if it is the best or the last."""
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
