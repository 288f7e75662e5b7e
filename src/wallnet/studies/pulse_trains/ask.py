"""Pulse trains: sequences of current pulses that write and rewrite a device."""

from functools import partial
from typing import Annotated

from pydantic import Field

from wallnet import files, jobs
from wallnet.config import Campaign, Device, ProgramPulse
from wallnet.config.devices import Detector
from wallnet.config.pulse import MOST_PULSES
from wallnet.config.quantities import Section
from wallnet.jobs import Job, Request
from wallnet.jobs.report import WriteEnergyJob, write_energy_job
from wallnet.studies.base import Requests, Rounds, on_device, study, too_large, unrecorded


class PulseTrain(Section):
    """A pulse train on one device, which starts from its initial state."""

    device: str
    """Name of a simulated device in `devices`."""
    pulses: Annotated[tuple[ProgramPulse, ...], Field(min_length=1)]
    """The pulses, in the order of time."""


class ResponseJob(Job):
    """What the response depends on beside the simulation: the detector, and the write energy."""

    detector: Detector
    write_energy: WriteEnergyJob


@on_device
def problems(key: str, name: str, asked: PulseTrain, device: Device) -> list[str]:
    """List the conflicts with the device, one sentence each."""
    found = []
    if (count := sum(each.repetitions for each in asked.pulses)) > MOST_PULSES:
        found.append(f"{key}.pulses has {count} pulses; keep to {MOST_PULSES}")
    durations = {f"pulses.{number}.duration": p.duration for number, p in enumerate(asked.pulses)}
    found += unrecorded(key, durations, device, name)
    total = sum(each.repetitions * (each.duration + each.pause) for each in asked.pulses)
    strongest = max((each.current_density for each in asked.pulses), key=abs)
    return found + too_large(key, device, "all pulses", total, strongest, count)


def requests(campaign: Campaign, name: str, asked: PulseTrain, _: Rounds) -> Requests:
    """Return the pulse train."""
    initial = files.INITIAL.format(device=asked.device)
    device, train = campaign.simulated[asked.device], jobs.PulseTrain(pulses=asked.pulses)
    make = partial(jobs.pulse_train_job, device, train)
    path = STUDY.path(name, "train")
    return {("train",): Request("pulse_train", path, make, (initial,))}


def about(campaign: Campaign, _: str, asked: PulseTrain) -> ResponseJob:
    """Return what the response depends on beside the simulation."""
    device = campaign.simulated[asked.device]
    return ResponseJob(detector=device.detector, write_energy=write_energy_job(device))


STUDY = study(
    __name__,
    PulseTrain,
    title="pulse train {subject}",
    missing="a pulse train",
    kind="response",
    figure="response",
    places={"pulse_train": "[^/]+/train"},
    usual=True,
    headline=True,
)
