"""Job that compares the barriers of a synapse with the thermal energy."""

from wallnet.config import Barriers, Device
from wallnet.config.track import Track
from wallnet.experiment.base import Job


class BarriersJob(Job):
    """Comparison of all barriers of a device with the thermal energy."""

    track: Track
    temperature: float
    kept: float
    attempt_frequencies: tuple[float, float]


def barriers_job(device: Device, settings: Barriers) -> BarriersJob:
    """Return the job that compares the barriers of a device with the thermal energy."""
    return BarriersJob(
        track=device.track,
        temperature=settings.temperature,
        kept=settings.kept,
        attempt_frequencies=settings.attempt_frequencies,
    )
