"""Validation of the engine against published and analytic values.

Each check is a function that yields rows and adds the curves of figures to a dictionary. The checks
use the campaign's settings unless a row states others.
"""

import math
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Any

CHECKS = (
    "stray-field",
    "problem-4",
    "slonczewski-film",
    "dmi-edge",
    "dmi-disk",
    "macrospin",
    "neel-wall",
    "wall-velocity",
    "rigid-wall",
    "constriction",
    "phase-boundary",
    "wall-landscape",
    "thermal",
    "varying-cells",
    "time-step",
    "cell-size",
    "tolerances",
)
"""Names of the checks in the order of the table; each is that of its function, with hyphens."""

Row = dict[str, Any]
"""One comparison, as it is stored: `quantity`, `unit` ("1" for a pure number), `reference` with its
`source`, the engine's value `ours`, `tolerance` with its `reason`, and `passed`. A finding, which
is reported and not judged, has None for `tolerance` and `passed`."""

Rows = Iterator[Row]

Curves = dict[str, Any]
"""Series of numbers by name, for figures; plain lists in SI units."""


@cache
def _rows() -> dict[str, Row]:
    """Return the rows of `rows.toml` by their keys; checks compute the values that are missing."""
    return tomllib.loads(resources.files(__name__).joinpath("rows.toml").read_text("utf-8"))


def row(key: str, ours: float, words: dict[str, Any] | None = None, **computed: float) -> Row:
    """Return a row of `rows.toml` with the value of the engine.

    The words replace the braces of its texts; `name` also selects one of several references.
    `computed` has `reference` and `tolerance`, if the file has none.
    """
    fields = {"unit": "1", **_rows()[key], **computed}
    fields |= {text: fields[text].format(**words or {}) for text in ("quantity", "reason")}
    if isinstance(fields["reference"], dict):
        fields["reference"] = fields["reference"][(words or {})["name"]]
    if share := fields.pop("relative_tolerance", None):
        fields["tolerance"] = share * fields["reference"]
    return judged(float(ours), **fields)


def judged(ours: float, reference: float, tolerance: float, **words: str) -> Row:
    """Return a row; a finding has an infinite tolerance."""
    fields: Row = {**words, "reference": reference, "ours": ours, "tolerance": None, "passed": None}
    if math.isfinite(tolerance):
        fields |= {"tolerance": tolerance, "passed": bool(abs(ours - reference) <= tolerance)}
    return fields


def of_components(
    key: str, m: Iterable[float], words: Row | None = None, prefix: str = "", **computed: float
) -> Rows:
    """Yield a row for each component of m; see `row`."""
    for name, value in zip(("mx", "my", "mz"), m, strict=False):
        yield row(key, value, {**(words or {}), "name": prefix + name}, **computed)
