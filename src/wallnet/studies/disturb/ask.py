"""Write disturb: trains of equal pulses of a share of the write amplitude, until a state is lost.

In a crossbar or on a shared line, unselected devices see half or a third of the write amplitude.
"""

import itertools
from functools import partial
from typing import Annotated

from pydantic import Field

from wallnet.config import Campaign, Device, current_name
from wallnet.config.pulse import CURRENT_DENSITY_STEP
from wallnet.config.quantities import ASCENDING, CurrentDensity, DurationOrNone, Fraction
from wallnet.files import WallState
from wallnet.jobs import Request, Run, pulse_train_job
from wallnet.jobs.request import ROWS, Conditions, minima
from wallnet.jobs.run import placed_at
from wallnet.questions.question import Requests, Rounds, question
from wallnet.studies import base


class Disturb(base.Sampled, base.FromStates):
    """Pulses of shares of the write amplitude, repeated with both signs on each state."""

    write: Annotated[CurrentDensity, Field(gt=0)]
    """Write amplitude. Pulses have the duration and the waveform of the device's pulse."""
    shares: Annotated[
        tuple[Annotated[Fraction, Field(gt=0)], ...], Field(min_length=1), ASCENDING
    ] = (0.3333, 0.5, 1.0)
    """Current densities as shares of the write amplitude: of unselected devices where writing
    divides by three, of half-selected devices, and of the selected one. Source: our choice."""
    repetitions: Annotated[int, Field(ge=1, le=1000)] = 20
    """Largest number of pulses; a train ends before if the state is lost. Source: our choice."""
    pause: DurationOrNone = 10e-9
    """Time without current after each pulse, in which the wall has to come to rest. Source: our
    choice."""

    @property
    def signed(self) -> tuple[float, ...]:
        """Shares of both signs of the current, ascending."""
        return (*(-share for share in reversed(self.shares)), *self.shares)


@base.on_device
def problems(key: str, name: str, settings: Disturb, device: Device) -> list[str]:
    """List the conflicts with the device, one sentence each."""
    total = settings.repetitions * (device.pulse.duration + settings.pause)
    return [
        *settings.misfits(key, name, device),
        *base.too_short(f"{key}.pause {settings.pause:g} s", settings.pause, device),
        *base.too_large(key, device, "all pulses", total, settings.write),
    ]


def _pulse_train(settings: Disturb, device: Device, state: WallState, density: float) -> Run:
    """Return equal pulses on a wall that rests in a state, as long as it does."""
    pulse = base.pulse_of(device, density, settings.pause, repetitions=settings.repetitions)
    expected = (str(state),) * (settings.repetitions + 1)
    placement = placed_at(device, state)
    return pulse_train_job(
        device, (pulse,), placement=placement, expected=expected, recorded="ends"
    )


def requests(campaign: Campaign, name: str, settings: Disturb, _: Rounds) -> Requests:
    """Return the level of each state, then the trains on each, in the order of the shares."""
    device = campaign.simulated[name]
    levels, least = settings.levels(name, device), minima(name, device)
    assert least, "`problems` refuses a device without notches"
    computations = [*levels.values()]
    for state, share in itertools.product(levels, settings.signed):
        # file names tell these steps apart
        density = round(share * settings.write / CURRENT_DENSITY_STEP) * CURRENT_DENSITY_STEP
        path = STUDY.path(name, state.file_name, current_name(density))
        make = partial(_pulse_train, settings, device, state, density)
        after = levels[state].path, least.path
        conditions = Conditions(state=state, current_density=density)
        train = Request("run", path, make, after, "", least, conditions, in_block=True)
        computations.append(train)
    return computations


STUDY = question(
    __name__,
    Disturb,
    title="write disturb of {subject}",
    figure="map",
    places={"run": f"[^/]+/[^/]+/{ROWS}"},
    of_device=True,
)
