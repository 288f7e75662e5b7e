"""From domain walls driven by spin-orbit torque to the accuracy of the networks made of them.

One stage a module, each handing the next a file that anyone can open:
`wallnet.config` → `wallnet.tracks` → `wallnet.simulate` → `wallnet.devices` →
`wallnet.networks` → `wallnet.report`. The embedded engine is `wallnet.film`; paths and
schemas are in `wallnet.files`.
"""

from importlib import metadata

__version__ = metadata.version("wallnet")
