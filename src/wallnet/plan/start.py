"""Checks before the first job of a run."""

import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from wallnet.config import Campaign, ConfigError


def check_scheduler(executor: str) -> None:
    """Refuse a run with SLURM if SLURM is not available.

    Raises
    ------
    ConfigError
        If sbatch is not on PATH.
    """
    if executor == "slurm" and shutil.which("sbatch") is None:
        raise ConfigError(
            "SLURM is not there: sbatch is not on PATH; start snakemake on a login node of the "
            "cluster (where SLURM is a module, load it first), or without --workflow-profile on "
            "the cores of this machine"
        )


def check_submittable(folders: Mapping[str, Path]) -> None:
    """Refuse folders that cannot be used without quotes in the submission of a job.

    Raises
    ------
    ConfigError
        If a folder, by what it belongs to, has such a character in its name.
    """
    for what, path in folders.items():
        if unsafe := re.search(r"[^\w./+@%=,:~-]", str(path)):
            raise ConfigError(
                f"the folder of {what}, {path}, has {unsafe[0]!r} in its name, which Snakemake "
                "cannot submit to a cluster; rename it, or run on the cores of this machine"
            )


def check_measurements(campaign: Campaign) -> None:
    """Refuse a run if a file of a measured device is missing, also one whose results are there.

    Snakemake names only files that a job of the plan needs.

    Raises
    ------
    ConfigError
        If a file is not there.
    """
    for name, device in campaign.measured.items():
        for key, path in device.files().items():
            if not Path(path).exists():
                raise ConfigError(
                    f"devices.{name}.{key}: {path} is not there; put it there, or name another file"
                )


def unlock_sentence(snakefile: str, configurations: Iterable[str | Path]) -> str:
    """Return how to remove the lock of a killed run; Snakemake only names the option."""
    given = [Path(path).absolute() for path in configurations]
    command = [
        Path(sys.executable).with_name("snakemake"),
        *("--snakefile", snakefile, "--directory", Path.cwd()),
        *(["--configfile", *given] if given else []),
        "--unlock",
    ]
    return (
        "The folder of the campaign is locked. If no other Snakemake is running in it, unlock it "
        f"with\n{shlex.join(map(str, command))}"
    )
