"""All barriers of a device: which states are retained, and for how long.

A state is left over its lowest barrier E. By Arrhenius' law its mean lifetime is exp(E/(k_B T))/f
with an attempt frequency f, which is uncertain by some orders of magnitude.
"""

import math
from collections.abc import Mapping
from typing import Any

from wallnet.files.schema import Content
from wallnet.studies.barriers.ask import Barriers
from wallnet.studies.barriers.retention import BOLTZMANN
from wallnet.studies.opened import Opened, over, padded

LONGEST = 1e300
"""Lifetime in s above which it is stated as this; an exponential would overflow."""

OF_MINIMUM = ("minimum_energy", "minimum_wall_bottom", "minimum_wall_top", "minimum_converged")

ALONG = ("path_energy", "path_wall_bottom", "path_wall_top")

OF_PATH = (*ALONG, "barrier_forward", "barrier_backward", "barrier_converged")

Pair = tuple[str, str]


def lifetime(barrier: float, temperature: float, frequency: float) -> float:
    """Return the mean lifetime in s of a state by Arrhenius' law.

    Parameters
    ----------
    barrier : float
        Lowest barrier in J.
    temperature : float
        In K.
    frequency : float
        Attempt frequency in 1/s.
    """
    exponent = barrier / (BOLTZMANN * temperature) - math.log(frequency)
    if math.isnan(exponent):
        return math.nan
    return math.exp(exponent) if exponent < math.log(LONGEST) else LONGEST


def gather(asked: Barriers, opened: Opened) -> dict[str, Any]:
    """Return the variables of the barriers of a device from its minima and paths."""
    minima = {str(key[0]): opened.read(key, *OF_MINIMUM) for key in opened if len(key) == 1}
    pairs = [key for key in opened if len(key) == 2]
    paths = {(str(key[0]), str(key[1])): opened.read(key, *OF_PATH) for key in pairs}
    threshold = asked.retained * BOLTZMANN * asked.temperature
    states = []
    for state, data in minima.items():
        exits = _exits(state, paths)
        barrier, leads_to = min(exits, key=_unknown_last, default=(math.nan, ""))
        known = all(math.isfinite(each) for each, _ in exits)
        row: dict[str, Any] = {
            "state_name": state,
            "state_energy": _energy(data),
            "state_wall_bottom": data.values["minimum_wall_bottom"],
            "state_wall_top": data.values["minimum_wall_top"],
            "state_barrier": barrier,
            "state_exit": leads_to,
            "state_retained": _retained(barrier, known, threshold),
        }
        states.append(row)
    high_first = asked.attempt_frequencies[::-1]
    along = {name: [data.values[name] for data in paths.values()] for name in OF_PATH}
    images = [energy.size for energy in along["path_energy"]]
    ways = ("forward", "backward", "converged")
    return {
        **over([len(states)], states),
        "state_lifetime": [
            [lifetime(row["state_barrier"], asked.temperature, f) for f in high_first]
            for row in states
        ],
        "pair_first": [first for first, _ in paths],
        "pair_second": [second for _, second in paths],
        **{f"pair_{way}": along[f"barrier_{way}"] for way in ways},
        "pair_route": [data.attrs["route"] or data.attrs["reason"] for data in paths.values()],
        "pair_images": images,
        **{name.replace("path", "pair"): padded(along[name], max(images)) for name in ALONG},
    }


def _exits(state: str, paths: Mapping[Pair, Content]) -> list[tuple[float, str]]:
    """Return the barriers in J from a state to its neighbours that are minima, with their names."""
    found = []
    for (first, second), data in paths.items():
        if state not in (first, second) or not data.values["path_energy"].size:
            continue
        name, other = ("forward", second) if state == first else ("backward", first)
        converged = data.values["barrier_converged"] == 1
        found.append((float(data.values[f"barrier_{name}"]) if converged else math.nan, other))
    return found


def _unknown_last(exit_: tuple[float, str]) -> float:
    return exit_[0] if math.isfinite(exit_[0]) else math.inf


def _energy(data: Content) -> float:
    held = data.values["minimum_converged"] == 1 and data.attrs["stayed"] == 1
    return float(data.values["minimum_energy"]) if held else math.nan


def _retained(barrier: float, known: bool, threshold: float) -> int:
    """Return 1 if a state is retained, 0 if it is not, -1 if an unknown barrier could decide."""
    if barrier < threshold:
        return 0
    return 1 if known and math.isfinite(barrier) else -1
