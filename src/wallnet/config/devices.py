"""The physical part of the configuration: material, track, wall, pulse, detector, calculator."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from wallnet.config import quantities
from wallnet.config.calculators import FilmSettings, OommfSettings
from wallnet.config.declarations import PACKAGED, CalculatorName, Unread, refusal
from wallnet.config.disorder import Disorder, SampledTrack
from wallnet.config.heavy_metal import (
    ROOM_TEMPERATURE,
    HeatCapacity,
    Heating,
    HeavyMetal,
    Resistivity,
)
from wallnet.config.maps import MapFile
from wallnet.config.measured import MEASURED
from wallnet.config.messages import ConfigError, misnamed
from wallnet.config.pulse import Pulse
from wallnet.config.quantities import Quantity, Section, silent
from wallnet.config.regions import EdgeDamage, Region, Variation, needed_for
from wallnet.config.stacks import StackName, with_stack
from wallnet.config.track import ROUNDING, Track

LARGEST_SAMPLE = 2**32 - 1

BiasField = Annotated[float, Quantity("T", 1e-7, 1.0, magnitude=True, zero=True)]


class StaticMaterial(Section):
    """The ferromagnetic film, as its energy needs it."""

    saturation_magnetization: quantities.Magnetization
    """Saturation magnetisation Ms. Source: paper, Table I: 1.1e6."""
    exchange_stiffness: quantities.Stiffness
    """Exchange constant A. Source: paper, Table I: 2e-11."""
    dmi_constant: quantities.InterfacialDMI
    """Interfacial DMI constant D. Source: paper: 1e-3 to 2e-3; 1e-3 for the synapse."""
    uniaxial_anisotropy: quantities.Anisotropy
    """Anisotropy constant Ku, easy axis z. Source: paper, Table I: 1e6."""
    bias_field: BiasField = silent(0.0)
    """Static field along z in the whole film, as of the junction's reference layer. Source: not in
    the paper."""
    bias_field_x: BiasField = silent(0.0)
    """The same along the track, in the frame of the spins; estimates of a rigid wall leave out both
    fields in the plane. Source: not in the paper."""
    bias_field_y: BiasField = silent(0.0)
    """The same across the track, where half states of both orders differ, and barriers are those
    with the upper end ahead. Source: not in the paper."""

    @property
    def bias(self) -> tuple[float, float, float]:
        """The static field in T."""
        return self.bias_field_x, self.bias_field_y, self.bias_field


class SimulatedMaterial(StaticMaterial):
    """The ferromagnetic film and the spin current that drives it, as simulations need them."""

    damping: quantities.Damping
    """Gilbert damping α. Source: not in the paper; 0.3 fits its wall velocity, 0.5 the rest."""
    gyromagnetic_ratio: Annotated[float, Quantity("m/(A s)", 1e4, 2e6)]
    """Gyromagnetic ratio γ0. Source: paper, Table I: 2.211e5."""
    polarization: Annotated[float, Quantity("1", 0.0, 1.0, fix="the torque has the sign of J")]
    """Polarisation P of the spin current, along +y for J > 0. Source: paper, Table I: 0.4."""
    slonczewski_lambda: Annotated[float, Quantity("1", 1.0, 100.0)] = 1.0
    """Slonczewski's Λ; 1 makes the torque independent of the angle. Source: not in the paper."""
    field_like_torque: Annotated[float, Quantity("1", 0.0, 10.0, magnitude=True)] = 0.0
    """Coefficient ε' of the field-like torque. Source: not in the paper."""

    @property
    def effective_polarization(self) -> float:
        """2ε = 2PΛ²/(Λ² + 1), where the magnetisation is across the spins; P at Λ = 1."""
        squared = self.slonczewski_lambda**2
        return 2 * self.polarization * squared / (squared + 1)


