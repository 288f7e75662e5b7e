"""Probabilities from counts of replicas or samples."""

import math

CONFIDENCE = 0.95
"""Probability with which an interval contains the true value, at least."""


def interval(low: int, high: int, total: int) -> tuple[float, float]:
    """Return the exact interval of a probability (Clopper and Pearson).

    It contains those of the least (`low`) and greatest possible number of successes in `total`
    trials.
    """
    from scipy.stats import binomtest

    if not total:
        return math.nan, math.nan
    tests = (binomtest(count, total) for count in (low, high))
    least, most = (test.proportion_ci(CONFIDENCE, "exact") for test in tests)
    return float(least.low), float(most.high)


def share_of(count: int, total: int) -> str:
    """Return a count as text, with the interval of its probability.

    Examples
    --------
    >>> share_of(6, 32)
    '6 of 32 (7 to 36 %)'
    """
    low, high = interval(count, count, total)
    return f"{count} of {total} ({100 * low:.0f} to {100 * high:.0f} %)"
