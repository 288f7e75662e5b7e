"""The physical part of the configuration: material, track, wall, pulse, detector, calculator."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from wallnet.config.calculators import FilmSettings, OommfSettings
from wallnet.config.declarations import PACKAGED, CalculatorName, Unread, refusal
from wallnet.config.heavy_metal import ROOM_TEMPERATURE, Heating, HeavyMetal
from wallnet.config.measured import MEASURED
from wallnet.config.messages import checked, misnamed
from wallnet.config.pulse import Pulse
from wallnet.config.quantities import (
    FIXES,
    Conductance,
    CurrentDensity,
    Duration,
    DurationOrNone,
    Fraction,
    Kelvin,
    Position,
    Quantity,
    Resistance,
    Section,
    Speed,
    silent,
)
from wallnet.config.track import ROUNDING, Track

if TYPE_CHECKING:
    from wallnet.film.terms import SpinTorque, Terms

VACUUM_PERMEABILITY = 4e-7 * math.pi
"""μ0 in N/A², the value of the paper and of OOMMF."""

LARGEST_TRACE = 4_000_000_000
"""Largest size of one trace in memory, in bytes."""
LARGEST_WORK = 1e15
"""Largest number of cells times steps of one simulation: about a month of one core."""
COLDEST_USUAL = 100.0
"""Ambient temperature in K below which a warning asks whether it is in degrees Celsius."""
LONGEST_USUAL = 100e-9
"""Duration of a pulse in s above which a warning asks for its unit."""
THERMAL_STEP = 3.0
"""Processor time of a step at a temperature, with all columns, in steps without one."""


Damping = Annotated[float, Quantity("1", 1e-4, 10.0)]


class StaticMaterial(Section):
    """The ferromagnetic film, as its energy needs it."""

    saturation_magnetization: Annotated[float, Quantity("A/m", 5e3, 3e6)]
    """Saturation magnetisation Ms. Source: paper, Table I: 1.1e6."""
    exchange_stiffness: Annotated[float, Quantity("J/m", 1e-14, 1e-10)]
    """Exchange constant A. Source: paper, Table I: 2e-11."""
    dmi_constant: Annotated[float, Quantity("J/m²", 1e-7, 0.01, magnitude=True, zero=True)]
    """Interfacial DMI constant D. Source: paper: 1e-3 to 2e-3; 1e-3 for the synapse."""
    uniaxial_anisotropy: Annotated[float, Quantity("J/m³", 100.0, 3e7)]
    """Anisotropy constant Ku, easy axis z. Source: paper, Table I: 1e6."""

    def terms(self) -> "Terms":
        """Return the energy terms of the film for the embedded engine."""
        from wallnet.film.terms import Terms  # loads numpy

        return Terms(
            saturation_magnetization=self.saturation_magnetization,
            exchange_stiffness=self.exchange_stiffness,
            dmi_constant=self.dmi_constant,
            anisotropy=self.uniaxial_anisotropy,
        )

    @property
    def effective_anisotropy(self) -> float:
        """K_eff = K_u - μ0 M_s²/2 in J/m³, the thin-film limit."""
        return self.uniaxial_anisotropy - VACUUM_PERMEABILITY * self.saturation_magnetization**2 / 2

    def limits(
        self, ambient: float, curie_temperature: float, exponent: float
    ) -> tuple[float, float]:
        """Return the temperatures in K of `film.renormalization.limits`."""
        from wallnet.film.renormalization import limits  # loads numpy

        return limits(self.terms(), ambient, curie_temperature, exponent)

    @property
    def wall_width_parameter(self) -> float:
        """Δ = √(A/K_eff) in m."""
        return math.sqrt(self.exchange_stiffness / self.effective_anisotropy)

    @property
    def largest_cell(self) -> float:
        """Largest edge in m of cells that resolve a wall and its stray field.

        It is the smaller of Δ/2 and the exchange length √(2A/(μ0 Ms²)).
        """
        stray = VACUUM_PERMEABILITY * self.saturation_magnetization**2
        return min(self.wall_width_parameter / 2, math.sqrt(2 * self.exchange_stiffness / stray))

    @property
    def critical_dmi(self) -> float:
        """D_c = 4 √(A K_eff)/π in J/m², at which the energy of a wall is 0.

        Source: Rohart and Thiaville, 2013, doi:10.1103/PhysRevB.88.184422.
        """
        return 4 * math.sqrt(self.exchange_stiffness * self.effective_anisotropy) / math.pi

    def _faults(self) -> Iterator[str]:
        if self.effective_anisotropy <= 0:
            least = self.uniaxial_anisotropy - self.effective_anisotropy
            slip = f"; {FIXES['J/m³']}" if self.uniaxial_anisotropy < 0.01 * least else ""
            yield (
                f"uniaxial_anisotropy is {self.uniaxial_anisotropy:g} J/m³, too low for a "
                f"perpendicular magnetisation; raise it above μ0 Ms²/2 = {least:.4g} J/m³{slip}"
            )
        elif abs(self.dmi_constant) >= self.critical_dmi:
            yield (
                f"dmi_constant is {self.dmi_constant:g} J/m², not below the critical D_c = "
                f"4 √(A K_eff)/π = {self.critical_dmi:.4g} J/m², at which the film is full of "
                "walls; lower its magnitude"
            )


class SimulatedMaterial(StaticMaterial):
    """The ferromagnetic film and the spin current that drives it, as simulations need them."""

    damping: Damping
    """Gilbert damping α. Source: not in the paper; 0.3 fits its wall velocity, 0.5 the rest."""
    gyromagnetic_ratio: Annotated[float, Quantity("m/(A s)", 1e4, 2e6)]
    """Gyromagnetic ratio γ0. Source: paper, Table I: 2.211e5."""
    polarization: Annotated[float, Quantity("1", 0.0, 1.0)]
    """Polarisation P of the spin current, along +y for J > 0. Source: paper, Table I: 0.4."""
    slonczewski_lambda: Annotated[float, Quantity("1", 1.0, 100.0)] = 1.0
    """Slonczewski's Λ; 1 makes the torque independent of the angle. Source: not in the paper."""
    field_like_torque: Annotated[float, Quantity("1", 0.0, 10.0, magnitude=True)] = 0.0
    """Coefficient ε' of the field-like torque. Source: not in the paper."""

    def terms(self) -> "Terms":
        """Return the energy terms of the film, with its dynamics, for the embedded engine."""
        return replace(
            super().terms(), damping=self.damping, gyromagnetic_ratio=self.gyromagnetic_ratio
        )

    def time_step(
        self,
        cell: tuple[float, float, float],
        current_density: float,
        fraction: float = 1.0,
        temperature: float = 0.0,
    ) -> float:
        """Return the engine's time step in s under a current density in A/m².

        The edges of a cell are in m, the temperature in K. Without one, the step is a fraction of
        the stability limit.

        Raises
        ------
        ValueError
            If the damping is too low or too high for a temperature.
        """
        terms, torque = self.terms(), self.torque(current_density)
        if not temperature:
            return fraction * terms.time_step(cell, torque)[1]
        from wallnet.film.fluctuations import longest_step  # loads numpy

        return longest_step(terms, cell, temperature, torque)

    def domain_magnetization(self, cell: tuple[float, float, float], temperature: float) -> float:
        """Return the mean of a cell's moment in a domain at a temperature in K, 1 at 0 K.

        A domain that is not stable is a `ValueError`.
        """
        if not temperature:
            return 1.0
        from wallnet.film.renormalization import domain_magnetization  # loads numpy

        return domain_magnetization(self.terms(), cell, temperature)

    def torque(
        self, current_density: float, direction: tuple[float, float, float] = (0.0, 1.0, 0.0)
    ) -> "SpinTorque":
        """Return the torque of a current density in A/m² with spins along a unit vector."""
        from wallnet.film.terms import SpinTorque  # loads numpy

        return SpinTorque(
            current_density=current_density,
            polarization=self.polarization,
            direction=direction,
            slonczewski_lambda=self.slonczewski_lambda,
            field_like=self.field_like_torque,
        )


