"""Bisection in rounds, each of which simulates the middles of all gaps at once."""

import itertools
import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from wallnet.config.pulse import CURRENT_DENSITY_STEP, whole
from wallnet.config.quantities import Quantity

Resolution = Annotated[
    float,
    Quantity("A/m²", 1e8, 1e14, fix="steps are in A/m²: 0.001e+12, not 0.001"),
    AfterValidator(whole),
]


def halvings(gap: float, resolution: float) -> int:
    """Return how often a gap is halved until it is no longer than the resolution, both in A/m²."""
    longest, count = round(gap / CURRENT_DENSITY_STEP), 0
    while longest > round(resolution / CURRENT_DENSITY_STEP):
        # the middle is rounded to a density that file names tell apart
        longest = math.ceil(longest / 2)
        count += 1
    return count


def middles(outcomes: Mapping[float, Any], resolution: float) -> list[float]:
    """Return the current densities to simulate next.

    Parameters
    ----------
    outcomes : mapping
        Outcome of each pulse by its current density in A/m².
    resolution : float
        Largest distance in A/m² between two pulses on either side of an edge.

    Returns
    -------
    list of float
        The middle of each gap that is longer than the resolution and has different outcomes at its
        ends, rounded down to a multiple of `CURRENT_DENSITY_STEP`; ascending.
    """
    steps = sorted((round(density / CURRENT_DENSITY_STEP), density) for density in outcomes)
    limit = round(resolution / CURRENT_DENSITY_STEP)
    return [
        (low + high) // 2 * CURRENT_DENSITY_STEP
        for (low, left), (high, right) in itertools.pairwise(steps)
        if high - low > limit and outcomes[left] != outcomes[right]
    ]
