"""Functions of `wallnet.api`: one for each study of the registry.

They run the workflow for the dataset of one subject.
"""

import inspect
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol, get_args, get_type_hints

from wallnet import files, plan, workflow_path
from wallnet.api.arguments import checked_arguments
from wallnet.config import ConfigError, Device
from wallnet.config.campaign import with_studies
from wallnet.config.quantities import Section, plain
from wallnet.config.schema import described
from wallnet.files.schema import KINDS, VARIABLES
from wallnet.jobs.code import FOLDER
from wallnet.plan import snakemake
from wallnet.simulate import SimulationError
from wallnet.studies import STUDIES, Question

if TYPE_CHECKING:
    import xarray

CAMPAIGN = with_studies(STUDIES)
"""Model of a campaign, with the keys of all studies."""

NAMING = ("device", "devices")
"""Keys of settings that name the device, which is a parameter of the functions instead."""


class StudyFunction(Protocol):
    """A function that runs one study; `help` has its settings."""

    def __call__(
        self,
        device: Device | Mapping[str, Device],
        *,
        name: str = "device",
        subject: str | None = None,
        folder: str | Path | None = None,
        processes: int | None = None,
        progress: bool = True,
        **settings: Any,
    ) -> "xarray.Dataset":
        """Return the dataset of the study; see `function_of`."""


def function_of(study: Question) -> StudyFunction:
    """Return the function that runs a study of a device.

    Its signature and its docstring have the settings of the study. If these name several devices,
    so does the function.
    """
    fields = study.settings.model_fields
    several = not (study.of_device or {*NAMING} & {*fields})

    @checked_arguments
    def ask(
        device: Device | Mapping[str, Device],
        *,
        name: str = "device",
        subject: str | None = None,
        folder: str | Path | None = None,
        processes: int | None = None,
        progress: bool = True,
        **settings: Any,
    ) -> "xarray.Dataset":
        """Run the study ``{name}`` of a device, as the target of this name in the workflow.

        {study}

        Parameters
        ----------
        device : Device
            The device; several by their names if the settings name them.
        **settings
            The keys of ``{name}`` in ``config.yaml``, in SI units:

        {settings}
        name : str
            Name of the device in file names, and in settings that name a device.
        subject : str, optional
            Name of {missing} in file names; `name` if not given. Studies that ask each device once
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
            Kind ``{kind}``:

        {variables}

        Raises
        ------
        wallnet.config.ConfigError
            If a setting is not valid.
        wallnet.simulate.SimulationError
            If a simulation fails.
        """
        block = plain(settings)
        sections = {key: block.pop(key, None) for key in study.sections}
        sections = {key: section for key, section in sections.items() if section is not None}
        names = {"device": name, "devices": [name]}
        block |= {key: names[key] for key in NAMING if key in fields}
        subjects = block if study.subjects_in else {subject or name: block}
        devices = {name: device} if isinstance(device, Device) else device
        if devices is device and not several:
            raise ConfigError(f"{study.name} asks about one device; call it once for each")
        simulated = {key: device.plain() for key, device in devices.items()}
        # a campaign has the barriers of all its synapses unless they are named, a call has none
        none: dict[str, Any] = {key: {"devices": []} for key in study.sections if key in STUDIES}
        data = none | {"devices": simulated, study.name: subjects} | sections
        return dataset_of(study, data, f"api.{study.name}", folder, processes, progress)

    device, *options, _ = inspect.signature(ask).parameters.values()
    shown = {key: field for key, field in fields.items() if key not in NAMING}
    settings = []
    for key, field in shown.items():
        default = inspect.Parameter.empty if field.is_required() else field.default
        settings.append(inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default))
    for key in study.sections:
        settings.append(inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=None))
    ask.__signature__ = inspect.Signature([device, *settings, *options])  # type: ignore[attr-defined]
    ask.__name__ = ask.__qualname__ = study.name
    ask.__module__ = "wallnet.api"
    variables = [f"    - {key}: {VARIABLES[key].long_name}" for key in KINDS[study.kind]]
    ask.__doc__ = inspect.cleandoc(ask.__doc__ or "").format(
        study=inspect.getdoc(study.settings),
        name=study.name,
        settings="\n".join([*_items(study.settings, shown), *_items(CAMPAIGN, study.sections)]),
        missing=study.missing,
        kind=study.kind,
        variables="\n".join(variables),
    )
    return ask


def _items(
    model: type[Section], keys: Collection[str] | None = None, indent: str = "    "
) -> Iterator[str]:
    """Yield the keys of a section with their meanings, as a list with those of inner sections."""
    types = get_type_hints(model)
    for key, meaning in described(model).items():
        if keys is None or key in keys:
            yield f"{indent}- {key}: {meaning}"
            for inner in _sections(types[key]):
                yield from ["", *_items(inner, indent=f"{indent}  "), ""]


def _sections(kind: Any) -> Iterator[type[Section]]:
    """Yield the sections in a type."""
    if isinstance(kind, type) and issubclass(kind, Section):
        yield kind
    for inner in get_args(kind):
        yield from _sections(inner)


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
    study: Question,
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
