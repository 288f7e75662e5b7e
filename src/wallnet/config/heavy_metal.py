"""Write energy: the heavy metal below the magnet, and the media that carry their heat."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import model_validator

from wallnet.config.quantities import Length, Quantity, Section, silent

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


class HeatMedia(Section):
    """Media that carry the heat of a pulse away, below and above the strip that makes it."""

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
    encapsulation_conductivity: Annotated[float, Quantity("W/(m K)", 1e-3, 1e4, zero=True)] = 1.4
    """Thermal conductivity of what encloses the track from above, without an end; 0 for nothing.
    Source: fused silica, as the dielectric between the wires of a chip."""
    encapsulation_heat_capacity: HeatCapacity = 1.62e6
    """Heat capacity of the encapsulation. Source: fused silica, as of the oxide."""
    encapsulation_resistance: InterfaceResistance = 1e-8
    """Thermal resistance between the track and its encapsulation. Source: as below the metal."""


class Heating(HeatMedia):
    """What carries the heat of a pulse away, from metal, magnet and a cap, which store it.

    Below the metal is an oxide on thick silicon, above the cap an encapsulation.
    """

    cap_thickness: Annotated[float, Quantity("m", 1e-10, 1e-6, zero=True)] = 4e-9
    """Thickness of the cap of the magnet, which stores heat and carries no current; 0 for none.
    Source: our choice, 2 nm of MgO below 2 nm of oxidised Ta."""
    cap_heat_capacity: HeatCapacity = 2.8e6
    """Heat capacity of the cap. Source: mean of MgO, 3.3e6, and Ta, 2.3e6 (CRC Handbook)."""
    largest_rise: Annotated[
        float, Quantity("K", 1e-3, 1e4, fix="it is a difference in kelvin, such as 50")
    ] = 50.0
    """Temperature rise above which the material's parameters are no longer constant: such pulses
    are marked. Source: our choice, see docs/write-energy.md."""
