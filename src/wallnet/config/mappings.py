"""The mappings of weights to conductance levels: their names, and their schemes.

A scheme is a class with a name, listed in `SCHEMES`. It computes with the methods of tensors that
it is given; the workflow imports no PyTorch. `docs/extending.md` explains how to add one.
"""

import re
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

from pydantic import Field

from wallnet.files.compact import SAME

if TYPE_CHECKING:
    from torch import Tensor

NO_SYNAPSE = -1
"""Level of the minus synapse of a scheme with one synapse a weight."""


class Scheme:
    """How a weight is made of levels."""

    name: ClassVar[str]
    """Its name in those of mappings."""
    per_row: ClassVar[bool] = False
    """Whether each output of a layer always has its own offset and scale."""
    row_suffix: ClassVar[bool] = True
    """Whether ``-row`` after the name gives each output its own."""

    def pairs(self, levels: "Tensor") -> list[tuple[int, int]]:
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

    def largest_range(self, rows: "Tensor", scale: str) -> tuple["Tensor", "Tensor", "Tensor"]:
        """Return the middle of the range of all weights, and its widths below and above.

        Parameters
        ----------
        rows : torch.Tensor
            Weights, one row for each circuit, shape (circuits, weights).
        scale : str
            Rule of the scale; see `MappingName`.

        Returns
        -------
        middle, below, above : torch.Tensor
            Each of shape (circuits,).
        """
        raise NotImplementedError

    def tried(self) -> list[tuple[float, float]]:
        """Return the pairs of fractions of the two widths that the scale `fitted` tries."""
        raise NotImplementedError


class Layer(Scheme):
    """One synapse a weight: w = offset + scale · g_k (the paper's words).

    Hardware: one synapse, a reading circuit that amplifies by `scale`, and a reference that adds
    `offset` for each input, such as a column of fixed conductances. With the scale `largest`, the
    layer's weights are normalised to [0, 1] by Eq. 3 of the paper, moved to the nearest
    normalised conductance, and scaled back.
    """

    name = "layer"
    row_suffix = False

    def pairs(self, levels: "Tensor") -> list[tuple[int, int]]:
        """Return every level as an entry; see `Scheme.pairs`."""
        return [(level, NO_SYNAPSE) for level in range(len(levels))]

    def largest_range(self, rows: "Tensor", scale: str) -> tuple["Tensor", "Tensor", "Tensor"]:
        """Return the range from the least to the greatest weight, measured from a weight between.

        The mean for `deviations`, the median otherwise; see `Scheme.largest_range`.
        """
        middle = rows.mean(dim=1) if scale == "deviations" else rows.median(dim=1).values
        return middle, middle - rows.amin(dim=1), rows.amax(dim=1) - middle

    def tried(self) -> list[tuple[float, float]]:
        """Return all pairs of 19 fractions from 0.1 to 1."""
        return [(low, high) for low in _fractions(19) for high in _fractions(19)]


class Row(Layer):
    """One synapse a weight, w = offset_i + scale_i · g_k, with a circuit for each output i.

    Hardware: as `Layer`, with an amplifier and a reference that can be set for each row.
    """

    name = "row"
    per_row = True


class Pair(Scheme):
    """Difference of two synapses as a weight; the range is symmetric about 0."""

    def largest_range(self, rows: "Tensor", scale: str) -> tuple["Tensor", "Tensor", "Tensor"]:
        """Return the largest magnitude on both sides of 0; see `Scheme.largest_range`."""
        largest = rows.abs().amax(dim=1)
        return 0 * largest, largest, largest

    def tried(self) -> list[tuple[float, float]]:
        """Return 46 fractions from 0.1 to 1, equal for both sides."""
        return [(fraction, fraction) for fraction in _fractions(46)]


class Differential(Pair):
    """Two synapses a weight: w = scale · (g_j - g_k), with all pairs of levels.

    Hardware: two synapses whose currents are subtracted. Of the pairs with one difference, the one
    with the lowest conductances is used, which draws the least current.
    """

    name = "differential"

    def pairs(self, levels: "Tensor") -> list[tuple[int, int]]:
        """Return the pairs with different differences; see `Scheme.pairs`."""
        # equal steps differ by rounding: differences closer than SAME are one entry
        steps = ((levels[:, None] - levels) / SAME).round().tolist()
        pairs: dict[float, tuple[int, int]] = {}
        for plus, row in enumerate(steps):
            for minus, step in enumerate(row):
                pairs.setdefault(step, (plus, minus))
        return [pairs[step] for step in sorted(pairs)]


