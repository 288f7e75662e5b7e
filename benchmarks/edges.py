"""Measure the error of notches that are stairs of whole cells, beside smooth edges, finer cells.

    python benchmarks/edges.py > docs/results/edges.csv

A wall is at the minimum of a notch. A search determines the weakest pulse by which an end of the
wall leaves it; then the barrier to the next notch is computed. The tracks are a part of
`synapse-10` with two of its notches, a narrow one with small notches, and a track of 480 nm by
96 nm. All take 22 minutes of processor time, of which cells of 1 nm take 12.
"""

import csv
import math
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from wallnet import api, config, jobs, simulate
from wallnet.config import Device
from wallnet.constants import BOLTZMANN
from wallnet.files import WallState
from wallnet.simulate.energy_path import find_minima
from wallnet.studies.base import pulse_on
from wallnet.tracks.states import States, outcomes

ROOT = Path(__file__).parents[1]


class Shipped(NamedTuple):
    """A device of a shipped file, and how its notches are examined."""

    path: Path
    name: str
    changes: Mapping[str, Any]
    cells: tuple[float, ...]
    """Cell sizes in m; the edges and the centres of its notches are between cells."""
    density: float
    """Current density in A/m² near which an end leaves the first notch."""


TRACKS = {
    "450 nm of `synapse-10`": Shipped(
        ROOT / "config.yaml",
        "synapse-10",
        {
            "track.length": 450e-9,
            "track.notches.count": None,
            "track.notches.positions": [150e-9, 300e-9],
        },
        (3e-9, 2e-9, 1.5e-9, 1e-9),
        0.5e12,
    ),
    "72 nm wide with notches of 32 nm": Shipped(
        ROOT / "config.yaml",
        "synapse-10",
        {
            "track.length": 240e-9,
            "track.width": 72e-9,
            "track.notches.count": None,
            "track.notches.positions": [72e-9, 168e-9],
            "track.notches.diameter": 32e-9,
        },
        (3e-9, 2e-9, 1.5e-9, 1e-9),
        0.9e12,
    ),
    "480 nm with three notches": Shipped(
        Path(config.__file__).with_name("example.yaml"),
        "synapse",
        {
            "track.length": 480e-9,
            "track.thickness": 2e-9,
            **{f"track.notches.{key}": None for key in ("positions", "length", "depth")},
            "track.notches.shape": "disc",
            "track.notches.diameter": 40e-9,
            "track.notches.count": 3,
        },
        (4e-9, 2e-9),
        0.75e12,
    ),
}

EDGES = ("stairs", "smooth")

STEP = 0.01
"""First step of the search from the threshold of larger cells on, relative."""

RESOLUTION = 0.005
"""Relative width to which a threshold is determined."""

DURATION = 5e-9
"""Duration of a pulse in s. With 20 ns, a threshold was 0.5 % lower, another the same."""

TEMPERATURE = 300.0
"""Temperature in K of the unit of a barrier."""

FIRST, SECOND = WallState.at(1, 1), WallState.at(2, 2)


def threshold(device: Device, guess: float) -> float:
    """Return the current density in A/m² at which an end leaves the first notch."""
    minima = find_minima(jobs.minima_job(device, states=(FIRST,)))
    start = minima.isel(placed=[0]).rename(minimum_magnetization="magnetization")
    states = States.of(minima)

    def leaves(density: float) -> bool:
        job = pulse_on(device, FIRST, density, DURATION, device.relaxation.longest)
        trace = simulate.simulate(job, start)
        wall = outcomes(trace, states)[-1]
        return states.left_ends(1, (wall.bottom, wall.top), wall.walls) > 0

    low, high, step = 0.0, float("inf"), STEP
    density = guess
    while high - low > RESOLUTION * low:
        low, high = (low, density) if leaves(density) else (density, high)
        if low > 0 and high < float("inf"):
            density = (low + high) / 2
        else:
            density, step = (low * (1 + step) if low else high * (1 - step)), 2 * step
    return (low + high) / 2


def barrier(device: Device) -> float:
    """Return the barrier in k_B T between the first two notches; NaN if no path was found."""
    path = api.energy_path(device, str(FIRST), str(SECOND))
    if not path["barrier_converged"]:
        print(path.attrs["reason"], file=sys.stderr)
        return math.nan
    return path["barrier_forward"].item() / (BOLTZMANN * TEMPERATURE)


def numbers(name: str, cell: float, edges: str, guess: float) -> tuple[float, float]:
    """Return threshold and barrier of a track with cells of a size in m and such edges."""
    begin = time.process_time()
    shipped = TRACKS[name]
    changes = {"track.cell_size": cell, "track.edges": edges, **shipped.changes}
    device = api.load_device(shipped.path, shipped.name, changes)
    values = threshold(device, guess), barrier(device)
    seconds = round(time.process_time() - begin)
    print(name, cell, edges, *values, f"{seconds} s", file=sys.stderr, flush=True)
    return values


def main() -> None:
    table = csv.writer(sys.stdout, lineterminator="\n")
    columns = [f"threshold, {edges} (1e12 A/m²)" for edges in EDGES]
    columns += [f"barrier, {edges} (k_B T)" for edges in EDGES]
    table.writerow(["track", "cells (nm)", *columns])
    with ProcessPoolExecutor(len(EDGES)) as pool:
        for name, shipped in TRACKS.items():
            guesses = (shipped.density,) * len(EDGES)
            for cell in shipped.cells:
                cases = ([argument] * len(EDGES) for argument in (name, cell))
                pairs = list(pool.map(numbers, *cases, EDGES, guesses))
                guesses, barriers = zip(*pairs, strict=True)
                texts = [f"{density / 1e12:.3f}" for density in guesses]
                texts += [f"{energy:.1f}" for energy in barriers]
                table.writerow([name, f"{cell / 1e-9:g}", *texts])
                sys.stdout.flush()


if __name__ == "__main__":
    main()
