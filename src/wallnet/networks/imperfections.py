"""Networks on devices as they are made: one class for each cause of imperfection.

A cause acts on a `MadeNetwork` once, when it is programmed, or on each of its layers at each
forward pass. Its keys are those of its class in `wallnet.config.imperfections`, which also has the
order of the causes; what it needs to know of a device is in `wallnet.files.imperfections`. A new
cause is a class here, listed in `IMPERFECTIONS`, and one of keys there.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, Self

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn

from wallnet.config.imperfections import AsMade, Cause
from wallnet.config.messages import validated
from wallnet.files import FileError
from wallnet.files.imperfections import Imperfections
from wallnet.networks.arguments import checked_arguments
from wallnet.networks.layers import SYNAPTIC, SynapticLayer, kind_of, synaptic_layers
from wallnet.networks.programming import ProgrammedNetwork
from wallnet.networks.schemes import NO_SYNAPSE
from wallnet.networks.training import Model

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def generator_of(seed: int, draw: int, name: str) -> Generator:
    """Return the generator of a cause in a draw; another cause changes none of its numbers."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, draw, int.from_bytes(digest[:4], "big")])


def drawn(probabilities: Floats, uniform: Floats) -> Integers:
    """Return an index for each row of probabilities, shape (…, outcomes), by numbers of 0 to 1."""
    sums = probabilities.cumsum(axis=-1)
    return (uniform[..., np.newaxis] * sums[..., -1:] >= sums).sum(axis=-1)


