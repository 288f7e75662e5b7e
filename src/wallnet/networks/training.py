"""Quantisation-aware training of any model, in any loop: `prepare_qat` and `convert`.

The weights of each layer are parametrised (`torch.nn.utils.parametrize`): its parameter becomes a
matrix of hidden continuous weights, which optimisers move, and the layer computes with the nearest
weights that the levels allow. The gradient at these is applied to the hidden ones (straight-through
estimator; Courbariaux et al., 2015).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.utils.hooks import RemovableHandle

from wallnet.config.mappings import DEFAULT_MAPPING
from wallnet.networks.arguments import checked_arguments
from wallnet.networks.layers import (
    SYNAPTIC,
    Hidden,
    Layers,
    SynapticLayer,
    called,
    digital_layers,
    joined,
    kind_of,
    synaptic_layers,
)
from wallnet.networks.mappings import PLACEMENT, Circuit, Placement, WeightMapping

Model = TypeVar("Model", bound=nn.Module)

MATRICES = (nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention, nn.Bilinear)
"""Layers of PyTorch that multiply by matrices, and stay digital unless they are chosen."""


class OnLevels(Hidden):
    """Parametrisation of weights by hidden ones: each is the nearest that the levels allow.

    Hidden weights are clipped to the outermost levels before they are used. Where a gradient is
    computed in a training, each conductance G may be a normal variate of mean G and standard
    deviation `noise` · G.

    Parameters
    ----------
    mapping : WeightMapping
        The mapping.
    base : Circuit
        Offset and scale at a factor of 1.
    groups : int
        As of `wallnet.networks.layers.SynapticLayer`.
    factor : torch.nn.Parameter, optional
        Factor of offset and scale that is learned.
    noise : float
        Relative standard deviation of the conductances in a training.
    """

    offset: Tensor
    scale: Tensor

    def __init__(
        self,
        mapping: WeightMapping,
        base: Circuit,
        groups: int = 0,
        factor: nn.Parameter | None = None,
        noise: float = 0.0,
    ) -> None:
        super().__init__()
        self.mapping, self.groups, self.factor, self.noise = mapping, groups, factor, noise
        self.register_buffer("offset", base.offset)
        self.register_buffer("scale", base.scale)

    @property
    def circuit(self) -> Circuit:
        """Offset and scale at the present factor."""
        base = Circuit(self.offset, self.scale)
        return base if self.factor is None else base.scaled(self.factor.detach())

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the weights on the levels, in the shape of the hidden ones."""
        # clipping the data again changes no number that an earlier pass saved for its gradient
        layer = SynapticLayer(hidden.data, groups=self.groups)  # type: ignore[arg-type]
        circuit, table = self.circuit, self.mapping.table
        low, high = (circuit.offset + circuit.scale * end for end in (table[0], table[-1]))
        clipped = layer.weight.clamp_(low, high)
        if self.groups:
            layer.set(clipped)
        entry = self.mapping.nearest(clipped, circuit)
        placed = self.mapping.weights_at(entry, circuit).to(clipped.dtype)
        weight = layer.turned(placed)
        if self.noise and self.training and torch.is_grad_enabled():
            spread = self.noise * self.mapping.magnitudes.to(entry.device)[entry.long()]
            moved = circuit.scale * spread * torch.randn_like(placed)
            weight = weight + layer.turned(moved.to(weight.dtype))
        # what is added is 0 and has the gradient: straight through, and by the factor
        weight = weight + (hidden - hidden.detach())
        if self.factor is None:
            return weight
        inside = (clipped > low) & (clipped < high)
        by_factor = torch.where(inside, placed - clipped, placed) / self.factor.detach()
        # as in LSQ, so that the factor moves about as fast as a weight
        share = 1 / math.sqrt(hidden.numel() * len(table) / 2)
        return weight + layer.turned(by_factor) * (share * (self.factor - self.factor.detach()))


