"""Calibration: a bounded search for parameters for which devices match the reference data.

A candidate is a value for each parameter. Number 0 is the configuration.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from wallnet.config import Campaign, Device, current_name, quantities
from wallnet.config.devices import Detector
from wallnet.config.quantities import ASCENDING, Section
from wallnet.config.reference import Reference
from wallnet.files.plain import laid_over
from wallnet.jobs import Job, Request, Run, minima_job, pulse_job
from wallnet.jobs.energy_path import Minima
from wallnet.jobs.request import Conditions
from wallnet.questions.question import Expected, Question, Requests, Rounds, Validate
from wallnet.studies.base import changed

STEPS = {"damping": 1e-3, "notch_diameter": 1e-10, "wall_start": 1e-10, "pulse_duration": 1e-11}
"""The searched parameters, and the steps in SI units to which candidates are rounded."""

Candidate = dict[str, float]
"""Value of each searched parameter in SI units."""


class Parameters(Section):
    """The searched parameters: lowest and highest value of each."""

    damping: tuple[quantities.Damping, quantities.Damping] = (0.1, 0.6)
    """Damping of all devices. Source: our choice."""
    notch_diameter: tuple[quantities.Length, quantities.Length] = (20e-9, 70e-9)
    """Diameter of the notches of devices that have some. Source: our choice."""
    wall_start: tuple[quantities.Position, quantities.Position] = (20e-9, 120e-9)
    """Start of the wall on all devices. Source: our choice, left of the neuron's detector."""
    pulse_duration: tuple[quantities.Duration, quantities.Duration] = (10e-9, 20e-9)
    """Pulse of devices that have notches. Source: our choice; paper: 10 ns."""

    def _faults(self) -> Iterator[str]:
        for name, (low, high) in self:
            if low >= high:
                yield f"{name} has {low:g} and {high:g}; write the lower value first"

    def corner(self, end: int) -> Candidate:
        """Return the candidate with all parameters at their lowest (0) or highest (1) value."""
        return {name: limits[end] for name, limits in self}


class Calibration(Section):
    """Search for parameters for which simulated devices match the reference data.

    A candidate is a value for each parameter. Candidates of the first round fill the ranges, those
    of the second lie around the best of the first.
    """

    parameters: Parameters = Parameters()
    """Ranges of the searched parameters."""
    read_delays: Annotated[
        tuple[quantities.DurationOrNone, ...], Field(min_length=1), ASCENDING
    ] = (
        0.0,
        2e-9,
        10e-9,
    )
    """Times from the end of the pulse to the reading of walls; they need no further simulation."""
    changes: dict[str, dict[str, Any]] = Field(default={})
    """Keys of devices that differ in the simulations of this search, by device."""
    candidates: Annotated[int, Field(ge=0, le=10_000)] = 24
    """Candidates of the first round, beside the configured one. Source: our choice."""
    local_candidates: Annotated[int, Field(ge=0, le=10_000)] = 11
    """Candidates of the second round, within 15 % of each range from one of the best three. Source:
    our choice."""

    def with_candidate(
        self, devices: Mapping[str, Device], name: str, candidate: Candidate
    ) -> dict[str, Any]:
        """Return a device with the parameters of a candidate as plain data."""
        data = laid_over(devices[name].plain(), self.changes.get(name, {}))
        changes: dict[str, Any] = {
            "material": {"damping": candidate["damping"]},
            "wall": {"start": candidate["wall_start"]},
            # a time in s need not fit a shorter pulse
            "read_at": "pulse_end",
        }
        if data["track"]["notches"]:
            changes["track"] = {"notches": {"diameter": candidate["notch_diameter"]}}
            changes["pulse"] = {"duration": candidate["pulse_duration"]}
        return laid_over(data, changes)


class Comparison(Job):
    """What the misfits depend on beside the settings and the traces.

    `configured` are the parameters of the configuration, `configured_delay` is the time in s from
    the end of the pulse at which it reads a wall, `read_delays` are all such times, and `detectors`
    are those of the devices with a transfer curve.
    """

    reference: Reference
    configured: Candidate
    configured_delay: float
    read_delays: tuple[float, ...]
    detectors: dict[str, Detector]


def pulses(reference: Reference) -> list[tuple[str, float]]:
    """Return device and current density in A/m² of the pulses that each candidate needs."""
    pairs = ((entry.device, j) for entry in reference.entries for j in entry.current_densities)
    return list(dict.fromkeys(pairs))


def _candidate(
    campaign: Campaign, settings: Calibration, candidate: Candidate, name: str
) -> Device:
    """Return a device with the parameters of a candidate."""
    return Device.model_validate(settings.with_candidate(campaign.simulated, name, candidate))


def _minima(campaign: Campaign, settings: Calibration, candidate: Candidate, name: str) -> Minima:
    """Return the minima of a device with the parameters of a candidate."""
    return minima_job(_candidate(campaign, settings, candidate, name))


