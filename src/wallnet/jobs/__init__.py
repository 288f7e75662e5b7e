"""Jobs: the part of the configuration that each computation needs, as canonical JSON."""

from wallnet.jobs.networks import (
    AccuracyJob,
    ContinuingJob,
    DataJob,
    LevelJob,
    MappingJob,
    TrainingJob,
    accuracy_job,
    comparison_job,
    continuing_job,
    data_job,
    mapping_job,
    training_job,
)
from wallnet.jobs.summary import SummaryJob, summary_job
from wallnet.jobs.write_energy import (
    ProgrammingEnergyJob,
    WriteEnergyJob,
    programming_energy_job,
    write_energy_job,
)

__all__ = [
    "AccuracyJob",
    "ContinuingJob",
    "DataJob",
    "LevelJob",
    "MappingJob",
    "ProgrammingEnergyJob",
    "SummaryJob",
    "TrainingJob",
    "WriteEnergyJob",
    "accuracy_job",
    "comparison_job",
    "continuing_job",
    "data_job",
    "mapping_job",
    "programming_energy_job",
    "summary_job",
    "training_job",
    "write_energy_job",
]
