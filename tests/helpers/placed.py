"""Walls of a stated width on a track, whatever its material."""

import numpy as np
from numpy.typing import NDArray

from wallnet import tracks
from wallnet.config.devices import StaticMaterial
from wallnet.config.track import Track
from wallnet.jobs.base import TrackJob

STIFFNESS = 1e6 - 2e-7 * np.pi * 1.1e6**2
"""K_eff in J/m³ of Ku = 1e6 J/m³ and Ms = 1.1e6 A/m."""


def placed_wall(track: Track, width: float, bottom: float, top: float) -> NDArray[np.float64]:
    """Return an initialised wall whose width parameter Δ is `width`, in m."""
    material = StaticMaterial(
        saturation_magnetization=1.1e6,
        exchange_stiffness=width**2 * STIFFNESS,
        dmi_constant=0.0,
        uniaxial_anisotropy=1e6,
    )
    return tracks.placed_wall(TrackJob(track=track, material=material), bottom, top)
