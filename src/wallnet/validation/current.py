"""The current of strips with notches, compared with closed formulas."""

import math
from typing import Any

import numpy as np
from scipy.special import comb, zeta

from wallnet.config.track import Notches, Track
from wallnet.jobs.bilayer import Crowding
from wallnet.tracks.current import Current, current
from wallnet.validation import Curves, Rows, row

WIDTH, LENGTH = 72e-9, 216e-9
"""Width and length of the strips in m."""

SLOT, DIAMETER = 84e-9, 32e-9
"""Length of the narrow part, and diameter of the half discs, in m."""

TERMS = 8
"""Terms of the series of discs."""


def step_squares(share: float) -> float:
    """Return the squares that a step of both edges, to a share of the width, adds to a strip.

    They are those of the capacitance of a step between two plates, its dual (Somlo, IEEE
    Transactions on Microwave Theory and Techniques 15, 48 (1967)).
    """
    spread = (share + 1 / share) * math.log((1 + share) / (1 - share))
    return (spread - 2 * math.log(4 * share / (1 - share**2))) / (2 * math.pi)


def discs_length(radius: float, period: float) -> float:
    """Return the length in m that a row of discs without conduction adds to a sheet across it.

    The potential has, of each disc, the terms 1/z, 1/z³, ..., and no flow across their circles.
    """
    odd = range(1, 2 * TERMS, 2)
    sums = {n: 2 * zeta(n) * (-1) ** (n // 2) / period**n for n in range(2, 4 * TERMS, 2)}
    matrix = [[comb(q + p - 1, p) * sums[p + q] * radius ** (p + q) for q in odd] for p in odd]
    terms = np.linalg.solve(np.eye(TERMS) + matrix, np.eye(TERMS)[0])
    return float(2 * math.pi / period * radius**2 * terms[0])


def _current(cell: float, edges: str = "stairs", **notches: Any) -> Current:
    """Return the current of a strip with cells in m, cut with its notches."""
    values: dict[str, Any] = {"length": LENGTH, "width": WIDTH, "thickness": 2e-9, "edges": edges}
    track = Track(**values, cell_size=cell, notches=Notches(**notches))
    return current(track, Crowding(cut=True))


def constriction(_curves: Curves) -> Rows:
    """Compare the resistance of strips, and the density at their neck, with closed formulas."""
    for depth in (12e-9, 18e-9):
        share = 1 - 2 * depth / WIDTH
        squares = (LENGTH - SLOT + SLOT / share) / WIDTH + 2 * step_squares(share)
        slot: dict[str, Any] = {"shape": "trapezoid", "length": SLOT, "flanks": (0.0, 0.0)}
        slot |= {"depth": depth, "positions": (LENGTH / 2,)}
        for cell in (3e-9, 1.5e-9):
            resistance = _current(cell, **slot).resistance
            words = {"share": share, "cell": cell * 1e9}
            yield row("constriction-step", resistance, words, reference=squares * WIDTH / LENGTH)
    pair: dict[str, Any] = {"diameter": DIAMETER, "positions": (LENGTH / 4, 3 * LENGTH / 4)}
    longer, denser = 1 + 2 * discs_length(DIAMETER / 2, WIDTH) / LENGTH, WIDTH / (WIDTH - DIAMETER)
    for edges, tolerance in (("smooth", 1e-3), ("stairs", 0.04)):
        strip, name = _current(2e-9, edges, **pair), {"name": edges}
        computed = {"reference": longer, "tolerance": tolerance}
        yield row("constriction-discs", strip.resistance, name, **computed)
        yield row("constriction-neck", strip.neck, name, reference=denser)
