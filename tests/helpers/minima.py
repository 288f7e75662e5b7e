"""The minimum next to one placed wall of a device."""

from wallnet import jobs
from wallnet.simulate.energy_path import find_minima


def placed(device, state, kelvin=None, **placement):
    """Return the job that minimises the energy from one wall, placed elsewhere if stated, in m."""
    job = jobs.minima_job(device, kelvin)
    wall = job.placements[state]
    wall = wall and wall.model_copy(update=placement)
    return job.model_copy(update={"placements": {state: wall}})


def minimum(device, state, kelvin=None, **placement):
    """Return the minimum from one placed wall."""
    return find_minima(placed(device, state, kelvin, **placement)).isel(placed=0)
