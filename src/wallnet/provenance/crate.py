"""A finished campaign as a Workflow Run RO-Crate."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from io import StringIO
from mimetypes import MimeTypes
from pathlib import Path, PurePosixPath

from rocrate.model import ContextEntity, DataEntity, Person, SoftwareApplication
from rocrate.rocrate import ROCrate

from wallnet import files
from wallnet.config.reading import CONFIGURATION
from wallnet.files.whole import sha256_of
from wallnet.provenance.contents import Contents

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}

FORMATS = {
    ".ckpt": "application/octet-stream",
    ".yaml": "application/yaml",
}
"""Media types beside those of the standard library; those of the system differ."""


def build(
    contents: Contents, name: str, authors: Sequence[str] = (), license_: str | None = None
) -> ROCrate:
    """Describe a finished campaign.

    The same campaign gives the same crate: its date is the time of the newest result.

    Parameters
    ----------
    contents : Contents
        Its files.
    name : str
        Title of the crate.
    authors : sequence of str
        Names of those who made the campaign.
    license_ : str, optional
        Licence of the results, preferably its URL.
    """
    # With a source of None, rocrate would add the files of a folder that is named "None".
    crate = ROCrate("", version="1.1")  # on which the profiles are built
    times = [(contents.directory / path).stat().st_mtime for path in contents.digests]
    began, ended = map(_iso, (min(times), max(times)))
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
    results.append(_file(crate, "results.sha256", StringIO(_checksums(contents))))
    for path in contents.records():
        _file(crate, path, contents.directory / path)
    told = {
        "name": f"Run of the campaign that {CONFIGURATION} describes",
        "description": f"snakemake {' '.join(contents.targets)}",
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "startTime": began,
        "endTime": ended,
        **({"agent": people} if people else {}),
    }
    run = crate.add_action(workflow, "#run", inputs, results, told)
    crate.root_dataset["mentions"] = run
    return crate


def _checksums(contents: Contents) -> str:
    """Return the digests of all results, inputs and rules, for `sha256sum --check`."""
    others = {"Snakefile": contents.snakefile} | contents.workflow() | contents.inputs()
    digests = contents.digests | {place: sha256_of(path) for place, path in others.items()}
    return "".join(f"{digest}  {place}\n" for place, digest in digests.items())


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0).isoformat()


def _file(crate: ROCrate, place: str, source: Path | StringIO) -> DataEntity:
    known, _ = MimeTypes().guess_type(place)
    media = FORMATS.get(PurePosixPath(place).suffix, known or "text/plain")
    described = {"name": place, "encodingFormat": media}
    return crate.add_file(source, place, properties=described)


def _workflow(crate: ROCrate, contents: Contents) -> DataEntity:
    """Add the Snakefile with its rules and the software that they call."""
    title, version = "From domain walls to neural networks", metadata.version("wallnet")
    said = {"name": title, "version": version, "encodingFormat": "text/plain"}
    lang = {"lang": "snakemake", "lang_version": metadata.version("snakemake")}
    source = contents.snakefile
    workflow = crate.add_workflow(source, "Snakefile", main=True, properties=said, **lang)
    parts = {place: _file(crate, place, part) for place, part in contents.workflow().items()}
    workflow["hasPart"] = [part for place, part in parts.items() if place.endswith(".smk")]
    programs = sorted(software(contents.directory, contents.digests))
    for number, (name, version) in enumerate(programs, start=1):
        properties = {"name": name, "softwareVersion": version}
        program = crate.add(SoftwareApplication(crate, f"#software-{number}", properties))
        workflow.append_to("softwareRequirements", program)
    return workflow


def software(directory: Path, results: Iterable[str]) -> set[tuple[str, str]]:
    """Return names and versions of the software that computed some results, as these state."""
    found: set[tuple[str, str]] = set()
    for path in results:
        stated = _stated(directory / path)
        names = {f"{name}_version": name for name in ("wallnet", "torch", "lightning")}
        if stated.get("backend", "none") not in ("none", "film"):
            names["backend_version"] = str(stated["backend"])
        found |= {(name, str(stated[key])) for key, name in names.items() if key in stated}
    return found


def _stated(path: Path) -> dict[str, object]:
    """Return what a dataset, or the metrics of a network, state about their origin."""
    if path.suffix == ".nc":
        import netCDF4

        with netCDF4.Dataset(path) as data:
            return {name: data.getncattr(name) for name in data.ncattrs()}
    if path.name == Path(files.METRICS).name:
        return json.loads(path.read_text(encoding="utf-8"))
    return {}
