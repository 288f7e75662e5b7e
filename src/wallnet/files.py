"""The one place that knows the files between the stages: paths, writing whole, reading checked.

Paths are patterns with wildcards in braces, shared by the rules and by the package. Heavy
libraries are imported inside the functions, since every scheduler job imports this module.
"""

import glob
import hashlib
import json
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import __version__
from wallnet.config import Device, current_name
from wallnet.config.jobs import level_states

if TYPE_CHECKING:
    import xarray

INITIAL = "results/initial/{device}.nc"
TRACE = "results/traces/{device}/{current}.nc"
LEVEL = "results/levels/{device}/{state}.nc"
DEVICE = "results/devices/{device}.nc"
DATA = "results/data/{dataset}.json"
NETWORK = "results/networks/{dataset}/{device}/{reading}/{mapping}/{recipe}/{stage}/seed-{seed}"
METRICS = NETWORK + "/metrics.json"
CHECKPOINT = NETWORK + "/best.ckpt"
TABLE = "results/tables/{table}"
FIGURE = "results/figures/{figure}"
REPORT = "results/report.html"

COMPONENTS = ("x", "y", "z")
READINGS = ("parallel", "series")

SCHEMAS: dict[str, dict[str, tuple[str, ...]]] = {
    "initial": {"magnetization": ("y", "x", "component")},
    "trace": {
        "m": ("time", "component"),
        "wall_position": ("time",),
        "wall_bottom": ("time",),
        "wall_top": ("time",),
        "applied_current_density": ("time",),
        "magnetization_profile": ("time", "x", "component"),
        "magnetic_cells": ("x",),
        "magnetization": ("snapshot", "y", "x", "component"),
        "snapshot_time": ("snapshot",),
    },
    "track": {
        "m": ("current_density", "time", "component"),
        "wall_position": ("current_density", "time"),
        "wall_bottom": ("current_density", "time"),
        "wall_top": ("current_density", "time"),
        "end_time": ("current_density",),
        "read_time": ("current_density",),
        "state": ("current_density",),
        "settled": ("current_density",),
        "conductance": ("reading", "current_density", "time"),
        "final_conductance": ("reading", "current_density"),
        "final_wall_position": ("current_density",),
        "final_wall_bottom": ("current_density",),
        "final_wall_top": ("current_density",),
    },
}
"""Variables and their dimensions for each kind of file."""
SCHEMAS["synapse"] = SCHEMAS["track"] | {
    "normalized_final_conductance": ("reading", "current_density"),
    "normalized_conductance": ("reading", "level"),
    "level_conductance": ("reading", "level"),
    "level_state": ("level",),
    "resting_state": ("level",),
    "level_source": ("level",),
    "position": ("level",),
    "stable": ("level",),
    "reachable": ("level",),
    "reaching_current_density": ("level",),
    "extended_normalized_conductance": ("reading", "extended_level"),
    "extended_conductance": ("reading", "extended_level"),
    "extended_state": ("extended_level",),
    "extended_resting_state": ("extended_level",),
    "extended_source": ("extended_level",),
    "extended_position": ("extended_level",),
    "extended_stable": ("extended_level",),
    "extended_reachable": ("extended_level",),
    "extended_reaching_current_density": ("extended_level",),
}
SCHEMAS["neuron"] = SCHEMAS["track"] | {
    "normalized_current_density": ("current_density",),
    "normalized_conductance": ("reading", "current_density"),
    "quartic": ("reading", "power"),
    "fit_error": ("reading",),
    "fit_rms": ("reading",),
    "relu_deviation": ("reading",),
}


SEAL = b"\nwallnet sha256 "
"""What stands before the digest at the end of a netCDF file of ours: readers of HDF5 stop before
it, and damage is found before a library meets it."""

LARGEST_JSON = 100_000_000
"""A JSON file above this many bytes is refused unread."""

ABANDONED_AFTER = 3600.0
"""Seconds after which a half-written file counts as left by a writer that was killed."""

# files here are written aside and renamed, so nothing needs HDF5's locks, which network file
# systems often refuse
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")


class FileError(RuntimeError):
    """A file is missing, damaged or of another kind; the message names it and the mend."""


def damaged(path: str | Path, fault: str) -> FileError:
    """Set a damaged result aside, so that the next run makes it again, and return what to raise.

    Only what lies in a folder `results` is moved: elsewhere a file is its owner's. What was set
    aside goes when the result is whole again (`written_whole`).

    Parameters
    ----------
    path : str or Path
        The damaged file.
    fault : str
        What is wrong with it, such as "is truncated".

    Returns
    -------
    FileError
        Names the file, the fault and the mend.
    """
    path = Path(path)
    if not _is_result(path):
        return FileError(f"{path} {fault}; delete it and run snakemake")
    aside = set_aside(path)
    try:
        os.replace(path, aside)
    except FileNotFoundError:
        pass  # another job has met it too
    except OSError:
        return FileError(f"{path} {fault}; delete it and run snakemake")
    return FileError(
        f"{path} {fault} and was moved to {aside.name}; run snakemake again, which makes it anew"
    )


