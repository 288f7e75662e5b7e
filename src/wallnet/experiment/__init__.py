"""Requests: what is computed of devices, as canonical JSON, with its path and its work.

A simulation (a device, a start, a train of pulses) gives a trace. A minimum and a path between two
minima give an energy and a barrier.
"""

from wallnet.experiment.base import Job
from wallnet.experiment.energy_path import barrier_job, minimum_job
from wallnet.experiment.request import Request
from wallnet.experiment.simulation import (
    Simulation,
    Train,
    drive_of,
    initial_job,
    level_job,
    pulse_job,
    train_job,
)
