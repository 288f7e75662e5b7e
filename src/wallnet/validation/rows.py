"""Results of a validation: rows that compare the engine's values with reference values."""

import math
import tomllib
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Any

_SAID = tomllib.loads(
    resources.files("wallnet.validation").joinpath("rows.toml").read_text("utf-8")
)
"""All rows by their keys, without what a check computes."""


Row = dict[str, Any]
"""One comparison, as it is stored: `quantity`, `unit` ("1" for a pure number), `reference` with its
`source`, the engine's value `ours`, `tolerance` with its `reason`, and `passed`. A finding, which
is reported and not judged, has None for `tolerance` and `passed`."""


def row(key: str, ours: float, words: dict[str, Any] | None = None, **computed: float) -> Row:
    """Return a row of `rows.toml`.

    Parameters
    ----------
    key : str
        Its key.
    ours : float
        Value of the engine.
    words : dict, optional
        Words of its texts; `name` also chooses one of several references.
    **computed
        `reference` and `tolerance`, where the file has none.
    """
    said = {"unit": "1", **_SAID[key], **computed}
    said |= {text: said[text].format(**words or {}) for text in ("quantity", "reason")}
    if isinstance(said["reference"], dict):
        said["reference"] = said["reference"][(words or {})["name"]]
    if share := said.pop("relative_tolerance", None):
        said["tolerance"] = share * said["reference"]
    return judged(float(ours), **said)


def judged(ours: float, reference: float, tolerance: float, **words: str) -> Row:
    """Return a row; infinite is the tolerance of a finding."""
    found: Row = {**words, "reference": reference, "ours": ours, "tolerance": None, "passed": None}
    if math.isfinite(tolerance):
        found |= {"tolerance": tolerance, "passed": bool(abs(ours - reference) <= tolerance)}
    return found


def of_components(
    key: str,
    m: Iterable[float],
    words: dict[str, Any] | None = None,
    of: str = "",
    **computed: float,
) -> "Rows":
    """Yield a row for each component of m; see `row`."""
    for name, value in zip(("mx", "my", "mz"), m, strict=False):
        yield row(key, value, {**(words or {}), "name": of + name}, **computed)


Rows = Iterator[Row]

Curves = dict[str, Any]
"""Series of numbers by name, for figures; plain lists in SI units."""
