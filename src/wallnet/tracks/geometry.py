"""Cells of a track: which of them its notches cut away, and how much of others.

The lower edge is cut up to `cut(track, x)`, the upper one alike. Stairs take whole cells, by their
centres; smooth edges take the filled share of each cell and the open share of each face.
"""

import itertools
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track

PARTS = 8
"""Parts of a cell along x and along y; see `wallnet.film.partial`."""

SAMPLES = 8
"""Places along x at which a part is measured."""

LEAST_FILLED = 0.1
"""Filled share below which a cell is empty."""

OUTLINE = 65
"""Corners of the outline of an ellipse."""

Array = NDArray[np.float64]


def centres(track: Track) -> tuple[Array, Array]:
    """Return the cell centres along x and y in m, shapes (columns,) and (rows,)."""
    columns, rows = track.cells
    return (
        (np.arange(columns) + 0.5) * track.length / columns,
        (np.arange(rows) + 0.5) * track.width / rows,
    )


def cut(track: Track, x: NDArray[np.floating], scale: float = 1.0) -> Array:
    """Return how deep the notches cut into the film from each long edge, in m.

    Parameters
    ----------
    track : Track
        The track.
    x : ndarray (places,)
        Positions along the track in m.
    scale : float
        Factor by which each notch is enlarged about its position.

    Returns
    -------
    ndarray (places,)
        Depths in m, 0 beside the notches.
    """
    depths = np.zeros_like(x)
    if track.notches is None:
        return depths
    length, depth = track.notches.extent
    left, right = track.notches.flanks or (length / 2, length / 2)
    corners = np.array([0.0, left, length - right, length]) - length / 2
    for position in track.notch_positions:
        place = (x - position) / scale
        if track.notches.shape in ("disc", "ellipse"):
            share = np.sqrt(np.maximum(1 - (2 * place / length) ** 2, 0.0))
        else:
            share = np.interp(place, corners, [0.0, 1.0, 1.0, 0.0])
        np.maximum(depths, scale * depth * share, out=depths)
    return depths


def magnetic_mask(track: Track) -> NDArray[np.bool_]:
    """Return the mask of magnetic cells, shape (rows, columns).

    With stairs, cells whose centre is in a notch or on its edge are empty; with smooth edges, those
    that are filled by less than `LEAST_FILLED`.
    """
    if track.edges == "smooth":
        return _filled(track) >= LEAST_FILLED
    x, y = centres(track)
    depths = cut(track, x, 1 + 1e-9)
    return (y[:, None] > depths) & (track.width - y[:, None] > depths)


def shares(track: Track) -> dict[str, Any]:
    """Return what `wallnet.film.cells.Cells` has of smooth edges; empty if there are none."""
    if track.edges == "stairs" or track.notches is None:
        return {}
    shapes, open_x, open_y = _measured(track)
    return {"shapes": shapes, "open_x": open_x[:, 1:-1], "open_y": open_y}


def filled_and_faces(track: Track) -> tuple[Array, Array, Array]:
    """Return the filled share of each cell, and the open shares of all faces.

    Those along x, (rows, columns + 1), have the faces at both ends; those along y are
    (rows - 1, columns).
    """
    if track.edges == "smooth":
        return _filled(track), *_measured(track)[1:]
    filled = magnetic_mask(track).astype(np.float64)
    beside = np.pad(filled, ((0, 0), (1, 1)), mode="edge")
    return filled, beside[:, :-1] * beside[:, 1:], filled[:-1] * filled[1:]


def lost_area(track: Track) -> float:
    """Return the area in m² of the film in cells that smooth edges leave empty; 0 with stairs."""
    if track.edges == "stairs":
        return 0.0
    filled = _filled(track)
    return float(filled[filled < LEAST_FILLED].sum()) * track.cell_size**2


def _filled(track: Track) -> Array:
    return _measured(track)[0].mean(axis=(2, 3), dtype=np.float64)


