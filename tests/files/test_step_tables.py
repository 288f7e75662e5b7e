"""Tables of conductance steps as devices of continuous conductance.

The variable `WALLNET_STEP_TABLES` names the folder `lookup_tables` of a copy of
sandialabs/cross-sim-data.
"""

import csv
import os
import runpy
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from helpers.synthetic import one_sentence

from wallnet.files import FileError, imperfection_tables, measurements
from wallnet.files.imperfections import Imperfections
from wallnet.files.step_tables import DECREASING, INCREASING, StepTables

LOW, HIGH = 70e-6, 172e-6
RANGE = HIGH - LOW


def normal(mean, deviation):
    """Return tables of normally distributed steps, shares of the range, on uneven axes."""
    statistics = NormalDist(mean, max(deviation, 1e-9))
    probabilities = np.concatenate([[0], np.linspace(1e-4, 1 - 1e-4, 400), [1]])
    inner = [statistics.inv_cdf(p) for p in probabilities[1:-1]]
    column = RANGE * np.array([inner[0], *inner, inner[-1]])
    conductances = LOW + RANGE * np.array([0.0, 0.1, 0.35, 1.0])
    changes = np.repeat(column[:, np.newaxis], 4, axis=1)
    return StepTables(conductances, probabilities, changes, -changes[::-1])


def read(folder):
    """Return the tables of a folder."""
    return StepTables.read(folder / INCREASING, folder / DECREASING)


@pytest.fixture
def tables(tmp_path):
    """Return tables in a folder, of steps of 0.0643 of the range without spread."""
    own = normal(0.0643, 0.0)
    own.write(tmp_path)
    return own


def test_steps_without_spread_are_the_same_from_everywhere(tables, tmp_path):
    own = read(tmp_path)
    begun = LOW + RANGE * np.linspace(0, 0.8, 9).reshape(3, 3)
    generator = np.random.default_rng(1)
    for pulses in (1, 2):
        ended = own.sampled(begun, pulses, generator)
        assert (ended - begun) / RANGE == pytest.approx(0.0643 * pulses, abs=1e-6)
    assert own.sampled(begun, 0, generator) == pytest.approx(begun, abs=1e-15)


def test_steps_have_mean_and_deviation_of_the_table():
    generator = np.random.default_rng(2)
    begun = np.full(100_000, LOW + 0.6 * RANGE)
    for sign in (1, -1):
        steps = (normal(0.0465, 0.024).sampled(begun, sign, generator) - begun) / RANGE
        assert steps.mean() == pytest.approx(sign * 0.0465, abs=0.0004)
        assert steps.std() == pytest.approx(0.024, abs=0.0003)
        # no two are the same: nothing is binned
        assert len(np.unique(steps)) > 99_000


def test_steps_are_interpolated_between_conductances_and_probabilities():
    changes = np.array([[1.0, 3.0], [5.0, 11.0]]) * 1e-6
    own = StepTables(np.array([10e-6, 50e-6]), np.array([0.0, 1.0]), changes, -changes)

    class Half:
        """A generator of the probability 0.25."""

        def random(self, shape):
            return np.full(shape, 0.25)

    # at 20 µS: from 1.5 to 6.5 µS, a quarter of the way
    assert own.sampled(20e-6, 1, Half()) == pytest.approx(22.75e-6, abs=1e-15)
    assert own.sampled(20e-6, -1, Half()) == pytest.approx(17.25e-6, abs=1e-15)


def test_conductances_stay_in_the_range(tables):
    generator = np.random.default_rng(3)
    ends = tables.sampled([LOW - 1e-6, HIGH - 1e-6, HIGH], [-3, 50, 1], generator)
    assert ends == pytest.approx([LOW, HIGH, HIGH], abs=1e-15)


