"""One importable file for aihwkit 1.1: converter, noise model and, if known, steps of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from wallnet.exports import Device
from wallnet.exports.statistics import Steps, numbers, readme, steps
from wallnet.files import FileError

NODES = 33
"""Nodes of the steps of training; aihwkit takes fewer than 64 on a GPU."""


def training_steps(rising: Steps, falling: Steps, device: Device) -> dict[str, Any]:
    """Return parameters of a `PiecewiseStepDevice`, whose weights -1 to 1 are the levels' range.

    Bounds differ from device to device as the lowest and the highest level do.
    """
    own, (gain, ratio) = device.conductances[device.levels], device.spreads
    half = float(np.ptp(own)) / 2
    nodes = np.linspace(own[0], own[-1], NODES)
    up, down = (
        np.maximum(sign * np.interp(nodes, steps.conductances, steps.means), 0.0) / half
        for sign, steps in ((1, rising), (-1, falling))
    )
    least = float(np.mean([up, down]))
    both = np.concatenate([rising.means, falling.means])
    variances = np.concatenate([rising.variances, falling.variances])
    return {
        "w_min": -1.0,
        "w_max": 1.0,
        "w_min_dtod": gain * float(own[0]) / half,
        "w_max_dtod": float(np.hypot(gain, ratio) * own[-1] / half),
        "dw_min": least,
        "dw_min_dtod": 0.0,
        "dw_min_std": float(np.sqrt(variances.mean()) / np.abs(both).mean()),
        "up_down": 0.0,
        "up_down_dtod": 0.0,
        "piecewise_up": (up / least).tolist(),
        "piecewise_down": (down / least).tolist(),
    }


def write(device: Device, folder: Path) -> None:
    """Write the file, and README.txt."""
    from wallnet.exports.cells import write_module

    try:
        rising, falling = steps(device)
        training = training_steps(rising, falling, device)
        about = (
            "training_device() is a PiecewiseStepDevice with the mean steps of the pulses "
            f"{rising.pulse} (up) and {falling.pulse} (down) of the file."
        )
    except FileError:
        training = None
        about = "It has no steps of training: these need counts of pulses in both directions."
    write_module("aihwkit", folder, DATA=numbers(device), STEPS=training)
    readme(device, "aihwkit", folder, steps=about)