def _pulse(
    campaign: Campaign, settings: Calibration, candidate: Candidate, name: str, density: float
) -> Run:
    """Return one pulse on a device with the parameters of a candidate."""
    device = _candidate(campaign, settings, candidate, name)
    output = device.output.without_maps_between(device.pulse.duration + device.relaxation.longest)
    return pulse_job(device, density).model_copy(update={"output": output})


class Ask(Question[Calibration]):
    """A search for parameters."""

    settings = Calibration
    title = "calibration {subject}"
    missing = "a calibration"
    sections = ("reference",)
    figure = "misfit"

    def problems(
        self, key: str, _: str, settings: Calibration, campaign: Campaign, validate: Validate
    ) -> list[str]:
        """List the conflicts with the devices and with the reference data, one sentence each."""
        reference, devices, where = campaign.reference, campaign.simulated, f"{key}.changes"
        conflicts = [
            problem
            for name, changes in settings.changes.items()
            for problem in changed(where, name, f"{where}.{name}", changes, devices, validate)[1]
        ]
        if not (reference.final_states or reference.arrival_times):
            conflicts.append(
                f"{key} needs reference.final_states or reference.arrival_times, whose first "
                "device has the configured parameters; add some"
            )
        if conflicts or reference.problems(devices):
            return conflicts
        for name in dict.fromkeys(name for name, _ in pulses(reference)):
            for end, word in enumerate(("lowest", "highest")):
                varied = settings.with_candidate(devices, name, settings.parameters.corner(end))
                device, wrong = validate(Device, varied, f"{key}, {word} values, {name}")
                conflicts += wrong
                if wrong:
                    continue
                longest, relaxation = settings.read_delays[-1], device.relaxation.longest
                if device.wall.relaxation:
                    fault = f"wall.relaxation of {name} is not simulated here; set it to 0 in"
                    conflicts.append(f"{key}: {fault} {key}.changes.{name}")
                elif device.track.notches and relaxation < longest * (1 - 1e-9):
                    fault = f"relaxation.longest {relaxation:g} s of {name}; lengthen that"
                    conflicts.append(f"{key}.read_delays has {longest:g} s, longer than {fault}")
        return list(dict.fromkeys(conflicts))

    def requests(
        self, campaign: Campaign, name: str, settings: Calibration, so_far: Rounds
    ) -> Requests:
        """Yield the pulses on the candidates of all rounds, which are numbered throughout."""
        rounds = enumerate(so_far, start=1)
        candidates = [(number, candidate) for number, added in rounds for candidate in added]
        films: dict[tuple[str, float, float], Request] = {}
        for number, (of_round, candidate) in enumerate(candidates):
            for device, density in pulses(campaign.reference):
                path = self.path(name, str(number), device, current_name(density))
                make = partial(_pulse, campaign, settings, candidate, device, density)
                states = None
                if campaign.simulated[device].track.inner_notch_positions:
                    # minima depend on no other parameter
                    film = device, candidate["notch_diameter"], candidate["wall_start"]
                    least = partial(_minima, campaign, settings, candidate, device)
                    own = Request("minima", self.path(name, str(number), device, "minima"), least)
                    states = films.setdefault(film, own)
                conditions = Conditions(
                    device=device,
                    variant=str(number),
                    parameters=candidate,
                    round=of_round,
                    current_density=density,
                )
                yield Request("run", path, make, states=states, conditions=conditions)

    def rounds(self, campaign: Campaign, _: str, settings: Calibration) -> Expected:
        """Return the pulses on the candidates of each round, counted with the longest pulse."""
        slowest = settings.parameters.corner(1)
        longest = [
            Request("run", "", partial(_pulse, campaign, settings, slowest, *pulse))
            for pulse in pulses(campaign.reference)
        ]
        counts = filter(None, (1 + settings.candidates, settings.local_candidates))
        return [[(count, request) for request in longest] for count in counts]

    def about(self, campaign: Campaign, _: str, settings: Calibration) -> Comparison:
        """Return what the comparison depends on; the first device named has the configuration."""
        reference = campaign.reference
        device = campaign.simulated[(*reference.final_states, *reference.arrival_times)[0].device]
        read_at = device.read_at
        if isinstance(read_at, str):
            delay = {"pulse_end": 0.0, "rest": device.relaxation.longest}[read_at]
        else:
            delay = max(read_at - device.pulse.duration, 0.0)
        track, start, pulse = device.track, device.wall.start, device.pulse
        values = (device.material.damping, 2 * track.notch_reach, start, pulse.duration)
        curves = [curve.device for curve in reference.transfer_curves]
        return Comparison(
            reference=reference,
            configured=dict(zip(STEPS, values, strict=True)),
            configured_delay=delay,
            read_delays=tuple(sorted({*settings.read_delays, delay})),
            detectors={name: campaign.simulated[name].junction for name in curves},
        )