class Material(SimulatedMaterial):
    """The ferromagnetic film and the spin current that drives it (paper, Table I)."""

    field_like_ratio: Annotated[float, Quantity("1", 0.0, 10.0, magnitude=True)] | None = silent(
        None
    )
    """Field-like torque relative to the damping-like one across the spins, instead of
    `field_like_torque`: ε' is this times ε = PΛ²/(Λ² + 1), P/2 at Λ = 1. Source: not in the
    paper; see docs/write-energy.md."""
    curie_temperature: Annotated[
        float,
        Quantity("K", ROOM_TEMPERATURE, 1e4, fix="it is an absolute temperature, such as 1000 K"),
    ] = 1000.0
    """Curie temperature; pulses that heat the film to 0.9 of it, or to K_eff = 0, are flagged.
    Simulations, minima and paths depend on it only where the film has another temperature than
    `temperature.measured_at`. Source: our choice; 850, 1000 and 1120 K are in the literature, see
    docs/physics.md."""
    resistivity: Resistivity | Literal["insulating"] = 1.3e-6
    """Resistivity of the magnet, in which current flows beside that of the heavy metal, which alone
    makes the torque; `insulating` for none. Source: CoFeB, Zhu et al., Science Advances 5, eaav8025
    (2019), Table 1."""
    heat_capacity: HeatCapacity = 3.6e6
    """Heat capacity of the magnet. Source: Co, 3.7e6, and Fe, 3.5e6 (CRC Handbook)."""

    @property
    def simulated(self) -> SimulatedMaterial:
        """The material as simulations take it, with ε' of `field_like_ratio`."""
        values = self.model_dump(include={*SimulatedMaterial.model_fields})
        if self.field_like_ratio is not None:
            ratio, efficiency = self.field_like_ratio, self.effective_polarization / 2
            values["field_like_torque"] = ratio * efficiency
        return SimulatedMaterial(**values)

    def _faults(self) -> Iterator[str]:
        if self.field_like_ratio is not None and self.field_like_torque:
            yield (
                "field_like_ratio and field_like_torque both set the field-like torque; leave one "
                "out, or set field_like_torque: 0.0"
            )


LAW = ("anisotropy_exponent", "exchange_exponent", "dmi_exponent", "damping_law")
"""Keys of a temperature that tell how a film changes with it."""


