"""All barriers of a device: which states are retained, and for how long.

A state is left over its lowest barrier E. By Arrhenius' law its mean lifetime is exp(E/(k_B T))/f
with an attempt frequency f, which is uncertain by some orders of magnitude.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import files, revisions
from wallnet.devices.traces import foreign, on_track
from wallnet.experiment import level_states, neighbours
from wallnet.files import WallState
from wallnet.files.schema.states import REVERSED
from wallnet.jobs import BarriersJob

if TYPE_CHECKING:
    import xarray

BOLTZMANN = 1.380649e-23
"""k_B in J/K (exact in the SI)."""

LONGEST = 1e300
"""Lifetime in s above which it is stated as this; an exponential would overflow."""


def lifetime(barrier: float, temperature: float, frequency: float) -> float:
    """Return the mean lifetime in s of a state by Arrhenius' law.

    Parameters
    ----------
    barrier : float
        Lowest barrier in J.
    temperature : float
        In K.
    frequency : float
        Attempt frequency in 1/s.
    """
    exponent = barrier / (BOLTZMANN * temperature) - math.log(frequency)
    if math.isnan(exponent):
        return math.nan
    return math.exp(exponent) if exponent < math.log(LONGEST) else LONGEST


def gather_barriers(
    job: BarriersJob,
    minima: Mapping[WallState, str | Path],
    pairs: Sequence[str | Path],
    out: str | Path,
) -> None:
    """Gather the barriers of one device into one file.

    Parameters
    ----------
    job : BarriersJob
        Track, temperature, barrier of a retained state, attempt frequencies.
    minima : mapping
        From a state to the file of its minimum.
    pairs : sequence of str or Path
        Files of the pairs, in the order of `wallnet.experiment.neighbours`.
    out : str or Path
        File to write, kind 'barriers'.

    Raises
    ------
    wallnet.files.FileError
        If a file is missing, damaged or of another device.
    """
    paths = [
        _read(path, "barrier", job, {"first": first, "second": second})
        for path, (first, second) in zip(pairs, neighbours(job.track), strict=True)
    ]
    states = list(level_states(job.track))
    found = [_read(minima[state], "minimum", job, {"state": state}) for state in states]
    exits = {state: _exits(state, paths) for state in states}
    lowest = {
        state: min(each, key=_unknown_last, default=(math.nan, "")) for state, each in exits.items()
    }
    known = {state: all(math.isfinite(b) for b, _ in each) for state, each in exits.items()}
    threshold = job.kept * BOLTZMANN * job.temperature
    low, high = job.attempt_frequencies
    most = max((data.sizes["image"] for data in paths), default=0)
    values: dict[str, Any] = {
        "state_name": states,
        "state_energy": [_energy(data) for data in found],
        "state_wall_bottom": [data["minimum_wall_bottom"].item() for data in found],
        "state_wall_top": [data["minimum_wall_top"].item() for data in found],
        "state_barrier": [lowest[state][0] for state in states],
        "state_exit": [lowest[state][1] for state in states],
        "state_lifetime": [
            [lifetime(lowest[state][0], job.temperature, f) for f in (high, low)]
            for state in states
        ],
        "state_kept": [_kept(lowest[state][0], known[state], threshold) for state in states],
        "pair_first": [first for first, _ in neighbours(job.track)],
        "pair_second": [second for _, second in neighbours(job.track)],
        "pair_forward": [data["barrier_forward"].item() for data in paths],
        "pair_backward": [data["barrier_backward"].item() for data in paths],
        "pair_converged": [data["barrier_converged"].item() for data in paths],
        "pair_route": [data.attrs["route"] or data.attrs["reason"] for data in paths],
        "pair_images": [data.sizes["image"] for data in paths],
    }
    for name in ("energy", "wall_bottom", "wall_top"):
        values[f"pair_{name}"] = np.stack(
            [
                np.pad(
                    data[f"path_{name}"].values,
                    (0, most - data.sizes["image"]),
                    constant_values=np.nan,
                )
                for data in paths
            ]
        )
    files.write_dataset(
        files.dataset("barriers", values),
        out,
        "barriers",
        {
            "device": Path(out).stem,
            "parameters": job.to_json(),
            "revision": revisions.of("devices"),
            "backend": "film",
        },
    )


def _read(
    path: str | Path, kind: str, job: BarriersJob, wanted: Mapping[str, str]
) -> "xarray.Dataset":
    """Read a file of a kind and check that it is of this device and these states."""
    data = files.read_dataset(path, kind)
    parameters = json.loads(data.attrs.get("parameters", "{}"))
    if not on_track(data.attrs.get("parameters"), job):
        raise foreign(path, "was made for another track")
    for key, state in wanted.items():
        if parameters.get(key) != state:
            raise foreign(path, f"is of '{parameters.get(key)}', not of '{state}'")
    return data


def _exits(state: WallState, paths: Sequence["xarray.Dataset"]) -> list[tuple[float, str]]:
    """Return the barriers in J from a state to its neighbours that are minima, with their names."""
    found = []
    for data in paths:
        parameters = json.loads(data.attrs["parameters"])
        first, second = parameters["first"], parameters["second"]
        if state not in (first, second) or not data.sizes["image"]:
            continue
        converged = data["barrier_converged"].item() == 1
        name, other = ("forward", second) if state == first else ("backward", first)
        found.append((float(data[f"barrier_{name}"].item()) if converged else math.nan, other))
    return found


def _unknown_last(exit_: tuple[float, str]) -> float:
    return exit_[0] if math.isfinite(exit_[0]) else math.inf


def _energy(data: "xarray.Dataset") -> float:
    held = data["minimum_converged"].item() == 1 and data.attrs["stayed"] == 1
    return float(data["minimum_energy"].item()) if held else math.nan


def _kept(barrier: float, known: bool, threshold: float) -> int:
    """Return 1 if a state is retained, 0 if it is not, -1 if an unknown barrier could decide."""
    if barrier < threshold:
        return 0
    return 1 if known and math.isfinite(barrier) else -1


def kept_states(path: str | Path) -> dict[str, bool]:
    """Return which states of a device are retained, the reversed track included if it can be.

    Parameters
    ----------
    path : str or Path
        File of kind 'barriers'.

    Raises
    ------
    wallnet.files.FileError
        If it is missing or damaged.
    """
    data = files.read_dataset(path, "barriers")
    states = zip(data["state_name"].values, data["state_kept"].values, strict=True)
    found = {str(state): bool(kept == 1) for state, kept in states}
    if data["pair_second"].values[-1] != REVERSED:
        return found
    settings = json.loads(data.attrs["parameters"])
    threshold = settings["kept"] * BOLTZMANN * settings["temperature"]
    # a wall would have to come in again
    nucleation = float(data["pair_backward"].values[-1])
    return found | {REVERSED: bool(data["pair_converged"].values[-1]) and nucleation >= threshold}