@lru_cache(maxsize=4)
def _measured(track: Track) -> tuple[NDArray[np.float32], Array, Array]:
    """Return the filled shares of the parts of each cell, and the open shares of all faces.

    Faces along x have those at both ends, (rows, columns + 1); the other shapes are those of
    `wallnet.film.cells.Cells`. Shares are exact along y, and means over `SAMPLES` places of each
    part along x.
    """
    columns, rows = track.cells
    width, height = track.length / columns, track.width / rows
    fine = columns * PARTS * SAMPLES
    depths = cut(track, (np.arange(fine) + 0.5) * track.length / fine)
    shapes = np.ones((rows, columns, PARTS, PARTS), dtype=np.float32)
    open_y = np.ones((rows - 1, columns))
    for row in range(int(np.ceil(depths.max() / height))):
        tops = (row + (np.arange(PARTS)[:, None] + 1) / PARTS) * height
        above = np.clip((tops - depths) * PARTS / height, 0, 1)
        lower = above.reshape(PARTS, columns, PARTS, SAMPLES).mean(axis=3).swapaxes(0, 1)
        shapes[row], shapes[-1 - row] = lower, lower[:, ::-1]
        open_y[row] = open_y[-1 - row] = (depths < tops[-1]).reshape(columns, -1).mean(axis=1)
    # a vertical flank between two cells closes the face from either side
    faces = np.arange(columns + 1) * width
    closed = np.maximum(*(cut(track, faces + side * 1e-6 * width) for side in (-1, 1)))
    lower = np.clip((np.arange(1, rows + 1)[:, None] * height - closed) / height, 0, 1)
    return shapes, np.minimum(lower, lower[::-1]), open_y


def notch_distance(track: Track) -> Array:
    """Return the distance of each centre from the nearest notch in m, (rows, columns).

    It is negative inside a notch, and infinite without notches.
    """
    x, y = centres(track)
    found = np.full((y.size, x.size), np.inf)
    if track.notches is None:
        return found
    height = np.minimum(y, track.width - y)[:, None]
    corners = outline(track)
    for position in track.notch_positions:
        place = x[None, :] - position
        if track.notches.shape == "disc":
            distance = np.hypot(place, height) - track.notch_reach
        else:
            distance = _from_outline(place, height, corners)
            inside = height < cut(track, x)[None, :]
            distance = np.where(inside, -distance, distance)
        np.minimum(found, distance, out=found)
    return found


def outline(track: Track) -> Array:
    """Return corners of the outline of a notch in m, (corners, 2), from its place on the edge."""
    if track.notches is None:
        return np.zeros((0, 2))
    length, depth = track.notches.extent
    if track.notches.shape in ("disc", "ellipse"):
        angle = np.linspace(0, np.pi, OUTLINE)
        return np.stack([-length / 2 * np.cos(angle), depth * np.sin(angle)], axis=1)
    left, right = track.notches.flanks or (length / 2, length / 2)
    along = np.array([0.0, left, length - right, length]) - length / 2
    return np.stack([along, np.array([0.0, depth, depth, 0.0])], axis=1)


def _from_outline(x: Array, y: Array, corners: Array) -> Array:
    """Return the distance of places in m from the line through some corners."""
    found = np.full(np.broadcast_shapes(x.shape, y.shape), np.inf)
    for (x0, y0), (x1, y1) in itertools.pairwise(corners.tolist()):
        dx, dy = x1 - x0, y1 - y0
        along = ((x - x0) * dx + (y - y0) * dy) / max(dx**2 + dy**2, 1e-60)
        share = np.clip(along, 0.0, 1.0)
        np.minimum(found, np.hypot(x - x0 - share * dx, y - y0 - share * dy), out=found)
    return found


def edge_distance(track: Track) -> NDArray[np.float64]:
    """Return the distance of each centre from the nearest edge of the film in m, (rows, columns).

    Edges are those of the track, ends included, and of its notches.
    """
    x, y = centres(track)
    to_sides = np.minimum(y, track.width - y)[:, None]
    to_ends = np.minimum(x, track.length - x)[None, :]
    return np.minimum(notch_distance(track), np.minimum(to_sides, to_ends))
