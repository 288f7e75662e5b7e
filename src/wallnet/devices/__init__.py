"""Conductance, write energy and temperature of devices.

This package does not depend on a calculator. `wallnet.studies.devices` makes the device files.
"""

from wallnet.devices.conductance import (
    activation,
    detector_columns,
    normalize,
    parallel_conductance,
    series_conductance,
)

__all__ = [
    "activation",
    "detector_columns",
    "normalize",
    "parallel_conductance",
    "series_conductance",
]
