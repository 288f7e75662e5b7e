"""Results of a validation: rows that compare the engine's values with reference values."""

import math
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

_SAID = tomllib.loads(
    resources.files("wallnet.validation").joinpath("rows.toml").read_text("utf-8")
)
"""All rows by their keys, without what a check computes."""


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes
    ----------
    quantity : str
        Compared quantity.
    unit : str
        Unit of the quantity; "1" for a pure number.
    reference : float
        Published or analytic value.
    source : str
        Source of the reference value.
    ours : float
        Value of the engine.
    tolerance : float
        Largest deviation that passes; infinite for a finding, which is reported but not judged.
    reason : str
        Reason for the tolerance.
    """

    quantity: str
    unit: str
    reference: float
    source: str
    ours: float
    tolerance: float
    reason: str

    @property
    def passed(self) -> bool | None:
        """Whether the deviation is within the tolerance; None for a finding."""
        if math.isinf(self.tolerance):
            return None
        return bool(abs(self.ours - self.reference) <= self.tolerance)

    def to_data(self) -> dict[str, Any]:
        """Return plain data; a finding's tolerance becomes None."""
        tolerance = None if math.isinf(self.tolerance) else self.tolerance
        return {**asdict(self), "tolerance": tolerance, "passed": self.passed}


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
    return Row(**said, ours=float(ours))


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
