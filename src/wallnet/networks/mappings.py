"""Mappings of signed weights to the conductance levels of synapses.

A weight is ``offset + scale · entry``. The entry comes from a table that a mapping computes from
the normalised conductances of one synapse, or of a pair. Offset and scale represent the reading
circuit. They are chosen once, from the trained weights of a layer or of each of its rows.
`docs/extending.md` explains how to add a mapping.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from wallnet.config.mappings import split_mapping
from wallnet.config.messages import shown
from wallnet.files import FileError, measurements
from wallnet.files.compact import SAME, levels_of
from wallnet.files.step_tables import NO_LEVELS, StepTables
from wallnet.networks.arguments import checked_arguments
from wallnet.networks.layers import SynapticLayer, called
from wallnet.networks.schemes import NO_SYNAPSE, SCHEMES

read_levels = checked_arguments(measurements.read_levels)

PLACEMENT = "level_placement"
"""Name in a model on levels of its `Placement`."""

MOST_COMPARED = 40
"""Number of boundaries between entries up to which weights are compared with each of them."""


class Circuit(NamedTuple):
    """Offset and scale that convert an entry of a mapping's table into a weight.

    Attributes
    ----------
    offset, scale : torch.Tensor
        In units of the weights. They broadcast against the weights of the layer.
    """

    offset: Tensor
    scale: Tensor

    def scaled(self, factor: float | Tensor) -> "Circuit":
        """Return the circuit of weights that are larger by a factor."""
        return Circuit(self.offset * factor, self.scale * factor)


def distinct_levels(levels: ArrayLike) -> np.ndarray:
    """Return different conductances, ascending, float64, of conductances in any unit and order.

    Of levels that differ by less than `SAME` of the range, the lowest is kept.

    Raises
    ------
    ValueError
        If a conductance is negative or not a finite number, or if fewer than two are different.
    """
    if isinstance(levels, StepTables):
        raise ValueError(f"the device {NO_LEVELS}")
    try:
        values = np.asarray(levels, dtype=float)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise ValueError("the levels are not numbers; give one conductance per level") from None
    if values.ndim != 1:
        raise ValueError(f"the levels have {values.ndim} dimensions; give one list of conductances")
    for index in np.flatnonzero(~np.isfinite(values))[:1]:
        raise ValueError(
            f"level {index + 1} of {len(values)} is {values[index]}; give finite conductances"
        )
    for index in np.flatnonzero(values < 0)[:1]:
        raise ValueError(
            f"level {index + 1} of {len(values)} is negative ({values[index]:g}); give conductances"
        )
    values = np.sort(values)
    kept: list[float] = []
    if len(values) and np.ptp(values) > SAME * np.abs(values).max():
        for value in values:
            if not kept or value - kept[-1] > SAME * np.ptp(values):
                kept.append(value)
    if len(kept) < 2:
        raise ValueError("fewer than two levels differ; weights need two different conductances")
    return np.array(kept)


def _mean_of(scales: Tensor, used: Tensor) -> Tensor:
    """Return the mean of the scales that are used, 1 if none is; on any device without waiting."""
    mean = torch.where(used, scales, 0.0).sum() / used.sum()
    return torch.where(used.any(), mean, torch.ones_like(mean))


class WeightMapping:
    """Mapping of weights to the levels of a synapse.

    Parameters
    ----------
    name : str
        Name of the mapping; see `wallnet.config.mappings.split_mapping`. A level set in the name
        has no effect here.
    levels : array_like
        Conductances of the synapse, in any unit and any order, shape (levels,).

    Attributes
    ----------
    name : str
        The name.
    conductances : numpy.ndarray
        Conductance of each level; see `distinct_levels`.
    levels : torch.Tensor
        The same, normalised (paper, Eq. 3): from exactly 0 to exactly 1, shape (distinct levels,),
        float32.
    table : torch.Tensor
        Entries, ascending, shape (entries,), float32.
    synapses : torch.Tensor
        Levels of the plus and the minus synapse of each entry, shape (entries, 2), int64.
    magnitudes : torch.Tensor
        √(G⁺² + G⁻²) of the conductances of each entry, in units of the range of the levels, shape
        (entries,), float32: the standard deviation of the entry per relative one of conductances.

    Raises
    ------
    ValueError
        If the name is unknown or the levels cannot be used.
    """

    def __init__(self, name: str, levels: ArrayLike) -> None:
        try:
            parts = split_mapping(name)
        except (TypeError, ValueError) as error:
            fault = error if isinstance(name, str) else f"is {shown(name)}; give a name"
            raise ValueError(f"mapping {fault}") from None
        self.name = name
        self.scheme, self.per_row = SCHEMES[parts.scheme], parts.per_row
        self.scale, self.deviations = parts.scale, parts.deviations
        self.conductances = distinct_levels(levels)
        normalized = (self.conductances - self.conductances[0]) / np.ptp(self.conductances)
        self.levels = torch.from_numpy(normalized.astype(np.float32))
        self.synapses = torch.tensor(self.scheme.pairs(self.levels))
        plus, minus = self.synapses.T
        subtracted = torch.where(minus == NO_SYNAPSE, 0.0, self.levels[minus])
        self.table = self.levels[plus] - subtracted
        pairs = np.append(self.conductances, 0.0)[self.synapses]  # NO_SYNAPSE is the last
        magnitudes = np.hypot(*pairs.T) / np.ptp(self.conductances)
        self.magnitudes = torch.from_numpy(magnitudes.astype(np.float32))
        self._boundaries = (self.table[1:] + self.table[:-1]) / 2

    def circuit_for(self, weight: Tensor, training: bool = False) -> Circuit:
        """Choose offset and scale for the weights of one layer.

        Parameters
        ----------
        weight : torch.Tensor
            Weights; the first dimension is that of the outputs.
        training : bool
            Whether rows of zeros are trained next. They then have the range ±1/√inputs of PyTorch's
            initialisation, and otherwise the mean scale of the other rows, with weights at the
            entry 0.

        Returns
        -------
        Circuit
            Offset and scale; the scale is above 0.
        """
        rows = weight.float().reshape(len(weight) if self.per_row else 1, -1)
        middle, *sides = self.scheme.largest_range(rows, self.scale)
        widths = torch.stack(sides)
        if self.scale == "deviations":
            widths = widths.clamp(max=self.deviations * rows.std(dim=1, unbiased=False))
        if self.scale == "fitted":
            widths = self._fitted(rows, middle, widths)
        shape = (-1, *[1] * (weight.dim() - 1)) if self.per_row else ()
        circuit = self.covering(middle - widths[0], middle + widths[1])
        used = rows.any(dim=1)
        of_zeros = Circuit(0 * middle, _mean_of(circuit.scale, used))
        if training:
            bound = 0 * middle + weight[0].numel() ** -0.5
            of_zeros = self.covering(-bound, bound)
        parts = zip(circuit, of_zeros, strict=True)
        circuit = Circuit(*(torch.where(used, part, own) for part, own in parts))
        return Circuit(*(part.reshape(shape) for part in circuit))

    def covering(self, lowest: Tensor, highest: Tensor) -> Circuit:
        """Return the circuit with which the table covers a range of weights."""
        low, high = self.table[0], self.table[-1]
        scale = (highest - lowest) / (high - low)
        # equal weights have a range of 0, for which any scale is suitable
        scale = torch.where(scale > 0, scale, torch.ones_like(scale))
        return Circuit(lowest - scale * low, scale)

    def _fitted(self, rows: Tensor, middle: Tensor, widths: Tensor) -> Tensor:
        """Return the half widths with the least squared error of each row."""
        best, least = widths, torch.full_like(middle, torch.inf)
        for low, high in self.scheme.fractions():
            tried = widths * widths.new_tensor([[low], [high]])
            covering = self.covering(middle - tried[0], middle + tried[1])
            circuit = Circuit(*(part[:, None] for part in covering))
            error = (self.snap(rows, circuit) - rows).square().mean(dim=1)
            best = torch.where(error < least, tried, best)
            least = torch.minimum(error, least)
        return best

    def nearest(self, weight: Tensor, circuit: Circuit) -> Tensor:
        """Return the index in `table` of the entry nearest to each weight, same shape, int32."""
        position = (weight.float() - circuit.offset) / circuit.scale
        boundaries = self._boundaries
        if len(boundaries) > MOST_COMPARED or not position.is_cpu:
            return torch.bucketize(position, boundaries.to(position.device), out_int32=True)
        # NumPy compares ten times as fast as PyTorch, which is faster than a search for each weight
        values = position.detach().numpy()
        entry = np.zeros(values.shape, np.uint8)
        for boundary in boundaries.numpy():
            entry += (values > boundary).view(np.uint8)
        return torch.from_numpy(entry).int()

    def weights_at(self, entry: Tensor, circuit: Circuit) -> Tensor:
        """Return the weights ``offset + scale · table[entry]``, in the shape of the indices."""
        entries = self.table.to(entry.device).index_select(0, entry.flatten())
        return circuit.offset + circuit.scale * entries.view_as(entry)

    def snap(self, weight: Tensor, circuit: Circuit) -> Tensor:
        """Move every weight to the nearest weight that the levels allow.

        Parameters
        ----------
        weight : torch.Tensor
            Weights of any shape.
        circuit : Circuit
            Offset and scale.

        Returns
        -------
        torch.Tensor
            ``offset + scale · nearest((weight - offset) / scale)``, same shape and dtype. Weights
            beyond the outermost entries move to these.
        """
        return self.weights_at(self.nearest(weight, circuit), circuit).to(weight.dtype)


class Placement(NamedTuple):
    """How the weights of a model are put on levels.

    Attributes
    ----------
    mapping : WeightMapping
        The mapping.
    circuits : Mapping
        Offset and scale of each layer.
    """

    mapping: WeightMapping
    circuits: Mapping[str, Circuit]

    @classmethod
    @torch.no_grad()
    def chosen(
        cls, layers: Mapping[str, SynapticLayer], mapping: WeightMapping, training: bool = False
    ) -> "Placement":
        """Choose offset and scale of each layer for its present weights.

        A layer of zeros has the mean scale of the others, or if it is trained next its own; see
        `WeightMapping.circuit_for`.

        Raises
        ------
        ValueError
            If a weight is not finite.
        """
        for name, layer in layers.items():
            if not torch.isfinite(layer.weight).all():
                raise ValueError(f"{called(name)} has weights that are not finite; train it again")
        weights = {name: layer.weight for name, layer in layers.items()}
        circuits = {name: mapping.circuit_for(w, training) for name, w in weights.items()}
        if training or not weights:
            return cls(mapping, circuits)
        parts = [(circuits[name].scale.mean(), w.any()) for name, w in weights.items()]
        device = parts[0][0].device
        columns = zip(*parts, strict=True)
        mean = _mean_of(*(torch.stack([part.to(device) for part in column]) for column in columns))
        for name, (offset, scale) in circuits.items():
            own = torch.where(weights[name].any(), scale, mean.to(scale.device))
            circuits[name] = Circuit(offset, own)
        return cls(mapping, circuits)

    @torch.no_grad()
    def snap(self, layers: Mapping[str, SynapticLayer]) -> None:
        """Move each weight to the nearest weight that the levels allow, in place."""
        for name, layer in layers.items():
            layer.set(self.mapping.snap(layer.weight, self.circuits[name]))

    @torch.no_grad()
    def entries(self, layers: Mapping[str, SynapticLayer]) -> dict[str, Tensor]:
        """Return the entry of the mapping's table that each weight has.

        Returns
        -------
        dict
            Indices of the table by name of the layer, in the shape of its weights, int32.

        Raises
        ------
        ValueError
            If a weight is not exactly ``offset + scale · entry``.
        """
        entries = {}
        for name, layer in layers.items():
            circuit = self.circuits[name]
            entries[name] = self.mapping.nearest(layer.weight, circuit)
            placed = self.mapping.weights_at(entries[name], circuit).to(layer.weight.dtype)
            if off := int((placed != layer.weight).sum()):
                raise ValueError(
                    f"{called(name)} has {off} weights that are not on the levels; put it on them "
                    "again"
                )
        return entries


def read_mapping(path: str | Path, reading: str, name: str) -> tuple[WeightMapping, int]:
    """Read the levels of a synapse that a mapping uses from its compact model.

    Returns
    -------
    mapping : WeightMapping
        The mapping to conductances in S.
    whole : int
        Number of states with the wall at a notch or an end, whether or not the wall rests there.

    Raises
    ------
    FileError
        If the file does not describe a synapse, or if its levels are fewer than two.
    """
    level_set = split_mapping(name).level_set
    values, whole = levels_of(path, reading, level_set)
    try:
        return WeightMapping(name, values), whole
    except ValueError as error:
        raise FileError(
            f"{path} has no usable levels in the {level_set} set ({reading}): {error}; add notches "
            "or current densities, or use another mapping"
        ) from None
