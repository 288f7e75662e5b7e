"""Studies: their settings, their requests, and the rounds in which they make them.

A study has a folder with three modules. `ask` describes it and makes its requests; it imports no
NumPy, since Snakemake reads it with the workflow. `gather` derives its dataset, `show` its tables
and its figure. Both are loaded by their names when they are needed.
"""

import itertools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, Field

from wallnet import files
from wallnet.config import Campaign, Device, ProgramPulse
from wallnet.config.devices import missing_device
from wallnet.config.inheritance import laid_over
from wallnet.config.measured import MeasuredDevice
from wallnet.config.quantities import Section, Text, silent
from wallnet.config.waveform import Waveform
from wallnet.files import WallState, schema
from wallnet.files.schema import SAMPLE
from wallnet.jobs import Job, Request, Simulation, drive_of, level_job
from wallnet.jobs.film import size_fault
from wallnet.jobs.request import Kind, initial, level

Key = tuple[str | float | int, ...]
"""Key of a request within its study."""

Requests = dict[Key, Request]

STATES = "states"
"""First word of the key of minima that name states, which a study does not gather itself."""

Rounds = Sequence[Sequence[Any]]
"""What each finished round asked for, as `next_round` of the study returned it."""

Expected = Sequence[Sequence[tuple[int, Request]]]
"""Numbers of requests of each round, each with one such request."""

Validate = Callable[[type[BaseModel], Any, str], tuple[Any, list[str]]]
"""Takes a model, data and the name of their block; returns the block and its problems."""


AS_CONFIGURED = "as-configured"
"""Name of the only variant of a device without variants."""

VariantName = Annotated[
    str,
    Text(
        r"^[a-z0-9][a-z0-9_.-]{0,63}$",
        "cannot name files; use small letters, digits, '.', '-' and '_'",
    ),
]
"""Name of a variant, which can be part of file names."""


class Sampled(Section):
    """A study that is also asked of samples of a device."""

    samples: Annotated[int, Field(ge=0, le=10_000)] = silent(0)
    """Number of samples beside the perfect device, drawn from its `disorder`."""


class Varied(Section):
    """A device and variants of it."""

    device: str
    """Name of a simulated device in `devices`."""
    variants: dict[VariantName, dict[str, Any]] = Field(default={AS_CONFIGURED: {}}, min_length=1)
    """Keys of the device that differ, by name of the variant."""

    def of_variant(self, devices: Mapping[str, Device], variant: str) -> Device:
        """Return a variant of the device."""
        changed = laid_over(devices[self.device].plain(), self.variants[variant])
        return Device.model_validate(changed)


def changed(
    key: str,
    name: str,
    block: str,
    changes: Mapping[str, Any],
    devices: Mapping[str, Device],
    validate: Validate,
) -> tuple[Any, list[str]]:
    """Return a device with some keys changed, and its problems.

    `key` has the name of the device, `block` the changes.
    """
    if missing := missing_device(key, name, devices):
        return None, missing
    if "calculator" in changes:
        return None, [f"{block} sets calculator; remove it, and set that of {name}"]
    return validate(Device, laid_over(devices[name].plain(), changes), block)


def on_device(faults: Callable[[str, str, Any, Device], list[str]]) -> Callable[..., list[str]]:
    """Return a function that lists the problems of settings of one device.

    If the device exists, it calls `faults` with the key of the settings, the name of the device,
    the settings and the device. If the settings derive from `Varied`, it calls `faults` for each
    variant, with the name of the variant's block.
    """

    def problems(
        key: str, name: str, settings: Any, campaign: Campaign, validate: Validate
    ) -> list[str]:
        devices = campaign.simulated
        named = getattr(settings, "device", None)
        where, name = (key, name) if named is None else (f"{key}.device", named)
        conflicts = missing_device(where, name, devices)
        if conflicts or not isinstance(settings, Varied):
            return conflicts or [
                *faults(key, name, settings, devices[name]),
                *without_disorder(key, name, settings, devices[name]),
            ]
        for variant, changes in settings.variants.items():
            block = f"{key}.variants.{variant}"
            device, wrong = changed(where, name, block, changes, devices, validate)
            conflicts += wrong or faults(key, block, settings, device)
            conflicts += [] if wrong else without_disorder(key, block, settings, device)
        return list(dict.fromkeys(conflicts))

    return problems


