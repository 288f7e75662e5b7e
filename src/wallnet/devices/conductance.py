"""The detector: its conductance in two readings, normalisation, activation."""

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import ArrayLike, NDArray

from wallnet.config.devices import Detector


def detected_magnetization(
    profile: NDArray[np.floating],
    magnetic_cells: NDArray[np.number],
    columns: slice,
    domains: ArrayLike = 1.0,
) -> NDArray[np.float64]:
    """Return the mean of m_z under the detector in units of that of a domain, shape (...).

    Parameters
    ----------
    profile : ndarray (..., x)
        Mean of m_z over the magnetic cells of each column. Columns without magnetic cells are
        ignored.
    magnetic_cells : ndarray (x,)
        Number of magnetic cells in each column.
    columns : slice
        Columns under the detector.
    domains : array_like (...)
        Mean of m_z in a domain, below 1 at a temperature. The resistances of a detector are those
        of domains.
    """
    weights = np.asarray(magnetic_cells, dtype=float)[columns]
    under = np.where(weights > 0, np.asarray(profile, dtype=float)[..., columns], 0.0)
    return under @ weights / weights.sum() / domains


def parallel_conductance(m_z: ArrayLike, detector: Detector) -> NDArray[np.float64]:
    """Return the conductance of cells in parallel (paper, Eq. 2).

    G = G0 <(1 + P² cos θ)/(1 + P²)>. The reference layer points along -z, so cos θ = -m_z. The
    paper prints a sum over the cells, which grows with their number. G0 is the conductance with
    all cells parallel, so this function uses the mean.

    Parameters
    ----------
    m_z : array_like
        Mean of m_z over the magnetic cells under the detector.
    detector : Detector
        The detector, with `parallel_conductance` G0 in S and `polarization` P.

    Returns
    -------
    ndarray
        Conductance in S.
    """
    square = detector.polarization**2
    return detector.parallel_conductance * (1 - square * np.asarray(m_z)) / (1 + square)


def series_conductance(m_z: ArrayLike, detector: Detector) -> NDArray[np.float64]:
    """Return the conductance for a resistance that is linear in m_z (paper, section III).

    R = R_P + (R_AP - R_P)(1 + <m_z>)/2 and G = 1/R. The resistance is `parallel_resistance` R_P
    with all cells along -z, like the reference layer, and `antiparallel_resistance` R_AP with
    all cells along +z.

    Parameters
    ----------
    m_z : array_like
        Mean of m_z over the magnetic cells under the detector.
    detector : Detector
        The detector, with its two resistances in Ω.

    Returns
    -------
    ndarray
        Conductance in S.
    """
    low, high = detector.parallel_resistance, detector.antiparallel_resistance
    return 1 / (low + (high - low) * (1 + np.asarray(m_z)) / 2)


def both_readings(m_z: ArrayLike, detector: Detector) -> NDArray[np.float64]:
    """Return the conductance in S in both readings, in the order of `files.READINGS`, (2, ...).

    The mean of m_z over the magnetic cells under the detector has the shape (...).
    """
    return np.stack([parallel_conductance(m_z, detector), series_conductance(m_z, detector)])


def conductance_noise(
    noise: ArrayLike, conductance: NDArray[np.floating], detector: Detector
) -> NDArray[np.float64]:
    """Return the fluctuation of the conductance in S in both readings, (2, ...).

    The fluctuation of the mean of m_z under the detector, shape (...), has to be small. The mean
    conductance is in S, in both readings.
    """
    square = detector.polarization**2
    step = detector.antiparallel_resistance - detector.parallel_resistance
    parallel = np.full_like(conductance[0], detector.parallel_conductance * square / (1 + square))
    return np.asarray(noise) * np.stack([parallel, conductance[1] ** 2 * step / 2])


def normalize(values: ArrayLike, low: ArrayLike, high: ArrayLike) -> NDArray[np.float64]:
    """Return (f - f_min)/(f_max - f_min) (paper, Eq. 3).

    Parameters
    ----------
    values : array_like
        Values f to normalise.
    low, high : array_like
        f_min and f_max, in the same unit.

    Returns
    -------
    ndarray
        Normalised values: 0 at `low`, 1 at `high`.

    Raises
    ------
    ValueError
        If `low` and `high` are equal.
    """
    values, low, high = np.asarray(values), np.asarray(low), np.asarray(high)
    if np.any(high == low):
        raise ValueError("the values do not change, so they cannot be normalised")
    return (values - low) / (high - low)


def activation(current: ArrayLike, coefficients: ArrayLike) -> NDArray[np.float64]:
    """Return the output of the neuron for any input.

    Between 0 and 1 the output is the quartic. Outside this range the quartic diverges, but the
    device does not. Below 0, the current drives the wall away from the detector or not far
    enough to reach it, and the conductance stays at its minimum, 0. Above 1, the output
    saturates at its value for 1.

    Parameters
    ----------
    current : array_like
        Values of J_norm.
    coefficients : array_like (5,)
        Coefficients of ascending powers, as in a device file.

    Returns
    -------
    ndarray
        Values of G_norm, with the shape of `current`.

    Examples
    --------
    >>> activation([-1.0, 0.5, 2.0], [0.0, 1.0, 0.0, 0.0, 0.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    x = np.asarray(current, dtype=float)
    inside = polynomial.polyval(np.clip(x, 0, 1), np.asarray(coefficients, dtype=float))
    return np.where(x < 0, 0.0, inside)