@dataclass(frozen=True, eq=False)
class MadeNetwork(Generic[Model]):
    """A network on devices as they are made.

    Attributes
    ----------
    network : ProgrammedNetwork
        The network, with the conductances that its devices have.
    device : Imperfections
        What is known of the devices.
    readout : str
        How they are read.
    states : numpy.ndarray
        Index in ``device.states`` of the state of each synapse, shape (weights, 2); -1 if there is
        none.
    numbers : numpy.ndarray
        Index of the device, of all that the file has, of which each synapse is one, same shape.
    """

    network: ProgrammedNetwork[Model]
    device: Imperfections
    readout: str
    states: Integers
    numbers: Integers

    @classmethod
    def of(
        cls,
        network: ProgrammedNetwork[Model],
        device: Imperfections,
        readout: str,
        generator: Generator,
    ) -> Self:
        """Return a network whose devices have their levels as it was programmed.

        Raises
        ------
        wallnet.files.FileError
            If the device has other levels.
        """
        usable = network.data["usable_conductance"].values
        indices = device.indices_of(usable, readout)
        levels = network.levels
        states = np.where(levels == NO_SYNAPSE, NO_SYNAPSE, indices[levels])
        number = device.data["device_number"].values
        # the perfect device stands for itself only where nothing else is known
        made_of = np.flatnonzero(number) if (number != 0).any() else np.arange(len(number))
        return cls(network, device, readout, states, generator.choice(made_of, levels.shape))

    @property
    def levels(self) -> Integers:
        """Indices in ``device.states`` of the levels of the network, ascending in conductance."""
        usable = self.network.data["usable_conductance"].values
        return self.device.indices_of(usable, self.readout)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Whether there is a synapse, in the shape of `states`."""
        return self.states != NO_SYNAPSE

    def of_states(self, values: Floats) -> Floats:
        """Return values, one for each state, at the state of each synapse; NaN if there is none."""
        return np.where(self.present, values[self.states], np.nan)

    def moved(self, probabilities: Floats, generator: Generator) -> Self:
        """Return the network after each synapse has changed its state.

        Parameters
        ----------
        probabilities : numpy.ndarray
            Shape (devices, states before, states after).
        generator : numpy.random.Generator
            Random numbers.
        """
        states = self.states.copy()
        rows = probabilities[self.numbers, self.states][self.present]
        states[self.present] = drawn(rows, generator.random(len(rows)))
        return self.with_states(states)

    def with_states(self, states: Integers) -> Self:
        """Return the network with other states, and the conductances of these."""
        changed = replace(self, states=states)
        own = changed.of_states(self.device.conductances(self.readout))
        return changed.with_conductances(own)

    def with_conductances(self, conductances: Floats) -> Self:
        """Return the network with other conductances in S, at least 0; NaN where no synapse is."""
        network = self.network.with_conductances(np.maximum(conductances, 0.0))
        return replace(self, network=network)


@dataclass(eq=False)
class ReadLayer:
    """One layer in one forward pass.

    Attributes
    ----------
    conductances : torch.Tensor
        Conductances in S of its synapses, shape (weights, 2), for a cause to change; NaN if there
        is none.
    spread : torch.Tensor
        Relative standard deviation of each from one reading to the next, same shape.
    ranges : tuple of float
        Least and greatest input, and largest magnitude of an output without its bias, on training
        images; NaN if not known.
    is_called : bool
        Whether the functions below act: not in layers such as an LSTM, whose matrices are inside.
    on_inputs, on_outputs : list of callable
        Functions of the inputs, and of the outputs without their bias, which a cause adds.
    """

    conductances: Tensor
    spread: Tensor
    ranges: tuple[float, float, float]
    is_called: bool = True
    on_inputs: list[Callable[[Tensor], Tensor]] = field(default_factory=list)
    on_outputs: list[Callable[[Tensor], Tensor]] = field(default_factory=list)


class Imperfection:
    """A cause of imperfect networks.

    Parameters
    ----------
    keys : Cause
        Its keys.
    """

    reads: bool = False
    """Whether it acts at each forward pass."""

    def __init__(self, keys: Any) -> None:
        self.keys = keys

    def programmed(self, made: MadeNetwork[Model], generator: Generator) -> MadeNetwork[Model]:
        """Return the network after this cause has acted once."""
        return made

    def read(self, layer: ReadLayer, generator: Generator) -> None:
        """Act on one layer in one forward pass."""


class Programming(Imperfection):
    """Pulses that do not always write their level.

    Each synapse begins in the first state of the file and gets up to `attempts` pulses, each the
    one that most probably leads from its state to its level; among equal ones that with the least
    mean error of the conductance. A state from which no pulse was counted is reset first.
    Probabilities are shares of the counts of one device.
    """

    def programmed(self, made: MadeNetwork[Model], generator: Generator) -> MadeNetwork[Model]:
        """Return the network with the states that the pulses leave."""
        levels, count = made.levels, len(made.device.states)
        ends = written(made.device, made.readout, levels, self.keys.attempts)
        shares = np.zeros((len(ends), count, count))
        shares[:, levels] = ends
        return made.moved(shares, generator)


def written(device: Imperfections, readout: str, levels: Integers, attempts: int) -> Floats:
    """Return the probability of each state after writing a level, from the first state of the file.

    `levels` are indices in ``device.states``, of which each gets up to `attempts` pulses
    (`transitions`). The shape is (devices, levels, states).
    """
    conductances, start = device.conductances(readout), int(device.starts[0])
    matrices = [
        [transitions(shares, conductances, int(level), start) for level in levels]
        for shares in device.landing()
    ]
    return np.linalg.matrix_power(np.array(matrices), attempts)[:, :, start]


def transitions(shares: Floats, conductances: Floats, target: int, start: int) -> Floats:
    """Return the probability of each state after one pulse that is to write a level.

    Parameters
    ----------
    shares : numpy.ndarray
        Probability of each state after a pulse, NaN where it is unknown, shape (pulses, states
        before, states after).
    conductances : numpy.ndarray
        Conductance of each state in S, NaN where it is unknown.
    target, start : int
        The level, and the state after a reset.

    Returns
    -------
    numpy.ndarray
        Shape (states before, states after). A device in its level gets no pulse.
    """
    count = len(conductances)
    counted = ~np.isnan(shares[..., 0])
    error = np.nan_to_num(np.abs(conductances - conductances[target]), nan=np.inf)
    rows = np.eye(count)
    for state in range(count):
        begun = state if state == target or counted[:, state].any() else start
        if begun == target or not counted[:, begun].any():
            rows[state] = np.eye(count)[begun]
            continue
        pulses = shares[counted[:, begun], begun]
        means = np.where(pulses > 0, pulses * np.where(pulses > 0, error, 0.0), 0.0).sum(axis=1)
        rows[state] = pulses[np.lexsort((means, -pulses[:, target]))[0]]
    return rows


def staying(probabilities: Floats) -> Floats:
    """Return probabilities in which states of unknown ones stay, shape (…, before, after)."""
    unknown = np.isnan(probabilities[..., 0])
    return np.where(unknown[..., np.newaxis], np.eye(probabilities.shape[-1]), probabilities)


class Disturb(Imperfection):
    """Half-select pulses: P to the power of their number, P of one such pulse."""

    def programmed(self, made: MadeNetwork[Model], generator: Generator) -> MadeNetwork[Model]:
        """Return the network after all pulses."""
        shares = made.device.landing(half_select=True)
        if not shares.shape[1]:
            raise made.device.fault(
                "has no pulse of a device that is not selected; add one, or set disturb: null"
            )
        return made.moved(
            np.linalg.matrix_power(staying(shares[:, 0]), self.keys.pulses), generator
        )


class Retention(Imperfection):
    """Escapes from state to state: P = exp(Q t), with the rates Q of Arrhenius' law.

    The attempt frequency of a draw is between the two of the file, all decades being equally
    probable.
    """

    def programmed(self, made: MadeNetwork[Model], generator: Generator) -> MadeNetwork[Model]:
        """Return the network after the time."""
        low, high = made.device.data["attempt_frequency"].values
        frequency = float(low * (high / low) ** generator.random())
        rates = made.device.rates(self.keys.temperature, frequency)
        return made.moved(after(rates, self.keys.time), generator)


TERMS = 20
"""Terms of the series of a step; the next ones are below 1e-18."""


def after(rates: Floats, time: float) -> Floats:
    """Return the probability of each state after a time: exp(Q t).

    A step in which a state is left at most once on average is a series of positive terms
    (uniformisation; Stewart, 2009), so that slow escapes beside fast ones keep their digits. Steps
    are then doubled.

    Parameters
    ----------
    rates : numpy.ndarray
        Rates Q in 1/s, with minus the sum of a row on the diagonal, shape (…, before, after).
    time : float
        The time in s.
    """
    most = -time * rates.min(initial=0.0)
    doublings = max(0, math.ceil(math.log2(most))) if most else 0
    jumps = np.eye(rates.shape[-1]) + rates * (time / 2.0**doublings)
    powers, shares = np.eye(rates.shape[-1]), np.zeros_like(rates)
    for term in range(TERMS):
        shares = shares + math.exp(-1) / math.factorial(term) * powers
        powers = powers @ jumps
    for _ in range(doublings):
        shares = shares @ shares
        shares = shares / shares.sum(axis=-1, keepdims=True)
    return shares


class Stuck(Imperfection):
    """Devices that have any of the levels, each equally probable, whatever is written."""

    def programmed(self, made: MadeNetwork[Model], generator: Generator) -> MadeNetwork[Model]:
        """Return the network with some devices at other levels."""
        stuck = generator.random(made.states.shape) < self.keys.share
        levels = generator.choice(made.levels, made.states.shape)
        return made.with_states(np.where(stuck & made.present, levels, made.states))


def of_device(
    conductances: Floats, lowest: float, highest: float, gain: Floats, ratio: Floats
) -> Floats:
    """Return conductances in S of devices with a gain of all levels, and a ratio of their ends.

    The lowest and the highest level are those of the perfect device; see `DeviceToDevice`.
    """
    share = (conductances - lowest) / (highest - lowest)
    # times the lowest level, which may be 0
    return gain * (lowest + (ratio * highest - lowest) * share)


class DeviceToDevice(Imperfection):
    """Levels that differ from device to device.

    With the lowest and the highest level G₀ and G₁, and x = (G - G₀)/(G₁ - G₀), a device has
    G' = (1 + γ) (1 + λ) G₀ [1 + (ρ G₁/G₀ - 1) x]. γ is common to its levels, ρ has the mean 1, λ is
    that of its level; they are normally distributed with the spreads of the file.
    """

    def programmed(self, made: MadeNetwork[Model], generator: Generator) -> MadeNetwork[Model]:
        """Return the network with the conductances of its devices."""
        data, levels = made.device.data, made.device.data["is_level"].values == 1
        own = made.device.conductances(made.readout)[levels]
        present = made.network.conductances
        spreads = (
            float(data["gain_spread"]),
            made.of_states(np.nan_to_num(data["level_spread"].values)),
            float(data["ratio_spread"]),
        )
        gain, level, ratio = (
            1 + self.keys.size * spread * generator.standard_normal(present.shape)
            for spread in spreads
        )
        return made.with_conductances(of_device(present, own.min(), own.max(), gain * level, ratio))


class CycleToCycle(Imperfection):
    """Levels that differ from one writing to the next: G' = G (1 + σ z), z normally distributed."""

    def programmed(self, made: MadeNetwork[Model], generator: Generator) -> MadeNetwork[Model]:
        """Return the network with the conductances of this writing."""
        spread = made.of_states(np.nan_to_num(made.device.data["cycle_spread"].values))
        present = made.network.conductances
        noise = generator.standard_normal(present.shape)
        return made.with_conductances(present * (1 + self.keys.size * spread * noise))


