"""Does a step of the anisotropy hold a wall? A picture of wall position against time.

    python examples/regions.py regions.png

has a film whose anisotropy changes along the track, and the threshold of a rigid wall.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib import pyplot

from wallnet import api

STEP = {"start": 120e-9, "stop": 256e-9, "uniaxial_anisotropy": 1.1e6}
device = api.load_device(
    Path(__file__).with_name("devices.yaml"),
    "small-neuron",
    {"regions": [STEP], "pulse.duration": 2e-9},
)
wall = api.rigid_wall(device)
threshold = np.nanmax(wall.current_density[np.abs(wall.position - STEP["start"]) < 30e-9])
print(f"threshold of a rigid wall: {threshold / 1e12:.3f}e12 A/m²")

figure, axes = pyplot.subplots(figsize=(4.2, 3), layout="constrained")
for density in (0.3e12, 0.6e12):
    trace = api.simulate(device, density, progress=False)
    end = trace.wall_position[-1].item() / 1e-9
    print(f"wall after {density / 1e12:g}e12 A/m²: {end:.0f} nm")
    axes.plot(
        trace.time / 1e-9, trace.wall_position / 1e-9, label=f"{density / 1e12:g} × 10¹² A/m²"
    )
axes.axhspan(STEP["start"] / 1e-9, STEP["stop"] / 1e-9, color="0.9", label="anisotropy + 10 %")
axes.set(xlabel="time (ns)", ylabel="wall position (nm)", xlim=(0, 2), ylim=(0, 256))
axes.legend(loc="upper left")
figure.savefig(sys.argv[1] if sys.argv[1:] else "regions.png", dpi=120)
