"""A finished campaign as a Workflow Run RO-Crate."""

import hashlib
import re
from collections.abc import Sequence
from importlib import metadata
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any

from rocrate.model import ContextEntity, DataEntity, Person, SoftwareApplication
from rocrate.rocrate import ROCrate

from wallnet import files
from wallnet.config import ConfigError
from wallnet.config.reading import CONFIGURATION
from wallnet.files.whole import sha256_of
from wallnet.provenance import history
from wallnet.provenance.contents import Contents

VERSION = "1.1"
"""Version of RO-Crate on which the profiles below are built."""

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}

TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
"""Terms of the profiles that RO-Crate 1.1 does not have."""

CHECKSUMS = "results.sha256"
"""File in the crate with the digests of all results, for `sha256sum --check`."""

NO_LICENSE = "not stated: ask the authors of the campaign"

FORMATS = {
    ".cff": "application/yaml",
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".nc": "application/x-netcdf",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".rst": "text/x-rst",
    ".sha256": "text/plain",
    ".smk": "text/plain",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
    "": "text/plain",
}
"""Media types; those of the system differ between machines."""


README = """\
# {name}

A finished campaign of wallnet: simulations of magnetic domain walls that spin-orbit torque drives
along nanotracks, the conductance levels and activations of these devices, and neural networks built
from them.

- `config.yaml` describes the campaign; `Snakefile` and `workflow` computed it.
- `results/tables` and `results/figures` have the results, `results/report.html` all of them in one
  page, if it was made.
- `results/devices` has the devices as netCDF, `results/networks` the metrics of the networks.
- `results/logs` and `results/benchmarks` have the log, the time and the memory of each job.
- `ro-crate-metadata.json` describes all files as a Workflow Run RO-Crate.
- `results.sha256` has the digests of all results, also of those that are not in this crate:
  `sha256sum --check --ignore-missing results.sha256` compares.
"""


def build(
    contents: Contents, name: str, authors: Sequence[str] = (), license_: str | None = None
) -> ROCrate:
    """Describe a finished campaign.

    The same campaign gives the same crate: its date is the end of the last job.

    Parameters
    ----------
    contents : Contents
        Its files.
    name : str
        Title of the crate.
    authors : sequence of str
        Names of those who made the campaign.
    license_ : str, optional
        Licence of the results: a URL, or an identifier of the SPDX list such as ``CC-BY-4.0``.
    """
    # With a source of None, rocrate would add the files of a folder that is named "None".
    crate = ROCrate("", version=VERSION)
    began, ended = history.run_times(contents.directory, contents.digests)
    crate.name = name
    crate.description = (
        f"A finished campaign of wallnet ({', '.join(contents.targets)}): simulations of magnetic "
        "domain walls, devices, and neural networks built from them."
    )
    crate.root_dataset["datePublished"] = ended
    crate.license = _license(crate, license_)
    crate.metadata.extra_terms.update(TERMS)
    people = [
        crate.add(Person(crate, f"#author-{number}", {"name": person}))
        for number, person in enumerate(authors, start=1)
    ]
    if people:
        crate.root_dataset["author"] = _one_or_all(people)
    for place, (title, version) in PROFILES.items():
        properties = {"@type": "CreativeWork", "name": title, "version": version}
        profile = crate.add(ContextEntity(crate, place, properties))
        crate.root_dataset.append_to("conformsTo", profile)

    workflow = _workflow(crate, contents)
    inputs = [_file(crate, place, path) for place, path in contents.inputs().items()]
    inputs += _data_sets(crate, contents)
    results = [
        _file(crate, path, contents.directory / path, contents.digests[path])
        for path in contents.packed
    ]
    lines = (f"{digest}  {path}\n" for path, digest in contents.digests.items())
    results.append(_file(crate, CHECKSUMS, StringIO("".join(lines))))
    for path in contents.records():
        _file(crate, path, contents.directory / path)
    readme = _file(crate, "README.md", StringIO(README.format(name=name)))
    readme["about"] = crate.root_dataset

    run = {
        "@type": "CreateAction",
        "name": f"Run of the campaign that {CONFIGURATION} describes",
        "description": f"snakemake {' '.join(contents.targets)}",
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "startTime": began,
        "endTime": ended,
        "instrument": workflow,
        "agent": _one_or_all(people),
        "object": _one_or_all(inputs),
        "result": results,
    }
    action = ContextEntity(crate, "#run", {key: value for key, value in run.items() if value})
    crate.root_dataset["mentions"] = crate.add(action)
    return crate


