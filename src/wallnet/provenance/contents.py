"""The files of a finished campaign that belong to its record, all of them checked."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from wallnet import files, plan
from wallnet.config import Campaign
from wallnet.config.reading import CONFIGURATION, read_campaign
from wallnet.config.reading import STUDIES as MORE
from wallnet.config.waveform import named_files
from wallnet.files.whole import one_line
from wallnet.plan import listing, start
from wallnet.plan.listing import finished_targets
from wallnet.plan.paths import mapping_jobs
from wallnet.studies import STUDIES

BESIDE_SNAKEFILE = ("LICENSE", "CITATION.cff", "pyproject.toml", "constraints.txt")
"""Files next to the Snakefile that are packed if they are there: rights and versions."""


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
        paths = [root / name for name in BESIDE_SNAKEFILE]
        for path in sorted((root / "workflow").rglob("*.*")):
            if not any(part.startswith((".", "__")) for part in path.relative_to(root).parts):
                paths.append(path)
        return {path.relative_to(root).as_posix(): path for path in paths if path.is_file()}

    def inputs(self) -> dict[str, Path]:
        """Return the files of the user that determine the results, by their path in the crate.

        They are the configuration, the CSV files of measured devices and of waveforms, and the
        modules of user-defined calculators and models in the campaign's folder.
        """
        given = [(self.directory / name, name) for name in (CONFIGURATION, MORE)]
        given = [(path, name) for path, name in given if path.exists()]
        for shape in map(Path, named_files(read_campaign(self.directory / CONFIGURATION)[0])):
            given.append((self.directory / shape.expanduser(), f"inputs/waveforms/{shape.name}"))
        for name, device in self.campaign.measured.items():
            for key, measured in device.files().items():
                given.append((self.directory / measured, f"inputs/{name}-{key}.csv"))
        for name in start.own_classes(self.campaign):
            module = self.directory.joinpath(*name.partition(":")[0].split("."))
            single = module.with_suffix(".py")
            found = [single] if single.is_file() else sorted(module.rglob("*.py"))
            given += [(path, path.name) for path in found]
        root, placed = self.directory.resolve(), {}
        for path, elsewhere in given:
            real = path.resolve()
            inside = real.is_relative_to(root)
            placed[real.relative_to(root).as_posix() if inside else elsewhere] = path
        return placed


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
    wanted = listing.everything(campaign)
    targets = ["all"]
    for target, paths in finished_targets(campaign, directory).items():
        targets.append(target)
        wanted += paths
    _check_current(directory, snakefile, targets)
    report = directory / files.REPORT
    newest = max((directory / path).stat().st_mtime for path in wanted)
    if report.is_file() and report.stat().st_mtime >= newest:  # as `make run` judges
        wanted.append(files.REPORT)
    digests = {
        path: files.check_digest(directory / path, required=True) for path in sorted({*wanted})
    }
    packed = tuple(path for path in digests if whole or in_short(path))
    return Contents(directory, snakefile, campaign, tuple(targets), digests, packed)


def _check_current(directory: Path, snakefile: Path, targets: list[str]) -> None:
    """Refuse results that are missing or that Snakemake would compute again.

    Only Snakemake knows this. The package does not import it, so its command is asked.
    """
    command = [sys.executable, "-m", "snakemake", *targets, "--snakefile", str(snakefile)]
    command += ["--directory", str(directory), "--cores", "1", "--dry-run", "--logger", "wallnet"]
    asked = subprocess.run(command, capture_output=True, text=True, errors="replace")
    said = [line for line in f"{asked.stderr}\n{asked.stdout}".splitlines() if line.strip()]
    if asked.returncode or not any(line.startswith("Nothing to be done") for line in said):
        told = next((line for line in said if re.match(r"\d+ jobs: ", line)), said[-1])
        raise files.FileError(
            f"not all results in {directory} are those of its {CONFIGURATION} and this workflow "
            f"({one_line(told)}); run snakemake {' '.join(targets)}, then pack the campaign"
        )
