"""Files appear whole or not at all, and what is damaged is named."""

import errno

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


@pytest.mark.parametrize("place", ["results", "elsewhere"])
def test_a_result_made_anew_takes_the_place_of_the_damaged_one(tmp_path, state, place):
    path = tmp_path / place / "initial.nc"
    files.write_dataset(state, path, "initial", {})
    aside = path.with_name("initial.nc.damaged")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(files.FileError, match="is damaged"):
        files.read_dataset(path, "initial")
    assert aside.exists() == (place == "results")
    path.unlink(missing_ok=True)
    aside.write_text("set aside")
    with pytest.raises(files.FileError, match="cannot be written"), files.written_whole(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert aside.exists()
    files.write_dataset(state, path, "initial", {})
    files.read_dataset(path, "initial")
    # elsewhere a file is its owner's
    assert aside.exists() == (place == "elsewhere")


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