def without_disorder(key: str, name: str, settings: Any, device: Device) -> list[str]:
    """Return the problem if all samples of a device are alike, or if it is a sample itself."""
    if not getattr(settings, "samples", 0) or (device.disorder and not device.sample):
        return []
    fault = f"{name} has no disorder, so that all samples are alike; add disorder"
    if device.sample:
        fault = f"{name} is sample {device.sample}, not the perfect device; set its sample: 0"
    return [f"{key}.samples is {settings.samples}, and {fault} or remove this"]


def too_large(
    key: str, device: Device, keys: str, duration: float, strongest: float, maps: int = 0
) -> list[str]:
    """Return the problem of a simulation that is too large; see `jobs.film.size_fault`."""
    fault = size_fault(device, keys, duration, strongest, maps)
    return [f"{key}: {fault}"] if fault else []


def too_short(what: str, time: float, device: Device) -> list[str]:
    """Return the problem of a time in s after a pulse that is too short to see a wall at rest."""
    hold = device.relaxation.hold
    if time >= hold * (1 - 1e-9):
        return []
    why = f"is shorter than relaxation.hold {hold:g} s, so that no wall can be seen at rest"
    return [f"{what} {why}; lengthen it"]


def without_notch(key: str, name: str, device: Device) -> list[str]:
    """Return the problem of a device without a notch at which a wall rests."""
    if device.track.inner_notch_positions:
        return []
    fault = "has no notch inside its track, so that no wall rests"
    return [f"{key}: {name} {fault}; add track.notches or remove this"]


def unrecorded(key: str, durations: Mapping[str, float], device: Device, name: str) -> list[str]:
    """List the problems of durations in s, by their keys, that are shorter than the recording."""
    interval = device.output.interval
    return [
        f"{key}.{part} has {duration:g} s, shorter than output.interval {interval:g} s of {name}; "
        "shorten the interval"
        for part, duration in durations.items()
        if interval > duration
    ]


class FromStates(Section):
    """States of a device from which pulses start."""

    starts: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """States from which pulses start, such as "notch 2"; by default all states of pinned walls."""

    def states(self, device: Device) -> list[WallState]:
        """Return the states from which pulses start, from left to right.

        Without a choice, these are all states in which notches pin both ends: each notch, and each
        pair of neighbours in both orders, since the end that leads depends on the direction of the
        last pulse.
        """
        if self.starts:
            return [WallState(name) for name in dict.fromkeys(self.starts)]
        numbers = range(1, len(device.track.inner_notch_positions) + 1)
        ends = sorted(itertools.product(numbers, repeat=2), key=sum)
        return [WallState.at(*pair) for pair in ends if abs(pair[1] - pair[0]) <= 1]

    def levels(self, name: str, device: Device) -> dict[WallState, Request]:
        """Return the walls that are initialised in these states and relax."""
        return {state: level(name, device, state) for state in self.states(device)}

    def misfits(self, key: str, name: str, device: Device) -> list[str]:
        """List why pulses cannot start from these states of a device."""
        notches, pinned = len(device.track.inner_notch_positions), FromStates().states(device)
        return without_notch(key, name, device) or [
            f"{key}.starts has {start!r}, and {name} has {notches} notches inside its track; name "
            "another state"
            for start in self.starts or ()
            if start not in pinned
        ]


def pulse_of(device: Device, density: float, pause: float, **changes: Any) -> ProgramPulse:
    """Return the pulse of a device with a current density in A/m² and a pause in s."""
    own: dict[str, Any] = {"duration": device.pulse.duration, "waveform": device.pulse.waveform}
    return ProgramPulse(current_density=density, pause=pause, **own | changes)


