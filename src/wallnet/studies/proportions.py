"""Probabilities from counts of replicas or samples."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

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


class BetaBinomial(NamedTuple):
    """Probability of success of devices that differ, from several trials of each.

    Attributes
    ----------
    mean : float
        Mean probability over devices.
    low, high : float
        Ends of its interval of 95 %.
    correlation : float
        Correlation of two trials of one device: 0 if all devices are alike, 1 if each either
        always or never succeeds. NaN if it cannot be estimated.
    """

    mean: float
    low: float
    high: float
    correlation: float

    @property
    def between(self) -> float:
        """Standard deviation of the probability from device to device."""
        return math.sqrt(self.mean * (1 - self.mean) * self.correlation)

    def share_above(self, probability: float) -> float:
        """Return the share of devices with a higher probability than this, of the beta law."""
        from scipy.stats import beta

        if not self.correlation > 0:
            return math.nan if math.isnan(self.correlation) else float(self.mean > probability)
        weight = 1 / self.correlation - 1
        law = beta(self.mean * weight, (1 - self.mean) * weight)
        return float(law.sf(probability))


LEAST_CORRELATION, MOST_CORRELATION = 1e-6, 1 - 1e-6


def beta_binomial(successes: ArrayLike, trials: ArrayLike) -> BetaBinomial:
    """Return the probability of success of devices, given successes and trials of each.

    The likelihood is greatest at mean and correlation; the ends of the interval are where that at
    the best correlation is exp(-1.92) of it. With one trial of each device, or one device, the
    interval is exact and the correlation unknown. The correlation is unknown without any failure
    or success, too: then devices count, not trials, as if all trials of a device were alike.
    """
    from scipy.optimize import brentq, minimize_scalar
    from scipy.stats import betabinom, chi2

    count, total = (np.asarray(values, dtype=np.int64).ravel() for values in (successes, trials))
    count, total = count[total > 0], total[total > 0]
    good, whole = int(count.sum()), int(total.sum())
    if not whole:
        return BetaBinomial(*[math.nan] * 4)
    mean = good / whole
    if len(count) == 1 or total.max() == 1:
        return BetaBinomial(mean, *interval(good, good, whole), math.nan)
    if good in (0, whole):
        devices = round(mean) * len(count)
        return BetaBinomial(mean, *interval(devices, devices, len(count)), math.nan)

    def loss(correlation: float, probability: float) -> float:
        weight = 1 / correlation - 1
        law = betabinom(total, probability * weight, (1 - probability) * weight)
        return -float(law.logpmf(count).sum())

    def best(probability: float) -> tuple[float, float]:
        limits = np.log([LEAST_CORRELATION, MOST_CORRELATION])
        optimum = minimize_scalar(
            lambda log: loss(math.exp(log), probability), bounds=tuple(limits)
        )
        return float(optimum.fun), math.exp(optimum.x)

    ends = 1e-9, 1 - 1e-9
    middle = minimize_scalar(lambda p: best(p)[0], bounds=ends, options={"xatol": 1e-6})
    mean, least = float(middle.x), float(middle.fun)
    further = least + chi2.ppf(CONFIDENCE, 1) / 2
    low, high = (
        brentq(lambda p: best(p)[0] - further, *sorted((mean, end)))
        if best(end)[0] > further
        else round(end)
        for end in ends
    )
    return BetaBinomial(mean, float(low), float(high), best(mean)[1])
