"""A single moment under Slonczewski torque with spins in the plane, against closed formulas."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wallnet.film.constants import VACUUM_PERMEABILITY
from wallnet.validation import material
from wallnet.validation.rows import Curves, Rows, row

ANISOTROPY_FIELD = (
    2 * material.STIFFNESS / (VACUUM_PERMEABILITY * material.FILM.saturation_magnetization)
)
"""H_k = 2 K_eff/(μ0 Ms) in A/m."""


def _driven(
    share: float, damping: float, duration: float, start: float = 0.0
) -> NDArray[np.float64]:
    """Return m after a torque field of `share`·H_k acted on a moment tilted by `start`."""
    terms = replace(material.LOCAL, exchange_stiffness=0.0, dmi_constant=0.0, damping=damping)
    moment = np.array([[[math.sin(start), 0.0, math.cos(start)]]])
    engine = material.started(moment, (3e-9, 3e-9, material.THICKNESS), terms)
    engine.set_torque(material.torque(share * ANISOTROPY_FIELD / material.torque_field(1.0)))
    engine.advance(duration)
    return engine.average()


def macrospin(_curves: Curves) -> Rows:
    """Compare tilt and loss of stability of a perpendicular moment with closed formulas."""
    for share in (0.1, 0.3, -0.3, 0.45):
        x, _, z = _driven(share, 0.5, 4e-9)
        tilt = math.asin(-2 * share) / 2
        yield row("macrospin-tilt", math.atan2(x, z), {"share": share}, reference=tilt)
    for damping in (0.1, 0.5):
        # the escape past the vanished minimum takes about 1/√(h - h_c): 20 ns resolve 1e-3
        low, high = 0.48, 0.52
        while high - low > 5e-4:
            middle = (low + high) / 2
            # start at the equilibrium or where it vanished: a start elsewhere would overshoot it
            balance = math.asin(-min(1.0, 2 * middle)) / 2
            if _driven(middle, damping, 20e-9, balance)[2] > 0.5:
                low = middle
            else:
                high = middle
        yield row("macrospin-stability", (low + high) / 2, {"damping": damping})
