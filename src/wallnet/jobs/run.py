"""Runs: a film, the start of a wall, steps of current and time, and rules by which they end."""

import hashlib
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator

from wallnet.config import ConfigError, quantities
from wallnet.config.calculators import FilmSettings, OwnSettings, Settings
from wallnet.config.declarations import PACKAGED, CalculatorName, declared
from wallnet.config.devices import Device, Output, Rest, SimulatedMaterial, Temperature
from wallnet.config.disorder import SampledTrack, track_of
from wallnet.config.pulse import ProgramPulse
from wallnet.config.quantities import Section, silent
from wallnet.config.regions import needed_for
from wallnet.config.track import Track
from wallnet.config.waveform import Segment, Waveform, segments
from wallnet.files import FileError, WallState
from wallnet.files.plain import canonical
from wallnet.jobs.base import TrackJob
from wallnet.jobs.bilayer import Crowding, Heat, Oersted, crowding_of, heat_of, oersted_of
from wallnet.jobs.code import code_of
from wallnet.jobs.film import SMOOTH_EDGES, THERMAL_STEP, Law, cells_of, time_step

QUENCH = 5e-9
"""Time in s without temperature and current, after which the state of a wall shows."""

SECONDS_PER_CELL_STEP = 1e-8
"""Processor time of the embedded engine for one cell and one time step, in s, on a slow core: 0.2 s
for a nanosecond of 25,000 cells in steps of 1.16 ps. A fast core needs half of it."""

MEMORY_PER_STEP = 4
"""Further memory in MB of a run for each of its steps."""

MOST_TIMED = 16
"""Steps for whose time a job asks at most."""


def memory_of(calculator_name: str, steps: int) -> int:
    """Return the memory in MB that a job of so many steps asks for."""
    return declared(calculator_name).memory + MEMORY_PER_STEP * steps


def runtime_of(calculator_name: str, steps: int) -> int:
    """Return the wall time in min that a job of so many steps asks for."""
    return declared(calculator_name).runtime * min(steps, MOST_TIMED)


class WallPlacement(Section):
    """Positions in m at which the wall meets the lower and the upper edge."""

    bottom: quantities.Position
    top: quantities.Position


class Step(Section):
    """A pulse, the pause after it, and a quench; each may be left out.

    The wall is read at the end of the pause; at a temperature, at the end of the quench, and not
    without one. The next step goes on from the end of the pause.
    """

    current_density: quantities.CurrentDensity = silent(0.0)
    duration: quantities.DurationOrNone = silent(0.0)
    """Duration of the pulse in s; 0 without one."""
    waveform: Waveform = ()
    """Shares of `current_density` over the pulse; none for a square pulse."""
    pause: quantities.DurationOrNone = silent(0.0)
    """Time in s without current after the pulse, or its longest, if the run ends at rest."""
    quench: quantities.DurationOrNone = silent(0.0)
    """Time in s in which a copy of the wall relaxes without temperature and current."""
    repetitions: Annotated[int, Field(ge=1)] = silent(1)
    """Number of such steps, one after the other."""


