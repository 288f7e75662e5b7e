"""Files appear whole or not at all, and what is damaged is named."""

import errno
import os

import pytest
import xarray

from wallnet import files


@pytest.fixture
def state():
    return xarray.Dataset({"magnetization": (("y", "x", "component"), [[[0.0, 0.0, 1.0]]])})


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


def test_damage_is_recognised_and_named(tmp_path, state):
    path = tmp_path / "initial.nc"
    with pytest.raises(files.FileError, match="initial.nc is not there"):
        files.read_dataset(path, "initial")
    files.write_dataset(state, path, "initial", {})
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not netCDF at all" * 100):
        path.write_bytes(damaged)
        with pytest.raises(files.FileError, match="initial.nc is damaged"):
            files.read_dataset(path, "initial")
    path.write_bytes(whole)
    with pytest.raises(files.FileError, match="is of kind 'initial', not 'trace'"):
        files.read_dataset(path, "trace")
    with pytest.raises(files.FileError, match="lacks magnetization"):
        files.write_dataset(xarray.Dataset(), path, "initial", {})
    with pytest.raises(files.FileError, match="has magnetization over"):
        files.write_dataset(state.isel(y=0), path, "initial", {})
    assert path.read_bytes() == whole


def test_a_result_made_anew_takes_the_place_of_the_damaged_one(tmp_path, state):
    path = tmp_path / "results" / "initial.nc"
    aside = path.with_name("initial.nc.damaged")
    files.write_dataset(state, path, "initial", {})
    harmed = path.read_bytes()[:-100]
    path.write_bytes(harmed)
    with pytest.raises(files.DamagedFileError, match="is damaged.*run snakemake again"):
        files.read_dataset(path, "initial")
    assert path.read_bytes() == harmed
    assert list(files.find_damaged(tmp_path)) == [str(path)]
    files.set_aside([str(path)])
    assert aside.read_bytes() == harmed
    assert not path.exists()
    with pytest.raises(files.FileError, match="cannot be written"), files.written_whole(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert aside.exists()
    files.write_dataset(state, path, "initial", {})
    files.read_dataset(path, "initial")
    assert files.find_damaged(tmp_path) == {}
    assert sorted(p.name for p in path.parent.iterdir()) == [".initial.nc.sha256", "initial.nc"]


def test_outside_a_folder_of_results_a_file_is_its_owners(tmp_path, state):
    path = tmp_path / "initial.nc"
    files.write_dataset(state, path, "initial", {})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(files.DamagedFileError, match="is damaged.*delete it"):
        files.read_dataset(path, "initial")
    assert list(tmp_path.iterdir()) == [path]


def test_digests_are_those_of_sha256sum(tmp_path):
    path = tmp_path / "results" / "a b.csv"
    files.write_text("x\n", path)
    told = files.digest_path(path).read_text()
    assert told == "73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac  a b.csv\n"
    assert files.digest_path(path).name == ".a b.csv.sha256"


def test_what_was_looked_at_is_not_read_again(tmp_path, monkeypatch):
    """Unless its size or a time of it has changed, or what is noted beside it."""
    path, memory = tmp_path / "results" / "a.csv", tmp_path / "memory.json"
    files.write_text("1\n", path)
    assert files.find_damaged(tmp_path, memory) == {}
    read = []
    of = files.whole._sha256
    monkeypatch.setattr(files.whole, "_sha256", lambda p: read.append(p) or of(p))
    assert files.find_damaged(tmp_path, memory) == {}
    assert read == []
    files.damaged(path, "is of no use")
    assert files.find_damaged(tmp_path, memory) == {str(path): "is of no use"}
    assert read == []
    files.note_digest(path, of(path))
    status = path.stat()
    path.write_text("2\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert list(files.find_damaged(tmp_path, memory)) == [str(path)]
    memory.write_text('{"a": [1, 2, 3, "no digest"], "b": 1}')
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
    ("change", "words"),
    [
        ({"magnetization": [[[0.0, 0.0, 5.0]]]}, "has magnetization of length 5, which is more"),
        ({"magnetization": [[[0.8, 0.0, 0.8]]]}, "has magnetization of length 1.13"),
    ],
)
def test_impossible_values_are_refused(tmp_path, state, change, words):
    path = tmp_path / "initial.nc"
    for name, values in change.items():
        state[name] = (state[name].dims, values)
    files.write_dataset(state, path, "initial", {})
    with pytest.raises(files.FileError, match=words):
        files.read_dataset(path, "initial")


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
