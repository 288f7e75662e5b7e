"""Requests: computations of a campaign, each with its path, and those that studies share.

Nothing here imports NumPy before an estimate is computed, since every job of the workflow makes
requests.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property, partial
from typing import Annotated, Literal

from pydantic import GetPydanticSchema
from pydantic_core.core_schema import no_info_after_validator_function

from wallnet import files
from wallnet.config import Device, current_name
from wallnet.config.declarations import PACKAGED
from wallnet.files import WallState
from wallnet.files.origin import digest_of
from wallnet.jobs.code import revision_of
from wallnet.jobs.energy_path import EnergyPath, Minima, minima_job
from wallnet.jobs.run import Run, initial_job, level_job, pulse_job

Kind = Literal["initial", "run", "minima", "barrier"]

COMMANDS: dict[Kind, str] = {
    "initial": "simulate",
    "run": "simulate",
    "minima": "minima",
    "barrier": "barrier",
}
"""Kinds of requests, each with a rule of its name, and the commands that compute them. The initial
state of a device is a run, too; it takes seconds unless its wall relaxes."""

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
        Number of the first replica of a block, counted from 1.
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


@dataclass(frozen=True)
class Request:
    """One computation of a campaign.

    Attributes
    ----------
    kind : str
        Key of `COMMANDS`.
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
    """

    kind: Kind
    path: str
    make: Callable[[], Run | Minima | EnergyPath]
    after: tuple[str, ...] = ()
    sweep: str = ""
    states: "Request | None" = None
    conditions: Conditions = ANY

    def of_sample(self, number: int) -> "Request":
        """Return the request of a numbered sample, with its paths."""
        return replace(
            self,
            path=files.of_sample(self.path, number),
            after=tuple(files.of_sample(path, number) for path in self.after),
            states=self.states and self.states.of_sample(number),
            conditions=replace(self.conditions, sample=number),
        )

    @property
    def computes(self) -> Run | Minima | EnergyPath:
        """What is computed, made anew: kept, 10,000 of them would take 25 MB."""
        return self.make()

    @cached_property
    def digest(self) -> str:
        """Digest of its JSON; a result belongs to it if it has the same."""
        return digest_of(self.computes.to_json())

    @property
    def command(self) -> list[str]:
        """Words of the command that computes it."""
        return [COMMANDS[self.kind], *(["--after", *self.after] if self.after else [])]

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


def where(requests: Iterable[Request], kind: Kind, conditions: Conditions = ANY) -> list[Request]:
    """Return the requests of a kind under all conditions that are stated."""
    stated = conditions.stated()
    return [
        request
        for request in requests
        if request.kind == kind and stated.items() <= request.conditions.stated().items()
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
