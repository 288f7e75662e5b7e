"""Devices, simulations, sweeps and figures from Python, in a script or a notebook.

The functions of this module are those of the workflow: they make the same jobs and, in a folder,
the same files. `study` runs each study of `wallnet.studies`, given its settings. Networks on levels
are in `wallnet.networks`, and the engine as a calculator of ubermag in `wallnet.film`.
"""

import json
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import config, jobs
from wallnet import simulate as simulation
from wallnet.api.arguments import TRACE, checked_arguments
from wallnet.api.studies import dataset_of, former, study
from wallnet.config import ConfigError, Device, Figures
from wallnet.config import ProgramPulse as ProgramPulse
from wallnet.config.arguments import whole
from wallnet.config.campaign import one_device
from wallnet.config.disorder import track_of
from wallnet.config.messages import shown as shown_text
from wallnet.config.messages import shown_key, validated
from wallnet.config.pulse import PulseSequence
from wallnet.config.quantities import checked_value, plain
from wallnet.config.reference import Reference as Reference
from wallnet.config.schema import described
from wallnet.config.waveform import tabulated
from wallnet.files import WallState
from wallnet.files.schema import names_of
from wallnet.jobs.energy_path import neighbours
from wallnet.plan.shown import FIGURES
from wallnet.simulate.energy_path import find_barrier, find_minima
from wallnet.studies import DEVICES, STUDIES
from wallnet.studies.barriers import Barriers as Barriers
from wallnet.studies.calibration import Calibration as Calibration
from wallnet.studies.crosscheck import Case as Case
from wallnet.studies.crosscheck import Crosscheck as Crosscheck
from wallnet.studies.depinning import Depinning as Depinning
from wallnet.studies.intervals import Intervals as Intervals
from wallnet.studies.operating_windows import Tail as Tail
from wallnet.studies.operating_windows import Window as Window
from wallnet.studies.pulse_trains import PulseTrain as PulseTrain
from wallnet.studies.sensitivity import Assumption as Assumption
from wallnet.studies.sensitivity import Sensitivity as Sensitivity
from wallnet.studies.sweeps import Sweeps as Sweeps
from wallnet.studies.thermal import Thermal as Thermal
from wallnet.studies.transitions import Transitions as Transitions
from wallnet.tracks.regions import check
from wallnet.tracks.rigid_wall import RigidWall, rigid_wall_of
from wallnet.tracks.states import States, outcomes
from wallnet.tracks.ubermag import field_of, mesh_of

if TYPE_CHECKING:
    import discretisedfield
    import pandas
    import xarray
    from matplotlib.figure import Figure

__all__ = [
    *(study.settings.__name__ for study in STUDIES.values()),
    "animate",
    "described",
    "energy_path",
    "field",
    "figure",
    "load_device",
    "make_device",
    "minima",
    "minimum",
    "preview",
    "pulse_train",
    "rigid_wall",
    "simulate",
    "states",
    "study",
    "sweep",
    "tabulated",
    "trace_figure",
]


@checked_arguments
def load_device(path: str | Path, name: str, changes: Mapping[str, Any] | None = None) -> Device:
    """Read a simulated device of a configuration file.

    Parameters
    ----------
    path : str or Path
        The file, such as `config.yaml`.
    name : str
        The device.
    changes : mapping, optional
        Keys of the device that differ, with dots, and their values in SI units.

    Returns
    -------
    Device
        The device.

    Raises
    ------
    wallnet.config.ConfigError
        If the file, the device or a change is not valid.

    Examples
    --------
    >>> load_device("config.yaml", "neuron", {"material.damping": 0.3}).material.damping
    0.3
    """
    pairs = [f"{key}={json.dumps(value)}" for key, value in plain(changes or {}).items()]
    return config.load_device(path, name, check, pairs)


