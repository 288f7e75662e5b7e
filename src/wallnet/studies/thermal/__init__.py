"""Thermal: replicas of pulses on states at a temperature, and the same pulses at 0 K."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from wallnet.config import Campaign, Device, ProgramPulse, current_name
from wallnet.config.devices import COLD, Detector
from wallnet.config.pulse import Sweep
from wallnet.config.quantities import CurrentDensity, Duration, DurationOrNone, Fraction, silent
from wallnet.files import WallState
from wallnet.files.schema.states import INITIAL
from wallnet.jobs import Job, Request, Run, initial_job, pulse_train_job
from wallnet.jobs.film import film_of
from wallnet.jobs.report import WriteEnergyJob, write_energy_job
from wallnet.jobs.request import NO_PULSE, Conditions, minima_at, where
from wallnet.jobs.run import level_job, placed_at
from wallnet.questions.question import Expected, Requests, Rounds
from wallnet.studies import base
from wallnet.studies.barriers import Ask as OfBarriers

_HEATED = {"ambient": 300.0, "heating": "pulse"}

BARRIERS = OfBarriers()

MODELS: dict[str, dict[str, Any]] = {
    "isothermal": {"temperature": {"ambient": 300.0}},
    "heated-2": {"temperature": {**_HEATED, "anisotropy_exponent": 2.0}},
    "heated-3": {"temperature": {**_HEATED, "anisotropy_exponent": 3.0}},
}


class Thermal(base.Sampled, base.Varied, Sweep):
    """Pulses at a temperature on states, each repeated, beside the same pulses at 0 K."""

    starts: Annotated[tuple[str, ...], Field(min_length=1)] = (INITIAL,)
    """States from which pulses start: "initial", where the wall is placed, or "notch 2"."""

    variants: dict[base.VariantName, dict[str, Any]] = Field(default=MODELS, min_length=1)
    """Models of the temperature: keys of the device that differ, by name. By default the track is
    at 300 K, or its pulses heat it, with an anisotropy exponent of 2 or 3."""
    duration: Duration | None = None
    """Duration of square pulses; the pulse of the device if not given."""
    pause: DurationOrNone = 10e-9
    """Time without current after each pulse, at whose end a quench shows the state. Straight after
    the pulse, a quench pulls half-depinned walls back, which 10 ns avoid. Source: our choice."""
    replicas: Annotated[int, Field(ge=1, le=100_000)] = 8
    """Repetitions of each pulse, at least. Source: our choice."""
    interval: Annotated[Fraction, Field(gt=0)] | None = None
    """Largest width of the intervals of probabilities. Where one is wider, replicas are doubled,
    in rounds. Runs of all samples count, as if samples were alike."""
    most_replicas: Annotated[int, Field(ge=1, le=100_000)] = 512
    """Repetitions above which no `interval` asks for more. Source: our choice."""
    free_time: Duration = 20e-9
    """Time after the pause up to which free walls are simulated, unless a notch pins them before.
    Source: our choice."""
    reading_time: Duration = 1e-6
    """Time after the pause at which states are read. Until then, pinned walls are taken to stay.
    Walls still free after `free_time` are unresolved if it is later; no wall is simulated after it.
    Source: our choice."""

    attempts: Annotated[int, Field(ge=1, le=1000)] = 10
    """Largest number of pulses of a write that reads the state after each. Source: our choice."""
    read_noise: Fraction = 0.01
    """Relative standard deviation of one reading. Source: assumed."""
    write_current: Annotated[CurrentDensity, Field(gt=0)] | None = None
    """Current density of a write, to half of which rates of loss by weak pulses are extrapolated;
    no table has them if not given."""
    read_share: Annotated[Fraction, Field(gt=0)] = 0.01
    """Current density of a reading as a share of `write_current`. Source: our choice."""

    def _faults(self) -> Iterator[str]:
        yield from super()._faults()
        if self.interval is not None and self.most_replicas <= self.replicas:
            yield (
                f"most_replicas {self.most_replicas} is not above replicas {self.replicas}, so "
                "that interval asks for nothing; raise it"
            )

    @property
    def onward(self) -> float:
        """Longest time in s for which a free wall goes on after the pause."""
        return min(self.free_time, self.reading_time)

    def pulse(self, device: Device, current_density: float) -> ProgramPulse:
        """Return a pulse with its pause on a device."""
        square = {"duration": self.duration, "waveform": ()} if self.duration else {}
        return base.pulse_of(device, current_density, self.pause, **square)

    def states(self) -> list[WallState]:
        """Return the states from which pulses start."""
        return [WallState(name) for name in dict.fromkeys(self.starts)]

    def replicas_of_rounds(self) -> list[range]:
        """Return the numbers of the replicas of the start and of each round."""
        numbers = [range(1, self.replicas + 1)]
        while self.interval is not None and (last := numbers[-1][-1]) < self.most_replicas:
            numbers.append(range(last + 1, min(2 * last, self.most_replicas) + 1))
        return numbers


def _pulse_train(
    settings: Thermal, device: Device, state: WallState, density: float, replica: int | None = None
) -> Run:
    """Return one pulse with its pause on a state, at 0 K without a replica."""
    pulse = settings.pulse(device, density)
    output = device.output.without_maps_between(pulse.duration + pulse.pause)
    onward = settings.onward if replica else 0.0
    rules: dict[str, Any] = {"recorded": "ends", "output": output, "free_time": onward}
    if state != INITIAL:
        rules["placement"] = placed_at(device, state)
    return pulse_train_job(device, (pulse,), replica=replica, **rules)


class ReadoutJob(Job):
    """How states are read, by name of the variant, and what the energy of pulses depends on."""

    detectors: dict[str, Detector]
    write_energy: WriteEnergyJob
    attempt_frequencies: dict[str, tuple[float, float]] = silent({})
    """Least and greatest attempt frequency in 1/s of variants whose barriers are asked for."""


class Ask(base.OnDevice[Thermal]):
    """Replicas of pulses, and the same pulses at 0 K."""

    settings = Thermal
    title = "states at a temperature, {subject}"
    sections = (BARRIERS.name,)
    figure = "map"

    def conflicts(self, key: str, block: str, settings: Thermal, device: Device) -> list[str]:
        """List the conflicts with one variant of the device, one sentence each."""
        if not device.temperature.field:
            return [f"{block} has no temperature; give temperature.ambient in K"]
        strongest = max(settings.current_densities, key=abs)
        pulse = settings.pulse(device, strongest)
        total = pulse.duration + max(pulse.pause, settings.onward)
        pinned = tuple(name for name in settings.starts if name != INITIAL)
        fault = f"write_current needs a state to lose; add one such as notch 1 to {key}.starts"
        return [
            *([f"{key}.{fault}"] if settings.write_current and not pinned else []),
            *(base.FromStates(starts=pinned).misfits(key, block, device) if pinned else []),
            *base.unrecorded(key, {"duration": pulse.duration}, device, settings.device),
            *base.too_large(key, device, "pulse and pause", total, strongest),
        ]

    def requests(
        self, campaign: Campaign, name: str, settings: Thermal, so_far: Rounds
    ) -> Requests:
        """Yield the walls that pulses start from, the pulses at 0 K, and replicas of each variant.

        The replicas of each round follow those of the start, in files of their own. The minima and
        barriers of the device are the last, if the campaign asks for those of a variant.
        """
        further = [None, *({tuple(pulse) for pulse in one} for one in so_far)]
        cold = campaign.simulated[settings.device].model_copy(update={"temperature": COLD})
        films: list[tuple[str | None, Device]] = [(None, cold)]
        films += [(v, settings.of_variant(campaign.simulated, v)) for v in settings.variants]
        # models that differ by the heat of pulses have the same minima and starts
        shared: dict[str, Request] = {}
        for variant, device in films:
            place = (name, variant) if variant else (name,)
            states = minima_at(self.path(*place, "minima"), device)
            states = states and shared.setdefault(states.digest, states)
            for state in settings.states():
                made = replace(self._start(device, place, state), states=states)
                start = shared.setdefault(made.digest, made)
                yield from [start] if start is made else []
                after = (start.path, states.path) if variant and states else (start.path,)
                folder = place if state == INITIAL else (*place, state.file_name)
                for density in settings.current_densities:
                    conditions = Conditions(variant=variant, state=state, current_density=density)
                    if variant is None:
                        path = self.path(*folder, current_name(density))
                        make = partial(_pulse_train, settings, device, state, density)
                        conditions = replace(conditions, temperature=0.0)
                        own = (path, make, after, "", states, conditions)
                        yield Request("run", *own, in_block=True)
                        continue
                    stem = f"{current_name(density)}_{device.temperature.field:.1f}K"
                    make = partial(_pulse_train, settings, device, state, density, 1)
                    parts = zip(settings.replicas_of_rounds(), further, strict=False)
                    for number, (replicas, chosen) in enumerate(parts):
                        if chosen is not None and (variant, str(state), density) not in chosen:
                            continue
                        path = self.path(*folder, *([f"round-{number}"] if number else []), stem)
                        own = (path, make, after, "", states, conditions)
                        yield Request("run", *own, in_block=True, replicas=replicas)
        if self.about(campaign, name, settings).attempt_frequencies:
            barriers = BARRIERS.subjects(campaign)[settings.device]
            # of this device alone: each sample of this study asks for its own
            paths = [*BARRIERS.requests(campaign, settings.device, barriers, ())]
            for kind in ("minima", "barrier"):
                yield from where(paths, kind, Conditions(temperature=barriers.temperature))

    def _start(self, device: Device, place: tuple[str, ...], state: WallState) -> Request:
        """Return the request of the wall on which pulses start, which relaxed without a field."""
        if state == INITIAL:
            return Request("initial", self.path(*place, "initial"), partial(initial_job, device))
        still = device.temperature.model_copy(update={"thermal_field": False})
        make = partial(level_job, device.model_copy(update={"temperature": still}), state.file_name)
        path, conditions = self.path(*place, state.file_name, "start"), Conditions(state=state)
        return Request("run", path, make, conditions=replace(conditions, duration=NO_PULSE))

    def rounds(self, campaign: Campaign, name: str, settings: Thermal) -> Expected:
        """Return at most how many replicas each round asks for: those of all pulses."""
        replicas = settings.replicas_of_rounds()[1:]
        every = self.requests(campaign, name, settings, ()) if replicas else []
        pulses = [one for one in every if one.replicas]
        return [[(1, replace(pulse, replicas=numbers)) for pulse in pulses] for numbers in replicas]

    def about(self, campaign: Campaign, _: str, settings: Thermal) -> ReadoutJob:
        """Return detectors and attempt frequencies, on which no simulation depends."""
        devices, device = campaign.simulated, campaign.simulated[settings.device]
        variants = {name: settings.of_variant(devices, name) for name in settings.variants}
        barriers = BARRIERS.subjects(campaign).get(settings.device)
        # they depend on track and film, which a variant can change
        frequencies = {
            name: barriers.attempt_frequencies
            for name, variant in variants.items()
            if barriers
            and variant.temperature.ambient == barriers.temperature
            and (variant.sampled_track, variant.variation, film_of(variant))
            == (device.sampled_track, device.variation, film_of(device, barriers.temperature))
        }
        detectors = {name: variant.junction for name, variant in variants.items()}
        return ReadoutJob(
            detectors=detectors,
            write_energy=write_energy_job(device),
            attempt_frequencies=frequencies,
        )
