"""What one job computes: the part of the configuration that it needs, as canonical JSON."""

from wallnet.jobs.base import Job, canonical, read
from wallnet.jobs.crosscheck import crosscheck_job
from wallnet.jobs.devices import DeviceJob, device_job
from wallnet.jobs.networks import (
    AccuracyJob,
    DataJob,
    MappingJob,
    TrainingJob,
    accuracy_job,
    data_job,
    mapping_job,
    training_job,
)
from wallnet.jobs.simulation import (
    SimulationJob,
    WallPlacement,
    initial_job,
    level_job,
    level_states,
    pulse_job,
)

__all__ = [
    "AccuracyJob",
    "DataJob",
    "DeviceJob",
    "Job",
    "MappingJob",
    "SimulationJob",
    "TrainingJob",
    "WallPlacement",
    "accuracy_job",
    "canonical",
    "crosscheck_job",
    "data_job",
    "device_job",
    "initial_job",
    "level_job",
    "level_states",
    "mapping_job",
    "pulse_job",
    "read",
    "training_job",
]
