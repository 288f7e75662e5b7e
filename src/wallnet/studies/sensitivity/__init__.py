"""Sensitivity: thresholds of depinning with each assumption at its lower and its upper end."""

import re
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from wallnet.config import Campaign, Device, current_name
from wallnet.config.messages import misnamed
from wallnet.config.pulse import Resolution, halvings
from wallnet.config.quantities import Duration, Section
from wallnet.config.reading import read_yaml
from wallnet.files import WallState
from wallnet.files.plain import laid_over
from wallnet.jobs import Job, Request, Run, level_job, pulse_train_job
from wallnet.jobs.request import NO_PULSE, Conditions, minima_at
from wallnet.jobs.run import placed_at
from wallnet.questions.question import Expected, Question, Requests, Rounds, Validate
from wallnet.studies import base
from wallnet.studies.depinning import Bisected

REFERENCE = "reference"
"""Name of the device as configured."""

Keys = dict[str, Any]
"""Keys of a device that differ, block by block."""


class Assumption(Section):
    """A quantity that is not known exactly: keys of the device at its lower and its upper end.

    A text such as "× 0.95" is a factor of the value of the device.
    """

    label: str = ""
    """Text in tables and figure; the name if not given."""
    lower: Keys = Field(default={})
    """Keys of the device at the lower end; without any, it is as configured."""
    upper: Keys = Field(default={})
    """Keys of the device at the upper end."""
    values: tuple[str, str] | None = None
    """Texts of both ends in tables and figure; the first values of their keys if not given."""


def _leaf(keys: Any) -> str:
    """Return the first value in blocks."""
    while isinstance(keys, Mapping):
        keys = next(iter(keys.values()), "as configured")
    return f"{keys:g}" if isinstance(keys, float) else str(keys)


def _scaled(keys: Any, own: Any) -> Any:
    """Return keys of a device with factors applied to its own values."""
    if isinstance(keys, Mapping):
        inner = own if isinstance(own, Mapping) else {}
        return {key: _scaled(value, inner.get(key)) for key, value in keys.items()}
    factor = re.fullmatch(r"× ?(\d+\.?\d*)", str(keys))
    return float(factor[1]) * own if factor and isinstance(own, float) else keys


@cache
def packaged() -> dict[str, Assumption]:
    """Return the assumptions of the package by name."""
    rows = read_yaml(Path(__file__).with_name("assumptions.yaml"))
    return {name: Assumption(**row) for name, row in rows.items()}


