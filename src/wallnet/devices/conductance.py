"""The detector: which columns it covers, its conductance in two readings, normalisation."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.config import Detector, Track


def detector_columns(track: Track, detector: Detector) -> slice:
    """Return the columns of cells whose centre lies under the detector.

    Parameters
    ----------
    track : Track
        The track.
    detector : Detector
        Its `start` and `stop` in m; without them it covers the whole track.

    Returns
    -------
    slice
        Of the cells along x. A centre on `start` belongs to the detector, one on `stop` does not.
    """
    start = 0.0 if detector.start is None else detector.start
    stop = track.length if detector.stop is None else detector.stop

    def first_from(position: float) -> int:
        # a share of a cell is given away, so that 128 nm / 1 nm does not turn on its last bit
        return max(0, math.ceil(position / track.cell_size - 0.5 - 1e-6))

    return slice(first_from(start), min(first_from(stop), track.cells[0]))


def detected_magnetization(
    profile: NDArray[np.floating], magnetic_cells: NDArray[np.number], columns: slice
) -> NDArray[np.float64]:
    """Return the mean of m_z over the magnetic cells under the detector.

    Parameters
    ----------
    profile : ndarray (..., x)
        Mean of m_z over the magnetic cells of each column; ignored in columns without any.
    magnetic_cells : ndarray (x,)
        Number of magnetic cells in each column.
    columns : slice
        Columns under the detector.

    Returns
    -------
    ndarray (...)
        Between -1 and 1.
    """
    weights = np.asarray(magnetic_cells, dtype=float)[columns]
    under = np.where(weights > 0, np.asarray(profile, dtype=float)[..., columns], 0.0)
    return under @ weights / weights.sum()


def parallel_conductance(m_z: ArrayLike, detector: Detector) -> NDArray[np.float64]:
    """Return the conductance of cells in parallel (paper, Eq. 2).

    G = G0 <(1 + P² cos θ)/(1 + P²)>, where the reference layer points along -z, so that
    cos θ = -m_z. The paper prints a sum over the cells, which grows with their number; G0 is the
    conductance with all cells parallel, hence the mean.

    Parameters
    ----------
    m_z : array_like
        Mean of m_z over the magnetic cells under the detector.
    detector : Detector
        Its `parallel_conductance` G0 in S and `polarization` P.

    Returns
    -------
    ndarray
        Conductance in S.
    """
    square = detector.polarization**2
    return detector.parallel_conductance * (1 - square * np.asarray(m_z)) / (1 + square)


def series_conductance(m_z: ArrayLike, detector: Detector) -> NDArray[np.float64]:
    """Return the conductance if the resistance changes linearly (paper, section III).

    R = R_P + (R_AP - R_P)(1 + <m_z>)/2 and G = 1/R: `parallel_resistance` R_P with all cells
    along -z as the reference layer, `antiparallel_resistance` R_AP with all along +z.

    Parameters
    ----------
    m_z : array_like
        Mean of m_z over the magnetic cells under the detector.
    detector : Detector
        Its two resistances in Ω.

    Returns
    -------
    ndarray
        Conductance in S.
    """
    low, high = detector.parallel_resistance, detector.antiparallel_resistance
    return 1 / (low + (high - low) * (1 + np.asarray(m_z)) / 2)


def both_readings(m_z: ArrayLike, detector: Detector) -> NDArray[np.float64]:
    """Return the conductance in S in both readings, in the order of `files.READINGS`.

    Parameters
    ----------
    m_z : array_like (...)
        Mean of m_z over the magnetic cells under the detector.
    detector : Detector
        The detector.

    Returns
    -------
    ndarray (2, ...)
        Conductance in S.
    """
    return np.stack([parallel_conductance(m_z, detector), series_conductance(m_z, detector)])


def normalize(values: ArrayLike, low: ArrayLike, high: ArrayLike) -> NDArray[np.float64]:
    """Return (f - f_min)/(f_max - f_min) (paper, Eq. 3).

    Parameters
    ----------
    values : array_like
        What to normalise.
    low, high : array_like
        f_min and f_max, of the same unit.

    Returns
    -------
    ndarray
        0 at `low`, 1 at `high`.

    Raises
    ------
    ValueError
        If `low` and `high` are the same.
    """
    values, low, high = np.asarray(values), np.asarray(low), np.asarray(high)
    if np.any(high == low):
        raise ValueError("the values do not change, so they cannot be normalised")
    return (values - low) / (high - low)
