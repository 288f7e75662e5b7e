"""Recording of a trace from the magnetisation, and reading of its state, for all calculators."""

import logging
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet import files
from wallnet.config.devices import Rest
from wallnet.config.waveform import share_at
from wallnet.jobs import Run
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

Vectors = NDArray[np.floating]
"""Unit vectors of all cells, (rows, columns, 3)."""

ENDS = ("bottom", "top")
"""Ends of a wall, in names of variables."""

LARGEST_DEVIATION = 0.05
"""Relative deviation of the measured from the set temperature above which there is a warning."""


def next_output(time: float, interval: float) -> float:
    """Return the first multiple of the output interval after a time, both in s."""
    # the tolerance of 1e-6 intervals makes the result independent of rounding errors of the time
    return float((np.floor(time / interval + 1e-6) + 1) * interval)


def initialized(job: Run) -> NDArray[np.float64]:
    """Return the magnetisation of the initialised wall of a job, (rows, columns, 3)."""
    return placed_wall(job, job.placement.bottom, job.placement.top)


def rested(times: ArrayLike, ends: Iterable[ArrayLike], rest: Rest) -> bool:
    """Return whether wall ends have rested for the last of the times, as long as required."""
    time = np.asarray(times)
    last = time >= time[-1] - rest.hold * (1 + 1e-9)
    return at_rest(time[last], (np.asarray(end)[last] for end in ends), rest.speed)


