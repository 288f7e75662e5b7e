"""Save the values of all results of a campaign, and compare those of another run with them.

The redesign changes names of files, kinds and variables, and no value. `values.json.gz` has the
values from before it, of the campaign in `config.yaml`; `names.toml` has what is renamed. This
folder goes when the redesign is done. In the root of the repository, with the environment active::

    python tests/redesign/values.py run ../small
    python tests/redesign/values.py compare tests/redesign/values.json.gz ../small/results
    python tests/redesign/values.py save ../small/results tests/redesign/values.json.gz

An array of more than `LONGEST` numbers is saved as a few figures and a digest of all bytes. The
last bits of a float depend on the processor: on another machine, save the values of an old commit
there first, or compare with `--rtol 1e-6`, which leaves out the digests.
"""

import argparse
import csv
import gzip
import hashlib
import json
import math
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

TARGETS = (
    *(
        "all",
        "traces",
        "devices",
        "pulse_trains",
        "figures",
        "operating_windows",
        "transitions",
        "intervals",
    ),
    *("barriers", "levels", "calibration", "depinning", "networks", "mappings"),
)
"""All targets except `disturb`, which came later, `crosscheck`, whose second calculator is gone,
and `validation`, which reads no configuration."""

LONGEST = 24
"""Largest size of an array of numbers that is saved in full."""

RTOL = 1e-12
"""Largest relative difference of floats; up to this, digests are compared as well."""

NO_RESULTS = ("logs", "benchmarks", "last-run.json")
"""Files and folders of the results that only tell how and when these were made."""

NO_VALUES = re.compile(
    r"(.*_)?(version|revision|parameters|wall_time|processor_time|wall_seconds)(_.*)?"
    r"|simulation|instructions|ratio"
)
"""Names of attributes, columns and keys that only tell how and when a result was made: `simulation`
has parameters, `instructions` are those of the processor, `ratio` is that of two run times."""

Entry = dict[str, Any]
"""Saved values of a variable, an attribute, a column or a key."""

Saved = dict[str, dict[str, Any]]
"""Kind and entries of each file by its path; the entries by group and name."""

GROUPS = ("variables", "attributes", "columns", "keys")


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


# What is saved


def values_of(results: Path) -> Saved:
    """Return the values of all netCDF, CSV and JSON files of a folder of results."""
    readers = {".nc": _of_netcdf, ".csv": _of_csv, ".json": _of_json}
    found = {}
    for path in sorted(results.rglob("*")):
        place = path.relative_to(results)
        if path.suffix in readers and place.parts[0] not in NO_RESULTS and path.name[0] != ".":
            found[f"results/{place.as_posix()}"] = readers[path.suffix](path)
    return found


def _of_netcdf(path: Path) -> dict[str, Any]:
    import netCDF4

    with netCDF4.Dataset(path) as opened:
        opened.set_auto_mask(False)
        variables = {name: _entry(each[...]) for name, each in opened.variables.items()}
        attributes = {**opened.__dict__}
        kind = attributes.pop("kind", "")
        return {"kind": kind, "variables": variables, "attributes": _entries(attributes)}


