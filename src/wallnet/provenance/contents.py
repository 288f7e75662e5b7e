"""The files of a finished campaign that belong to its record, all of them checked."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from wallnet import files, plan
from wallnet.config import Campaign, ConfigError
from wallnet.config.reading import CONFIGURATION, read_campaign
from wallnet.config.reading import STUDIES as MORE
from wallnet.config.waveform import named_files
from wallnet.files.whole import checked_digest, one_line
from wallnet.plan.listing import everything
from wallnet.plan.own import own_classes
from wallnet.plan.paths import mapping_jobs
from wallnet.plan.targets import finished_targets
from wallnet.studies import STUDIES

BESIDE_SNAKEFILE = ("LICENSE", "CITATION.cff", "pyproject.toml", "constraints.txt")
"""Files next to the Snakefile that are packed if they are there: rights and versions."""

SUMMARIES = (
    files.DEVICE,
    *(study.path("*") for study in STUDIES.values()),
)
"""Datasets that summarise many simulations."""


@dataclass(frozen=True)
class Contents:
    """A finished campaign.

    Attributes
    ----------
    directory : Path
        Its folder.
    snakefile : Path
        The workflow that computed it.
    campaign : Campaign
        Its configuration.
    targets : tuple of str
        Finished targets of the workflow.
    digests : dict
        SHA-256 of every result of these targets, by its path in the folder.
    packed : tuple of str
        Results that go into the crate.
    """

    directory: Path
    snakefile: Path
    campaign: Campaign
    targets: tuple[str, ...]
    digests: dict[str, str]
    packed: tuple[str, ...]

    def records(self) -> list[str]:
        """Return the logs of the jobs, and their times and memory, as far as they are there."""
        named = {*self.digests, *mapping_jobs(self.campaign.networks)}
        paths = {of(path) for path in named for of in (files.log_of, files.benchmark_of)}
        return sorted(path for path in paths if (self.directory / path).is_file())

    def workflow(self) -> dict[str, Path]:
        """Return the files of the workflow, without the Snakefile, by their path in the crate."""
        root = self.snakefile.parent
        parts = [path for path in (root / "workflow").rglob("*") if path.is_file()]
        parts += [root / name for name in BESIDE_SNAKEFILE]
        found = {path.relative_to(root): path for path in parts if path.is_file()}
        return {
            place.as_posix(): path
            for place, path in sorted(found.items())
            if not any(part.startswith((".", "__")) for part in place.parts)
        }

    def inputs(self) -> dict[str, Path]:
        """Return the files of the user that determine the results, by their path in the crate.

        They are the configuration, the CSV files of measured devices and of waveforms, and the
        modules of user-defined calculators and models in the campaign's folder.
        """
        given = (self.directory / name for name in (CONFIGURATION, MORE))
        found = {path.name: path for path in given if path.exists()}
        data, _ = read_campaign(self.directory / CONFIGURATION)
        for shape in map(Path, named_files(data)):
            place = self.directory / shape.expanduser()
            found |= self._placed(place, f"inputs/waveforms/{shape.name}")
        for name, device in self.campaign.measured.items():
            for key, measured in device.files().items():
                found |= self._placed(self.directory / measured, f"inputs/{name}-{key}.csv")
        for name in own_classes(self.campaign):
            module = self.directory.joinpath(*name.partition(":")[0].split("."))
            single = module.with_suffix(".py")
            for path in [single] if single.is_file() else sorted(module.rglob("*.py")):
                found |= self._placed(path, path.name)
        return found

    def _placed(self, path: Path, otherwise: str) -> dict[str, Path]:
        """Return a file by its path in the folder; one that lies elsewhere gets another path."""
        try:
            return {path.resolve().relative_to(self.directory.resolve()).as_posix(): path}
        except ValueError:
            return {otherwise: path}


def in_short(path: str) -> bool:
    """Return whether a result goes into every crate: all except simulations and weights.

    Examples
    --------
    >>> in_short("results/devices/neuron.nc"), in_short("results/traces/neuron/0.4000.nc")
    (True, False)
    """
    if PurePosixPath(path).suffix not in (".nc", ".ckpt"):
        return True
    patterns = [re.sub(r"\{\w+\}", "*", pattern) for pattern in SUMMARIES]
    return any(PurePosixPath(path).match(pattern) for pattern in patterns)


def collect(directory: Path, snakefile: Path, whole: bool = False) -> Contents:
    """Collect the files of a finished campaign and check them.

    Parameters
    ----------
    directory : Path
        Folder of the campaign.
    snakefile : Path
        Its workflow.
    whole : bool
        Pack simulations and weights of networks, too.

    Raises
    ------
    wallnet.errors.UserError
        If a run is active in the folder, if a result of the target `all` or an input is missing, if
        any result is damaged, or if the results are not those of the present configuration.
    """
    if not snakefile.is_file():
        raise ConfigError(
            f"{snakefile} is not there; name the Snakefile of the workflow with --snakefile"
        )
    campaign = plan.load(directory / CONFIGURATION)
    if any((directory / ".snakemake" / "locks").glob("*")):
        command = ["snakemake", "--snakefile", snakefile, "--directory", directory, "--unlock"]
        raise files.FileError(
            f"a run of snakemake is active in {directory}; wait for its end, or, if it was killed, "
            f"run {shlex.join(map(str, command))}"
        )
    wanted = everything(campaign)
    _check_there(directory, wanted)
    targets = ["all"]
    for target, paths in finished_targets(campaign, directory).items():
        targets.append(target)
        wanted += paths
    if _report_is_current(directory, wanted):
        wanted.append(files.REPORT)
    digests = {path: checked_digest(directory / path) for path in sorted({*wanted})}
    _check_current(directory, snakefile, targets)
    packed = tuple(path for path in digests if whole or in_short(path))
    found = Contents(directory, snakefile, campaign, tuple(targets), digests, packed)
    for path in found.inputs().values():
        if not path.is_file():
            raise files.FileError(
                f"{path} is not there, but {CONFIGURATION} names it; put it there"
            )
    return found


def _check_there(directory: Path, paths: Iterable[str]) -> None:
    missing = [path for path in paths if not (directory / path).is_file()]
    if missing:
        raise files.FileError(
            f"{directory / missing[0]} is not there"
            + (f", like {len(missing) - 1} other results" if missing[1:] else "")
            + "; run snakemake until the campaign is complete, then pack it"
        )


def _report_is_current(directory: Path, results: Iterable[str]) -> bool:
    """Return whether the report is there and not older than any result, as `make run` judges."""
    report = directory / files.REPORT
    if not report.is_file():
        return False
    newest = max((directory / path).stat().st_mtime for path in results)
    return report.stat().st_mtime >= newest


def _check_current(directory: Path, snakefile: Path, targets: list[str]) -> None:
    """Refuse results that Snakemake would compute again.

    Only Snakemake knows this. The package does not import it, so its command is asked.
    """
    command = [sys.executable, "-m", "snakemake", *targets, "--snakefile", str(snakefile)]
    command += ["--directory", str(directory), "--cores", "1", "--dry-run", "--logger", "wallnet"]
    asked = subprocess.run(command, capture_output=True, text=True, errors="replace")
    said = [line for line in f"{asked.stdout}\n{asked.stderr}".splitlines() if line.strip()]
    if asked.returncode:
        raise files.FileError(
            f"snakemake cannot plan the campaign in {directory} ({one_line(said[-1])}); "
            "run snakemake --dry-run and correct what it reports"
        )
    if not any(line.startswith("Nothing to be done") for line in said):
        planned = next((line for line in said if re.match(r"\d+ jobs: ", line)), "jobs are left")
        raise files.FileError(
            f"the results in {directory} are not those of its {CONFIGURATION} and this workflow "
            f"({planned}); run snakemake {' '.join(targets)}, then pack the campaign"
        )
