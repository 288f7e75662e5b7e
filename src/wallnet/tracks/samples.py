"""What the seed of a sample draws: edges and notches, in metres, whatever the cells are."""

import hashlib
import itertools
import json
import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track
from wallnet.config.disorder import GRID, LARGEST, SampledTrack

Array = NDArray[np.float64]


def generator_of(track: SampledTrack, what: str) -> np.random.Generator:
    """Return a generator for one kind of disorder, which depends on no other kind."""
    key = json.dumps(["sample", track.disorder.seed, track.sample, what])
    return np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:16], "big"))


def deviations(generator: np.random.Generator, *shape: int) -> Array:
    """Return normal deviations of unit variance; large ones are cut."""
    return np.clip(generator.standard_normal(shape), -LARGEST, LARGEST)


@lru_cache(maxsize=8)
def roughness(track: SampledTrack) -> Array:
    """Return how far both edges lie inside their place, every `GRID` along the track, in m.

    Shape (2, places), the lower edge first: each is an Ornstein-Uhlenbeck process.
    """
    places, edges = math.ceil(track.length / GRID) + 1, track.disorder.edges
    if edges is None:
        return np.zeros((2, places))
    kept = math.exp(-GRID / edges.correlation_length)
    steps = generator_of(track, "edges").standard_normal((2, places))
    steps[:, 1:] *= math.sqrt(1 - kept**2)
    walks = [
        [*itertools.accumulate(row, lambda z, step: kept * z + step)] for row in steps.tolist()
    ]
    return edges.rms * np.clip(walks, -LARGEST, LARGEST)


def mean_roughness(track: SampledTrack, x: NDArray[np.floating], window: float) -> Array:
    """Return `roughness` at positions x, or its mean over a window about each, all in m."""
    drawn, places = roughness(track), np.arange(roughness(track).shape[1]) * GRID
    if not window:
        return np.array([np.interp(x, places, edge) for edge in drawn])
    areas = np.zeros_like(drawn)
    np.cumsum((drawn[:, 1:] + drawn[:, :-1]) * GRID / 2, axis=1, out=areas[:, 1:])
    left, right = (np.clip(x + side * window / 2, 0.0, track.length) for side in (-1, 1))
    return np.array(
        [(np.interp(right, places, area) - np.interp(left, places, area)) for area in areas]
    ) / (right - left)


def notches(track: Track) -> Array:
    """Return position, length and depth of each notch in m, (edges, notches, 3).

    There is one edge if both are alike.
    """
    length, depth = track.notches.extent if track.notches else (0.0, 0.0)
    nominal = np.array([[(x, length, depth) for x in track.notch_positions]]).reshape(1, -1, 3)
    if not isinstance(track, SampledTrack) or not (spread := track.disorder.notches):
        return nominal
    drawn = deviations(generator_of(track, "notches"), 2, nominal.shape[1], 3)
    drawn *= (spread.position, spread.length, spread.depth)
    if track.notches and track.notches.shape == "disc":
        drawn[..., 2] += drawn[..., 1] / 2
    return nominal + drawn
