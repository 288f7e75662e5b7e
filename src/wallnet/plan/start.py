"""Checks before the first job of a run, which raise `ConfigError`.

Nothing of user-defined classes is executed.
"""

import difflib
import itertools
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wallnet.config import Campaign, ConfigError
from wallnet.config.declarations import PACKAGED
from wallnet.files import FileError
from wallnet.files.whole import regular
from wallnet.jobs.code import code_of
from wallnet.questions.question import Question
from wallnet.studies import STUDIES


def missing(study: Question, campaign: Campaign) -> str:
    """Return the sentence on a study without results, with the shortest section that it runs."""
    text = f"the target {study.name} has nothing to run; add {study.missing} under {study.name}"
    for name in [*campaign.of_kind("synapse"), *campaign.simulated][: not study.shared]:
        pulse = campaign.simulated[name].pulse
        density, time = (f"{x:.3e}" for x in (pulse.current_densities[-1], pulse.duration))
        values = {
            "device": name,
            "current_densities": f"[{density}]",
            "durations": f"[{time}]",
            "write": density,
            "pulses": f"[{{current_density: {density}, duration: {time}}}]",
            "cases": f"{{first: {{device: {name}, current_density: {density}}}}}",
        }
        keys = (key for key, one in study.settings.model_fields.items() if one.is_required())
        needed = ", ".join(f"{key}: {values.get(key, '…')}" for key in keys)
        subject = name if study.of_device else "first"
        text += f", such as {study.name}: {{{subject}: {{{needed}}}}}"
    return f"{text}, in config.yaml or studies.yaml"


def check_scheduler(executor: str) -> None:
    """Refuse a run with SLURM if sbatch is not on PATH."""
    if executor == "slurm" and shutil.which("sbatch") is None:
        raise ConfigError(
            "SLURM is not there: sbatch is not on PATH; start snakemake on a login node of the "
            "cluster (where SLURM is a module, load it first), or without --workflow-profile on "
            "the cores of this machine"
        )


def check_queue(folder: Path) -> None:
    """Refuse a run while the queue has jobs of earlier runs in a folder, as after a SIGKILL."""
    runs = {
        match[1]
        for log in folder.glob(".snakemake/log/*.log")
        if (match := re.search(r"SLURM run ID: ([\w-]+)", _beginning(log)))
    }
    if not runs or shutil.which("squeue") is None:
        return
    command = ["squeue", "--noheader", "--format=%j", f"--name={','.join(sorted(runs))}"]
    said = subprocess.run(command, capture_output=True, text=True)
    if names := {*said.stdout.split()} & runs:
        jobs = len(said.stdout.split())
        raise ConfigError(
            f"jobs of an earlier run in this folder are in the queue ({jobs}), and would write the "
            f"same files; type scancel --name={','.join(sorted(names))}, and run again when they "
            "are gone"
        )


def _beginning(log: Path) -> str:
    """Return the first 100 kB of a log, which name the run."""
    with open(regular(log), encoding="utf-8", errors="replace") as stream:
        return stream.read(100_000)


def check_submittable(folders: Mapping[str, Path]) -> None:
    """Refuse folders that cannot be used without quotes in the submission of a job.

    `folders` has them by what they belong to.
    """
    for what, path in folders.items():
        if unsafe := re.search(r"[^\w./+@%=,:~-]", str(path)):
            raise ConfigError(
                f"the folder of {what}, {path}, has {unsafe[0]!r} in its name, which Snakemake "
                "cannot submit to a cluster; rename it, or run on the cores of this machine"
            )


def check_measurements(campaign: Campaign) -> None:
    """Refuse a run if a measured file of a device cannot be used, even if its results exist.

    Snakemake names only files that are missing and that a job of the plan needs.
    """
    for name, device in campaign.measured.items():
        from wallnet.files import measurements  # loads numpy and pandas

        readers = {"levels": measurements.read_levels, "activation": measurements.read_activation}
        for key, path in device.files().items():
            try:
                readers[key](path)
            except FileError as error:
                raise ConfigError(f"devices.{name}.{key}: {error}") from None
    for name, settings in campaign.imperfections.items():
        if settings.file is not None:
            from wallnet.files.imperfection_tables import read_entries

            try:
                read_entries(settings.file)
            except FileError as error:
                raise ConfigError(f"imperfections.{name}.file: {error}") from None


def own_calculators(campaign: Campaign) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the user-defined calculators of devices and studies, with their settings."""
    others = (
        study.compared(settings, campaign.simulated)
        for study in STUDIES.values()
        for settings in study.subjects(campaign).values()
    )
    for device in itertools.chain(campaign.simulated.values(), *others):
        if device.calculator not in PACKAGED:
            yield device.calculator, dict(device.settings)


def own_classes(campaign: Campaign) -> dict[str, str]:
    """Return the key of each user-defined class, ``module:Class``, that a campaign names."""
    calculators = {name: "calculator" for name, _ in own_calculators(campaign)}
    recipes = campaign.networks.recipes.values()
    return calculators | {recipe.model: "model" for recipe in recipes if ":" in recipe.model}


def check_named(campaign: Campaign) -> None:
    """Check the names of user-defined classes and of settings, without importing anything.

    The error has one line for each module that is not there or has no readable source, and for each
    block of settings that belongs to no calculator, but whose name is similar to that of one.
    """
    used = {name for name, _ in own_calculators(campaign)}
    configured = {
        name for device in campaign.simulated.values() for name in device.calculator_settings or {}
    }
    problems = [
        f"calculator_settings.{name} belongs to no calculator; did you mean {meant}?"
        for name in sorted(configured - used)
        for meant in difflib.get_close_matches(name, used, n=1, cutoff=0.8)
    ]
    for name, key in own_classes(campaign).items():
        try:
            code_of(name, key)
        except ConfigError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError("\n".join(f"config.yaml: {problem}" for problem in problems))