def set_aside(path: Path) -> Path:
    """Return where a damaged file is moved to."""
    return path.with_name(f"{path.name}.damaged")


def _is_result(path: Path) -> bool:
    """Whether a file is ours to move and to remove."""
    return "results" in path.parts


def trace_paths(name: str, device: Device) -> list[str]:
    """Return the trace files of a device, one a current density, ascending."""
    return [
        TRACE.format(device=name, current=current_name(density))
        for density in device.pulse.current_densities
    ]


def level_paths(name: str, device: Device) -> list[str]:
    """Return the files of the states in which a synapse can rest; none for other devices."""
    states = level_states(device) if device.kind == "synapse" else {}
    return [LEVEL.format(device=name, state=state) for state in states]


def folder(pattern: str, name: str) -> str:
    """Return the folder that holds a device's files of one kind.

    Examples
    --------
    >>> folder(TRACE, "neuron")
    'results/traces/neuron'
    """
    return str(Path(pattern.format(device=name, current="", state="")).parent)


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Hand out a temporary path beside `path` and rename it when the block ends well.

    A result that was damaged and set aside is removed once the new one is in its place.

    Parameters
    ----------
    path : str or Path
        Where the finished file is to appear. Its folder is made if needed.

    Yields
    ------
    Path
        A path with the same suffix in the same folder, for the block to write to.

    Raises
    ------
    FileError
        If the file system refuses (read-only, full); nothing is left behind.
    """
    path = Path(path)
    partial = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        yield partial
        with open(partial, "rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(partial, path)
        if _is_result(path):
            set_aside(path).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            # a library may hold the file open; emptied, it leaves room to say what is wrong
            os.truncate(partial, 0)
            partial.unlink()


def check_writable(folder: str | Path) -> None:
    """Refuse a folder into which nothing can be written, before anything is computed for it.

    Raises
    ------
    FileError
        If the file system refuses (read-only, full).
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as stream:
            stream.write(bytes(4096))
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(path: str | Path, error: OSError) -> FileError:
    return FileError(
        f"{path} cannot be written ({error.strerror or error}); free space or make the folder "
        "writable, then run again"
    )


def _remove_abandoned(path: Path) -> None:
    """Remove what killed writers of a file left beside it."""
    stem, suffix = glob.escape(path.stem), glob.escape(path.suffix)
    for partial in path.parent.glob(f".{stem}.{'[0-9a-f]' * 8}.part{suffix}"):
        with suppress(OSError):
            if time.time() - partial.stat().st_mtime > ABANDONED_AFTER:
                partial.unlink()


def write_text(text: str, path: str | Path) -> None:
    """Write a text file whole or not at all."""
    with written_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(data: Any, path: str | Path) -> None:
    """Write readable JSON whole or not at all; NaN is refused."""
    write_text(json.dumps(data, indent=2, sort_keys=True, allow_nan=False) + "\n", path)


def read_json(path: str | Path, keys: Sequence[str] = ()) -> dict[str, Any]:
    """Read a JSON file of ours.

    Parameters
    ----------
    path : str or Path
        The file.
    keys : sequence of str
        Keys that have to be there.

    Returns
    -------
    dict
        Its contents.

    Raises
    ------
    FileError
        If it is missing, no JSON object, or lacks a key.
    """
    try:
        if os.path.getsize(path) > LARGEST_JSON:
            raise FileError(f"{path} is larger than {LARGEST_JSON} bytes; put the right file there")
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileError(f"{path} is not there; run snakemake to make it") from None
    except OSError as error:
        raise unreadable(path, error) from None
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"is damaged ({_one_line(error)})") from None
    missing = [key for key in keys if not isinstance(data, dict) or key not in data]
    if not isinstance(data, dict) or missing:
        raise damaged(path, f"lacks {', '.join(missing) or 'a JSON object'}")
    return data


def unreadable(path: str | Path, error: OSError) -> FileError:
    """Return what to raise where the system, not the content, is at fault."""
    return FileError(
        f"{path} cannot be read ({error.strerror or _one_line(error)}); make it readable, "
        "then run again"
    )


