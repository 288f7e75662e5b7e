"""Imperfections of a device from pulses that a user measured.

A reading of device d on a level of the nominal conductance G is

    G' = [p_d (1 - x) + q_d x] (1 + λ) (1 + c) (1 + r),    x = (G - G₀)/(G₁ - G₀)

with the lowest and the highest level G₀ and G₁: its gain is p_d/G₀, the ratio of its levels
q_d/p_d. λ is that of device and level, c of one writing, r of one reading; a network is made of
such devices (`wallnet.networks.imperfections`). Variances are estimated by the method of moments.
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet.config.measured import MEASURED
from wallnet.files.imperfection_tables import MOST_ROWS, Entries, Place, dataset_of, text_of
from wallnet.files.measurements import Units, read_levels, read_table, refuse, refuse_first
from wallnet.files.whole import LARGEST_JSON

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

COLUMNS: Units = {
    **dict.fromkeys(("device", "cycle", "pulse"), ("",)),
    **dict.fromkeys(("before", "after"), ("", "S")),
}
"""Columns of the file of pulses, all required. `pulse` is the number of the kind of pulse; 0 is no
pulse, so that both conductances differ by read noise only. A cycle begins with a reset."""

GAINS, RATIOS = np.geomspace(0.5, 2.0, 41), np.geomspace(0.8, 1.25, 9)
"""Gains, and ratios beside the nominal one, from which the fit of a device starts."""

LIKELY = (0.2, 0.1)
"""Relative spreads of both, by which a fit is preferred to one further from the nominal levels."""

WEIGHT = 0.01
"""Weight of this preference beside the mean square distance of readings from the nearest level, in
units of the distance between levels."""

MOST_READINGS = 300
"""Readings of a device from which its fit starts."""

CLOSE = 0.25
"""Spread of a level, as a share of the distance to the next, above which levels overlap."""


class Fit(NamedTuple):
    """The fit of the levels of one device to its readings.

    Attributes
    ----------
    ends : numpy.ndarray
        p and q in S.
    conductances : numpy.ndarray
        Those of all levels in S.
    solution : numpy.ndarray
        Matrix from relative means of the levels to the ends, shape (2, levels).
    residual : numpy.ndarray
        Matrix from relative means of the levels to their residuals, shape (levels, levels).
    means : numpy.ndarray
        Mean of the readings on each level, as a share of the fit before; 0 without readings.
    counts : numpy.ndarray
        Number of readings on each level.
    """

    ends: Floats
    conductances: Floats
    solution: Floats
    residual: Floats
    means: Floats
    counts: Integers

    def of(self, variances: Floats) -> Floats:
        """Return the relative covariance of the ends, given relative variances of one reading."""
        means = variances / np.maximum(self.counts, 1)
        return (self.solution * means) @ self.solution.T / np.outer(self.ends, self.ends)


class Readings(NamedTuple):
    """The readings of one device: the levels before and after pulses, and its fit.

    `written` has the level and the conductance in S of the first reading after each writing,
    `still` the level of pairs of readings without a pulse and their difference as a share. The fit
    is None if the readings are on one level only.
    """

    before: Integers
    after: Integers
    written: tuple[Integers, Floats]
    still: tuple[Integers, Floats]
    conductances: Floats
    fit: Fit | None


def imperfections_of(pulses: str | Path, levels: str | Path) -> tuple[str, list[str]]:
    """Return the table of imperfections that pulses show, and what they do not, in sentences.

    Parameters
    ----------
    pulses : str or Path
        CSV file with the columns of `COLUMNS`, conductances in S.
    levels : str or Path
        CSV file of the levels, with the column `conductance`.

    Raises
    ------
    wallnet.files.FileError
        If a file cannot be read, or a number in it is not possible.
    """
    nominal = np.sort(read_levels(levels)["conductance"].to_numpy())
    if nominal[0] == 0:
        fault = "has a level of 0 S, which has no relative spread; write what it measures"
        refuse(levels, fault, column="conductance")
    if (np.diff(nominal) == 0).any():
        refuse(levels, "has a level twice; leave one out", column="conductance")
    data = read_table(pulses, COLUMNS, list(COLUMNS), MOST_ROWS, LARGEST_JSON)
    numbers, read = data[["device", "cycle", "pulse"]], data[["before", "after"]]
    refuse_first(pulses, data, numbers % 1 != 0, "has {:g}, which is no whole number; write one")
    refuse_first(pulses, data, numbers < 0, "has {:g}, which is negative; count from 0")
    refuse_first(pulses, data, data[["device"]] == 0, "has {:g}; count devices from 1")
    fault = "has {:g} S, far from all levels; write conductances in siemens: 50 µS is 5.0e-5"
    far = (read < nominal[0] / 10) | (read > 10 * nominal[-1])
    refuse_first(pulses, data, far, fault)
    names = [f"level {index}" for index in range(len(nominal))]
    counts = Counter[Place]()
    devices, foreign, candidates = [], [], _candidates(nominal)
    for number, rows in data.sort_values("cycle", kind="stable").groupby("device"):
        kinds, cycles = (rows[name].to_numpy(int) for name in ("pulse", "cycle"))
        values = rows[["before", "after"]].to_numpy()
        likely = _likeliest(np.sort(values, axis=None), candidates)
        own = _readings(values, kinds, cycles, nominal, likely)
        for kind, start, end in zip(kinds, own.before, own.after, strict=True):
            if kind:
                counts[int(np.int64(number)), names[start], int(kind), names[end]] += 1
        devices.append(own)
        level = np.column_stack([own.before, own.after]).ravel()
        distance = (values.ravel() - own.conductances[level]) / _gaps(own.conductances)[level]
        squares, counted = _totals([(level, distance)], len(names))
        if np.sqrt((squares[counted > 0] / counted[counted > 0]).mean()) > CLOSE:
            foreign.append(f"{number:g}")
    entries, lacking = _spreads(devices, names, nominal)
    if foreign:
        lacking.append(
            f"Readings of device {', '.join(foreign)} fit {Path(levels).name} badly; give the "
            "levels of these devices."
        )
    entries |= {
        "is_level": {(name,): 1 for name in names},
        "state_conductance": {
            (MEASURED, name): float(value) for name, value in zip(names, nominal, strict=True)
        },
        "landing_count": dict(counts),
        "half_select": {(kind,): 0 for kind in sorted({place[2] for place in counts})},
    }
    if not counts:
        lacking.append("No row has a pulse other than 0, so that no pulse was counted.")
    lacking += [
        "Barriers, attempt frequencies and half-select pulses cannot be told from these pulses.",
        "Current density and duration of the pulses are not in the data; add rows of "
        "write_current_density and write_duration.",
    ]
    about = f"measured: {len(devices)} devices, {len(data)} rows of {Path(pulses).name}"
    return text_of(dataset_of(entries, dict.fromkeys(entries, about))), lacking


def _readings(
    values: Floats, kinds: Integers, cycles: Integers, nominal: Floats, own: Floats
) -> Readings:
    """Return the readings of a device in S, shape (rows, 2), sorted by cycle.

    The fit begins with the levels `own`.
    """
    share = (nominal - nominal[0]) / np.ptp(nominal)
    fit, level = None, _nearest(values, own)
    for _ in range(20):
        rewritten = np.ones(values.size, bool)
        rewritten[1:] = (np.diff(level.ravel()) != 0) | (np.diff(cycles.repeat(2)) != 0)
        written = level.ravel()[rewritten], values.ravel()[rewritten]
        better = _fit(*written, share, own)
        if better is None or (np.diff(better.conductances) <= 0).any():
            break
        fit, own = better, better.conductances
        level, before = _nearest(values, own), level
        if (level == before).all():
            break
    start, end = level.T
    same = (kinds == 0) & (start == end)
    still = start[same], np.diff(values)[same, 0] / own[start[same]]
    return Readings(start, end, written, still, own, fit)


def _nearest(values: Floats, conductances: Floats) -> Integers:
    """Return the index of the nearest of ascending conductances."""
    return np.searchsorted((conductances[1:] + conductances[:-1]) / 2, values).astype(np.int64)


def _gaps(conductances: Floats) -> Floats:
    """Return the distance from each of ascending conductances to the nearest other one."""
    steps = np.diff(conductances)
    return np.minimum(np.append(steps, steps[-1]), np.insert(steps, 0, steps[0]))


def _candidates(nominal: Floats) -> list[tuple[Floats, Floats, float]]:
    """Return the levels of all gains and ratios, their gaps, and how unlikely each is."""
    share = (nominal - nominal[0]) / np.ptp(nominal)
    candidates = []
    for gain, ratio in itertools.product(GAINS, RATIOS):
        own = gain * (nominal[0] + (ratio * nominal[-1] - nominal[0]) * share)
        if (np.diff(own) > 0).all():
            unlikely = ((np.log([gain, ratio]) / LIKELY) ** 2).sum()
            candidates.append((own, _gaps(own), WEIGHT * float(unlikely)))
    return candidates


def _likeliest(readings: Floats, candidates: Sequence[tuple[Floats, Floats, float]]) -> Floats:
    """Return the levels to which sorted readings are nearest."""
    chosen = readings[:: -(-len(readings) // MOST_READINGS)]
    costs = []
    for own, gaps, unlikely in candidates:
        level = _nearest(chosen, own)
        distance = (chosen - own[level]) / gaps[level]
        costs.append(np.minimum(distance * distance, 1.0).mean() + unlikely)
    return candidates[int(np.argmin(costs))][0]


def _fit(levels: Integers, readings: Floats, share: Floats, before: Floats) -> Fit | None:
    """Return the line through readings on levels, by least squares of relative differences."""
    counts = np.bincount(levels, minlength=len(share))
    if (counts > 0).sum() < 2:
        return None
    means = np.bincount(levels, readings / before[levels], len(share)) / np.maximum(counts, 1)
    line = np.column_stack([1 - share, share])
    weights = line / before[:, None]
    weighted = weights.T * counts
    solution = np.linalg.solve(weighted @ weights, weighted).astype(np.float64)
    ends = solution @ means
    residual = np.where(counts[:, None] > 0, np.eye(len(share)) - weights @ solution, 0.0)
    return Fit(ends, line @ ends, solution, residual, means, counts)


def _spreads(
    devices: Sequence[Readings], names: Sequence[str], nominal: Floats
) -> tuple[Entries, list[str]]:
    """Return the spreads of devices, and what cannot be told, one sentence each."""
    entries: Entries = {}
    lacking: list[str] = []
    still = _totals([device.still for device in devices], len(names))
    noise = _take(
        *("read_noise", still[0] / 2, still[1], names, entries, lacking),
        why="no row of pulse 0 begins and ends on this level",
    )
    squares, freedom = _totals([_deviations(device) for device in devices], len(names))
    freedom -= sum(np.bincount(np.unique(d.written[0]), minlength=len(names)) for d in devices)
    writing = squares if noise is None else squares - noise * freedom
    why = "no device was written to this level twice"
    if _take("cycle_spread", writing, freedom, names, entries, lacking, why=why) is None:
        return entries, lacking
    if noise is None:
        lacking.append("cycle_spread has the read noise in it; measure rows of pulse 0.")
    reading = _of_each(squares, freedom)
    close = np.flatnonzero(np.sqrt(reading) * nominal > CLOSE * _gaps(nominal)).tolist()
    if close:
        lacking.append(
            f"Readings of {_listed(names, close)} overlap with the next level, so that counts and "
            "spreads are uncertain; average readings, or leave out a level."
        )
    fits = [device.fit for device in devices if device.fit is not None]
    if len(fits) < 2:
        lacking.append(
            "gain_spread, ratio_spread and level_spread cannot be told: fewer than two devices "
            "have readings on two levels."
        )
        return entries, lacking
    expected = [fit.residual**2 @ (reading / np.maximum(fit.counts, 1)) for fit in fits]
    squared = [(fit.residual @ fit.means) ** 2 for fit in fits]
    shares = sum(float((fit.residual**2 * (fit.counts > 0)).sum()) for fit in fits)
    common = 0.0
    if shares > 1e-9:
        common = max(float(np.sum(squared) - np.sum(expected)) / shares, 0.0)
        entries["level_spread"] = dict.fromkeys(((name,) for name in names), common**0.5)
    else:
        lacking.append("level_spread cannot be told: no device has readings on three levels.")
    ends = np.array([fit.ends for fit in fits])
    errors = np.mean([fit.of(reading + common * fit.counts) for fit in fits], axis=0)
    for name, values, error in (
        ("gain_spread", ends[:, 0], errors[0, 0]),
        ("ratio_spread", ends[:, 1] / ends[:, 0], errors[0, 0] + errors[1, 1] - 2 * errors[0, 1]),
    ):
        variance = np.var(values, ddof=1) / values.mean() ** 2 - error
        entries[name] = {(): max(float(variance), 0.0) ** 0.5}
    return entries, lacking


def _deviations(device: Readings) -> tuple[Integers, Floats]:
    """Return the level of each writing of a device, and its relative deviation from the mean."""
    level, value = device.written
    count = np.bincount(level)
    mean = np.bincount(level, value) / np.maximum(count, 1)
    return level, value / mean[level] - 1


def _totals(pairs: Sequence[tuple[Integers, Floats]], size: int) -> tuple[Floats, Floats]:
    """Return the sum of the squares and the number of values on each level."""
    squares = sum(np.bincount(level, value**2, size) for level, value in pairs)
    numbers = sum(np.bincount(level, minlength=size) for level, _ in pairs)
    return np.asarray(squares, float), np.asarray(numbers, float)


def _of_each(squares: Floats, numbers: Floats) -> Floats:
    """Return the mean square of each level, at least 0; without values that of all."""
    mean = np.full(len(squares), squares.sum() / numbers.sum())
    return np.divide(squares, numbers, out=mean, where=numbers > 0).clip(min=0.0)


def _listed(names: Sequence[str], indices: Sequence[int]) -> str:
    return ", ".join(names[index] for index in indices)


def _take(
    name: str,
    squares: Floats,
    numbers: Floats,
    names: Sequence[str],
    entries: Entries,
    lacking: list[str],
    why: str,
) -> Floats | None:
    """Take the spread of each level from the sum of squares; return its square."""
    if not numbers.any():
        lacking.append(f"{name} cannot be told: {why.replace('this', 'any')}.")
        return None
    variance = _of_each(squares, numbers)
    if unknown := np.flatnonzero(numbers == 0).tolist():
        lacking.append(f"{name} of {_listed(names, unknown)} is that of the other levels: {why}.")
    entries[name] = {(n,): float(v) for n, v in zip(names, np.sqrt(variance), strict=True)}
    return variance
