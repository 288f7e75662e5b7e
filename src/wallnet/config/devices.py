"""The physical half of the configuration: material, track, wall, pulse, detector, calculator."""

import itertools
import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from wallnet.config.calculators import CalculatorName, FilmSettings, OommfSettings
from wallnet.config.quantities import (
    Conductance,
    CurrentDensity,
    Duration,
    DurationOrNone,
    Fraction,
    Length,
    Position,
    Resistance,
    Section,
    Speed,
    quantity,
)

VACUUM_PERMEABILITY = 4e-7 * math.pi
"""μ0 in N/A², the value of the paper and of OOMMF."""

CURRENT_DENSITY_STEP = 1e8
"""Smallest distinction between current densities in A/m²: file names carry four decimals."""

LARGEST_SWEEP = 100_000
SMALLEST_CELL = 1e-10
"""Lower bound of every length, in m."""
LARGEST_CELL_COUNT = 4_000_000
LARGEST_TRACE = 4_000_000_000
"""Bytes that one trace may take in memory."""
_TORQUE_FIELD = 5.238e-10
"""ħ/(μ0 e) in A/m per (A/m² / (m A/m))."""
LARGEST_WORK = 1e15
"""Cells times steps of one simulation: about a month of one core."""
_ROUNDING = 1e-9
"""Share by which what fits exactly may miss a bound, since it is written in decimals."""


def current_name(current_density: float) -> str:
    """Return the name of a current density in file names: in 1e12 A/m², four decimals.

    Examples
    --------
    >>> current_name(0.5e12)
    '0.5000'
    """
    steps = round(current_density / CURRENT_DENSITY_STEP)
    sign = "-" if steps < 0 else ""
    whole, decimals = divmod(abs(steps), 10_000)
    return f"{sign}{whole}.{decimals:04d}"


def parse_current(name: str) -> float:
    """Return the current density in A/m² that a file name stands for.

    Examples
    --------
    >>> parse_current("0.5000")
    500000000000.0
    """
    sign = -1 if name.startswith("-") else 1
    whole, _, decimals = name.lstrip("-").partition(".")
    return sign * (int(whole) * 10_000 + int(decimals)) * CURRENT_DENSITY_STEP


class Material(Section):
    """The ferromagnetic film and the spin current that drives it (paper, Table I)."""

    saturation_magnetization: quantity("A/m", 1e3, 1e7)  # type: ignore[valid-type]
    exchange_stiffness: quantity("J/m", 1e-14, 1e-9)  # type: ignore[valid-type]
    dmi_constant: quantity("J/m²", 1e-7, 0.1, magnitude=True, zero=True)  # type: ignore[valid-type]
    uniaxial_anisotropy: quantity("J/m³", 1.0, 1e8)  # type: ignore[valid-type]
    damping: quantity("1", 1e-4, 10.0)  # type: ignore[valid-type]
    gyromagnetic_ratio: quantity("m/(A s)", 1e4, 1e7)  # type: ignore[valid-type]
    polarization: quantity("1", 0.0, 1.0)  # type: ignore[valid-type]
    slonczewski_lambda: quantity("1", 1.0, 100.0) = 1.0  # type: ignore[valid-type]
    field_like_torque: quantity("1", 0.0, 10.0, magnitude=True) = 0.0  # type: ignore[valid-type]

    @property
    def effective_anisotropy(self) -> float:
        """K_eff = K_u - μ0 M_s²/2 in J/m³, the thin-film limit."""
        return self.uniaxial_anisotropy - VACUUM_PERMEABILITY * self.saturation_magnetization**2 / 2

    @property
    def wall_width_parameter(self) -> float:
        """Δ = √(A/K_eff) in m."""
        return math.sqrt(self.exchange_stiffness / self.effective_anisotropy)

    @model_validator(mode="after")
    def _perpendicular(self) -> "Material":
        if self.effective_anisotropy <= 0:
            raise ValueError(
                f"uniaxial_anisotropy is {self.uniaxial_anisotropy:g} J/m³, which does not hold "
                "the magnetisation perpendicular: raise it above μ0 Ms²/2 = "
                f"{self.uniaxial_anisotropy - self.effective_anisotropy:.4g} J/m³"
            )
        return self


class Notches(Section):
    """Semicircular cuts in pairs, one on each long edge, given by count or by position."""

    diameter: Length
    count: Annotated[int, Field(ge=1, le=1000)] | None = None
    positions: tuple[Position, ...] | None = None

    @model_validator(mode="after")
    def _one_description(self) -> "Notches":
        if (self.count is None) == (self.positions is None):
            raise ValueError(
                "needs either count (notches at k·length/count) or positions (a list in m)"
            )
        if self.positions is not None and not self.positions:
            raise ValueError("positions is empty; leave notches out for a plain track")
        return self


