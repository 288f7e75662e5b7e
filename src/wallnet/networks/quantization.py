"""Networks of PyTorch on the levels of a synapse: `quantize`, and its parts for training.

The weights of fully connected and convolutional layers are synapses, transposed convolutions
included, unless other layers are chosen. All other parameters stay digital: biases, and layers such
as a batch normalisation or an LSTM.
"""

import copy
import difflib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from numpy.typing import ArrayLike
from torch import Tensor, fx, nn
from torch.nn.utils import fusion

from wallnet.config.mappings import DEFAULT_MAPPING
from wallnet.networks.mappings import Placement, WeightMapping

Model = TypeVar("Model", bound=nn.Module)

Layers: TypeAlias = Iterable[str | type[nn.Module]] | str | type[nn.Module] | None
"""Chosen layers: names as in `named_modules`, classes, or names of classes; see `chosen_layers`."""

TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)

SYNAPTIC = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, *TRANSPOSED)
"""Layers whose weights are synapses, if none are chosen.

The outputs of each are sums of inputs times weights, which an array of synapses computes. This is
true of a transposed convolution, too: only which inputs reach an output differs.
"""


@dataclass(frozen=True)
class SynapticLayer:
    """A matrix of weights that are synapses.

    Attributes
    ----------
    parameter : torch.nn.Parameter
        The weights, in the shape that PyTorch gives them.
    bias : torch.nn.Parameter or None
        The bias of each output.
    groups : int
        Number of groups of a layer whose parameter has the shape (inputs, outputs / groups, …);
        0 if it has the outputs first.
    """

    parameter: nn.Parameter
    bias: nn.Parameter | None = None
    groups: int = 0

    @property
    def weight(self) -> Tensor:
        """The weights; the first dimension is that of the outputs."""
        if not self.groups:
            return self.parameter
        return self.parameter.unflatten(0, (self.groups, -1)).transpose(1, 2).flatten(0, 1)

    def set(self, weight: Tensor) -> None:
        """Set the weights; the first dimension is that of the outputs."""
        if self.groups:
            weight = weight.unflatten(0, (self.groups, -1)).transpose(1, 2).flatten(0, 1)
        self.parameter.copy_(weight)


def chosen_layers(model: nn.Module, layers: Layers = None) -> dict[str, nn.Module]:
    """Return the layers of a model that are chosen for synapses.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.
    layers : iterable of str or type, optional
        Names as in `named_modules`, classes, or names of classes; those of `SYNAPTIC` if not given.

    Returns
    -------
    dict
        The layers by name, in the order of the model.

    Raises
    ------
    ValueError
        If the model has no such layer.
    """
    modules = dict(model.named_modules())
    if layers is None:
        # a subclass may use its weights in another way
        return {name: module for name, module in modules.items() if type(module) in SYNAPTIC}
    wanted: set[str] = set()
    for each in [layers] if isinstance(layers, str | type) else layers:
        fits = {
            name
            for name, module in modules.items()
            if (
                isinstance(module, each)
                if isinstance(each, type)
                else name == each
                or (each not in modules and each in {c.__name__ for c in type(module).__mro__})
            )
        }
        if not fits:
            text = each.__name__ if isinstance(each, type) else each
            near = difflib.get_close_matches(text, modules, n=1)
            known = ", ".join(filter(None, modules)) or "none"
            hint = f"did you mean {near[0]}?" if near else f"known: {known}"
            raise ValueError(
                f"layers names {text!r}, which the model does not have ({hint}); use names of its "
                "layers or their classes"
            )
        wanted |= fits
    return {name: module for name, module in modules.items() if name in wanted}


def synaptic_layers(model: nn.Module, layers: Layers = None) -> dict[str, SynapticLayer]:
    """Return the weights of a model that are synapses.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.
    layers : iterable of str or type, optional
        The layers; see `chosen_layers`.

    Returns
    -------
    dict
        By name of the layer, in the order of the model. A matrix that is not called `weight` has
        its own name after that of the layer, as in ``lstm.weight_ih_l0``. Weights that layers share
        are named once.

    Raises
    ------
    ValueError
        If the model has no such layer, or if a layer has no matrix of weights.
    """
    found: dict[str, SynapticLayer] = {}
    known: set[int] = set()
    for name, module in chosen_layers(model, layers).items():
        own = dict(module.named_parameters(recurse=False))
        kind = type(module)
        matrices = {
            key: parameter
            for key, parameter in own.items()
            # the weights of a layer with `weight_norm` are not parameters
            if (key == "weight" if kind in SYNAPTIC else "bias" not in key and parameter.dim() > 1)
        }
        if not matrices and layers is not None:
            raise ValueError(
                f"layer {name or 'of the model itself'} is a {kind.__name__}, which has no matrix "
                "of weights; leave it out of layers, or name the layers in it"
            )
        inputs_first = isinstance(module, (*TRANSPOSED, nn.Embedding, nn.EmbeddingBag))
        for key, parameter in matrices.items():
            if id(parameter) not in known:
                known.add(id(parameter))
                bias = own.get(key.replace("weight", "bias"))
                groups = getattr(module, "groups", 1) if inputs_first else 0
                found[name if key == "weight" else f"{name}.{key}".strip(".")] = SynapticLayer(
                    parameter, None if bias is parameter else bias, groups
                )
    if not found:
        raise ValueError(
            f"{type(model).__name__} has no layer whose weights are synapses; name some in layers"
        )
    return found


def digital_layers(model: nn.Module, layers: Layers = None) -> dict[str, str]:
    """Return the class of each layer that has parameters and stays digital.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.
    layers : iterable of str or type, optional
        The layers that are synapses; see `chosen_layers`.

    Returns
    -------
    dict
        Names of the classes by name of the layer, in the order of the model. A parameter of the
        model itself has an empty name.
    """
    synapses = {id(layer.parameter) for layer in synaptic_layers(model, layers).values()}
    found = {}
    for name, module in model.named_modules():
        own = {id(parameter) for parameter in module.parameters(recurse=False)}
        if own and not own & synapses:
            found[name] = type(module).__name__
    return found


def quantize(
    model: Model,
    levels: ArrayLike,
    mapping: str = DEFAULT_MAPPING,
    layers: Layers = None,
    data: Tensor | None = None,
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

    Returns
    -------
    torch.nn.Module
        The copy. Each weight is exactly ``offset + scale · entry``; all other parameters are not
        changed, but for biases with `data`. Its attribute `digital_layers` is what
        `digital_layers` returns.

    Raises
    ------
    ValueError
        If the mapping is unknown, the levels cannot be used, or there is no such layer.

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
    placed: Any = copy.deepcopy(model)
    synapses = synaptic_layers(placed, layers)
    if data is None:
        Placement.chosen(synapses, created).snap(synapses)
    else:
        from wallnet.networks.compensation import compensated  # imports this module

        compensated(placed, synapses, created, data)
    placed.digital_layers = digital_layers(placed, layers)
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
        reason = " ".join(str(error).split())
        raise ValueError(
            f"torch.fx cannot follow the model ({reason[:200]}); fold its batch normalisation with "
            "torch.nn.utils.fusion, or leave it digital"
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
