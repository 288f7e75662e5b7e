"""What the price of a pulse on a device depends on."""

from wallnet.config import Device, Heating, HeavyMetal
from wallnet.jobs.base import Job


class PriceJob(Job):
    """Computation of energy and temperature of pulses on one track.

    It is a parameter of tables only: no simulation depends on it.
    """

    length: float
    width: float
    polarization: float
    heavy_metal: HeavyMetal
    heating: Heating


def price_job(device: Device) -> PriceJob:
    """Return the job that computes the price of pulses on a device."""
    return PriceJob(
        length=device.track.length,
        width=device.track.width,
        polarization=device.material.polarization,
        heavy_metal=device.heavy_metal,
        heating=device.heating,
    )
