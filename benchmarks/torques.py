"""Tabulate what each field that comes with a current, and a bias field, change of thresholds.

    python benchmarks/torques.py > docs/results/torques.csv

For each end of the wall, bisection finds the smallest pulse of 10 ns with which it leaves notch 1
of synapse-5, with smooth edges and with stairs. The track ends at notch 3, which changes no
threshold. A run takes about 25 minutes.
"""

import sys
from functools import cache
from pathlib import Path

from wallnet import config, jobs, simulate
from wallnet.jobs.film import check

ROOT = Path(__file__).parents[1]
PART = ["track.length=900.0e-9", "track.notches.count=3", "relaxation.longest=0"]
CASES = {
    "none": [],
    "field-like torque, r = 0.3": ["material.field_like_ratio=0.3"],
    "field-like torque, r = -0.3": ["material.field_like_ratio=-0.3"],
    "Oersted field, θ = 0.4": ["heavy_metal.oersted=true", "heavy_metal.spin_hall_angle=0.4"],
    "Oersted field, θ = -0.4": ["heavy_metal.oersted=true", "heavy_metal.spin_hall_angle=-0.4"],
    "Oersted field, `pt`": ["heavy_metal.oersted=true", "heavy_metal.preset=pt"],
    "Oersted field, `beta-w`": ["heavy_metal.oersted=true", "heavy_metal.preset=beta-w"],
    "bias field, 5 mT": ["material.bias_field=5.0e-3"],
    "bias field, -5 mT": ["material.bias_field=-5.0e-3"],
}
"""Keys of the configuration by the name of a row."""

DEVICES = {"smooth": "synapse-5-smooth", "stairs": "synapse-5"}
"""Devices of the campaign by their edges."""

RANGES = {"smooth": ((380, 1080), (380, 1080)), "stairs": ((440, 1080), (440, 640))}
"""Ranges of the thresholds of both ends in 1e9 A/m², by edges."""

WIDTH = 2
"""Width to which they are found, in 1e9 A/m²."""

LEFT = 60e-9
"""Distance in m beyond the middle of a notch at which an end has left it."""


def thresholds(edges, changes):
    """Return the thresholds of the lower and the upper end, in 1e9 A/m²."""
    device = config.load_device(ROOT / "config.yaml", DEVICES[edges], check, [*PART, *changes])
    place = device.track.notch_positions[0] + LEFT

    @cache
    def ends(density):
        trace = simulate.simulate(jobs.pulse_job(device, density * 1e9))
        positions = [float(trace[name][-1]) for name in ("wall_bottom", "wall_top")]
        print(edges, changes, density, positions, file=sys.stderr, flush=True)
        return positions

    densities = []
    for end, (lower, upper) in enumerate(RANGES[edges]):
        while upper - lower > WIDTH:
            middle = (lower + upper) // 2
            lower, upper = (lower, middle) if ends(middle)[end] > place else (middle, upper)
        densities.append(upper)
    return densities


def main() -> None:
    ends = "lower end (1e12 A/m²),its change (%),upper end (1e12 A/m²),change (%)"
    print(f"edges,field or torque,{ends}")
    for edges in DEVICES:
        plain = None
        for name, changes in CASES.items():
            pair = thresholds(edges, changes)
            plain = plain or pair
            cells = (
                f"{threshold / 1e3:.3f},{100 * (threshold / first - 1):+.1f}"
                for threshold, first in zip(pair, plain, strict=True)
            )
            print(f'{edges},"{name}",' + ",".join(cells), flush=True)


if __name__ == "__main__":
    main()
