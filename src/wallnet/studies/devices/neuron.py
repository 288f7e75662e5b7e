"""The activation of a neuron: a quartic fitted to its normalised transfer curve."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import ArrayLike, NDArray

from wallnet import files
from wallnet.config import Device
from wallnet.devices.conductance import normalize
from wallnet.files.schema.states import EXPELLED, REVERSED, WallState
from wallnet.studies.devices.traces import End
from wallnet.studies.opened import Opened

logger = logging.getLogger(__name__)

DEGREE = 4
"""Degree of the polynomial that the paper fits to the transfer curve."""

SPARE_POINTS = 2
"""Number of points in addition to the coefficients that makes the residuals meaningful."""

LARGEST_FALL = 0.005
"""Largest allowed fall of a rising curve between neighbouring points, as a share of full scale."""


@dataclass(frozen=True)
class Fit:
    """A quartic and the errors of its fit.

    Attributes
    ----------
    coefficients : ndarray (5,)
        Coefficients of ascending powers of J_norm.
    largest_error : float
        Largest deviation of a simulated point from the quartic. NaN if there are fewer than two
        points more than coefficients: the deviations then say little about the fit.
    rms_error : float
        Root of the mean squared deviation. NaN in the same case.
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
        Values of J_norm, between 0 and 1.
    conductance : array_like (points,)
        Values of G_norm, between 0 and 1.

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
    if x.size < DEGREE + 1 + SPARE_POINTS:
        error = np.full_like(error, np.nan)
    rms, deviation = np.sqrt(np.mean(error**2)), np.max(np.abs(y - np.maximum(x, 0)))
    return Fit(coefficients, float(error.max()), float(rms), float(deviation))


def curve_fault(
    current_density: NDArray[np.float64], conductance: ArrayLike, states: Sequence[WallState]
) -> str:
    """Describe why a transfer curve is not valid as an activation.

    Parameters
    ----------
    current_density : ndarray (points,)
        Current densities in A/m², ascending.
    conductance : array_like (points,)
        Values of G_norm, between 0 and 1.
    states : sequence of WallState
        State at the end of each trace.

    Returns
    -------
    str
        Where the curve falls and at which current densities from 0 upwards the wall left the
        track. Empty if neither happens. A negative current may drive the wall out on the left:
        the conductance then correctly stays at its minimum.
    """
    faults = []
    fall = -np.diff(np.asarray(conductance, dtype=float))
    steepest = int(np.argmax(fall))
    if fall[steepest] > LARGEST_FALL:
        before, after = current_density[steepest : steepest + 2] / 1e12
        from_to = f"from J = {before:.4g} to {after:.4g}e12 A/m2"
        faults.append(f"it is not monotonic (G_norm falls by {fall[steepest]:.3f} {from_to})")
    left = [
        f"{density / 1e12:.4g}"
        for density, state in zip(current_density, states, strict=True)
        if density >= 0 and state in (REVERSED, EXPELLED)
    ]
    if left:
        shown = ", ".join(left[:4]) + (f" and {len(left) - 4} more" if len(left) > 4 else "")
        faults.append(f"the wall left the track at J = {shown} (1e12 A/m2)")
    return " and ".join(faults)


def neuron_variables(
    _: Device, opened: Opened, values: Mapping[str, Any], ends: Sequence[End]
) -> dict[str, ArrayLike]:
    """Return the normalised transfer curve of a neuron and the quartic fitted to it."""
    name = opened.subject
    densities, final = values["current_density"], values["final_conductance"]
    low, high = final.min(axis=1, keepdims=True), final.max(axis=1, keepdims=True)
    if np.any(low == high):
        raise files.FileError(
            f"{name}: the conductance is the same after all pulses, so that Eq. 3 cannot "
            "normalise it; move detector.start and detector.stop to where the wall passes"
        )
    # the neuron works from 0 upwards; negative currents are only shown
    forward = densities >= 0
    current = normalize(densities, densities[forward].min(), densities[forward].max())
    curve = normalize(final, low, high)
    fits = [fit_quartic(current[forward], row[forward]) for row in curve]
    faults = [curve_fault(densities, row, [end.state for end in ends]) for row in curve]
    for fault, which in zip(faults, files.READINGS, strict=True):
        if fault:
            logger.warning("%s is no activation (%s): %s", name, which, fault)
    return {
        "normalized_current_density": current,
        "normalized_final_conductance": curve,
        "quartic": [fit.coefficients for fit in fits],
        "power": np.arange(DEGREE + 1),
        "fault": faults,
        "fit_error": [fit.largest_error for fit in fits],
        "fit_rms": [fit.rms_error for fit in fits],
        "relu_deviation": [fit.relu_deviation for fit in fits],
    }
