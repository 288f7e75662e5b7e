"""All paths of a campaign: its files, their sources, and obsolete results."""

from wallnet.plan.clean import not_asked_for, register, remove
from wallnet.plan.figures import FIGURES, Figure, figures
from wallnet.plan.listing import (
    checks,
    crosscheck_files,
    device_files,
    everything,
    network_files,
    simulations,
    validation_files,
)
from wallnet.plan.paths import (
    crosscheck_traces,
    example_metrics,
    folder,
    level_paths,
    levels_in,
    network_paths,
    trace_in,
    trace_paths,
    traces_in,
    training_curve_metrics,
    validation_results,
)

__all__ = [
    "FIGURES",
    "Figure",
    "checks",
    "crosscheck_files",
    "crosscheck_traces",
    "device_files",
    "everything",
    "example_metrics",
    "figures",
    "folder",
    "level_paths",
    "levels_in",
    "network_files",
    "network_paths",
    "not_asked_for",
    "register",
    "remove",
    "simulations",
    "trace_in",
    "trace_paths",
    "traces_in",
    "training_curve_metrics",
    "validation_files",
    "validation_results",
]
