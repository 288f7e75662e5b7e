"""Which states of a synapse are retained, from the dataset of its barriers."""

import json
import math
from typing import TYPE_CHECKING, Any

from wallnet.files.schema.states import REVERSED
from wallnet.film.constants import BOLTZMANN

if TYPE_CHECKING:
    import xarray


def settings_of(data: "xarray.Dataset") -> dict[str, Any]:
    """Return the settings of the barriers of a device, as plain data."""
    return json.loads(data.attrs["parameters"])["settings"]


def thermal_energy(data: "xarray.Dataset") -> float:
    """Return k_B T in J at the temperature of the barriers of a device."""
    return BOLTZMANN * float(settings_of(data)["temperature"])


def retained(data: "xarray.Dataset") -> dict[str, tuple[float, int]]:
    """Return the lowest barrier in J and whether it is retained (-1: unknown) of each state.

    A track leaves the reversed state over the barrier of nucleation, since a wall has to come in
    again. A track with fixed ends is never reversed.
    """
    columns = ("name", "barrier", "retained")
    names, *values = (data[f"state_{key}"].values.tolist() for key in columns)
    states = dict(zip(names, zip(*values, strict=True), strict=True))
    if data["pair_second"].values[-1] != REVERSED:
        return states
    if not data["pair_converged"].values[-1]:
        return states | {REVERSED: (math.nan, -1)}
    nucleation = float(data["pair_backward"].values[-1])
    least = settings_of(data)["retained"] * thermal_energy(data)
    return states | {REVERSED: (nucleation, int(nucleation >= least))}
