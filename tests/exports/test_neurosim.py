"""Memory states for NeuroSim: 2^n rows, the most evenly spaced levels, their deviations."""

import csv

import numpy as np
import pytest
from helpers.exported import exported

from wallnet.exports.neurosim import most_even


def states(folder, name="mem_states.csv"):
    """Return the rows of a file."""
    with open(folder / name, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_deviations_contain_all_spreads_but_reading(tmp_path):
    spreads = {"gain_spread": 0.1, "ratio_spread": 0.04, "cycle_spread": [0.02] * 4}
    folder, _ = exported(tmp_path, "neurosim", **spreads, level_spread=[0.03, 0.0, 0.01, 0.0])
    rows = states(folder)
    assert [list(row) for row in rows] == [["states", "mean", "std"]] * 2
    assert [row["states"] for row in rows] == ["0", "1"]
    assert [float(row["mean"]) for row in rows] == pytest.approx([20e-6, 50e-6], abs=1e-13)
    low = 20e-6 * np.sqrt(0.1**2 + 0.02**2 + 0.03**2)
    high = 50e-6 * np.sqrt(0.1**2 + 0.04**2 + 0.02**2 + 0.01**2)
    assert [float(row["std"]) for row in rows] == pytest.approx([low, high], abs=1e-13)


def test_outputs_of_one_row_have_its_mean_and_all_its_deviations(tmp_path):
    """In units of the step between two of the levels, evenly spaced: 30 µS, of two levels."""
    noise = {"cycle_spread": [0.02] * 4, "read_noise": [0.05, 0.9, 0.01, 0.9]}
    folder, _ = exported(tmp_path, "neurosim", level_spread=[0.03, 0.0, 0.01, 0.0], **noise)
    rows = states(folder, "output_noise.csv")
    assert [list(row) for row in rows] == [["output", "mean", "std"]] * 2
    assert [row["output"] for row in rows] == ["0", "1"]
    assert [float(row["mean"]) for row in rows] == pytest.approx([0, 1], abs=1e-8)
    low = 20 * np.sqrt(0.02**2 + 0.03**2 + 0.05**2) / 30
    high = 50 * np.sqrt(0.02**2 + 0.01**2 + 0.01**2) / 30
    assert [float(row["std"]) for row in rows] == pytest.approx([low, high], abs=1e-8)


def test_the_states_and_those_left_out_are_named(tmp_path):
    folder, _ = exported(tmp_path, "neurosim")
    text = " ".join((folder / "README.txt").read_text("utf-8").split())
    assert "2 of 3 levels" in text
    assert "initial, reversed. Left out: notch 1." in text
    assert "--bitcell 1 --mem_states_file" in text
    assert "--parallel_read 1 --output_noise -1 --output_noise_file output_noise.csv" in text


def test_the_most_evenly_spaced_levels_are_taken():
    # even spacing of four is 10, 20, 30 and 40
    levels = np.array([10.0, 11.0, 18.0, 23.0, 31.0, 39.0, 40.0])
    assert most_even(levels, 4).tolist() == [0, 2, 4, 6]
    assert most_even(levels, 2).tolist() == [0, 6]
    assert most_even(levels[:4], 4).tolist() == [0, 1, 2, 3]
