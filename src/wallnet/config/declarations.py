"""Names of calculators, and what each declares: what it can simulate, needs, and how fast it is.

Rules, configuration and estimate read declarations only. Those of the package stand here, so that
planning imports no calculator. That of a user-defined class is read before the first job.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, PositiveFloat, PositiveInt

from wallnet.config.calculators import FilmSettings, OommfSettings
from wallnet.config.quantities import CLASS, Section, Text


def _one_number(value: Any) -> Any:
    if isinstance(value, Mapping):
        raise ValueError("is a block; write one number, such as memory = 900 or runtime = 15")
    return value


Amount = Annotated[PositiveInt, BeforeValidator(_one_number)]


class Declaration:
    """What a calculator can simulate, what its jobs need, and how fast it is.

    User-defined classes have these attributes from `wallnet.simulate.calculator.Calculator`.
    """

    Settings: ClassVar[type[BaseModel]] = Section
    """Model of its settings; by default there are none."""
    temperature: ClassVar[bool] = False
    """Whether it simulates a constant temperature (`Run.temperature`)."""
    heating: ClassVar[bool] = False
    """Whether it simulates pulses that heat the film (`Run.heat`)."""
    waveforms: ClassVar[bool] = False
    """Whether it simulates pulses that are not square (`Run.segments`)."""
    frozen_spins: ClassVar[bool] = False
    """Whether it keeps the spins in `track.fixed_ends` as they are."""
    varying_parameters: ClassVar[bool] = False
    """Whether it simulates Ms, A, Ku and α that vary from cell to cell (`tracks.layer`)."""
    varying_damping: ClassVar[bool] = False
    """Whether it simulates α that varies at a temperature."""
    varying_dmi: ClassVar[bool] = False
    """Whether it simulates D that varies."""
    varying_thickness: ClassVar[bool] = False
    """Whether it simulates a thickness that varies."""
    partial_cells: ClassVar[bool] = False
    """Whether it simulates cells that are filled in part (`track.edges: smooth`)."""
    fields: ClassVar[bool] = False
    """Whether it simulates a bias field and the Oersted field (`tracks.layer`)."""
    varying_current: ClassVar[bool] = False
    """Whether it simulates a current that crowds at notches (`heavy_metal.cut`)."""
    threads: ClassVar[PositiveInt] = 1
    """Threads of a job, unless its settings have `threads`."""
    memory: ClassVar[Amount] = 900
    """Memory of a job in MB, without its steps; by default, that of the embedded engine."""
    runtime: ClassVar[Amount] = 15
    """Wall time in min of a step, after which a cluster may end its job; as above."""
    relative_time: ClassVar[PositiveFloat | None] = None
    """Processor time relative to the embedded engine on the same core; None if it is not known."""


class Unread(Declaration):
    """A user-defined class before a run reads it: nothing is refused yet."""

    temperature = heating = waveforms = frozen_spins = partial_cells = fields = True
    varying_parameters = varying_damping = varying_dmi = varying_thickness = varying_current = True


class Packaged(Declaration):
    """Declaration of a calculator of the package."""

    title: ClassVar[str]
    """Its name in headings."""
    software: ClassVar[str] = ""
    """Environment in `workflow/envs` with its software; empty if the package is all it needs."""


class FilmDeclaration(Packaged):
    """The embedded engine."""

    Settings = FilmSettings
    title = "engine"
    temperature = heating = waveforms = frozen_spins = partial_cells = fields = True
    varying_parameters = varying_damping = varying_dmi = varying_thickness = varying_current = True
    relative_time = 1.0


class OommfDeclaration(Packaged):
    """OOMMF."""

    Settings = OommfSettings
    title = "OOMMF"
    software = "oommf"
    temperature = waveforms = frozen_spins = varying_parameters = varying_dmi = fields = True
    memory = 1100
    runtime = 120
    relative_time = 250.0


PACKAGED: dict[str, type[Packaged]] = {"film": FilmDeclaration, "oommf": OommfDeclaration}
"""Declarations of the calculators of the package, by name."""

READ: dict[str, type[Declaration]] = {}
"""User-defined classes that this process has read, by name."""


def declared(name: str) -> type[Declaration]:
    """Return the declaration of a calculator; `Unread` before this process has read its class."""
    return PACKAGED.get(name) or READ.get(name, Unread)


def is_own_engine(name: str) -> bool:
    """Return whether a calculator needs no software but this package."""
    return name in PACKAGED and not PACKAGED[name].software


NEEDS = {
    "temperature": "temperature",
    "heating": "temperature.heating: pulse",
    "waveforms": "waveform",
    "frozen_spins": "track.fixed_ends",
    "varying_parameters": "regions (or parameters_file, edge_damage, disorder.grains)",
    "varying_damping": "regions (or parameters_file, disorder.grains) with damping, beside "
    "temperature,",
    "varying_dmi": "regions (or parameters_file) with dmi_constant",
    "varying_thickness": "regions (or parameters_file) with thickness, or disorder.grains with "
    "thickness or with boundary_exchange below 1",
    "partial_cells": "track.edges: smooth",
    "fields": "material.bias_field (or heavy_metal.oersted)",
    "varying_current": "heavy_metal.cut",
}
"""Keys that need an attribute of `Declaration` to be true, by attribute."""

REMEDIES = {"partial_cells": "set track.edges: stairs"}
"""What to do instead of leaving a key out that is a default, by attribute."""


def refusal(name: str, declaration: type[Declaration], needs: Collection[str]) -> str:
    """Return why a calculator cannot simulate what is needed, keys of `NEEDS`.

    The text is empty if it can.
    """
    for what, key in NEEDS.items():
        if what in needs and not getattr(declaration, what):
            able = " or ".join(other for other in PACKAGED if getattr(PACKAGED[other], what))
            own = "" if name in PACKAGED else f", set {what} = True in its class if it does so"
            return (
                f"{key} is not simulated by the calculator {name}; "
                f"{REMEDIES.get(what, 'leave it out')}{own}, or set calculator: {able}"
            )
    return ""


CalculatorName = Annotated[
    str,
    Text(
        CLASS,
        f"is {{}}; use {', '.join(map(repr, PACKAGED))} or 'module:Class'",
        choices=PACKAGED,
        title="module:Class",
    ),
]
"""`film`, `oommf`, or `module:Class` for a user-defined calculator."""
