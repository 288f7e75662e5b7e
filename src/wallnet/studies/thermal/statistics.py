"""What replicas and samples say of states: probabilities, conductances, writing with verifying."""

import json
import math
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
from wallnet.report.tables import Format, Table, of_columns
from wallnet.studies.proportions import beta_binomial

Floats = NDArray[np.float64]

IRRECOVERABLE = (*WITHOUT_WALL, SEVERAL)
"""States from which no pulse of the same track leads back: no wall, or more than one."""

SURE = 0.99
"""Probability above which a sample is said to do something surely."""


def of_samples(data: xarray.Dataset) -> xarray.Dataset:
    """Return the samples of a dataset; without any, the perfect device as the only one."""
    if SAMPLE not in data.dims:
        return data.expand_dims(SAMPLE)
    return data.isel({SAMPLE: slice(1, None)}) if data.sizes[SAMPLE] > 1 else data


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
    """Return the best writes of at most so many pulses.

    In each state the pulse is chosen with which the wanted state is reached most probably in the
    attempts that are left, the one with the least energy among equals (dynamic programming:
    Bellman, 1957). Where no pulse helps, none is applied.

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
    number = matrix.shape[1]
    done = np.eye(number, dtype=bool)
    success, (pulses, spent, gone) = done.astype(float), np.zeros((3, number, number))
    for _ in range(attempts):
        chances = matrix @ success
        costs = energy[:, np.newaxis, np.newaxis] + matrix @ spent
        # rounding aside, equals are equal
        best = np.lexsort((costs, -np.round(chances, 12)), axis=0)[:1]
        helps = ~done & (np.take_along_axis(chances, best, 0)[0] > 0)
        success, pulses, spent, gone = (
            np.where(helps, np.take_along_axis(values, best, 0)[0], stays)
            for values, stays in (
                (chances, done),
                (1 + matrix @ pulses, 0.0),
                (costs, 0.0),
                (lost[..., np.newaxis] + matrix @ gone, 0.0),
            )
        )
    return Writing(success, pulses, spent, gone)


def verified_writes(data: xarray.Dataset, name: str) -> list[Table]:
    """Return the table of writes that verify, between the states from which pulses start."""
    samples, settings = of_samples(data), _settings(data)
    starts, outcomes = (list(map(str, data[axis].values)) for axis in ("start_state", "outcome"))
    if len(starts) < 2 or not {*starts} <= {*outcomes}:
        return []
    job, step = (
        WriteEnergyJob.of_dataset(data.attrs),
        Run.from_json(data.attrs["simulation"]).steps[-1],
    )
    density = data["current_density"].values
    cost = write_energy_of(job, density, step.duration, step.waveform)["write_energy"]
    last = [index for index, state in enumerate(outcomes) if WallState(state) in IRRECOVERABLE]
    here, pairs = [outcomes.index(state) for state in starts], ~np.eye(len(starts), dtype=bool)
    rows: list[dict[str, Any]] = []
    for model in map(str, data["model"].values):
        # (pulses, states, outcomes)
        place = samples.sel(model=model).sum(SAMPLE)
        axes = ("current_density", "start_state")
        counts = place["outcome_certain"].transpose(*axes, "outcome").values
        total = place["simulated_replicas"].transpose(*axes).values
        chance = counts / np.maximum(total, 1)[..., np.newaxis]
        for attempts in dict.fromkeys((1, settings["attempts"])):
            lost = chance[..., last].sum(axis=-1)
            writing = write_and_verify(chance[..., here], cost, lost, attempts)
            reached = pairs & (writing.success > 0)
            rows.append(
                {
                    "model": model,
                    "attempts": attempts,
                    "runs": int(total.sum()),
                    "pairs that can be written": f"{reached.sum()} of {pairs.sum()}",
                    "right state": writing.success[pairs].mean(),
                    "least, of those written": writing.success[reached].min(initial=1.0),
                    "wall lost": writing.lost[pairs].mean(),
                    "pulses": writing.pulses[reached].mean() if reached.any() else math.nan,
                    "energy (pJ)": writing.energy[reached].mean() / 1e-12
                    if reached.any()
                    else math.nan,
                }
            )
            rows[-1]["time (ns)"] = rows[-1]["pulses"] * (step.duration + step.pause) / 1e-9
    forms: dict[str, Format] = {"attempts": ".0f", "runs": ".0f", "pulses": ".2f"}
    forms |= {"energy (pJ)": ".2f", "time (ns)": ".1f"}
    forms |= dict.fromkeys(("right state", "least, of those written", "wall lost"), ".3f")
    columns = {title: ([row[title] for row in rows], forms.get(title, "")) for title in rows[0]}
    return [
        of_columns(f"{name}: writing of one state from another, read after each pulse", columns)
    ]


def _settings(data: xarray.Dataset) -> dict[str, Any]:
    """Return the settings of the study that made a dataset."""
    settings: dict[str, Any] = json.loads(data.attrs["parameters"])["settings"]
    return settings
