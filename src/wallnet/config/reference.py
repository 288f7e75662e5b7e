"""Reference data: what simulated devices do according to a publication or a measurement."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import Field

from wallnet.config.devices import Device, missing_device
from wallnet.config.pulse import Sweep, WholeDensity
from wallnet.config.quantities import Duration, Fraction, Section, Text
from wallnet.files import WallState


class SinglePulse(Section):
    """A device and the pulse that is applied to it."""

    device: str
    """Name of a simulated device in `devices`, with notches."""
    current_density: WholeDensity
    """Current density of the pulse."""

    @property
    def current_densities(self) -> tuple[float]:
        """Current density of the only pulse in A/m², as of a transfer curve."""
        return (self.current_density,)


class FinalState(SinglePulse):
    """A reference value: the state of the wall after a pulse."""

    state: Annotated[
        str, Text(r"^(notch [1-9]\d{0,5}|reversed)$", "is {}; write 'notch 2' or 'reversed'")
    ]
    """State of the wall when it is read: "notch 2", or "reversed"."""

    @property
    def notch(self) -> int:
        """Number of the notch at which the wall rests; 0 if the track is reversed."""
        return max(WallState(self.state).ends or (0,))


class ArrivalTime(SinglePulse):
    """A reference value: the time at which the wall arrives at a notch."""

    notch: Annotated[int, Field(ge=1, le=1000)]
    """Number of the notch, counted from 1 on the left."""
    time: Duration
    """Time since the start of the pulse at which both ends have reached the notch."""
    tolerance: Duration
    """Largest deviation from this time. Source: our choice."""


class TransferCurve(Sweep):
    """Reference data: the normalised conductance of a detector is linear in the current density."""

    device: str
    """Name of a simulated device in `devices`, read when its pulse ends."""
    deviation: Fraction
    """Largest distance from the straight line, as a share of full scale. Source: our choice."""

    def _faults(self) -> Iterator[str]:
        if len(self.current_densities) < 3:
            yield "current_densities has fewer than three densities; name three or more"


class Reference(Section):
    """Reference data, such as those of a publication, with which simulated devices are compared."""

    final_states: tuple[FinalState, ...] = ()
    """States of the wall after a pulse."""
    arrival_times: tuple[ArrivalTime, ...] = ()
    """Times at which the wall arrives at a notch."""
    transfer_curves: tuple[TransferCurve, ...] = ()
    """Transfer curves, which are linear."""

    @property
    def entries(self) -> tuple[FinalState | ArrivalTime | TransferCurve, ...]:
        """All reference data."""
        return (*self.final_states, *self.arrival_times, *self.transfer_curves)

    def of(self, devices: Mapping[str, Device]) -> Self:
        """Return the reference data of some devices."""
        return self.model_copy(
            update={
                block: tuple(entry for entry in getattr(self, block) if entry.device in devices)
                for block in type(self).model_fields
            }
        )

    def problems(self, devices: Mapping[str, Device]) -> list[str]:
        """List the conflicts with the simulated devices, one sentence each."""
        problems: list[str] = []
        for block in type(self).model_fields:
            key = f"reference.{block}"
            for entry in getattr(self, block):
                if missing := missing_device(key, entry.device, devices):
                    problems += missing
                elif isinstance(entry, FinalState | ArrivalTime):
                    count = len(devices[entry.device].track.notch_positions)
                    if not 0 < max(1, entry.notch) <= count:
                        problems.append(
                            f"{key} has notch {max(1, entry.notch)}, and {entry.device} has "
                            f"{count}; name another device or notch"
                        )
        return list(dict.fromkeys(problems))
