"""The energy minima of a synapse's levels, read from their files."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from wallnet import files
from wallnet.devices.traces import foreign, on_track
from wallnet.files import WallState
from wallnet.jobs.devices import DeviceJob


@dataclass(frozen=True)
class LevelMinimum:
    """Where the minimisation of the energy from a level ended.

    Attributes
    ----------
    minimum : int
        1 if this is a local minimum in the state of the level, 0 if not, -1 if not examined.
    state : WallState or None
        State where it ended.
    energy, residual, stiffness : float
        Energy in J and stiffness in A/m at the minimum, NaN if there is none; largest |m × H × m|
        in A/m where it ended.
    ends : tuple of float
        Positions of the wall at the lower and the upper edge in m.
    """

    minimum: int
    state: WallState | None
    energy: float
    residual: float
    stiffness: float
    ends: tuple[float, float]

    def shift(self, ends: tuple[float, float]) -> float:
        """Return the largest distance in m of the ends of a wall at rest from those here."""
        return float(np.max(np.abs(np.subtract(self.ends, ends))))


NOT_EXAMINED = LevelMinimum(-1, None, math.nan, math.nan, math.nan, (math.nan, math.nan))


def read_minimum(path: str | Path, state: WallState, job: DeviceJob) -> LevelMinimum:
    """Read the minimum of a level.

    Parameters
    ----------
    path : str or Path
        File of kind 'minimum'.
    state : WallState
        State of the level.
    job : DeviceJob
        Device to which the level belongs.

    Raises
    ------
    wallnet.files.FileError
        If it is missing, damaged, or of another device or state.
    """
    import json

    data = files.read_dataset(path, "minimum", drop=["minimum_magnetization"])
    try:
        wanted = json.loads(data.attrs["parameters"])["state"]
        found, stayed = WallState(data.attrs["state"]), int(data.attrs["stayed"])
    except (KeyError, TypeError, ValueError) as error:
        raise files.damaged(path, f"has invalid attributes ({error!r})") from None
    if wanted != state:
        raise foreign(path, f"is the minimum of '{wanted}', not of '{state}'")
    if not on_track(data.attrs["parameters"], job):
        raise foreign(path, "was made for another track")
    minimum = int(data["minimum_converged"].item() == 1 and stayed == 1)

    def of_minimum(name: str) -> float:
        return float(data[name].item()) if minimum else math.nan

    return LevelMinimum(
        minimum=minimum,
        state=found,
        energy=of_minimum("minimum_energy"),
        residual=float(data["minimum_residual_field"].item()),
        stiffness=of_minimum("minimum_stiffness"),
        ends=(float(data["minimum_wall_bottom"].item()), float(data["minimum_wall_top"].item())),
    )


def minimum_variables(
    minima: list[LevelMinimum], ends: list[tuple[float, float]]
) -> dict[str, ArrayLike]:
    """Return the variables over the levels that describe their minima.

    Parameters
    ----------
    minima : list of LevelMinimum
        The minimum of each level.
    ends : list of tuple of float
        Positions in m of both ends of the wall at rest in each level.
    """
    return {
        "level_minimum": [each.minimum for each in minima],
        "level_energy": [each.energy for each in minima],
        "level_residual_field": [each.residual for each in minima],
        "level_stiffness": [each.stiffness for each in minima],
        "level_shift": [each.shift(at) for each, at in zip(minima, ends, strict=True)],
    }