class Neurons(Imperfection):
    """Transfer curves that are stretched along their input: a(z / (1 + δ)), δ for each neuron.

    The neurons are the outputs of all layers but the last. δ is normally distributed; 1 + δ is at
    least 0.1.
    """

    def programmed(self, made: MadeNetwork[Model], generator: Generator) -> MadeNetwork[Model]:
        """Return the network with the pre-activations that are equivalent."""
        data = made.network.data
        modules = dict(made.network.template.named_modules())
        layers = [str(name) for name in data["layer"].values]
        driving = [kind_of(modules.get(name, nn.Identity())) in SYNAPTIC for name in layers[:-1]]
        hidden = np.isin(data["output_layer"].values, np.flatnonzero(driving))
        noise = 1 + self.keys.spread * generator.standard_normal(hidden.shape)
        stretched = np.where(hidden, np.maximum(noise, 0.1), 1.0)
        changed = {
            name: data[name].copy(data=data[name].values / stretched)
            for name in ("weight_offset", "weight_scale", "bias")
        }
        return replace(made, network=replace(made.network, data=data.assign(changed)))


class Wires(Imperfection):
    """Wires of finite resistance in tiles, each replaced by its effective conductances.

    Inputs are voltages at the beginning of the rows; outputs are currents at the end of the
    columns, which is at 0 V. The junctions are linear: that their TMR falls with the voltage is
    left out.
    """

    def programmed(self, made: MadeNetwork[Model], generator: Generator) -> MadeNetwork[Model]:
        """Return the network with effective conductances."""
        parts = []
        for pair in made.network.matrices.values():
            wired = [self._effective(matrix) for matrix in pair]
            parts.append(np.stack([matrix.ravel() for matrix in wired], axis=1))
        return made.with_conductances(np.concatenate(parts))

    def _effective(self, matrix: Floats) -> Floats:
        """Return the effective conductances of a matrix, shape (outputs, inputs)."""
        if np.isnan(matrix).all():
            return matrix
        whole, size = np.empty_like(matrix), self.keys.tile
        outputs, inputs = (range(0, length, size) for length in matrix.shape)
        for row, column in itertools.product(outputs, inputs):
            place = slice(row, row + size), slice(column, column + size)
            whole[place] = effective(matrix[place].T, self.keys.resistance).T
        return whole


