"""Jobs that need the energy alone: minima, and paths of least energy between them."""

import itertools
import math
from collections.abc import Collection
from typing import ClassVar

from wallnet.config.devices import Device
from wallnet.config.track import Track
from wallnet.files import WallState
from wallnet.files.schema.states import EXPELLED, INITIAL, REVERSED
from wallnet.jobs.base import TrackJob
from wallnet.jobs.film import film_of, strip_of
from wallnet.jobs.run import WallPlacement, level_states

Pair = tuple[WallState, WallState]

Ends = tuple[float, float]
"""Positions in m at which a wall meets the lower and the upper edge."""

SECONDS_PER_CELL_IMAGE = 2e-5
"""Processor time of a path for one cell and one image, in s, of one core of a server."""


SECONDS_PER_CELL_MINIMUM = 4e-5
"""Processor time of a minimum for one cell, in s, of one core of a server."""


class StaticJob(TrackJob):
    """Computation from the energy of the embedded engine, with any calculator of the device."""

    calculator_name: ClassVar[str] = "film"
    threads: ClassVar[int] = 1
    memory: ClassVar[int]
    """Memory in MB that its job asks for."""
    runtime: ClassVar[int]
    """Wall time in min that its job asks for."""
    longest: ClassVar[float] = 0.0


class Minima(StaticJob):
    """Minimisation of the energy from walls that are placed in the states of a device."""

    memory = 800
    runtime = 30
    placements: dict[str, WallPlacement | None]
    """Positions of the placed walls by state; None for the reversed track, which has no wall."""
    start: float
    """Initial position of the wall of the device in m."""

    @property
    def processor_time(self) -> float:
        """Estimate in s."""
        columns, rows = self.track.cells
        return SECONDS_PER_CELL_MINIMUM * len(self.placements) * columns * rows


class EnergyPath(StaticJob):
    """The path of least energy between two neighbouring states."""

    memory = 1500
    runtime = 60
    first: str
    second: str
    spacing: float
    """Distance in m by which a wall end moves from image to image."""

    @property
    def processor_time(self) -> float:
        """Estimate in s."""
        columns, rows = self.track.cells
        pair = WallState(self.first), WallState(self.second)
        return SECONDS_PER_CELL_IMAGE * images_of(self.track, pair, self.spacing) * columns * rows


def minima_job(
    device: Device, temperature: float | None = None, states: Collection[str] = ()
) -> Minima:
    """Return the job that finds the minima of the energy of a device.

    Walls are placed at each notch, and between neighbours in both orders; at a notch that the end
    of the track cuts, within the track. The start of the wall and the reversed track are left out
    if the outer notches hold a wall. If some states are named, walls are placed in these only. The
    temperature in K is that of `film.film_of`.
    """
    start, track = device.wall.start, device.track
    places, last = track.notch_positions, track.length - track.notch_reach
    numbers = range(len(places))
    pairs = [(a, b) for a in numbers for b in (a, a + 1, a - 1) if b in numbers]
    walls: dict[WallState, Ends | None] = {
        WallState.at(a + 1, b + 1): (places[a], places[b])
        if a != b
        else (min(places[a], last),) * 2
        for a, b in sorted(pairs, key=lambda pair: (sum(pair), pair))
    }
    if not track.ends_in_notches(start):
        walls = {INITIAL: (start, start), **walls, REVERSED: None}
    placements = {
        str(state): ends and WallPlacement(bottom=ends[0], top=ends[1])
        for state, ends in walls.items()
        if not states or state in states
    }
    return Minima(
        track=device.sampled_track.without_damping(),
        material=film_of(device, temperature),
        variation=device.variation and device.variation.without_damping(),
        placements=placements,
        start=start,
    )


def neighbours(track: Track) -> list[Pair]:
    """Return the pairs of neighbouring states of a track, from left to right.

    Neighbours differ by one notch, of one end or of both. The first and the last notch are also
    neighbours of the track without a wall, unless its ends are fixed. Half states with the lower
    end ahead are not listed: they are mirror images of the others, and their energies are the same.
    """
    whole = [state for state in level_states(track) if not state.half]
    pairs: list[Pair] = []
    for left, right in itertools.pairwise(whole):
        half = between(left, right)
        pairs += [(left, right), (left, half), (half, right)]
    if track.fixed_ends is not None or not whole:
        return pairs
    return [(EXPELLED, whole[0]), *pairs, (whole[-1], REVERSED)]


def between(left: WallState, right: WallState) -> WallState:
    """Return the half state between two whole ones, with the upper end ahead."""
    if left.ends is None or right.ends is None:
        raise ValueError(f"no state is between '{left}' and '{right}'; name two notches")
    return WallState.at(left.ends[0], right.ends[1])


def images_of(track: Track, pair: Pair, spacing: float) -> int:
    """Return the number of images between two states, a `spacing` in m apart."""
    return images_between(*ends_of(track, pair), spacing)


def ends_of(track: Track, pair: Pair, outside: float = 0.0) -> tuple[Ends, Ends]:
    """Return the positions in m of both ends of the wall in both states.

    A wall that has left the track is `outside`, in m, beside it.
    """
    left, right = -outside, track.length + outside
    places = {EXPELLED: (left, left), REVERSED: (right, right)} | level_states(track)
    return places[pair[0]], places[pair[1]]


def images_between(start: Ends, stop: Ends, spacing: float) -> int:
    """Return the number of images of a path between walls with given ends; all in m."""
    moves = (abs(b - a) for a, b in zip(start, stop, strict=True))
    return max(5, math.ceil(max(moves) / spacing - 1e-9) + 1)


def barrier_job(
    device: Device, first: str, second: str, spacing: float, temperature: float | None = None
) -> EnergyPath:
    """Return the job of a pair of states of a synapse.

    They are named as in files, such as "2", "2-3", "expelled" or "reversed". A wall end moves by
    `spacing`, in units of the Δ of placed walls, from image to image. The temperature in K is that
    of `film.film_of`.
    """
    material = film_of(device, temperature)
    return EnergyPath(
        track=device.sampled_track.without_damping(),
        material=material,
        variation=device.variation and device.variation.without_damping(),
        first=WallState.from_file_name(first),
        second=WallState.from_file_name(second),
        spacing=spacing * strip_of(device.track, material).placed_width,
    )
