"""One importable file for aihwkit 1.1: converter, noise model and, if known, steps of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from wallnet.exports import Device
from wallnet.exports.statistics import (
    Steps,
    levels_of,
    literal,
    numbers,
    readme,
    readout_of,
    steps,
)
from wallnet.files import FileError
from wallnet.files.imperfections import Imperfections

NAME = "wall_device.py"

NODES = 33
"""Nodes of the steps of training; aihwkit takes fewer than 64 on a GPU."""

HEAD = '''\
"""A domain-wall device for aihwkit 1.1, written by wallnet; it does not need wallnet."""

'''

CODE = '''

import torch
from aihwkit.inference.converter.base import BaseConductanceConverter
from aihwkit.inference.noise.base import BaseNoiseModel

CELLS = Cells(DATA)
MICRO = 1e6


def uniform(shape):
    """Return random numbers that `torch.manual_seed` determines."""
    return torch.rand(shape, dtype=torch.float64).numpy()


def generator():
    """Return a generator of NumPy that `torch.manual_seed` determines."""
    return np.random.default_rng(int(torch.randint(2**62, (1,))))


class WallConductanceConverter(BaseConductanceConverter):
    """Two cells a weight, one of them at the lowest level; conductances in microsiemens.

    The conversion is linear, with one scale: drift calls it again on programmed weights, and
    snapping to levels would erase their errors. Snapping is in `WallNoiseModel`.

    Parameters
    ----------
    weight_max : float
        Weight of the highest level. 1 belongs to `weight_scaling_omega` = 1.
    """

    def __init__(self, weight_max=1.0):
        self.weight_max = weight_max
        self.g_min, self.g_max = MICRO * CELLS.lowest, MICRO * CELLS.highest

    def convert_to_conductances(self, weights):
        scaled = weights * ((self.g_max - self.g_min) / self.weight_max)
        return [part.clamp(min=0.0) + self.g_min for part in (scaled, -scaled)], {}

    def convert_back_to_weights(self, conductances, params):
        plus, minus = conductances
        return (plus - minus) * (self.weight_max / (self.g_max - self.g_min))


class WallNoiseModel(BaseNoiseModel):
    """Levels, landing errors, spreads, and jumps between levels with time.

    Parameters
    ----------
    g_converter : WallConductanceConverter, optional
        The converter.
    attempts : int
        Pulses that a cell gets at most, with a reading after each: 1, 2, 4 or 8.
    temperature : float
        Temperature in K from writing to reading.
    frequency : float, optional
        Attempt frequency in 1/s; the geometric mean of its range by default.
    """

    def __init__(self, g_converter=None, attempts=1, temperature=300.0, frequency=None):
        super().__init__(g_converter or WallConductanceConverter())
        self.attempts, self.temperature = attempts, temperature
        low, high = DATA["attempt_frequency"]
        self.frequency = frequency or (low and high and (low * high) ** 0.5)
        self._programmed = None

    def apply_programming_noise_to_conductance(self, g_target):
        numbers, shape = generator(), tuple(g_target.shape)
        aimed = CELLS.nearest(g_target.detach().cpu().double().numpy() / MICRO)
        states = CELLS.written(aimed, self.attempts, uniform(shape))
        gain, ratio = (CELLS.spread(f"{k}_spread", shape, numbers) for k in ("gain", "ratio"))
        conductances = CELLS.of_devices(states, gain, ratio)
        self._programmed = np.stack([states, gain, ratio, uniform(shape)])
        scattered = CELLS.scattered(states, conductances, numbers)
        return torch.from_numpy(MICRO * scattered).to(g_target)

    def generate_drift_coefficients(self, g_target):
        """Return state, gain, ratio and a random number of each cell that was just programmed."""
        programmed, self._programmed = self._programmed, None
        return torch.from_numpy(programmed)

    def apply_drift_noise_to_conductance(self, g_prog, drift_noise_param, t_inference):
        """Add the jumps to other levels. A cell that has jumped at a time has so at a later one.

        The sum of a pair is lost when weights are converted again; only differences are added.
        """
        if t_inference <= 0:
            return g_prog
        states, gain, ratio, numbers = drift_noise_param.cpu().numpy()
        states = states.astype(int)
        last = CELLS.escaped(states, t_inference, self.temperature, self.frequency, numbers)
        jump = CELLS.of_devices(last, gain, ratio) - CELLS.of_devices(states, gain, ratio)
        return g_prog + torch.from_numpy(MICRO * jump).to(g_prog)


def inference_config(read_noise=True, **keys):
    """Return an `InferenceRPUConfig` with the noise model; its keys are those of the model.

    The largest weight of a layer becomes the highest level. Inputs and outputs are exact; read
    noise is one number in aihwkit, here the root mean square over the levels.
    """
    from aihwkit.simulator.configs import InferenceRPUConfig
    from aihwkit.simulator.parameters.enums import BoundManagementType, NoiseManagementType
    from aihwkit.simulator.parameters.enums import WeightNoiseType

    config = InferenceRPUConfig(noise_model=WallNoiseModel(**keys), drift_compensation=None)
    config.mapping.weight_scaling_omega = 1.0
    config.forward.inp_res = config.forward.out_res = -1
    config.forward.inp_bound = config.forward.out_bound = 0.0
    config.forward.out_noise = 0.0
    config.forward.noise_management = NoiseManagementType.NONE
    config.forward.bound_management = BoundManagementType.NONE
    if read_noise:
        squares = (np.array(DATA["read_noise"], float) * CELLS.conductances[CELLS.levels]) ** 2
        config.forward.w_noise_type = WeightNoiseType.ADDITIVE_CONSTANT
        window = CELLS.highest - CELLS.lowest
        config.forward.w_noise = float((squares.mean() + squares[0]) ** 0.5 / window)
    return config

'''

TRAINING = '''

def training_device():
    """Return a `PiecewiseStepDevice` with the mean steps of the device."""
    from aihwkit.simulator.configs.devices import PiecewiseStepDevice

    return PiecewiseStepDevice(**STEPS)
'''


def training_steps(
    rising: Steps, falling: Steps, imperfections: Imperfections, readout: str
) -> dict[str, Any]:
    """Return parameters of a `PiecewiseStepDevice`, whose weights -1 to 1 are the levels' range.

    Bounds differ from device to device as the lowest and the highest level do.
    """
    own = imperfections.conductances(readout)[levels_of(imperfections, readout)]
    half = float(np.ptp(own)) / 2
    nodes = np.linspace(own[0], own[-1], NODES)
    up, down = (
        np.maximum(sign * np.interp(nodes, steps.conductances, steps.means), 0.0) / half
        for sign, steps in ((1, rising), (-1, falling))
    )
    least = float(np.mean([up, down]))
    both = np.concatenate([rising.means, falling.means])
    variances = np.concatenate([rising.variances, falling.variances])
    gain, ratio = (
        float(imperfections.data["gain_spread"]),
        float(imperfections.data["ratio_spread"]),
    )
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
    from wallnet.exports.cells import source

    parts = [HEAD, source(), "\n\n", literal("DATA", numbers(device)), CODE]
    imperfections, readout = device.imperfections, readout_of(device)
    try:
        rising, falling = steps(imperfections, readout)
    except FileError:
        parts.append(
            "\n# STEPS of training need pulses in both directions from two levels or more\n"
        )
        about = "It has no steps of training: these need counts of pulses in both directions."
    else:
        training = training_steps(rising, falling, imperfections, readout)
        parts += ["\n", literal("STEPS", training), TRAINING]
        about = (
            "training_device() is a PiecewiseStepDevice with the mean steps of the pulses "
            f"{rising.pulse} (up) and {falling.pulse} (down) of the file."
        )
    (folder / NAME).write_text("".join(parts), encoding="utf-8")
    readme(
        device,
        "aihwkit 1.1.0 (torch 2.10)",
        f"{NAME}: WallConductanceConverter, WallNoiseModel and inference_config() for networks "
        f"mapped to `signed` (two synapses a weight, one at its lowest level). {about}",
        "    from wall_device import inference_config\n"
        "    analog = convert_to_analog(model, inference_config()).eval()\n"
        "    analog.program_analog_weights()\n"
        "    analog.drift_analog_weights(3.156e8)\n\n"
        "Do not use apply_noise at t = 0: it returns no conductances.",
        "disturb, stuck devices, wires and converters of wallnet (aihwkit has its own of the last "
        "two); other mappings than `signed`. Of steps of training: history (states of the same "
        "conductance, half states), and pulses that either move a wall or not, since its noise is "
        "Gaussian; the common gain, since its bounds vary apart.",
        folder,
    )