def effective(conductances: Floats, resistance: float) -> Floats:
    """Return the current at the end of each column for 1 V at each row of a tile.

    Parameters
    ----------
    conductances : numpy.ndarray
        Conductances in S of the cells, shape (rows, columns).
    resistance : float
        Resistance in Ω of the wires from one cell to the next, and to the first and the last one.

    Returns
    -------
    numpy.ndarray
        Effective conductances in S, same shape.
    """
    from scipy import sparse
    from scipy.sparse.linalg import splu

    rows, columns = conductances.shape
    wire = 1 / resistance
    above = np.arange(rows * columns).reshape(rows, columns)
    below = above + rows * columns
    edges = [
        (above[:, :-1], above[:, 1:], np.full((rows, columns - 1), wire)),
        (below[:-1], below[1:], np.full((rows - 1, columns), wire)),
        (above, below, conductances),
    ]
    first, second, values = (
        np.concatenate([part.ravel() for part in e]) for e in zip(*edges, strict=True)
    )
    total = 2 * rows * columns
    grounded = np.zeros(total)
    grounded[above[:, 0]] += wire
    grounded[below[-1]] += wire
    for end in (first, second):
        np.add.at(grounded, end, values)
    places = np.concatenate([first, second]), np.concatenate([second, first])
    matrix = sparse.coo_array((np.concatenate([-values, -values]), places), (total, total))
    matrix = sparse.csc_matrix(matrix + sparse.diags_array(grounded))
    driven = np.zeros((total, rows))
    driven[above[:, 0], np.arange(rows)] = wire
    return np.asarray(splu(matrix).solve(driven)[below[-1]] * wire).T


