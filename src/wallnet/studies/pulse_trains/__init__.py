"""Pulse trains: sequences of current pulses that write and rewrite a device."""

from functools import partial

from wallnet import files, jobs
from wallnet.config import Campaign, Device
from wallnet.config.devices import Detector
from wallnet.config.pulse import MOST_PULSES, PulseSequence
from wallnet.jobs import Job, Request
from wallnet.jobs.report import WriteEnergyJob, write_energy_job
from wallnet.jobs.request import minima
from wallnet.questions.question import Requests, Rounds
from wallnet.studies.base import OnDevice, too_large, unrecorded


class PulseTrain(PulseSequence):
    """A pulse train on one device, which starts from its initial state."""

    device: str
    """Name of a simulated device in `devices`."""


class ResponseJob(Job):
    """What the response depends on beside the simulation: the detector, and the write energy."""

    detector: Detector
    write_energy: WriteEnergyJob


class Ask(OnDevice[PulseTrain]):
    """One train of pulses."""

    settings = PulseTrain
    title = "pulse train {subject}"
    missing = "a pulse train"
    kind = "response"
    figure = "response"
    usual = True
    headline = True

    def conflicts(self, key: str, name: str, settings: PulseTrain, device: Device) -> list[str]:
        """List the conflicts with the device, one sentence each."""
        conflicts = []
        if (count := sum(pulse.repetitions for pulse in settings.pulses)) > MOST_PULSES:
            conflicts.append(f"{key}.pulses has {count} pulses; keep to {MOST_PULSES}")
        durations = {f"pulses.{n}.duration": p.duration for n, p in enumerate(settings.pulses)}
        conflicts += unrecorded(key, durations, device, name)
        total = sum(pulse.repetitions * (pulse.duration + pulse.pause) for pulse in settings.pulses)
        strongest = max((pulse.current_density for pulse in settings.pulses), key=abs)
        return conflicts + too_large(key, device, "all pulses", total, strongest, count)

    def requests(self, campaign: Campaign, name: str, settings: PulseTrain, _: Rounds) -> Requests:
        """Yield the pulse train."""
        initial = files.INITIAL.format(device=settings.device)
        device = campaign.simulated[settings.device]
        make = partial(jobs.pulse_train_job, device, settings.pulses)
        path, states = self.path(name, "train"), minima(settings.device, device)
        yield Request("run", path, make, (initial,), states=states)

    def about(self, campaign: Campaign, _: str, settings: PulseTrain) -> ResponseJob:
        """Return what the response depends on beside the simulation."""
        device = campaign.simulated[settings.device]
        return ResponseJob(detector=device.junction, write_energy=write_energy_job(device))