class Signed(Pair):
    """Two synapses a weight, one of them idle: w = ± scale · (g_k - g_lowest).

    Hardware: two synapses whose currents are subtracted. The sign of the weight selects which one
    is programmed; the other one stays at its lowest level.
    """

    name = "signed"

    def pairs(self, levels: "Tensor") -> list[tuple[int, int]]:
        """Return each level on either side; see `Scheme.pairs`."""
        last = len(levels) - 1
        negative = [(0, level) for level in range(last, 0, -1)]
        return [*negative, *((level, 0) for level in range(last + 1))]


SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme
    for scheme in (
        Layer(),
        Row(),
        Differential(),
        Signed(),
    )
}
"""Schemes that map weights to conductances, by name."""

DEFAULT_MAPPING = "signed-fitted"
"""The mapping if none is named: on few levels it loses little accuracy, with one scale a layer."""

LEVEL_SETS = ("measured", "extended", "reachable", "kept", "mutually-reachable")
"""Sets of a synapse's levels that a mapping can use; a name without a suffix means `measured`."""

_WITHOUT_ROW = [name for name, scheme in SCHEMES.items() if not scheme.row_suffix]
_MAPPING = (
    rf"(?!({'|'.join(_WITHOUT_ROW)})-row)({'|'.join(SCHEMES)})(-row)?"
    rf"(-(fitted|([1-9](\.[0-9]{{1,2}})?)sd))?(-({'|'.join(LEVEL_SETS[1:])}))?"
)

Mapped = Annotated[str, Field(json_schema_extra={"pattern": f"^{_MAPPING}$"})]
"""Name of a mapping; see `split_mapping`."""

COMPARED = tuple(
    f"{scheme}{rows}{scale}"
    for scheme in SCHEMES
    for rows in ("", "-row")
    if not (rows and scheme in _WITHOUT_ROW)
    for scale in ("", "-3sd", "-fitted")
)
"""Mappings that the target `mappings` compares: every scheme with every scale rule."""


class MappingName(NamedTuple):
    """Parts of the name of a mapping; see `split_mapping`."""

    scheme: str
    per_row: bool
    """Whether each output of a layer has its own offset and scale."""
    scale: str
    """`largest`, `fitted` or `deviations`: how offset and scale are chosen."""
    deviations: float
    """Half of the range of weights in standard deviations, for `deviations`."""
    level_set: str


def split_mapping(name: str) -> MappingName:
    """Split the name of a mapping into its parts.

    Parameters
    ----------
    name : str
        ``SCHEME[-row][-fitted|-Ksd][-LEVELS]``: a scheme of `SCHEMES`; a scale for each row instead
        of one for each layer; a scale of least squared error, or from K standard deviations,
        instead of one from the largest weight; a level set of `LEVEL_SETS` other than the first.

    Returns
    -------
    MappingName
        The parts.

    Raises
    ------
    ValueError
        If a part is unknown.

    Examples
    --------
    >>> split_mapping("signed-2.5sd-extended").deviations
    2.5
    >>> split_mapping("layer").scale
    'largest'
    """
    match = re.fullmatch(_MAPPING, name)
    if match is None:
        *first, last = SCHEMES
        raise ValueError(
            f"has {name!r}, which is not a mapping; write {', '.join(first)} or {last}, then if "
            f"wanted -row (not after {' or '.join(_WITHOUT_ROW)}), then -fitted or -Ksd (K from 1 "
            f"to 9.99), then {' or '.join(LEVEL_SETS[1:])} after -, as in signed-3sd-extended"
        )
    _, scheme, rows, _, scale, deviations, _, _, level_set = match.groups()
    return MappingName(
        scheme=scheme,
        per_row=bool(rows) or SCHEMES[scheme].per_row,
        scale="deviations" if deviations else scale or "largest",
        deviations=float(deviations or "inf"),
        level_set=level_set or LEVEL_SETS[0],
    )


def _fractions(count: int) -> list[float]:
    """Return evenly spaced fractions from 0.1 to 1."""
    step = (1.0 - 0.1) / (count - 1)
    return [0.1 + k * step for k in range(count)]
