"""All paths of a campaign: its files, their sources, and obsolete results."""

from wallnet.plan.campaign import load, parse
from wallnet.plan.clean import not_asked_for, remove
from wallnet.plan.figures import FIGURES, figures
from wallnet.plan.levels import level_set_sources, level_sources, level_tables
from wallnet.plan.listing import (
    checks,
    device_files,
    everything,
    mapping_files,
    network_files,
    simulations,
    validation_files,
)
from wallnet.plan.own import check_named, own_calculators, own_classes
from wallnet.plan.paths import (
    comparison_paths,
    example_metrics,
    free_path,
    mapped_paths,
    mapping_jobs,
    network_models,
    programming_sources,
    reference_metrics,
    training_curve_metrics,
    validation_results,
)
from wallnet.plan.progress import Planning
from wallnet.plan.requests import (
    KINDS,
    Requested,
    pattern_of,
)
from wallnet.plan.start import (
    check_measurements,
    check_scheduler,
    check_submittable,
    unlock_sentence,
)
from wallnet.plan.summary import (
    barrier_results,
    linked_summary,
    noted_barriers,
    story_figures,
    summary_sources,
)
from wallnet.plan.tables import TABLES
from wallnet.plan.targets import finished_targets, unfinished_targets
from wallnet.plan.work import (
    expected_times,
    study_work,
    time_of_job,
    work_ahead,
)

__all__ = [
    "FIGURES",
    "KINDS",
    "TABLES",
    "Planning",
    "Requested",
    "barrier_results",
    "check_measurements",
    "check_named",
    "check_scheduler",
    "check_submittable",
    "checks",
    "comparison_paths",
    "device_files",
    "everything",
    "example_metrics",
    "expected_times",
    "figures",
    "finished_targets",
    "free_path",
    "level_set_sources",
    "level_sources",
    "level_tables",
    "linked_summary",
    "load",
    "mapped_paths",
    "mapping_files",
    "mapping_jobs",
    "network_files",
    "network_models",
    "not_asked_for",
    "noted_barriers",
    "own_calculators",
    "own_classes",
    "parse",
    "pattern_of",
    "programming_sources",
    "reference_metrics",
    "remove",
    "simulations",
    "story_figures",
    "study_work",
    "summary_sources",
    "time_of_job",
    "training_curve_metrics",
    "unfinished_targets",
    "unlock_sentence",
    "validation_files",
    "validation_results",
    "work_ahead",
]
