"""Studies in `wallnet.api`: they run the workflow for the dataset of one subject."""

import json
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from wallnet import files, plan, workflow_path
from wallnet.api.arguments import checked_arguments
from wallnet.config import ConfigError, Device
from wallnet.config.quantities import Section, plain
from wallnet.config.reference import Reference
from wallnet.jobs.code import FOLDER
from wallnet.plan import snakemake
from wallnet.simulate import SimulationError
from wallnet.studies import STUDIES, Question

if TYPE_CHECKING:
    import xarray


def study(
    settings: Section,
    device: Device | Mapping[str, Device],
    *sections: Section,
    name: str | None = None,
    subject: str | None = None,
    folder: str | Path | None = None,
    processes: int | None = None,
    progress: bool = True,
) -> "xarray.Dataset":
    """Run a study of a device, as the target of its name in the workflow.

    Parameters
    ----------
    settings : Section
        What is asked, such as ``Transitions(current_densities=(1e12,), durations=(1e-9,))``. The
        class tells which study it is; `described` has the meanings of its settings.
    device : Device
        The device; several by their names if the settings name them.
    *sections : Section
        Other sections of the configuration on which the study depends: `Barriers` for the
        lifetimes of states in `Thermal`, the `Reference` of a `Calibration`.
    name : str, optional
        Name of the device in file names; that in the settings, or "device", if not given.
    subject : str, optional
        Name of the study in file names; `name` if not given. Studies that ask each device once
        ignore it.
    folder : str or Path, optional
        Folder of a campaign, for the files of the workflow. Finished ones of the same jobs are
        reused, so that an interrupted call continues. Without it, no file is kept.
    processes : int, optional
        Number of simulations at once; one for each core by default.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    xarray.Dataset
        The dataset of the study.

    Raises
    ------
    wallnet.config.ConfigError
        If a setting does not fit the device.
    wallnet.simulate.SimulationError
        If a simulation fails.

    Examples
    --------
    >>> edges = study(Intervals(resolution=0.5e12), device, folder="my-campaign")
    """
    names = {question.settings: key for key, question in STUDIES.items()}
    keys: dict[type[Section], str] = names | {Reference: "reference"}
    if type(settings) not in names or not {*map(type, sections)} <= {*keys}:
        classes = ", ".join(model.__name__ for model in keys)
        raise ConfigError(f"settings or sections are none of a study; use {classes}")
    written = {
        keys[type(part)]: part.model_dump(mode="json", exclude_unset=True)
        for part in (settings, *sections)
    }
    key, name = names[type(settings)], name or getattr(settings, "device", None) or "device"
    options = device, name, subject, folder, processes, progress
    return _ask(key, "study", written.pop(key) | written, *options)


@checked_arguments
def _ask(
    key: str,
    caller: str,
    settings: dict[str, Any],
    device: Device | Mapping[str, Device],
    name: str = "device",
    subject: str | None = None,
    folder: str | Path | None = None,
    processes: int | None = None,
    progress: bool = True,
) -> "xarray.Dataset":
    """Return the dataset of a study, with settings and further sections as plain data."""
    study, fields = STUDIES[key], {*STUDIES[key].settings.model_fields}
    sections = {one: settings.pop(one) for one in study.sections if settings.get(one) is not None}
    named = {"device": name, "devices": [name]}
    settings = {key: named[key] for key in named.keys() & fields} | settings
    devices = {name: device} if isinstance(device, Device) else device
    if devices is device and (study.of_device or named.keys() & fields):
        raise ConfigError(f"{key} asks about one device; call it once for each")
    # a campaign has the barriers of all its synapses unless they are named, a call has none
    none: dict[str, Any] = {other: {"devices": []} for other in study.sections if other in STUDIES}
    data = none | {"devices": {one: part.plain() for one, part in devices.items()}, **sections}
    data[key] = settings if study.shared else {subject or name: settings}
    return dataset_of(study, data, f"api.{caller}", folder, processes, progress)


def former(key: str) -> Callable[..., "xarray.Dataset"]:
    """Return the former function of a study, whose settings were keyword arguments."""

    def ask(device: Device | Mapping[str, Device], **options: Any) -> "xarray.Dataset":
        now = f"api.study(api.{STUDIES[key].settings.__name__}(...), device)"
        warnings.warn(f"api.{key} is now {now}", DeprecationWarning, stacklevel=2)
        names = ("name", "subject", "folder", "processes", "progress")
        calling = {name: options.pop(name) for name in names if name in options}
        return _ask(key, key, plain(options), device, **calling)

    return ask


