"""Jobs for operating windows: one pulse train, and the map over amplitudes and durations."""

from wallnet.config import Device, ProgramPulse, Window
from wallnet.jobs.base import Job
from wallnet.jobs.programs import ProgramJob
from wallnet.jobs.simulation import SimulationJob, initial_job


class StaircaseJob(Job):
    """Simulation of pulses that have to move a wall by one notch each, up and down again.

    `step` has the pulse of one step upwards, and its tail if there is one. There are as many steps
    as notches in each direction: the last of them pushes the wall against an end.
    """

    simulation: SimulationJob
    step: tuple[ProgramPulse, ...]

    @property
    def notches(self) -> tuple[float, ...]:
        """Positions in m of the notches that the wall has to visit, ascending."""
        return self.simulation.track.inner_notch_positions

    @property
    def steps(self) -> int:
        """Number of steps in both directions together."""
        return 2 * len(self.notches)

    def program(self) -> ProgramJob:
        """Return the job of all pulses, upwards and then downwards."""
        down = [
            part.model_copy(update={"current_density": -part.current_density}) for part in self.step
        ]
        pulses = (*len(self.notches) * self.step, *len(self.notches) * down)
        return ProgramJob(simulation=self.simulation, pulses=pulses)


class WindowJob(Job):
    """Gathering of all pulse trains of an operating window."""

    variants: tuple[str, ...]
    current_densities: tuple[float, ...]
    durations: tuple[float, ...]


def staircase_job(
    device: Device, window: Window, current_density: float, duration: float
) -> StaircaseJob:
    """Return the job of one point of an operating window.

    Parameters
    ----------
    device : Device
        The variant of the operating window's device.
    window : Window
        The operating window.
    current_density, duration : float
        Pulse in A/m² and s.
    """
    # only the pauses determine how long a wall relaxes
    relaxation = device.relaxation.model_copy(update={"longest": 0.0})
    simulation = initial_job(device).model_copy(update={"relaxation": relaxation})
    pause = window.pause
    step = [
        ProgramPulse(
            current_density=current_density,
            duration=duration,
            pause=0.0 if window.tail else pause,
        )
    ]
    if window.tail:
        weaker = window.tail.share * current_density
        step.append(
            ProgramPulse(current_density=weaker, duration=window.tail.duration, pause=pause)
        )
    return StaircaseJob(simulation=simulation, step=tuple(step))


def window_job(window: Window) -> WindowJob:
    """Return the job that gathers all points of an operating window."""
    return WindowJob(
        variants=tuple(window.variants),
        current_densities=window.current_densities,
        durations=window.durations,
    )
