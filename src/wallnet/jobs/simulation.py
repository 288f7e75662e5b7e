"""Simulations: a track, an initial wall and a train of pulses."""

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import Field, ValidationInfo, field_validator

from wallnet.config import quantities
from wallnet.config.calculators import FilmSettings, OwnSettings, Settings
from wallnet.config.declarations import PACKAGED, CalculatorName, Declaration, Simulated, declared
from wallnet.config.devices import QUENCH, Device, Output, Relaxation, SimulatedMaterial
from wallnet.config.disorder import SampledTrack, track_of
from wallnet.config.heavy_metal import HeatMedia
from wallnet.config.pulse import ProgramPulse, repeated
from wallnet.config.quantities import Quantity, Section, silent
from wallnet.config.regions import needed_for
from wallnet.config.track import Track
from wallnet.config.waveform import Segment, Waveform, segments
from wallnet.files import WallState
from wallnet.jobs.base import TrackJob
from wallnet.jobs.bilayer import Bilayer, Crowding, Oersted, bilayer_of, oersted_of
from wallnet.jobs.code import code_of
from wallnet.jobs.film import SMOOTH_EDGES, THERMAL_STEP, FilmLaw, cells_of, law_of, time_step

BLOCK = 8
"""Most replicas that one job simulates; more replicas are further blocks."""

SECONDS_PER_CELL_STEP = 1e-8
"""Processor time of the embedded engine for one cell and one time step, in s, on a slow core: 0.2 s
for a nanosecond of 25,000 cells in steps of 1.16 ps. A fast core needs half of it."""

MEMORY_PER_PULSE = 4
"""Further memory in MB of a train for each of its pulses."""


def blocks(replicas: int) -> list[tuple[int, int]]:
    """Return the first and the last number of each block of replicas, counted from 1."""
    return [(first, min(first + BLOCK - 1, replicas)) for first in range(1, replicas + 1, BLOCK)]


class WallPlacement(Section):
    """Positions in m at which the wall meets the lower and the upper edge."""

    bottom: quantities.Position
    top: quantities.Position


class PulseHeating(FilmLaw, Bilayer):
    """Parameters of the temperature of a track during its pulses, and of its film at it."""

    substrate: HeatMedia
    anisotropy_exponent: float
    """Power of the magnetisation with which the anisotropy changes."""
    earlier: tuple[ProgramPulse, ...] = silent(())
    """Pulses with their pauses, in the order of time, up to the start of the job."""

    def after(self, pulse: ProgramPulse) -> Self:
        """Return the heating of a job that follows one more pulse."""
        earlier, last = self.earlier, self.earlier[-1:]
        if last and last[0].model_copy(update={"repetitions": 1}) == pulse:
            pulse = pulse.model_copy(update={"repetitions": last[0].repetitions + 1})
            earlier = earlier[:-1]
        return self.model_copy(update={"earlier": (*earlier, pulse)})


class FreeWalls(Section):
    """What replicas do if their wall is free at the end of their last pause.

    Of those in one block and between one pair of notches, a share is simulated further.
    """

    share: quantities.Fraction
    """Share of the free walls that are simulated further; at least one is."""
    longest: quantities.Duration
    """Longest further time in s."""


class PulseTrain(Section):
    """A train of pulses, and what is recorded of it."""

    pulses: tuple[ProgramPulse, ...]
    expected: tuple[str, ...] = silent(())
    """Name of the state in which the wall has to rest before the first pulse and after each pulse;
    empty where any will do. The train ends after the first pulse with another outcome."""
    maps: bool = silent(True)
    """Whether the magnetisation is recorded, and not only the wall."""
    free: FreeWalls | None = None
    """What replicas with a free wall do at the end."""

    @property
    def by_state(self) -> bool:
        """Whether it ends or goes on by the state of its wall, so that it needs the minima."""
        return bool(self.expected or self.free)


