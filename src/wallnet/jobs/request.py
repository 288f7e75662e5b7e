"""Requests: computations of a campaign, each with its path, and those that studies share.

Nothing here imports NumPy before an estimate is computed, since every job of the workflow makes
requests.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property, partial
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, get_args

from pydantic import GetPydanticSchema
from pydantic_core.core_schema import no_info_after_validator_function

from wallnet import files
from wallnet.config import Device, current_name
from wallnet.config.declarations import PACKAGED
from wallnet.files import WallState
from wallnet.files.origin import digest_of
from wallnet.files.plain import laid_over
from wallnet.jobs.block import Block
from wallnet.jobs.code import revision_of
from wallnet.jobs.energy_path import EnergyPath, Minima, minima_job
from wallnet.jobs.run import Run, initial_job, level_job, pulse_job

Kind = Literal["initial", "run", "minima", "barrier"]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""Kinds of requests, each with a rule of its name in `workflow/rules/requests.smk`."""

SIMULATED = ("initial", "run")
"""Kinds that a calculator simulates. The initial state of a device is a run, too; it takes seconds
unless its wall relaxes."""

COUNTED: dict[Kind, str] = {
    "initial": "simulations",
    "run": "simulations",
    "barrier": "paths between minima",
}
"""Kinds that an estimate of work counts, and what it calls them. Minima take seconds."""


NO_PULSE = 0.0
"""Duration of the pulses of a wall that only relaxes."""

State = Annotated[
    WallState,
    GetPydanticSchema(lambda _, schema: no_info_after_validator_function(WallState, schema(str))),
]
"""State of a wall, read from its name."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What tells a request from the others of its question; None where all are alike.

    Attributes
    ----------
    device : str
        Name of a device, where several are asked.
    variant : str
        Name of a variant of the device, or of a case.
    calculator : str
        Name of the calculator, where several are compared.
    parameters : dict
        Parameters of the device that were chosen for it, in SI units.
    round : int
        Number of the round that asked for it, counted from 1.
    state : WallState
        Where the wall is initialised, or the first of two states with a path between them.
    neighbour : WallState
        The other one of these.
    current_density : float
        That of the pulses, in A/m².
    duration : float
        That of the pulses, in s; `NO_PULSE` of a wall that only relaxes.
    temperature : float
        Temperature of the film in K.
    replica : int
        Number of the replica, counted from 1.
    sample : int
        Number of the sample; None for the perfect device.
    """

    device: str | None = None
    variant: str | None = None
    calculator: str | None = None
    parameters: dict[str, float] | None = None
    round: int | None = None
    state: State | None = None
    neighbour: State | None = None
    current_density: float | None = None
    duration: float | None = None
    temperature: float | None = None
    replica: int | None = None
    sample: int | None = None

    def stated(self) -> dict[str, object]:
        """Return the conditions that are not the usual ones, by name."""
        values = ((field, getattr(self, field.name)) for field in fields(self))
        return {field.name: value for field, value in values if value != field.default}


ANY = Conditions()
"""No condition."""


def _of_replica(number: int, sample: int | None) -> dict[str, Any]:
    """Return what a replica has beside the run; the first of the perfect device keeps its trace."""
    return {"replica": number, "recorded": "ends" if sample or number > 1 else "trace"}


