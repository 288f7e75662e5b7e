"""The film of a device: its material at a temperature, and checks of a device by its film.

`check` is handed to `wallnet.config.parse`. Temperatures are in K.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from wallnet.config.devices import LAW, Device, SimulatedMaterial, StaticMaterial, Temperature
from wallnet.config.disorder import LARGEST
from wallnet.config.messages import validated
from wallnet.config.quantities import FIXES
from wallnet.config.track import Track
from wallnet.constants import VACUUM_PERMEABILITY
from wallnet.film import fluctuations, renormalization
from wallnet.film.newell import Cell
from wallnet.film.newell import strip_demagnetization as strip_demagnetization
from wallnet.film.renormalization import Law as Law
from wallnet.film.terms import Layer, SpinTorque, Terms

LARGEST_TRACE = 4_000_000_000
"""Largest size of one trace in memory, in bytes."""
LARGEST_WORK = 1e15
"""Largest number of cells times steps of one simulation: about a month of one core."""
COLDEST_USUAL = 100.0
"""Ambient temperature in K below which a warning asks whether it is in degrees Celsius."""
LONGEST_USUAL = 100e-9
"""Duration of a pulse in s above which a warning asks for its unit."""
THICKEST = 10.0
"""Thickness of a film, in exchange lengths, above which one layer of cells is refused."""
THERMAL_STEP = 3.0
"""Processor time of a step at a temperature, with all columns, in steps without one."""
SMOOTH_EDGES = 2.5
"""Processor time with partly filled cells, whose steps are shorter, relative to whole ones."""

SPIN_DIRECTION = (0.0, 1.0, 0.0)
"""Polarisation of the spin current of a charge current along +x, which drives the wall towards
+x."""


class StripFilm(NamedTuple):
    """The film of a material in an endless strip, which is magnetised along z between its walls."""

    material: StaticMaterial
    """The material at a temperature."""
    demagnetization: float
    """N_z - N_x of the strip, 1 of an infinite film."""

    @property
    def shape_anisotropy(self) -> float:
        """μ0 Ms² (N_z - N_x)/2 in J/m³."""
        squared = self.material.saturation_magnetization**2
        return VACUUM_PERMEABILITY * squared * self.demagnetization / 2

    @property
    def effective_anisotropy(self) -> float:
        """K_eff = Ku - μ0 Ms² (N_z - N_x)/2 in J/m³."""
        return self.material.uniaxial_anisotropy - self.shape_anisotropy

    @property
    def wall_width_parameter(self) -> float:
        """Δ = √(A/K_eff) in m."""
        return math.sqrt(self.material.exchange_stiffness / self.effective_anisotropy)

    @property
    def placed_width(self) -> float:
        """Δ in m with which walls are placed: that of an infinite film, at most 2 Δ of the strip.

        It is a convention, with which stored paths and references of OOMMF began. The bound holds
        where the infinite film is hardly perpendicular, or not at all.
        """
        infinite = self._replace(demagnetization=1.0).effective_anisotropy
        stiffness = max(infinite, self.effective_anisotropy / 4)
        return math.sqrt(self.material.exchange_stiffness / stiffness)

    @property
    def exchange_length(self) -> float:
        """√(2A/(μ0 Ms²)) in m."""
        stray = VACUUM_PERMEABILITY * self.material.saturation_magnetization**2
        return math.sqrt(2 * self.material.exchange_stiffness / stray)

    @property
    def largest_cell(self) -> float:
        """Largest edge in m of cells that resolve a wall and its stray field.

        It is the smaller of Δ/2 and the exchange length.
        """
        return min(self.wall_width_parameter / 2, self.exchange_length)

    @property
    def critical_dmi(self) -> float:
        """D_c = 4 √(A K_eff)/π in J/m², at which the energy of a wall is 0.

        Source: Rohart and Thiaville, 2013, doi:10.1103/PhysRevB.88.184422.
        """
        return 4 * math.sqrt(self.material.exchange_stiffness * self.effective_anisotropy) / math.pi

    @property
    def fault(self) -> str:
        """Why it has no walls between perpendicular domains; empty if it has.

        It is a sentence that begins with a key of the material.
        """
        anisotropy, dmi = self.material.uniaxial_anisotropy, self.material.dmi_constant
        if self.effective_anisotropy <= 0:
            least = self.shape_anisotropy
            slip = f"; {FIXES['J/m³']}" if anisotropy < 0.01 * least else ""
            return (
                f"uniaxial_anisotropy is {anisotropy:g} J/m³, too low for a perpendicular "
                f"magnetisation; raise it above μ0 Ms² N_z/2 = {least:.4g} J/m³{slip}"
            )
        if abs(dmi) < self.critical_dmi:
            return ""
        return (
            f"dmi_constant is {dmi:g} J/m², not below the critical D_c = 4 √(A K_eff)/π = "
            f"{self.critical_dmi:.4g} J/m², at which the film is full of walls; lower its magnitude"
        )


def strip_of(track: Track, material: StaticMaterial) -> StripFilm:
    """Return the film of a material in an endless strip of the width and thickness of a track."""
    return StripFilm(material, float(strip_demagnetization(track.width, track.thickness)))


def terms_of(material: StaticMaterial) -> Terms:
    """Return the energy terms of a material, with the dynamics of one for simulations."""
    x, y, z = (field / VACUUM_PERMEABILITY for field in material.bias)
    terms = Terms(
        saturation_magnetization=material.saturation_magnetization,
        exchange_stiffness=material.exchange_stiffness,
        dmi_constant=material.dmi_constant,
        anisotropy=material.uniaxial_anisotropy,
        external_field=(x, y, z),
    )
    if not isinstance(material, SimulatedMaterial):
        return terms
    return replace(terms, damping=material.damping, gyromagnetic_ratio=material.gyromagnetic_ratio)


def torque_of(material: SimulatedMaterial, current_density: float) -> SpinTorque:
    """Return the torque of a current density in A/m²."""
    return SpinTorque(
        current_density=current_density,
        polarization=material.polarization,
        direction=SPIN_DIRECTION,
        slonczewski_lambda=material.slonczewski_lambda,
        field_like=material.field_like_torque,
    )


def law_of(temperature: Temperature, curie_temperature: float) -> Law:
    """Return how a film with a Curie temperature in K changes with its temperature."""
    return Law(curie_temperature, **{key: getattr(temperature, key) for key in LAW})


def domain_magnetization(track: Track, material: StaticMaterial, temperature: float) -> float:
    """Return the mean of a cell's moment in a domain of a track, 1 at 0 K.

    If the domain is not stable, `ValueError` is raised.
    """
    if not temperature:
        return 1.0
    strip = strip_of(track, material).demagnetization
    return renormalization.domain_magnetization(terms_of(material), track.cell, temperature, strip)


@lru_cache(maxsize=64)
def time_step(
    material: SimulatedMaterial,
    cell: Cell,
    current_density: float,
    fraction: float = 1.0,
    temperature: float = 0.0,
) -> float:
    """Return the engine's time step in s under a current density in A/m².

    The edges of a cell are in m. Without a temperature, the step is a fraction of the stability
    limit.

    Raises
    ------
    ValueError
        If the damping is too low or too high for a temperature.
    """
    layer = Layer.uniform(cell, terms_of(material))
    torque = torque_of(material, current_density)
    if temperature:
        return fluctuations.longest_step(layer, temperature, torque)
    return fraction * layer.time_step(torque)[1]


def cells_of(device: Device) -> SimulatedMaterial:
    """Return the material of a device that simulations take: at a temperature, that of the cells.

    Raises
    ------
    ValueError
        If the film is not perpendicular at its temperature, or a value is out of bounds there.
    """
    temperature = device.temperature
    if temperature.values_of == "cells" and temperature.field:
        return _rounded(device, terms_of(device.material), temperature.ambient)
    film = _film(device, temperature.ambient)
    if temperature.field:
        strip = strip_of(device.track, device.material).demagnetization
        film = renormalization.of_cells(film, device.track.cell, temperature.field, strip)
    return _rounded(device, film, temperature.ambient)


def film_of(device: Device, temperature: float | None = None) -> StaticMaterial:
    """Return the material of minima and paths: the film without a thermal field.

    It has a temperature, by default `temperature.ambient`.

    Raises
    ------
    ValueError
        If the film is not perpendicular at it, or a value is out of bounds; the text begins with
        a key of `material`.
    """
    kelvin = device.temperature.ambient if temperature is None else temperature
    material = _rounded(device, _film(device, kelvin), kelvin)
    return StaticMaterial(**material.model_dump(include={*StaticMaterial.model_fields}))


def _film(device: Device, kelvin: float) -> Terms:
    """Return the terms of the film at a temperature; see `film_of`."""
    terms, temperature = terms_of(device.material), device.temperature
    measured = temperature.reference
    if temperature.values_of == "cells":
        strip = strip_of(device.track, device.material).demagnetization
        terms = renormalization.of_film(terms, device.track.cell, measured, strip)
    if kelvin == measured:
        return terms
    changes = law_of(temperature, device.material.curie_temperature)
    if max(kelvin, measured) >= changes.last_temperature:
        raise ValueError(
            f"curie_temperature is {changes.curie_temperature:g} K, too low for Bloch's law from "
            f"{measured:g} to {kelvin:g} K, which ends at {changes.last_temperature:g} K; raise it "
            "or change the temperature"
        )
    return changes.at_temperature(terms, measured, kelvin)


def _rounded(device: Device, terms: Terms, kelvin: float) -> SimulatedMaterial:
    """Return the material of a device with its terms at a temperature, in six digits."""
    simulated = device.material.simulated
    if terms == terms_of(device.material):
        if fault := strip_of(device.track, simulated).fault:
            raise ValueError(fault)
        return simulated
    fields = (key for key in StaticMaterial.model_fields if "bias_field" not in key)
    names = {key: key.removeprefix("uniaxial_") for key in fields}
    if terms.damping != simulated.damping:
        names["damping"] = "damping"
    # so that all machines simulate the same job
    values = {key: float(f"{getattr(terms, name):.6g}") for key, name in names.items()}
    rounded, findings = validated(SimulatedMaterial, simulated.model_dump() | values)
    fault = strip_of(device.track, rounded).fault if rounded else findings[0].sentence()
    if rounded is None or fault:
        key, _, fault = fault.partition(";")[0].partition(" ")
        raise ValueError(
            f"{key} at {kelvin:g} K {fault}; change it, the temperature or "
            "temperature.anisotropy_exponent"
        )
    return rounded


def check(device: Device) -> tuple[str, list[str]]:
    """Return why a device cannot be simulated, empty if it can, and warnings.

    Each is a sentence that begins with a key of the device.
    """
    if fault := strip_of(device.track, device.material).fault:
        return f"material.{fault}", []
    try:
        film = strip_of(device.track, film_of(device))
        if kelvin := device.temperature.field:
            step_of(device)
            domain_magnetization(device.track, cells_of(device), kelvin)
    except ValueError as error:
        return f"material.{error}", []
    if fault := cell_fault(device.track, film) or _thick(device.track, film, THICKEST):
        return fault, []
    longest = max(device.pulse.duration + device.relaxation.longest, device.wall.relaxation)
    keys = "pulse.duration and relaxation.longest"
    return size_fault(device, keys, longest, _strongest(device)), [*_doubts(device, film)]


def cell_fault(track: Track, film: StripFilm) -> str:
    """Return why the cells of a track are too large for a film, empty if they are not."""
    if track.cell_size <= film.wall_width_parameter:
        return ""
    return (
        f"track.cell_size {track.cell_size:g} m is above the width parameter of the wall, Δ = "
        f"√(A/K_eff) = {film.wall_width_parameter:.4g} m, so that the cells pin the wall; "
        f"choose at most {film.largest_cell:.3g} m"
    )


def _thick(track: Track, film: StripFilm, most: float) -> str:
    """Return the fault of a film of more exchange lengths than a number, empty if it has fewer."""
    length = film.exchange_length
    if track.thickness <= most * length:
        return ""
    return (
        f"track.thickness {track.thickness:g} m is above {most:g} × the exchange length of "
        f"{length:.2g} m, so that m varies over the thickness, for which there is one layer of "
        "cells; choose a thinner film"
    )


def _away(device: Device) -> str:
    """Return why all pulses drive the wall away from the notches, empty if they do not.

    J D > 0 drives it to the right.
    """
    start, track = device.wall.start, device.track
    drives = [density * device.material.dmi_constant for density in device.pulse.current_densities]
    places = track.inner_notch_positions or (track.length / 2,)
    for side, first, sign in (("left", min(places), -1), ("right", max(places), 1)):
        outside = sign * (start - first) > -track.cell_size / 2
        if outside and any(drives) and all(sign * drive >= 0 for drive in drives):
            return (
                f"pulse.current_densities all drive the wall to the {side}, where no notch is, "
                f"from wall.start {start:g} m; change their sign, or move wall.start"
            )
    return ""


def _doubts(device: Device, film: StripFilm) -> Iterator[str]:
    relaxation, metal = device.relaxation, device.heavy_metal
    if fault := _thick(device.track, film, 1.0) or _away(device):
        yield fault
    rests = device.read_at != "pulse_end" and not device.temperature.field
    if not relaxation.longest and device.read_at == "rest" and rests:
        yield (
            "relaxation.longest is 0, so that read_at: rest reads the wall as the pulse ends; "
            "write read_at: pulse_end, or lengthen relaxation.longest"
        )
    if 0 < relaxation.longest < relaxation.hold and rests:
        yield (
            f"relaxation.hold {relaxation.hold:g} s is longer than relaxation.longest "
            f"{relaxation.longest:g} s, so that a wall that moves in the pulse is never at rest; "
            "shorten hold, or lengthen longest"
        )
    angle, polarization = metal.spin_hall_angle, device.material.polarization
    if angle and abs(angle) != polarization and not (metal.preset or device.stack):
        yield (
            f"heavy_metal.spin_hall_angle is {angle:g} beside material.polarization "
            f"{polarization:g}, so that the metal carries {polarization / abs(angle):.3g} J for "
            f"the torque of J; write material.polarization: {abs(angle):g} if J is the current "
            "density in the metal"
        )
    if device.track.cell_size > film.largest_cell:
        yield (
            f"track.cell_size {device.track.cell_size:g} m is above {film.largest_cell:.4g} m, the "
            "smaller of Δ/2 and the exchange length, so that the cells may pin the wall; choose a "
            "smaller one, or compare with one"
        )
    if device.disorder and (grains := device.disorder.grains):
        lost = LARGEST * math.hypot(grains.anisotropy, grains.thickness)
        if lost * film.material.uniaxial_anisotropy > film.effective_anisotropy:
            yield (
                f"disorder.grains lets Ku of a grain be {100 * lost:.0f} % lower, at four standard "
                "deviations, so that it lies in the plane; lower anisotropy or thickness"
            )
    if (kelvin := device.temperature.ambient) < COLDEST_USUAL:
        yield (
            f"temperature.ambient is {kelvin:g} K, that is {kelvin - 273.15:.0f} °C; write "
            f"{kelvin + 273.15:g} if it is in °C"
        )
    if device.pulse.duration > LONGEST_USUAL:
        yield (
            f"pulse.duration is {device.pulse.duration:g} s, longer than usual; write 1.5e-9 for "
            "1.5 ns"
        )


def _strongest(device: Device) -> float:
    return max(device.pulse.current_densities, key=abs)


def step_of(device: Device, current_density: float | None = None) -> float:
    """Return the engine's time step in s under a current density in A/m², or the strongest."""
    density = _strongest(device) if current_density is None else current_density
    fraction = device.film.time_step_fraction
    return time_step(
        cells_of(device), device.track.cell, density, fraction, device.temperature.field
    )


