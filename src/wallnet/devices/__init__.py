"""Devices derived from traces: conductance, levels of a synapse, activation of a neuron.

This package reads trace files and configuration. It does not depend on a calculator. Devices of the
kind `measured` are derived from CSV files of a user instead.
"""

from wallnet.devices.conductance import (
    detector_columns,
    normalize,
    parallel_conductance,
    series_conductance,
)
from wallnet.devices.gathering import gather
from wallnet.devices.measured import measured_model
from wallnet.devices.neuron import activation, fit_quartic

__all__ = [
    "activation",
    "detector_columns",
    "fit_quartic",
    "gather",
    "measured_model",
    "normalize",
    "parallel_conductance",
    "series_conductance",
]
