"""Writing of states with pulses at a temperature, with and without verifying."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import xarray
from numpy.typing import NDArray

from wallnet.devices.write_energy import write_energy_of
from wallnet.files import WallState, settings_of
from wallnet.files.schema import SAMPLE
from wallnet.jobs import Run
from wallnet.jobs.report import WriteEnergyJob
from wallnet.questions.presentation import of_samples
from wallnet.report.tables import Format, Table, of_columns
from wallnet.studies.thermal.statistics import IRRECOVERABLE

Floats = NDArray[np.float64]


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


class Pulses(NamedTuple):
    """What pulses do with a device in one model, all samples together.

    Attributes
    ----------
    counts : numpy.ndarray
        Number of runs, shape (pulses, states, outcomes). The last outcome is that of walls whose
        state is not known.
    columns : numpy.ndarray
        Outcome that is each state; -1 if no run reached it.
    energy : numpy.ndarray
        Energy of each pulse in J.
    """

    counts: Floats
    columns: NDArray[np.intp]
    energy: Floats

    def matrix(self, probability: Floats) -> Floats:
        """Return the probabilities of states, given those of outcomes."""
        return np.where(self.columns >= 0, probability[..., self.columns], 0.0)

    def drawn(self, generator: np.random.Generator, prior: float) -> Floats:
        """Return matrices drawn from the counts, with a prior of so many runs for each pulse."""
        shape = self.counts + prior / self.counts.shape[-1]
        simulated = self.counts.any(axis=-1, keepdims=True)
        gamma = generator.gamma(shape, size=(DRAWS, *shape.shape)) * simulated
        return self.matrix(gamma / np.where(simulated, gamma.sum(axis=-1, keepdims=True), 1.0))


def _targets(data: xarray.Dataset) -> list[str]:
    """Return the states that are written: those from which pulses start.

    If all pulses start from one state, they are the notches to which one of them leads, at 0 K or
    in a run.
    """
    starts = list(map(str, data["start_state"].values))
    if starts[1:]:
        return starts
    counts = of_samples(data)["outcome_count"]
    seen = counts.any([axis for axis in counts.dims if axis != "outcome"]).values
    names = dict.fromkeys([*data["cold_state"].values.flat, *data["outcome"].values[seen]])
    return [str(name) for name in names if (state := WallState(name)).ends and not state.half]


def schemes(data: xarray.Dataset) -> list[Scheme]:
    """Return the schemes of writing of each model: one pulse, and pulses with verifying.

    Samples count as if they were alike; a wall whose state is not known counts as not written. For
    an interval, matrices are drawn from the counts and written with the same pulses. Its lower end
    has a prior of one run in all for each pulse (Perks), its upper end none, so that it is 1
    without failures.
    """
    starts, outcomes = (list(map(str, data[axis].values)) for axis in ("start_state", "outcome"))
    targets, attempts = _targets(data), settings_of(data)["attempts"] if starts[1:] else 1
    states = list(dict.fromkeys([*starts, *targets]))
    pairs = np.array([[a in starts and b in targets and a != b for b in states] for a in states])
    columns = np.array([outcomes.index(name) if name in outcomes else -1 for name in states])
    last = [index for index, state in enumerate(outcomes) if WallState(state) in IRRECOVERABLE]
    density = data["current_density"].values
    job, run = WriteEnergyJob.of_dataset(data.attrs), Run.from_json(data.attrs["simulation"])
    step = run.steps[-1]
    energy = write_energy_of(job, density, step.duration, step.waveform)["write_energy"]
    axes, rows = ("current_density", "start_state"), list[Scheme]()
    for model in map(str, data["model"].values):
        place = of_samples(data).sel(model=model).sum(SAMPLE)
        counts = np.zeros((density.size, len(states), len(outcomes) + 1))
        of_starts = counts[:, : len(starts)]
        of_starts[..., :-1] = place["outcome_certain"].transpose(*axes, "outcome").values
        total = place["simulated_replicas"].transpose(*axes).values
        of_starts[..., -1] = total - of_starts.sum(axis=-1)
        pulses = Pulses(counts, columns, energy)
        lost = counts[..., last].sum(axis=-1) / np.maximum(counts.sum(axis=-1), 1)
        rows += [
            _scheme(pulses, lost, pairs, number, model, len(starts), step.duration + step.pause)
            for number in dict.fromkeys((1, attempts))
        ]
    return rows


def _scheme(
    pulses: Pulses,
    lost: Floats,
    pairs: NDArray[np.bool_],
    attempts: int,
    model: str,
    starts: int,
    time: float,
) -> Scheme:
    """Return the scheme of at most so many pulses, each of a time in s."""
    matrix = pulses.matrix(pulses.counts / np.maximum(pulses.counts.sum(-1, keepdims=True), 1))
    choices = best_pulses(matrix, pulses.energy, attempts)
    writing = follow(choices, matrix, pulses.energy, lost)
    generator = np.random.default_rng(0)
    ends = [
        np.quantile(
            [
                _mean(follow(choices, one, pulses.energy, lost).success[pairs])
                for one in pulses.drawn(generator, prior)
            ],
            level,
        )
        for prior, level in ((1.0, 0.025), (0.0, 0.975))
    ]
    reached, right = pairs & (writing.success > 0), _mean(writing.success[pairs])
    number = _mean(writing.pulses[reached])
    return Scheme(
        model=model,
        starts=starts,
        attempts=attempts,
        runs=int(pulses.counts.sum()),
        written=int(reached.sum()),
        pairs=int(pairs.sum()),
        right=right,
        low=float(ends[0]),
        high=float(ends[1]),
        least=float(writing.success[reached].min(initial=1.0)),
        lost=_mean(writing.lost[pairs]),
        pulses=number,
        energy=_mean(writing.energy[reached]),
        time=number * time,
    )


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
