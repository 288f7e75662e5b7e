"""Files appear completely or not at all, and messages name damaged files."""

import errno
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray

from wallnet import __version__, files
from wallnet.files import compact, schema
from wallnet.files.schema import KINDS, VARIABLES, Variable
from wallnet.files.whole import check_digest, check_writable, digest_path, note_digest, set_aside


@pytest.fixture(autouse=True)
def small_kind(monkeypatch):
    """Add a kind of file with few variables."""
    axes = ("y", "x", "component")
    m = Variable(axes, "magnetisation of a state", "1", "float32")
    monkeypatch.setitem(VARIABLES, "initial_magnetization", m)
    monkeypatch.setitem(KINDS, "state", ("initial_magnetization", "x", "y", "component"))


@pytest.fixture
def state():
    values = {"initial_magnetization": [[[0.0, 0.0, 1.0]]], "x": [0.0], "y": [0.0]}
    return files.dataset("state", values)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.csv"
    files.write_text("old", path)
    with pytest.raises(ZeroDivisionError), files.written_whole(path) as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_or_a_read_only_folder_is_said(tmp_path):
    path = tmp_path / "table.csv"
    with pytest.raises(files.FileError, match="No space left.*free space"):
        with files.written_whole(path):
            raise OSError(errno.ENOSPC, "No space left on device")
    (tmp_path / "file").write_text("")
    with pytest.raises(files.FileError, match="cannot be written"):
        files.write_text("text", tmp_path / "file" / "table.csv")


@pytest.mark.parametrize("name", [".", "..", "/", "tables"])
def test_a_folder_is_not_taken_for_a_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tables").mkdir()
    with pytest.raises(files.FileError, match=f"^{re.escape(name)} is a folder; name a file in it"):
        files.write_text("text", name)


def test_damage_is_recognised_and_named(tmp_path, state):
    path = tmp_path / "initial.nc"
    with pytest.raises(files.FileError, match="initial.nc is not there"):
        files.read_dataset(path, "state")
    files.write_dataset(state, path, "state", {})
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not netCDF at all" * 100):
        path.write_bytes(damaged)
        with pytest.raises(files.FileError, match="initial.nc is damaged"):
            files.read_dataset(path, "state")
    path.write_bytes(whole)
    with pytest.raises(files.FileError, match="is of kind 'state', not 'run'"):
        files.read_dataset(path, "run")
    with pytest.raises(files.FileError, match="lacks initial_magnetization"):
        files.write_dataset(xarray.Dataset(), path, "state", {})
    with pytest.raises(files.FileError, match="initial_magnetization.*; report this as a bug"):
        files.write_dataset(state.isel(y=0), path, "state", {})
    assert path.read_bytes() == whole


def test_a_result_made_anew_takes_the_place_of_the_damaged_one(tmp_path, state):
    path = tmp_path / "results" / "initial.nc"
    aside = path.with_name("initial.nc.damaged")
    files.write_dataset(state, path, "state", {})
    harmed = path.read_bytes()[:-100]
    path.write_bytes(harmed)
    with pytest.raises(files.DamagedFileError, match="is damaged.*run snakemake again"):
        files.read_dataset(path, "state")
    assert path.read_bytes() == harmed
    assert list(files.find_damaged(tmp_path)) == [str(path)]
    set_aside([str(path)])
    assert aside.read_bytes() == harmed
    assert not path.exists()
    with pytest.raises(files.FileError, match="cannot be written"), files.written_whole(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert aside.exists()
    files.write_dataset(state, path, "state", {})
    files.read_dataset(path, "state")
    assert files.find_damaged(tmp_path) == {}
    assert sorted(p.name for p in path.parent.iterdir()) == [".initial.nc.sha256", "initial.nc"]


def test_outside_a_folder_of_results_a_file_is_its_owners(tmp_path, state):
    path = tmp_path / "initial.nc"
    files.write_dataset(state, path, "state", {})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(files.DamagedFileError, match="is damaged.*delete it"):
        files.read_dataset(path, "state")
    assert list(tmp_path.iterdir()) == [path]


def test_digests_are_those_of_sha256sum(tmp_path):
    path = tmp_path / "results" / "a b.csv"
    files.write_text("x\n", path)
    text = digest_path(path).read_text()
    assert text == "73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac  a b.csv\n"
    assert digest_path(path).name == ".a b.csv.sha256"


def test_what_was_looked_at_is_not_read_again(tmp_path, monkeypatch):
    """It is read again if its size, one of its times or its note has changed."""
    path, memory = tmp_path / "results" / "a.csv", tmp_path / "memory.json"
    files.write_text("1\n", path)
    assert files.find_damaged(tmp_path, memory) == {}
    read = []
    sha256_of = files.whole.sha256_of
    monkeypatch.setattr(files.whole, "sha256_of", lambda p: read.append(p) or sha256_of(p))
    assert files.find_damaged(tmp_path, memory) == {}
    assert read == []
    files.damaged(path, "is of no use")
    assert files.find_damaged(tmp_path, memory) == {str(path): "is of no use"}
    assert read == []
    note_digest(path, sha256_of(path))
    status = path.stat()
    path.write_text("2\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert list(files.find_damaged(tmp_path, memory)) == [str(path)]
    memory.write_text("not JSON")
    assert list(files.find_damaged(tmp_path, memory)) == [str(path)]


def test_a_failure_between_file_and_digest_calls_no_whole_file_damaged(tmp_path, monkeypatch):
    path = tmp_path / "results" / "a.csv"
    files.write_text("old", path)
    for moment in ("replace", "fsync"):
        with monkeypatch.context() as patch, pytest.raises(files.FileError, match="cannot be"):
            patch.setattr(files.whole.os, moment, fail)
            files.write_text("new", path)
        assert files.find_damaged(tmp_path) == {}
        assert path.read_text() == "old"


def fail(*arguments, **options):
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[[0.0, 0.0, 5.0]]], "has initial_magnetization of length 5, which is more"),
        ([[[0.8, 0.0, 0.8]]], "has initial_magnetization of length 1.13"),
    ],
)
def test_impossible_values_are_refused(tmp_path, state, values, words):
    path = tmp_path / "initial.nc"
    state["initial_magnetization"].values[:] = values
    files.write_dataset(state, path, "state", {})
    with pytest.raises(files.FileError, match=words):
        files.read_dataset(path, "state")