WORKFLOW = """\
import json

workflow.modifier.skip_configfile = True
config.update(json.loads({data!r}))

include: {workflow!r}

rule asked:
    default_target: True
    input: {targets!r}
    localrule: True
"""
"""The workflow with a campaign of its own, whatever `config.yaml` is in the folder. It is not
included as a module, since Snakemake would not call its `onstart`, which checks the calculators."""


def dataset_of(
    study: Question[Any],
    data: Mapping[str, Any],
    caller: str,
    folder: str | Path | None,
    processes: int | None,
    progress: bool,
) -> "xarray.Dataset":
    """Return the dataset of the only subject of a study, computed as the workflow computes it.

    `data` are those of the campaign; messages and the progress bar name the `caller`. Without a
    folder, a temporary one is used; without a number of processes, all cores.

    Raises
    ------
    wallnet.config.ConfigError
        If the campaign is not valid, or there is nothing to run.
    wallnet.simulate.SimulationError
        If a job fails; the others are finished and kept.
    """
    campaign = plan.parse(data, caller)
    subjects = study.subjects(campaign)
    if not subjects:
        raise ConfigError(f"{study.name} has nothing to run; add {study.missing}")
    subject, settings = next(iter(subjects.items()))
    # validated: it has plain numbers in place of arrays and files of waveforms
    keys = {study.name, *study.sections} - {"devices"}
    plain = campaign.model_dump(mode="json", exclude_none=True, include=keys)
    plain["devices"] = {name: device.plain() for name, device in campaign.simulated.items()}
    with TemporaryDirectory() as own:
        snakefile, place = Path(own, "Snakefile"), Path(folder or own)
        with suppress(OSError):  # check_writable states the fault
            place.mkdir(parents=True, exist_ok=True)
        files.check_writable(place)
        # the dataset needs the requests of all rounds
        first = study.requests_of(campaign, subject, last=0)
        targets = [*(request.path for request in first), study.path(subject)]
        text = WORKFLOW.format(workflow=workflow_path(), data=json.dumps(plain), targets=targets)
        snakefile.write_text(text, encoding="utf-8")
        # a killed process leaves a lock, but no partial result
        options = ("--cores", processes or os.cpu_count(), "--nolock", *EVERY_JOB)
        if output := _failure_text(snakemake.command(snakefile, place, *options), caller, progress):
            raise SimulationError(_fault(output, place))
        kind = study.kind_of(settings)
        return files.read_dataset(place / study.path(subject), kind, samples=True)


EVERY_JOB = ("--logger-wallnet-interval", 0)
"""Option of Snakemake: a line of progress after every job."""

BAR = "{l_bar}{bar}| {n_fmt} of {total_fmt} jobs, {elapsed}"
"""Format of a progress bar."""


def _failure_text(command: Sequence[str], caller: str, progress: bool) -> str:
    """Run Snakemake with a progress bar; return what it printed if it failed, else nothing."""
    from tqdm.auto import tqdm

    lines: list[str] = []
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | {FOLDER: os.getcwd()},
    )
    with process, tqdm(desc=caller, bar_format=BAR, disable=not progress) as bar:
        try:
            for line in process.stdout or ():
                lines.append(line)
                if jobs := re.match(r"(?:[\d:]+ (\d+) of )?(\d+) jobs?\b", line):
                    bar.n, bar.total = int(jobs[1] or 0), int(jobs[2])
                    bar.refresh()
                elif progress and line.startswith("compiling"):
                    bar.write(line.strip(), sys.stderr)
        except BaseException:
            process.send_signal(signal.SIGINT)
            raise
    return "".join(lines) if process.returncode else ""


def _fault(text: str, folder: Path) -> str:
    """Return the sentence of the first job that failed, and the number of others."""
    logs = [*dict.fromkeys(re.findall(r"^FAILED .*; log: (.+?)(?:,|$)", text, re.MULTILINE))]
    if logs:
        with suppress(OSError):
            text = (folder / logs[0]).read_text("utf-8", "replace").strip() or f"see {logs[0]}"
    more = f"; {len(logs) - 1} more failed" if len(logs) > 1 else ""
    return snakemake.sentence_of(text).removeprefix("wallnet: ") + more
