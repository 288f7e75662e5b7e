"""A small device whose film varies, and maps in netCDF files."""

import copy

import netCDF4
import numpy as np

from helpers.small_campaign import TINY, UNLIKE
from wallnet import plan

TRACK = {
    "length": 60e-9,
    "width": 20e-9,
    "thickness": 2.5e-9,
    "cell_size": 4e-9,
    "notches": {"positions": [41e-9], "diameter": 12e-9},
    "edges": "stairs",
}
"""15 × 5 cells, none of the lengths a multiple of another, and a notch that no row has centred."""


def device(**changes):
    """Return a checked device of the unlike material; changes are keys of the device."""
    data = copy.deepcopy(TINY) | {"material": UNLIKE}
    own = data["devices"]["synapse"] | {"kind": "track", "track": TRACK, "wall": {"start": 24e-9}}
    data["devices"] = {"mine": own | changes}
    return plan.parse(data).devices["mine"]


UNITS = {
    "saturation_magnetization": "A/m",
    "exchange_stiffness": "J/m",
    "dmi_constant": "J/m^2",
    "uniaxial_anisotropy": "J/m³",
    "damping": "1",
    "thickness": "m",
}


def write_map(path, x, y, units=None, dimensions=("y", "x"), **values):
    """Write a map with coordinates in m."""
    with netCDF4.Dataset(path, "w") as stored:
        for name, positions in {"y": y, "x": x}.items():
            stored.createDimension(name, len(positions))
            variable = stored.createVariable(name, "f8", (name,))
            variable.units = "m"
            variable[:] = positions
        for name, array in values.items():
            variable = stored.createVariable(name, "f8", dimensions)
            variable.units = (units or UNITS)[name]
            variable[:] = np.asarray(array)
    return path
