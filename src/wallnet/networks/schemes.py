"""The schemes of mappings: how a weight is made of levels.

A scheme is a class with a name, one of `wallnet.config.mappings.SCHEMES`. `docs/extending.md`
explains how to add one.
"""

from torch import Tensor

from wallnet.files.compact import SAME

NO_SYNAPSE = -1
"""Level of the minus synapse of a scheme with one synapse a weight."""

SCHEMES: dict[str, "Scheme"] = {}
"""Schemes by name."""


class Scheme:
    """How a weight is made of levels."""

    def __init_subclass__(cls, name: str = "") -> None:
        """List the scheme of a mapping, if it has a name in those of mappings."""
        if name:
            SCHEMES[name] = cls()

    def pairs(self, levels: Tensor) -> list[tuple[int, int]]:
        """Return the levels of the plus and the minus synapse of each entry, by ascending entry.

        Parameters
        ----------
        levels : torch.Tensor
            Normalised conductances, ascending, from 0 to 1.

        Returns
        -------
        list of tuple of int
            Indices of `levels`; the second is `NO_SYNAPSE` if a weight is one synapse.
        """
        raise NotImplementedError

    def largest_range(self, rows: Tensor, scale: str) -> tuple[Tensor, Tensor, Tensor]:
        """Return the middle of the range of all weights, and its widths below and above.

        Parameters
        ----------
        rows : torch.Tensor
            Weights, one row for each circuit, shape (circuits, weights).
        scale : str
            Rule of the scale; see `wallnet.config.mappings.MappingName`.

        Returns
        -------
        middle, below, above : torch.Tensor
            Each of shape (circuits,).
        """
        raise NotImplementedError

    def fractions(self) -> list[tuple[float, float]]:
        """Return the pairs of fractions of the two widths that the scale `fitted` tries."""
        raise NotImplementedError


class PerLayer(Scheme, name="layer"):
    """One synapse a weight: w = offset + scale · g_k (the paper's words).

    Hardware: one synapse, a reading circuit that amplifies by `scale`, and a reference that adds
    `offset` for each input, such as a column of fixed conductances. With the scale `largest`, the
    layer's weights are normalised to [0, 1] by Eq. 3 of the paper, moved to the nearest
    normalised conductance, and scaled back.
    """

    def pairs(self, levels: Tensor) -> list[tuple[int, int]]:
        """Return every level as an entry; see `Scheme.pairs`."""
        return [(level, NO_SYNAPSE) for level in range(len(levels))]

    def largest_range(self, rows: Tensor, scale: str) -> tuple[Tensor, Tensor, Tensor]:
        """Return the range from the least to the greatest weight, measured from a weight between.

        The mean for `deviations`, the median otherwise; see `Scheme.largest_range`.
        """
        middle = rows.mean(dim=1) if scale == "deviations" else rows.median(dim=1).values
        return middle, middle - rows.amin(dim=1), rows.amax(dim=1) - middle

    def fractions(self) -> list[tuple[float, float]]:
        """Return all pairs of 19 fractions from 0.1 to 1."""
        return [(low, high) for low in _evenly_spaced(19) for high in _evenly_spaced(19)]


class PerRow(PerLayer, name="row"):
    """One synapse a weight, w = offset_i + scale_i · g_k, with a circuit for each output i.

    Hardware: as `PerLayer`, with an amplifier and a reference that can be set for each row.
    """


class Pair(Scheme):
    """Difference of two synapses as a weight; the range is symmetric about 0."""

    def largest_range(self, rows: Tensor, scale: str) -> tuple[Tensor, Tensor, Tensor]:
        """Return the largest magnitude on both sides of 0; see `Scheme.largest_range`."""
        largest = rows.abs().amax(dim=1)
        return 0 * largest, largest, largest

    def fractions(self) -> list[tuple[float, float]]:
        """Return 46 fractions from 0.1 to 1, equal for both sides."""
        return [(fraction, fraction) for fraction in _evenly_spaced(46)]


class Differential(Pair, name="differential"):
    """Two synapses a weight: w = scale · (g_j - g_k), with all pairs of levels.

    Hardware: two synapses whose currents are subtracted. Of the pairs with one difference, the one
    with the lowest conductances is used, which draws the least current.
    """

    def pairs(self, levels: Tensor) -> list[tuple[int, int]]:
        """Return the pairs with different differences; see `Scheme.pairs`."""
        # equal steps differ by rounding: differences closer than SAME are one entry
        steps = ((levels[:, None] - levels) / SAME).round().tolist()
        pairs: dict[float, tuple[int, int]] = {}
        for plus, row in enumerate(steps):
            for minus, step in enumerate(row):
                pairs.setdefault(step, (plus, minus))
        return [pairs[step] for step in sorted(pairs)]


class Signed(Pair, name="signed"):
    """Two synapses a weight, one of them idle: w = ± scale · (g_k - g_lowest).

    Hardware: two synapses whose currents are subtracted. The sign of the weight selects which one
    is programmed; the other one stays at its lowest level.
    """

    def pairs(self, levels: Tensor) -> list[tuple[int, int]]:
        """Return each level on either side; see `Scheme.pairs`."""
        last = len(levels) - 1
        negative = [(0, level) for level in range(last, 0, -1)]
        return [*negative, *((level, 0) for level in range(last + 1))]


def _evenly_spaced(count: int) -> list[float]:
    """Return evenly spaced fractions from 0.1 to 1."""
    step = (1.0 - 0.1) / (count - 1)
    return [0.1 + k * step for k in range(count)]
