"""Imperfections of devices, and networks as made: the keys of both.

Each cause of imperfect networks is a class of keys here, a key of `AsMade`, and a class of the same
name in `wallnet.networks.imperfections`. What a cause needs to know of a device, such as a
spread, is in the device's file of imperfections (`wallnet.files.imperfections`).
"""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from wallnet.config.measured import FilePath
from wallnet.config.messages import misnamed, validated
from wallnet.config.networks import Networks, Reading
from wallnet.config.quantities import Fraction, Kelvin, Name, Quantity, Section, silent

Spread = Annotated[float, Quantity("1", 0.0, 1.0, fix="it is a share: 2 % is 0.02")]
Barrier = Annotated[float, Quantity("J", 1e-22, 1e-17, fix="60 k_B T at 300 K are 2.485e-19 J")]
Frequency = Annotated[float, Quantity("1/s", 1e6, 1e15, fix="1 GHz is 1.0e+9")]


class DeviceImperfections(Section):
    """What is known of the imperfections of a device. Other values are assumed."""

    file: FilePath | None = None
    """CSV file of measured values, as `wallnet imperfections` writes it."""
    thermal: Name | None = None
    """Subject of the study `thermal` whose replicas count the states that pulses write."""
    variant: str | None = None
    """Variant of that study; the first if not given."""
    barriers: bool = False
    """Whether the study `barriers` of the device gives the energy barriers."""
    gain_spread: Spread = 0.10
    """Standard deviation from device to device of a factor that all levels share. Source: twenty
    simulated devices of Liu and others, 10 %."""
    ratio_spread: Spread = 0.03
    """Relative standard deviation from device to device of the ratio of the highest to the lowest
    level. Source: the same devices, 3 %."""
    level_spread: Spread = 0.0
    """Relative standard deviation of each level from device to device beside these. Source: our
    choice."""
    cycle_spread: Spread = 0.02
    """Relative standard deviation of each level from one writing to the next. Source: Hsin and
    others, Advanced Science 12, 2417735 (2025)."""
    read_noise: Spread = 0.01
    """Relative standard deviation of the conductance from one reading to the next. Source: our
    choice."""
    success: Fraction = 0.95
    """Probability that a pulse writes its level; it writes the level below or above else. Source:
    our choice."""
    disturb: Fraction = 1e-6
    """Probability that a half-select pulse moves a wall to the next level. Source: our choice."""
    barrier: Barrier = 2.485e-19
    """Energy barrier between neighbouring levels. Source: 60 k_B T at 300 K, usual for memories."""
    attempt_frequencies: tuple[Frequency, Frequency] = (1e9, 1e12)
    """Least and greatest attempt frequency of an escape. Source: as of the study `barriers`."""

    def _faults(self) -> Iterator[str]:
        if self.variant is not None and self.thermal is None:
            yield "variant has no study; name a subject of thermal, or leave it out"
        if self.attempt_frequencies[0] > self.attempt_frequencies[1]:
            yield "attempt_frequencies fall; write the least first"


class Cause(Section):
    """The keys of one cause of imperfect networks."""

    draws: Annotated[int, Field(ge=1, le=10_000)] | None = silent(None)
    """Number of its draws, if it is not that of the set."""


class Programming(Cause):
    """Pulses that do not always write their level."""

    attempts: Annotated[int, Field(ge=1, le=1000)] = 1
    """Pulses that a synapse gets at most. Its level is read after each, and a wrong one is written
    again. Source: our choice."""


class Disturb(Cause):
    """Half-select pulses that move walls, while other devices are written."""

    pulses: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1000
    """Half-select pulses of each synapse. Source: our choice; writing an array of 1000 rows."""


class Retention(Cause):
    """Walls that escape from their level with time."""

    time: Annotated[float, Quantity("s", 1e-9, 1e11, fix="ten years are 3.156e+8 s")] = 3.156e8
    """Time from writing to reading. Source: ten years."""
    temperature: Kelvin = 300.0
    """Temperature meanwhile. Source: our choice."""


