"""Transitions: pulses of both signs from every state in which a wall can rest."""

import itertools
from collections.abc import Mapping
from functools import partial
from typing import Annotated

from pydantic import Field, field_validator

from wallnet.config import Campaign, Device, current_name
from wallnet.config.devices import missing_device
from wallnet.config.pulse import PulseGrid, duration_name
from wallnet.experiment import Job, Request, Simulation, level_job
from wallnet.files import WallState
from wallnet.files.schema import EDGE, FLAG, ON_TRACK, STATE, TIME, Variable
from wallnet.jobs.requests import level
from wallnet.jobs.write_energy import write_energy_job
from wallnet.studies.base import (
    Requests,
    Rounds,
    Study,
    Validate,
    too_short,
    unrecorded,
    without_notch,
)


class Transitions(PulseGrid):
    """Pulses that are applied to each state of one device, one simulation each.

    After each pulse the wall relaxes as `relaxation` of the device states.
    """

    starts: Annotated[tuple[str, ...] | None, Field(json_schema_extra={"minItems": 1})] = None
    """States from which pulses start, such as "notch 2"; by default all states of pinned walls."""

    @field_validator("starts")
    @classmethod
    def _are_states(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is None:
            return None
        if not value:
            raise ValueError("is empty; name states such as 'notch 1', or leave it out")
        for name in value:
            try:
                ends = WallState(name).ends
            except ValueError:
                ends = None
            if ends is None:
                raise ValueError(
                    f"has {name!r}, at which no notch pins both ends of a wall; write "
                    "'notch 1' or 'between 1 and 2'"
                )
        return tuple(dict.fromkeys(value))

    @property
    def signed(self) -> tuple[float, ...]:
        """Current densities of both signs in A/m², ascending."""
        densities = self.current_densities
        return (*(-each for each in reversed(densities)), *densities)


def problems(
    key: str, name: str, asked: Transitions, devices: Mapping[str, Device], _: Validate
) -> list[str]:
    """List the conflicts with the devices of the campaign, one sentence each."""
    if found := missing_device(key, name, devices):
        return found
    device = devices[name]
    if found := without_notch(key, name, device):
        return found
    notches = len(device.track.inner_notch_positions)
    for start in asked.starts or ():
        if max(WallState(start).ends or (0,)) > notches:
            found.append(
                f"{key}.starts has {start!r}, and {name} has {notches} notches inside its "
                "track; name another state"
            )
    longest = device.relaxation.longest
    found += too_short(f"{key}: relaxation.longest {longest:g} s of {name}", longest, device)
    found += unrecorded(key, {"durations": asked.durations[0]}, device, name)
    keys = "durations and relaxation.longest"
    if fault := device.size_fault(keys, asked.durations[-1] + longest, asked.signed[-1]):
        found.append(f"{key}: {fault}")
    return found


def starting_states(device: Device, asked: Transitions) -> list[WallState]:
    """Return the states from which pulses start, from left to right.

    Without a choice, these are all states in which notches pin both ends: each notch, and each
    pair of neighbours in both orders, since the end that leads depends on the direction of the
    last pulse.
    """
    if asked.starts:
        return [WallState(name) for name in asked.starts]
    found = []
    count = len(device.track.inner_notch_positions)
    for index in range(1, count + 1):
        found.append(WallState.at(index, index))
        if index < count:
            found += [WallState.at(index, index + 1), WallState.at(index + 1, index)]
    return found


def _pulse(device: Device, state: WallState, duration: float, density: float) -> Simulation:
    """Return one pulse from a resting wall."""
    output = device.output.without_maps_between(duration + device.relaxation.longest)
    pulse = {"current_density": density, "pulse_duration": duration, "output": output}
    return level_job(device, state.file_name).model_copy(update=pulse)


def requests(campaign: Campaign, name: str, asked: Transitions, _: Rounds) -> Requests:
    """Return the level of each state, then the pulses by state, duration and current density."""
    device = campaign.simulated[name]
    levels = {state: level(name, device, state) for state in starting_states(device, asked)}
    found: Requests = {(str(state),): request for state, request in levels.items()}
    for state, duration, density in itertools.product(levels, asked.durations, asked.signed):
        names = (state.file_name, duration_name(duration), current_name(density))
        make = partial(_pulse, device, state, duration, density)
        after = (levels[state].path,)
        found[str(state), duration, density] = Request(
            "trace", STUDY.path(name, *names), make, after
        )
    return found


def _about(campaign: Campaign, name: str, _: Transitions) -> Job:
    """Return what the write energy of the pulses depends on."""
    return write_energy_job(campaign.simulated[name])


_PULSE = ("start", "duration", "current_density")
_PAIR = ("start", "target")

STUDY = Study(
    name="transitions",
    title="transitions of {subject}",
    missing="a device",
    settings=Transitions,
    problems=problems,
    requests=requests,
    kind="transitions",
    variables={
        "start": Variable(("start",), "state from which a pulse starts", "", STATE),
        "target": Variable(("target",), "state in which a pulse can end", "", STATE),
        "start_stable": Variable(
            ("start",), "whether a wall initialised there rests there", **FLAG
        ),
        "start_bottom": Variable(
            ("start",), "wall position at the lower edge before the pulses", **ON_TRACK
        ),
        "start_top": Variable(
            ("start",), "wall position at the upper edge before the pulses", **ON_TRACK
        ),
        "end_state": Variable(_PULSE, "state of the wall after each pulse", type=STATE),
        "end_settled": Variable(_PULSE, "whether both wall ends rest after each pulse", **FLAG),
        "end_bottom": Variable(
            _PULSE, "wall position at the lower edge after each pulse", **ON_TRACK
        ),
        "end_top": Variable(_PULSE, "wall position at the upper edge after each pulse", **ON_TRACK),
        "end_target": Variable(
            _PULSE,
            "index of the target in which the wall rests",
            type="int64",
            attributes={"comment": "-1 if it rests in none of them"},
        ),
        "reached": Variable(("target",), "whether a pulse from another state ends there", **FLAG),
        "left": Variable(("start",), "whether a pulse from there ends in another target", **FLAG),
        "sequence_length": Variable(
            _PAIR,
            "number of pulses of the shortest sequence",
            type="int64",
            attributes={"comment": "-1 where there is none"},
        ),
        "sequence_current_density": Variable(
            _PAIR, "current density of the first pulse of this sequence", **EDGE
        ),
        "sequence_duration": Variable(
            _PAIR,
            "duration of the first pulse of this sequence",
            attributes={"comment": "NaN where there is none"},
            **TIME,
        ),
    },
    others=("duration", "current_density"),
    figure="map",
    places={"trace": r"[^/]+/[^/]+/[^/]+/-?[\d.]+"},
    of_device=True,
    about=_about,
    level_sets=("mutually-reachable",),
)