class Material(SimulatedMaterial):
    """The ferromagnetic film and the spin current that drives it (paper, Table I)."""

    curie_temperature: Annotated[
        float,
        Quantity("K", ROOM_TEMPERATURE, 1e4, fix="it is an absolute temperature, such as 1000 K"),
    ] = 1000.0
    """Curie temperature; pulses that heat the film to it, or to K_eff = 0, are flagged.
    Simulations, minima and paths depend on it only where the film has another temperature than
    `temperature.measured_at`. Source: our choice, below the 1388 K of bulk cobalt, see
    docs/write-energy.md."""


class Temperature(Section):
    """A temperature, at which a thermal field acts on each cell of the film.

    The embedded engine simulates it, and OOMMF without `heating`. By default, the film has the
    values of `material` at 300 K, and at `ambient` those that follow by Bloch's law. Its cells have
    higher ones, which their fluctuations reduce again: the magnetisation by about 2 % at 300 K in
    cells of 3 nm. Nothing comes to rest, so the relaxation lasts its longest time. A quench to 0 K
    at its end shows the state of the wall.
    """

    ambient: Kelvin
    """Temperature of the film, before a pulse if pulses heat it. Source: our choice."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 1
    """Seed of the thermal field; another seed gives an independent one. Source: our choice."""
    heating: Literal["none", "pulse"] = silent("none")
    """Whether pulses heat the film, by `heavy_metal` and `heating` of the device (`pulse`).
    Source: our choice."""
    anisotropy_exponent: Annotated[float, Quantity("1", 1.0, 4.0)] = silent(3.0)
    """Power of the magnetisation with which Ku changes with the temperature of the film. Source:
    Callen and Callen, 3 for one axis; imperfect interfaces have less, see docs/physics.md."""
    measured_at: Kelvin = silent(ROOM_TEMPERATURE)
    """Temperature at which the film was measured to have the values of `material`. Source: our
    choice, room temperature."""
    values_of: Literal["film", "cells"] = silent("film")
    """What has the values of `material`: the film, or each cell at `ambient` without its
    fluctuations (`cells`), as in other micromagnetic simulations. Source: our choice."""
    thermal_field: bool = silent(True)
    """Whether the thermal field acts. Without it, the simulation is at 0 K, with the values that
    the film has at `ambient`. Source: our choice."""

    def _faults(self) -> Iterator[str]:
        if self.heating == "pulse" and not self.thermal_field:
            yield "heating needs the thermal field; leave heating or thermal_field out"
        if self.values_of == "cells" and "measured_at" in self.model_fields_set:
            yield "measured_at is a temperature of a film; leave it or values_of out"


class Wall(Section):
    """Initial domain wall; the left domain points along -z, the right one along +z."""

    start: Position
    """Position of the wall before the pulse. Source: not in the paper; left of the detector."""
    relaxation: DurationOrNone = 0.0
    """Time for which the wall relaxes before the pulse. Source: not in the paper."""


class Relaxation(Section):
    """Relaxation after the pulse, without current, until both wall ends rest."""

    longest: DurationOrNone = 10e-9
    """Time after which a moving wall is marked as unsettled. Source: our choice."""
    speed: Speed = 0.5
    """A wall rests if both ends stay slower than this for `hold`. Source: our choice."""
    hold: Duration = 2e-9
    """Time for which both ends must stay slower than `speed`. Source: our choice."""


QUENCH = Relaxation(longest=5e-9)
"""Relaxation without temperature and current, which shows the state of a wall at a temperature."""


class Output(Section):
    """Recording intervals of a trace."""

    interval: Duration = 50e-12
    """Time between two entries of a trace. Source: our choice."""
    snapshot_interval: Duration = 2.5e-9
    """Time between two maps of m; the first and last are always written. Source: our choice."""

    def _faults(self) -> Iterator[str]:
        if self.snapshot_interval < self.interval:
            yield "snapshot_interval is shorter than interval; make it longer"

    def without_maps_between(self, longest: float) -> "Output":
        """Return these intervals with only the first and the last map of a run of up to a time."""
        return self.model_copy(update={"snapshot_interval": max(longest, self.interval)})


class Detector(Section):
    """The magnetic tunnel junction that reads the track between start and stop."""

    start: Position | None = None
    """Left end; the left end of the track if not given. Source: paper: 128 nm for the neuron."""
    stop: Position | None = None
    """Right end; the right end of the track if not given. Source: paper: 384 nm for the neuron."""
    parallel_conductance: Conductance = 1e-4
    """Conductance G0 of the parallel state in the reading `parallel`. Source: our choice."""
    polarization: Fraction = 0.4
    """Polarisation P in the reading `parallel`. Source: our choice, as of the spin current."""
    parallel_resistance: Resistance = 10e3
    """Resistance of the parallel state in the reading `series`. Source: our choice."""
    antiparallel_resistance: Resistance = 20e3
    """Resistance of the antiparallel state in the reading `series`. Source: our choice."""

    def _faults(self) -> Iterator[str]:
        if self.antiparallel_resistance <= self.parallel_resistance:
            yield "antiparallel_resistance is not above parallel_resistance; swap the two"
        if self.polarization == 0:
            yield "polarization is 0, so the detector measures nothing; raise it"

    def columns(self, track: Track) -> slice:
        """Return the columns of a track's cells, along x, whose centre is under the detector.

        A centre on `start` belongs to the detector, one on `stop` does not.
        """

        def first_from(position: float) -> int:
            # the tolerance of 1e-6 cells absorbs the rounding error of, for example, 128 nm / 1 nm
            return max(0, math.ceil(position / track.cell_size - 0.5 - 1e-6))

        stop = track.length if self.stop is None else self.stop
        return slice(first_from(self.start or 0.0), min(first_from(stop), track.cells[0]))


ReadTime = Literal["pulse_end", "rest"] | Duration
"""Time at which a device is read: end of the pulse, end of the trace, or a time in s."""


DeviceKind = Literal[
    "neuron",
    "synapse",
    "track",
]
"""Kinds of simulated device; `wallnet.files.schema` defines the contents of their device files."""


def _is_kind(value: Any) -> Any:
    if value in get_args(DeviceKind):
        return value
    known = f"{', '.join(map(repr, get_args(DeviceKind)))} or {MEASURED!r}"
    raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": known})


class Device(Section):
    """A track with its current pulses and its detector."""

    kind: Annotated[DeviceKind, BeforeValidator(_is_kind)]
    """Kind of result: activation (neuron), conductance levels (synapse) or neither (track)."""
    track: Track
    """Geometry of the track."""
    wall: Wall
    """Initial domain wall."""
    pulse: Pulse
    """The current pulses, one simulation each."""
    relaxation: Relaxation = Relaxation()
    """Relaxation after the pulse."""
    read_at: ReadTime = "rest"
    """When the wall is read: `pulse_end`, `rest` or a time from the start of the pulse. At a
    temperature, its state is that of a quench after `relaxation`; straight after the pulse, a
    quench pulls half-depinned walls back, which `relaxation.longest: 10.0e-9` avoids."""
    shown: tuple[CurrentDensity, ...] | None = None
    """Pulses in figures of single pulses; chosen by final state if not given."""
    detector: Detector = Detector()
    """The tunnel junction that reads the wall."""
    output: Output = Output()
    """Recording intervals of the traces."""
    material: Material
    """The film and the spin current."""
    calculator: CalculatorName = "film"
    """Calculator of the traces: `film` (the embedded engine), `oommf` or `module:Class`."""
    film: FilmSettings = FilmSettings()
    """Settings of the embedded engine."""
    oommf: OommfSettings = OommfSettings()
    """Settings of OOMMF."""
    calculator_settings: dict[CalculatorName, dict[str, Any]] | None = silent(None)
    """Settings of other calculators, by name; the class of each calculator checks them."""
    heavy_metal: HeavyMetal = HeavyMetal()
    """The metal that carries the current."""
    heating: Heating = Heating()
    """The substrate that carries its heat."""
    temperature: Temperature | None = silent(None)
    """Temperature of the simulations; 0 K if not given."""
    optional: bool = silent(False)
    """Whether the target `all` leaves out the device and its pulse trains."""

    def plain(self) -> dict[str, Any]:
        """Return the device as plain data, with settings of calculators that jobs leave out."""
        return self.model_dump() | {name: dict(getattr(self, name)) for name in PACKAGED}

    @property
    def settings(self) -> Section | dict[str, Any]:
        """Settings of its calculator; those of a user-defined one as configured."""
        own = (self.calculator_settings or {}).get(self.calculator, {})
        settings: Section | dict[str, Any] = getattr(self, self.calculator, own)
        return settings

    @property
    def field_temperature(self) -> float:
        """Temperature in K of the thermal field; 0 without one."""
        given = self.temperature
        return given.ambient if given and given.thermal_field else 0.0

    @property
    def simulated_material(self) -> SimulatedMaterial:
        """The material that simulations take: at a temperature, that of the cells.

        Raises
        ------
        ValueError
            If the film is not perpendicular at its temperature, or a value is out of bounds there.
        """
        from wallnet.film.renormalization import of_cells  # loads numpy

        given, field = self.film_law, self.field_temperature
        if given.values_of == "cells" and field:
            return self._made_of(self.material.terms(), given.ambient)
        film = self._film(given.ambient)
        cells = of_cells(film, self.track.cell, field) if field else film
        return self._made_of(cells, given.ambient)

    def film_at(self, kelvin: float | None = None) -> StaticMaterial:
        """Return the material of minima and paths: the film without a thermal field.

        It has a temperature in K, by default `film_temperature`.

        Raises
        ------
        ValueError
            If the film is not perpendicular then, or a value is out of bounds; the text begins with
            a key of `material`.
        """
        kelvin = self.film_temperature if kelvin is None else kelvin
        material = self._made_of(self._film(kelvin), kelvin)
        return StaticMaterial(**material.model_dump(include={*StaticMaterial.model_fields}))

    @property
    def film_temperature(self) -> float:
        """Temperature in K of the film: `temperature.ambient`, or room temperature."""
        return self.film_law.ambient

    @property
    def measured_at(self) -> float:
        """Temperature in K at which the film, or its cells, have the values of `material`."""
        given = self.film_law
        return given.ambient if given.values_of == "cells" else given.measured_at

    @property
    def film_law(self) -> Temperature:
        """How the film changes with the temperature, at room temperature without `temperature`."""
        return self.temperature or Temperature(ambient=ROOM_TEMPERATURE)

    def _film(self, kelvin: float) -> "Terms":
        """Return the terms of the film at a temperature in K; see `film_at`."""
        from wallnet.film.renormalization import at_temperature, of_film  # loads numpy

        terms, given, measured = self.material.terms(), self.film_law, self.measured_at
        if given.values_of == "cells":
            terms = of_film(terms, self.track.cell, measured)
        if kelvin == measured:
            return terms
        curie = self.material.curie_temperature
        if max(kelvin, measured) >= curie:
            raise ValueError(
                f"curie_temperature is {curie:g} K, too low for Bloch's law from {measured:g} to "
                f"{kelvin:g} K; raise it or change the temperature"
            )
        return at_temperature(terms, measured, kelvin, curie, given.anisotropy_exponent)

    def _made_of(self, terms: "Terms", kelvin: float) -> SimulatedMaterial:
        """Return the material with its terms at a temperature in K."""
        keys = {*SimulatedMaterial.model_fields}
        material = SimulatedMaterial(**self.material.model_dump(include=keys))
        if terms == material.terms():
            return material
        names = {key: key.removeprefix("uniaxial_") for key in StaticMaterial.model_fields}
        values = {key: getattr(terms, name) for key, name in names.items()}
        # rounded, so that all machines simulate the same job
        rounded = {key: float(f"{x:.6g}") for key, x in values.items()}
        made, findings = checked(SimulatedMaterial, material.model_dump() | rounded)
        if made is None:
            (key, *_), fault = findings[0].key, findings[0].text.partition(";")[0]
            raise ValueError(f"{key} at {kelvin:g} K{fault}; change it or the temperature")
        return made

    def warnings(self) -> Iterator[str]:
        """Yield what is doubtful of valid values, sentences that begin with a key."""
        if self.track.cell_size > (largest := self.film_at().largest_cell):
            yield (
                f"track.cell_size {self.track.cell_size:g} m is above {largest:.4g} m, the smaller "
                "of Δ/2 and the exchange length, so that the cells may pin the wall; choose a "
                "smaller one, or compare with one"
            )
        if self.temperature and self.temperature.ambient < COLDEST_USUAL:
            kelvin = self.temperature.ambient
            yield (
                f"temperature.ambient is {kelvin:g} K, that is {kelvin - 273.15:.0f} °C; write "
                f"{kelvin + 273.15:g} if it is in °C"
            )
        if self.pulse.duration > LONGEST_USUAL:
            yield (
                f"pulse.duration is {self.pulse.duration:g} s, longer than usual; write 1.5e-9 for "
                "1.5 ns"
            )

    def time_step(self, current_density: float | None = None) -> float:
        """Return the engine's time step in s under a current density in A/m², or the strongest."""
        if current_density is None:
            current_density = max(self.pulse.current_densities, key=abs)
        return self.simulated_material.time_step(
            self.track.cell,
            current_density,
            self.film.time_step_fraction,
            self.field_temperature,
        )

    def size_fault(self, keys: str, duration: float, strongest: float, maps: int = 0) -> str:
        """Return why a trace exceeds the memory or a simulation would not end, or an empty text.

        A typing error can cause either. `keys` make the duration, in s. The strongest current
        density is in A/m². `maps` are full ones beside those of `output.snapshot_interval`.
        """
        columns, rows = self.track.cells
        entries = duration / self.output.interval
        snapshots = duration / self.output.snapshot_interval + maps
        size = 12 * (entries * columns + snapshots * columns * rows)
        if size > LARGEST_TRACE:
            return (
                f"output.interval {self.output.interval:g} s and output.snapshot_interval "
                f"{self.output.snapshot_interval:g} s make a trace of {size:.3g} bytes over "
                f"{duration:g} s; lengthen them until there are at most {LARGEST_TRACE:.0e}"
            )
        steps = duration / self.time_step(strongest)
        cost = THERMAL_STEP if self.field_temperature else 1.0
        if cost * columns * rows * steps > LARGEST_WORK:
            return (
                f"{keys}, {duration:g} s, take {steps:.3g} steps on {columns * rows} cells, which "
                "is more than a month; shorten them or enlarge track.cell_size"
            )
        return ""

    def _faults(self) -> Iterator[str]:
        # waveforms, and what a user-defined class does not simulate, are refused with their jobs
        declared = PACKAGED.get(self.calculator, Unread)
        heated = self.film_law.heating == "pulse"
        needs = {"temperature": self.field_temperature, "heating": heated}
        needs |= {"frozen_spins": self.track.fixed_ends or 0.0}
        if fault := refusal(self.calculator, declared, [each for each in needs if needs[each]]):
            yield fault
        if given := self.temperature:
            curie = self.material.curie_temperature
            if heated and given.ambient >= curie:
                told = f"{given.ambient:g} K, not below material.curie_temperature of {curie:g} K"
                yield f"temperature.ambient is {told}; lower it"
        try:
            film = self.film_at()
            if given:
                self.time_step()
                cells = self.simulated_material
                cells.domain_magnetization(self.track.cell, self.field_temperature)
        except ValueError as error:
            yield f"material.{error}"
            return
        if self.track.cell_size > film.wall_width_parameter:
            yield (
                f"track.cell_size {self.track.cell_size:g} m is above the width parameter of the "
                f"wall, Δ = √(A/K_eff) = {film.wall_width_parameter:.4g} m, so that the cells pin "
                f"the wall; choose at most {film.largest_cell:.3g} m"
            )
        end = self.pulse.duration + self.relaxation.longest
        strongest = max(self.pulse.current_densities, key=abs)
        keys = "pulse.duration and relaxation.longest"
        if fault := self.size_fault(keys, max(end, self.wall.relaxation), strongest):
            yield fault
        track = self.track
        margin = max(track.cell_size, track.fixed_ends or 0.0)
        if not margin <= self.wall.start <= track.length - margin:
            yield (
                f"wall.start {self.wall.start:g} m is outside the free part of the track; move it "
                f"between {margin:g} and {track.length - margin:g} m, or change track.fixed_ends"
            )
        columns, stop = self.detector.columns(track), self.detector.stop or 0.0
        if columns.start >= columns.stop or stop > track.length * (1 + ROUNDING):
            yield "detector.start and stop mark no cells of the track; put start < stop inside it"
        if self.kind == "synapse":
            if not track.inner_notch_positions:
                yield "track.notches gives a synapse no notch inside; add some or set kind: track"
            if track.fixed_ends is not None and not track.ends_in_notches(self.wall.start):
                yield (
                    "track.fixed_ends keeps a synapse from being reversed; give at least two "
                    "track.notches.positions, and wall.start at the first"
                )
        forward = sum(density >= 0 for density in self.pulse.current_densities)
        if self.kind == "neuron" and forward < 5:
            yield (
                f"pulse.current_densities has {forward} values from 0 upwards, fewer than the 5 "
                "that a quartic needs; add some or set kind: track"
            )
        if stray := sorted(set(self.shown or ()) - set(self.pulse.current_densities)):
            yield f"shown has {stray[0]:g} A/m², not in pulse.current_densities; add or remove it"
        if isinstance(self.read_at, float) and self.read_at > end * (1 + ROUNDING):
            yield f"read_at {self.read_at:g} s is after the end of relaxation, {end:g} s; lower it"
        if self.output.interval > self.pulse.duration:
            yield "output.interval is longer than pulse.duration; shorten it"


def missing_device(key: str, name: str, devices: Mapping[str, Device]) -> list[str]:
    """Return the problem of a key that names no simulated device; none if it names one."""
    return misnamed(key, name, devices, "a simulated device")
