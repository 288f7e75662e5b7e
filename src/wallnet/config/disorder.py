"""Disorder of fabricated tracks: rough edges, notches that differ, grains; a sample of a track."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, SerializeAsAny

from wallnet.config.quantities import Quantity, Section
from wallnet.config.track import ROUNDING, Track

GRID = 0.5e-9
"""Distance in m between the positions at which edges are drawn, whatever the cell size is."""

LARGEST = 4.0
"""Largest deviation, in standard deviations; larger ones are cut."""

Deviation = Annotated[float, Quantity("m", 1e-12, 1e-7, zero=True)]
Spread = Annotated[float, Quantity("1", 0.0, 0.2, fix="it is relative: 2 % are 0.02")]


class EdgeRoughness(Section):
    """Roughness of both long edges, independent of each other: an Ornstein-Uhlenbeck process.

    Its autocorrelation is rms² exp(-distance/correlation_length) (arXiv:2605.08357). The edge lies
    outside its place in the track as often as inside, also in notches.
    """

    rms: Deviation = 1.8e-9
    """Standard deviation of an edge from its place. Source: doi:10.1063/1.3226883, 2.5 nm of the
    width of lines in a resist, that is 1.8 nm of each edge."""
    correlation_length: Annotated[
        float, Quantity("m", 2 * GRID, 1e-5, fix="edges are drawn every 0.5 nm: take at least 1 nm")
    ] = 35e-9
    """Distance along the edge at which the correlation is 1/e. Source: doi:10.1063/1.3226883."""


class NotchSpread(Section):
    """Standard deviations of the notches, which are drawn independently on both edges."""

    length: Deviation = 1e-9
    """Of the length along the edge, the diameter of a half disc, whose depth changes by half of it.
    Source: our choice."""
    depth: Deviation = 1e-9
    """Of the depth, in addition. Source: our choice."""
    position: Deviation = 1e-9
    """Of the position along the track. Source: our choice."""


class Grains(Section):
    """Grains of the film: the Voronoi cells of random points."""

    size: Annotated[float, Quantity("m", 1e-9, 1e-6)] = 20e-9
    """Square root of the mean area. Source: doi:10.1038/s42005-022-01020-z."""
    anisotropy: Spread = 0.02
    """Standard deviation of Ku between grains, relative to Ku. Source:
    doi:10.1038/s42005-022-01020-z; in doi:10.1039/D5CP01730K, pinning grows from 0.05 on."""
    thickness: Spread = 0.0
    """The same of the thickness. Ku and D are those of interfaces: they change with 1/t. Source:
    our choice."""
    damping: Spread = 0.0
    """The same of α. Source: our choice."""
    boundary_exchange: Annotated[
        float, Quantity("1", 0.0, 1.0, fix="it is a factor: 1 changes nothing")
    ] = 0.5
    """Factor of A and D in the boundaries of grains. Source: our choice."""
    boundary_width: Annotated[float, Quantity("m", 1e-10, 1e-8)] = 1e-9
    """Width of the boundaries. Source: our choice."""

    @property
    def names(self) -> set[str]:
        """Parameters that vary as those of `regions` do."""
        keys = {"anisotropy": "uniaxial_anisotropy", "thickness": "thickness", "damping": "damping"}
        return {name for key, name in keys.items() if getattr(self, key)}

    def bond(self, distance: float) -> float:
        """Return the factor of A and D of a bond between centres at a distance in m.

        The boundary, and the rest of the distance, are in series.
        """
        share = min(self.boundary_width / distance, 1.0)
        factor = self.boundary_exchange
        return factor / (factor * (1 - share) + share)


class Disorder(Section):
    """What differs between samples of a device; `sample` is the number of one.

    Each part is left out if not given, and has its defaults if `{}`. Deviations are normally
    distributed, and cut at four standard deviations.
    """

    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 1
    """Seed of all samples; another seed gives others. Source: our choice."""
    edges: EdgeRoughness | None = None
    """Rough edges."""
    notches: NotchSpread | None = None
    """Notches that differ."""
    grains: Grains | None = None
    """Grains."""

    @property
    def needed(self) -> set[str]:
        """What a calculator has to simulate, as names of parameters that vary."""
        if self.grains is None:
            return set()
        softened = self.grains.boundary_exchange < 1
        return self.grains.names | ({"boundary_exchange"} if softened else set())

    def _faults(self) -> Iterator[str]:
        if not (self.edges or self.notches or self.grains):
            yield "has no part; add edges, notches or grains, each {} for its defaults"

    def faults(self, track: Track) -> Iterator[str]:
        """Yield the conflicts with a track; each begins with a key."""
        length, depth = track.notches.extent if track.notches else (0.0, 0.0)
        if self.notches and track.notches:
            disc = track.notches.shape == "disc"
            own = self.notches.length / 2 if disc else 0.0
            deviations = {
                "length": (self.notches.length, length),
                "depth": (self.notches.depth + own, depth),
            }
            for name, (deviation, extent) in deviations.items():
                if LARGEST * deviation >= extent:
                    yield (
                        f"disorder.notches lets a notch vanish, whose {name} of {extent:g} m has a "
                        f"standard deviation of {deviation:g} m; lower it"
                    )
            depth += LARGEST * deviations["depth"][0]
        rms = self.edges.rms if self.edges else 0.0
        neck = track.width - 2 * (depth + LARGEST * rms)
        if neck < 2 * track.cell_size * (1 - ROUNDING):
            key = "edges.rms" if self.edges else "notches"
            yield (
                f"disorder.{key} lets the edges meet: at four standard deviations, the narrowest "
                f"place is {neck:g} m wide, less than 2 cells; lower it or widen the track"
            )
        if self.grains and self.grains.size < track.cell_size * (1 - ROUNDING):
            yield (
                f"disorder.grains.size {self.grains.size:g} m is below track.cell_size "
                f"{track.cell_size:g} m, so that cells miss grains; enlarge it or use smaller cells"
            )


class SampledTrack(Track):
    """A track as one sample has it. Cells are added beside it where its edges may lie outside."""

    disorder: Disorder
    sample: Annotated[int, Field(ge=1)]

    @property
    def _added(self) -> int:
        """Rows of cells beyond each edge."""
        rms = self.disorder.edges.rms if self.disorder.edges else 0.0
        return math.ceil(LARGEST * rms / self.cell_size - ROUNDING)

    @property
    def cells(self) -> tuple[int, int]:
        """Number of cells along x and y."""
        columns, rows = super().cells
        return columns, rows + 2 * self._added

    @property
    def sides(self) -> tuple[float, float]:
        """First and last position along y of the cells in m."""
        return -self._added * self.cell_size, self.width + self._added * self.cell_size

    @property
    def partly_filled(self) -> bool:
        """Whether edges may fill cells in part: also rough ones, and notches that differ."""
        cut = self.disorder.edges or (self.notches and self.disorder.notches)
        return super().partly_filled or (self.edges == "smooth" and bool(cut))

    @property
    def perfect(self) -> Track:
        """The track without disorder."""
        return Track.model_construct(**{name: getattr(self, name) for name in Track.model_fields})

    def without_damping(self) -> Self:
        """Return the track without disorder of the damping, on which no energy depends."""
        grains = self.disorder.grains
        if grains is None or not grains.damping:
            return self
        alike = {"grains": grains.model_copy(update={"damping": 0.0})}
        return self.model_copy(update={"disorder": self.disorder.model_copy(update=alike)})


def track_of(track: Any) -> Any:
    """Return the track, or the sample of one, that plain data describe."""
    if not isinstance(track, Mapping):
        return track
    return (SampledTrack if "sample" in track else Track).model_validate(track)


AnyTrack = Annotated[SerializeAsAny[Track], BeforeValidator(track_of)]
"""A track or a sample of one."""
