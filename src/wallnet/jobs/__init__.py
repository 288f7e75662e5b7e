"""Jobs: the part of the configuration that each computation needs, as canonical JSON."""

from wallnet.jobs.barriers import BarriersJob, barriers_job
from wallnet.jobs.crosscheck import (
    check_named,
    compared_device,
    crosscheck_job,
    misnamed_settings,
    own_calculators,
    own_classes,
)
from wallnet.jobs.depinning import (
    DepinningJob,
    PinnedWall,
    depinning_job,
    freeing_job,
    pinned_walls,
)
from wallnet.jobs.devices import DeviceJob, device_job
from wallnet.jobs.networks import (
    AccuracyJob,
    ContinuingJob,
    DataJob,
    InterpretationJob,
    LevelJob,
    MappingJob,
    TrainingJob,
    accuracy_job,
    comparison_job,
    continuing_job,
    data_job,
    interpretation_job,
    mapping_job,
    network_path,
    network_paths,
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
    "BarriersJob",
    "ContinuingJob",
    "DataJob",
    "DepinningJob",
    "DeviceJob",
    "InterpretationJob",
    "LevelJob",
    "MappingJob",
    "PinnedWall",
    "ProgrammingEnergyJob",
    "SummaryJob",
    "TrainingJob",
    "WriteEnergyJob",
    "accuracy_job",
    "barriers_job",
    "check_named",
    "compared_device",
    "comparison_job",
    "continuing_job",
    "crosscheck_job",
    "data_job",
    "depinning_job",
    "device_job",
    "freeing_job",
    "interpretation_job",
    "mapping_job",
    "misnamed_settings",
    "network_path",
    "network_paths",
    "own_calculators",
    "own_classes",
    "pinned_walls",
    "programming_energy_job",
    "summary_job",
    "training_job",
    "write_energy_job",
]
