"""Atomic writing and checked reading of netCDF datasets and JSON files.

The functions import heavy libraries themselves, since every scheduler job imports this module.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import __version__
from wallnet.files.schema import KINDS, fault_of, impossible
from wallnet.files.whole import (
    FileError,
    check_digest,
    damaged,
    one_line,
    write_text,
    written_whole,
)

if TYPE_CHECKING:
    import xarray

LARGEST_JSON = 100_000_000
"""Size in bytes above which a JSON file is refused without being read."""

# Files are written under a temporary name and renamed, so HDF5's locks are not needed. Network
# file systems often refuse these locks.
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")


def write_json(data: Any, path: str | Path) -> None:
    """Write indented JSON atomically; refuse NaN."""
    write_text(json.dumps(data, indent=2, sort_keys=True, allow_nan=False) + "\n", path)


def read_json(path: str | Path, keys: Sequence[str] = ()) -> dict[str, Any]:
    """Read a JSON file of the campaign.

    Parameters
    ----------
    path : str or Path
        The file.
    keys : sequence of str
        Required keys.

    Returns
    -------
    dict
        Its contents.

    Raises
    ------
    FileError
        If the file is missing, is not a JSON object, or lacks a key.
    """
    try:
        if os.path.getsize(path) > LARGEST_JSON:
            raise FileError(f"{path} is larger than {LARGEST_JSON} bytes; put the right file there")
        check_digest(path)
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise unreadable(path, error) from None
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"is damaged ({one_line(error)})") from None
    missing = [key for key in keys if not isinstance(data, dict) or key not in data]
    if not isinstance(data, dict) or missing:
        raise damaged(path, f"lacks {', '.join(missing) or 'a JSON object'}")
    return data


def given_text(text: str) -> str:
    """Return an argument of a command, or the text of standard input if it is "-".

    Linux accepts at most 128 KiB in one argument, so data that grows with a sweep uses standard
    input.
    """
    return sys.stdin.read(LARGEST_JSON) if text == "-" else text


def unreadable(path: str | Path, error: OSError) -> FileError:
    """Return the error to raise if the system, not the content, is the cause."""
    if isinstance(error, FileNotFoundError):
        return FileError(f"{path} is not there; run snakemake to make it")
    return FileError(
        f"{path} cannot be read ({error.strerror or one_line(error)}); make it readable, "
        "then run again"
    )


def write_dataset(
    dataset: "xarray.Dataset", path: str | Path, kind: str, attributes: Mapping[str, Any]
) -> None:
    """Write a dataset as compressed netCDF atomically.

    Parameters
    ----------
    dataset : xarray.Dataset
        Dataset returned by `wallnet.files.dataset`.
    path : str or Path
        Path of the file.
    kind : str
        Key of `schema.KINDS`. The dataset must have all variables of this kind.
    attributes : Mapping
        Origin of the data: parameters (one JSON string), backend, versions, revision.

    Raises
    ------
    FileError
        If the dataset does not fit its schema or cannot be written.
    """
    complete = dataset.assign_attrs(
        {"kind": kind, "wallnet_version": __version__, **dataset.attrs, **attributes}
    )
    if fault := fault_of(complete, kind):
        raise FileError(f"{path} cannot be written: it {fault}; report this as a bug")
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in complete.variables.items():
        if variable.dtype.kind not in "OU" and variable.ndim:
            encoding[str(name)] = {"zlib": True, "complevel": 4, "shuffle": True}
    with written_whole(path) as partial:
        try:
            complete.to_netcdf(partial, engine="netcdf4", format="NETCDF4", encoding=encoding)
        except RuntimeError as error:  # raised by the netCDF library if the disk is full
            _provoke(partial)
            raise OSError(str(error)) from error


def _provoke(path: Path) -> None:
    """Write to a file so that the system reports why a library could not, if it still fails."""
    with open(path, "ab") as stream:
        stream.write(bytes(1 << 20))
        stream.flush()
        os.fsync(stream.fileno())


def read_dataset(path: str | Path, kind: str, **selection: Any) -> "xarray.Dataset":
    """Read a netCDF file of the campaign into memory and check it against its schema.

    Parameters
    ----------
    path : str or Path
        The file.
    kind : str
        Key of `schema.KINDS`.
    **selection
        `drop=[names]`: variables not to read.

    Returns
    -------
    xarray.Dataset
        Its contents, loaded.

    Raises
    ------
    FileError
        If the file is missing, damaged, foreign or of another kind, or contains impossible values.
    """
    import xarray

    try:
        check_digest(path)
        with xarray.open_dataset(path, engine="netcdf4") as opened:
            _check_kind(opened, path, kind)
            # a device that is read as a track must still have all variables of its own kind
            if fault := fault_of(opened, opened.attrs["kind"]):
                raise damaged(path, fault)
            data = opened.drop_vars(selection.get("drop", [])).load()
            if fault := impossible(data):
                raise damaged(path, fault)
            return data
    except FileError:
        raise
    except OSError as error:
        if error.errno is not None and error.errno > 0:  # errors of the netCDF library are negative
            raise unreadable(path, error) from None
        raise damaged(path, f"is damaged or not netCDF ({one_line(error)})") from None
    except MemoryError:
        raise FileError(
            f"{path} does not fit into memory; free some, or delete the file and run snakemake"
        ) from None
    except Exception as error:  # a damaged file can make xarray and netCDF4 raise any error
        raise damaged(path, f"is damaged or not netCDF ({one_line(error)})") from None


def _check_kind(dataset: "xarray.Dataset", path: str | Path, kind: str) -> None:
    """Refuse a dataset of another kind."""
    found = dataset.attrs.get("kind")
    # a device of any kind has all variables of a plain track
    is_device = set(KINDS["track"]) <= set(KINDS.get(str(found), ()))
    if found != kind and not (kind == "track" and is_device):
        raise FileError(f"{path} is of kind {found!r}, not {kind!r}; delete it and run snakemake")
