"""Devices, simulations, sweeps and figures from Python, in a script or a notebook.

The functions of this module are those of the workflow: they make the same jobs and, in `sweep`, the
same files. Networks on levels are in `wallnet.networks`, and the engine as a calculator of ubermag
in `wallnet.film`.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import config, experiment, files, jobs, plan
from wallnet import simulate as simulation
from wallnet.config import ConfigError, Device, Figures, parse_current_density
from wallnet.experiment import COMMANDS
from wallnet.files.schema import KINDS
from wallnet.jobs import paths
from wallnet.jobs.requests import of_device
from wallnet.simulate import SimulationError
from wallnet.studies import STUDIES
from wallnet.studies.base import FILES

if TYPE_CHECKING:
    import discretisedfield
    import xarray
    from matplotlib.figure import Figure

__all__ = [
    "animate",
    "field",
    "figure",
    "load_device",
    "make_device",
    "simulate",
    "sweep",
    "trace_figure",
]

GATHERED = {
    "response": "wallnet.report.programs",
    "transitions": "wallnet.report.transitions",
    "barriers": "wallnet.report.barriers",
    "calibration": "wallnet.report.calibration",
    **{study.kind: f"wallnet.studies.{name}.show" for name, study in STUDIES.items()},
}
"""Kinds of files with a figure of their own, and the module that draws it."""


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
    given = [f"{key}={json.dumps(value)}" for key, value in (changes or {}).items()]
    return config.load_device(path, name, given)


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
    made = config.parse({"devices": {"device": blocks}}, source="make_device").devices["device"]
    if not isinstance(made, Device):
        raise ConfigError("make_device: a measured device is not simulated; give another kind")
    return made


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
        If the current density is not one.
    wallnet.simulate.SimulationError
        If the simulation becomes unstable.
    """
    job = experiment.pulse_job(device, parse_current_density(current_density, "current_density"))
    start = (
        simulation.initial_state(experiment.initial_job(device))
        if initial is None
        else simulation.state_of(initial)
    )
    with simulation.progress_bar(job.longest, progress) as reached:
        return simulation.simulate(job, start, reached)


@dataclass(frozen=True)
class _Task:
    """A request in the folder of a campaign."""

    request: experiment.Request
    folder: Path

    @property
    def output(self) -> Path:
        """The result."""
        return self.folder / self.request.path

    @property
    def inputs(self) -> list[Path]:
        """Files that have to exist before."""
        return [self.folder / path for path in self.request.after]

    def is_done(self) -> bool:
        """Return whether the output is whole, of this job and not older than its inputs."""
        try:
            data = files.read_dataset(self.output, FILES.get(self.request.kind, self.request.kind))
        except files.FileError:
            return False
        found = data.attrs.get("parameters"), int(data.attrs.get("revision", -1))
        if found != (self.request.computes.to_json(), self.request.revision):
            return False
        made = self.output.stat().st_mtime_ns
        return all(path.exists() and path.stat().st_mtime_ns <= made for path in self.inputs)

    def arguments(self) -> list[str]:
        """Return the arguments of `wallnet`."""
        after = ["--after", *map(str, self.inputs)] if self.inputs else []
        job = ["--job", self.request.computes.to_json()]
        return [COMMANDS[self.request.kind], *job, *after, "--out", str(self.output)]


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
    from a file that is made again is made again too.

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
    from tqdm.auto import tqdm

    config.check_device_name(name, f"sweep: the name {name!r}")
    place = Path(folder)
    tasks = _due([_Task(each, place) for each in of_device(name, device).values()])
    failed: list[str] = []
    commands = _Commands()
    with (
        tqdm(desc=name, total=len(tasks), unit="job", disable=not progress) as bar,
        ThreadPoolExecutor(processes or os.cpu_count()) as pool,
    ):
        waiting = list(tasks)
        running: dict[Future[str], _Task] = {}
        try:
            while waiting or running:
                due = {task.output for task in (*waiting, *running.values())}
                ready = [task for task in waiting if not due & set(task.inputs)]
                waiting = [task for task in waiting if task not in ready]
                for task in ready:
                    log = place / files.log_of(task.output.relative_to(place).as_posix())
                    running[pool.submit(commands.run, task.arguments(), log)] = task
                finished = next(as_completed(running))
                task, error = running.pop(finished), finished.result()
                bar.update()
                if error:
                    failed.append(error)
                    # what needs this file cannot run
                    waiting = [each for each in waiting if task.output not in each.inputs]
        except BaseException:
            commands.stop()
            raise
    if failed:
        more = f"; {len(failed) - 1} more failed" if len(failed) > 1 else ""
        raise SimulationError(f"{failed[0]}{more}")
    return _gathered(device, name, place)


def _due(tasks: list[_Task]) -> list[_Task]:
    """Return the tasks that are not done, and those that need the output of such a task."""
    due: list[_Task] = []
    for task in tasks:
        made_again = {each.output for each in due}
        if made_again & set(task.inputs) or not task.is_done():
            due.append(task)
    return due