def test_json_is_checked(tmp_path):
    path = tmp_path / "metrics.json"
    files.write_json({"a": 1}, path)
    assert files.read_json(path, ["a"]) == {"a": 1}
    with pytest.raises(files.FileError, match="lacks b"):
        files.read_json(path, ["b"])
    path.write_text('{"a": ')
    with pytest.raises(files.FileError, match="metrics.json is damaged"):
        files.read_json(path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json({"a": float("nan")}, path)


# Concurrent writers


def left(path, name, age):
    """Leave a half-written file next to `path`, `age` seconds old."""
    partial = path.with_name(name)
    partial.parent.mkdir(exist_ok=True)
    partial.write_text("half")
    then = time.time() - age
    os.utime(partial, (then, then))
    return partial


def test_partial_files_of_writers_at_work_stay_and_those_of_killed_ones_go(tmp_path):
    path = tmp_path / "results" / "0.5000.nc"
    fresh = left(path, ".0.5000.0123abcd.part.nc", 0)
    slow = left(path, ".0.5000.123abcd0.part.nc", 3500)
    stale = left(path, ".0.5000.abcdef01.part.nc", 3700)
    note = left(path, "..0.5000.nc.abcdef01.part.sha256", 3700)
    files.write_text("whole", path)
    assert path.read_text() == "whole"
    assert fresh.exists()
    assert slow.exists()
    assert not stale.exists()
    assert not note.exists()


def test_what_lies_beside_other_files_is_left_alone_however_old(tmp_path):
    """Files with another name or suffix, checkpoints, and a name that a pattern would match."""
    path = tmp_path / "[ab].nc"
    others = [
        left(path, name, 10_000)
        for name in (
            ".a.0123abcd.part.nc",
            ".[ab].0123abcd.part.csv",
            ".[ab].checkpoint.npz",
            ".[ab].0123abc.part.nc",
            "[ab].0123abcd.part.nc",
        )
    ]
    mine = left(path, ".[ab].0123abcd.part.nc", 10_000)
    files.write_text("whole", path)
    assert all(other.exists() for other in others)
    assert not mine.exists()


WRITER = """
import sys
from wallnet import __version__, files

with files.written_whole(sys.argv[1]) as partial:
    partial.write_text("theirs, " * 1000)
    print(partial, flush=True)
    sys.stdin.readline()
"""


def test_two_processes_that_write_one_file_at_once_leave_it_whole(tmp_path):
    path = tmp_path / "results" / "table.csv"
    command = [sys.executable, "-c", WRITER, str(path)]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **streams) as other:
        theirs = path.with_name(os.path.basename(other.stdout.readline().strip()))
        with files.written_whole(path) as mine:
            assert mine != theirs
            assert mine.suffix == theirs.suffix == ".csv"
            mine.write_text("mine")
        assert path.read_text() == "mine"
        assert theirs.read_text() == "theirs, " * 1000
        other.stdin.write("\n")
        other.stdin.close()
        assert other.wait() == 0
    assert path.read_text() == "theirs, " * 1000
    assert files.find_damaged(tmp_path) == {}
    assert sorted(file.name for file in path.parent.iterdir()) == [".table.csv.sha256", "table.csv"]


