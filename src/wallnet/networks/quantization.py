"""Networks of PyTorch on the levels of a synapse: `quantize`, and its parts for training.

The weights of fully connected and convolutional layers are synapses. Biases are not synapses and
stay free.
"""

import copy
from collections.abc import Mapping
from typing import TypeAlias, TypeVar

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from wallnet.networks.mappings import Circuit, WeightMapping, create

SynapticLayer: TypeAlias = nn.Linear | nn.Conv2d

Model = TypeVar("Model", bound=nn.Module)


def synaptic_layers(model: nn.Module) -> dict[str, SynapticLayer]:
    """Return the layers of a model whose weights are synapses.

    Parameters
    ----------
    model : torch.nn.Module
        Any model whose parameters belong to `torch.nn.Linear` and `torch.nn.Conv2d`.

    Returns
    -------
    dict
        The layers by name, in the order of the model.

    Raises
    ------
    ValueError
        If another layer has parameters, or if there is no layer with weights.
    """
    found: dict[str, SynapticLayer] = {}
    for name, module in model.named_modules():
        if next(module.parameters(recurse=False), None) is None:
            continue
        # subclasses may use their weights in another way
        if type(module) not in (nn.Linear, nn.Conv2d):
            raise ValueError(
                f"layer {name or 'of the model itself'} is a {type(module).__name__}, whose "
                "parameters cannot be synapses; use torch.nn.Linear and torch.nn.Conv2d"
            )
        found[name] = module
    if not found:
        raise ValueError(f"{type(model).__name__} has no layer with weights")
    return found


@torch.no_grad()
def choose_circuits(model: nn.Module, mapping: WeightMapping) -> dict[str, Circuit]:
    """Choose offset and scale of each layer for its present weights.

    Raises
    ------
    ValueError
        If a layer cannot be a synapse, or if a weight is not finite.
    """
    circuits = {}
    for name, layer in synaptic_layers(model).items():
        if not torch.isfinite(layer.weight).all():
            raise ValueError(f"layer {name} has weights that are not finite; train it again")
        circuits[name] = mapping.circuit_for(layer.weight)
    return circuits


@torch.no_grad()
def snap(model: nn.Module, mapping: WeightMapping, circuits: Mapping[str, Circuit]) -> None:
    """Move each weight of a model to the nearest weight that the levels allow, in place."""
    for name, layer in synaptic_layers(model).items():
        layer.weight.copy_(mapping.snap(layer.weight, circuits[name]))


def quantize(model: Model, levels: ArrayLike, mapping: str = "signed-3sd") -> Model:
    """Return a copy of a model with its weights on the levels of a synapse.

    Parameters
    ----------
    model : torch.nn.Module
        A trained model of `torch.nn.Linear` and `torch.nn.Conv2d` layers.
    levels : array_like
        Conductances of the synapse, in any unit and any order, shape (levels,).
    mapping : str
        Name of a mapping; see `wallnet.config.networks.split_mapping`.

    Returns
    -------
    torch.nn.Module
        The copy. Each weight is exactly ``offset + scale · entry``; biases are not changed.

    Raises
    ------
    ValueError
        If the mapping is unknown, the levels cannot be used, or a layer cannot be a synapse.

    Examples
    --------
    >>> layer = nn.Linear(2, 1)
    >>> _ = layer.weight.data.copy_(torch.tensor([[0.9, -0.2]]))
    >>> quantize(layer, [1e-6, 2e-6, 3e-6], "signed").weight.data / 0.9
    tensor([[1., 0.]])
    """
    created = create(mapping, levels)
    placed = copy.deepcopy(model)
    snap(placed, created, choose_circuits(placed, created))
    return placed


@torch.no_grad()
def entries_of(
    model: nn.Module, mapping: WeightMapping, circuits: Mapping[str, Circuit]
) -> dict[str, Tensor]:
    """Return the entry of the mapping's table that each weight of a model has.

    Returns
    -------
    dict
        Indices of the table by name of the layer, in the shape of its weights, int64.

    Raises
    ------
    ValueError
        If a weight is not exactly ``offset + scale · entry``.
    """
    found = {}
    for name, layer in synaptic_layers(model).items():
        entry = mapping.nearest(layer.weight, circuits[name])
        off = int((mapping.weights_at(entry, circuits[name]) != layer.weight).sum())
        if off:
            raise ValueError(f"layer {name} has {off} weights that are not on the levels")
        found[name] = entry
    return found
