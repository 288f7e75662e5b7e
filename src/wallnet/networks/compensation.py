"""Post-training quantisation in which later weights compensate the rounding of earlier ones.

A layer computes W x + b. Rounding W to Q changes its output by (Q - W) x. The mean of this error is
subtracted from the bias; what remains is tr (Q - W) Σ (Q - W)ᵀ with the covariance Σ of the inputs,
which images without labels give. The weights of an output are rounded one after another, those of
the strongest inputs first, and the error of each is carried into those that follow (OPTQ; Frantar
and others, ICLR 2023, arXiv:2210.17323). Of several scales of the levels, that with the least error
of the model's outputs is taken.

If these are logits, their error is the divergence of the probabilities, and in the last layer an
image counts for output k by p(1 - p), the diagonal of the Fisher matrix, with its probability p.

GPTQ of libraries such as torchao rounds to uniform grids only.
"""

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.module import register_module_forward_pre_hook

from wallnet.networks.layers import SynapticLayer, outputs_of
from wallnet.networks.mappings import Circuit, Placement, WeightMapping

SCALES = (0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5)
"""Scales that are tried, relative to that which the mapping chooses."""

DAMPING = 0.01
"""Share of the mean variance of the inputs that is added to each variance, since some inputs are
constant in all images."""

LEAST_SHARE = 0.05
"""Share that is added to that of each image, relative to the mean, so that all images count."""

TOGETHER = 64
"""Columns whose errors are carried on at once; it saves time and changes no result."""

BATCH = 500
"""Images that the model reads at once."""

MOST_ROWS = 200_000
"""Number of inputs of a layer, or of patches of a convolution, after which no further are used."""

MOST_PRODUCTS = 50_000_000
"""Number of products up to which each output of the last layer has a covariance of its own."""

JUDGED = 2000
"""Number of images with which the scale is chosen."""

MODELLED = (nn.Linear, nn.Conv1d, nn.Conv2d)
"""Layers whose rounding is compensated."""


def _rows(layer: Any, inputs: Tensor) -> Tensor:
    """Return the inputs that each output sums, shape (groups, rows, inputs)."""
    if isinstance(layer, nn.Linear):
        return inputs.reshape(1, -1, inputs.shape[-1])
    around = layer._reversed_padding_repeated_twice
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    inputs = functional.pad(inputs, around, mode=mode)
    kernel, dilation, stride = layer.kernel_size, layer.dilation, layer.stride
    if isinstance(layer, nn.Conv1d):
        inputs = inputs.unsqueeze(-2)
        kernel, dilation, stride = ((1, *size) for size in (kernel, dilation, stride))
    patches = functional.unfold(inputs, kernel, dilation=dilation, stride=stride)
    return patches.unflatten(1, (layer.groups, -1)).permute(1, 0, 3, 2).flatten(1, 2)


