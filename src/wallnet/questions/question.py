"""Questions about devices: their requests, in rounds, and the jobs that gather the results.

The sweep of a device is one, and each study.
"""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from wallnet import files
from wallnet.config import Campaign, Device
from wallnet.config.measured import MeasuredDevice
from wallnet.config.quantities import Section
from wallnet.files import schema
from wallnet.files.plain import differing, laid_over, shared
from wallnet.jobs import Job, Request
from wallnet.jobs.request import Conditions, Kind, in_blocks, initial

Settings = TypeVar("Settings", bound=Section)
"""Settings of one subject of a question."""

Requests = Iterable[Request]

Devices = Mapping[str, Device | MeasuredDevice]
"""Simulated and measured devices by their names."""

Rounds = Sequence[Sequence[Any]]
"""What each finished round asked for, as `next_round` of the module `gather` returned it."""

Expected = Sequence[Sequence[tuple[int, Request]]]
"""Numbers of requests of each round, each with one such request."""

AS_CONFIGURED = "as-configured"
"""Name of the only variant of a device without variants."""

Validate = Callable[[type[BaseModel], Any, str], tuple[Any, list[str]]]
"""Takes a model, data and the name of their block; returns the block and its problems."""


class Question(ABC, Generic[Settings]):
    """What is asked about devices: requests, in rounds, and the jobs that gather their results.

    A question is a package with three classes. `Ask`, derived from this one, makes the requests.
    It is in the package itself (of the sweep, in `devices.ask`), which imports no NumPy, since
    Snakemake reads it with the workflow. `Gather` (`questions.opened.Gathering`), of the module
    `gather`, derives the values of the dataset, and `Show` (`questions.presentation.Presentation`),
    of `show`, tables and figure. The name of the package is the key in the configuration, the
    target, and the folder of results.

    Attributes
    ----------
    settings : type
        Settings of one subject. If they are a `Device`, the subjects are the simulated devices.
    title : str
        Title of a subject's results, with `{subject}`; by default from the name.
    missing : str
        What to add to the configuration if there is no subject.
    kind : str
        Kind of its dataset, and the name of its variables in `KINDS`; by default its name.
    figure : str
        Name of its figure.
    kinds : tuple of str
        Kinds of its own requests.
    of_device : bool
        Whether a subject has the name of its device.
    left_out : tuple of str
        Keys of the settings that affect the dataset only through its requests.
    sections : tuple of str
        Other keys of the configuration that it depends on.
    shared : bool
        Whether the block of the configuration is one set of settings, of all `subjects_in`.
    usual : bool
        Whether its results belong to the target `all`.
    headline : bool
        Whether the page of a campaign has a part of it, `Presentation.headline`.
    level_sets : tuple of str
        Level sets of networks that its dataset determines. Tables of levels have it too.
    """

    settings: type[Settings]
    title = ""
    missing = "a device"
    kind = ""
    figure = ""
    kinds: tuple[Kind, ...] = ("initial", "run", "minima")
    of_device = False
    left_out: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    shared = False
    usual = False
    headline = False
    level_sets: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.package = type(self).__module__.removesuffix(".ask")
        self.name = self.package.rpartition(".")[2]
        self.title = self.title or f"{self.name} of {{subject}}"
        self.kind = self.kind or self.name

    @abstractmethod
    def requests(
        self, campaign: Campaign, name: str, settings: Settings, so_far: Rounds, /
    ) -> Requests:
        """Return the requests of a subject, given its name and the finished rounds.

        The paths of its own are in its folder, and end with "initial" or "minima" for these kinds.
        """

    def rounds(self, campaign: Campaign, name: str, settings: Settings, /) -> Expected:
        """Return upper bounds of what each round asks for. There are no more rounds."""
        return ()

    def problems(
        self, key: str, name: str, settings: Settings, campaign: Campaign, validate: Validate, /
    ) -> list[str]:
        """List the conflicts with the campaign, whose other studies are not known yet.

        Each is one sentence. `key` is that of the subject, and `validate` judges a block.
        """
        return []

    def about(self, campaign: Campaign, name: str, settings: Settings, /) -> Job | None:
        """Return what the gathering needs to know beside settings and results."""
        return None

    def subjects_in(self, settings: Settings, devices: Devices, /) -> Sequence[str]:
        """Return the devices that shared settings name."""
        return ()

    def compared(self, settings: Settings, devices: Mapping[str, Device], /) -> Iterable[Device]:
        """Return devices whose calculators are not those of the campaign's devices."""
        return ()

    def kind_of(self, settings: Settings) -> str:
        """Return the kind of the dataset of a subject with these settings."""
        return self.kind

    def path(self, subject: str, *parts: str, suffix: str = ".nc") -> str:
        """Return the path of a result of a subject; that of its dataset without parts.

        Examples
        --------
        >>> question.path("narrow", "as-configured", "initial")
        'results/operating_windows/narrow/as-configured/initial.nc'
        """
        return str(PurePosixPath(files.RESULTS, self.name, subject, *parts)) + suffix

    def round_path(self, subject: str, number: int | str) -> str:
        """Return the file of a round, counted from 1."""
        return self.path(subject, f"round-{number}", suffix=".json")

    def table(self, subject: str, suffix: str) -> str:
        """Return the path of the tables of a subject."""
        return f"{files.RESULTS}/tables/{self.name}/{subject}{suffix}"

    def drawing(self, subject: str, suffix: str) -> str:
        """Return the path of the figure of a subject."""
        return f"{files.RESULTS}/figures/{self.name}/{subject}-{self.figure}{suffix}"

    def file(self, name: str) -> Path:
        """Return a file of its package, such as `variables.csv` and the captions in the report."""
        return Path(__file__).parents[1].joinpath(*self.package.split(".")[1:], name)

    @cached_property
    def variables(self) -> Mapping[str, schema.Variable]:
        """Variables of its dataset."""
        return schema.variables_of(self.file("variables.csv"))[""]

    def part(self, name: Literal["gather", "show"]) -> Any:
        """Return how it is gathered or shown: the class of this module, imported when needed."""
        return getattr(import_module(f"{self.package}.{name}"), name.capitalize())()

    def finished_rounds(
        self, campaign: Campaign, subject: str, folder: str = "", last: int | None = None
    ) -> list[list[list[Any]]]:
        """Return what the finished rounds of a subject asked for, up to the number `last` if given.

        Each has what it asked for of the perfect device, and of each sample. `folder` is that of
        the campaign.
        """
        numbers = range(1, self.rounds_of(campaign, subject) + 1)[:last]
        paths = (Path(folder, self.round_path(subject, number)) for number in numbers)
        finished = itertools.takewhile(Path.exists, paths)
        rounds = (files.read_json(path, ["asked"]) for path in finished)
        return [[one["asked"], *one.get("samples", [])] for one in rounds]

    def subjects(self, campaign: Campaign) -> dict[str, Any]:
        """Return the settings of each subject by its name."""
        of_devices = self.settings is Device
        return campaign.simulated if of_devices else dict(campaign.studies.get(self.name, {}))

    def plain_settings(self, campaign: Campaign, subject: str) -> dict[str, Any]:
        """Return the settings of a subject as its dataset has them."""
        # which devices are named beside this one has no effect on it
        left_out = {*self.left_out, *(["devices"] if self.shared else [])}
        settings: Section = self.subjects(campaign)[subject]
        if not getattr(settings, "sample", 1):
            left_out.add("disorder")  # the perfect device has none
        return settings.model_dump(mode="json", exclude_none=True, exclude=left_out)

    def rounds_of(self, campaign: Campaign, subject: str) -> int:
        """Return the largest number of rounds of a subject."""
        return len(self.rounds(campaign, subject, self.subjects(campaign)[subject]))

    def expected(self, campaign: Campaign, subject: str) -> Expected:
        """Return at most what each round asks for, of the perfect device and of all samples."""
        settings = self.subjects(campaign)[subject]
        devices = 1 + getattr(settings, "samples", 0)
        rounds = self.rounds(campaign, subject, settings)
        return [[(devices * number, request) for number, request in one] for one in rounds]

    def requests_of(
        self, campaign: Campaign, subject: str, folder: str = "", last: int | None = None
    ) -> list[Request]:
        """Return the requests of a subject, and then those of each sample; see `finished_rounds`.

        Runs that keep no maps are in blocks. Minima by which states are named are added to both. To
        those of samples of a device, its initial state is, if they start from it.
        """
        rounds = self.finished_rounds(campaign, subject, folder, last)
        settings = self.subjects(campaign)[subject]
        # a block cannot grow with the next round
        in_block = not self.rounds_of(campaign, subject)
        requests: list[Request] = []
        for number in range(getattr(settings, "samples", 0) + 1):
            # a round of fewer samples is made anew
            so_far = [part for one in rounds for part in one[number : number + 1]]
            devices = campaign.at_sample(number) if number else campaign
            own = [*self.requests(devices, subject, settings, so_far)]
            needed = {r.states.path: r.states for r in own if r.states}
            if number and self.of_device:
                start = initial(subject, devices.simulated[subject])
                needed |= {start.path: start} if any(start.path in r.after for r in own) else {}
            missing = needed.keys() - {request.path for request in own}
            own += [request for path, request in needed.items() if path in missing]
            requests += [r.of_sample(number, in_block) for r in own] if number else own
        return in_blocks(requests, campaign.runs_per_job)

    def results(self, campaign: Campaign, folder: str = "") -> list[str]:
        """List the results of all subjects, with the simulations that finished rounds asked for."""
        paths: list[str] = []
        for subject in self.subjects(campaign):
            rounds = range(1, self.rounds_of(campaign, subject) + 1)
            drawn = (".png", f".{campaign.figures.vector_format}")
            paths += [r.path for r in self.requests_of(campaign, subject, folder)]
            paths += [self.round_path(subject, number) for number in rounds]
            paths += [self.path(subject)]
            paths += [self.table(subject, suffix) for suffix in files.TABLE_SUFFIXES]
            paths += [self.drawing(subject, suffix) for suffix in drawn]
        return paths


