"""Requests: what is computed of devices, as canonical JSON, with its path and its work.

A simulation (a device, a start, a train of pulses) gives a trace. A minimum and a path between two
minima give an energy and a barrier.
"""

from wallnet.jobs.base import Job
from wallnet.jobs.energy_path import barrier_job, minimum_job
from wallnet.jobs.request import Request
from wallnet.jobs.simulation import (
    PulseTrain,
    Simulation,
    drive_of,
    initial_job,
    level_job,
    pulse_job,
    pulse_train_job,
)