def _divides(cell_size: float, extent: float) -> bool:
    """Return whether an extent is a whole number of cells, to 1e-6 of it."""
    count = extent / cell_size
    return round(count) >= 1 and abs(count - round(count)) <= 1e-6 * count


class Track(Section):
    """A rectangular nanotrack of one layer of cells, its long side along x."""

    length: Length
    width: Length
    thickness: Length
    cell_size: Length
    notches: Notches | None = None

    @property
    def cells(self) -> tuple[int, int]:
        """Number of cells along x and y."""
        return round(self.length / self.cell_size), round(self.width / self.cell_size)

    @property
    def notch_radius(self) -> float:
        """Radius of every notch in m; 0 without notches."""
        return self.notches.diameter / 2 if self.notches else 0.0

    @property
    def notch_positions(self) -> tuple[float, ...]:
        """Positions along x of all notches in m, ascending."""
        if self.notches is None:
            return ()
        if self.notches.positions is not None:
            return tuple(sorted(self.notches.positions))
        return tuple(k * self.length / self.notches.count for k in range(1, self.notches.count + 1))

    @property
    def inner_notch_positions(self) -> tuple[float, ...]:
        """Positions of the notches that lie wholly inside the track, in m.

        A notch on the right edge holds no wall for long: a wall that far leaves the track.
        """
        end = self.length * (1 + _ROUNDING)
        return tuple(x for x in self.notch_positions if x + self.notch_radius <= end)

    def _near_cell_sizes(self) -> list[float]:
        """Return the nearest smaller and larger cell sizes in m that this track could have."""
        short, long = sorted((self.length, self.width))
        smallest = max(min(self.cell_size, short) / 2, SMALLEST_CELL)
        fewest = math.ceil(short / (2 * self.cell_size))
        # more along the shorter side would be too many cells in all
        most = min(math.floor(short / smallest), math.isqrt(LARGEST_CELL_COUNT))
        # rounded as the message says them
        sizes = [float(f"{short / count:.10g}") for count in range(max(1, fewest), most + 1)]
        diameter = self.notches.diameter if self.notches else -math.inf
        fitting = [
            size
            for size in sizes
            if diameter <= self.width - 2 * size
            and _divides(size, short)
            and _divides(size, long)
            and round(short / size) * round(long / size) <= LARGEST_CELL_COUNT
        ]
        smaller = max((size for size in fitting if size < self.cell_size), default=None)
        larger = min((size for size in fitting if size > self.cell_size), default=None)
        return [size for size in (smaller, larger) if size is not None]

    @model_validator(mode="after")
    def _consistent(self) -> "Track":
        for side in ("length", "width"):
            extent = getattr(self, side)
            if _divides(self.cell_size, extent):
                continue
            fault = f"cell_size {self.cell_size:g} m does not divide {side} {extent:g} m"
            if near := self._near_cell_sizes():
                sizes = " or ".join(f"{size:.10g} m" for size in near)
                raise ValueError(f"{fault}; choose {sizes}, which divides both length and width")
            raise ValueError(
                f"{fault}, and no cell size near it divides both length {self.length:g} m and "
                f"width {self.width:g} m; change one of these two"
            )
        if self.cells[0] * self.cells[1] > LARGEST_CELL_COUNT:
            raise ValueError(
                f"cell_size {self.cell_size:g} m makes {self.cells[0] * self.cells[1]} cells; "
                f"enlarge it until there are at most {LARGEST_CELL_COUNT}"
            )
        if self.notches is None:
            return self
        if self.notches.diameter > (self.width - 2 * self.cell_size) * (1 + _ROUNDING):
            raise ValueError(
                f"notches.diameter {self.notches.diameter:g} m leaves no film between the two "
                f"notches of a pair: keep it below width - 2 cells = "
                f"{self.width - 2 * self.cell_size:g} m"
            )
        positions = self.notch_positions
        for position in positions:
            if not 0 < position <= self.length * (1 + _ROUNDING):
                raise ValueError(
                    f"notches.positions has {position:g} m, outside the track: "
                    f"keep it above 0 and up to length {self.length:g} m"
                )
        for left, right in itertools.pairwise(positions):
            if right - left < self.notches.diameter * (1 - _ROUNDING):
                raise ValueError(
                    f"notches overlap: neighbours are {right - left:g} m apart and "
                    f"notches.diameter is {self.notches.diameter:g} m; use fewer or smaller ones"
                )
        return self


class Wall(Section):
    """Where the domain wall starts; the left domain points along -z, the right one along +z."""

    start: Position
    relaxation: DurationOrNone = 0.0


