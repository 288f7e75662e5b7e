"""The geometry of a track in cells: their centres, and how far these are from an edge."""

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track


def centres(track: Track) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the cell centres along x and y in m, shapes (columns,) and (rows,)."""
    columns, rows = track.cells
    return (
        (np.arange(columns) + 0.5) * track.length / columns,
        (np.arange(rows) + 0.5) * track.width / rows,
    )


def notch_distance(track: Track) -> NDArray[np.float64]:
    """Return the distance of each centre from the nearest notch in m, (rows, columns).

    It is negative inside a notch, and infinite without notches. A notch is a half disc on each long
    edge.
    """
    x, y = centres(track)
    found = np.full((y.size, x.size), np.inf)
    for position in track.notch_positions:
        for edge in (0.0, track.width):
            distance = np.hypot(x[None, :] - position, y[:, None] - edge) - track.notch_radius
            np.minimum(found, distance, out=found)
    return found


def edge_distance(track: Track) -> NDArray[np.float64]:
    """Return the distance of each centre from the nearest edge of the film in m, (rows, columns).

    Edges are those of the track, ends included, and of its notches.
    """
    x, y = centres(track)
    to_sides = np.minimum(y, track.width - y)[:, None]
    to_ends = np.minimum(x, track.length - x)[None, :]
    return np.minimum(notch_distance(track), np.minimum(to_sides, to_ends))
