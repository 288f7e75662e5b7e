"""The workflow, run from Python for the dataset of one study."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from wallnet import files, plan, workflow_path
from wallnet.config import ConfigError
from wallnet.simulate import SimulationError
from wallnet.studies import Study

if TYPE_CHECKING:
    import xarray

WORKFLOW = """\
import json

module wallnet:
    snakefile: {workflow!r}
    config: json.loads({data!r})

use rule * from wallnet

rule asked:
    default_target: True
    input: json.loads({targets!r})
    localrule: True
"""
"""The workflow with a campaign of its own, whatever `config.yaml` is in the folder."""


def ask(
    study: Study,
    data: Mapping[str, Any],
    caller: str,
    folder: str | Path | None,
    processes: int | None,
    progress: bool,
) -> "xarray.Dataset":
    """Return the dataset of the only subject of a study, computed as the workflow computes it.

    Finished results of the same jobs are used as they are.

    Parameters
    ----------
    study : Study
        The study.
    data : Mapping
        A campaign as plain data: devices, the study and its other sections.
    caller : str
        Function of the user, for messages and the progress bar.
    folder : str or Path, optional
        Folder of the campaign; a temporary one if not given.
    processes : int, optional
        Number of simulations at once; one for each core if not given.
    progress : bool
        Whether to show a progress bar.

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
    # as it was checked: arrays and files of waveforms are plain numbers in it
    asked = {study.name, *study.sections} - {"devices"}
    plain = campaign.model_dump(mode="json", exclude_none=True, include=asked)
    plain["devices"] = {name: device.plain() for name, device in campaign.simulated.items()}
    with TemporaryDirectory() as own:
        snakefile, place = Path(own, "Snakefile"), Path(folder or own)
        # what rounds ask for is made if the dataset is
        first = study.requests_of(campaign, subject, last=0).values()
        targets = json.dumps([*(each.path for each in first), study.path(subject)])
        text = WORKFLOW.format(workflow=workflow_path(), data=json.dumps(plain), targets=targets)
        snakefile.write_text(text, encoding="utf-8")
        options = ["--snakefile", snakefile, "--directory", place, "--workflow-profile", "none"]
        # what a killed process leaves are a lock and marks; a file that is there is whole
        options += ["--cores", processes or os.cpu_count(), "--nolock", "--rerun-incomplete"]
        told = _told(["--keep-going", *map(str, options)], caller, progress)
        if told:
            raise SimulationError(_fault(told, place))
        return files.read_dataset(place / study.path(subject), study.kind or settings.kind)


def _told(arguments: Sequence[str], caller: str, progress: bool) -> str:
    """Run Snakemake, with a progress bar; return what it told if it failed, else nothing."""
    from tqdm.auto import tqdm

    # classes of the user are found in the folder of the script, too
    paths = [os.getcwd(), *filter(None, [os.environ.get("PYTHONPATH")])]
    lines: list[str] = []
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    )
    with process, tqdm(desc=caller, total=0, unit="job", disable=not progress) as bar:
        try:
            for line in process.stdout or ():
                lines.append(line)
                if steps := re.match(r"(\d+) of (\d+) steps", line):
                    bar.n, bar.total = map(int, steps.groups())
                    bar.refresh()
        except BaseException:
            process.send_signal(signal.SIGINT)
            raise
    return "".join(lines) if process.returncode else ""


def _fault(told: str, folder: Path) -> str:
    """Return the sentence of the first job that failed, and the number of others."""
    logs = [*dict.fromkeys(re.findall(r"^ +log: (.+?) \(check log", told, re.MULTILINE))]
    if logs:
        with suppress(OSError):
            told = (folder / logs[0]).read_text("utf-8", "replace").strip() or f"see {logs[0]}"
    more = f"; {len(logs) - 1} more failed" if len(logs) > 1 else ""
    return told.strip().splitlines()[-1].removeprefix("wallnet: ") + more
