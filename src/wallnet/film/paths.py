"""Paths of least energy between two minima, and the barrier between them.

The string method (E, Ren and Vanden-Eijnden, J. Chem. Phys. 126, 164103 (2007)) on the sphere of
each moment: the images of a path descend across the path, and are then distributed evenly along it
again, by geodesic distance. Only initialised or tilted walls make an initial path, since an
interpolation between two walls far apart would not move one. The highest image climbs along the
softest change of m to the saddle point, while it descends in all others.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wallnet.film.energy import Landscape, largest, tangential, unit
from wallnet.film.minima import softest, steps

STEPS = 6
"""Steps of an image across the path before the images are distributed again."""

ROUNDS = (6, 10)
"""Smallest and largest number of distributions."""

SETTLED = 0.02
"""Relative change of a barrier, in two rounds in succession, below which its path is settled."""

CLIMBS = 15
"""Largest number of steps of the highest image to the saddle point."""

CLIMBING_STEPS = 20
"""Steps of the highest image in all other directions after each of these."""

NEAR_TOP = 0.1
"""Share of the height of a path, below its top, within which its maxima climb."""

KNOWN = 0.99
"""Overlap of the softest changes before and after a step above which this change is known."""

STOP = 10.0
"""Largest ``|m × H × m|`` at a saddle point in A/m; at least `Landscape.rounding`. Its energy is
then exact within 0.01 k_B T."""


@dataclass(frozen=True)
class Path:
    """A path from one minimum to another.

    Attributes
    ----------
    images : float32 array (images, 3, rows, columns)
        Unit vectors, zero in empty cells.
    energy : ndarray (images,)
        Energy of each image in J.
    rounds : int
        Number of distributions of the images.
    settled : bool
        Whether the highest energy did not change any more.
    saddle : int
        Index of the image with the highest energy; after `climb`, of the highest maximum.
    residual : float
        Largest ``|m × H × m|`` there in A/m; NaN if it has not climbed.
    stiffness : tuple of float
        The two smallest stiffnesses there in A/m (`minima.softest`); NaN if it has not climbed.
    """

    images: NDArray[np.float32]
    energy: NDArray[np.float64]
    rounds: int
    settled: bool
    saddle: int
    residual: float = math.nan
    stiffness: tuple[float, float] = (math.nan, math.nan)

    @property
    def top(self) -> float:
        """Energy there in J."""
        return float(self.energy[self.saddle])

    @property
    def converged(self) -> bool:
        """Whether the highest image is a saddle point, from which the energy falls in one way."""
        return self.stiffness[0] < 0 < self.stiffness[1]


def distance(a: NDArray, b: NDArray) -> float:
    """Return the geodesic distance of two states: the root of the sum of squared angles in rad."""
    chord = np.sqrt(((a - b).astype(np.float64) ** 2).sum(axis=0))
    return float(np.sqrt(((2 * np.arcsin(np.minimum(chord / 2, 1.0))) ** 2).sum()))


def along(images: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the geodesic distance of each image from the first one, along the path."""
    gaps = [distance(a, b) for a, b in itertools.pairwise(images)]
    return np.concatenate([[0.0], np.cumsum(gaps)])


def relax(landscape: Landscape, images: NDArray[np.floating]) -> Path:
    """Let a path descend to one of least energy. Its ends do not move.

    Parameters
    ----------
    landscape : Landscape
        The film.
    images : ndarray (images, 3, rows, columns)
        Unit vectors of at least three images. The first and the last are minima.

    Returns
    -------
    Path
        The path, without a saddle point; see `climb`.
    """
    path = distributed(np.array(images, dtype=np.float32))
    fewest, most = ROUNDS
    energy, quiet, done = _energies(landscape, path), 0, 0
    while done < most and (quiet < 2 or done < fewest):
        path = distributed(_moved_across(landscape, path, energy))
        last, energy = energy, _energies(landscape, path)
        height = float(energy.max() - min(energy[0], energy[-1]))
        quiet = quiet + 1 if abs(energy.max() - last.max()) <= SETTLED * height else 0
        done += 1
    return Path(path, energy, done, quiet >= 2, int(energy[1:-1].argmax()) + 1)


