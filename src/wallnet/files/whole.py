"""Atomic writing of files, and digests that detect damaged files.

The digest of a result `0.5000.nc` is in the hidden file `.0.5000.nc.sha256` in the same folder, in
the format of `sha256sum --check`. Readers compare a file with its digest before they use it and
never move a file. The Snakefile checks all results before it plans and sets the damaged ones aside,
so that they are computed again.
"""

import errno
import glob
import hashlib
import json
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unicodedata import category

from wallnet.errors import UserError
from wallnet.files.paths import RESULTS

ABANDONED_AFTER = 3600.0
"""Age in s above which a partial file is regarded as left by a killed writer."""

LARGEST_TEXT, LARGEST_JSON = 1_000_000, 100_000_000
"""Sizes in bytes above which a text of a user, or JSON, is refused without being read."""

NOT_WRITTEN = "is damaged (its content is not what was written)"

_REFUSED = "refused: "

_NOT_SHOWN = {"Cc", "Cf", "Cs"}
"""Unicode's categories of control characters, invisible ones and parts of surrogate pairs."""


def terminal_text(text: str) -> str:
    r"""Return external text without characters that a terminal executes or does not show.

    Examples
    --------
    >>> terminal_text("\x1b[31mred\n")
    '�[31mred\n'
    """
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if category(c) in _NOT_SHOWN and c not in "\n\t" else c
        for c in text
    )


def one_line(error: object) -> str:
    """Return the beginning of an error's message in one line, or its type if it has none."""
    return " ".join(terminal_text(str(error)).split())[:200] or type(error).__name__


def last_line(log: str | Path) -> str:
    """Return the last line of a log, which says why its job failed; empty without one."""
    with suppress(OSError):
        lines = Path(log).read_text(encoding="utf-8", errors="replace").split("\n")
        return terminal_text(next((line for line in reversed(lines) if line.strip()), ""))
    return ""


class FileError(UserError, RuntimeError):
    """A file is missing, damaged or of another kind; the message names the file and the fix."""


class DamagedFileError(FileError):
    """The content of a file has changed since it was written, or is not valid."""


class IrregularFileError(OSError):
    """A file is a device, a pipe, or larger than such a file can be."""


# Reading


def regular(path: str | Path, most: int | None = None) -> Path:
    """Return the path of a file that is read; raise `IrregularFileError` if it is irregular.

    A link to a regular file is accepted. The file has `most` bytes at most.
    """
    status = os.stat(path)
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise IrregularFileError(errno.EINVAL, "it is no regular file", str(path))
    if most is not None and status.st_size > most:
        raise IrregularFileError(errno.EFBIG, f"it is larger than {most} bytes", str(path))
    return Path(path)


