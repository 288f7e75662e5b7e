"""Exports of the device of `helpers.imperfect`, and modules that stand for other tools."""

import json
import sys
import types

import numpy as np

from helpers.made import imperfections
from wallnet import files
from wallnet.exports import Device, export

DEVICE = "wall"


def both_ways():
    """Return counts of a pulse up and one down, each from all three levels, with unequal steps."""
    counts = np.zeros((2, 4, 3, 4), int)
    counts[0, 0, 0] = [20, 60, 0, 20]
    counts[1, 1, 0] = [0, 10, 30, 0]
    counts[0, 2, 0] = [0, 0, 50, 0]
    counts[0, 2, 1] = [5, 15, 30, 0]
    counts[1, 1, 1] = [40, 10, 0, 0]
    counts[1, 0, 1] = [50, 0, 0, 0]
    counts[:, :3, 2] = np.eye(4, dtype=int)[:3]
    barriers = np.full((2, 2, 4, 4), np.nan)
    return {"landing_count": counts, "device_number": [1, 2], "escape_barrier": barriers}


def exported(folder, to, sources=None, device=DEVICE, **changes):
    """Return the folder of an export of a device, and what is known of it."""
    own = imperfections(**changes)
    attributes = {"sources": json.dumps(sources or {"gain_spread": "assumed: ten per cent"})}
    path = folder / files.IMPERFECTIONS.format(device=device)
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_dataset(own.data, path, "imperfections", attributes)
    return export(Device(device, folder), to, folder / to), own


def run(folder, monkeypatch, **stubs):
    """Return the module of an export, run with modules that stand for those of its tool."""
    for name, content in stubs.items():
        *parents, _ = name.split(".")
        for end in range(1, len(parents) + 1):
            monkeypatch.setitem(sys.modules, ".".join(parents[:end]), types.ModuleType("parent"))
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    module = types.ModuleType("wall_device")
    exec(
        compile((folder / "wall_device.py").read_text("utf-8"), "wall_device.py", "exec"),
        vars(module),
    )
    return module


def frequencies(values, expected):
    """Return the share of each expected value among values; all others together come last."""
    shares = [np.isclose(values, value, rtol=1e-5, atol=0).mean() for value in expected]
    return np.array([*shares, 1 - sum(shares)])
