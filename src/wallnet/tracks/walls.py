"""Walls in the film of a track: how they are placed, where they are, and how they move."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track
from wallnet.jobs.base import TrackJob
from wallnet.jobs.film import strip_of
from wallnet.tracks import films
from wallnet.tracks.geometry import centres


def placed_wall(job: TrackJob, bottom: float, top: float) -> NDArray[np.float64]:
    """Return a Néel wall between an up and a down domain, for the film of a job.

    m = (-sech u, 0, tanh u) with u = (x - x0(y))/Δ, where x0 is linear in y from the lower to the
    upper edge. Frozen spins point along -z at the left and along +z at the right end.

    Parameters
    ----------
    job : TrackJob
        Track and material, with `StripFilm.placed_width` as Δ.
    bottom, top : float
        Positions at which the wall meets the lower and the upper edge, in m.

    Returns
    -------
    ndarray (rows, columns, 3)
        Unit vectors; zero in empty cells.
    """
    track, film = job.track, films.layer(job)
    x, y = centres(track)
    start = bottom + (top - bottom) * y / track.width
    width = strip_of(track, job.material).placed_width
    u = np.clip((x[None, :] - start[:, None]) / width, -300, 300)
    m = np.stack([-1 / np.cosh(u), np.zeros_like(u), np.tanh(u)], axis=-1)
    m /= np.linalg.norm(m, axis=-1, keepdims=True)
    held = film.mask & ~film.free
    m[held] = np.where(x < track.length / 2, -1.0, 1.0)[held.nonzero()[1], None] * (0.0, 0.0, 1.0)
    m[~film.mask] = 0.0
    return m


def wall_position(track: Track, average_z: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the position of an equivalent straight wall in m: length·(1 - <m_z>)/2."""
    return track.length * (1 - average_z) / 2


def _reversed_length(profile: NDArray[np.floating], cell: float) -> float:
    """Return the length in m over which m_z is negative, with linear interpolation of zeros."""
    left, right = profile[:-1], profile[1:]
    total = cell / 2 * np.count_nonzero(profile[[0, -1]] < 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = left / (left - right)
    cases = [(left < 0) & (right < 0), left < 0, right < 0]
    share = np.select(cases, [1.0, crossing, 1 - crossing], 0.0)
    return float(total + cell * np.sum(share))


def wall_ends(
    track: Track, filled: NDArray[np.number | np.bool_], magnetization: NDArray[np.floating]
) -> tuple[float, float]:
    """Return the positions at which the wall meets the lower and the upper edge.

    The edge follows the notches: in each column, it is the outermost magnetic cell. If that cell
    is filled in part, the next one supplies the rest of a whole cell. The position is the length of
    the reversed domain along the edge, which is exact for a single wall.

    Parameters
    ----------
    track : Track
        The track.
    filled : ndarray (rows, columns)
        Filled share of each cell, or the mask of magnetic ones.
    magnetization : ndarray (rows, columns, 3)
        Unit vectors.

    Returns
    -------
    tuple of float
        Positions along x at the lower and the upper edge, in m.
    """
    m_z, cell = magnetization[..., 2], track.length / filled.shape[1]
    bottom, top = (_along_edge(filled[::way], m_z[::way]) for way in (1, -1))
    return _reversed_length(bottom, cell), _reversed_length(top, cell)


def _along_edge(
    filled: NDArray[np.number | np.bool_], m_z: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Return m_z along the lower edge of the film."""
    columns = np.arange(filled.shape[1])
    lowest = np.argmax(filled > 0, axis=0)
    second = np.minimum(lowest + 1, len(filled) - 1)
    share = filled[lowest, columns].astype(m_z.dtype)
    return share * m_z[lowest, columns] + (1 - share) * m_z[second, columns]


def at_rest(time: NDArray[np.floating], ends: Iterable[NDArray[np.floating]], speed: float) -> bool:
    """Return whether both wall ends stay slower than a speed between all entries of a trace.

    Parameters
    ----------
    time : ndarray (time,)
        Times in s, ascending.
    ends : iterable of ndarray (time,)
        Positions of the wall's ends in m.
    speed : float
        Speed in m/s.
    """
    return all(bool(np.all(np.abs(np.diff(end) / np.diff(time)) < speed)) for end in ends)


def first_time(time: NDArray[np.floating], values: NDArray[np.floating], level: float) -> float:
    """Return the first time at which values reach a level, by linear interpolation.

    Examples
    --------
    >>> first_time(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 3.0]), 2.0)
    1.5
    >>> first_time(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 2.0)
    inf
    """
    reached = np.flatnonzero(values >= level)
    if not reached.size:
        return math.inf
    after = int(reached[0])
    if not after:
        return float(time[0])
    before = after - 1
    share = (level - values[before]) / (values[after] - values[before])
    return float(time[before] + share * (time[after] - time[before]))
