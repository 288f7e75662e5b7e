"""Settings of the calculators."""

from typing import Annotated

from pydantic import Field

from wallnet.config.quantities import Section, quantity


class FilmSettings(Section):
    """Settings of the embedded engine; each tolerance bounds something that is left out."""

    stray_field_tolerance: quantity("1", 1e-7, 0.1) = 5e-4  # type: ignore[valid-type]
    frozen_change: quantity("1", 0.0, 1e-2) = 5e-4  # type: ignore[valid-type]
    time_step_fraction: quantity("1", 0.01, 0.95) = 0.9  # type: ignore[valid-type]


class OommfSettings(Section):
    """Settings of the OOMMF calculator; the accuracy is OOMMF's own, with its defaults."""

    # no part of a job's description: other threads must not make finished traces run again
    threads: Annotated[int, Field(ge=1, le=256, exclude=True)] = 1
