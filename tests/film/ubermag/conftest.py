"""The device for the tests of the ubermag calculator."""

import pytest
from helpers.runs import with_step
from helpers.small_campaign import TINY

from wallnet import config, jobs
from wallnet.jobs.film import check


@pytest.fixture
def job():
    """Return a short pulse on a track with notches, in a material with all torques."""
    device = config.parse(TINY, check).devices["synapse"]
    torques = {"damping": 0.3, "slonczewski_lambda": 1.5, "field_like_torque": 0.1}
    changes = {"material": device.material.model_copy(update=torques)}
    job = jobs.pulse_job(device, 1.5e12).model_copy(update=changes)
    return with_step(job, duration=0.2e-9, pause=0.0)
