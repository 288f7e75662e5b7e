"""Files that appear whole or not at all, and a digest beside each by which damage is found.

A result `0.5000.nc` has a hidden file `.0.5000.nc.sha256` beside it, as `sha256sum --check` reads
it. Readers compare before they trust a file and never move one; the Snakefile looks at all
results before it plans, sets the damaged ones aside and so has them made again.
"""

import glob
import hashlib
import json
import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wallnet.files.paths import RESULTS

ABANDONED_AFTER = 3600.0
"""Seconds after which a half-written file counts as left by a writer that was killed."""

NOT_WRITTEN = "is damaged (its content is not what was written)"

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_REFUSED = "refused: "


def one_line(error: object) -> str:
    """Return the beginning of a message in one line, or what it is if it says nothing."""
    return " ".join(str(error).split())[:200] or type(error).__name__


class FileError(RuntimeError):
    """A file is missing, damaged or of another kind; the message names it and the fix."""


class DamagedFileError(FileError):
    """A file is not what was written, or not what it has to be."""


# Writing


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Hand out a temporary path beside `path` and rename it when the block ends well.

    A result gets its digest, and a damaged one that was set aside is removed once the new one is
    in its place.

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
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            os.fsync(stream.fileno())
        if _is_result(path):
            # in this order no moment shows a whole file beside the digest of another
            digest_path(path).unlink(missing_ok=True)
            os.replace(partial, path)
            note_digest(path, digest)
        else:
            os.replace(partial, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            # a library may hold the file open; emptied, it leaves room to say what is wrong
            os.truncate(partial, 0)
            partial.unlink()


def write_text(text: str, path: str | Path) -> None:
    """Write a text file whole or not at all."""
    with written_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


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
    note, mark = glob.escape(digest_path(path).name), f"{'[0-9a-f]' * 8}.part"
    for pattern in (f".{stem}.{mark}{suffix}", f"{note}.{mark}"):
        for partial in path.parent.glob(pattern):
            with suppress(OSError):
                if time.time() - partial.stat().st_mtime > ABANDONED_AFTER:
                    partial.unlink()


def _is_result(path: Path) -> bool:
    """Whether a file is a result of a campaign, ours to remake; hidden files are not."""
    return RESULTS in path.parts[:-1] and not path.name.startswith(".")


# Digests


def digest_path(path: str | Path) -> Path:
    """Return where the digest of a file lies."""
    path = Path(path)
    return path.with_name(f".{path.name}.sha256")


def note_digest(path: str | Path, digest: str | None = None) -> None:
    """Write the digest of a whole file beside it, and remove a damaged one that was set aside.

    Parameters
    ----------
    path : str or Path
        The file.
    digest : str, optional
        Its SHA-256, if it is known.
    """
    path = Path(path)
    digest = digest or _sha256(path)
    _write_note(path, f"{digest}  {path.name}\n")
    _aside(path).unlink(missing_ok=True)


def _write_note(path: Path, text: str) -> None:
    note = digest_path(path)
    partial = note.with_name(f"{note.name}.{secrets.token_hex(4)}.part")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, note)
    finally:
        partial.unlink(missing_ok=True)


def _noted(path: Path) -> str | None:
    """Return what is noted beside a file; None where nothing can be read."""
    try:
        return digest_path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fault(noted: str, digest: str) -> str | None:
    """Say what is wrong with a file, given what is noted beside it and its digest now."""
    if noted.startswith(_REFUSED):
        return noted[len(_REFUSED) :].strip()
    return None if noted.split(" ")[0] == digest else NOT_WRITTEN


def check_digest(path: str | Path) -> None:
    """Refuse a file that no longer is what was written; one without a digest passes.

    Raises
    ------
    DamagedFileError
        If its content has changed, or a reader has refused it (`damaged`).
    OSError
        If it is not there or cannot be read.
    """
    path = Path(path)
    if (noted := _noted(path)) is None:
        os.stat(path)
    elif fault := _fault(noted, _sha256(path)):
        raise _damaged(path, fault)


def damaged(path: str | Path, fault: str) -> DamagedFileError:
    """Note beside a result that it cannot be used, and return what to raise.

    The file stays where it is: other jobs of a running campaign may be planned on it. The next
    run of the workflow finds the note, sets the file aside and makes it again.

    Parameters
    ----------
    path : str or Path
        The damaged file.
    fault : str
        What is wrong with it, such as "is truncated".

    Returns
    -------
    DamagedFileError
        Names the file, the fault and the fix.
    """
    path = Path(path)
    if _is_result(path):
        with suppress(OSError):  # where nothing can be written, the next reader finds it again
            _write_note(path, f"{_REFUSED}{' '.join(fault.split())}\n")
    return _damaged(path, fault)


def _damaged(path: Path, fault: str) -> DamagedFileError:
    fix = "run snakemake again, which makes it anew"
    return DamagedFileError(
        f"{path} {fault}; {fix if _is_result(path) else 'delete it and run snakemake'}"
    )


# All results of a campaign


def find_damaged(folder: str | Path, memory: str | Path | None = None) -> dict[str, str]:
    """Find all files of a folder that no longer are what was written.

    Parameters
    ----------
    folder : str or Path
        Results of a campaign; subfolders are looked into.
    memory : str or Path, optional
        JSON file that remembers the digest of each file with its size and times, so that a file
        that has not changed is not read again. Written if its folder exists.

    Returns
    -------
    dict
        From a file's path to what is wrong with it, sorted by path.
    """
    remembered = _remembered(memory) if memory else {}
    seen, found = {}, {}
    for path in _with_digest(folder):
        try:
            noted, status = _noted(path), os.stat(path)
            if noted is None:
                continue
            key = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
            known = remembered.get(str(path), [])
            digest = known[3] if known[:3] == key else _sha256(path)
        except FileNotFoundError:
            continue  # a missing file is no damage: a plan sees that by itself
        except OSError:
            continue  # who reads it says why it cannot be read
        seen[str(path)] = [*key, digest]
        if (fault := _fault(noted, digest)) and _noted(path) == noted:
            found[str(path)] = fault
    if memory and seen != remembered and Path(memory).parent.is_dir():
        with suppress(FileError):
            write_text(json.dumps(seen), memory)
    return dict(sorted(found.items()))


def _with_digest(folder: str | Path) -> Iterator[Path]:
    """Walk through all files that have a digest beside them."""
    for place, _, names in os.walk(folder):
        for name in names:
            if name.startswith(".") and name.endswith(".sha256"):
                yield Path(place, name[1 : -len(".sha256")])


def _remembered(memory: str | Path) -> dict[str, list]:
    """Return what an earlier look remembered; nothing if that cannot be read."""
    try:
        data = json.loads(Path(memory).read_text(encoding="utf-8"))
        return {
            path: entry
            for path, entry in data.items()
            if len(entry) == 4 and _DIGEST.match(entry[3])
        }
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def set_aside(paths: Iterable[str]) -> None:
    """Move damaged results aside, so that they are made again.

    Each goes to `NAME.damaged` beside it, until the new one is whole (`written_whole`).

    Raises
    ------
    FileError
        If one cannot be moved.
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
