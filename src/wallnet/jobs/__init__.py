"""Jobs: the part of the configuration that each computation needs, as canonical JSON."""

from wallnet.jobs.base import Job, canonical, read
from wallnet.jobs.code import code_of, find, load_class, search_in, stage_of
from wallnet.jobs.crosscheck import crosscheck_job, misnamed_settings, own_calculators
from wallnet.jobs.devices import DeviceJob, device_job
from wallnet.jobs.intervals import IntervalsJob, intervals_job
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
    training_job,
)
from wallnet.jobs.price import (
    PriceJob,
    ProgrammingPriceJob,
    price_job,
    programming_price_job,
)
from wallnet.jobs.programs import ProgramJob, ResponseJob, program_job, response_job
from wallnet.jobs.simulation import (
    SimulationJob,
    WallPlacement,
    initial_job,
    level_job,
    level_states,
    pulse_job,
)
from wallnet.jobs.transitions import (
    TransitionsJob,
    signed,
    starting_states,
    transition_job,
    transitions_job,
)
from wallnet.jobs.windows import StaircaseJob, WindowJob, staircase_job, window_job

__all__ = [
    "AccuracyJob",
    "ContinuingJob",
    "DataJob",
    "DeviceJob",
    "InterpretationJob",
    "IntervalsJob",
    "Job",
    "LevelJob",
    "MappingJob",
    "PriceJob",
    "ProgramJob",
    "ProgrammingPriceJob",
    "ResponseJob",
    "SimulationJob",
    "StaircaseJob",
    "TrainingJob",
    "TransitionsJob",
    "WallPlacement",
    "WindowJob",
    "accuracy_job",
    "canonical",
    "code_of",
    "comparison_job",
    "continuing_job",
    "crosscheck_job",
    "data_job",
    "device_job",
    "find",
    "initial_job",
    "interpretation_job",
    "intervals_job",
    "level_job",
    "level_states",
    "load_class",
    "mapping_job",
    "misnamed_settings",
    "own_calculators",
    "price_job",
    "program_job",
    "programming_price_job",
    "pulse_job",
    "read",
    "response_job",
    "search_in",
    "signed",
    "stage_of",
    "staircase_job",
    "starting_states",
    "training_job",
    "transition_job",
    "transitions_job",
    "window_job",
]