@dataclass(frozen=True)
class Request:
    """One computation of a campaign.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    path : str
        Its result.
    make : callable
        Returns what is computed. It is called only if needed, since a campaign can have 100,000
        requests.
    after : tuple of str
        Results from which it starts.
    sweep : str
        Name of requests that take equally long, of which an estimate looks at one; empty for none.
    states : Request, optional
        Minima of its film, by which the states of its walls are named; none without notches.
    conditions : Conditions
        What tells it from the other requests of its question.
    changes : mapping
        Plain data of the run that differ from those of what `make` returns.
    in_block : bool
        Whether it is a run in the file of a block, which keeps no maps.
    runs : tuple of Request
        The runs of a block; none of another request, and of replicas.
    replicas : range, optional
        Numbers of the replicas of a run, which are in blocks; the first keeps its trace.
    number : int
        Its place among the requests of its question.
    """

    kind: Kind
    path: str
    make: Callable[[], Run | Minima | EnergyPath]
    after: tuple[str, ...] = ()
    sweep: str = ""
    states: "Request | None" = None
    conditions: Conditions = ANY
    changes: Mapping[str, Any] = field(default_factory=dict)
    in_block: bool = False
    runs: tuple["Request", ...] = ()
    replicas: range | None = None
    number: int = 0

    def of_sample(self, number: int, in_block: bool = False) -> "Request":
        """Return the request of a numbered sample, with its paths.

        If its pulses are in blocks, their traces are kept and no maps; of runs that are in blocks
        anyway, not even these.
        """
        in_block = in_block and self.kind == "run" and self.conditions.duration != NO_PULSE
        recorded = {"recorded": "ends" if self.in_block else "trace"} if in_block else {}
        return replace(
            self,
            path=files.of_sample(self.path, number),
            after=tuple(files.of_sample(path, number) for path in self.after),
            states=self.states and self.states.of_sample(number),
            conditions=replace(self.conditions, sample=number),
            changes={**self.changes, **recorded},
            in_block=in_block or self.in_block,
        )

    @property
    def parts(self) -> "tuple[Request, ...]":
        """The runs of a block, each as a request; none of another request."""
        if self.replicas is None:
            return self.runs
        # the replicas of a sample differ by their numbers only; most of the time is that of making
        make = cache(self.make)
        return tuple(
            replace(
                self,
                make=make,
                conditions=replace(self.conditions, replica=replica),
                changes={**self.changes, **_of_replica(replica, self.conditions.sample)},
                in_block=True,
                replicas=None,
            )
            for replica in self.replicas
        )

    @property
    def is_block(self) -> bool:
        """Whether it is the request of a block."""
        return bool(self.runs or self.replicas)

    @property
    def number_of_runs(self) -> int:
        """Number of its runs."""
        return len(self.runs) or len(self.replicas or (self,))

    @property
    def computes(self) -> "Run | Minima | EnergyPath | Block":
        """What is computed, made anew: kept, 10,000 of them would take 25 MB."""
        if self.is_block:
            return self._block
        return Run.model_validate(self._plain()) if self.changes else self.make()

    def _plain(self) -> dict[str, Any]:
        """Return its run as plain data."""
        return laid_over(self.make().plain(), self.changes)

    @cached_property
    def _block(self) -> Block:
        """The block of its parts."""
        if self.replicas:
            plain = self._plain()
            rows = [plain | _of_replica(number, None) for number in self.replicas]
        else:
            rows = [run._plain() for run in self.runs]
        return Block.of(rows, self.make().threads)

    @cached_property
    def digest(self) -> str:
        """Digest of its JSON; a result belongs to it if it has the same."""
        return digest_of(self.computes.to_json())

    @property
    def starts(self) -> list[str]:
        """Words of the options that name the results from which it starts.

        A block has one group of these, or one for each of its runs.
        """
        groups = [run.after for run in self.runs or (self,)]
        groups = groups if len({*groups}) > 1 else groups[:1]
        after = [["--after", *paths] for paths in groups if paths]
        return [*itertools.chain.from_iterable(after)]

    @cached_property
    def calculator(self) -> str:
        """Name of its calculator; minima and paths have the embedded engine."""
        return self.computes.calculator_name

    @property
    def software(self) -> str:
        """Environment of `workflow/envs` with the software of its calculator, if it has one."""
        packaged = PACKAGED.get(self.calculator)
        return packaged.software if packaged else ""

    @property
    def revision(self) -> int:
        """Revision of the code that computes it."""
        return revision_of(self.calculator)


def in_blocks(requests: Iterable[Request], size: int) -> list[Request]:
    """Return requests, with runs that keep no maps in blocks of at most so many runs.

    Replicas of one run are a block by their numbers, and so are the samples of a run. Other runs
    with one start are halved by a hash of their paths until they fit. So a further replica,
    sample or run changes no other block, apart from one that becomes too large.
    """
    made: dict[str, Request] = {}
    of_samples: dict[str, list[Request]] = {}
    alike: dict[tuple[str, ...], list[Request]] = {}
    for number, request in enumerate(requests):
        numbered, path = replace(request, number=number), PurePosixPath(request.path)
        if sample := request.in_block and request.conditions.sample:
            folder = files.of_sample(files.of_device(request.path), _range(sample, size))
            for part in numbered.parts or (numbered,):
                replica = part.conditions.replica
                name = f"{path.stem}_replica-{replica}" if replica else path.stem
                place = str(PurePosixPath(folder).with_stem(name))
                of_samples.setdefault(place, []).append(part)
        elif request.replicas:
            for replicas in _divided(request.replicas, size):
                name = f"{path.stem}_replicas-{_range(replicas.start, size)}"
                place, alike_long = str(path.with_stem(name)), f"{path} {len(replicas)}"
                made[place] = replace(numbered, path=place, sweep=alike_long, replicas=replicas)
        elif request.in_block:
            alike.setdefault((str(path.parent), *request.after), []).append(numbered)
        else:
            made[request.path] = numbered
    halves = {
        f"{folder}/{RUNS}{name}.nc": half
        for (folder, *_), runs in alike.items()
        for name, half in _halved(runs, size)
    }
    blocks = of_samples | halves
    return [*made.values(), *(_block(path, runs) for path, runs in blocks.items())]