def make_device(**blocks: Any) -> Device:
    """Return a device from plain data: the keys of a device in `config.yaml`, in SI units.

    Parameters
    ----------
    **blocks
        `kind`, `material`, `track`, `wall`, `pulse` and so on; see docs/configuration.md.

    Raises
    ------
    wallnet.config.ConfigError
        If a key is missing or has no valid value.
    """
    return one_device({"devices": {"device": plain(blocks)}}, "device", check, "make_device")


@checked_arguments
def preview(
    device: Device, sample: int | None = None, parameters: bool = False
) -> "tuple[Figure, pandas.DataFrame]":
    """Show a device before it is simulated: a drawing to scale, and estimates.

    Parameters
    ----------
    device : Device
        The device.
    sample : int, optional
        Number of a sample of its `disorder`, 0 for the perfect device; as configured if not given.
    parameters : bool
        Whether the drawing has a map of each parameter that varies, and of a current that crowds,
        instead of the track.

    Returns
    -------
    matplotlib.figure.Figure
        The track with its notches, wall, detector and fixed ends, and parts of it in cells.
    pandas.DataFrame
        Value and unit of each quantity (lengths of the film, velocity of the wall, barrier, heat,
        energy, time of the sweep), and doubts about it, if there are any.
    """
    from wallnet.plan.preview import drawing_of, has_parameters, parameters_drawing, table_of
    from wallnet.report import style

    figures, device = Figures(), device.of_sample(sample)
    if parameters and not has_parameters(device):
        raise ConfigError("preview: parameters needs a film that varies; leave it out")
    draw = parameters_drawing if parameters else drawing_of
    with style.apply(figures):
        return draw(device, device.kind, figures), table_of(device)


@checked_arguments
def rigid_wall(
    device: Device, temperature: float | None = None, sample: int | None = None
) -> RigidWall:
    """Return energy, barriers and thresholds of a straight rigid wall, in milliseconds.

    They are a first estimate, and the first stage of a search over devices; see docs/retention.md.

    Parameters
    ----------
    device : Device
        The device.
    temperature : float, optional
        Temperature of its film in K; that of the device if not given.
    sample : int, optional
        Number of a sample, as in `preview`.

    Returns
    -------
    wallnet.tracks.rigid_wall.RigidWall
        Arrays over the places of the wall, and over the barriers between its notches.

    Raises
    ------
    wallnet.config.ConfigError
        If the film is not perpendicular at the temperature, or the device has no samples.

    Examples
    --------
    >>> device = load_device("config.yaml", "synapse-rewritable-10")
    >>> round(rigid_wall(device).barriers.min() / (1.380649e-23 * 300))
    92
    """
    try:
        return rigid_wall_of(device.of_sample(sample), temperature)
    except ValueError as error:
        raise ConfigError(f"rigid_wall: material.{error}") from None


@checked_arguments
def simulate(
    device: Device,
    current_density: float,
    initial: "xarray.Dataset | None" = None,
    progress: bool = True,
) -> "xarray.Dataset":
    """Simulate one pulse on a device, and the relaxation after it.

    Parameters
    ----------
    device : Device
        The device.
    current_density : float
        Current density in A/m².
    initial : xarray.Dataset, optional
        Trace whose last magnetisation the pulse starts from. Otherwise it starts from the initial
        state of the device.
    progress : bool
        Whether to show a progress bar, in a terminal or a notebook.

    Returns
    -------
    xarray.Dataset
        The trace: the mean magnetisation, the wall and snapshots of the magnetisation.

    Raises
    ------
    wallnet.config.ConfigError
        If the current density is not valid.
    wallnet.simulate.SimulationError
        If the simulation becomes unstable.
    """
    job = jobs.pulse_job(device, current_density)
    with simulation.progress_bar(job.longest, progress) as reached:
        return simulation.simulate(job, _begin(device, initial), reached)


def _track_of(data: "xarray.Dataset") -> config.Track:
    # traces from before smooth edges were the default state no edges
    return track_of({"edges": "stairs"} | json.loads(data.attrs["parameters"])["track"])


