"""Mappings of signed weights to the conductance levels of a synapse.

Every mapping is affine: a weight is ``offset + scale · entry``. The `entry` comes from a table
that is computed from the synapse's normalised conductances. The values `offset` and `scale`
represent the reading circuit and are chosen once for the trained weights. `docs/extending.md`
explains how to add a mapping.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from wallnet.files import FileError
from wallnet.files.compact import levels_of


class Levels(NamedTuple):
    """Levels of a synapse.

    Attributes
    ----------
    values : torch.Tensor
        Normalised conductances, ascending and distinct, shape (levels,), float32.
    whole : int
        Number of states with the wall at a notch or an end, whether or not the wall rests there.
    """

    values: Tensor
    whole: int


class Circuit(NamedTuple):
    """Offset and scale that convert a normalised conductance into a weight.

    Attributes
    ----------
    offset, scale : torch.Tensor
        In units of the weights. They broadcast against the weight matrix (outputs, inputs).
    """

    offset: Tensor
    scale: Tensor


class WeightMapping(ABC):
    """Mapping of weights to the levels of a synapse.

    Parameters
    ----------
    levels : torch.Tensor
        Normalised conductances, shape (levels,), ascending and distinct.
    """

    def __init__(self, levels: Tensor) -> None:
        self.levels = levels
        self.table = self.entries(levels)
        self._boundaries = (self.table[1:] + self.table[:-1]) / 2

    def entries(self, levels: Tensor) -> Tensor:
        """Return the values that one weight can take before offset and scale, ascending."""
        return levels

    @abstractmethod
    def circuit_for(self, weight: Tensor) -> Circuit:
        """Choose offset and scale for the weights of one layer.

        Parameters
        ----------
        weight : torch.Tensor
            Weights, shape (outputs, inputs).

        Returns
        -------
        Circuit
            Offset and scale; the scale is above 0.
        """

    def snap(self, weight: Tensor, circuit: Circuit) -> Tensor:
        """Move every weight to the nearest weight that the levels allow.

        Parameters
        ----------
        weight : torch.Tensor
            Weights, shape (outputs, inputs).
        circuit : Circuit
            Offset and scale.

        Returns
        -------
        torch.Tensor
            ``offset + scale · nearest((weight - offset) / scale)``, same shape. Weights beyond
            the outermost levels move to these.
        """
        position = (weight - circuit.offset) / circuit.scale
        nearest = torch.bucketize(position, self._boundaries)
        return circuit.offset + circuit.scale * self.table[nearest]


def _positive(scale: Tensor) -> Tensor:
    """Replace a scale of 0, which equal weights have, by 1; any scale suits these."""
    return torch.where(scale > 0, scale, torch.ones_like(scale))


class PerLayer(WeightMapping):
    """One offset and one scale per layer, from its least to its greatest weight (as in the paper).

    The layer's weights are normalised to [0, 1] by Eq. 3 of the paper, moved to the nearest
    normalised conductance, and scaled back. No weight is clipped.
    """

    def circuit_for(self, weight: Tensor) -> Circuit:
        """Return the range of the layer's weights; see `WeightMapping.circuit_for`."""
        least, greatest = weight.min(), weight.max()
        return Circuit(least, _positive(greatest - least))


class LeastSquares(PerLayer):
    """One offset and one scale per layer, chosen for the least squared error of its weights.

    The search tries each end of the range at fractions of the layer's extremes. Weights beyond
    the range are clipped to the outermost levels, so that rare large weights do not coarsen all
    others.
    """

    fractions: Sequence[float] = tuple(np.linspace(0.1, 1.0, 19))

    def circuit_for(self, weight: Tensor) -> Circuit:
        """Return the range of least squared error; see `WeightMapping.circuit_for`."""
        middle = weight.median()
        least, greatest = weight.min(), weight.max()
        best, best_error = super().circuit_for(weight), float("inf")
        for low in self.fractions:
            for high in self.fractions:
                offset = middle + low * (least - middle)
                circuit = Circuit(offset, _positive(middle + high * (greatest - middle) - offset))
                error = float((self.snap(weight, circuit) - weight).square().mean())
                if error < best_error:
                    best, best_error = circuit, error
        return best


class PerRow(WeightMapping):
    """One offset and scale for each output of a layer, from its least weight to its greatest."""

    def circuit_for(self, weight: Tensor) -> Circuit:
        """Return the range of each row; see `WeightMapping.circuit_for`."""
        least = weight.amin(dim=1, keepdim=True)
        return Circuit(least, _positive(weight.amax(dim=1, keepdim=True) - least))


class DifferentialPair(WeightMapping):
    """Difference of two synapses as a weight, with one scale per layer and no offset.

    The table contains all differences of two levels, including 0. The largest difference
    represents the layer's largest magnitude.
    """

    def entries(self, levels: Tensor) -> Tensor:
        """Return all differences of two levels, ascending."""
        differences = levels[:, None] - levels[None, :]
        # equal steps differ by rounding: differences closer than 1e-6 are one entry
        entries: Tensor = torch.unique((differences * 1e6).round() / 1e6)
        return entries

    def circuit_for(self, weight: Tensor) -> Circuit:
        """Return the largest magnitude of the layer's weights; see `WeightMapping.circuit_for`."""
        span = self.levels[-1] - self.levels[0]
        return Circuit(torch.zeros(()), _positive(weight.abs().max() / span))


MAPPINGS: dict[str, type[WeightMapping]] = {
    "layer": PerLayer,
    "fitted": LeastSquares,
    "row": PerRow,
    "differential": DifferentialPair,
}
"""The mapping of each name in `wallnet.config.networks.SCHEMES`."""


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
        If the file does not describe a synapse, or if its levels are fewer than two or not in
        [0, 1].
    """
    values, whole = levels_of(path, reading, level_set)
    levels = np.unique(np.array(values, dtype=np.float32))
    if len(levels) < 2:
        raise FileError(
            f"{path} has {len(levels)} different levels in the {level_set} set ({reading}), and "
            "weights need two; add notches or current densities, or use another mapping"
        )
    if not (levels[0] >= -1e-6 and levels[-1] <= 1 + 1e-6):
        raise FileError(
            f"{path} has levels from {levels[0]:g} to {levels[-1]:g} ({reading}), outside [0, 1]; "
            "delete it and run snakemake"
        )
    return Levels(torch.from_numpy(levels), whole)
