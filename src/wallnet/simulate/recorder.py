"""What a trace keeps of the magnetisation, whichever calculator made it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wallnet import files, tracks
from wallnet.jobs import SimulationJob

if TYPE_CHECKING:
    import xarray


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


class Recorder:
    """Collect a trace, one magnetisation at a time.

    Parameters
    ----------
    job : SimulationJob
        What is simulated.
    """

    def __init__(self, job: SimulationJob) -> None:
        self.job = job
        self.mask = tracks.magnetic_mask(job.track)
        self.pulse_end = job.pulse_duration if job.current_density is not None else 0.0
        self._weights = self.mask / self.mask.sum()
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
            In s, ascending.
        magnetization : ndarray (rows, columns, 3)
            Unit vectors in magnetic cells; others are ignored.
        """
        m = np.where(self.mask[..., None], magnetization, 0.0)
        self.time.append(time)
        driven = self.job.current_density is not None and time <= self.pulse_end * (1 + 1e-9)
        self._applied.append(self.job.current_density if driven else 0.0)  # type: ignore[arg-type]
        self._average.append(np.tensordot(self._weights, m, axes=([0, 1], [0, 1])))
        self._profile.append(
            (m.sum(axis=0, dtype=np.float64) / np.maximum(self._cells, 1)[:, None]).astype(
                np.float32
            )
        )
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
        """Return all that was recorded, as named arrays; see `restore`."""
        return {f"recorder_{key}": np.array(getattr(self, key)) for key in _CONTENT}

    def restore(self, content: Mapping[str, NDArray]) -> None:
        """Take over what an earlier recorder of the same job had recorded.

        Parameters
        ----------
        content : Mapping
            What `content` returned.
        """
        for key in _CONTENT[:-1]:
            values = content[f"recorder_{key}"]
            setattr(self, key, values.tolist() if values.ndim == 1 else list(values))
        self._latest = content[f"recorder_{_CONTENT[-1]}"]

    def resting(self) -> bool:
        """Return whether both wall ends have rested for as long as the job demands."""
        relaxation = self.job.relaxation
        end = self.time[-1]
        if end - self.pulse_end < relaxation.hold * (1 - 1e-9):
            return False
        times = np.array(self.time)
        last = times >= end - relaxation.hold * (1 + 1e-9)
        ends = (np.array(end)[last] for end in (self._bottom, self._top))
        return tracks.at_rest(times[last], ends, relaxation.speed)

    @property
    def state(self) -> str:
        """Name of the latest state."""
        return tracks.wall_state(
            self.job.track,
            self.job.material.wall_width_parameter,
            (self._bottom[0] + self._top[0]) / 2,
            self._bottom[-1],
            self._top[-1],
        )

    def dataset(self) -> "xarray.Dataset":
        """Return the trace as `wallnet.files` describes it."""
        import xarray

        if self._snapshot_time[-1] != self.time[-1]:
            self._keep(self.time[-1], self._latest)  # type: ignore[arg-type]
        x, y = tracks.centres(self.job.track)
        average = np.array(self._average)

        def variable(dims, values, units, long_name):  # noqa: ANN001, ANN202
            return (dims, values, {"units": units, "long_name": long_name})

        single = np.float32
        data = {
            "m": variable(
                ("time", "component"), average, "1", "magnetisation averaged over magnetic cells"
            ),
            "wall_position": variable(
                "time",
                tracks.wall_position(self.job.track, average[:, 2]),
                "m",
                "mean wall position",
            ),
            "wall_bottom": variable(
                "time", np.array(self._bottom), "m", "wall position at the lower edge"
            ),
            "wall_top": variable(
                "time", np.array(self._top), "m", "wall position at the upper edge"
            ),
            "applied_current_density": variable(
                "time", np.array(self._applied), "A/m2", "applied current density"
            ),
            "magnetization_profile": variable(
                ("time", "x", "component"),
                np.array(self._profile, dtype=single),
                "1",
                "magnetisation averaged over the magnetic cells of each column",
            ),
            "magnetic_cells": variable(
                "x", self._cells.astype(np.int32), "1", "magnetic cells in each column"
            ),
            "magnetization": variable(
                ("snapshot", "y", "x", "component"),
                np.array(self._snapshots, dtype=single),
                "1",
                "magnetisation",
            ),
            "snapshot_time": variable(
                "snapshot", np.array(self._snapshot_time), "s", "time of the snapshot"
            ),
        }
        coordinates = {
            "time": variable("time", np.array(self.time), "s", "time"),
            "x": variable("x", x, "m", "position along the track"),
            "y": variable("y", y, "m", "position across the track"),
            "component": ("component", list(files.COMPONENTS), {"long_name": "component"}),
            "current_density": variable(
                (), float(self.job.current_density or 0.0), "A/m2", "current density of the pulse"
            ),
        }
        return xarray.Dataset(data, coords=coordinates)