def test_a_full_disk_gets_its_space_back_even_where_a_file_is_held_open(tmp_path):
    path = tmp_path / "0.5000.nc"
    with open(tmp_path / "log", "w"), pytest.raises(ZeroDivisionError):
        with files.written_whole(path) as partial:
            partial.write_bytes(bytes(1000))
            held = open(partial, "rb")  # noqa: SIM115
            raise ZeroDivisionError
    assert os.fstat(held.fileno()).st_size == 0
    held.close()
    assert not path.exists()


def test_what_a_failed_job_left_of_an_older_result_is_still_whole(tmp_path):
    """Its digest is removed before the new file is written and is restored with it."""
    path = tmp_path / "results" / "a.csv"
    files.write_text("old", path)
    seen = []
    replace = os.replace

    def watched(source, destination):
        seen.append((os.path.basename(destination), digest_path(path).exists()))
        replace(source, destination)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files.whole.os, "replace", watched)
        files.write_text("new", path)
    assert seen == [("a.csv", False), (".a.csv.sha256", False)]
    check_digest(path)


# Digests


@pytest.mark.parametrize("has_digest", [False, True])
def test_a_file_with_other_content_is_refused_though_it_is_a_good_one(tmp_path, state, has_digest):
    """An intact file of the right kind replaces another; only the digest shows it."""
    path, other = tmp_path / "results" / "initial.nc", tmp_path / "other.nc"
    files.write_dataset(state, path, "state", {})
    files.write_dataset(-state, other, "state", {})
    files.read_dataset(other, "state")
    shutil.copyfile(other, path)
    if not has_digest:
        digest_path(path).unlink()
        assert float(files.read_dataset(path, "state")["initial_magnetization"].sum()) == -1
        return
    with pytest.raises(files.DamagedFileError, match="content is not what was written"):
        files.read_dataset(path, "state")


def test_json_with_a_changed_digit_is_refused(tmp_path):
    path = tmp_path / "results" / "metrics.json"
    files.write_json({"test_accuracy": 91.25}, path)
    assert files.read_json(path) == {"test_accuracy": 91.25}
    path.write_text(path.read_text().replace("91", "97"))
    with pytest.raises(files.DamagedFileError, match="content is not what was written"):
        files.read_json(path)


def test_a_file_that_a_reader_refused_stays_refused_though_its_content_is_as_written(tmp_path):
    path = tmp_path / "results" / "metrics.json"
    files.write_json({"a": 1}, path)
    with pytest.raises(files.DamagedFileError, match="lacks b"):
        files.read_json(path, ["a", "b"])
    assert files.find_damaged(tmp_path) == {str(path): "lacks b"}
    with pytest.raises(files.DamagedFileError, match="lacks b"):
        check_digest(path)
    files.write_json({"a": 1, "b": 2}, path)
    check_digest(path)


def test_a_missing_file_is_no_damage_and_yet_no_file(tmp_path):
    path = tmp_path / "results" / "a.csv"
    files.write_text("1", path)
    path.unlink()
    assert files.find_damaged(tmp_path) == {}
    with pytest.raises(FileNotFoundError):
        check_digest(path)
    digest_path(path).unlink()
    with pytest.raises(FileNotFoundError):
        check_digest(path)


def test_a_file_that_is_written_anew_during_the_look_is_not_called_damaged(tmp_path, monkeypatch):
    path = tmp_path / "results" / "a.csv"
    files.write_text("old", path)
    sha256_of = files.whole.sha256_of

    def slow(looked_at):
        monkeypatch.setattr(files.whole, "sha256_of", sha256_of)
        files.write_text("new", path)
        return sha256_of(looked_at)

    monkeypatch.setattr(files.whole, "sha256_of", slow)
    assert files.find_damaged(tmp_path) == {}


def test_a_folder_into_which_nothing_fits_is_refused(tmp_path, monkeypatch):
    check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(files.FileError, match="missing cannot be written"):
        check_writable(tmp_path / "missing")

    class Full(io.BytesIO):
        def write(self, content):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.whole.tempfile, "TemporaryFile", lambda dir: Full())
    with pytest.raises(files.FileError, match="No space left"):
        check_writable(tmp_path)


# Values


BOUNDS = {
    "m": {"wall_position", "wall_bottom", "wall_top", "level_position"},
    "m over a sweep": {"sweep_wall_position", "sweep_wall_bottom", "sweep_wall_top"},
    "m at the end": {"final_wall_position", "final_wall_bottom", "final_wall_top"},
    "s": {"time", "snapshot_time", "end_time", "read_time"},
    "S": {"conductance", "final_conductance", "level_conductance"},
    "A/m2": {
        "current_density",
        "applied_current_density",
        "pulse_current_density",
        "reaching_current_density",
    },
    "1": {"stable", "reachable", "half"},
    "settled": {"settled", "held"},
}
"""Bounded variables, by unit."""

LIMITS = {
    "m": (0.0, 1e-3),
    "m over a sweep": (0.0, 1e-3),
    "m at the end": (0.0, 1e-3),
    "s": (0.0, 1e-2),
    "S": (0.0, 1e3),
    "A/m2": (-1e14, 1e14),
    "1": (0, 1),
    "settled": (-1, 1),
}


