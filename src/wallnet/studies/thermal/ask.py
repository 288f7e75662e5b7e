"""Thermal: replicas of one pulse at a temperature, and the same pulse at 0 K."""

from functools import partial
from typing import Annotated, Any

from pydantic import Field

from wallnet.config import Campaign, Device, ProgramPulse, current_name
from wallnet.config.devices import COLD, Detector
from wallnet.config.pulse import Sweep
from wallnet.config.quantities import Duration, DurationOrNone, silent
from wallnet.jobs import Job, Request, Run, initial_job, pulse_train_job
from wallnet.jobs.film import film_of
from wallnet.jobs.request import ROWS, Conditions, minima_at, where
from wallnet.questions.question import Requests, Rounds, question
from wallnet.studies import base
from wallnet.studies.barriers.ask import STUDY as BARRIERS

_HEATED = {"ambient": 300.0, "heating": "pulse"}

MODELS: dict[str, dict[str, Any]] = {
    "isothermal": {"temperature": {"ambient": 300.0}},
    "heated-2": {"temperature": {**_HEATED, "anisotropy_exponent": 2.0}},
    "heated-3": {"temperature": {**_HEATED, "anisotropy_exponent": 3.0}},
}


class Thermal(base.Sampled, base.Varied, Sweep):
    """Pulses at a temperature, each repeated, beside the same pulses at 0 K."""

    variants: dict[base.VariantName, dict[str, Any]] = Field(default=MODELS, min_length=1)
    """Models of the temperature: keys of the device that differ, by name. By default the track is
    at 300 K, or its pulses heat it, with an anisotropy exponent of 2 or 3."""
    duration: Duration | None = None
    """Duration of square pulses; the pulse of the device if not given."""
    pause: DurationOrNone = 10e-9
    """Time without current after each pulse, at whose end a quench shows the state. Straight after
    the pulse, a quench pulls half-depinned walls back, which 10 ns avoid. Source: our choice."""
    replicas: Annotated[int, Field(ge=1, le=100_000)] = 8
    """Repetitions of each pulse. Source: our choice."""
    free_time: Duration = 20e-9
    """Time after the pause up to which free walls are simulated, unless a notch pins them before.
    Source: our choice."""
    reading_time: Duration = 1e-6
    """Time after the pause at which states are read. Until then, pinned walls are taken to stay.
    Walls still free after `free_time` are unresolved if it is later; no wall is simulated after it.
    Source: our choice."""

    @property
    def onward(self) -> float:
        """Longest time in s for which a free wall goes on after the pause."""
        return min(self.free_time, self.reading_time)

    def pulse(self, device: Device, current_density: float) -> ProgramPulse:
        """Return a pulse with its pause on a device."""
        square = {"duration": self.duration, "waveform": ()} if self.duration else {}
        return base.pulse_of(device, current_density, self.pause, **square)


@base.on_device
def problems(key: str, block: str, settings: Thermal, device: Device) -> list[str]:
    """List the conflicts with one variant of the device, one sentence each."""
    if not device.temperature.field:
        return [f"{block} has no temperature; give temperature.ambient in K"]
    strongest = max(settings.current_densities, key=abs)
    pulse = settings.pulse(device, strongest)
    total = pulse.duration + max(pulse.pause, settings.onward)
    return [
        *base.unrecorded(key, {"duration": pulse.duration}, device, settings.device),
        *base.too_large(key, device, "pulse and pause", total, strongest),
    ]


def _pulse_train(
    settings: Thermal, device: Device, density: float, replica: int | None = None
) -> Run:
    """Return one pulse with its pause, at 0 K without a replica."""
    pulse = settings.pulse(device, density)
    output = device.output.without_maps_between(pulse.duration + pulse.pause)
    onward = settings.onward if replica else 0.0
    rules: dict[str, Any] = {"recorded": "ends", "output": output, "free_time": onward}
    return pulse_train_job(device, (pulse,), replica=replica, **rules)


def requests(campaign: Campaign, name: str, settings: Thermal, _: Rounds) -> Requests:
    """Return initial states, a train for each pulse at 0 K, and the replicas of each variant.

    The barriers of the device are the last, if the campaign asks for those of a variant.
    """
    cold = campaign.simulated[settings.device].model_copy(update={"temperature": COLD})
    start = STUDY.path(name, "initial")
    computations = [Request("initial", start, partial(initial_job, cold))]
    states = minima_at(STUDY.path(name, "minima"), cold)
    for density in settings.current_densities:
        path = STUDY.path(name, current_name(density))
        make = partial(_pulse_train, settings, cold, density)
        conditions = Conditions(current_density=density, temperature=0.0)
        computations.append(
            Request("run", path, make, (start,), "", states, conditions, in_block=True)
        )
    starts: dict[str, str] = {}
    films = {states.digest: states} if states else {}
    for variant in settings.variants:
        device = settings.of_variant(campaign.simulated, variant)
        example = initial_job(device)
        initial = STUDY.path(name, variant, "initial")
        # models that differ by the heat of pulses have one initial state
        start = starts.setdefault(example.to_json(), initial)
        if start == initial:
            computations.append(Request("initial", initial, partial(initial_job, device)))
        if states := minima_at(STUDY.path(name, variant, "minima"), device):
            states = films.setdefault(states.digest, states)
        after = (start, states.path) if states else (start,)
        for density in settings.current_densities:
            path = STUDY.path(name, variant, f"{current_name(density)}_{example.field:.1f}K")
            make = partial(_pulse_train, settings, device, density, 1)
            conditions = Conditions(variant=variant, current_density=density)
            replicas = range(1, settings.replicas + 1)
            computations.append(
                Request("run", path, make, after, "", states, conditions, replicas=replicas)
            )
    if about(campaign, name, settings).attempt_frequencies:
        kelvin = BARRIERS.subjects(campaign)[settings.device].temperature
        paths = BARRIERS.requests_of(campaign, settings.device)
        computations += where(paths, "barrier", Conditions(temperature=kelvin))
    return computations


class ReadoutJob(Job):
    """Detectors and attempt frequencies with which states are read, by name of the variant."""

    detectors: dict[str, Detector]
    attempt_frequencies: dict[str, tuple[float, float]] = silent({})
    """Least and greatest attempt frequency in 1/s of variants whose barriers are asked for."""


def about(campaign: Campaign, _: str, settings: Thermal) -> ReadoutJob:
    """Return detectors and attempt frequencies, on which no simulation depends."""
    variants = {name: settings.of_variant(campaign.simulated, name) for name in settings.variants}
    device = campaign.simulated[settings.device]
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
    return ReadoutJob(detectors=detectors, attempt_frequencies=frequencies)


STUDY = question(
    __name__,
    Thermal,
    title="states at a temperature, {subject}",
    sections=(BARRIERS.name,),
    figure="map",
    places={
        "initial": "(?:[^/]+/){1,2}initial",
        "minima": "(?:[^/]+/){1,2}minima",
        "run": f"(?:[^/]+/){{1,2}}{ROWS}",
    },
)