def size_fault(device: Device, keys: str, duration: float, strongest: float, maps: int = 0) -> str:
    """Return why a trace exceeds the memory or a simulation would not end, or an empty text.

    A typing error can cause either. `keys` make the duration, in s. The strongest current density
    is in A/m². `maps` counts maps beside those of `output.snapshot_interval`.
    """
    columns, rows = device.track.cells
    output = device.output
    entries = duration / output.interval
    snapshots = duration / output.snapshot_interval + maps
    size = 12 * (entries * columns + snapshots * columns * rows)
    if size > LARGEST_TRACE:
        return (
            f"output.interval {output.interval:g} s and output.snapshot_interval "
            f"{output.snapshot_interval:g} s make a trace of {size:.3g} bytes over "
            f"{duration:g} s; lengthen them until there are at most {LARGEST_TRACE:.0e}"
        )
    steps = duration / step_of(device, strongest)
    cost = THERMAL_STEP if device.temperature.field else 1.0
    cost *= SMOOTH_EDGES if device.sampled_track.partly_filled else 1.0
    if cost * columns * rows * steps > LARGEST_WORK:
        return (
            f"{keys}, {duration:g} s, take {steps:.3g} steps on {columns * rows} cells, which "
            "is more than a month; shorten them or enlarge track.cell_size"
        )
    return ""
