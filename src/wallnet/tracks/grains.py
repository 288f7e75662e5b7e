"""Grains of a sample, which its seed draws in metres, on the cells of a track."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track
from wallnet.config.disorder import Grains, SampledTrack
from wallnet.tracks.geometry import centres
from wallnet.tracks.samples import deviations, generator_of

SEEDED = 6.0
"""Distance from the track, in sizes of a grain, up to which the points of grains are drawn."""

Array = NDArray[np.float64]


def points(track: SampledTrack, grains: Grains) -> Array:
    """Return the points of the grains in m, (grains, 2): a Poisson process of x and y."""
    generator, beside = generator_of(track, "points"), SEEDED * grains.size
    extent = np.array([track.length, track.width]) + 2 * beside
    count = generator.poisson(extent.prod() / grains.size**2)
    return generator.random((max(count, 1), 2)) * extent - beside


@lru_cache(maxsize=8)
def grain_of(track: SampledTrack, grains: Grains) -> NDArray[np.intp]:
    """Return the number of the grain in which the centre of each cell is, (rows, columns)."""
    from scipy.spatial import cKDTree

    x, y = centres(track)
    places = np.stack(np.broadcast_arrays(x, y[:, None]), axis=-1)
    return np.asarray(cKDTree(points(track, grains)).query(places)[1])


def parameters(track: Track) -> dict[str, Array]:
    """Return the factors of grains in each cell, (rows, columns), by name in `Grains`."""
    if not isinstance(track, SampledTrack) or not (grains := track.disorder.grains):
        return {}
    number = grain_of(track, grains)
    return {
        name: 1 + spread * deviations(generator_of(track, name), number.max() + 1)[number]
        for name in ("anisotropy", "thickness", "damping")
        if (spread := getattr(grains, name))
    }


def bonds(track: Track) -> dict[str, Array]:
    """Return the arguments of `film.cells.Cells` for grain boundaries; empty without any."""
    if not isinstance(track, SampledTrack) or not (grains := track.disorder.grains):
        return {}
    if grains.boundary_exchange == 1:
        return {}
    number, factor = grain_of(track, grains), grains.bond(track.cell_size)
    changes = {"bond_x": np.diff(number, axis=1), "bond_y": np.diff(number, axis=0)}
    return {name: np.where(change, factor, 1.0) for name, change in changes.items()}