def _one_line(error: Exception) -> str:
    """Return the beginning of an error's message in one line, or its name."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def write_dataset(
    dataset: "xarray.Dataset", path: str | Path, kind: str, attributes: Mapping[str, Any]
) -> None:
    """Write a dataset as compressed netCDF, whole or not at all.

    Parameters
    ----------
    dataset : xarray.Dataset
        Every variable with `units` and `long_name`, except text.
    path : str or Path
        Where it goes.
    kind : str
        Key of `SCHEMAS`; what the schema names has to be there.
    attributes : Mapping
        What made it: parameters (one JSON string), backend, versions, revision.

    Raises
    ------
    FileError
        If the dataset does not fit its schema or cannot be written.
    """
    complete = dataset.assign_attrs(
        {"kind": kind, "wallnet_version": __version__, **dataset.attrs, **attributes}
    )
    if fault := _fault(complete, kind):
        raise FileError(f"{path} cannot be written: it {fault}; report this as a bug")
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in complete.variables.items():
        if variable.dtype.kind not in "OU" and variable.ndim:
            encoding[str(name)] = {"zlib": True, "complevel": 4, "shuffle": True}
    with written_whole(path) as partial:
        try:
            complete.to_netcdf(partial, engine="netcdf4", format="NETCDF4", encoding=encoding)
        except RuntimeError as error:  # how the netCDF library reports a full disk
            _provoke(partial)
            raise OSError(str(error)) from error
        seal(partial)


def _provoke(path: Path) -> None:
    """Let the system say itself why a library could not write a file, if it still refuses."""
    with open(path, "ab") as stream:
        stream.write(bytes(1 << 20))
        stream.flush()
        os.fsync(stream.fileno())


def seal(path: str | Path) -> None:
    """Append to a netCDF file the digest by which damage to it is found."""
    with open(path, "rb+") as stream:
        digest = hashlib.file_digest(stream, "sha256")
        stream.write(SEAL + digest.digest())


def _check_seal(path: Path) -> None:
    """Refuse a file that no longer is what was written; one without a seal passes."""
    length = len(SEAL) + hashlib.sha256().digest_size
    with open(path, "rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        body = max(0, size - length)
        stream.seek(body)
        noted = stream.read()
        if not noted.startswith(SEAL):
            return
        stream.seek(0)
        digest, left = hashlib.sha256(), body
        while left > 0 and (block := stream.read(min(left, 1 << 20))):
            digest.update(block)
            left -= len(block)
    if digest.digest() != noted[len(SEAL) :]:
        raise damaged(path, "is damaged (its content is not what was written)")


def read_dataset(path: str | Path, kind: str, **selection: Any) -> "xarray.Dataset":
    """Read a netCDF file of ours into memory and check that it is what it should be.

    Parameters
    ----------
    path : str or Path
        The file.
    kind : str
        Key of `SCHEMAS`.
    **selection
        `drop=[names]`: variables to leave unread.

    Returns
    -------
    xarray.Dataset
        Its contents, loaded.

    Raises
    ------
    FileError
        If the file is missing, truncated, foreign or of another kind.
    """
    import xarray

    try:
        _check_seal(Path(path))
        with xarray.open_dataset(path, engine="netcdf4") as opened:
            _check_kind(opened, path, kind)
            if fault := _fault(opened, kind):
                raise damaged(path, fault)
            return opened.drop_vars(selection.get("drop", [])).load()
    except FileNotFoundError:
        raise FileError(f"{path} is not there; run snakemake to make it") from None
    except FileError:
        raise
    except OSError as error:
        if error.errno is not None and error.errno > 0:  # the netCDF library's own are negative
            raise unreadable(path, error) from None
        raise damaged(path, f"is damaged or not netCDF ({_one_line(error)})") from None
    except MemoryError:
        raise FileError(
            f"{path} does not fit into memory; free some, or delete the file and run snakemake"
        ) from None
    except Exception as error:  # a garbled file can make xarray and netCDF4 stumble anywhere
        raise damaged(path, f"is damaged or not netCDF ({_one_line(error)})") from None


def _fault(dataset: "xarray.Dataset", kind: str) -> str | None:
    """Compare a dataset of the right kind with its schema; say what is wrong."""
    for name, dimensions in SCHEMAS[kind].items():
        if name not in dataset.variables:
            return f"lacks {name}"
        if dataset[name].dims != dimensions:
            return f"has {name} over {dataset[name].dims}, not {dimensions}"
    return None


def _check_kind(dataset: "xarray.Dataset", path: str | Path, kind: str) -> None:
    """Refuse a dataset of another kind."""
    found = dataset.attrs.get("kind")
    if found != kind and not (kind == "track" and found in ("synapse", "neuron")):
        raise FileError(f"{path} is of kind {found!r}, not {kind!r}; delete it and run snakemake")
