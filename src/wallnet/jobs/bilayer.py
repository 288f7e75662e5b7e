"""What follows from the layers of a device for its current, and for the heat that they store."""

import math
from typing import NamedTuple

from wallnet.config.devices import Device, Temperature
from wallnet.config.heavy_metal import ROOM_TEMPERATURE, HeatMedia
from wallnet.config.quantities import Section, silent
from wallnet.config.track import Track
from wallnet.jobs.film import Law, law_of

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

    density_ratio: float
    """P/|θ|, the current density in the metal for each A/m² of J."""
    sheet_current: float
    """Current in metal and magnet per width of a strip without notches, for each A/m² of J, in
    m."""
    sheet_resistance: float
    """Resistance of a square of metal and magnet in Ω."""
    heat_capacity: float
    """Heat capacity per area of metal, magnet and cap in J/(m² K)."""
    conductance: float = silent(0.0)
    """Heat conductance of a square of the metal in W/K; 0 where the current is uniform."""

    def notched(self, track: Track | None, crowding: Crowding | None) -> NotchedTrack | None:
        """Return the track if current and heat vary along it."""
        return NotchedTrack(track, crowding, self.conductance) if track and crowding else None


class Heat(Section):
    """Heat of pulses: where it is made and stored, what carries it away, and what it changes."""

    bilayer: Bilayer
    media: HeatMedia
    curie_temperature: float
    """Curie temperature of the film in K."""

    def law(self, temperature: Temperature) -> Law:
        """Return how the film changes with its temperature."""
        return law_of(temperature, self.curie_temperature)


def density_ratio_of(device: Device) -> float:
    """Return P/|θ|, the current density in the metal per J of a device with P."""
    angle = device.heavy_metal.spin_hall_angle
    return 1.0 if angle is None else device.material.polarization / abs(angle)


def shunt_of(device: Device) -> float:
    """Return the current in the magnet per current in the metal, by their sheet conductances."""
    metal, resistivity = device.heavy_metal, device.material.resistivity
    if resistivity == "insulating":
        return 0.0
    return metal.resistivity / metal.thickness * device.track.thickness / resistivity


def bilayer_of(device: Device) -> Bilayer:
    """Return what carries the current of a device and stores its heat."""
    metal, media, shunt = device.heavy_metal, device.heating, shunt_of(device)
    conductivity = metal.thermal_conductivity
    if conductivity is None:
        conductivity = LORENZ_NUMBER * ROOM_TEMPERATURE / metal.resistivity
    ratio = density_ratio_of(device)
    return Bilayer(
        density_ratio=ratio,
        sheet_current=ratio * metal.thickness * (1 + shunt),
        sheet_resistance=metal.resistivity / metal.thickness / (1 + shunt),
        heat_capacity=(
            metal.heat_capacity * metal.thickness
            + device.material.heat_capacity * device.track.thickness
            + media.cap_heat_capacity * media.cap_thickness
        ),
        conductance=conductivity * metal.thickness if device.current_crowds else 0.0,
    )


def heat_of(device: Device) -> Heat:
    """Return the heat of the pulses of a device."""
    return Heat(
        bilayer=bilayer_of(device),
        media=HeatMedia(**device.heating.model_dump(include={*HeatMedia.model_fields})),
        curie_temperature=device.material.curie_temperature,
    )


def crowding_of(device: Device) -> Crowding | None:
    """Return what makes the current of a device crowd at its notches; None if it is uniform."""
    if not device.current_crowds:
        return None
    cut = device.heavy_metal.cut is True
    return Crowding(cut=cut, shunt=0.0 if cut else shunt_of(device))


def oersted_of(device: Device) -> Oersted | None:
    """Return the Oersted field of the current of a device; None if it does not act."""
    metal = device.heavy_metal
    if not metal.oersted:
        return None
    sheet = density_ratio_of(device) * metal.thickness
    return Oersted(
        metal=math.copysign(sheet, metal.spin_hall_angle or 1.0),
        total=sheet * (1 + shunt_of(device)),
        distance=(metal.thickness + device.track.thickness) / 2,
    )
