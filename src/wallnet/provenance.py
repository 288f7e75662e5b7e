"""`wallnet pack`: the record of a finished campaign as a Workflow Run RO-Crate.

The files are collected and checked, then described: what was computed, from which files, by which
software.
"""

import argparse
import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from io import StringIO
from mimetypes import MimeTypes
from pathlib import Path, PurePosixPath

from rocrate.model import ContextEntity, DataEntity, Person, SoftwareApplication
from rocrate.rocrate import ROCrate

from wallnet import __version__, files, plan, workflow_path
from wallnet.config import Campaign
from wallnet.config.declarations import is_own_engine
from wallnet.config.reading import CONFIGURATION, read_campaign
from wallnet.config.reading import STUDIES as MORE
from wallnet.config.waveform import named_files
from wallnet.files.datasets import unreadable
from wallnet.files.whole import one_line, sha256_of
from wallnet.plan import listing, snakemake, start
from wallnet.studies import STUDIES

BESIDE_SNAKEFILE = ("LICENSE", "CITATION.cff", "pyproject.toml", "constraints.txt")
"""Files next to the Snakefile that are packed if they are there: rights and versions."""

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}

FORMATS = {".ckpt": "application/octet-stream", ".yaml": "application/yaml"}
"""Media types beside those of the standard library; those of the system differ."""


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `pack` to the command line."""
    pack = subparsers.add_parser(
        "pack",
        description="Check all results of a finished campaign and write a Workflow Run RO-Crate: "
        "configuration, workflow, versions, logs, tables, figures, devices, metrics, and the "
        "digests of all results.",
    )
    pack.add_argument("--directory", default=".", help="folder of the campaign; here by default")
    pack.add_argument("--out", required=True, help="the crate, a ZIP file")
    pack.add_argument("--name", default="Campaign of wallnet", help="title of the crate")
    author = "who made the campaign; can be given several times"
    pack.add_argument("--author", action="append", default=[], metavar="NAME", help=author)
    license_ = "licence of the results, such as https://spdx.org/licenses/CC-BY-4.0"
    pack.add_argument("--license", help=license_)
    whole = "pack simulations and weights of networks, too"
    pack.add_argument("--whole", action="store_true", help=whole)
    pack.set_defaults(handler=_pack)


def _pack(arguments: argparse.Namespace) -> None:
    directory, out = Path(arguments.directory), Path(arguments.out)
    try:
        contents = collect(directory, Path(workflow_path()), arguments.whole)
        described = build(contents, arguments.name, arguments.author, arguments.license)
    except OSError as error:
        raise unreadable(error.filename, error) from None
    with files.written_whole(out) as partial:
        described.write_zip(partial)
    left_out = len(contents.digests) - len(contents.packed)
    print(
        f"{out}: {len(contents.packed)} results of {', '.join(contents.targets)}, all as written"
        + (f"; --whole adds {left_out} simulations and networks" if left_out else "")
    )


# Contents


@dataclass(frozen=True)
class Contents:
    """A campaign in a folder, with the workflow that computed it, and its finished targets.

    `digests` are the SHA-256 of every result of these targets, by its path in the folder. `packed`
    are the results that go into the crate.
    """

    directory: Path
    snakefile: Path
    campaign: Campaign
    targets: tuple[str, ...]
    digests: dict[str, str]
    packed: tuple[str, ...]

    def records(self) -> list[str]:
        """Return the logs of the jobs, and their times and memory, those that exist."""
        paths = listing.records(self.campaign, self.digests)
        return sorted(path for path in paths if (self.directory / path).is_file())

    def workflow(self) -> dict[str, Path]:
        """Return the files of the workflow, without the Snakefile, by their path in the crate."""
        root = self.snakefile.parent
        paths = [root / name for name in BESIDE_SNAKEFILE]
        for path in sorted((root / "workflow").rglob("*.*")):
            if not any(part.startswith((".", "__")) for part in path.relative_to(root).parts):
                paths.append(path)
        return {path.relative_to(root).as_posix(): path for path in paths if path.is_file()}

    def inputs(self) -> dict[str, Path]:
        """Return the files of the user that determine the results, by their path in the crate.

        They are the configuration, the CSV files of measured devices and of waveforms, maps of
        parameters, and the modules of user-defined calculators and models in the campaign's folder.
        """
        sources = [(self.directory / name, name) for name in (CONFIGURATION, MORE)]
        sources = [(path, name) for path, name in sources if path.exists()]
        for shape in map(Path, named_files(read_campaign(self.directory / CONFIGURATION)[0])):
            sources.append((self.directory / shape.expanduser(), f"inputs/waveforms/{shape.name}"))
        for name, device in self.campaign.measured.items():
            for key, measured in device.files().items():
                sources.append((self.directory / measured, f"inputs/{name}-{key}.csv"))
        for name, simulated in self.campaign.simulated.items():
            if map_file := simulated.parameters_file:
                sources.append((self.directory / map_file.path, f"inputs/{name}-parameters.nc"))
        for name in start.own_classes(self.campaign):
            module = self.directory.joinpath(*name.partition(":")[0].split("."))
            single = module.with_suffix(".py")
            modules = [single] if single.is_file() else sorted(module.rglob("*.py"))
            sources += [(path, path.name) for path in modules]
        root, placed = self.directory.resolve(), {}
        for path, elsewhere in sources:
            real = path.resolve()
            inside = real.is_relative_to(root)
            placed[real.relative_to(root).as_posix() if inside else elsewhere] = path
        return placed

    def checksums(self) -> str:
        """Return the digests of all results, inputs and rules, for `sha256sum --check`."""
        others = {"Snakefile": self.snakefile} | self.workflow() | self.inputs()
        digests = self.digests | {place: sha256_of(path) for place, path in others.items()}
        return "".join(f"{digest}  {place}\n" for place, digest in digests.items())


def in_short(path: str) -> bool:
    """Return whether a result goes into every crate: all except simulations and weights.

    Examples
    --------
    >>> in_short("results/devices/neuron.nc"), in_short("results/traces/neuron/0.4000.nc")
    (True, False)
    """
    summaries = [f"{files.RESULTS}/{kind}" for kind in ("devices", *STUDIES)]
    return not path.endswith((".nc", ".ckpt")) or path.rpartition("/")[0] in summaries


def collect(directory: Path, snakefile: Path, whole: bool = False) -> Contents:
    """Collect the files of a finished campaign and check them, given its folder and its workflow.

    The whole campaign has simulations and weights of networks, too.

    Raises
    ------
    wallnet.errors.UserError
        If a run is active in the folder, if a result is damaged, or if the results of the target
        `all` are incomplete or not those of the present configuration.
    OSError
        If a file cannot be read.
    """
    campaign = plan.load(directory / CONFIGURATION)
    if any((directory / ".snakemake" / "locks").glob("*")):
        raise files.FileError(
            f"a run of snakemake is active in {directory}; wait for its end, or, if it was killed, "
            "run there snakemake --unlock"
        )
    results = listing.everything(campaign)
    targets = ["all"]
    for target, paths in listing.finished_targets(campaign, directory).items():
        targets.append(target)
        results += paths
    _check_current(directory, snakefile, targets)
    report = directory / files.REPORT
    newest = max((directory / path).stat().st_mtime for path in results)
    if report.is_file() and report.stat().st_mtime >= newest:  # as `make run` judges
        results.append(files.REPORT)
    digests = {
        path: files.check_digest(directory / path, required=True) for path in sorted({*results})
    }
    packed = tuple(path for path in digests if whole or in_short(path))
    return Contents(directory, snakefile, campaign, tuple(targets), digests, packed)


def _check_current(directory: Path, snakefile: Path, targets: list[str]) -> None:
    """Refuse results that are missing or that Snakemake would compute again.

    Only Snakemake knows this. The package does not import it, so it runs its command.
    """
    command = snakemake.command(snakefile, directory, *targets, "--cores", "1", "--dry-run")
    process = subprocess.run(command, capture_output=True, text=True, errors="replace")
    output = f"{process.stderr}\n{process.stdout}"
    if process.returncode or not re.search("^Nothing to be done", output, re.MULTILINE):
        jobs = re.search(r"^\d+ jobs: .*", output, re.MULTILINE)
        reason = jobs[0] if jobs else snakemake.sentence_of(output)
        raise files.FileError(
            f"not all results in {directory} are those of its {CONFIGURATION} and this workflow "
            f"({one_line(reason)}); run snakemake {' '.join(targets)}, then pack the campaign"
        )


# Description


def build(
    contents: Contents, name: str, authors: Sequence[str] = (), license_: str | None = None
) -> ROCrate:
    """Describe a finished campaign in a crate with a title, given its authors and its licence.

    The same campaign gives the same crate: its date is the time of the newest result.
    """
    # With a source of None, rocrate would add the files of a folder that is named "None".
    crate = ROCrate("", version="1.1")  # the profiles build on it
    times = [(contents.directory / path).stat().st_mtime for path in contents.digests]
    began, ended = (
        datetime.fromtimestamp(seconds, UTC).replace(microsecond=0).isoformat()
        for seconds in (min(times), max(times))
    )
    crate.name = name
    crate.description = (
        f"A finished campaign of wallnet ({', '.join(contents.targets)}): simulations of magnetic "
        "domain walls, devices, and neural networks built from them."
    )
    crate.root_dataset["datePublished"] = ended
    crate.license = license_ or "not stated: ask the authors of the campaign"
    named = enumerate(authors, start=1)
    people = [crate.add(Person(crate, f"#author-{k}", {"name": person})) for k, person in named]
    if people:
        crate.root_dataset["author"] = people
    for place, (title, version) in PROFILES.items():
        properties = {"@type": "CreativeWork", "name": title, "version": version}
        profile = crate.add(ContextEntity(crate, place, properties))
        crate.root_dataset.append_to("conformsTo", profile)

    workflow = _workflow(crate, contents)
    inputs = [_file(crate, place, path) for place, path in contents.inputs().items()]
    results = [_file(crate, path, contents.directory / path) for path in contents.packed]
    results.append(_file(crate, "results.sha256", StringIO(contents.checksums())))
    for path in contents.records():
        _file(crate, path, contents.directory / path)
    action = {
        "name": f"Run of the campaign that {CONFIGURATION} describes",
        "description": f"snakemake {' '.join(contents.targets)}",
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "startTime": began,
        "endTime": ended,
        **({"agent": people} if people else {}),
    }
    crate.root_dataset["mentions"] = crate.add_action(workflow, "#run", inputs, results, action)
    return crate


def _file(crate: ROCrate, place: str, source: Path | StringIO) -> DataEntity:
    guess, _ = MimeTypes().guess_type(place)
    media = FORMATS.get(PurePosixPath(place).suffix, guess or "text/plain")
    return crate.add_file(source, place, properties={"name": place, "encodingFormat": media})


def _workflow(crate: ROCrate, contents: Contents) -> DataEntity:
    """Add the Snakefile with its rules and the software that they call."""
    title = "From domain walls to neural networks"
    about = {"name": title, "version": __version__, "encodingFormat": "text/plain"}
    lang = {"lang": "snakemake", "lang_version": metadata.version("snakemake")}
    source = contents.snakefile
    workflow = crate.add_workflow(source, "Snakefile", main=True, properties=about, **lang)
    parts = {place: _file(crate, place, part) for place, part in contents.workflow().items()}
    workflow["hasPart"] = [part for place, part in parts.items() if place.endswith(".smk")]
    programs = sorted(software(contents.directory, contents.digests))
    for number, (name, version) in enumerate(programs, start=1):
        properties = {"name": name, "softwareVersion": version}
        program = crate.add(SoftwareApplication(crate, f"#software-{number}", properties))
        workflow.append_to("softwareRequirements", program)
    return workflow


def software(directory: Path, results: Iterable[str]) -> set[tuple[str, str]]:
    """Return names and versions of the software that computed results, as stated in these."""
    import netCDF4

    programs: set[tuple[str, str]] = set()
    for path in results:
        stated: dict[str, object] = {}
        if path.endswith(".nc"):
            with netCDF4.Dataset(directory / path) as data:
                stated = data.__dict__
        elif path.endswith(Path(files.METRICS).name):
            stated = json.loads((directory / path).read_text(encoding="utf-8"))
        names = {f"{name}_version": name for name in ("wallnet", "torch", "lightning")}
        backend = str(stated.get("backend", "none"))
        if backend != "none" and not is_own_engine(backend):
            names["backend_version"] = backend
        programs |= {(name, str(stated[key])) for key, name in names.items() if key in stated}
    return programs
