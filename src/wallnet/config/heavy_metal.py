"""Write energy: the heavy metal below the track, and the substrate that carries its heat."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import model_validator

from wallnet.config.quantities import Length, Quantity, Section

Preset = Literal["pt", "beta-ta", "beta-w"]

PRESETS: Mapping[str, Mapping[str, float]] = {
    "pt": {"resistivity": 33e-8, "spin_hall_angle": 0.16},
    "beta-ta": {"resistivity": 190e-8, "spin_hall_angle": 0.12},
    "beta-w": {"resistivity": 300e-8, "spin_hall_angle": 0.30},
}
"""Resistivity in Ω m and magnitude of the spin Hall angle of each preset.

All are from Table 1 of Zhu, Zhu, Shi, Sui, Ralph and Buhrman, Science Advances 5, eaav8025 (2019).
Their β-Ta is that of Liu et al., Science 336, 555 (2012), and their β-W that of Pai et al., Applied
Physics Letters 101, 122404 (2012). The angles are those of the damping-like torque, with the loss
at the interface.
"""


ROOM_TEMPERATURE = 300.0
"""Temperature in K of the track before a pulse, for which the properties below are."""


class HeavyMetal(Section):
    """The metal below the track, in which the current flows; it has the track's length and width.

    Simulations depend on it only with `temperature.heating: pulse`; the write energy and the
    temperature of pulses do.
    """

    preset: Preset | None = None
    """Metal with values of the literature; keys that are given replace them. Source: see
    docs/write-energy.md."""
    thickness: Length = 5e-9
    """Thickness of the metal. Source: our choice."""
    resistivity: Annotated[float, Quantity("Ω m", 1e-9, 1e-2)] = 1.3e-6
    """Resistivity of the metal, without a preset. Source: our choice, between those of Pt and
    β-Ta."""
    spin_hall_angle: (
        Annotated[float, Quantity("1", 1e-4, 100.0, fix="it is a magnitude, such as 0.12")] | None
    ) = None
    """Magnitude of the spin Hall angle θ: the metal carries J · P/θ for the torque of J. Without a
    value or a preset it is `material.polarization`, and the metal carries J. Source: see
    docs/write-energy.md."""

    @model_validator(mode="before")
    @classmethod
    def _of_preset(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("preset"), str):
            return data
        return {**PRESETS.get(data["preset"], {}), **data}

    def rescaling(self, polarization: float) -> float:
        """Return P/θ, the current density in the metal per J of a device."""
        angle = self.spin_hall_angle
        return 1.0 if angle is None else polarization / angle


Conductivity = Annotated[float, Quantity("W/(m K)", 1e-3, 1e4)]
HeatCapacity = Annotated[float, Quantity("J/(m³ K)", 1e4, 1e8)]


class Heating(Section):
    """The substrate below the metal: an oxide on thick silicon, for the temperature of a pulse."""

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
    largest_rise: Annotated[
        float, Quantity("K", 1e-3, 1e4, fix="it is a difference in kelvin, such as 50")
    ] = 50.0
    """Temperature rise above which the material's parameters are no longer constant: such pulses
    are marked. Source: our choice, see docs/write-energy.md."""
