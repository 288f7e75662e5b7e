"""What replicas and samples say of states: probabilities, conductances, writing with verifying."""

import json
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import xarray
from numpy.typing import NDArray

from wallnet.devices.write_energy import write_energy_of
from wallnet.files import WallState
from wallnet.files.schema import SAMPLE
from wallnet.files.schema.states import FREE, MOVING, SEVERAL, WITHOUT_WALL
from wallnet.jobs import Run
from wallnet.jobs.report import WriteEnergyJob
from wallnet.questions.presentation import of_samples
from wallnet.report.tables import Format, Table, of_columns
from wallnet.studies.proportions import beta_binomial

Floats = NDArray[np.float64]

IRRECOVERABLE = (*WITHOUT_WALL, SEVERAL)
"""States from which no pulse of the same track leads back: no wall, or more than one."""

SURE = 0.99
"""Probability above which a sample is said to do something surely."""


def between_samples(data: xarray.Dataset, name: str) -> list[Table]:
    """Return the table of the probability that samples end as the perfect device does at 0 K."""
    if SAMPLE not in data.dims:
        return []
    rows: list[dict[str, Any]] = []
    intended = data["cold_state"].isel({SAMPLE: 0})
    axes = ("model", "start_state", "current_density")
    for place in data["heated_beyond_model"].isel({SAMPLE: 0}).stack(place=axes)["place"].values:
        where = dict(zip(axes, place, strict=True))
        state = str(intended.sel({axis: where[axis] for axis in axes[1:]}).item())
        point = of_samples(data).sel(where)
        trials = point["simulated_replicas"].values
        law = beta_binomial(point["outcome_certain"].sel(outcome=state).values, trials)
        rows.append(
            {
                "model": where["model"],
                "from": where["start_state"],
                "J (1e12 A/m²)": where["current_density"] / 1e12,
                "state at 0 K": state,
                "samples": int((trials > 0).sum()),
                "runs": int(trials.sum()),
                "probability": law.mean,
                "at least": law.low,
                "at most": law.high,
                "from sample to sample": law.between,
                "correlation": law.correlation,
                f"share with P > {SURE:g} (beta law)": law.share_above(SURE),
            }
        )
    forms: dict[str, Format] = {"J (1e12 A/m²)": "+.4f", "samples": ".0f", "runs": ".0f"}
    columns = {
        title: ([row[title] for row in rows], forms.get(title, "" if number < 4 else ".3f"))
        for number, title in enumerate(rows[0])
    }
    return [of_columns(f"{name}: samples that end as the perfect device at 0 K", columns)]


def conductances(data: xarray.Dataset, name: str) -> list[Table]:
    """Return the table of the conductances of states at the end of the pause.

    Spreads are standard deviations: from run to run on one sample, and of the means of samples.
    The overlap with the next state is the mean probability that a reading, with both spreads and
    the read noise as normal distributions, is on the other side of the middle of both means.
    """
    samples, noise = of_samples(data), _settings(data)["read_noise"]
    wide = samples["replica_conductance"].isel(moment=-1)
    rows: list[dict[str, Any]] = []
    for reading in wide["reading"].values:
        values = wide.sel(reading=reading).transpose(*samples["replica_state"].dims)
        for state in map(str, samples["outcome"].values):
            if state in (FREE, MOVING, *IRRECOVERABLE):
                continue
            own = values.where(samples["replica_state"] == state).values
            own = own.reshape(own.shape[0], -1)
            own = own[np.isfinite(own).any(axis=1)]
            if not own.size:
                continue
            means, counts = np.nanmean(own, axis=1), np.isfinite(own).sum(axis=1)
            freedom = int((counts - 1).sum())
            within = np.nansum((own - means[:, np.newaxis]) ** 2)
            rows.append(
                {
                    "reading": str(reading),
                    "state": state,
                    "runs": int(counts.sum()),
                    "G": float(means.mean()),
                    "run": math.sqrt(within / freedom) if freedom else math.nan,
                    "sample": float(means.std(ddof=1)) if len(means) > 1 else math.nan,
                }
            )
    rows.sort(key=lambda row: (row["reading"], row["G"]))
    spreads = [math.hypot(*np.nan_to_num([r["run"], r["sample"], noise * r["G"]])) for r in rows]
    overlaps = [
        _overlap(row["G"], after["G"], spread, further)
        if row["reading"] == after["reading"]
        else math.nan
        for row, after, spread, further in zip(rows, rows[1:], spreads, spreads[1:], strict=False)
    ]
    shown: dict[str, tuple[Any, Format]] = {
        "reading": ([row["reading"] for row in rows], ""),
        "state": ([row["state"] for row in rows], ""),
        "runs": ([row["runs"] for row in rows], ".0f"),
        "G (µS)": ([row["G"] / 1e-6 for row in rows], ".3f"),
        "from run to run (µS)": ([row["run"] / 1e-6 for row in rows], ".3f"),
        "from sample to sample (µS)": ([row["sample"] / 1e-6 for row in rows], ".3f"),
        f"overlap with the next, read noise {100 * noise:g} %": ([*overlaps, math.nan], ".1e"),
    }
    return [of_columns(f"{name}: conductances of states", shown)] if rows else []


