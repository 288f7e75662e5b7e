"""Sensitivity: thresholds of the device as configured, and with each assumption at both ends."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from wallnet.config.pulse import middles
from wallnet.files import WallState
from wallnet.questions.opened import Gathering, Opened, Result
from wallnet.studies.depinning.gather import ENDS, threshold
from wallnet.studies.sensitivity import REFERENCE, Sensitivity

BEYOND = -1
"""Outcome of a pulse that heats the film beyond the model."""


def usual(counts: Sequence[int]) -> int:
    """Return how many ends leave in at least half of the runs; `BEYOND` without any run.

    Examples
    --------
    >>> usual([2, 1, 0, 2]), usual([2, 1, 0, 0]), usual([1]), usual([])
    (2, 1, 1, -1)
    """
    return sorted(counts, reverse=True)[(len(counts) - 1) // 2] if counts else BEYOND


def _left(settings: Sensitivity, opened: Opened) -> dict[str, dict[float, int]]:
    """Return how many ends usually leave the notch, by device and current density in A/m²."""
    counts: defaultdict[str, defaultdict[float, list[int]]] = defaultdict(lambda: defaultdict(list))
    for pulse in opened.pulses():
        of_device = counts[str(pulse.conditions.variant)]
        of_device[pulse.current_density] += _counts(settings.notch, pulse)
    return {
        device: {density: usual(runs) for density, runs in of_device.items()}
        for device, of_device in counts.items()
    }


def _counts(notch: int, pulse: Result) -> list[int]:
    """Return how many ends have left the notch after a pulse, as a list.

    It is empty if the notch has no minimum, or the pulse is beyond the model.
    """
    if pulse.beyond_model or WallState.at(notch, notch) not in pulse.states.names:
        return []
    wall, states = pulse.outcomes[-1], pulse.states
    return [states.left_ends(notch, (wall.bottom, wall.top), wall.walls)]


class Gather(Gathering[Sensitivity]):
    """Thresholds with each assumption at both ends."""

    def next_round(self, settings: Sensitivity, opened: Opened) -> list[tuple[str, float]]:
        """Return device and current density in A/m² of the pulses to simulate next."""
        return [
            (device, density)
            for device, left in _left(settings, opened).items()
            for density in middles(left, settings.resolution)
        ]

    def gather(self, settings: Sensitivity, opened: Opened) -> dict[str, Any]:
        """Return the variables of the thresholds."""
        limits = {}
        for device, left in _left(settings, opened).items():
            within = {density: count for density, count in left.items() if count != BEYOND}
            limits[device] = np.array([threshold(within, ends) for ends in ENDS])
        rows, own = opened.about["rows"], limits[REFERENCE]
        assumed = np.array([[limits[device] for device in row["devices"]] for row in rows])
        middle, (low, high) = own.mean(axis=-1), np.moveaxis(assumed, -1, 0)
        # that of the only limit where a wall leaves by no pulse, or by each
        estimate = np.where(np.isnan(low), high, np.where(np.isnan(high), low, (low + high) / 2))
        # a device that is the configured one has no error
        other = np.array([[[device != REFERENCE] for device in row["devices"]] for row in rows])
        return {
            "reference_low": own[:, 0],
            "reference_high": own[:, 1],
            "assumed_low": low,
            "assumed_high": high,
            "effect": estimate / middle - 1,
            "effect_error": other * (high - low + own[:, 1] - own[:, 0]) / 2 / middle,
            "effect_limit": np.isnan(high).astype(int) - np.isnan(low),
            "assumed_value": [row["values"] for row in rows],
            "assumption_label": [row["label"] for row in rows],
            "assumption": [row["name"] for row in rows],
            "ends": ENDS,
        }
