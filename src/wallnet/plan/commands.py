"""Commands for the folder of a campaign: a new one, obsolete results, damaged ones."""

import argparse
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import resources
from pathlib import Path

from wallnet import files, workflow_path
from wallnet.config import Campaign, ConfigError, schema
from wallnet.files.datasets import unreadable
from wallnet.files.progress import counted
from wallnet.files.whole import note_digest
from wallnet.plan import load
from wallnet.plan.foreign import FOREIGN, foreign
from wallnet.plan.listing import checks, everything, records
from wallnet.studies import NAMES, STUDIES

EXAMPLES = {"config.yaml": "example.yaml", "Snakefile": "example.smk"}
"""What `wallnet init` writes, and the file of `wallnet.config` that has its text."""

SCHEMA = "config.schema.json"

_FOLDERS = (
    *("initial", "traces", "levels", "minima", "devices", "compact_models", "data", "networks"),
    *NAMES,
    *("tables", "figures", "preview", "validation", "mappings"),
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
    results = {*everything(campaign), *checks(campaign, str(folder))}
    previews = files.PREVIEW, files.PARAMETERS_PREVIEW
    results |= {path.format(device=name) for path in previews for name in campaign.simulated}
    return sorted({*_present(Path(folder))} - results - records(campaign, results))


HIDDEN = re.compile(
    r"\.(?P<of>.+?)\.(sha256|[0-9a-f]{8}\.part(\.\w+)?|checkpoint\.npz|progress|unfinished(\.ckpt)?)\Z"
)


def _present(folder: Path) -> Iterator[str]:
    """Yield all results, including those of which only a set-aside copy or a digest is left."""
    for name in _FOLDERS:
        for place, folders, names in os.walk(folder / files.RESULTS / name):
            folders[:] = [subfolder for subfolder in folders if not subfolder.startswith(".")]
            links = [name for name in folders if Path(place, name).is_symlink()]
            for file in [*names, *links]:
                hidden = HIDDEN.match(file)
                if hidden and hidden[2] == "sha256":
                    file = hidden["of"]
                elif file.startswith("."):
                    continue
                yield Path(place, file).relative_to(folder).as_posix().removesuffix(".damaged")


def link_of(path: Path, folder: Path) -> Path | None:
    """Return the first link on the way from a folder to a path below it, or None."""
    ways = [folder.joinpath(*path.parts[: n + 1]) for n in range(len(path.parts))]
    return next(filter(Path.is_symlink, ways), None)


def remove(paths: list[str], folder: str | Path) -> None:
    """Remove results of `not_asked_for`, their hidden files, and folders that become empty.

    If a file cannot be removed, it raises `FileError`.
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
            for entry in beside:
                if (top / entry).is_dir():
                    shutil.rmtree(top / entry)
                else:
                    (top / entry).unlink(missing_ok=True)
        except OSError as error:
            raise files.FileError(
                f"{top / path} cannot be removed ({error.strerror}); make its folder writable"
            ) from None
        for parent in path.parents[:-2]:
            with suppress(OSError):
                (top / parent).rmdir()


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these commands to the command line."""
    init = subparsers.add_parser(
        "init",
        description="Write config.yaml, a small campaign with a comment on every line; "
        f"{SCHEMA}, for completion of its keys in editors; a Snakefile, which includes the "
        "workflow of the package; and profiles, the options of Snakemake.",
    )
    init.add_argument("folder", nargs="?", default=".", help="folder; the current one by default")
    init.set_defaults(handler=_init)

    described = subparsers.add_parser(
        "schema",
        description="Print the JSON Schema of config.yaml, for completion and checks in editors.",
    )
    described.set_defaults(handler=lambda arguments: print(schema_text(), end=""))

    clean = subparsers.add_parser(
        "clean",
        description="List the results of renamed or removed devices, current densities and "
        "networks, with their logs. With --yes, remove them.",
    )
    clean.add_argument("--directory", default=".", help="folder of the campaign; here by default")
    clean.add_argument("--yes", action="store_true", help="remove the listed files")
    clean.set_defaults(handler=_clean)

    check = subparsers.add_parser(
        "check",
        description="Compare every result in the folders with its digest, and with the "
        "configuration that it should be of.",
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


def schema_text() -> str:
    """Return the JSON Schema of `config.yaml` as text."""
    return json.dumps(schema.as_written(STUDIES), indent=1, ensure_ascii=False) + "\n"


def _init(arguments: argparse.Namespace) -> None:
    folder = Path(arguments.folder)
    examples = resources.files("wallnet.config")
    workflow = Path(workflow_path()).parent
    texts = {folder / to: examples.joinpath(own).read_text("utf-8") for to, own in EXAMPLES.items()}
    texts[folder / SCHEMA] = schema_text()
    for path in sorted(workflow.glob("profiles/*/config.yaml")):
        texts[folder / path.relative_to(workflow)] = path.read_text("utf-8")
    for path in texts:
        if link := link_of(path.relative_to(folder), folder):
            raise ConfigError(f"{link} is a link; remove it or give another folder")
        if path.exists():
            raise ConfigError(f"{path} already exists; remove it or give another folder")
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{error.filename} cannot be written ({error.strerror}); give another folder"
        ) from None
    print(f"{', '.join(EXAMPLES)}, {SCHEMA} and profiles written; run the campaign with")
    print(f"    cd {shlex.quote(str(folder))}")
    print("    snakemake --cores 2")


def _clean(arguments: argparse.Namespace) -> None:
    folder = Path(arguments.directory)
    configuration = folder / "config.yaml"
    paths, links = [], {}
    for path in not_asked_for(load(configuration), folder):
        if link := link_of(Path(path), folder):
            links[link] = f"{link} is a link; it is left, with what is behind it"
        else:
            paths.append(path)
    if arguments.yes:
        remove(paths, folder)
    print(*links.values(), *paths, sep="\n", end="\n" * bool(links or paths))
    results = sum(path.split("/")[1] not in ("logs", "benchmarks") for path in paths)
    count = f"{counted(results, 'results')} and {len(paths) - results} logs and benchmarks"
    clause = "removed" if arguments.yes else f"do not belong to {configuration}; --yes removes them"
    none = not paths and not links and not arguments.yes
    print(f"all results belong to {configuration}" if none else f"{count} {clause}")


def _check(arguments: argparse.Namespace) -> None:
    faults: dict[str, str] = {}
    for path in (str(Path(arguments.directory, path)) for path in arguments.paths):
        try:
            if Path(path).is_dir():
                faults |= files.find_damaged(path)
            else:
                files.check_digest(path)
        except files.DamagedFileError as error:
            faults[path] = str(error).removeprefix(f"{path} ")
        except FileNotFoundError:
            faults[path] = "is not there; run snakemake to make it"
        except OSError as error:
            raise unreadable(path, error) from None
    if (configuration := Path(arguments.directory, "config.yaml")).exists():
        chosen = [Path(path) for path in arguments.paths]
        for path in foreign(load(configuration), arguments.directory):
            if any(Path(path).is_relative_to(place) for place in chosen):
                faults[str(Path(arguments.directory, path))] = f"{FOREIGN}; run snakemake"
    for path, fault in faults.items():
        print(f"{path} {fault}")
    if faults:
        sys.exit(1)