def _begin(device: Device, trace: "xarray.Dataset | None" = None) -> "xarray.Dataset":
    """Return the end of a trace, or the initial state of a device."""
    if trace is None:
        return simulation.simulate(jobs.initial_job(device))
    if _track_of(trace) != device.sampled_track:
        raise ConfigError("initial is a trace of another track; give one of this device")
    return trace


@checked_arguments
def pulse_train(
    device: Device,
    pulses: Iterable[Mapping[str, Any]],
    initial: "xarray.Dataset | None" = None,
    progress: bool = True,
) -> "xarray.Dataset":
    """Simulate a train of pulses on a device.

    Parameters
    ----------
    device : Device
        The device.
    pulses : iterable of mapping
        The pulses with the keys of `pulses` in `pulse_trains`: `current_density`, `duration`,
        `pause`, `repetitions` and `waveform`, in SI units.
    initial : xarray.Dataset, optional
        Trace whose last magnetisation the train starts from, as in `simulate`.
    progress : bool
        Whether to show a progress bar, in a terminal or a notebook.

    Returns
    -------
    xarray.Dataset
        The trace of the whole train, with the wall after each pulse; `states` names its states.

    Raises
    ------
    wallnet.config.ConfigError
        If a pulse is not valid.
    wallnet.simulate.SimulationError
        If the simulation becomes unstable.
    """
    train, findings = validated(PulseSequence, {"pulses": plain(pulses)})
    if train is None:
        raise ConfigError("\n".join(finding.sentence("pulse_train") for finding in findings))
    job = jobs.pulse_train_job(device, train.pulses)
    with simulation.progress_bar(job.longest, progress) as reached:
        return simulation.simulate(job, _begin(device, initial), reached)


def train(*arguments: Any, **named: Any) -> "xarray.Dataset":
    """Call `pulse_train`; this is its former name."""
    warnings.warn("api.train is now api.pulse_train", DeprecationWarning, stacklevel=2)
    return pulse_train(*arguments, **named)


@checked_arguments
def minimum(device: Device, state: str) -> "xarray.Dataset":
    """Minimise the energy from a wall that is initialised in a state of a device.

    Parameters
    ----------
    device : Device
        A device with notches.
    state : str
        The state, such as "notch 2", "between 1 and 2", "initial" or "reversed".

    Returns
    -------
    xarray.Dataset
        The magnetisation at the minimum, its energy and its stiffness. `minimum_state` is the state
        at the minimum, `placed` that in which the wall was initialised.

    Raises
    ------
    wallnet.config.ConfigError
        If the device has no such state.
    """
    job = jobs.minima_job(device, states=[state])
    if not job.placements:
        names = ", ".join(jobs.minima_job(device).placements)
        raise ConfigError(f"minimum: the device has no state {shown_text(state)}; use {names}")
    return find_minima(job).isel(placed=0)


@checked_arguments
def minima(device: Device) -> "xarray.Dataset":
    """Find the states of a device: the minima of its energy, from walls initialised in all states.

    Parameters
    ----------
    device : Device
        A device with notches.

    Returns
    -------
    xarray.Dataset
        The quantities of `minimum` over `placed`, the state in which the wall was initialised.
    """
    return find_minima(jobs.minima_job(device))


@checked_arguments
def states(trace: "xarray.Dataset", minima: "xarray.Dataset") -> list[str]:
    """Name the state of the wall at the end of a trace, or before and after each pulse of a train.

    Parameters
    ----------
    trace : xarray.Dataset
        Result of `simulate` or `pulse_train`.
    minima : xarray.Dataset
        Result of `minima` for its device.

    Returns
    -------
    list of str
        A wall that rests within Δ of a minimum has the name of this minimum, such as "notch 2".

    Raises
    ------
    wallnet.config.ConfigError
        If the minima are those of another track.
    """
    if _track_of(minima) != _track_of(trace).without_damping():
        raise ConfigError("minima are those of another track; give those of the trace's device")
    return [str(wall.state) for wall in outcomes(trace, States.of(minima))]


