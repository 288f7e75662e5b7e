"""Atomic writing and checked reading of netCDF datasets and JSON files.

The functions import heavy libraries themselves, since every scheduler job imports this module.
"""

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import __version__
from wallnet.files.schema import (
    KINDS,
    VARIABLES,
    Record,
    about,
    fault_of,
    impossible,
    is_coordinate,
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
    import xarray
    from numpy.typing import NDArray

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
    except FileNotFoundError:
        raise FileError(f"{path} is not there; run snakemake to make it") from None
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
    if fault := fault_of(_dimensions(complete), kind):
        raise FileError(f"{path} cannot be written: it {fault}; report this as a bug")
    encoding = {
        str(name): _compression(variable.values) for name, variable in complete.variables.items()
    }
    with _written(path) as partial:
        complete.to_netcdf(partial, engine="netcdf4", format="NETCDF4", encoding=encoding)


def write_record(record: Record, path: str | Path) -> None:
    """Write a record as `write_dataset` writes its dataset, without importing xarray.

    Parameters
    ----------
    record : Record
        Record returned by `wallnet.files.record`, with the origin of the data.
    path : str or Path
        Path of the file.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    import netCDF4

    names = sorted(record.values, key=is_coordinate)
    single = " ".join(sorted(name for name in names if not VARIABLES[name].dimensions))
    with _written(path) as partial, netCDF4.Dataset(partial, "w", format="NETCDF4") as opened:
        opened.setncatts({**record.attributes, "kind": record.kind, "wallnet_version": __version__})
        for name in names:
            for dimension, size in zip(VARIABLES[name].dimensions, record[name].shape, strict=True):
                if dimension not in opened.dimensions:
                    opened.createDimension(dimension, size)
        for name in names:
            values = record[name]
            variable = opened.createVariable(
                name,
                str if values.dtype.kind in "OU" else values.dtype,
                VARIABLES[name].dimensions,
                fill_value=math.nan if values.dtype.kind == "f" else None,
                **_compression(values),
            )
            # as in the conventions for climate and forecast data, which xarray follows
            places = {"coordinates": single} if single and not is_coordinate(name) else {}
            variable.setncatts({**about(name), **places})
            variable[...] = values


def _dimensions(dataset: "xarray.Dataset") -> dict[str, tuple[str, ...]]:
    """Return the dimensions of all variables of a dataset."""
    return {str(name): variable.dims for name, variable in dataset.variables.items()}  # type: ignore[misc]


def _compression(values: "NDArray[Any]") -> dict[str, Any]:
    """Return how the values of a variable are compressed; text and single values are not."""
    if values.dtype.kind in "OU" or not values.ndim:
        return {}
    return {"zlib": True, "complevel": 4, "shuffle": True}


@contextmanager
def _written(path: str | Path) -> Iterator[Path]:
    """Yield a path as `written_whole`, for the netCDF library."""
    with written_whole(path) as partial:
        try:
            yield partial
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

    with _checked(path), xarray.open_dataset(path, engine="netcdf4") as opened:
        _check(path, kind, opened.attrs, _dimensions(opened))
        data = opened.drop_vars(selection.get("drop", [])).load()
        values = {str(name): variable.values for name, variable in data.variables.items()}
        if fault := impossible(values, data.attrs):
            raise damaged(path, fault)
        return data


def read_record(path: str | Path, kind: str, drop: Sequence[str] = ()) -> Record:
    """Read the variables of a kind as `read_dataset` does, without importing xarray.

    Parameters
    ----------
    path : str or Path
        The file.
    kind : str
        Key of `schema.KINDS`.
    drop : sequence of str
        Variables not to read.

    Raises
    ------
    FileError
        As `read_dataset`.
    """
    import netCDF4
    import numpy as np

    with _checked(path), netCDF4.Dataset(path) as opened:
        opened.set_auto_mask(False)
        attributes = {name: opened.getncattr(name) for name in opened.ncattrs()}
        found = {name: variable.dimensions for name, variable in opened.variables.items()}
        _check(path, kind, attributes, found)
        values = {
            name: np.asarray(
                opened.variables[name][...], dtype="str" if VARIABLES[name].is_text else None
            )
            for name in KINDS[kind]
            if name not in drop
        }
        if fault := impossible(values, attributes):
            raise damaged(path, fault)
        return Record(kind, values, attributes)


@contextmanager
def _checked(path: str | Path) -> Iterator[None]:
    """Compare a file with its digest; raise what its reader then meets as an error of the file."""
    try:
        check_digest(path)
        yield
    except FileNotFoundError:
        raise FileError(f"{path} is not there; run snakemake to make it") from None
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


def _check(
    path: str | Path,
    kind: str,
    attributes: Mapping[str, Any],
    dimensions: Mapping[str, tuple[str, ...]],
) -> None:
    """Refuse a file of another kind, or without the variables of its own kind."""
    found = attributes.get("kind")
    # a device of any kind has all variables of a plain track
    is_device = set(KINDS["track"]) <= set(KINDS.get(str(found), ()))
    if found != kind and not (kind == "track" and is_device):
        raise FileError(f"{path} is of kind {found!r}, not {kind!r}; delete it and run snakemake")
    # a device that is read as a track must still have all variables of its own kind
    if fault := fault_of(dimensions, str(found)):
        raise damaged(path, fault)
