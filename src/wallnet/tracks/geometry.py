"""Cells of a track, which its notches cut away in whole or in part.

Both edges are cut up to `cuts(track, x)`. Stairs take whole cells, by their centres; smooth edges
take the filled share of each cell and the open share of each face.
"""

import itertools
import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track
from wallnet.config.disorder import GRID, SampledTrack
from wallnet.jobs.bilayer import Oersted
from wallnet.tracks import samples

PARTS = 8
"""Parts of a cell along x and along y; see `wallnet.film.partial`."""

POINTS = 8
"""Places along x at which a part is measured."""

LEAST_FILLED = 0.1
"""Filled share below which a cell is empty."""

OUTLINE = 65
"""Corners of the outline of an ellipse."""

Array = NDArray[np.float64]


def centres(track: Track) -> tuple[Array, Array]:
    """Return the cell centres along x and y in m, shapes (columns,) and (rows,)."""
    (columns, rows), (low, high) = track.cells, track.sides
    return (
        (np.arange(columns) + 0.5) * track.length / columns,
        low + (np.arange(rows) + 0.5) * (high - low) / rows,
    )


def oersted_field(track: Track, oersted: Oersted) -> Array:
    """Return the Oersted field of an endless strip in A/m for each A/m² of J, (3, rows, columns).

    The metal is a sheet below the magnet, with its current along +x. The y component is the field
    of the metal; the field of the magnet's own current averages to zero over the thickness. For a
    positive spin Hall angle it points along the spins, since the frame with spins along +y turns
    the spins, not the track, about z. The z component is the field of both currents, positive at
    the upper edge.
    """
    columns, rows = track.cells
    lower = centres(track)[1]
    upper, distance = track.width - lower, oersted.distance
    angle = np.arctan(lower / distance) + np.arctan(upper / distance)
    ratio = (lower**2 + distance**2) / (upper**2 + distance**2)
    along_y = oersted.metal * angle / (2 * np.pi)
    along_z = oersted.total * np.log(ratio) / (4 * np.pi)
    across = np.stack([np.zeros(rows), along_y, along_z])
    return np.repeat(across[..., None], columns, axis=2)


def cuts(track: Track, x: NDArray[np.floating], scale: float = 1.0, window: float = 0.0) -> Array:
    """Return how far the edges of the film lie inside the long edges of the track, in m.

    Parameters
    ----------
    track : Track
        The track.
    x : ndarray (places,)
        Positions along the track in m.
    scale : float
        Factor by which each notch is enlarged about its position.
    window : float
        Length in m over which the roughness of edges is averaged about each position.

    Returns
    -------
    ndarray (2, places)
        Depths of the lower and the upper edge in m: without a sample, 0 beside the notches. A rough
        edge is negative where it lies outside.
    """
    sizes = samples.notches(track)
    depths = np.zeros((len(sizes), len(x)))
    for below, edge in zip(depths, sizes.tolist(), strict=True):
        for position, length, depth in edge:
            place = (x - position) / scale
            (near,) = np.nonzero(np.abs(place) <= length / 2)
            place = place[near]
            if track.notches and track.notches.shape in ("disc", "ellipse"):
                share = np.sqrt(np.maximum(1 - (2 * place / length) ** 2, 0.0))
            else:
                share = np.interp(place, _along(track, length), [0.0, 1.0, 1.0, 0.0])
            below[near] = np.maximum(below[near], scale * depth * share)
    if isinstance(track, SampledTrack):
        return depths + samples.mean_roughness(track, x, window)
    return np.broadcast_to(depths, (2, len(x)))


def free_width(track: Track, x: NDArray[np.floating]) -> Array:
    """Return the width of the film between its edges at positions x in m; 0 outside the track."""
    inside = (x >= 0) & (x <= track.length)
    return np.where(inside, track.width - cuts(track, x).sum(axis=0), 0.0)


