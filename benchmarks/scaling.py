"""Measure how the engine's cost grows with the film, the wall and the number of processes.

    python benchmarks/scaling.py [--figure docs/figures/scaling.png]

The films are squares of 3 nm cells with a driven wall, and all columns are followed. The script
measures processor seconds of a time step (six stages) and of a renewal of the stray field, and the
memory that the film adds. On tracks of increasing width, and in several processes at the same time,
it measures a pulse with the engine's own tolerances.
"""

import argparse
import math
import multiprocessing
import os
import resource
import time
from pathlib import Path

import numpy as np

from wallnet.film.core import Engine, Tolerances
from wallnet.film.terms import Layer
from wallnet.validation import material

EDGES = (100, 180, 320, 560, 1000)
"""Number of cells along an edge."""

WIDTHS = (25, 50, 100, 200)
"""Number of cells along the wall, on tracks of 500 columns."""

PULSE = 1e-9
"""Duration of a pulse in s."""


def measured(edge: int) -> tuple[float, float, float]:
    """Return the seconds of a step and of a renewal, and the memory in MiB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cell = 3e-9
    engine = Engine(
        Layer(np.ones((edge, edge), dtype=bool), (cell, cell, material.THICKNESS), material.FILM),
        Tolerances(frozen_change=0.0),
    )
    engine.magnetization = material.wall((edge, edge), cell, edge * cell / 2)
    engine.set_torque(material.torque(0.5e12))
    engine.advance(3e-12)
    steps, renewals, spent = [], [], 0.0
    sample = engine._sample

    def timed_sample() -> int:
        nonlocal spent
        begin = time.process_time()
        slot = sample()
        renewals.append(time.process_time() - begin)
        spent += renewals[-1]
        return slot

    engine._sample = timed_sample
    for _ in range(5):
        spent, done, begin = 0.0, engine.counters.steps, time.process_time()
        engine.advance(5e-12)
        elapsed = time.process_time() - begin - spent
        steps.append(elapsed / (engine.counters.steps - done))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert np.isfinite(engine.average()).all()
    return float(np.median(steps)), float(np.median(renewals)), (after - before) / 1024


def pulse(rows: int) -> tuple[float, float, float]:
    """Return processor seconds, followed columns and renewals of a pulse on a track."""
    engine = Engine(
        Layer(np.ones((rows, 500), dtype=bool), (3e-9, 3e-9, material.THICKNESS), material.FILM)
    )
    engine.magnetization = material.wall((rows, 500), 3e-9, 300e-9)
    engine.set_torque(material.torque(0.5e12))
    engine.advance(0.1e-9)  # most of the film comes to rest
    counters = engine.counters
    steps, columns = counters.steps, counters.column_steps
    renewals = counters.stray_field_renewals + counters.window_renewals
    begin = time.process_time()
    engine.advance(PULSE)
    elapsed = time.process_time() - begin
    followed = (counters.column_steps - columns) / (counters.steps - steps)
    renewed = counters.stray_field_renewals + counters.window_renewals - renewals
    return elapsed, followed, renewed


def pulses() -> list[str]:
    """Return tables of pulses on wider tracks, and in several processes at the same time."""
    lines = ["", "| cells along the wall | CPU s | µs a cell | followed columns | renewals |"]
    lines.append("|---:|---:|---:|---:|---:|")
    for rows in WIDTHS:
        runs = np.array([pulse(rows) for _ in range(3)])
        elapsed, followed, renewed = np.median(runs, axis=0)
        lines.append(
            f"| {rows} | {elapsed:.2f} | {1e6 * elapsed / rows / 500:.1f} | {followed:.0f} "
            f"| {renewed:.0f} |"
        )
    lines += ["", "| processes at once | CPU s of each | ratio |", "|---:|---:|---:|"]
    alone = None
    context = multiprocessing.get_context("spawn")
    for count in range(1, (os.cpu_count() or 1) + 1):
        with context.Pool(count) as pool:
            elapsed = np.mean([run[0] for run in pool.map(pulse, [50] * 3 * count, chunksize=1)])
        alone = alone or elapsed
        lines.append(f"| {count} | {elapsed:.2f} | {elapsed / alone:.2f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    measured(40)
    cells = np.array([edge**2 for edge in EDGES])
    steps, renewals, memory = np.array([measured(edge) for edge in EDGES]).T
    lines = [
        "| cells | a step (ms) | ns a cell and stage | renewal of the stray field (ms) "
        "| ns / (N log2 N) | MiB added |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for n, step, renewal, mib in zip(cells, steps, renewals, memory, strict=True):
        lines.append(
            f"| {n} | {1e3 * step:.2f} | {1e9 * step / n / 6:.2f} | {1e3 * renewal:.2f} "
            f"| {1e9 * renewal / n / math.log2(n):.2f} | {mib:.0f} |"
        )
    print("\n".join([*lines, *pulses()]))
    if arguments.figure:
        import matplotlib

        matplotlib.use("agg")
        from matplotlib import pyplot as plt

        figure, axes = plt.subplots(figsize=(5, 3.5), layout="constrained")
        axes.loglog(cells, 1e3 * steps, "o-", label="time step, six stages")
        axes.loglog(cells, 1e3 * renewals, "s-", label="renewal of the stray field")
        law = cells * np.log2(cells)
        axes.loglog(cells, 1e3 * renewals[0] * law / law[0], "k:", label="N log N")
        axes.set_xlabel("cells N")
        axes.set_ylabel("processor time (ms)")
        axes.legend(frameon=False)
        figure.savefig(arguments.figure, dpi=150)


if __name__ == "__main__":
    main()
