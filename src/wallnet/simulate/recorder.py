"""Recording of a trace from the magnetisation, and reading of its state, for all calculators."""

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet import files
from wallnet.config.devices import QUENCH, Relaxation
from wallnet.config.waveform import share_at
from wallnet.jobs import Simulation
from wallnet.jobs.film import domain_magnetization
from wallnet.tracks import films
from wallnet.tracks.domains import magnetization_over_time
from wallnet.tracks.geometry import centres
from wallnet.tracks.states import wall_count
from wallnet.tracks.walls import at_rest, placed_wall, wall_ends, wall_position

if TYPE_CHECKING:
    import xarray

logger = logging.getLogger(__name__)

WARM_UP = 20e-12
"""Time in s after which the film has its temperature."""

LARGEST_DEVIATION = 0.05
"""Relative deviation of the measured from the set temperature above which there is a warning."""


def next_output(time: float, interval: float) -> float:
    """Return the first multiple of the output interval after a time, both in s."""
    # the tolerance of 1e-6 intervals makes the result independent of rounding errors of the time
    return float((np.floor(time / interval + 1e-6) + 1) * interval)


def initialized(job: Simulation) -> NDArray[np.float64]:
    """Return the magnetisation of the initialised wall of a job, (rows, columns, 3)."""
    return placed_wall(job, job.placement.bottom, job.placement.top)


def rested(times: ArrayLike, ends: Iterable[ArrayLike], relaxation: Relaxation) -> bool:
    """Return whether wall ends have rested for the last of the times, as long as required."""
    time = np.asarray(times)
    last = time >= time[-1] - relaxation.hold * (1 + 1e-9)
    return at_rest(time[last], (np.asarray(end)[last] for end in ends), relaxation.speed)


class AtRest:
    """Reading of a wall at 0 K: it comes to rest, and its state is that of the last entry.

    Attributes
    ----------
    relaxation : Relaxation
        When a simulation ends.
    """

    def __init__(self, job: Simulation) -> None:
        self.job, self.relaxation = job, job.relaxation

    def in_domain_units(self, m_z: NDArray[np.float64], time: ArrayLike) -> NDArray[np.float64]:
        """Return means of m_z at times in s in units of that of a domain."""
        return m_z

    def finish(self, run: Callable[..., Any], recorder: "Recorder") -> dict[str, Any]:
        """Read the state after the last entry; return the attributes that describe the reading.

        `run` is that of the calculator.
        """
        return {"settled": int(recorder.resting()) if self.relaxation.longest > 0 else -1}


class Quenched(AtRest):
    """Reading of a wall at a temperature: it never comes to rest.

    Which state the wall is in follows from a copy of the last state that relaxes without
    temperature and current.
    """

    def __init__(self, job: Simulation) -> None:
        super().__init__(job)
        self.relaxation = job.relaxation.model_copy(update={"hold": math.inf})

    def in_domain_units(self, m_z: NDArray[np.float64], time: ArrayLike) -> NDArray[np.float64]:
        """Return means of m_z at times in s in units of that of a domain, from -1 to 1."""
        return np.clip(m_z / magnetization_over_time(self.job, time), -1, 1)

    def finish(self, run: Callable[..., Any], recorder: "Recorder") -> dict[str, Any]:
        """Quench the last entry; return the attributes that describe the reading."""
        job = self.job
        if not job.equilibrates:
            cold = {"temperature": 0.0, "heating": None, "current_density": None}
            output = job.output.without_maps_between(QUENCH.longest)
            relaxing = job.model_copy(update=cold | {"relaxation": QUENCH, "output": output})
            quench = Recorder(relaxing)
            run(relaxing, recorder.latest, quench, lambda time: None, None)
            recorder.quenched = quench.ends()
        spins = recorder.spin_temperatures
        measured, target = map(float, np.mean(spins, axis=0)) if spins else (math.nan, math.nan)
        domain = domain_magnetization(job.track, job.material, job.temperature)
        warned = {}
        if abs(measured / target - 1) > LARGEST_DEVIATION:
            warned["warning"] = (
                f"the magnetisation has {measured:.1f} K instead of {target:.1f} K; the pulse "
                "drives it far from equilibrium, or the film is small or the simulation short"
            )
            logger.warning(warned["warning"])
        return {
            "settled": -1,
            **warned,
            "temperature": job.temperature,
            "domain_magnetization": domain,
            "spin_temperature": measured,
            "seed": job.seed,
            **dict(zip(("quenched_bottom", "quenched_top"), recorder.quenched or (), strict=False)),
        }


