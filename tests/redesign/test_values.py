"""The comparer of results, on small files made by hand."""

import json
import subprocess
import sys
import time

import netCDF4
import numpy as np
import pytest
from helpers.measured import write_measurements
from values import HERE, RTOL, Names, differences, load, save, values_of

from wallnet import plan
from wallnet.plan.listing import everything

TRACE = "results/traces/wire/0.5000.nc"
TABLE = "results/tables/levels.csv"
ROUND = "results/intervals/wire/round-1.json"

WALL = np.linspace(40e-9, 93e-9, 60).reshape(30, 2)


def write_trace(folder, path=TRACE, kind="trace", state="notch 2", names=None, **changes):
    """Write a file with a large variable, a small one with NaN, an integer and texts."""
    values = {"wall": WALL, "edge": [0.5e12, np.nan], "flag": np.int8(1), "end": ["free", "wider"]}
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    with netCDF4.Dataset(folder / path, "w") as made:
        made.setncatts({"kind": kind, "state": state, "wall_time": time.time()})
        for name, each in (values | changes).items():
            array, name = np.asarray(each), (names or {}).get(name, name)
            axes = [f"{name}-{axis}" for axis in range(array.ndim)]
            for axis, size in zip(axes, array.shape, strict=True):
                made.createDimension(axis, size)
            text = array.dtype.kind == "U"
            stored = made.createVariable(name, str if text else array.dtype, axes)
            stored[...] = array.astype(object) if text else array


