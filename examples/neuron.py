"""How close is a track to a ReLU? A picture of its conductance against the current density.

    python examples/neuron.py neuron.png

sweeps over the pulses of a neuron, and compares its conductance with a line.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from matplotlib import pyplot

from wallnet import api

device = api.load_device(Path(__file__).with_name("devices.yaml"), "small-neuron")
with tempfile.TemporaryDirectory() as folder:  # a folder of your own keeps the files
    swept = api.sweep(device, "small-neuron", folder, processes=1, progress=False)
    swept.load()

conductance = swept.final_conductance.sel(reading="parallel") / 1e-6
print(f"conductance at the end: {conductance[0]:.2f} to {conductance[-1]:.2f} µS")
print(f"largest deviation from a ReLU: {swept.relu_deviation.sel(reading='parallel'):.3f}")

figure, axes = pyplot.subplots(figsize=(4.2, 3), layout="constrained")
axes.plot(swept.current_density / 1e12, conductance, "o", label="pulses of 1 ns")
line = np.linspace(0, 1)
quartic = np.polynomial.Polynomial(swept.quartic.sel(reading="parallel").values)
low, high = swept.current_density.values[[0, -1]] / 1e12
span = conductance.values[0] + np.array([0, 1]) * np.ptp(conductance.values)
axes.plot(low + line * (high - low), span[0] + quartic(line) * np.ptp(span), label="activation")
axes.plot([low, high], span, "k:", label="ReLU")
axes.set(xlabel="current density (10¹² A/m²)", ylabel="conductance (µS)")
axes.legend()
figure.savefig(sys.argv[1] if sys.argv[1:] else "neuron.png", dpi=120)
