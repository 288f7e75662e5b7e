"""Post-training quantisation in which later weights compensate the rounding of earlier ones.

A layer computes W x + b. Rounding W to Q changes its output by (Q - W) x. The mean of this error is
subtracted from the bias; what remains is tr (Q - W) Σ (Q - W)ᵀ with the covariance Σ of the inputs,
which images without labels give. The weights of an output are rounded one after another, those of
the strongest inputs first, and the error of each is carried into those that follow (OPTQ; Frantar
and others, ICLR 2023, arXiv:2210.17323). Each weight then moves to the level that is best for the
others as they are. Of several scales of the levels, that with the least error is taken.

GPTQ of libraries such as torchao rounds to uniform grids only.
"""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from wallnet.networks.layers import SynapticLayer
from wallnet.networks.mappings import Circuit, Placement, WeightMapping

SCALES = (0.9, 1.0, 1.1, 1.2, 1.35)
"""Scales that are tried, relative to that which the mapping chooses."""

DAMPING = 0.01
"""Share of the mean variance of the inputs that is added to each variance, since some inputs are
constant in all images."""

SWEEPS = 3
"""Number of times that each weight is chosen again."""

TOGETHER = 64
"""Columns whose errors are carried on at once; it saves time and changes no result."""

MOST_ROWS = 200_000
"""Number of inputs of a layer, or of patches of a convolution, after which no further are used."""

MODELLED = (nn.Linear, nn.Conv1d, nn.Conv2d)
"""Layers whose rounding is compensated."""


class _Moments:
    """Mean and products of the inputs of a layer, by group of a convolution."""

    def __init__(self) -> None:
        self.count = 0
        self._sums = self._products = torch.zeros((), dtype=torch.float64)

    def add(self, inputs: Tensor) -> None:
        """Add inputs, shape (groups, rows, inputs)."""
        inputs = inputs.double()
        self.count += inputs.shape[1]
        self._sums = self._sums + inputs.sum(dim=1)
        self._products = self._products + inputs.mT @ inputs

    def means(self) -> Tensor:
        """Return the mean inputs, shape (groups, inputs)."""
        return self._sums / self.count

    def products(self, about_mean: bool) -> Tensor:
        """Return the mean products, about the mean or not, shape (groups, inputs, inputs)."""
        means = self.means()
        about = means[:, :, None] * means[:, None] if about_mean else 0.0
        return self._products / self.count - about


def _rows(layer: Any, inputs: Tensor) -> Tensor:
    """Return the inputs of each sum that is an output, shape (groups, rows, inputs)."""
    if isinstance(layer, nn.Linear):
        return inputs.reshape(1, -1, inputs.shape[-1])
    around = layer._reversed_padding_repeated_twice
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    inputs = functional.pad(inputs, around, mode=mode)
    kernel, dilation, stride = layer.kernel_size, layer.dilation, layer.stride
    if isinstance(layer, nn.Conv1d):
        inputs = inputs.unsqueeze(-2)
        kernel, dilation, stride = ((1, *each) for each in (kernel, dilation, stride))
    patches = functional.unfold(inputs, kernel, dilation=dilation, stride=stride)
    return patches.unflatten(1, (layer.groups, -1)).permute(1, 0, 3, 2).flatten(1, 2)


