"""The models: the network of the paper, a small convolutional one, and the measured activation."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from wallnet.jobs import code


class MeasuredActivation(nn.Module):
    """Activation that follows the transfer curve of the neuron instead of ReLU.

    A pre-activation `z` drives the neuron with J_norm = z / input_range. Below 0 the output is
    0. Above 1 it saturates. In between it follows the curve (paper, Fig. 1b). The
    output is G_norm · input_range, so that a straight curve has unit slope, like ReLU.

    Parameters
    ----------
    breaks, coefficients : sequence
        G_norm(J_norm) as polynomials; see `wallnet.files.compact.Curve`.
    input_range : float
        Pre-activation at which the neuron receives its full current density, J_norm = 1.
    """

    def __init__(
        self, breaks: Sequence[float], coefficients: Sequence[Sequence[float]], input_range: float
    ) -> None:
        super().__init__()
        self.coefficients, self.input_range = coefficients, input_range
        self.starts, self.pieces = torch.tensor(breaks[:-1]), torch.tensor(coefficients)

    def forward(self, pre_activation: Tensor) -> Tensor:
        """Return the output for pre-activations of any shape, in the same shape."""
        return _Transfer.apply(pre_activation, self)


class _Transfer(torch.autograd.Function):
    """The output of a `MeasuredActivation` and its derivative.

    Automatic differentiation of the polynomial would store and read a tensor for each power.
    """

    @staticmethod
    def forward(ctx: Any, pre_activation: Tensor, activation: MeasuredActivation) -> Tensor:
        current = (pre_activation / activation.input_range).clamp(0.0, 1.0)
        # 0 or 1 as numbers, since PyTorch multiplies by booleans ten times as slowly
        driven = torch.gt(pre_activation, 0.0, out=torch.empty_like(current))
        below = torch.le(pre_activation, activation.input_range, out=torch.empty_like(current))
        powers: Sequence[float] | Sequence[Tensor] = activation.coefficients[0]
        if len(activation.starts) > 1:
            piece = torch.bucketize(current, activation.starts[1:], right=True)
            current = current - activation.starts[piece]
            powers = activation.pieces[piece].unbind(-1)
        # Horner's scheme for the polynomial and its derivative
        conductance = torch.zeros_like(current) + powers[-1]
        slope = torch.zeros_like(current)
        for coefficient in powers[-2::-1]:
            if ctx.needs_input_grad[0]:
                slope.mul_(current).add_(conductance)
            conductance.mul_(current).add_(coefficient)
        ctx.save_for_backward(slope.mul_(driven).mul_(below))
        return conductance.mul_(activation.input_range).mul_(driven)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, output_gradient: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return output_gradient * slope, None


class Shape(NamedTuple):
    """What a model reads and returns.

    Attributes
    ----------
    rows, columns : int
        Pixels of an image.
    classes : int
        Number of logits.
    hidden_neurons : int
        Neurons of the hidden layer of a fully connected network.
    dropout : float
        Share of the hidden neurons that is left out at random in training.
    """

    rows: int
    columns: int
    classes: int
    hidden_neurons: int
    dropout: float


ModelFactory: TypeAlias = Callable[[Shape, nn.Module], nn.Module]
"""A class of models, such as a subclass of `torch.nn.Module`, called with the activation.

The model reads images of shape (images, 1, rows, columns) with values in [0, 1] and returns logits
of shape (images, classes). Layers that are no synapses stay digital; see
`wallnet.networks.quantization.quantize`.
"""


class FullyConnected(nn.Module):
    """Fully connected network with one hidden layer (paper, Sec. IV); 784-128-10 in the paper."""

    def __init__(self, shape: Shape, activation: nn.Module) -> None:
        super().__init__()
        self.hidden = nn.Linear(shape.rows * shape.columns, shape.hidden_neurons)
        self.activation = activation
        self.dropout = nn.Dropout(shape.dropout)
        self.output = nn.Linear(shape.hidden_neurons, shape.classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (images, classes) of images (images, 1, rows, columns)."""
        return self.output(self.dropout(self.activation(self.hidden(images.flatten(1)))))


class Centred(FullyConnected):
    """The same network with images scaled to [-1, 1]."""

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (images, classes) of images (images, 1, rows, columns) in [0, 1]."""
        return super().forward(2.0 * images - 1.0)


class Convolutional(nn.Module):
    """Small convolutional network of the size of LeNet-5 (LeCun et al., 1998).

    Two convolutions with 6 and 16 kernels of 5 × 5, each followed by an average over 2 × 2
    pixels, and three fully connected layers with 120 and 84 neurons between them.
    """

    def __init__(self, shape: Shape, activation: nn.Module) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 6, 5, padding=2)
        self.second = nn.Conv2d(6, 16, 5, padding=2)
        pixels = math.ceil(shape.rows / 4) * math.ceil(shape.columns / 4)
        self.third = nn.Linear(16 * pixels, 120)
        self.fourth = nn.Linear(120, 84)
        self.output = nn.Linear(84, shape.classes)
        self.activation = activation
        self.dropout = nn.Dropout(shape.dropout)
        self.average = nn.AvgPool2d(2, ceil_mode=True)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (images, classes) of images (images, 1, rows, columns)."""
        maps = self.average(self.activation(self.first(images)))
        maps = self.average(self.activation(self.second(maps)))
        hidden = self.dropout(self.activation(self.third(maps.flatten(1))))
        return self.output(self.activation(self.fourth(hidden)))


MODELS: dict[str, ModelFactory] = {
    "dense": FullyConnected,
    "dense-centred": Centred,
    "convolutional": Convolutional,
}
"""The model of each name in `wallnet.config.networks.MODELS`."""


def load_model(name: str) -> ModelFactory:
    """Return the class of a model.

    Parameters
    ----------
    name : str
        A key of `MODELS`, or ``module:Class``.

    Raises
    ------
    wallnet.config.ConfigError
        If the module or the class does not exist.
    """
    if name in MODELS:
        return MODELS[name]
    return code.load_class(name, "model", nn.Module, "that derives from torch.nn.Module")