def _overlap(low: float, high: float, spread: float, further: float) -> float:
    """Return the mean probability that readings of two states are taken for each other."""
    from scipy.stats import norm

    half = (high - low) / 2
    tails = [norm.sf(half / width) if width else 0.0 for width in (spread, further)]
    return float(np.mean(tails))


class Writing(NamedTuple):
    """Writes that read the state after each pulse, and stop when it is the wanted one.

    All have the shape (states, wanted states).

    Attributes
    ----------
    success : numpy.ndarray
        Probability that the state is written.
    pulses : numpy.ndarray
        Mean number of pulses.
    energy : numpy.ndarray
        Mean energy in J.
    lost : numpy.ndarray
        Probability that the wall is lost on the way.
    """

    success: Floats
    pulses: Floats
    energy: Floats
    lost: Floats


def write_and_verify(matrix: Floats, energy: Floats, lost: Floats, attempts: int) -> Writing:
    """Return the best writes of at most so many pulses: those of `best_pulses`.

    Parameters
    ----------
    matrix : numpy.ndarray
        Probability of the next state, shape (pulses, states, states). A row adds up to less than 1
        where a pulse can lead elsewhere, from where nothing is written.
    energy : numpy.ndarray
        Energy of each pulse in J, shape (pulses,).
    lost : numpy.ndarray
        Probability that the wall is lost, shape (pulses, states).
    attempts : int
        Largest number of pulses.

    Examples
    --------
    >>> either = np.array([[[0.5, 0.5], [0.0, 1.0]]])
    >>> write_and_verify(either, np.ones(1), np.zeros((1, 2)), 2).success[0, 1]
    0.75
    """
    return follow(best_pulses(matrix, energy, attempts), matrix, energy, lost)


def best_pulses(matrix: Floats, energy: Floats, attempts: int) -> list[NDArray[np.intp]]:
    """Return which pulse is applied in each state, given the wanted one; -1 where none helps.

    It is the pulse with which the wanted state is reached most probably in the attempts that are
    left, the one with the least energy among equals (dynamic programming: Bellman, 1957). The list
    begins with the last attempt; each entry has the shape (states, wanted states).
    """
    writing = _unwritten(matrix)
    choices: list[NDArray[np.intp]] = []
    for _ in range(attempts):
        chances = matrix @ writing.success
        costs = energy[:, np.newaxis, np.newaxis] + matrix @ writing.energy
        # rounding aside, equals are equal
        best = np.lexsort((costs, -np.round(chances, 12)), axis=0)[:1]
        helps = np.take_along_axis(chances, best, 0)[0] > 0
        # the wanted state needs none
        choices.append(np.where(helps & ~np.eye(len(helps), dtype=bool), best[0], -1))
        writing = _after(choices[-1], writing, matrix, energy, np.zeros(matrix.shape[:2]))
    return choices


def follow(
    choices: Iterable[NDArray[np.intp]], matrix: Floats, energy: Floats, lost: Floats
) -> Writing:
    """Return the writes of a device whose pulses are chosen; see `best_pulses`."""
    writing = _unwritten(matrix)
    for pulse in choices:
        writing = _after(pulse, writing, matrix, energy, lost)
    return writing


def _unwritten(matrix: Floats) -> Writing:
    """Return the writes without any pulse."""
    number = matrix.shape[1]
    return Writing(np.eye(number), *np.zeros((3, number, number)))