def _moments(model: nn.Module, layer: nn.Module, images: Tensor) -> _Moments:
    """Return the moments of the inputs of a layer over images."""
    found = _Moments()

    def add(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found.add(_rows(layer, inputs[0]))

    hook = layer.register_forward_pre_hook(add)
    try:
        for batch in images.split(500):
            model(batch)
            if found.count >= MOST_ROWS:
                break
    finally:
        hook.remove()
    return found


def _called(model: nn.Module, names: Sequence[str], images: Tensor) -> list[str]:
    """Return the layers of `MODELLED` among some, in the order in which the model calls them."""
    order: list[str] = []
    known = dict(model.named_modules())
    hooks = [
        known[name].register_forward_pre_hook(lambda *_, name=name: order.append(name))
        for name in names
        if type(known.get(name)) in MODELLED
    ]
    try:
        model(images)
    finally:
        for hook in hooks:
            hook.remove()
    return list(dict.fromkeys(order))


def rounded(weight: Tensor, products: Tensor, snap: Callable[[Tensor], Tensor]) -> Tensor:
    """Round the weights of a layer so that the error of its outputs is small.

    Parameters
    ----------
    weight : torch.Tensor
        Weights, shape (outputs, inputs).
    products : torch.Tensor
        Σ, shape (inputs, inputs), float64.
    snap : callable
        Returns the nearest allowed weights of one column, shape (outputs,).

    Returns
    -------
    torch.Tensor
        The rounded weights, shape (outputs, inputs).
    """
    count = weight.shape[1]
    mean = products.diagonal().mean()
    damped = products + DAMPING * mean * torch.eye(count, dtype=products.dtype)
    order = damped.diagonal().argsort(descending=True, stable=True)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped[order][:, order]))
    carry = torch.linalg.cholesky(inverse, upper=True).to(weight.dtype)
    left, placed = weight[:, order], torch.empty_like(weight)
    for begin in range(0, count, TOGETHER):
        end = min(begin + TOGETHER, count)
        errors = weight.new_empty(len(weight), end - begin)
        for column in range(begin, end):
            placed[:, column] = snap(left[:, column])
            error = (left[:, column] - placed[:, column]) / carry[column, column]
            left[:, column:end] -= error[:, None] * carry[column, column:end]
            errors[:, column - begin] = error
        left[:, end:] -= errors @ carry[begin:end, end:]
    found = torch.empty_like(placed)
    found[:, order] = placed
    exact = products.to(weight.dtype)
    # an input that is constant has no curvature, and pulls at nothing
    curvature = exact.diagonal().clamp(min=1e-4 * float(mean))
    pull = (weight - found) @ exact
    for _ in range(SWEEPS):
        for column in order.tolist():
            better = snap(found[:, column] + pull[:, column] / curvature[column])
            change = better - found[:, column]
            if change.any():
                found[:, column] = better
                pull -= change[:, None] * exact[column]
    return found


def _error(weight: Tensor, found: Tensor, products: Tensor) -> float:
    """Return the sum over the outputs of the mean squared error."""
    lost = (weight - found).double()
    return float(((lost @ products) * lost).sum())


def _mean_outputs(weights: Sequence[Tensor], inputs: Tensor) -> Tensor:
    """Return the mean outputs without bias, given weights and mean inputs of each group."""
    parts = (weight.double() @ each for weight, each in zip(weights, inputs, strict=True))
    return torch.cat(list(parts))


@torch.no_grad()
def compensated(
    model: nn.Module, layers: Mapping[str, SynapticLayer], mapping: WeightMapping, images: Tensor
) -> Placement:
    """Put the weights of a model on levels, in place, so that later ones compensate earlier ones.

    Each layer has the inputs that the layers before now give it. Biases change by the mean error
    of the outputs. The weights of layers that are not in `MODELLED`, and of those that the model
    does not call, move to the nearest level.

    Parameters
    ----------
    model : torch.nn.Module
        A trained model.
    layers : Mapping
        Its weights that are synapses, by name; see `layers.synaptic_layers`.
    mapping : WeightMapping
        Mapping of weights to levels.
    images : torch.Tensor
        Inputs of the model, one after another in the first dimension; some thousand are enough.

    Returns
    -------
    Placement
        The mapping, with offset and scale of each layer.

    Raises
    ------
    ValueError
        If a weight is not finite.
    """
    placement = Placement.chosen(layers, mapping)
    circuits = dict(placement.circuits)
    exact = copy.deepcopy(model).eval()
    training = model.training
    model.eval()
    order = _called(model, list(layers), images[:2])
    placement.snap({name: layer for name, layer in layers.items() if name not in order})
    for name in order:
        layer, module = layers[name], model.get_submodule(name)
        weight = layer.weight.detach().clone()
        moments = _moments(model, module, images)
        products = moments.products(about_mean=layer.bias is not None)
        groups = weight.flatten(1).chunk(len(products))
        best, least = groups, math.inf
        for factor in SCALES:
            circuit = placement.circuits[name].scaled(factor)
            found = tuple(
                rounded(group, each, _snapping(mapping, circuit, index, len(groups)))
                for index, (group, each) in enumerate(zip(groups, products, strict=True))
            )
            error = sum(map(_error, groups, found, products))
            if error < least:
                best, least, circuits[name] = found, error, circuit
        layer.set(torch.cat(best).view_as(weight))
        if layer.bias is not None:
            before = _moments(exact, exact.get_submodule(name), images).means()
            lost = _mean_outputs(groups, before) - _mean_outputs(best, moments.means())
            layer.bias.add_(lost.to(layer.bias.dtype))
    model.train(training)
    return Placement(mapping, circuits)


def _snapping(
    mapping: WeightMapping, circuit: Circuit, group: int, groups: int
) -> Callable[[Tensor], Tensor]:
    """Return the function that moves one column of a group of outputs to the levels."""
    if circuit.scale.numel() > 1:
        circuit = Circuit(*(part.flatten().chunk(groups)[group] for part in circuit))
    return lambda column: mapping.snap(column, circuit)