class CurrentSweep(Section):
    """Current densities from start to stop, both included, in equal steps."""

    start: CurrentDensity
    stop: CurrentDensity
    step: quantity("A/m²", 1e8, 1e14, mend="steps are in A/m²: 0.05e+12, not 0.05")  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _reachable(self) -> "CurrentSweep":
        if self.stop < self.start:
            raise ValueError(
                f"stop {self.stop:g} A/m² lies below start {self.start:g} A/m²; swap the two"
            )
        steps = (self.stop - self.start) / self.step
        if abs(steps - round(steps)) > 1e-6:
            raise ValueError(
                f"step {self.step:g} A/m² does not lead from start to stop in whole steps; "
                "choose one that divides stop - start"
            )
        if steps > LARGEST_SWEEP:
            raise ValueError(
                f"step {self.step:g} A/m² makes {steps:.0f} pulses; "
                f"keep to {LARGEST_SWEEP} by a larger step"
            )
        return self

    def values(self) -> list[float]:
        """Return the current densities in A/m²."""
        count = round((self.stop - self.start) / self.step)
        values = [self.start + index * self.step for index in range(count + 1)]
        # a sweep through zero meets it only to the last bit
        return [value if abs(value) > CURRENT_DENSITY_STEP / 2 else 0.0 for value in values]


