"""Tabulate how far thresholds and levels of synapse-5 scatter from sample to sample, at 0 K.

    python benchmarks/samples.py FOLDER > docs/results/samples.csv

Single pulses from the initial state, in steps of 0.05e12 A/m², and walls at the notches, on the
perfect device and on 32 samples: with rough edges and notches that differ, and with grains too, all
with the defaults of `disorder`. FOLDER keeps the simulations. A run takes about an hour of
processor time.
"""

import csv
import sys
from pathlib import Path

import numpy as np

from wallnet import api
from wallnet.config import load_device
from wallnet.tracks.regions import check

ROOT = Path(__file__).parents[1]

SAMPLES = 32

DENSITIES = tuple(0.05e12 * n for n in range(9, 15))

FILMS = {
    "rough edges, notches": {"edges": {}, "notches": {}},
    "rough edges, notches, grains": {"edges": {}, "notches": {}, "grains": {}},
}
"""Kinds of disorder by the text of a row."""


def mean(values):
    """Return mean and standard deviation as text, of numbers that are known."""
    known = values[np.isfinite(values)]
    return f"{known.mean():.3f} ± {known.std(ddof=1):.3f}" if known.size > 1 else "–"


def rows_of(film, disorder, folder):
    """Return a row for each notch."""
    device = load_device(ROOT / "config.yaml", "synapse-5", check)
    device = device.model_validate(device.plain() | {"disorder": disorder})
    # a campaign of its own for each kind of disorder
    place = Path(folder, film.replace(", ", "-").replace(" ", "-"))
    data = api.sweeps(device, samples=SAMPLES, current_densities=DENSITIES, folder=place)
    found = data["notch_current_density"].values / 1e12
    conductance = data["notch_conductance"].sel(reading="parallel").values / 1e-6
    for index, notch in enumerate(data["notch"].values):
        reached, levels = found[:, index], conductance[:, index]
        yield {
            "film": film,
            "notch": notch,
            "reached by, perfect (1e12 A/m²)": f"{reached[0]:.2f}",
            "by, samples (1e12 A/m²)": mean(reached[1:]),
            "samples that reach it": np.isfinite(reached[1:]).sum(),
            "G, perfect (µS)": f"{levels[0]:.3f}",
            "G, samples (µS)": mean(levels[1:]),
            "samples that keep it": np.isfinite(levels[1:]).sum(),
        }


def main() -> None:
    table = csv.writer(sys.stdout, lineterminator="\n")
    rows = [row for film, kinds in FILMS.items() for row in rows_of(film, kinds, sys.argv[1])]
    table.writerow(rows[0])
    table.writerows(row.values() for row in rows)


if __name__ == "__main__":
    main()
