"""Compare devices whose heavy metal is cut with the notches, and those where it is not.

    python benchmarks/cut_metal.py > docs/results/cut-metal.csv

Pulses from the initial state, as long as those of the device, have current densities in steps of
0.05e12 A/m², up to half above the smallest one after which both ends of the wall are past the first
notch; bisection narrows this one. Its energy and its temperatures are those of a pulse from a cold
track. The rigid wall starts in a notch.
"""

import csv
import math
import sys
from pathlib import Path

from wallnet import api, config, jobs, simulate
from wallnet.devices.write_energy import write_energy_of
from wallnet.jobs.film import check
from wallnet.jobs.report import write_energy_job
from wallnet.simulate.energy_path import find_minima
from wallnet.tracks.rigid_wall import rigid_wall_of

ROOT = Path(__file__).parents[1]

DEVICES = (
    *("synapse-5-smooth", "synapse-rewritable", "synapse-rewritable-10"),
    "synapse-rewritable-fixed",
)

STEP, WIDTH = 0.05e12, 0.01e12
"""Step of the current density in A/m², and width to which a threshold is determined."""


def final(device, initial, minima, density):
    """Return the state after a pulse, and whether both ends of the wall have left the first notch.

    A wall that has left the track has passed all.
    """
    trace = simulate.simulate(jobs.pulse_job(device, density), initial)
    *_, state = api.states(trace, minima)
    ends = (float(trace[f"wall_{side}"][-1]) for side in ("bottom", "top"))
    first = device.track.inner_notch_positions[0]
    print(f"J = {density / 1e12:.3f}e12: {state}", file=sys.stderr, flush=True)
    return state, min(ends) > first + 2 * device.track.notch_reach


def row_of(name, cut):
    """Return the row of a device."""
    device = config.load_device(ROOT / "config.yaml", name, check, [f"heavy_metal.cut={cut}"])
    last = len(device.track.inner_notch_positions)
    initial = simulate.simulate(jobs.initial_job(device))
    minima = find_minima(jobs.minima_job(device, states=[f"notch {n + 1}" for n in range(last)]))
    wall = rigid_wall_of(device)
    number = round(0.6 * wall.forward[0] / STEP)
    states, threshold = [], math.inf
    while number * STEP < 1.5 * threshold:
        state, passed = final(device, initial, minima, number * STEP)
        states.append(state)
        threshold = min(threshold, number * STEP if passed else math.inf)
        number += 1
    low, high = threshold - STEP, threshold
    while high - low > 1.001 * WIDTH:
        middle = round((low + high) / 2 / WIDTH) * WIDTH
        low, high = (low, middle) if final(device, initial, minima, middle)[1] else (middle, high)
    pulse = write_energy_of(write_energy_job(device), high, device.pulse.duration)
    levels = {state for state in states if state.startswith("notch")}
    return {
        "device": name,
        "metal": "cut" if cut == "true" else "whole",
        "threshold (1e12 A/m²)": f"{high / 1e12:.2f}",
        "rigid wall (1e12 A/m²)": f"{wall.forward[0] / 1e12:.2f}",
        "notches of single pulses": f"{len(levels)} of {last}",
        "energy (pJ)": f"{pulse['write_energy'] * 1e12:#.3g}",
        "mean rise (K)": f"{pulse['mean_temperature_rise']:.0f}",
        "rise in the middle, or at the neck (K)": f"{pulse['temperature_rise']:.0f}",
    }


def main() -> None:
    table = csv.writer(sys.stdout, lineterminator="\n")
    for name in DEVICES:
        for cut in ("false", "true"):
            row = row_of(name, cut)
            if (name, cut) == (DEVICES[0], "false"):
                table.writerow(row)
            table.writerow(row.values())
            sys.stdout.flush()


if __name__ == "__main__":
    main()
