"""Small device files and data sets, made the same way every time."""

import struct
from pathlib import Path

import numpy as np
import xarray as xr

from wallnet import files
from wallnet.config.networks import DATA_FILES

READINGS = ["parallel", "series"]


def _filled(kind, given, sizes):
    """Complete a device's variables with zeros where a test does not care."""
    variables = dict(given)
    for name, dimensions in files.SCHEMAS[kind].items():
        if name not in variables:
            shape = tuple(sizes.get(d, 2) for d in dimensions)
            is_state = name.endswith("state")
            variables[name] = (dimensions, np.full(shape, "free") if is_state else np.zeros(shape))
    return variables


def write_synapse(path: Path, levels: int, **changes) -> Path:
    """Write a synapse with evenly spaced walls: linear in parallel, f/(2 - f) in series."""
    switched = np.linspace(0.0, 1.0, levels)
    extended = np.linspace(0.0, 1.0, 2 * levels - 1)
    given = {
        "normalized_conductance": (
            ("reading", "level"),
            np.stack([switched, switched / (2 - switched)]),
        ),
        "stable": (("level",), np.ones(levels, dtype=np.int8)),
        "reachable": (("level",), np.ones(levels, dtype=np.int8)),
        "extended_stable": (("extended_level",), np.ones(len(extended), dtype=np.int8)),
        "extended_state": (
            ("extended_level",),
            np.array([f"notch {k}" for k in range(len(extended))]),
        ),
        "extended_normalized_conductance": (
            ("reading", "extended_level"),
            np.stack([extended, extended / (2 - extended)]),
        ),
    }
    given |= {name: (given[name][0], values) for name, values in changes.items()}
    sizes = {"reading": 2, "level": levels, "extended_level": len(extended), "component": 3}
    dataset = xr.Dataset(_filled("synapse", given, sizes), coords={"reading": READINGS})
    files.write_dataset(dataset, path, "synapse", {"parameters": "{}"})
    return path


def write_neuron(path: Path, quartic=(0.0, 1.3, -0.4, 0.2, -0.1)) -> Path:
    """Write a neuron whose curve bends a little, as the measured one does."""
    given = {"quartic": (("reading", "power"), np.stack([quartic, quartic]))}
    sizes = {"reading": 2, "power": 5, "component": 3}
    coordinates = {"reading": READINGS, "power": np.arange(5)}
    dataset = xr.Dataset(_filled("neuron", given, sizes), coords=coordinates)
    files.write_dataset(dataset, path, "neuron", {"parameters": "{}"})
    return path


def idx(array: np.ndarray) -> bytes:
    """Return an array of bytes in the IDX format."""
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(
        f">{array.ndim}I", *array.shape
    )
    return header + array.astype(np.uint8).tobytes()


def write_images(folder: Path, training=600, test=200, side=8, classes=4, noise=60, seed=0) -> None:
    """Write a data set of noisy blots, one place for each class, in torchvision's layout."""
    random = np.random.default_rng(seed)
    patterns = random.integers(0, 200, size=(classes, side, side))
    folder.mkdir(parents=True, exist_ok=True)
    for part, count in (("train", training), ("t10k", test)):
        labels = random.integers(0, classes, size=count)
        images = patterns[labels] + random.normal(0, noise, size=(count, side, side))
        content = {"images-idx3": np.clip(images, 0, 255), "labels-idx1": labels}
        for name, array in content.items():
            (folder / f"{part}-{name}-ubyte").write_bytes(idx(array))
    assert all((folder / name).is_file() for name in DATA_FILES)
