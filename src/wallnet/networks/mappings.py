"""Mappings of signed weights to the conductance levels of synapses.

A weight is ``offset + scale · entry``. The entry comes from a table that a mapping computes from
the normalised conductances of one synapse, or of a pair. Offset and scale represent the reading
circuit. They are chosen once, from the trained weights of a layer or of each of its rows.
`docs/extending.md` explains how to add a mapping.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from wallnet.config.networks import split_mapping
from wallnet.files import FileError
from wallnet.files.compact import levels_of

NO_SYNAPSE = -1
"""Level of the minus synapse of a mapping with one synapse a weight."""

MOST_COMPARED = 40
"""Number of boundaries between entries up to which weights are compared with each of them."""

SAME = 1e-6
"""Difference, as a share of the range, below which two conductances are one level."""


class Levels(NamedTuple):
    """Levels of a synapse.

    Attributes
    ----------
    conductances : numpy.ndarray
        Conductance of each level in S, ascending and distinct, shape (levels,).
    whole : int
        Number of states with the wall at a notch or an end, whether or not the wall rests there.
    """

    conductances: np.ndarray
    whole: int


class Circuit(NamedTuple):
    """Offset and scale that convert an entry of a mapping's table into a weight.

    Attributes
    ----------
    offset, scale : torch.Tensor
        In units of the weights. They broadcast against the weights of the layer.
    """

    offset: Tensor
    scale: Tensor

    def plain(self) -> dict[str, list[float]]:
        """Return offset and scale of each row, or of the layer, as plain data."""
        return {"offset": self.offset.flatten().tolist(), "scale": self.scale.flatten().tolist()}

    @classmethod
    def of(cls, weight: Tensor, offset: Sequence[float], scale: Sequence[float]) -> "Circuit":
        """Return the circuit of a layer with these weights from plain data."""
        shape = (len(offset), *[1] * (weight.dim() - 1))
        return cls(*(torch.tensor(part).reshape(shape) for part in (offset, scale)))


def distinct_levels(levels: ArrayLike) -> np.ndarray:
    """Sort conductances and merge equal ones.

    Parameters
    ----------
    levels : array_like
        Conductances in any unit and any order, shape (levels,).

    Returns
    -------
    numpy.ndarray
        The conductances, ascending, shape (distinct levels,), float64. Of levels that differ by
        less than `SAME` of the range, the lowest is kept.

    Raises
    ------
    ValueError
        If a conductance is not a finite number, or if fewer than two are different.
    """
    try:
        values = np.asarray(levels, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("the levels are not numbers; give one conductance per level") from None
    if values.ndim != 1:
        raise ValueError(f"the levels have {values.ndim} dimensions; give one list of conductances")
    for index in np.flatnonzero(~np.isfinite(values))[:1]:
        raise ValueError(
            f"level {index + 1} of {len(values)} is {values[index]}; give finite conductances"
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


def normalized_levels(levels: ArrayLike) -> Tensor:
    """Normalise conductances to [0, 1] (paper, Eq. 3).

    Parameters
    ----------
    levels : array_like
        Conductances in any unit and any order, shape (levels,).

    Returns
    -------
    torch.Tensor
        Ascending and distinct, from exactly 0 to exactly 1, shape (distinct levels,), float32.

    Raises
    ------
    ValueError
        As `distinct_levels`.
    """
    values = distinct_levels(levels)
    return torch.from_numpy(((values - values[0]) / np.ptp(values)).astype(np.float32))


class WeightMapping(ABC):
    """Mapping of weights to the levels of a synapse.

    Parameters
    ----------
    levels : array_like
        Conductances of the synapse, in any unit and any order, shape (levels,).
    scale : str
        Range of weights that the table covers: `largest`, up to the largest weight; `deviations`,
        a number of standard deviations, but not more than `largest`; `fitted`, the range with the
        least squared error. Weights beyond the range move to the outermost entries.
    deviations : float
        Number of standard deviations of the weights, for `deviations`.
    per_row : bool
        Whether offset and scale are chosen for each output of a layer instead of for the layer.

    Attributes
    ----------
    levels : torch.Tensor
        Normalised conductances, see `normalized_levels`.
    table : torch.Tensor
        Entries, ascending, shape (entries,), float32.
    synapses : torch.Tensor
        Levels of the plus and the minus synapse of each entry, shape (entries, 2), int64.

    Raises
    ------
    ValueError
        If the levels cannot be used.
    """

    fractions: ClassVar[Sequence[float]] = tuple(np.linspace(0.1, 1.0, 19))
    """Fractions of the largest range that `fitted` tries."""

    def __init__(
        self,
        levels: ArrayLike,
        scale: str = "largest",
        deviations: float = float("inf"),
        per_row: bool = False,
    ) -> None:
        self.levels = normalized_levels(levels)
        self.scale, self.deviations, self.per_row = scale, deviations, per_row
        self.synapses = self.pairs()
        plus, minus = self.synapses.T
        subtracted = torch.where(minus == NO_SYNAPSE, 0.0, self.levels[minus])
        self.table = self.levels[plus] - subtracted
        self._boundaries = (self.table[1:] + self.table[:-1]) / 2

    @abstractmethod
    def pairs(self) -> Tensor:
        """Return the levels of the plus and the minus synapse of each entry, by ascending entry.

        Returns
        -------
        torch.Tensor
            Indices of `levels`, shape (entries, 2), int64; the second is `NO_SYNAPSE` if a weight
            is one synapse.
        """

    @abstractmethod
    def largest_range(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the middle and the two half widths of the range of all weights.

        Parameters
        ----------
        rows : torch.Tensor
            Weights, one row for each circuit, shape (circuits, weights).

        Returns
        -------
        middle : torch.Tensor
            Weight from which the range is measured, shape (circuits,).
        widths : torch.Tensor
            Distances to the lower and to the upper end of the range, shape (2, circuits).
        """

    def circuit_for(self, weight: Tensor) -> Circuit:
        """Choose offset and scale for the weights of one layer.

        Parameters
        ----------
        weight : torch.Tensor
            Weights; the first dimension is that of the outputs.

        Returns
        -------
        Circuit
            Offset and scale; the scale is above 0.
        """
        rows = weight.reshape(len(weight) if self.per_row else 1, -1)
        middle, widths = self.largest_range(rows)
        if self.scale == "deviations":
            widths = widths.clamp(max=self.deviations * rows.std(dim=1, unbiased=False))
        if self.scale == "fitted":
            widths = self._fitted(rows, middle, widths)
        shape = (-1, *[1] * (weight.dim() - 1)) if self.per_row else ()
        return Circuit(*(part.reshape(shape) for part in self._circuit(middle, widths)))

    def covering(self, lowest: Tensor, highest: Tensor) -> Circuit:
        """Return the circuit with which the table covers a range of weights."""
        low, high = self.table[0], self.table[-1]
        scale = (highest - lowest) / (high - low)
        # equal weights have a range of 0, for which any scale is suitable
        scale = torch.where(scale > 0, scale, torch.ones_like(scale))
        return Circuit(lowest - scale * low, scale)

    def _circuit(self, middle: Tensor, widths: Tensor) -> Circuit:
        return self.covering(middle - widths[0], middle + widths[1])

    def _fitted(self, rows: Tensor, middle: Tensor, widths: Tensor) -> Tensor:
        """Return the half widths with the least squared error of each row."""
        best, least = widths, torch.full_like(middle, torch.inf)
        for low, high in self.tried():
            tried = widths * widths.new_tensor([[low], [high]])
            circuit = Circuit(*(part[:, None] for part in self._circuit(middle, tried)))
            error = (self.snap(rows, circuit) - rows).square().mean(dim=1)
            best = torch.where(error < least, tried, best)
            least = torch.minimum(error, least)
        return best

    def tried(self) -> list[tuple[float, float]]:
        """Return the pairs of fractions of the two half widths that `fitted` tries."""
        return [(low, high) for low in self.fractions for high in self.fractions]

    def nearest(self, weight: Tensor, circuit: Circuit) -> Tensor:
        """Return the index in `table` of the entry nearest to each weight, same shape, int32."""
        position = (weight - circuit.offset) / circuit.scale
        boundaries = self._boundaries
        if len(boundaries) > MOST_COMPARED:
            return torch.bucketize(position, boundaries.to(weight.device), out_int32=True)
        # a pass for each boundary is two to four times as fast as a search for each weight
        entry = torch.zeros_like(position, dtype=torch.uint8)
        for boundary in boundaries.tolist():
            entry += (position > boundary).view(torch.uint8)
        return entry.int()

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
            ``offset + scale · nearest((weight - offset) / scale)``, same shape. Weights beyond
            the outermost entries move to these.
        """
        return self.weights_at(self.nearest(weight, circuit), circuit)


class Layer(WeightMapping):
    """One synapse a weight: w = offset + scale · g_k (the paper's words).

    Hardware: one synapse, a reading circuit that amplifies by `scale`, and a reference that adds
    `offset` for each input, such as a column of fixed conductances. With the scale `largest`, the
    layer's weights are normalised to [0, 1] by Eq. 3 of the paper, moved to the nearest
    normalised conductance, and scaled back.
    """

    def pairs(self) -> Tensor:
        """Return every level as an entry; see `WeightMapping.pairs`."""
        levels = torch.arange(len(self.levels))
        return torch.stack([levels, torch.full_like(levels, NO_SYNAPSE)], dim=1)

    def largest_range(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the range from the least to the greatest weight, measured from a weight between.

        The mean for `deviations`, the median otherwise; see `WeightMapping.largest_range`.
        """
        middle = rows.mean(dim=1) if self.scale == "deviations" else rows.median(dim=1).values
        least, greatest = rows.amin(dim=1), rows.amax(dim=1)
        return middle, torch.stack([middle - least, greatest - middle])


class Row(Layer):
    """One synapse a weight, w = offset_i + scale_i · g_k, with a circuit for each output i.

    Hardware: as `Layer`, with an amplifier and a reference that can be set for each row.
    """


class _Pair(WeightMapping):
    """Difference of two synapses as a weight; the range is symmetric about 0."""

    fractions = tuple(np.linspace(0.1, 1.0, 46))

    def largest_range(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the largest magnitude on both sides of 0; see `WeightMapping.largest_range`."""
        largest = rows.abs().amax(dim=1)
        return torch.zeros_like(largest), torch.stack([largest, largest])

    def tried(self) -> list[tuple[float, float]]:
        """Return equal fractions for both sides."""
        return [(fraction, fraction) for fraction in self.fractions]


class Differential(_Pair):
    """Two synapses a weight: w = scale · (g_j - g_k), with all pairs of levels.

    Hardware: two synapses whose currents are subtracted. Of the pairs with one difference, the one
    with the lowest conductances is used, which draws the least current.
    """

    def pairs(self) -> Tensor:
        """Return the pairs with different differences; see `WeightMapping.pairs`."""
        plus, minus = torch.meshgrid(*[torch.arange(len(self.levels))] * 2, indexing="ij")
        pairs = torch.stack([plus.flatten(), minus.flatten()], dim=1)
        entries = self.levels[pairs[:, 0]] - self.levels[pairs[:, 1]]
        # equal steps differ by rounding: differences closer than SAME are one entry
        steps = (entries / SAME).round().tolist()
        found: dict[float, list[int]] = {}
        for step, pair in sorted(zip(steps, pairs.tolist(), strict=True)):
            found.setdefault(step, pair)
        return torch.tensor(list(found.values()))


class Signed(_Pair):
    """Two synapses a weight, one of them idle: w = ± scale · (g_k - g_lowest).

    Hardware: two synapses whose currents are subtracted. The sign of the weight selects which one
    is programmed; the other one stays at its lowest level.
    """

    def pairs(self) -> Tensor:
        """Return each level on either side; see `WeightMapping.pairs`."""
        last = len(self.levels) - 1
        negative = [[0, level] for level in range(last, 0, -1)]
        return torch.tensor([*negative, *([level, 0] for level in range(last + 1))])


MAPPINGS: dict[str, type[WeightMapping]] = {
    "layer": Layer,
    "row": Row,
    "differential": Differential,
    "signed": Signed,
}
"""The mapping of each name in `wallnet.config.networks.SCHEMES`."""


def create(name: str, levels: ArrayLike) -> WeightMapping:
    """Return the mapping of a name for the levels of a synapse.

    Parameters
    ----------
    name : str
        Name of a mapping; see `wallnet.config.networks.split_mapping`. A level set in the name has
        no effect here.
    levels : array_like
        Conductances in any unit and any order, shape (levels,).

    Returns
    -------
    WeightMapping
        The mapping.

    Raises
    ------
    ValueError
        If the name is unknown or the levels cannot be used.
    """
    parts = split_mapping(name)
    return MAPPINGS[parts.scheme](levels, parts.scale, parts.deviations, parts.per_row)


def read_levels(path: str | Path, reading: str, level_set: str) -> Levels:
    """Read the levels of a synapse that a mapping can use.

    Parameters
    ----------
    path : str or Path
        Compact model of a synapse.
    reading : str
        `parallel` or `series`.
    level_set : str
        One of `wallnet.config.networks.LEVEL_SETS`.

    Returns
    -------
    Levels
        Levels of the level set.

    Raises
    ------
    FileError
        If the file does not describe a synapse, or if its levels are fewer than two.
    """
    values, whole = levels_of(path, reading, level_set)
    try:
        return Levels(distinct_levels(values), whole)
    except ValueError as error:
        raise FileError(
            f"{path} has no usable levels in the {level_set} set ({reading}): {error}; add notches "
            "or current densities, or use another mapping"
        ) from None
