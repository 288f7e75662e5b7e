"""The job that gathers what is known of the imperfections of a device."""

from wallnet.config import Campaign
from wallnet.config.imperfections import DeviceImperfections
from wallnet.jobs.base import Job


class ImperfectionsJob(DeviceImperfections, Job):
    """Gather what is known of the imperfections of one device."""

    device: str


def imperfections_job(campaign: Campaign, device: str) -> ImperfectionsJob:
    """Return the job of a device; what the campaign does not state of it is assumed."""
    settings = campaign.imperfections.get(device, DeviceImperfections())
    return ImperfectionsJob(device=device, **settings.model_dump())
