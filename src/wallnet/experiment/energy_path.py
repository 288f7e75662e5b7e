"""Paths of least energy between two states of a wall."""

import itertools
import math

from wallnet.config.devices import Device
from wallnet.config.track import Track
from wallnet.experiment.minima import StaticJob
from wallnet.experiment.simulation import level_states
from wallnet.files import WallState
from wallnet.files.schema.states import EXPELLED, REVERSED

Pair = tuple[WallState, WallState]


SECONDS_PER_CELL_IMAGE = 2e-5
"""Processor time of a path for one cell and one image, in s, of one core of a server."""


class EnergyPath(StaticJob):
    """The path of least energy between two neighbouring states, with the embedded engine."""

    first: str
    second: str
    spacing: float
    """Distance in m by which a wall end moves from image to image."""

    @property
    def processor_time(self) -> float:
        """Estimated processor time in s."""
        columns, rows = self.track.cells
        pair = WallState(self.first), WallState(self.second)
        return SECONDS_PER_CELL_IMAGE * images_of(self.track, pair, self.spacing) * columns * rows


def neighbours(track: Track) -> list[Pair]:
    """Return the pairs of neighbouring states of a track, from left to right.

    Neighbours differ by one notch, of one end or of both. The first and the last notch are also
    neighbours of the track without a wall, unless its ends are fixed. Half states with the lower
    end ahead are not listed: they are mirror images of the others, and their energies are the same.
    """
    states = level_states(track)
    whole = [state for state in states if not state.half]
    pairs: list[Pair] = []
    for left, right in itertools.pairwise(whole):
        half = between(left, right)
        pairs += [(left, right), (left, half), (half, right)]
    if track.fixed_ends is not None:
        return pairs
    return [(EXPELLED, whole[0]), *pairs, (whole[-1], REVERSED)]


def between(left: WallState, right: WallState) -> WallState:
    """Return the half state between two whole ones, with the upper end ahead."""
    if left.ends is None or right.ends is None:
        raise ValueError(f"no state is between '{left}' and '{right}'; name two notches")
    return WallState.at(left.ends[0], right.ends[1])


def images_of(track: Track, pair: Pair, spacing: float) -> int:
    """Return the number of images of a path between two states.

    Parameters
    ----------
    track : Track
        The track.
    pair : tuple of WallState
        Its ends.
    spacing : float
        Distance in m by which a wall end moves from image to image.
    """
    states = level_states(track)
    ends = {EXPELLED: (0.0, 0.0), REVERSED: (track.length, track.length)} | states
    return images_between(ends[pair[0]], ends[pair[1]], spacing)


def images_between(start: tuple[float, float], stop: tuple[float, float], spacing: float) -> int:
    """Return the number of images of a path between walls with given ends, in m."""
    moves = (abs(b - a) for a, b in zip(start, stop, strict=True))
    return max(5, math.ceil(max(moves) / spacing - 1e-9) + 1)


def barrier_job(device: Device, first: str, second: str, spacing: float) -> EnergyPath:
    """Return the job of one pair of states.

    Parameters
    ----------
    device : Device
        A synapse.
    first, second : str
        Names of the files of the states, such as "2", "2-3", "expelled" or "reversed".
    spacing : float
        Distance by which a wall end moves from image to image, in units of Δ.
    """
    return EnergyPath(
        track=device.track,
        material=device.material.static,
        first=WallState.from_file_name(first),
        second=WallState.from_file_name(second),
        spacing=spacing * device.material.wall_width_parameter,
    )
