"""Calibration: a bounded search for parameters under which devices do what a paper states."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from wallnet.config.devices import Damping, Device
from wallnet.config.inheritance import laid_over
from wallnet.config.pulse import CURRENT_DENSITY_STEP, Sweep
from wallnet.config.quantities import (
    CurrentDensity,
    Duration,
    DurationOrNone,
    Fraction,
    Length,
    Position,
    Section,
)
from wallnet.files import WallState
from wallnet.files.schema.states import REVERSED

DAMPING, DIAMETER, START, DURATION = "damping", "notch_diameter", "wall_start", "pulse_duration"

STEPS = {DAMPING: 1e-3, DIAMETER: 1e-10, START: 1e-10, DURATION: 1e-11}
"""The searched parameters, and the steps in SI units to which candidates are rounded."""

Candidate = dict[str, float]
"""Value of each searched parameter in SI units."""


def _applied(density: float) -> float:
    """Return a current density if file names tell it apart from others."""
    steps = round(density / CURRENT_DENSITY_STEP)
    if abs(density - steps * CURRENT_DENSITY_STEP) > 1e-3 * CURRENT_DENSITY_STEP:
        raise ValueError(
            f"is {density:.10g} A/m², finer than the 1e8 A/m² that file names tell apart; round "
            "it to four decimals of 1e12"
        )
    return steps * CURRENT_DENSITY_STEP


class SinglePulse(Section):
    """A device and the pulse that is applied to it."""

    device: str
    """Name of a simulated device in `devices`, with notches."""
    current_density: CurrentDensity
    """Current density of the pulse."""

    @field_validator("current_density")
    @classmethod
    def _named(cls, value: float) -> float:
        return _applied(value)


class Rest(SinglePulse):
    """A reference value: the state of the wall after a pulse."""

    state: str
    """State of the wall when it is read: "notch 2", or "reversed"."""

    @field_validator("state")
    @classmethod
    def _is_place(cls, value: str) -> str:
        try:
            state = WallState(value)
        except ValueError:
            state = None
        if state is None or not (state == REVERSED or (state.ends and not state.half)):
            raise ValueError(f"is {value!r}; write 'notch 2' or 'reversed'")
        return value


class Arrival(SinglePulse):
    """A reference value: the time at which the wall arrives at a notch."""

    notch: Annotated[int, Field(ge=1, le=1000)]
    """Number of the notch, counted from 1 on the left."""
    time: Duration
    """Time since the start of the pulse at which both ends have reached the notch."""
    tolerance: Duration
    """Largest deviation from this time. Source: our choice."""


class Response(Sweep):
    """Reference data: the normalised conductance of a detector is linear in the current density."""

    device: str
    """Name of a simulated device in `devices`, read when its pulse ends."""
    deviation: Fraction
    """Largest distance from the straight line, as a share of full scale. Source: our choice."""

    @field_validator("current_densities", mode="after")
    @classmethod
    def _bend(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) < 3:
            raise ValueError("has fewer than three densities, through which any line is straight")
        return value


class Parameters(Section):
    """The searched parameters: lowest and highest value of each."""

    damping: tuple[Damping, Damping] = (0.1, 0.6)
    """Damping of all devices. Source: our choice."""
    notch_diameter: tuple[Length, Length] = (20e-9, 70e-9)
    """Diameter of the notches of devices that have some. Source: our choice."""
    wall_start: tuple[Position, Position] = (20e-9, 120e-9)
    """Start of the wall on all devices. Source: our choice, left of the neuron's detector."""
    pulse_duration: tuple[Duration, Duration] = (10e-9, 20e-9)
    """Pulse of devices that have notches. Source: our choice; paper: 10 ns."""

    @model_validator(mode="after")
    def _ordered(self) -> "Parameters":
        for name in STEPS:
            low, high = getattr(self, name)
            if low >= high:
                raise ValueError(f"{name} has {low:g} and {high:g}; write the lower value first")
        return self

    def ranges(self) -> dict[str, tuple[float, float]]:
        """Return lowest and highest value of each parameter, in the order of `STEPS`."""
        return {name: getattr(self, name) for name in STEPS}


@dataclass(frozen=True)
class Simulation:
    """One pulse on one device, on which reference data depend."""

    device: str
    current_density: float


