"""The compact model of a measured device: levels and activation from CSV files of a user.

The transfer curve is normalised (paper, Eq. 3) and interpolated by cubic polynomials that are
monotonic wherever the points are (PCHIP).
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import __version__, files, revisions
from wallnet.config.measured import MEASURED
from wallnet.devices.conductance import normalize
from wallnet.devices.gather import LARGEST_FALL
from wallnet.files.measurements import read_activation, read_levels

logger = logging.getLogger(__name__)


def measured_curve(inputs: NDArray[np.float64], outputs: NDArray[np.float64]) -> dict[str, Any]:
    """Return a transfer curve, of points by ascending input in any unit, as an activation.

    It has `breaks` and `coefficients` of the normalised curve, see `wallnet.files.compact.Curve`,
    and its `fault` as an activation, empty if there is none.
    """
    from scipy.interpolate import PchipInterpolator

    x = normalize(inputs, inputs[0], inputs[-1])
    y = normalize(outputs, outputs.min(), outputs.max())
    # rows of c are coefficients of falling powers of the distance from the lower end of a piece
    powers = PchipInterpolator(x, y).c[::-1].T
    below = np.maximum.accumulate(y) - y
    lowest = int(np.argmax(below))
    highest = int(np.argmax(y[: lowest + 1]))
    fault = ""
    if below[lowest] > LARGEST_FALL:
        places = f"from input {inputs[highest]:.4g} to {inputs[lowest]:.4g}"
        fault = (
            f"it is not monotonic (the output falls by {below[lowest]:.3f} of full scale {places})"
        )
    return {"breaks": x.tolist(), "coefficients": powers.tolist(), "fault": fault}


def measured_model(
    levels: str | Path | None, activation: str | Path | None, out: str | Path
) -> None:
    """Write the compact model of a measured device.

    Parameters
    ----------
    levels, activation : str or Path, optional
        CSV files, see `read_levels` and `read_activation`. Without one of them, the device cannot
        be a synapse or a neuron.
    out : str or Path
        JSON file to write. In addition to what networks read, it contains the measured numbers.

    Raises
    ------
    wallnet.files.FileError
        If a file cannot be used, with its line, its column and the fix.
    """
    model: dict[str, Any] = {"kind": MEASURED, "units": {}}
    sources = {}
    if levels:
        read = read_levels(levels)
        sources["levels"] = {"file": str(levels), "sha256": read.attrs["sha256"]}
        # networks regard all as usable
        usable = dict.fromkeys(("stable", "reachable", "kept", "mutually_reachable"), True)
        model["levels"] = [
            {"state": f"level {index}", "half": False, **usable, **row}
            | {"conductance": {MEASURED: row["conductance"]}}
            for index, row in enumerate(read.sort_values("conductance").to_dict("records"))
        ]
        model["units"] |= read.attrs["units"]
    if activation:
        read = read_activation(activation)
        sources["activation"] = {"file": str(activation), "sha256": read.attrs["sha256"]}
        curve = measured_curve(read["input"].to_numpy(), read["output"].to_numpy())
        model |= {"points": read.to_dict("list"), "activation": {MEASURED: curve}}
        model["units"] |= read.attrs["units"]
        if fault := curve["fault"]:
            logger.warning("%s is no activation: %s", activation, fault)
    model["made_by"] = {
        "device": Path(out).stem,
        "sources": sources,
        "revision": revisions.of("devices"),
        "wallnet_version": __version__,
    }
    files.write_json(model, out)
