"""Small reproducible compact models and data sets."""

import struct
from pathlib import Path

import numpy as np

from wallnet import files
from wallnet.config.networks import DATA_FILES

LOWEST, HIGHEST = 40e-6, 65e-6
"""Conductances in S of the first and the last level of `write_synapse`."""


def write_synapse(path: Path, levels: int, **changes) -> Path:
    """Write a compact model with evenly spaced walls: linear in parallel, f/(2 - f) in series.

    `changes` gives a list of values for a key of the whole levels, such as `stable`.
    """

    def conductance(share: float) -> float:
        return LOWEST + (HIGHEST - LOWEST) * share

    switched = np.linspace(0.0, 1.0, 2 * levels - 1)
    states = [
        {
            "state": f"notch {k // 2}" if k % 2 == 0 else f"between {k // 2} and {k // 2 + 1}",
            "half": k % 2 == 1,
            "stable": True,
            "reachable": k % 2 == 0,
            "kept": k % 4 == 0 or k == 3,  # half ones, too
            "mutually_reachable": k in (3, 4),
            "conductance": {"parallel": conductance(f), "series": conductance(f / (2 - f))},
        }
        for k, f in enumerate(switched.tolist())
    ]
    for key, values in changes.items():
        for state, value in zip(states[::2], values, strict=True):
            state[key] = value
    files.write_json({"kind": "synapse", "levels": states}, path)
    return path


def write_neuron(path: Path, quartic=(0.0, 1.3, -0.4, 0.2, -0.1), fault="") -> Path:
    """Write a compact model of a neuron whose curve bends slightly, like the measured one."""
    curve = {"breaks": [0.0, 1.0], "coefficients": [list(quartic)], "fault": fault}
    activation = dict.fromkeys(("parallel", "series"), curve)
    files.write_json({"kind": "neuron", "activation": activation}, path)
    return path


def idx(array: np.ndarray) -> bytes:
    """Return an array of bytes in the IDX format."""
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(
        f">{array.ndim}I", *array.shape
    )
    return header + array.astype(np.uint8).tobytes()


def write_images(folder: Path, training=600, test=200, side=8, classes=4, noise=60, seed=0) -> None:
    """Write a data set of noisy blots, with one position per class, in torchvision's layout."""
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


def filled(kind: str, **values):
    """Return a dataset of a kind with these values, and zeros or no text in all other variables."""
    schema = files.schema
    sizes = {"reading": len(schema.READINGS), "component": len(schema.COMPONENTS)}
    for name, array in values.items():
        sizes |= dict(zip(schema.VARIABLES[name].dimensions, np.shape(array), strict=True))
    for name in set(schema.KINDS[kind]) - set(values):
        variable = schema.VARIABLES[name]
        if not variable.values:
            text = variable.type in (schema.TEXT, schema.STATE)
            shape = [sizes.get(size, 1) for size in variable.dimensions]
            values[name] = np.full(shape, "" if text else 0, dtype=object if text else float)
    return files.dataset(kind, values)


def one_sentence(caught, *parts):
    """Return a matcher for a message that is one sentence and contains these parts."""
    text = str(caught.value)
    assert "\n" not in text
    for part in parts:
        assert part in text
    return text
