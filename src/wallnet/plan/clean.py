"""Detection of obsolete and damaged results, and removal of obsolete ones."""

import argparse
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from wallnet import files
from wallnet.config import Campaign
from wallnet.files.datasets import unreadable
from wallnet.files.whole import note_digest
from wallnet.plan import load
from wallnet.plan.listing import checks, everything
from wallnet.plan.paths import mapping_jobs
from wallnet.studies import NAMES

_FOLDERS = (
    *("initial", "traces", "levels", "minima", "devices", "compact_models", "data", "networks"),
    *NAMES,
    *("tables", "figures", "validation", "mappings"),
    *("logs", "benchmarks"),
    # of earlier versions
    *("programs", "responses", "table-ii", "windows"),
)
"""Folders below `results` that contain only files of the campaign."""


def not_asked_for(campaign: Campaign, folder: str | Path) -> list[str]:
    """List the results in a campaign's folder that do not belong to its configuration.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    folder : str or Path
        Folder of the campaign. Only its folders `results/…` that wallnet writes are searched.

    Returns
    -------
    list of str
        Paths relative to `folder`, sorted. Hidden files of a result are regarded as part of it.
    """
    wanted = {*everything(campaign), *checks(campaign, str(folder))}
    named = {*wanted, *mapping_jobs(campaign.networks)}
    wanted |= {of(path) for path in named for of in (files.log_of, files.benchmark_of)}
    return sorted(set(_present(Path(folder))) - wanted)


HIDDEN = re.compile(
    r"\.(?P<of>.+?)\.(sha256|[0-9a-f]{8}\.part(\.\w+)?|checkpoint\.npz|progress|unfinished(\.ckpt)?)\Z"
)


def _present(folder: Path) -> Iterator[str]:
    """Yield all results, including those with only a copy set aside or a digest left."""
    for name in _FOLDERS:
        for place, folders, found in os.walk(folder / files.RESULTS / name):
            folders[:] = [each for each in folders if not each.startswith(".")]
            for file in found:
                hidden = HIDDEN.match(file)
                if hidden and hidden[2] == "sha256":
                    file = hidden["of"]
                elif file.startswith("."):
                    continue
                path = Path(place, file).relative_to(folder).as_posix()
                yield path.removesuffix(".damaged")


def remove(paths: list[str], folder: str | Path) -> None:
    """Remove results, their hidden files, and folders that become empty.

    Parameters
    ----------
    paths : list of str
        Paths returned by `not_asked_for`.
    folder : str or Path
        The campaign's folder.

    Raises
    ------
    wallnet.files.FileError
        If a file cannot be removed.
    """
    top = Path(folder)
    for path in map(Path, paths):
        beside = [path, path.with_name(f"{path.name}.damaged")]
        with suppress(FileNotFoundError):
            for other in (top / path).parent.iterdir():
                hidden = HIDDEN.match(other.name)
                if hidden and hidden["of"] in (path.name, path.stem, f".{path.name}"):
                    beside.append(path.with_name(other.name))
        try:
            for each in beside:
                if (top / each).is_dir():
                    shutil.rmtree(top / each)
                else:
                    (top / each).unlink(missing_ok=True)
        except OSError as error:
            raise files.FileError(
                f"{top / path} cannot be removed ({error.strerror}); make its folder writable"
            ) from None
        for parent in path.parents[:-2]:
            with suppress(OSError):
                (top / parent).rmdir()


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `clean`, `check` and `digest` to the command line."""
    clean = subparsers.add_parser(
        "clean",
        description="List the results of renamed or removed devices, current densities and "
        "networks, with their logs. With --yes, remove them.",
    )
    clean.add_argument("--directory", default=".", help="folder of the campaign; here by default")
    clean.add_argument("--yes", action="store_true", help="remove the listed files")
    clean.set_defaults(handler=_clean)

    check = subparsers.add_parser(
        "check", description="Compare every result in the folders with its digest."
    )
    check.add_argument("--directory", default=".", help="folder of the campaign; here by default")
    check.add_argument(
        "paths",
        nargs="*",
        default=[files.RESULTS],
        help="folders or files in the folder of the campaign; all results by default",
    )
    check.set_defaults(handler=_check)

    digest = subparsers.add_parser("digest", help="write the digest of a file next to it")
    digest.add_argument("file", help="the file, such as a report written by Snakemake")
    digest.set_defaults(handler=lambda arguments: note_digest(arguments.file))


def _clean(arguments: argparse.Namespace) -> None:
    folder = Path(arguments.directory)
    configuration = folder / "config.yaml"
    campaign = load(configuration)
    paths = not_asked_for(campaign, folder)
    if arguments.yes:
        remove(paths, folder)
    for path in paths:
        print(path)
    results = sum(path.split("/")[1] not in ("logs", "benchmarks") for path in paths)
    count = f"{results} results and {len(paths) - results} logs and benchmarks"
    told = "removed" if arguments.yes else f"do not belong to {configuration}; --yes removes them"
    none = paths == [] and not arguments.yes
    print(f"all results belong to {configuration}" if none else f"{count} {told}")


def _check(arguments: argparse.Namespace) -> None:
    found: dict[str, str] = {}
    paths = [str(Path(arguments.directory, path)) for path in arguments.paths]
    for path in paths:
        if Path(path).is_dir():
            found |= files.find_damaged(path)
            continue
        try:
            files.check_digest(path)
        except files.DamagedFileError as error:
            found[path] = str(error).removeprefix(f"{path} ")
        except FileNotFoundError:
            found[path] = "is not there; run snakemake to make it"
        except OSError as error:
            raise unreadable(path, error) from None
    for path, fault in found.items():
        print(f"{path} {fault}")
    if found:
        sys.exit(1)
