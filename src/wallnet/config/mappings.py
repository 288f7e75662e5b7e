"""The names of the mappings of weights to conductance levels.

`wallnet.networks.schemes` computes with the schemes. `docs/extending.md` explains how to add one.
"""

import re
from typing import Annotated, NamedTuple

from pydantic import Field

SCHEMES: dict[str, bool | None] = {
    "layer": False,
    "row": True,
    "differential": None,
    "signed": None,
}
"""Whether each output of a layer has its own offset and scale, by scheme; None where ``-row`` after
the name gives it them."""

DEFAULT_MAPPING = "signed-fitted"
"""The mapping if none is named: on few levels it loses little accuracy, with one scale a layer."""

LEVEL_SETS = ("measured", "extended", "reachable", "kept", "mutually-reachable")
"""Sets of a synapse's levels that a mapping can use; a name without a suffix means `measured`."""

_WITHOUT_ROW = [name for name, per_row in SCHEMES.items() if per_row is not None]
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
        per_row=bool(rows or SCHEMES[scheme]),
        scale="deviations" if deviations else scale or "largest",
        deviations=float(deviations or "inf"),
        level_set=level_set or LEVEL_SETS[0],
    )
