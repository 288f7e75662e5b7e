"""One importable file for CrossSim 3: a device class, and a function that sets its parameters."""

from __future__ import annotations

from pathlib import Path

from wallnet.exports import Device
from wallnet.exports.statistics import numbers, readme


def write(device: Device, folder: Path) -> None:
    """Write the file, and README.txt."""
    from wallnet.exports.cells import write_module

    write_module("crosssim", folder, DATA=numbers(device))
    readme(
        device,
        "CrossSim 3.2",
        "wall_device.py: WallDevice (programming_error, drift_error, read_noise), configure().",
        "    from wall_device import configure\n"
        "    params = CrossSimParameters()\n"
        "    configure(params, time=0.0)\n"
        "    analog = from_torch(model, params)\n\n"
        "The core of the default, BALANCED and ONE_SIDED, is the mapping `signed` of wallnet.",
        "disturb, stuck devices, wires and converters of wallnet (CrossSim has its own of the last "
        "two); the TMR that falls with the voltage (nonlinear_current); mappings of weights other "
        "than those of its cores.",
        folder,
    )