class Stuck(Cause):
    """Devices with one conductance that never changes, any level of all."""

    share: Fraction = 0.001
    """Share of such devices. Source: our choice."""


class DeviceToDevice(Cause):
    """Levels that differ from device to device: by a common factor, by their ratio, and each."""

    size: Annotated[float, Quantity("1", 0.0, 100.0)] = 1.0
    """Factor of the standard deviations of the device."""


class CycleToCycle(Cause):
    """Levels that differ from one writing to the next."""

    size: Annotated[float, Quantity("1", 0.0, 100.0)] = 1.0
    """Factor of the standard deviations of the device."""


class Neurons(Cause):
    """Neurons whose transfer curve is stretched along its input, each by another factor."""

    spread: Spread = 0.07
    """Relative standard deviation of the factor. Source: threshold currents of Alamdar and others,
    Applied Physics Letters 118, 112401 (2021), 7 to 10 %."""


class Wires(Cause):
    """Resistance of the wires in tiles of an array."""

    draws: Annotated[int, Field(ge=1, le=10_000)] | None = silent(5)
    """Number of draws; each solves all tiles."""
    resistance: Annotated[float, Quantity("Ω", 1e-6, 1e6)] = 1.0
    """Resistance of a wire from one cell to the next. Source: our choice."""
    tile: Annotated[int, Field(ge=2, le=32)] = 32
    """Rows and columns of a tile. Source: our choice."""


class ReadNoise(Cause):
    """Conductances that differ from one reading to the next."""

    size: Annotated[float, Quantity("1", 0.0, 100.0)] = 1.0
    """Factor of the standard deviations of the device."""


class Converters(Cause):
    """Converters of limited resolution for the inputs and the outputs of each layer."""

    input_bits: Annotated[int, Field(ge=1, le=24)] = 8
    """Bits of an input. Source: our choice."""
    output_bits: Annotated[int, Field(ge=1, le=24)] = 8
    """Bits of an output. Source: our choice."""
    input_range: Fraction = 1.0
    """Range of the inputs, as a share of the largest magnitude on training images."""
    output_range: Fraction = 1.0
    """Range of the outputs, as a share of the largest magnitude on training images."""


ALL = "all"
"""Name of the case with all causes together."""


class Case(NamedTuple):
    """Causes that act together, in some draws.

    Of a case of a curve, `key` and `value` are what differs from the set.
    """

    name: str
    causes: dict[str, Cause]
    draws: int
    key: str = ""
    value: float = math.nan


