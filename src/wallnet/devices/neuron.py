"""The activation of a neuron: a quartic through its normalised transfer curve."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import ArrayLike, NDArray

DEGREE = 4
"""The paper fits the transfer curve with a polynomial of this degree."""


@dataclass(frozen=True)
class Fit:
    """A quartic and how well it fits.

    Attributes
    ----------
    coefficients : ndarray (5,)
        Ascending powers of J_norm.
    largest_error : float
        Largest deviation of a simulated point from the quartic.
    rms_error : float
        Root of the mean squared deviation.
    relu_deviation : float
        Largest deviation of a simulated point from the ideal ReLU, G_norm = J_norm.
    """

    coefficients: NDArray[np.float64]
    largest_error: float
    rms_error: float
    relu_deviation: float


def fit_quartic(current: ArrayLike, conductance: ArrayLike) -> Fit:
    """Fit the normalised transfer curve by least squares (paper, Fig. 1b).

    Parameters
    ----------
    current : array_like (points,)
        J_norm, between 0 and 1.
    conductance : array_like (points,)
        G_norm, between 0 and 1.

    Returns
    -------
    Fit
        The quartic and its errors.

    Raises
    ------
    ValueError
        If there are fewer than five points.
    """
    x, y = np.asarray(current, dtype=float), np.asarray(conductance, dtype=float)
    if x.size <= DEGREE:
        raise ValueError(f"a quartic needs {DEGREE + 1} points, there are {x.size}")
    coefficients = polynomial.polyfit(x, y, DEGREE)
    error = np.abs(polynomial.polyval(x, coefficients) - y)
    return Fit(
        coefficients=coefficients,
        largest_error=float(error.max()),
        rms_error=float(np.sqrt(np.mean(error**2))),
        relu_deviation=float(np.max(np.abs(y - np.maximum(x, 0)))),
    )


def activation(current: ArrayLike, coefficients: ArrayLike) -> NDArray[np.float64]:
    """Return what the neuron gives for any input.

    Between 0 and 1 this is the quartic. Outside it a quartic diverges while the device does not:
    below, the wall is driven away from the detector or not far enough to reach it, and the
    conductance stays at its minimum, 0; above, the output saturates at its value for 1.

    Parameters
    ----------
    current : array_like
        J_norm.
    coefficients : array_like (5,)
        Ascending powers, as from `fit_quartic`.

    Returns
    -------
    ndarray
        G_norm, of the shape of `current`.

    Examples
    --------
    >>> activation([-1.0, 0.5, 2.0], [0.0, 1.0, 0.0, 0.0, 0.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    x = np.asarray(current, dtype=float)
    inside = polynomial.polyval(np.clip(x, 0, 1), np.asarray(coefficients, dtype=float))
    return np.where(x < 0, 0.0, inside)
