"""Pulses that both calculators run."""

from wallnet.config import Campaign, Device
from wallnet.jobs.simulation import SimulationJob, pulse_job


def crosscheck_job(campaign: Campaign, case: str, calculator: str) -> SimulationJob:
    """Return the job of a case of the cross-check for one calculator."""
    chosen = campaign.crosscheck.cases[case]
    device = Device.model_validate(chosen.varied(campaign.devices, calculator))
    return pulse_job(device, chosen.current_density)