def _of_csv(path: Path) -> dict[str, Any]:
    with open(path, newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    return {"kind": "csv", "columns": _entries(dict(zip(header, columns, strict=True)))}


def _of_json(path: Path) -> dict[str, Any]:
    return {"kind": "json", "keys": _entries(dict(_flat(json.loads(path.read_text("utf-8")))))}


def _flat(data: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the scalars and lists of scalars of JSON data by their keys, joined by slashes."""
    if isinstance(data, dict):
        inner = {key: value for key, value in data.items() if not NO_VALUES.fullmatch(key)}
    elif isinstance(data, list) and any(isinstance(each, dict | list) for each in data):
        inner = dict(enumerate(data))
    else:
        yield place, data
        return
    for key, value in inner.items():
        yield from _flat(value, f"{place}/{key}" if place else str(key))


def _entries(values: Mapping[str, Any]) -> dict[str, Entry]:
    return {name: _entry(each) for name, each in values.items() if not NO_VALUES.fullmatch(name)}


def _entry(values: Any) -> Entry:
    """Return what is saved of an array: all of it, or figures and a digest of many numbers."""
    if isinstance(values, list):  # null among numbers becomes NaN
        values = ["" if each is None else each for each in values]
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        array = _numbers(array.astype(str))
    shape = list(array.shape)
    if array.dtype.kind == "U":
        return {"type": "text", "shape": shape, "values": array.ravel().tolist()}
    kind = "float" if array.dtype.kind == "f" else "integer"
    # one form of each value: no negative zeros, one NaN
    flat = array.ravel().astype("<f8" if kind == "float" else "<i8") + 0
    if kind == "float":
        flat[np.isnan(flat)] = np.nan
    if flat.size <= LONGEST:
        return {"type": kind, "shape": shape, "values": flat.tolist()}
    known = flat[~np.isnan(flat)] if kind == "float" else flat
    figures = [known.min(), known.max(), math.fsum(known) / known.size] if known.size else []
    samples = flat[np.linspace(0, flat.size - 1, 5).round().astype(int)]
    return {
        "type": kind,
        "shape": shape,
        "nan": flat.size - known.size,
        "values": [*map(float, figures), *samples.tolist()],
        "digest": hashlib.sha256(flat.tobytes()).hexdigest()[:16],
    }


def _numbers(array: NDArray[Any]) -> NDArray[Any]:
    """Return texts as numbers if all are, except empty ones, which become NaN."""
    if not array.size or not any(map(str.strip, array.ravel())):
        return array
    try:
        return np.array([float(text or "nan") for text in array.ravel()]).reshape(array.shape)
    except ValueError:
        return array


# What is compared


@dataclass
class Names:
    """What is renamed; `names.toml` describes each part."""

    paths: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    variables: dict[str, dict[str, str]] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    dropped: list[dict[str, str]] = field(default_factory=list)
    added: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for each in (*self.dropped, *self.added):
            if not {"path", "reason"} <= each.keys() <= {"path", "name", "reason"}:
                sys.exit(f"{each} needs path and reason, and may have name")

    def path(self, old: str) -> str:
        """Return the new path of a file."""
        for pattern, new in self.paths.items():
            if found := _pattern(pattern).fullmatch(old):
                return new.format(**found.groupdict())
        return old

    def name(self, group: str, kind: str, old: str) -> str:
        """Return the new name of an entry of a file of a kind, its old one."""
        if group == "keys":
            return "/".join(self.keys.get(key, key) for key in old.split("/"))
        if group != "variables":
            return {"attributes": self.attributes, "columns": self.columns}[group].get(old, old)
        everywhere = self.variables.get("*", {})
        return self.variables.get(kind, {}).get(old, everywhere.get(old, old))

    def entry(self, old: Entry) -> Entry:
        """Return an entry with the new words in its texts."""
        if old["type"] != "text":
            return old
        values = [str(each) for each in old["values"]]
        for word, new in self.texts.items():
            values = [each.replace(word, new) for each in values]
        return {**old, "values": values}


def _pattern(text: str) -> re.Pattern[str]:
    """Return a pattern of `names.toml` as a regular expression."""
    parts = re.split(r"(\{\w+\}|\*)", text)
    inner = {"*": ".*"}
    return re.compile(
        "".join(
            inner.get(part) or (f"(?P<{part[1:-1]}>[^/]+)" if part[:1] == "{" else re.escape(part))
            for part in parts
        )
    )


def _listed(entries: Iterable[Mapping[str, str]], path: str, name: str = "") -> bool:
    """Return whether a file, or an entry of it, is among those that are dropped or added."""
    return any(
        _pattern(each["path"]).fullmatch(path) and _pattern(each.get("name", "")).fullmatch(name)
        for each in entries
    )


def differences(saved: Saved, found: Saved, names: Names, rtol: float = RTOL) -> Iterator[str]:
    """Yield a line for each difference; several old files may have become one new file."""
    known: dict[str, set[tuple[str, str]]] = {}
    for old_path, old in saved.items():
        path = names.path(old_path)
        shown = old_path if path == old_path else f"{old_path} -> {path}"
        if _listed(names.dropped, old_path):
            continue
        if path not in found:
            yield f"{shown}: is missing"
            continue
        new, seen = found[path], known.setdefault(path, set())
        if (kind := names.kinds.get(old["kind"], old["kind"])) != new["kind"]:
            yield f"{shown}: kind {kind} -> {new['kind']}"
        for group, old_name, entry in _of_file(old):
            if _listed(names.dropped, old_path, old_name):
                continue
            name = names.name(group, old["kind"], old_name)
            seen.add((group, name))
            if name not in new.get(group, {}):
                yield f"{shown} {name}: is missing"
            elif fault := _difference(names.entry(entry), new[group][name], rtol):
                yield f"{shown} {name}: {fault}"
    for path, new in found.items():
        if path not in known:
            if not _listed(names.added, path):
                yield f"{path}: is new"
            continue
        for group, name, _ in _of_file(new):
            if (group, name) not in known[path] and not _listed(names.added, path, name):
                yield f"{path} {name}: is new"


def _of_file(file: Mapping[str, Any]) -> Iterator[tuple[str, str, Entry]]:
    for group in GROUPS:
        for name, entry in file.get(group, {}).items():
            yield group, name, entry


def _difference(old: Entry, new: Entry, rtol: float) -> str:
    """Return how two entries differ: the largest difference of their values."""
    for key in ("type", "shape", "nan"):
        if old.get(key) != new.get(key):
            return f"{key} {old.get(key)} -> {new.get(key)}"
    pairs = list(zip(old["values"], new["values"], strict=True))
    # noise around zero in a large array counts as a share of its largest value
    scale = max(map(abs, old["values"][:2]), default=0.0) if "digest" in old else 0.0
    relative = [_relative(*pair, scale) for pair in pairs]
    allowed = rtol if old["type"] == "float" else 0.0
    if relative and (largest := max(relative)) > allowed:
        first, second = pairs[relative.index(largest)]
        number = sum(each > allowed for each in relative)
        more = f", {number} of {len(pairs)} values" if len(pairs) > 1 else ""
        told = "" if old["type"] == "text" else f", relative {largest:.2g}"
        return f"{first!r} -> {second!r}{told}{more}"
    exact = rtol <= RTOL or old["type"] == "integer"
    if exact and old.get("digest") != new.get("digest"):
        return f"digest {old['digest']} -> {new['digest']}, and no saved value differs"
    return ""


def _relative(old: float | str, new: float | str, scale: float) -> float:
    """Return the relative difference of two values; infinite for different texts."""
    if old == new or (old != old and new != new):
        return 0.0
    if isinstance(old, str) or isinstance(new, str) or math.isnan(old) or math.isnan(new):
        return math.inf
    return abs(old - new) / max(abs(old), abs(new), scale)


# The command line


def save(results: Path, file: Path) -> None:
    """Write the values of a folder of results as JSON, compressed if the name ends in .gz."""
    text = json.dumps(values_of(results), sort_keys=True, separators=(",", ":")).encode()
    file.write_bytes(gzip.compress(text, mtime=0) if file.suffix == ".gz" else text)


def load(file: Path) -> Saved:
    """Read what `save` has written."""
    data = file.read_bytes()
    saved: Saved = json.loads(gzip.decompress(data) if file.suffix == ".gz" else data)
    return saved


def count(saved: Saved) -> str:
    """Return the number of files, of entries and of values that they have."""
    entries = [entry for file in saved.values() for _, _, entry in _of_file(file)]
    values = sum(math.prod(entry["shape"]) for entry in entries)
    return f"{len(saved)} files with {len(entries)} variables and {values} values"


def main() -> None:
    """Run a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("run", help="run the campaign")
    command.add_argument("folder", type=Path)
    command = commands.add_parser("save", help="save the values of a finished campaign")
    command.add_argument("results", type=Path)
    command.add_argument("file", type=Path)
    command = commands.add_parser("compare", help="compare saved values with a finished campaign")
    command.add_argument("file", type=Path)
    command.add_argument("results", type=Path)
    command.add_argument("--names", type=Path, default=HERE / "names.toml")
    command.add_argument("--rtol", type=float, default=RTOL, help="of floats; default: %(default)s")
    given = parser.parse_args()
    if given.command == "run":
        run(given.folder.absolute())
    elif given.command == "save":
        save(given.results, given.file)
        print(f"saved {count(load(given.file))}")
    else:
        saved, found = load(given.file), values_of(given.results)
        names = Names(**tomllib.loads(given.names.read_text("utf-8")))
        lines = list(differences(saved, found, names, given.rtol))
        print("\n".join([*lines, f"compared {count(saved)}", f"{len(lines)} differences"]))
        sys.exit(bool(lines))


if __name__ == "__main__":
    main()
