"""A domain-wall device for CrossSim 3, written by wallnet; it does not need wallnet."""

from __future__ import annotations

import numpy as np

try:
    from simulator.backend import ComputeBackend
    from simulator.devices.idevice import EmptyDevice
except ModuleNotFoundError:
    raise ImportError("this file needs CrossSim 3: install it from its repository") from None

from wallnet.exports.cells import DATA, Cells

xp = ComputeBackend()
CELLS = Cells(DATA)


class WallDevice(EmptyDevice):
    """Levels, landing errors, spreads, jumps between levels with time, and read noise.

    CrossSim finds it by its name once this file is imported. The conductance 1 is the highest
    level. Errors after a time contain those of programming, since CrossSim then leaves these out.
    """

    attempts = 1
    """Pulses that a cell gets at most, with a reading after each: 1, 2, 4 or 8."""
    temperature = 300.0
    """Temperature in K from writing to reading."""
    frequency = None
    """Attempt frequency in 1/s; the geometric mean of its range if None."""

    def __init__(self, device_params, weight_error_params):
        super().__init__(device_params, weight_error_params)
        if self.cell_bits:
            raise ValueError("cell_bits spaces levels evenly; call configure(params)")
        if abs(self.Gmin_norm - CELLS.lowest / CELLS.highest) > 1e-6:
            raise ValueError("Rmin or Rmax is not of this device; call configure(params)")

    def programming_error(self, input_):
        """Return what cells have after writing."""
        return self.drift_error(input_, 0)

    def drift_error(self, input_, time):
        """Return what cells have a time in s after writing."""
        generator = self._generator()
        states = CELLS.nearest(self._host(input_) * CELLS.highest)
        states = CELLS.written(states, self.attempts, generator.random(states.shape))
        if time > 0:
            uniform = generator.random(states.shape)
            states = CELLS.escaped(states, time, self.temperature, self.frequency, uniform)
        varied = CELLS.varied(states.shape, generator)
        return self._back(CELLS.scattered(states, varied, generator), input_)

    def read_noise(self, input_):
        """Return what one reading of cells gives."""
        own = self._host(input_) * CELLS.highest
        spread = np.interp(own, CELLS.conductances[CELLS.levels], DATA["read_noise"])
        noise = self._generator().standard_normal(own.shape)
        return self._back(own * (1 + spread * noise), input_)

    def _generator(self):
        """Return a generator that the seed of the back end determines."""
        return np.random.default_rng(int(xp.random.randint(2**31 - 1)))

    def _host(self, values):
        return np.asarray(values.get() if hasattr(values, "get") else values, float)

    def _back(self, conductances, values):
        return xp.asarray(conductances / CELLS.highest).astype(values.dtype)


def configure(params, time=0.0):
    """Set the device of CrossSimParameters: this class, read a time in s after writing."""
    device = params.xbar.device
    device.infinite_on_off_ratio = bool(CELLS.lowest == 0)
    device.Rmin, device.Rmax = 1 / CELLS.highest, 1 / (CELLS.lowest or 1e-30)
    device.cell_bits, device.time = 0, time
    device.clip_conductance = False
    for errors in (device.programming_error, device.drift_error, device.read_noise):
        errors.enable, errors.model = True, "WallDevice"