def parametrise(
    model: nn.Module,
    layers: Mapping[str, SynapticLayer],
    placement: Placement,
    factors: Sequence[nn.Parameter] = (),
    noise: float = 0.0,
) -> None:
    """Let layers of a model compute with weights on the levels, each with its factor, if any."""
    for index, (name, layer) in enumerate(layers.items()):
        base = Circuit(*(part.to(layer.parameter.device) for part in placement.circuits[name]))
        factor = factors[index] if factors else None
        step = OnLevels(placement.mapping, base, layer.groups, factor, noise)
        # layers that share the weights all have them on the levels
        for module in list(model.modules()):
            for key, parameter in list(module._parameters.items()):
                if parameter is layer.parameter:
                    names = list(module._parameters)
                    parametrize.register_parametrization(module, key, step)
                    module.parametrizations[key].names = names  # type: ignore[index, union-attr]


def parametrised(model: nn.Module) -> dict[str, tuple[Any, str, OnLevels]]:
    """Return the parametrisations of a model that is prepared, each with its layer and its key.

    Their names are those of `wallnet.networks.layers.synaptic_layers`.
    """
    return {
        joined(name, key): (module, key, steps[0])
        for name, module in model.named_modules()
        for key, steps in dict(getattr(module, "parametrizations", {})).items()
        if isinstance(steps[0], OnLevels)
    }


def layers_to_place(model: nn.Module, layers: Layers) -> dict[str, SynapticLayer]:
    """Return the layers of a model that is put on levels; see `synaptic_layers`.

    Warnings name layers that stay digital although they have matrices of weights, such as an LSTM,
    or although their base class is synaptic.
    A model whose training has not ended is refused.
    """
    synapses = synaptic_layers(model, layers)
    if parametrised(model):
        raise ValueError(f"{type(model).__name__} is prepared already; call convert first")
    names = {} if layers is not None else digital_layers(model)
    matrices = [
        f"{called(name)} ({kind})"
        for name, kind in names.items()
        if isinstance(model.get_submodule(name), MATRICES)
    ]
    if matrices:
        warnings.warn(
            f"{', '.join(matrices)} {'stay' if matrices[1:] else 'stays'} digital, with matrices "
            "of weights; name layers in layers, to have theirs on the levels",
            stacklevel=4,
        )
    odd = [
        f"{called(name)} ({kind})"
        for name, kind in names.items()
        if isinstance(module := model.get_submodule(name), SYNAPTIC)
        # a part of PyTorch's own, such as that of attention, is not used as a layer
        and (kind_of(module) in SYNAPTIC or not kind_of(module).__module__.startswith("torch."))
    ]
    if odd:
        warnings.warn(
            f"{', '.join(odd)} {'stay' if odd[1:] else 'stays'} digital, since a subclass or a "
            "parametrised layer can use its weights in another way; name subclasses in layers, and "
            "remove parametrisations such as weight_norm, to have them on the levels",
            stacklevel=4,
        )
    return synapses


def new_factors(layers: Mapping[str, SynapticLayer]) -> list[nn.Parameter]:
    """Return a factor of 1 for each layer; those of frozen layers are frozen, too."""
    weights = [layer.parameter for layer in layers.values()]
    return [nn.Parameter(torch.ones((), device=w.device), w.requires_grad) for w in weights]


def keep_names(module: nn.Module, key: str) -> list[RemovableHandle]:
    """Let the state of a layer contain only the weights on the levels, under their usual name.

    Loaded weights become the hidden ones.
    """
    inner = f"parametrizations.{key}."

    def saved(module: nn.Module, state: dict[str, Any], prefix: str, _: Any) -> None:
        for name in [name for name in state if name.startswith(prefix + inner)]:
            del state[name]
        with torch.no_grad():  # without noise
            state[prefix + key] = getattr(module, key)

    def loaded(module: Any, state: dict[str, Any], prefix: str, *_: Any) -> None:
        if prefix + key in state and parametrize.is_parametrized(module, key):
            state.update(module.parametrizations[key].state_dict(prefix=prefix + inner))
            state[f"{prefix}{inner}original"] = state.pop(prefix + key)

    hooks = module.register_state_dict_post_hook, module.register_load_state_dict_pre_hook
    return [register(hook) for register, hook in zip(hooks, (saved, loaded), strict=True)]


