"""Devices derived from traces: conductance, levels of a synapse, activation of a neuron.

This package reads trace files and configuration. It does not depend on a calculator. Devices of the
kind `measured` are derived from CSV files of a user instead.
"""

from wallnet.devices.conductance import normalize, parallel_conductance, series_conductance
from wallnet.devices.gathering import gather
from wallnet.devices.neuron import activation, fit_quartic

__all__ = [
    "activation",
    "fit_quartic",
    "gather",
    "normalize",
    "parallel_conductance",
    "series_conductance",
]