class ReadNoise(Imperfection):
    """Conductances that differ at each reading: G' = G (1 + σ z), z normally distributed.

    All inputs of one forward pass are read with the same noise.
    """

    reads = True

    def read(self, layer: ReadLayer, generator: Generator) -> None:
        """Draw the conductances of this pass."""
        noise = generator.standard_normal(tuple(layer.spread.shape), np.float32)
        deviation = torch.from_numpy(noise).to(layer.spread) * layer.spread * self.keys.size
        layer.conductances = (layer.conductances * (1 + deviation)).clamp(min=0.0)


class Converters(Imperfection):
    """Inputs and outputs that are rounded to the steps of their converters, and clipped.

    Inputs that are never negative have 2ᵇ - 1 steps from 0 to the end of their range, others and
    outputs 2ᵇ⁻¹ - 1 steps on each side. The end is a share of the largest magnitude on training
    images. Biases are added later.
    """

    reads = True

    def read(self, layer: ReadLayer, generator: Generator) -> None:
        """Add the converters of this layer."""
        if not layer.is_called:
            return
        low, high, output = layer.ranges
        if not np.isfinite(layer.ranges).all():
            raise ValueError("converters need ranges; give some inputs as data")
        keys, least = self.keys, 0.0 if low >= 0 else -1.0
        ends = keys.input_range * max(-low, high), keys.output_range * output
        layer.on_inputs.append(rounding(ends[0], keys.input_bits, least))
        layer.on_outputs.append(rounding(ends[1], keys.output_bits, -1.0))


def rounding(end: float, bits: int, least: float) -> Callable[[Tensor], Tensor]:
    """Return a function that rounds to steps from `least` times an end to this end."""
    steps = 2**bits - 1 if least == 0 else max(2 ** (bits - 1) - 1, 1)
    step = end / steps or 1.0
    return lambda values: (values / step).round().clamp(least * steps, steps) * step


IMPERFECTIONS: dict[str, type[Imperfection]] = {
    "programming": Programming,
    "disturb": Disturb,
    "retention": Retention,
    "stuck": Stuck,
    "device_to_device": DeviceToDevice,
    "cycle_to_cycle": CycleToCycle,
    "neurons": Neurons,
    "wires": Wires,
    "read_noise": ReadNoise,
    "converters": Converters,
}
"""The class of each cause of `wallnet.config.imperfections.CAUSES`."""

