"""Atomic writing and checked reading of netCDF datasets and JSON files.

The functions import heavy libraries themselves, since every scheduler job imports this module.
"""

import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import __version__
from wallnet.errors import UserError
from wallnet.files import schema
from wallnet.files.blocks import row_of
from wallnet.files.schema import SAMPLE
from wallnet.files.whole import (
    LARGEST_JSON,
    FileError,
    IrregularFileError,
    check_digest,
    damaged,
    one_line,
    regular,
    write_text,
    written_whole,
)

if TYPE_CHECKING:
    import netCDF4
    import xarray

SMALLEST_COMPRESSED = 1024
"""Size in bytes above which a variable is compressed."""

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
    with checked_reading(path, "JSON", LARGEST_JSON):
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    missing = [key for key in keys if not isinstance(data, dict) or key not in data]
    if not isinstance(data, dict) or missing:
        raise damaged(path, f"lacks {', '.join(missing) or 'a JSON object'}")
    return data


def given_text(text: str) -> str:
    """Return an argument of a command, or the text of standard input if it is "-".

    Linux accepts at most 128 KiB in one argument; data that grows with a sweep can be longer.
    """
    return sys.stdin.read() if text == "-" else text


def unreadable(path: str | Path, error: OSError) -> FileError:
    """Return the error to raise if the system, not the content, is the cause."""
    if isinstance(error, FileNotFoundError):
        return FileError(f"{path} is not there; run snakemake to make it")
    fix = "put another there" if isinstance(error, IrregularFileError) else "make it readable"
    reason = error.strerror or one_line(error)
    return FileError(f"{path} cannot be read ({reason}); {fix}, then run again")


