"""Check the engine's final states near depinning thresholds, where a small error shows.

    python benchmarks/thresholds.py

For each damping and each of two ranges of current density, bisection finds the last pulse that ends
in one state and the first that ends in another, with tight settings of the engine: no
approximations, half the time step. Then the pulses on both sides of the threshold run with the
campaign's settings. The pulse lasts 10 ns, followed by up to 4 ns of rest, on synapse-5.
"""

import sys
import time
from pathlib import Path

import numpy as np

from wallnet import config, jobs, simulate
from wallnet.jobs.film import check

ROOT = Path(__file__).parents[1]
TIGHT = ["film.stray_field_tolerance=1.0e-5", "film.frozen_change=0", "film.time_step_fraction=0.5"]

RANGES = {
    0.1: ((0.50e12, 0.58e12), (0.60e12, 0.80e12)),
    0.3: ((0.50e12, 0.60e12), (0.72e12, 0.80e12)),
    0.5: ((0.50e12, 0.60e12), (0.80e12, 0.95e12)),
}
"""Current densities in A/m² between which the final state changes, by damping."""

WIDTH = 1e9
"""Width in A/m² to which a threshold is determined: two parts in a thousand."""


def final(damping, density, changes=()):
    """Return the trace of a pulse and its processor seconds."""
    device = config.load_device(
        ROOT / "config.yaml",
        "synapse-5",
        check,
        [f"material.damping={damping}", "relaxation.longest=4.0e-9", *changes],
    )
    before = time.process_time()
    trace = simulate.simulate(jobs.pulse_job(device, density))
    print(
        f"α = {damping}, J = {density / 1e12:.4f}e12, {'tight' if changes else 'default'}: "
        f"{trace.attrs['state']}",
        file=sys.stderr,
        flush=True,
    )
    return trace, time.process_time() - before


def bisect(damping, lower, upper):
    """Narrow a range until its ends, which have different states, are WIDTH apart."""
    traces = {density: final(damping, density, TIGHT)[0] for density in (lower, upper)}
    if traces[lower].attrs["state"] == traces[upper].attrs["state"]:
        raise SystemExit(f"α = {damping}: one state all over from {lower:g} to {upper:g} A/m²")
    while upper - lower > WIDTH * 1.001:
        middle = round((lower + upper) / 2 / WIDTH) * WIDTH
        traces[middle] = final(damping, middle, TIGHT)[0]
        if traces[middle].attrs["state"] == traces[lower].attrs["state"]:
            lower = middle
        else:
            upper = middle
    return {density: traces[density] for density in (lower, upper)}


def main() -> None:
    lines = [
        "| α | J (10¹² A/m²) | state, nothing left out | state, default settings "
        "| largest deviation of \\<m> |",
        "|---:|---:|---|---|---:|",
    ]
    same = total = 0
    for damping, ranges in RANGES.items():
        for lower, upper in ranges:
            for density, tight in bisect(damping, lower, upper).items():
                trace, _ = final(damping, density)
                entries = min(trace.sizes["time"], tight.sizes["time"])
                deviation = np.abs(trace["m"].values[:entries] - tight["m"].values[:entries]).max()
                same += trace.attrs["state"] == tight.attrs["state"]
                total += 1
                lines.append(
                    f"| {damping} | {density / 1e12:.3f} | {tight.attrs['state']} "
                    f"| {trace.attrs['state']} | {deviation:.1e} |"
                )
    lines += ["", f"The same state in {same} of {total}."]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