class Calibration(Section):
    """Search for parameters under which simulated devices do what a paper states.

    A candidate is a value for each parameter. Candidates of the first round fill the ranges, those
    of the second lie around the best of the first.
    """

    rests: tuple[Rest, ...] = ()
    """Reference states of the wall after a pulse."""
    arrivals: tuple[Arrival, ...] = ()
    """Reference times at which the wall arrives at a notch."""
    responses: tuple[Response, ...] = ()
    """Reference transfer curves, which are linear."""
    parameters: Parameters = Parameters()
    """Ranges of the searched parameters."""
    read_delays: Annotated[tuple[DurationOrNone, ...], Field(json_schema_extra={"minItems": 1})] = (
        *(0.0, 2e-9, 10e-9),
    )
    """Times from the end of the pulse to the reading of walls; they need no further simulation."""
    changes: dict[str, dict[str, Any]] = {}
    """Keys of devices that differ in the simulations of this search, by device."""
    candidates: Annotated[int, Field(ge=0, le=10_000)] = 24
    """Candidates of the first round, beside the configured one. Source: our choice."""
    local_candidates: Annotated[int, Field(ge=0, le=10_000)] = 11
    """Candidates of the second round. Source: our choice."""
    centres: Annotated[int, Field(ge=1, le=100)] = 3
    """Best candidates of the first round around which the second one searches. Source: our
    choice."""
    reach: Annotated[Fraction, Field(gt=0)] = 0.15
    """Largest distance from them, as a share of each range. Source: our choice."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    """Seed of the design of both rounds."""
    most_simulations: Annotated[int, Field(ge=1, le=100_000)] = 400
    """Largest number of simulations. Source: our choice."""

    @field_validator("read_delays")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value:
            raise ValueError("is empty; write [0.0]")
        return tuple(sorted(set(value)))

    @property
    def rounds(self) -> int:
        """Number of rounds."""
        return 2 if self.local_candidates else 1

    def simulations(self) -> list[Simulation]:
        """Return the simulations of each candidate; reference data share those that are equal."""
        found = [Simulation(each.device, each.current_density) for each in self._single()]
        for response in self.responses:
            found += [Simulation(response.device, each) for each in response.current_densities]
        return list(dict.fromkeys(found))

    def _single(self) -> Iterator[SinglePulse]:
        yield from self.rests
        yield from self.arrivals

    def configured(self, devices: Mapping[str, Device]) -> Candidate:
        """Return the parameters of the configuration: those of the first device that it names.

        Parameters
        ----------
        devices : Mapping
            The simulated devices of the campaign.
        """
        device = devices[next(self._single()).device]
        return {
            DAMPING: device.material.damping,
            DIAMETER: 2 * device.track.notch_radius,
            START: device.wall.start,
            DURATION: device.pulse.duration,
        }

    def configured_delay(self, devices: Mapping[str, Device]) -> float:
        """Return the time in s from the end of the pulse at which the same device is read."""
        device = devices[next(self._single()).device]
        delays = {"pulse_end": 0.0, "rest": device.relaxation.longest}
        if isinstance(device.read_at, str):
            return delays[device.read_at]
        return max(device.read_at - device.pulse.duration, 0.0)

    def delays(self, devices: Mapping[str, Device]) -> tuple[float, ...]:
        """Return all delays of the reading in s, with that of the configuration, ascending."""
        return tuple(sorted({*self.read_delays, self.configured_delay(devices)}))

    def varied(
        self, devices: Mapping[str, Device], name: str, candidate: Candidate
    ) -> dict[str, Any]:
        """Return a device with the parameters of a candidate as plain data."""
        data = laid_over(devices[name].plain(), self.changes.get(name, {}))
        changes: dict[str, Any] = {
            "material": {"damping": candidate[DAMPING]},
            "wall": {"start": candidate[START]},
            # a time in s need not fit a shorter pulse
            "read_at": "pulse_end",
        }
        if data["track"]["notches"]:
            changes["track"] = {"notches": {"diameter": candidate[DIAMETER]}}
            changes["pulse"] = {"duration": candidate[DURATION]}
        return laid_over(data, changes)

    def of_candidate(
        self, devices: Mapping[str, Device], name: str, candidate: Candidate
    ) -> Device:
        """Return a device with the parameters of a candidate."""
        return Device.model_validate(self.varied(devices, name, candidate))

    def problems(
        self,
        devices: Mapping[str, Device],
        validate: Callable[[type[Device], Any, str], tuple[Any, list[str]]],
    ) -> list[str]:
        """List the conflicts with the devices of the campaign, one sentence each.

        Parameters
        ----------
        devices : Mapping
            The simulated devices of the campaign.
        validate : callable
            Takes a model, data and the name of the block; returns the block and its problems.
        """
        named = {
            "rests": [each.device for each in self.rests],
            "arrivals": [each.device for each in self.arrivals],
            "responses": [each.device for each in self.responses],
        }
        known = ", ".join(devices) or "none yet"
        found = [
            f"calibration.{block} names {name!r}, which is not a simulated device; use one of "
            f"{known}"
            for block, names in {**named, "changes": list(self.changes)}.items()
            for name in names
            if name not in devices
        ]
        if found:
            return found
        if self.responses and not (self.rests or self.arrivals):
            return ["calibration has responses only; add rests, whose device has the parameters"]
        for block in ("rests", "arrivals"):
            found += [
                f"calibration.{block} names {name}, which has no notches; name another device"
                for name in named[block]
                if not devices[name].track.notch_positions
            ]
        for name, changes in self.changes.items():
            if "calculator" in changes:
                found.append(
                    f"calibration.changes.{name} sets calculator; remove it, and set that of {name}"
                )
        return list(dict.fromkeys(found)) or self._misfits(devices, validate)

    def _misfits(
        self,
        devices: Mapping[str, Device],
        validate: Callable[[type[Device], Any, str], tuple[Any, list[str]]],
    ) -> list[str]:
        """List the conflicts with devices that are there."""
        found = []
        for block, given in (("rests", self.rests), ("arrivals", self.arrivals)):
            for each in given:
                count = len(devices[each.device].track.notch_positions)
                if _last_notch(each) > count:
                    found.append(
                        f"calibration.{block} has notch {_last_notch(each)}, and {each.device} has "
                        f"{count}; name another"
                    )
        simulated = dict.fromkeys(each.device for each in self.simulations())
        for name in dict.fromkeys((*simulated, *self.changes)):
            changed = laid_over(devices[name].plain(), self.changes.get(name, {}))
            wrong = validate(Device, changed, f"calibration.changes.{name}")[1]
            for end, corner in self._corners().items() if name in simulated and not wrong else ():
                block = f"calibration, {end} values, {name}"
                device, misfits = validate(Device, self.varied(devices, name, corner), block)
                wrong += misfits or self._too_short(name, device)
            found += wrong
        count = len(self.simulations()) * (1 + self.candidates + self.local_candidates)
        if count > self.most_simulations:
            found.append(
                f"calibration: 1 + candidates {self.candidates} + local_candidates "
                f"{self.local_candidates} with {len(self.simulations())} simulations each make "
                f"{count}, more than most_simulations {self.most_simulations}; lower the "
                "candidates or raise it"
            )
        return list(dict.fromkeys(found))

    def _corners(self) -> dict[str, Candidate]:
        """Return the candidates with all parameters at their lowest, and at their highest."""
        ranges = self.parameters.ranges()
        return {
            word: {name: limits[end] for name, limits in ranges.items()}
            for end, word in enumerate(("lowest", "highest"))
        }

    def _too_short(self, name: str, device: Device) -> list[str]:
        """List why a device cannot be read as asked."""
        if device.wall.relaxation:
            return [
                f"calibration: wall.relaxation of {name} is not simulated here; set it to 0 in "
                f"calibration.changes.{name}"
            ]
        longest = self.read_delays[-1]
        if device.track.notches and device.relaxation.longest < longest * (1 - 1e-9):
            return [
                f"calibration.read_delays has {longest:g} s, longer than relaxation.longest "
                f"{device.relaxation.longest:g} s of the device; lengthen that"
            ]
        return []


def _last_notch(statement: SinglePulse) -> int:
    """Return the number of the notch that a reference state names; 0 if it names none."""
    if isinstance(statement, Arrival):
        return statement.notch
    assert isinstance(statement, Rest)
    return max(WallState(statement.state).ends or (0,))
