"""Results of a validation: rows that compare the engine's values with reference values."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any


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


Rows = Iterator[Row]

Curves = dict[str, Any]
"""Series of numbers by name, for figures; plain lists in SI units."""
