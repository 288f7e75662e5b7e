"""Check the engine's final states near depinning thresholds, where a small error shows.

    python benchmarks/thresholds.py

For each damping and each of two ranges of current density, bisection finds the last pulse that ends
in one state and the first that ends in another, with tight settings of the engine: no
approximations, half the time step. Then the pulses on both sides of the threshold run with the
campaign's settings. The pulse lasts 10 ns, on synapse-5, followed by up to 30 ns until the wall
rests: at a damping of 0.1 it oscillates in a notch for longer than a sweep waits.
"""

import sys
from functools import cache
from pathlib import Path

import numpy as np

from wallnet import api, config, jobs, simulate
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


def device_of(damping, changes=()):
    """Return synapse-5 with a damping and with changed settings."""
    keys = [f"material.damping={damping}", "relaxation.longest=30.0e-9", *changes]
    return config.load_device(ROOT / "config.yaml", "synapse-5", check, keys)


@cache
def minima():
    """Return the minima of the device, which no damping changes."""
    return api.minima(device_of(0.5))


def final(damping, density, changes=()):
    """Return the trace of a pulse and the state at its end."""
    trace = simulate.simulate(jobs.pulse_job(device_of(damping, changes), density))
    *_, state = api.states(trace, minima())
    print(
        f"α = {damping}, J = {density / 1e12:.4f}e12, {'tight' if changes else 'default'}: {state}",
        file=sys.stderr,
        flush=True,
    )
    return trace, state


def bisect(damping, lower, upper):
    """Return trace and state at two densities, WIDTH apart, between which the state changes."""
    ends = {density: final(damping, density, TIGHT) for density in (lower, upper)}
    if ends[lower][1] == ends[upper][1]:
        raise SystemExit(f"α = {damping}: one state all over from {lower:g} to {upper:g} A/m²")
    while upper - lower > WIDTH * 1.001:
        middle = round((lower + upper) / 2 / WIDTH) * WIDTH
        ends[middle] = final(damping, middle, TIGHT)
        if ends[middle][1] == ends[lower][1]:
            lower = middle
        else:
            upper = middle
    return {density: ends[density] for density in (lower, upper)}


def main() -> None:
    lines = [
        "| α | J (10¹² A/m²) | state, nothing left out | state, default settings "
        "| largest deviation of \\<m> |",
        "|---:|---:|---|---|---:|",
    ]
    same = total = 0
    for damping, ranges in RANGES.items():
        for lower, upper in ranges:
            for density, (tight, expected) in bisect(damping, lower, upper).items():
                trace, state = final(damping, density)
                entries = min(trace.sizes["time"], tight.sizes["time"])
                deviation = np.abs(trace["m"].values[:entries] - tight["m"].values[:entries]).max()
                same += state == expected
                total += 1
                lines.append(
                    f"| {damping} | {density / 1e12:.3f} | {expected} | {state} | {deviation:.1e} |"
                )
    lines += ["", f"The same state in {same} of {total}."]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
