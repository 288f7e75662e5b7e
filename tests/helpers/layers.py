"""Layers of a device, without the device."""

from types import SimpleNamespace

from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.jobs.bilayer import bilayer_of


def bilayer(metal=None, heating=None, polarization=0.4, thickness=2e-9, **material):
    """Return a bilayer whose magnet is insulating and stores no heat, unless told."""
    return bilayer_of(
        SimpleNamespace(
            heavy_metal=metal or HeavyMetal(),
            heating=heating or Heating(),
            material=SimpleNamespace(
                **{"polarization": polarization, "resistivity": "insulating", "heat_capacity": 0.0}
                | material
            ),
            track=SimpleNamespace(thickness=thickness, notches=None),
            current_crowds=False,
        )
    )
