"""Write energy: the heavy metal below the magnet, and the media that carry their heat."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import model_validator

from wallnet.config.quantities import Length, Quantity, Section, silent
from wallnet.config.track import Track

Preset = Literal["pt", "beta-ta", "beta-w"]

PRESETS: Mapping[str, Mapping[str, float]] = {
    "pt": {"resistivity": 33e-8, "spin_hall_angle": 0.16, "heat_capacity": 2.85e6},
    "beta-ta": {"resistivity": 190e-8, "spin_hall_angle": -0.12, "heat_capacity": 2.33e6},
    "beta-w": {"resistivity": 300e-8, "spin_hall_angle": -0.30, "heat_capacity": 2.56e6},
}
"""Resistivity in Ω m, spin Hall angle, and heat capacity in J/(m³ K) of each preset.

All are from Table 1 of Zhu, Zhu, Shi, Sui, Ralph and Buhrman, Science Advances 5, eaav8025 (2019).
Their β-Ta is that of Liu et al., Science 336, 555 (2012), and their β-W that of Pai et al., Applied
Physics Letters 101, 122404 (2012). The angles are those of the damping-like torque, with the loss
at the interface. Heat capacities are those of the bulk: molar heat capacity and volume of the CRC
Handbook of Chemistry and Physics.
"""


ROOM_TEMPERATURE = 300.0
"""Temperature in K of the track before a pulse, at which the properties below hold."""


LORENZ_NUMBER = 2.44e-8
"""Thermal conductivity of a metal times its resistivity and per temperature, in W Ω/K²: the law of
Wiedemann and Franz."""


Conductivity = Annotated[float, Quantity("W/(m K)", 1e-3, 1e4)]
HeatCapacity = Annotated[float, Quantity("J/(m³ K)", 1e4, 1e8)]
InterfaceResistance = Annotated[float, Quantity("K m²/W", 1e-12, 1e-4, zero=True)]
Resistivity = Annotated[float, Quantity("Ω m", 1e-9, 1e-2)]


class HeavyMetal(Section):
    """The metal below the magnet, in which the current flows; it has the track's length and width.

    Simulations depend on it only with `cut`, or with `temperature.heating: pulse`; the write energy
    and the temperature of pulses do.
    """

    preset: Preset | None = None
    """Metal with values of the literature; keys that are given replace them. Source: see
    docs/write-energy.md."""
    thickness: Length = 5e-9
    """Thickness of the metal. Source: our choice."""
    resistivity: Resistivity = 1.3e-6
    """Resistivity of the metal, without a preset. Source: our choice, between those of Pt and
    β-Ta."""
    spin_hall_angle: Annotated[float, Quantity("1", 1e-4, 100.0, magnitude=True)] | None = None
    """Spin Hall angle θ: the metal carries J · P/|θ| for the torque of J. Its sign, as that of Pt
    (above 0) or of W and Ta (below), matters to `oersted` alone. Without a value or a preset it is
    `material.polarization`, and the metal carries J. Source: see docs/write-energy.md."""
    oersted: bool = silent(False)
    """Whether the Oersted field of the current in metal and magnet acts on the magnet. Source: see
    docs/write-energy.md."""

    heat_capacity: HeatCapacity = 2.6e6
    """Heat capacity of the metal, without a preset or a stack. Source: our choice, between Pt and
    Ta."""
    cut: Literal[False, True, "magnet"] = silent(False)
    """Whether the metal has the notches too (`true`), where its current crowds: J is its density
    beside the notches. With `magnet`, the metal is whole, and its current crowds as that of the
    magnet does. With `false`, it is uniform. Source: our choice."""
    thermal_conductivity: Conductivity | None = silent(None)
    """Thermal conductivity of the metal along the track, where `cut` is not `false`. Source: if not
    given, the law of Wiedemann and Franz at 300 K: 5.6 without a preset, 22 for `pt`."""

    @model_validator(mode="before")
    @classmethod
    def _of_preset(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("preset"), str):
            return data
        return {**PRESETS.get(data["preset"], {}), **data}

    def rescaling(self, polarization: float) -> float:
        """Return P/|θ|, the current density in the metal per J of a device."""
        angle = self.spin_hall_angle
        return 1.0 if angle is None else polarization / abs(angle)

    @property
    def electrical(self) -> Self:
        """The metal as resistance and heat depend on it: no Oersted field, the magnitude of θ."""
        angle = self.spin_hall_angle
        return self.model_copy(update={"oersted": False, "spin_hall_angle": angle and abs(angle)})


class Crowding(Section):
    """What makes the current of a track crowd at its notches."""

    cut: bool
    """Whether the metal has the notches too, and not the magnet alone."""
    shunt: float = silent(0.0)
    """Current in the magnet per current in an uncut metal, beside the notches; in a cut metal, it
    does not matter."""


class Notched(NamedTuple):
    """A track along which current and heat vary, and its metal."""

    track: Track
    crowding: Crowding
    conductance: float
    """Heat conductance of a square of the metal in W/K."""


class Heating(Section):
    """What carries the heat of a pulse away, from metal, magnet and a cap, which store it.

    Below the metal is an oxide on thick silicon, above the cap an encapsulation.
    """

    oxide_thickness: Annotated[float, Quantity("m", 1e-9, 1e-3)] = 300e-9
    """Thickness of the oxide. Source: our choice, a usual thermal oxide."""
    oxide_conductivity: Conductivity = 1.4
    """Thermal conductivity of the oxide. Source: fused silica at 300 K."""
    oxide_heat_capacity: HeatCapacity = 1.62e6
    """Heat capacity of the oxide. Source: fused silica, 2200 kg/m³ and 738 J/(kg K)."""
    silicon_conductivity: Conductivity = 148.0
    """Thermal conductivity of the silicon. Source: pure silicon at 300 K."""
    silicon_heat_capacity: HeatCapacity = 1.66e6
    """Heat capacity of the silicon. Source: 2330 kg/m³ and 712 J/(kg K)."""
    interface_resistance: InterfaceResistance = 1e-8
    """Thermal resistance between metal and oxide; 0 for a perfect contact. Source: Lee and Cahill,
    Journal of Applied Physics 81, 2590 (1997), 2e-8 for both faces of an oxide; clean Pt has 3e-9
    (Kimling et al., Physical Review B 95, 184305 (2017))."""
    cap_thickness: Annotated[float, Quantity("m", 1e-10, 1e-6, zero=True)] = 4e-9
    """Thickness of the cap of the magnet, which stores heat and carries no current; 0 for none.
    Source: our choice, 2 nm of MgO below 2 nm of oxidised Ta."""
    cap_heat_capacity: HeatCapacity = 2.8e6
    """Heat capacity of the cap. Source: mean of MgO, 3.3e6, and Ta, 2.3e6 (CRC Handbook)."""
    encapsulation_conductivity: Annotated[float, Quantity("W/(m K)", 1e-3, 1e4, zero=True)] = 1.4
    """Thermal conductivity of what encloses the track from above, without an end; 0 for nothing.
    Source: fused silica, as the dielectric between the wires of a chip."""
    encapsulation_heat_capacity: HeatCapacity = 1.62e6
    """Heat capacity of the encapsulation. Source: fused silica, as of the oxide."""
    encapsulation_resistance: InterfaceResistance = 1e-8
    """Thermal resistance between the track and its encapsulation. Source: as below the metal."""
    largest_rise: Annotated[
        float, Quantity("K", 1e-3, 1e4, fix="it is a difference in kelvin, such as 50")
    ] = 50.0
    """Temperature rise above which the material's parameters are no longer constant: such pulses
    are marked. Source: our choice, see docs/write-energy.md."""


class Oersted(Section):
    """Oersted field of a track for each A/m² of J, with the spins of J > 0 along +y."""

    metal: float
    """Sheet current of the metal in m; its sign is that of the spin Hall angle."""
    total: float
    """Sheet current of metal and magnet in m."""
    distance: float
    """Distance in m of the middle of the magnet from that of the metal."""


class Strip(Section):
    """Heavy metal and magnet of a track: they share the current and have one temperature."""

    heavy_metal: HeavyMetal
    magnet_thickness: float = 0.0
    """Thickness of the magnet in m."""
    magnet_resistivity: float | None = None
    """Resistivity of the magnet in Ω m; None if it is insulating."""
    magnet_heat_capacity: float = 0.0
    """Heat capacity of the magnet in J/(m³ K)."""

    @property
    def shunt(self) -> float:
        """Current in the magnet per current in the metal, by their sheet conductances."""
        metal = self.heavy_metal
        sheet = metal.resistivity / metal.thickness
        return sheet * self.magnet_thickness / (self.magnet_resistivity or math.inf)

    def oersted(self, polarization: float) -> Oersted:
        """Return the Oersted field of a device with P."""
        metal = self.heavy_metal
        sheet = metal.rescaling(polarization) * metal.thickness
        return Oersted(
            metal=math.copysign(sheet, metal.spin_hall_angle or 1.0),
            total=sheet * (1 + self.shunt),
            distance=(metal.thickness + self.magnet_thickness) / 2,
        )

    @property
    def crowding(self) -> Crowding | None:
        """What makes the current crowd; None if it is uniform."""
        if self.heavy_metal.cut is True:
            return Crowding(cut=True)
        crowds = self.heavy_metal.cut and self.shunt
        return Crowding(cut=False, shunt=self.shunt) if crowds else None

    def notched(self, track: Track | None) -> Notched | None:
        """Return the track of this strip if current and heat vary along it."""
        metal, crowding = self.heavy_metal, self.crowding
        if track is None or crowding is None:
            return None
        conductivity = metal.thermal_conductivity
        if conductivity is None:
            conductivity = LORENZ_NUMBER * ROOM_TEMPERATURE / metal.resistivity
        return Notched(track, crowding, conductivity * metal.thickness)

    def heat_capacity(self, heating: Heating) -> float:
        """Return the heat capacity per area of metal, magnet and cap in J/(m² K)."""
        return (
            self.heavy_metal.heat_capacity * self.heavy_metal.thickness
            + self.magnet_heat_capacity * self.magnet_thickness
            + heating.cap_heat_capacity * heating.cap_thickness
        )
