"""Current pulses, trains and sweeps of them, and the form of current densities in file names."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from wallnet.config import quantities
from wallnet.config.quantities import Quantity, Section, silent
from wallnet.config.waveform import ROUNDING, Waveform, too_long, trapezoid

CURRENT_DENSITY_STEP = 1e8
"""Resolution of current densities in A/m²: file names contain four decimals."""

DURATION_STEP = 1e-12
"""Resolution of durations in s: file names contain picoseconds."""

LARGEST_SWEEP = 100_000

MOST_PULSES = 100_000
"""Largest number of pulses of a pulse train."""


def current_name(current_density: float) -> str:
    """Return the name of a current density in file names: in 1e12 A/m², four decimals.

    Examples
    --------
    >>> current_name(0.5e12)
    '0.5000'
    """
    return f"{round(current_density / CURRENT_DENSITY_STEP) / 10_000:.4f}"


def whole(density: float) -> float:
    """Return a current density in A/m² as a multiple of `CURRENT_DENSITY_STEP`; refuse others."""
    steps = round(density / CURRENT_DENSITY_STEP)
    if abs(density - steps * CURRENT_DENSITY_STEP) > 1e-3 * CURRENT_DENSITY_STEP:
        raise ValueError(
            f"has {density:.10g} A/m², finer than the 1e8 A/m² that file names tell apart; round "
            "it to four decimals of 1e12"
        )
    return steps * CURRENT_DENSITY_STEP


WholeDensity = Annotated[quantities.CurrentDensity, AfterValidator(whole)]


def duration_name(duration: float) -> str:
    """Return the name of a duration in file names: in ns, three decimals.

    Examples
    --------
    >>> duration_name(5e-9)
    '5.000'
    """
    return f"{round(duration / DURATION_STEP) / 1000:.3f}"


def whole_duration(duration: float) -> float:
    """Return a duration in s as a multiple of `DURATION_STEP`; refuse others."""
    named = float(f"{duration_name(duration)}e-9")
    if named == 0 or abs(duration - named) > 1e-3 * DURATION_STEP:
        raise ValueError(
            f"has {duration:.10g} s, finer than the 1e-12 s that file names tell apart; round it "
            "to whole picoseconds"
        )
    return named


WholeDuration = Annotated[quantities.Duration, AfterValidator(whole_duration)]


def parse_current_density(text: object) -> float:
    """Read the current density in A/m² of a command; `ConfigError` names it if it is none."""
    return quantities.checked_value("--current-density", text, quantities.CURRENT_DENSITY.checked)


class CurrentSweep(Section):
    """Current densities from start to stop, both included, in equal steps."""

    start: quantities.CurrentDensity
    """First current density."""
    stop: quantities.CurrentDensity
    """Last current density."""
    step: Annotated[float, Quantity("A/m²", 1e8, 1e14, fix="steps are in A/m²: 0.05e+12, not 0.05")]
    """Distance between two neighbours; it divides stop - start."""

    def _faults(self) -> Iterator[str]:
        if self.stop < self.start:
            yield f"stop {self.stop:g} A/m² is below start {self.start:g} A/m²; swap the two"
        steps = (self.stop - self.start) / self.step
        if abs(steps - round(steps)) > 1e-6:
            yield (
                f"step {self.step:g} A/m² does not lead from start to stop in whole steps; "
                "choose one that divides stop - start"
            )
        if steps > LARGEST_SWEEP:
            yield f"step makes {steps:.0f} pulses; enlarge it for at most {LARGEST_SWEEP}"

    def values(self) -> list[float]:
        """Return the current densities in A/m²."""
        count = round((self.stop - self.start) / self.step)
        values = [self.start + index * self.step for index in range(count + 1)]
        # rounding can make the zero of a sweep slightly different from zero
        return [value if abs(value) > CURRENT_DENSITY_STEP / 2 else 0.0 for value in values]


class Sweep(Section):
    """Current densities, single or as sweeps."""

    current_densities: tuple[quantities.CurrentDensity, ...]
    """Current densities J, single or as sweeps; each is one simulation. Source: paper, wider."""

    @field_validator(
        "current_densities",
        mode="before",
        json_schema_input_type=Annotated[
            tuple[quantities.CurrentDensity | CurrentSweep, ...], Field(min_length=1)
        ],
    )
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple) or not value:
            raise ValueError("is not a list with at least one density; write it like [0.5e+12]")
        expanded: list[Any] = []
        for entry in value:
            if isinstance(entry, dict):
                expanded.extend(CurrentSweep.model_validate(entry).values())
            else:
                expanded.append(entry)
        return expanded

    @field_validator("current_densities", mode="after")
    @classmethod
    def _canonical(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        canonical = {whole(density) for density in value}
        if len(canonical) > LARGEST_SWEEP:
            raise ValueError(f"has more than {LARGEST_SWEEP} entries; use a larger step")
        return tuple(sorted(canonical))


class Pulse(Sweep):
    """A current pulse along the track, and its current densities."""

    duration: quantities.Duration
    """Duration of the pulse. Source: paper: 3 ns (neuron), 10 ns (synapse)."""
    waveform: Waveform = ()
    """Shape of the pulse: pairs of time and share of J, or a CSV file; square if not given."""
    rise_time: quantities.Duration | None = silent(None)
    """Time in which the pulse rises from 0 to J, and falls again at its end, within `duration`,
    instead of a `waveform`. Source: our choice."""

    def _faults(self) -> Iterator[str]:
        yield from too_long(self.waveform, self.duration)
        if self.rise_time and self.waveform:
            yield "rise_time and waveform both shape the pulse; leave one out"
        elif self.rise_time and self.rise_time > self.duration / 2 * (1 + ROUNDING):
            yield (
                f"rise_time {self.rise_time:g} s is longer than half of duration "
                f"{self.duration:g} s, in which the pulse rises and falls; shorten it"
            )

    @model_validator(mode="after")
    def _shaped(self) -> Self:
        if self.rise_time:
            self.__dict__["waveform"] = trapezoid(self.rise_time, self.duration)
        return self

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written = write(self)
        if self.rise_time:
            written.pop("waveform", None)  # it follows, also from another duration
        return dict(written)


class PulseGrid(Sweep):
    """Current densities, each applied with both signs, and durations."""

    durations: Annotated[tuple[WholeDuration, ...], Field(min_length=1), quantities.ASCENDING]
    """Durations of the pulses; each is combined with each current density."""

    def _faults(self) -> Iterator[str]:
        if (least := self.current_densities[0]) <= 0:
            yield (
                f"current_densities has {least:g} A/m²; write densities above 0, each is applied "
                "with both signs"
            )


class ProgramPulse(Section):
    """A current pulse of a pulse train, and the pause after it."""

    current_density: quantities.CurrentDensity
    """Current density J of the pulse."""
    duration: quantities.Duration
    """Duration of the pulse."""
    pause: quantities.DurationOrNone = 0.0
    """Time without current after the pulse. At a temperature, a quench follows; straight after the
    pulse, it pulls half-depinned walls back, which a pause of 10 ns avoids."""
    repetitions: Annotated[int, Field(ge=1, le=MOST_PULSES)] = 1
    """Number of such pulses, one after the other."""
    waveform: Waveform = ()
    """Shape of the pulse, as of `pulse.waveform`; square if not given."""

    def _faults(self) -> Iterator[str]:
        return too_long(self.waveform, self.duration)


class PulseSequence(Section):
    """A train of pulses."""

    pulses: Annotated[tuple[ProgramPulse, ...], Field(min_length=1)]
    """The pulses, in the order of time."""


def repeated(pulses: Iterable[ProgramPulse]) -> Iterator[ProgramPulse]:
    """Yield each pulse as many times as it is applied."""
    for pulse in pulses:
        yield from itertools.repeat(pulse, pulse.repetitions)


Resolution = Annotated[
    float,
    Quantity("A/m²", 1e8, 1e14, fix="steps are in A/m²: 0.001e+12, not 0.001"),
    AfterValidator(whole),
]


def halvings(gap: float, resolution: float) -> int:
    """Return how often a gap is halved until it is no longer than the resolution, both in A/m²."""
    longest, count = round(gap / CURRENT_DENSITY_STEP), 0
    while longest > round(resolution / CURRENT_DENSITY_STEP):
        # the middle is rounded to a density that file names tell apart
        longest = math.ceil(longest / 2)
        count += 1
    return count


def middles(outcomes: Mapping[float, Any], resolution: float) -> list[float]:
    """Return the current densities in A/m² to simulate next, of a bisection in rounds.

    They are the middles of all gaps that are longer than the resolution, in A/m², and whose ends
    have different outcomes, rounded down to multiples of `CURRENT_DENSITY_STEP`; ascending.
    `outcomes` are those of pulses by their current densities in A/m².
    """
    steps = sorted((round(density / CURRENT_DENSITY_STEP), density) for density in outcomes)
    limit = round(resolution / CURRENT_DENSITY_STEP)
    return [
        (low + high) // 2 * CURRENT_DENSITY_STEP
        for (low, left), (high, right) in itertools.pairwise(steps)
        if high - low > limit and outcomes[left] != outcomes[right]
    ]
