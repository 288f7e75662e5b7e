"""How hot does a pulse make the track, and which energy does it take? A picture of temperature.

    python examples/write_energy.py write_energy.png

prints temperature, energy and current of the pulse.
"""

import sys
import tempfile
from pathlib import Path

from matplotlib import pyplot

from wallnet import api

TRACK = {"kind": "track", "track.width": 72e-9, "pulse.current_densities": [1e12]}
device = api.load_device(Path(__file__).with_name("devices.yaml"), "small-neuron", TRACK)
with tempfile.TemporaryDirectory() as folder:
    swept = api.sweep(device, "track", folder, processes=1, progress=False)
    swept.load()

pulse = swept.sel(current_density=1e12)
print(f"largest rise: {pulse.mean_temperature_rise:.1f} K in the mean over the width")
energy, current = pulse.write_energy / 1e-12, pulse.write_current / 1e-3
print(f"write energy: {energy:.3f} pJ, current {current:.3f} mA")

figure, axes = pyplot.subplots(figsize=(4.2, 3), layout="constrained")
time = swept.heating_time / 1e-9
axes.plot(time, 300 + swept.heating_middle, label="in the middle")
axes.plot(time, 300 + swept.heating_mean, label="mean over the width")
axes.axvspan(0, 1, color="0.9", label="pulse of 10¹² A/m²")
axes.set(xlabel="time (ns)", ylabel="temperature (K)", xlim=(0, 3), ylim=(300, None))
axes.legend()
figure.savefig(sys.argv[1] if sys.argv[1:] else "write_energy.png", dpi=120)
