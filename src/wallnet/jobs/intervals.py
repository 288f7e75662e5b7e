"""Jobs for intervals: the rounds of a bisection, and the intervals that follow from them."""

from wallnet.config import Device, Intervals
from wallnet.experiment.base import Job


class IntervalsJob(Job):
    """Bisection of the current density between the pulses of a sweep."""

    current_densities: tuple[float, ...]
    resolution: float


def intervals_job(device: Device, intervals: Intervals) -> IntervalsJob:
    """Return the job that bisects between the pulses of a device's sweep."""
    return IntervalsJob(
        current_densities=device.pulse.current_densities, resolution=intervals.resolution
    )
