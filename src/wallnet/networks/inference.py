"""Reads of the arrays of a network in an inference: how often, and the conductance that is read."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from wallnet.networks.layers import SYNAPTIC, SynapticLayer, called, kind_of, outputs_of

CONVERSION_ENERGY = 3.6e-12
"""Energy in J of a conversion of 8 bits. Source: Wang, Li and Wang, IEEE Transactions on Circuits
and Systems I (2025), 5.73 mW at 1.6 GS/s in 28 nm CMOS."""

CONVERSION_TIME = 0.63e-9
"""Time in s of such a conversion."""


@dataclass
class Reads:
    """Reads of the array of a layer in one inference."""

    inputs: int
    """Inputs of a read."""
    outputs: int
    """Outputs of a read."""
    number: float = 1.0
    """Number of reads."""
    conductance: float = 0.0
    """Sum over reads and synapses of the conductance in S times the square of the input, relative
    to the largest input."""


@torch.no_grad()
def reads_of(
    model: nn.Module,
    layers: Mapping[str, SynapticLayer],
    totals: Mapping[str, Tensor],
    inputs: Tensor | float,
) -> dict[str, Reads]:
    """Return the reads of the layers of a model in one inference.

    Parameters
    ----------
    model : torch.nn.Module
        The model, which gets hooks.
    layers : Mapping
        Its weights that are synapses, by name.
    totals : Mapping
        Sum of the conductances of each weight in S, in the shape of `SynapticLayer.weight`.
    inputs : torch.Tensor or float
        Inputs of the model, one after another in the first dimension, for the mean over them. Or
        the mean square of the inputs of all layers, of one read of each.
    """
    reads = {name: Reads(total[0].numel(), len(total)) for name, total in totals.items()}
    largest = dict.fromkeys(reads, 0.0)

    def measure(name: str, meter: nn.Module, _: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        values = arguments[0].double()
        power = meter(values.square())
        largest[name] = max(largest[name], float(values.abs().max()))
        reads[name].number += power.numel() / reads[name].outputs
        reads[name].conductance += float(power.sum())

    for name, layer in layers.items():
        modules: list[Any] = [
            module
            for module in model.modules()
            if kind_of(module) in SYNAPTIC and module.weight is layer.parameter
        ]
        if not isinstance(inputs, Tensor):
            if any(not isinstance(module, nn.Linear) for module in modules):
                raise ValueError(
                    f"{called(name)} is read at each position of its kernel; give inputs of the "
                    "model instead of a mean square"
                )
            reads[name].conductance = inputs * float(totals[name].sum())
            continue
        if not modules:
            raise ValueError(
                f"inputs of {called(name)} are not known, since it is neither fully connected nor "
                "convolutional; give a mean square of the inputs"
            )
        reads[name].number = 0.0
        reads[name].inputs *= getattr(modules[0], "groups", 1)
        for module in modules:
            # with conductances for weights, and squared voltages, it returns the power of outputs
            meter = copy.deepcopy(module).double()
            meter.weight.copy_(layer.turned(totals[name]))
            if meter.bias is not None:
                meter.bias.zero_()
            module.register_forward_pre_hook(partial(measure, name, meter))
    if isinstance(inputs, Tensor):
        outputs_of(model, inputs, "inputs")
        for name, read in reads.items():
            read.number /= len(inputs)
            read.conductance /= len(inputs) * (largest[name] or 1.0) ** 2
    return reads
