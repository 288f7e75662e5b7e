"""Jobs: the part of the configuration that each computation needs, as canonical JSON."""

from wallnet.jobs.base import Job, canonical, read
from wallnet.jobs.code import find, search_in, stage_of
from wallnet.jobs.crosscheck import crosscheck_job, misnamed_settings, own_calculators
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
    "find",
    "initial_job",
    "level_job",
    "level_states",
    "mapping_job",
    "misnamed_settings",
    "own_calculators",
    "pulse_job",
    "read",
    "search_in",
    "stage_of",
    "training_job",
]