class Recorder:
    """Collect a trace, one magnetisation at a time.

    Parameters
    ----------
    job : Simulation
        The simulated job.

    Attributes
    ----------
    reading : AtRest
        How the state of the wall is read.
    quenched : tuple of float or None
        Wall ends in m, lower edge first, after the last state has relaxed without a temperature;
        None for a job without one.
    latest : ndarray (rows, columns, 3)
        Unit vectors of the last entry, zero in empty cells.
    spin_temperatures : list of list of float
        Measured and set temperature in K at entries after `WARM_UP`, which calculators for jobs at
        a temperature add.
    """

    def __init__(self, job: Simulation) -> None:
        self.job = job
        self.reading = Quenched(job) if job.temperature else AtRest(job)
        film = films.layer(job)
        self.mask, self._filled = film.mask, film.filled
        self.pulse_end = job.pulse_end
        self.quenched: tuple[float, float] | None = None
        self.spin_temperatures: list[list[float]] = []
        self._cells = films.column_cells(film)
        # the variables that grow with each entry or snapshot
        self._entries: defaultdict[str, list[Any]] = defaultdict(list)
        self.latest: NDArray[np.floating] = np.empty(0)

    @property
    def time(self) -> list[float]:
        """The recorded times in s."""
        return self._entries["time"]

    def record(self, time: float, magnetization: NDArray[np.floating]) -> None:
        """Add one entry.

        Parameters
        ----------
        time : float
            Time in s, ascending.
        magnetization : ndarray (rows, columns, 3)
            Unit vectors in magnetic cells; other cells are ignored.
        """
        m = np.where(self.mask[..., None], magnetization, 0.0)
        driven = self.job.current_density is not None and time <= self.pulse_end * (1 + 1e-9)
        share = share_at(self.job.waveform, time) if driven else 0.0
        sums = (self._filled[..., None] * m).sum(axis=0)
        profile = sums / np.maximum(self._cells, 1)[:, None]
        bottom, top = wall_ends(self.job.track, self._filled, m)
        entry = {
            "time": time,
            "applied_current_density": share * (self.job.current_density or 0.0),
            "m": sums.sum(axis=0) / self._cells.sum(),
            "magnetization_profile": profile.astype("f4"),
            "walls": int(wall_count(profile[:, 2])),
            "wall_bottom": bottom,
            "wall_top": top,
        }
        for name, value in entry.items():
            self._entries[name].append(value)
        kept = self._entries["snapshot_time"]
        due = kept[-1] + self.job.output.snapshot_interval if kept else 0.0
        at_pulse_end = abs(time - self.pulse_end) < 1e-3 * self.job.output.interval
        if time >= due * (1 - 1e-9) or at_pulse_end:
            self._keep(time, m)
        self.latest = m

    def _keep(self, time: float, m: NDArray[np.floating]) -> None:
        kept = np.where(self.mask[..., None], m, np.nan).astype(np.float32)
        self._entries["snapshot_time"].append(time)
        self._entries["magnetization"].append(kept)

    def content(self) -> dict[str, NDArray]:
        """Return the recorded data as named arrays; see `restore`."""
        own = {"spin_temperatures": self.spin_temperatures, "latest": self.latest} | self._entries
        return {f"recorder_{name}": np.array(values) for name, values in own.items()}

    def restore(self, content: Mapping[str, NDArray]) -> None:
        """Restore the data of an earlier recorder of the same job, as `content` returned them."""
        own = {name: values for name, values in content.items() if name.startswith("recorder_")}
        self.spin_temperatures = own.pop("recorder_spin_temperatures").tolist()
        self.latest = own.pop("recorder_latest")
        for name, values in own.items():
            kept = values.tolist() if values.ndim == 1 else list(values)
            self._entries[name.removeprefix("recorder_")] = kept

    def resting(self) -> bool:
        """Return whether both wall ends have rested for the job's required time after the pulse.

        At a temperature, they never rest.
        """
        relaxation = self.reading.relaxation
        end = self.time[-1]
        if end - self.pulse_end < relaxation.hold * (1 - 1e-9):
            return False
        ends = (self._entries[end] for end in ("wall_bottom", "wall_top"))
        return rested(self.time, ends, relaxation)

    def ends(self, entry: int = -1) -> tuple[float, float]:
        """Return the wall ends of an entry in m, lower edge first."""
        return self._entries["wall_bottom"][entry], self._entries["wall_top"][entry]

    def trace(self) -> "xarray.Dataset":
        """Return the trace, kind 'trace', without attributes."""
        if self._entries["snapshot_time"][-1] != self.time[-1]:
            self._keep(self.time[-1], self.latest)
        x, y = centres(self.job.track)
        mean = self.reading.in_domain_units(np.array([m[2] for m in self._entries["m"]]), self.time)
        return files.dataset(
            "trace",
            {
                **self._entries,
                "wall_position": wall_position(self.job.track, mean),
                "magnetic_cells": self._cells,
                "x": x,
                "y": y,
                "pulse_current_density": self.job.current_density or 0.0,
            },
        )
