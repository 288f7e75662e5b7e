"""Parameters of a film that vary from cell to cell: regions, a map, damaged edges."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Discriminator, Field, Tag

from wallnet.config import quantities
from wallnet.config.maps import QUANTITIES, MapFile
from wallnet.config.quantities import Section, silent
from wallnet.config.track import ROUNDING, Track

Value = TypeVar("Value", bound=float)

Shape = Literal["ramp", "steps"]

# messages leave tags with this beginning out
_NUMBER, _SHAPE = "function-number", "function-shape"

Profile = Annotated[
    Annotated[Value, Tag(_NUMBER)]
    | Annotated[
        dict[Shape, Annotated[tuple[Value, ...], Field(min_length=2, max_length=1000)]],
        Field(min_length=1, max_length=1, title="{ramp: [...]} or {steps: [...]}"),
        Tag(_SHAPE),
    ],
    Discriminator(lambda profile: _SHAPE if isinstance(profile, Mapping) else _NUMBER),
]
"""A value; `ramp`, values at equal distances from `start` to `stop` with straight lines between
them; or `steps`, values of equal parts."""


Profiled = float | dict[Shape, tuple[float, ...]]
"""A profile that was read."""


class Region(Section):
    """A part of a track, over its whole width, with other parameters than `material`.

    Each parameter is a value, `{ramp: [FIRST, LAST]}` for a linear change from `start` to `stop`,
    or `{steps: [...]}` for equal parts. A ramp of more values has them at equal distances. Values
    have the temperature of those of `material`; at another one, they change by the same factors.
    """

    start: quantities.Position
    """Left end. A cell belongs to a region if its centre does."""
    stop: quantities.Position
    """Right end."""
    saturation_magnetization: Profile[quantities.Magnetization] | None = None
    """Ms."""
    exchange_stiffness: Profile[quantities.Stiffness] | None = None
    """A."""
    dmi_constant: Profile[quantities.InterfacialDMI] | None = None
    """Interfacial D at the thickness of the track."""
    uniaxial_anisotropy: Profile[quantities.Anisotropy] | None = None
    """Ku at the thickness of the track."""
    damping: Profile[quantities.Damping] | None = None
    """Gilbert α."""
    thickness: Profile[quantities.Length] | None = None
    """Thickness t of the film. Ku and D are those of interfaces: they change with 1/t."""

    @property
    def profiles(self) -> dict[str, Profiled]:
        """The parameters that it has, by name."""
        profiles = ((name, getattr(self, name)) for name in QUANTITIES)
        return {name: profile for name, profile in profiles if profile is not None}

    def _faults(self) -> Iterator[str]:
        if self.stop <= self.start:
            yield f"stop {self.stop:g} m is not right of start {self.start:g} m; swap them"
        if not self.profiles:
            yield f"start and stop mark a region without a parameter; add {', '.join(QUANTITIES)}"


class EdgeDamage(Section):
    """Damage at edges and notches, as from etching."""

    share: quantities.Fraction = 0.05
    """Share by which Ku is lower. Source: our choice; etching damages edges of CoFeB so that they
    pin walls (arXiv:1711.11334)."""
    distance: quantities.Length = 5e-9
    """Distance of a cell's centre from the nearest edge of the film, notches and ends included, up
    to which it is damaged. Source: our choice."""


class Variation(Section):
    """What varies from cell to cell, and what the values refer to."""

    regions: tuple[Region, ...] = silent(())
    parameters_file: MapFile | None = None
    edge_damage: EdgeDamage | None = None
    reference: dict[str, float]
    """Values in most of the film of the parameters that vary."""

    @property
    def names(self) -> set[str]:
        """Parameters that vary."""
        names = {name for region in self.regions for name in region.profiles}
        names |= {*(self.parameters_file.parameters if self.parameters_file else ())}
        return names | ({"uniaxial_anisotropy"} if self.edge_damage else set())

    def without_damping(self) -> Self | None:
        """Return what varies beside the damping, on which no energy depends; None if none."""
        reference = {name: self.reference[name] for name in self.reference if name != "damping"}
        regions = [region.model_copy(update={"damping": None}) for region in self.regions]
        varying: dict[str, Any] = {"regions": tuple(r for r in regions if r.profiles)}
        if file := self.parameters_file:
            names = tuple(name for name in file.parameters if name in reference)
            kept = file.model_copy(update={"parameters": names})
            varying["parameters_file"] = kept if names else None
        return self.model_copy(update=varying | {"reference": reference}) if reference else None

    def faults(self, track: Track) -> Iterator[str]:
        """Yield the conflicts with a track; each begins with a key."""
        for number, region in enumerate(self.regions):
            if region.stop > track.length * (1 + ROUNDING):
                yield (
                    f"regions.{number}.stop {region.stop:g} m is outside the track; keep it up to "
                    f"length {track.length:g} m"
                )
            columns = track.columns(region.start, region.stop)
            if columns.start >= columns.stop:
                yield (
                    f"regions.{number} has no centre of a cell; make it at least cell_size "
                    f"{track.cell_size:g} m long"
                )
        if self.reference.get("dmi_constant") == 0:
            yield (
                f"{self.key_of('dmi_constant')} varies dmi_constant, whose value in material is 0; "
                "give there the value in most of the film"
            )

    def key_of(self, name: str, x: float | None = None) -> str:
        """Return a key that varies a parameter, or else any one; at a position in m if given."""
        here = [
            (f"regions.{number}", region.profiles)
            for number, region in reversed([*enumerate(self.regions)])
            if x is None or region.start <= x < region.stop
        ]
        if file := self.parameters_file:
            here.append(("parameters_file", dict.fromkeys(file.parameters, 0.0)))
        own = [key for key, names in here if name in names] + [key for key, _ in here]
        return own[0] if own else "edge_damage"


def needed_for(names: Iterable[str], thermal: bool) -> set[str]:
    """Return what a calculator has to simulate if parameters vary: keys of `declarations.NEEDS`."""
    own = {"dmi_constant": "varying_dmi"} | ({"damping": "varying_damping"} if thermal else {})
    own |= dict.fromkeys(("thickness", "boundary_exchange"), "varying_thickness")
    return {own.get(name, "varying_parameters") for name in names}
