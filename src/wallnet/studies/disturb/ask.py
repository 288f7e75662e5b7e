"""Write disturb: trains of equal pulses of a share of the write amplitude, until a state is lost.

In a crossbar or on a shared line, unselected devices see half or a third of the write amplitude.
"""

import itertools
from functools import partial
from typing import Annotated

from pydantic import Field, field_validator

from wallnet.config import Campaign, Device, ProgramPulse, current_name
from wallnet.config.pulse import CURRENT_DENSITY_STEP
from wallnet.config.quantities import CurrentDensity, DurationOrNone, Fraction
from wallnet.experiment import Request, Simulation, Train, level_job, train_job
from wallnet.files import WallState
from wallnet.files.schema import CURRENT_DENSITY, FLAG, STATE, Variable
from wallnet.studies import base


class Disturb(base.FromStates):
    """Pulses of shares of the write amplitude, repeated with both signs on each state."""

    write: CurrentDensity | str
    """Write amplitude in A/m² of pulses as those of the device, or the name of a pulse train of the
    device, whose strongest pulse writes."""
    shares: Annotated[tuple[Annotated[Fraction, Field(gt=0)], ...], Field(min_length=1)] = (
        *(0.3333, 0.5, 1.0),
    )
    """Current densities as shares of the write amplitude: of unselected devices where writing
    divides by three, of half-selected devices, and of the selected one. Source: our choice."""
    repetitions: Annotated[int, Field(ge=1, le=1000)] = 20
    """Largest number of pulses; a train ends before if the state is lost. Source: our choice."""
    pause: DurationOrNone = 10e-9
    """Time without current after each pulse, in which the wall has to come to rest. Source: our
    choice."""

    @field_validator("shares")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted(set(value)))

    @property
    def signed(self) -> tuple[float, ...]:
        """Shares of both signs of the current, ascending."""
        return (*(-each for each in reversed(self.shares)), *self.shares)


def write_pulse(campaign: Campaign, name: str, asked: Disturb) -> ProgramPulse:
    """Return the pulse that writes a device, with the pause and repetitions of the disturb."""
    if isinstance(asked.write, str):
        pulses: tuple[ProgramPulse, ...] = campaign.studies["pulse_trains"][asked.write].pulses
        pulse = max(pulses, key=lambda each: abs(each.current_density))
    else:
        own = campaign.simulated[name].pulse
        pulse = ProgramPulse(
            current_density=asked.write, duration=own.duration, waveform=own.waveform
        )
    changes = {
        "current_density": abs(pulse.current_density),
        "pause": asked.pause,
        "repetitions": asked.repetitions,
    }
    return pulse.model_copy(update=changes)


@base.on_device
def problems(key: str, name: str, asked: Disturb, device: Device) -> list[str]:
    """List the conflicts with the device, one sentence each."""
    found = asked.misfits(key, name, device)
    return found + base.too_short(f"{key}.pause {asked.pause:g} s", asked.pause, device)


def conflicts(
    key: str, name: str, asked: Disturb, campaign: Campaign, _: base.Validate
) -> list[str]:
    """List the conflicts with the pulse trains of the campaign, and of the pulse that writes."""
    trains = campaign.studies["pulse_trains"]
    known = [each for each, train in trains.items() if train.device == name]
    if isinstance(asked.write, str) and asked.write not in known:
        return [
            f"{key}.write names {asked.write!r}, which is no pulse train of {name}; use one of "
            f"{', '.join(known) or 'none yet'}, or a current density in A/m²"
        ]
    device, pulse = campaign.simulated[name], write_pulse(campaign, name, asked)
    total = asked.repetitions * (pulse.duration + asked.pause)
    return base.too_large(key, device, "all pulses", total, pulse.current_density)


def _train(device: Device, state: WallState, pulse: ProgramPulse) -> Simulation:
    """Return equal pulses on a wall that rests in a state, as long as it does."""
    expected = (str(state),) * (pulse.repetitions + 1)
    job = train_job(device, Train(pulses=(pulse,), expected=expected, maps=False))
    return job.model_copy(update={"placement": level_job(device, state.file_name).placement})


def requests(campaign: Campaign, name: str, asked: Disturb, _: base.Rounds) -> base.Requests:
    """Return the level of each state, then the trains by state and share, with its sign."""
    device, write = campaign.simulated[name], write_pulse(campaign, name, asked)
    levels = asked.levels(name, device)
    found: base.Requests = {(str(state),): request for state, request in levels.items()}
    for state, share in itertools.product(levels, asked.signed):
        # file names tell these steps apart
        steps = round(share * write.current_density / CURRENT_DENSITY_STEP)
        pulse = write.model_copy(update={"current_density": steps * CURRENT_DENSITY_STEP})
        path = STUDY.path(name, state.file_name, current_name(pulse.current_density))
        make = partial(_train, device, state, pulse)
        found[str(state), share] = Request("pulse_train", path, make, (levels[state].path,))
    return found


_SHARE, _TRAIN = ("write_share",), ("disturbed", "write_share")

VARIABLES = {
    "disturbed": Variable(("disturbed",), "state before the first pulse", "", STATE),
    "write_share": Variable(
        _SHARE, "share of the write amplitude; negative if opposite", bounds=(-1.0, 1.0)
    ),
    "disturbed_stable": Variable(("disturbed",), "whether an initialised wall rests there", **FLAG),
    "disturb_current_density": Variable(_SHARE, "current density of the pulses", **CURRENT_DENSITY),
    "survived_pulses": Variable(
        _TRAIN, "pulses after which the wall still rests there", type="int64"
    ),
    "state_kept": Variable(_TRAIN, "whether the wall does so after all repetitions", **FLAG),
    "disturb_state": Variable(_TRAIN, "state after the last pulse", type=STATE),
    "disturb_settled": Variable(_TRAIN, "whether the wall rests after it", **FLAG),
    "disturb_drift": Variable(_TRAIN, "displacement by the pulses that its state survives", "m"),
    "disturb_last_drift": Variable(_TRAIN, "displacement by the last of them; NaN if none", "m"),
}

STUDY = base.study(
    __name__,
    Disturb,
    title="write disturb of {subject}",
    figure="map",
    places={"pulse_train": r"[^/]+/[^/]+/-?[\d.]+"},
    of_device=True,
)
