"""Compare all values of the results of two runs, such as those of two revisions of the code.

In the root of the repository, with the environment active, before a change and after it::

    python tests/comparison/compare.py run ../before
    python tests/comparison/compare.py run ../after
    python tests/comparison/compare.py differences ../before/results ../after/results

The campaign, `config.yaml` in this folder, has every study but `crosscheck`, and takes two or three
minutes. Where a difference is in the parameters of a result, its line has their key.
"""

import argparse
import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

TARGETS = (
    *("all", "traces", "devices", "pulse_trains", "figures", "operating_windows", "transitions"),
    *("thermal", "intervals", "barriers", "levels", "calibration", "depinning"),
    *("sweeps", "sensitivity"),
    *("networks", "mappings"),
)

NO_RESULTS = ("logs", "benchmarks")
"""Folders of the results that only tell how and when these were made."""

NO_VALUES = re.compile(
    r"(.*_)?(version|revision|wall_time|processor_time|wall_seconds)(_.*)?|instructions|ratio"
)
"""Names of attributes, columns and keys that only tell how and when a result was made:
`instructions` are those of the processor, `ratio` is that of two run times."""

AS_JSON = ("parameters", "simulation")
"""Names of attributes and keys whose text is JSON: what a result depends on."""

Values = dict[str, dict[str, NDArray[Any]]]
"""Array of each variable, attribute, column or key by its name, by the path of its file."""


def run(folder: Path) -> None:
    """Run the campaign from the beginning in a new folder."""
    sys.path.insert(0, str(HERE.parent))
    from helpers.measured import write_measurements
    from helpers.synthetic import write_images

    folder.mkdir(parents=True)
    (folder / "config.yaml").write_bytes((HERE / "config.yaml").read_bytes())
    write_measurements(folder)
    write_images(folder / "data/Blots/raw", training=400, test=150, noise=100, seed=6)
    command = [Path(sys.executable).with_name("snakemake"), "--snakefile", ROOT / "Snakefile"]
    command += ["--directory", folder, "--cores", "2", "--quiet", "rules", "--", *TARGETS]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(list(map(str, command)), check=True, env=environment)


def values_of(results: Path) -> Values:
    """Return the values of all netCDF, CSV and JSON files of a folder of results."""
    readers = {".nc": _of_netcdf, ".csv": _of_csv, ".json": _of_json}
    values = {}
    for path in sorted(results.rglob("*")):
        place = path.relative_to(results)
        if path.suffix in readers and place.parts[0] not in NO_RESULTS and path.name[0] != ".":
            entries = readers[path.suffix](path)
            values[place.as_posix()] = {
                name: _array(value)
                for name, value in entries
                if not any(map(NO_VALUES.fullmatch, name.split("/")))
            }
    return values


def _of_netcdf(path: Path) -> Iterator[tuple[str, Any]]:
    import netCDF4

    with netCDF4.Dataset(path) as opened:
        opened.set_auto_mask(False)
        for name, value in opened.__dict__.items():
            yield from _flat(value, name)
        for name, variable in opened.variables.items():
            yield name, variable[...]


def _of_csv(path: Path) -> Iterator[tuple[str, Any]]:
    with open(path, newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    yield from zip(header, zip(*rows, strict=True) if rows else [()] * len(header), strict=True)


def _of_json(path: Path) -> Iterator[tuple[str, Any]]:
    return _flat(json.loads(path.read_text("utf-8")), "")


def _flat(data: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Yield the scalars and lists of scalars of JSON data by their keys, joined by slashes."""
    if isinstance(data, str) and place.rpartition("/")[2] in AS_JSON:
        data = json.loads(data)
    if isinstance(data, dict):
        inner = data.items()
    elif isinstance(data, list) and any(isinstance(entry, dict | list) for entry in data):
        inner = dict(enumerate(data)).items()
    else:
        yield place, data
        return
    for key, value in inner:
        yield from _flat(value, f"{place}/{key}" if place else str(key))


def _array(values: Any) -> NDArray[Any]:
    """Return values as numbers if all are, with NaN for what is empty; else as texts."""
    if isinstance(values, list):
        values = ["" if scalar is None else scalar for scalar in values]
    array = np.asarray(values)
    if array.dtype.kind in "biuf":
        return array
    texts = array.astype(str)
    try:
        numbers = [float(text or "nan") for text in texts.ravel()]
    except ValueError:
        return texts
    return np.array(numbers).reshape(texts.shape) if np.any(texts != "") else texts


def differences(before: Values, after: Values, rtol: float = 0.0) -> Iterator[str]:
    """Yield a line for each file and each entry that differs.

    Parameters
    ----------
    before, after : dict
        Values of two runs.
    rtol : float
        Largest relative difference of numbers that is none. In an array, a difference counts
        relative to the largest value of the array.
    """
    for path in sorted({*before, *after}):
        if path not in before or path not in after:
            yield f"{path}: is {'missing' if path in before else 'new'}"
            continue
        old, new = before[path], after[path]
        for name in sorted({*old, *new}):
            if name not in old or name not in new:
                yield f"{path} {name}: is {'missing' if name in old else 'new'}"
            elif fault := _difference(old[name], new[name], rtol):
                yield f"{path} {name}: {fault}"


def _difference(old: NDArray[Any], new: NDArray[Any], rtol: float) -> str:
    """Return how two arrays differ: the number of values, and the one that differs most."""
    if (old.dtype.kind, old.shape) != (new.dtype.kind, new.shape):
        return f"{old.dtype.kind} {old.shape} -> {new.dtype.kind} {new.shape}"
    if old.dtype.kind == "U":
        apart = (old != new).astype(float)
    else:
        old, new = old.astype(float), new.astype(float)
        scale = np.max(np.abs([old, new]), initial=0.0, where=np.isfinite([old, new]))
        same = (old == new) | (np.isnan(old) & np.isnan(new))
        apart = np.where(same, 0.0, np.nan_to_num(np.abs(new - old) / (scale or 1.0), nan=np.inf))
    number = int(np.sum(apart > rtol))
    if not number:
        return ""
    worst = np.unravel_index(np.argmax(apart), apart.shape)
    ratio = "" if old.dtype.kind == "U" else f", relative {apart[worst]:.2g}"
    more = f", {number} of {old.size} values" if old.size > 1 else ""
    return f"{old[worst].item()!r} -> {new[worst].item()!r}{ratio}{more}"


def main() -> None:
    """Run a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("run", help="run the campaign")
    command.add_argument("folder", type=Path)
    command = commands.add_parser("differences", help="compare two folders of results")
    command.add_argument("before", type=Path)
    command.add_argument("after", type=Path)
    command.add_argument("--rtol", type=float, default=0.0, help="of numbers; equal by default")
    arguments = parser.parse_args()
    if arguments.command == "run":
        run(arguments.folder.absolute())
        return
    before, after = values_of(arguments.before), values_of(arguments.after)
    lines = list(differences(before, after, arguments.rtol))
    entries = [array for file in before.values() for array in file.values()]
    number = sum(array.size for array in entries)
    summary = f"compared {len(before)} files with {len(entries)} variables and {number} values"
    print("\n".join([*lines, summary, f"{len(lines)} differences"]))
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()
