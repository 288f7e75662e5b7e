"""Jobs for pulse trains: their simulation, and the response of the device."""

from wallnet.config import Detector, Device, Program, ProgramPulse, Track
from wallnet.experiment import Job, Simulation, Train, train_job


class ResponseJob(Job):
    """Computation of a device's conductance under a pulse train from its trace."""

    track: Track
    detector: Detector
    pulses: tuple[ProgramPulse, ...]


def program_job(device: Device, program: Program) -> Simulation:
    """Return the job that simulates a pulse train on its device."""
    return train_job(device, Train(pulses=program.pulses))


def response_job(device: Device, program: Program) -> ResponseJob:
    """Return the job that computes the response of a device to a pulse train."""
    return ResponseJob(track=device.track, detector=device.detector, pulses=program.pulses)
