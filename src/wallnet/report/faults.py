"""What is wrong with finished results, in sentences: moving walls, levels without a wall."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from wallnet import files

if TYPE_CHECKING:
    import xarray


def faults(
    devices: Mapping[str, "xarray.Dataset"], responses: Mapping[str, "xarray.Dataset"]
) -> list[str]:
    """Return the faults that results carry, a sentence each.

    Parameters
    ----------
    devices, responses : Mapping
        Device files by name of the device, responses by name of the program.
    """
    found = [text for name, data in devices.items() for text in _of_device(name, data)]
    return found + [text for name, data in responses.items() for text in _of_program(name, data)]


def _of_device(name: str, data: "xarray.Dataset") -> Iterator[str]:
    moving = int((data["settled"].values == 0).sum())
    if moving:
        count = data.sizes["current_density"]
        yield f"{name}: the wall still moved at the end of {moving} of {count} pulses"
    if "level_conductance" in data:
        level = data["level_conductance"].isnull().any("reading").values
        empty = ", ".join(map(str, data["level_state"].values[level]))
        if empty:
            yield f"{name}: no wall rests at a level, which has no conductance: {empty}"
    if "fault" in data:
        for reading in files.READINGS:
            if fault := str(data["fault"].sel(reading=reading).item()):
                yield f"{name}: no activation in the reading {reading}: {fault}"


def _of_program(name: str, data: "xarray.Dataset") -> Iterator[str]:
    moving = data["pulse"].values[data["pulse_settled"].values == 0]
    if moving.size:
        numbers = ", ".join(map(str, moving))
        yield f"program {name}: the wall still moved after the pause of pulse {numbers}"