def _moments(
    model: nn.Module, layer: nn.Module, images: Tensor, shares: Tensor | None, squares: bool = True
) -> tuple[Tensor, Tensor]:
    """Return the moments of the inputs of a layer over images, weighted by shares if given.

    They are the means, shape (groups, inputs), and, with `squares`, the mean products, shape
    (groups, inputs, inputs).
    """
    begin = rows = 0
    total = sums = products = torch.zeros((), dtype=torch.float64, device=images.device)

    def add(_: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        nonlocal rows, total, sums, products
        inputs = _rows(layer, arguments[0]).double()
        share = inputs.new_ones(inputs.shape[:2])
        if shares is not None:
            share = shares[:, begin : begin + BATCH]
        weighted = inputs * share[:, :, None]
        rows += inputs.shape[1]
        total = total + share.sum(dim=1)
        sums = sums + weighted.sum(dim=1)
        if squares:
            products = products + weighted.mT @ inputs

    with layer.register_forward_pre_hook(add):
        for begin in range(0, len(images), BATCH):
            model(images[begin : begin + BATCH])
            if rows >= MOST_ROWS:
                break
    return sums / total[:, None], products / total[:, None, None]


def _called(model: nn.Module, images: Tensor) -> list[str]:
    """Return the layers of `MODELLED` in the order in which the model calls them."""
    names = {module: name for name, module in model.named_modules() if type(module) in MODELLED}
    order: list[str] = []

    def record(layer: nn.Module, _: Any) -> None:
        if layer in names:
            order.append(names[layer])

    with register_module_forward_pre_hook(record):
        model(images)
    return list(dict.fromkeys(order))


def rounded(
    weight: Tensor, products: Tensor, circuits: Sequence[Circuit], mapping: WeightMapping
) -> Tensor:
    """Round the weights of a layer so that the error of its outputs is small, at each scale.

    Parameters
    ----------
    weight : torch.Tensor
        Weights, shape (groups, outputs, inputs).
    products : torch.Tensor
        Σ of each group, shape (groups, inputs, inputs), float64.
    circuits : sequence of Circuit
        Scales that are tried, each with one number or one for each output of all groups.

    Returns
    -------
    torch.Tensor
        Shape (scales, groups, outputs, inputs).
    """
    count = weight.shape[-1]
    variances = products.diagonal(dim1=1, dim2=2)
    damping = DAMPING * variances.mean(dim=1)[:, None, None]
    # inputs that never vary leave nothing to compensate
    damping = torch.where(damping > 0, damping, 1.0)
    order = variances.sum(dim=0).argsort(descending=True, stable=True)
    one = torch.eye(count, dtype=products.dtype, device=products.device)
    damped = products[:, order][:, :, order] + damping * one
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    carry = torch.linalg.cholesky(inverse, upper=True).to(weight.dtype)
    # all scales together, since a column is small; their products one by one, as for a single scale
    left = weight[:, :, order].repeat(len(circuits), 1, 1, 1)
    shape = (len(circuits), *(weight.shape[:2] if circuits[0].scale.numel() > 1 else (1, 1)))
    circuit = Circuit(*(torch.stack(part).reshape(shape) for part in zip(*circuits, strict=True)))
    placed = torch.empty_like(left)
    for begin in range(0, count, TOGETHER):
        end = min(begin + TOGETHER, count)
        errors = weight.new_empty(*left.shape[:3], end - begin)
        for column in range(begin, end):
            placed[..., column] = mapping.snap(left[..., column], circuit)
            error = (left[..., column] - placed[..., column]) / carry[:, column, column, None]
            left[..., column:end] -= error[..., None] * carry[:, None, column, column:end]
            errors[..., column - begin] = error
        for weights, error in zip(left, errors, strict=True):
            weights[:, :, end:] -= error @ carry[:, begin:end, end:]
    quantized = torch.empty_like(placed)
    quantized[..., order] = placed
    return quantized


def _shares(logits: Tensor) -> Tensor:
    """Return the weight of each image in the error of each output, shape (outputs, images)."""
    probabilities = logits.double().softmax(dim=1).T
    shares = probabilities * (1 - probabilities)
    return shares + LEAST_SHARE * shares.mean(dim=1, keepdim=True)


def _distance(outputs: Tensor, exact: Tensor, logits: bool) -> float:
    """Return the mean squared error of outputs, or the divergence of their probabilities."""
    outputs, exact = outputs.float(), exact.float()
    if not logits:
        return float(functional.mse_loss(outputs, exact))
    logs = outputs.log_softmax(dim=1), exact.log_softmax(dim=1)
    return float(functional.kl_div(*logs, log_target=True, reduction="batchmean"))


def _check(model: nn.Module, images: Any) -> None:
    """Refuse inputs that are all equal or that the model cannot read, and models without tensor."""
    if not isinstance(images, Tensor):
        raise ValueError(
            f"data is a {type(images).__name__}; give one torch.Tensor of inputs, such as "
            "torch.from_numpy(array), or torch.cat of the inputs of a DataLoader"
        )
    if not torch.isfinite(images).all():
        raise ValueError("data has values that are not finite; leave out the inputs with them")
    if (images == torch.atleast_1d(images)[:1]).all():
        raise ValueError(
            f"data of shape {tuple(images.shape)} has no inputs that differ; give some thousand, "
            "one after another in the first dimension"
        )
    output = outputs_of(model, images[:2], "data")
    if not isinstance(output, Tensor):
        raise ValueError(
            f"the model returns a {type(output).__name__}; wrap it in one that returns the tensor "
            "whose error counts, or leave data out"
        )


@torch.no_grad()
def compensated(
    model: nn.Module,
    layers: Mapping[str, SynapticLayer],
    mapping: WeightMapping,
    images: Tensor,
    logits: bool = False,
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
    images : torch.Tensor
        Inputs of the model, one after another in the first dimension; some thousand are enough.
    logits : bool
        Whether outputs of the model of shape (images, classes), with two classes or more, are
        logits.

    Raises
    ------
    ValueError
        If a weight is not finite, or if the model cannot read the inputs.
    """
    exact = copy.deepcopy(model).eval()
    _check(exact, images)
    placement = Placement.chosen(layers, mapping)
    circuits = dict(placement.circuits)
    training = model.training
    model.eval()
    called = _called(model, images[:2])
    order = [name for name in called if name in layers]
    placement.snap({name: layer for name, layer in layers.items() if name not in order})
    outputs = torch.cat([exact(batch) for batch in images.split(BATCH)])
    logits = logits and outputs.ndim == 2 and outputs.shape[1] > 1
    for name in order:
        layer, module = layers[name], model.get_submodule(name)
        weight = layer.weight.detach().clone()
        # a layer without a bias has one here that is not used
        bias = weight.new_zeros(len(weight)) if layer.bias is None else layer.bias
        shares = None
        many = weight.flatten(1)[0].numel() ** 2 * len(weight) > MOST_PRODUCTS
        if logits and name == called[-1] and isinstance(module, nn.Linear) and not many:
            shares = _shares(outputs)
        means, products = _moments(model, module, images, shares)
        if layer.bias is not None:
            products = products - means[:, :, None] * means[:, None]
        before, _ = _moments(exact, exact.get_submodule(name), images, shares, squares=False)
        groups = weight.float().flatten(1).unflatten(0, (len(products), -1))
        sums = _outputs(groups, before)
        trained = bias.clone()
        best, least = (weight, trained), math.inf
        tried = [placement.circuits[name].scaled(factor) for factor in SCALES]
        for circuit, placed in zip(tried, rounded(groups, products, tried, mapping), strict=True):
            layer.set(placed.view_as(weight))
            bias.copy_(trained + (sums - _outputs(placed, means)))
            error = _distance(model(images[:JUDGED]), outputs[:JUDGED], logits)
            if error < least:
                best = layer.weight.clone(), bias.clone()
                least, circuits[name] = error, circuit
        layer.set(best[0])
        bias.copy_(best[1])
    model.train(training)
    return Placement(mapping, circuits)


def _outputs(groups: Tensor, inputs: Tensor) -> Tensor:
    """Return the outputs without bias, given weights and inputs of each group."""
    return (groups.double() @ inputs[:, :, None]).flatten()