def holding(name, *values):
    return {name: np.array(values)}


@pytest.mark.parametrize("unit", BOUNDS)
def test_a_value_beyond_either_end_of_what_is_possible_is_refused(unit):
    """One value is impossible and the others possible; the bounds and missing values pass."""
    low, high = LIMITS[unit]
    for name in BOUNDS[unit]:
        assert schema.impossible(holding(name, low, np.nan, high), {}) is None, name
        for wrong in (low - 0.01 * high, 1.01 * high, -np.inf, np.inf):
            fault = schema.impossible(holding(name, low, wrong, high, np.nan), {})
            assert fault == (f"has {name} = {wrong:.6g}, which is not between {low:g} and {high:g}")
        fault = schema.impossible(holding(name, "0.5"), {})
        assert fault is not None, name
        assert "not numbers" in fault, name


@pytest.mark.parametrize(
    "name",
    ["m", "sweep_m", "magnetization", "initial_magnetization", "magnetization_profile"],
)
def test_a_mean_of_unit_vectors_is_no_longer_than_one(name):
    """The tolerance for single precision is a thousandth; shorter means occur at a wall."""

    def with_vectors(*vectors):
        return {name: np.array([vectors], dtype=np.float32)}

    good, missing = (0.6, 0.0, -0.8), (np.nan, 0.0, 0.0)
    assert schema.impossible(with_vectors(good, (0.1, 0.0, 0.0), missing), {}) is None
    assert schema.impossible(with_vectors((0.0, 1.0009, 0.0)), {}) is None
    wrong = {(0.0, 1.0012, 0.0): "1.0012", (-0.8, 0.0, -0.8): "1.13137", (0.6,) * 3: "1.03923"}
    for vector, length in wrong.items():
        fault = schema.impossible(with_vectors(good, vector, missing), {})
        assert fault == f"has {name} of length {length}, which is more than 1"


STATES = [
    *("initial", "free", "wider", "reversed", "expelled", "several walls", "still moving"),
    *("gap 0", "gap 12", "notch 12", "between 1 and 2", "between 2 and 1"),
]
NO_STATES = ["", "notch", "notch x", "notch 1 ", "notch 1234567", "between 1", "xfree", "free\n"]
NO_STATES += ["gap", "gap 01", "gap -1", "gap 1234567", "walls", "moving"]


@pytest.mark.parametrize(
    "name",
    [
        *("state", "level_state", "level_resting_state", "pulse_state", "minimum_state", "placed"),
        *("window_state", "start", "target", "end_state", "interval_state"),
        *("state_name", "pair_first", "pair_second"),
    ],
)
def test_only_names_of_states_are_states(name):
    assert schema.impossible(holding(name, *STATES), {}) is None
    for wrong in NO_STATES:
        fault = schema.impossible(holding(name, "free", wrong), {})
        assert "which is not a state of a wall" in (fault or "")


def test_a_device_among_the_attributes_is_checked_too():
    for device in ("a", "synapse-10", "5_b", "a" * 64):
        assert schema.impossible({}, {"device": device}) is None
    for device in ("", "../a", "A", "a b", "-a", "a" * 65, "a\n"):
        assert "not a name" in schema.impossible({}, {"device": device})


# Schemas


def test_a_trace_has_all_its_variables_over_their_dimensions(tmp_path):
    made = files.dataset("run", filled("run"), {"kind": "run"})
    assert made["magnetization"].dims == ("snapshot", "y", "x", "component")
    assert made["magnetic_cells"].dims == ("x",)
    for name in ("magnetization", "wall_position", "pulse_current_density", "component"):
        dims = schema.VARIABLES[name].dimensions
        rest = made.drop_vars(name)
        # rows and columns swapped, or another axis
        other = dims[::-1] if len(dims) > 1 else ("power",)
        changed = rest.assign({name: (other, np.zeros([made.sizes.get(d, 1) for d in other]))})
        for data, fault in (
            (rest, f"lacks {name}"),
            (changed, f"has {name} over {other}, not {dims}"),
        ):
            data.to_netcdf(tmp_path / "trace.nc")
            with pytest.raises(files.FileError) as refused:
                files.read_dataset(tmp_path / "trace.nc", "run")
            assert f" {fault}; " in str(refused.value)


def whole(kind):
    """Return the names of all variables of a kind, optional ones, too."""
    return {*schema.KINDS[kind], *itertools.chain(*schema.OPTIONAL.get(kind, {}).values())}


def filled(kind, size=4):
    """Return values for every variable of a kind that the schema does not contain itself."""
    sizes = {
        "component": 3,
        "reading": 2,
        "polarity": 2,
        "edge": 2,
        "bound": 2,
        "limit": 2,
        "moment": 2,
    }
    return {
        name: np.full([sizes.get(axis, size) for axis in variable.dimensions], "free")
        if variable.is_text
        else np.zeros([sizes.get(axis, size) for axis in variable.dimensions])
        for name in whole(kind)
        if not (variable := schema.VARIABLES[name]).values
    }


