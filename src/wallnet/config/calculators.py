"""Settings of the calculators."""

from typing import Annotated

from pydantic import Field

from wallnet.config.quantities import Quantity, Section


class FilmSettings(Section):
    """Settings of the embedded engine; each tolerance bounds something that is left out."""

    stray_field_tolerance: Annotated[float, Quantity("1", 1e-7, 0.1)] = 5e-4
    """Largest error of the extrapolated far stray field, in units of Ms. Source: measured."""
    frozen_change: Annotated[float, Quantity("1", 0.0, 1e-2)] = 5e-4
    """Largest change of m that is left out of a resting column. Source: measured."""
    time_step_fraction: Annotated[float, Quantity("1", 0.01, 0.95)] = 0.9
    """Share of the stability limit that a time step takes. Source: measured."""


class OommfSettings(Section):
    """Settings of the OOMMF calculator; the accuracy is OOMMF's own, with its defaults."""

    # no part of a job's description: other threads must not make finished traces run again
    threads: Annotated[int, Field(ge=1, le=256, exclude=True)] = 1
    """Threads of one simulation. Source: our choice."""
