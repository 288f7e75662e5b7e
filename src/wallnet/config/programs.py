"""Pulse trains: sequences of current pulses that write and rewrite a device."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field

from wallnet.config.quantities import CurrentDensity, Duration, DurationOrNone, Section
from wallnet.config.waveform import Waveform, too_long

MOST_PULSES = 100_000
"""Largest number of pulses of a pulse train."""


class ProgramPulse(Section):
    """A current pulse of a pulse train, and the pause after it."""

    current_density: CurrentDensity
    """Current density J of the pulse."""
    duration: Duration
    """Duration of the pulse."""
    pause: DurationOrNone = 0.0
    """Time without current after the pulse."""
    repetitions: Annotated[int, Field(ge=1, le=MOST_PULSES)] = 1
    """Number of such pulses, one after the other."""
    waveform: Waveform = ()
    """Shape of the pulse, as of `pulse.waveform`; square if not given."""

    def _faults(self) -> Iterator[str]:
        return too_long(self.waveform, self.duration)


def repeated(pulses: Iterable[ProgramPulse]) -> Iterator[ProgramPulse]:
    """Yield each pulse as many times as it is applied."""
    for pulse in pulses:
        yield from itertools.repeat(pulse, pulse.repetitions)