class Simulation(TrackJob):
    """Simulation of one wall on one track: a pulse or none, then relaxation; or a train of pulses.

    Without `train`, it is one step, which calculators simulate. Without `current_density` there is
    no pulse. The wall is initialised and relaxes, as for an initial state or a conductance level.
    With `replicas`, the whole train is repeated, from one initial state.

    A job with the defaults of `temperature`, `seed`, `heating`, `pulse_number`, `replicas`,
    `equilibration`, `waveform`, `train` and `crowding` has none of them in its JSON, so that it
    stays the same job.
    """

    material: SimulatedMaterial
    placement: WallPlacement
    current_density: quantities.CurrentDensity | None = None
    pulse_duration: quantities.DurationOrNone = 0.0
    relaxation: Relaxation
    output: Output
    calculator_name: CalculatorName
    calculator: Settings
    # identity of the code of a user-defined calculator; the package's calculators have revisions
    calculator_code: str | None = None
    temperature: Annotated[float, Quantity("K", 0.0, 1e4)] = silent(0.0)
    """Temperature in K of the thermal field; before the pulses if they heat the film."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = silent(0)
    """Seed of the thermal field."""
    heating: PulseHeating | None = None
    """How pulses heat the film; None if they do not."""
    pulse_number: Annotated[int, Field(ge=0)] = silent(0)
    """Number of the pulse in a train at a temperature, from 1; otherwise 0."""
    replicas: tuple[int, int] | None = None
    """First and last number of the repetitions with thermal fields of their own."""
    equilibration: quantities.DurationOrNone = silent(0.0)
    """Time in s for which each replica equilibrates at the temperature before its first pulse."""
    waveform: Waveform = ()
    """Shares of `current_density` over the pulse; none for a square pulse."""
    train: PulseTrain | None = None
    """Pulses in the place of a single one."""
    oersted: Oersted | None = None
    """Field that goes with the current; None if none does."""
    crowding: Crowding | None = None
    """What makes the current of its pulses crowd at notches; None if it is uniform."""

    @field_validator("calculator", mode="before")
    @classmethod
    def _settings_of_the_named_calculator(cls, settings: Any, info: ValidationInfo) -> Any:
        """Validate plain settings with the model of the named calculator."""
        packaged = PACKAGED.get(str(info.data.get("calculator_name")))
        model = packaged.Settings if packaged else OwnSettings
        return model.model_validate(settings) if isinstance(settings, dict) else settings

    def _faults(self) -> Iterator[str]:
        for name in ("heating", "replicas"):
            if getattr(self, name) and not self.temperature:
                yield f"{name} is given without temperature; give it, or leave {name} out"

    def segments(self) -> list[Segment]:
        """Return the parts of the pulse in which the current is linear; none without a pulse."""
        return segments(self.waveform, self.pulse_end) if self.pulse_end else []

    @property
    def pulse_end(self) -> float:
        """End of the pulse in s; 0 if there is none."""
        return self.pulse_duration if self.current_density is not None else 0.0

    @property
    def noise_key(self) -> int:
        """Key of the generator of the thermal field.

        It differs between seeds, between samples, between pulses, between the pulses of a train,
        between the initial positions of a wall and between replicas. It does not depend on the
        block of a replica.
        """
        place = [self.placement.bottom, self.placement.top]
        pulse = [self.pulse_number, self.current_density, self.pulse_duration]
        replica = self.replicas[:1] if self.replicas else ()
        sample = [f"sample {self.track.sample}"] if isinstance(self.track, SampledTrack) else []
        drawn = hashlib.sha256(json.dumps([self.seed, *pulse, *place, *replica, *sample]).encode())
        return int.from_bytes(drawn.digest()[:4], "big")

    @property
    def equilibrates(self) -> bool:
        """Whether it is a replica before its first pulse; nothing reads the state of its wall."""
        return self.equilibration > 0 and self.train is None and self.current_density is None

    @property
    def numbers(self) -> range:
        """Numbers of the replicas; one without `replicas`."""
        first, last = self.replicas or (1, 1)
        return range(first, last + 1)

    @property
    def pulses(self) -> int:
        """Number of pulses."""
        if self.train is None:
            return int(self.current_density is not None)
        return sum(pulse.repetitions for pulse in self.train.pulses)

    @property
    def longest(self) -> float:
        """Simulated time in s after which the simulation ends at the latest.

        It is the sum over all replicas. Of free walls, the share that is simulated further counts.
        """
        if self.train is None:
            return self.pulse_end + self.relaxation.longest
        duration = sum(p.repetitions * (p.duration + p.pause) for p in self.train.pulses)
        free = self.train.free
        onward = free.share * free.longest if free else 0.0
        return len(self.numbers) * (self.equilibration + duration + onward)

    @property
    def strongest(self) -> float:
        """Current density of the largest magnitude in A/m²."""
        if self.train is None:
            return self.current_density or 0.0
        return max((pulse.current_density for pulse in self.train.pulses), key=abs)

    def steps(self) -> Iterator[Self]:
        """Yield the job of each pulse with its pause, in the order of time."""
        if self.train is None:
            yield self
            return
        heating = self.heating
        for number, pulse in enumerate(repeated(self.train.pulses), start=1):
            yield self.model_copy(
                update={
                    "train": None,
                    "current_density": pulse.current_density,
                    "pulse_duration": pulse.duration,
                    "waveform": pulse.waveform,
                    "pulse_number": number if self.temperature else 0,
                    "heating": heating,
                    # with `hold` equal to `longest`, the pause lasts exactly the stated time
                    "relaxation": Relaxation(
                        longest=pulse.pause, speed=self.relaxation.speed, hold=pulse.pause or 1e-12
                    ),
                }
            )
            if heating:
                heating = heating.after(pulse.model_copy(update={"repetitions": 1}))

    def equilibrating(self) -> Self:
        """Return the job of a replica before its first pulse."""
        relaxation = Relaxation(longest=self.equilibration, hold=self.equilibration)
        return self.model_copy(update={"train": None, "heating": None, "relaxation": relaxation})

    def onward(self) -> Iterator[Self]:
        """Yield the jobs of a replica whose wall is free at the end, in the order of time.

        None is longer than a quench, which shows after each whether a notch pins the wall.
        """
        assert self.train
        assert self.train.free
        longest = self.train.free.longest
        parts = math.ceil(longest / QUENCH.longest - 1e-9)
        more = ProgramPulse(current_density=0.0, duration=longest / parts, repetitions=parts)
        pulse_train = self.train.model_copy(update={"pulses": (*self.train.pulses, more)})
        steps = self.model_copy(update={"train": pulse_train}).steps()
        return itertools.islice(steps, self.pulses, None)

    @property
    def threads(self) -> int:
        """Number of threads."""
        return int(getattr(self.calculator, "threads", declared(self.calculator_name).threads))

    @property
    def kind(self) -> Simulated:
        """What is simulated."""
        return "ensemble" if self.replicas else "pulse_train" if self.train else "trace"

    @property
    def memory(self) -> int:
        """Memory in MB that its job asks for."""
        amounts = {**Declaration.memory, **declared(self.calculator_name).memory}
        pulses = self.pulses if self.kind == "pulse_train" else 0
        return amounts[self.kind] + MEMORY_PER_PULSE * pulses

    @property
    def runtime(self) -> int:
        """Wall time in min that its job asks for."""
        return {**Declaration.runtime, **declared(self.calculator_name).runtime}[self.kind]

    @property
    def processor_time(self) -> float | None:
        """Estimate in s; None with a calculator of unknown speed."""
        relative_time = declared(self.calculator_name).relative_time
        return relative_time and relative_time * SECONDS_PER_CELL_STEP * self.cell_steps()

    def cell_steps(self) -> float:
        """Return the number of cells times time steps of the embedded engine.

        A step at a temperature counts as `film.THERMAL_STEP` steps, and each pulse is followed by a
        quench. A track with partly filled cells counts as `film.SMOOTH_EDGES`.
        """
        # the torque changes the step little
        strongest = math.ceil(abs(self.strongest) / 1e11) * 1e11
        columns, rows = self.track.cells
        fraction = getattr(self.calculator, "time_step_fraction", FilmSettings().time_step_fraction)
        arguments = (self.material, self.track.cell, strongest, fraction)
        steps = self.longest / time_step(*arguments, self.temperature)
        if self.temperature:
            quenches = max(self.pulses, 1.0)
            if self.train and (free := self.train.free):
                quenches += free.share * free.longest / QUENCH.longest
            quench = QUENCH.longest / time_step(*arguments, 0.0)
            steps = THERMAL_STEP * steps + len(self.numbers) * quenches * quench
        edges = SMOOTH_EDGES if self.track.partly_filled else 1.0
        return edges * columns * rows * steps


def needs_of(job: Mapping[str, Any]) -> set[str]:
    """Return what the calculator of a simulation, given as plain data, has to simulate.

    These are keys of `wallnet.config.declarations.NEEDS`.
    """
    pulses, track = [job, *job.get("train", {}).get("pulses", ())], track_of(job["track"])
    needs = {
        "temperature": "temperature" in job,
        "heating": "heating" in job,
        "waveforms": any("waveform" in pulse for pulse in pulses),
        "frozen_spins": track.fixed_ends is not None,
        "partial_cells": track.partly_filled,
        "fields": "oersted" in job or any("bias_field" in key for key in job.get("material", ())),
        "varying_current": "crowding" in job,
    }
    names = {*job.get("variation", {}).get("reference", ())}
    if isinstance(track, SampledTrack):
        names |= track.disorder.needed
    varying = needed_for(names, job.get("temperature", 0.0))
    return {what for what, needed in needs.items() if needed} | varying


def _job(device: Device, bottom: float, top: float, **changes: Any) -> Simulation:
    name = device.calculator
    fields: dict[str, Any] = {
        "track": device.sampled_track,
        "material": cells_of(device),
        "variation": device.variation,
        "placement": WallPlacement(bottom=bottom, top=top),
        "relaxation": device.relaxation,
        "output": device.output,
        "calculator_name": name,
        "calculator": device.settings,
        "calculator_code": None if name in PACKAGED else code_of(name),
    }
    if device.temperature and device.field_temperature:
        fields |= {"temperature": device.field_temperature, "seed": device.temperature.seed}
    return Simulation(**(fields | changes))


def of_replicas(job: Simulation, device: Device, replicas: tuple[int, int]) -> Simulation:
    """Return the job of a block of replicas of a train at the temperature of its device."""
    assert device.temperature
    equilibration = device.temperature.equilibration
    return job.model_copy(update={"replicas": replicas, "equilibration": equilibration})


def drive_of(device: Device) -> dict[str, Any]:
    """Return what the current of a device does beside its torque, by the keys of a job."""
    return {
        "heating": _heating(device),
        "oersted": oersted_of(device),
        "crowding": bilayer_of(device).crowding,
    }


def _heating(device: Device) -> PulseHeating | None:
    """Return how the pulses of a device heat its film; None if they do not."""
    temperature = device.temperature
    if temperature is None or temperature.heating == "none":
        return None
    # keys that change no temperature are not part of a job
    bilayer = bilayer_of(device)
    metal = bilayer.heavy_metal.model_copy(update={"preset": None})
    return PulseHeating(
        **dict(bilayer) | {"heavy_metal": metal},
        substrate=device.heating.model_copy(update={"largest_rise": HeatMedia().largest_rise}),
        **dict(law_of(device)),
    )


def initial_job(device: Device) -> Simulation:
    """Return the job that computes the initial state of a device."""
    start, duration = device.wall.start, device.wall.relaxation
    # with `hold` equal to `longest`, the relaxation lasts exactly the stated time
    relaxation = Relaxation(longest=duration, hold=duration or 1e-12)
    return _job(device, start, start, relaxation=relaxation)


def pulse_job(device: Device, current_density: float) -> Simulation:
    """Return the job of one current pulse on a device."""
    start = device.wall.start
    return _job(
        device,
        start,
        start,
        current_density=current_density,
        pulse_duration=device.pulse.duration,
        waveform=device.pulse.waveform,
        **drive_of(device),
    )


def pulse_train_job(device: Device, pulse_train: PulseTrain) -> Simulation:
    """Return the job of a train of pulses on a device, from its initial state on."""
    # only the pauses determine how long a wall relaxes
    relaxation = device.relaxation.model_copy(update={"longest": 0.0})
    changes = {"relaxation": relaxation, "train": pulse_train, **drive_of(device)}
    return initial_job(device).model_copy(update=changes)


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


def level_job(device: Device, name: str) -> Simulation:
    """Return the job that measures a level by relaxing a wall that is initialised there.

    Parameters
    ----------
    device : Device
        A device with notches.
    name : str
        Name of the level's file, such as "2", "2-3" or "3-2".
    """
    notches = device.track.inner_notch_positions
    lower, upper = WallState.from_file_name(name).ends or (1, 1)
    return _job(device, notches[lower - 1], notches[upper - 1])
