"""Which steps have the notched synapses of Liu and others? Their tables, of continuous conductance.

    python examples/step_tables.py cross-sim-data/lookup_tables > docs/results/step-tables.csv

The argument is a folder of a copy of sandialabs/cross-sim-data, from GitHub. Steps are those of one
pulse, in per cent of the range of the conductance, from its middle half: mean and standard
deviation of 20 devices.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wallnet.files.step_tables import StepTables

DEVICES, STARTS = 20, 20_000


def tables_of(folder: Path) -> Iterator[StepTables]:
    """Yield the tables of each device in a folder."""
    for number in range(DEVICES):
        names = (f"dG_{change}{number}.txt" for change in ("increasing", "decreasing"))
        yield StepTables.read(*(folder / name for name in names))


def row_of(folder: Path) -> dict[str, str]:
    """Return the numbers of the devices whose tables are in a folder, by name."""
    generator = np.random.default_rng(1)
    ends, steps = [], {1: [], -1: []}
    for tables in tables_of(folder):
        low, high = tables.conductances[[0, -1]]
        ends.append((low, high))
        begun = generator.uniform(0.75 * low + 0.25 * high, 0.25 * low + 0.75 * high, STARTS)
        for sign, own in steps.items():
            own.append((tables.sampled(begun, sign, generator) - begun) / (high - low))
    lowest, highest = np.array(ends).T * 1e6
    row = {"Gmin (µS)": spread(lowest, 1), "Gmax (µS)": spread(highest, 1)}
    row["correlation"] = f"{np.corrcoef(lowest, highest)[0, 1]:.2f}"
    for sign, name in ((1, "step up (%)"), (-1, "step down (%)")):
        row[name] = spread(100 * np.array(steps[sign]), 2)
    return row


def spread(values: np.ndarray, decimals: int) -> str:
    """Return mean and standard deviation of numbers as text."""
    return f"{values.mean():.{decimals}f} ± {values.std(ddof=1):.{decimals}f}"


def main(root: str) -> None:
    """Print a row for each device and temperature."""
    rows = []
    for name in ("DWMTJ_SOT", "DWMTJ_STT"):
        for kelvins in (0, 300, 400):
            about = {"tables": name, "T (K)": kelvins} | row_of(Path(root, name, f"{kelvins}K"))
            rows.append(about | {"heat": "no own heat"})
    writer = csv.DictWriter(sys.stdout, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1])
