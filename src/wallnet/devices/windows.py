"""Operating windows: the amplitudes and durations of pulses that switch stepwise."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files, plan, revisions
from wallnet.devices.gathering import simulated_by
from wallnet.devices.traces import foreign
from wallnet.files.schema.windows import WORKS
from wallnet.jobs import WindowJob, canonical


def widest_stretch(works: Sequence[bool]) -> tuple[int, int] | None:
    """Return the first and the last index of the longest run of true values, the first of equals.

    Examples
    --------
    >>> widest_stretch([True, False, True, True])
    (2, 3)
    """
    runs, begin = [], 0
    for value, group in itertools.groupby(works):
        length = len(list(group))
        if value:
            runs.append((begin, begin + length - 1))
        begin += length
    return max(runs, key=lambda run: run[1] - run[0], default=None)


def edges(
    works: Sequence[bool], current_density: Sequence[float]
) -> tuple[float, float, float, float]:
    """Return the edges of the widest stretch of current densities that work.

    Parameters
    ----------
    works : sequence of bool
        Whether the wall switches stepwise at each current density.
    current_density : sequence of float
        Current densities in A/m², ascending.

    Returns
    -------
    tuple of float
        The least and the greatest that works, and the next below and above, which fail; NaN where
        there is none.
    """
    stretch = widest_stretch(works)
    if stretch is None:
        return (np.nan,) * 4
    first, last = stretch
    below = current_density[first - 1] if first else np.nan
    above = current_density[last + 1] if last + 1 < len(current_density) else np.nan
    return current_density[first], current_density[last], below, above


def window(job: WindowJob, staircases: str | Path, out: str | Path) -> None:
    """Gather the pulse trains of an operating window.

    Parameters
    ----------
    job : WindowJob
        Variants, current densities and durations.
    staircases : str or Path
        Folder of their simulations.
    out : str or Path
        File to write, kind 'window'.

    Raises
    ------
    wallnet.files.FileError
        If a simulation is missing, damaged or of other pulses.
    """
    shape = (len(job.variants), len(job.durations), len(job.current_densities))
    found: dict[str, NDArray[Any]] = {
        "outcome": np.empty(shape, dtype=object),
        "step": np.zeros(shape, dtype=int),
        "state": np.empty(shape, dtype=object),
    }
    simulation: dict[str, str] = {}
    conditions: dict[str, Any] = {}
    made_by: dict[str, set[str]] = {}
    for place in np.ndindex(shape):
        variant = job.variants[place[0]]
        duration, density = job.durations[place[1]], job.current_densities[place[2]]
        path = plan.staircase_in(staircases, variant, density, duration)
        data = files.read_dataset(path, "staircase")
        applied = data["program_current_density"].values[1], data["pulse_duration"].values[1]
        if not np.allclose(applied, (density, duration), rtol=1e-6, atol=0):
            raise foreign(path, "is of another pulse")
        for name, column in found.items():
            column[place] = data[f"outcome{'' if name == 'outcome' else f'_{name}'}"].item()
        own = str(data.attrs["parameters"])
        simulation.setdefault(variant, own)
        given = json.loads(own)["simulation"]
        if given != conditions.setdefault(variant, given):
            raise foreign(path, f"was simulated under other conditions than others of {variant!r}")
        for key in ("backend", "backend_version", "revision"):
            if key in data.attrs:
                made_by.setdefault(key, set()).add(str(data.attrs[key]))
    works = found["outcome"] == WORKS
    limits = np.array([[edges(row, job.current_densities) for row in rows] for rows in works])
    values: dict[str, Any] = {f"window_{name}": each for name, each in found.items()} | {
        f"window_{name}": limits[..., index]
        for index, name in enumerate(("first", "last", "below", "above"))
    }
    values |= {
        "variant": list(job.variants),
        "duration": job.durations,
        "current_density": job.current_densities,
    }
    files.write_dataset(
        files.dataset("window", values),
        out,
        "window",
        {
            "window": Path(out).stem,
            "parameters": job.to_json(),
            # of the first point of each variant
            "simulation": canonical(simulation),
            "revision": revisions.of("devices"),
            **simulated_by(made_by),
        },
    )
