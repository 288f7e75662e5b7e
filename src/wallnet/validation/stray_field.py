"""The demagnetising tensor of single cells, and of whole prisms as the sum over their cells."""

import numpy as np

from wallnet.film import newell
from wallnet.validation.rows import Curves, Rows, row


def stray_field(_curves: Curves) -> Rows:
    """Compare self-terms and whole-prism demagnetising factors with published values."""
    for cell in ((1.0, 1.0, 2.0), (3.0, 3.0, 2.0)):
        own = newell.tensor(1, 1, cell)[:, 0, 0]
        for name, ours in (("Nxx", own[0]), ("Nzz", own[2])):
            yield row("self-term", ours, {"name": f"{name} of a {_size(cell)} cell"})
    for (columns, rows), cell in (((512, 64), (1.0, 1.0, 2.0)), ((500, 50), (3.0, 3.0, 2.0))):
        parts = newell.tensor(columns, rows, cell)
        # each offset occurs (columns - i)(rows - j) times in each quadrant
        weight = np.outer(rows - np.arange(rows), columns - np.arange(columns)).astype(float)
        weight[1:] *= 2
        weight[:, 1:] *= 2
        extent = (columns * cell[0], rows * cell[1], cell[2])
        for name, part in zip(("Nxx", "Nyy", "Nzz"), parts, strict=False):
            ours = (weight * part).sum() / (rows * columns)
            yield row("prism", ours, {"name": f"{name} of a {_size(extent)} prism"})


def _size(edges: tuple[float, float, float]) -> str:
    return "×".join(f"{edge:g}" for edge in edges) + " nm"
