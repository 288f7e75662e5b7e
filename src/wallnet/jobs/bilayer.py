"""The current of a device in its heavy metal and its magnet, and the heat that they store."""

import math
from typing import NamedTuple

from wallnet.config.devices import Device
from wallnet.config.heavy_metal import ROOM_TEMPERATURE, HeatMedia, HeavyMetal
from wallnet.config.quantities import Section, silent
from wallnet.config.track import Track

LORENZ_NUMBER = 2.44e-8
"""Thermal conductivity of a metal times its resistivity and per temperature, in W Ω/K²: the law of
Wiedemann and Franz."""


class Crowding(Section):
    """What makes the current of a track crowd at its notches."""

    cut: bool
    """Whether the metal has the notches too, and not the magnet alone."""
    shunt: float = silent(0.0)
    """Current in the magnet per current in an uncut metal, beside the notches; in a cut metal, it
    does not matter."""


class NotchedTrack(NamedTuple):
    """A track along which current and heat vary, and its metal."""

    track: Track
    crowding: Crowding
    conductance: float
    """Heat conductance of a square of the metal in W/K."""


class Oersted(Section):
    """Oersted field of a track for each A/m² of J, with the spins of J > 0 along +y."""

    metal: float
    """Sheet current of the metal in m; its sign is that of the spin Hall angle."""
    total: float
    """Sheet current of metal and magnet in m."""
    distance: float
    """Distance in m of the middle of the magnet from that of the metal."""


class Bilayer(Section):
    """Heavy metal and magnet of a track: they share the current and have one temperature."""

    heavy_metal: HeavyMetal
    magnet_thickness: float = 0.0
    """Thickness of the magnet in m."""
    magnet_resistivity: float | None = None
    """Resistivity of the magnet in Ω m; None if it is insulating."""
    magnet_heat_capacity: float = 0.0
    """Heat capacity of the magnet in J/(m³ K)."""

    def density_ratio(self, polarization: float) -> float:
        """Return P/|θ|, the current density in the metal per J of a device with P."""
        angle = self.heavy_metal.spin_hall_angle
        return 1.0 if angle is None else polarization / abs(angle)

    @property
    def shunt(self) -> float:
        """Current in the magnet per current in the metal, by their sheet conductances."""
        metal = self.heavy_metal
        sheet = metal.resistivity / metal.thickness
        return sheet * self.magnet_thickness / (self.magnet_resistivity or math.inf)

    def oersted(self, polarization: float) -> Oersted:
        """Return the Oersted field of a device with P."""
        metal = self.heavy_metal
        sheet = self.density_ratio(polarization) * metal.thickness
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

    def notched(self, track: Track | None) -> NotchedTrack | None:
        """Return the track of this bilayer if current and heat vary along it."""
        metal, crowding = self.heavy_metal, self.crowding
        if track is None or crowding is None:
            return None
        conductivity = metal.thermal_conductivity
        if conductivity is None:
            conductivity = LORENZ_NUMBER * ROOM_TEMPERATURE / metal.resistivity
        return NotchedTrack(track, crowding, conductivity * metal.thickness)

    def heat_capacity(self, media: HeatMedia) -> float:
        """Return the heat capacity per area of metal, magnet and cap in J/(m² K)."""
        return (
            self.heavy_metal.heat_capacity * self.heavy_metal.thickness
            + self.magnet_heat_capacity * self.magnet_thickness
            + media.cap_heat_capacity * media.cap_thickness
        )


def bilayer_of(device: Device) -> Bilayer:
    """Return what carries the current of a device and stores its heat.

    Resistance and heat depend neither on the Oersted field nor on the sign of θ.
    """
    resistivity, metal = device.material.resistivity, device.heavy_metal
    angle, uniform = metal.spin_hall_angle, device.track.notches is None
    changes = {"oersted": False, "spin_hall_angle": angle and abs(angle)}
    changes |= {"cut": False} if uniform else {}
    return Bilayer(
        heavy_metal=metal.model_copy(update=changes),
        magnet_thickness=device.track.thickness,
        magnet_resistivity=None if resistivity == "insulating" else resistivity,
        magnet_heat_capacity=device.material.heat_capacity,
    )


def oersted_of(device: Device) -> Oersted | None:
    """Return the Oersted field of the current of a device; None if it does not act."""
    if not device.heavy_metal.oersted:
        return None
    bilayer = bilayer_of(device).model_copy(update={"heavy_metal": device.heavy_metal})
    return bilayer.oersted(device.material.polarization)
