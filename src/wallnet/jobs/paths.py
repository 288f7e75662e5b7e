"""Paths of the simulations of devices. Plan and jobs use the same functions for the file names.

A job that reads a whole sweep receives its folder, so that the command line does not grow with the
sweep.
"""

from pathlib import Path, PurePosixPath

from wallnet import files
from wallnet.config import Device, current_name
from wallnet.config.pulse import Pulse
from wallnet.experiment.minima import minimum_states
from wallnet.experiment.simulation import level_states
from wallnet.jobs.devices import DeviceJob

_TRACE = PurePosixPath(files.TRACE).name


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
    # of 100,000 pulses, without making as many paths
    return f"{traces}/{_TRACE.format(current=current_name(current_density))}"


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
    return {state: level_in(levels, state) for state in states}


def trace_paths(name: str, device: Device) -> list[str]:
    """Return the trace files of a device, by ascending current density."""
    return traces_in(folder(files.TRACE, name), device.pulse)


def level_paths(name: str, device: Device) -> list[str]:
    """Return the files of the states in which a synapse can rest; none for other devices."""
    return list(levels_in(folder(files.LEVEL, name), device).values())


def level_in(levels: str | Path, state: files.WallState) -> str:
    """Return the file of a wall initialised in a state in the folder of a device's levels."""
    return str(Path(levels, PurePosixPath(files.LEVEL).name.format(state=state.file_name)))


def minima_in(minima: str | Path, device: Device | DeviceJob) -> dict[files.WallState, str]:
    """Return the files of the minima of a synapse by state, in the folder of its minima."""
    synapse = device.kind == "synapse"
    states = minimum_states(device.track, device.wall.start) if synapse else []
    name = PurePosixPath(files.MINIMUM).name
    return {state: str(Path(minima, name.format(state=state.file_name))) for state in states}


def minimum_paths(name: str, device: Device) -> list[str]:
    """Return the files of the minima of a synapse; none for other devices."""
    return list(minima_in(folder(files.MINIMUM, name), device).values())
