"""What replicas and samples say of states: probabilities and conductances."""

import math
from typing import Any

import numpy as np
import xarray

from wallnet.files import settings_of
from wallnet.files.schema import SAMPLE
from wallnet.files.schema.states import FREE, MOVING, SEVERAL, WITHOUT_WALL
from wallnet.questions.presentation import of_samples
from wallnet.report.tables import Format, Table, of_columns
from wallnet.studies.proportions import beta_binomial

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
    samples, noise = of_samples(data), settings_of(data)["read_noise"]
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