class Entry(Section):
    """A result that is gathered: where it is, and what tells it from the others."""

    kind: Kind
    path: str
    digest: str
    row: int | None = None
    """Number of a run in its block, counted from 0."""
    number: int = 0
    """Its place among the requests."""
    states: str = ""
    """Path of the minima by which its states are named; empty without."""
    conditions: Conditions


class Gathered(Section):
    """A request that is gathered, as plain data: what its runs share, and what they have beside."""

    shared: dict[str, Any]
    rows: tuple[dict[str, Any], ...] = ()
    """Runs of a block; none of another request."""

    @classmethod
    def of(cls, request: Request) -> "Gathered":
        """Return a request with its digest."""
        parts = [
            {
                "number": run.number,
                "states": run.states.path if run.states else "",
                "conditions": run.conditions.stated(),
            }
            for run in request.runs or (request,)
        ]
        same = shared(parts)
        own = {"kind": request.kind, "path": request.path, "digest": request.digest}
        rows = [differing(part, same) for part in parts] if request.runs else []
        # 100,000 requests would take seconds
        rows += [{"conditions": {"replica": number}} for number in request.replicas or ()]
        return cls(shared=same | own, rows=tuple(rows))

    def entries(self) -> Iterator[Entry]:
        """Yield the results."""
        for row, changes in enumerate(self.rows or ({},)):
            data = laid_over(self.shared, changes) | ({"row": row} if self.rows else {})
            yield Entry.model_validate(data)


class GatherJob(Job):
    """Gathering of the results that a question asked for: its dataset, or the next round.

    A first round may have no requests. `about` is what `Question.about` returns, as plain data.
    """

    study: str
    subject: str
    settings: dict[str, Any]
    requests: tuple[Gathered, ...]
    about: dict[str, Any] | None = None

    def entries(self) -> list[Entry]:
        """Return the results, as asked for."""
        every = itertools.chain.from_iterable(request.entries() for request in self.requests)
        return sorted(every, key=lambda entry: entry.number)


def gather_job(
    question: Question[Any], campaign: Campaign, subject: str, requests: Requests
) -> GatherJob:
    """Return the job that gathers requests of a subject."""
    about = question.about(campaign, subject, question.subjects(campaign)[subject])
    return GatherJob(
        study=question.name,
        subject=subject,
        settings=question.plain_settings(campaign, subject),
        requests=tuple(map(Gathered.of, requests)),
        about=about.plain() if about else None,
    )