def _after(
    pulse: NDArray[np.intp], writing: Writing, matrix: Floats, energy: Floats, lost: Floats
) -> Writing:
    """Return the writes with one more pulse before all others."""
    applied, place = pulse >= 0, np.maximum(pulse, 0)[np.newaxis]
    spent = energy[:, np.newaxis, np.newaxis] + matrix @ writing.energy
    gone = lost[..., np.newaxis] + matrix @ writing.lost
    values = (matrix @ writing.success, 1 + matrix @ writing.pulses, spent, gone)
    chosen = (np.take_along_axis(one, place, 0)[0] for one in values)
    return Writing(
        *(
            np.where(applied, one, stays)
            for one, stays in zip(chosen, _unwritten(matrix), strict=True)
        )
    )


class Scheme(NamedTuple):
    """How states are written in one model of the temperature, as mean over all pairs of states.

    Attributes
    ----------
    model : str
        Name of the model.
    starts : int
        Number of states from which pulses start; with one, each state is written from it.
    attempts : int
        Largest number of pulses, after each of which the state is read.
    runs : int
        Number of runs of all pulses.
    written, pairs : int
        Number of pairs of states that can be written, and of all.
    right, low, high : float
        Probability that the right state is written, with its interval of 95 %.
    least : float
        Least such probability of the pairs that can be written.
    lost : float
        Probability that the wall is lost.
    pulses, energy, time : float
        Mean number of pulses, energy in J and time in s of a write, reading left out.
    """

    model: str
    starts: int
    attempts: int
    runs: int
    written: int
    pairs: int
    right: float
    low: float
    high: float
    least: float
    lost: float
    pulses: float
    energy: float
    time: float

    def words(self, start: str) -> str:
        """Return the scheme as text, given the first state from which pulses start."""
        place = f" from {start}" if self.starts == 1 else ""
        if self.attempts == 1:
            return f"one pulse{place}"
        return f"up to {self.attempts} pulses, each read{place}"


DRAWS = 200
"""Number of matrices that are drawn for an interval."""


def schemes(data: xarray.Dataset) -> list[Scheme]:
    """Return the schemes of writing of each model: one pulse, and pulses with verifying.

    Samples count as if they were alike. If all pulses start from one state, each notch to which one
    of them leads, at 0 K or in a run, is written from there. For an interval, matrices are drawn
    from the counts, with a prior of one run in all for each pulse (Perks), and written with the
    same pulses. A wall whose state is not known counts as not written.
    """
    samples, settings = of_samples(data), _settings(data)
    starts, outcomes = (list(map(str, data[axis].values)) for axis in ("start_state", "outcome"))
    density = data["current_density"].values
    job, run = WriteEnergyJob.of_dataset(data.attrs), Run.from_json(data.attrs["simulation"])
    step = run.steps[-1]
    cost = write_energy_of(job, density, step.duration, step.waveform)["write_energy"]
    targets = starts
    if not starts[1:]:
        counted = (
            samples["outcome_count"].transpose("outcome", ...).values.reshape(len(outcomes), -1)
        )
        seen = np.array(outcomes)[counted.any(axis=1)]
        notches = map(WallState, dict.fromkeys([*data["cold_state"].values.flat, *seen]))
        targets = [str(state) for state in notches if state.ends and not state.half]
    states = list(dict.fromkeys([*starts, *targets]))
    pairs = np.array([[a in starts and b in targets and a != b for b in states] for a in states])
    last = [index for index, state in enumerate(outcomes) if WallState(state) in IRRECOVERABLE]
    # a state that no run reached has probability 0
    columns = [outcomes.index(state) if state in outcomes else -1 for state in states]
    reachable = np.array(columns) >= 0
    generator, axes = np.random.default_rng(0), ("current_density", "start_state")
    rows: list[Scheme] = []
    for model in map(str, data["model"].values):
        place = samples.sel(model=model).sum(SAMPLE)
        total = place["simulated_replicas"].transpose(*axes).values
        # (pulses, states, outcomes); the last outcome is that of walls whose state is not known
        counts = np.zeros((density.size, len(states), len(outcomes) + 1))
        counts[:, : len(starts), :-1] = place["outcome_certain"].transpose(*axes, "outcome").values
        counts[:, : len(starts), -1] = total - counts[:, : len(starts), :-1].sum(axis=-1)
        chance = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)
        gamma = generator.gamma(counts + 1 / counts.shape[-1], size=(DRAWS, *counts.shape))
        drawn = gamma / gamma.sum(axis=-1, keepdims=True)
        drawn[:, :, len(starts) :] = 0.0
        for attempts in dict.fromkeys((1, settings["attempts"] if starts[1:] else 1)):
            matrix, lost = chance[..., columns] * reachable, chance[..., last].sum(axis=-1)
            choices = best_pulses(matrix, cost, attempts)
            writing = follow(choices, matrix, cost, lost)
            shares = [
                _mean(follow(choices, one[..., columns] * reachable, cost, lost).success[pairs])
                for one in drawn
            ]
            low, high = np.quantile(shares, [0.025, 0.975])
            right = _mean(writing.success[pairs])
            reached = pairs & (writing.success > 0)
            number = _mean(writing.pulses[reached])
            rows.append(
                Scheme(
                    model=model,
                    starts=len(starts),
                    attempts=attempts,
                    runs=int(total.sum()),
                    written=int(reached.sum()),
                    pairs=int(pairs.sum()),
                    right=right,
                    # without a failure the interval ends at 1, as that of Clopper and Pearson
                    low=float(min(low, right)),
                    high=float(max(high, right)),
                    least=float(writing.success[reached].min(initial=1.0)),
                    lost=_mean(writing.lost[pairs]),
                    pulses=number,
                    energy=_mean(writing.energy[reached]),
                    time=number * (step.duration + step.pause),
                )
            )
    return rows