@pytest.mark.parametrize("kind", schema.KINDS)
def test_a_dataset_is_made_as_its_schema_says(tmp_path, kind):
    made = files.dataset(kind, filled(kind))
    files.write_dataset(made, tmp_path / "a.nc", kind, {})
    for data in (made, files.read_dataset(tmp_path / "a.nc", kind)):
        assert set(data.variables) == whole(kind)
        for name, array in data.variables.items():
            variable = schema.VARIABLES[name]
            assert array.dims == variable.dimensions
            assert array.attrs.get("units", "") == variable.units
            assert array.attrs["long_name"] == variable.long_name
            assert variable.attributes.items() <= array.attrs.items()
            if variable.is_text:
                assert array.dtype.kind in "OU", name  # xarray may read text as either type
            else:
                assert array.dtype == (variable.type or float), name
        axes = {name for name in data.variables if data[name].dims in ((name,), ())}
        assert set(data.coords) == axes


def test_a_dataset_of_other_variables_is_a_bug():
    values = filled("state")
    missing = {name: values[name] for name in ("x", "y")}
    with pytest.raises(files.FileError, match="'state' lacks initial_magnetization; report"):
        files.dataset("state", missing)
    with pytest.raises(files.FileError, match="has tilt, which its schema lacks; report this as a"):
        files.dataset("state", values | {"tilt": [1.0]})
    with pytest.raises(files.FileError, match="'x': Could not convert.*; report"):
        files.dataset("state", values | {"x": [[1.0]]})


# Datasets


def test_a_file_that_lacks_a_variable_is_refused_when_it_is_read(tmp_path, state):
    """The file is from another program or an older version and has no digest."""
    path = tmp_path / "initial.nc"
    state.rename(initial_magnetization="m_old").assign_attrs(kind="state").to_netcdf(path)
    with pytest.raises(files.DamagedFileError, match="lacks initial_magnetization"):
        files.read_dataset(path, "state")
    turned = state.rename(x="y", y="x")
    turned.assign_attrs(kind="state").to_netcdf(path)
    with pytest.raises(files.DamagedFileError, match="has initial_magnetization over"):
        files.read_dataset(path, "state")


def test_attributes_of_a_job_hold_over_those_of_the_data(tmp_path, state):
    path = tmp_path / "initial.nc"
    files.write_dataset(state.assign_attrs(revision=1, backend="b"), path, "state", {"revision": 2})
    attributes = files.read_dataset(path, "state").attrs
    assert attributes["revision"] == 2
    assert attributes["backend"] == "b"
    assert attributes["kind"] == "state"


def test_large_variables_are_stored_compressed(tmp_path):
    """A chunk would make a small one larger."""
    path = tmp_path / "trace.nc"
    files.write_dataset(files.dataset("run", filled("run", 50)), path, "run", {})
    with netCDF4.Dataset(path) as stored:
        packed = {"m": True, "magnetization": True, "wall_position": False, "read_settled": False}
        assert {name: stored[name].filters()["zlib"] for name in packed} == packed


STORED = ("run", "barrier", "programming", "sweeps", "operating_window", "thermal")
"""Kinds that have variables of every shape and type between them."""


def test_some_kinds_have_variables_of_every_shape_and_type():
    def shapes(kinds):
        variables = [schema.VARIABLES[name] for kind in kinds for name in schema.KINDS[kind]]
        return {(v.type, v.is_text, bool(v.values), min(len(v.dimensions), 2)) for v in variables}

    assert shapes(STORED) == shapes(schema.KINDS)


@pytest.mark.parametrize("kind", STORED)
def test_a_file_is_stored_and_read_as_xarray_does(tmp_path, kind):
    """Types, dimensions, attributes, fill values and compression are those of xarray."""
    made = files.dataset(kind, filled(kind), {"kind": kind, "wall_time": 1.5, "steps": 7})
    files.write_dataset(made, tmp_path / "ours.nc", kind, {})
    numbers = [
        name
        for name, array in made.variables.items()
        if array.nbytes > 1024 and array.dtype.kind != "U"
    ]
    packed = {"zlib": True, "complevel": 4, "shuffle": True}
    made.to_netcdf(tmp_path / "xarray.nc", encoding=dict.fromkeys(numbers, packed))

    def stored(path):
        with netCDF4.Dataset(path) as file:
            sizes = {
                name: (dimension.size, dimension.isunlimited())
                for name, dimension in file.dimensions.items()
            }
            variables = {}
            for name, variable in file.variables.items():
                about = {key: str(variable.getncattr(key)) for key in variable.ncattrs()}
                coordinates = set(about.pop("coordinates", "").split())
                how = (variable.dtype, variable.dimensions, variable.filters(), variable.chunking())
                variables[name] = (*how, about, coordinates)
            return sizes, variables, file.__dict__

    sizes, variables, attrs = stored(tmp_path / "ours.nc")
    assert (sizes, variables) == stored(tmp_path / "xarray.nc")[:2]
    assert attrs.pop("wallnet_version") == __version__
    assert attrs == stored(tmp_path / "xarray.nc")[2]
    with xarray.open_dataset(tmp_path / "ours.nc") as theirs:
        xarray.testing.assert_identical(files.read_dataset(tmp_path / "ours.nc", kind), theirs)