class AsMade(Section):
    """A set of causes with which networks are evaluated on devices as they are made.

    Causes act in this order: on the states of walls, on conductances, on neurons and wires, and on
    each reading. Null leaves one out.
    """

    programming: Programming | None = Programming()
    """Pulses that do not always write their level."""
    disturb: Disturb | None = Disturb()
    """Half-select pulses that move walls."""
    retention: Retention | None = Retention()
    """Walls that escape from their level with time."""
    stuck: Stuck | None = Stuck()
    """Devices whose conductance never changes."""
    device_to_device: DeviceToDevice | None = DeviceToDevice()
    """Levels that differ from device to device."""
    cycle_to_cycle: CycleToCycle | None = CycleToCycle()
    """Levels that differ from one writing to the next."""
    neurons: Neurons | None = Neurons()
    """Neurons whose transfer curves are stretched."""
    wires: Wires | None = Wires()
    """Resistance of the wires in tiles of an array."""
    read_noise: ReadNoise | None = ReadNoise()
    """Conductances that differ from one reading to the next."""
    converters: Converters | None = Converters()
    """Converters of limited resolution."""
    draws: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Draws of each cause alone, and of all together, for each network. Source: our choice."""
    curves: dict[str, tuple[Annotated[float, Quantity("1", -1e15, 1e15)], ...]] = {
        "programming.attempts": (2, 4, 8),
        "retention.temperature": (330.0, 360.0, 390.0),
        "device_to_device.size": (0.5, 2.0, 4.0),
        "cycle_to_cycle.size": (2.0, 4.0, 8.0),
        "stuck.share": (0.01, 0.1),
    }
    """Values of a key of a cause at which this cause alone is evaluated, by `cause.key`."""
    reading: Reading | None = None
    """How synapses are read, one of `networks.readings`; the first of each synapse if not given."""
    recipe: str | None = silent(None)
    """Recipe of the networks, of `networks.recipes`; the first with a training on the levels if not
    given."""
    curve_draws: Annotated[int, Field(ge=1, le=10_000)] = 4
    """Draws of each of these values."""

    @property
    def causes(self) -> dict[str, Cause]:
        """The causes that act, by name, in the order of `CAUSES`."""
        return {name: cause for name in CAUSES if (cause := getattr(self, name)) is not None}

    def cases(self) -> list[Case]:
        """List the cases: all causes, each alone, and each at the values of its curves."""
        fewest = min((cause.draws or self.draws for cause in self.causes.values()), default=1)
        listed = [Case(ALL, self.causes, fewest)]
        for name, cause in self.causes.items():
            listed.append(Case(name, {name: cause}, cause.draws or self.draws))
        for entry, values in self.curves.items():
            name, _, key = entry.partition(".")
            for value in values if name in self.causes else ():
                cause = self.causes[name]
                changed = {name: type(cause).model_validate(_with(cause, key, value))}
                listed.append(Case(name, changed, self.curve_draws, key, value))
        return listed

    def _faults(self) -> Iterator[str]:
        for entry, values in self.curves.items():
            name, _, key = entry.partition(".")
            keys = CAUSES[name].model_fields if name in CAUSES else {}
            if key not in keys:
                yield f"curves has {entry!r}, which is no key of a cause; write stuck.share"
            elif cause := getattr(self, name):
                for value in values:
                    for finding in validated(type(cause), _with(cause, key, value))[1]:
                        yield f"curves.{entry}{finding.text}"


def _with(cause: Cause, key: str, value: float) -> dict[str, Any]:
    """Return the keys of a cause, one of them with another value."""
    return {**cause.model_dump(), key: int(value) if float(value).is_integer() else value}


CAUSES: dict[str, type[Cause]] = {
    name: type(field.default)
    for name, field in AsMade.model_fields.items()
    if isinstance(field.default, Cause)
}
"""The causes by name, in the order in which they act."""


def problems(
    imperfections: Mapping[str, DeviceImperfections],
    as_made: Mapping[str, AsMade],
    networks: Networks,
    studies: Mapping[str, Any],
) -> Iterator[str]:
    """Yield the conflicts with other parts of the campaign, one sentence each.

    `studies` has the subjects of each study.
    """
    synapses = networks.synapses
    for name, causes in as_made.items():
        key, recipes = f"as_made.{name}", networks.recipes
        if causes.recipe is not None:
            yield from misnamed(f"{key}.recipe", causes.recipe, recipes, "in networks.recipes")
        if causes.reading is not None:
            readings, what = networks.readings, "in networks.readings"
            yield from misnamed(f"{key}.reading", causes.reading, readings, what)
    for name, settings in imperfections.items():
        key = f"imperfections.{name}"
        yield from misnamed("imperfections", name, synapses, "in networks.synapses")
        if settings.thermal is not None:
            subjects = studies.get("thermal", {})
            yield from misnamed(
                f"{key}.thermal", settings.thermal, subjects, "a subject of thermal"
            )
            if settings.variant is not None and settings.thermal in subjects:
                variants = subjects[settings.thermal].variants
                yield from misnamed(f"{key}.variant", settings.variant, variants, "a variant of it")
        if settings.barriers and name not in studies.get("barriers", {}):
            yield f"{key}.barriers is true, but barriers has no {name}; add it there"
