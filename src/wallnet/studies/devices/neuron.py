"""The activation of a neuron: a quartic fitted to its normalised transfer curve."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import ArrayLike, NDArray

from wallnet import files
from wallnet.devices.conductance import normalize
from wallnet.files.schema.states import EXPELLED, REVERSED, WallState
from wallnet.studies.devices.traces import End

logger = logging.getLogger(__name__)

DEGREE = 4
"""Degree of the polynomial that the paper fits to the transfer curve."""

SPARE_POINTS = 2
"""Number of points in addition to the coefficients that makes the residuals meaningful."""

LARGEST_FALL = 0.005
"""Largest allowed fall of a rising curve between neighbouring points, as a share of full scale."""


def fit_quartics(
    current: NDArray[np.float64], conductance: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Fit normalised transfer curves by least squares (paper, Fig. 1b).

    Parameters
    ----------
    current : ndarray (points,)
        Values of J_norm, between 0 and 1; five or more.
    conductance : ndarray (reading, points)
        Values of G_norm, between 0 and 1.

    Returns
    -------
    dict
        Of each reading: `quartic`, the coefficients of ascending powers of J_norm; `fit_error` and
        `fit_rms`, largest and root mean square deviation of a point from the quartic, NaN if there
        are fewer than two points more than coefficients, as they then say little about the fit;
        `relu_deviation`, the largest deviation of a point from the ideal ReLU, G_norm = J_norm.
    """
    coefficients = polynomial.polyfit(current, conductance.T, DEGREE)
    error = np.abs(polynomial.polyval(current, coefficients) - conductance)
    if current.size < DEGREE + 1 + SPARE_POINTS:
        error = np.full_like(error, np.nan)
    return {
        "quartic": coefficients.T,
        "fit_error": error.max(axis=1),
        "fit_rms": np.sqrt(np.mean(error**2, axis=1)),
        "relu_deviation": np.abs(conductance - current).max(axis=1),
    }


def curve_fault(
    current_density: NDArray[np.float64], conductance: ArrayLike, states: Sequence[WallState]
) -> str:
    """Describe why a transfer curve is not valid as an activation; empty if it is.

    The text tells where G_norm falls over the ascending current densities in A/m², and at which of
    these from 0 upwards the wall left the track, by its state at the end of each trace. A negative
    current may drive the wall out on the left: the conductance then correctly stays at its minimum.
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
    name: str, values: Mapping[str, Any], ends: Sequence[End]
) -> dict[str, ArrayLike]:
    """Return the normalised transfer curve of a neuron and the quartic fitted to it."""
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
    faults = [curve_fault(densities, row, [end.state for end in ends]) for row in curve]
    for fault, which in zip(faults, files.READINGS, strict=True):
        if fault:
            logger.warning("%s is no activation (%s): %s", name, which, fault)
    return {
        "normalized_current_density": current,
        "normalized_final_conductance": curve,
        **fit_quartics(current[forward], curve[:, forward]),
        "power": np.arange(DEGREE + 1),
        "fault": faults,
    }
