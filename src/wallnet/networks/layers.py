"""The layers of a network whose weights are synapses.

The weights of fully connected and convolutional layers are synapses, transposed convolutions
included, unless other layers are chosen. All other parameters stay digital: biases, and layers such
as a batch normalisation or an LSTM.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from torch import Tensor, nn
from torch.nn.utils.parametrize import type_before_parametrizations

from wallnet.config.messages import misnamed
from wallnet.files.whole import one_line
from wallnet.networks.arguments import checked_arguments

Layers: TypeAlias = Iterable[str | type[nn.Module]] | str | type[nn.Module] | None
"""Chosen layers, `SYNAPTIC` if none: names as in `named_modules`, names of their matrices as in
`synaptic_layers`, classes, or names of classes."""

TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)

SYNAPTIC = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, *TRANSPOSED)
"""Layers whose weights are synapses, if none are chosen.

The outputs of each are sums of inputs times weights, which an array of synapses computes. This is
true of a transposed convolution, too: only which inputs reach an output differs.
"""


class Hidden(nn.Module):
    """A parametrisation whose original tensor is a matrix of hidden weights of synapses."""


def outputs_of(model: nn.Module, inputs: Tensor, key: str) -> Any:
    """Return what a model of the user returns; `ValueError` names the key of inputs it refuses."""
    try:
        return model(inputs)
    except Exception as error:  # a model of the user can raise any error
        raise ValueError(
            f"{key} cannot be read by the model ({one_line(error)}); give inputs of its shape, "
            "dtype and device"
        ) from None


def called(name: str) -> str:
    """Return a layer as the subject of a message; the model itself has an empty name."""
    return f"layer {name}" if name else "the model itself"


@dataclass(frozen=True)
class SynapticLayer:
    """A matrix of weights that are synapses.

    Attributes
    ----------
    parameter : torch.nn.Parameter
        The weights, in the shape that PyTorch gives them; hidden ones during a training on levels.
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
        return self.turned(self.parameter)

    def set(self, weight: Tensor) -> None:
        """Set the weights; the first dimension is that of the outputs."""
        self.parameter.copy_(self.turned(weight))

    def turned(self, weight: Tensor) -> Tensor:
        """Exchange outputs and inputs of each group, if the parameter has the inputs first."""
        if not self.groups:
            return weight
        return weight.unflatten(0, (self.groups, -1)).transpose(1, 2).flatten(0, 1)


def joined(layer: str, key: str) -> str:
    """Return the name of a matrix of a layer: that of the layer if it is called `weight`."""
    return layer if key == "weight" else f"{layer}.{key}".strip(".")


def kind_of(module: nn.Module) -> type:
    """Return the class of a module, whether or not its weights are parametrised."""
    return type_before_parametrizations(module)


def _own(module: nn.Module) -> dict[str, nn.Parameter]:
    """Return the parameters of a module itself by their names, with hidden weights."""
    own = dict(module.named_parameters(recurse=False))
    for key, steps in dict(getattr(module, "parametrizations", {})).items():
        if isinstance(steps[0], Hidden):
            own[key] = steps.original
    return own


def chosen_layers(model: nn.Module, layers: Layers = None) -> dict[str, nn.Module]:
    """Return the layers of any model that are chosen for synapses, by name, in the model's order.

    Raises
    ------
    ValueError
        If the model has no such layer.
    """
    modules = dict(model.named_modules())
    if layers is None:
        # a subclass may use its weights in another way
        return {name: module for name, module in modules.items() if kind_of(module) in SYNAPTIC}
    names: set[str] = set()
    for choice in [layers] if isinstance(layers, str | type) else layers:
        fits = {name for name in modules if name == choice} or {
            name
            for name, module in modules.items()
            if any(choice in (kind, kind.__name__) for kind in type(module).__mro__)
            or any(choice == joined(name, key) for key in _own(module))
        }
        if not fits:
            text = choice.__name__ if isinstance(choice, type) else choice
            what = "the name or the class of a layer of the model"
            raise ValueError(*misnamed("layers", text, filter(None, modules), what))
        names |= fits
    return {name: module for name, module in modules.items() if name in names}


def synaptic_layers(model: nn.Module, layers: Layers = None) -> dict[str, SynapticLayer]:
    """Return the weights of any model that are synapses, by name of the layer, in its order.

    A matrix that is not called `weight` has its own name after that of the layer, as in
    ``lstm.weight_ih_l0``. Weights that layers share are named once.

    Raises
    ------
    ValueError
        If the model has no such layer, or if a layer has no matrix of weights.
    """
    synapses: dict[str, SynapticLayer] = {}
    ids: set[int] = set()
    for name, module in chosen_layers(model, layers).items():
        own, kind = _own(module), kind_of(module)
        matrices = {
            key: parameter
            for key, parameter in own.items()
            # the weights of a layer with `weight_norm` are not parameters
            if (key == "weight" if kind in SYNAPTIC else "bias" not in key and parameter.dim() > 1)
        }
        if not matrices and layers is not None:
            raise ValueError(
                f"{called(name)} is a {kind.__name__} without a matrix of weights of its own; "
                "leave it out of layers, name the layers in it, or remove its parametrisation, "
                "such as weight_norm"
            )
        inputs_first = isinstance(module, (*TRANSPOSED, nn.Embedding, nn.EmbeddingBag))
        for key, parameter in matrices.items():
            if id(parameter) not in ids:
                ids.add(id(parameter))
                bias = own.get(key.replace("weight", "bias"))
                groups = getattr(module, "groups", 1) if inputs_first else 0
                bias = None if bias is parameter else bias
                synapses[joined(name, key)] = SynapticLayer(parameter, bias, groups)
    if not synapses:
        raise ValueError(
            f"{type(model).__name__} has no layer whose weights are synapses; name some in layers"
        )
    return synapses


@checked_arguments
def digital_layers(model: nn.Module, layers: Layers = None) -> dict[str, str]:
    """Return the class of each layer that has parameters and stays digital, by name, in order.

    A parameter of the model itself has an empty name.
    """
    synapses = {id(layer.parameter) for layer in synaptic_layers(model, layers).values()}
    classes = {}
    for name, module in model.named_modules():
        own = {id(parameter) for parameter in _own(module).values()}
        # the tensors of a parametrisation belong to the layer above
        if hasattr(module, "parametrizations"):
            own |= {id(parameter) for parameter in module.parametrizations.parameters()}
        if own and not own & synapses and "parametrizations" not in name.split("."):
            classes[name] = kind_of(module).__name__
    return classes
