"""Imperfections from pulses of a user: known spreads are recovered, and gaps are said."""

import csv
import re
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from helpers.pulse_data import NOMINAL, SPREADS, simulated

from wallnet import files
from wallnet.cli import main
from wallnet.devices.measured import measured_model
from wallnet.files.imperfection_tables import read_entries
from wallnet.jobs.imperfections import ImperfectionsJob
from wallnet.studies.imperfections import gathered
from wallnet.studies.pulse_data import imperfections_of


@pytest.fixture(autouse=True)
def levels(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_levels(NOMINAL)


def write_levels(nominal):
    with open("levels.csv", "w") as stream:
        stream.write("conductance\n" + "".join(f"{value}\n" for value in nominal[::-1]))
    return "levels.csv"


def known(text):
    """Return the entries of the table of pulses, and the sentences."""
    for name, content in {"pulses.csv": text, "own.csv": ""}.items():
        with open(name, "w") as stream:
            stream.write(content)
    table, sentences = imperfections_of("pulses.csv", "levels.csv")
    files.write_text(table, "own.csv")
    return read_entries("own.csv").entries, sentences


def lines_of(*rows):
    return "device,cycle,pulse,before,after\n" + "".join(
        ",".join(map(str, row)) + "\n" for row in rows
    )


def test_spreads_of_many_devices_are_recovered():
    """7,200 rows; each bound is 3.5 standard errors, of 80 devices, 2,400 writings and reads."""
    text, counts = simulated(devices=80, cycles=30, seed=5)
    entries, sentences = known(text)
    errors = 1 / np.sqrt(2 * 79)
    for name, entry in {"gain": "gain_spread", "ratio": "ratio_spread"}.items():
        error = 3.5 * SPREADS[name] * errors
        assert entries[entry][()] == pytest.approx(SPREADS[name], rel=0, abs=error)
    (level,) = set(entries["level_spread"].values())
    # two of five numbers of a device are its gain and its ratio
    assert level == pytest.approx(SPREADS["level"], rel=0, abs=3.5 * 0.012 / np.sqrt(2 * 80 * 3))
    for name, entry in {"cycle": "cycle_spread", "read": "read_noise"}.items():
        values = list(entries[entry].values())
        assert len(values) == 5
        assert values == pytest.approx([SPREADS[name]] * 5, rel=0.15, abs=0)
        assert np.mean(values) == pytest.approx(SPREADS[name], rel=0.05, abs=0)
    names = [f"level {index}" for index in range(5)]
    assert entries["landing_count"] == {
        (device, "level 0", kind, names[end]): count
        for (device, kind, end), count in counts.items()
    }
    assert entries["state_conductance"] == {
        ("measured", name): value for name, value in zip(names, NOMINAL, strict=True)
    }
    assert entries["half_select"] == {(1,): 0, (2,): 0, (3,): 0}
    assert sentences == [
        "Barriers, attempt frequencies and half-select pulses cannot be told from these pulses.",
        "Current density and duration of the pulses are not in the data; add rows of "
        "write_current_density and write_duration.",
    ]


def test_few_cycles_do_not_raise_the_spread_of_devices():
    """Four cycles a device leave errors of its levels that are as large as the true spreads."""
    changes = {"gain": 0.02, "ratio": 0.02, "level": 0.0, "cycle": 0.03, "read": 0.01}
    text, _ = simulated(devices=250, cycles=4, seed=11, **changes)
    entries, _ = known(text)
    # without the errors of the fits: 0.025 and 0.036
    assert entries["gain_spread"][()] == pytest.approx(0.02, rel=0, abs=0.003)
    assert entries["ratio_spread"][()] == pytest.approx(0.02, rel=0, abs=0.008)
    assert entries["level_spread"][("level 1",)] < 0.01
    assert np.mean(list(entries["cycle_spread"].values())) == pytest.approx(0.03, rel=0.1, abs=0)


def test_levels_are_told_by_the_fit_of_the_device():
    """A device with 30 % more conductance and 8 % less ratio: its level 1 is near level 2."""
    own = 1.3 * np.array([2.0e-5, 2.9e-5, 4.1e-5, 5.6e-5, 7.0e-5])
    share = (own - own[0]) / np.ptp(own)
    own = own[0] + (0.92 * own[-1] - own[0]) * share
    rows = [(4, 1, 2, own[start], own[end]) for start, end in [(0, 1), (1, 3), (3, 4), (4, 2)]]
    entries, _ = known(lines_of(*rows))
    steps = [("level 0", "level 1"), ("level 1", "level 3"), ("level 3", "level 4")]
    assert entries["landing_count"] == {
        (4, start, 2, end): 1 for start, end in [*steps, ("level 4", "level 2")]
    }


def test_a_wall_that_stays_is_not_written_again():
    """Cycle to cycle 3 %: pulses that move nothing leave the conductance of the writing."""
    rng = np.random.default_rng(2)
    rows = []
    for cycle in range(400):
        low, high = NOMINAL[[0, 3]] * (1 + 0.03 * rng.standard_normal(2))
        rows += [(1, cycle, 1, low, low), (1, cycle, 1, low, high), (1, cycle, 0, high, high)]
    entries, sentences = known(lines_of(*rows))
    assert entries["cycle_spread"][("level 0",)] == pytest.approx(0.03, rel=0.12, abs=0)
    assert entries["cycle_spread"][("level 3",)] == pytest.approx(0.03, rel=0.12, abs=0)
    assert set(entries["read_noise"].values()) == {0.0}
    counts = {("level 0", "level 0"): 400, ("level 0", "level 3"): 400}
    assert {place[1::2]: n for place, n in entries["landing_count"].items()} == counts
    for name in ("gain_spread", "ratio_spread", "level_spread"):
        assert name not in entries
    assert sentences[:3] == [
        "read_noise of level 0, level 1, level 2, level 4 is that of the other levels: no row of "
        "pulse 0 begins and ends on this level.",
        "cycle_spread of level 1, level 2, level 4 is that of the other levels: no device was "
        "written to this level twice.",
        "gain_spread, ratio_spread and level_spread cannot be told: fewer than two devices have "
        "readings on two levels.",
    ]


def test_what_cannot_be_told_is_left_out_and_said():
    low, high = NOMINAL[[1, 4]]
    rows = [(d, c, 3, low * d**0.1, high * c**0.01) for d in (1, 2) for c in (1, 2, 3)]
    entries, sentences = known(lines_of(*rows))
    assert "read_noise" not in entries
    assert "level_spread" not in entries
    assert "read_noise cannot be told: no row of pulse 0 begins and ends on any level." in sentences
    assert "cycle_spread has the read noise in it; measure rows of pulse 0." in sentences
    assert "level_spread cannot be told: no device has readings on three levels." in sentences
    assert entries["gain_spread"][()] > 0
    entries, sentences = known(lines_of((1, 1, 0, low, low)))
    assert "No row has a pulse other than 0, so that no pulse was counted." in sentences
    assert "cycle_spread cannot be told: no device was written to any level twice." in sentences
    assert entries.keys() == {"is_level", "state_conductance", "read_noise"}


def test_levels_that_overlap_are_said():
    text, _ = simulated(devices=20, cycles=20, cycle=0.065)
    _, sentences = known(text)
    (sentence,) = [sentence for sentence in sentences if "overlap" in sentence]
    assert "level 4 overlap with the next level" in sentence
    assert "level 0" not in sentence
    assert sentence.endswith("average readings, or leave out a level.")


def test_a_device_without_these_levels_is_said():
    text, _ = simulated(devices=2, cycles=20)
    values = np.random.default_rng(4).uniform(2e-5, 7e-5, (60, 2))
    rows = [f"7,1,1,{before:.6e},{after:.6e}" for before, after in values]
    _, sentences = known(text + "\n".join(rows))
    fault = "Readings of device 7 fit levels.csv badly; give the levels of these devices."
    assert fault in sentences


def test_the_table_becomes_the_file_of_the_measured_device():
    text, counts = simulated(devices=6, cycles=20)
    with open("pulses.csv", "w") as stream:
        stream.write(text)
    main(["imperfections", "--pulses", "pulses.csv", "--levels", "levels.csv", "--out", "own.csv"])
    measured_model("levels.csv", None, "mine.json")
    data = gathered(ImperfectionsJob(device="mine", disturb=1e-5), "mine.json", file="own.csv")
    assert data["landing_count"].values[:, :, :3].sum() == sum(counts.values())
    assert data["state_conductance"].values.tolist() == [NOMINAL.tolist()]
    assert data["half_select"].values.tolist() == [0, 0, 0, 1]
    assert data["device_number"].values.tolist() == [1, 2, 3, 4, 5, 6]
    assert np.isfinite(data["escape_barrier"].values).any(axis=(1, 2, 3)).all()
    with open("own.csv", newline="") as stream:
        sources = {row["source"] for row in csv.DictReader(stream)}
    assert sources == {"measured: 6 devices, 360 rows of pulses.csv"}


def test_the_examples_of_the_page_are_read():
    page = Path(__file__).parents[2] / "docs" / "imperfections.md"
    blocks = re.findall(r"(?m)(?:^    .*\n)+", page.read_text("utf-8"))
    starts = "    quantity,", "    device,"
    table, pulses = (dedent(block) for block in blocks if block.startswith(starts))
    write_levels(np.array([1e-5, 2.2e-5, 3.1e-5]))
    entries, _ = known(pulses)
    assert entries["landing_count"] == {(1, "level 0", 3, "level 2"): 1}
    with open("page.csv", "w") as stream:
        stream.write(table)
    assert read_entries("page.csv").entries == {
        "gain_spread": {(): 0.12},
        "landing_count": {(1, "level 0", 1, "level 1"): 47, (1, "level 0", 1, "level 2"): 3},
    }


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ((1.5, 1, 1, 2e-5, 3e-5), "line 3, column device: has 1.5, which is no whole number"),
        ((0, 1, 1, 2e-5, 3e-5), "line 3, column device: has 0; count devices from 1"),
        ((1, -2, 1, 2e-5, 3e-5), "line 3, column cycle: has -2, which is negative; count from 0"),
        ((1, 1, "up", 2e-5, 3e-5), "line 3, column pulse: has 'up', which is not a finite number"),
        ((1, 1, 1, 2e-5, 30), "line 3, column after: has 30 S, far from all levels; write conduc"),
        ((1, 1, 1, -2e-5, 3e-5), "line 3, column before: has -2e-05 S, far from all levels"),
        ((1, 1, 1, "nan", 3e-5), "line 3, column before: has 'nan', which is not a finite number"),
    ],
)
def test_wrong_rows_are_refused(row, fault):
    with pytest.raises(files.FileError) as refused:
        known(lines_of((1, 1, 1, 2e-5, 3e-5), row))
    assert fault in str(refused.value)


def test_wrong_files_are_refused():
    with pytest.raises(files.FileError, match="column after: is missing; write the name after"):
        known("device,cycle,pulse,before (S)\n1,1,1,2e-5\n")
    with pytest.raises(files.FileError, match=r"column before: is in uS; write before \(S\)"):
        known("device,cycle,pulse,before (uS),after\n1,1,1,20,2e-5\n")
    write_levels(np.array([1e-5, 2e-5, 2e-5]))
    with pytest.raises(files.FileError, match=r"levels.csv, column conductance: has a level twice"):
        known(lines_of((1, 1, 1, 2e-5, 3e-5)))
    write_levels(np.array([0.0, 1e-5]))
    with pytest.raises(files.FileError, match=r"levels.csv, column conductance: has a level of 0"):
        known(lines_of((1, 1, 1, 2e-5, 3e-5)))