def repeated(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield each step as many times as it is repeated."""
    for step in steps:
        once = step.model_copy(update={"repetitions": 1})
        yield from itertools.repeat(once, step.repetitions)


def _with_one_more(steps: tuple[Step, ...], step: Step) -> tuple[Step, ...]:
    """Return steps with one more, in which equal ones in a row are one with repetitions."""
    if steps and steps[-1].model_copy(update={"repetitions": 1}) == step:
        more = steps[-1].repetitions + 1
        return *steps[:-1], step.model_copy(update={"repetitions": more})
    return *steps, step


class Run(TrackJob):
    """One wall on one film, from its start through all steps, until a rule ends it.

    A calculator simulates one step; see `parts`. A run without steps is only a placed wall.
    """

    material: SimulatedMaterial
    placement: WallPlacement
    steps: tuple[Step, ...] = silent(())
    earlier: tuple[Step, ...] = silent(())
    """Steps before these, which heat and thermal field depend on."""
    rest: Rest | None = None
    """When the wall rests; None if it does not matter."""
    ends_at_rest: bool = silent(False)
    """Whether the pause ends when the wall rests; at a temperature, it never does."""
    expected: tuple[str, ...] = silent(())
    """Name of the state in which the wall has to rest before the first step and after each step;
    empty where any will do. The run ends after the first step with another outcome."""
    free_time: quantities.DurationOrNone = silent(0.0)
    """Longest time in s for which a wall that is free at the end goes on, until a notch pins it."""
    replica: Annotated[int, Field(ge=1)] | None = None
    """Number of the replica, which has a thermal field of its own; None for a single run."""
    output: Output
    recorded: Literal["maps", "trace", "ends"] = silent("maps")
    """What is kept: maps of the magnetisation and the trace, the trace, or the wall after each
    step."""
    calculator_name: CalculatorName
    calculator: Settings
    # identity of the code of a user-defined calculator; the package's calculators have revisions
    calculator_code: str | None = None
    temperature: Temperature | None = None
    """Temperature of the thermal field; None at 0 K. `material` is that of the cells at it."""
    heat: Heat | None = None
    """Heat of the pulses; None if they do not heat the film."""
    oersted: Oersted | None = None
    """Field that goes with the current; None if none does."""
    crowding: Crowding | None = None
    """What makes the current crowd at notches; None if it is uniform."""

    @field_validator("calculator", mode="before")
    @classmethod
    def _settings_of_the_named_calculator(cls, settings: Any, info: ValidationInfo) -> Any:
        """Validate plain settings with the model of the named calculator."""
        packaged = PACKAGED.get(str(info.data.get("calculator_name")))
        model = packaged.Settings if packaged else OwnSettings
        return model.model_validate(settings) if isinstance(settings, dict) else settings

    def _faults(self) -> Iterator[str]:
        for name in ("heat", "replica"):
            if getattr(self, name) and not self.temperature:
                yield f"{name} is given without temperature; give it, or leave {name} out"
        if self.ends_at_rest and not self.rest:
            yield "ends_at_rest is given without rest; give it, or leave ends_at_rest out"

    @classmethod
    def of_dataset(cls, attributes: Mapping[str, Any]) -> Self:
        """Return the run that made a result, as its attributes state it.

        Raises
        ------
        wallnet.files.FileError
            If they state none, as those of a result of an earlier version.
        """
        try:
            return cls.from_json(str(attributes.get("parameters")))
        except ConfigError:
            raise FileError(
                "a result states no run of this version that made it; delete it and run snakemake"
            ) from None

    @property
    def step(self) -> Step:
        """The first step."""
        return self.steps[0] if self.steps else Step()

    @property
    def current_density(self) -> float:
        """Current density of the first pulse in A/m²."""
        return self.step.current_density

    @property
    def pulse_end(self) -> float:
        """End of the first pulse in s; 0 if there is none."""
        return self.step.duration

    @property
    def end(self) -> float:
        """Latest end of the first step in s."""
        return self.step.duration + self.step.pause

    @property
    def field(self) -> float:
        """Temperature in K of the thermal field before the first pulse; 0 without one."""
        return self.temperature.ambient if self.temperature else 0.0

    @property
    def law(self) -> Law:
        """How a film that pulses heat changes with its temperature."""
        assert self.temperature
        assert self.heat
        return self.heat.law(self.temperature)

    def segments(self) -> list[Segment]:
        """Return the parts of the first pulse in which the current is linear."""
        return segments(self.step.waveform, self.pulse_end) if self.pulse_end else []

    @property
    def by_state(self) -> bool:
        """Whether it ends or goes on by the state of its wall, so that it needs the minima."""
        return bool(self.expected or self.free_time)

    @property
    def noise_key(self) -> int:
        """Key of 64 bits of the generator of the thermal field.

        It is a hash of what the wall went through: seed, sample and replica, the film and its
        temperature, the start, and all steps so far.
        """
        keys = {"track", "material", "variation", "temperature", "placement", "earlier", "steps"}
        drawn = self.model_dump(mode="json", include=keys) | {"replica": self.replica or 1}
        return int.from_bytes(hashlib.sha256(canonical(drawn).encode()).digest()[:8], "big")

    @property
    def number_of_steps(self) -> int:
        """Number of steps, with repetitions."""
        return sum(step.repetitions for step in self.steps)

    @property
    def duration(self) -> float:
        """Time in s of all steps."""
        return sum(step.repetitions * (step.duration + step.pause) for step in self.steps)

    @property
    def longest(self) -> float:
        """Simulated time in s after which the run ends at the latest, without quenches."""
        return self.duration + self.free_time

    @property
    def strongest(self) -> float:
        """Current density of the largest magnitude in A/m²."""
        return max((step.current_density for step in self.steps), key=abs, default=0.0)

    def parts(self) -> Iterator[Self]:
        """Yield the run of each step, in the order of time."""
        earlier = self.earlier
        for step in repeated(self.steps):
            yield self.model_copy(update={"steps": (step,), "earlier": earlier})
            if self.temperature:
                earlier = _with_one_more(earlier, step)

    @property
    def read_steps(self) -> list[Step]:
        """Steps at whose end the wall is read, each once for each repetition."""
        hot = self.temperature is not None
        return [step for step in repeated(self.steps) if step.quench or not hot]

    def quenched(self) -> Self:
        """Return the run of a copy of the wall that is quenched after the first step."""
        longest = self.step.quench
        output = self.output.without_maps_between(longest)
        cold = {"temperature": None, "heat": None, "ends_at_rest": True, "rest": Rest()}
        steps = (Step(pause=longest),)
        return self.model_copy(update=cold | {"steps": steps, "earlier": (), "output": output})

    def onward(self) -> Iterator[Self]:
        """Yield the parts of a run whose wall is free at the end, in the order of time.

        None is longer than its quench, which shows after each whether a notch pins the wall.
        """
        number = math.ceil(self.free_time / QUENCH - 1e-9)
        more = Step(pause=self.free_time / number, quench=QUENCH, repetitions=number)
        longer = self.model_copy(update={"steps": (*self.steps, more)})
        return itertools.islice(longer.parts(), self.number_of_steps, None)

    @property
    def threads(self) -> int:
        """Number of threads."""
        return int(getattr(self.calculator, "threads", declared(self.calculator_name).threads))

    @property
    def memory(self) -> int:
        """Memory in MB that its job asks for."""
        return memory_of(self.calculator_name, self.number_of_steps)

    @property
    def runtime(self) -> int:
        """Wall time in min that its job asks for."""
        return runtime_of(self.calculator_name, max(self.number_of_steps, 1))

    @property
    def processor_time(self) -> float | None:
        """Estimate in s; None with a calculator of unknown speed."""
        relative_time = declared(self.calculator_name).relative_time
        return relative_time and relative_time * SECONDS_PER_CELL_STEP * self.cell_steps()

    def cell_steps(self) -> float:
        """Return the number of cells times time steps of the embedded engine.

        A step at a temperature counts as `film.THERMAL_STEP` steps. A track with partly filled
        cells counts as `film.SMOOTH_EDGES`.
        """
        # the torque changes the step little
        strongest = math.ceil(abs(self.strongest) / 1e11) * 1e11
        columns, rows = self.track.cells
        fraction = getattr(self.calculator, "time_step_fraction", FilmSettings().time_step_fraction)
        arguments = (self.material, self.track.cell, strongest, fraction)
        steps = self.longest / time_step(*arguments, self.field)
        if self.temperature:
            quenches = sum(step.repetitions * step.quench for step in self.steps) + self.free_time
            steps = THERMAL_STEP * steps + quenches / time_step(*arguments, 0.0)
        edges = SMOOTH_EDGES if self.track.partly_filled else 1.0
        return edges * columns * rows * steps


def needs_of(run: Mapping[str, Any]) -> set[str]:
    """Return what the calculator of a run, given as plain data, has to simulate.

    These are keys of `wallnet.config.declarations.NEEDS`.
    """
    track = track_of(run["track"])
    needs = {
        "temperature": "temperature" in run,
        "heating": "heat" in run,
        "waveforms": any("waveform" in step for step in run.get("steps", ())),
        "frozen_spins": track.fixed_ends is not None,
        "partial_cells": track.partly_filled,
        "fields": "oersted" in run or any("bias_field" in key for key in run.get("material", ())),
        "varying_current": "crowding" in run,
    }
    names = {*run.get("variation", {}).get("reference", ())}
    if isinstance(track, SampledTrack):
        names |= track.disorder.needed
    varying = needed_for(names, "temperature" in run)
    return {what for what, needed in needs.items() if needed} | varying


def run_of(
    device: Device, steps: Iterable[Step], placement: WallPlacement | None = None, **rules: Any
) -> Run:
    """Return a run of a device, from its start or another; `rules` are further fields.

    At a temperature, a quench follows each step.
    """
    name, steps = device.calculator, tuple(steps)
    pulses = any(step.duration for step in steps)
    temperature = device.temperature.of_run(pulses)
    if temperature:
        steps = tuple(step.model_copy(update={"quench": QUENCH}) for step in steps)
    start = device.wall.start
    fields: dict[str, Any] = {
        "track": device.sampled_track,
        "material": cells_of(device),
        "variation": device.variation,
        "placement": placement or WallPlacement(bottom=start, top=start),
        "steps": steps,
        "rest": Rest(speed=device.relaxation.speed, hold=device.relaxation.hold),
        "output": device.output,
        "calculator_name": name,
        "calculator": device.settings,
        "calculator_code": None if name in PACKAGED else code_of(name),
        "temperature": temperature,
    }
    if pulses:
        fields |= {
            "heat": heat_of(device) if device.temperature.heating == "pulse" else None,
            "oersted": oersted_of(device),
            "crowding": crowding_of(device),
        }
    return Run(**(fields | rules))


def initial_job(device: Device) -> Run:
    """Return the run to the initial state of a device."""
    duration = device.wall.relaxation
    return run_of(device, (Step(pause=duration),) if duration else (), rest=None)


def pulse_job(device: Device, current_density: float) -> Run:
    """Return the run of one pulse on a device, in A/m², until the wall rests."""
    step = Step(
        current_density=current_density,
        duration=device.pulse.duration,
        waveform=device.pulse.waveform,
        pause=device.relaxation.longest,
    )
    return run_of(device, (step,), ends_at_rest=True)


def pulse_train_job(device: Device, pulses: Iterable[ProgramPulse], **rules: Any) -> Run:
    """Return the run of a train of pulses on a device; `rules` are further fields of it.

    Replicas equilibrate before their first pulse.
    """
    run = run_of(device, (Step(**dict(pulse)) for pulse in pulses), **rules)
    before = device.temperature.equilibration
    if not run.replica or not before:
        return run
    return run.model_copy(update={"steps": (Step(pause=before), *run.steps)})


def level_states(track: Track) -> dict[WallState, tuple[float, float]]:
    """Return the initial position of a wall for each state in which it can rest on a track.

    Returns
    -------
    dict
        Positions in m at which the wall meets the lower and the upper edge, by state, from left to
        right. In a half state, the upper end is ahead, as under the driving current.
    """
    notches = track.inner_notch_positions
    places = {}
    for index, position in enumerate(notches, start=1):
        places[WallState.at(index, index)] = (position, position)
        if index < len(notches):
            places[WallState.at(index, index + 1)] = (position, notches[index])
    return places


def placed_at(device: Device, state: WallState) -> WallPlacement:
    """Return where a wall is placed in a state of a device with notches."""
    notches = device.track.inner_notch_positions
    lower, upper = state.ends or (1, 1)
    return WallPlacement(bottom=notches[lower - 1], top=notches[upper - 1])


def level_job(device: Device, name: str) -> Run:
    """Return the run that measures a level by relaxing a wall that is initialised there.

    Parameters
    ----------
    device : Device
        A device with notches.
    name : str
        Name of the level's file, such as "2", "2-3" or "3-2".
    """
    placement = placed_at(device, WallState.from_file_name(name))
    step = Step(pause=device.relaxation.longest)
    return run_of(device, (step,), placement, ends_at_rest=True)