def _along(track: Track, length: float) -> Array:
    """Return the places of the corners of a notch of a length, from its middle, all in m."""
    assert track.notches
    nominal, _ = track.notches.extent
    left, right = (
        flank * length / nominal for flank in track.notches.flanks or (nominal / 2, nominal / 2)
    )
    return np.array([0.0, left, length - right, length]) - length / 2


def magnetic_mask(track: Track) -> NDArray[np.bool_]:
    """Return the mask of magnetic cells, shape (rows, columns).

    With stairs, cells whose centre is in a notch or on its edge are empty; with smooth edges, those
    that are filled by less than `LEAST_FILLED`.
    """
    if track.edges == "smooth":
        return _filled(track) >= LEAST_FILLED
    x, y = centres(track)
    lower, upper = cuts(track, x, 1 + 1e-9, track.cell_size)
    return (y[:, None] > lower) & (track.width - y[:, None] > upper)


def shares(track: Track) -> dict[str, Any]:
    """Return the arguments of `film.cells.Cells` for partly filled cells; empty without any."""
    if not track.partly_filled:
        return {}
    shapes, open_x, open_y = _measured(track)
    return {"shapes": shapes, "open_x": open_x[:, 1:-1], "open_y": open_y}


def filled_and_faces(track: Track) -> tuple[Array, Array, Array]:
    """Return the filled share of each cell, and the open shares of all faces.

    Faces along x, (rows, columns + 1), include both ends; faces along y are (rows - 1, columns).
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


@lru_cache(maxsize=4)
def _filled(track: Track) -> Array:
    return _measured(track)[0].mean(axis=(2, 3), dtype=np.float64)


@lru_cache(maxsize=4)
def _measured(track: Track) -> tuple[NDArray[np.float32], Array, Array]:
    """Return the filled shares of the parts of each cell, and the open shares of all faces.

    Faces along x include both ends, (rows, columns + 1); the other shapes are those of
    `wallnet.film.cells.Cells`. Shares are exact along y, and means over `POINTS` places of each
    part along x.
    """
    (columns, rows), (low, high) = track.cells, track.sides
    width, height = track.length / columns, (high - low) / rows
    fine = columns * PARTS * POINTS
    shapes = np.ones((rows, columns, PARTS, PARTS), dtype=np.float32)
    open_y = np.ones((rows - 1, columns))
    # a vertical flank between two cells closes the face from either side
    faces = np.arange(columns + 1) * width
    closed = np.maximum(*(cuts(track, faces + side * 1e-6 * width) for side in (-1, 1))) - low
    open_x = []
    # the upper edge is a lower one of the film upside down
    for way, depths, shut in zip(
        (1, -1),
        cuts(track, (np.arange(fine) + 0.5) * track.length / fine) - low,
        closed,
        strict=True,
    ):
        depths = depths.reshape(columns, PARTS * POINTS)
        least, most = depths.min(axis=1), depths.max(axis=1)
        from_edge, faces_above = shapes[::way, :, ::way], open_y[::way]
        for row in range(math.ceil(most.max() / height)):
            tops = (row + (np.arange(PARTS)[:, None] + 1) / PARTS) * height
            from_edge[row, least >= tops[-1]] = 0.0
            faces_above[row, least >= tops[-1]] = 0.0
            (some,) = np.nonzero((least < tops[-1]) & (most > row * height))
            above = np.clip((tops - depths[some, None]) * PARTS / height, 0, 1)
            from_edge[row, some] = above.reshape(some.size, PARTS, PARTS, POINTS).mean(axis=3)
            faces_above[row, some] = (depths[some] < tops[-1]).mean(axis=1)
        lower = np.clip((np.arange(1, rows + 1)[:, None] * height - shut) / height, 0, 1)
        open_x.append(lower[::way])
    return shapes, np.minimum(*open_x), open_y


def notch_distance(track: Track) -> Array:
    """Return the distance of each centre from the nearest notch in m, (rows, columns).

    It is negative inside a notch, and infinite without notches.
    """
    x, y = centres(track)
    nearest = np.full((y.size, x.size), np.inf)
    if track.notches is None:
        return nearest
    height = np.minimum(y, track.width - y)[:, None]
    corners = outline(track)
    for position in track.notch_positions:
        place = x[None, :] - position
        if track.notches.shape == "disc":
            distance = np.hypot(place, height) - track.notch_reach
        else:
            distance = _from_outline(place, height, corners)
            inside = height < cuts(track, x)[0]
            distance = np.where(inside, -distance, distance)
        np.minimum(nearest, distance, out=nearest)
    return nearest


def outline(track: Track) -> Array:
    """Return corners of the outline of a notch in m, (corners, 2), from its place on the edge."""
    if track.notches is None:
        return np.zeros((0, 2))
    length, depth = track.notches.extent
    if track.notches.shape in ("disc", "ellipse"):
        angle = np.linspace(0, np.pi, OUTLINE)
        return np.stack([-length / 2 * np.cos(angle), depth * np.sin(angle)], axis=1)
    return np.stack([_along(track, length), np.array([0.0, depth, depth, 0.0])], axis=1)


def outlines(track: Track) -> list[Array]:
    """Return the lines of all notches, of a sample those of both edges, in m, each (corners, 2)."""
    if isinstance(track, SampledTrack):
        x = np.linspace(0.0, track.length, math.ceil(track.length / GRID) + 1)
        lower, upper = cuts(track, x)
        return [np.stack([x, lower], axis=1), np.stack([x, track.width - upper], axis=1)]
    lower = outline(track)
    upper = lower * [1.0, -1.0] + [0.0, track.width]
    places = [np.array([position, 0.0]) for position in track.notch_positions]
    return [edge + place for place in places for edge in (lower, upper)]


def _from_outline(x: Array, y: Array, corners: Array) -> Array:
    """Return the distance of places in m from the line through some corners."""
    nearest = np.full(np.broadcast_shapes(x.shape, y.shape), np.inf)
    for (x0, y0), (x1, y1) in itertools.pairwise(corners.tolist()):
        dx, dy = x1 - x0, y1 - y0
        along = ((x - x0) * dx + (y - y0) * dy) / max(dx**2 + dy**2, 1e-60)
        share = np.clip(along, 0.0, 1.0)
        np.minimum(nearest, np.hypot(x - x0 - share * dx, y - y0 - share * dy), out=nearest)
    return nearest


def edge_distance(track: Track) -> NDArray[np.float64]:
    """Return the distance of each centre from the nearest edge of the film in m, (rows, columns).

    Edges are those of the track, ends included, and of its notches.
    """
    x, y = centres(track)
    to_ends = np.minimum(x, track.length - x)[None, :]
    if isinstance(track, SampledTrack):
        return np.minimum(_rough_distance(track), to_ends)
    to_sides = np.minimum(y, track.width - y)[:, None]
    return np.minimum(notch_distance(track), np.minimum(to_sides, to_ends))


def _rough_distance(track: SampledTrack) -> Array:
    """Return the distance of each centre from the nearest long edge in m; negative outside."""
    from scipy.spatial import cKDTree

    x, y = centres(track)
    along = np.arange(0.0, track.length + GRID, GRID)
    outlines = []
    for edge in cuts(track, along) * [[1], [-1]] + [[0.0], [track.width]]:
        # at equal distances along the edge, which is steep in places
        path = np.append(0.0, np.cumsum(np.hypot(np.diff(along), np.diff(edge))))
        places = np.arange(0.0, path[-1], GRID)
        outlines.append(np.transpose([np.interp(places, path, values) for values in (along, edge)]))
    tree = cKDTree(np.concatenate(outlines))
    distance = tree.query(np.stack(np.broadcast_arrays(x, y[:, None]), axis=-1))[0]
    lower, upper = cuts(track, x)
    inside = (y[:, None] > lower) & (track.width - y[:, None] > upper)
    return np.where(inside, distance, -distance)
