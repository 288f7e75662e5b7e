"""Atomic writing and checked reading of netCDF datasets and JSON files.

The functions import heavy libraries themselves, since every scheduler job imports this module.
"""

import json
import math
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import __version__
from wallnet.errors import UserError
from wallnet.files.schema import (
    KINDS,
    VARIABLES,
    Content,
    about,
    content,
    fault_of,
    impossible,
    is_coordinate,
    names_of,
)
from wallnet.files.whole import (
    FileError,
    check_digest,
    damaged,
    one_line,
    write_text,
    written_whole,
)

if TYPE_CHECKING:
    import netCDF4
    import xarray
    from numpy.typing import NDArray

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
    with checked(path, "JSON"):
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    missing = [key for key in keys if not isinstance(data, dict) or key not in data]
    if not isinstance(data, dict) or missing:
        raise damaged(path, f"lacks {', '.join(missing) or 'a JSON object'}")
    return data


def given_text(text: str) -> str:
    """Return an argument of a command, or the text of standard input if it is "-".

    Linux accepts at most 128 KiB in one argument, so data that grows with a sweep uses standard
    input.
    """
    return sys.stdin.read() if text == "-" else text


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
        Key of `schema.KINDS`. The dataset must have all variables of this kind, and no others.
    attributes : Mapping
        Origin of the data: parameters (one JSON string), backend, versions, revision.

    Raises
    ------
    FileError
        If the dataset does not fit its schema or cannot be written.
    """
    values = {str(name): each.values for name, each in dataset.variables.items()}
    write_content(content(kind, values, {**dataset.attrs, **attributes}), path)


def write_content(written: Content, path: str | Path) -> None:
    """Write the content of a file as compressed netCDF atomically.

    Parameters
    ----------
    written : Content
        Content returned by `wallnet.files.content`.
    path : str or Path
        Path of the file.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    import netCDF4

    attrs = {"wallnet_version": __version__, **written.attrs, "kind": written.kind}
    with written_whole(path) as partial:
        try:
            with netCDF4.Dataset(partial, "w", format="NETCDF4") as stored:
                stored.setncatts(attrs)
                for name, array in written.values.items():
                    _store(stored, name, array)
        except RuntimeError as error:  # raised by the netCDF library if the disk is full
            with open(partial, "ab") as stream:  # the system tells why, if it still refuses
                stream.write(bytes(1 << 20))
                os.fsync(stream.fileno())
            raise OSError(str(error)) from error


def _store(stored: "netCDF4.Dataset", name: str, array: "NDArray[Any]") -> None:
    """Add a variable to an open file, with the attributes by which xarray finds coordinates."""
    dimensions = VARIABLES[name].dimensions
    for dimension, size in zip(dimensions, array.shape, strict=True):
        if dimension not in stored.dimensions:
            stored.createDimension(dimension, size)
    text = VARIABLES[name].is_text
    variable = stored.createVariable(
        name,
        str if text else array.dtype,
        dimensions,
        compression="zlib" if dimensions and not text else None,
        fill_value=math.nan if array.dtype.kind == "f" else None,
    )
    variable.setncatts(about(name))
    others = [each for each in KINDS[stored.getncattr("kind")] if not VARIABLES[each].dimensions]
    if others and not is_coordinate(name):
        variable.setncattr("coordinates", " ".join(others))
    variable[...] = array.astype(object) if text else array


def read_dataset(path: str | Path, kind: str, drop: Collection[str] = ()) -> "xarray.Dataset":
    """Read a netCDF file of the campaign into memory and check it against its schema.

    Parameters
    ----------
    path : str or Path
        The file.
    kind : str
        Key of `schema.KINDS`.
    drop : collection of str
        Names of variables that are not read.

    Returns
    -------
    xarray.Dataset
        Its contents, loaded.

    Raises
    ------
    FileError
        If the file is missing, damaged, foreign or of another kind, or contains impossible values.
    """
    with _opened(path) as stored:
        found = _checked_kind(stored, path, kind)
        names = [name for name in names_of(found, stored.variables) if name not in drop]
        return _content(stored, path, found, names).dataset()


def read_content(
    path: str | Path, kind: str, *names: str, optional: Collection[str] = ()
) -> Content:
    """Read some variables of a netCDF file of the campaign, and check them as `read_dataset` does.

    Parameters
    ----------
    path : str or Path
        The file.
    kind : str
        Key of `schema.KINDS`.
    *names : str
        Names of the variables to read.
    optional : collection of str
        Names of others, which are read if the file has them.

    Returns
    -------
    Content
        These variables and all attributes.

    Raises
    ------
    FileError
        As of `read_dataset`.
    """
    with _opened(path) as stored:
        checked = _checked_kind(stored, path, kind)
        given = [name for name in optional if name in stored.variables]
        return _content(stored, path, checked, [*names, *given])


def kind_of(path: str | Path) -> str:
    """Return the kind of a netCDF file of the campaign; errors are those of `read_dataset`."""
    with _opened(path) as stored:
        return str(stored.__dict__.get("kind"))


@contextmanager
def checked(path: str | Path, kind: str) -> Iterator[None]:
    """Check the digest of a file that is read, and state its fault as a `FileError`."""
    try:
        check_digest(path)
        yield
    except UserError:
        raise
    except OSError as error:
        if error.errno is not None and error.errno > 0:  # errors of the netCDF library are negative
            raise unreadable(path, error) from None
        raise damaged(path, f"is damaged or not {kind} ({one_line(error)})") from None
    except MemoryError:
        raise FileError(
            f"{path} does not fit into memory; free some, or delete the file and run snakemake"
        ) from None
    except Exception as error:  # a damaged file can make a library raise any error
        raise damaged(path, f"is damaged or not {kind} ({one_line(error)})") from None


@contextmanager
def _opened(path: str | Path) -> "Iterator[netCDF4.Dataset]":
    """Open a netCDF file that is read."""
    import netCDF4

    with checked(path, "netCDF"), netCDF4.Dataset(path) as stored:
        stored.set_auto_mask(False)
        yield stored


def _checked_kind(stored: "netCDF4.Dataset", path: str | Path, kind: str) -> str:
    """Return the kind of a file; refuse another one, and one without a variable of its kind."""
    if kind not in KINDS:
        raise FileError(
            f"{path} is read as kind {kind!r}, which is not known; import wallnet.studies, which "
            "adds the kinds of the studies, or name another one"
        )
    found = stored.__dict__.get("kind")
    # a device of any kind has all variables of a plain track
    is_device = set(KINDS["track"]) <= set(KINDS.get(str(found), ()))
    if found != kind and not (kind == "track" and is_device):
        raise FileError(f"{path} is of kind {found!r}, not {kind!r}; delete it and run snakemake")
    # a device that is read as a track must still have all variables of its own kind
    dimensions = {name: each.dimensions for name, each in stored.variables.items()}
    if fault := fault_of(dimensions, str(found)):
        raise damaged(path, fault)
    return str(found)


def _content(
    stored: "netCDF4.Dataset", path: str | Path, kind: str, names: Iterable[str]
) -> Content:
    """Read some variables of an open file, and refuse impossible values."""
    found = Content(kind, {name: stored[name][...] for name in names}, stored.__dict__)
    if fault := impossible(found.values, found.attrs):
        raise damaged(path, fault)
    return found