class Sensitivity(Bisected):
    """Pulses on a wall that rests at a notch, with each assumption at both ends, one at a time."""

    device: str
    """Name of a simulated device in `devices`."""
    notch: Annotated[int, Field(ge=1, le=1000)] = 1
    """Number of the notch, counted from 1. Source: our choice; all have about one threshold."""
    resolution: Resolution = 0.005e12
    """Largest distance between two pulses on either side of a threshold. Source: our choice."""
    duration: Duration | None = None
    """Duration of square pulses; the pulse of the device if not given."""
    changes: Keys = Field(default={})
    """Keys of the device that differ in all simulations of this study, such as `temperature`, at
    which thermal assumptions apply."""
    assumptions: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Names of assumptions in `assumptions.yaml` of the study, or in `further`; by default, all
    that change a simulation of the device."""
    further: dict[base.VariantName, Assumption] = Field(default={})
    """Further assumptions by name."""
    replicas: Annotated[int, Field(ge=1, le=100_000)] = 8
    """Repetitions of each pulse at a temperature; at least half of the walls have to leave. Source:
    our choice."""

    @property
    def state(self) -> WallState:
        """The wall at the notch."""
        return WallState.at(self.notch, self.notch)

    @property
    def offered(self) -> dict[str, Assumption]:
        """All assumptions by name."""
        return packaged() | self.further


class Rows(Job):
    """Assumptions in the order of the configuration, as the dataset describes them.

    A row has `name`, `label`, the texts `values` of both ends, and names of their `devices`.
    """

    rows: list[dict[str, Any]]


def _pulse(
    settings: Sensitivity, device: Device, density: float, replica: int | None = None
) -> Run:
    """Return a pulse on a wall that rests at the notch, which then relaxes."""
    square = {"duration": settings.duration, "waveform": ()} if settings.duration else {}
    pulse = base.pulse_of(device, density, device.relaxation.longest, **square)
    output = device.output.without_maps_between(pulse.duration + pulse.pause)
    placement = placed_at(device, settings.state)
    rules: dict[str, Any] = {"recorded": "ends", "output": output, "replica": replica}
    return pulse_train_job(device, (pulse,), placement=placement, **rules)


def variants(
    devices: Mapping[str, Device], settings: Sensitivity
) -> tuple[dict[str, Device], Rows]:
    """Return the devices to simulate by name, and the assumptions that change a simulation.

    Ends of assumptions with the same simulations share a device.
    """
    plain = laid_over(devices[settings.device].plain(), settings.changes)
    by_name = {REFERENCE: Device.model_validate(plain)}
    high = settings.current_densities[1]
    names = {_pulse(settings, by_name[REFERENCE], high).to_json(): REFERENCE}
    rows: list[dict[str, Any]] = []
    for name in settings.assumptions or settings.offered:
        assumption = settings.offered[name]
        ends, simulated = {"lower": assumption.lower, "upper": assumption.upper}, []
        try:
            changed = (laid_over(plain, _scaled(keys, plain)) for keys in ends.values())
            variants = [*map(Device.model_validate, changed)]
            jobs = [_pulse(settings, device, high).to_json() for device in variants]
        except ValueError:  # such as an exponent without a temperature
            continue
        for end, device, job in zip(ends, variants, jobs, strict=True):
            simulated.append(names.setdefault(job, f"{name}-{end}"))
            by_name.setdefault(simulated[-1], device)
        if {*simulated} != {REFERENCE}:
            values = assumption.values or (_leaf(assumption.lower), _leaf(assumption.upper))
            row = {"name": name, "label": assumption.label or name, "values": values}
            rows.append(row | {"devices": simulated})
    return by_name, Rows(rows=rows)


class Ask(Question[Sensitivity]):
    """Thresholds with each assumption at both ends."""

    settings = Sensitivity
    title = "sensitivity of thresholds, {subject}"
    missing = "a sensitivity"
    figure = "tornado"

    def problems(
        self, key: str, _: str, settings: Sensitivity, campaign: Campaign, validate: Validate
    ) -> list[str]:
        """List the conflicts with the device and with assumptions, one sentence each."""
        name, where, block = settings.device, f"{key}.device", f"{key}.changes"
        devices = campaign.simulated
        device, conflicts = base.changed(where, name, block, settings.changes, devices, validate)
        if conflicts := conflicts or base.without_notch(key, name, device):
            return conflicts
        if (notch := settings.notch) > (notches := len(device.track.inner_notch_positions)):
            fault = f"{key}.notch is {notch}, and {name} has {notches}; choose one of these"
            conflicts.append(fault)
        for assumption in settings.assumptions or ():
            names = settings.offered
            conflicts += misnamed(f"{key}.assumptions", assumption, names, "an assumption")
        if conflicts:
            return conflicts
        rows = {row["name"] for row in variants(devices, settings)[1].rows}
        for assumption in {**dict.fromkeys(rows), **settings.further}:
            kind = "further" if assumption in settings.further else "assumptions"
            for end in ("lower", "upper"):
                block = f"{key}.{kind}.{assumption}.{end}"
                keys = _scaled(getattr(settings.offered[assumption], end), device.plain())
                conflicts += base.changed(where, name, block, keys, {name: device}, validate)[1]
        conflicts = conflicts or [
            f"{key}: the assumption {assumption} changes no simulation of {name}; remove it, or "
            f"add what it needs to {key}.changes"
            for assumption in settings.assumptions or settings.further
            if assumption not in rows
        ]
        strongest = _pulse(settings, device, settings.current_densities[1])
        recorded = {"duration": settings.duration or device.pulse.duration}
        conflicts += base.unrecorded(key, recorded, device, name)
        longest = device.relaxation.longest
        whole, density = strongest.longest, strongest.strongest
        return [
            *conflicts,
            *base.too_short(f"{key}: relaxation.longest {longest:g} s of {name}", longest, device),
            *base.too_large(key, device, "duration", whole, density),
        ]

    def requests(
        self, campaign: Campaign, name: str, settings: Sensitivity, so_far: Rounds
    ) -> Requests:
        """Yield the resting walls, then the pulses on the devices, at a temperature with replicas.

        They are the weakest and the strongest pulse, and those of the rounds.
        """
        devices, _ = variants(campaign.simulated, settings)
        starts: dict[str, str] = {}
        after: dict[str, str] = {}
        films: dict[str, Request] = {}
        states: dict[str, Request] = {}
        for variant, device in devices.items():
            make = partial(level_job, device, settings.state.file_name)
            path = self.path(name, variant, "start")
            # assumptions that act only during a pulse share one resting wall
            after[variant] = starts.setdefault(make().to_json(), path)
            least = minima_at(self.path(name, variant, "minima"), device, settings.state)
            assert least, "`problems` refuses a device without notches"
            states[variant] = films.setdefault(least.digest, least)
            if after[variant] == path:
                conditions = Conditions(variant=variant, duration=NO_PULSE)
                yield Request("run", path, make, states=states[variant], conditions=conditions)
        both = [(variant, density) for variant in devices for density in settings.current_densities]
        for variant, density in [*both, *(pulse for one in so_far for pulse in one)]:
            hot = devices[variant].temperature.field
            yield Request(
                "run",
                self.path(name, variant, current_name(density)),
                partial(_pulse, settings, devices[variant], density, 1 if hot else None),
                (after[variant],),
                states=states[variant],
                conditions=Conditions(variant=variant, current_density=density),
                replicas=range(1, settings.replicas + 1) if hot else None,
            )

    def rounds(self, campaign: Campaign, name: str, settings: Sensitivity) -> Expected:
        """Return at most how many pulses each round asks for, by device and block of replicas.

        As the thresholds of one and of both ends can differ, two are counted for each, the most.
        """
        low, high = settings.current_densities
        pulses = self.requests(campaign, name, settings, ())
        strongest = [(2, pulse) for pulse in pulses if pulse.conditions.current_density == high]
        return [strongest] * halvings(high - low, settings.resolution)

    def about(self, campaign: Campaign, _: str, settings: Sensitivity) -> Rows:
        """Return the assumptions that change a simulation."""
        return variants(campaign.simulated, settings)[1]
