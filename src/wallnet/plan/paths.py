"""Files that jobs read: those of one device, of the networks and of the checks."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from wallnet import files
from wallnet.config import Campaign, Device, Pulse, current_name
from wallnet.config.calculators import file_name
from wallnet.config.networks import NO_DEVICE, STAGES, Networks, RunSet
from wallnet.jobs import DeviceJob, level_states
from wallnet.validation import CHECKS

# Devices. A job that reads a whole sweep receives its folder, so that the command line does not
# grow with the sweep. Plan and job use the same functions for the file names.


def folder(pattern: str, name: str) -> str:
    """Return the folder of a device's files of one kind.

    Examples
    --------
    >>> folder(files.TRACE, "neuron")
    'results/traces/neuron'
    """
    return str(PurePosixPath(pattern).parent).format(device=name)


def trace_in(traces: str | Path, current_density: float) -> str:
    """Return the trace of a current density in A/m² in the folder of a device's traces."""
    name = PurePosixPath(files.TRACE).name.format(current=current_name(current_density))
    return str(Path(traces, name))


def traces_in(traces: str | Path, pulse: Pulse) -> list[str]:
    """Return the traces in the folder of a device's traces, by ascending current density."""
    return [trace_in(traces, density) for density in pulse.current_densities]


def levels_in(levels: str | Path, device: Device | DeviceJob) -> dict[files.WallState, str]:
    """Return the files of the states in which a synapse can rest, in the folder of its levels.

    Returns
    -------
    dict
        Files by state; empty for a device that is not a synapse.
    """
    states = level_states(device.track) if device.kind == "synapse" else {}
    name = PurePosixPath(files.LEVEL).name
    return {state: str(Path(levels, name.format(state=state.file_name))) for state in states}


def trace_paths(name: str, device: Device) -> list[str]:
    """Return the trace files of a device, by ascending current density."""
    return traces_in(folder(files.TRACE, name), device.pulse)


def level_paths(name: str, device: Device) -> list[str]:
    """Return the files of the states in which a synapse can rest; none for other devices."""
    return list(levels_in(folder(files.LEVEL, name), device).values())


# Networks


def network_paths(
    pattern: str, run_set: RunSet, networks: str | Path = files.NETWORKS
) -> list[str]:
    """Return the files of one kind of all networks, in the order of `RunSet.runs`.

    Parameters
    ----------
    pattern : str
        `wallnet.files.METRICS` or `CHECKPOINT`.
    run_set : RunSet
        The set of networks.
    networks : str or Path
        Folder of all networks.
    """
    name = str(PurePosixPath(pattern).relative_to(files.NETWORKS))
    return [str(Path(networks, name.format(**run))) for run in run_set.runs()]


def example_metrics(
    networks: Networks, stages: Sequence[str], dataset: str, device: str = NO_DEVICE
) -> list[str]:
    """Return the metrics of the first recipe, mapping and seed at some stages, in all readings.

    Without a device, return those of the network with free weights.
    """
    wanted = {
        "dataset": (dataset,),
        "device": (NO_DEVICE, device),
        "mapping": (NO_DEVICE, networks.mappings[0]),
        "recipe": tuple(networks.recipes)[:1],
        "stage": tuple(stages),
        "seed": (str(networks.seeds[0]),),
    }
    return [
        files.METRICS.format(**run)
        for run in networks.runs()
        if all(run[key] in values for key, values in wanted.items())
    ]


def training_curve_metrics(networks: Networks) -> list[str]:
    """Return the metrics of the networks with free weights, all recipes, the first seed."""
    return [
        files.METRICS.format(**run)
        for run in networks.runs()
        if run["stage"] == STAGES[0] and run["seed"] == str(networks.seeds[0])
    ]


# Checks


def crosscheck_traces(campaign: Campaign, calculator: str) -> list[str]:
    """Return the traces of all cases of the cross-check by one calculator."""
    return [
        files.CROSSCHECK.format(case=case, calculator=file_name(calculator))
        for case in campaign.crosscheck.cases
    ]


def validation_results() -> list[str]:
    """Return the results of all checks of the engine."""
    return [files.VALIDATION.format(check=check) for check in CHECKS]