@checked_arguments
def energy_path(device: Device, first: str, second: str, spacing: float = 0.5) -> "xarray.Dataset":
    """Compute the path of least energy between two neighbouring states, and its barrier.

    Parameters
    ----------
    device : Device
        A device with notches.
    first, second : str
        The states, from left to right, such as "notch 1" and "between 1 and 2". The track without a
        wall is "expelled" on the left and "reversed" on the right.
    spacing : float
        Distance by which a wall end moves from image to image, in units of the wall width parameter
        Δ.

    Returns
    -------
    xarray.Dataset
        Energies and walls along the path, the saddle point and the barriers in both directions. If
        a state is no minimum, the attribute `reason` says so, and the path is empty.

    Raises
    ------
    wallnet.config.ConfigError
        If these are no neighbouring states of the device.
    """
    pairs = neighbours(device.track)
    if (first, second) not in pairs:
        listed = ", ".join(f"({left}, {right})" for left, right in pairs)
        listed = f"one of {listed}" if listed else "a device with notches"
        names = f"({shown_key(first)}, {shown_key(second)})"
        raise ConfigError(
            f"energy_path: {names} are no neighbouring states of the device; use {listed}"
        )
    start, end = (WallState(state).file_name for state in (first, second))
    return find_barrier(jobs.barrier_job(device, start, end, spacing), minima(device))


@checked_arguments
def sweep(
    device: Device,
    name: str,
    folder: str | Path = ".",
    processes: int | None = None,
    progress: bool = True,
) -> "xarray.Dataset":
    """Simulate all pulses of a device on the cores of this machine, and gather them.

    The files are those of the workflow, in `results` in the folder: initial state, traces, levels
    and minima of a synapse, and the device. Files of the same jobs are reused, so that a sweep that
    was interrupted goes on and one more current density simulates only its own pulse. What starts
    from a file that is computed again is computed again too.

    Parameters
    ----------
    device : Device
        The device.
    name : str
        Its name, for the files: small letters, digits, '-' and '_'.
    folder : str or Path
        Folder of the campaign.
    processes : int, optional
        Number of simulations at once; one for each core if not given.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    xarray.Dataset
        The device: its traces on a common time step, conductance, levels or activation.

    Raises
    ------
    wallnet.config.ConfigError
        If the name cannot be part of file names.
    wallnet.simulate.SimulationError
        If a simulation fails; the others are finished and kept.
    wallnet.files.FileError
        If the traces do not make a device.
    """
    data = {"devices": {name: device.plain()}}
    return dataset_of(DEVICES, data, "sweep", folder, processes, progress)


tabulated, described = checked_arguments(tabulated), checked_arguments(described)

for _study in STUDIES.values():
    _study.settings.model_rebuild()  # `help` shows the settings

# Former functions of studies, which `study` replaces

barriers = former("barriers")
calibration = former("calibration")
crosscheck = former("crosscheck")
depinning = former("depinning")
intervals = former("intervals")
operating_windows = former("operating_windows")
pulse_trains = former("pulse_trains")
sensitivity = former("sensitivity")
sweeps = former("sweeps")
thermal = former("thermal")
transitions = former("transitions")


# To look at results


@checked_arguments
def field(data: "xarray.Dataset", snapshot: int = -1) -> "discretisedfield.Field":
    """Return the magnetisation of a trace or an initial state as a field of discretisedfield.

    Parameters
    ----------
    data : xarray.Dataset
        A trace, or an initial state.
    snapshot : int
        Number of the snapshot of a trace.

    Returns
    -------
    discretisedfield.Field
        Unit vectors; zero where there is no magnetic material. The layer is one cell thick.
    """
    maps = checked_value("data", data, TRACE)["magnetization"]
    bounds = whole(-len(maps), len(maps) - 1, "the trace has no other snapshots")
    snapshot = checked_value("snapshot", snapshot, bounds)
    values = maps.isel(snapshot=snapshot).values
    return field_of(mesh_of(_track_of(data)), np.nan_to_num(values), valid="norm")


