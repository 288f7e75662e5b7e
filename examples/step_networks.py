"""What do networks lose on the notched synapses of Liu and others? Their accuracies, as a table.

    python examples/step_networks.py TABLES CAMPAIGN > docs/results/step-networks.csv

`TABLES` is the folder lookup_tables of a copy of sandialabs/cross-sim-data, `CAMPAIGN` that of a
finished default campaign. Its `tuned` networks in FP32 are rounded, with compensation, to the mean
conductances after 0, 1, 2, … pulses up from the lowest one. Each synapse is then one of 20 devices,
at random, and gets its pulses from the lowest conductance of this device; its conductance is
continuous. Columns are test accuracies in per cent, mean and standard deviation of 5 seeds with 20
draws each: on the mean conductances; with devices that differ, pulses that differ, or both; and
after up to 8 further pulses, each after a reading. It takes ten minutes.
"""

import csv
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from step_tables import DEVICES, spread, tables_of  # the script beside this one

from wallnet import files
from wallnet.config.stages import Network
from wallnet.networks import images, quantize
from wallnet.networks.programming import ProgrammedNetwork
from wallnet.networks.storage import load_network

SEEDS, DRAWS = 5, 20
RUNS, LONGEST = 1000, 60
"""Devices that get pulses one after the other, for mean conductances, and the number of pulses."""
SHOWN = 5000
"""Training images for the compensation."""
READINGS = 8

Floats = NDArray[np.float64]


class Devices:
    """Devices of one kind at one temperature.

    Attributes
    ----------
    tables : list of StepTables
        Tables of each.
    curves : numpy.ndarray
        Mean conductance in S of each after 0, 1, 2, … pulses up, shape (devices, levels). The last
        pulse is the last one whose step is half of the first ones or more.
    levels : numpy.ndarray
        Mean of all devices.
    """

    def __init__(self, folder: Path, generator: Generator) -> None:
        self.tables = list(tables_of(folder))
        curves = np.empty((DEVICES, LONGEST + 1))
        for curve, tables in zip(curves, self.tables, strict=True):
            present = np.full(RUNS, tables.conductances[0])
            for pulses in range(LONGEST + 1):
                curve[pulses] = present.mean()
                present = tables.sampled(present, 1, generator)
        steps = np.diff(curves.mean(axis=0))
        last = np.flatnonzero(steps > steps[:8].mean() / 2)[-1] + 1
        self.curves = curves[:, : last + 1]
        self.levels = self.curves.mean(axis=0)

    def written(self, pulses: NDArray[np.int64], generator: Generator) -> dict[str, Floats]:
        """Return the conductances in S of synapses after their numbers of pulses, by cause."""
        chosen = generator.integers(DEVICES, size=pulses.shape)
        lowest, highest = np.array([t.conductances[[0, -1]] for t in self.tables]).T
        once, verified = np.empty(pulses.shape), np.empty(pulses.shape)
        half = np.diff(self.levels).mean() / 2
        for number, tables in enumerate(self.tables):
            own = chosen == number
            present = once[own] = tables.sampled(lowest[number], pulses[own], generator)
            for _ in range(READINGS):
                error = self.levels[pulses[own]] - present
                signs = np.sign(error).astype(int) * (np.abs(error) > half)
                present = tables.sampled(present, signs, generator)
            verified[own] = present
        share = (once - lowest[chosen]) / (highest - lowest)[chosen]
        return {
            "all together": once,
            "device to device": self.curves[chosen, pulses],
            "cycle to cycle": lowest.mean() + share * (highest - lowest).mean(),
            f"all together, {READINGS} readings": verified,
        }


def accuracies(root: Path, devices: Devices, dataset: str) -> dict[str, list[float]]:
    """Return test accuracies in per cent by cause."""
    data = images.load(root / files.DATA.format(dataset=dataset), root / "data")
    tested = torch.from_numpy(data.test_images[:, np.newaxis] / np.float32(255))
    expected = torch.from_numpy(data.test_labels.astype(np.int64))

    @torch.no_grad()
    def add(cause: str, network: ProgrammedNetwork[torch.nn.Module]) -> None:
        right = network.model()(tested).argmax(1) == expected
        by_cause.setdefault(cause, []).append(100 * right.double().mean().item())

    by_cause: dict[str, list[float]] = {}
    generator = np.random.default_rng(2)
    for seed in range(1, SEEDS + 1):
        network = Network(dataset=dataset, recipe="tuned", stage="fp32", seed=str(seed))
        model = load_network(root / network.path(files.CHECKPOINT), "dense").model.eval()
        shown = images.ImageData(data, 0.1, seed).training[0][:SHOWN].float() / 255
        quantized = quantize(model, devices.levels, "signed-fitted", data=shown)
        programmed = ProgrammedNetwork.of(quantized)
        add("on the levels", programmed)
        for _ in range(DRAWS):
            for cause, conductances in devices.written(programmed.levels, generator).items():
                add(cause, programmed.with_conductances(conductances))
    return by_cause


def main(folder: str, campaign: str) -> None:
    """Print a row for each data set, device and temperature."""
    torch.set_num_threads(1)
    rows = []
    for name in ("DWMTJ_SOT", "DWMTJ_STT"):
        for kelvins in (0, 300, 400):
            devices = Devices(Path(folder, name, f"{kelvins}K"), np.random.default_rng(1))
            for dataset in ("mnist", "fashion-mnist"):
                values = accuracies(Path(campaign), devices, dataset)
                about = {"dataset": dataset, "tables": name, "T (K)": kelvins}
                about |= {"levels": len(devices.levels)}
                own = {cause: spread(np.array(numbers), 2) for cause, numbers in values.items()}
                rows.append(about | own | {"heat": "no own heat"})
    rows.sort(key=lambda row: row["dataset"], reverse=True)
    writer = csv.DictWriter(sys.stdout, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