def test_each_conductance_gets_its_own_pulses(tables):
    middle = LOW + 0.5 * RANGE
    ended = tables.sampled(middle, [[2, 0], [-3, 1]], np.random.default_rng(4))
    expected = middle + 0.0643 * RANGE * np.array([[2, 0], [-3, 1]])
    assert ended == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda lines: lines[:-1], "a row for each CDF"),
        (lambda lines: [*lines[:-1], "1,2,x,4"], "rows of numbers"),
        (lambda lines: [*lines[:-1], "1,2,nan,4"], "not finite"),
        (lambda lines: [*lines[:-1], "1,2"], "rows of numbers"),
        (lambda lines: [lines[0], "4,3,2,1", *lines[2:]], "G does not rise"),
        (lambda lines: [*lines[:2], lines[2].replace("0.0", "0.1", 1), *lines[3:]], "CDF"),
        (
            lambda lines: [*lines[:2], lines[2].replace("1.00000000e+00", "0.99995"), *lines[3:]],
            "CDF",
        ),
        (lambda lines: [lines[0], "-" + lines[1], *lines[2:]], "G does not rise"),
        (lambda lines: lines[:2], "rows of numbers"),
        (lambda lines: [], "rows of numbers"),
    ],
)
def test_a_file_that_is_no_table_is_one_sentence(tables, tmp_path, change, part):
    path = tmp_path / INCREASING
    path.write_text("\n".join(change(path.read_text("utf-8").splitlines())), "utf-8")
    with pytest.raises(FileError) as caught:
        read(tmp_path)
    one_sentence(caught, str(path), part)


def test_two_files_of_different_devices_are_one_sentence(tables, tmp_path):
    path = tmp_path / DECREASING
    lines = path.read_text("utf-8").splitlines()
    lines[1] = lines[1].replace("7.0", "7.1", 1)
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(FileError) as caught:
        read(tmp_path)
    one_sentence(caught, DECREASING, "two files of one device")


READERS = [measurements.read_levels, imperfection_tables.read_entries, Imperfections.read]


@pytest.mark.parametrize("read_other", READERS)
@pytest.mark.parametrize("rows", [3, 20_000])
def test_readers_of_levels_refuse_a_table_of_any_size(tmp_path, read_other, rows):
    """The published tables are larger than a file of levels may be."""
    changes = np.full((rows, 4), 5e-6)
    axes = LOW + RANGE * np.array([0.0, 0.1, 0.35, 1.0]), np.linspace(0, 1, rows)
    StepTables(*axes, changes, -changes).write(tmp_path)
    before = (tmp_path / INCREASING).read_bytes()
    with pytest.raises(FileError) as caught:
        read_other(tmp_path / INCREASING)
    text = one_sentence(caught, INCREASING, "no levels", "StepTables.sampled")
    assert "delete" not in text
    assert (tmp_path / INCREASING).read_bytes() == before


@pytest.mark.parametrize("read_other", READERS)
def test_other_faults_of_files_are_named_as_before(tmp_path, read_other):
    (tmp_path / "levels.csv").write_text("a line\n1,2\n0,1,2\n")
    for name in ("levels.csv", "none.csv"):
        with pytest.raises(FileError) as caught:
            read_other(tmp_path / name)
        assert "StepTables" not in one_sentence(caught, name)


ROOT = Path(__file__).parents[2]


def printed(folder, capsys):
    """Return the rows that the example prints, by tables and temperature."""
    runpy.run_path(str(ROOT / "examples/step_tables.py"))["main"](folder)
    rows = csv.DictReader(capsys.readouterr().out.splitlines())
    return {(row.pop("tables"), row.pop("T (K)")): row for row in rows}


def numbers(row):
    """Return the numbers of a row by column: mean and deviation, or one."""
    return {
        name: [float(part) for part in cell.split(" ± ")]
        for name, cell in row.items()
        if name != "heat"
    }


def test_the_example_prints_range_and_steps_of_twenty_devices(tmp_path, capsys):
    for index, (name, kelvins) in enumerate((n, k) for n in ("SOT", "STT") for k in (0, 300, 400)):
        folder = tmp_path / f"DWMTJ_{name}" / f"{kelvins}K"
        folder.mkdir(parents=True)
        for number in range(20):
            own = normal(0.03 + 0.01 * index, 0.002)
            # both ends rise from device to device, the lower one less
            conductances = own.conductances * (1 + number / 51) - 0.5e-6 * number
            scale = np.ptp(conductances) / RANGE
            own = StepTables(
                conductances, own.probabilities, scale * own.increasing, scale * own.decreasing
            )
            own.write(folder)
            for path in (INCREASING, DECREASING):
                (folder / path).rename(folder / path.replace(".", f"{number}."))
    rows = printed(tmp_path, capsys)
    assert len(rows) == 6
    low = 70 * (1 + np.arange(20) / 51) - 0.5 * np.arange(20)
    for index, row in enumerate(rows.values()):
        own = numbers(row)
        assert own["Gmin (µS)"] == pytest.approx([low.mean(), low.std(ddof=1)], abs=0.051)
        assert own["correlation"] == [1.0]
        assert own["step up (%)"] == pytest.approx([3 + index, 0.2], abs=0.011)
        assert own["step down (%)"] == pytest.approx([-3 - index, 0.2], abs=0.011)
        assert row["heat"] == "no own heat"