class Pulse(Section):
    """A square current pulse along the track, and the densities to try."""

    duration: Duration
    current_densities: tuple[CurrentDensity, ...]

    @field_validator("current_densities", mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple) or not value:
            raise ValueError(
                "is not a list with at least one density or {start, stop, step}; "
                "write it like [0.5e+12, 0.6e+12]"
            )
        expanded: list[Any] = []
        for entry in value:
            if isinstance(entry, dict):
                expanded.extend(CurrentSweep.model_validate(entry).values())
            else:
                expanded.append(entry)
        return expanded

    @field_validator("current_densities", mode="after")
    @classmethod
    def _canonical(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        canonical = set()
        for density in value:
            steps = round(density / CURRENT_DENSITY_STEP)
            if abs(density - steps * CURRENT_DENSITY_STEP) > 1e-3 * CURRENT_DENSITY_STEP:
                raise ValueError(
                    f"has {density:.10g} A/m², finer than the 1e8 A/m² that file names tell "
                    "apart; round it to four decimals of 1e12"
                )
            canonical.add(steps * CURRENT_DENSITY_STEP)
        if len(canonical) > LARGEST_SWEEP:
            raise ValueError(f"has more than {LARGEST_SWEEP} entries; use a larger step")
        return tuple(sorted(canonical))


class Relaxation(Section):
    """What follows the pulse: no current until both wall ends rest."""

    longest: DurationOrNone = 10e-9
    speed: Speed = 0.5
    hold: Duration = 2e-9


class Output(Section):
    """How often a trace is recorded."""

    interval: Duration = 50e-12
    snapshot_interval: Duration = 2.5e-9

    @model_validator(mode="after")
    def _ordered(self) -> "Output":
        if self.snapshot_interval < self.interval:
            raise ValueError("snapshot_interval is shorter than interval; make it longer")
        return self


class Detector(Section):
    """The magnetic tunnel junction that reads the track between start and stop."""

    start: Position | None = None
    stop: Position | None = None
    parallel_conductance: Conductance = 1e-4
    polarization: Fraction = 0.4
    parallel_resistance: Resistance = 10e3
    antiparallel_resistance: Resistance = 20e3

    @model_validator(mode="after")
    def _ordered(self) -> "Detector":
        if self.antiparallel_resistance <= self.parallel_resistance:
            raise ValueError(
                "antiparallel_resistance is not above parallel_resistance; swap the two"
            )
        if self.polarization == 0:
            raise ValueError("polarization is 0, which makes the detector blind; raise it")
        return self


def _read_time(value: Any) -> Any:
    if isinstance(value, str) and value not in ("pulse_end", "rest"):
        try:
            float(value)
        except ValueError:
            raise ValueError(
                f"is {value!r}; use 'pulse_end', 'rest' or a time in s from the pulse's start"
            ) from None
    return value


ReadTime = Annotated[Literal["pulse_end", "rest"] | Duration, BeforeValidator(_read_time)]
"""When a device is read: as its pulse ends, at the end of the trace, or at a time in s."""


class Device(Section):
    """A track, how it is driven and how it is read."""

    kind: Literal["neuron", "synapse", "track"]
    track: Track
    wall: Wall
    pulse: Pulse
    relaxation: Relaxation = Relaxation()
    read_at: ReadTime = "rest"
    # the pulses that figures of single pulses show; chosen by their final states if not given
    shown: tuple[CurrentDensity, ...] | None = None
    detector: Detector = Detector()
    output: Output = Output()
    material: Material
    calculator: CalculatorName = "film"
    film: FilmSettings = FilmSettings()
    oommf: OommfSettings = OommfSettings()
    # of calculators of one's own, by name; their classes check them
    calculator_settings: Annotated[
        dict[CalculatorName, dict[str, Any]] | None, Field(exclude_if=lambda value: value is None)
    ] = None

    def time_step(self) -> float:
        """Estimate the engine's time step in s; with a strong torque it is up to six times less."""
        material, cell = self.material, self.track.cell_size
        stiffness = VACUUM_PERMEABILITY * material.saturation_magnetization
        exchange = 2 * material.exchange_stiffness / stiffness / cell**2
        dmi = abs(material.dmi_constant) / stiffness / cell
        density = max(map(abs, self.pulse.current_densities))
        torque = _TORQUE_FIELD * density / self.track.thickness / material.saturation_magnetization
        torque *= material.polarization * material.slonczewski_lambda**2 / 2 + abs(
            material.field_like_torque
        )
        turning = torque + max(
            2 * material.uniaxial_anisotropy / stiffness, material.saturation_magnetization
        )
        rate = material.gyromagnetic_ratio / math.hypot(1.0, material.damping)
        stable = 2.5 / rate / (4 * (exchange + math.hypot(exchange, dmi)) + turning)
        return self.film.time_step_fraction * min(stable, 0.18 / rate / turning)

    def _check_size(self) -> None:
        """Refuse what would fill the memory or never end, each in a typing error's reach."""
        longest = max(self.pulse.duration + self.relaxation.longest, self.wall.relaxation)
        columns, rows = self.track.cells
        entries = longest / self.output.interval
        snapshots = longest / self.output.snapshot_interval
        size = 12 * (entries * columns + snapshots * columns * rows)
        if size > LARGEST_TRACE:
            raise ValueError(
                f"output.interval {self.output.interval:g} s and output.snapshot_interval "
                f"{self.output.snapshot_interval:g} s make a trace of {size:.3g} bytes over "
                f"{longest:g} s; lengthen them until there are at most {LARGEST_TRACE:.0e}"
            )
        work = columns * rows * longest / self.time_step()
        if work > LARGEST_WORK:
            raise ValueError(
                f"pulse.duration and relaxation.longest, {longest:g} s, take "
                f"{longest / self.time_step():.3g} steps on {columns * rows} cells, which is more "
                "than a month; shorten them or enlarge track.cell_size"
            )

    @model_validator(mode="after")
    def _consistent(self) -> "Device":
        self._check_size()
        track = self.track
        if not track.cell_size <= self.wall.start <= track.length - track.cell_size:
            raise ValueError(
                f"wall.start {self.wall.start:g} m lies outside the track of length "
                f"{track.length:g} m; move it inside"
            )
        stop = self.detector.stop if self.detector.stop is not None else track.length
        start = self.detector.start if self.detector.start is not None else 0.0
        if not 0 <= start < stop <= track.length * (1 + _ROUNDING):
            raise ValueError(
                f"detector.start {start:g} m and detector.stop {stop:g} m do not mark a stretch "
                f"of the track of length {track.length:g} m; keep 0 ≤ start < stop ≤ length"
            )
        first = math.ceil(start / track.cell_size - 0.5)
        last = math.ceil(stop / track.cell_size - 0.5)
        if last <= first:
            raise ValueError(
                f"detector.stop - detector.start is {stop - start:g} m, which covers no cell "
                f"centre; make it at least cell_size {track.cell_size:g} m"
            )
        if self.kind == "synapse" and not track.inner_notch_positions:
            raise ValueError(
                "track.notches leaves a synapse without a notch inside the track; "
                "add notches or set kind: track"
            )
        forward = sum(density >= 0 for density in self.pulse.current_densities)
        if self.kind == "neuron" and forward < 5:
            raise ValueError(
                f"pulse.current_densities has {forward} values from 0 upwards, fewer than the 5 "
                "that a quartic needs; add some or set kind: track"
            )
        if stray := sorted(set(self.shown or ()) - set(self.pulse.current_densities)):
            raise ValueError(
                f"shown has {stray[0]:g} A/m², which is none of pulse.current_densities; "
                "add it there or remove it here"
            )
        if isinstance(self.read_at, float):
            longest = self.pulse.duration + self.relaxation.longest
            if self.read_at > longest * (1 + _ROUNDING):
                raise ValueError(
                    f"read_at {self.read_at:g} s lies after the end of the simulation at "
                    f"{longest:g} s; raise relaxation.longest or read earlier"
                )
        if self.output.interval > self.pulse.duration:
            raise ValueError("output.interval is longer than pulse.duration; shorten it")
        return self