def write_all(folder, cell="0.25", level=3.5e-5):
    write_trace(folder)
    (folder / "results/tables").mkdir()
    (folder / TABLE).write_text(f"level,rise\nnotch 1,{cell}\nnotch 2,\n")
    (folder / ROUND).parent.mkdir(parents=True)
    data = {"levels": [{"state": "free", "series": level}], "found": [2, None], "wall_seconds": 3.1}
    (folder / ROUND).write_text(json.dumps(data))
    for name in ("logs/a.csv", "benchmarks/b.json", "last-run.json", "tables/c.md"):
        (folder / "results" / name).parent.mkdir(exist_ok=True)
        (folder / "results" / name).write_text(str(time.time()))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return the values of all files, as `save` writes them."""
    folder = tmp_path_factory.mktemp("saved")
    write_all(folder)
    save(folder / "results", folder / "values.json.gz")
    return load(folder / "values.json.gz")


@pytest.fixture
def told(saved, tmp_path):
    """Return a function that compares the files of a folder."""
    return lambda rtol=RTOL, **names: list(
        differences(saved, values_of(tmp_path / "results"), Names(**names), rtol)
    )


def test_the_same_values_made_at_another_time_do_not_differ(told, tmp_path):
    """NaN equals NaN."""
    write_all(tmp_path)
    assert told() == []


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"edge": [0.502e12, np.nan]}, " edge: 500000000000.0 -> 502000000000.0, relative 0.004"),
        ({"edge": [0.5e12, 0.0]}, " edge: nan -> 0.0, relative inf"),
        ({"edge": [0.5e12]}, " edge: shape [2] -> [1]"),
        ({"edge": [5, 6]}, " edge: type float -> integer"),
        ({"flag": np.int8(0)}, " flag: 1 -> 0, relative 1"),
        ({"end": ["free", "free"]}, " end: 'wider' -> 'free', 1 of 2 values"),
        ({"state": "notch 3"}, " state: 'notch 2' -> 'notch 3'"),
        ({"kind": "track"}, ": kind trace -> track"),
        ({"more": [1.0]}, " more: is new"),
    ],
)
def test_a_change_of_a_dataset_is_one_line(told, tmp_path, changed, line):
    write_all(tmp_path)
    write_trace(tmp_path, **changed)
    (found,) = told()
    assert found.startswith(TRACE + line)


def test_any_value_of_a_large_array_counts(told, tmp_path):
    """The one that differs is none of the saved ones, and the mean may stay."""
    write_all(tmp_path)
    wall = WALL.copy()
    wall[3, 1] *= 1 + 1e-7
    write_trace(tmp_path, wall=wall)
    # 46.29 nm · 1e-7 / 60 of the largest, 93 nm
    (line,) = told()
    assert line.endswith(", relative 8.3e-10, 1 of 8 values")
    assert told(rtol=1e-8) == []
    wall[3, 1] = WALL[3, 1]
    wall[[4, 5], 0] = wall[[5, 4], 0]
    write_trace(tmp_path, wall=wall)
    (line,) = told()
    assert " wall: digest " in line
    assert told(rtol=1e-6) == []


def test_cells_and_keys_are_compared_as_numbers(told, tmp_path):
    write_all(tmp_path, cell="0.250", level=3.6e-5)
    key = "levels/0/series"
    assert told() == [f"{ROUND} {key}: 3.5e-05 -> 3.6e-05, relative 0.028"]
    assert told(rtol=0.03) == []


def test_missing_and_new_files_are_told(told, tmp_path):
    write_all(tmp_path)
    (tmp_path / TABLE).rename(tmp_path / "results/tables/states.csv")
    assert told() == [f"{TABLE}: is missing", "results/tables/states.csv: is new"]
    dropped = [{"path": "results/tables/{any}.csv", "reason": "nobody read it"}]
    added = [{"path": "*/states.csv", "reason": "in its place"}]
    assert told(dropped=dropped, added=added) == []
    with pytest.raises(SystemExit, match="needs path and reason"):
        told(dropped=[{"path": TABLE}])


def test_what_is_renamed_is_compared_under_its_new_name(told, tmp_path):
    path = "results/pulses/0.5000-wire.nc"
    write_all(tmp_path)
    (tmp_path / TRACE).unlink()
    (tmp_path / TABLE).write_text("level,warmth\nnotch 1,0.25\nnotch 2,\n")
    (tmp_path / ROUND).write_text((tmp_path / ROUND).read_text().replace("levels", "states"))
    write_trace(tmp_path, path, "pulse", names={"wall": "ends", "edge": "rim"})
    names = {
        "paths": {"results/traces/{device}/{current}.nc": "results/pulses/{current}-{device}.nc"},
        "kinds": {"trace": "pulse"},
        "variables": {"*": {"wall": "unlike", "edge": "rim"}, "trace": {"wall": "ends"}},
        "columns": {"rise": "warmth"},
        "keys": {"levels": "states"},
    }
    assert told(**names) == []
    write_trace(tmp_path, path, "pulse", names={"wall": "ends", "end": "last"}, more=[1])
    old = f"{TRACE} -> {path}"
    assert told(**names, attributes={"state": "after"}) == [
        *(f"{old} {name}: is missing" for name in ("rim", "end", "after")),
        *(f"{path} {name}: is new" for name in ("edge", "last", "more", "state")),
    ]
    names["variables"] = {"*": {"wall": "ends"}}
    names["dropped"] = [{"path": "results/traces/*", "name": "e{rest}", "reason": "as last"}]
    names["added"] = [{"path": path, "name": "*", "reason": "asked for"}]
    assert told(**names) == []


def test_the_command_fails_for_a_difference(saved, tmp_path):
    write_all(tmp_path)
    (tmp_path / "saved.json").write_text(json.dumps(saved))

    def compared():
        command = [sys.executable, HERE / "values.py", "compare", "saved.json", "results"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    done = compared()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "compared 3 files with 10 variables and 74 values",
        "0 differences",
    ]
    (tmp_path / ROUND).unlink()
    done = compared()
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == f"{ROUND}: is missing"


def test_the_campaign_can_be_run_and_has_the_saved_files(tmp_path, monkeypatch):
    (tmp_path / "config.yaml").write_bytes((HERE / "config.yaml").read_bytes())
    write_measurements(tmp_path)
    monkeypatch.chdir(tmp_path)
    planned = everything(plan.load("config.yaml"))
    compared = {path for path in planned if path.endswith((".nc", ".csv", ".json"))}
    assert len(compared) > 100
    assert compared <= set(load(HERE / "values.json.gz"))
