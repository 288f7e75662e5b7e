"""The geometry of a track and its notches."""

import itertools
import math
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field

from wallnet.config.quantities import Length, Position, Section, silent

LARGEST_CELL_COUNT = 4_000_000

ROUNDING = 1e-9
"""Relative tolerance of bounds, since decimal numbers have rounding errors."""


SHAPES = {
    "disc": ("diameter",),
    "ellipse": ("length", "depth"),
    "triangle": ("length", "depth"),
    "trapezoid": ("length", "depth", "flanks"),
}
"""Keys of the size of a notch, by its shape."""


class Notches(Section):
    """Pairs of equal cuts, one on each long edge, given by count or by position."""

    shape: Literal["disc", "ellipse", "triangle", "trapezoid"] = silent("disc")
    """Half a disc, which has a `diameter`, or half an ellipse, a triangle or a trapezoid, which
    have `length` and `depth`. Source: paper: semicircular."""
    diameter: Length | None = silent(None)
    """Diameter of every half disc. Source: paper: 20 nm, at which no notch pins a wall; 40 nm does.
    """
    length: Length | None = silent(None)
    """Length of every other notch along the edge, with its position in the middle. Source: our
    choice."""
    depth: Length | None = silent(None)
    """Depth of every other notch from the edge. Source: our choice."""
    flanks: tuple[Position, Position] | None = silent(None)
    """Lengths along x of the left and the right flank of a trapezoid; between them, it has its full
    depth. Source: our choice."""
    count: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Number of pairs, at k·length/count; the last one is on the right edge. Source: paper."""
    positions: tuple[Position, ...] | None = None
    """Positions of the pairs along the track, instead of their number."""

    @property
    def extent(self) -> tuple[float, float]:
        """Length along the edge and depth of every notch in m."""
        if self.diameter is not None:
            return self.diameter, self.diameter / 2
        return self.length or 0.0, self.depth or 0.0

    @property
    def size_key(self) -> str:
        """Key of the depth of every notch."""
        return f"track.notches.{'depth' if self.diameter is None else 'diameter'}"

    def _faults(self) -> Iterator[str]:
        sizes = SHAPES[self.shape]
        for key in ("diameter", "length", "depth", "flanks"):
            if (getattr(self, key) is not None) == (key in sizes):
                continue
            needs = f"and shape {self.shape} needs {' and '.join(sizes)}"
            if key in sizes:
                yield f"{key} is missing, {needs}; add it or choose another shape"
            yield f"{key} is given, {needs} only; set it to null or choose another shape"
        if sum(self.flanks or ()) > self.extent[0] * (1 + ROUNDING):
            yield "flanks are longer together than length; shorten them or lengthen the notch"
        if self.count is not None and self.positions is not None:
            yield "has both count and positions, perhaps one by like; set the other to null"
        if self.count is None and self.positions is None:
            yield "needs either count (notches at k·length/count) or positions (a list in m)"
        if self.positions is not None and not self.positions:
            yield "positions is empty; leave notches out for a plain track"


class Track(Section):
    """A rectangular nanotrack of one layer of cells, with its long side along x."""

    length: Length
    """Length along x. Source: paper: 512 nm (neuron), 1500 nm (synapse)."""
    width: Length
    """Width along y. Source: paper: 64 nm (neuron), 150 nm (synapse)."""
    thickness: Length
    """Thickness of the film, one layer of cells. Source: paper: 2 nm."""
    cell_size: Length
    """Edge of the square cells; it divides length and width. Above Δ/2 or the exchange length there
    is a warning, see docs/physics.md. Source: paper: 1 nm and 3 nm."""
    notches: Notches | None = None
    """Notches along both edges; null removes inherited ones."""
    # in every job: results with stairs, once the default, shall not pass as smooth
    edges: Literal["stairs", "smooth"] = "smooth"
    """Edges of notches: smooth, with cells that are filled in part, or stairs of whole cells.
    Source: our choice."""
    fixed_ends: Length | None = silent(None)
    """Length of the frozen spins at each end; none if not given. Source: our choice."""

    @property
    def cells(self) -> tuple[int, int]:
        """Number of cells along x and y."""
        return round(self.length / self.cell_size), round(self.width / self.cell_size)

    @property
    def sides(self) -> tuple[float, float]:
        """First and last position along y of the cells in m."""
        return 0.0, self.width

    @property
    def perfect(self) -> "Track":
        """The track without the disorder of a sample."""
        return self

    def without_damping(self) -> Self:
        """Return the track without disorder of the damping, on which no energy depends."""
        return self

    @property
    def cell(self) -> tuple[float, float, float]:
        """Edges of a cell in m."""
        return self.cell_size, self.cell_size, self.thickness

    def columns(self, start: float, stop: float) -> slice:
        """Return the columns of cells, along x, whose centre is between two positions in m.

        A centre on `start` belongs to them, one on `stop` does not.
        """
        # the tolerance of 1e-6 cells absorbs the rounding error of, for example, 128 nm / 1 nm
        first, last = (math.ceil(x / self.cell_size - 0.5 - 1e-6) for x in (start, stop))
        return slice(max(0, first), min(max(0, last), self.cells[0]))

    @property
    def free_range(self) -> tuple[float, float]:
        """First and last position along x in m between the fixed ends."""
        fixed = self.fixed_ends or 0.0
        return fixed, self.length - fixed

    @property
    def notch_reach(self) -> float:
        """Half the length of every notch along its edge in m; 0 without notches."""
        return self.notches.extent[0] / 2 if self.notches else 0.0

    @property
    def partly_filled(self) -> bool:
        """Whether edges may fill cells in part: not stairs, nor flanks and bottoms between cells.

        Without NumPy; `tracks.geometry` measures the cells.
        """
        if self.edges == "stairs" or self.notches is None:
            return False
        (length, depth), positions = self.notches.extent, self.notch_positions
        flanks = (x + side * length / 2 for x in positions for side in (-1, 1))
        places = [place / self.cell_size for place in (depth, *flanks)]
        upright = self.notches.shape == "trapezoid" and self.notches.flanks == (0, 0)
        return not upright or any(abs(place - round(place)) > 1e-6 for place in places)

    @property
    def notch_positions(self) -> tuple[float, ...]:
        """Positions along x of all notches in m, ascending."""
        if self.notches is None:
            return ()
        if self.notches.count is None:
            return tuple(sorted(self.notches.positions or ()))
        return tuple(k * self.length / self.notches.count for k in range(1, self.notches.count + 1))

    @property
    def inner_notch_positions(self) -> tuple[float, ...]:
        """Positions of the notches that are completely inside the track, in m.

        A notch on the right edge does not pin a wall for long, since the wall leaves the track.
        """
        end = self.length * (1 + ROUNDING)
        return tuple(x for x in self.notch_positions if x + self.notch_reach <= end)

    def ends_in_notches(self, start: float) -> bool:
        """Return whether a wall that starts at a position in m stays between the outer notches.

        The positions of the notches are given, all are completely inside the track, and the first
        one is where the wall starts. Then neither the start nor the reversed track is a level.
        """
        if self.notches is None or self.notches.positions is None:
            return False
        inside = self.inner_notch_positions
        return (
            2 <= len(inside) == len(self.notch_positions)
            and abs(start - inside[0]) <= self.notch_reach
        )

    def _faults(self) -> Iterator[str]:
        sides = {"length": self.length, "width": self.width}
        # the largest cell size that divides both; lengths in fm are whole
        common = math.gcd(*(round(extent / 1e-15) for extent in sides.values())) * 1e-15
        near = common / max(1, round(common / self.cell_size))
        for side, extent in sides.items():
            count = extent / self.cell_size
            if round(count) < 1 or abs(count - round(count)) > 1e-6 * count:
                fix = f"choose {near:.10g} m or another whole part of {common:.10g} m"
                if 2 * near < min(self.cell_size, *sides.values()):
                    fix = "change either, as no near cell size divides both length and width"
                yield f"cell_size {self.cell_size:g} m does not divide {side} {extent:g} m; {fix}"
        if (cells := math.prod(self.cells)) > LARGEST_CELL_COUNT:
            yield f"cell_size makes {cells} cells; enlarge it for at most {LARGEST_CELL_COUNT}"
        first, last = self.free_range
        shortest = self.cell_size * (1 - ROUNDING)
        if self.fixed_ends is not None and min(self.fixed_ends, last - first) < shortest:
            yield (
                f"fixed_ends {self.fixed_ends:g} m contains no cell or the whole track; make it at "
                "least cell_size, and less than half of length"
            )
        if self.notches:
            yield from self._conflicts_of(self.notches)

    def _conflicts_of(self, notches: Notches) -> Iterator[str]:
        """Yield the conflicts of its notches with other keys."""
        (first, last), (length, depth) = self.free_range, notches.extent
        disc, room = notches.shape == "disc", self.width - 2 * self.cell_size
        if 2 * depth > room * (1 + ROUNDING):
            size = f"diameter {2 * depth:g}" if disc else f"depth {depth:g}"
            most = f"width - 2 cells = {room:g}" if disc else f"width/2 - 1 cell = {room / 2:g}"
            yield (
                f"notches.{size} m leaves no film between the two notches; keep it below {most} m"
            )
        positions = self.notch_positions
        for position in positions:
            if not 0 < position <= self.length * (1 + ROUNDING):
                yield (
                    f"notches.positions has {position:g} m, outside the track: "
                    f"keep it above 0 and up to length {self.length:g} m"
                )
        for position in positions if self.fixed_ends is not None else ():
            if min(position - first, last - position) < self.notch_reach * (1 - ROUNDING):
                yield f"notches at {position:g} m reach into fixed_ends; shorten these or move them"
        for left, right in itertools.pairwise(positions):
            if right - left < length * (1 - ROUNDING):
                yield (
                    f"notches overlap: neighbours are {right - left:g} m apart and "
                    f"notches.{'diameter' if disc else 'length'} is {length:g} m; use fewer or "
                    "smaller ones"
                )