@checked_arguments
def figure(
    kind: str, data: "xarray.Dataset", traces: str | Path | None = None, shown: Iterable[float] = ()
) -> "Figure":
    """Draw a figure of the workflow from a device or the dataset of a study.

    Parameters
    ----------
    kind : str
        The figure. Of a device: ``conductance``, ``dynamics``, ``write-energy``,
        ``wall-position``, ``transfer-curve``, ``magnetization``. Of the dataset of a study, its
        kind, such as ``response``.
    data : xarray.Dataset
        The device, as `sweep` returns it, or a file of `results/pulse_trains` and so on.
    traces : str or Path, optional
        Folder of the traces of the device, for figures with maps of m_z.
    shown : iterable of float
        Current densities in A/m² for figures of single pulses; chosen if not given.

    Raises
    ------
    wallnet.config.ConfigError
        If there is no such figure.
    """
    from wallnet.devices.figures import DRAWINGS, Sources
    from wallnet.report import style
    from wallnet.studies.showing import show_of

    own_kind = str(data.attrs.get("kind", "run"))  # a run has none until it is written
    study = next((name for name, study in STUDIES.items() if study.kind == own_kind), "")
    kinds = [own_kind] if study else [name for name, row in FIGURES.items() if row.kind == own_kind]
    if kind not in kinds:
        others = ", ".join(kinds) or "trace_figure"
        raise ConfigError(
            f"figure: there is no figure {shown_text(kind)} of this {own_kind}; use {others}"
        )
    if lacking := {*names_of(own_kind, map(str, data))} - {*data.variables}:
        raise ConfigError(f"figure: data lacks {min(lacking)}; give it as it was returned or read")
    figures = Figures()
    with style.apply(figures):
        if study:
            return show_of(study).draw(data, figures)
        name = str(data.attrs["device"])
        sources = Sources({name: data}, str(traces) if traces else None, tuple(shown))
        return DRAWINGS[kind](sources, figures)


@checked_arguments
def trace_figure(trace: "xarray.Dataset") -> "Figure":
    """Draw a trace: the last map of m_z, and the wall at both edges against time."""
    from wallnet.report import style
    from wallnet.report.tracks import draw_ends, draw_map

    figures = Figures()
    with style.apply(figures):
        drawing, ((upper,), (lower,)) = style.panels(figures, 2, 1, 0.8)
        draw_map(upper, trace, trace["snapshot_time"].values[-1])
        draw_ends(lower, trace)
        for pulse in range(1, trace.sizes["pulse"]):
            start, duration = (trace[f"pulse_{name}"][pulse] for name in ("start", "duration"))
            label = "current" if pulse == 1 else None
            lower.axvspan(start / 1e-9, (start + duration) / 1e-9, color=style.SHADE, label=label)
        lower.set(xlabel="time (ns)", ylabel="wall (nm)", xlim=(0, trace["time"].values[-1] / 1e-9))
        lower.legend()
        return drawing


@checked_arguments
def animate(trace: "xarray.Dataset", path: str | Path, frames_per_second: int = 8) -> None:
    """Write the snapshots of a trace as an animation.

    Parameters
    ----------
    trace : xarray.Dataset
        The trace. A shorter `output.snapshot_interval` of the device gives more frames.
    path : str or Path
        The file: ``.gif``, ``.webp`` or, where ffmpeg is, ``.mp4``.
    frames_per_second : int
        Number of snapshots shown in a second.

    Raises
    ------
    wallnet.files.FileError
        If the ending is another one, ffmpeg is missing, or the file cannot be written.
    """
    from wallnet.report import animation

    animation.write(trace, path, frames_per_second)