def _divided(numbers: range, size: int) -> list[range]:
    """Return a range in parts of at most so many numbers."""
    return [numbers[first : first + size] for first in range(0, len(numbers), size)]


RUNS = "runs"
"""Beginning of the names of blocks whose runs are halved by a hash."""


def _range(number: int, size: int) -> str:
    """Return the first and the last number of the block with a number, as text."""
    first = (number - 1) // size * size + 1
    return f"{first}-{first + size - 1}"


def _halved(rows: list[Request], size: int, name: str = "") -> Iterator[tuple[str, list[Request]]]:
    """Yield runs that fit into a block, with the bits of the hash that they share."""
    if len(rows) <= size:
        yield f"-{name}" if name else "", rows
        return
    halves: dict[str, list[Request]] = {"0": [], "1": []}
    for row in rows:
        bits = int.from_bytes(hashlib.sha256(row.path.encode()).digest(), "big")
        halves[str(bits >> len(name) & 1)].append(row)
    for bit, half in halves.items():
        yield from _halved(half, size, name + bit) if half else ()


def _block(path: str, runs: list[Request]) -> Request:
    """Return the request of a block."""
    first = runs[0]
    after = tuple(dict.fromkeys(itertools.chain.from_iterable(run.after for run in runs)))
    # blocks of the samples of a run take as long as they have rows
    alike = f"{files.of_device(first.path)} {len(runs)}"
    return Request("run", path, first.make, after, alike, runs=tuple(runs), number=first.number)


def runs_of(requests: Iterable[Request]) -> list[Request]:
    """Return requests as asked for, of blocks their runs."""
    parts = (part for request in requests for part in request.parts or (request,))
    return sorted(parts, key=lambda part: part.number)


def where(requests: Iterable[Request], kind: Kind, conditions: Conditions = ANY) -> list[Request]:
    """Return the requests of a kind under all conditions that are stated, of blocks their runs."""
    stated = conditions.stated()
    return [
        part
        for part in runs_of(requests)
        if part.kind == kind and stated.items() <= part.conditions.stated().items()
    ]


def initial(name: str, device: Device) -> Request:
    """Return the initial state of a device."""
    return Request("initial", files.INITIAL.format(device=name), partial(initial_job, device))


def pulses(name: str, device: Device) -> dict[float, Request]:
    """Return the requests of the sweep of a device by their current densities in A/m²."""
    after = (files.INITIAL.format(device=name),)
    # a sweep can have 100,000 pulses: only the current density is filled in for each
    path = files.TRACE.format(device=name, current="{}")
    densities, states = device.pulse.current_densities, minima(name, device)
    first = cache(partial(pulse_job, device, densities[0]))

    def another(density: float) -> Run:
        """Return a pulse of the sweep, without a check of all other parameters."""
        step = first().step.model_copy(update={"current_density": density})
        return first().model_copy(update={"steps": (step,)})

    return {
        j: Request(
            "run",
            path.format(current_name(j)),
            partial(another, j),
            after,
            path,
            states,
            Conditions(current_density=j),
        )
        for j in densities
    }


def level(name: str, device: Device, state: WallState) -> Request:
    """Return the request of a wall that is initialised in a state of a synapse and relaxes."""
    path = files.LEVEL.format(device=name, state=state.file_name)
    make = partial(level_job, device, state.file_name)
    states, conditions = minima(name, device), Conditions(state=state, duration=NO_PULSE)
    return Request("run", path, make, states=states, conditions=conditions)


def minima(name: str, device: Device) -> Request | None:
    """Return the request of the minima of the energy of a device; None without notches."""
    return minima_at(files.MINIMA.format(device=name), device)


def minima_at(path: str, device: Device, *states: WallState) -> Request | None:
    """Return the request of the minima of a variant of a device, of all states or of some."""
    make, notched = partial(minima_job, device, states=states), device.track.inner_notch_positions
    return Request("minima", path, make) if notched else None
