"""Requests of a campaign from Python: computed by several processes, and gathered."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NoReturn

from wallnet import files, plan
from wallnet.config import Campaign, ConfigError
from wallnet.experiment import Request
from wallnet.experiment.request import COMMANDS
from wallnet.plan.requests import Requested
from wallnet.simulate import SimulationError
from wallnet.studies import Study, gather_job, gathering
from wallnet.studies.base import FILES

if TYPE_CHECKING:
    import xarray
    from tqdm import tqdm


@dataclass(frozen=True)
class Task:
    """A request in the folder of a campaign."""

    request: Request
    folder: Path

    @property
    def output(self) -> Path:
        """The result."""
        return self.folder / self.request.path

    @property
    def inputs(self) -> list[Path]:
        """Files that have to exist before."""
        return [self.folder / path for path in self.request.after]

    def is_done(self) -> bool:
        """Return whether the output is whole, of this job and not older than its inputs."""
        try:
            data = files.read_dataset(self.output, FILES.get(self.request.kind, self.request.kind))
        except files.FileError:
            return False
        found = data.attrs.get("parameters"), int(data.attrs.get("revision", -1))
        if found != (self.request.computes.to_json(), self.request.revision):
            return False
        made = self.output.stat().st_mtime_ns
        return all(path.exists() and path.stat().st_mtime_ns <= made for path in self.inputs)

    def arguments(self) -> list[str]:
        """Return the arguments of `wallnet`, which reads the job from standard input."""
        after = ["--after", *map(str, self.inputs)] if self.inputs else []
        return [COMMANDS[self.request.kind], "--job", "-", *after, "--out", str(self.output)]


def due(tasks: Iterable[Task]) -> list[Task]:
    """Return the tasks that are not done, and those that need the output of such a task."""
    found: list[Task] = []
    for task in tasks:
        made_again = {each.output for each in found}
        if made_again & set(task.inputs) or not task.is_done():
            found.append(task)
    return found


class Commands:
    """Commands of `wallnet` in processes of their own, which can be stopped together."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, task: Task) -> str:
        """Compute a request, with a log; return the sentence of its error, if any."""
        if self._stopped:
            return ""
        log = task.folder / files.log_of(task.request.path)
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as stream:
            command = [sys.executable, "-m", "wallnet.cli", *task.arguments()]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stream, stderr=stream)
            self._running.add(process)
            process.communicate(task.request.computes.to_json().encode())
            self._running.discard(process)
        if not process.returncode:
            return ""
        told = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        told = told or [f"exit code {process.returncode}; see {log}"]
        return told[-1].removeprefix("wallnet: ")

    def stop(self) -> None:
        """Start no other command, and end those that run."""
        self._stopped = True
        for process in tuple(self._running):
            process.terminate()


@dataclass(frozen=True)
class Run:
    """What is computed of a campaign in one folder.

    Finished results of the same jobs are used as they are.
    """

    campaign: Campaign
    folder: Path
    processes: int | None
    bar: "tqdm[NoReturn]"
    _made: set[str] = field(default_factory=set)

    @cached_property
    def _requested(self) -> Requested:
        return Requested(self.campaign, str(self.folder))

    def _with_inputs(self, requests: Iterable[Request]) -> Iterator[Request]:
        """Yield requests that were not made yet, each after those that it starts from."""
        for request in requests:
            if request.path not in self._made:
                self._made.add(request.path)
                yield from self._with_inputs(self._requested[path] for path in request.after)
                yield request

    def make(self, requests: Iterable[Request]) -> None:
        """Compute requests and what they start from.

        Raises
        ------
        wallnet.simulate.SimulationError
            If one fails; the others are finished and kept.
        """
        waiting = due(Task(each, self.folder) for each in self._with_inputs(requests))
        self.bar.total += len(waiting)
        self.bar.refresh()
        missing = {task.output for task in waiting}
        failed: list[str] = []
        commands = Commands()
        with ThreadPoolExecutor(self.processes or os.cpu_count()) as pool:
            running: dict[Future[str], Task] = {}
            try:
                while True:
                    # what needs the output of a failed task is never ready
                    ready = [task for task in waiting if not missing & set(task.inputs)]
                    waiting = [task for task in waiting if task not in ready]
                    running |= {pool.submit(commands.run, task): task for task in ready}
                    if not running:
                        break
                    finished = next(as_completed(running))
                    task, error = running.pop(finished), finished.result()
                    self.bar.update()
                    if error:
                        failed.append(error)
                    else:
                        missing.remove(task.output)
            except BaseException:
                commands.stop()
                raise
        if failed:
            more = f"; {len(failed) - 1} more failed" if len(failed) > 1 else ""
            raise SimulationError(f"{failed[0]}{more}")

    def study(self, study: Study, subject: str | None = None) -> "xarray.Dataset":
        """Simulate all rounds of a subject of a study, and return its dataset.

        Parameters
        ----------
        study : Study
            The study.
        subject : str, optional
            The subject; the first if not given.

        Raises
        ------
        wallnet.config.ConfigError
            If there is nothing to simulate.
        """
        campaign, place = self.campaign, self.folder
        subjects = study.subjects(campaign)
        subject = subject or next(iter(subjects), None)
        if subject is None:
            raise ConfigError(f"{study.name} has nothing to run; add {study.missing}")
        rounds = study.rounds_of(campaign, subject)
        for number in range(rounds + 1):
            requests = study.requests_of(campaign, subject, str(place), last=number)
            self.make(requests.values())
            job = gather_job(study, campaign, subject, requests)
            if number < rounds:
                asked = gathering.next_round(job, place)
                out = place / study.round_path(subject, number + 1)
                files.write_json({"asked": asked}, out)
        out = place / study.path(subject)
        files.write_content(gathering.gather(job, place), out)
        return files.read_dataset(out, study.kind_of(subjects[subject]))


@contextmanager
def run(
    data: Mapping[str, Any],
    caller: str,
    folder: str | Path | None,
    processes: int | None,
    progress: bool,
) -> Iterator[Run]:
    """Check a campaign, and yield its run in a folder, or in a temporary one.

    Parameters
    ----------
    data : Mapping
        The campaign as plain data.
    caller : str
        Function of the user, for messages and the progress bar.
    folder : str or Path, optional
        Folder of the campaign.
    processes : int, optional
        Number of simulations at once; one for each core if not given.
    progress : bool
        Whether to show a progress bar.
    """
    from tqdm.auto import tqdm

    campaign = plan.parse(data, caller)
    with (
        TemporaryDirectory() if folder is None else nullcontext(folder) as place,
        tqdm(desc=caller, total=0, unit="job", disable=not progress) as bar,
    ):
        yield Run(campaign, Path(place), processes, bar)