def _moved_across(
    landscape: Landscape, path: NDArray[np.float32], energy: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return the images after a descent across the path.

    An image moves by no more than the distance between two. Over longer distances, the direction of
    the path would change, and the image would slide down along it.
    """
    moved, stop = path.copy(), max(STOP, landscape.rounding)
    gap = along(path)[-1] / (len(path) - 1)
    for index in range(1, len(path) - 1):
        tangent = _tangent(landscape, path, energy, index)
        there, _, _ = steps(landscape, path[index], landscape.torque, stop, STEPS, tangent)
        change = there - path[index]
        change -= np.float32(landscape.dot(tangent, change)) * tangent
        share = min(1.0, gap / max(math.sqrt(landscape.dot(change, change)), 1e-300))
        moved[index] = unit(path[index] + np.float32(share) * change)
    return moved


def climb(landscape: Landscape, path: Path) -> Path:
    """Let the highest images of a path climb to the saddle points near them.

    All maxima of the path near its highest energy climb, since the images may miss the top of a
    sharp one. Then the highest saddle point counts; a maximum that finds none keeps its energy.

    Returns
    -------
    Path
        The path through the saddle points; with the old images where none was found nearby.
    """
    images, energy = path.images.copy(), path.energy.copy()
    saddles: dict[int, tuple[float, tuple[float, float]]] = {}
    inner = np.arange(1, len(energy) - 1)
    height = path.top - min(energy[0], energy[-1])
    peaks = (energy[inner] >= energy[inner - 1]) & (energy[inner] >= energy[inner + 1])
    peaks = inner[peaks & (energy[inner] >= path.top - NEAR_TOP * height)]
    for index in peaks:
        saddle_point = _saddle_near(landscape, path, int(index))
        if saddle_point is not None:
            images[index], saddles[index] = saddle_point[0], saddle_point[1:]
            energy[index] = landscape.exact_energy(images[index])
    # images beside a saddle point may still be higher, by what is left of their descent
    saddle = int(max(peaks, key=energy.__getitem__, default=path.saddle))
    return Path(images, energy, path.rounds, path.settled, saddle, *saddles.get(saddle, ()))


def _saddle_near(
    landscape: Landscape, path: Path, index: int
) -> tuple[NDArray[np.float32], float, tuple[float, float]] | None:
    """Return the saddle point to which an image climbs, its torque and stiffnesses, or None."""
    m = _highest_around(landscape, path, index)
    mode = _tangent(landscape, path.images, path.energy, index)
    near = 3 * max(distance(a, b) for a, b in itertools.pairwise(path.images))
    mode_known, stop, residual = False, max(STOP, landscape.rounding), math.inf
    for _ in range(CLIMBS):
        # while the softest change is not yet known, a long descent could follow it downhill
        count = CLIMBING_STEPS if mode_known else STEPS
        there, left, _ = steps(landscape, m, landscape.torque, stop, count, mode)
        if mode_known and left > residual:
            # it left the saddle point all the same
            there, _, _ = steps(landscape, m, landscape.torque, stop, STEPS, mode)
        m = there
        field = landscape.torque(m)
        residual = largest(field)
        values, new = softest(landscape, m, mode)
        mode_known, mode = abs(landscape.dot(mode, new)) > KNOWN, new
        if distance(m, path.images[index]) > near:
            return None
        if residual <= stop:
            return m, residual, values
        # uphill along the softest change, to where its torque vanishes
        step = landscape.dot(mode, field) / -max(abs(values[0]), 1e-300)
        step *= min(1.0, near / 4 / max(abs(step), 1e-300))
        m = unit(m + np.float32(step) * tangential(m, mode))
    return None


def _highest_around(landscape: Landscape, path: Path, index: int) -> NDArray[np.float32]:
    """Return an image, or the middle to one of its neighbours if the energy is higher there.

    On a sharp top, an image beside it would leave the path before it finds the saddle point.
    """
    here = path.images[index]
    middles = [unit(here + path.images[other]) for other in (index - 1, index + 1)]
    return max([here, *middles], key=landscape.exact_energy)


def lowest(landscape: Landscape, candidates: Sequence[NDArray[np.floating]]) -> tuple[Path, int]:
    """Return the path with the lowest saddle point of several initial paths, and its index.

    Parameters
    ----------
    landscape : Landscape
        The film.
    candidates : sequence of ndarray (images, 3, rows, columns)
        Initial paths.
    """
    relaxed = [relax(landscape, images) for images in candidates]
    best = min(range(len(relaxed)), key=lambda index: relaxed[index].top)
    return climb(landscape, relaxed[best]), best


def distributed(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return images at equal geodesic distances along a path, with linear interpolation."""
    arc = along(images)
    even = np.linspace(0, arc[-1], len(images))
    spread = images.copy()
    for index in range(1, len(images) - 1):
        left = min(int(np.searchsorted(arc, even[index], side="right")) - 1, len(images) - 2)
        share = np.float32((even[index] - arc[left]) / max(arc[left + 1] - arc[left], 1e-300))
        spread[index] = unit(images[left] + share * (images[left + 1] - images[left]))
    return spread


def _tangent(
    landscape: Landscape, path: NDArray[np.float32], energy: NDArray[np.floating], index: int
) -> NDArray[np.float32]:
    """Return the direction of a path at an image, a unit vector in the space of all cells.

    It is the direction to the neighbour of higher energy, as in the nudged elastic band (Henkelman
    and Jonsson, J. Chem. Phys. 113, 9978 (2000)). With that between both neighbours, a path folds
    on steep slopes.
    """
    ahead, behind = path[index + 1] - path[index], path[index] - path[index - 1]
    rise, fall = energy[index + 1] - energy[index], energy[index] - energy[index - 1]
    if rise * fall > 0:
        chord = ahead if rise > 0 else behind
    else:
        # at an extremum, weighted so that the direction changes gradually
        high, low = max(abs(rise), abs(fall)), min(abs(rise), abs(fall))
        upper = energy[index + 1] > energy[index - 1]
        weights = (high, low) if upper else (low, high)
        total = max(high + low, 1e-300)
        chord = np.float32(weights[0] / total) * ahead + np.float32(weights[1] / total) * behind
    chord = tangential(path[index], chord)
    return np.asarray(chord / max(math.sqrt(landscape.dot(chord, chord)), 1e-30), dtype=np.float32)


def _energies(landscape: Landscape, path: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.array([landscape.exact_energy(m) for m in path])
