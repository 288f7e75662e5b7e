"""How long does a notch retain a wall? A picture of the energy on the way to the next notch.

    python examples/barriers.py barriers.png

prints barrier and lifetime. The path is that of least energy, by the string method.
"""

import math
import sys
from pathlib import Path

from matplotlib import pyplot
from scipy.constants import k

from wallnet import api

THERMAL, ATTEMPT_FREQUENCY = k * 300, 1e9  # J, 1/s
device = api.load_device(Path(__file__).with_name("devices.yaml"), "small-synapse")
path = api.energy_path(device, "notch 2", "notch 3")
barrier = path.barrier_forward.item() / THERMAL
print(f"barrier: {barrier:.1f} k_B T")
print(f"lifetime: {math.exp(barrier) / ATTEMPT_FREQUENCY / 3.156e7:.1e} years")

figure, axes = pyplot.subplots(figsize=(4.2, 3), layout="constrained")
place = (path.path_wall_bottom + path.path_wall_top) / 2e-9
axes.plot(place, (path.path_energy - path.path_energy[0]) / THERMAL, ".-", label="string method")
rigid = api.rigid_wall(device)
between = (rigid.position > 140e-9) & (rigid.position < 240e-9)
energy = (rigid.energy - rigid.energy[between].min()) / THERMAL
axes.plot(rigid.position[between] / 1e-9, energy[between], "k:", label="rigid wall")
axes.set(xlabel="mean wall position (nm)", ylabel="energy (k$_B$T at 300 K)")
axes.legend(loc="lower center")
figure.savefig(sys.argv[1] if sys.argv[1:] else "barriers.png", dpi=120)
