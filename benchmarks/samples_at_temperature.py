"""Tabulate which states pulses write on samples of synapse-5 and synapse-10 at 300 K.

    python benchmarks/samples_at_temperature.py FOLDER [CASE ...]

Each pulse heats the track (p = 3). It is repeated with 8 thermal fields on the perfect device and
on 8 samples: with rough edges and notches that differ, and with grains too, all with the defaults
of `disorder`. States are read 10 ns after the pulse. It writes samples-temperature.csv in
docs/results, with a row a pulse. Cases 0 and 1 are the films of synapse-5, 2 and 3 those of
synapse-10; rows of cases that are not named stay as they are. FOLDER keeps the simulations, so that
a run that was interrupted goes on. A case simulates 4.8 µs, in about two hours of processor
time.
"""

import csv
import sys
from itertools import product
from pathlib import Path

import numpy as np
from samples import FILMS, ROOT

from wallnet import api
from wallnet.studies.thermal import MODELS

CASES = [*product(("synapse-5", "synapse-10"), FILMS)]
"""Devices and films of the rows."""

TABLE = ROOT / "docs/results/samples-temperature.csv"

SAMPLES = 8

REPLICAS = 8

DENSITIES = (0.40e12, 0.50e12, 0.60e12)

MODEL = "heated-3"


def states_of(name, disorder, folder, **changes):
    """Return counts of states of a device's samples with some disorder, (sample, pulse, state)."""
    device = api.load_device(ROOT / "config.yaml", name, changes | {"disorder": disorder})
    settings = api.Thermal(
        device="device",
        variants={MODEL: MODELS[MODEL]},
        current_densities=DENSITIES,
        samples=SAMPLES,
        replicas=REPLICAS,
        # free walls do not go on
        reading_time=1e-12,
    )
    data = api.study(settings, device, folder=Path(folder, name, "-".join(disorder)))
    counts = data["outcome_count"].sel(model=MODEL).squeeze("start_state")
    return counts.transpose("sample", "current_density", "outcome")


def rows_of(name, film, counts):
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
            "device": name,
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
    cases = [CASES[int(number)] for number in numbers] or CASES
    with open(TABLE, newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if (row["device"], row["film"]) not in cases]
    for name, film in cases:
        rows += rows_of(name, film, states_of(name, FILMS[film], folder))
    rows.sort(key=lambda row: CASES.index((row["device"], row["film"])))
    with open(TABLE, "w", newline="") as stream:
        table = csv.DictWriter(stream, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    main()
