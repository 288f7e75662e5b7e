"""The demagnetising tensor of single cells, and of whole prisms as the sum over their cells."""

import numpy as np

from wallnet.film import newell
from wallnet.validation.rows import Curves, Row, Rows

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
        source = "Newell, Williams and Dunlop 1993"
        what = f"{name} of a {_size(cell)} cell"
        yield Row(what, "1", value, source, float(ours), 1e-10, "ten digits are given")
    for (columns, rows), cell, values in _PRISMS:
        parts = newell.tensor(columns, rows, cell)
        # each offset occurs (columns - i)(rows - j) times in each quadrant
        weight = np.outer(rows - np.arange(rows), columns - np.arange(columns)).astype(float)
        weight[1:] *= 2
        weight[:, 1:] *= 2
        extent = (columns * cell[0], rows * cell[1], cell[2])
        for name, part, value in zip(("Nxx", "Nyy", "Nzz"), parts, values, strict=False):
            yield Row(
                f"{name} of a {_size(extent)} prism, from its cells",
                "1",
                value,
                "Newell's formula for the whole prism",
                float((weight * part).sum() / (rows * columns)),
                6e-7,
                "six decimals are given; near and far formulas both take part",
            )


def _size(edges: tuple[float, float, float]) -> str:
    return "×".join(f"{edge:g}" for edge in edges) + " nm"
