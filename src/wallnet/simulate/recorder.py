"""Recording of a trace from the magnetisation, for all calculators."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wallnet import files, tracks
from wallnet.config.waveform import share_at
from wallnet.experiment import Step

_CONTENT = (
    "time",
    "_applied",
    "_average",
    "_profile",
    "_bottom",
    "_top",
    "_snapshots",
    "_snapshot_time",
    "_latest",
)


def next_output(time: float, interval: float) -> float:
    """Return the first multiple of the output interval after a time, both in s."""
    # the tolerance of 1e-6 intervals makes the result independent of rounding errors of the time
    return float((np.floor(time / interval + 1e-6) + 1) * interval)


class Recorder:
    """Collect a trace, one magnetisation at a time.

    Parameters
    ----------
    job : Step
        The simulated job.
    """

    def __init__(self, job: Step) -> None:
        self.job = job
        self.mask = tracks.cells(job).mask
        self.pulse_end = job.pulse_end
        self._cells = self.mask.sum(axis=0)
        self.time: list[float] = []
        self._applied: list[float] = []
        self._average: list[NDArray[np.float64]] = []
        self._profile: list[NDArray[np.float32]] = []
        self._bottom: list[float] = []
        self._top: list[float] = []
        self._snapshots: list[NDArray[np.float32]] = []
        self._snapshot_time: list[float] = []
        self._latest: NDArray[np.floating] | None = None

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
        self.time.append(time)
        driven = self.job.current_density is not None and time <= self.pulse_end * (1 + 1e-9)
        share = share_at(self.job.waveform, time) if driven else 0.0
        self._applied.append(share * (self.job.current_density or 0.0))
        sums = m.sum(axis=0, dtype=np.float64)
        self._average.append(sums.sum(axis=0) / self._cells.sum())
        self._profile.append((sums / np.maximum(self._cells, 1)[:, None]).astype(np.float32))
        bottom, top = tracks.wall_ends(self.job.track, self.mask, m)
        self._bottom.append(bottom)
        self._top.append(top)
        due = (
            self._snapshot_time[-1] + self.job.output.snapshot_interval
            if self._snapshot_time
            else 0.0
        )
        at_pulse_end = abs(time - self.pulse_end) < 1e-3 * self.job.output.interval
        if time >= due * (1 - 1e-9) or at_pulse_end:
            self._keep(time, m)
        self._latest = m

    def _keep(self, time: float, m: NDArray[np.floating]) -> None:
        self._snapshot_time.append(time)
        self._snapshots.append(np.where(self.mask[..., None], m, np.nan).astype(np.float32))

    def content(self) -> dict[str, NDArray]:
        """Return the recorded data as named arrays; see `restore`."""
        return {f"recorder_{key}": np.array(getattr(self, key)) for key in _CONTENT}

    def restore(self, content: Mapping[str, NDArray]) -> None:
        """Restore the data of an earlier recorder of the same job.

        Parameters
        ----------
        content : Mapping
            Arrays returned by `content`.
        """
        for key in _CONTENT[:-1]:
            values = content[f"recorder_{key}"]
            setattr(self, key, values.tolist() if values.ndim == 1 else list(values))
        self._latest = content[f"recorder_{_CONTENT[-1]}"]

    def resting(self) -> bool:
        """Return whether both wall ends have rested for the job's required time after the pulse."""
        relaxation = self.job.relaxation
        end = self.time[-1]
        if end - self.pulse_end < relaxation.hold * (1 - 1e-9):
            return False
        times = np.array(self.time)
        last = times >= end - relaxation.hold * (1 + 1e-9)
        ends = (np.array(end)[last] for end in (self._bottom, self._top))
        return tracks.at_rest(times[last], ends, relaxation.speed)

    @property
    def state(self) -> files.WallState:
        """The latest state."""
        return tracks.wall_state(
            self.job.track,
            self.job.material.wall_width_parameter,
            (self._bottom[0] + self._top[0]) / 2,
            self._bottom[-1],
            self._top[-1],
        )

    def trace(self) -> files.Content:
        """Return the trace, kind 'trace', without attributes."""
        if self._snapshot_time[-1] != self.time[-1]:
            self._keep(self.time[-1], self._latest)  # type: ignore[arg-type]
        x, y = tracks.centres(self.job.track)
        average = np.array(self._average)
        return files.content(
            "trace",
            {
                "m": average,
                "wall_position": tracks.wall_position(self.job.track, average[:, 2]),
                "wall_bottom": np.array(self._bottom),
                "wall_top": np.array(self._top),
                "applied_current_density": np.array(self._applied),
                "magnetization_profile": np.array(self._profile),
                "magnetic_cells": self._cells,
                "magnetization": np.array(self._snapshots),
                "snapshot_time": np.array(self._snapshot_time),
                "time": np.array(self.time),
                "x": x,
                "y": y,
                "pulse_current_density": self.job.current_density or 0.0,
            },
        )
