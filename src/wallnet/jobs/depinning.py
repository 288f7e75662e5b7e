"""Jobs for depinning: pulses on walls that rest at a notch, and the thresholds that follow."""

from collections.abc import Iterator
from dataclasses import dataclass

from wallnet.config import Depinning, Device
from wallnet.config.track import Track
from wallnet.experiment.base import Job
from wallnet.experiment.simulation import Simulation, level_job
from wallnet.files import WallState


@dataclass(frozen=True)
class PinnedWall:
    """A wall that rests at a notch.

    Attributes
    ----------
    place : str
        Name in files: "notch-2", or "alone-2" on a track with this notch only.
    device : Device
        The device, or the one with this notch only.
    notch : int
        Number of the notch on the device, counted from 1.
    alone : bool
        Whether it is the only notch.
    """

    place: str
    device: Device
    notch: int
    alone: bool

    @property
    def state(self) -> WallState:
        """State of the wall on its own track."""
        number = 1 if self.alone else self.notch
        return WallState.at(number, number)


def pinned_walls(device: Device, asked: Depinning) -> Iterator[PinnedWall]:
    """Yield the walls at all notches of a device, then those at each notch alone."""
    notches = range(1, len(device.track.inner_notch_positions) + 1)
    for notch in notches:
        yield PinnedWall(f"notch-{notch}", device, notch, False)
    for notch in notches if asked.alone else ():
        single = Device.model_validate(asked.single(device, notch))
        yield PinnedWall(f"alone-{notch}", single, notch, True)


class DepinningJob(Job):
    """Bisection of depinning thresholds, and dwell times of a sweep.

    `pinned` has the notch of each place, counted from 1, and `wall_width_parameter` is Δ in m.
    `current_densities` and `sweep_duration` are the pulses of the sweep in A/m² and s.
    """

    pinned: dict[str, int]
    lowest: float
    highest: float
    resolution: float
    duration: float
    track: Track
    wall_width_parameter: float
    current_densities: tuple[float, ...]
    sweep_duration: float


def depinning_job(device: Device, asked: Depinning) -> DepinningJob:
    """Return the job that gathers thresholds and dwell times of a device."""
    low, high = asked.current_densities
    return DepinningJob(
        pinned={wall.place: wall.notch for wall in pinned_walls(device, asked)},
        lowest=low,
        highest=high,
        resolution=asked.resolution,
        duration=asked.duration,
        track=device.track,
        wall_width_parameter=device.material.wall_width_parameter,
        current_densities=device.pulse.current_densities,
        sweep_duration=device.pulse.duration,
    )


def freeing_job(wall: PinnedWall, asked: Depinning, current_density: float) -> Simulation:
    """Return the job of one pulse on a wall that rests at a notch.

    Parameters
    ----------
    wall : PinnedWall
        The wall.
    asked : Depinning
        Duration of the pulses.
    current_density : float
        Current density in A/m².
    """
    device = wall.device
    # the wall is examined while the current flows; only the first and the last map are used
    output = {"snapshot_interval": max(asked.duration, device.output.interval)}
    return level_job(device, wall.state.file_name).model_copy(
        update={
            "current_density": current_density,
            "pulse_duration": asked.duration,
            "relaxation": device.relaxation.model_copy(update={"longest": 0.0}),
            "output": device.output.model_copy(update=output),
        }
    )