def _one_or_all(values: list[Any]) -> Any:
    """Return a single value without its list, as RO-Crate recommends."""
    return values[0] if len(values) == 1 else values


def write(crate: ROCrate, out: Path) -> None:
    """Write a crate as a ZIP file, whole or not at all."""
    with files.written_whole(out) as partial:
        crate.write_zip(partial)


def _license(crate: ROCrate, license_: str | None) -> ContextEntity | str:
    if license_ is None:
        return NO_LICENSE
    listed = re.fullmatch(r"[A-Za-z0-9.+-]+", license_)
    if not listed and not re.fullmatch(r"https?://\S+", license_):
        raise ConfigError(
            f"--license {license_!r} is neither an identifier of SPDX, such as CC-BY-4.0, nor a "
            "URL; give one of them"
        )
    place = f"https://spdx.org/licenses/{license_}" if listed else license_
    properties = {"@type": "CreativeWork", "name": license_, "url": place}
    return crate.add(ContextEntity(crate, place, properties))


def _file(
    crate: ROCrate, place: str, source: Path | StringIO, known: str | None = None
) -> DataEntity:
    """Add a file with its type, size and digest, which is computed unless it is known."""
    if isinstance(source, StringIO):
        content = source.getvalue().encode("utf-8")
        size, digest = len(content), hashlib.sha256(content).hexdigest()
    else:
        size, digest = source.stat().st_size, known or sha256_of(source)
    described = {
        "name": place,
        "encodingFormat": FORMATS.get(PurePosixPath(place).suffix, "application/octet-stream"),
        "contentSize": str(size),
        "sha256": digest,
    }
    return crate.add_file(source, place, properties=described)


def _workflow(crate: ROCrate, contents: Contents) -> DataEntity:
    """Add the Snakefile with its rules and the software that they call."""
    path = contents.snakefile
    workflow = crate.add_workflow(
        path,
        "Snakefile",
        main=True,
        lang="snakemake",
        lang_version=metadata.version("snakemake"),
        properties={
            "name": "From domain walls to neural networks",
            "version": metadata.version("wallnet"),
            "encodingFormat": "text/plain",
            "contentSize": str(path.stat().st_size),
            "sha256": sha256_of(path),
        },
    )
    parts = {place: _file(crate, place, part) for place, part in contents.workflow().items()}
    workflow["hasPart"] = [part for place, part in parts.items() if place.endswith(".smk")]
    programs, revisions = history.software(contents.directory, contents.digests)
    used = [_program(crate, program, revisions) for program in sorted(programs)]
    workflow["softwareRequirements"] = _one_or_all(used)
    return workflow


def _program(
    crate: ROCrate, program: history.Software, revisions: dict[str, set[int]]
) -> SoftwareApplication:
    """Add a program; wallnet has a revision for the code of each stage, too."""
    key = re.sub(r"[^a-z0-9.]+", "-", f"{program.name}-{program.version}".lower())
    properties: dict[str, Any] = {"name": program.name, "softwareVersion": program.version}
    if program.url:
        properties["url"] = program.url
    if program.name == "wallnet":
        numbered = [
            ContextEntity(
                crate,
                f"#revision-{stage}-{number}",
                {"@type": "PropertyValue", "name": f"revision of {stage}", "value": number},
            )
            for stage, numbers in revisions.items()
            for number in sorted(numbers)
        ]
        properties["additionalProperty"] = _one_or_all(list(map(crate.add, numbered)))
    return crate.add(SoftwareApplication(crate, f"#{key}", properties))


def _data_sets(crate: ROCrate, contents: Contents) -> list[ContextEntity]:
    """Add the data sets of the networks; their records in the results have their digests."""
    networks = contents.campaign.networks
    return [
        crate.add(
            ContextEntity(
                crate,
                f"#data-set-{name}",
                {
                    "@type": "CreativeWork",
                    "name": name,
                    "description": "Images on which networks were trained; not in this crate.",
                    "subjectOf": {"@id": files.DATA.format(dataset=name)},
                },
            )
        )
        for name in (networks.datasets if networks.recipes else ())
    ]
