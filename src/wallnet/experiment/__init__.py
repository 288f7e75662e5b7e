"""Requests: what is computed of devices, as canonical JSON, with its path and its work.

A simulation (a device, a start, a train of pulses) gives a trace. A minimum and a path between two
minima give an energy and a barrier.
"""

from wallnet.experiment.base import Job, canonical, read
from wallnet.experiment.code import code_of, find, load_class, search_in, stage_of
from wallnet.experiment.energy_path import (
    EnergyPath,
    barrier_job,
    between,
    images_between,
    images_of,
    neighbours,
)
from wallnet.experiment.minima import Minimum, minimum_job, minimum_states
from wallnet.experiment.request import COMMANDS, COUNTED, SIMULATED, Kind, Request, digest_of
from wallnet.experiment.simulation import (
    Simulation,
    Step,
    Train,
    WallPlacement,
    initial_job,
    level_job,
    level_states,
    pulse_job,
    train_job,
)