class _Commands:
    """Commands of `wallnet` in processes of their own, which can be stopped together."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, arguments: list[str], log: Path) -> str:
        """Run a command, with a log of what it prints; return the sentence of its error, if any."""
        if self._stopped:
            return ""
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as stream:
            command = [sys.executable, "-m", "wallnet.cli", *arguments]
            process = subprocess.Popen(command, stdout=stream, stderr=stream)
            self._running.add(process)
            code = process.wait()
            self._running.discard(process)
        if not code:
            return ""
        told = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return told[-1].removeprefix("wallnet: ") if told else f"exit code {code}; see {log}"

    def stop(self) -> None:
        """Start no other command, and end those that run."""
        self._stopped = True
        for process in tuple(self._running):
            process.terminate()


def _gathered(device: Device, name: str, place: Path) -> "xarray.Dataset":
    """Gather the files of a device and read the result."""
    from wallnet.devices import gather

    job = jobs.device_job(device)
    traces = [place / path for path in paths.trace_paths(name, device)]
    levels = paths.levels_in(place / paths.folder(files.LEVEL, name), device)
    minima = paths.minima_in(place / paths.folder(files.MINIMUM, name), job)
    out = place / files.DEVICE.format(device=name)
    gather(job, place / files.INITIAL.format(device=name), traces, levels, out, minima)
    return files.read_dataset(out, device.kind)


# To look at results


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
    import discretisedfield as df

    if "magnetization" in data:
        values = data["magnetization"].isel(snapshot=snapshot).values
    else:
        values = data["initial_magnetization"].values
    track = config.Track.model_validate(json.loads(data.attrs["parameters"])["track"])
    columns, rows = track.cells
    mesh = df.Mesh(
        p1=(0, 0, 0), p2=(track.length, track.width, track.thickness), n=(columns, rows, 1)
    )
    cells = np.nan_to_num(values).transpose(1, 0, 2)[:, :, np.newaxis]
    return df.Field(mesh, nvdim=3, value=cells, valid="norm")


def figure(
    kind: str,
    data: "xarray.Dataset",
    traces: str | Path | None = None,
    shown: Iterable[float] = (),
) -> "Figure":
    """Draw a figure of the workflow from a device, or from what was gathered of many simulations.

    Parameters
    ----------
    kind : str
        The figure. Of a device: ``conductance``, ``dynamics``, ``wall-position``,
        ``transfer-curve``, ``magnetization``. Of the files in `GATHERED`, their kind, such as
        ``response``.
    data : xarray.Dataset
        The device, as `sweep` returns it, or a file of `results/responses` and so on.
    traces : str or Path, optional
        Folder of the traces of the device, for figures with maps of m_z.
    shown : iterable of float
        Current densities in A/m² for figures of single pulses; chosen if not given.

    Raises
    ------
    ValueError
        If there is no such figure.
    """
    from wallnet.report import devices, style

    made = str(data.attrs.get("kind", "trace"))  # a trace has none until it is written
    known = [
        name
        for name, what in plan.FIGURES.items()
        if what.kind == made and not {"price"} & {*what.options}
    ]
    if made in GATHERED:
        known.append(made)
    if not known:
        drawn_kinds = sorted(KINDS.keys() & {*GATHERED, *(w.kind for w in plan.FIGURES.values())})
        raise ValueError(
            f"no figure shows data of kind {made!r}; give data of kind {', '.join(drawn_kinds)}, "
            "or draw a trace with trace_figure"
        )
    if kind not in known:
        raise ValueError(f"there is no figure {kind!r} of this {made}; use {', '.join(known)}")
    figures = Figures()
    with style.apply(figures):
        if made in GATHERED:
            module = importlib.import_module(GATHERED[made])
            drawn: Figure = module.draw(data, figures)
            return drawn
        name = str(data.attrs["device"])
        sources = devices.Sources({name: data}, str(traces) if traces else None, tuple(shown))
        return devices.DRAWINGS[kind](sources, figures)


def trace_figure(trace: "xarray.Dataset") -> "Figure":
    """Draw a trace: the last map of m_z, and the wall at both edges against time."""
    from matplotlib import pyplot

    from wallnet.report import devices, style

    figures = Figures()
    with style.apply(figures):
        made, (upper, lower) = pyplot.subplots(2, 1, figsize=style.size(figures, 0.8))
        devices.draw_map(upper, trace, trace["snapshot_time"].values[-1])
        time = trace["time"].values / 1e-9
        for index, (name, text) in enumerate(
            (("wall_bottom", "lower edge"), ("wall_top", "upper edge"))
        ):
            lower.plot(time, trace[name].values / 1e-9, label=text, **style.look(index))
        lower.axvspan(0, trace.attrs["pulse_end"] / 1e-9, color=style.SHADE, label="current")
        lower.set(xlabel="time (ns)", ylabel="wall (nm)", xlim=(0, time[-1]))
        lower.legend()
        return made


def animate(trace: "xarray.Dataset", path: str | Path, frames_per_second: int = 8) -> None:
    """Write the snapshots of a trace as an animated GIF.

    Parameters
    ----------
    trace : xarray.Dataset
        The trace. A shorter `output.snapshot_interval` of the device gives more frames.
    path : str or Path
        The file, ``.gif``.
    frames_per_second : int
        Number of snapshots shown in a second.
    """
    from matplotlib import pyplot
    from matplotlib.animation import FuncAnimation, PillowWriter

    from wallnet.report import devices, style

    figures = Figures()
    times = trace["snapshot_time"].values
    with style.apply(figures):
        drawn, axes = pyplot.subplots(figsize=style.size(figures, 0.3))

        def show(number: int) -> list[Any]:
            axes.clear()
            devices.draw_map(axes, trace, times[number])
            axes.set_title(f"{times[number] / 1e-9:.2f} ns", loc="left")
            return []

        moving = FuncAnimation(drawn, show, frames=len(times), blit=False)
        moving.save(str(path), writer=PillowWriter(fps=frames_per_second))