class Temperature(Section):
    """A temperature, at which a thermal field acts on each cell of the film.

    The embedded engine simulates it, and OOMMF without `heating`. By default, the film has the
    values of `material` at 300 K, and at `ambient` those that follow by Bloch's law. Single
    cells have higher values, since fluctuations between the cells lower those of the film: the
    magnetisation by about 2 % at 300 K in cells of 3 nm. Walls do not come to rest, so the
    relaxation lasts its longest time. A quench to 0 K
    at its end shows the state of the wall.
    """

    ambient: quantities.Kelvin
    """Temperature of the film, before a pulse if pulses heat it. Source: our choice."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = silent(1)
    """Seed of the thermal field; another seed gives an independent one. Source: our choice."""
    equilibration: quantities.DurationOrNone = silent(2e-9)
    """Time without current before the first pulse, in which each replica equilibrates with a
    thermal field of its own. Source: our choice; a wall at a notch of `synapse-5` forgets its
    position within 0.5 ns at 300 K."""
    heating: Literal["none", "pulse"] = silent("none")
    """Whether pulses heat the film, by `heavy_metal` and `heating` of the device (`pulse`).
    Source: our choice."""
    anisotropy_exponent: Annotated[float, Quantity("1", 1.0, 4.0)] = silent(3.0)
    """Power of the magnetisation with which Ku changes with the temperature of the film. Source:
    Callen and Callen, 3 for one axis; imperfect interfaces have less, see docs/physics.md."""
    exchange_exponent: Annotated[float, Quantity("1", 1.0, 4.0)] = silent(2.0)
    """The same power for A. Source: mean field, 2; spin waves give 1.8, see docs/physics.md."""
    dmi_exponent: Annotated[float, Quantity("1", 1.0, 6.0)] = silent(2.0)
    """The same power for D. Source: as A, 2; up to 4.9 was measured, see docs/physics.md."""
    damping_law: Literal["constant", "llb"] = silent("constant")
    """Whether the damping changes with the temperature, as α ∝ (1 - T/3Tc)/m(T) (`llb`). Source:
    Landau-Lifshitz-Bloch equation, see docs/physics.md."""
    measured_at: quantities.Kelvin = silent(ROOM_TEMPERATURE)
    """Temperature at which the film was measured to have the values of `material`. Source: our
    choice, room temperature."""
    values_of: Literal["film", "cells"] = silent("film")
    """Whether the film has the values of `material`, or each cell at `ambient` without its
    fluctuations (`cells`), as in other micromagnetic simulations. Source: our choice."""
    thermal_field: bool = silent(True)
    """Whether the thermal field acts. Without it, the simulation is at 0 K, with the values that
    the film has at `ambient`. Source: our choice."""

    @property
    def field(self) -> float:
        """Temperature in K of the thermal field; 0 without one."""
        return self.ambient if self.thermal_field else 0.0

    @property
    def reference(self) -> float:
        """Temperature in K at which the film, or its cells, have the values of `material`."""
        return self.ambient if self.values_of == "cells" else self.measured_at

    def of_film(self) -> Self:
        """Return what the heat of pulses does to the film: its temperature before, and its law."""
        return type(self)(**self.model_dump(include={"ambient", "heating", *LAW}))

    def of_run(self, pulses: bool) -> Self | None:
        """Return what a run with or without pulses depends on; None without a thermal field."""
        law = ("heating", *LAW) if pulses and self.heating == "pulse" else ()
        keys = {"ambient", "seed", *law}
        return type(self)(**self.model_dump(include=keys)) if self.field else None

    def _faults(self) -> Iterator[str]:
        if self.heating == "pulse" and not self.thermal_field:
            yield "heating needs the thermal field; leave heating or thermal_field out"
        if self.values_of == "cells" and "measured_at" in self.model_fields_set:
            yield "measured_at is a temperature of a film; leave it or values_of out"


COLD = Temperature(ambient=ROOM_TEMPERATURE, thermal_field=False)
"""No thermal field, and the film at room temperature."""

DeviceTemperature = Annotated[
    Temperature,
    BeforeValidator(
        lambda value: COLD if value is None else value, json_schema_input_type=Temperature | None
    ),
    Field(json_schema_extra={"default": None}),
]


class Wall(Section):
    """Initial domain wall; the left domain points along -z, the right one along +z."""

    start: quantities.Position
    """Position of the wall before the pulse. Source: not in the paper; left of the detector."""
    relaxation: quantities.DurationOrNone = 0.0
    """Time for which the wall relaxes before the pulse. Source: not in the paper."""


class Rest(Section):
    """When a wall rests."""

    speed: quantities.Speed = 0.5
    """A wall rests if both ends stay slower than this for `hold`. Source: our choice."""
    hold: quantities.Duration = 2e-9
    """Time for which both ends must stay slower than `speed`. Source: our choice."""


class Relaxation(Rest):
    """Relaxation after the pulse, without current, until both wall ends rest."""

    longest: quantities.DurationOrNone = 10e-9
    """Time after which a moving wall is marked as unsettled. Source: our choice."""


class Output(Section):
    """Recording intervals of a trace."""

    interval: quantities.Duration = 50e-12
    """Time between two entries of a trace. Source: our choice."""
    snapshot_interval: quantities.Duration = 2.5e-9
    """Time between two maps of m; the first and last are always written. Source: our choice."""

    def _faults(self) -> Iterator[str]:
        if self.snapshot_interval < self.interval:
            yield "snapshot_interval is shorter than interval; make it longer"

    def without_maps_between(self, longest: float) -> "Output":
        """Return the intervals with which a run of up to a time in s has two maps only."""
        return self.model_copy(update={"snapshot_interval": max(longest, self.interval)})


OF_PRODUCT = (
    *("parallel_conductance", "polarization"),
    *("parallel_resistance", "antiparallel_resistance"),
)
"""Keys of a detector whose values follow from a resistance-area product."""


class Detector(Section):
    """The magnetic tunnel junction that reads the track between start and stop."""

    start: quantities.Position | None = None
    """Left end; the left end of the track if not given. Source: paper: 128 nm for the neuron."""
    stop: quantities.Position | None = None
    """Right end; the right end of the track if not given. Source: paper: 384 nm for the neuron."""
    parallel_conductance: quantities.Conductance = 1e-4
    """Conductance G0 of the parallel state in the reading `parallel`. Source: our choice."""
    polarization: quantities.Fraction = 0.4
    """Polarisation P in the reading `parallel`. Source: our choice, as of the spin current."""
    parallel_resistance: quantities.Resistance = 10e3
    """Resistance of the parallel state in the reading `series`. Source: our choice."""
    antiparallel_resistance: quantities.Resistance = 20e3
    """Resistance of the antiparallel state in the reading `series`. Source: our choice."""
    resistance_area_product: (
        Annotated[float, Quantity("Ω m²", 1e-13, 1e-6, fix="29 Ω µm² are 2.9e-11 Ω m²")] | None
    ) = silent(None)
    """Resistance of the parallel state times the area of the junction, instead of the four keys
    above; with `tunnel_magnetoresistance`, it gives both readings. Source: see
    docs/write-energy.md."""
    tunnel_magnetoresistance: (
        Annotated[float, Quantity("1", 1e-3, 10.0, fix="it is a share: 150 % is 1.5")] | None
    ) = silent(None)
    """Tunnel magnetoresistance, (R_AP - R_P)/R_P."""
    area: Annotated[float, Quantity("m²", 1e-16, 1e-6, fix="0.04 µm² are 4e-14 m²")] | None = (
        silent(None)
    )
    """Area of the junction; the length of the detector times the width of the track if not
    given."""
    read_voltage: Annotated[float, quantities.READ_VOLTAGE] = silent(0.1)
    """Voltage of a reading, whose current `wallnet preview` compares with the threshold. Source:
    our choice."""

    @model_serializer(mode="wrap")
    def _as_given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # a product beside keys that it replaces would be refused when the data are read again
        replaced = OF_PRODUCT if self.resistance_area_product else ()
        return {key: value for key, value in handler(self).items() if key not in replaced}

    def _faults(self) -> Iterator[str]:
        if self.antiparallel_resistance <= self.parallel_resistance:
            yield "antiparallel_resistance is not above parallel_resistance; swap the two"
        if self.polarization == 0:
            yield "polarization is 0, so the detector measures nothing; raise it"
        pair = "resistance_area_product", "tunnel_magnetoresistance"
        for key, other in (pair, pair[::-1]):
            if getattr(self, key) and not getattr(self, other):
                yield f"{key} needs {other}; add it"
        for key in OF_PRODUCT:
            if self.resistance_area_product and key in self.model_fields_set:
                yield (
                    f"resistance_area_product and {key} both set the conductance; leave one of "
                    "them out"
                )

    def covered(self, track: Track) -> float:
        """Return the area in m² of a track from start to stop."""
        stop = track.length if self.stop is None else self.stop
        return (stop - (self.start or 0.0)) * track.width

    def junction(self, track: Track) -> "Detector":
        """Return the detector on a track with the values of its resistance-area product.

        R_P is the product over the area and R_AP = R_P (1 + TMR). In the reading `parallel`,
        G_AP/G_P = (1 - P²)/(1 + P²) (paper, Eq. 2), so that TMR = 2P²/(1 - P²). Without a product
        it has its own values.
        """
        values = self.model_dump(include={"start", "stop", *OF_PRODUCT})
        product, ratio = self.resistance_area_product, self.tunnel_magnetoresistance
        if product and ratio:
            resistance = product / (self.area or self.covered(track))
            values |= {
                "parallel_conductance": 1 / resistance,
                "polarization": math.sqrt(ratio / (2 + ratio)),
                "parallel_resistance": resistance,
                "antiparallel_resistance": resistance * (1 + ratio),
            }
        return Detector(**values)

    def columns(self, track: Track) -> slice:
        """Return the columns of a track's cells, along x, whose centre is under the detector."""
        return track.columns(self.start or 0.0, track.length if self.stop is None else self.stop)