def test_some_variables_are_read_as_xarray_reads_them(tmp_path):
    """Other values in each cell, NaN in empty cells, a text and a current density."""
    path = tmp_path / "trace.nc"
    values = filled("run")
    shape = values["magnetization"].shape
    values["magnetization"] = np.random.default_rng(3).uniform(-0.5, 0.5, shape)
    values["magnetization"][0, 1] = np.nan
    values["pulse_current_density"][:] = 0.3e12
    files.write_dataset(files.dataset("run", values), path, "run", {"backend": "own 2"})
    stored = xarray.load_dataset(path)
    names = ("component", "magnetic_cells", "magnetization", "pulse_current_density")
    read = files.read_dataset(path, "run", only=names)
    assert set(read.variables) == set(names)
    for name in names:
        np.testing.assert_array_equal(read[name].values, stored[name].values)
        if name != "component":
            assert read[name].dtype == stored[name].dtype
    assert read.attrs == stored.attrs
    assert read.attrs["backend"] == "own 2"
    np.testing.assert_allclose(stored["magnetization"], values["magnetization"], rtol=1e-6, atol=0)


def test_a_variable_that_is_not_asked_for_is_checked_and_not_read(tmp_path, state):
    path = tmp_path / "initial.nc"
    state["initial_magnetization"].values[:] = 5.0  # impossible, but found only when read
    state.assign_attrs(kind="state").to_netcdf(path)
    with pytest.raises(files.FileError, match="initial_magnetization of length"):
        files.read_dataset(path, "state")
    read = files.read_dataset(path, "state", only=["x", "y", "component"])
    assert set(read.variables) == {"x", "y", "component"}


@pytest.mark.parametrize(
    ("stored_kind", "read_kind", "fits"),
    [
        ("synapse", "track", True),
        ("neuron", "track", True),
        ("track", "synapse", False),
        ("neuron", "synapse", False),
        ("run", "track", False),
    ],
)
def test_a_device_of_any_kind_is_read_as_a_track_and_nothing_else_so(
    tmp_path, stored_kind, read_kind, fits
):
    path = tmp_path / "a.nc"
    files.write_dataset(files.dataset(stored_kind, filled(stored_kind)), path, stored_kind, {})
    if fits:
        assert set(files.read_dataset(path, read_kind).variables) == whole(stored_kind)
    else:
        with pytest.raises(files.FileError, match=f"is of kind '{stored_kind}', not '{read_kind}'"):
            files.read_dataset(path, read_kind)


@pytest.mark.parametrize(
    ("name", "unit", "words"),
    [
        ("x", "furlong", "has x in 'furlong', not in 'm'"),
        ("x", None, "has x in '1', not in 'm'"),
        ("initial_magnetization", "A/m", "has initial_magnetization in 'A/m', not in '1'"),
        ("initial_magnetization", None, ""),
    ],
)
def test_a_file_of_another_program_has_the_units_of_the_schema(tmp_path, state, name, unit, words):
    path = tmp_path / "initial.nc"
    files.write_dataset(state, path, "state", {})
    with netCDF4.Dataset(path, "a") as stored:
        stored[name].delncattr("units")
        if unit:
            stored[name].units = unit
    refused = pytest.raises(files.FileError, match=f"{path} {words}; delete it and run snakemake")
    with refused if words else nullcontext():
        files.read_dataset(path, "state")


@pytest.mark.parametrize(
    ("error", "words", "noted"),
    [
        (OSError(errno.EACCES, "Permission denied"), "cannot be read .Permission denied", False),
        (OSError(errno.EIO, "Input/output error"), "cannot be read .Input/output error", False),
        (MemoryError(), "does not fit into memory", False),
        (OSError(-101, "NetCDF: HDF error"), "is damaged or not netCDF", True),
        (KeyError("_FillValue"), "is damaged or not netCDF", True),
    ],
)
def test_only_what_lies_in_the_file_is_held_against_it(
    tmp_path, state, monkeypatch, error, words, noted
):
    """A file that the system refuses to read may be readable later, so it is not computed again."""
    path = tmp_path / "results" / "initial.nc"
    files.write_dataset(state, path, "state", {})

    def refuse(*arguments, **options):
        raise error

    monkeypatch.setattr(netCDF4, "Dataset", refuse)
    with pytest.raises(files.FileError, match=words) as refused:
        files.read_dataset(path, "state")
    assert isinstance(refused.value, files.DamagedFileError) == noted
    assert bool(files.find_damaged(tmp_path)) == noted