def pulse_on(
    device: Device,
    state: WallState,
    density: float,
    duration: float,
    longest: float,
    waveform: Waveform = (),
) -> Simulation:
    """Return one pulse, in A/m² and s, on a wall that rests in a state, and relaxes after it."""
    pulse = {"current_density": density, "pulse_duration": duration, "waveform": waveform}
    relaxation = device.relaxation.model_copy(update={"longest": longest})
    output = device.output.without_maps_between(duration + longest)
    changes = {"relaxation": relaxation, "output": output, **drive_of(device)}
    return level_job(device, state.file_name).model_copy(update=pulse | changes)


@dataclass(frozen=True)
class Study:
    """A question about devices, asked by its key in the configuration.

    Attributes
    ----------
    name : str
        Its key, its target, and its folder of results.
    title : str
        Title of a subject's results, with `{subject}`.
    settings : type
        Settings of one subject. If it is `Device`, the subjects are the simulated devices.
    requests : callable
        Requests of a subject, given the campaign, its name, its settings and the finished rounds.
    missing : str
        What to add to the configuration if there is no subject.
    problems : callable
        Conflicts of the settings with the campaign, whose other studies are not known yet: one
        sentence each, given the key and the name of the subject, its settings, the campaign and a
        function that validates a block.
    kind : str
        Kind of its dataset, and the name of its variables in `KINDS`; empty if it is the kind of
        each device.
    variables : mapping
        Variables of the dataset.
    figure : str
        Name of its figure.
    places : mapping
        Pattern of the paths of its own requests below its folder, by kind of request.
    of_device : bool
        Whether a subject has the name of its device.
    left_out : tuple of str
        Keys of the settings that affect the dataset only through its requests.
    sections : tuple of str
        Other keys of the configuration that it depends on.
    subjects_in : callable, optional
        If given, the block of the configuration is one set of settings. The subjects are the
        devices that this function names, given the settings and all devices.
    usual : bool
        Whether its results belong to the target `all`.
    about : callable, optional
        What the gathering needs to know beside settings and results, given the campaign, the name
        of the subject and its settings.
    headline : bool
        Whether the page of a campaign has a part of it, which `headline` of its module `show`
        returns.
    level_sets : tuple of str
        Level sets of networks that its dataset determines. Tables of levels have it too.
    compared : callable, optional
        Devices whose calculators are not those of the campaign's devices, given the settings and
        the simulated devices.
    rounds : callable
        Upper bounds of what each round asks for, given the campaign, the name of the subject and
        its settings: numbers of requests, each with one such request. There are no more rounds.
    """

    name: str
    title: str
    settings: type[Section]
    requests: Callable[[Campaign, str, Any, Rounds], Requests]
    missing: str = "a device"
    problems: Callable[[str, str, Any, Campaign, Validate], list[str]] = lambda *_: []
    kind: str = ""
    variables: Mapping[str, schema.Variable] = field(default_factory=dict)
    figure: str = ""
    places: Mapping[Kind, str] = field(default_factory=dict)
    of_device: bool = False
    left_out: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    subjects_in: Callable[[Any, Mapping[str, Device | MeasuredDevice]], Sequence[str]] | None = None
    usual: bool = False
    about: Callable[[Campaign, str, Any], Job] | None = None
    headline: bool = False
    level_sets: tuple[str, ...] = ()
    compared: Callable[[Any, Mapping[str, Device]], Iterable[Device]] | None = None
    rounds: Callable[[Campaign, str, Any], Expected] = lambda *_: ()

    def path(self, subject: str, *parts: str, suffix: str = ".nc") -> str:
        """Return the path of a result of a subject; that of its dataset without parts.

        Examples
        --------
        >>> study.path("narrow", "as-configured", "initial")
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

    def caption(self, of: str) -> str:
        """Return the file with the caption of its `table` or `figure` in the report."""
        return str(Path(__file__).with_name(self.name) / f"{of}.rst")

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
        left_out = {*self.left_out, *(["devices"] if self.subjects_in else [])}
        settings: Section = self.subjects(campaign)[subject]
        if not getattr(settings, "sample", 1):
            left_out.add("disorder")  # the perfect device has none
        return settings.model_dump(mode="json", exclude_none=True, exclude=left_out)

    def kind_of(self, settings: Any) -> str:
        """Return the kind of the dataset of a subject with these settings."""
        return self.kind or str(settings.kind)

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
    ) -> Requests:
        """Return the requests of a subject, and then those of each sample; see `finished_rounds`.

        Keys of the latter begin with `SAMPLE` and its number. They have no more for the initial
        state of a sweep that the study needs but does not gather. Minima by which states are named
        are added to both, with their path as a key.
        """
        rounds = self.finished_rounds(campaign, subject, folder, last)
        settings = self.subjects(campaign)[subject]
        by_key: Requests = {}
        for number in range(getattr(settings, "samples", 0) + 1):
            # a round of fewer samples is made anew
            so_far = [own for one in rounds for own in one[number : number + 1]]
            devices = campaign.at_sample(number) if number else campaign
            sample = dict(self.requests(devices, subject, settings, so_far))
            paths = {request.path for request in sample.values()}
            naming = {r.states.path: r.states for r in sample.values() if r.states}
            sample |= {(STATES, path): naming[path] for path in naming if path not in paths}
            if not number:
                by_key |= sample
                continue
            if self.of_device:
                start = initial(subject, devices.simulated[subject])
                ungathered = {start.path} - {request.path for request in sample.values()}
                if any(ungathered.intersection(request.after) for request in sample.values()):
                    sample[()] = start
            by_key |= {
                (SAMPLE, number, *key): request.of_sample(number) for key, request in sample.items()
            }
        return by_key

    def results(self, campaign: Campaign, folder: str = "") -> list[str]:
        """List the results of all subjects, with the simulations that finished rounds asked for."""
        paths: list[str] = []
        for subject in self.subjects(campaign):
            rounds = range(1, self.rounds_of(campaign, subject) + 1)
            drawn = (".png", f".{campaign.figures.vector_format}")
            paths += [r.path for r in self.requests_of(campaign, subject, folder).values()]
            paths += [self.round_path(subject, number) for number in rounds]
            paths += [self.path(subject)]
            paths += [self.table(subject, suffix) for suffix in files.TABLE_SUFFIXES]
            paths += [self.drawing(subject, suffix) for suffix in drawn]
        return paths


PARTS = ("requests", "problems", "about", "subjects_in", "compared", "rounds")
"""Functions of a study."""


def study(module: str, settings: type[Section], **more: Any) -> Study:
    """Return the study of an `ask` module, with the settings of one subject.

    The module has functions with names of `PARTS`; the variables are in `variables.csv` beside it.
    By default, name, kind and title are those of its folder.
    """
    members, name = vars(sys.modules[module]), module.split(".")[-2]
    parts: dict[str, Any] = {part: members[part] for part in PARTS if part in members}
    parts |= {"name": name, "kind": name, "title": f"{name} of {{subject}}", "settings": settings}
    if (table := Path(members["__file__"]).with_name("variables.csv")).is_file():
        parts["variables"] = schema.variables_of(table)[""]
    return Study(**parts | more)


class GatherJob(Job):
    """Gathering of the results that a study asked for: its dataset, or the next round.

    `requests` has the key, the kind of file, the path and the digest of each result, and the path
    of the minima by which its states are named, empty without; a first round may have none.
    `about` is what `Study.about` returns, as plain data.
    """

    study: str
    subject: str
    settings: dict[str, Any]
    requests: tuple[tuple[Key, str, str, str, str], ...]
    about: dict[str, Any] | None = None


FILES = {"level": "trace", "pulse_train": "train"}
"""Kind of the file of each kind of request, where its name is another."""


def gather_job(study: Study, campaign: Campaign, subject: str, requests: Requests) -> GatherJob:
    """Return the job that gathers requests of a subject."""
    settings = study.subjects(campaign)[subject]
    return GatherJob(
        study=study.name,
        subject=subject,
        settings=study.plain_settings(campaign, subject),
        requests=tuple(
            (
                *(key, FILES.get(request.kind, request.kind), request.path, request.digest),
                request.states.path if request.states else "",
            )
            for key, request in requests.items()
            if key[0] != SAMPLE or key[2:]
        ),
        about=study.about(campaign, subject, settings).plain() if study.about else None,
    )
