"""The comparison of results, on small files made by hand."""

import json
import subprocess
import sys
import time

import netCDF4
import numpy as np
import pytest
from compare import HERE, TARGETS, differences, values_of
from helpers.measured import write_measurements

from wallnet import plan
from wallnet.plan.listing import everything
from wallnet.studies import STUDIES

TRACE, TABLE, ROUND = "traces/wire/0.5000.nc", "tables/levels.csv", "intervals/wire/round-1.json"

WALL = np.linspace(40e-9, 93e-9, 60).reshape(30, 2)


JOB = {"track": {"length": 2e-7, "notches": {"count": 3}}, "expected": ["notch 1", "notch 2"]}

GATHERED = {"settings": {"pause": 1e-9}, "rounds": 2}


def write_trace(folder, backend="film", job=JOB, **changes):
    """Write a file with a large variable, a small one with NaN, an integer and texts."""
    values = {"wall": WALL, "edge": [0.5e12, np.nan], "flag": np.int8(1), "end": ["free", "wider"]}
    (folder / TRACE).parent.mkdir(parents=True, exist_ok=True)
    with netCDF4.Dataset(folder / TRACE, "w") as made:
        made.setncatts({"kind": "trace", "backend": backend, "wall_time": time.time()})
        made.setncatts({"parameters": json.dumps(GATHERED), "simulation": json.dumps(job)})
        for name, entry in (values | changes).items():
            array = np.asarray(entry)
            axes = [f"{name}-{axis}" for axis in range(array.ndim)]
            for axis, size in zip(axes, array.shape, strict=True):
                made.createDimension(axis, size)
            text = array.dtype.kind == "U"
            stored = made.createVariable(name, str if text else array.dtype, axes)
            stored[...] = array.astype(object) if text else array


def write_all(folder, cell="0.25", level=3.5e-5, made_by=JOB):
    write_trace(folder)
    data = {"levels": [{"state": "free", "series": level}], "found": [2, None], "wall_seconds": 3.1}
    data["made_by"] = {"parameters": json.dumps(made_by)}
    for name, text in {
        TABLE: f"level,rise\nnotch 1,{cell}\nnotch 2,\n",
        ROUND: json.dumps(data | {"film": {"version": str(time.time())}}),
        **{name: str(time.time()) for name in ("logs/a.csv", "benchmarks/b.json", "tables/c.md")},
    }.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    folder = tmp_path_factory.mktemp("before")
    write_all(folder)
    return folder


@pytest.fixture
def compare(before, tmp_path):
    """Return a function that compares the files of a folder."""
    return lambda rtol=0.0: list(differences(values_of(before), values_of(tmp_path), rtol))


def test_the_same_values_made_at_another_time_do_not_differ(compare, tmp_path):
    """NaN equals NaN."""
    write_all(tmp_path, cell="0.250")
    assert compare() == []


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (
            {"edge": [0.502e12, np.nan]},
            "edge: 500000000000.0 -> 502000000000.0, relative 0.004, 1 of 2 values",
        ),
        ({"edge": [0.5e12, 0.0]}, "edge: nan -> 0.0, relative inf, 1 of 2 values"),
        ({"edge": [0.5e12]}, "edge: f (2,) -> f (1,)"),
        ({"edge": [5, 6]}, "edge: f (2,) -> i (2,)"),
        ({"flag": np.int8(0)}, "flag: 1.0 -> 0.0, relative 1"),
        ({"end": ["free", "free"]}, "end: 'wider' -> 'free', 1 of 2 values"),
        ({"backend": "oommf"}, "backend: 'film' -> 'oommf'"),
        ({"more": [1.0]}, "more: is new"),
    ],
)
def test_a_change_of_a_dataset_is_one_line(compare, tmp_path, changed, line):
    write_all(tmp_path)
    write_trace(tmp_path, **changed)
    assert compare() == [f"{TRACE} {line}"]


def test_a_difference_counts_relative_to_the_largest_value(compare, tmp_path):
    write_all(tmp_path)
    wall = WALL.copy()
    wall[3, 1] *= 1 + 1e-7
    write_trace(tmp_path, wall=wall)
    # 46.29 nm · 1e-7 of the largest, 93 nm
    (line,) = compare()
    assert line.endswith(", relative 5e-08, 1 of 60 values")
    assert compare(rtol=4.9e-8) == [line]
    assert compare(rtol=5.1e-8) == []


def test_cells_and_keys_are_compared_as_numbers(compare, tmp_path):
    write_all(tmp_path, cell="0.26", level=3.6e-5)
    assert compare() == [
        f"{ROUND} levels/0/series: 3.5e-05 -> 3.6e-05, relative 0.028",
        f"{TABLE} rise: 0.25 -> 0.26, relative 0.038, 1 of 2 values",
    ]


def test_a_difference_of_parameters_names_the_key(compare, tmp_path):
    """They are JSON, or its text; the order of keys is none."""
    job = {"expected": ["notch 1"], "track": {"notches": {"count": 4}, "length": 2e-7}, "seed": 7}
    write_all(tmp_path, made_by=dict(reversed(JOB.items())) | {"track": {"length": 4e-7}})
    write_trace(tmp_path, job=job)
    parameters = f"{ROUND} made_by/parameters"
    assert compare() == [
        f"{parameters}/track/length: 2e-07 -> 4e-07, relative 0.5",
        f"{parameters}/track/notches/count: is missing",
        f"{TRACE} simulation/expected: U (2,) -> U (1,)",
        f"{TRACE} simulation/seed: is new",
        f"{TRACE} simulation/track/notches/count: 3.0 -> 4.0, relative 0.25",
    ]


def test_missing_and_new_files_are_told(before, compare, tmp_path):
    write_all(tmp_path)
    (tmp_path / TABLE).rename(tmp_path / "tables/states.csv")
    lines = [f"{TABLE}: is missing", "tables/states.csv: is new"]
    assert compare() == lines
    command = [sys.executable, HERE / "compare.py", "differences", before, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    last_lines = ["compared 3 files with 19 variables and 85 values", "2 differences"]
    assert done.stdout.splitlines() == lines + last_lines
    done = subprocess.run([*command[:-1], before], capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[1:]) == (0, ["0 differences"])


def test_the_campaign_is_valid_and_its_targets_are_studies(tmp_path, monkeypatch):
    (tmp_path / "config.yaml").write_bytes((HERE / "config.yaml").read_bytes())
    write_measurements(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert len(everything(plan.load("config.yaml"))) > 100
    assert {*STUDIES} - {*TARGETS} == {"crosscheck"}
