"""A domain-wall device for aihwkit 1.1, written by wallnet; it does not need wallnet."""

from __future__ import annotations

import numpy as np

try:
    import torch
    from aihwkit.inference.converter.base import BaseConductanceConverter
    from aihwkit.inference.noise.base import BaseNoiseModel
except ModuleNotFoundError:
    raise ImportError("this file needs aihwkit: pip install aihwkit==1.1.0 torch==2.10") from None

from wallnet.exports.cells import DATA, STEPS, Cells

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
        """Return the conductances of both cells of each weight."""
        scaled = weights * ((self.g_max - self.g_min) / self.weight_max)
        return [part.clamp(min=0.0) + self.g_min for part in (scaled, -scaled)], {}

    def convert_back_to_weights(self, conductances, params):
        """Return the weights of pairs of cells."""
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
        self.attempts, self.temperature, self.frequency = attempts, temperature, frequency
        self._programmed = None

    def apply_programming_noise_to_conductance(self, g_target):
        """Return what cells have after writing, each the level nearest to its conductance."""
        numbers, shape = generator(), tuple(g_target.shape)
        aimed = CELLS.nearest(g_target.detach().cpu().double().numpy() / MICRO)
        states = CELLS.written(aimed, self.attempts, uniform(shape))
        gain, ratio = CELLS.varied(shape, numbers)
        self._programmed = np.stack([states, gain, ratio, uniform(shape)])
        scattered = CELLS.scattered(states, [gain, ratio], numbers)
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
    noise is one number in aihwkit, here the root mean square over the levels. A
    `TorchInferenceRPUConfig` gives the same with this noise model, but takes no read noise.
    """
    from aihwkit.simulator.configs import InferenceRPUConfig
    from aihwkit.simulator.parameters import enums

    config = InferenceRPUConfig(noise_model=WallNoiseModel(**keys), drift_compensation=None)
    config.mapping.weight_scaling_omega = 1.0
    config.forward.inp_res = config.forward.out_res = -1
    config.forward.inp_bound = config.forward.out_bound = config.forward.out_noise = 0.0
    config.forward.noise_management = enums.NoiseManagementType.NONE
    config.forward.bound_management = enums.BoundManagementType.NONE
    if read_noise:
        squares = (np.array(DATA["read_noise"], float) * CELLS.conductances[CELLS.levels]) ** 2
        config.forward.w_noise_type = enums.WeightNoiseType.ADDITIVE_CONSTANT
        window = CELLS.highest - CELLS.lowest
        config.forward.w_noise = float((squares.mean() + squares[0]) ** 0.5 / window)
    return config


def training_device():
    """Return a `PiecewiseStepDevice` with the mean steps of the device."""
    if STEPS is None:
        raise ValueError("steps of training are unknown; add pulses up and down, and export again")
    from aihwkit.simulator.configs.devices import PiecewiseStepDevice

    return PiecewiseStepDevice(**STEPS)
