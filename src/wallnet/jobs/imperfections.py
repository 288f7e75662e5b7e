"""Job that writes what is known of the imperfections of a device."""

from wallnet.config import Campaign
from wallnet.config.imperfections import DeviceImperfections
from wallnet.jobs.base import Job


class ImperfectionsJob(Job):
    """What is known of a device beside its files."""

    device: str
    settings: DeviceImperfections


def imperfections_job(campaign: Campaign, device: str) -> ImperfectionsJob:
    """Return the job of a device of the campaign."""
    settings = campaign.imperfections.get(device, DeviceImperfections())
    return ImperfectionsJob(device=device, settings=settings)