@pytest.mark.skipif("WALLNET_STEP_TABLES" not in os.environ, reason="needs published tables")
def test_published_tables_have_the_known_numbers(capsys):
    """Liu and others: means and deviations of the files' columns, by NumPy alone."""
    rows = printed(os.environ["WALLNET_STEP_TABLES"], capsys)
    with open(ROOT / "docs/results/step-tables.csv", newline="", encoding="utf-8") as stream:
        stored = [*csv.DictReader(stream)]
    assert [row | {"tables": name, "T (K)": t} for (name, t), row in rows.items()] == stored
    cold, warm, transfer = (
        numbers(rows[f"DWMTJ_{name}", kelvins])
        for name, kelvins in (("SOT", "0"), ("SOT", "300"), ("STT", "300"))
    )
    assert cold["step up (%)"] == pytest.approx([6.434, 0.007], abs=0.006)
    assert warm["step up (%)"] == pytest.approx([4.715, 2.427], abs=0.015)
    assert transfer["step up (%)"] == pytest.approx([3.580, 0.544], abs=0.006)
    assert warm["Gmin (µS)"] == pytest.approx([70.04, 7.35], abs=0.051)
    assert warm["Gmax (µS)"] == pytest.approx([171.89, 17.06], abs=0.051)
    assert warm["correlation"] == pytest.approx([0.960], abs=0.0051)


def test_networks_get_conductances_of_devices_pulses_or_both(tmp_path, monkeypatch):
    """Two kinds of devices, 10 % apart, whose steps up are 5 % of the range, or 15 %."""
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    whole = normal(0.0, 0.0)
    steps = RANGE * np.repeat([[0.05], [0.05], [0.15], [0.15]], 4, axis=1)
    for number in range(20):
        scale = 1.0 if number % 2 else 1.1
        own = StepTables(
            scale * whole.conductances,
            np.array([0, 0.49999, 0.50001, 1]),
            scale * steps,
            -scale * steps[::-1],
        )
        own.write(tmp_path)
        for path in (INCREASING, DECREASING):
            (tmp_path / path).rename(tmp_path / path.replace(".", f"{number}."))
    names = runpy.run_path(str(ROOT / "examples/step_networks.py"))
    devices = names["Devices"](tmp_path, np.random.default_rng(1))
    shares = np.array([0, 0.1, 0.2, 0.3])
    assert devices.levels[:4] == pytest.approx(1.05 * (LOW + shares * RANGE), abs=0.3e-6)
    # the last steps are cut at the upper end
    assert 10 < len(devices.levels) < 17
    pulses = np.full((40_000, 2), 3)
    pulses[:, 1] = 0
    own = devices.written(pulses, np.random.default_rng(2))
    mean, zero = 1.05 * (LOW + 0.3 * RANGE), 1.05 * LOW
    differ, scatter = 0.05 * mean / 1.05, 0.05 * RANGE * np.sqrt(3)
    expected = {
        "all together": (mean, np.hypot(differ, scatter * np.sqrt((1 + 1.1**2) / 2))),
        "device to device": (mean, differ),
        "cycle to cycle": (mean, 1.05 * scatter),
    }
    for cause, numbers_of_cause in expected.items():
        values = own[cause][:, 0]
        assert (values.mean(), values.std()) == pytest.approx(numbers_of_cause, abs=0.3e-6), cause
    assert own["cycle to cycle"][:, 1] == pytest.approx(zero, abs=1e-12)
    assert own["all together"][:, 1].std() == pytest.approx(0.05 * LOW, abs=0.05e-6)
    # a step of 5 % is half of the mean one; two in three of 15 % are too long
    verified = own["all together, 8 readings"][:, 0]
    assert np.abs(verified - mean).mean() < 0.05 * 1.05 * RANGE
    assert np.abs(verified - mean).max() < 0.12 * 1.05 * RANGE
