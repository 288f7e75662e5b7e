"""Tables of conductance steps, read as CrossSim 2 and XBTorch document it.

The variable `WALLNET_XBTORCH` names a copy of ADAM-Lab-GW/xbtorch, whose device reads them too.
"""

import os
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.exported import both_ways, exported
from helpers.made import CONDUCTANCES

from wallnet.files.step_tables import StepTables

# by hand, in µS: outcomes of a pulse up and of one down, from 20, 32 and 50 µS
UP = {20: {0: 0.2, 12: 0.6, 8: 0.2}, 32: {0: 0.25, 18: 0.75}, 50: {0: 1.0}}
DOWN = {20: {0: 1.0}, 32: {-12: 0.8, 0: 0.2}, 50: {-30: 0.1, -18: 0.3, 0: 0.6}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of an export."""
    return exported(tmp_path_factory.mktemp("tables"), "tables", **both_ways())[0]


def shares(changes):
    """Return the share of each change, in µS."""
    values, counts = np.unique(np.round(changes * 1e6, 4), return_counts=True)
    return dict(zip(values.tolist(), (counts / len(changes)).tolist(), strict=True))


@pytest.mark.parametrize(("number", "steps"), [(1, UP), (-1, DOWN)])
def test_tables_of_crosssim_have_the_counted_steps(folder, number, steps):
    tables = StepTables.read(folder / "dG_increasing.txt", folder / "dG_decreasing.txt")
    assert tables.conductances == pytest.approx(CONDUCTANCES[:3], abs=1e-12)
    generator = np.random.default_rng(2)
    for start, expected in steps.items():
        begun = np.full(100_000, start * 1e-6)
        changes = tables.sampled(begun, number, generator) - begun
        own = shares(changes)
        # a thousandth of the draws is between two steps
        assert {step: own.get(step, 0) for step in expected} == pytest.approx(expected, abs=0.01)


def nearest(values, table):
    """Return the index of the nearest entry of each row of a table, the first of equal ones."""
    return np.abs(table - values[:, np.newaxis]).argmin(axis=1)


@pytest.mark.parametrize(("name", "steps"), [("set", UP), ("reset", DOWN)])
def test_tables_of_xbtorch_have_the_counted_steps(folder, name, steps):
    axis, changes, distribution = (
        np.loadtxt(folder / f"{name}_{part}.txt", dtype=np.float32) for part in ("G", "dG", "cdf")
    )
    assert distribution.shape == (len(axis), len(changes))
    assert (np.diff(distribution) >= 0).all()
    generator = np.random.default_rng(2)
    for start, expected in steps.items():
        row = distribution[np.abs(axis - start * 1e-6).argmin()]
        uniform = generator.random(100_000, np.float32)
        own = shares(changes[nearest(uniform, row[np.newaxis])])
        assert own == pytest.approx(expected, abs=0.008)


@pytest.mark.skipif("WALLNET_XBTORCH" not in os.environ, reason="needs a copy of XBTorch")
@pytest.mark.parametrize(("number", "steps"), [(1, UP), (-1, DOWN)])
def test_the_device_of_xbtorch_takes_the_counted_steps(folder, monkeypatch, number, steps):
    root = Path(os.environ["WALLNET_XBTORCH"], "src/xbtorch")
    # what its trainings and fits import is not needed
    modules = {
        "xbtorch": {"__path__": [str(root)], "get_xbtorch_param": lambda name: (-1, 1)},
        "xbtorch.devices": {"__path__": [str(root / "devices")]},
        "smt": {},
        "smt.surrogate_models": {"KRG": object},
    }
    for name, content in modules.items():
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    from xbtorch.devices.base import TabularDevice

    names = (f"{name}_{part}.txt" for name in ("reset", "set") for part in ("G", "dG", "cdf"))
    device = TabularDevice(*(str(folder / name) for name in names), len(steps) - 1)
    torch.manual_seed(2)
    for start, expected in steps.items():
        begun = torch.full((100_000,), start * 1e-6)
        ended = device.write(begun.clone(), torch.full_like(begun, number))
        own = {round(change, 1): share for change, share in shares((ended - begun).numpy()).items()}
        assert own == pytest.approx(expected, abs=0.008)


def test_both_directions_of_xbtorch_have_the_same_range(folder):
    ends = [np.loadtxt(folder / f"{name}_G.txt")[[0, -1]] for name in ("set", "reset")]
    assert np.array_equal(*ends)


def test_states_of_one_conductance_are_one(tmp_path):
    counts = both_ways()["landing_count"]
    counts[0, 3, 0] = [0, 0, 10, 30]
    conductances = CONDUCTANCES.copy()
    conductances[3] = conductances[1]
    changes = both_ways() | {"landing_count": counts, "state_conductance": conductances[None]}
    folder, _ = exported(tmp_path, "tables", **changes)
    tables = StepTables.read(folder / "dG_increasing.txt", folder / "dG_decreasing.txt")
    assert len(tables.conductances) == 3
    begun = np.full(100_000, 32e-6)
    own = shares(tables.sampled(begun, 1, np.random.default_rng(3)) - begun)
    assert own[18.0] == pytest.approx(40 / 80, abs=0.01)


def test_a_row_without_counts_is_that_of_the_nearest_count(tmp_path):
    counts = both_ways()["landing_count"]
    counts[:, 2, 0] = 0
    folder, _ = exported(tmp_path, "tables", **both_ways() | {"landing_count": counts})
    distribution = np.loadtxt(folder / "set_cdf.txt")
    assert distribution[2] == pytest.approx(distribution[1], abs=1e-12)
    rows = np.loadtxt(folder / "dG_increasing.txt", delimiter=",", skiprows=3)
    assert rows[:, 2] == pytest.approx(rows[:, 1], abs=1e-12)