Ranges = Mapping[str, tuple[float, float, float]]
"""Ranges of each layer; see `ReadLayer.ranges`."""


def made(
    network: ProgrammedNetwork[Model],
    device: Imperfections,
    readout: str,
    causes: Mapping[str, Cause],
    seed: int,
    draw: int = 0,
    ranges: Ranges | None = None,
) -> Model:
    """Return the model of a network as made, in one draw.

    Parameters
    ----------
    network : ProgrammedNetwork
        The network on its levels.
    device : Imperfections
        What is known of its devices.
    readout : str
        How these are read.
    causes : Mapping
        Keys of the causes that act, by name, in their order.
    seed, draw : int
        Together with the name of a cause they determine its random numbers.
    ranges : Mapping, optional
        Ranges of the inputs and outputs of each layer, which converters need.

    Returns
    -------
    torch.nn.Module
        The model. Its forward pass is that of an array of these devices.
    """
    acting = {name: IMPERFECTIONS[name](keys) for name, keys in causes.items()}
    state = MadeNetwork.of(network, device, readout, generator_of(seed, draw, "device"))
    for name, cause in acting.items():
        state = cause.programmed(state, generator_of(seed, draw, name))
    reading = [
        (cause, generator_of(seed, draw, f"{name} read"))
        for name, cause in acting.items()
        if cause.reads
    ]
    model = state.network.model()
    if reading:
        _read_at_each_pass(model, state, reading, ranges or {})
    return model


def _read_at_each_pass(
    model: nn.Module,
    state: MadeNetwork[Any],
    reading: Sequence[tuple[Imperfection, Generator]],
    ranges: Ranges,
) -> None:
    """Let causes act at each forward pass of a model."""
    data, modules = state.network.data, dict(model.named_modules())
    layers = synaptic_layers(model, data["layer"].values.tolist())
    spread = np.nan_to_num(state.of_states(state.device.data["read_noise"].values))
    window = data["usable_conductance"].values
    whole: dict[str, tuple[ReadLayer, list[Tensor]]] = {}
    for index, name in enumerate(layers):
        own, outputs = (data[f"{part}_layer"].values == index for part in ("weight", "output"))
        circuit = [_tensor(data[key].values[outputs]) for key in ("weight_offset", "weight_scale")]
        programmed = ReadLayer(
            _tensor(state.network.conductances[own]),
            _tensor(spread[own]),
            ranges.get(name, (np.nan,) * 3),
            name in modules and kind_of(modules[name]) in SYNAPTIC,
        )
        whole[name] = programmed, circuit
    current: dict[str, ReadLayer] = {}

    @torch.no_grad()
    def begin(*_: Any) -> None:
        for name, (programmed, (offset, scale)) in whole.items():
            layer = current[name] = replace(programmed, on_inputs=[], on_outputs=[])
            for cause, generator in reading:
                cause.read(layer, generator)
            if layer.conductances is programmed.conductances:
                continue
            normalised = (layer.conductances - window[0]) / float(np.ptp(window))
            plus, minus = normalised.nan_to_num(nan=0.0).unbind(1)
            entry = (plus - minus).view(len(offset), -1)
            weight = offset[:, None] + scale[:, None] * entry
            placed = layers[name]
            placed.set(weight.view(placed.weight.shape).to(placed.parameter))

    model.register_forward_pre_hook(begin)
    for name, layer in layers.items():
        if whole[name][0].is_called:
            _convert(modules[name], layer, partial(current.get, name))