def test_a_dash_stands_for_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("from there"))
    assert files.given_text("- ") == "- "
    assert files.given_text("-") == "from there"


# Paths


def test_paths_of_logs_and_benchmarks_repeat_those_of_the_results():
    """Only the last suffix is removed, because a current density contains a dot."""
    trace = "results/traces/neuron/0.5000.nc"
    assert files.log_of(trace) == "results/logs/traces/neuron/0.5000.log"
    assert files.benchmark_of(trace) == "results/benchmarks/traces/neuron/0.5000.tsv"
    assert files.log_of("results/figures/a{suffix}.png") == "results/logs/figures/a{suffix}.log"


# Compact models


def level(parallel, series, stable=True, half=False, reachable=True, kept=True, again=True):
    return {
        "conductance": {"parallel": parallel, "series": series},
        "stable": stable,
        "half": half,
        "reachable": reachable,
        "kept": kept,
        "mutually_reachable": again,
    }


LEVELS = [
    level(0.0, 0.0, kept=False, again=False),
    level(0.3, 0.2, half=True),
    level(0.4, 0.25, reachable=False, again=False),
    level(0.5, 0.45, stable=False),
    level(0.8, 0.55, half=True, reachable=False, kept=False, again=False),
    level(0.7, 0.65),
    level(1.0, 1.0, again=False),
]
"""Levels deliberately out of order: a half state is above the notch that follows it."""


@pytest.fixture
def synapse_model(tmp_path):
    path = tmp_path / "synapse.json"
    files.write_json({"kind": "synapse", "levels": LEVELS}, path)
    return path


@pytest.mark.parametrize(
    ("reading", "level_set", "expected"),
    [
        ("parallel", "measured", [0.0, 0.4, 0.7, 1.0]),
        ("parallel", "extended", [0.0, 0.3, 0.4, 0.7, 0.8, 1.0]),
        ("parallel", "reachable", [0.0, 0.7, 1.0]),
        ("parallel", "kept", [0.3, 0.4, 0.7, 1.0]),
        ("parallel", "mutually-reachable", [0.3, 0.7]),
        ("series", "measured", [0.0, 0.25, 0.65, 1.0]),
        ("series", "extended", [0.0, 0.2, 0.25, 0.55, 0.65, 1.0]),
        ("series", "reachable", [0.0, 0.65, 1.0]),
    ],
)
def test_a_level_set_holds_the_stable_states_that_it_names(
    synapse_model, reading, level_set, expected
):
    """They are in ascending order; 5 states are whole, whether or not they are stable."""
    assert compact.levels_of(synapse_model, reading, level_set) == (expected, 5)
    text = compact.decisive(synapse_model, reading, level_set)
    assert json.loads(text) == [expected, 5]


def test_a_level_without_conductance_is_refused_where_it_counts(tmp_path):
    path = tmp_path / "synapse.json"
    levels = [level(0.0, 0.0), level(None, 0.5, half=True), level(1.0, 1.0)]
    files.write_json({"kind": "synapse", "levels": levels}, path)
    assert compact.levels_of(path, "parallel", "measured") == ([0.0, 1.0], 2)
    assert compact.levels_of(path, "series", "extended") == ([0.0, 0.5, 1.0], 2)
    with pytest.raises(files.FileError, match="without conductance .parallel"):
        compact.levels_of(path, "parallel", "extended")
    assert compact.decisive(path, "parallel", "extended") == ""


@pytest.mark.parametrize("key", ["stable", "half", "reachable", "conductance"])
def test_levels_that_lack_a_key_are_refused(tmp_path, key):
    path = tmp_path / "synapse.json"
    lacking = level(0.5, 0.5)
    del lacking[key]
    files.write_json({"kind": "synapse", "levels": [lacking]}, path)
    with pytest.raises(files.DamagedFileError, match=f"has no complete levels .'{key}'"):
        compact.levels_of(path, "parallel", "reachable")


def piecewise(breaks, coefficients, fault=""):
    return {"breaks": breaks, "coefficients": coefficients, "fault": fault}


def write_activation(path, **readings):
    files.write_json({"kind": "neuron", "activation": readings}, path)
    return path


def test_an_activation_is_that_of_its_reading_with_its_fault(tmp_path):
    path = tmp_path / "neuron.json"
    one = [[0.1, 0.2, 0.3, 0.4, 0.5]]
    two = [[0.5, -0.4, 0.3], [0.2, 0.1, 0.6]]
    write_activation(
        path,
        parallel=piecewise([0.0, 1.0], one),
        series=piecewise([0.0, 0.25, 1.0], two, "it is not monotonic"),
    )
    parallel = compact.Curve((0.0, 1.0), ((0.1, 0.2, 0.3, 0.4, 0.5),))
    assert compact.activation_of(path, "parallel") == (parallel, "")
    series = compact.Curve((0.0, 0.25, 1.0), ((0.5, -0.4, 0.3), (0.2, 0.1, 0.6)))
    assert compact.activation_of(path, "series") == (series, "it is not monotonic")
    expected = [[[0.0, 0.25, 1.0], two], "it is not monotonic"]
    assert json.loads(compact.decisive(path, "series")) == expected
    with pytest.raises(files.FileError, match="describes a neuron and has no levels"):
        compact.levels_of(path, "series", "measured")


