"""One importable file for CrossSim 3: a device class, and a function that sets its parameters."""

from __future__ import annotations

from pathlib import Path

from wallnet.exports import Device
from wallnet.exports.statistics import numbers, readme


def write(device: Device, folder: Path) -> None:
    """Write the file, and README.txt."""
    from wallnet.exports.cells import write_module

    write_module("crosssim", folder, DATA=numbers(device))
    readme(device, "crosssim", folder)
