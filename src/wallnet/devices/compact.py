"""What networks need of a device, in a small file of its own: a synapse's levels, or an activation.

The file is all that networks read of a device. While its levels or its activation stay the same,
nothing that is new in the device file makes a network train again.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import files
from wallnet.files import FileError

if TYPE_CHECKING:
    import xarray


def compact_model(device: str | Path, out: str | Path) -> None:
    """Write the compact model of a synapse or a neuron.

    Parameters
    ----------
    device : str or Path
        Device file.
    out : str or Path
        JSON file to write.

    Raises
    ------
    wallnet.files.FileError
        If the device file is missing, damaged, or of a plain track.
    """
    data = files.read_dataset(device, "track")
    kind = str(data.attrs["kind"])
    if kind == "synapse":
        content: dict[str, Any] = {"levels": _levels(data)}
    elif kind == "neuron":
        content = {"activation": _activation(data)}
    else:
        raise FileError(f"{device} is a plain track, which is no part of a network; set its kind")
    kept = ("device", "parameters", "simulation", "revision", "wallnet_version")
    made_by = {key: data.attrs[key] for key in kept if key in data.attrs}
    made_by |= {key: value for key, value in data.attrs.items() if key.startswith("simulation_")}
    plain = {key: value if isinstance(value, str) else int(value) for key, value in made_by.items()}
    files.write_json({"kind": kind, **content, "made_by": plain}, out)


def _levels(data: "xarray.Dataset") -> list[dict[str, Any]]:
    """Return all states of a synapse in order, the half ones too."""
    import math

    found = []
    for index in range(data.sizes["extended_level"]):
        level = data.isel(extended_level=index)
        state = str(level["extended_state"].item())
        values = {
            reading: level["extended_normalized_conductance"].sel(reading=reading).item()
            for reading in files.READINGS
        }
        found.append(
            {
                "state": state,
                "half": state.startswith("between "),
                "stable": bool(level["extended_stable"]),
                "reachable": bool(level["extended_reachable"]),
                "normalized_conductance": {
                    reading: value if math.isfinite(value) else None
                    for reading, value in values.items()
                },
            }
        )
    return found


def _activation(data: "xarray.Dataset") -> dict[str, Any]:
    """Return the quartic of each reading, and what is wrong with it as an activation."""
    return {
        reading: {
            "quartic": data["quartic"].sel(reading=reading).sortby("power").values.tolist(),
            "fault": str(data["fault"].sel(reading=reading).item()),
        }
        for reading in files.READINGS
    }
