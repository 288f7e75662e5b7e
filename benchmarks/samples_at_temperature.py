"""Tabulate which states pulses write on samples of synapse-5 at 300 K.

    python benchmarks/samples_at_temperature.py FOLDER [FILM ...]

Each pulse heats the track (p = 3). It is repeated with 8 thermal fields on the perfect device and
on 8 samples: with rough edges and notches that differ, and with grains too, all with the defaults
of `disorder`. States are read 10 ns after the pulse. It writes samples-temperature.csv in
docs/results, with a row a pulse, of both films or of those named by numbers, 0 or 1. FOLDER keeps
the simulations, so that a run that was interrupted goes on. It simulates 9.5 µs, in five to seven
hours of processor time.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from samples import FILMS, ROOT

from wallnet import api
from wallnet.studies.thermal.ask import MODELS

SAMPLES = 8

REPLICAS = 8

DENSITIES = (0.40e12, 0.50e12, 0.60e12)

MODEL = "heated-3"


def states_of(disorder, folder, **changes):
    """Return counts of states of samples with some disorder, (sample, pulse, state)."""
    device = api.load_device(ROOT / "config.yaml", "synapse-5", changes | {"disorder": disorder})
    data = api.thermal(
        device,
        variants={MODEL: MODELS[MODEL]},
        current_densities=DENSITIES,
        samples=SAMPLES,
        replicas=REPLICAS,
        # free walls do not go on
        reading_time=1e-12,
        folder=Path(folder, "-".join(disorder)),
    )
    counts = data["outcome_count"].sel(model=MODEL)
    return counts.transpose("sample", "current_density", "outcome")


def rows_of(film, counts):
    """Yield a row for each pulse."""
    states = counts["outcome"].values
    for density in counts["current_density"].values:
        shares = counts.sel(current_density=density).values / REPLICAS
        perfect, samples = shares[0], shares[1:]
        pooled = samples.mean(axis=0)
        order = [state for state in np.argsort(-pooled, kind="stable") if pooled[state] > 0]
        most = perfect.argmax()
        alike = np.random.default_rng(1).multinomial(REPLICAS, pooled, size=10_000)
        yield {
            "film": film,
            "J (1e12 A/m²)": f"{density / 1e12:.2f}",
            "state, perfect": f"{states[most]}: {perfect[most]:.2f}",
            "samples in which it is the most frequent": int((samples.argmax(axis=1) == most).sum()),
            "its probability in all samples": f"{pooled[most]:.2f}",
            "of the most frequent state of a sample": f"{samples.max(axis=1).mean():.2f}",
            "the same, if samples did not differ": f"{alike.max(axis=1).mean() / REPLICAS:.2f}",
            "states of all samples": ", ".join(f"{states[n]}: {pooled[n]:.2f}" for n in order),
        }


def main() -> None:
    folder, *numbers = sys.argv[1:]
    films = [[*FILMS][int(number)] for number in numbers] or FILMS
    rows = [row for film in films for row in rows_of(film, states_of(FILMS[film], folder))]
    with open(ROOT / "docs/results/samples-temperature.csv", "w", newline="") as stream:
        table = csv.DictWriter(stream, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    main()