@checked_arguments
def prepare_qat(
    model: Model,
    levels: ArrayLike,
    mapping: str = DEFAULT_MAPPING,
    layers: Layers = None,
    learn_scales: bool = False,
    noise: float = 0.0,
) -> Model:
    """Let a model compute with weights on the levels of a synapse, in place, to train it.

    Any loop can train it, with any number of optimisers. Until `convert`, hidden weights have the
    names of PyTorch's parametrisations, as in ``layer.parametrizations.weight.original``, also in
    `state_dict`, from which a training continues after `prepare_qat` of a new model.

    Parameters
    ----------
    model : torch.nn.Module
        Any model on any device. Hidden weights have its precision: give FP32 ones, and compute in
        BF16 with `torch.autocast`.
    levels : array_like
        Conductances of the synapse, in any unit and any order, shape (levels,).
    mapping : str
        Name of the mapping; see `wallnet.config.mappings.split_mapping`.
    layers : iterable of str or type, optional
        Layers whose weights are synapses; see `wallnet.networks.quantization.quantize`.
    learn_scales : bool
        Whether offset and scale of each layer that is not frozen are multiplied by a factor that is
        learned; see `wallnet.networks.callbacks.TrainOnLevels`. Optimisers are then made after
        this call, of ``model.parameters()``.
    noise : float
        Relative standard deviation of the conductances, which are drawn from PyTorch's generator at
        each pass of the training that computes a gradient, in both synapses of a pair. The gradient
        is that without noise.

    Returns
    -------
    torch.nn.Module
        The same model.

    Raises
    ------
    ValueError
        If the mapping is unknown, the levels cannot be used, there is no such layer, or the model
        is prepared already.

    Examples
    --------
    >>> model = prepare_qat(nn.Linear(2, 1), [1e-6, 2e-6, 3e-6])
    >>> optimizer = torch.optim.SGD(model.parameters(), 0.1)
    >>> model(torch.ones(1, 2)).sum().backward()
    >>> optimizer.step()
    >>> convert(model)
    Linear(in_features=2, out_features=1, bias=True)
    """
    created, synapses = WeightMapping(mapping, levels), layers_to_place(model, layers)
    factors = new_factors(synapses) if learn_scales else ()
    placement = Placement.chosen(synapses, created, training=True)
    parametrise(model, synapses, placement, factors, noise)
    for factor, layer in zip(factors, synapses.values(), strict=False):
        _expect_moves(factor, layer.parameter)
    return model


def _expect_moves(factor: nn.Parameter, hidden: nn.Parameter) -> None:
    """Warn once if an optimiser moves the hidden weights of a layer, and none moves its factor."""
    factors, weights = factor._version, hidden._version

    def check(_: Tensor) -> None:
        if hidden._version != weights:
            handle.remove()
            if factor._version == factors:
                warnings.warn(
                    "learn_scales learns nothing, since no optimiser has the factors; make "
                    "optimisers of model.parameters() after prepare_qat",
                    stacklevel=2,
                )

    if factor.requires_grad:
        handle = factor.register_post_accumulate_grad_hook(check)


def placement_of(model: nn.Module) -> Placement:
    """Return how the weights of a model that is prepared, converted or quantised are on levels.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    circuits: dict[str, Circuit] = {}
    steps: dict[OnLevels, str] = {}
    for name, (_, _, step) in parametrised(model).items():
        # weights that layers share have the name of the first
        circuits[steps.setdefault(step, name)] = step.circuit
    if steps:
        return Placement(next(iter(steps)).mapping, circuits)
    if isinstance(placement := getattr(model, PLACEMENT, None), Placement):
        return placement
    raise ValueError(
        f"{type(model).__name__} is not on levels; call quantize, or prepare_qat and convert"
    )


@checked_arguments
def convert(model: Model) -> Model:
    """End the training of a model that `prepare_qat` prepared, with its weights on the levels.

    Returns
    -------
    torch.nn.Module
        The same model, whose parameters have their usual names again.

    Raises
    ------
    ValueError
        If the model is not prepared.
    """
    steps = parametrised(model)
    if not steps:
        raise ValueError(f"{type(model).__name__} is not prepared; call prepare_qat first")
    setattr(model, PLACEMENT, placement_of(model))
    for module, key, _ in reversed(steps.values()):
        names = module.parametrizations[key].names
        # PyTorch changes the class of the layer, which copies of it share
        kind = type(module)
        module.__class__ = type(kind.__name__, kind.__bases__, dict(vars(kind)))
        parametrize.remove_parametrizations(module, key)
        # in the order in which they were, on which the states of optimisers depend
        for name in names:
            module._parameters[name] = module._parameters.pop(name)
    return model
