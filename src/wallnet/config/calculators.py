"""Settings of the calculators of the package."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, RootModel

from wallnet.config.quantities import Quantity, Section


class FilmSettings(Section):
    """Settings of the embedded engine; each tolerance bounds a contribution that is neglected."""

    stray_field_tolerance: Annotated[float, Quantity("1", 1e-7, 0.1)] = 1e-4
    """Largest error of the extrapolated far stray field, averaged over 16 × 16 cells, in units of
    Ms. Source: measured."""
    frozen_change: Annotated[float, Quantity("1", 0.0, 1e-2)] = 5e-4
    """Largest change of m that is neglected in a resting column; with 0, all columns are
    integrated. Source: measured."""
    time_step_fraction: Annotated[float, Quantity("1", 0.01, 0.95)] = 0.9
    """Time step as a fraction of the stability limit. Source: measured."""


class OommfSettings(Section):
    """Settings of the OOMMF calculator; its accuracy is that of OOMMF's defaults."""

    # not part of the job: another number of threads must not cause finished traces to run again
    threads: Annotated[int, Field(ge=1, le=256, exclude=True)] = 1
    """Threads of one simulation. Source: our choice."""


class OwnSettings(RootModel[dict[str, Any]]):
    """Settings of a user-defined calculator, as configured; its class defines their model."""

    model_config = ConfigDict(frozen=True)


Settings = FilmSettings | OommfSettings | OwnSettings
