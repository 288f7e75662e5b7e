"""Jobs for pulse trains: their simulation, and the response of the device."""

from wallnet.config import Detector, Device, Program, ProgramPulse, Relaxation, Track, repeated
from wallnet.jobs.base import Job
from wallnet.jobs.simulation import SimulationJob, initial_job


class ProgramJob(Job):
    """Simulation of a sequence of pulses on one track, from an initial state on.

    `simulation` has the track, the material and the calculator, and no current.
    """

    simulation: SimulationJob
    pulses: tuple[ProgramPulse, ...]

    def steps(self) -> list[SimulationJob]:
        """Return the job of each pulse with its pause, in the order of time."""
        return [
            self.simulation.model_copy(
                update={
                    "current_density": pulse.current_density,
                    "pulse_duration": pulse.duration,
                    # with `hold` equal to `longest`, the pause lasts exactly the stated time
                    "relaxation": Relaxation(
                        longest=pulse.pause,
                        speed=self.simulation.relaxation.speed,
                        hold=pulse.pause or 1e-12,
                    ),
                }
            )
            for pulse in repeated(self.pulses)
        ]


class ResponseJob(Job):
    """Computation of a device's conductance under a pulse train from its trace."""

    track: Track
    detector: Detector
    pulses: tuple[ProgramPulse, ...]


def program_job(device: Device, program: Program) -> ProgramJob:
    """Return the job that simulates a pulse train on its device."""
    # only the pauses determine how long a wall relaxes
    relaxation = device.relaxation.model_copy(update={"longest": 0.0})
    simulation = initial_job(device).model_copy(update={"relaxation": relaxation})
    return ProgramJob(simulation=simulation, pulses=program.pulses)


def response_job(device: Device, program: Program) -> ResponseJob:
    """Return the job that computes the response of a device to a pulse train."""
    return ResponseJob(track=device.track, detector=device.detector, pulses=program.pulses)
