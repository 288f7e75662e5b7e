"""Jobs: the part of the configuration that each computation needs, as canonical JSON."""

from wallnet.jobs.barriers import BarriersJob, barriers_job
from wallnet.jobs.calibration import CalibrationJob, calibration_job, candidate_job
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
from wallnet.jobs.transitions import (
    TransitionsJob,
    signed,
    starting_states,
    transition_job,
    transitions_job,
)

__all__ = [
    "AccuracyJob",
    "BarriersJob",
    "CalibrationJob",
    "ContinuingJob",
    "DataJob",
    "DeviceJob",
    "InterpretationJob",
    "LevelJob",
    "MappingJob",
    "PriceJob",
    "ProgrammingPriceJob",
    "ResponseJob",
    "SummaryJob",
    "TrainingJob",
    "TransitionsJob",
    "accuracy_job",
    "barriers_job",
    "calibration_job",
    "candidate_job",
    "comparison_job",
    "continuing_job",
    "data_job",
    "device_job",
    "interpretation_job",
    "mapping_job",
    "network_path",
    "network_paths",
    "price_job",
    "program_job",
    "programming_price_job",
    "response_job",
    "signed",
    "starting_states",
    "summary_job",
    "training_job",
    "transition_job",
    "transitions_job",
]