def _tensor(values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


def _convert(
    module: nn.Module, layer: SynapticLayer, present: Callable[[], ReadLayer | None]
) -> None:
    """Let a layer apply the functions of its inputs and outputs that causes have added."""

    def inputs(_: nn.Module, values: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        for function in ((read := present()) and read.on_inputs) or ():
            values = (function(values[0]), *values[1:])
        return values

    def outputs(_: nn.Module, __: Any, values: Tensor) -> Tensor:
        for function in ((read := present()) and read.on_outputs) or ():
            bias = _bias(module, layer)
            values = function(values - bias) + bias
        return values

    module.register_forward_pre_hook(inputs)
    module.register_forward_hook(outputs)


def _bias(module: nn.Module, layer: SynapticLayer) -> Tensor | float:
    """Return the bias of a layer in a shape that fits its outputs."""
    if layer.bias is None:
        return 0.0
    dimensions = 0 if isinstance(module, nn.Linear) else layer.weight.dim() - 2
    return layer.bias.detach().view(-1, *[1] * dimensions)


@torch.no_grad()
def ranges_of(model: nn.Module, layers: Sequence[str], data: Tensor) -> Ranges:
    """Return the ranges of layers of a model for some inputs; see `ReadLayer.ranges`."""
    model, seen = copy.deepcopy(model).eval(), dict[str, tuple[float, float, float]]()
    modules, placed = dict(model.named_modules()), synaptic_layers(model, list(layers))

    def follow(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, values: tuple[Tensor, ...], output: Tensor) -> None:
            without = output - _bias(module, placed[name])
            before = seen.get(name, (np.inf, -np.inf, 0.0))
            seen[name] = (
                min(before[0], float(values[0].min())),
                max(before[1], float(values[0].max())),
                max(before[2], float(without.abs().max())),
            )

        return hook

    for name in layers:
        if name in modules and kind_of(modules[name]) in SYNAPTIC:
            modules[name].register_forward_hook(follow(name))
    model(data)
    return seen


@checked_arguments
def imperfect(
    model: Model,
    device: Imperfections | str | Path,
    causes: Mapping[str, Any] | None = None,
    *,
    seed: int,
    draw: int = 0,
    data: Tensor | None = None,
) -> Model:
    """Return a copy of a model on levels as it is made of real devices.

    Parameters
    ----------
    model : torch.nn.Module
        A model that `quantize` or a training put on the levels of the device.
    device : Imperfections, str or Path
        What is known of the device, or its netCDF file (`wallnet imperfections`).
    causes : Mapping, optional
        Keys of the causes by name, as of a set of `as_made` in `config.yaml`, such as
        ``{"retention": {"temperature": 358.0}, "wires": None}``. Causes that are not named act
        with their defaults; None leaves one out. Without `data`, converters are left out.
    seed, draw : int
        Together with the name of a cause they determine its random numbers.
    data : torch.Tensor, optional
        Inputs of the model, which give the ranges of converters.

    Returns
    -------
    torch.nn.Module
        The copy. Layers that stay digital are those of `digital_layers`.

    Raises
    ------
    ValueError
        If the model is not on levels, or a key is wrong.
    wallnet.files.FileError
        If the file cannot be read, or has other levels.
    """
    described = device if isinstance(device, Imperfections) else Imperfections.read(device)
    keys, findings = validated(AsMade, dict(causes or {}))
    if keys is None:
        raise ValueError(f"causes: {findings[0].sentence()}")
    network = ProgrammedNetwork.of(model)
    acting = dict(keys.causes)
    if data is None:
        acting.pop("converters", None)
    layers = network.data["layer"].values.tolist()
    ranges = {} if data is None else ranges_of(network.template, layers, data)
    readout = readout_of(described, network)
    return made(network, described, readout, acting, seed, draw, ranges)


def readout_of(device: Imperfections, network: ProgrammedNetwork[Any]) -> str:
    """Return the readout of a device in which its levels are those of a network.

    Raises
    ------
    wallnet.files.FileError
        If there is none.
    """
    usable = network.data["usable_conductance"].values
    faults = []
    for name in map(str, device.data["readout"].values):
        try:
            device.indices_of(usable, name)
        except FileError as error:
            faults.append(error)
        else:
            return name
    raise faults[0]
