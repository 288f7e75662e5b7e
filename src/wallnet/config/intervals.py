"""Intervals: the current densities at which the state after a pulse changes, by bisection."""

import itertools
import math
from collections.abc import Mapping
from typing import Annotated

from wallnet.config.devices import Device
from wallnet.config.pulse import CURRENT_DENSITY_STEP
from wallnet.config.quantities import Quantity, Section

Resolution = Annotated[
    float, Quantity("A/m²", 1e8, 1e14, fix="steps are in A/m²: 0.001e+12, not 0.001")
]


def halvings(longest: int, resolution: int) -> int:
    """Return how often a gap is halved until it is no longer than the resolution.

    Parameters
    ----------
    longest, resolution : int
        Both in steps of `CURRENT_DENSITY_STEP`.
    """
    count = 0
    while longest > resolution:
        # the middle is rounded to a density that file names tell apart
        longest = math.ceil(longest / 2)
        count += 1
    return count


class Intervals(Section):
    """Bisection between neighbouring pulses of a device's sweep that end in different states."""

    resolution: Resolution = 0.001e12
    """Largest distance between two pulses on either side of an edge. Source: our choice."""

    def rounds(self, device: Device) -> int:
        """Return the number of rounds after which all edges are found.

        Each round simulates the middle of each gap with different states at its ends, so that the
        longest gap of the sweep is halved in each round.
        """
        densities = device.pulse.current_densities
        gaps = [
            round((above - below) / CURRENT_DENSITY_STEP)
            for below, above in itertools.pairwise(densities)
        ]
        return halvings(max(gaps, default=0), round(self.resolution / CURRENT_DENSITY_STEP))

    def problems(self, name: str, devices: Mapping[str, Device]) -> list[str]:
        """List the conflicts with the devices of the campaign, one sentence each.

        Parameters
        ----------
        name : str
            Name of the device.
        devices : Mapping
            The simulated devices of the campaign.
        """
        key = f"intervals.{name}"
        if name not in devices:
            return [
                f"{key} names no simulated device; use one of {', '.join(devices) or 'none yet'}"
            ]
        device = devices[name]
        found = []
        steps = self.resolution / CURRENT_DENSITY_STEP
        if abs(steps - round(steps)) > 1e-3:
            found.append(
                f"{key}.resolution {self.resolution:g} A/m² is no multiple of the 1e8 A/m² that "
                "file names tell apart; round it"
            )
        if device.relaxation.longest < device.relaxation.hold * (1 - 1e-9):
            found.append(
                f"{key}: relaxation.longest {device.relaxation.longest:g} s of {name} is shorter "
                f"than relaxation.hold {device.relaxation.hold:g} s, so that no wall can be seen "
                "at rest; lengthen it"
            )
        if len(device.pulse.current_densities) < 2:
            found.append(
                f"{key}: {name} has one current density in pulse.current_densities, and an edge "
                "lies between two; add some"
            )
        return found
