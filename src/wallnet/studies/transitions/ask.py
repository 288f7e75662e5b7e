"""Transitions: pulses of both signs from every state in which a wall can rest."""

import itertools
from functools import partial

from wallnet.config import Campaign, Device, current_name
from wallnet.config.pulse import PulseGrid, duration_name
from wallnet.experiment import Job, Request
from wallnet.files.schema import FLAG, ON_TRACK, STATE, Variable
from wallnet.jobs.write_energy import write_energy_job
from wallnet.studies import base


class Transitions(base.FromStates, PulseGrid):
    """Pulses that are applied to each state of one device, one simulation each.

    After each pulse the wall relaxes as `relaxation` of the device states.
    """

    @property
    def signed(self) -> tuple[float, ...]:
        """Current densities of both signs in A/m², ascending."""
        densities = self.current_densities
        return (*(-each for each in reversed(densities)), *densities)


@base.on_device
def problems(key: str, name: str, asked: Transitions, device: Device) -> list[str]:
    """List the conflicts with the device, one sentence each."""
    longest = device.relaxation.longest
    keys, total = "durations and relaxation.longest", asked.durations[-1] + longest
    return [
        *asked.misfits(key, name, device),
        *base.too_short(f"{key}: relaxation.longest {longest:g} s of {name}", longest, device),
        *base.unrecorded(key, {"durations": asked.durations[0]}, device, name),
        *base.too_large(key, device, keys, total, asked.signed[-1]),
    ]


def requests(campaign: Campaign, name: str, asked: Transitions, _: base.Rounds) -> base.Requests:
    """Return the level of each state, then the pulses by state, duration and current density."""
    device = campaign.simulated[name]
    longest = device.relaxation.longest
    levels = asked.levels(name, device)
    found: base.Requests = {(str(state),): request for state, request in levels.items()}
    for state, duration, density in itertools.product(levels, asked.durations, asked.signed):
        names = (state.file_name, duration_name(duration), current_name(density))
        make = partial(base.pulse_on, device, state, density, duration, longest)
        after = (levels[state].path,)
        found[str(state), duration, density] = Request(
            "trace", STUDY.path(name, *names), make, after
        )
    return found


def about(campaign: Campaign, name: str, _: Transitions) -> Job:
    """Return what the write energy of the pulses depends on."""
    return write_energy_job(campaign.simulated[name])


_PULSE = ("start", "duration", "current_density")

VARIABLES = {
    "start": Variable(("start",), "state from which a pulse starts", "", STATE),
    "target": Variable(("target",), "state in which a pulse can end", "", STATE),
    "start_stable": Variable(("start",), "whether an initialised wall rests there", **FLAG),
    "end_state": Variable(_PULSE, "state of the wall after each pulse", type=STATE),
    "end_settled": Variable(_PULSE, "whether both wall ends rest after each pulse", **FLAG),
    "end_bottom": Variable(_PULSE, "lower wall end after each pulse", **ON_TRACK),
    "end_top": Variable(_PULSE, "upper wall end after each pulse", **ON_TRACK),
    "end_target": Variable(
        _PULSE, "index of the target in which the wall rests; -1 if none", type="int64"
    ),
    "reached": Variable(("target",), "whether a pulse from another state ends there", **FLAG),
    "left": Variable(("start",), "whether a pulse from there ends in another target", **FLAG),
}

STUDY = base.study(
    __name__,
    Transitions,
    others=("duration", "current_density"),
    figure="map",
    places={"trace": r"[^/]+/[^/]+/[^/]+/-?[\d.]+"},
    of_device=True,
    level_sets=("mutually-reachable",),
)
