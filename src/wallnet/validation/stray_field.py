"""The demagnetising tensor of single cells, and of whole prisms as the sum over their cells."""

import numpy as np

from wallnet.film import newell
from wallnet.validation.rows import Curves, Rows, row

_SELF = (
    ((1.0, 1.0, 2.0), "Nxx", 0, 0.4008419236),
    ((1.0, 1.0, 2.0), "Nzz", 2, 0.1983161528),
    ((3.0, 3.0, 2.0), "Nxx", 0, 0.2863322720),
    ((3.0, 3.0, 2.0), "Nzz", 2, 0.4273354561),
)

_PRISMS = (
    ((512, 64), (1.0, 1.0, 2.0), (0.005728, 0.048204, 0.946068)),
    ((500, 50), (3.0, 3.0, 2.0), (0.002319, 0.024278, 0.973402)),
)


def stray_field(_curves: Curves) -> Rows:
    """Compare self-terms and whole-prism demagnetising factors with published values."""
    for cell, name, index, value in _SELF:
        ours = newell.tensor(1, 1, cell)[index][0, 0]
        yield row("self-term", ours, {"name": name, "size": _size(cell)}, reference=value)
    for (columns, rows), cell, values in _PRISMS:
        parts = newell.tensor(columns, rows, cell)
        # each offset occurs (columns - i)(rows - j) times in each quadrant
        weight = np.outer(rows - np.arange(rows), columns - np.arange(columns)).astype(float)
        weight[1:] *= 2
        weight[:, 1:] *= 2
        extent = (columns * cell[0], rows * cell[1], cell[2])
        for name, part, value in zip(("Nxx", "Nyy", "Nzz"), parts, values, strict=False):
            ours = (weight * part).sum() / (rows * columns)
            yield row("prism", ours, {"name": name, "size": _size(extent)}, reference=value)


def _size(edges: tuple[float, float, float]) -> str:
    return "×".join(f"{edge:g}" for edge in edges) + " nm"
