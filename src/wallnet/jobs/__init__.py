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
from wallnet.jobs.price import (
    PriceJob,
    ProgrammingPriceJob,
    price_job,
    programming_price_job,
)
from wallnet.jobs.programs import ResponseJob, program_job, response_job
from wallnet.jobs.summary import SummaryJob, summary_job

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
    "PriceJob",
    "ProgrammingPriceJob",
    "ResponseJob",
    "SummaryJob",
    "TrainingJob",
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
    "price_job",
    "program_job",
    "programming_price_job",
    "response_job",
    "summary_job",
    "training_job",
]
