"""Tabulate how far thresholds and levels of synapse-5 scatter from sample to sample, at 0 K.

    python benchmarks/samples.py FOLDER

Single pulses from the initial state, in steps of 0.05e12 A/m², and walls at the notches, on the
perfect device and on 32 samples: with rough edges and notches that differ, and with grains too, all
with the defaults of `disorder`. It writes samples.csv, with a row a notch, and samples-pulses.csv,
with a row a pulse, in docs/results, and the figure of the samples with grains. FOLDER keeps the
simulations. A run takes some hours of processor time.
"""

import csv
import sys
from pathlib import Path

import numpy as np

from wallnet import api
from wallnet.config import load_device
from wallnet.studies.proportions import share_of
from wallnet.tracks.regions import check

ROOT = Path(__file__).parents[1]

SAMPLES = 32

DENSITIES = tuple(0.05e12 * n for n in range(5, 15))

FILMS = {
    "rough edges, notches": {"edges": {}, "notches": {}},
    "rough edges, notches, grains": {"edges": {}, "notches": {}, "grains": {}},
}
"""Kinds of disorder by the text of a row."""


def text(values, first=-np.inf):
    """Return the only number, or mean and standard deviation of those that are known.

    Those not above the first value of a scan are upper limits, and so is their mean.
    """
    finite = values[np.isfinite(values)]
    limit = "≤ " * bool((finite <= first).any())
    if values.size == 1:
        return f"{limit}{values[0]:.3f}" if finite.size else "–"
    if finite.size < 2:
        return "–"
    return f"{limit}{finite.mean():.3f}" + (f" ± {finite.std(ddof=1):.3f}" if not limit else "")


def known(values):
    """Return of how many samples a value is known, with the interval of the probability."""
    return share_of(int(np.isfinite(values).sum()), values.size)


def swept(disorder, folder):
    """Return the sweeps of samples with some disorder, in a campaign of their own."""
    device = load_device(ROOT / "config.yaml", "synapse-5", check)
    device = device.model_validate(device.plain() | {"disorder": disorder})
    place = Path(folder, "-".join(disorder))
    settings = api.Sweeps(samples=SAMPLES, current_densities=DENSITIES)
    return api.study(settings, device, folder=place)


def notches_of(film, data):
    """Yield a row for each notch."""
    reached = data["notch_current_density"].values.T / 1e12
    first = data["current_density"].values.min() / 1e12
    levels = data["notch_conductance"].sel(reading="parallel").values.T / 1e-6
    for notch, density, conductance in zip(data["notch"].values, reached, levels, strict=True):
        yield {
            "film": film,
            "notch": notch,
            "reached by, perfect (1e12 A/m²)": text(density[:1], first),
            "by, samples that reach it (1e12 A/m²)": text(density[1:], first),
            "samples that reach it": known(density[1:]),
            "G, perfect (µS)": text(conductance[:1]),
            "G, samples (µS)": text(conductance[1:]),
            "samples that keep it": known(conductance[1:]),
        }


def pulses_of(film, data):
    """Yield a row for each pulse."""
    places = data["final_wall_position"].values.T / 1e-9
    for density, states, position in zip(
        data["current_density"].values, data["state"].values.T, places, strict=True
    ):
        yield {
            "film": film,
            "J (1e12 A/m²)": f"{density / 1e12:.2f}",
            "state, perfect": states[0],
            "samples in this state": share_of(int((states[1:] == states[0]).sum()), SAMPLES),
            "wall, perfect (nm)": f"{position[0]:.0f}",
            "wall, samples (nm)": f"{position[1:].mean():.0f} ± {position[1:].std(ddof=1):.0f}",
        }


def main() -> None:
    sweeps = {film: swept(kinds, sys.argv[1]) for film, kinds in FILMS.items()}
    for name, rows_of in {"samples": notches_of, "samples-pulses": pulses_of}.items():
        rows = [row for film, data in sweeps.items() for row in rows_of(film, data)]
        with open(ROOT / f"docs/results/{name}.csv", "w", newline="") as stream:
            table = csv.DictWriter(stream, rows[0], lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    api.figure("sweeps", [*sweeps.values()][-1]).savefig(
        ROOT / "docs/figures/sweeps-synapse-5-samples.png"
    )


if __name__ == "__main__":
    main()
