"""Networks of PyTorch on the levels of a synapse: `quantize`, and batch normalisations folded."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

from numpy.typing import ArrayLike
from torch import Tensor, fx, nn
from torch.nn.utils import fusion

from wallnet.config.mappings import DEFAULT_MAPPING
from wallnet.files.whole import one_line
from wallnet.networks.arguments import checked_arguments
from wallnet.networks.compensation import compensated
from wallnet.networks.layers import TRANSPOSED, Layers, digital_layers
from wallnet.networks.mappings import PLACEMENT, Placement, WeightMapping
from wallnet.networks.training import Model, layers_to_place


@checked_arguments
def quantize(
    model: Model,
    levels: ArrayLike,
    mapping: str = DEFAULT_MAPPING,
    layers: Layers = None,
    data: Tensor | None = None,
    logits: bool = True,
) -> Model:
    """Return a copy of a model with its weights on the levels of a synapse.

    Parameters
    ----------
    model : torch.nn.Module
        Any trained model. To fold its batch normalisations first, see `fold_batch_norm`.
    levels : array_like
        Conductances of the synapse, in any unit and any order, shape (levels,).
    mapping : str
        Name of a mapping; see `wallnet.config.mappings.split_mapping`.
    layers : iterable of str or type, optional
        Layers whose weights are synapses: names as in `named_modules`, classes, or names of
        classes. If not given, all of `torch.nn.Linear`, `Conv1d`, `Conv2d`, `Conv3d` and
        `ConvTranspose1d` to `ConvTranspose3d`, but not of their subclasses.
    data : torch.Tensor, optional
        Inputs of the model, without labels, some thousand in its first dimension. With them, later
        weights of `torch.nn.Linear`, `Conv1d` and `Conv2d` compensate the rounding of earlier ones;
        see `wallnet.networks.compensation`.
    logits : bool
        Whether outputs of shape (inputs, classes), with two classes or more, are logits, whose
        errors count with `data` by how they change the probabilities of the classes. Give False for
        a regression, whose squared errors count.

    Returns
    -------
    torch.nn.Module
        The copy. Each weight is exactly ``offset + scale · entry``; all other parameters are not
        changed, but for biases with `data`. Its attribute `digital_layers` is what
        `digital_layers` returns. `wallnet.networks.programming.ProgrammedNetwork.of` gives level,
        conductance and circuit of each synapse.

    Raises
    ------
    ValueError
        If the mapping is unknown, the levels cannot be used, there is no such layer, or the model
        cannot read the data.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 1), nn.PReLU())
    >>> _ = model[0].weight.data.copy_(torch.tensor([[0.9, -0.2]]))
    >>> quantized = quantize(model, [1e-6, 2e-6, 3e-6], "signed")
    >>> quantized[0].weight.data / 0.9
    tensor([[1., 0.]])
    >>> quantized.digital_layers
    {'1': 'PReLU'}
    """
    created = WeightMapping(mapping, levels)
    try:
        placed: Any = copy.deepcopy(model)
    except RuntimeError as error:
        raise ValueError(
            f"model cannot be copied ({one_line(error)}); remove its torch.nn.utils.weight_norm"
        ) from None
    synapses = layers_to_place(placed, layers)
    if data is None:
        placement = Placement.chosen(synapses, created)
        placement.snap(synapses)
    else:
        placement = compensated(placed, synapses, created, data, logits)
    placed.digital_layers = digital_layers(placed, layers)
    setattr(placed, PLACEMENT, placement)
    return placed


_FOLDED = {
    nn.BatchNorm1d: (nn.Linear, nn.Conv1d, nn.ConvTranspose1d),
    nn.BatchNorm2d: (nn.Conv2d, nn.ConvTranspose2d),
    nn.BatchNorm3d: (nn.Conv3d, nn.ConvTranspose3d),
}


class _Tracer(fx.Tracer):
    """Tracer that does not look into layers, also not into those of a user."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return super().is_leaf_module(m, module_qualified_name) or not list(m.children())


def _pairs(model: nn.Module) -> list[tuple[str, str]]:
    """Return the names of each layer and the batch normalisation that alone follows it."""
    modules = dict(model.named_modules())
    graph = _Tracer().trace(model)
    calls = Counter(node.target for node in graph.nodes if node.op == "call_module")
    pairs = []
    for node in graph.nodes:
        before = node.args[0] if node.op == "call_module" and node.args else None
        if not isinstance(before, fx.Node) or before.op != "call_module" or len(before.users) > 1:
            continue
        layer, norm = modules[str(before.target)], modules[str(node.target)]
        if (
            type(layer) in _FOLDED.get(type(norm), ())
            and calls[before.target] == calls[node.target] == 1
            and norm.running_mean is not None
            and norm.affine
            # PyTorch's function does not take groups of a transposed convolution into account
            and not (isinstance(layer, TRANSPOSED) and layer.groups > 1)
        ):
            pairs.append((str(before.target), str(node.target)))
    return pairs


@checked_arguments
def fold_batch_norm(model: Model) -> Model:
    """Return a copy of a trained model whose batch normalisations are part of the layers before.

    In evaluation both compute the same. `torch.nn.utils.fusion` computes the weights and the bias
    of each layer; an `torch.nn.Identity` takes the place of the normalisation. `torch.fx` finds
    the pairs. A normalisation stays as it is if it follows another kind of layer, if the output of
    the layer is also used elsewhere, or if it has no statistics or no weights of its own.

    Parameters
    ----------
    model : torch.nn.Module
        A trained model. A `torch.nn.Linear` before a `torch.nn.BatchNorm1d` returns the shape
        (examples, features).

    Returns
    -------
    torch.nn.Module
        The copy.

    Raises
    ------
    ValueError
        If `torch.fx` cannot trace the model, or if nothing can be folded.
    """
    try:
        pairs = _pairs(model)
    except Exception as error:  # a model that is called with proxies can raise any error
        raise ValueError(
            f"torch.fx cannot follow the model ({one_line(error)}); fold its batch "
            "normalisation with torch.nn.utils.fusion, or leave it digital"
        ) from None
    if not pairs:
        raise ValueError(
            f"{type(model).__name__} has no batch normalisation that follows a layer of weights "
            "alone; leave the folding out"
        )
    folded = copy.deepcopy(model)
    for name, norm_name in pairs:
        layer: Any = folded.get_submodule(name)
        norm: Any = folded.get_submodule(norm_name)
        training = layer.training
        layer.eval()
        norm.eval()
        if isinstance(layer, nn.Linear):
            fused: nn.Module = fusion.fuse_linear_bn_eval(layer, norm)
        else:
            fused = fusion.fuse_conv_bn_eval(layer, norm, isinstance(layer, TRANSPOSED))
        # PyTorch's functions freeze the bias of a layer that had none
        fused.requires_grad_(layer.weight.requires_grad)
        folded.set_submodule(name, fused.train(training))
        folded.set_submodule(norm_name, nn.Identity().train(training))
    return folded