@pytest.mark.parametrize(
    ("curve", "words"),
    [
        (piecewise([0.0, 0.5, 1.0], [[0.1, 0.2]]), "has an incomplete curve .series"),
        (piecewise([0.0, 1.0], [[0.1], [0.2]]), "has an incomplete curve .series"),
        (piecewise([0.0, 0.5, 1.0], [[0.1, 0.2], [0.3]]), "has an incomplete curve .series"),
        (piecewise([0.0], []), "has an incomplete curve .series"),
        (piecewise(None, [[0.1]]), "has no complete activation "),
        (piecewise([0.0, 1.0], ["ab"]), "has no complete activation "),
        ({"quartic": [0.0, 1.0, 0.0, 0.0, 0.0], "fault": ""}, "has no complete activation "),
        ({"breaks": [0.0, 1.0], "coefficients": [[0.1]]}, "has no complete activation .'fault'"),
    ],
)
def test_an_incomplete_curve_is_refused(tmp_path, curve, words):
    path = write_activation(tmp_path / "neuron.json", series=curve)
    with pytest.raises(files.DamagedFileError, match=words):
        compact.activation_of(path, "series")
    assert compact.decisive(path, "series") == ""


@pytest.mark.parametrize(("mask", "mode"), [(0o002, 0o664), (0o027, 0o640)])
def test_a_result_and_its_digest_have_the_permissions_of_the_umask(mask, mode, tmp_path):
    """So that two people of a group can work in one folder."""
    path = tmp_path / "results/traces/0.5000.json"
    usual = os.umask(mask)
    try:
        files.write_json({"a": 1}, path)
    finally:
        os.umask(usual)
    for made in (path, digest_path(path)):
        assert made.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(
    ("attributes", "rests"),
    [({}, {1: True, 0: False, -1: None}), ({"temperature": 300.0}, {1: True, 0: True, -1: True})],
)
def test_a_wall_at_a_temperature_is_the_quenched_one_and_rests(attributes, rests):
    assert {flag: files.is_resting(attributes, flag) for flag in rests} == rests
    assert files.is_quenched(attributes) == bool(attributes)


@pytest.mark.parametrize("text", ["[]", "3", '{"results/a.csv": 3}', '{"results/a.csv": []}', "{"])
def test_a_memory_of_digests_that_is_none_is_written_anew(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    files.write_text("a", "results/a.csv")
    Path("memory.json").write_text(text)
    assert files.find_damaged("results", "memory.json") == {}
    assert list(json.loads(Path("memory.json").read_text())) == ["results/a.csv"]


def test_a_pipe_in_a_folder_is_named(tmp_path):
    (tmp_path / "metadata").mkdir()
    os.mkfifo(tmp_path / "metadata/cmVz")
    with pytest.raises(files.FileError, match="metadata/cmVz is no regular file; remove it"):
        files.whole.check_regular(tmp_path)


def test_the_origin_of_a_result_is_that_of_its_job_revision_and_levels(tmp_path):
    """A network states its own part of the job; a dataset not from which files it was gathered."""
    part = {"recipe": "plain", "mapping": "layer", "rate": 1e-3}
    job = {"seed": 3, "networks": [part, part | {"recipe": "tuned"}]}

    def origin(name, **stated):
        files.write_json(stated, tmp_path / name)
        return files.origin_of(tmp_path / name)

    levels = files.origin.digest_of("[1, 2]")
    planned = files.origins_of(json.dumps(job), 4, ["[1, 2]", "[1, 3]"])
    assert origin("a.json", parameters=part, revision=4, made_from=levels) in planned
    both = files.origin.digest_of("[1, 2][1, 3]")
    assert origin("b.json", parameters=job, revision=4, made_from=both) in planned
    others = (
        {"parameters": part | {"rate": 2e-3}, "revision": 4, "made_from": levels},
        {"parameters": part, "revision": 5, "made_from": levels},
        {"parameters": part, "revision": 4, "made_from": files.origin.digest_of("[1, 4]")},
        {"parameters": part, "revision": 4},
    )
    assert not {origin(f"c{k}.json", **stated) for k, stated in enumerate(others)} & planned
    assert origin("d.json", accuracy=1) == origin("e.csv") == ""
    gathered = {"study": "devices", "requests": [["a", "run", "a.nc", "0"]]}
    dataset = origin("f.json", parameters={"study": "devices"}, revision=2)
    assert files.origins_of(json.dumps(gathered), 2) >= {dataset}
