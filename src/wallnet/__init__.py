"""Simulation of neural networks of domain-wall devices driven by spin-orbit torque.

Each stage is a module and passes files in common formats to the next one:
`wallnet.config` → `wallnet.tracks` → `wallnet.simulate` → `wallnet.devices` →
`wallnet.networks` → `wallnet.report`. The embedded engine is `wallnet.film`; paths and
schemas are in `wallnet.files`.
"""

from importlib import metadata

__version__ = metadata.version("wallnet")