def write_dataset(
    data: "xarray.Dataset", path: str | Path, kind: str, attributes: Mapping[str, Any]
) -> None:
    """Write a dataset as compressed netCDF atomically.

    Parameters
    ----------
    data : xarray.Dataset
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
    values = {str(name): array.values for name, array in data.variables.items()}
    attrs = {"wallnet_version": __version__, **data.attrs, **attributes, "kind": kind}
    whole = schema.dataset(kind, values, attrs)
    # chunks of small arrays would be larger than these
    numbers = [
        name
        for name, array in whole.variables.items()
        if array.nbytes > SMALLEST_COMPRESSED and array.dtype.kind != "U"
    ]
    with written_whole(path) as partial:
        try:
            whole.to_netcdf(
                partial, engine="netcdf4", encoding={name: {"zlib": True} for name in numbers}
            )
        except RuntimeError as error:  # raised by the netCDF library if the disk is full
            with open(partial, "ab") as stream:  # the system states why, if it is still full
                stream.write(bytes(1 << 20))
                os.fsync(stream.fileno())
            raise OSError(str(error)) from error


def read_dataset(
    path: str | Path,
    kind: str,
    only: Collection[str] | None = None,
    samples: bool = False,
    row: int | None = None,
) -> "xarray.Dataset":
    """Read a netCDF file of the campaign into memory and check it against its schema.

    Parameters
    ----------
    path : str or Path
        The file.
    kind : str
        Key of `schema.KINDS`.
    only : collection of str, optional
        Names of the variables that are read; all if not given. Optional ones that the file lacks
        are left out.
    samples : bool
        Whether all samples are returned, along `sample`, where the file has some. By default, the
        values are those of the perfect device.
    row : int, optional
        Number of a run of a block, counted from 0, which is returned alone; all runs along `run` if
        not given.

    Returns
    -------
    xarray.Dataset
        Its contents, loaded.

    Raises
    ------
    FileError
        If the file is missing, damaged, foreign or of another kind, or contains impossible values.
    """
    if kind not in schema.KINDS:
        raise FileError(
            f"{path} is read as kind {kind!r}, which is not known; import wallnet.studies, which "
            "adds the kinds of the studies, or name another one"
        )
    with _opened(path) as stored:
        attrs, variables = stored.__dict__, stored.variables
        own_kind: Any = attrs.get("kind")
        # a device of any kind has all variables of a plain track
        is_device = set(schema.KINDS["track"]) <= set(schema.KINDS.get(own_kind, ()))
        if own_kind != kind and not (kind == "track" and is_device):
            raise FileError(
                f"{path} is of kind {own_kind!r}, not {kind!r}; delete it and run snakemake"
            )
        # a device that is read as a track must still have all variables of its own kind
        names = schema.names_of(own_kind, variables)
        for name in names:
            if name not in variables:
                raise damaged(path, f"lacks {name}")
            axes, expected = variables[name].dimensions, schema.dimensions_of(name, variables)
            if axes != expected:
                raise damaged(path, f"has {name} over {axes}, not {expected}")
            unit = getattr(variables[name], "units", "1")
            if unit != (schemed := schema.VARIABLES[name].units or "1"):
                raise damaged(path, f"has {name} in {str(unit)[:40]!r}, not in {schemed!r}")
        read = names if only is None else {*only, SAMPLE, *schema.OF_BLOCK}
        rows = slice(row, None if row is None else row + 1)
        values = {
            name: variables[name][rows if schema.RUN in variables[name].dimensions else ...]
            for name in names
            if name in read
        }
        if fault := schema.impossible(values, attrs):
            raise damaged(path, fault)
        data = schema.assembled(values, attrs)
        if row is not None and schema.RUN in data:
            return row_of(data, 0)
        return data if samples else of_perfect_device(data)


def read_maps(path: str | Path, only: Collection[str] | None = None) -> "xarray.Dataset":
    """Read a run with maps of the magnetisation; errors are those of `read_dataset`."""
    run = read_dataset(path, "run", only)
    if "magnetization" not in run:
        raise FileError(f"{path} has no maps; name a trace that has some")
    return run


def of_perfect_device(data: "xarray.Dataset") -> "xarray.Dataset":
    """Return a dataset without its samples, if it has some."""
    return data.isel({SAMPLE: 0}).drop_vars(SAMPLE) if SAMPLE in data.dims else data


def kind_of(path: str | Path) -> str:
    """Return the kind of a netCDF file of the campaign; errors are those of `read_dataset`."""
    with _opened(path) as stored:
        return str(stored.__dict__.get("kind"))


@contextmanager
def checked_reading(path: str | Path, kind: str, most: int | None = None) -> Iterator[None]:
    """Check the digest of a file that is read, and state its fault as a `FileError`.

    A file of more than `most` bytes is not read.
    """
    try:
        regular(path, most)
        check_digest(path)
        yield
    except UserError:
        raise
    except MemoryError:
        raise FileError(
            f"{path} does not fit into memory; free some, or delete the file and run snakemake"
        ) from None
    except Exception as error:  # a damaged file can make a library raise any error
        # errors of the netCDF library are negative
        if isinstance(error, OSError) and (error.errno or 0) > 0:
            raise unreadable(path, error) from None
        raise damaged(path, f"is damaged or not {kind} ({one_line(error)})") from None


@contextmanager
def _opened(path: str | Path) -> "Iterator[netCDF4.Dataset]":
    """Open a netCDF file that is read."""
    import netCDF4

    with checked_reading(path, "netCDF"), netCDF4.Dataset(path) as stored:
        stored.set_auto_mask(False)
        yield stored


def is_quenched(attributes: Mapping[str, Any]) -> bool:
    """Return whether the states of a result are those of quenched walls, as at a temperature."""
    return "temperature" in attributes


def is_resting(attributes: Mapping[str, Any], settled: int) -> bool | None:
    """Return whether a wall of a result rests, given its `settled`; a quenched one does.

    None if the simulation did not wait for it to rest.
    """
    return True if is_quenched(attributes) else {1: True, 0: False, -1: None}[int(settled)]
