"""The comparison of results, on small files made by hand."""

import json
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


def test_the_campaign_is_valid_and_its_targets_are_studies(tmp_path, monkeypatch):
    (tmp_path / "config.yaml").write_bytes((HERE / "config.yaml").read_bytes())
    write_measurements(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert len(everything(plan.load("config.yaml"))) > 100
    assert {*STUDIES} - {*TARGETS} == {"crosscheck"}
