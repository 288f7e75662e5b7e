"""Which state a wall is in: the minima of the energy of a film, to one of which it belongs.

The minima are found from walls that are placed at each notch, in each half state in both orders,
and where the wall of the device starts. A minimum is named after the notches at which its two ends
lie, within half the length of a notch and Δ, the width parameter of a wall in the strip. A wall
belongs to the nearest minimum if both of its ends are within Δ of those of the minimum.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet import files
from wallnet.config import Track
from wallnet.files.schema import states
from wallnet.files.schema.states import WallState
from wallnet.jobs.base import TrackJob
from wallnet.jobs.energy_path import Ends, Minima
from wallnet.jobs.film import strip_of

if TYPE_CHECKING:
    import xarray

NEAR_ZERO = 0.1
"""Largest |m_z| of a column that belongs to no domain. Source: our choice."""


def wall_count(profile: ArrayLike) -> NDArray[np.int_]:
    """Return the number of walls of column means of m_z along a track, shape (..., x).

    Each change of sign is one. Columns near 0, as in a wall, do not count.
    """
    rows = np.asarray(profile)
    signs = np.where(np.abs(rows) > NEAR_ZERO, np.sign(rows), 0)
    # a column of a wall has the sign of the domain to its left
    last = np.maximum.accumulate(np.where(signs != 0, np.arange(signs.shape[-1]), 0), axis=-1)
    filled = np.take_along_axis(signs, last, axis=-1)
    return np.count_nonzero(filled[..., 1:] * filled[..., :-1] < 0, axis=-1)


def gap(track: Track, bottom: float, top: float) -> int:
    """Return the number of notches to the left of a wall, given its two ends in m."""
    return sum(notch < (bottom + top) / 2 for notch in track.notch_positions)


def without_wall(track: Track, bottom: float, top: float) -> WallState | None:
    """Return the state of a track that the wall has left, given its two ends in m; None before."""
    margin = 2 * track.cell_size
    if min(bottom, top) >= track.length - margin:
        return states.REVERSED
    return states.EXPELLED if max(bottom, top) <= margin else None


def width_parameter(job: TrackJob) -> float:
    """Return Δ of a wall in the strip of a job, in m."""
    return strip_of(job.track, job.material).wall_width_parameter


def notch_window(job: TrackJob) -> float:
    """Return the largest distance in m from a notch at which an end is in it, not beside it."""
    return job.track.notch_reach + width_parameter(job)


def state_of_minimum(job: TrackJob, start: float, ends: Ends) -> WallState:
    """Return the name of a minimum, given the ends of its wall; `start` is that of the device.

    All positions are in m.
    """
    track, reach = job.track, notch_window(job)
    notches = dict(enumerate(track.notch_positions, start=1))
    if state := without_wall(track, *ends):
        return state
    pinning = [[k for k in notches if abs(notches[k] - end) <= reach] for end in ends]
    if all(pinning):
        # reaches of close notches may overlap
        lower, upper = (
            min(numbers, key=lambda k: abs(notches[k] - end))
            for numbers, end in zip(pinning, ends, strict=True)
        )
        return WallState.at(lower, upper)
    if max(abs(end - start) for end in ends) <= width_parameter(job):
        return states.INITIAL
    return WallState(f"gap {gap(track, *ends)}")


@dataclass(frozen=True)
class States:
    """The states of walls on one film.

    Attributes
    ----------
    track : Track
        The track.
    width_parameter : float
        Δ of a wall in its strip, in m.
    names : tuple of WallState
        Names of the minima with one wall.
    ends : tuple of tuple of float
        Positions in m at which the wall of each meets the lower and the upper edge.
    """

    track: Track
    width_parameter: float
    names: tuple[WallState, ...] = ()
    ends: tuple[Ends, ...] = ()

    @classmethod
    def of(cls, minima: "xarray.Dataset") -> "States":
        """Return the states of a film, given its minima (kind 'minima')."""
        job = Minima.from_json(str(minima.attrs["parameters"]))
        columns = ("state", "wall_bottom", "wall_top", "converged")
        rows = zip(*(minima[f"minimum_{name}"].values.tolist() for name in columns), strict=True)
        walls = [
            (WallState(name), (bottom, top))
            for name, bottom, top, converged in rows
            if converged and name not in states.WITHOUT_WALL
        ]
        names, ends = zip(*walls, strict=True) if walls else ((), ())
        return cls(job.track, width_parameter(job), names, ends)

    @classmethod
    def without_minima(cls, job: TrackJob) -> "States":
        """Return the states of a track without notches, on which no wall is pinned."""
        return cls(job.track, width_parameter(job))

    def left_ends(self, notch: int, ends: Ends, walls: int = 1) -> int:
        """Return how many ends of a wall, at positions in m, have left a notch, counted from 1.

        An end is at the nearest notch, within half its length and Δ, as in the names of minima: of
        a wall in a half state, one end has left. Both have if there are several walls.
        """
        positions, window = (
            self.track.notch_positions,
            self.track.notch_reach + self.width_parameter,
        )
        apart = [[abs(end - position) for position in positions] for end in ends]
        stay = [row[notch - 1] == min(row) <= window for row in apart]
        return 2 if walls > 1 else stay.count(False)

    def state(self, ends: Ends, walls: int = 1, resting: bool | None = None) -> WallState:
        """Return the state of a wall.

        Parameters
        ----------
        ends : tuple of float
            Positions at which it meets the lower and the upper edge, in m.
        walls : int
            Number of walls on the track.
        resting : bool, optional
            Whether both ends rest; not given if that is not known.

        Returns
        -------
        WallState
            "reversed" or "expelled" if no wall is left, "several walls", "still moving" if it does
            not rest, the name of the minimum to which it belongs, or "free".
        """
        if state := without_wall(self.track, *ends):
            return state
        if walls > 1:
            return states.SEVERAL
        if resting is False:
            return states.MOVING
        apart = self._apart(ends)
        nearest = min(apart, default=math.inf)
        return states.FREE if nearest > self.width_parameter else self.names[apart.index(nearest)]

    def distance(self, ends: Ends) -> float:
        """Return how far in m a wall, given its ends in m, is from the nearest minimum.

        That is the distance of its farther end; infinite without minima.
        """
        return min(self._apart(ends), default=math.inf)

    def _apart(self, ends: Ends) -> list[float]:
        """Return the distance in m of the farther end of a wall from that of each minimum."""
        return [max(abs(a - b) for a, b in zip(ends, own, strict=True)) for own in self.ends]


class Outcome(NamedTuple):
    """A wall after a pulse."""

    state: WallState
    """Its state."""
    bottom: float
    top: float
    """Positions of its ends at the lower and the upper edge in m; at a temperature, those of the
    quenched wall."""
    resting: bool | None
    """Whether both ends rest; None if the time after the pulse is too short to tell. At a
    temperature the quenched wall rests."""
    walls: int = 1
    """Number of walls on the track."""

    @property
    def position(self) -> float:
        """Mean position of both ends in m."""
        return (self.bottom + self.top) / 2

    def rests_in(self, state: WallState) -> bool:
        """Return whether it rests in a state."""
        return self.resting is True and self.state == state


OF_OUTCOMES = ("read_wall_bottom", "read_wall_top", "read_walls", "read_settled")
"""Variables of a run that tell where the wall was when it was read."""


def outcomes(run: "xarray.Dataset", states: States) -> list[Outcome]:
    """Return the wall of a run before its first pulse, and when it was read after each."""
    rows = []
    columns = (run[name].values.tolist() for name in OF_OUTCOMES)
    for bottom, top, count, settled in zip(*columns, strict=True):
        rests = files.is_resting(run.attrs, settled)
        state = states.state((bottom, top), count, rests)
        rows.append(Outcome(state, bottom, top, rests, count))
    return rows