def _mean(values: Floats) -> float:
    """Return a mean, NaN of nothing."""
    return float(values.mean()) if values.size else math.nan


def verified_writes(data: xarray.Dataset, name: str) -> list[Table]:
    """Return the table of the schemes of writing."""
    rows = schemes(data)
    if not rows or not rows[0].pairs:
        return []
    what = "from another, read after each pulse" if rows[0].starts > 1 else "with one pulse"
    shown: dict[str, tuple[Any, Format]] = {
        "model": ([row.model for row in rows], ""),
        "attempts": ([row.attempts for row in rows], ".0f"),
        "runs": ([row.runs for row in rows], ".0f"),
        "pairs that can be written": ([f"{row.written} of {row.pairs}" for row in rows], ""),
        "right state": ([row.right for row in rows], ".3f"),
        "at least": ([row.low for row in rows], ".3f"),
        "at most": ([row.high for row in rows], ".3f"),
        "least, of those written": ([row.least for row in rows], ".3f"),
        "wall lost": ([row.lost for row in rows], ".3f"),
        "pulses": ([row.pulses for row in rows], ".2f"),
        "energy (pJ)": ([row.energy / 1e-12 for row in rows], ".2f"),
        "time (ns)": ([row.time / 1e-9 for row in rows], ".1f"),
    }
    return [of_columns(f"{name}: writing of one state {what}", shown)]


def compared(data: xarray.Dataset) -> list[dict[str, str]]:
    """Return a row for each model in the table of devices: its scheme with most right states.

    Of equals it is the one with fewer pulses.
    """
    best: dict[str, Scheme] = {}
    for scheme in schemes(data):
        if not (scheme.model in best and best[scheme.model].right >= scheme.right):
            best[scheme.model] = scheme
    number = data.sizes.get(SAMPLE, 1) - 1
    return [
        {
            "temperature": scheme.model,
            "samples": str(number) if number else "perfect",
            "written by": scheme.words(str(data["start_state"].values[0])),
            "pairs written": f"{scheme.written} of {scheme.pairs}",
            "right state (95 %)": f"{scheme.right:.3f} ({scheme.low:.3f} to {scheme.high:.3f})",
            "runs": str(scheme.runs),
            "wall lost": f"{scheme.lost:.3f}",
            "energy (pJ)": f"{scheme.energy / 1e-12:.2f}",
            "time (ns)": f"{scheme.time / 1e-9:.1f}",
        }
        for scheme in best.values()
        if scheme.pairs
    ]


def _settings(data: xarray.Dataset) -> dict[str, Any]:
    """Return the settings of the study that made a dataset."""
    settings: dict[str, Any] = json.loads(data.attrs["parameters"])["settings"]
    return settings