# Writing


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path next to `path` and rename it when the block ends without an error.

    It has the same suffix; the folder is created if needed. The digest of a result is written too.
    A damaged result that was set aside is removed once the new one is in its place.

    Raises
    ------
    FileError
        If it is a folder, or the file system refuses (read-only, full). No partial file remains.
    """
    path = Path(path)
    if path.is_dir():
        raise FileError(f"{path} is a folder; name a file in it")
    partial = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        yield partial
        with open(partial, "rb+") as stream:
            os.fsync(stream.fileno())
        digest = sha256_of(partial) if _is_result(path) else None
        if digest:  # in this order a complete file never has the digest of another one
            digest_path(path).unlink(missing_ok=True)
        os.replace(partial, path)
        if digest:
            note_digest(path, digest)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            # a library may keep the file open; truncation frees space for the error report
            os.truncate(partial, 0)
            partial.unlink()


def write_text(text: str, path: str | Path) -> None:
    """Write a text file atomically."""
    with written_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def check_regular(folder: str | Path) -> None:
    """Refuse a device or a pipe in a folder, or below, which Snakemake would read without end."""
    for path in (Path(place, name) for place, _, names in os.walk(folder) for name in names):
        if path.exists() and not path.is_file():
            raise FileError(f"{path} is no regular file; remove it")


def check_writable(folder: str | Path) -> None:
    """Refuse a folder that is not writable or is full, before results for it are computed."""
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
    """Remove the partial files that killed writers of a file left in its folder."""
    stem, suffix = glob.escape(path.stem), glob.escape(path.suffix)
    for partial in path.parent.glob(f".{stem}.{'[0-9a-f]' * 8}.part{suffix}"):
        with suppress(OSError):
            if time.time() - partial.stat().st_mtime > ABANDONED_AFTER:
                partial.unlink()


def _is_result(path: Path) -> bool:
    """Return whether a file is a result that a campaign can compute again; hidden files are not."""
    return RESULTS in path.parts[:-1] and not path.name.startswith(".")


# Digests


def digest_path(path: str | Path) -> Path:
    """Return the path of the digest of a file."""
    path = Path(path)
    return path.with_name(f".{path.name}.sha256")


def note_digest(path: str | Path, digest: str | None = None) -> None:
    """Write the SHA-256 of a complete file, and remove a damaged one that was set aside."""
    path = Path(path)
    write_text(f"{digest or sha256_of(path)}  {path.name}\n", digest_path(path))
    _aside(path).unlink(missing_ok=True)


def _noted(path: Path) -> str | None:
    """Return the text of the digest file of a file; None if it cannot be read."""
    try:
        noted = regular(digest_path(path), LARGEST_TEXT)
        return noted.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's present content."""
    with open(regular(path), "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fault(noted: str | None, digest: str) -> str | None:
    """Return the fault of a file, given the text of its digest file and its present digest."""
    if noted is None or noted.split(" ")[0] == digest:
        return None
    return one_line(noted.removeprefix(_REFUSED)) if noted.startswith(_REFUSED) else NOT_WRITTEN


def check_digest(path: str | Path, required: bool = False) -> str:
    """Return the SHA-256 of a file, and refuse a file that has changed since it was written.

    Parameters
    ----------
    path : str or Path
        The file.
    required : bool
        Whether a file without a digest is refused too.

    Raises
    ------
    FileError
        If a digest is required and there is none.
    DamagedFileError
        If the content has changed, or a reader has refused the file (`damaged`).
    OSError
        If the file does not exist or cannot be read.
    """
    path = Path(path)
    digest, noted = sha256_of(path), _noted(path)
    if required and noted is None:
        raise FileError(
            f"{path} has no digest beside it; delete it and run snakemake, or run wallnet digest "
            "if its content is correct"
        )
    if fault := _fault(noted, digest):
        raise _damaged(path, fault)
    return digest


def damaged(path: str | Path, fault: str) -> DamagedFileError:
    """Note in the digest file of a result that it cannot be used, and return the error to raise.

    The file is not moved, since planned jobs of a running campaign may depend on it. The next run
    of the workflow finds the note, sets the file aside and computes it again. The fault follows the
    name of the file, as in "is truncated".
    """
    path = Path(path)
    if _is_result(path):
        with suppress(FileError):  # without the note, the next reader finds the fault
            write_text(f"{_REFUSED}{' '.join(fault.split())}\n", digest_path(path))
    return _damaged(path, fault)


def _damaged(path: Path, fault: str) -> DamagedFileError:
    fix = "run snakemake again; it computes the file again"
    return DamagedFileError(
        f"{path} {fault}; {fix if _is_result(path) else 'delete it and run snakemake'}"
    )


# All results of a campaign


class Remembered:
    """Texts that are computed from files, each again only after its file has changed.

    Parameters
    ----------
    compute : callable
        Returns the text of a file.
    memory : str or Path, optional
        JSON file with the text, size and times of each file, which `keep` writes if its folder
        exists.
    """

    def __init__(self, compute: Callable[[str], str], memory: str | Path | None = None) -> None:
        self._compute, self._memory = compute, memory
        self._before: dict[str, Any] = {}
        self._now: dict[str, Any] = {}
        if memory:
            with suppress(OSError, ValueError):
                before = json.loads(regular(memory, LARGEST_JSON).read_text(encoding="utf-8"))
                self._before = before if isinstance(before, dict) else {}

    def of(self, path: str | Path) -> str:
        """Return the text of a file; raise `OSError` if it is not there."""
        status = os.stat(path)
        key = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        for texts in (self._now, self._before):
            match texts.get(str(path)):
                case [*before, str(text)] if before == key:
                    break
        else:
            text = self._compute(str(path))
        self._now[str(path)] = [*key, text]
        return text

    def keep(self) -> None:
        """Write what was returned so far."""
        if self._memory and self._now != self._before and Path(self._memory).parent.is_dir():
            with suppress(FileError):
                write_text(json.dumps(self._now), self._memory)


def find_damaged(folder: str | Path, memory: str | Path | None = None) -> dict[str, str]:
    """Return the fault of each file, in a folder and below, that has changed since it was written.

    Parameters
    ----------
    folder : str or Path
        Results of a campaign.
    memory : str or Path, optional
        JSON file with the digest, size and times of each file, so that unchanged files are not
        read again. It is written if its folder exists.

    Raises
    ------
    FileError
        If one is a device or a pipe.
    """
    digests, faults = Remembered(sha256_of, memory), {}
    check_regular(folder)
    for path in (Path(place, name) for place, _, names in os.walk(folder) for name in names):
        if (noted := _noted(path)) is None:
            continue
        try:
            digest = digests.of(path)
        except OSError:
            continue  # the plan finds a missing file, and a reader one that cannot be read
        if (fault := _fault(noted, digest)) and _noted(path) == noted:
            faults[str(path)] = fault
    digests.keep()
    return dict(sorted(faults.items()))


def set_aside(paths: Iterable[str]) -> None:
    """Move damaged results aside, so that they are computed again.

    Each becomes `NAME.damaged` in the same folder until the new one is complete (`written_whole`).
    """
    for path in map(Path, paths):
        try:
            with suppress(FileNotFoundError):
                os.replace(path, _aside(path))
            digest_path(path).unlink(missing_ok=True)
        except OSError as error:
            raise FileError(
                f"{path} is damaged and cannot be moved ({error.strerror}); make its folder "
                "writable, then run again"
            ) from None


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.damaged")