ReadTime = Literal["pulse_end", "rest"] | quantities.Duration
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
    kinds = f"{', '.join(map(repr, get_args(DeviceKind)))} or {MEASURED!r}"
    raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": kinds})


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
    shown: tuple[quantities.CurrentDensity, ...] | None = None
    """Pulses in figures of single pulses; chosen by final state if not given."""
    detector: Detector = Detector()
    """The tunnel junction that reads the wall."""
    output: Output = Output()
    """Recording intervals of the traces."""
    material: Material
    """The film and the spin current."""
    regions: tuple[Region, ...] | None = silent(None)
    """Regions along the track whose film differs from `material`. Where they overlap, the later one
    sets the parameters that it has."""
    parameters_file: MapFile | None = silent(None)
    """Map of the film's parameters over the whole track: a netCDF file, relative to the folder of
    the campaign. Regions replace its values."""
    edge_damage: EdgeDamage | None = silent(None)
    """Damage at edges and notches, which lowers the Ku of regions, map and `material`."""
    disorder: Disorder | None = silent(None)
    """What differs between samples of the device."""
    sample: Annotated[int, Field(ge=0, le=LARGEST_SAMPLE)] = silent(0)
    """Number of a sample, drawn from `disorder`; 0 is the perfect device."""
    stack: StackName | None = silent(None)
    """Stack with values of the literature for `heavy_metal` and `material`; keys that are given
    replace them. Source: see docs/write-energy.md."""
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
    """What stores its heat and carries it away."""
    temperature: DeviceTemperature = silent(COLD)
    """Temperature of the simulations; 0 K, of the film at 300 K, if not given."""
    optional: bool = silent(False)
    """Whether the target `all` leaves out the device and its pulse trains."""

    @model_validator(mode="before")
    @classmethod
    def _of_stack(cls, data: Any) -> Any:
        return with_stack(data) if isinstance(data, Mapping) else data

    def plain(self) -> dict[str, Any]:
        """Return the device as plain data, with settings of calculators that jobs leave out."""
        return self.model_dump() | {name: dict(getattr(self, name)) for name in PACKAGED}

    @property
    def junction(self) -> Detector:
        """Its detector with the conductances of its resistance-area product; see `Detector`."""
        return self.detector.junction(self.track)

    @property
    def settings(self) -> Section | dict[str, Any]:
        """Settings of its calculator; those of a user-defined one as configured."""
        own = (self.calculator_settings or {}).get(self.calculator, {})
        return getattr(self, self.calculator, own)

    @property
    def variation(self) -> Variation | None:
        """What varies from cell to cell; None in a uniform film."""
        varying: dict[str, Any] = {"regions": self.regions or ()}
        varying |= {"parameters_file": self.parameters_file, "edge_damage": self.edge_damage}
        names = Variation.model_construct(**varying).names
        values = {**dict(self.material), "thickness": self.track.thickness}
        reference = {name: values[name] for name in sorted(names)}
        return Variation.model_construct(**varying, reference=reference) if names else None

    @property
    def sampled_track(self) -> Track:
        """Its track, as its sample has it."""
        if not self.sample or not self.disorder:
            return self.track
        return SampledTrack(**dict(self.track), disorder=self.disorder, sample=self.sample)

    def of_sample(self, number: int | None) -> Self:
        """Return a sample of the device; the device itself if the number is None.

        Only a device with disorder has samples other than 0; for others, `ConfigError` is raised.
        """
        if number and not self.disorder:
            raise ConfigError(f"sample {number} needs disorder of the device; add it")
        return self if number is None else self.model_copy(update={"sample": number})

    @property
    def current_crowds(self) -> bool:
        """Whether its current crowds at notches, in a cut metal or a magnet that conducts."""
        conducts = self.heavy_metal.cut is True or self.material.resistivity != "insulating"
        return self.track.notches is not None and bool(self.heavy_metal.cut) and conducts

    @property
    def _needs(self) -> list[str]:
        """What its calculator has to simulate, keys of `declarations.NEEDS`."""
        field = self.temperature.field
        needs = {
            "temperature": field,
            "heating": self.temperature.heating == "pulse",
            "frozen_spins": self.track.fixed_ends,
            "partial_cells": self.sampled_track.partly_filled,
            "fields": self.heavy_metal.oersted or any(self.material.bias),
            "varying_current": self.current_crowds,
        }
        names = {*(self.variation.reference if self.variation else ())}
        names |= self.disorder.needed if self.disorder else set()
        return [*(key for key, needed in needs.items() if needed), *needed_for(names, bool(field))]

    def _faults(self) -> Iterator[str]:
        # waveforms, and what a user-defined class does not simulate, are refused with their jobs
        declared = PACKAGED.get(self.calculator, Unread)
        ambient, curie = self.temperature.ambient, self.material.curie_temperature
        if self.stack and self.heavy_metal.preset:
            yield f"stack {self.stack} has a heavy metal of its own; leave heavy_metal.preset out"
        if fault := refusal(self.calculator, declared, self._needs):
            yield fault
        if self.temperature.heating == "pulse" and ambient >= curie:
            yield (
                f"temperature.ambient is {ambient:g} K, not below material.curie_temperature of "
                f"{curie:g} K; lower it"
            )
        if self.variation:
            yield from self.variation.faults(self.track)
        if self.disorder:
            yield from self.disorder.faults(self.track)
        elif self.sample:
            yield f"sample {self.sample} needs disorder to be drawn from; add it or set sample: 0"
        yield from self._misplaced()
        yield from self._conflicts_of_pulse()

    def _misplaced(self) -> Iterator[str]:
        """Yield the conflicts of wall and detector with the track."""
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
        covered = self.detector.covered(track)
        if (area := self.detector.area or 0.0) > covered * (1 + ROUNDING):
            yield (
                f"detector.area {area:g} m² is above the {covered:g} m² under the detector; lower "
                "it, or move detector.start and stop apart"
            )
        if self.kind == "synapse":
            if not track.inner_notch_positions:
                yield "track.notches gives a synapse no notch inside; add some or set kind: track"
            if track.fixed_ends is not None and not track.ends_in_notches(self.wall.start):
                yield (
                    "track.fixed_ends keeps a synapse from being reversed; give at least two "
                    "track.notches.positions, and wall.start at the first"
                )

    def _conflicts_of_pulse(self) -> Iterator[str]:
        """Yield the conflicts of the times and the sweep of pulses with other keys."""
        end = self.pulse.duration + self.relaxation.longest
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