class Recorder:
    """Collect a trace, one magnetisation at a time.

    Parameters
    ----------
    job : Run
        The simulated job.

    Attributes
    ----------
    ends_at_rest : bool
        Whether the simulation ends when the wall rests. At a temperature, it never does.
    latest : ndarray (rows, columns, 3)
        Unit vectors of the last entry, zero in empty cells.
    spin_temperatures : list of list of float
        Measured and set temperature in K at entries after `WARM_UP`, which calculators for jobs at
        a temperature add.
    """

    def __init__(self, job: Run) -> None:
        self.job = job
        self.ends_at_rest = job.ends_at_rest and not job.temperature
        film = films.layer(job)
        self.mask, self._filled = film.mask, film.filled
        self.spin_temperatures: list[list[float]] = []
        self._cells = films.column_cells(film)
        # the variables that grow with each entry or snapshot
        self._entries: defaultdict[str, list[Any]] = defaultdict(list)
        self.latest: Vectors = np.empty(0)

    @property
    def time(self) -> list[float]:
        """The recorded times in s."""
        return self._entries["time"]

    def record(self, time: float, magnetization: Vectors) -> None:
        """Add one entry.

        Parameters
        ----------
        time : float
            Time in s, ascending.
        magnetization : ndarray (rows, columns, 3)
            Unit vectors in magnetic cells; other cells are ignored.
        """
        m = np.where(self.mask[..., None], magnetization, 0.0)
        pulse_end = self.job.pulse_end
        driven = pulse_end > 0 and time <= pulse_end * (1 + 1e-9)
        share = share_at(self.job.step.waveform, time) if driven else 0.0
        sums = (self._filled[..., None] * m).sum(axis=0)
        profile = sums / np.maximum(self._cells, 1)[:, None]
        bottom, top = wall_ends(self.job.track, self._filled, m)
        entry = {
            "time": time,
            "applied_current_density": share * self.job.current_density,
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
        at_pulse_end = abs(time - pulse_end) < 1e-3 * self.job.output.interval
        if time >= due * (1 - 1e-9) or at_pulse_end:
            self._keep(time, m)
        self.latest = m

    def _keep(self, time: float, m: Vectors) -> None:
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
        """Return whether the simulation ends, as both wall ends have rested since the pulse."""
        return self.ends_at_rest and self._rests()

    def _rests(self) -> bool:
        """Return whether both wall ends have rested since the pulse, for long enough."""
        rest = self.job.rest
        if rest is None or self.time[-1] - self.job.pulse_end < rest.hold * (1 - 1e-9):
            return False
        return rested(self.time, (self._entries[f"wall_{end}"] for end in ENDS), rest)

    def _settled(self) -> int:
        """Return whether the wall rests at the end; -1 if the pause is too short to tell.

        At a temperature it never rests.
        """
        pause, hold = self.job.step.pause, self.job.rest.hold if self.job.rest else math.inf
        tells = pause > 0 if self.ends_at_rest else pause >= hold * (1 - 1e-9)
        return int(self._rests()) if tells and not self.job.temperature else -1

    def _spin_temperatures(self) -> tuple[float, float]:
        """Return the mean measured and set temperature in K; NaN without any."""
        spins = self.spin_temperatures
        measured, target = map(float, np.mean(spins, axis=0)) if spins else (math.nan, math.nan)
        return measured, target

    def attributes(self) -> dict[str, Any]:
        """Return the attributes of a trace at a temperature."""
        job = self.job
        if not job.temperature:
            return {}
        measured, target = self._spin_temperatures()
        warned = {}
        if abs(measured / target - 1) > LARGEST_DEVIATION:
            warned["warning"] = (
                f"the magnetisation has {measured:.1f} K instead of {target:.1f} K; the pulse "
                "drives it far from equilibrium, or the film is small or the simulation short"
            )
            logger.warning(warned["warning"])
        return {
            **warned,
            "temperature": job.field,
            "domain_magnetization": domain_magnetization(job.track, job.material, job.field),
            "spin_temperature": measured,
            "seed": job.temperature.seed,
        }

    def ends(self, entry: int = -1) -> tuple[float, float]:
        """Return the wall ends of an entry in m, lower edge first."""
        return self._entries["wall_bottom"][entry], self._entries["wall_top"][entry]

    def trace(self, quenched: "Recorder | None" = None) -> "xarray.Dataset":
        """Return what was recorded, kind 'run', without attributes.

        `quenched` has recorded a copy of the wall that was quenched after the end.
        """
        job = self.job
        if self._entries["snapshot_time"][-1] != self.time[-1]:
            self._keep(self.time[-1], self.latest)
        x, y = centres(job.track)
        mean = np.array([m[2] for m in self._entries["m"]])
        if job.temperature and job.steps:
            mean = np.clip(mean / magnetization_over_time(job, self.time), -1, 1)
        ends = zip(ENDS, self.ends(0), (quenched or self).ends(), strict=True)
        moments = self._moments() if job.temperature else {}
        values: dict[str, Any] = {
            **self._entries,
            "wall_position": wall_position(job.track, mean),
            "magnetic_cells": self._cells,
            "x": x,
            "y": y,
            "pulse": [0, 1],
            "pulse_current_density": [0.0, job.current_density],
            "pulse_start": [0.0, 0.0],
            "pulse_duration": [0.0, job.pulse_end],
            "pause_end": [0.0, self.time[-1]],
            "read_walls": [self._entries["walls"][entry] for entry in (0, -1)],
            "read_settled": [-1, self._settled()],
            **{f"read_wall_{end}": [first, last] for end, first, last in ends},
        }
        # before the step, and after it if there is one
        return files.dataset("run", values | moments).isel(pulse=slice(1 + len(job.steps)))

    def _moments(self) -> dict[str, Any]:
        """Return the variables of the wall at the temperature at the end of pulse and pause."""
        end = int(np.argmin(np.abs(np.array(self.time) - self.job.pulse_end)))
        entries = np.array([[0, 0], [end, -1]])
        profile = np.array(self._entries["magnetization_profile"])[entries, :, 2]
        walls = {f"wall_{end}": np.array(self._entries[f"wall_{end}"])[entries] for end in ENDS}
        moments = walls | {"m_z": np.array(self._entries["m"])[entries, 2], "profile": profile}
        names = ("time", "walls", *(f"wall_{end}" for end in ENDS))
        return {
            **{f"moment_{name}": values for name, values in moments.items()},
            "spin_temperature": [math.nan, self._spin_temperatures()[0]],
            **{f"onward_{name}": math.nan for name in names},
        }
